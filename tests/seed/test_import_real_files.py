"""The files of others, each with its quirk; they are not part of the project."""

from __future__ import annotations

from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from seed.imports.engine import Order, import_files
from seed.report import FileReport, Severity
from tests.databases import Database

SHARED = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="the shared data files are not here")

RHINE_WUPPER = (7.0, 51.1, 7.35, 51.35)


class Registry:
    """The demonstration set, and what is imported into it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def take(self, resource: str, file: str, **how: Any) -> FileReport:
        return import_files(self.url, [SHARED / file], Order(resource, **how)).files[0]

    def all(self, query: LiteralString, *values: object) -> list[Any]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            rows = connection.execute(query, values or None).fetchall()
        return [row[0] if len(row) == 1 else row for row in rows]

    def one(self, query: LiteralString, *values: object) -> Any:
        (value,) = self.all(query, *values)
        return value


@pytest.fixture
def registry(own_demo_database: Database) -> Registry:
    return Registry(own_demo_database.owner_url)


def taken(report: FileReport) -> dict[str, int]:
    counts = report.counts()
    return {name: counts[name] for name in ("read", "new", "rejected", "left_out") if counts[name]}


def test_the_municipalities_of_mittelsachsen(registry: Registry) -> None:
    report = registry.take("districts", "mittelsachsen/gemeinden_vg250.geojson")
    assert (report.read, report.changed, report.rejected) == (53, 53, 0)


def test_social_regions_have_no_boundaries_and_are_known(registry: Registry) -> None:
    report = registry.take("districts", "facts/mittelsachsen_sozialregionen.json")
    assert (report.read, report.unchanged) == (7, 7)


@pytest.mark.parametrize(
    ("file", "count"),
    [
        ("flensburg/flensburg_stadtteile.zip", 13),
        ("flensburg/flensburg_stadtteile.geojson", 13),
        ("oldenburg/stadtteile-oldenburg.json", 31),
        ("luebeck_sh/luebeck_stadtteile.geojson", 10),
        ("chemnitz/chemnitz.geojson", 39),
        ("muenster/Ebene_2_Stadtteil.geojson", 45),
    ],
)
def test_city_districts_are_added_as_drafts(registry: Registry, file: str, count: int) -> None:
    assert taken(registry.take("districts", file)) == {"read": count, "new": count}


def test_a_shapefile_in_metres_lies_where_its_twin_in_degrees_does(registry: Registry) -> None:
    """Within a metre."""
    registry.take("districts", "flensburg/flensburg_stadtteile.zip")
    shapes: LiteralString = (
        "SELECT external_key, ST_AsText(boundary, 6) FROM registry.district "
        "WHERE scheme = 'flensburg_stadtteil'"
    )
    areas: LiteralString = (
        "SELECT max(ST_HausdorffDistance(ST_Transform(d.boundary, 25832), "
        "ST_Transform((r.before ->> 'boundary')::geometry, 25832))) "
        "FROM registry.district d JOIN registry.revision r ON r.entity_id = d.id "
        "WHERE d.scheme = 'flensburg_stadtteil' AND r.before ->> 'boundary' IS NOT NULL"
    )
    assert len(registry.all(shapes)) == 13
    registry.take("districts", "flensburg/flensburg_stadtteile.geojson")
    assert (registry.one(areas) or 0) < 1


def test_one_day_care_centre_of_seventy_lies_elsewhere_than_it_says(registry: Registry) -> None:
    registry.take("districts", "flensburg/flensburg_stadtteile.zip")
    report = registry.take("offerings", "flensburg/kitas_in_flensburg_redacted.geojson")
    assert taken(report) == {"read": 70, "new": 70}
    ((value, reason),) = [
        (each.value, each.reason)
        for each in report.findings
        if each.severity is Severity.WARNING and each.field == "district"
    ]
    assert value == "Westliche Höhe"
    assert reason == "kept as stated, but the point lies in Altstadt"
    assert registry.one("SELECT min(capacity) > 0 FROM registry.offering WHERE capacity > 0")


def test_the_same_day_care_centres_as_a_table_are_the_same(registry: Registry) -> None:
    registry.take("offerings", "flensburg/kitas_in_flensburg_redacted.csv")
    report = registry.take("offerings", "flensburg/kitas_in_flensburg_redacted.geojson")
    assert (report.new, report.changed + report.unchanged) == (0, 70)


@pytest.mark.parametrize(
    ("file", "count"),
    [
        ("chemnitz/Kindertageseinrichtungen.geojson", 241),
        ("chemnitz/Schulen.geojson", 139),
        ("chemnitz/Schulsozialarbeit.geojson", 51),
        ("chemnitz/Jugendberufshilfen.geojson", 10),
        ("leipzig/leipzig-de_redacted.json", 254),
        ("leipzig/horte-leipzig_redacted.csv", 79),
        ("luebeck_sh/schulen_schleswig_holstein.csv", 1048),
        ("facts/mittelsachsen_offerings.csv", 62),
    ],
)
def test_no_row_is_lost_and_none_invented(registry: Registry, file: str, count: int) -> None:
    assert taken(registry.take("offerings", file)) == {"read": count, "new": count}
    again = registry.take("offerings", file)
    assert (again.read, again.unchanged) == (count, count)


def test_schools_in_metres_lie_in_their_city(registry: Registry) -> None:
    """5,507 rows (one more than their list says), a first line `sep=;`, a header one too long."""
    report = registry.take("offerings", "wuppertal_nrw/nrw_schuldaten_epsg25832.csv")
    assert taken(report) == {"read": 5507, "new": 5507}
    inside = registry.one(
        "SELECT count(*) FROM registry.site s JOIN registry.source o ON o.id = s.source_id "
        "WHERE o.slug LIKE '%%nrw%%' AND s.town = 'Wuppertal' "
        "AND s.point && ST_MakeEnvelope(%s, %s, %s, %s, 4326)",
        *RHINE_WUPPER,
    )
    assert inside >= 108


def test_texts_with_carriage_returns_have_none_left(registry: Registry) -> None:
    registry.take("offerings", "leipzig/leipzig-de_redacted.json")
    texts = registry.all("SELECT description FROM registry.offering WHERE description LIKE E'%\n%'")
    assert texts
    assert not any("\r" in text for text in texts)


def test_no_hsds_service_is_lost_and_places_without_coordinates_have_none(
    registry: Registry,
) -> None:
    file = "hsds/miami211_hsds_datapackage_no_contacts.zip"
    assert taken(registry.take("offerings", file)) == {"read": 4089, "new": 4089}
    without = registry.one(
        "SELECT count(*) FROM registry.site s JOIN registry.source o ON o.id = s.source_id "
        "WHERE o.slug LIKE '%miami%' AND s.point IS NULL"
    )
    assert without > 0
    again = registry.take("offerings", file)
    assert (again.read, again.unchanged) == (4089, 4089)


def test_a_sheet_with_years_as_columns_becomes_observations(registry: Registry) -> None:
    """53 municipalities of 10,990 rows, 24 years each; three of the columns are names."""
    report = registry.take("observations", "mittelsachsen/INKAR_A_Arbeitslosigkeit.xls")
    assert report.new == 53 * 24
    assert report.left_out == 10990 - 53


def test_an_observation_of_a_merged_municipality_stays_with_it_before_the_merger(
    registry: Registry,
) -> None:
    registry.take("observations", "mittelsachsen/INKAR_A_Arbeitslosigkeit.xls")
    found = registry.all(
        "SELECT DISTINCT d.name FROM registry.observation o "
        "JOIN registry.district d ON d.id = o.district_id "
        "JOIN registry.indicator i ON i.id = o.indicator_id "
        "WHERE i.slug = 'arbeitslose' AND d.valid_to IS NOT NULL ORDER BY 1"
    )
    assert found == ["Ostrau", "Zschaitz-Ottewig"]


def test_figures_of_associations_are_refused_for_municipalities(registry: Registry) -> None:
    report = registry.take("observations", "mittelsachsen/GISD_Sachsen_Gemeindeverband.csv")
    assert report.refused
    assert "44 municipal associations" in report.findings[-1].reason


def test_a_total_among_its_parts_is_that_of_the_city(registry: Registry) -> None:
    registry.take("districts", "luebeck_sh/luebeck_stadtteile.geojson")
    file = "luebeck_sh/luebeck_bevoelkerung_stadtteile_2010-2022.csv"
    assert registry.take("observations", file).rejected == 0
    city, parts = registry.all(
        "SELECT d.level, sum(o.value)::int FROM registry.observation o "
        "JOIN registry.district d ON d.id = o.district_id "
        "JOIN registry.source s ON s.id = o.source_id "
        "JOIN registry.indicator i ON i.id = o.indicator_id "
        "WHERE s.slug LIKE 'luebeck%' AND o.period = '2022' AND i.slug = 'population' "
        "GROUP BY d.level ORDER BY d.level DESC"
    )
    assert {city[0], parts[0]} == {"municipality", "city_district"}
    assert city[1] == 222077


def test_a_tree_of_measures_and_their_reports(registry: Registry) -> None:
    report = registry.take("measures", "muenster/muenster_sachstand.csv")
    assert report.new == 54
    assert (
        registry.one(
            "SELECT count(*) FROM registry.statement s JOIN registry.measure m "
            "ON m.id = s.measure_id JOIN registry.source o ON o.id = m.source_id "
            "WHERE o.slug LIKE '%muenster%'"
        )
        > 150
    )
    states = registry.all(
        "SELECT DISTINCT implementation FROM registry.measure m JOIN registry.source o "
        "ON o.id = m.source_id WHERE o.slug LIKE '%muenster%'"
    )
    assert len(states) > 1
