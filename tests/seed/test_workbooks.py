"""Workbooks and CSV of the registry: what is in them, what is locked, that it reads as written."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape
from python_calamine import CalamineWorkbook

from db.documents import FOLDER as DOCUMENTS
from seed.readers import Hints
from seed.readers.formats import open_file
from seed.targets import TARGETS, Field, Kind
from seed.workbooks import explanations
from seed.workbooks.cells import CSV_DECIMAL_COMMA, LONGEST, UNQUOTED, Cell, meaning, quoted
from seed.workbooks.columns import TRANSLATED, Column, Role, sheets
from seed.workbooks.delimited import CsvStyle, write_csv
from seed.workbooks.markers import marker_of
from tests.seed.sheets import LANGUAGES, MARKER, SOURCES, line, write

OFFERINGS, SITES = sheets("offerings", LANGUAGES)
ODD = [
    "=cmd|' /C calc'!A0",
    "+49 3731 000000",
    "-5",
    "@SUM(A1)",
    "'=1",
    "#N/A",
    "09599",
    "1e5",
    "TRUE",
    "2024-05",
    "_x0041_",
    "_x005F_x0041_",
    "bell \x07, page \x0c, escape \x1b",
    "last \ufffe\uffff",
    "two\nlines\tand a tab",
    'a "quotation"; a comma, a semicolon',
    "👩‍👩‍👧 Ä ß",
    " blanks around ",
    "\N{NO-BREAK SPACE}",
]
# What PostgreSQL can hold: no NUL, no half of a surrogate pair. A lone CR is a line end to XML.
TEXTS = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), min_size=1)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Two offerings, one with everything that is not a plain text."""
    full = line(
        OFFERINGS,
        id="5a0e2a52-6f0b-5a0e-9d3c-0a7c3b1f2d11",
        name="=1+1",
        organisation="awo",
        organisation_mode="district",
        capacity=40,
        free=True,
        valid_from=date(2024, 5, 1),
        valid_to=date(1885, 1, 2),
        as_of="2024-05",
        categories=["advice", "family_advice"],
        external_key="0815",
        **{"name@en": "One"},
    )
    bare = line(OFFERINGS, id="6a0e2a52-6f0b-5a0e-9d3c-0a7c3b1f2d11", name="Bare")
    site = line(
        SITES, id="7", offering="5", postcode="09599", longitude=13.34123456789, latitude=50.9
    )
    return write(tmp_path / "offerings.xlsx", {"offerings": [full, bare], "sites": [site]})


def cells(file: Path, sheet: str = "offerings", row: int = 2) -> dict[str, Any]:
    """The cells of a row as openpyxl has them, by column."""
    page = openpyxl.load_workbook(file)[sheet]
    return {page.cell(1, n).value: page.cell(row, n) for n in range(1, page.max_column + 1)}


def values(file: Path, sheet: str = "offerings", row: int = 2) -> dict[str, Any]:
    """The same values by calamine, which imports read with."""
    header, *rows = CalamineWorkbook.from_path(file).get_sheet_by_name(sheet).to_python()
    return dict(zip(map(str, header), rows[row - 2], strict=True))


# --- what is in a workbook -----------------------------------------------------------------------


def test_a_cell_has_the_type_that_its_column_has(book: Path) -> None:
    found = values(book)
    assert found["name"] == "=1+1"
    assert (found["capacity"], found["free"]) == (40.0, "yes")
    assert (found["valid_from"], found["valid_to"]) == (date(2024, 5, 1), "1885-01-02")
    assert found["categories"] == "advice; family_advice"
    assert (found["as_of"], found["external_key"]) == ("2024-05", "0815")
    assert values(book, "sites")["postcode"] == "09599"
    assert values(book, "sites")["longitude"] == 13.3412346
    assert cells(book)["name"].data_type == "s"


def test_formats_keep_keys_and_dates_what_they_are(book: Path) -> None:
    found = cells(book)
    assert {found[name].number_format for name in ("name", "as_of", "categories")} == {"@"}
    assert found["valid_from"].number_format == "yyyy-mm-dd"
    assert found["valid_to"].number_format == "@"
    page = openpyxl.load_workbook(book)["offerings"]
    letter = found["phone"].column_letter
    assert page.column_dimensions[letter].number_format == "@", "the rows below are texts too"


