"""pxwebpy, as its users have it, against a real server."""

from __future__ import annotations

from typing import Any

import pytest
from pxweb import PxApi
from requests.exceptions import HTTPError

from tests.px import region
from tests.px.region import SEXES, TOWNS, YEARS, people

Rows = list[dict[str, Any]]


@pytest.fixture
def api(region_server: str) -> PxApi:
    return PxApi(f"{region_server}/px", disable_cache=True)


def _expected(districts: list[str], sexes: list[str], years: tuple[str, ...], lang: int) -> Rows:
    names = (
        ("Gebiet", "Geschlecht", "Indikator", "Zeit"),
        ("District", "Sex", "Indicator", "Time"),
    )
    contents = ("Bevölkerung", "Population")
    return [
        dict(
            zip(
                (*names[lang], "value"),
                (
                    region.name_of(district),
                    SEXES[sex][lang],
                    contents[lang],
                    year,
                    people(district, year, sex),
                ),
                strict=True,
            )
        )
        for district in districts
        for sex in sexes
        for year in years
    ]


def test_it_knows_what_is_here(api: PxApi) -> None:
    config = api.get_config()
    assert [language["id"] for language in config["languages"]] == ["de", "en"]
    assert api.language == "de"
    assert api.number_of_tables == 3
    assert [table["id"] for table in api.all_tables()] == ["people", "women", "many"]
    assert api.get_paths() == [{"id": "demography", "label": "Bevölkerung"}]
    assert [found["id"] for found in api.tables_on_path("demography")] == ["people"]


def test_it_finds_tables_by_words(api: PxApi) -> None:
    (found,) = api.search("bevölkerung", past_days=3, page_size=10)["tables"]
    assert found["id"] == "people"
    assert found["variableNames"] == ["Gebiet", "Geschlecht", "Indikator", "Zeit"]
    assert (found["firstPeriod"], found["lastPeriod"]) == ("2019", "2022")
    assert found["timeUnit"] == "Annual"
    assert api.search("nowhere")["tables"] == []


def test_it_reads_variables_and_codelists(api: PxApi) -> None:
    api.language = "en"
    variables = api.get_table_variables("people")
    assert list(variables) == ["Region", "sex", "ContentsCode", "Time"]
    assert variables["sex"] == {
        "label": "Sex",
        "category": {"label": {"_T": "Total", "f": "female", "m": "male"}},
        "elimination": True,
        "codelists": [],
    }
    assert variables["Region"]["codelists"] == [
        {"id": "vs_county_people", "label": "County"},
        {"id": "vs_municipality_people", "label": "Municipality"},
    ]
    assert not variables["Time"]["elimination"]
    codelist = api.get_code_list("vs_municipality_people")
    assert [value["code"] for value in codelist["values"]] == [*map(region.code_of, TOWNS)]


def test_it_gets_what_is_worth_seeing_first(api: PxApi) -> None:
    assert api.get_table_data("people") == [
        {
            "Gebiet": region.name_of(district),
            "Indikator": "Bevölkerung",
            "Zeit": year,
            "value": people(district, year),
        }
        for district in (region.COUNTY, *TOWNS)
        for year in YEARS
    ]


def test_it_gets_what_it_asks_for_in_both_languages(api: PxApi) -> None:
    asked: dict[str, list[str] | str] = {
        "Region": ["ags:14001", "ags:14003"],
        "sex": ["f", "m"],
        "Time": ["top(2)"],
    }
    for n, lang in enumerate(("de", "en")):
        api.language = lang
        found = api.get_table_data("people", asked)
        assert found == _expected(["anger", "claus"], ["f", "m"], ("2021", "2022"), n)
    assert None in [row["value"] for row in found]


def test_it_shows_codes(api: PxApi) -> None:
    asked: dict[str, list[str] | str] = {"Region": "kreis", "sex": "m", "Time": "2020"}
    (row,) = api.get_table_data("people", asked, show="code")
    assert row == {
        "Gebiet": "kreis",
        "Geschlecht": "m",
        "Indikator": "people",
        "Zeit": "2020",
        "value": people("kreis", "2020", "m"),
    }


def test_its_wildcards_and_codelists(api: PxApi) -> None:
    asked: dict[str, list[str] | str] = {"Region": "*", "sex": ["f", "m"], "Time": ["*"]}
    found = api.get_table_data("people", asked, {"Region": "vs_municipality_people"})
    assert found == _expected([*TOWNS], ["f", "m"], YEARS, 0)


def test_it_gets_all_there_is(api: PxApi) -> None:
    found = api.get_table_data_all("people")
    assert len(found) == 4 * 3 * 4
    hidden = [row for row in found if row["value"] is None]
    assert [(row["Gebiet"], row["Geschlecht"], row["Zeit"]) for row in hidden] == [
        ("Buche", "Insgesamt", "2022"),
        ("Claus", "weiblich", "2022"),
    ]


def test_it_splits_what_is_too_large_for_one_answer(api: PxApi) -> None:
    found = api.get_table_data_all("many")
    assert len(found) == 4 * 41 * 51 * 3 * 5 > api.get_config()["maxDataCells"]
    values = {
        tuple(code for name, code in row.items() if name != "value"): row["value"]
        for row in found
        if row["value"] is not None
    }
    assert len(values) == 20 + 40 + 50 + 2
    total = ("Anger", *["Insgesamt"] * 3, "Viele", "2022")
    assert values[total] == 2022
    assert values[total[0], "a39", *total[2:]] == 39


def test_it_tells_what_was_wrong(api: PxApi) -> None:
    with pytest.raises(HTTPError, match=r"(?s)404.*There is no nothing among the tables"):
        api.get_table_metadata("nothing")
    with pytest.raises(HTTPError, match=r"(?s)400.*no value 2030; did you mean"):
        api.get_table_data("people", {"Region": "kreis", "Time": "2030"})
    with pytest.raises(HTTPError, match=r"(?s)400.*Region has no total"):
        api.get_table_data("people", {"Time": "2020"})
