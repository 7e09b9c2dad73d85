"""Exports of the demonstration set: one file, or one for every municipality or provider."""

from __future__ import annotations

import csv
from pathlib import Path

import openpyxl
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select, update

from db.models import Observation, Offering, OfferingSite
from db.registry import writer
from seed.targets import TARGETS
from seed.workbooks.delimited import CsvStyle
from seed.workbooks.export import CannotExport, Each, Order, export_each, export_file
from seed.workbooks.markers import marker_of
from tests.databases import Database


def names(file: Path, sheet: str = "offerings", column: int = 3) -> list[object]:
    rows = CalamineWorkbook.from_path(file).get_sheet_by_name(sheet).to_python()
    return [row[column - 1] for row in rows[1:]]


def count(database: Database, model: type[Offering | OfferingSite | Observation]) -> int:
    with writer(database.owner_url, "test") as connection:
        return connection.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.parametrize("resource", TARGETS)
def test_every_resource_is_exported_with_its_parts_and_help(
    demo_database: Database, tmp_path: Path, resource: str
) -> None:
    file = tmp_path / f"{resource}.xlsx"
    done = export_file(demo_database.owner_url, Order(resource), file)
    assert openpyxl.load_workbook(file).sheetnames == [
        resource,
        *TARGETS[resource].parts,
        "help",
        "codes",
    ]
    assert [(each.file, each.rows > 0) for each in done.files] == [(file, True)]
    found = marker_of(file)
    assert found
    assert (found.resource, found.sequence) == (resource, 1)
    assert found.sheets[resource].rows == done.files[0].rows


def test_all_rows_are_there_and_only_once(demo_database: Database, tmp_path: Path) -> None:
    file = tmp_path / "offerings.xlsx"
    export_file(demo_database.owner_url, Order("offerings"), file)
    assert len(set(names(file, column=1))) == count(demo_database, Offering)
    assert len(names(file, "sites")) == count(demo_database, OfferingSite)


def test_csv_has_a_file_of_its_own_for_parts(demo_database: Database, tmp_path: Path) -> None:
    file = tmp_path / "o.csv"
    order = Order("offerings", csv=CsvStyle(semicolon=True, bom=True))
    done = export_file(demo_database.owner_url, order, file)
    assert [each.file.name for each in done.files] == ["o.csv", "o-sites.csv"]
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter=";"))
    assert len(rows) == count(demo_database, Offering)
    assert all(row["name"] and row["checksum_csv_comma"].startswith("q") for row in rows)


def test_a_municipality_or_provider_gets_its_own(demo_database: Database, tmp_path: Path) -> None:
    file, url = tmp_path / "o.xlsx", demo_database.owner_url
    export_file(url, Order("offerings", municipality="ags:14522080"), file)
    in_doebeln = names(file)
    assert "AWO Familienzentrum Döbeln" in in_doebeln
    assert len(in_doebeln) < count(demo_database, Offering)
    export_file(url, Order("offerings", municipality="Döbeln", provider="awo"), file)
    assert 0 < len(names(file)) < len(in_doebeln)
    assert set(names(file, column=6)) == {"awo"}


def test_every_municipality_gets_a_workbook_and_no_offering_is_forgotten(
    demo_database: Database, tmp_path: Path
) -> None:
    told: list[str] = []
    done = export_each(
        demo_database.owner_url,
        Order("offerings"),
        Each.municipality,
        tmp_path,
        progress=told.append,
    )
    assert "offerings-doebeln.xlsx" in {each.file.name for each in done.files}
    assert "doebeln" in told
    assert all(each.rows and each.file.exists() for each in done.files)
    exported = {identity for each in done.files for identity in names(each.file, column=1)}
    assert len(exported) + done.left_out == count(demo_database, Offering)
    assert {path.name for path in tmp_path.iterdir()} == {each.file.name for each in done.files}


def test_every_provider_gets_a_workbook(demo_database: Database, tmp_path: Path) -> None:
    order = Order("offerings", municipality="landkreis-mittelsachsen")
    done = export_each(demo_database.owner_url, order, Each.provider, tmp_path)
    assert len(done.files) > 3
    for each in done.files:
        assert len(set(names(each.file, column=6))) == 1


def test_drafts_are_there_and_raw_values_are_not(
    own_demo_database: Database, tmp_path: Path
) -> None:
    url, file = own_demo_database.owner_url, tmp_path / "x.xlsx"
    with writer(url, "test") as connection:
        connection.execute(update(Offering).values(status="draft", internal_note="ask again"))
        connection.execute(update(Observation).values(raw=True))
    export_file(url, Order("offerings"), file)
    assert len(names(file)) == count(own_demo_database, Offering)
    header = [cell.value for cell in openpyxl.load_workbook(file)["offerings"][1]]
    assert "internal_note" not in header
    export_file(url, Order("observations"), file)
    assert not names(file, "observations")
    export_file(url, Order("observations", private=True), file)
    assert len(names(file, "observations")) == count(own_demo_database, Observation)


def test_the_language_rows_are_written_in_has_a_column_only_if_they_differ(
    own_demo_database: Database, tmp_path: Path
) -> None:
    url, file = own_demo_database.owner_url, tmp_path / "x.xlsx"

    def header() -> set[object]:
        export_file(url, Order("offerings"), file)
        return {cell.value for cell in openpyxl.load_workbook(file)["offerings"][1]}

    assert "name@de" not in header()
    assert {"name@en", "name@sv", "name@de-x-ls"} <= header()
    with writer(url, "test") as connection:
        one = connection.scalars(select(Offering.id)).first()
        connection.execute(update(Offering).where(Offering.id == one).values(lang="en"))
    assert "name@de" in header()


@pytest.mark.parametrize(
    ("order", "name", "reason"),
    [
        (Order("offerings"), "o.ods", r"ends in \.xlsx or \.csv"),
        (Order("offerings", municipality="Nirgends"), "o.xlsx", "no district is called that"),
        (Order("offerings", provider="Niemand"), "o.xlsx", "no organisation has this slug"),
        (
            Order("indicators", municipality="doebeln"),
            "o.xlsx",
            "no indicator is of a munic",
        ),
        (Order("codelists", provider="awo"), "o.csv", "no codelist term is of a provider"),
    ],
)
def test_what_cannot_be_is_said(
    demo_database: Database, tmp_path: Path, order: Order, name: str, reason: str
) -> None:
    with pytest.raises(CannotExport, match=reason):
        export_file(demo_database.owner_url, order, tmp_path / name)
    assert not list(tmp_path.iterdir())
