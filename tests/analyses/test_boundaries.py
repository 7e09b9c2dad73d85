"""Values recalculated to the districts of a day, against an oracle that knows reforms by people.

The oracle has no tree: it moves what is counted in a town through one reform after the other, and
adds up what arrives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pandas as pd
import psycopg
import pytest
from starlette.testclient import TestClient

from db import models
from db.publication import publish
from db.reforms import Lifetime, State, Succession, parts
from db.registry import upsert, writer
from tests.analyses.test_over_http import asked, by_name, refused
from tests.analyses.towns import _indicator
from tests.api.calls import get
from tests.conftest import connect_to
from tests.databases import Database
from tests.db import village
from tests.db.village import ELSEWHERE, HERE, key

LIVES = {
    "a": (None, date(2019, 12, 31)),
    "b": (None, date(2019, 12, 31)),
    "ab": (date(2020, 1, 1), date(2022, 12, 31)),
    "c": (None, None),
    "abc": (date(2023, 1, 1), None),
    "whole": (None, date(2020, 12, 31)),
    "left": (date(2021, 1, 1), None),
    "right": (date(2021, 1, 1), None),
    "old": (None, date(2020, 12, 31)),
    "new": (date(2021, 1, 1), None),
    "calm": (None, None),
}
REFORMS = [
    ("a", "ab", date(2020, 1, 1), 1),
    ("b", "ab", date(2020, 1, 1), 1),
    ("ab", "abc", date(2023, 1, 1), 1),
    ("c", "abc", date(2023, 1, 1), "0.25"),
    ("whole", "left", date(2021, 1, 1), "0.6"),
    ("whole", "right", date(2021, 1, 1), "0.4"),
    ("old", "new", date(2021, 1, 1), 1),
]
"""A chain of mergers, the second with a part of a town that goes on; a split; a new name."""

PEOPLE: dict[int, dict[str, float]] = {
    2018: {"a": 100, "b": 300, "c": 400, "whole": 1000, "old": 70, "calm": 5},
    2019: {"a": 120, "b": 360, "c": 420, "whole": 1010, "old": 71, "calm": 6},
    2020: {"ab": 500, "c": 440, "whole": 1020, "old": 72, "calm": 7},
    2021: {"ab": 520, "c": 460, "left": 640, "right": 400, "new": 73, "calm": 8},
    2022: {"ab": 540, "c": 480, "left": 650, "right": 410, "new": 74, "calm": 9},
    2023: {"abc": 700, "c": 370, "left": 660, "right": 420, "new": 75, "calm": 10},
}
POOR = {
    year: {town: people / 10 + len(town) for town, people in towns.items()}
    for year, towns in PEOPLE.items()
}
INCOME = {2018: {"a": 2000, "b": 1900, "whole": 1500, "old": 1700}}


def _cell(indicator: str, town: str, year: int, value: float | None, **more: Any) -> dict[str, Any]:
    return {
        "id": key("observation", indicator, town, year),
        "indicator_id": key("indicator", indicator),
        "district_id": key("district", town),
        "period": str(year),
        "period_earliest": date(year, 1, 1),
        "period_latest": date(year, 12, 31),
        "value": value,
        "flags": ["final"],
        "raw": False,
        "status": "published",
        "source_id": HERE,
        **more,
    }


def _rows() -> Iterator[dict[str, Any]]:
    for name, table in (("population", PEOPLE), ("poor", POOR), ("income", INCOME)):
        for year, towns in table.items():
            for town, value in towns.items():
                yield _cell(name, town, year, value)
    for year, towns in PEOPLE.items():
        for town, people in towns.items():
            share = round(100 * POOR[year][town] / people, 1)
            yield _cell("share", town, year, share)
            yield _cell("rent", town, year, len(town) * 5.5, denominator=people)


def settle(database: Database, rows: list[dict[str, Any]]) -> None:
    rate = {"type": "rate", "unit": "%", "decimals": 1, "factor": 100}
    made = {
        "numerator_id": key("indicator", "poor"),
        "denominator_id": key("indicator", "population"),
    }
    with writer(database.owner_url, "test") as connection:
        upsert(connection, models.Source, [village.source("here")])
        upsert(connection, models.District, [village.district("county", level="county")])
        towns = [
            village.district(
                name,
                parent_id=key("district", "county"),
                valid_from=begins,
                valid_to=ends,
                boundary=None,
                boundary_quality=None,
            )
            for name, (begins, ends) in LIVES.items()
        ]
        upsert(connection, models.District, towns)
        steps = [
            village.part(
                "succession",
                *reform[:2],
                predecessor_id=key("district", reform[0]),
                successor_id=key("district", reform[1]),
                valid_on=reform[2],
                share=reform[3],
                source_id=HERE,
            )
            for reform in REFORMS
        ]
        upsert(connection, models.DistrictSuccession, steps)
        indicators = [
            _indicator("population", unit="Personen"),
            _indicator("poor", unit="Personen"),
            _indicator("share", aggregation="ratio", **rate, **made),
            _indicator("rent", aggregation="weighted_mean", **rate | {"unit": "€"}),
            _indicator("income", unit="€", type="median", aggregation="none"),
        ]
        upsert(connection, models.Indicator, indicators)
        for row in rows:
            upsert(connection, models.Observation, [row])
    publish(database.owner_url)


@pytest.fixture(scope="module")
def reformed(cluster: Any, empty_template: str) -> Iterator[TestClient]:
    from tests.databases import clone

    with clone(cluster, empty_template) as fresh:
        settle(fresh, list(_rows()))
        with connect_to(fresh) as client:
            yield client


@contextmanager
def published(database: Database, rows: list[dict[str, Any]]) -> Iterator[TestClient]:
    settle(database, rows)
    with connect_to(database) as client:
        yield client


def values(client: TestClient, indicator: str, query: str) -> dict[tuple[str, str], float | None]:
    items = asked(client, f"indicators/{indicator}/observations?limit=1000&{query}")["items"]
    return {(item["district"]["slug"], item["period"]["edtf"]): item["value"] for item in items}


# The oracle


def _moved(frame: pd.DataFrame, reform: tuple[date, pd.DataFrame]) -> pd.DataFrame:
    """People by town after a reform: those of a town go where its shares say, the rest stays."""
    shares = reform[1]
    gone = frame.merge(shares, left_on="town", right_on="from")
    gone = gone.assign(town=gone["to"], people=gone["people"] * gone["share"])
    left = frame.merge(shares.groupby("from")["share"].sum(), left_on="town", right_index=True)
    left = left.assign(people=left["people"] * (1 - left["share"]))
    untouched = frame[~frame["town"].isin(shares["from"])]
    both = pd.concat([untouched, gone, left[left["people"] > 1e-9]])
    return both.groupby("town", as_index=False)["people"].sum()


def _reforms() -> list[tuple[date, pd.DataFrame]]:
    table = pd.DataFrame(REFORMS, columns=["from", "to", "on", "share"]).astype({"share": float})
    return [(on, shares) for on, shares in table.groupby("on")]


def forwards(counts: Mapping[str, float], year: int, day: date) -> dict[str, float]:
    frame = pd.DataFrame({"town": list(counts), "people": list(counts.values())})
    for reform in _reforms():
        if date(year, 12, 31) < reform[0] <= day:
            frame = _moved(frame, reform)
    return dict(zip(frame["town"], frame["people"], strict=True))


@pytest.mark.parametrize(
    "day", [date(2019, 6, 1), date(2020, 6, 1), date(2021, 6, 1), date(2024, 1, 1)]
)
@pytest.mark.parametrize(("name", "table"), [("population", PEOPLE), ("poor", POOR)])
def test_counts_follow_the_people_through_every_reform(
    day: date, name: str, table: dict[int, dict[str, float]], reformed: TestClient
) -> None:
    found = values(reformed, name, f"boundary={day}")
    there = {
        town for town, (begins, ends) in LIVES.items() if (begins or day) <= day <= (ends or day)
    }
    assert {town for town, _ in found} <= there
    for year, counts in table.items():
        if date(year, 12, 31) <= date(day.year, 12, 31):
            expected = forwards(counts, year, day)
            shown = {town: value for (town, period), value in found.items() if period == str(year)}
            assert shown == pytest.approx(expected), year


def test_rates_are_those_of_the_sums(reformed: TestClient) -> None:
    found = values(reformed, "share", "boundary=2023")
    people, poor = (forwards(table[2018], 2018, date(2023, 12, 31)) for table in (PEOPLE, POOR))
    assert found["abc", "2018"] == pytest.approx(100 * poor["abc"] / people["abc"], abs=1e-6)
    assert found["left", "2018"] == round(100 * POOR[2018]["whole"] / 1000, 1)
    rents = values(reformed, "rent", "boundary=2020-06-01")
    assert rents["ab", "2018"] == 5.5  # both the same


def test_backwards_a_merger_is_undone_by_the_people_of_the_last_figures(
    reformed: TestClient,
) -> None:
    found = values(reformed, "poor", "boundary=2018")
    assert found["a", "2020"] == pytest.approx(POOR[2020]["ab"] * 120 / 480, abs=1e-6)
    assert found["b", "2021"] == pytest.approx(POOR[2021]["ab"] * 360 / 480, abs=1e-6)
    # Of the merger of 2023, 540 of ab and a quarter of 480 of c; of c the rest went on.
    abc = POOR[2023]["abc"]
    assert found["a", "2023"] == pytest.approx(abc * 540 / 660 * 120 / 480, abs=1e-6)
    assert found["c", "2023"] == pytest.approx(POOR[2023]["c"] + abc * 120 / 660, abs=1e-6)


def test_backwards_through_a_split_parts_add_up_exactly(reformed: TestClient) -> None:
    items = asked(reformed, "indicators/poor/observations?boundary=2018&district=whole")["items"]
    found = {item["period"]["edtf"]: item for item in items}
    assert found["2021"]["value"] == POOR[2021]["left"] + POOR[2021]["right"]
    assert [flag["code"] for flag in found["2021"]["flags"]] == ["final", "recalculated"]
    assert "recalculation" not in found["2018"]


def test_what_was_shared_out_is_estimated(reformed: TestClient) -> None:
    (item,) = asked(reformed, "indicators/poor/observations?boundary=2023&district=left&time=2018")[
        "items"
    ]
    assert [flag["code"] for flag in item["flags"]] == ["estimated", "recalculated"]
    (part,) = item["recalculation"]["parts"]
    assert (part["district"]["slug"], part["share"], part["value"]) == (
        "whole",
        0.6,
        POOR[2018]["whole"],
    )


def test_medians_are_not_recalculated_but_a_new_name_changes_nothing(
    reformed: TestClient,
) -> None:
    items = asked(reformed, "indicators/income/observations?boundary=2023")["items"]
    found = by_name(items)
    assert found["new"]["value"] == 1700
    for town in ("ab", "left"):
        assert town not in found or found[town]["value"] is None
    assert found["left"]["recalculation"]["reason"] == "not_additive"
    assert [flag["code"] for flag in found["left"]["flags"]] == ["not_available", "recalculated"]


def test_as_reported_is_what_was_published(reformed: TestClient) -> None:
    plain = asked(reformed, "indicators/poor/observations?limit=1000")["items"]
    assert (
        asked(reformed, "indicators/poor/observations?limit=1000&boundary=as_reported")["items"]
        == plain
    )
    at = asked(reformed, "indicators/poor/observations?limit=1000&boundary=2020")["items"]
    calm = [item for item in plain if item["district"]["slug"] == "calm"]
    assert [item for item in at if item["district"]["slug"] == "calm"] == calm


def test_a_missing_or_hidden_part_leaves_nothing_but_its_reason(database: Database) -> None:
    rows = [
        _cell("poor", "a", 2018, 4),
        _cell("poor", "a", 2019, 4),
        _cell("poor", "b", 2019, None, flags=["suppressed"]),
    ]
    with published(database, rows) as client:
        items = asked(client, "indicators/poor/observations?boundary=2020")["items"]
        missing, hidden = sorted(items, key=lambda item: item["period"]["edtf"])
        assert (missing["value"], missing["recalculation"]["reason"]) == (None, "part_missing")
        assert (hidden["value"], hidden["recalculation"]["reason"]) == (None, "part_suppressed")
        assert "suppressed" in [flag["code"] for flag in hidden["flags"]]
        back = asked(client, "indicators/poor/observations?boundary=2019&time=2019")["items"]
        assert {item["value"] for item in back} == {4, None}


def test_all_sources_of_the_parts_are_named(database: Database) -> None:
    with writer(database.owner_url, "test") as connection:
        upsert(connection, models.Source, [village.source("elsewhere")])
    rows = [
        _cell("poor", "a", 2019, 4),
        _cell("poor", "b", 2019, 7, source_id=ELSEWHERE),
    ]
    with published(database, rows) as client:
        query = "indicators/poor/observations?boundary=2020&time=2019"
        (item,) = asked(client, query)["items"]
        assert item["value"] == 11
        around = asked(client, query)
        cube = asked(client, f"{query}&format=jsonstat")["extension"]
        assert [each["title"] for each in around["sources"]] == ["elsewhere", "here"]
        assert around["sources"] == cube["sources"]
        assert around["citation"] == cube["citation"]


def test_without_figures_of_the_people_a_merger_cannot_be_undone(database: Database) -> None:
    with published(database, [_cell("poor", "ab", 2020, 40)]) as client:
        items = asked(client, "indicators/poor/observations?boundary=2019")["items"]
        assert {item["recalculation"]["reason"] for item in items} == {"share_unknown"}
        assert [item["value"] for item in items] == [None, None]


def test_every_filter_order_and_format_works_on_what_was_recalculated(
    reformed: TestClient,
) -> None:
    for query in (
        "sort=-period&limit=2",
        "sort=updated_at",
        "status=recalculated&facets=level,status",
        "time=latest",
        "time=last:2",
        "level=municipality&district=county&district_scope=children",
        "format=csv",
        "format=csv&layout=wide",
        "format=ndjson",
        "format=geojson",
        "format=jsonstat",
        "format=sdmx-csv",
        "format=html",
        "fields=value,flags",
        "limit=all",
        "lang=de",
        "updated_since=2020-01-01",
        "count=none",
    ):
        for name in ("indicators/poor/observations", "observations"):
            get(reformed, f"/v1/{name}?boundary=2023&{query}")
    walked, address = [], "/v1/observations?boundary=2018&limit=7"
    while address:
        page = get(reformed, address).json()
        walked += [item["id"] for item in page["items"]]
        address = next((x["href"] for x in page["links"] if x["rel"] == "next"), "")
    whole = asked(reformed, "observations?boundary=2018&limit=1000")
    assert walked == [item["id"] for item in whole["items"]]
    assert len(set(walked)) == whole["total"] == len(walked)


def test_tables_say_what_was_recalculated_from_what(reformed: TestClient) -> None:
    lines = get(
        reformed, "/v1/indicators/poor/observations.csv?boundary=2020&district=ab&time=2018"
    ).text.splitlines()
    assert lines[0].endswith("recalculated_from,not_recalculated")
    assert lines[1].endswith(("a; b,", "b; a,"))


@pytest.mark.parametrize("format_", ["csv-de", "xlsx", "parquet", "jsonstat", "sdmx-csv", "atom"])
def test_every_format_tells_of_recalculated_and_other_values(
    format_: str, reformed: TestClient
) -> None:
    for day in ("2000-01-01", "2020", "2023"):
        assert get(reformed, f"/v1/observations.{format_}?boundary={day}").content


@pytest.mark.parametrize("day", ["2023-13-01", "then", "23", "2023-02-29", "2019..2020"])
def test_what_is_no_day_is_refused(day: str, reformed: TestClient) -> None:
    for address in ("observations", "ranking", "map", "trend", "aggregation"):
        query = f"boundary={day}&level=county" if address != "observations" else f"boundary={day}"
        parameter, detail = refused(reformed, f"indicators/poor/{address}?{query}")
        assert parameter == "boundary"
        assert "as_reported" in detail


# Analyses of the districts of a day


def test_analyses_take_the_districts_of_a_day(reformed: TestClient) -> None:
    ranking = asked(reformed, "indicators/poor/ranking?time=2018&boundary=2023")
    expected = forwards(POOR[2018], 2018, date(2023, 12, 31))
    assert {item["district"]["slug"]: item["value"] for item in ranking["items"]} == pytest.approx(
        expected
    )
    assert (ranking["boundary"], ranking["missing"]) == ("2023-12-31", 0)
    shown = asked(reformed, "indicators/poor/map.json?time=2018&boundary=2023")
    assert {item["slug"] for item in shown["items"]} == set(expected)
    compared = asked(
        reformed, "indicators/poor/compare?district=abc&time=2018&boundary=2023&with=mean"
    )
    assert compared["items"][0]["value"] == pytest.approx(expected["abc"])


def test_a_trend_goes_on_over_a_reform(reformed: TestClient) -> None:
    (item,) = asked(reformed, "indicators/poor/trend?district=abc&boundary=2023")["items"]
    assert item["base"]["period"] == "2018"
    assert item["base"]["value"] == pytest.approx(
        forwards(POOR[2018], 2018, date(2023, 12, 31))["abc"]
    )
    assert item["end"] == {"period": "2023", "value": POOR[2023]["abc"]}


def test_a_whole_is_the_same_whatever_the_boundaries_of_its_parts(reformed: TestClient) -> None:
    for boundary in ("as_reported", "2018", "2020", "2021", "2023"):
        query = f"level=county&time=2020&boundary={boundary}"
        (item,) = asked(reformed, f"indicators/poor/aggregation?{query}")["items"]
        assert item["calculated"] == pytest.approx(sum(POOR[2020].values()))
        assert item["status"] == "complete"


# The demonstration set, and the reader


def test_two_municipalities_became_jahnatal(demo_client: TestClient) -> None:
    address = "indicators/population/observations?time=2022&district=jahnatal"
    assert asked(demo_client, address)["items"] == []
    (item,) = asked(demo_client, f"{address}&boundary=2023")["items"]
    parts = {part["district"]["slug"]: part["value"] for part in item["recalculation"]["parts"]}
    assert set(parts) == {"ostrau", "zschaitz-ottewig"}
    assert item["value"] == sum(parts.values()) == 4761


def test_districts_that_no_reform_touches_are_read_by_the_index(demo_database: Database) -> None:
    from db import recalculated

    query = recalculated.on_day("'2023-01-01'")
    with psycopg.connect(demo_database.public_url) as connection:
        connection.execute("SET enable_seqscan = off")
        plan = "\n".join(
            row[0]
            for row in connection.execute(
                f"EXPLAIN SELECT id FROM ({query}) AS o WHERE indicator_id = %s",
                [key("none")],
            )
        )
    assert "Seq Scan on observation" not in plan, plan
    assert plan.count("Scan using observation_") >= 3, plan


# What a state is made of


def test_parts_that_are_exchanged_to_and_fro_do_not_multiply_without_end() -> None:
    one, other = UUID(int=1), UUID(int=2)
    successions = [
        Succession(pair[0], pair[1], date(1950 + year, 1, 1), Decimal("0.5"))
        for year in range(60)
        for pair in ((one, other), (other, one))
    ]
    found = parts({one: Lifetime(None, None), other: Lifetime(None, None)}, successions, {})
    assert State(one, date(1950, 1, 1), date(1951, 1, 1)) not in found
