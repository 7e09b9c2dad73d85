"""Numbers, statistical signs and truth values of spreadsheets."""

import csv
import itertools
from datetime import date
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.codes import FLAGS
from seed.numbers import CellError, Convention, boolean, conventions, figure, number, sign

SHARED = Path(__file__).parents[3] / "shared" / "data"
FLENSBURG = SHARED / "flensburg" / "kitas_in_flensburg_redacted.csv"
INKAR = SHARED / "mittelsachsen" / "INKAR_A_Arbeitslosigkeit.xls"
needs_shared = pytest.mark.skipif(
    not FLENSBURG.exists(), reason="the shared data files are not here"
)

PLAIN = Convention()
GERMAN = Convention(",", ".")
BLANKS = Convention(",", " ")
SWISS = Convention(".", "'")
ENGLISH = Convention(".", ",")
OFFICIAL = Convention(",", " ", official=True)


@pytest.mark.parametrize(
    ("cell", "convention", "expected"),
    [
        ("1234", PLAIN, "1234"),
        ("-12.50", PLAIN, "-12.50"),
        (".5", PLAIN, "0.5"),
        ("+3", PLAIN, "3"),
        ("1.234", PLAIN, "1.234"),
        ("1.234", GERMAN, "1234"),
        ("1.234.567,89", GERMAN, "1234567.89"),
        ("1234,5", GERMAN, "1234.5"),
        ("−12,5", GERMAN, "-12.5"),
        ("–12,5", GERMAN, "-12.5"),
        ("1 234 567,8", BLANKS, "1234567.8"),
        ("1\xa0234", BLANKS, "1234"),
        ("1\u202f234", BLANKS, "1234"),
        ("1\u2009234", BLANKS, "1234"),
        (" 1 234\t", BLANKS, "1234"),
        ("1'234.5", SWISS, "1234.5"),
        ("1’234’567", SWISS, "1234567"),
        ("1,234.5", ENGLISH, "1234.5"),
        (12, GERMAN, "12"),
        (0.1, GERMAN, "0.1"),
        (45.218280232433266, GERMAN, "45.218280232433266"),
        (Decimal("1.50"), GERMAN, "1.50"),
    ],
)
def test_numbers_by_convention(cell: object, convention: Convention, expected: str) -> None:
    assert figure(cell, convention) == (Decimal(expected), None)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("12,5 %", "12.5"), ("12,5%", "12.5"), ("1.200 Einwohner", "1200"), ("€ 3,50", "3.50")],
)
def test_units_are_taken_off_if_they_are_stated(cell: str, expected: str) -> None:
    convention = Convention(",", ".", units=("%", "Einwohner", "€"))
    assert number(cell, convention) == Decimal(expected)
    with pytest.raises(CellError, match="is not a number"):
        number(cell, GERMAN)


@pytest.mark.parametrize(
    ("cell", "convention", "reason"),
    [
        ("1.234,5", PLAIN, "decimal: ',', thousands: '.' in the mapping it would be"),
        ("1 234", GERMAN, "thousands: ' ' in the mapping it would be"),
        ("12,5", PLAIN, "'12,5' is not a number with decimals '.'; with decimal: ','"),
        ("1.23", GERMAN, "with decimal: '.' in the mapping"),
        ("12.34,5", GERMAN, "is not a number with decimals ',' and thousands '.'$"),
        ("1.2345", GERMAN, "is not a number"),
        ("5-", PLAIN, "is not a number"),
        ("12 3", BLANKS, "is not a number"),
        ("(12)", PLAIN, "is not a number"),
        ("12 p", PLAIN, "is not a number"),
        ("1E+05", PLAIN, "is not a number"),
        ("٥", PLAIN, "is not a number"),
        ("viele", PLAIN, "'viele' is not a number"),
        ("#DIV/0!", PLAIN, "#DIV/0! is an error of the spreadsheet"),
        ("#NV", PLAIN, "error of the spreadsheet"),
        ("#BEZUG!", PLAIN, "error of the spreadsheet"),
        ("1" * 20, PLAIN, "larger than any figure"),
        ("1" * 4000, PLAIN, "is not a number"),
        (1e300, PLAIN, "larger than any figure"),
        (float("nan"), PLAIN, "NaN is not a number"),
        (float("inf"), PLAIN, "Infinity is not a number"),
        (True, PLAIN, "'True' is not a number"),
        (date(2021, 1, 1), PLAIN, "is not a number"),
    ],
)
def test_what_is_no_number_is_refused(cell: object, convention: Convention, reason: str) -> None:
    with pytest.raises(CellError, match=reason):
        figure(cell, convention)


