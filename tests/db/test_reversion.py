"""A publication is reverted by another: readers see what they saw before it, edits stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, text

from db import models
from db.backup import backup, restore
from db.cluster import PUBLIC, Cluster
from db.corrections import corrections, set_field
from db.models import Offering, Organisation
from db.publication import Publication, publish
from db.registry import upsert, writer
from db.reversion import CannotRevert, Reverted, revert
from tests.databases import Database, build_empty_template, build_template, clone
from tests.db.changes import CHANGES, Change
from tests.db.village import (
    State,
    contents,
    key,
    offering,
    organisation,
    public,
    settle,
    source,
    tagged,
)


class House:
    """A registry that was published once, and what tests do to it, each in a transaction."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.url = database.owner_url

    def write(self, model: Any, *rows: dict[str, Any], actor: str = "anna") -> None:
        with writer(self.url, actor) as connection:
            upsert(connection, model, rows)

    def rename(self, name: str, number: int = 0) -> None:
        self.write(Offering, {"id": key("offering", f"offer-{number}"), "name": name})

    def publish(self) -> Publication:
        return publish(self.url)

    def revert(self, sequence: int) -> Reverted:
        return revert(self.url, sequence, "staff")

    def names(self) -> list[str]:
        with writer(self.url, "test") as connection:
            query = select(Offering.name).order_by(Offering.slug)
            return list(connection.scalars(query))

    def public(self) -> dict[str, list[str]]:
        with writer(self.url, "test") as connection:
            return public(connection)

    def contents(self) -> State:
        with writer(self.url, "test") as connection:
            return contents(connection)

    def run(self, statement: str) -> None:
        with writer(self.url, "test") as connection:
            connection.execute(text(statement))


@pytest.fixture(scope="module")
def house_template(cluster: Cluster) -> str:
    empty = build_empty_template(cluster)
    return build_template(cluster, "quartier_house_template", empty, _settle_and_publish)


def _settle_and_publish(database: Database) -> None:
    with writer(database.owner_url, "test") as connection:
        settle(connection)
        draft = offering("draft", status="draft")
        upsert(connection, Offering, [draft])
    assert publish(database.owner_url).sequence == 1


@pytest.fixture
def house(cluster: Cluster, house_template: str) -> Iterator[House]:
    with clone(cluster, house_template) as fresh:
        yield House(fresh)


# --- as it was -----------------------------------------------------------------------------------


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_readers_see_what_they_saw_before(house: House, change: Change) -> None:
    public_before, before = house.public(), house.contents()
    with writer(house.url, "anna") as connection:
        change(connection, 0, 1)
    assert house.publish().sequence == 2
    assert house.public() != public_before
    reverted = house.revert(2)
    assert reverted.kept == []
    assert reverted.publication.sequence == 3
    assert house.public() == public_before
    assert house.contents() == before


def test_a_reversion_can_be_reverted(house: House) -> None:
    house.rename("Neu")
    house.publish()
    after = house.public()
    assert house.revert(2).restored == 1
    assert house.names()[1] == "Offer-0"
    house.revert(3)
    assert house.public() == after


def test_an_earlier_publication_is_reverted_beneath_a_later_one(house: House) -> None:
    house.rename("Neu")
    house.publish()
    house.rename("Anders", 1)
    house.publish()
    assert house.revert(2).restored == 1
    assert house.names()[1:3] == ["Offer-0", "Anders"]


def test_even_the_first_publication_can_be_reverted(house: House) -> None:
    """Of a registry whose record began with it, that is. The draft was not made public by it."""
    reverted = house.revert(1)
    assert reverted.kept == []
    assert reverted.publication.removed["offering"] == 4
    assert house.names() == ["Draft"]
    assert house.public()["offering"] == []


def test_a_change_belongs_to_the_publication_that_saw_it(house: House) -> None:
    """Not to the one that ran while it was being made, whichever number its revision has."""
    with writer(house.url, "anna") as connection:
        renamed = {"id": key("offering", "offer-0"), "name": "Langsam"}
        upsert(connection, Offering, [renamed])
        house.rename("Schnell", 1)
        assert house.publish().changed["offering"] == 1
    assert house.publish().sequence == 3
    assert house.revert(2).restored == 1
    assert house.names()[1:3] == ["Langsam", "Offer-1"]
    assert house.revert(3).restored == 1
    assert house.names()[1:3] == ["Offer-0", "Offer-1"]


# --- what is none of its business ----------------------------------------------------------------


def test_drafts_are_not_touched(house: House) -> None:
    house.write(Offering, {"id": key("offering", "draft"), "name": "Entwurf, besser"})
    house.write(Offering, offering("draft-2", status="draft"))
    house.write(models.OfferingTerm, tagged("draft", "a"))
    house.rename("Neu")
    house.publish()
    assert house.revert(2).restored == 1
    assert house.names()[:3] == ["Entwurf, besser", "Draft-2", "Offer-0"]


def test_notes_that_nobody_saw_are_not_touched(house: House) -> None:
    note = {"internal_note": "rückfragen"}
    house.write(Offering, {"id": key("offering", "offer-1"), **note})
    house.rename("Neu")
    house.publish()
    assert house.revert(2).restored == 1
    with writer(house.url, "test") as connection:
        kept = select(Offering.internal_note).where(Offering.slug == "offer-1")
        assert connection.scalar(kept) == "rückfragen"


def test_a_draft_that_was_published_is_a_draft_again(house: House) -> None:
    house.write(Offering, {"id": key("offering", "draft"), "status": "published"})
    house.publish()
    house.revert(2)
    with writer(house.url, "test") as connection:
        status = select(Offering.status).where(Offering.slug == "draft")
        assert connection.scalar(status) == "draft"


