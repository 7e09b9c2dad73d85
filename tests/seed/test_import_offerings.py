"""The import of offerings: small tables made here, by a mapping made here."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
import yaml
from rich.console import Console

from db import duplicates
from db.cluster import Cluster
from db.corrections import CorrectionRefused
from db.imports import undo
from db.models import District, Source
from db.publication import publish
from db.registry import insert_missing, writer
from seed.imports.corrections import correct, withdraw
from seed.imports.engine import Order, import_files
from seed.load import load_vocabulary
from seed.report import FileReport, Report, Severity
from tests.databases import Database, build_empty_template, build_template, clone
from tests.db.village import entity, source, square

MAPPING: dict[str, Any] = {
    "resource": "offerings",
    "title": "Angebote des Kreises",
    "source": {
        "slug": "kreis-angebote",
        "title": "Angebote",
        "publisher": "Landkreis",
        "license": "cc-zero",
        "attribution": "Landkreis",
    },
    "key": "Nr",
    "conventions": {"decimal": ",", "dates": ["%d.%m.%Y"], "true": ["X"], "false": ["Nein"]},
    "fields": {
        "name": "Name",
        "organisation": "Träger",
        "capacity": "Plätze",
        "age_min": "ab",
        "age_max": "bis",
        "free": "frei",
        "url": "Web",
        "email": "Mail",
        "valid_to": "Ende",
        "categories": {
            "column": "Art",
            "separator": ";",
            "values": {"Kita": "day_care"},
            "otherwise": "keep",
        },
    },
    "parts": {
        "sites": {
            "fields": {
                "street": "Straße",
                "postcode": "PLZ",
                "town": "Ort",
                "longitude": "lon",
                "latitude": "lat",
                "district": "Gemeinde",
            }
        }
    },
    "crs": "EPSG:4326",
}
ROW = {
    "Nr": "1", "Name": "Kita am Markt", "Träger": "Volkssolidarität", "Plätze": "60", "ab": "1",
    "bis": "6", "frei": "Nein", "Web": "www.example.org", "Mail": "kita@example.org", "Ende": "",
    "Art": "Kita", "Straße": "Markt 1", "PLZ": "09599", "Ort": "Freiberg", "lon": "13,34",
    "lat": "50,91", "Gemeinde": "", "Leitung": "",
}  # fmt: skip
SECOND = {**ROW, "Nr": "2", "Name": "Jugendclub", "Art": "youth_club", "Straße": "Gasse 2"}
THIRD = {**ROW, "Nr": "3", "Name": "Schuldnerberatung", "Art": "debt_advice", "Straße": "Weg 3"}


class Registry:
    """A registry with a vocabulary, and a file that is written anew for every import."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.mapping = folder / "mapping.yaml"
        self.mapped()

    def mapped(self, **changes: Any) -> None:
        text = yaml.safe_dump(MAPPING | changes, allow_unicode=True)
        self.mapping.write_text(text, encoding="utf-8")

    def take(self, *rows: Mapping[str, str], **how: Any) -> FileReport:
        file = self.folder / "angebote.csv"
        with file.open("w", encoding="utf-8", newline="") as target:
            writer = csv.DictWriter(target, list(rows[0]), delimiter=";")
            writer.writeheader()
            writer.writerows(rows)
        order = Order("offerings", str(self.mapping), **how)
        return import_files(self.url, [file], order).files[0]

    def all(self, query: LiteralString, *values: object) -> list[Any]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            rows = connection.execute(query, values or None).fetchall()
        return [row[0] if len(row) == 1 else row for row in rows]

    def one(self, query: LiteralString, *values: object) -> Any:
        (value,) = self.all(query, *values)
        return value

    def run(self, statement: LiteralString, *values: object) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement, values or None)


@pytest.fixture(scope="module")
def vocabulary_template(cluster: Cluster) -> str:
    empty = build_empty_template(cluster)
    return build_template(cluster, "quartier_vocabulary_template", empty, _load_vocabulary)


def _load_vocabulary(database: Database) -> None:
    load_vocabulary(database.owner_url, progress=lambda _: None)


