"""A package that is imported elsewhere and published there is the same package again."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Iterator
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from db.cluster import Cluster
from db.imports import undo
from db.publication import publish
from db.registry import upsert, writer
from seed.demonstration.batches import Batch
from seed.demonstration.districts import district_batches
from seed.demonstration.sources import source_batch
from seed.imports.engine import Order, import_files
from seed.load import load_vocabulary
from seed.report import FileReport
from tests.conftest import connect_to
from tests.databases import Database, build_demo_template, build_empty_template, clone
from tests.seed.test_hsds_export import Tables, export, tables_of

STANDARD = Path(__file__).parents[3] / "shared" / "standards" / "hsds"
needs_standard = pytest.mark.skipif(
    not STANDARD.exists(), reason="the shared copy of the specification is not here"
)

# What a registry knows beyond the demonstration set: every field that HSDS can carry.
FURNISHED = """
UPDATE registry.offering SET
    alternate_name = 'EB "Süd"', description = E'Zeile 1\\nZeile 2; mit, Zeichen',
    organisation_mode = 'mobile', age_min = 6, age_max = 27, free = true, cost = 'Spende',
    eligibility = 'Familien', application = 'telefonisch', accessibility = 'Aufzug', capacity = 12,
    capacity_unit = 'Plätze', confirmed_at = '2026-02-01', phone = '+49 3731 1234',
    email = 'info@beratung.example.org', url = 'https://example.org/b', note = 'im Winter zu'
WHERE slug = 'erziehungsberatungsstelle-freiberg';
UPDATE registry.offering_site SET opening_hours = 'Mo-Fr 08:00-12:00,13:00-16:00; PH off',
    opening_note = 'nach Absprache auch später'
WHERE offering_id = (SELECT id FROM registry.offering
                     WHERE slug = 'erziehungsberatungsstelle-freiberg');
UPDATE registry.site SET name = 'Haus der Beratung', point = 'SRID=4326;POINT(13.343 50.918)',
    precision = 'exact', wheelchair = 'limited', accessibility = 'Rampe hinten', note = '2. Stock'
WHERE id = (SELECT x.site_id FROM registry.offering_site x
            JOIN registry.offering o ON o.id = x.offering_id
            WHERE o.slug = 'erziehungsberatungsstelle-freiberg');
UPDATE registry.site SET wheelchair = 'yes'
WHERE id = (SELECT x.site_id FROM registry.offering_site x
            JOIN registry.offering o ON o.id = x.offering_id
            WHERE o.slug = 'erziehungsberatungsstelle-leisnig');
UPDATE registry.organisation SET phone = '+49 3731 99', email = 'info@kreis.example.org'
WHERE slug = 'landratsamt-mittelsachsen';
INSERT INTO registry.offering_term (offering_id, term_id)
SELECT o.id, t.id FROM registry.offering o, registry.codelist_term t
JOIN registry.codelist c ON c.id = t.codelist_id
WHERE o.slug = 'erziehungsberatungsstelle-freiberg'
  AND (c.name, t.code) IN (('language', 'uk'), ('language', 'de'));
