"""Drafts become public because somebody says so: one by one, or all that an import wrote."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select, text

from db import models
from db.imports import begin_run, finish_run
from db.registry import archive_vanished, upsert
from db.statuses import Moved, StatusRefused, set_status, set_status_of_import
from tests.db.village import HERE, key, offering, organisation

OFFER = key("offering", "offer-0")


def status_of(connection: Connection, name: str) -> tuple[str, str | None]:
    table = models.Offering
    query = select(table.status, table.removal_reason).where(table.id == key("offering", name))
    status, reason = connection.execute(query).one()
    return status, reason


def imported(connection: Connection) -> int:
    """Two drafts, one offering that was public before, and an organisation."""
    run = begin_run(
        connection,
        resource="offerings",
        file="f.csv",
        sha256="0" * 64,
        mapping="m",
        source_id=HERE,
        actor="import",
    )
    drafts = [offering(name, status="draft") for name in ("new-1", "new-2")]
    upsert(connection, models.Offering, drafts)
    upsert(connection, models.Offering, [offering("offer-0", note="Changed")])
    upsert(connection, models.Organisation, [organisation("new-house", status="draft")])
    finish_run(connection, run, {}, {})
    return run


def test_a_status_is_set_and_told(village: Connection) -> None:
    assert set_status(village, models.Offering, [OFFER], "draft") == [
        Moved("offering", "published", 1)
    ]
    assert status_of(village, "offer-0") == ("draft", None)
    assert set_status(village, models.Offering, [OFFER], "draft") == []


def test_all_that_an_import_wrote_is_published(village: Connection) -> None:
    run = imported(village)
    assert set_status_of_import(village, run, "published") == [
        Moved("organisation", "draft", 1),
        Moved("offering", "draft", 2),
    ]
    assert status_of(village, "new-1") == ("published", None)
    assert set_status_of_import(village, run, "published") == []


def test_what_is_archived_does_not_come_back_with_its_import(village: Connection) -> None:
    run = imported(village)
    set_status(village, models.Offering, [key("offering", "new-1")], "archived")
    moved = set_status_of_import(village, run, "published")
    assert Moved("offering", "draft", 1) in moved
    assert status_of(village, "new-1") == ("archived", None)


def test_one_that_an_import_archived_can_be_published_by_itself(village: Connection) -> None:
    archive_vanished(village, models.Offering, HERE)
    assert status_of(village, "offer-0") == ("archived", "deleted")
    set_status(village, models.Offering, [OFFER], "published")
    assert status_of(village, "offer-0") == ("published", None)


def test_what_was_merged_into_another_stays_archived(village: Connection) -> None:
    village.execute(
        text(
            "UPDATE registry.offering SET status = 'archived', removal_reason = 'merged_into', "
            "merged_into_id = :other WHERE id = :id"
        ),
        {"id": OFFER, "other": key("offering", "offer-1")},
    )
    with pytest.raises(StatusRefused, match="offer-0 was merged into another"):
        set_status(village, models.Offering, [OFFER], "published")
    assert set_status(village, models.Offering, [OFFER], "archived") == []


@pytest.mark.parametrize(
    ("model", "status", "reason"),
    [
        (models.Offering, "public", "one of draft, published, archived, not 'public'"),
        (models.Site, "published", "a site has no status"),
    ],
)
def test_what_cannot_be_is_refused(
    village: Connection, model: type[models.Base], status: str, reason: str
) -> None:
    with pytest.raises(StatusRefused, match=reason):
        set_status(village, model, [OFFER], status)


def test_an_import_that_is_not_there_is_refused(village: Connection) -> None:
    with pytest.raises(StatusRefused, match="there is no import 4711"):
        set_status_of_import(village, 4711, "published")