def test_one_sign_cannot_mean_both() -> None:
    with pytest.raises(ValueError, match="decimals and for thousands"):
        Convention(",", ",")


@pytest.mark.parametrize("cell", [None, "", "  ", "\xa0", "\ufeff"])
def test_an_empty_cell_is_no_number_and_no_sign(cell: str | None) -> None:
    assert figure(cell, PLAIN) == figure(cell, OFFICIAL) == (None, None)


@pytest.mark.parametrize(
    ("cell", "flag"),
    [
        (".", "suppressed"),
        ("*", "suppressed"),
        ("•", "suppressed"),
        ("geheim", "suppressed"),
        ("<3", "suppressed"),
        ("< 10", "suppressed"),
        ("unter 5", "suppressed"),
        ("…", "not_available"),
        ("...", "not_available"),
        ("k. A.", "not_available"),
        ("k.A.", "not_available"),
        ("keine Angabe", "not_available"),
        ("n/a", "not_available"),
        ("unbekannt", "not_available"),
        ("x", "not_applicable"),
        ("X", "not_applicable"),
        ("×", "not_applicable"),
    ],
)
def test_signs_in_place_of_a_number(cell: str, flag: str) -> None:
    assert flag in FLAGS
    for convention in (PLAIN, GERMAN, OFFICIAL):
        assert (number(cell, convention), sign(cell, convention)) == (None, flag)


def test_a_slash_is_a_number_too_unsure_to_show_only_in_official_statistics() -> None:
    assert figure("/", PLAIN) == (None, "not_available")
    assert figure("/", OFFICIAL) == (None, "low_reliability")


@pytest.mark.parametrize("cell", ["-", "–", "—"])
def test_a_dash_is_zero_only_in_official_statistics(cell: str) -> None:
    assert figure(cell, PLAIN) == (None, "not_available")
    assert figure(cell, OFFICIAL) == (Decimal(0), None)


@pytest.mark.parametrize(
    ("cell", "value", "flag"),
    [
        ("0", "0", "rounded_to_zero"),
        ("0,0", "0", "rounded_to_zero"),
        (0, "0", "rounded_to_zero"),
        ("(12)", "12", "low_reliability"),
        ("( 1 234,5 )", "1234.5", "low_reliability"),
        ("12 p", "12", "provisional"),
        ("12r", "12", "revised"),
        ("1 234,5 s", "1234.5", "estimated"),
        ("12", "12", None),
    ],
)
def test_signs_beside_a_number(cell: object, value: str, flag: str | None) -> None:
    assert figure(cell, OFFICIAL) == (Decimal(value), flag)


def test_zero_is_zero_elsewhere() -> None:
    zero = (Decimal(0), None)
    assert figure("0", PLAIN) == figure(0, PLAIN) == figure("0,0", GERMAN) == zero
    assert figure("()", OFFICIAL) == (None, "not_available")


def test_the_conventions_that_fit_are_proposed() -> None:
    assert conventions(["1.234,5", "12", "-", None, 3.5]) == [GERMAN]
    assert conventions(["1 234,5"]) == [BLANKS]
    assert conventions(["1.234"])[:2] == [PLAIN, GERMAN]  # one to choose from
    assert conventions(["Markt 1"]) == []
    assert conventions(["12"])[0] == PLAIN


