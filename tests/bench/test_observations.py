"""What cubes and disclosure control are measured with."""

from __future__ import annotations

from collections import Counter
from typing import Any

import psycopg
import pytest

from bench.observations import YEARS, Statistics, observations
from db.publication import Publication
from tests.databases import Database

FEW = Statistics(4)
"""The population, one group of it, the share of that group, and another group."""


@pytest.fixture(scope="module")
def rows() -> list[Any]:
    return list(observations(FEW, YEARS[-1]))


def test_as_many_as_are_measured_with(rows: list[Any]) -> None:
    assert len(YEARS) == 15
    totals = Counter(row["indicator_id"] for row in rows if not row["breakdowns"])
    assert list(totals.values()) == [61] * 4
    assert len(rows) == 61 * (4 + 2)  # the other group is broken down by sex


def test_the_same_number_gives_the_same_rows(rows: list[Any]) -> None:
    assert rows == list(observations(Statistics(4), YEARS[-1]))


def test_all_sums_hold(rows: list[Any]) -> None:
    found = {(row["indicator_id"], row["district_id"], row["breakdowns"].get("sex")): row["value"]
             for row in rows if row["numerator"] is None}  # fmt: skip
    for (indicator, district, sex), value in found.items():
        if sex == "f":
            assert value + found[indicator, district, "m"] == found[indicator, district, None]
        area = next(area for area in FEW.areas.values() if area.id == district)
        parts = [found[indicator, FEW.areas[part].id, sex] for part in area.parts]
        assert not parts or sum(parts) == value


def test_disclosure_control_has_work(filled: tuple[Database, Publication]) -> None:
    database, done = filled
    assert done.changed["observation"] == len(YEARS) * 61 * (4 + 2)
    with psycopg.connect(database.owner_url) as connection:
        hidden, shown = connection.execute(
            """
            SELECT count(*) FILTER (WHERE 'suppressed' = ANY (flags)), count(value)
            FROM published.observation WHERE document LIKE '%"bench-1"%'
            """
        ).fetchone() or (0, 0)
    assert hidden
    assert shown > len(YEARS) * 61 * 0.8
