"""What comes back: unchanged it changes nothing, and what was changed is told from what was not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import openpyxl
import pytest
from sqlalchemy import Connection, select, update

from db import exports
from db.models import Offering, OfferingSite, Site
from db.registry import insert_missing, writer
from seed.imports.fields import Reader, columns_of
from seed.imports.known import Known
from seed.mappings import MappingError
from seed.readers import Hints, Record, Table
from seed.readers.formats import open_file
from seed.report import FileReport
from seed.targets import TARGETS, Target
from seed.workbooks.columns import Role, sheets
from seed.workbooks.delimited import CsvStyle
from seed.workbooks.export import Order, export_file
from seed.workbooks.returned import (
    Judge,
    Judgement,
    Verdict,
    is_own,
    own_mapping,
    own_part,
    own_sheet,
)
from tests.databases import Database

SUFFIXES = {
    "workbook": (".xlsx", CsvStyle()),
    "csv": (".csv", CsvStyle()),
    "csv of a German Excel": (".csv", CsvStyle(semicolon=True, bom=True)),
}


def export(database: Database, resource: str, file: Path, style: CsvStyle | None = None) -> Path:
    export_file(database.owner_url, Order(resource, private=True, csv=style or CsvStyle()), file)
    return file


Files = Callable[[str, str], Path]
"""The export of a resource in one of the kinds."""


@pytest.fixture(scope="module")
def files(demo_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Written once, as several tests read them."""
    folder = tmp_path_factory.mktemp("exports")

    @cache
    def exported(resource: str, kind: str) -> Path:
        suffix, style = SUFFIXES[kind]
        name = kind.replace(" ", "-")
        return export(demo_database, resource, folder / f"{resource}-{name}{suffix}", style)

    return exported


def tables(file: Path, resource: str) -> dict[str, Table]:
    """The tables of an export, by the name of their sheet."""
    if file.suffix == ".xlsx":
        document = open_file(file, Hints())
        return {table.name: table for table in document.tables if table.name != "help"}
    names = {resource: file} | {
        part: file.with_stem(f"{file.stem}-{part}") for part in TARGETS[resource].parts
    }
    return {name: open_file(path, Hints()).table() for name, path in names.items()}


def judge(
    connection: Connection, resource: str, table: Table, part: str | None = None
) -> list[Judgement]:
    return list(Judge(connection, resource, table.columns, part).judge(list(table.records())))


# --- nothing was changed -------------------------------------------------------------------------


@pytest.mark.parametrize("resource", TARGETS)
@pytest.mark.parametrize("kind", SUFFIXES)
def test_an_export_that_comes_back_as_it_was_changes_nothing(
    demo_database: Database, files: Files, resource: str, kind: str
) -> None:
    file = files(resource, kind)
    with exports.snapshot(demo_database.owner_url) as connection:
        for name, table in tables(file, resource).items():
            judged = judge(connection, resource, table, None if name == resource else name)
            assert judged
            assert {each.verdict for each in judged} == {Verdict.UNCHANGED}, name
            assert not any(each.remarks for each in judged)


@pytest.mark.parametrize("resource", TARGETS)
@pytest.mark.parametrize("kind", SUFFIXES)
def test_an_import_reads_from_a_sheet_just_what_the_registry_has(
    demo_database: Database, files: Files, resource: str, kind: str
) -> None:
    """By the rules of the own mapping, and the same code as any other import."""
    table = tables(files(resource, kind), resource)[resource]
    mapping = own_mapping(resource, table.columns)
    with exports.snapshot(demo_database.owner_url) as connection:
        report = FileReport("x")
        reader = Reader(mapping, Known(connection), report)
        target = TARGETS[resource]
        for record in table.records():
            if resource == "districts" and not record.properties["key"]:
                continue  # an import from elsewhere needs a key; Judge does not
            stated = {
                name: rule
                for name, rule in mapping.fields.items()
                if "@" not in name or record.properties[name] is not None
            }
            found = reader.read(target, stated, record.properties, record.position)
            assert found is not None, report.findings
            _check(connection, target, record, found)
        assert not report.findings
        assert not reader.implied


def _check(connection: Connection, target: Target, record: Record, found: dict[str, Any]) -> None:
    identity = UUID(record.properties["id"])
    for name in target.links.keys() & found.keys():
        assert set(found.pop(name)) == _linked(connection, target, name, identity)
    table = target.model.__table__
    row = connection.execute(select(table).where(table.c.id == identity)).mappings().one()
    read = dict(columns_of(target, found))
    for name in ("parent", "codelist", "longitude", "latitude"):
        read.pop(name, None) if name not in row else None
    translations = read.pop("translations", {})
    assert translations == row.get("translations", {})
    as_stored = {name: list(v) if isinstance(v, tuple) else v for name, v in read.items()}
    assert as_stored == {name: row[name] for name in read}


