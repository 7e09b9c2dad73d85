"""Workbooks: XLSX written by openpyxl, and XLS as Excel 97 has it."""

import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from seed.readers import Document, Hints, Record, UnreadableError
from seed.readers.formats import open_file
from tests.seed import biff

Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """A workbook with one sheet of these rows, changed before it is saved."""

    def saved(rows: list[list[Any]], change: Callable[[Worksheet], None] | None = None) -> Path:
        workbook = Workbook()
        sheet = workbook.active
        for row in rows:
            sheet.append(row)
        if change is not None:
            change(sheet)
        workbook.save(tmp_path / "book.xlsx")
        return tmp_path / "book.xlsx"

    return saved


def records(document: Document, name: str | None = None) -> list[Record]:
    return list(document.table(name).records())


def rows(document: Document) -> list[list[Any]]:
    return [list(record.properties.values()) for record in records(document)]


def rewritten(path: Path, member: str, change: Callable[[bytes], bytes]) -> Path:
    """The same workbook with one of its parts changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[member] = change(parts[member])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


# --- cells ---------------------------------------------------------------------------------------


def test_cells_have_their_types(save: Save) -> None:
    cells = [1, 1.5, "01067", True, date(2024, 5, 1), datetime(2024, 5, 1, 8, 30), time(8, 30)]  # noqa: DTZ001
    (read,) = rows(open_file(save([list("abcdefg"), cells])))
    assert read == cells
    assert [type(cell) for cell in read] == [type(cell) for cell in cells]


def test_whole_numbers_are_integers_as_far_as_they_are_exact(save: Save) -> None:
    (read,) = rows(open_file(save([list("abc"), [14522180.0, 2.0**60, -3]])))
    assert [(cell, type(cell)) for cell in read] == [
        (14522180, int),
        (2.0**60, float),
        (-3, int),
    ]


def test_positions_are_rows_of_the_sheet(save: Save) -> None:
    document = open_file(save([["a", "b"], [1, 2], [], [None, 3]]))
    assert [(each.position, each.properties) for each in records(document)] == [
        ("row 2", {"a": 1, "b": 2}),
        ("row 4", {"a": None, "b": 3}),
    ]


def test_records_can_be_read_again(save: Save) -> None:
    table = open_file(save([["a"], [1], [2]])).table()
    assert list(table.records()) == list(table.records())


def test_a_formula_gives_its_stored_value(save: Save) -> None:
    path = save([["a", "b"], [1, "=A2+1"]])
    stored = rewritten(
        path,
        "xl/worksheets/sheet1.xml",
        lambda part: part.replace(b"<f>A2+1</f><v />", b"<f>A2+1</f><v>2</v>"),
    )
    (record,) = records(open_file(stored))
    assert (record.properties["b"], record.remark) == (2, None)


def test_a_formula_without_a_stored_value_is_remarked(save: Save) -> None:
    (record,) = records(open_file(save([["a", "b"], [1, "=A2+1"]])))
    assert record.properties == {"a": 1, "b": None}
    assert "B2 is a formula without a stored value" in (record.remark or "")


def test_a_formula_whose_value_is_an_empty_text_is_not(save: Save) -> None:
    path = save([["a", "b"], [1, '=""']])
    stored = rewritten(
        path,
        "xl/worksheets/sheet1.xml",
        lambda part: part.replace(b'<c r="B2"><f>', b'<c r="B2" t="str"><f>'),
    )
    (record,) = records(open_file(stored))
    assert (record.properties["b"], record.remark) == (None, None)


def test_an_error_is_none_and_remarked(save: Save) -> None:
    (record,) = records(open_file(save([["a", "b", "c"], [1, "#REF!", "#N/A"]])))
    assert record.properties == {"a": 1, "b": None, "c": None}
    assert record.remark == "B2 is #REF!; C2 is #N/A"


def test_cells_beyond_the_header_are_remarked(save: Save) -> None:
    (record,) = records(open_file(save([["a"], [1, None, "note"]])))
    assert record.remark == "1 cells beyond the last column, not taken: 'note'"


# --- header --------------------------------------------------------------------------------------


def test_a_header_of_several_rows_with_merged_cells(save: Save) -> None:
    def merge(sheet: Worksheet) -> None:
        sheet.merge_cells("A1:A2")
        sheet.merge_cells("B1:C1")

    path = save([["AGS", "Arbeitslose", None, "Stand"], [None, 1998, 1999], [1, 2, 3, 4]], merge)
    document = open_file(path, Hints(header_rows=2))
    names = ["AGS", "Arbeitslose / 1998", "Arbeitslose / 1999", "Stand"]
    assert list(document.table().columns) == names
    assert rows(document) == [[1, 2, 3, 4]]


def test_rows_before_the_header_are_skipped(save: Save) -> None:
    document = open_file(save([["Bericht"], [], ["a", "b"], [1, 2]]), Hints(skip_rows=2))
    assert document.table().columns == ["a", "b"]
    assert records(document)[0].position == "row 4"


def test_a_table_may_stand_anywhere_in_its_sheet(tmp_path: Path) -> None:
    workbook = Workbook()
    for column, (name, value) in enumerate([("a", 1), (None, 2), ("x", 3)], 3):
        workbook.active.cell(5, column, name)
        workbook.active.cell(6, column, value)
    workbook.active.merge_cells("C5:D5")
    workbook.save(tmp_path / "book.xlsx")
    document = open_file(tmp_path / "book.xlsx")
    assert document.table().columns == ["a", "a (2)", "x"]
    assert (records(document)[0].position, rows(document)) == ("row 6", [[1, 2, 3]])


def test_without_a_header_columns_are_numbered(save: Save) -> None:
    document = open_file(save([[1, 2]]), Hints(header_rows=0))
    assert records(document)[0].properties == {"column 1": 1, "column 2": 2}


def test_a_header_alone_has_no_records(save: Save) -> None:
    assert records(open_file(save([["a", "b"]]))) == []


def test_merged_cells_below_the_header_are_noted(save: Save) -> None:
    path = save([["a", "b"], [1, 2], [None, 3]], lambda sheet: sheet.merge_cells("A2:A3"))
    document = open_file(path)
    assert rows(document) == [[1, 2], [None, 3]]
    assert any("1 merged cells below its header" in note for note in document.notes)


# --- sheets --------------------------------------------------------------------------------------


def several_sheets(path: Path) -> Path:
    workbook = Workbook()
    workbook.active.title = "Angebote"
    workbook.active.append(["a"])
    workbook.active.append([1])
    workbook.create_sheet("Leer")
    workbook.create_sheet("Träger").append(["b"])
    hidden = workbook.create_sheet("Versteckt")
    hidden.append(["c"])
    hidden.sheet_state = "hidden"
    workbook.save(path)
    return path


def test_every_sheet_is_a_table_but_empty_and_hidden_ones(tmp_path: Path) -> None:
    document = open_file(several_sheets(tmp_path / "book.xlsx"))
    assert [table.name for table in document.tables] == ["Angebote", "Träger"]
    assert "the sheet 'Leer' is empty" in document.notes
    assert any("'Versteckt' is hidden" in note for note in document.notes)
    with pytest.raises(UnreadableError, match="'Angebote', 'Träger'"):
        document.table()


def test_a_hidden_sheet_is_read_if_it_is_named(tmp_path: Path) -> None:
    document = open_file(several_sheets(tmp_path / "book.xlsx"), Hints(table="Versteckt"))
    assert document.table("Versteckt").columns == ["c"]


def test_a_workbook_without_a_cell_is_refused(save: Save) -> None:
    with pytest.raises(UnreadableError, match="the workbook is empty"):
        open_file(save([]))


# --- XLS -----------------------------------------------------------------------------------------


def test_xls_is_read_the_same_way(tmp_path: Path) -> None:
    path = tmp_path / "alt.xls"
    content: list[list[biff.Cell]] = [
        ["Kennziffer", "Arbeitslose", None],
        [None, "1998", "1999"],
        ["01001000", 5784.0, True],
        ["01002000", 1.5, biff.Error(biff.ERROR_REF)],
    ]
    path.write_bytes(biff.workbook(content, merged=(0, 0, 1, 2)))
    document = open_file(path, Hints(header_rows=2))
    assert (document.format, document.tables[0].name) == ("xls", "Blatt")
    names = ["Kennziffer", "Arbeitslose / 1998", "Arbeitslose / 1999"]
    assert list(document.table().columns) == names
    assert rows(document) == [["01001000", 5784, True], ["01002000", 1.5, None]]
    assert records(document)[0].position == "row 3"


def test_an_xls_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "alt.xls"
    path.write_bytes(biff.workbook([["a"], ["b"]])[:2000])
    with pytest.raises(UnreadableError, match="the workbook cannot be read"):
        open_file(path)


def test_an_encrypted_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "geheim.xlsx"
    name = "EncryptedPackage".encode("utf-16-le")
    content = biff.workbook([["a"]]).replace("Workbook".encode("utf-16-le").ljust(32, b"\0"), name)
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match="protected by a password"):
        open_file(path)


# --- damaged and malicious -----------------------------------------------------------------------


def test_a_workbook_cut_off_is_refused(save: Save) -> None:
    path = save([["a"], [1]])
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(UnreadableError, match="damaged or cut off"):
        open_file(path)


def test_a_cell_in_the_last_corner_does_not_take_all_memory(save: Save) -> None:
    path = save([["a"], [1]], lambda sheet: sheet.cell(1_048_576, 16_384, 1))
    with pytest.raises(UnreadableError, match="reaches to row 1,048,576 and column 16,384"):
        open_file(path)


def test_a_formatted_cell_in_the_last_corner_does_not_matter(save: Save) -> None:
    def format_corner(sheet: Worksheet) -> None:
        sheet.cell(1_048_576, 16_384).number_format = "0.00"

    assert rows(open_file(save([["a"], [1]], format_corner))) == [[1]]


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"<row r=", b"<row r=x"), (b"</row>", b""), (b'r="A2"', b'r="2A"'), (b"<v>1</v>", b"<v>1")],
)
def test_a_damaged_sheet_is_refused(save: Save, old: bytes, new: bytes) -> None:
    damaged = rewritten(
        save([["a"], [1]]), "xl/worksheets/sheet1.xml", lambda part: part.replace(old, new, 1)
    )
    with pytest.raises(UnreadableError):
        open_file(damaged)


def test_entities_that_multiply_are_refused(save: Save) -> None:
    entities = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, 12))
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "{"a" * 50}">{entities}]>'.encode()
    path = rewritten(
        save([["a"], ["=1"]]),
        "xl/worksheets/sheet1.xml",
        lambda part: bomb + part.replace(b"<f>1</f><v />", b"<f>1</f><v>&e11;</v>"),
    )
    with pytest.raises(UnreadableError):
        open_file(path)


# --- properties ----------------------------------------------------------------------------------

TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF), max_size=10)
CELL = st.one_of(
    st.none(),
    TEXT.filter(lambda text: text != "" and not text.startswith(("=", "#"))),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.booleans(),
    st.dates(date(1901, 1, 1), date(2200, 1, 1)),
    st.integers(-(10**9), 10**9).filter(lambda number: number % 1000 != 0).map(lambda n: n / 1000),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=6))
def test_what_is_written_is_read(save: Save, written: list[list[Any]]) -> None:
    read = rows(open_file(save([["x", "y", "z"], *written])))
    assert read == [row for row in written if any(cell is not None for cell in row)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(part=st.binary(max_size=200), place=st.integers(0, 3000))
def test_damage_is_a_table_or_a_reason(save: Save, part: bytes, place: int) -> None:
    def overwrite(content: bytes) -> bytes:
        start = place % len(content)
        return content[:start] + part + content[start + len(part) :]

    path = rewritten(save([["a", "b"], [1, "=A2"]]), "xl/worksheets/sheet1.xml", overwrite)
    with suppress(UnreadableError):
        records(open_file(path))
