"""Mappings proposed for files that nobody has mapped yet."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from seed.imports.engine import Order, import_files
from seed.mappings import load
from seed.suggestions import suggest
from tests.databases import Database

TABLE = (
    "Kennung;Einrichtung;Träger;Straße;Hausnr.;PLZ;Ort;Rechtswert;Hochwert;Plätze;Leitung\n"
    "A1;Kita am Markt;Verband Probe;Markt;1;09599;Freiberg;383245;5641900;60;Frau Beispiel\n"
    "A2;Kita am Dom;Verband Probe;Domgasse;2;09599;Freiberg;383345;5641800;;Herr Beispiel\n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "kitas 2026.csv"
    path.write_text(TABLE, encoding="cp1252")
    return path


def test_columns_are_recognised_by_what_they_are_called(file: Path) -> None:
    found = yaml.safe_load(suggest(file))
    assert found["key"] == "Kennung"
    assert found["fields"] == {
        "name": "Einrichtung",
        "organisation": "Träger",
        "capacity": "Plätze",
    }
    assert found["parts"]["sites"]["fields"] == {
        "street": {"columns": ["Straße", "Hausnr."]},
        "postcode": "PLZ",
        "town": "Ort",
        "longitude": "Rechtswert",
        "latitude": "Hochwert",
    }


def test_the_coordinate_system_is_found_by_where_places_would_be(file: Path) -> None:
    assert yaml.safe_load(suggest(file))["crs"] in ("EPSG:25833", "EPSG:25832")


def test_columns_of_persons_are_left_out_and_named(file: Path) -> None:
    text = suggest(file)
    assert "# Left out: Leitung" in text
    assert "Leitung" in yaml.safe_load(text)["drop"]


def test_a_suggestion_works_as_it_is(
    file: Path, tmp_path: Path, own_demo_database: Database
) -> None:
    mapping = tmp_path / "suggested.yaml"
    mapping.write_text(suggest(file), encoding="utf-8")
    assert load(mapping).source.license == "not_stated"
    order = Order("offerings", str(mapping))
    report = import_files(own_demo_database.owner_url, [file], order).files[0]
    assert (report.read, report.new, report.rejected) == (2, 2, 0)