AMOUNTS = st.decimals(-999_999_999, 999_999_999, allow_nan=False, places=3)
CONVENTIONS = [
    Convention(decimal, thousands, units=("%",))  # type: ignore[arg-type]
    for decimal, thousands in itertools.product(",.", ("", " ", ".", ",", "'"))
    if decimal != thousands
]


@given(AMOUNTS, st.sampled_from(CONVENTIONS), st.sampled_from(["{}", "{} %", " {}%", "{}\t"]))
def test_what_is_written_by_a_convention_is_read_by_it(
    amount: Decimal, convention: Convention, form: str
) -> None:
    """The oracle is Python's own formatting, its signs exchanged."""
    marks = str.maketrans({",": convention.thousands or None, ".": convention.decimal})
    assert number(form.format(f"{amount:,.3f}".translate(marks)), convention) == amount
    plain = f"{amount:.3f}".replace(".", convention.decimal)
    assert number(plain, convention) == amount
    assert Convention(convention.decimal) in conventions([plain])


@given(st.floats(-1e14, 1e14))
def test_a_number_of_a_spreadsheet_is_its_shortest_text(value: float) -> None:
    assert float(number(value, PLAIN) or 0) == value


@given(st.text(max_size=30) | st.floats() | st.none(), st.sampled_from([PLAIN, GERMAN, OFFICIAL]))
def test_any_cell_is_a_figure_or_refused(cell: object, convention: Convention) -> None:
    try:
        found = figure(cell, convention)
    except CellError:
        return
    assert found.value is None or found.value.is_finite()


# --- yes and no ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("ja", True), ("Ja ", True), ("J", True), ("X", True), ("x", True), ("1", True),
        (1, True), (1.0, True), (True, True), ("wahr", True), ("TRUE", True), ("yes", True),
        ("nein", False), ("Nein", False), ("N", False), ("0", False), (0, False), (0.0, False),
        (False, False), ("falsch", False), ("FALSE", False), ("nej", False),
        ("", None), (None, None), (" ", None), ("-", None), ("k. A.", None), ("unbekannt", None),
    ],
)  # fmt: skip
def test_yes_and_no(cell: object, expected: bool | None) -> None:
    assert boolean(cell) is expected


@pytest.mark.parametrize("cell", ["vielleicht", "2", 2, 0.5, "ja, teilweise", "w", "f", "x" * 500])
def test_what_is_neither_is_refused(cell: object) -> None:
    with pytest.raises(CellError, match="is neither yes nor no"):
        boolean(cell)


def test_the_mapping_may_say_otherwise() -> None:
    ticked = {"": False, "teilweise": True, "X": False}
    assert [boolean(cell, ticked) for cell in ("", None, "Teilweise", "x", "ja")] == [
        False, False, True, False, True,
    ]  # fmt: skip


# --- real files ----------------------------------------------------------------------------------


@needs_shared
def test_the_lunch_of_flensburg_is_ticked_or_denied() -> None:
    with FLENSBURG.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = [boolean(row["lunch_offer"]) for row in rows]
    assert (found.count(True), found.count(False), found.count(None)) == (
        sum(row["lunch_offer"] == "X" for row in rows),
        sum(row["lunch_offer"] == "Nein" for row in rows),
        sum(not row["lunch_offer"] for row in rows),
    )
    assert all(number(row["childcare_places"], PLAIN) for row in rows)


@needs_shared
def test_every_figure_of_inkar_is_read() -> None:
    workbook = import_module("python_calamine").CalamineWorkbook.from_path(str(INKAR))
    rows = workbook.get_sheet_by_index(0).to_python()[2:]
    for row in rows[::50]:
        for cell in row[3:]:
            assert figure(cell, PLAIN).value == cell or cell == ""