def test_what_was_edited_since_stays_and_is_listed(house: House) -> None:
    house.rename("Neu")
    house.rename("Neu", 1)
    house.publish()
    house.rename("Noch neuer")
    reverted = house.revert(2)
    assert reverted.restored == 1
    assert [(one.entity, one.label, one.by, one.reason) for one in reverted.kept] == [
        ("offering", "offer-0", "anna", "edited")
    ]
    assert house.names()[1:3] == ["Noch neuer", "Offer-1"]


def test_a_source_that_got_a_licence_loses_it_again(house: House) -> None:
    """And no more: what was found to show nowhere then is not brought by this publication."""
    unclear = source("unclear", license="not_stated")
    house.write(models.Source, unclear)
    house.write(Organisation, organisation("late", source_id=unclear["id"]))
    house.publish()
    before = house.public()
    house.write(models.Source, {"id": unclear["id"], "license": "cc-zero"})
    sequence = house.publish().sequence
    assert house.public() != before
    assert house.revert(sequence).restored == 1
    assert house.public() == before


def test_a_correction_is_reverted_with_its_row(house: House) -> None:
    offer = key("offering", "offer-0")
    with writer(house.url, "anna") as connection:
        set_field(connection, Offering, offer, "phone", "1", source="Anruf", actor="anna")
    house.publish()
    assert house.revert(2).restored == 2
    with writer(house.url, "anna") as connection:
        assert corrections(connection, Offering, [offer]) == {}


# --- what is known of publications ---------------------------------------------------------------


def recorded(connection: Connection) -> list[int]:
    record = models.Publication
    return list(connection.scalars(select(record.sequence).order_by(record.sequence)))


def test_publications_that_change_something_are_recorded(house: House) -> None:
    house.write(Offering, {"id": key("offering", "offer-1"), "internal_note": "unsichtbar"})
    house.publish()
    house.rename("Neu")
    publish(house.url, dry_run=True)
    house.publish()
    with writer(house.url, "test") as connection:
        assert recorded(connection) == [0, 1, 2]


@pytest.mark.parametrize("sequence", [0, -1, 2, 4711])
def test_there_must_be_such_a_publication(house: House, sequence: int) -> None:
    with pytest.raises(CannotRevert, match=f"publication {sequence}"):
        house.revert(sequence)
    assert house.publish().sequence == 1


def test_publications_without_a_record_cannot_be_reverted(house: House) -> None:
    """They were made by an older version."""
    house.run("UPDATE published.state SET sequence = 7")
    house.run("UPDATE registry.publication SET sequence = 7, inherited = 0 WHERE sequence = 1")
    with pytest.raises(CannotRevert, match="kept no record"):
        house.revert(6)
    with pytest.raises(CannotRevert, match="kept no record"):
        house.revert(7)
    house.rename("Neu")
    house.publish()
    assert house.revert(8).restored == 1


@pytest.fixture
def restored(house: House, tmp_path: Path) -> House:
    """Restored to the state after the second publication, which is not the last."""
    house.rename("Zwei")
    house.publish()
    backup(house.url, tmp_path / "two.backup")
    house.rename("Drei")
    house.publish()
    restore(house.url, PUBLIC, tmp_path / "two.backup", replace=True)
    return house


def test_after_a_restore_older_publications_cannot_be_reverted(restored: House) -> None:
    """Their transactions were numbered by what may have been another server."""
    before = restored.contents()
    with pytest.raises(CannotRevert, match="restored from a backup"):
        restored.revert(2)
    with pytest.raises(CannotRevert, match="replaced by the backup"):
        restored.revert(3)
    assert restored.contents() == before


def test_after_a_restore_the_next_publication_can_be_reverted(restored: House) -> None:
    """And nothing of what the backup brought is taken for a part of it."""
    before = restored.public()
    restored.run("UPDATE registry.revision SET transaction = pg_current_xact_id()::text::bigint")
    restored.rename("Neu", 1)
    sequence = restored.publish().sequence
    with pytest.raises(CannotRevert, match="restored from a backup"):
        restored.revert(sequence - 1)
    assert restored.revert(sequence).restored == 1
    assert restored.public() == before


def test_edits_that_waited_in_the_backup_make_the_next_one_unclear(
    house: House, tmp_path: Path
) -> None:
    house.rename("Wartet")
    backup(house.url, tmp_path / "waiting.backup")
    restore(house.url, PUBLIC, tmp_path / "waiting.backup", replace=True)
    sequence = house.publish().sequence
    with pytest.raises(CannotRevert, match="edits that waited"):
        house.revert(sequence)
    house.rename("Später")
    assert house.revert(house.publish().sequence).restored == 1


def test_unless_it_showed_that_they_change_nothing(house: House, tmp_path: Path) -> None:
    house.write(Offering, {"id": key("offering", "draft"), "name": "Entwurf"})
    backup(house.url, tmp_path / "waiting.backup")
    restore(house.url, PUBLIC, tmp_path / "waiting.backup", replace=True)
    house.publish()
    house.rename("Neu")
    assert house.revert(house.publish().sequence).restored == 1


def test_a_dump_that_was_restored_by_hand_is_noticed(house: House) -> None:
    """The table of the record is another one then, which is told by its oid."""
    house.run("UPDATE registry.publication SET home = 1")
    with pytest.raises(CannotRevert, match="restored from a backup"):
        house.revert(1)
    house.rename("Zwei")
    house.publish()
    with pytest.raises(CannotRevert, match="restored from a backup"):
        house.revert(2)
    house.rename("Drei")
    house.publish()
    assert house.revert(3).restored == 1
