"""Imports are remembered, found again, and taken back: exactly, and but for later edits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, select, text, update

from db import models
from db.backup import backup, restore
from db.cluster import PUBLIC
from db.imports import (
    AlreadyUndone,
    CannotUndo,
    Undone,
    begin_run,
    finish_run,
    report_of,
    run_of,
    runs,
    undo,
)
from db.registry import acting, upsert, writer
from tests.databases import Database
from tests.db.changes import CHANGES, Change, bring_offering, make
from tests.db.village import (
    ELSEWHERE,
    HERE,
    at,
    contents,
    ids,
    key,
    organisation,
    settle,
    source,
    tagged,
)

SHA = "0" * 64


@contextmanager
def importing(connection: Connection, **given: Any) -> Iterator[int]:
    stated: dict[str, Any] = {
        "resource": "offerings",
        "file": "offers.csv",
        "sha256": SHA,
        "mapping": "Offers",
        "source_id": HERE,
        "actor": "import",
    }
    run = begin_run(connection, **stated | given)
    yield run
    finish_run(connection, run, {"read": 1}, {"findings": []})


def imported(connection: Connection, **given: Any) -> int:
    with importing(connection, **given) as run:
        pass
    return run


def edit(connection: Connection, model: Any, identity: UUID, **values: Any) -> None:
    with acting(connection, "anna"):
        connection.execute(update(model).where(model.id == identity).values(values))


def remove(connection: Connection, model: Any, identity: UUID) -> None:
    with acting(connection, "anna"):
        connection.execute(delete(model).where(model.id == identity))


def bring(connection: Connection) -> int:
    """An offering that is new in every respect: with its provider, its site and a term."""
    with importing(connection) as run:
        bring_offering(connection, 0, 1)
    return run


NEW = "new-0-1"


# --- exactly as before ---------------------------------------------------------------------------

drawn_changes = st.lists(st.tuples(st.sampled_from(CHANGES), st.integers(0, 3)), max_size=8)


at_random = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@at_random
@given(brought=drawn_changes, edits=drawn_changes)
def test_an_import_that_was_undone_never_was(
    village: Connection, brought: list[tuple[Change, int]], edits: list[tuple[Change, int]]
) -> None:
    """Whatever it changed, and whatever was edited on other rows meanwhile."""
    with village.begin_nested() as alone:
        make(village, edits, side=1)
        expected = contents(village)
        alone.rollback()
    with village.begin_nested() as example:
        with importing(village) as run:
            make(village, brought, side=0)
        make(village, edits, side=1)
        undone = undo(village, run, "staff")
        assert undone.kept == []
        assert contents(village) == expected
        example.rollback()


@at_random
@given(brought=drawn_changes, edits=drawn_changes)
def test_what_was_edited_since_stays_as_it_was_edited(
    village: Connection, brought: list[tuple[Change, int]], edits: list[tuple[Change, int]]
) -> None:
    """And every other row is what it was before, or stays for the sake of one that was edited."""
    with village.begin_nested() as example:
        before = contents(village)
        with importing(village) as run:
            make(village, brought, side=0)
        left = contents(village)
        make(village, edits, side=0)
        edited = contents(village)
        undone = undo(village, run, "staff")
        after = contents(village)
        for row in before.keys() | left.keys() | edited.keys() | after.keys():
            if left.get(row) != edited.get(row):
                assert after.get(row) == edited.get(row)
            elif not undone.archived:
                assert after.get(row) in (before.get(row), edited.get(row))
        if left == edited:
            assert after == before
        example.rollback()


def test_a_longitude_comes_back_to_its_last_bit(village: Connection) -> None:
    """GeoJSON, which PostGIS makes of a geometry in JSON, would round it."""
    bits = select(models.Site.point.op("::")(text("text"))).where(
        models.Site.id == key("site", "site-0")
    )
    before = village.scalar(bits)
    with importing(village) as run:
        upsert(village, models.Site, [{"id": key("site", "site-0"), "point": (13.0, 51.0)}])
    undo(village, run, "staff")
    assert village.scalar(bits) == before


def test_what_an_import_deleted_is_there_again_with_its_parts(village: Connection) -> None:
    before = contents(village)
    with importing(village) as run:
        remove(village, models.MeasureOffering, key("by"))
        remove(village, models.Offering, key("offering", "offer-0"))
        remove(village, models.Site, key("site", "site-0"))
    assert undo(village, run, "staff").restored == 7
    assert contents(village) == before


def test_imports_are_undone_one_after_the_other(village: Connection) -> None:
    """What a later import changed, and its undoing changed back, is as the earlier one left it."""
    before = contents(village)
    with importing(village) as first:
        upsert(village, models.Offering, [{"id": key("offering", "offer-0"), "name": "Eins"}])
    with importing(village) as second:
        upsert(village, models.Offering, [{"id": key("offering", "offer-0"), "name": "Zwei"}])
    with village.begin_nested() as too_early:
        assert [one.reason for one in undo(village, first, "staff").kept] == ["edited"]
        too_early.rollback()
    assert undo(village, second, "staff") == Undone(1, [])
    assert undo(village, first, "staff") == Undone(1, [])
    assert contents(village) == before


def test_undoing_is_recorded_like_any_change(village: Connection) -> None:
    run = bring(village)
    undo(village, run, "staff")
    last = select(models.Revision).order_by(models.Revision.id.desc()).limit(1)
    revision = village.execute(last).one()
    assert (revision.actor, revision.import_run_id, revision.undone_run_id) == ("staff", None, run)
    edit(village, models.Offering, key("offering", "offer-0"), name="Später")
    assert village.execute(last).one().undone_run_id is None


def test_undoing_twice_says_so(village: Connection) -> None:
    run = bring(village)
    undo(village, run, "staff")
    with pytest.raises(AlreadyUndone, match="staff"):
        undo(village, run, "staff")
    with pytest.raises(CannotUndo, match="no import 4711"):
        undo(village, 4711, "staff")


def test_a_failed_undo_changes_nothing(village: Connection) -> None:
    """A key without any text cannot be let go of, so two rows cannot exchange it."""
    one, other = tagged("offer-0", "a"), tagged("offer-0", "b")
    upsert(village, models.OfferingTerm, [other])
    with importing(village) as run:
        for row in one, other:
            remove(village, models.OfferingTerm, row["id"])
        exchanged = [{**one, "term_id": other["term_id"]}, {**other, "term_id": one["term_id"]}]
        upsert(village, models.OfferingTerm, exchanged)
    before = contents(village)
    with pytest.raises(CannotUndo, match="do not fit in"):
        undo(village, run, "staff")
    assert contents(village) == before
    assert village.scalar(select(models.ImportRun.undone_at).filter_by(id=run)) is None


# --- edited since --------------------------------------------------------------------------------


def test_an_edited_row_stays_and_is_listed(village: Connection) -> None:
    with importing(village) as run:
        rows = [{"id": key("offering", f"offer-{n}"), "name": f"Neu {n}"} for n in range(3)]
        upsert(village, models.Offering, rows)
    edit(village, models.Offering, key("offering", "offer-1"), phone="0371 0")
    undone = undo(village, run, "staff")
    assert undone.restored == 2
    (kept,) = undone.kept
    assert (kept.entity, kept.id) == ("offering", key("offering", "offer-1"))
    assert (kept.label, kept.by, kept.reason) == ("offer-1", "anna", "edited")
    assert kept.at == village.scalar(text("SELECT now()"))
    names = select(models.Offering.name).order_by(models.Offering.slug)
    assert village.scalars(names).all() == ["Offer-0", "Neu 1", "Offer-2", "Offer-3"]


def test_an_edit_that_was_taken_back_is_none(village: Connection) -> None:
    with importing(village) as run:
        upsert(village, models.Offering, [{"id": key("offering", "offer-0"), "name": "Neu"}])
    for phone in "0371 0", None:
        edit(village, models.Offering, key("offering", "offer-0"), phone=phone)
    assert undo(village, run, "staff") == Undone(1, [])


def test_a_row_that_was_deleted_since_stays_deleted_and_is_listed(village: Connection) -> None:
    with importing(village) as run:
        upsert(village, models.Organisation, [organisation("green", url="https://example.org")])
    remove(village, models.Organisation, key("organisation", "green"))
    (kept,) = undo(village, run, "staff").kept
    assert (kept.label, kept.by, kept.reason) == ("green", "anna", "edited")
    assert key("organisation", "green") not in ids(village, models.Organisation)


def test_an_entity_and_its_parts_stay_together(village: Connection) -> None:
    """Whoever edited the opening hours looked at the offering: it does not lose its terms."""
    run = bring(village)
    hours = models.OfferingSite
    edit(village, hours, key("offering_site", NEW, NEW), opening_hours="Mo-Fr 09:00-12:00")
    before = contents(village)
    undone = undo(village, run, "staff")
    assert [(one.entity, one.label) for one in undone.kept] == [("offering", NEW)]
    assert (undone.restored, undone.archived, undone.needed) == (0, 0, 2)  # its provider and site
    assert contents(village) == before


def test_a_part_that_was_added_since_keeps_its_entity(village: Connection) -> None:
    """Deleting the offering would take along what somebody else wrote."""
    run = bring(village)
    with acting(village, "anna"):
        upsert(village, models.OfferingTerm, [tagged(NEW, "d")])
    (kept,) = undo(village, run, "staff").kept
    assert (kept.entity, kept.label, kept.by) == ("offering", NEW, "anna")
    assert key("offering_term", NEW, "d") in ids(village, models.OfferingTerm)


def test_an_edited_part_of_an_untouched_entity_is_told_by_the_entity(village: Connection) -> None:
    where = key("offering_site", "offer-0", "site-0")
    with importing(village) as run:
        upsert(village, models.OfferingSite, [{"id": where, "position": 7}])
    edit(village, models.OfferingSite, where, opening_hours="24/7")
    (kept,) = undo(village, run, "staff").kept
    assert (kept.entity, kept.id, kept.label) == ("offering", key("offering", "offer-0"), "offer-0")


def test_a_new_entity_that_others_refer_to_is_archived(village: Connection) -> None:
    run = bring(village)
    provider = {"organisation_id": key("organisation", NEW)}
    edit(village, models.Offering, key("offering", "offer-0"), **provider)
    undone = undo(village, run, "staff")
    assert (undone.restored, undone.kept, undone.archived) == (4, [], 1)
    fate = select(models.Organisation.status, models.Organisation.removal_reason)
    archived = village.execute(fate.where(models.Organisation.slug == NEW)).one()
    assert tuple(archived) == ("archived", "deleted")
    assert key("offering", NEW) not in ids(village, models.Offering)


def test_what_is_no_entity_is_left_where_others_refer_to_it(village: Connection) -> None:
    run = bring(village)
    upsert(village, models.OfferingSite, [at("offer-0", NEW)])
    undone = undo(village, run, "staff")
    assert (undone.restored, undone.kept, undone.needed) == (4, [], 1)
    assert key("site", NEW) in ids(village, models.Site)


def test_what_an_archived_entity_refers_to_stays_too(village: Connection) -> None:
    with importing(village) as run:
        upsert(village, models.Source, [source("brought")])
        brought = {"source_id": key("source", "brought")}
        upsert(village, models.Organisation, [organisation("brought", **brought)])
        child = organisation("child", parent_id=key("organisation", "brought"), **brought)
        upsert(village, models.Organisation, [child])
    provider = {"organisation_id": key("organisation", "child")}
    edit(village, models.Offering, key("offering", "offer-0"), **provider)
    undone = undo(village, run, "staff")
    assert (undone.restored, undone.archived, undone.needed) == (0, 2, 1)


def test_a_row_whose_provider_is_gone_stays(village: Connection) -> None:
    with importing(village) as run:
        moved = {"organisation_id": key("organisation", "green"), "name": "Neu"}
        upsert(village, models.Offering, [{"id": key("offering", "offer-1"), **moved}])
        upsert(village, models.Offering, [{"id": key("offering", "offer-3"), **moved}])
    remove(village, models.Organisation, key("organisation", "blue"))
    undone = undo(village, run, "staff")
    assert {(one.label, one.by, one.reason) for one in undone.kept} == {
        ("offer-1", "anna", "missing"),
        ("offer-3", "anna", "missing"),
    }
    assert undone.restored == 0


def test_what_cannot_be_brought_back_takes_its_parts_along(village: Connection) -> None:
    """The site that the deleted offering was at is gone: so the offering does not come back bare,
    and the term it had does not come back without it."""
    with importing(village) as run:
        remove(village, models.Offering, key("offering", "offer-3"))
    remove(village, models.Site, key("site", "site-3"))
    undone = undo(village, run, "staff")
    assert [(one.label, one.reason) for one in undone.kept] == [("offer-3", "missing")]
    assert undone.restored == 0


def test_a_row_whose_key_is_taken_stays(village: Connection) -> None:
    with importing(village) as run:
        upsert(village, models.Organisation, [{**organisation("red"), "slug": "rot"}])
    with acting(village, "anna"):
        upsert(village, models.Organisation, [{**organisation("new"), "slug": "red"}])
    (kept,) = undo(village, run, "staff").kept
    assert (kept.label, kept.by, kept.reason) == ("rot", "anna", "taken")


# --- runs ----------------------------------------------------------------------------------------


def test_a_run_is_remembered(village: Connection) -> None:
    run = imported(village, resource="districts", file="a.zip", mapping="Karte", actor="import a")
    (found,) = runs(village, 10)
    assert (found.id, found.resource, found.file, found.mapping) == (
        run,
        "districts",
        "a.zip",
        "Karte",
    )
    assert (found.actor, found.source_id, found.sha256) == ("import a", HERE, SHA)
    assert found.finished_at is not None
    assert found.finished_at >= found.started_at
    assert (found.counts, report_of(village, run)) == ({"read": 1}, {"findings": []})


def test_the_latest_runs_come_first(village: Connection) -> None:
    made = [imported(village) for _ in range(3)]
    assert [run.id for run in runs(village, 2)] == made[:0:-1]


def test_revisions_name_the_import_until_it_is_finished(village: Connection) -> None:
    with importing(village) as run:
        upsert(village, models.Organisation, [organisation("one")])
    upsert(village, models.Organisation, [organisation("other")])
    named = select(models.Revision.after["slug"].astext).where(models.Revision.import_run_id == run)
    assert village.scalars(named).all() == ["one"]


def test_a_source_may_come_with_the_import(database: Database) -> None:
    with writer(database.owner_url, "test") as connection, importing(connection) as run:
        upsert(connection, models.Source, [source("here")])
    with writer(database.owner_url, "test") as connection:
        assert undo(connection, run, "staff").restored == 1
        assert [one.source_id for one in runs(connection, 1)] == [None]


def test_an_import_can_be_undone_after_a_restore(database: Database, tmp_path: Path) -> None:
    with writer(database.owner_url, "test") as connection:
        settle(connection)
        before = contents(connection)
        run = bring(connection)
    backup(database.owner_url, tmp_path / "village.backup")
    restore(database.owner_url, PUBLIC, tmp_path / "village.backup", replace=True)
    with writer(database.owner_url, "test") as connection:
        assert report_of(connection, run) == {"findings": []}
        assert undo(connection, run, "staff").kept == []
        assert contents(connection) == before


def found(connection: Connection, sha: str = SHA, *beside: str) -> int | None:
    run = run_of(connection, sha, "Offers", "offerings", beside=beside)
    return run.id if run else None


def test_a_file_that_was_imported_is_done(village: Connection) -> None:
    assert found(village) is None
    run = imported(village)
    assert found(village) == run
    assert found(village, "1" * 64) is None
    assert run_of(village, SHA, "Another", "offerings") is None
    assert run_of(village, SHA, "Offers", "organisations") is None


def test_a_file_is_not_done_where_its_source_delivered_since(village: Connection) -> None:
    run = imported(village)
    imported(village, sha256="1" * 64, source_id=ELSEWHERE)
    imported(village, sha256="1" * 64, resource="organisations")
    assert found(village) == run
    imported(village, sha256="1" * 64)
    assert found(village) is None
    again = imported(village)
    assert found(village) == again


def test_files_of_one_run_do_not_undo_each_other(village: Connection) -> None:
    first = imported(village)
    second = imported(village, sha256="1" * 64)
    assert found(village, SHA, "1" * 64) == first
    assert found(village, "1" * 64, SHA) == second


def test_an_import_that_was_undone_or_not_finished_is_not_done(village: Connection) -> None:
    run = imported(village)
    undo(village, run, "staff")
    begin_run(
        village,
        resource="offerings",
        file="f",
        sha256=SHA,
        mapping="Offers",
        source_id=HERE,
        actor="import",
    )
    assert found(village) is None
