"""Every shared file of real data is read, with as many records as its description says."""

from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import shapely
from pyproj import Transformer

from seed.readers import Document, Hints, Record
from seed.readers.formats import open_file

SHARED = Path(__file__).parents[3] / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="the shared data files are not here")

HSDS = "hsds/miami211_hsds_datapackage_no_contacts.zip"
INKAR = "mittelsachsen/INKAR_A_Arbeitslosigkeit.xls"
SCHOOLS = "mittelsachsen/schuldatenbank_14522_redacted.json"

# File, format, table (where there are several), records. The description counts 5,506 schools in
# North Rhine-Westphalia; the file has 5,509 lines, of which two precede the schools: 5,507 keys.
FILES = [
    ("chemnitz/Jugendberufshilfen.geojson", "geojson", None, 10),
    ("chemnitz/Kindertageseinrichtungen.geojson", "geojson", None, 241),
    ("chemnitz/Schulen.geojson", "geojson", None, 139),
    ("chemnitz/Schulsozialarbeit.geojson", "geojson", None, 51),
    ("chemnitz/chemnitz.geojson", "geojson", None, 39),
    ("facts/mittelsachsen_indicators.csv", "csv", None, 122),
    ("facts/mittelsachsen_offerings.csv", "csv", None, 62),
    ("facts/mittelsachsen_sozialregionen.json", "json", None, 7),
    ("flensburg/flensburg_stadtteile.geojson", "geojson", None, 13),
    ("flensburg/flensburg_stadtteile.zip", "shapefile", None, 13),
    ("flensburg/kitas_in_flensburg_redacted.csv", "csv", None, 70),
    ("flensburg/kitas_in_flensburg_redacted.geojson", "geojson", None, 70),
    (HSDS, "hsds", "services", 4089),
    ("leipzig/horte-leipzig_redacted.csv", "csv", None, 79),
    ("leipzig/leipzig-de_redacted.json", "json", None, 254),
    ("luebeck_sh/luebeck_bevoelkerung_stadtteile_2010-2022.csv", "csv", None, 13 * 11),
    ("luebeck_sh/luebeck_stadtteile.geojson", "geojson", None, 10),
    ("luebeck_sh/schulen_schleswig_holstein.csv", "csv", None, 1048),
    ("mittelsachsen/GISD_Sachsen_Gemeindeverband.csv", "csv", None, 309 * 24),
    (INKAR, "xls", "Daten", 10_991),
    ("mittelsachsen/gemeinden_vg250.geojson", "geojson", None, 53),
    (SCHOOLS, "json", None, 159),
    ("muenster/Ebene_2_Stadtteil.geojson", "geojson", None, 45),
    ("muenster/muenster_sachstand.csv", "csv", None, 275),
    ("oldenburg/stadtteile-oldenburg.json", "geojson", None, 31),
    ("wuppertal_nrw/nrw_schuldaten_epsg25832.csv", "csv", None, 5507),
]


@cache
def document(name: str) -> Document:
    return open_file(SHARED / name)


def records(name: str, hints: Hints | None = None, table: str | None = None) -> list[Record]:
    opened = open_file(SHARED / name, hints) if hints else document(name)
    return list(opened.table(table).records())


@needs_shared
@pytest.mark.parametrize(("name", "format_name", "table", "number"), FILES)
def test_every_file_is_read(name: str, format_name: str, table: str | None, number: int) -> None:
    read = records(name, None, table)
    assert (document(name).format, len(read)) == (format_name, number)
    assert not [each for each in read if each.flaw]
    assert len({each.position for each in read}) == number
    assert {key for each in read for key in each.properties} == set(
        document(name).table(table).columns
    )
    if format_name in ("geojson", "shapefile"):
        assert all(each.geometry is not None for each in read)


@needs_shared
def test_no_file_is_forgotten() -> None:
    there = {str(path.relative_to(SHARED)) for path in SHARED.glob("*/*.*")}
    assert there == {name for name, *_ in FILES}


@needs_shared
def test_only_the_package_has_anything_odd() -> None:
    odd = {
        name for name, _, table, _ in FILES for each in records(name, None, table) if each.remark
    }
    assert odd == {HSDS}


@needs_shared
def test_the_columns_of_the_schools_end_where_their_rows_end() -> None:
    name = "wuppertal_nrw/nrw_schuldaten_epsg25832.csv"
    table = open_file(SHARED / name).table()
    assert table.columns[-1] == "UTMHochwert"
    first = next(table.records())
    assert (first.position, first.properties["EPSG"]) == ("line 3", "null")
    wuppertal = [
        each for each in records(name) if each.properties["Gemeindeschluessel"] == "05124000"
    ]
    assert len(wuppertal) == 108


@needs_shared
def test_the_shapefile_agrees_with_its_twin_within_a_metre() -> None:
    table = open_file(SHARED / "flensburg/flensburg_stadtteile.zip").table()
    assert table.crs == "EPSG:25832"
    to_metres = Transformer.from_crs("OGC:CRS84", table.crs, always_xy=True)
    twins = {
        each.properties["AREA_ID"]: each.geometry
        for each in records("flensburg/flensburg_stadtteile.geojson")
    }
    for each in table.records():
        twin = shapely.transform(
            twins[each.properties["AREA_ID"]], to_metres.transform, interleaved=False
        )
        assert each.geometry is not None
        assert each.geometry.hausdorff_distance(twin) < 1


@needs_shared
def test_two_header_rows_of_the_old_workbook_are_joined() -> None:
    table = open_file(SHARED / INKAR, Hints(header_rows=2)).table("Daten")
    names = ["Kennziffer", "Raumeinheit", "Aggregat", "Arbeitslose / 1998"]
    assert list(table.columns[:4]) == names
    assert table.columns[-1] == "Arbeitslose / 2021"
    rows = list(table.records())
    assert rows[0].position == "row 3"
    assert rows[0].properties["Kennziffer"] == "01001000"
    assert rows[0].properties["Arbeitslose / 1998"] == 5784
    county = [each for each in rows if each.properties["Kennziffer"].startswith("14522")]
    assert len(county) == 53


@needs_shared
def test_buildings_of_schools_know_their_school() -> None:
    read = records(SCHOOLS, Hints(records="$[*].buildings[*]"))
    assert read[0].position == "$[0].buildings[0]"
    assert read[0].properties["community_key"] == "14522310"
    assert read[0].properties["^.institution_key"] == "4213104"
    assert len(read) >= 159


@needs_shared
def test_members_of_social_regions_know_their_region() -> None:
    read = records("facts/mittelsachsen_sozialregionen.json", Hints(records="$[*].members[*]"))
    assert len(read) == 53
    assert set(Counter(each.properties["^.number"] for each in read)) == set(range(1, 8))


@needs_shared
def test_texts_keep_their_line_ends_and_categories_their_nest() -> None:
    read = records("leipzig/leipzig-de_redacted.json")
    assert any("\r\n" in (each.properties["description"] or "") for each in read)
    assert read[0].properties["category.name"] == "work-and-education"
    assert read[0].properties["category.sub"][0]["name"] == "learning-german"


@needs_shared
def test_locations_without_coordinates_are_kept() -> None:
    assert len(document(HSDS).tables) == 2 + 12
    services = records(HSDS, None, "services")
    locations = [location for each in services for location in each.properties["locations"]]
    assert len(locations) == 4089
    assert sum(each["latitude"] is None for each in locations) == 1829
    assert all(each["addresses"] for each in locations)