@pytest.fixture
def registry(cluster: Cluster, vocabulary_template: str, tmp_path: Path) -> Iterator[Registry]:
    with clone(cluster, vocabulary_template) as fresh:
        yield Registry(fresh.owner_url, tmp_path)


def counts(report: FileReport) -> dict[str, int]:
    return {name: count for name, count in report.counts().items() if count}


def said(report: FileReport, severity: Severity) -> Sequence[tuple[str | None, str | None, str]]:
    return [
        (each.position, each.field, each.reason)
        for each in report.findings
        if each.severity is severity
    ]


def test_rows_become_offerings_with_their_provider_sites_and_terms(registry: Registry) -> None:
    assert counts(registry.take(ROW, SECOND)) == {"read": 2, "new": 2}
    assert registry.all(
        "SELECT o.name, p.name, o.capacity, o.age_min, o.free, o.url, o.status "
        "FROM registry.offering o JOIN registry.organisation p ON p.id = o.organisation_id "
        "ORDER BY o.name"
    ) == [
        ("Jugendclub", "Volkssolidarität", 60, 1, False, "https://www.example.org", "published"),
        ("Kita am Markt", "Volkssolidarität", 60, 1, False, "https://www.example.org", "published"),
    ]
    assert registry.one("SELECT count(*) FROM registry.organisation") == 1
    assert registry.all(
        "SELECT street, precision, round(ST_X(point)::numeric, 2)::text FROM registry.site "
        "ORDER BY street"
    ) == [("Gasse 2", "exact", "13.34"), ("Markt 1", "exact", "13.34")]
    assert registry.all(
        "SELECT o.name, t.code FROM registry.offering_term x "
        "JOIN registry.offering o ON o.id = x.offering_id "
        "JOIN registry.codelist_term t ON t.id = x.term_id ORDER BY o.name"
    ) == [("Jugendclub", "youth_club"), ("Kita am Markt", "day_care")]


def test_a_second_import_of_the_same_rows_changes_nothing(registry: Registry) -> None:
    registry.take(ROW, SECOND)
    publish(registry.url)
    before = registry.all("SELECT id, updated_at, document FROM published.offering ORDER BY id")
    revisions = registry.one("SELECT count(*) FROM registry.revision")
    assert counts(registry.take(ROW, SECOND)) == {"read": 2, "unchanged": 2}
    assert registry.one("SELECT count(*) FROM registry.revision") == revisions
    assert publish(registry.url).changed == {}
    assert registry.all("SELECT id, updated_at, document FROM published.offering ORDER BY id") == (
        before
    )


@pytest.mark.parametrize(
    "change",
    [{"Name": "Kita am Dom"}, {"Straße": "Markt 2"}, {"Art": "Kita;kindergarten"}, {"Art": ""}],
    ids=str,
)
def test_a_row_that_differs_is_updated_in_place(
    registry: Registry, change: Mapping[str, str]
) -> None:
    registry.take(ROW, SECOND)
    before = registry.one("SELECT id::text FROM registry.offering WHERE external_key = '1'")
    assert counts(registry.take({**ROW, **change}, SECOND)) == {
        "read": 2,
        "changed": 1,
        "unchanged": 1,
    }
    after = registry.all("SELECT id::text FROM registry.offering WHERE external_key = '1'")
    assert after == [before]


def test_an_address_stays_when_the_name_changes(registry: Registry) -> None:
    registry.take(ROW)
    registry.take({**ROW, "Name": "Ganz anders"})
    assert registry.one("SELECT slug FROM registry.offering") == "kita-am-markt"


def test_what_staff_decided_of_publishing_stays(registry: Registry) -> None:
    registry.take(ROW)
    registry.run("UPDATE registry.offering SET status = 'draft'")
    registry.take({**ROW, "Plätze": "61"})
    assert registry.one("SELECT status FROM registry.offering") == "draft"


def test_terms_of_other_lists_that_staff_added_stay(registry: Registry) -> None:
    registry.take(ROW)
    registry.run(
        "INSERT INTO registry.offering_term (offering_id, term_id) SELECT o.id, t.id "
        "FROM registry.offering o, registry.codelist_term t WHERE t.code = 'families'"
    )
    assert counts(registry.take(ROW)) == {"read": 1, "unchanged": 1}
    assert registry.one("SELECT count(*) FROM registry.offering_term") == 2