def _linked(connection: Connection, target: Target, name: str, identity: UUID) -> set[UUID]:
    link = target.links[name]
    table = link.model.__table__
    goal = table.c[link.column]
    found = set(connection.scalars(select(goal).where(table.c[f"{target.table}_id"] == identity)))
    if link.codelist is None:
        return found
    return found & Known(connection).terms.all_of(link.codelist)


@pytest.mark.parametrize("resource", TARGETS)
def test_an_own_mapping_needs_all_required_columns(resource: str) -> None:
    columns = [column.name for column in sheets(resource, ["en"])[0].columns]
    mapping = own_mapping(resource, columns)
    assert mapping.columns <= set(columns)
    assert is_own(columns)
    required = next(name for name, field in TARGETS[resource].all_fields.items() if field.required)
    with pytest.raises(MappingError, match=rf"missing: .*{required}"):
        own_mapping(resource, [name for name in columns if name != required])
    with pytest.raises(MappingError, match="no column 'id'"):
        own_mapping(resource, columns[1:])


def test_what_a_sender_added_is_left_aside() -> None:
    columns = [column.name for column in sheets("offerings", ["en"])[0].columns]
    mapping = own_mapping("offerings", [*columns, "Quartier", "Sachbearbeitung"])
    assert {"Quartier", "Sachbearbeitung", "slug", "id"} <= set(mapping.drop)
    assert "Quartier" not in mapping.fields


def test_parts_have_rules_of_their_own() -> None:
    columns = [column.name for column in own_sheet("offerings", ["name@en"], "sites").columns]
    rule = own_part("offerings", "sites", columns)
    assert {"street", "district", "name@en", "opening_hours", "longitude"} <= rule.fields.keys()
    with pytest.raises(MappingError, match="have no part 'rooms'"):
        own_part("offerings", "rooms", columns)


# --- what was changed ----------------------------------------------------------------------------


