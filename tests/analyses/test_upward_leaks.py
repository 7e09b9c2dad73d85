"""Nothing that is hidden follows from aggregations and recalculations: linear programming tries.

What somebody sees who asks both addresses in all ways becomes equations of the true counts; so does
every sum that is known to hold. No hidden count may be narrower than the threshold.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from starlette.testclient import TestClient

from db import models
from db.cluster import Cluster
from db.publication import publish
from db.registry import upsert, writer
from tests.analyses.test_over_http import asked
from tests.analyses.towns import _indicator
from tests.conftest import connect_to
from tests.databases import Database, clone
from tests.db import village
from tests.db.village import HERE, key

THRESHOLD = 3
TABLES = 12
LIVES = {
    "a": (None, date(2019, 12, 31)),
    "b": (None, date(2019, 12, 31)),
    "ab": (date(2020, 1, 1), None),
    "c": (None, date(2019, 12, 31)),
    "c1": (date(2020, 1, 1), None),
    "c2": (date(2020, 1, 1), None),
    "d": (None, None),
}
STEPS = (("a", "ab", 1), ("b", "ab", 1), ("c", "c1", "0.5"), ("c", "c2", "0.5"))
REGIONS = {"a": "north", "b": "north", "ab": "north", "c": "south", "c1": "south", "c2": "south"}
REGIONS |= {"d": "south", "north": "county", "south": "county"}
DAYS = ("as_reported", "2019", "2020")

count = st.one_of(st.none(), st.integers(0, 4), st.integers(0, 40))
tables = st.fixed_dictionaries(dict.fromkeys(LIVES, count))


@pytest.fixture(scope="module")
def reformed(cluster: Cluster, empty_template: str) -> Iterator[str]:
    with clone(cluster, empty_template) as database:
        with writer(database.owner_url, "test") as connection:
            upsert(connection, models.Source, [village.source("here")])
            for names in (["county"], ["north", "south"], list(LIVES)):
                upsert(connection, models.District, [_district(name) for name in names])
            upsert(connection, models.DistrictSuccession, [_step(*step) for step in STEPS])
            names = [f"count-{number}" for number in range(TABLES)]
            rows = [_indicator(name, unit="1") for name in names]
            upsert(connection, models.Indicator, rows)
        yield database.name


def _district(name: str) -> dict[str, Any]:
    level = {"county": "county", "north": "social_region", "south": "social_region"}
    begins, ends = LIVES.get(name, (None, None))
    return village.district(
        name,
        level=level.get(name, "municipality"),
        parent_id=key("district", REGIONS[name]) if name in REGIONS else None,
        valid_from=begins,
        valid_to=ends,
        boundary=None,
        boundary_quality=None,
    )


def _step(predecessor: str, successor: str, share: Any) -> dict[str, Any]:
    pair = {
        "predecessor_id": key("district", predecessor),
        "successor_id": key("district", successor),
    }
    where = {"valid_on": date(2020, 1, 1), "share": share, "source_id": HERE}
    return village.part("step", predecessor, successor, **pair, **where)


def _cells(number: int, year: int, table: dict[str, int | None]) -> Iterator[dict[str, Any]]:
    """The towns of the year; of some years those before or after as well; and all their sums."""
    counts: dict[str, int] = {name: value or 0 for name, value in table.items()}
    counts["ab"] = counts["a"] + counts["b"]
    end = date(year, 12, 31)
    there = [town for town, life in LIVES.items() if (life[0] or end) <= end <= (life[1] or end)]
    for region in ("north", "south"):
        counts[region] = sum(counts[town] for town in there if REGIONS[town] == region)
    counts["county"] = counts["north"] + counts["south"]
    shown = {*there, "north", "south", "county"} | ({"ab"} if number % 2 else set())
    for name in shown:
        if name in table and table[name] is None:
            continue  # nobody counted
        yield {
            "id": key("observation", number, name, year),
            "indicator_id": key("indicator", f"count-{number}"),
            "district_id": key("district", name),
            "period": str(year),
            "period_earliest": date(year, 1, 1),
            "period_latest": end,
            "value": counts[name],
            "raw": True,
            "status": "published",
            "source_id": HERE,
        }


Unknown = tuple[str, int]
Equations = list[tuple[dict[Unknown, float], float]]


def _known_sums(year: int) -> Equations:
    end = date(year, 12, 31)
    there = [town for town, life in LIVES.items() if (life[0] or end) <= end <= (life[1] or end)]
    wholes = {
        "north": [town for town in there if REGIONS[town] == "north"],
        "south": [town for town in there if REGIONS[town] == "south"],
        "county": ["north", "south"],
        "ab": ["a", "b"],
    }
    return [
        ({(whole, year): -1.0} | {(part, year): 1.0 for part in parts}, 0.0)
        for whole, parts in wholes.items()
        if parts != [whole]
    ]


def _seen(client: TestClient, name: str, year: int) -> tuple[Equations, set[str]]:
    """What both addresses say of a table, and what they hide of it as it was reported."""
    found, hidden = [], set()
    for day in DAYS:
        query = f"time={year}&boundary={day}&limit=1000"
        for item in asked(client, f"indicators/{name}/observations?{query}")["items"]:
            district, made = item["district"]["slug"], item.get("recalculation")
            if made is None and item["value"] is None:
                hidden.add(district)
            parts = {district: 1.0} if made is None else _shares(made)
            if item["value"] is not None:
                found.append(
                    ({(part, year): share for part, share in parts.items()}, item["value"])
                )
    for level, of, day in product(
        ("county", "social_region"), ("social_region", "municipality"), DAYS
    ):
        if level != of:
            query = f"level={level}&of={of}&time={year}&boundary={day}"
            found += _aggregated(client, f"indicators/{name}/aggregation?{query}", year)
    return found, hidden


def _shares(made: dict[str, Any]) -> dict[str, float]:
    return {part["district"]["slug"]: part["share"] or 0.0 for part in made["parts"]}


def _aggregated(client: TestClient, address: str, year: int) -> Equations:
    """Of what was published, if all its members take part: it is what they are together."""
    answer = client.get(f"/v1/{address}")
    if answer.status_code == 400:
        return []  # nothing is observed of that level in that year
    return [
        ({(item["district"]["slug"], year): 1.0}, item["calculated"])
        for item in answer.json()["items"]
        if item["status"] == "complete" and item["difference"] == 0
    ]


def _interval(equations: Equations, cell: Unknown) -> tuple[float, float]:
    unknown = sorted({name for signs, _ in equations for name in signs})
    if cell not in unknown:
        return 0, np.inf
    matrix = np.array([[signs.get(name, 0.0) for name in unknown] for signs, _ in equations])
    constants = np.array([constant for _, constant in equations])
    ends = []
    for direction in (1, -1):
        cost = np.zeros(len(unknown))
        cost[unknown.index(cell)] = direction
        answer = linprog(cost, A_eq=matrix, b_eq=constants, bounds=(0, None))
        assert answer.status in (0, 3), answer.message
        ends.append(direction * answer.fun if answer.status == 0 else np.inf)
    return ends[0], ends[1]


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(tables, min_size=TABLES, max_size=TABLES), st.sampled_from((2018, 2021)))
def test_no_hidden_count_follows_from_what_is_worked_out(
    cluster: Cluster, reformed: str, several: list[dict[str, int | None]], year: int
) -> None:
    with clone(cluster, reformed) as database:
        rows = [row for n, table in enumerate(several) for row in _cells(n, year, table)]
        with writer(database.owner_url, "test") as connection:
            upsert(connection, models.Observation, rows)
        publish(database.owner_url)
        _look(database, year)


def _look(database: Database, year: int) -> None:
    with connect_to(database) as client:
        for number in range(TABLES):
            seen, hidden = _seen(client, f"count-{number}", year)
            equations = seen + _known_sums(year)
            for district in hidden:
                low, high = _interval(equations, (district, year))
                assert high - low >= THRESHOLD - 1e-5, (number, district, low, high)