def test_ids_and_what_is_only_told_are_locked_and_the_rest_is_open(book: Path) -> None:
    page = openpyxl.load_workbook(book)["offerings"]
    assert page.protection.sheet
    assert not page.protection.password
    assert page.protection.insertColumns
    assert page.protection.deleteColumns
    assert not page.protection.autoFilter, "filters stay usable"
    for name, cell in cells(book).items():
        column = next(each for each in OFFERINGS.columns if each.name == name)
        is_open = column.role in (Role.FIELD, Role.REMOVAL)
        below = page.column_dimensions[cell.column_letter].protection.locked
        if cell.value is not None or column.role is Role.ORIGIN:
            assert cell.protection.locked is not is_open, name
        assert below is not (is_open or column.role is Role.ORIGIN), name
        assert page.cell(1, cell.column).protection.locked, "the header"


def test_what_can_be_chosen_is_chosen_from_the_hidden_sheet(book: Path) -> None:
    loaded = openpyxl.load_workbook(book)
    page, codes = loaded["offerings"], loaded["codes"]
    assert codes.sheet_state == "hidden"
    rules = {str(rule.sqref): rule for rule in page.data_validations.dataValidation}
    found = cells(book)

    def listed(name: str) -> list[Any]:
        letter = found[name].column_letter
        rule = rules[f"{letter}2:{letter}1048576"]
        assert rule.type == "list"
        area = rule.formula1.removeprefix("codes!").replace("$", "")
        return [cell.value for (cell,) in codes[area]]

    assert listed("organisation_mode")[0] == "district"
    assert listed("categories") == ["advice", "family_advice"]
    assert len(listed("themes")) == 60, "longer than the 255 characters of a list in the rule"
    assert listed("free") == ["yes", "no"]
    assert listed("source") == list(SOURCES)
    assert not rules[_below(found["themes"])].showErrorMessage, "several are typed"
    assert rules[_below(found["organisation_mode"])].showErrorMessage
    assert rules[_below(found["capacity"])].type == "whole"
    assert rules[_below(found["valid_from"])].type == "date"


def _below(cell: Any) -> str:
    return f"{cell.column_letter}2:{cell.column_letter}1048576"


def test_header_filter_and_the_key_columns_stay_in_sight(book: Path) -> None:
    page = openpyxl.load_workbook(book)["offerings"]
    assert page.freeze_panes == "D2"
    assert page.auto_filter.ref.startswith("A1:")
    assert page.auto_filter.ref.endswith("3")
    assert page.column_dimensions["B"].hidden, "the checksum"


def test_a_sheet_explains_every_column_in_two_languages(book: Path) -> None:
    page = openpyxl.load_workbook(book)["help"]
    rows = {(row[0], row[1]): row for row in page.iter_rows(values_only=True)}
    mode = rows["offerings", "organisation_mode"]
    assert mode[2:4] == ("Organisationsform", "Organisation mode")
    assert "district = im Stadtteil / by neighbourhood" in mode[9]
    assert rows["offerings", "name@en"][2] == "Name (en)"
    assert len(rows) == 1 + len(OFFERINGS.columns) + len(SITES.columns)


@pytest.mark.parametrize("resource", TARGETS)
def test_every_column_has_a_label_and_an_example(resource: str) -> None:
    for sheet in sheets(resource, ["en", "de-x-ls"], private=True, unsuppressed=True):
        for column in sheet.columns:
            said = explanations.explanation(sheet, column)
            assert all((*said.labels, *said.examples)), column.name


@pytest.mark.parametrize("resource", TARGETS)
def test_examples_are_values_of_their_column(resource: str) -> None:
    for sheet in sheets(resource, ()):
        for column in sheet.fields:
            for text in explanations.explanation(sheet, column).examples:
                assert not column.field.codes or text in column.field.codes, column.name


def test_every_field_of_every_resource_has_a_column() -> None:
    elsewhere = {"place", "sign", "site_key"}
    for target in TARGETS.values():
        entity, *parts = sheets(target.name, (), private=True)
        for each, sheet in zip([target, *target.parts.values()], [entity, *parts], strict=True):
            names = {column.name for column in sheet.columns}
            assert set(each.all_fields) - elsewhere <= names


def test_private_fields_are_there_only_on_purpose() -> None:
    assert "internal_note" not in {column.name for column in OFFERINGS.columns}
    private = sheets("observations", (), private=True)[0]
    assert {"internal_note", "raw"} <= {column.name for column in private.columns}
    assert "not_for_publication" not in {column.name for column in private.columns}


def test_the_texts_that_documents_translate_have_columns_for_it() -> None:
    sources = {
        "offering": "offering_batch",
        "site": "offering_batch",
        "codelist_term": "codelist",
        "statement": "measure",
    }
    alias = {"site": "s", "codelist_term": "t", "statement": "s"}
    for table, fields in TRANSLATED.items():
        sql = (DOCUMENTS / f"{sources.get(table, table)}.sql").read_text(encoding="utf-8")
        name = alias.get(table, "w")
        shown = re.findall(rf"localized\({name}\.(\w+), {name}\.translations", sql)
        assert set(shown) == set(fields), table


