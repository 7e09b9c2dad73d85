"""The package of a registry: complete, valid, and the same for the same state."""

from __future__ import annotations

import csv
import json
import zipfile
from io import StringIO
from pathlib import Path
from typing import Any

import frictionless
import pytest

from db import snapshots
from seed.hsds.export import NOBODY, export_package
from seed.readers.formats import open_file
from tests.databases import Database

Tables = dict[str, list[dict[str, str]]]


def export(database: Database, folder: Path) -> Path:
    file = folder / "hsds.zip"
    with snapshots.opened(database.public_url) as (connection, state):
        export_package(connection, state, file)
    return file


def tables_of(file: Path) -> Tables:
    with zipfile.ZipFile(file) as archive:
        resources = json.loads(archive.read("datapackage.json"))["resources"]
        return {
            each["name"]: list(
                csv.DictReader(StringIO(archive.read(each["path"]).decode(), newline=""))
            )
            for each in resources
        }


@pytest.fixture(scope="module")
def package(demo_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(demo_database, tmp_path_factory.mktemp("export"))


def test_frictionless_validates_the_demonstration_set(package: Path) -> None:
    report = frictionless.validate(str(package))
    assert report.flatten(["title", "rowNumber", "fieldName", "note"]) == []
    assert report.stats["tasks"] == len(tables_of(package)) > 8


def test_it_has_every_published_offering_and_organisation(package: Path, demo_client: Any) -> None:
    found = tables_of(package)
    for table, resource in (("service", "offerings"), ("organization", "organisations")):
        items = demo_client.get(f"/v1/{resource}?limit=all").json()["items"]
        assert {row["id"] for row in found[table]} - {NOBODY} == {each["id"] for each in items}


def test_codes_of_terms_name_their_vocabulary(package: Path) -> None:
    codes = {row["code"] for row in tables_of(package)["taxonomy_term"]}
    assert {"category:family", "theme:family"} <= codes


def test_the_same_state_makes_the_same_bytes(
    package: Path, demo_database: Database, tmp_path: Path
) -> None:
    assert export(demo_database, tmp_path).read_bytes() == package.read_bytes()


def test_the_description_names_state_sources_and_licences(package: Path, demo_client: Any) -> None:
    with zipfile.ZipFile(package) as archive:
        described = json.loads(archive.read("datapackage.json"))
    assert described["version"] == "1"
    assert {each["name"] for each in described["licenses"]} >= {"cc-zero"}
    items = demo_client.get("/v1/offerings?limit=all").json()["items"]
    attributions = {each["source"]["attribution"] for each in items}
    assert attributions <= {each["attribution"] for each in described["sources"]}


def test_we_read_it_ourselves(package: Path) -> None:
    document = open_file(package)
    assert document.format == "hsds"
    assert len(list(document.table("services").records())) == len(tables_of(package)["service"])
