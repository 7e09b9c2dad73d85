"""The sender's own file comes back: what was not taken is marked, everything else is as it was."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from seed.mappings import ImportMapping
from seed.readers import Hints
from seed.readers.formats import open_file
from seed.report import FileReport, Finding
from seed.workbooks import marks
from seed.workbooks.columns import sheets
from seed.workbooks.marks import FILLS, CannotMark, mark_rejected
from tests.seed.sheets import line, write

RED, YELLOW = (fill.fgColor.rgb for fill in FILLS.values())
MAPPING = ImportMapping.model_validate(
    {
        "resource": "offerings",
        "title": "A sheet of theirs",
        "source": {
            "slug": "theirs",
            "title": "T",
            "publisher": "P",
            "license": "cc-zero",
            "attribution": "A",
        },
        "file": {"header_rows": 2, "skip_rows": 2, "table": "Angebote"},
        "key": "Nr.",
        "fields": {
            "name": "Angebot / Name",
            "categories": {"column": "Art", "separator": ","},
            "phone": {"columns": ["Angebot / Vorwahl", "Angebot / Nummer"]},
        },
        "parts": {"sites": {"fields": {"longitude": "Ort / x", "latitude": "Ort / y"}}},
    }
)


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A workbook as offices make them: a title, two header rows, and not beginning at A1."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Angebote"
    _fill(sheet)
    _style(sheet)
    other = book.create_sheet("Notizen")
    other["A1"] = "bleibt"
    other.sheet_state = "hidden"
    book.defined_names["Bereich"] = DefinedName("Bereich", attr_text="Angebote!$B$5:$H$24")
    file = tmp_path / "theirs.xlsx"
    book.save(file)
    return file


def _fill(sheet: Any) -> None:
    sheet["B1"] = "Angebote im Landkreis"
    sheet.append([])
    sheet.append([None, "Nr.", "Angebot", None, None, "Ort", None, "Art"])
    sheet.append([None, None, "Name", "Vorwahl", "Nummer", "x", "y"])
    for number in range(1, 21):
        row = [None, number, f"Angebot {number}", "03731", f"00{number}", 13.3, 50.9, "advice"]
        sheet.append(row)
    for merged in ("C3:E3", "F3:G3", "H9:H10"):
        sheet.merge_cells(merged)
    sheet["I5"] = "=SUM(F5:G5)"
    sheet["J5"] = "ihre Spalte"


def _style(sheet: Any) -> None:
    sheet["B1"].font = Font(bold=True, size=16, color="FF112233")
    sheet["C7"].fill = PatternFill("solid", fgColor="FF00FF00")
    sheet["C7"].border = Border(bottom=Side("double"))
    sheet["D7"].comment = Comment("Stimmt das?", "Somebody")
    sheet["J5"].alignment = Alignment(wrap_text=True)
    sheet.freeze_panes = "C5"
    sheet.column_dimensions["C"].width = 44
    sheet.column_dimensions["J"].hidden = True
    sheet.row_dimensions[6].height = 33
    rule = DataValidation(type="list", formula1='"advice,health"')
    rule.add("H5:H24")
    sheet.add_data_validation(rule)
    red = CellIsRule("greaterThan", ["14"], fill=PatternFill(bgColor="FFFF0000"))
    sheet.conditional_formatting.add("F5:F24", red)


def findings() -> list[Finding]:
    """As imports of this file report them."""
    report = FileReport("theirs.xlsx")
    report.reject("no term of category", "row 5", "categories", "advise")
    report.flag("not a phone number", "row 6", "phone", "x")
    report.reject("breaks a rule of the registry: offering_age_max_check", "row 7")
    report.flag("a remark", "row 7", "name")
    report.reject("several rows have this key", "row 8", "key", "4")
    report.flag("outside the registry's territory", "row 9", "geometry")
    report.flag("no term of theme", "row 10", "categories", "x")
    report.flag("not a number", "row 11, column Ort / x", "value")
    report.flag("of nothing in the sheet", "row 12", "organisation_mode")
    report.flag("left out: looks personal", None, "Art")
    report.note("explains", "row 13")
    return report.findings


def cell(file: Path, address: str, sheet: str = "Angebote") -> Any:
    return openpyxl.load_workbook(file)[sheet][address]


def test_rejected_and_flagged_cells_are_coloured_and_say_why(theirs: Path, tmp_path: Path) -> None:
    out = tmp_path / "marked.xlsx"
    marked = mark_rejected(theirs, findings(), out, mapping=MAPPING)
    assert (marked.rows, marked.cells, marked.lost) == (8, 9, ())
    assert cell(out, "H5").fill.fgColor.rgb == RED
    assert cell(out, "H5").comment.text == "Quartier: Not taken: categories: no term of category"
    for address in ("D6", "E6", "C7", "F9", "G9", "F11"):
        assert cell(out, address).fill.fgColor.rgb == YELLOW, address
    assert cell(out, "B8").fill.fgColor.rgb == RED
    assert cell(out, "H9").comment, "of the merged cells H9:H10 the first is marked"


def test_the_last_column_has_the_reasons_of_every_row(theirs: Path, tmp_path: Path) -> None:
    out = tmp_path / "marked.xlsx"
    mark_rejected(theirs, findings(), out, mapping=MAPPING)
    assert cell(out, "K4").value == "Quartier"
    assert cell(out, "K7").value == (
        "Not taken: breaks a rule of the registry: offering_age_max_check; "
        "Please check: name: a remark"
    )
    assert cell(out, "K7").fill.fgColor.rgb == RED
    assert cell(out, "K12").value.startswith("Please check: organisation_mode")
    assert cell(out, "K13").value is None, "a note is no fault"


def test_everything_else_is_as_it_was(theirs: Path, tmp_path: Path) -> None:
    out = tmp_path / "marked.xlsx"
    mark_rejected(theirs, findings(), out, mapping=MAPPING)
    before, after = openpyxl.load_workbook(theirs), openpyxl.load_workbook(out)
    assert after.sheetnames == before.sheetnames
    assert after.defined_names["Bereich"].attr_text == before.defined_names["Bereich"].attr_text
    for name in before.sheetnames:
        _assert_same(before[name], after[name])
    assert cell(out, "D7").comment.text == "Stimmt das?", "nothing was said of it"
    assert cell(out, "C7").border.bottom.style == "double"


def _assert_same(before: Any, after: Any) -> None:
    for row in before.iter_rows():
        for old in row:
            new = after[old.coordinate]
            assert (new.value, new.data_type) == (old.value, old.data_type), old.coordinate
            for style in ("font", "border", "alignment", "number_format", "protection"):
                is_now, was = repr(getattr(new, style)), repr(getattr(old, style))
                assert is_now == was, (old.coordinate, style)
            if new.fill.fgColor.rgb not in (RED, YELLOW):
                assert repr(new.fill) == repr(old.fill)
                assert (new.comment and new.comment.text) == (old.comment and old.comment.text)
    assert after.merged_cells.ranges == before.merged_cells.ranges
    assert (after.freeze_panes, after.sheet_state) == (before.freeze_panes, before.sheet_state)
    rules = [[str(r.sqref) for r in s.data_validations.dataValidation] for s in (before, after)]
    assert rules[0] == rules[1]
    assert [*map(str, after.conditional_formatting)] == [*map(str, before.conditional_formatting)]
    for letter, column in before.column_dimensions.items():
        assert after.column_dimensions[letter].width == column.width
        assert after.column_dimensions[letter].hidden == column.hidden
    for number, height in before.row_dimensions.items():
        assert after.row_dimensions[number].height == height.height


def test_a_comment_of_theirs_is_kept_above_ours(theirs: Path, tmp_path: Path) -> None:
    out, again = tmp_path / "marked.xlsx", tmp_path / "again.xlsx"
    report = FileReport("x")
    report.flag("not a phone number", "row 7", "phone")
    mark_rejected(theirs, report.findings, out, mapping=MAPPING)
    said = cell(out, "D7").comment
    assert (said.author, said.text) == (
        "Somebody",
        "Stimmt das?\n\nQuartier: Please check: phone: not a phone number",
    )
    mark_rejected(out, [], again, mapping=MAPPING)
    assert cell(again, "D7").comment.text == "Stimmt das?"


def test_marks_of_an_earlier_round_are_taken_back(theirs: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.xlsx", tmp_path / "second.xlsx"
    mark_rejected(theirs, findings(), first, mapping=MAPPING)
    report = FileReport("x")
    report.reject("still not", "row 5", "name")
    mark_rejected(first, report.findings, second, mapping=MAPPING)
    page = openpyxl.load_workbook(second)["Angebote"]
    assert [c.value for c in page[4]].count("Quartier") == 1
    marked = {c.coordinate for row in page.iter_rows() for c in row if c.comment}
    assert marked == {"C5", "D7"}
    coloured = {
        c.coordinate for row in page.iter_rows() for c in row if c.fill.fgColor.rgb in (RED, YELLOW)
    }
    assert coloured == {"C5", "K5"}


def test_our_own_workbook_stays_ours(tmp_path: Path) -> None:
    offerings, sites = sheets("offerings", ["en"])
    rows = {
        "offerings": [line(offerings, id="1", name="=A1"), line(offerings, id="2", name="B")],
        "sites": [line(sites, offering="1", id="3", town="X")],
    }
    file, out = write(tmp_path / "own.xlsx", rows), tmp_path / "out.xlsx"
    report = FileReport("own.xlsx")
    report.reject("empty", "row 3", "name")
    report.flag("no district is called that", "sites, row 2", "district", "X")
    marked = mark_rejected(file, report.findings, out)
    assert (marked.rows, marked.cells) == (2, 2)
    page, second = (openpyxl.load_workbook(out)[name] for name in ("offerings", "sites"))
    assert page["C3"].comment.text.startswith("Quartier: Not taken")
    assert page["C2"].data_type == "s"
    assert second.cell(2, second.max_column).value.startswith("Please check: district")
    assert page.protection.sheet
    assert not page["C3"].protection.locked, "what has to be mended can be"
    again = open_file(out, Hints())
    assert [table.name for table in again.tables] == ["offerings", "sites", "help"]
    assert openpyxl.load_workbook(out).custom_doc_props["QuartierResource"].value == "offerings"


def test_macros_stay(theirs: Path, tmp_path: Path) -> None:
    file, out = tmp_path / "theirs.xlsm", tmp_path / "out.xlsm"
    with ZipFile(theirs) as old, ZipFile(file, "w") as new:
        for each in old.namelist():
            new.writestr(each, old.read(each))
        new.writestr("xl/vbaProject.bin", b"macros")
    mark_rejected(file, findings(), out, mapping=MAPPING)
    with ZipFile(out) as written:
        assert written.read("xl/vbaProject.bin") == b"macros"


def test_what_cannot_be_marked_is_refused_with_advice(
    theirs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.xlsx"
    features = tmp_path / "x.geojson"
    features.write_text('{"type": "FeatureCollection", "features": []}')
    with pytest.raises(CannotMark, match="only XLSX and CSV can be marked"):
        mark_rejected(features, [], out)
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(theirs.read_bytes()[:2000])
    with pytest.raises(CannotMark):
        mark_rejected(broken, [], out)
    monkeypatch.setattr(marks, "LARGEST", 1000)
    with pytest.raises(CannotMark, match="save the sheet as CSV"):
        mark_rejected(theirs, [], out, mapping=MAPPING)
    assert not out.exists()


# --- CSV -----------------------------------------------------------------------------------------

BODY = 'id;name;note\r\n1;Eins;"zwei\r\nZeilen; ""so"""\r\n\r\n2;Zwei;\r\n3;Drei;ohne Ende'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_csv_gets_a_column_and_is_otherwise_the_same(tmp_path: Path, encoding: str) -> None:
    file, out = tmp_path / "theirs.csv", tmp_path / "out.csv"
    file.write_bytes(BODY.replace("Eins", "Größe").encode(encoding))
    report = FileReport("x")
    report.reject('no "term"', "line 2", "name")
    report.flag("odd", "line 5", "note")
    assert mark_rejected(file, report.findings, out).rows == 2
    assert out.read_bytes().decode(encoding) == (
        'id;name;note;"Quartier"\r\n1;Größe;"zwei\r\nZeilen; ""so""";"Not taken: name: no ""term"""'
        '\r\n\r\n2;Zwei;;"Please check: note: odd"\r\n3;Drei;ohne Ende;""'
    )


