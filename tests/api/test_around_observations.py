"""What a list of observations says around them."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.calls import get, listed

SERIES = "/v1/observations"


def test_a_list_says_what_it_holds(api: TestClient) -> None:
    query = {"indicator": "einwohner", "time": "2019..2021", "breakdown": "total"}
    answer = listed(api, SERIES, query)
    hidden = sum(item["value"] is None for item in answer["items"])
    districts = len({item["district"]["id"] for item in answer["items"]})
    title = answer["items"][0]["indicator"]["title"]
    assert answer["sentence"]["de"] == (
        f"{title}: {answer['total']} Werte, {districts} Gebiete, 2019 bis 2021. "
        f"{hidden} Werte werden aus Gründen des Datenschutzes nicht gezeigt."
    )
    assert answer["sentence"]["en"].startswith(f"{title}: {answer['total']} values, ")
    assert {source["title"] for source in answer["sources"]} == {
        item["source"]["title"] for item in answer["items"]
    }
    assert all(source["title"] in answer["citation"] for source in answer["sources"])
    assert answer["reason"] is None


def test_geojson_and_later_pages_say_the_same(api: TestClient) -> None:
    query: dict[str, Any] = {"district": "oederan", "limit": 2}
    first = get(api, SERIES, query).json()
    shown = get(api, f"{SERIES}.geojson", query).json()
    whole = get(api, SERIES, {"district": "oederan", "limit": "all"}).json()
    for name in ("sentence", "sources", "citation", "reason"):
        assert first[name] == shown[name] == whole[name]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"time": "1901"}, "no_observations"),
        ({"time": "2300..2400"}, "no_observations"),
        ({"level": "quarter"}, "no_observations"),
        ({"status": "suppressed", "time": "2020"}, "all_suppressed"),
    ],
)
def test_an_empty_answer_says_why(api: TestClient, query: dict[str, Any], reason: str) -> None:
    answer = listed(api, SERIES, query)
    assert answer["reason"] == reason
    assert all(answer["sentence"].values())
    assert (answer["total"] == 0) == (reason == "no_observations")


def test_who_counts_nothing_is_told_nothing(api: TestClient) -> None:
    answer = get(api, SERIES, {"count": "none", "limit": 1}).json()
    assert not {"sentence", "sources", "citation", "reason", "total"} & set(answer)