def test_of_two_rows_with_one_key_both_are_rejected(registry: Registry) -> None:
    report = registry.take(ROW, {**SECOND, "Nr": "1"}, THIRD)
    assert counts(report) == {"read": 3, "new": 1, "rejected": 2}
    assert said(report, Severity.ERROR) == [
        ("line 2", "key", "several rows have this key"),
        ("line 3", "key", "several rows have this key"),
    ]


@pytest.mark.parametrize(
    ("column", "value", "field"),
    [
        ("Plätze", "viele", "capacity"),
        ("Plätze", "12,5", "capacity"),
        ("Ende", "31.02.2024", "valid_to"),
        ("Web", "javascript:alert(1)", "url"),
        ("frei", "vielleicht", "free"),
        ("Art", "Kitta", "categories"),
        ("Gemeinde", "Nirgendwo", "district"),
    ],
)
def test_a_value_that_cannot_be_taken_is_left_out_and_the_row_kept(
    registry: Registry, column: str, value: str, field: str
) -> None:
    report = registry.take({**ROW, column: value}, SECOND)
    assert counts(report) == {"read": 2, "new": 2, "flagged": 1}
    ((position, stated, _),) = said(report, Severity.WARNING)
    assert (position, stated) == ("line 2", field)


def test_a_row_without_what_it_must_have_is_rejected(registry: Registry) -> None:
    report = registry.take({**ROW, "Name": " "}, {**SECOND, "Nr": ""}, THIRD)
    assert counts(report) == {"read": 3, "new": 1, "rejected": 2}
    assert said(report, Severity.ERROR) == [
        ("line 2", "name", "empty"),
        ("line 3", "key", "the row has no key"),
    ]


def test_bounds_that_contradict_each_other_are_left_out(registry: Registry) -> None:
    report = registry.take({**ROW, "ab": "9", "bis": "3"}, {**SECOND, "ab": "300"})
    assert counts(report) == {"read": 2, "new": 2, "flagged": 2}
    assert registry.all("SELECT age_min, age_max FROM registry.offering ORDER BY external_key") == [
        (None, None),
        (None, 6),
    ]


def test_a_row_that_the_database_refuses_is_rejected_alone(registry: Registry) -> None:
    """Here by a rule that only this database has."""
    registry.run(
        "ALTER TABLE registry.offering ADD CONSTRAINT no_seven CHECK (external_key NOT LIKE '%7')"
    )
    rows = [{**ROW, "Nr": str(number), "Name": f"Kita {number}"} for number in range(50)]
    report = registry.take(*rows)
    assert counts(report) == {"read": 50, "new": 45, "rejected": 5}
    refused = "breaks a rule of the registry: no_seven"
    assert said(report, Severity.ERROR) == [
        (f"line {number + 2}", None, refused) for number in (7, 17, 27, 37, 47)
    ]
    assert registry.one("SELECT count(*) FROM registry.offering") == 45


def test_what_a_dry_run_reports_is_what_the_import_does(registry: Registry) -> None:
    tried = registry.take(ROW, {**SECOND, "Plätze": "?"}, dry_run=True)
    assert registry.one("SELECT count(*) FROM registry.offering") == 0
    assert registry.one("SELECT count(*) FROM registry.source") == 0
    done = registry.take(ROW, {**SECOND, "Plätze": "?"})
    assert (counts(tried), tried.findings) == (counts(done), done.findings)


def test_a_snapshot_archives_what_the_file_no_longer_has(registry: Registry) -> None:
    registry.take(ROW, SECOND, THIRD)
    publish(registry.url)
    assert counts(registry.take(ROW, SECOND, snapshot=True, threshold=0.5)) == {
        "read": 2,
        "unchanged": 2,
        "archived": 1,
    }
    assert publish(registry.url).removed == {"offering": 1}
    assert registry.one("SELECT slug FROM published.change WHERE kind = 'remove'") == (
        "schuldnerberatung"
    )
    assert counts(registry.take(ROW, SECOND, THIRD)) == {"read": 3, "unchanged": 2, "changed": 1}
    assert publish(registry.url).changed == {"offering": 1}


