"""What reviewers found: each a request that once had a wrong answer."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

FREIBERG = "14561968-2255-5ec5-99d2-6551f7c60f28"


@pytest.mark.parametrize(
    "curve",
    [
        "CURVEPOLYGON(CIRCULARSTRING(13 50,14 51,13 50))",
        "MULTISURFACE(((13 50,14 50,14 51,13 50)))",
        "CIRCULARSTRING(13 50,14 51,13 50)",
    ],
)
def test_curves_are_no_polygons(demo_client: TestClient, curve: str) -> None:
    answer = demo_client.get("/v1/offerings", params={"within": curve})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "within"
    assert demo_client.post("/v1/offerings/search", json={"within": curve}).status_code == 422


def test_what_several_places_leave_undecided_is_counted_once(demo_client: TestClient) -> None:
    """All of Freiberg's offerings are known only by municipality."""
    in_freiberg = demo_client.get("/v1/offerings?district=freiberg").json()["total"]
    near_it = demo_client.get("/v1/offerings?district=freiberg&near=13.338,50.918").json()
    assert near_it["total"] == 0
    assert near_it["left_out"][0]["count"] == in_freiberg > 0
    boxed = demo_client.get("/v1/offerings?near=13.338,50.918&bbox=12,50,14,52&radius=3000").json()
    assert boxed["left_out"][0]["count"] >= in_freiberg


def test_facets_of_one_name_have_the_labels_of_their_own_list(demo_client: TestClient) -> None:
    facet = demo_client.get("/v1/strategies?facets=kind").json()["facets"]["kind"]
    assert facet
    assert all(entry["label"] != entry["value"] for entry in facet)


def test_an_id_in_capitals_is_the_same_id(demo_client: TestClient) -> None:
    small = demo_client.get(f"/v1/offerings?district={FREIBERG}").json()
    capital = demo_client.get(f"/v1/offerings?district={FREIBERG.upper()}").json()
    assert small["items"] == capital["items"] != []


def test_places_are_json_only(demo_client: TestClient) -> None:
    assert demo_client.get("/v1/places.geojson?q=frei").status_code == 406
    assert demo_client.get("/v1/places?q=frei", headers={"Accept": "text/csv"}).status_code == 406
