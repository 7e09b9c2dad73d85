"""What sources delivered, whether they are late, and what of theirs nobody confirmed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from db import models
from db.imports import begin_run, finish_run, undo
from db.registry import upsert
from db.sources import SourceState, sources_overview
from tests.db.village import ELSEWHERE, HERE, key, offering, source

TODAY = datetime.now(UTC).date()


def imported(connection: Connection, file: str, days_ago: int = 0) -> int:
    run = begin_run(
        connection,
        resource="offerings",
        file=file,
        sha256="0" * 64,
        mapping="m",
        source_id=ELSEWHERE,
        actor="import",
    )
    finish_run(connection, run, {}, {})
    connection.execute(
        text("UPDATE registry.import_run SET finished_at = now() - :days * interval '1 day'"),
        {"days": days_ago},
    )
    return run


def state(connection: Connection, slug: str = "elsewhere") -> SourceState:
    return next(one for one in sources_overview(connection) if one.slug == slug)


def test_sources_are_told_with_what_is_there_of_them(village: Connection) -> None:
    here, elsewhere = state(village, "here"), state(village)
    assert (here.id, here.title, here.publisher, here.rhythm) == (HERE, "here", "Amt", None)
    assert here.rows == {
        "decision": 1,
        "district": 5,
        "indicator": 2,
        "measure": 2,
        "observation": 4,
        "offering": 4,
        "organisation": 3,
        "site": 4,
        "strategy": 1,
    }
    assert (elsewhere.rows, elsewhere.unconfirmed) == ({}, 0)
    assert (elsewhere.last_import, elsewhere.last_file, elsewhere.overdue) == (None, None, None)


def test_archived_rows_are_not_counted(village: Connection) -> None:
    upsert(village, models.Offering, [{"id": key("offering", "offer-0"), "status": "archived"}])
    assert state(village, "here").rows["offering"] == 3
    assert state(village, "here").unconfirmed == 3


def test_the_last_import_that_stands_is_told(village: Connection) -> None:
    imported(village, "may.csv")
    last = imported(village, "june.csv")
    assert state(village).last_file == "june.csv"
    undo(village, last, "staff")
    assert state(village).last_file == "may.csv"
    assert state(village).last_import is not None


@pytest.mark.parametrize(
    ("rhythm", "days_ago", "overdue"),
    [
        ("P1M", 10, False),
        ("P1M", 40, True),
        ("P1Y", 40, False),
        ("P1Y6M", 500, False),
        ("P2W", 15, True),
        ("P30D", 29, False),
        (None, 4000, None),
    ],
)
def test_a_source_is_overdue_by_its_rhythm(
    village: Connection, rhythm: str | None, days_ago: int, overdue: bool | None
) -> None:
    upsert(village, models.Source, [{"id": ELSEWHERE, "rhythm": rhythm}])
    imported(village, "offers.csv", days_ago)
    assert state(village).overdue is overdue


def test_before_its_first_import_the_day_it_was_retrieved_counts(village: Connection) -> None:
    upsert(village, models.Source, [{"id": ELSEWHERE, "rhythm": "P1M"}])
    assert state(village).overdue is None
    long_ago = TODAY - timedelta(days=40)
    upsert(village, models.Source, [{"id": ELSEWHERE, "retrieved": long_ago}])
    assert state(village).overdue is True


@pytest.mark.parametrize("rhythm", ["P", "1M", "P0M", "PT1H", "P1M1Y", "monthly", "P1.5M", "-P1M"])
def test_a_rhythm_is_a_duration_in_days_or_longer(village: Connection, rhythm: str) -> None:
    with pytest.raises(IntegrityError, match="source_rhythm_check"), village.begin_nested():
        upsert(village, models.Source, [{"id": ELSEWHERE, "rhythm": rhythm}])


def test_what_nobody_confirmed_within_a_year_is_counted(village: Connection) -> None:
    days = [None, TODAY - timedelta(days=400), TODAY - timedelta(days=300), TODAY]
    rows = [
        {**offering(f"theirs-{n}", confirmed_at=day), "source_id": ELSEWHERE}
        for n, day in enumerate(days)
    ]
    upsert(village, models.Offering, rows)
    assert state(village).unconfirmed == 2


def test_it_is_told_where_the_licence_is_not_stated(village: Connection) -> None:
    upsert(village, models.Source, [source("unclear", license="not_stated")])
    assert state(village, "unclear").not_stated
    assert not state(village).not_stated
