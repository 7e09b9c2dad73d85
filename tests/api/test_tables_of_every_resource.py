"""Every list as a table: the cells are those of CSV, the types those of JSON."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from api.formats import FORMATS
from api.resources import (
    CODELISTS,
    INTERVAL_COLUMNS,
    RECALCULATED_COLUMNS,
    RESOURCES,
    Resource,
)
from api.tables.columns import labelled
from api.tables.german import heads
from api.tables.writing import writer
from db.cluster import Cluster
from db.publication import publish
from tests.api.calls import get, listed
from tests.conftest import connect_to
from tests.databases import clone

TABLES = [name for name, format_ in FORMATS.items() if format_.table]
ODD = "=1+1\U0001f642"
ERROR = "#N/A"
LONG = "ä\U0001f642" * 20_000
CODELIST = b"""{"id": "1", "slug": "theme", "title": "Themen", "description": null,
 "terms": [{"code": "a"}], "updated_at": "2026-01-01T00:00:00Z"}"""
EXTRA = {
    **RECALCULATED_COLUMNS,
    **INTERVAL_COLUMNS,
    "distance_m": "$.distance_m",
    "open_until": "$.opening.next_change",
}

every_resource = pytest.mark.parametrize("resource", RESOURCES, ids=lambda r: r.name)


@pytest.fixture(scope="module")
def odd(cluster: Cluster, world_template: str) -> Iterator[TestClient]:
    """The county with texts and days that a spreadsheet takes for something else."""
    with clone(cluster, world_template) as own:
        with psycopg.connect(own.owner_url) as connection:
            for table in ("offering", "measure", "indicator"):
                connection.execute(
                    f"UPDATE registry.{table} SET note = %s, description = %s", [ODD, ERROR]
                )
            connection.execute("UPDATE registry.measure SET title = %s", [LONG])
            connection.execute("UPDATE registry.offering SET valid_from = '1899-12-31'")
        publish(own.owner_url)
        with connect_to(own) as connected:
            yield connected


def rows_of(client: TestClient, path: str, format_: str, **query: Any) -> list[dict[str, Any]]:
    content = io.BytesIO(get(client, f"{path}.{format_}", query).content)
    if format_ == "parquet":
        found: list[dict[str, Any]] = pq.read_table(content).to_pylist()
        return found
    head, *rows = openpyxl.load_workbook(content).worksheets[0].values
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


def lines_of(client: TestClient, path: str, **query: Any) -> list[dict[str, str]]:
    text = get(client, f"{path}.csv", query).text
    return list(csv.DictReader(io.StringIO(text, newline="")))


def as_in_csv(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return canonical("; ".join(str(each) for each in value if each is not None))
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value).lower()
    if isinstance(value, datetime):
        if name != "updated_at":  # a day of XLSX is read as its midnight
            return value.date().isoformat()
        return value.replace(tzinfo=None).isoformat() + "Z"
    return canonical(str(value))


def canonical(cell: str) -> Any:
    """Numbers by their value."""
    try:
        return [float(part) for part in cell.split("; ")]
    except ValueError:
        return cell.replace("\r\n", "\n")


@every_resource
@pytest.mark.parametrize("format_", ["xlsx", "parquet"])
def test_the_cells_are_those_of_csv(api: TestClient, resource: Resource, format_: str) -> None:
    path, lang = f"/v1/{resource.name}", "en"
    rows, lines = rows_of(api, path, format_, lang=lang), lines_of(api, path, lang=lang)
    assert len(rows) == len(lines) > 0
    for row, line in zip(rows, lines, strict=True):
        assert list(row) == list(line)
        found = {name: as_in_csv(name, value) for name, value in row.items()}
        assert found == {name: canonical(cell) for name, cell in line.items()}


@pytest.mark.parametrize("format_", ["xlsx", "parquet"])
@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/offerings", {"category": "advice", "sort": "-updated_at"}),
        ("/v1/offerings", {"free": "true", "limit": 4}),
        ("/v1/districts", {"level": "municipality", "sort": "-population"}),
        ("/v1/indicators", {"sort": "-name", "limit": 1}),
        ("/v1/measures", {"theme": "health"}),
    ],
)
def test_values_and_order_are_those_of_json(
    api: TestClient, path: str, query: dict[str, Any], format_: str
) -> None:
    items = listed(api, path, query)["items"]
    rows = rows_of(api, path, format_, **query)
    plain = ("id", "slug", "name", "title", "description", "free", "age_min", "population",
             "area_km2", "decimals", "headline", "observations_count", "number")  # fmt: skip
    shared = [name for name in plain if name in items[0] and name in rows[0]]
    assert len(shared) >= 4
    for row, item in zip(rows, items, strict=True):
        assert {name: row[name] for name in shared} == {name: item[name] for name in shared}
        assert {type(row[name]) for name in shared if isinstance(item[name], bool)} <= {bool}


def test_a_site_is_at_numbers_and_several_in_a_list(api: TestClient) -> None:
    """A cell of XLSX holds a number, or of several a text; Parquet keeps them apart."""
    items = listed(api, "/v1/offerings")["items"]
    found = {
        format_: rows_of(api, "/v1/offerings", format_, fields="sites")
        for format_ in ("xlsx", "parquet")
    }
    for item, cell, apart in zip(items, *found.values(), strict=True):
        longitudes = [site["longitude"] for site in item["sites"]]
        assert apart["longitude"] == longitudes
        if len(longitudes) == 1:
            assert cell["longitude"] == longitudes[0]
        elif known := [each for each in longitudes if each is not None]:
            assert cell["longitude"] == "; ".join(map(str, known))
    assert {len(item["sites"]) for item in items} > {1, 2}


def test_what_only_a_question_adds_is_a_column(api: TestClient) -> None:
    near = {"near": "13.34,50.91", "radius": 50_000}
    items = listed(api, "/v1/offerings", near)["items"]
    for format_ in ("xlsx", "parquet"):
        rows = rows_of(api, "/v1/offerings", format_, **near)
        assert [row["distance_m"] for row in rows] == [item["distance_m"] for item in items]
        opened = rows_of(api, "/v1/offerings", format_, open_at="2026-03-02T10:00")
        assert all("open_until" in row for row in opened)


def test_a_search_can_be_taken_as_a_table(api: TestClient) -> None:
    body = {"category": ["advice"], "format": "xlsx"}
    answer = api.post("/v1/offerings/search", json=body)
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    expected = listed(api, "/v1/offerings", {"category": "advice"})["items"]
    ids = [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert ids == [item["id"] for item in expected]


def test_an_entity_is_a_table_with_one_row(api: TestClient) -> None:
    (row,) = rows_of(api, "/v1/offerings/offering-1", "xlsx")
    assert row["slug"] == "offering-1"
    assert api.get("/v1/offerings/nobody.xlsx").status_code == 404


# What spreadsheets mistake


@pytest.mark.parametrize("path", ["/v1/offerings", "/v1/indicators"])
def test_texts_stay_texts(odd: TestClient, path: str) -> None:
    content = io.BytesIO(get(odd, f"{path}.xlsx").content)
    sheet = openpyxl.load_workbook(content).worksheets[0]
    head = [cell.value for cell in sheet[1]]
    for row in sheet.iter_rows(min_row=2):
        note, description = row[head.index("note")], row[head.index("description")]
        assert (note.value, note.data_type) == (ODD, "s")
        assert (description.value, description.data_type) == (ERROR, "s")
    text = get(odd, f"{path}.csv-de").content.decode("utf-8-sig")
    read = csv.DictReader(io.StringIO(text, newline=""), delimiter=";")
    assert {line["Anmerkung"] for line in read} == {f"'{ODD}"}


def test_a_cell_holds_so_much_of_a_text(odd: TestClient) -> None:
    """Excel counts UTF-16 units, and takes a file that has more in a cell for damaged."""
    (title, *_) = {row["title"] for row in rows_of(odd, "/v1/measures", "xlsx")}
    assert LONG.startswith(title)
    assert 32_765 <= len(title.encode("utf-16-le")) / 2 <= 32_767
    assert {row["title"] for row in rows_of(odd, "/v1/measures", "parquet")} == {LONG}


def test_days_that_spreadsheets_disagree_on_are_texts(odd: TestClient) -> None:
    assert {row["valid_from"] for row in rows_of(odd, "/v1/offerings", "xlsx")} == {"1899-12-31"}
    days = {row["valid_from"] for row in rows_of(odd, "/v1/offerings", "parquet")}
    assert days == {date(1899, 12, 31)}


# What is left behind


@pytest.mark.parametrize("format_", ["xlsx", "parquet"])
def test_a_table_that_is_given_up_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made = writer(FORMATS[format_], CODELISTS, CODELISTS.columns, "de", {})
    made.begin()
    made.add([CODELIST])
    del made
    assert not [*tmp_path.iterdir()]


# csv-de


@every_resource
@pytest.mark.parametrize("lang", ["de", "en"])
def test_every_column_has_a_head(resource: Resource, lang: str) -> None:
    columns = labelled(resource, resource.columns)
    called = heads(resource.name, lang)
    found = [called[column.name] for column in columns]
    assert len({*found}) == len(found)
    assert called.keys() >= EXTRA.keys()


def test_csv_de_has_labels_and_names_for_codes_and_slugs(api: TestClient) -> None:
    text = get(api, "/v1/offerings.csv-de", {"lang": "en"}).content.decode("utf-8-sig")
    lines = csv.DictReader(io.StringIO(text, newline=""), delimiter=";")
    items = listed(api, "/v1/offerings", {"lang": "en"})["items"]
    for line, item in zip(lines, items, strict=True):
        assert line["Categories"] == "; ".join(each["label"] for each in item["categories"])
        assert line["Districts"] == "; ".join(each["name"] for each in item["districts"])
        assert line["Provider"] == (item["organisation"] or {"name": ""})["name"]
        assert line["Free of charge"] == {True: "yes", False: "no", None: ""}[item["free"]]


# What all of them do


@every_resource
@pytest.mark.parametrize("format_", TABLES)
def test_nothing_found_is_a_head_without_rows(
    api: TestClient, resource: Resource, format_: str
) -> None:
    content = get(
        api, f"/v1/{resource.name}.{format_}", {"updated_since": "2999-01-01T00:00:00Z"}
    ).content
    if format_ == "csv-de":
        assert content.count(b"\r\n") == 1
    elif format_ == "parquet":
        table = pq.read_table(io.BytesIO(content))
        assert (table.num_rows, table.column_names) == (0, list(resource.columns))
    else:
        (head,) = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].values
        assert head == tuple(resource.columns)


@pytest.mark.parametrize("format_", TABLES)
@pytest.mark.parametrize(
    "query",
    [
        {"sort": "price"},
        {"limit": 0},
        {"fields": "secret"},
        {"category": "nonsense"},
        {"near": "200,100"},
        {"layout": "wide"},
        {"lang": "xx"},
    ],
)
def test_what_csv_refuses_they_refuse(api: TestClient, query: dict[str, Any], format_: str) -> None:
    as_csv = api.get("/v1/offerings.csv", params=query)
    answer = api.get(f"/v1/offerings.{format_}", params=query)
    assert answer.status_code == as_csv.status_code == 400
    assert answer.json()["errors"] == as_csv.json()["errors"]