def test_the_marker_tells_where_and_when_and_what(book: Path, tmp_path: Path) -> None:
    found = marker_of(book)
    assert found is not None
    assert (found.registry, found.resource, found.sequence) == (
        "https://example.org",
        "offerings",
        7,
    )
    assert found.exported_at == MARKER.exported_at
    assert {name: tally.rows for name, tally in found.sheets.items()} == {
        "offerings": 2,
        "sites": 1,
    }
    other = tmp_path / "other.xlsx"
    openpyxl.Workbook().save(other)
    assert marker_of(other) is None
    other.write_bytes(b"no workbook")
    assert marker_of(other) is None


def test_the_checksum_of_all_rows_does_not_depend_on_their_order(tmp_path: Path) -> None:
    rows = [line(OFFERINGS, id=str(number), name=str(number)) for number in range(5)]
    one = marker_of(write(tmp_path / "a.xlsx", {"offerings": rows}))
    two = marker_of(write(tmp_path / "b.xlsx", {"offerings": rows[::-1]}))
    assert one
    assert two
    assert one.sheets["offerings"].sum == two.sheets["offerings"].sum != 0


def test_a_file_that_cannot_be_finished_leaves_the_old_one(book: Path) -> None:
    before = book.read_bytes()

    def failing() -> Iterator[Any]:
        yield line(OFFERINGS, id="1", name="x")
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        write(book, {"offerings": failing()})  # type: ignore[dict-item]
    assert book.read_bytes() == before
    assert [path.name for path in book.parent.iterdir()] == [book.name]


# --- values come back as they were ---------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=30))
@example(ODD)
def test_any_text_comes_back_from_a_workbook(texts: list[str]) -> None:
    with TemporaryDirectory() as folder:
        rows = [line(OFFERINGS, id="x", name="x", description=text) for text in texts]
        file = write(Path(folder) / "odd.xlsx", {"offerings": rows})
        sheet = CalamineWorkbook.from_path(file).get_sheet_by_name("offerings").to_python()
        page = openpyxl.load_workbook(file)["offerings"]
        column = sheet[0].index("description")
        read = meaning(OFFERINGS.columns[column])
        for number, text in enumerate(texts, 2):
            cell = page.cell(number, column + 1)
            assert cell.data_type in ("s", "inlineStr"), "never a formula, never an error"
            assert unescape(cell.value) == text
            assert read(sheet[number - 1][column]) == read(text)


@settings(max_examples=40, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=30), st.booleans(), st.booleans())
@example(ODD, True, True)
@example(ODD, False, False)
def test_any_text_comes_back_from_csv(texts: list[str], semicolon: bool, bom: bool) -> None:
    style = CsvStyle(semicolon, bom)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "odd.csv"
        rows = [line(OFFERINGS, id="x", name="x", description=text) for text in texts]
        write_csv(file, OFFERINGS, rows, style)
        with file.open(encoding="utf-8-sig", newline="") as lines:
            found = list(csv.DictReader(lines, delimiter=style.delimiter))
    for row, text in zip(found, texts, strict=True):
        cell = row["description"]
        assert not cell.startswith(("=", "+", "-", "@", "\t")), "no formula to a spreadsheet"
        unquoted = re.search(UNQUOTED, cell)
        assert unquoted is not None
        assert unquoted[1] == text


@given(st.text())
def test_a_quoted_text_is_never_a_formula_and_comes_back(text: str) -> None:
    assert not quoted(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    found = re.search(UNQUOTED, quoted(text))
    assert found is not None
    assert found[1] == text


NUMBER, DATE = (
    Column("value", Role.FIELD, Field(Kind.NUMBER)),
    Column("valid_from", Role.FIELD, Field(Kind.DATE)),
)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.decimals(min_value=-(10**15) + 1, max_value=10**15 - 1, places=None, allow_nan=False),
        min_size=1,
        max_size=20,
    ).filter(lambda numbers: all(number.adjusted() > -30 for number in numbers if number))
)
@example([Decimal("0.1"), Decimal("12345678901234.56789"), Decimal("1E+3"), Decimal("-0.0")])
@example([Decimal("999999999999998.999999999999950000000000084786679325564366050291504")])
def test_any_number_comes_back(numbers: list[Decimal]) -> None:
    sheet = sheets("observations", ())[0]
    with TemporaryDirectory() as folder:
        rows = [line(sheet, id="x", indicator="i", value=number) for number in numbers]
        file = write(Path(folder) / "numbers.xlsx", {"observations": rows}, "observations")
        found = open_file(file, Hints()).table("observations").records()
        for record, number in zip(found, numbers, strict=True):
            cell = record.properties["value"]
            assert Decimal(repr(cell) if isinstance(cell, float) else cell) == number
            assert meaning(NUMBER)(cell) == meaning(NUMBER)(number)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.dates(), min_size=1, max_size=30))