def test_a_source_that_lost_much_is_a_question(registry: Registry) -> None:
    registry.take(ROW, SECOND, THIRD)
    report = registry.take({**ROW, "Plätze": "99"}, snapshot=True)
    assert report.refused
    assert "2 of 3 rows" in report.findings[-1].reason
    assert registry.one("SELECT count(*) FROM registry.offering WHERE status = 'archived'") == 0
    assert registry.one("SELECT capacity FROM registry.offering WHERE external_key = '1'") == 60


def test_without_a_snapshot_nothing_is_archived(registry: Registry) -> None:
    registry.take(ROW, SECOND)
    registry.take(ROW)
    assert registry.one("SELECT count(*) FROM registry.offering WHERE status = 'archived'") == 0


def test_a_file_of_headers_alone_says_that_it_holds_no_rows(registry: Registry) -> None:
    registry.take(ROW)
    file = registry.folder / "header.csv"
    file.write_text(";".join(ROW) + "\n", encoding="utf-8")
    order = Order("offerings", str(registry.folder / "mapping.yaml"), snapshot=True)
    (report,) = import_files(registry.url, [file], order).files
    assert "more than 20%" in report.findings[-1].reason  # as a snapshot it would archive all
    report = import_files(registry.url, [file], replace(order, snapshot=False)).files[0]
    assert [reason for _, _, reason in said(report, Severity.WARNING)] == ["the file holds no rows"]


def test_far_places_are_told_where_boundaries_are_but_schematic(registry: Registry) -> None:
    """Such a boundary may be some kilometres off, and says nothing of districts."""
    with writer(registry.url, "test") as connection:
        insert_missing(connection, Source, [source("here")])
        ground = {"boundary": square(13.3, 50.85), "boundary_quality": "schematic"}
        own = {"level": "municipality", "scheme": "ags", "key": "99999001", "name": "Adorf"}
        insert_missing(connection, District, [entity("district", "adorf", **own, **ground)])
    registry.mapped(conventions={})
    placed = ["13.34", "50.91"], ["13.42", "50.97"], ["2.35", "48.85"], ["50.91", "13.34"]
    rows = [
        {**ROW, "Nr": str(number), "Straße": f"Weg {number}", "lon": lon, "lat": lat}
        for number, (lon, lat) in enumerate(placed)
    ]
    report = registry.take(*rows)
    assert said(report, Severity.WARNING) == [
        ("line 4", "geometry", "outside the registry's territory"),
        (
            "line 5",
            "geometry",
            "kept without a place: longitude and latitude seem to be swapped",
        ),
    ]


def test_columns_of_persons_are_left_out_unless_mapped_on_purpose(registry: Registry) -> None:
    named = {**ROW, "Leitung": "Beispielname"}
    fields = MAPPING["fields"]
    registry.mapped(fields={**fields, "note": "Leitung"})
    report = registry.take(named)
    assert registry.one("SELECT note FROM registry.offering") is None
    assert [field for _, field, _ in said(report, Severity.WARNING)] == ["Leitung"]
    registry.mapped(fields={**fields, "note": {"column": "Leitung", "personal": True}})
    registry.take(named)
    assert registry.one("SELECT note FROM registry.offering") == "Beispielname"


def test_what_a_rule_takes_of_a_column_is_looked_at_not_the_column(registry: Registry) -> None:
    """Most numbers are mobile ones, and none of those is taken."""
    landline = {"phone": {"column": "Telefon", "match": r"^(03\d+ \d+)$"}}
    registry.mapped(fields={**MAPPING["fields"], **landline})
    report = registry.take(
        {**ROW, "Telefon": "03731 123456"},
        {**SECOND, "Telefon": "0171 1234567"},
        {**THIRD, "Telefon": "0172 1234567"},
    )
    assert said(report, Severity.WARNING) == []
    phones = registry.all("SELECT phone FROM registry.offering ORDER BY external_key")
    assert phones == ["03731 123456", None, None]
    lost = "2 values of Telefon left out: `match` finds nothing"  # mobile ones are not quoted
    assert lost in {reason for _, _, reason in said(report, Severity.NOTE)}


