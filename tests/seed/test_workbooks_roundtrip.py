"""The whole way: out of the registry as a workbook or CSV, edited as staff do it, and back."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, select, update
from typer.testing import CliRunner

from cli import app
from db import exports
from db.cluster import Cluster
from db.exports import Scope
from db.imports import undo
from db.models import Offering, Revision
from db.registry import writer
from seed.imports.additions import AlreadyThere
from seed.imports.corrections import correct
from seed.imports.engine import Order, import_files
from seed.imports.returning import returned
from seed.readers.formats import open_file
from seed.report import FileReport, Severity
from seed.targets import TARGETS
from seed.workbooks import marks
from seed.workbooks.cells import quoted
from seed.workbooks.columns import sheets
from seed.workbooks.delimited import CsvStyle
from seed.workbooks.export import Each, export_each, export_file
from seed.workbooks.export import Order as ExportOrder
from seed.workbooks.lines import Lines
from seed.workbooks.marks import FILLS
from tests.databases import Database, clone

SUFFIXES = {
    "workbook": (".xlsx", CsvStyle()),
    "csv": (".csv", CsvStyle()),
    "csv of a German Excel": (".csv", CsvStyle(semicolon=True, bom=True)),
}
TOLD = ("checksum", "offering_name", "measure_title")  # by other cells than its own
Key = tuple[str, str, str]
"""Sheet, id and, of a part, the id of its owner."""
Rows = dict[Key, dict[str, Any]]


@dataclass
class Registry:
    """A registry of its own for every test, and a folder for its exports."""

    database: Database
    folder: Path

    @property
    def url(self) -> str:
        return self.database.owner_url

    def export(self, resource: str, kind: str = "workbook") -> list[Path]:
        suffix, style = SUFFIXES[kind]
        file = self.folder / f"{resource}{suffix}"
        export_file(self.url, ExportOrder(resource, private=True, csv=style), file)
        parts = [file.with_stem(f"{resource}-{part}") for part in TARGETS[resource].parts]
        return [file, *(each for each in parts if each.exists())]

    def bring_back(self, *files: Path, resource: str | None = None, **order: Any) -> FileReport:
        """The report of the last file."""
        return import_files(self.url, files, Order(resource, **order)).files[-1]

    def rows(self, resource: str) -> Rows:
        """All that an export has of a resource."""
        found: Rows = {}
        with exports.snapshot(self.url) as connection:
            for sheet in sheets(resource, exports.languages(connection)[1:], private=True):
                lines = Lines(sheet)
                read = exports.rows(connection, sheet.reading, Scope(private=True))
                for cells in map(lines.named, lines.all_of(read)):
                    key = (sheet.name, str(cells["id"]), str(cells.get(sheet.owner or "")))
                    found[key] = {name: cells[name] for name in cells if name not in TOLD}
        return found

    def revisions(self) -> int:
        with writer(self.url, "test") as connection:
            return connection.scalar(select(func.count()).select_from(Revision)) or 0


@pytest.fixture
def registry(own_demo_database: Database, tmp_path: Path) -> Registry:
    return Registry(own_demo_database, tmp_path)


@pytest.fixture(scope="module")
def shared(
    cluster: Cluster, demo_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Registry]:
    """One for all tests that tell what happened from what was there before."""
    with clone(cluster, demo_template) as database:
        yield Registry(database, tmp_path_factory.mktemp("exports"))


@dataclass
class Page:
    """The rows of a sheet as somebody edits them, whatever the file is. Row 2 is the first."""

    columns: list[str]
    rows: list[dict[str, Any]]

    def __getitem__(self, where: tuple[str, int]) -> Any:
        return self.rows[where[1] - 2][where[0]]

    def __setitem__(self, where: tuple[str, int], value: object) -> None:
        self.rows[where[1] - 2][where[0]] = value

    def add(self, **cells: object) -> int:
        self.rows.append(dict.fromkeys(self.columns) | cells)
        return len(self.rows) + 1

    def find(self, name: str, value: object) -> int:
        return next(n for n, row in enumerate(self.rows, 2) if row[name] == value)


@contextmanager
def opened(file: Path, sheet: str) -> Iterator[Page]:
    """A sheet of a workbook, or a CSV file, which is saved as another program would save it."""
    with (_workbook if file.suffix == ".xlsx" else _csv)(file, sheet) as page:
        yield page


@contextmanager
def _workbook(file: Path, name: str) -> Iterator[Page]:
    book = openpyxl.load_workbook(file)
    sheet = book[name]
    columns = [str(cell.value) for cell in sheet[1]]
    rows = [dict(zip(columns, row, strict=True)) for row in sheet.iter_rows(2, values_only=True)]
    page = Page(columns, [dict(row) for row in rows])
    yield page
    for number, row in enumerate(page.rows, 2):
        for column, cell in enumerate(columns, 1):
            if number - 2 >= len(rows) or rows[number - 2][cell] != row[cell]:
                sheet.cell(number, column).value = row[cell]
                if isinstance(row[cell], str):  # not a formula, as the format of the column says
                    sheet.cell(number, column).data_type = "s"
    book.save(file)


@contextmanager
def _csv(file: Path, sheet: str) -> Iterator[Page]:
    """Numbers and dates are typed as the program shows them."""
    path = file if file.stem == sheet else file.with_stem(f"{file.stem}-{sheet}")
    text = path.read_text(encoding="utf-8-sig")
    german = "checksum_csv_comma" in text
    reader = csv.DictReader(StringIO(text, newline=""), delimiter=";" if german else ",")
    page = Page(list(reader.fieldnames or ()), list(reader))
    yield page
    with path.open("w", encoding="utf-8", newline="") as out:
        writing = csv.DictWriter(out, page.columns, delimiter=";" if german else ",")
        writing.writeheader()
        for row in page.rows:
            writing.writerow({name: _typed(cell, german=german) for name, cell in row.items()})


def _typed(cell: object, *, german: bool) -> str:
    if isinstance(cell, date):
        return f"{cell:%d.%m.%Y}" if german else cell.isoformat()
    if isinstance(cell, float):
        return str(cell).replace(".", ",") if german else str(cell)
    return "" if cell is None else str(cell)


def differences(before: Rows, after: Rows) -> dict[Key, dict[str, tuple[Any, Any]]]:
    """What differs: of rows that came or went everything."""
    found = {}
    for key in before.keys() | after.keys():
        was, now = before.get(key, {}), after.get(key, {})
        names = {name for name in was.keys() | now.keys() if was.get(name) != now.get(name)}
        if names:
            found[key] = {name: (was.get(name), now.get(name)) for name in names}
    return found


def reasons(report: FileReport, *severities: Severity) -> list[tuple[str | None, str | None, str]]:
    wanted = severities or (Severity.ERROR, Severity.WARNING)
    return [
        (each.position, each.field, each.reason)
        for each in report.findings
        if each.severity in wanted
    ]


# --- nothing was changed -------------------------------------------------------------------------


@pytest.mark.parametrize("resource", TARGETS)
def test_an_export_that_comes_back_as_it_was_writes_nothing(
    shared: Registry, resource: str
) -> None:
    revisions = shared.revisions()
    for kind in SUFFIXES:
        for file in shared.export(resource, kind):
            report = shared.bring_back(file)
            assert not report.refused, report.findings
            assert report.read > 0
            assert report.unchanged == report.read, reasons(report)
            assert reasons(report) == []
    assert shared.revisions() == revisions


def test_another_program_that_saves_the_workbook_changes_nothing(shared: Registry) -> None:
    (file,) = shared.export("offerings")
    with opened(file, "offerings"):
        pass
    report = shared.bring_back(file, resource="offerings")
    assert report.unchanged == report.read > 0


# --- one cell was changed ------------------------------------------------------------------------


MATCHES = "https://example.org/b; https://example.org/a"


class Same:
    """The registry has what was typed."""


Edit = tuple[str, object, object]
"""A column, what is typed into it, and what the registry has then."""

EDITS: Mapping[str, Mapping[str, Sequence[Edit]]] = {
    "offerings": {
        "offerings": [
            ("name", "Another name", Same),
            ("description", "Two\nlines", Same),
            ("description", None, Same),
            ("name@en", "A name", Same),
            ("note@en", "=1+1", Same),
            ("organisation", "Landratsamt Mittelsachsen", "landratsamt-mittelsachsen"),
            ("organisation_mode", "mobile", Same),
            ("age_min", 3, Same),
            ("capacity", 41.0, 41),
            ("free", "ja", "yes"),
            ("free", "nein", "no"),
            ("valid_from", date(2024, 5, 1), Same),
            ("valid_to", "31.12.2031", date(2031, 12, 31)),
            ("as_of", "Mai 2024", "2024-05"),
            ("phone", "+49 3731 000000", Same),
            ("email", "post@example.org", Same),
            ("url", "www.example.org", "https://www.example.org"),
            ("internal_note", "ask again", Same),
            ("categories", "day_care; Beratung", "advice; day_care"),
            ("themes", None, Same),
            ("service_area", "Döbeln;ags:14522180", "ags:14522080; ags:14522180"),
        ],
        "sites": [
            ("street", "Neue Straße 1", Same),
            ("postcode", "01234", Same),
            ("district", "Döbeln", "ags:14522080"),
            ("wheelchair", "limited", Same),
            ("opening_hours", "Mo-Fr 09:00-12:00", Same),
            ("longitude", 13.1234567, Same),
            ("note@en", "a note", Same),
        ],
    },
    "organisations": {
        "organisations": [
            ("kind", "Verein", "association"),
            ("name@en", None, Same),
            ("parent", "Landratsamt Mittelsachsen", "landratsamt-mittelsachsen"),
            ("parent", None, Same),
            ("district", "ags:14522080", Same),
        ],
    },
    "districts": {
        "districts": [
            ("population", 12345, Same),
            ("area_km2", 12.5, Decimal("12.5")),
            ("name@en", "A town", Same),
            ("valid_from", "2008-08-01", date(2008, 8, 1)),
        ],
    },
    "codelists": {
        "codelists": [
            ("label", "Ein Wort", Same),
            ("label@en", "A word", Same),
            ("exact_match", "https://example.org/b;https://example.org/a", MATCHES),
            ("parent", None, Same),
        ],
    },
    "indicators": {
        "indicators": [
            ("decimals", 3, Same),
            ("factor", 1000, Decimal(1000)),
            ("polarity", "neutral", Same),
            ("themes", "health", Same),
        ],
    },
    "observations": {
        "observations": [
            ("value", 4711.25, Decimal("4711.25")),
            ("note", "checked", Same),
            ("flags", "provisional", Same),
        ],
    },
    "strategies": {
        "strategies": [
            ("period", "2024/2030", Same),
            ("target_groups", "families", Same),
        ],
    },
    "measures": {
        "measures": [
            ("implementation", "completed", Same),
            ("implementation", None, "unknown"),
            ("districts", "ags:14522080", Same),
            ("end", "Ende 2025", "2025-39"),
        ],
        "statements": [
            ("text", "Otherwise", Same),
            ("date", "2024-05-06", Same),
            ("text@en", "In English", Same),
        ],
    },
    "decisions": {
        "decisions": [
            ("votes_yes", 12, Same),
            ("date", "6.5.2024", "2024-05-06"),
            ("text", "'=quoted", Same),
        ],
    },
}


@pytest.mark.parametrize("kind", SUFFIXES)
@pytest.mark.parametrize("resource", EDITS)
def test_the_cells_that_were_changed_are_all_that_differs(
    shared: Registry, resource: str, kind: str
) -> None:
    files = shared.export(resource, kind)
    before = shared.rows(resource)
    expected: Rows = {}
    for sheet, edits in EDITS[resource].items():
        expected |= type_in(files[0], before, sheet, edits)
    reports = [shared.bring_back(file, resource=resource) for file in files]
    found = differences(before, shared.rows(resource))
    assert [reasons(report) for report in reports] == [[]] * len(reports)
    now = {key: {name: new for name, (_, new) in each.items()} for key, each in found.items()}
    assert now == expected
    assert sum(report.changed for report in reports) == len(expected)


def type_in(file: Path, before: Rows, sheet: str, edits: Sequence[Edit]) -> Rows:
    """Type each edit into a row of its own, and say what the registry should have then."""
    rows = {key: row for key, row in before.items() if key[0] == sheet}
    shared = Counter(identity for _, identity, _ in rows)
    free = {key[1]: key for key in rows if shared[key[1]] == 1}
    expected: Rows = {}
    with opened(file, sheet) as page:
        for column, typed, stored in edits:
            now = typed if stored is Same else stored
            fitting = (
                number
                for number, each in enumerate(page.rows, 2)
                if each["id"] in free and _fits(rows[free[each["id"]]], column, now)
            )
            row = next(fitting, 0)
            assert row, f"no row for {column}: {typed}"
            quote = file.suffix == ".csv" and isinstance(typed, str)
            page[column, row] = quoted(str(typed)) if quote else typed
            expected[free.pop(page["id", row])] = {column: now}
    return expected


def _fits(row: Mapping[str, Any], column: str, now: object) -> bool:
    """Whether that is a change, and one that the rest of the row allows."""
    bounds = [row.get(name) for name in ("age_max", "valid_to") if name != column]
    needed = {"longitude": "longitude", "flags": "value", "parent": "parent"}.get(column, "id")
    return row[column] != now and not any(bounds) and row[needed] is not None


# --- rows that are new ---------------------------------------------------------------------------


def one(rows: Rows, sheet: str, **cells: object) -> dict[str, Any]:
    """The only row with these cells."""
    fits = [
        row
        for key, row in rows.items()
        if key[0] == sheet and all(row[name] == cell for name, cell in cells.items())
    ]
    assert len(fits) == 1, fits
    return fits[0]


def test_new_rows_and_their_sites_are_added_once(registry: Registry) -> None:
    (file,) = registry.export("offerings")
    with opened(file, "offerings") as page:
        page.add(
            name="Neue Beratung",
            organisation="awo",
            categories="advice",
            capacity=12,
            source="saechsische-awo-jugendklubs",
            **{"name@en": "New advice"},
        )
        page.add(name="Nirgends genannt", external_key="0815")
    with opened(file, "sites") as page:
        old = page["offering", 2]
        page.add(offering="Neue Beratung", street="Weg 1", town="Freiberg")
        page.add(offering="0815", town="Döbeln", longitude=13.12, latitude=51.12)
        page.add(offering=old, street="Zweitort 3", opening_hours="Mo 10:00-12:00")
    before = registry.rows("offerings")
    report = registry.bring_back(file)
    assert (report.new, report.changed, report.rejected) == (5, 0, 0), reasons(report)
    assert reasons(report) == [(None, "license", "may be imported, but not published")]
    after = registry.rows("offerings")
    added = one(after, "offerings", name="Neue Beratung")
    assert added["source"] == "saechsische-awo-jugendklubs"
    assert (added["capacity"], added["name@en"], added["status"]) == (12, "New advice", "published")
    assert one(after, "offerings", external_key="0815")["source"] == "entered-in-spreadsheets"
    assert one(after, "sites", street="Weg 1")["offering"] == added["id"]
    assert one(after, "sites", longitude=13.12)["precision"] == "exact"
    assert one(after, "sites", street="Zweitort 3")["offering"] == old
    assert len(differences(before, after)) == 5
    again = registry.bring_back(file)
    assert again.unchanged == again.read, reasons(again)
    assert registry.rows("offerings") == after


NEW: Mapping[str, Mapping[str, object]] = {  # None is the cell of the first row, {n} a number
    "organisations": {"name": "Verein {n}", "kind": "association", "parent": "awo"},
    "districts": {
        "name": "Neustadt {n}", "level": "quarter", "scheme": "own", "key": "0{n}",
        "parent": "ags:14522180",
    },
    "codelists": {
        "codelist": "theme", "code": "silence_{n}", "label": "Stille", "label@en": "Silence",
    },
    "indicators": {"title": "Neues {n}", "unit": "%", "type": "rate", "aggregation": "none"},
    "observations": {
        "indicator": None, "district": "ags:14522180", "period": "20{n}", "value": 5.5,
        "flags": "final", "breakdowns": "age=0-17; sex=f",
    },
    "strategies": {"title": "Plan {n}", "period": "2030", "themes": "health"},
    "measures": {"title": "Etwas {n}", "strategy": None, "decision": "adopted"},
    "decisions": {"title": "Beschluss {n}", "result": "adopted", "date": "2030-01-02"},
}  # fmt: skip


@pytest.mark.parametrize("kind", ["workbook", "csv of a German Excel"])
@pytest.mark.parametrize("resource", NEW)
def test_a_new_row_has_what_it_states(shared: Registry, resource: str, kind: str) -> None:
    file, *_ = shared.export(resource, kind)
    before = shared.rows(resource)
    with opened(file, resource) as page:
        number = str(30 + len(kind))
        cells = {
            name: page[name, 2]
            if cell is None
            else cell.replace("{n}", number)
            if isinstance(cell, str)
            else cell
            for name, cell in NEW[resource].items()
        }
        page.add(**cells)
    report = shared.bring_back(file, resource=resource)
    assert (report.new, report.changed, report.rejected) == (1, 0, 0), reasons(report)
    ((_, found),) = differences(before, shared.rows(resource)).items()
    assert {name: str(found[name][1]) for name in cells} == {
        name: str(cell) for name, cell in cells.items()
    }


def test_a_new_row_never_overwrites_what_the_registry_has_by_its_key(registry: Registry) -> None:
    (file,) = registry.export("organisations")
    with opened(file, "organisations") as page:
        page.add(name="Ein Verein", town="Freiberg", phone="1")
    assert registry.bring_back(file).new == 1
    before = registry.rows("organisations")
    with opened(file, "organisations") as page:
        row = page.find("name", "Ein Verein")
        page["phone", row] = "2"
        page.add(name="Noch einer")
    report = registry.bring_back(file)
    assert (report.new, report.changed, report.rejected) == (1, 0, 1)
    ((position, _, reason),) = reasons(report, Severity.ERROR)
    assert (position, reason) == (f"row {row}", str(AlreadyThere()))
    assert len(differences(before, registry.rows("organisations"))) == 1


def test_new_rows_may_name_each_other_in_any_order(registry: Registry) -> None:
    (file,) = registry.export("organisations")
    with opened(file, "organisations") as page:
        page["parent", 3] = "Dachverband"
        page.add(name="Ortsverein", parent="Dachverband", source="awo")
        page.add(name="Dachverband")
    report = registry.bring_back(file)
    assert (report.new, report.changed, report.rejected) == (2, 1, 0), reasons(report)
    after = registry.rows("organisations")
    assert one(after, "organisations", name="Ortsverein")["parent"] == "dachverband"
    assert ("source", "no source has this slug: taken as 'Entered in spreadsheets'") in [
        (field, reason) for _, field, reason in reasons(report)
    ]


def test_of_two_new_rows_of_one_cell_neither_is_taken(registry: Registry) -> None:
    (file,) = registry.export("observations")
    with opened(file, "observations") as page:
        for value in (1, 2):
            page.add(
                indicator=page["indicator", 2], district="freiberg", period="2031", value=value
            )
    report = registry.bring_back(file)
    assert (report.new, report.rejected) == (0, 2)
    assert {reason for *_, reason in reasons(report)} == {
        "several new rows are of this: keep one of them"
    }


def test_what_a_new_row_cannot_say_is_said(registry: Registry) -> None:
    (file,) = registry.export("offerings")
    with opened(file, "offerings") as page:
        row = page.add(name="Neu", organisation="nobody knows them", capacity="many")
        page.add(description="no name")
    with opened(file, "sites") as page:
        site = page.add(offering="Nobody", town="Freiberg")
    report = registry.bring_back(file)
    assert (report.new, report.rejected) == (1, 2)
    found = {(position, field): reason for position, field, reason in reasons(report)}
    assert found[f"row {row}", "organisation"] == "no organisation has this slug or name"
    assert found[f"row {row}", "capacity"].startswith("'many' is not a number")
    assert found[f"sites, row {site}", "offering"] == "no offering has this id, slug or name"


# --- parts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("resource", "part"), [("offerings", "sites"), ("measures", "statements")])
def test_a_part_that_is_removed_is_gone_and_no_other(
    registry: Registry, resource: str, part: str
) -> None:
    files = registry.export(resource, "csv")
    before = registry.rows(resource)
    with opened(files[0], part) as page:
        page["remove", 2] = "ja"
        owner = page[TARGETS[resource].table, 2]
        gone = (part, page["id", 2], owner)
    report = registry.bring_back(files[1])
    assert (report.changed, report.rejected) == (1, 0), reasons(report)
    assert differences(before, registry.rows(resource)).keys() == {gone}


def test_a_site_can_lose_its_place_and_not_half_of_it(registry: Registry) -> None:
    (file,) = registry.export("offerings")
    before = registry.rows("offerings")
    with opened(file, "sites") as page:
        lost, half, swapped = [
            row for row in range(2, len(page.rows)) if page["longitude", row] is not None
        ][:3]
        page["longitude", lost] = page["latitude", lost] = None
        page["latitude", half] = None
        page["latitude", swapped], page["longitude", swapped] = 13.3, 500
        keys = [("sites", page["id", row], page["offering", row]) for row in (lost, half, swapped)]
    report = registry.bring_back(file)
    assert (report.changed, report.rejected) == (1, 2), reasons(report)
    found = differences(before, registry.rows("offerings"))
    assert found.keys() == {keys[0]}
    assert found[keys[0]].keys() == {"longitude", "latitude"}


# --- what is not taken ---------------------------------------------------------------------------


def test_a_cell_that_cannot_be_taken_stays_and_the_rest_of_the_row_is_taken(
    registry: Registry,
) -> None:
    (file,) = registry.export("offerings")
    before = registry.rows("offerings")
    with opened(file, "offerings") as page:
        keys = [("offerings", page["id", row], "None") for row in (2, 3, 4)]
        page["capacity", 2], page["cost", 2] = "viele", "5 Euro"
        page["name", 3] = None
        page["categories", 4] = "advice; nonsense"
        page["organisation", 4] = "nobody knows them"
    report = registry.bring_back(file)
    assert (report.changed, report.rejected) == (1, 2)
    assert differences(before, registry.rows("offerings")).keys() == {keys[0]}
    found = {(position, field): reason for position, field, reason in reasons(report)}
    assert found["row 2", "capacity"].startswith("'viele' is not a number with decimals")
    assert found["row 3", "name"].startswith("cannot be empty; stays")
    assert found["row 4", "categories"].startswith("no term of category; ")
    assert found["row 4", "organisation"].startswith("no organisation has this slug or name; stays")


def test_what_the_registry_changed_since_is_a_conflict_and_stays(registry: Registry) -> None:
    (file,) = registry.export("offerings")
    with writer(registry.url, "somebody") as connection:
        connection.execute(update(Offering).values(cost="free since today"))
    before = registry.rows("offerings")
    with opened(file, "offerings") as page:
        page["cost", 2] = "5 Euro"
    report = registry.bring_back(file)
    assert (report.changed, report.rejected) == (0, 1)
    assert "there it is now 'free since today'" in reasons(report)[0][2]
    assert not differences(before, registry.rows("offerings"))


def test_what_somebody_corrected_stays_and_that_is_said(registry: Registry) -> None:
    (file,) = registry.export("offerings")
    with opened(file, "offerings") as page:
        identity = page["id", 2]
    correct(registry.url, identity, ["cost=free"], source="a call", actor="somebody")
    (file,) = registry.export("offerings")
    with opened(file, "offerings") as page:
        page["cost", 2], page["eligibility", 2] = "5 Euro", "For all"
    before = registry.rows("offerings")
    report = registry.bring_back(file)
    assert reasons(report) == [("row 2", "cost", "corrected to 'free', which stays")]
    ((_, changed),) = differences(before, registry.rows("offerings")).items()
    assert changed.keys() == {"eligibility"}


def test_a_row_against_a_rule_is_rejected_alone(registry: Registry) -> None:
    (file,) = registry.export("offerings")
    with opened(file, "offerings") as page:
        page["age_min", 2], page["age_max", 2] = 20, 10
        page["cost", 3] = "5 Euro"
    report = registry.bring_back(file)
    assert (report.changed, report.rejected) == (1, 1)
    assert reasons(report) == [
        ("row 2", None, "breaks a rule of the registry: offering_age_max_check")
    ]


# --- like any other import -----------------------------------------------------------------------


def test_it_can_be_tried_and_taken_back(registry: Registry) -> None:
    (file,) = registry.export("offerings")
    before, revisions = registry.rows("offerings"), registry.revisions()
    with opened(file, "offerings") as page:
        page["cost", 2], page["categories", 2] = "5 Euro", "advice"
        page.add(name="Neu")
    with opened(file, "sites") as page:
        several = Counter(row["id"] for row in page.rows)
        own = [row for row in range(2, len(page.rows)) if several[page["id", row]] == 1]
        page["street", own[0]], page["remove", own[1]] = "Neue Straße 1", "yes"
        page.add(offering="Neu", town="Freiberg")
    tried = registry.bring_back(file, dry_run=True)
    assert registry.revisions() == revisions
    done = registry.bring_back(file)
    assert tried.counts() == done.counts()
    assert (done.new, done.changed) == (2, 3)
    assert done.run
    assert len(differences(before, registry.rows("offerings"))) == 5
    with writer(registry.url, "test") as connection:
        assert not undo(connection, done.run, "test").kept
    assert not differences(before, registry.rows("offerings"))


def test_a_snapshot_of_an_export_archives_nothing(shared: Registry) -> None:
    (file,) = shared.export("organisations")
    with opened(file, "organisations") as page:
        rows = len(page.rows)
    book = openpyxl.load_workbook(file)
    book["organisations"].delete_rows(3, rows)
    book.save(file)
    report = shared.bring_back(file, snapshot=True)
    assert (report.read, report.unchanged, report.archived) == (1, 1, 0)


def test_an_export_of_something_else_is_refused(shared: Registry) -> None:
    for kind in ("workbook", "csv"):
        file, *_ = shared.export("measures", kind)
        report = shared.bring_back(file, resource="offerings")
        assert report.refused
        assert "this is an export of measures, not of offerings" in report.findings[-1].reason


@pytest.mark.parametrize("each", Each)
def test_one_workbook_for_each_comes_back(registry: Registry, each: Each) -> None:
    folder, revisions = registry.folder, registry.revisions()
    done = export_each(registry.url, ExportOrder("offerings"), each, folder)
    files = [written.file for written in done.files]
    report = import_files(registry.url, files, Order(None))
    assert len(report.files) > 3
    assert report.exit_code == 0
    assert all(file.unchanged == file.read > 0 for file in report.files)
    assert registry.revisions() == revisions
    before = registry.rows("offerings")
    with opened(files[0], "offerings") as page:
        page["cost", 2] = "5 Euro"
    assert registry.bring_back(files[0]).changed == 1
    assert len(differences(before, registry.rows("offerings"))) == 1


# --- what is given back --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", SUFFIXES)
def test_what_was_not_taken_is_mended_in_the_marked_file_and_sent_again(
    registry: Registry, kind: str
) -> None:
    file, *_ = registry.export("offerings", kind)
    with opened(file, "offerings") as page:
        page["capacity", 2], page["cost", 2] = "viele", "5 Euro"
        page["name", 3] = None
        added = page.add(name="Neu", organisation="nobody knows them", external_key="0815")
    marked, second = (registry.folder / name / file.name for name in ("marked", "second"))
    marked.parent.mkdir()
    second.parent.mkdir()
    report = registry.bring_back(file, marked=marked)
    assert (report.new, report.changed, report.rejected) == (1, 1, 1), reasons(report)
    before = registry.rows("offerings")
    with opened(marked, "offerings") as page:
        assert "capacity: 'viele' is not a number" in page["Quartier", 2]
        assert "name: cannot be empty" in page["Quartier", 3]
        assert page["slug", added] == "neu", "what the registry made of a new row is told"
        page["capacity", 2], page["organisation", added] = "12", "awo"
        page["name", 3], page["note", 3] = "A name again", "A note"
    again = registry.bring_back(marked, marked=second)
    assert (again.new, again.changed, again.rejected) == (0, 3, 0), reasons(again)
    found = differences(before, registry.rows("offerings"))
    assert sorted(map(sorted, found.values())) == [["capacity"], ["name", "note"], ["organisation"]]
    with opened(second, "offerings") as page:
        assert not any(page["Quartier", row] for row in (2, 3, added))


def test_a_marked_workbook_shows_the_cells_of_both_sheets(registry: Registry) -> None:
    (file,) = registry.export("offerings")
    with opened(file, "offerings") as page:
        page["capacity", 2] = "viele"
    with opened(file, "sites") as page:
        page["district", 5] = "Atlantis"
        site = page.add(offering="nobody", town="Freiberg")
    marked = registry.folder / "marked.xlsx"
    report = registry.bring_back(file, marked=marked, dry_run=True)
    assert (report.changed, report.rejected) == (0, 3), reasons(report)
    book = openpyxl.load_workbook(marked)
    for sheet, column, row in (
        ("offerings", "capacity", 2),
        ("sites", "district", 5),
        ("sites", "offering", site),
    ):
        names = [cell.value for cell in book[sheet][1]]
        cell = book[sheet].cell(row, names.index(column) + 1)
        assert cell.fill.fgColor.rgb == FILLS[Severity.ERROR].fgColor.rgb
        assert "Not taken" in cell.comment.text


def test_a_file_that_cannot_be_marked_is_imported_all_the_same(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marks, "LARGEST", 10)
    (file,) = registry.export("organisations")
    with opened(file, "organisations") as page:
        page["note", 2] = "A note"
    report = registry.bring_back(file, marked=registry.folder / "marked.xlsx")
    assert report.changed == 1
    assert report.findings[-1].reason.startswith("not marked: ")


def test_a_site_that_was_taken_off_can_come_back_as_another(registry: Registry) -> None:
    (file,) = registry.export("offerings")
    with opened(file, "sites") as page:
        owner = page["offering", 2]
        page.add(offering=owner, street="Weg 1", town="Freiberg")
    assert registry.bring_back(file).new == 1
    (file,) = registry.export("offerings")
    with opened(file, "sites") as page:
        page["remove", page.find("street", "Weg 1")] = "yes"
    assert registry.bring_back(file).changed == 1
    (file,) = registry.export("offerings")
    with opened(file, "sites") as page:
        page.add(offering=owner, street="Weg 1", town="Freiberg", note="Otherwise")
    report = registry.bring_back(file)
    assert (report.new, report.rejected) == (1, 0), reasons(report)
    assert one(registry.rows("offerings"), "sites", street="Weg 1")["note"] == "Otherwise"


def test_the_command_finds_out_what_a_file_is_and_gives_it_back(registry: Registry) -> None:
    (file,) = registry.export("organisations")
    with opened(file, "organisations") as page:
        page["name", 2], page["note", 3] = None, "A note"
    renamed = file.rename(file.with_name("von Kreis.xlsx"))
    marked = registry.folder / "marked.xlsx"
    urls = {"DATABASE_URL": registry.url, "DATABASE_PUBLIC_URL": registry.database.public_url}
    done = CliRunner().invoke(app, ["import", str(renamed), "--marked", str(marked)], env=urls)
    assert done.exit_code == 1, done.output
    with opened(marked, "organisations") as page:
        assert "name: cannot be empty" in page["Quartier", 2]
    assert one(registry.rows("organisations"), "organisations", note="A note")


def test_columns_of_the_sender_are_left_aside_and_that_is_said(shared: Registry) -> None:
    (file,) = shared.export("decisions")
    book = openpyxl.load_workbook(file)
    sheet = book["decisions"]
    sheet.cell(1, sheet.max_column + 1).value = "Sachbearbeitung"
    sheet.cell(2, sheet.max_column).value = "erledigt"
    book.save(file)
    report = shared.bring_back(file)
    assert report.unchanged == report.read
    assert "columns not taken: Sachbearbeitung" in [each.reason for each in report.findings]


def test_two_sheets_of_the_same_rows_are_refused(shared: Registry) -> None:
    (file,) = shared.export("decisions")
    book = openpyxl.load_workbook(file)
    book.copy_worksheet(book["decisions"])
    book.save(file)
    report = shared.bring_back(file)
    assert report.refused
    assert report.findings[-1].reason.startswith("several sheets are of the same rows")


def test_a_file_with_such_columns_that_somebody_else_made_is_none_of_ours(
    shared: Registry,
) -> None:
    file = shared.folder / "theirs.csv"
    file.write_text("id,checksum,name\n1,d41d8cd98f00b204e9800998ecf8427e,Theirs\n")
    assert returned(file, open_file(file), "organisations") is None
    file.write_text("id,checksum,name\n,,A new one\n")
    found = returned(file, open_file(file), "organisations")
    assert found
    assert found.mapping.resource == "organisations"
