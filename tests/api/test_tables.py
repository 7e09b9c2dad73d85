"""Observations as tables, read by the programs that people use: the values are those of JSON."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import openpyxl
import pandas as pd
import psycopg
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook
from starlette.testclient import TestClient

from db.cluster import Cluster
from db.publication import publish
from tests.api.calls import get, listed
from tests.conftest import connect_to
from tests.databases import clone

SERIES = "/v1/observations"
FORMULA = '=HYPERLINK("http://example.org";"x")'
QUERY: dict[str, Any] = {"time": "2019..2021", "sort": "-value"}


@pytest.fixture(scope="module")
def county_with_notes(cluster: Cluster, world_template: str) -> Iterator[TestClient]:
    with clone(cluster, world_template) as own:
        with psycopg.connect(own.owner_url) as connection:
            connection.execute(
                "UPDATE registry.observation SET note = %s WHERE period = '2020'", [FORMULA]
            )
        publish(own.owner_url)
        with connect_to(own) as connected:
            yield connected


@pytest.fixture(scope="module")
def expected(county_with_notes: TestClient) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = listed(county_with_notes, SERIES, QUERY)["items"]
    assert items
    assert any(item["value"] is None for item in items)
    return items


def fetched(client: TestClient, format_: str, **more: Any) -> io.BytesIO:
    return io.BytesIO(get(client, f"{SERIES}.{format_}", {**QUERY, **more}).content)


def of_csv(client: TestClient) -> pd.DataFrame:
    return pd.read_csv(fetched(client, "csv"))


def of_xlsx(client: TestClient) -> pd.DataFrame:
    return pd.read_excel(fetched(client, "xlsx"), engine="openpyxl")


def of_calamine(client: TestClient) -> pd.DataFrame:
    sheet = CalamineWorkbook.from_filelike(fetched(client, "xlsx")).get_sheet_by_index(0)
    head, *rows = sheet.to_python()
    return pd.DataFrame(rows, columns=head).replace("", None)


def of_parquet(client: TestClient) -> pd.DataFrame:
    return pd.read_parquet(fetched(client, "parquet"))


@pytest.mark.parametrize("read", [of_csv, of_xlsx, of_calamine, of_parquet])
def test_values_are_those_of_json(
    county_with_notes: TestClient,
    expected: list[dict[str, Any]],
    read: Callable[[TestClient], pd.DataFrame],
) -> None:
    found = read(county_with_notes)
    assert list(found["id"]) == [item["id"] for item in expected]
    assert numbers(found["value"]) == [item["value"] for item in expected]
    assert list(found["district"]) == [item["district"]["slug"] for item in expected]
    parts = [item["breakdowns"].get("sex", {}).get("code") for item in expected]
    assert [None if pd.isna(part) else part for part in found["sex"]] == parts


def numbers(column: Any) -> list[float | None]:
    return [None if pd.isna(value) else float(value) for value in column]


def test_csv_de_is_a_table_in_german(
    county_with_notes: TestClient, expected: list[dict[str, Any]]
) -> None:
    raw = fetched(county_with_notes, "csv-de").getvalue()
    assert raw.startswith("\ufeffKennung;Indikator;Gebiet;".encode())
    assert raw.count(b"\r\n") == len(expected) + 1
    found = pd.read_csv(io.BytesIO(raw), sep=";", decimal=",", dtype={"Zeichen": str})
    assert numbers(found["Wert"]) == [item["value"] for item in expected]
    assert list(found["Gebiet"]) == [item["district"]["name"] for item in expected]
    assert list(found["Indikator"]) == [item["indicator"]["title"] for item in expected]
    hidden = found["Wert"].isna()
    assert set(found["Zeichen"][hidden]) == {"."}
    firsts = [date.fromisoformat(item["period"]["earliest"]) for item in expected]
    assert list(found["Von"]) == [f"{day:%d.%m.%Y}" for day in firsts]


def test_csv_de_speaks_the_language_asked_for(county_with_notes: TestClient) -> None:
    head = fetched(county_with_notes, "csv-de", lang="en").getvalue().decode("utf-8-sig")
    assert head.startswith("Identifier;Indicator;District;")


def test_texts_are_no_formulas(county_with_notes: TestClient) -> None:
    found = pd.read_csv(fetched(county_with_notes, "csv-de"), sep=";", decimal=",")
    assert set(found["Anmerkung"].dropna()) == {f"'{FORMULA}"}
    sheet = openpyxl.load_workbook(fetched(county_with_notes, "xlsx")).worksheets[0]
    head = [cell.value for cell in sheet[1]]
    notes = [row[head.index("note")] for row in sheet.iter_rows(min_row=2)]
    assert {cell.data_type for cell in notes if cell.value} == {"s"}
    assert {cell.value for cell in notes if cell.value} == {FORMULA}


def test_parquet_is_typed(county_with_notes: TestClient) -> None:
    schema = pq.read_schema(fetched(county_with_notes, "parquet"))
    types = {name: str(schema.field(name).type) for name in schema.names}
    assert types["value"] == "double"
    assert types["period_earliest"].startswith("date32")
    assert types["flags"] == "list<element: string>"
    assert types["updated_at"].startswith("timestamp")


@pytest.mark.parametrize("format_", ["csv-de", "xlsx", "parquet"])
def test_tables_are_whole_named_and_have_validators(
    county_with_notes: TestClient, format_: str
) -> None:
    answer = get(county_with_notes, f"{SERIES}.{format_}", {"time": "2020"})
    extension = "csv" if format_ == "csv-de" else format_
    assert f'filename="observations.{extension}"' in answer.headers["content-disposition"]
    again = county_with_notes.get(
        f"{SERIES}.{format_}?time=2020", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert again.status_code == 304
    item = listed(county_with_notes, SERIES, {"limit": 1})["items"][0]
    assert get(county_with_notes, f"{SERIES}/{item['id']}", {"format": format_}).content


@pytest.mark.parametrize("format_", ["csv", "csv-de", "xlsx", "parquet"])
def test_an_empty_selection_is_a_head_without_lines(
    county_with_notes: TestClient, format_: str
) -> None:
    answer = get(county_with_notes, f"{SERIES}.{format_}", {"time": "1901"})
    raw = io.BytesIO(answer.content)
    readers: dict[str, Callable[[Any], pd.DataFrame]] = {
        "csv": pd.read_csv,
        "csv-de": lambda file: pd.read_csv(file, sep=";", decimal=","),
        "xlsx": lambda file: pd.read_excel(file, engine="calamine"),
        "parquet": pd.read_parquet,
    }
    assert len(readers[format_](raw)) == 0


def test_accept_chooses_the_csv_of_machines(county_with_notes: TestClient) -> None:
    answer = get(county_with_notes, SERIES, Accept="text/csv")
    assert answer.content.startswith(b"id,indicator,")


def test_fields_choose_columns(county_with_notes: TestClient) -> None:
    found = pd.read_parquet(fetched(county_with_notes, "parquet", fields="district,value"))
    assert list(found) == ["id", "district", "district_key", "district_name", "level", "value"]