def test_what_a_template_makes_of_harmless_columns_is_looked_at(registry: Registry) -> None:
    whole = {"phone": {"template": "{Vorwahl} {Nummer}"}}
    registry.mapped(fields={**MAPPING["fields"], **whole})
    report = registry.take({**ROW, "Vorwahl": "0171", "Nummer": "1234567"})
    assert registry.one("SELECT phone FROM registry.offering") is None
    assert [field for _, field, _ in said(report, Severity.WARNING)] == ["Vorwahl"]


def test_what_match_does_not_find_is_counted_with_an_example(registry: Registry) -> None:
    fields = {**MAPPING["fields"], "note": {"column": "Hinweis", "match": r"^Nr\. (\d+)$"}}
    registry.mapped(fields=fields)
    rows = [{**ROW, "Hinweis": "Nr. 5"}, {**SECOND, "Hinweis": "Nummer 6"}]
    too_large = {**THIRD, "Hinweis": "sieben", "Plätze": "9" * 400}
    report = registry.take(*rows, too_large)
    lost = "2 values of Hinweis left out: `match` finds nothing, such as 'Nummer 6'"
    assert [reason for _, _, reason in said(report, Severity.NOTE)][-1] == lost


def test_a_value_of_several_terms_and_a_default(registry: Registry) -> None:
    both = {"column": "Art", "values": {"Beides": ["day_care", "after_school_care"]}}
    kept = {"otherwise": "keep", "default": "school"}
    registry.mapped(fields={**MAPPING["fields"], "categories": both | kept})
    registry.take({**ROW, "Art": "Beides"}, {**SECOND, "Art": ""})
    assert registry.all(
        "SELECT o.external_key, array_agg(t.code ORDER BY t.code) FROM registry.offering o "
        "JOIN registry.offering_term l ON l.offering_id = o.id "
        "JOIN registry.codelist_term t ON t.id = l.term_id GROUP BY 1 ORDER BY 1"
    ) == [("1", ["after_school_care", "day_care"]), ("2", ["school"])]


def test_a_source_without_a_licence_is_imported_but_not_published(registry: Registry) -> None:
    registry.mapped(source={**MAPPING["source"], "license": "not_stated"})
    report = registry.take(ROW)
    assert report.new == 1
    assert ("may be imported, but not published") in {each.reason for each in report.findings}
    publish(registry.url)
    assert registry.one("SELECT count(*) FROM published.offering") == 0


def test_a_file_that_is_refused_does_not_stop_the_next(registry: Registry, tmp_path: Path) -> None:
    registry.take(ROW)
    empty = tmp_path / "leer.csv"
    empty.write_bytes(b"")
    order = Order("offerings", str(tmp_path / "mapping.yaml"))
    report = import_files(registry.url, [empty, tmp_path / "angebote.csv"], order)
    assert [file.refused for file in report.files] == [True, False]
    assert report.exit_code == 2


def test_a_column_that_the_mapping_needs_is_missed_by_name(registry: Registry) -> None:
    without = {name: value for name, value in ROW.items() if name != "PLZ"}
    report = registry.take(without)
    assert report.refused
    assert "PLZ" in report.findings[-1].reason


def test_a_correction_outlives_the_next_import(registry: Registry) -> None:
    registry.take(ROW)
    correct(registry.url, "kita-am-markt", ["capacity=75"], source="Call of 3 May", actor="test")
    report = registry.take(ROW)
    assert counts(report) == {"read": 1, "unchanged": 1, "flagged": 1}
    assert said(report, Severity.WARNING) == [
        ("line 2", "capacity", "corrected to 75, which stays")
    ]
    assert registry.one("SELECT capacity FROM registry.offering") == 75
    withdraw(registry.url, "kita-am-markt", ["capacity"], actor="test")
    registry.take(ROW)
    assert registry.one("SELECT capacity FROM registry.offering") == 60