class Workbook:
    """An export of offerings, to be edited as staff would, and to be judged."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.file = export(database, "offerings", folder / "offerings.xlsx")

    @contextmanager
    def edited(self, sheet: str = "offerings") -> Iterator[Page]:
        book = openpyxl.load_workbook(self.file)
        yield Page(book[sheet])
        book.save(self.file)

    def judged(self, part: str | None = None, repeated: Sequence[str] = ()) -> dict[int, Judgement]:
        """The judgements by number of the row."""
        table = tables(self.file, "offerings")[part or "offerings"]
        with exports.snapshot(self.database.owner_url) as connection:
            judge = Judge(connection, "offerings", table.columns, part)
            records = list(table.records())
            keys = [judge.key(record) for record in records]
            several = {key for key in keys if key and keys.count(key) > 1} | set(repeated)
            found = judge.judge(records, several)
            return {int(each.record.position.removeprefix("row ")): each for each in found}

    def changes(self, **columns: object) -> None:
        """Somebody changes every offering in the registry."""
        with writer(self.database.owner_url, "somebody") as connection:
            connection.execute(update(Offering).values(**columns))


class Page:
    """A sheet whose cells are addressed by column and row."""

    def __init__(self, sheet: Any) -> None:
        self.sheet = sheet
        self.columns = {cell.value: cell.column for cell in sheet[1]}

    def __getitem__(self, where: tuple[str, int]) -> Any:
        return self.sheet.cell(where[1], self.columns[where[0]]).value

    def __setitem__(self, where: tuple[str, int], value: object) -> None:
        self.sheet.cell(where[1], self.columns[where[0]]).value = value

    @property
    def end(self) -> int:
        return int(self.sheet.max_row) + 1


@pytest.fixture
def workbook(own_demo_database: Database, tmp_path: Path) -> Workbook:
    return Workbook(own_demo_database, tmp_path)


def verdicts(judged: dict[int, Judgement]) -> dict[Verdict, list[int]]:
    """The rows that were not left as they were, by verdict."""
    found: dict[Verdict, list[int]] = {}
    for row, each in judged.items():
        if each.verdict is not Verdict.UNCHANGED:
            found.setdefault(each.verdict, []).append(row)
    return found


def test_only_the_cells_that_were_changed_are_to_be_written(workbook: Workbook) -> None:
    with workbook.edited() as page:
        before = page["name", 2]
        page["name", 2] = "Another name"
        page["free", 3] = "yes"
        page["themes", 3] = None
    judged = workbook.judged()
    assert verdicts(judged) == {Verdict.CHANGED: [2, 3]}
    assert judged[2].changed == {"name": before}
    assert judged[3].changed.keys() == {"free", "themes"}
    assert isinstance(judged[2].id, UUID)


def test_what_a_spreadsheet_does_by_itself_is_no_change(workbook: Workbook) -> None:
    with workbook.edited() as page:
        page["description", 2] = f"  {page['description', 2] or ''} "
        page["categories", 2] = ";".join(reversed(page["categories", 2].split("; ")))
    with workbook.edited("sites") as page:
        page["postcode", 2] = page["postcode", 2].lstrip("0")
        page["longitude", 2] += 0.00000001
    assert not verdicts(workbook.judged())
    assert not verdicts(workbook.judged("sites"))


def test_what_only_the_registry_changed_is_left_alone(workbook: Workbook) -> None:
    workbook.changes(cost="free since today")
    assert not verdicts(workbook.judged())


def test_what_both_changed_is_a_conflict_and_the_reason_says_both(workbook: Workbook) -> None:
    with workbook.edited() as page:
        page["cost", 2] = "5 euros"
        page["note", 3] = "A note"
        page["cost", 4] = "free since today"
    workbook.changes(cost="free since today")
    judged = workbook.judged()
    assert verdicts(judged) == {Verdict.CONFLICT: [2, 3]}, "row 4 says what the registry says"
    reason = "changed in the registry too since the export; there it is now 'free since today'"
    assert [(each.field, each.reason, each.value) for each in judged[2].remarks] == [
        ("cost", reason, "5 euros")
    ]
    assert {each.field for each in judged[3].remarks} == {"cost", "note"}


def test_what_is_published_or_renamed_meanwhile_is_no_conflict(workbook: Workbook) -> None:
    with workbook.edited() as page:
        page["cost", 2] = "5 euros"
    workbook.changes(status="draft")
    assert verdicts(workbook.judged()) == {Verdict.CHANGED: [2]}


def test_a_row_without_id_is_new_and_says_its_key(workbook: Workbook) -> None:
    with workbook.edited() as page:
        end = page.end
        page["name", end] = "New advice"
        page["organisation", end] = "awo"
        page["source", end] = "saechsische-awo-jugendklubs"
        page["name", end + 1] = "With a key"
        page["external_key", end + 1] = "0815"
        page["slug", end + 2] = "nothing else"
    judged = workbook.judged()
    assert verdicts(judged) == {Verdict.NEW: [end, end + 1], Verdict.BLANK: [end + 2]}
    new = judged[end]
    assert (new.key, new.source) == ("New advice|awo", "saechsische-awo-jugendklubs")
    assert new.changed.keys() == {"name", "organisation"}
    assert judged[end + 1].key == "0815"


def test_two_new_rows_of_one_name_need_keys(workbook: Workbook) -> None:
    with workbook.edited() as page:
        end = page.end
        page["name", end] = page["name", end + 1] = "Twice"
    judged = workbook.judged()
    assert verdicts(judged) == {Verdict.REFUSED: [end, end + 1]}
    assert "give each a key in external_key" in judged[end].remarks[0].reason


def test_a_row_copied_with_its_id_is_refused_if_it_was_changed(workbook: Workbook) -> None:
    with workbook.edited() as page:
        end = page.end
        for name in page.columns:
            page[name, end] = page[name, 2]
        page["name", end] = "A copy"
    judged = workbook.judged()
    assert verdicts(judged) == {Verdict.REFUSED: [end]}
    assert judged[end].remarks[0].reason.startswith("several rows have this id")


def test_ids_that_are_none_or_of_nobody_are_refused(workbook: Workbook) -> None:
    with workbook.edited() as page:
        page["id", 2] = "new"
        page["id", 3] = str(UUID(int=7))
    judged = workbook.judged()
    assert verdicts(judged) == {Verdict.REFUSED: [2, 3]}
    assert judged[2].remarks[0].reason.startswith("not an id")
    assert judged[3].remarks[0].reason.startswith("not in this registry")
    assert {judged[row].remarks[0].field for row in (2, 3)} == {"id"}


def test_a_row_without_checksum_is_taken_as_it_is(workbook: Workbook) -> None:
    with workbook.edited() as page:
        page["checksum", 2] = None
        page["cost", 2] = "5 euros"
    workbook.changes(cost="free since today")
    assert workbook.judged()[2].verdict is Verdict.CHANGED


@pytest.mark.parametrize("private", [True, False])
def test_columns_that_were_taken_out_of_the_sheet_stay_as_they_are(
    own_demo_database: Database, tmp_path: Path, private: bool
) -> None:
    workbook = Workbook(own_demo_database, tmp_path)
    url = own_demo_database.owner_url
    workbook.changes(internal_note="ask again")
    export_file(url, Order("offerings", private=private), workbook.file)
    with workbook.edited() as page:
        for name in ("note@en", "note", "slug"):
            page.sheet.delete_cols(page.columns[name])
    with workbook.edited() as page:
        page["cost", 2] = "5 euros"
    judged = workbook.judged()
    assert verdicts(judged) == {Verdict.CHANGED: [2]}
    assert judged[2].changed.keys() == {"cost"}
    workbook.changes(note="changed since")
    assert verdicts(workbook.judged()) == {Verdict.CONFLICT: [2]}


def test_the_source_of_a_row_stays_and_that_is_said(workbook: Workbook) -> None:
    with workbook.edited() as page:
        page["source", 2] = "another"
    judged = workbook.judged()[2]
    assert judged.verdict is Verdict.UNCHANGED
    assert [each.field for each in judged.remarks] == ["source"]


def test_what_a_row_is_known_by_cannot_be_changed(demo_database: Database, tmp_path: Path) -> None:
    file = export(demo_database, "observations", tmp_path / "observations.xlsx")
    book = openpyxl.load_workbook(file)
    page = Page(book["observations"])
    page["period", 2] = "1999"
    page["value", 3] = 4711
    book.save(file)
    with exports.snapshot(demo_database.owner_url) as connection:
        judged = judge(connection, "observations", tables(file, "observations")["observations"])
    assert judged[0].verdict is Verdict.REFUSED
    assert "a row cannot become another" in judged[0].remarks[0].reason
    assert judged[1].verdict is Verdict.CHANGED
    assert judged[1].changed.keys() == {"value"}


def test_a_long_text_stays_unless_it_is_replaced(workbook: Workbook) -> None:
    workbook.changes(description="x" * 40_000)
    export(workbook.database, "offerings", workbook.file)
    with workbook.edited() as page:
        page["cost", 2] = "5 euros"
        page["description", 3] = "A short one"
    judged = workbook.judged()
    assert verdicts(judged) == {Verdict.CHANGED: [2, 3]}
    assert judged[2].changed.keys() == {"cost"}
    assert judged[3].changed.keys() == {"description"}


# --- parts ---------------------------------------------------------------------------------------


def test_sites_are_changed_added_and_removed(workbook: Workbook) -> None:
    with workbook.edited("sites") as page:
        end = page.end
        page["street", 2] = "Neue Straße 1"
        page["latitude", 3] = 51.0
        page["remove", 4] = "yes"
        page["offering", end], page["town", end] = page["offering", 2], "Musterstadt"
        page["offering", end + 1], page["town", end + 1] = "New advice", "Musterstadt"
        page["town", end + 2] = "Nobody's"
    judged = workbook.judged("sites")
    assert verdicts(judged) == {
        Verdict.CHANGED: [2, 3],
        Verdict.REMOVED: [4],
        Verdict.NEW: [end, end + 1],
        Verdict.REFUSED: [end + 2],
    }
    assert judged[3].changed.keys() == {"longitude", "latitude"}, "a point is written as a whole"
    assert judged[2].owner == judged[end].owner
    assert judged[end + 1].owner == "New advice"


def test_a_site_of_several_offerings_is_changed_in_one_row_and_not_against_another(
    own_demo_database: Database, tmp_path: Path
) -> None:
    with writer(own_demo_database.owner_url, "test") as connection:
        shared = _share_a_site(connection)
    workbook = Workbook(own_demo_database, tmp_path)
    with workbook.edited("sites") as page:
        rows = [row for row in range(2, page.end) if page["id", row] == str(shared)]
        one, other, third = rows[:3]
        page["street", one] = "Neue Straße 1"
    assert verdicts(workbook.judged("sites")) == {Verdict.CHANGED: [one]}
    with workbook.edited("sites") as page:
        page["street", other] = "Andere Straße 2"
        page["opening_note", third] = "differs by offering, and may"
    judged = workbook.judged("sites")
    assert verdicts(judged) == {Verdict.CHANGED: [one, third], Verdict.REFUSED: [other]}
    assert "another row of this id says 'Neue Straße 1'" in judged[other].remarks[0].reason


def _share_a_site(connection: Connection) -> UUID | None:
    """All offerings get the first site as well."""
    site = connection.scalars(select(Site.id).order_by(Site.id)).first()
    rows = [
        {"id": uuid4(), "offering_id": offering, "site_id": site, "position": 9}
        for offering in connection.scalars(select(Offering.id))
    ]
    insert_missing(connection, OfferingSite, rows)
    return site


def test_what_is_only_told_is_not_compared() -> None:
    sheet = own_sheet("offerings", ["name@en"])
    told = {column.name for column in sheet.columns if column.role is Role.INFORMATION}
    assert told == {"slug", "status", "lang"}


def test_a_sheet_of_parts_needs_its_owners(demo_database: Database) -> None:
    with (
        exports.snapshot(demo_database.owner_url) as connection,
        pytest.raises(MappingError, match="the sheet sites lacks offering"),
    ):
        Judge(connection, "offerings", ["id", "checksum", "street"], "sites")
