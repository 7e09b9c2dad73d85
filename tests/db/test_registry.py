"""Set-based writing: only what differs is written, and everything says who wrote it."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, func, select

from db.imports import begin_run, finish_run, undo
from db.models import (
    Base,
    District,
    DistrictSuccession,
    Indicator,
    Language,
    Observation,
    Offering,
    Organisation,
    Revision,
    Site,
    Source,
)
from db.registry import (
    Counts,
    acting,
    archive_vanished,
    district_ids,
    ids_by_slug,
    insert_missing,
    is_empty,
    mark_seen,
    replace_parts,
    revive,
    upsert,
    vanished,
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


def test_it_is_told_which_rows_are_new_and_which_changed(registry: Connection) -> None:
    one, other, third = district("one"), district("other"), district("third")
    assert upsert(registry, District, [one, other]).new_ids == {one["id"], other["id"]}
    written = upsert(registry, District, [one, {**other, "name": "Anders"}, third])
    assert written.new_ids == {third["id"]}
    assert written.changed_ids == {other["id"]}
    total = written + written
    assert (total.new, total.new_ids, total.changed_ids) == (2, frozenset(), frozenset())


def test_rows_may_come_one_by_one(registry: Connection) -> None:
    rows = [district("one"), district("other")]
    assert upsert(registry, District, iter(rows)) == Counts(new=2)
    assert insert_missing(registry, District, iter([*rows, district("third")])).new == 1
    assert upsert(registry, District, iter(())) == Counts()


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


def test_it_is_told_whose_parts_changed(registry: Connection) -> None:
    old = [district(f"old-{number}") for number in range(3)]
    new = district("new")
    upsert(registry, District, [*old, new])
    owners = [row["id"] for row in old]

    def reform(predecessor: UUID, identity: UUID, share: str = "1") -> dict[str, Any]:
        pair = {"predecessor_id": predecessor, "successor_id": new["id"], "share": share}
        return {"id": identity, "valid_on": "2023-01-01", "source_id": SOURCE, **pair}

    def replace(*rows: dict[str, Any]) -> frozenset[UUID]:
        done = replace_parts(registry, DistrictSuccession, "predecessor_id", owners, iter(rows))
        return done.owner_ids

    rows = [reform(owner, uuid4()) for owner in owners]
    assert replace(*rows[:2]) == {*owners[:2]}
    assert replace(*rows) == {owners[2]}
    assert replace(*rows) == frozenset()
    assert replace(rows[0], {**rows[1], "share": "0.5"}) == {*owners[1:]}
    assert replace() == {*owners[:2]}


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


# --- full snapshots ------------------------------------------------------------------------------

ELSEWHERE = uuid4()


@contextmanager
def importing(connection: Connection, actor: str = "import") -> Iterator[int]:
    stated = {"resource": "r", "file": "f", "sha256": "0" * 64, "mapping": "m", "actor": actor}
    run = begin_run(connection, **stated, source_id=SOURCE)
    yield run
    finish_run(connection, run, {}, {})


def organisation(slug: str, **columns: object) -> dict[str, Any]:
    stated = {"id": uuid4(), "slug": slug, "name": slug, "source_id": SOURCE, "status": "published"}
    return {**stated, **columns}


def fate(connection: Connection, row: dict[str, Any]) -> tuple[Any, ...]:
    query = select(Organisation.status, Organisation.removal_reason)
    return tuple(connection.execute(query.where(Organisation.id == row["id"])).one())


@pytest.fixture
def providers(registry: Connection) -> list[dict[str, Any]]:
    """Three live ones, one that is archived, and one of another source."""
    upsert(registry, Source, [source(ELSEWHERE, "elsewhere")])
    rows = [organisation(slug) for slug in ("one", "other", "third")]
    rows.append(organisation("archived", status="archived"))
    rows.append(organisation("foreign", source_id=ELSEWHERE))
    upsert(registry, Organisation, rows)
    return rows


def test_what_a_snapshot_lacks_has_vanished(
    registry: Connection, providers: list[dict[str, Any]]
) -> None:
    mark_seen(registry, [providers[0]["id"]])
    gone = vanished(registry, Organisation, SOURCE)
    assert (gone.count, gone.live, gone.sample) == (2, 3, ("other", "third"))
    mark_seen(registry, iter([providers[1]["id"], providers[1]["id"]]))
    assert vanished(registry, Organisation, SOURCE).sample == ("third",)
    assert vanished(registry, Organisation, ELSEWHERE).count == 1


def test_what_vanished_is_archived(registry: Connection, providers: list[dict[str, Any]]) -> None:
    mark_seen(registry, [providers[0]["id"]])
    archived = archive_vanished(registry, Organisation, SOURCE)
    assert set(archived) == {providers[1]["id"], providers[2]["id"]}
    assert [fate(registry, row) for row in providers] == [
        ("published", None),
        ("archived", "deleted"),
        ("archived", "deleted"),
        ("archived", None),
        ("published", None),
    ]
    assert archive_vanished(registry, Organisation, SOURCE) == []


def test_a_merged_row_keeps_the_reason_it_has(
    registry: Connection, providers: list[dict[str, Any]]
) -> None:
    merged = {"removal_reason": "merged_into", "merged_into_id": providers[0]["id"]}
    upsert(registry, Organisation, [{"id": providers[1]["id"], **merged}])
    mark_seen(registry, [providers[0]["id"]])
    archive_vanished(registry, Organisation, SOURCE)
    assert fate(registry, providers[1]) == ("archived", "merged_into")


def test_what_was_seen_is_forgotten_with_the_transaction(database: Database) -> None:
    row = organisation("one")
    with writer(database.owner_url, "test") as connection:
        upsert(connection, Source, [source(SOURCE, "here")])
        upsert(connection, Organisation, [row])
        mark_seen(connection, [row["id"]])
    with writer(database.owner_url, "test") as connection:
        assert vanished(connection, Organisation, SOURCE).count == 1


def test_observations_vanish_without_a_reason(registry: Connection) -> None:
    upsert(registry, District, [place := district("one")])
    how = {"title": "T", "unit": "1", "type": "count", "aggregation": "sum"}
    stated = {"id": uuid4(), "slug": "people", "source_id": SOURCE, **how}
    upsert(registry, Indicator, [stated])
    cell = {"indicator_id": stated["id"], "district_id": place["id"], "source_id": SOURCE}
    row = {"id": uuid4(), **cell, "period": "2022", "value": 1, "status": "published"}
    upsert(registry, Observation, [row])
    assert vanished(registry, Observation, SOURCE).sample == (str(row["id"]),)
    with importing(registry):
        assert archive_vanished(registry, Observation, SOURCE) == [row["id"]]
    assert registry.scalar(select(Observation.status)) == "archived"
    assert revive(registry, Observation, [row["id"]]) == {row["id"]}
    assert registry.scalar(select(Observation.status)) == "published"


def test_sites_do_not_vanish(registry: Connection) -> None:
    """They have no status: what is at them does."""
    with pytest.raises(AttributeError, match="status"):
        vanished(registry, Site, SOURCE)


def test_what_vanished_and_comes_again_is_what_it_was(
    registry: Connection, providers: list[dict[str, Any]]
) -> None:
    upsert(registry, Organisation, [{"id": providers[1]["id"], "status": "draft"}])
    with importing(registry):
        mark_seen(registry, [])
        archive_vanished(registry, Organisation, SOURCE)
    ids = [row["id"] for row in providers]
    assert revive(registry, Organisation, ids) == set(ids[:3])
    assert [fate(registry, row) for row in providers[:4]] == [
        ("published", None),
        ("draft", None),
        ("published", None),
        ("archived", None),
    ]


def test_what_staff_archived_does_not_come_again(
    registry: Connection, providers: list[dict[str, Any]]
) -> None:
    """Neither before it vanished nor after it had."""
    with importing(registry):
        archive_vanished(registry, Organisation, SOURCE)
    gone = {"status": "archived", "removal_reason": "deleted"}
    with acting(registry, "anna"):
        for status in {"status": "published"}, gone:
            upsert(registry, Organisation, [{"id": providers[0]["id"], **status}])
        upsert(registry, Organisation, [{"id": providers[4]["id"], **gone}])
    ids = [row["id"] for row in providers]
    assert revive(registry, Organisation, ids) == set(ids[1:3])


def test_what_undoing_archived_comes_again(registry: Connection) -> None:
    row = organisation("new")
    with importing(registry) as run:
        upsert(registry, Organisation, [row])
    offering = {"id": uuid4(), "slug": "o", "name": "O", "source_id": SOURCE}
    upsert(registry, Offering, [{**offering, "organisation_id": row["id"]}])
    assert undo(registry, run, "anna").archived == 1
    assert fate(registry, row) == ("archived", "deleted")
    assert revive(registry, Organisation, [row["id"]]) == {row["id"]}
    assert fate(registry, row) == ("published", None)