@example([date(1, 1, 1), date(1899, 12, 31), date(1900, 1, 1), date(1900, 2, 28), date(1900, 3, 1)])
@example([date(1904, 1, 1), date(9999, 12, 31)])
def test_any_day_comes_back(days: list[date]) -> None:
    with TemporaryDirectory() as folder:
        rows = [line(OFFERINGS, id="x", name="x", valid_from=day) for day in days]
        file = write(Path(folder) / "days.xlsx", {"offerings": rows})
        found = list(open_file(file, Hints()).table("offerings").records())
        page = openpyxl.load_workbook(file)["offerings"]
        column = [column.name for column in OFFERINGS.columns].index("valid_from") + 1
    for number, (record, day) in enumerate(zip(found, days, strict=True), 2):
        assert meaning(DATE)(record.properties["valid_from"]) == day.isoformat()
        assert meaning(DATE)(page.cell(number, column).value) == day.isoformat()


def test_a_text_that_no_cell_holds_is_replaced_by_a_locked_remark(tmp_path: Path) -> None:
    fitting, long = "x" * LONGEST, "y" * (LONGEST + 1)
    emoji = "👍" * (LONGEST // 2 + 1)  # two units each, as Excel counts
    rows = [line(OFFERINGS, id="x", name="x", description=each) for each in (fitting, long, emoji)]
    file = write(tmp_path / "long.xlsx", {"offerings": rows})
    found = [values(file, row=row)["description"] for row in (2, 3, 4)]
    assert found[0] == fitting
    assert found[1].startswith("[32,768 characters, too long for a cell: stays as it is. ")
    assert found[2].startswith("[16,384 characters, ")
    assert not cells(file, row=2)["description"].protection.locked
    assert cells(file, row=3)["description"].protection.locked
    other = line(OFFERINGS, id="x", name="x", description="z" * (LONGEST + 1))
    assert other != rows[1], "it tells one long text from another"


# --- what a cell means ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "cell", "expected"),
    [
        ("name", " Haus \r\nam Markt ", "Haus \nam Markt"),
        ("name", 5.0, "5"),
        ("name", None, ""),
        ("capacity", "40", "40"),
        ("capacity", 40.0, "40"),
        ("capacity", "forty", "forty"),
        ("free", "WAHR", "yes"),
        ("free", "nein", "no"),
        ("free", True, "yes"),
        ("free", "vielleicht", "vielleicht"),
        (
            "valid_from",
            datetime(2024, 5, 1),  # noqa: DTZ001 - as workbooks have it
            "2024-05-01",
        ),
        ("valid_from", "01.05.2024", "2024-05-01"),
        ("valid_from", "2024-05-01", "2024-05-01"),
        ("valid_from", "bald", "bald"),
        ("as_of", "Mai 2018", "2018-05"),
        ("as_of", 2024.0, "2024"),
        ("categories", "b;a ; a;", "a; b"),
    ],
)
def test_the_meaning_of_a_cell_is_what_was_meant(name: str, cell: Cell, expected: str) -> None:
    column = next(column for column in OFFERINGS.columns if column.name == name)
    assert meaning(column)(cell) == expected


def test_a_decimal_comma_is_one_where_the_file_has_it() -> None:
    read = meaning(NUMBER, CSV_DECIMAL_COMMA)
    assert read("13,5") == "13.5" == meaning(NUMBER)("13.5")
    assert read("1.234") != "1.234", "it could be a thousand"


def test_a_place_is_the_same_within_ten_centimetres() -> None:
    read = meaning(next(column for column in SITES.columns if column.name == "longitude"))
    assert read(13.34123449) == read("13.341234") != read(13.341236)


# --- CSV -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("style", "begins", "number"),
    [
        (CsvStyle(), b"offering,id,checksum_csv,", "13.3412346"),
        (CsvStyle(bom=True), b"\xef\xbb\xbfoffering,id,checksum_csv,", "13.3412346"),
        (CsvStyle(semicolon=True), b"offering;id;checksum_csv_comma;", "13,3412346"),
    ],
)
def test_csv_is_written_for_those_who_open_it(
    tmp_path: Path, style: CsvStyle, begins: bytes, number: str
) -> None:
    file = tmp_path / "sites.csv"
    rows = [line(SITES, offering="1", id="2", longitude=13.34123456, postcode="09599")]
    assert write_csv(file, SITES, rows, style) == 1
    assert file.read_bytes().startswith(begins)
    record = next(iter(open_file(file, Hints()).table().records()))
    assert record.properties["longitude"] == number
    assert record.properties["postcode"] == "09599"
