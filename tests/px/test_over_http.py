"""What /px answers, apart from what pxwebpy makes of it."""

from __future__ import annotations

import io
from typing import Any

import httpx2
import psycopg
import pytest
from openpyxl import load_workbook
from starlette.testclient import TestClient

from db.publication import publish
from tests.conftest import connect_to
from tests.databases import Database
from tests.px.region import TOWNS, code_of, people

DATA = "/px/tables/people/data"
FEW = "valueCodes[Region]=ags:14003&valueCodes[sex]=f,m&valueCodes[Time]=top(2)"


def _get(api: TestClient, address: str) -> Any:
    return api.get(address).raise_for_status().json()


def _refused(answer: httpx2.Response, status: int = 400) -> tuple[str, str]:
    """Where the problem is, and what it is."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    (error,) = answer.json()["errors"]
    return error.get("parameter") or error["pointer"], error["detail"]


# --- data ----------------------------------------------------------------------------------------


def test_a_hidden_value_is_null_and_says_why(region: TestClient) -> None:
    found = _get(region, f"{DATA}?{FEW}")
    assert found["id"] == ["Region", "sex", "ContentsCode", "Time"]
    assert found["size"] == [1, 2, 1, 2]
    expected = [people("claus", year, sex) for sex in "fm" for year in ("2021", "2022")]
    assert found["value"] == expected
    assert found["value"][1] is None
    assert found["status"] == {"1": "."}
    assert found["note"] == ["Amt (cc-zero)"]
    assert found["extension"]["noteMandatory"] == {"0": True}
    assert found["extension"]["sequence"] == 1
    assert found["extension"]["sentence"]["en"].startswith("Population: 4 values, Claus, ")
    assert found["extension"]["reason"] is None


def test_where_all_is_hidden_it_says_so(region: TestClient) -> None:
    asked = "valueCodes[Region]=ags:14003&valueCodes[sex]=f&valueCodes[Time]=2022"
    found = _get(region, f"{DATA}?{asked}")
    assert (found["value"], found["status"]) == ([None], {"0": "."})
    assert found["extension"]["reason"] == "all_suppressed"


def test_where_nothing_was_observed_there_is_no_sign(region: TestClient) -> None:
    asked = "valueCodes[Region]=insel&valueCodes[Time]=2022&valueCodes[age]=a00"
    found = _get(region, f"/px/tables/many/data?{asked}")
    assert found["value"] == [None]
    assert "status" not in found
    assert found["extension"]["reason"] == "no_observations"


def test_what_is_left_out_is_the_total(region: TestClient) -> None:
    found = _get(region, f"{DATA}?valueCodes[Region]=ags:14002&valueCodes[Time]=from(2021)")
    assert found["id"] == ["Region", "ContentsCode", "Time"]
    assert found["value"] == [people("buche", "2021"), None]
    assert found["status"] == {"1": "…"}


def test_the_body_asks_for_the_same_as_the_address(region: TestClient) -> None:
    body = {
        "selection": [
            {"variableCode": "Region", "valueCodes": ["ags:14003"]},
            {"variableCode": "sex", "valueCodes": ["f", "m"]},
            {"variableCode": "time", "valueCodes": ["TOP(2)"], "codelist": None},
        ],
        "placement": {"heading": ["sex"], "stub": ["Time"]},
    }
    posted = region.post(f"{DATA}?lang=en&outputFormat=json-stat2", json=body)
    got = region.get(f"{DATA}?{FEW}&lang=en&heading=sex&stub=Time")
    assert posted.json() == got.json()
    assert posted.json()["id"] == ["Time", "Region", "ContentsCode", "sex"]
    assert posted.headers["cache-control"] == "no-store"


def test_capitals_of_parameters_do_not_matter(region: TestClient) -> None:
    written = FEW.replace("valueCodes", "VALUECODES")
    assert _get(region, f"{DATA}?{written}&OutputFormat=JSON-STAT2") == _get(
        region, f"{DATA}?{FEW}"
    )


def test_a_codelist_names_what_it_holds(region: TestClient) -> None:
    address = f"{DATA}?valueCodes[Time]=2020&codelist[Region]=vs_municipality_people"
    for more in ("", "&valueCodes[Region]=*", "&valueCodes[region]=*&outputValues[Region]=single"):
        found = _get(region, address + more)
        assert found["value"] == [people(town, "2020") for town in TOWNS]
    assert _refused(region.get(f"{address}&valueCodes[Region]=kreis"))[0] == "valueCodes[Region]"


def test_without_a_wish_there_is_as_much_as_an_answer_holds(region: TestClient) -> None:
    found = _get(region, "/px/tables/many/data")
    assert found["size"] == [4, 1, 5]
    chosen = _get(region, "/px/tables/many/defaultselection")
    assert [entry["variableCode"] for entry in chosen["selection"] if entry["valueCodes"]] == [
        "Region",
        "Time",
    ]
    posted = region.post("/px/tables/many/data", json={"selection": chosen["selection"]})
    assert posted.json()["value"] == found["value"]


def test_where_there_is_no_total_all_parts_are_there(region: TestClient) -> None:
    assert _get(region, "/px/tables/women/data")["value"] == [7, 7]
    answer = region.get("/px/tables/women/data?valueCodes[Region]=*&valueCodes[Time]=*")
    assert _refused(answer) == (
        "valueCodes",
        "sex has no total: say which of its values you want",
    )


def test_too_many_cells_are_refused(region: TestClient) -> None:
    everything = "&".join(
        f"valueCodes[{name}]=*" for name in ("Region", "Time", "age", "nation", "sex")
    )
    answer = region.get(f"/px/tables/many/data?{everything}")
    assert answer.status_code == 403
    assert "125,460 cells, of 100,000" in answer.json()["detail"]


# --- as tables -----------------------------------------------------------------------------------


def test_csv_has_lines_and_columns_as_placed(region: TestClient) -> None:
    answer = region.get(f"{DATA}?{FEW}&outputFormat=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="people.csv"'
    assert answer.text.splitlines() == [
        '"Gebiet","Geschlecht","Bevölkerung 2021","Bevölkerung 2022"',
        f'"Claus","weiblich",{people("claus", "2021", "f")},"."',
        f'"Claus","männlich",{people("claus", "2021", "m")},{people("claus", "2022", "m")}',
    ]


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        ("UseCodes,SeparatorSemicolon", ['"Time";"kreis people"', '"2020";4020']),
        (
            "usecodesandtexts,IncludeTitle",
            ['"Bevölkerung"', '"Zeit","kreis Kreis people Bevölkerung"', '"2020 2020",4020'],
        ),
        ("SeparatorTab", ['"Zeit"\t"Kreis Bevölkerung"', '"2020"\t4020']),
        ("SeparatorSpace,UseTexts", ['"Zeit" "Kreis Bevölkerung"', '"2020" 4020']),
    ],
)
def test_csv_is_written_as_its_options_say(
    region: TestClient, options: str, lines: list[str]
) -> None:
    address = f"{DATA}?valueCodes[Region]=kreis&valueCodes[Time]=2020&outputFormat=csv"
    answer = region.get(f"{address}&stub=Time&outputFormatParams={options}")
    assert answer.text.splitlines() == lines


def test_excel_has_numbers_and_texts(region: TestClient) -> None:
    answer = region.get(f"{DATA}?{FEW}&outputFormat=xlsx&outputFormatParams=IncludeTitle")
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    assert list(sheet.values) == [
        ("Bevölkerung", None, None, None),
        ("Gebiet", "Geschlecht", "Bevölkerung 2021", "Bevölkerung 2022"),
        ("Claus", "weiblich", people("claus", "2021", "f"), "."),
        ("Claus", "männlich", people("claus", "2021", "m"), people("claus", "2022", "m")),
    ]


def test_a_pc_axis_file_has_the_signs_as_points(region: TestClient) -> None:
    answer = region.get(f"{DATA}?{FEW}&outputFormat=px&lang=en")
    assert answer.headers["content-type"] == "application/octet-stream; charset=utf-8"
    text = answer.text
    assert text.startswith('CHARSET="ANSI";\nAXIS-VERSION="2013";\nCODEPAGE="utf-8";\n')
    assert 'STUB="District",\n"Sex";\nHEADING="Indicator",\n"Time";\n' in text
    assert 'TIMEVAL("Time")=TLIST(A1),"2021",\n"2022";\n' in text
    values = [people("claus", year, "m") for year in ("2021", "2022")]
    assert text.endswith('DATA=\n{} "."\n{} {}\n;\n'.format(people("claus", "2021", "f"), *values))


# --- what is told of tables ----------------------------------------------------------------------


def test_metadata_is_that_of_the_values_asked_for(region: TestClient) -> None:
    whole = _get(region, "/px/tables/people/metadata")
    assert (whole["size"], whole["value"]) == ([4, 3, 1, 4], [])
    assert whole["role"] == {"geo": ["Region"], "metric": ["ContentsCode"], "time": ["Time"]}
    assert whole["dimension"]["Region"]["category"]["child"] == {
        "kreis": [code_of(town) for town in TOWNS]
    }
    assert whole["dimension"]["ContentsCode"]["category"]["unit"]["people"]["base"] == "Personen"
    towns = _get(region, "/px/tables/people/metadata?codelist[Region]=vs_municipality_people")
    assert list(towns["dimension"]["Region"]["category"]["index"]) == [*map(code_of, TOWNS)]
    few = _get(region, "/px/tables/people/metadata?defaultSelection=true")
    assert few["size"] == [4, 1, 1, 4]


def test_metadata_has_no_limit(region: TestClient) -> None:
    whole = _get(region, "/px/tables/many/metadata?codelist[region]=vs_municipality_many")
    assert whole["size"] == [4, 41, 51, 3, 1, 5]
    answer = region.get("/px/tables/many/metadata?codelist[age]=vs_municipality_many")
    assert _refused(answer)[0] == "codelist[age]"


def test_a_period_that_nobody_dated_is_neither_first_nor_last(demo_client: TestClient) -> None:
    found = _get(demo_client, "/px/tables/population/metadata")
    assert next(iter(found["dimension"]["Time"]["category"]["index"])) == "XXXX"
    entry = _get(demo_client, "/px/tables/population")
    for told in (entry, found["extension"]):
        assert (told["firstPeriod"], told["lastPeriod"]) == ("2011", "2022")
    assert entry["timeUnit"] == "Annual"


def test_pages_of_the_list_lead_to_each_other(region: TestClient) -> None:
    address: str | None = "/px/tables?pageSize=2&lang=en"
    found: list[str] = []
    while address:
        page = _get(region, address)
        assert page["page"]["totalElements"] == 3
        assert page["page"]["totalPages"] == 2
        found += [table["label"] for table in page["tables"]]
        links = {link["rel"]: link["href"] for link in page["page"]["links"]}
        address = links.get("next")
    assert sorted(found) == ["Many", "Population", "Women"]
    assert "previous" in links
    assert _get(region, "/px/tables?pageNumber=9")["tables"] == []


def test_the_list_says_what_was_changed_lately(region_database: Database) -> None:
    with connect_to(region_database) as api:
        assert _get(api, "/px/tables?pastDays=1")["page"]["totalElements"] == 3


def test_limits_are_the_true_ones(region: TestClient, region_database: Database) -> None:
    assert _get(region, "/px/config")["maxCallsPerTimeWindow"] == 1_000_000
    with connect_to(region_database, rate_limit=7) as limited:
        config = _get(limited, "/px/config")
    assert (config["maxCallsPerTimeWindow"], config["timeWindow"]) == (7, 60)


def test_a_renamed_table_is_at_its_new_address(own_region_database: Database) -> None:
    with psycopg.connect(own_region_database.owner_url) as connection:
        connection.execute("UPDATE registry.indicator SET slug = 'folk' WHERE slug = 'people'")
    publish(own_region_database.owner_url)
    with connect_to(own_region_database, cache_bytes=0) as api:
        answer = api.get(f"{DATA}?{FEW}", follow_redirects=False)
        assert answer.status_code == 308
        assert answer.headers["location"].endswith(f"/px/tables/folk/data?{FEW}")
        assert _get(api, answer.headers["location"])["value"][0] == people("claus", "2021", "f")
        assert api.get("/px/codelists/vs_municipality_people").status_code == 404
        assert api.get("/px/codelists/vs_municipality_folk").status_code == 200


def test_what_has_no_values_is_no_table(region: TestClient) -> None:
    assert region.get("/v1/indicators/never").status_code == 200
    for address in ("", "/metadata", "/data", "/defaultselection"):
        answer = region.get(f"/px/tables/never{address}")
        assert answer.status_code == 404
    assert region.get("/px/codelists/vs_quarter_people").status_code == 404
    assert region.get("/px/codelists/agg_people").status_code == 404


# --- as everywhere -------------------------------------------------------------------------------

ADDRESSES = (
    "/px/config",
    "/px/tables",
    "/px/tables/people",
    "/px/tables/people/metadata",
    "/px/tables/people/defaultselection",
    f"{DATA}?{FEW}",
    f"{DATA}?outputFormat=csv",
    "/px/codelists/vs_municipality_people",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_who_has_it_gets_304(region: TestClient, address: str) -> None:
    answer = region.get(address)
    assert answer.headers["x-sequence"] == "1"
    assert answer.headers["access-control-allow-origin"] == "*"
    held = {"If-None-Match": answer.headers["etag"]}
    assert region.get(address, headers=held).status_code == 304
    assert region.head(address).headers["etag"] == answer.headers["etag"]
    others = {**held, "Accept-Language": "en"}
    assert region.get(address, headers=others).headers["content-language"] == "en"


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_long_address_is_the_same(region: TestClient, address: str) -> None:
    """R's pxweb finds out by `/api/v2/` which version it speaks to."""
    short, long = region.get(address), region.get(address.replace("/px/", "/px/api/v2/"))
    assert short.text.replace("/px/", "/px/api/v2/") == long.text


