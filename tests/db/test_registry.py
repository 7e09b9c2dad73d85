"""Set-based writing: only what differs is written, and everything says who wrote it."""

from collections.abc import Iterator
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, func, select

from db.models import Base, District, DistrictSuccession, Language, Revision, Source
from db.registry import (
    Counts,
    district_ids,
    ids_by_slug,
    insert_missing,
    is_empty,
    replace_parts,
    upsert,
    writer,
)
from tests.databases import Database

SOURCE = uuid4()


@pytest.fixture
def registry(database: Database) -> Iterator[Connection]:
    with writer(database.owner_url, "test") as connection:
        upsert(connection, Source, [source(SOURCE, "here")])
        yield connection


def source(identity: UUID, slug: str) -> dict[str, Any]:
    stated = {"title": slug, "publisher": "P", "license": "cc-zero", "attribution": "P"}
    return {"id": identity, "slug": slug, **stated}


def district(slug: str, **columns: object) -> dict[str, Any]:
    required = {"id": uuid4(), "slug": slug, "name": slug, "level": "municipality"}
    return {**required, "source_id": SOURCE, **columns}


def count(connection: Connection, model: type[Base]) -> int | None:
    return connection.scalar(select(func.count()).select_from(model))


def test_new_changed_and_unchanged_rows_are_told_apart(registry: Connection) -> None:
    one, other = district("one", population=1), district("other", population=2)
    assert upsert(registry, District, [one, other]) == Counts(new=2)
    third = district("third", population=None)
    rows = [one, {**other, "population": 3}, third]
    assert upsert(registry, District, rows) == Counts(new=1, changed=1, unchanged=1)
    assert upsert(registry, District, rows) == Counts(unchanged=3)
    assert upsert(registry, District, []) == Counts()


def test_an_unchanged_row_leaves_no_revision(registry: Connection) -> None:
    rows = [district("one", point=(13.34, 50.92), translations={"en": {"name": "One"}})]
    upsert(registry, District, rows)
    before = count(registry, Revision)
    upsert(registry, District, rows)
    assert count(registry, Revision) == before


def test_revisions_name_the_actor(registry: Connection) -> None:
    upsert(registry, District, [district("one")])
    actors = registry.scalars(select(Revision.actor).distinct()).all()
    assert actors == ["test"]


def test_columns_that_no_row_has_are_left_alone(registry: Connection) -> None:
    row = district("one", population=7)
    upsert(registry, District, [row])
    upsert(registry, District, [district("one", id=row["id"], name="Uno")])
    found = registry.execute(select(District.name, District.population)).one()
    assert tuple(found) == ("Uno", 7)


def test_rows_of_a_batch_have_the_same_columns(registry: Connection) -> None:
    with pytest.raises(ValueError, match="same columns"):
        upsert(registry, District, [district("one"), district("other", population=1)])


def test_geometries_arrive_as_they_are(registry: Connection) -> None:
    point = district("one", point=(13.34, 50.92))
    upsert(registry, District, [point])
    x_y = registry.execute(select(func.ST_X(District.point), func.ST_Y(District.point))).one()
    assert tuple(x_y) == (13.34, 50.92)
    moved = {**point, "point": bytes.fromhex("0101000020E6100000" + "00" * 16)}
    assert upsert(registry, District, [moved]) == Counts(changed=1)
    assert registry.scalar(select(func.ST_AsText(District.point))) == "POINT(0 0)"


def test_children_may_come_before_their_parents(registry: Connection) -> None:
    parent = district("parent", parent_id=None)
    child = district("child", parent_id=parent["id"])
    assert upsert(registry, District, [child, parent]).new == 2


def test_what_is_there_is_not_touched(registry: Connection) -> None:
    row = district("one")
    upsert(registry, District, [row])
    renamed = {**row, "name": "Another"}
    same_slug = {**district("one"), "name": "A second"}
    assert insert_missing(registry, District, [renamed, same_slug]) == Counts(unchanged=2)
    assert registry.scalars(select(District.name)).all() == ["one"]


def test_a_table_whose_key_is_no_id(registry: Connection) -> None:
    assert is_empty(registry, Language)
    rows = [{"code": "de", "position": 0}, {"code": "en", "position": 1}]
    assert insert_missing(registry, Language, rows) == Counts(new=2)
    assert insert_missing(registry, Language, rows) == Counts(unchanged=2)
    assert not is_empty(registry, Language)


def test_parts_are_replaced_and_kept(registry: Connection) -> None:
    old, new, other = district("old"), district("new"), district("other")
    upsert(registry, District, [old, new, other])

    def reform(successor: dict[str, Any], identity: UUID) -> dict[str, Any]:
        pair = {"predecessor_id": old["id"], "successor_id": successor["id"]}
        return {"id": identity, "valid_on": "2023-01-01", "source_id": SOURCE, **pair}

    first, second = reform(new, uuid4()), reform(other, uuid4())

    def replace(*rows: dict[str, Any]) -> Counts:
        return replace_parts(registry, DistrictSuccession, "predecessor_id", [old["id"]], rows)

    assert replace(first) == Counts(new=1)
    assert replace(first, second) == Counts(new=1, unchanged=1)
    assert replace(second) == Counts(unchanged=1, removed=1)
    assert replace() == Counts(removed=1)


def test_ids_are_found_by_slug_and_by_key(registry: Connection) -> None:
    keyed = district("keyed", scheme="ags", key="14522180")
    unkeyed = district("unkeyed", scheme=None, key=None)
    upsert(registry, District, [keyed, unkeyed])
    assert ids_by_slug(registry, District) == {"keyed": keyed["id"], "unkeyed": unkeyed["id"]}
    assert district_ids(registry) == {"ags:14522180": keyed["id"]}


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with writer(database.owner_url, "test") as connection:
            upsert(connection, Source, [source(SOURCE, "here")])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with writer(database.owner_url, "test") as connection:
        assert is_empty(connection, Source)


def test_many_rows_take_seconds(registry: Connection) -> None:
    """Copying and comparing in sets; a statement a row would take minutes."""
    rows = [district(f"d-{number}", population=number) for number in range(20_000)]
    started = perf_counter()
    assert upsert(registry, District, rows).new == 20_000
    assert upsert(registry, District, rows).unchanged == 20_000
    assert perf_counter() - started < 30