@pytest.mark.parametrize(
    ("assignment", "reason"),
    [
        ("capcity=3", "did you mean 'capacity'?"),
        ("capacity=many", "not a number"),
        ("capacity", "is not field=value"),
        ("name=", "name cannot be empty"),
        ("slug=other", "have no field 'slug'"),
    ],
)
def test_a_correction_that_cannot_be_made_says_why(
    registry: Registry, assignment: str, reason: str
) -> None:
    registry.take(ROW)
    with pytest.raises(CorrectionRefused) as refused:
        correct(registry.url, "kita-am-markt", [assignment], source="?", actor="test")
    assert reason in str(refused.value)


def test_an_import_is_undone_unless_somebody_edited_since(registry: Registry) -> None:
    registry.take(ROW, SECOND)
    report = registry.take({**ROW, "Plätze": "61"}, {**SECOND, "Plätze": "62"}, THIRD)
    registry.run("UPDATE registry.offering SET capacity = 70 WHERE external_key = '2'")
    assert report.run
    with writer(registry.url, "undo") as connection:
        undone = undo(connection, report.run, "undo")
    assert [row.label for row in undone.kept] == ["jugendclub"]
    assert registry.all("SELECT external_key, capacity FROM registry.offering ORDER BY 1") == [
        ("1", 60),
        ("2", 70),
    ]


def test_files_that_were_imported_are_passed_over_when_a_run_resumes(registry: Registry) -> None:
    registry.take(ROW)
    report = registry.take(ROW, resume=True)
    assert report.read == 0
    assert "passed over" in report.findings[-1].reason
    assert counts(registry.take({**ROW, "Plätze": "61"}, resume=True)) == {"read": 1, "changed": 1}


def test_a_provider_that_is_registered_is_not_made_again(registry: Registry) -> None:
    registry.take(ROW)
    registry.mapped(source={**MAPPING["source"], "slug": "andere-quelle"})
    registry.take(SECOND)
    assert registry.one("SELECT count(*) FROM registry.organisation") == 1