def test_304_is_for_tables_that_are_there(region: TestClient) -> None:
    for address in ("/px/tables/never/data", "/px/codelists/vs_county_never"):
        assert region.get(address, headers={"If-None-Match": "*"}).status_code == 404


@pytest.mark.parametrize(
    ("query", "parameter", "detail"),
    [
        ("valueCodes[Regio]=*", "valueCodes[Regio]", "there is no variable Regio, but Region, sex"),
        ("valueCodes[Region]=a,,b", "valueCodes[Region]", "has an empty place"),
        ("valueCodes[Region]=", "valueCodes", "at least 1 character"),
        ("valueCodes=*", "valueCodes", "valid dictionary"),
        ("valueCodes[Time]=2019&valueCodes[TIME]=2020", "valueCodes[TIME]", "asked for twice"),
        ("valueCodes[Time]=1&valueCodes[Time]=2", "valueCodes[Time]", "given only once"),
        ("codelist[Region]=vs_quarter_people", "codelist[Region]", "has no codelist vs_quarter"),
        ("codelist[Time]=vs_x", "codelist[Time]", "it has none"),
        ("outputValues[Region]=both", "outputValues", "'single' or 'aggregated'"),
        ("outputFormat=parquet", "outputFormat", "'json-stat2', 'csv', 'xlsx' or 'px'"),
        ("outputFormatParams=UseCodes", "outputFormatParams", "UseCodes is not one of json-stat2"),
        (
            "outputFormat=csv&outputFormatParams=UseCodes,UseTexts",
            "outputFormatParams",
            "only one of UseCodes, UseTexts",
        ),
        (
            "outputFormat=xlsx&outputFormatParams=SeparatorTab",
            "outputFormatParams",
            "SeparatorTab is not one of xlsx",
        ),
        ("heading=Time,Tid", "heading", "Tid is not a variable"),
        ("stub=Time,time", "stub", "time comes twice"),
        ("stub=Time&heading=Time", "heading", "Time is in the stub already"),
        ("valueCode[Region]=*", "valueCode[Region]", "is not a parameter of this address"),
        ("savedQuery=1", "savedQuery", "is not a parameter of this address"),
        ("lang=fr", "lang", "is one of de, en"),
    ],
)
def test_why_an_address_is_refused(
    region: TestClient, query: str, parameter: str, detail: str
) -> None:
    where, why = _refused(region.get(f"{DATA}?{query}"))
    assert where == parameter
    assert detail in why


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"selection": [{"variableCode": "x", "valueCodes": ["*"]}]}, 400, "/selection/0"),
        ({"selection": [{"variableCode": "Region", "valueCodes": ["x"]}]}, 400, "/selection/0"),
        ({"selection": [{"variableCode": "Region", "valueCodes": ["*"]}]}, 400, "/selection"),
        ({"placement": {"heading": ["x"]}}, 400, "/placement/heading"),
        ({"selection": [{"valueCodes": ["*"]}]}, 422, "/selection/0/variableCode"),
        (
            {"selection": [{"variableCode": "Time", "valueCodes": "*"}]},
            422,
            "/selection/0/valueCodes",
        ),
        ({"query": []}, 422, "/query"),
    ],
)
def test_why_a_body_is_refused(
    region: TestClient, body: dict[str, Any], status: int, pointer: str
) -> None:
    assert _refused(region.post(DATA, json=body), status)[0] == pointer


def test_bodies_that_are_none(region: TestClient) -> None:
    assert (
        region.post(DATA, content=b"{", headers={"Content-Type": "application/json"}).status_code
        == 400
    )
    assert (
        region.post(DATA, content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415
    )
    answer = region.post(f"{DATA}?valueCodes[Time]=*", json={})
    assert _refused(answer)[0] == "valueCodes[Time]"
    assert region.put(DATA).headers["allow"] == "GET, POST, HEAD"