def test_csv_that_comes_back_marked_is_marked_anew(tmp_path: Path) -> None:
    file, first, second = (tmp_path / name for name in ("a.csv", "b.csv", "c.csv"))
    file.write_text(BODY, newline="")
    report = FileReport("x")
    report.reject('no "term"', "line 2", "name")
    mark_rejected(file, report.findings, first)
    mark_rejected(first, [], second)
    header, *rest = second.read_text().splitlines()
    assert header == 'id;name;note;"Quartier"'
    assert rest[-1] == '3;Drei;ohne Ende;""'
    assert "Not taken" not in second.read_text()


def test_a_line_that_names_the_separator_stays_the_first(tmp_path: Path) -> None:
    file, out = tmp_path / "a.csv", tmp_path / "b.csv"
    file.write_text("sep=;\nid;name\n1;Eins\n")
    report = FileReport("x")
    report.flag("odd", "line 3", "name")
    mark_rejected(file, report.findings, out)
    assert out.read_text() == 'sep=;\nid;name;"Quartier"\n1;Eins;"Please check: name: odd"\n'


LETTERS = st.characters(exclude_characters="\ufeff", exclude_categories=["Cs", "Cc"])
CELLS = st.text(LETTERS | st.sampled_from('\r\n\t",;'), max_size=8)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8))
def test_every_entry_of_csv_is_kept(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("marked")
    file, out = folder / "a.csv", folder / "b.csv"
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerows([("id", "name", "note"), *((n, *row) for n, row in enumerate(rows))])
    mark_rejected(file, [], out)
    with (
        file.open(encoding="utf-8", newline="") as one,
        out.open("r", encoding="utf-8", newline="") as two,
    ):
        before, after = list(csv.reader(one)), list(csv.reader(two))
    assert [row[:3] for row in after] == before
    assert {row[3] for row in after[1:]} == {""}
