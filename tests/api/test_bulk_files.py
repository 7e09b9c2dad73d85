"""The files hold what the lists of the API hold, as independent readers see them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import sqlite3
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import frictionless
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from starlette.testclient import TestClient

from api.artefacts.building import build
from api.artefacts.manifest import Manifest, current
from api.resources import RESOURCES, Resource
from api.settings import Settings
from db import snapshots
from tests.api.calls import get, listed
from tests.databases import Database

every_resource = pytest.mark.parametrize("resource", RESOURCES, ids=lambda found: found.name)
located = pytest.mark.parametrize(
    "resource",
    [found for found in RESOURCES if snapshots.is_located(found.table.name)],
    ids=lambda found: found.name,
)
# Frictionless opens the package of HSDS to see what it is, and leaves closing it to chance.
leaves_a_zip_open = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"
)
EVERYTHING = {"offerings": {"include_ended": "true"}}


@pytest.fixture(scope="module")
def folder(county_artefacts: Path) -> Path:
    return county_artefacts / "current" / "bulk"


@pytest.fixture(scope="module")
def manifest(folder: Path) -> Manifest:
    found = current(folder.parents[1])
    assert found is not None
    return found


def documents(api: TestClient, resource: Resource) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = listed(
        api, f"/v1/{resource.name}", EVERYTHING.get(resource.name)
    )["items"]
    return items


def features(api: TestClient, resource: Resource) -> list[dict[str, Any]]:
    query = EVERYTHING.get(resource.name, {})
    if resource.name == "observations":
        query = {"simplify": "1000"}
    found: list[dict[str, Any]] = listed(api, f"/v1/{resource.name}.geojson", query)["features"]
    return found


@every_resource
@pytest.mark.parametrize("name", ["csv", "ndjson"])
def test_lines_are_those_of_the_list(
    resource: Resource, name: str, folder: Path, api: TestClient
) -> None:
    answer = get(api, f"/v1/{resource.name}.{name}", EVERYTHING.get(resource.name))
    written = answer.content
    if resource.name == "observations" and name == "csv":  # `sex` follows; here it is in breakdowns
        written = re.sub(rb",(sex|f)?(?=\r\n)", b"", written)
    assert (folder / f"{resource.name}.{name}").read_bytes() == written


@located
def test_features_are_those_of_the_list(resource: Resource, folder: Path, api: TestClient) -> None:
    collection = json.loads((folder / f"{resource.name}.geojson").read_bytes())
    assert collection["type"] == "FeatureCollection"
    assert collection["features"] == features(api, resource)


@every_resource
def test_every_file_has_the_rows_it_says(
    resource: Resource, folder: Path, manifest: Manifest
) -> None:
    with (folder / f"{resource.name}.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    made = [each for each in manifest.files if each.resource == resource.name]
    expected = {"csv", "ndjson", "parquet", "gpkg"}
    if snapshots.is_located(resource.table.name):
        expected.add("geojson")
    assert {each.format for each in made} == expected
    assert {each.rows for each in made} == {len(rows)}


# --- Parquet -------------------------------------------------------------------------------------


@every_resource
def test_parquet_has_the_columns_of_the_csv_with_types(
    resource: Resource, folder: Path, api: TestClient
) -> None:
    table = pq.read_table(folder / f"{resource.name}.parquet")
    with (folder / f"{resource.name}.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert table.column("document").to_pylist() == [
        line.decode()
        for line in get(
            api, f"/v1/{resource.name}.ndjson", EVERYTHING.get(resource.name)
        ).content.splitlines()
    ]
    for name in resource.columns:
        cells = [_as_in_csv(value) for value in table.column(name).to_pylist()]
        assert list(map(_canonical, cells)) == [_canonical(row[name]) for row in rows], name


def _as_in_csv(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "; ".join(_as_in_csv(each) for each in value if each is not None)
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _canonical(cell: str) -> object:
    """Numbers by their value, moments however they write UTC."""
    try:
        return [float(part) for part in cell.split("; ")]
    except ValueError:
        return cell.replace("+00:00", "Z")


def test_types_are_those_of_the_contract(folder: Path) -> None:
    schema = pq.read_schema(folder / "offerings.parquet")
    assert schema.field("free").type == pa.bool_()
    assert schema.field("age_min").type == pa.int64()
    assert schema.field("valid_to").type == pa.date32()
    assert schema.field("updated_at").type == pa.timestamp("ms", tz="UTC")
    assert schema.field("categories").type == pa.list_(pa.string())
    assert schema.field("longitude").type == pa.list_(pa.float64())
    assert pq.read_schema(folder / "observations.parquet").field("value").type == pa.float64()


@located
def test_parquet_is_geoparquet(resource: Resource, folder: Path, api: TestClient) -> None:
    path = folder / f"{resource.name}.parquet"
    metadata = json.loads(pq.read_metadata(path).metadata[b"geo"])
    assert metadata["version"] == "1.1.0"
    column = metadata["columns"][metadata["primary_column"]]
    assert column["encoding"] == "WKB"
    geometries = shapely.from_wkb(pq.read_table(path).column("geometry").to_pylist())
    expected = _shapes(features(api, resource))
    assert [_same(*pair) for pair in zip(geometries, expected, strict=True)].count(False) == 0
    present = [geometry for geometry in expected if geometry is not None]
    assert column["geometry_types"] == sorted({geometry.geom_type for geometry in present})
    assert column["bbox"] == pytest.approx(list(shapely.total_bounds(present)))


def _shapes(found: list[dict[str, Any]]) -> list[Any]:
    return [
        shapely.geometry.shape(each["geometry"]) if each["geometry"] else None for each in found
    ]


def _same(found: Any, expected: Any) -> bool:
    return found is None if expected is None else bool(shapely.equals(found, expected))


@every_resource
def test_what_has_no_place_has_no_geometry(resource: Resource, folder: Path) -> None:
    is_located = snapshots.is_located(resource.table.name)
    assert ("geometry" in pq.read_schema(folder / f"{resource.name}.parquet").names) is is_located
    assert (pyogrio.read_info(folder / f"{resource.name}.gpkg")["crs"] is not None) is is_located


# --- GeoPackage ----------------------------------------------------------------------------------


@every_resource
def test_a_geopackage_is_a_database_with_the_rows(resource: Resource, folder: Path) -> None:
    with (folder / f"{resource.name}.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with sqlite3.connect(folder / f"{resource.name}.gpkg") as database:
        database.row_factory = sqlite3.Row
        found = database.execute(f"SELECT * FROM {resource.name} ORDER BY fid").fetchall()
        (kind,) = database.execute("SELECT data_type FROM gpkg_contents").fetchone()
        assert database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert kind == ("features" if snapshots.is_located(resource.table.name) else "attributes")
    assert [row["id"] for row in found] == [row["id"] for row in rows]
    texts = [name for name in ("slug", "name", "title", "attribution") if name in resource.columns]
    for name in texts:
        assert [row[name] or "" for row in found] == [row[name] for row in rows]


@located
def test_a_geopackage_opens_as_a_layer(resource: Resource, folder: Path, api: TestClient) -> None:
    path = folder / f"{resource.name}.gpkg"
    info = pyogrio.read_info(path)
    assert (info["layer_name"], info["crs"]) == (resource.name, "EPSG:4326")
    _, _, geometries, _ = pyogrio.raw.read(path)
    found, expected = shapely.from_wkb(geometries), _shapes(features(api, resource))
    assert [_same(*pair) for pair in zip(found, expected, strict=True)].count(False) == 0
    types = {geometry.geom_type for geometry in found if geometry is not None}
    assert types <= {info["geometry_type"]}


# --- the whole -----------------------------------------------------------------------------------


@leaves_a_zip_open
def test_the_data_package_is_valid_and_so_are_its_tables(folder: Path) -> None:
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert report.flatten(["name", "title", "message"]) == []
    assert {task.type for task in report.tasks if task.name == "offerings"} == {"table"}
    assert report.stats["tasks"] > len(RESOURCES)


def test_it_names_licences_and_whom_to_name(folder: Path, api: TestClient) -> None:
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    (offerings,) = [each for each in package["resources"] if each["name"] == "offerings"]
    attribution = listed(api, "/v1/offerings", {"limit": 1})["attribution"]
    assert [source["title"] for source in offerings["sources"]] == attribution
    assert all(each.get("path") or each.get("name") for each in offerings["licenses"])
    assert offerings["licenses"]
    assert package["version"] == str(listed(api, "/v1/codelists", {"limit": 1})["sequence"])


def test_the_package_of_hsds_is_among_them(manifest: Manifest, folder: Path) -> None:
    (made,) = [each for each in manifest.files if each.format == "hsds"]
    assert (made.name, made.media_type) == ("bulk/hsds.zip", "application/zip")
    with zipfile.ZipFile(folder / "hsds.zip") as archive:
        described = json.loads(archive.read("datapackage.json"))
        rows = archive.read("services.csv").decode().count("\r\n") - 1
    assert described["version"] == str(manifest.sequence)
    assert made.rows == rows > 10


def test_checksums_are_those_of_sha256sum(folder: Path) -> None:
    subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=folder, check=True
    )
    listed_files = {
        line.split("  ")[1] for line in (folder / "SHA256SUMS").read_text().splitlines()
    }
    there = {path.name for path in folder.iterdir() if path.suffix != ".gz"}
    assert listed_files == there - {"SHA256SUMS"}


def test_sizes_and_digests_are_those_of_the_files(folder: Path, manifest: Manifest) -> None:
    for made in manifest.files:
        content = (folder.parent / made.name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (made.size, made.sha256)


def test_the_same_state_makes_the_same_files(
    county_database: Database, manifest: Manifest, tmp_path: Path
) -> None:
    """So that several servers, each with files of its own, answer with the same validators."""
    again = build(Settings(), county_database.public_url, tmp_path)
    assert {made.name: made.sha256 for made in again.files} == {
        made.name: made.sha256 for made in manifest.files
    }


@leaves_a_zip_open
def test_an_empty_registry_has_valid_files_too(database: Database, tmp_path: Path) -> None:
    made = build(Settings(), database.public_url, tmp_path)
    folder = tmp_path / "current" / "bulk"
    assert {each.rows for each in made.files if each.resource} == {0}
    assert frictionless.validate(str(folder / "datapackage.json")).valid
    for resource in RESOURCES:
        header = (folder / f"{resource.name}.csv").read_text(encoding="utf-8")
        assert next(csv.reader(io.StringIO(header))) == list(resource.columns)
        assert (folder / f"{resource.name}.ndjson").read_bytes() == b""
        assert pq.read_table(folder / f"{resource.name}.parquet").num_rows == 0
        assert pyogrio.read_info(folder / f"{resource.name}.gpkg")["features"] == 0
    assert json.loads((folder / "offerings.geojson").read_bytes())["features"] == []