INSERT INTO registry.codelist_term (codelist_id, code, label, parent_id)
SELECT c.id, 'own_term', 'Eigenes', t.id FROM registry.codelist c
JOIN registry.codelist_term t ON t.codelist_id = c.id AND t.code = 'family'
WHERE c.name = 'category';
INSERT INTO registry.offering_term (offering_id, term_id)
SELECT o.id, t.id FROM registry.offering o, registry.codelist_term t
WHERE o.slug = 'erziehungsberatungsstelle-freiberg' AND t.code = 'own_term';
"""


@pytest.fixture(scope="module")
def origin(cluster: Cluster) -> Iterator[Database]:
    """A registry with something in every field, published."""
    with clone(cluster, build_demo_template(cluster)) as fresh:
        with psycopg.connect(fresh.owner_url) as connection:
            connection.execute(FURNISHED)
        publish(fresh.owner_url)
        yield fresh


@pytest.fixture(scope="module")
def package(origin: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(origin, tmp_path_factory.mktemp("origin"))


@pytest.fixture(scope="module")
def elsewhere(cluster: Cluster, package: Path) -> Iterator[tuple[Database, FileReport]]:
    """Another registry of the same places, which took the package over and published it."""
    with clone(cluster, build_empty_template(cluster)) as fresh:
        load_vocabulary(fresh.owner_url, progress=lambda _: None)
        settle(fresh)
        report = take(fresh, package)
        publish(fresh.owner_url)
        yield fresh, report


def settle(database: Database) -> None:
    """Districts, which no package brings."""
    with writer(database.owner_url, "test") as connection:
        for batch in chain([source_batch()], district_batches()):
            assert isinstance(batch, Batch)
            upsert(connection, batch.model, batch.rows)


def take(database: Database, file: Path, resource: str | None = None) -> FileReport:
    (report,) = import_files(database.owner_url, [file], Order(resource)).files
    return report


def rows(tables: Tables, name: str) -> dict[str, dict[str, str]]:
    """By id, without the time of the publication, which was another one."""
    return {
        row["id"]: {column: cell for column, cell in row.items() if column != "last_modified"}
        for row in tables.get(name, ())
    }


# --- our own package -----------------------------------------------------------------------------


def test_everything_is_taken(elsewhere: tuple[Database, FileReport]) -> None:
    _, report = elsewhere
    assert (report.refused, report.rejected) == (False, 0)
    assert report.new > 120


def test_a_package_is_the_same_after_a_round(
    elsewhere: tuple[Database, FileReport], package: Path, tmp_path: Path
) -> None:
    first, second = tables_of(package), tables_of(export(elsewhere[0], tmp_path))
    assert first.keys() == second.keys() >= {"schedule", "phone", "language", "accessibility"}
    towns = {each.value for each in elsewhere[1].findings if each.field == "district"}
    assert len(towns) == 1  # the district is told by the town, and none is called like this one
    for name in first:
        differing = [
            row for id_, row in rows(second, name).items() if row != rows(first, name)[id_]
        ]
        assert rows(first, name).keys() == rows(second, name).keys(), name
        assert [row for row in differing if row.get("city") not in towns] == [], name


def test_the_native_offering_is_the_same_but_for_what_hsds_cannot_carry(
    origin: Database, elsewhere: tuple[Database, FileReport]
) -> None:
    def offering(database: Database) -> dict[str, Any]:
        with connect_to(database) as client:
            answer = client.get("/v1/offerings/erziehungsberatungsstelle-freiberg")
        return dict(answer.json())

    before, after = offering(origin), offering(elsewhere[0])
    differing = {name for name in before if before[name] != after[name]}
    assert differing <= {"source", "organisation", "as_of", "sites", "updated_at"}
    assert before["organisation"]["id"] == after["organisation"]["id"]
    for name in ("attribution", "license", "license_url"):
        assert before["source"][name] == after["source"][name]
    (here,), (there,) = before["sites"], after["sites"]
    assert {name for name in here if here[name] != there[name]} <= {"coordinates"}


def test_a_second_import_changes_nothing(
    elsewhere: tuple[Database, FileReport], package: Path
) -> None:
    report = take(elsewhere[0], package)
    assert (report.new, report.changed, report.rejected) == (0, 0, 0)
    assert publish(elsewhere[0].owner_url).changed == {}


def test_rows_of_our_own_that_come_back_are_left_alone(
    own_demo_database: Database, tmp_path: Path
) -> None:
    """The registry that a package is from knows more than the package."""
    package = export(own_demo_database, tmp_path)
    report = take(own_demo_database, package)
    assert (report.new, report.changed, report.rejected) == (0, 0, 0)
    assert any("left alone" in each.reason for each in report.findings)
    assert not publish(own_demo_database.owner_url).changed


def test_without_districts_services_are_the_same_and_areas_are_told(
    database: Database, package: Path, tmp_path: Path
) -> None:
    load_vocabulary(database.owner_url, progress=lambda _: None)
    report = take(database, package)
    assert report.rejected == 0
    assert {each.reason for each in report.findings if each.field == "service_area"} == {
        "no district is called that"
    }
    publish(database.owner_url)
    first, second = tables_of(package), tables_of(export(database, tmp_path))
    for name in ("service", "organization", "location", "schedule", "taxonomy_term", "attribute"):
        assert rows(first, name) == rows(second, name), name


def test_terms_that_are_known_stay_as_they_are(
    elsewhere: tuple[Database, FileReport], package: Path
) -> None:
    with writer(elsewhere[0].owner_url, "test") as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        driver.execute(
            "UPDATE registry.codelist_term SET label = 'Beratung!' WHERE code = 'advice'"
        )
    take(elsewhere[0], package)
    with psycopg.connect(elsewhere[0].owner_url) as other:
        found = other.execute("SELECT label FROM registry.codelist_term WHERE code = 'advice'")
        assert found.fetchall() == [("Beratung!",)]


# --- JSON ----------------------------------------------------------------------------------------


def page_of(database: Database, folder: Path) -> Path:
    """What /hsds/services answers, in full."""
    with psycopg.connect(database.public_url) as connection:
        found = connection.execute("SELECT whole::json FROM published.hsds_services")
        contents = [whole for (whole,) in found]
    page = {"total_items": len(contents), "total_pages": 1, "page_number": 1, "contents": contents}
    file = folder / "services.json"
    file.write_text(json.dumps(page), encoding="utf-8")
    return file


def test_a_page_of_services_is_the_same_after_a_round(
    database: Database, origin: Database, package: Path, tmp_path: Path
) -> None:
    """But for what it says of no service: organizations without one, and what is more in theirs."""
    load_vocabulary(database.owner_url, progress=lambda _: None)
    settle(database)
    report = take(database, page_of(origin, tmp_path))
    assert (report.refused, report.rejected) == (False, 0)
    publish(database.owner_url)
    first, second = tables_of(package), tables_of(export(database, tmp_path))
    for name in ("service_at_location", "language"):
        assert rows(first, name).keys() == rows(second, name).keys(), name
    assert rows(first, "service") == rows(second, "service")
    assert rows(first, "schedule") == rows(second, "schedule")
    again = take(database, tmp_path / "services.json")
    assert (again.new, again.changed) == (0, 0)


@needs_standard
def test_the_standards_own_service_is_taken_and_not_published(
    database: Database, tmp_path: Path
) -> None:
    """Nobody says under which licence it is. Its coordinates are nowhere on earth."""
    load_vocabulary(database.owner_url, progress=lambda _: None)
    example = json.loads((STANDARD / "examples" / "service_full.json").read_text())
    page = {"total_items": 1, "total_pages": 1, "page_number": 1, "size": 1, "contents": [example]}
    file = tmp_path / "page.json"
    file.write_text(json.dumps(page), encoding="utf-8")
    report = take(database, file)
    assert (report.new, report.rejected) == (2, 0), report.findings
    with psycopg.connect(database.owner_url) as connection:
        found = connection.execute(
            "SELECT o.id::text, o.name, p.id::text, o.age_min, x.opening_hours, s.street, s.point"
            " FROM registry.offering o JOIN registry.organisation p ON p.id = o.organisation_id"
            " JOIN registry.offering_site x ON x.offering_id = o.id"
            " JOIN registry.site s ON s.id = x.site_id"
        ).fetchall()
    organization = example["organization"]["id"]
    expected = (example["id"], "Community Counselling", organization, 12, None, None, None)
    assert found == [expected]
    assert publish(database.owner_url).changed.keys() <= {"codelist"}


@needs_standard
@pytest.mark.parametrize("licence", ["https://creativecommons.org/licenses/by/4.0/", "cc-by-4-0"])
def test_a_foreign_service_that_says_where_it_is_from_is_published(
    licence: str, database: Database, tmp_path: Path
) -> None:
    load_vocabulary(database.owner_url, progress=lambda _: None)
    example = json.loads((STANDARD / "examples" / "service_full.json").read_text())
    example["attributes"] = [
        {"id": str(uuid4()), "label": label, "value": value}
        for label, value in (("attribution", "Stadt Musterstadt"), ("license", licence))
    ]
    file = tmp_path / "service.json"
    file.write_text(json.dumps(example), encoding="utf-8")
    assert take(database, file).rejected == 0
    publish(database.owner_url)
    with connect_to(database) as client:
        found = client.get(f"/v1/offerings/{example['id']}").json()
    assert found["source"]["attribution"] == "Stadt Musterstadt"
    assert found["source"]["license"] == "cc-by-4-0"


# --- afterwards ----------------------------------------------------------------------------------


def test_what_changed_there_changes_here_and_nothing_else(
    own_demo_database: Database, database: Database, tmp_path: Path
) -> None:
    load_vocabulary(database.owner_url, progress=lambda _: None)
    take(database, export(own_demo_database, tmp_path))
    with psycopg.connect(own_demo_database.owner_url) as connection:
        connection.execute(
            "UPDATE registry.offering SET phone = '115'"
            " WHERE slug = 'erziehungsberatungsstelle-leisnig'"
        )
    publish(own_demo_database.owner_url)
    report = take(database, export(own_demo_database, tmp_path))
    assert (report.new, report.changed, report.rejected) == (0, 1, 0)


def test_an_import_of_a_package_is_undone_as_a_whole(database: Database, package: Path) -> None:
    load_vocabulary(database.owner_url, progress=lambda _: None)
    number = take(database, package).run
    assert number
    with writer(database.owner_url, "test") as connection:
        assert not undo(connection, number, "test").kept
    with psycopg.connect(database.owner_url) as connection:
        (left,) = connection.execute(LEFT).fetchall()
    assert left == (0, 0, 0)


LEFT = """
SELECT (SELECT count(*) FROM registry.offering WHERE status <> 'archived'),
       (SELECT count(*) FROM registry.organisation WHERE status <> 'archived'),
       (SELECT count(*) FROM registry.offering_site)
"""


@needs_standard
def test_the_standards_own_tables_are_taken(database: Database, tmp_path: Path) -> None:
    """A package of others: not all columns, ids that nobody here has made."""
    load_vocabulary(database.owner_url, progress=lambda _: None)
    tables = json.loads((STANDARD / "examples" / "tabular.json").read_text())
    described = json.loads((STANDARD / "datapackage-tabular.json").read_text())
    file = tmp_path / "package.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("datapackage.json", json.dumps(described))
        for path, found in tables.items():
            text = StringIO()
            writing = csv.DictWriter(text, list(dict.fromkeys(chain(*found))))
            writing.writeheader()
            writing.writerows(found)
            archive.writestr(path, text.getvalue())
    report = take(database, file)
    assert (report.refused, report.rejected) == (False, 0), report.findings
    with psycopg.connect(database.owner_url) as connection:
        services = connection.execute("SELECT id::text FROM registry.offering").fetchall()
    assert services == [(row["id"],) for row in tables["services.csv"]]