def test_a_kill_in_the_middle_leaves_nothing_half_written(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("seed.imports.engine.finish_run", killed)
        with pytest.raises(KeyboardInterrupt):
            registry.take(ROW, SECOND)
    assert registry.one("SELECT count(*) FROM registry.offering") == 0
    assert registry.one("SELECT count(*) FROM registry.import_run") == 0
    assert counts(registry.take(ROW, SECOND)) == {"read": 2, "new": 2}


def test_a_translation_need_not_be_there(registry: Registry) -> None:
    registry.mapped(fields={**MAPPING["fields"], "name@en": "Englisch"})
    report = registry.take({**ROW, "Englisch": ""}, {**SECOND, "Englisch": "Youth club"})
    assert (report.new, report.rejected) == (2, 0)
    translations = registry.all("SELECT translations FROM registry.offering ORDER BY external_key")
    assert translations == [{}, {"en": {"name": "Youth club"}}]


def test_a_value_is_flagged_in_every_row_that_has_it(registry: Registry) -> None:
    """Cells that come again are not read again, unless there is something to say about them."""
    rows = [{**row, "Plätze": "viele", "Art": "Kita; Luftschloss"} for row in (ROW, SECOND, THIRD)]
    report = registry.take(*rows)
    flags = [each for each in report.findings if each.severity is Severity.WARNING]
    for field, value in (("capacity", "viele"), ("categories", "Luftschloss")):
        told = [each.position for each in flags if (each.field, each.value) == (field, value)]
        assert told == ["line 2", "line 3", "line 4"], field
    assert registry.all("SELECT capacity FROM registry.offering") == [None] * 3


def test_a_value_that_several_columns_make_is_that_of_each_row(registry: Registry) -> None:
    registry.mapped(fields=MAPPING["fields"] | {"name": {"template": "{Name} in {Ort}"}})
    registry.take(ROW, {**ROW, "Nr": "2", "Ort": "Flöha"})
    names = registry.all("SELECT name FROM registry.offering ORDER BY name")
    assert names == ["Kita am Markt in Flöha", "Kita am Markt in Freiberg"]


def of_another_source(registry: Registry) -> None:
    registry.mapped(source=MAPPING["source"] | {"slug": "stadt", "title": "Liste der Stadt"})


def test_new_rows_that_another_source_has_are_named_and_not_merged(registry: Registry) -> None:
    assert not registry.take(ROW, SECOND).doubles
    of_another_source(registry)
    report = registry.take({**ROW, "Name": "Kita Am Markt"}, {**THIRD, "lat": "50,7"})
    (doubles,) = report.doubles
    assert (doubles.resource, doubles.compared, doubles.doubtful) == ("offering", 2, 1)
    (pair,) = doubles.pairs
    assert (pair.name, pair.other_name, pair.score) == ("Kita Am Markt", "Kita am Markt", 1.0)
    assert registry.one("SELECT count(*) FROM registry.offering") == 4
    assert not registry.take({**ROW, "Name": "Kita Am Markt"}).doubles  # it is new only once


def test_the_report_shows_what_may_be_there_twice(registry: Registry) -> None:
    registry.take(ROW)
    of_another_source(registry)
    report = Report(files=[registry.take(ROW, dry_run=True)])
    (told,) = json.loads(report.to_json())["files"][0]["possible_duplicates"]
    assert (told["doubtful"], told["pairs"][0]["other_name"]) == (1, "Kita am Markt")
    assert told["pairs"][0]["reasons"] == ["same_name", "same_address", "near"]
    terminal = Console(file=io.StringIO(), width=200)
    report.print(terminal)
    assert isinstance(terminal.file, io.StringIO)
    for shown in (report.to_html(), terminal.file.getvalue()):
        assert "1 of 1 new offerings may be there twice" in shown
        assert "Kita am Markt" in shown


def test_an_import_does_not_wait_for_duplicates(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplicates, "_PREPARE", "SELECT pg_sleep(20)")
    monkeypatch.setattr(duplicates, "PATIENCE", 1)
    report = registry.take(ROW)
    assert (report.new, report.doubles) == (1, [])
    told = [each.reason for each in report.findings if "takes too long" in each.reason]
    assert told == [
        "not compared with the offerings of other sources: that takes too long",
        "not compared with the organisations of other sources: that takes too long",
    ]


def test_files_of_one_source_that_are_imported_together_resume_together(
    registry: Registry,
) -> None:
    """The second is newer than the first, and yet no reason to read the first again."""
    registry.take(ROW)
    (first,) = registry.folder.glob("*.csv")
    second = first.with_name("mehr.csv")
    second.write_text(first.read_text("utf-8").replace("\n1;", "\n2;", 1), "utf-8")
    order = Order("offerings", str(registry.mapping), resume=True)
    missing = first.with_name("fehlt.csv")
    for counted in ([1, 0], [0, 0]):
        report = import_files(registry.url, [second, first, missing], order)
        assert [each.read for each in report.files[:2]] == counted
    assert import_files(registry.url, [first], order).files[0].read == 1  # alone, it is older


def test_progress_names_the_rows_done_and_all_of_them(registry: Registry) -> None:
    registry.take(ROW, SECOND)
    told: list[tuple[str, int, int | None]] = []
    order = Order("offerings", str(registry.mapping))
    files = list(registry.folder.glob("*.csv"))
    import_files(registry.url, files, order, progress=lambda *each: told.append(each))
    assert told == [("angebote.csv", 0, None), ("angebote.csv", 2, 2)]


def test_hours_that_nobody_can_reckon_with_are_taken_and_flagged(registry: Registry) -> None:
    parts = MAPPING["parts"]["sites"]["fields"] | {"opening_hours": "Zeiten"}
    registry.mapped(parts={"sites": {"fields": parts}})
    texts = ("Mo-Fr 08:00-16:00; PH off", "montags 10 Uhr", "Mo-Fr 9-12")
    rows = [{**row, "Zeiten": text} for row, text in zip((ROW, SECOND, THIRD), texts, strict=True)]
    flags = [each for each in said(registry.take(*rows), Severity.WARNING) if each[1]]
    assert [(position, field) for position, field, _ in flags] == [
        ("line 3", "opening_hours"),
        ("line 4", "opening_hours"),
    ]
    assert sorted(registry.all("SELECT opening_hours FROM registry.offering_site")) == sorted(texts)
