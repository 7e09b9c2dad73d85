"""The districts of another day where people look: the dashboard, gaps, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from math import sqrt
from statistics import NormalDist
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from tests.analyses.test_boundaries import PEOPLE, POOR, _rows, forwards, settle
from tests.analyses.test_dashboard import SVG, board, chosen, offered, rows
from tests.analyses.test_over_http import asked, refused
from tests.api.calls import get, relative
from tests.conftest import connect_to
from tests.databases import clone

SINCE = {"indicator": "population", "time": "2018", "boundary": "2023"}


@pytest.fixture(scope="module")
def reformed(cluster: Any, empty_template: str) -> Iterator[TestClient]:
    with clone(cluster, empty_template) as fresh:
        settle(fresh, list(_rows()))
        with connect_to(fresh) as client:
            yield client


def test_the_days_that_make_a_difference_are_those_of_the_reforms(reformed: TestClient) -> None:
    found = asked(reformed, "indicators/poor/availability")["reforms"]
    assert found == ["2020-01-01", "2021-01-01", "2023-01-01"]


def test_the_dashboard_offers_them_and_what_the_address_asks_for(reformed: TestClient) -> None:
    document = board(reformed, indicator="population")
    days = ["", "2023-01-01", "2021-01-01", "2020-01-01", "2019-12-31"]
    assert offered(document, "boundary") == days
    assert chosen(document, "boundary") is None
    document = board(reformed, **SINCE)
    assert offered(document, "boundary") == ["", "2023-12-31", *days[1:]]
    assert chosen(document, "boundary") == "2023-12-31"
    assert chosen(board(reformed, boundary="2021-01-01"), "boundary") == "2021-01-01"


def test_without_a_reform_there_is_nothing_to_choose(towns: TestClient) -> None:
    assert board(towns, indicator="people").all("#boundary") == []


def test_table_heading_and_sentence_say_whose_values_they_are(reformed: TestClient) -> None:
    document = board(reformed, **SINCE)
    assert "Gebiete vom 31. Dezember 2023" in document.words("#map-heading")
    said = document.words("[data-said]")
    assert "2018. Umgerechnet auf die Gebiete vom 31. Dezember 2023." in said
    assert "umgerechnet" in document.words("[aria-labelledby='values-heading']")
    shown = {row[0]: row[1] for row in rows(document, "values-heading")}
    expected = forwards(PEOPLE[2018], 2018, date(2023, 12, 31))
    assert shown == {town: f"{people:g}" for town, people in expected.items()}
    assert (
        "Umgerechnet"
        not in board(
            reformed,
            indicator="population",
        ).words()
    )


def test_downloads_and_the_picture_are_of_the_same_districts(reformed: TestClient) -> None:
    document = board(reformed, **SINCE)
    for link in document.each(
        ".downloads a, .areas a, [aria-labelledby='values-heading'] a", "href"
    ):
        assert parse_qs(urlsplit(link).query)["boundary"] == ["2023"]
    found = {
        item["district"]["slug"]: item["value"]
        for name in document.each(".downloads a[href*='format=json&']", "href")
        for item in get(reformed, relative(name)).json()["items"]
        if item["period"]["edtf"] == "2018"
    }
    assert found == pytest.approx(forwards(PEOPLE[2018], 2018, date(2023, 12, 31)))
    picture = get(reformed, "/dashboard/map.svg", SINCE)
    root = ElementTree.fromstring(picture.text)  # noqa: S314 - what our own server wrote
    assert "Gebiete vom 31. Dezember 2023" in str(root.findtext(f"{SVG}title"))


def test_the_choice_is_kept_with_another_indicator(reformed: TestClient) -> None:
    first, second = board(reformed, **SINCE).all("form[data-choices]")
    assert first.select("[type='hidden'][name='boundary']")
    assert not second.select("[type='hidden'][name='boundary']")


def test_analyses_say_it_too(reformed: TestClient) -> None:
    for address in ("map.json", "ranking", "trend?level=municipality", "aggregation?level=county"):
        query = f"{address}{'&' if '?' in address else '?'}boundary=2023"
        spoken = asked(reformed, f"indicators/population/{query}")["sentence"]
        assert "Umgerechnet auf die Gebiete vom 31. Dezember 2023." in spoken["de"]


# How sure a rate is


@pytest.mark.parametrize("query", ["time=2019&boundary=2020-06-01", "time=2021&boundary=2018"])
def test_what_was_put_together_from_whole_parts_has_its_interval(
    reformed: TestClient, query: str
) -> None:
    found = _with_intervals(reformed, query)
    towns = {"ab": (POOR[2019]["a"] + POOR[2019]["b"], 480)}
    if "2018" in query:
        towns = {"whole": (POOR[2021]["left"] + POOR[2021]["right"], 1040)}
    for town, counts in towns.items():
        item, (low, high) = found[town]
        assert (item["numerator"], item["denominator"]) == pytest.approx(counts)
        assert (low, high) == pytest.approx(_wilson(*counts), abs=1e-4)
    ranked = asked(reformed, f"indicators/share/ranking?{query}")["items"]
    shown = {
        i["district"]["slug"]: i["interval"] and (i["interval"]["low"], i["interval"]["high"])
        for i in ranked
    }
    assert {town: bounds for town, (_, bounds) in found.items()} == {
        town: bounds and pytest.approx(bounds, abs=1e-5) for town, bounds in shown.items()
    }


@pytest.mark.parametrize("query", ["time=2018&boundary=2023", "time=2020&boundary=2018"])
def test_what_was_shared_out_has_none(reformed: TestClient, query: str) -> None:
    found = _with_intervals(reformed, query)
    estimated = {
        town
        for town, (item, _) in found.items()
        if "estimated" in [flag["code"] for flag in item["flags"]]
    }
    assert estimated
    assert {town for town, (_, bounds) in found.items() if bounds is None} == estimated
    ranked = asked(reformed, f"indicators/share/ranking?{query}")["items"]
    assert {i["district"]["slug"] for i in ranked if i["interval"] is None} == estimated


def _with_intervals(client: TestClient, query: str) -> dict[str, Any]:
    every = "include=numerator,denominator,interval&level=municipality&limit=100"
    items = asked(client, f"indicators/share/observations?{query}&{every}")["items"]
    bounds = (
        item["interval"] and (item["interval"]["low"], item["interval"]["high"]) for item in items
    )
    return {
        item["district"]["slug"]: pair
        for item, pair in zip(items, zip(items, bounds, strict=True), strict=True)
    }


def _wilson(part: float, whole: float) -> tuple[float, float]:
    """As Wilson wrote it down, of counts that need not be whole."""
    share, z = part / whole, NormalDist().inv_cdf(0.975)
    middle = (share + z**2 / (2 * whole)) / (1 + z**2 / whole)
    half = z / (1 + z**2 / whole) * sqrt(share * (1 - share) / whole + (z / (2 * whole)) ** 2)
    return 100 * (middle - half), 100 * (middle + half)


# Gaps


def test_need_is_that_of_the_people_recalculated(reformed: TestClient) -> None:
    found = asked(reformed, "gaps/offerings?time=2018&boundary=2023&min=1")
    expected = forwards(PEOPLE[2018], 2018, date(2023, 12, 31))
    people = {item["slug"]: item["population"] for item in found["items"]}
    assert people == pytest.approx(expected)
    assert found["boundary"] == "2023-12-31"
    assert {item["status"] for item in found["items"]} == {"no_offering"}
    needed = {item["slug"]: item["needed"] for item in found["items"]}
    assert needed == pytest.approx({town: count / 1000 for town, count in expected.items()})
    assert "Recalculated for the districts of December 31, 2023." in found["sentence"]["en"]
    then = asked(reformed, "gaps/offerings?time=2018")
    assert then["boundary"] is None
    assert {item["slug"]: item["population"] for item in then["items"]} == PEOPLE[2018]


def test_coverage_counts_cells_so_it_knows_no_boundary(reformed: TestClient) -> None:
    assert refused(reformed, "gaps/coverage?boundary=2023")[0] == "boundary"
