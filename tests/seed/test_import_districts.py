"""The import of districts: small files made here, and the official boundaries of Mittelsachsen."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest
import shapely
import yaml
from pyproj import Geod, Transformer
from rich.console import Console
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Row, select, text

from db.boundaries import draw_schematic_cells, union_parents
from db.cluster import Cluster
from db.models import District, Revision, Source
from db.registry import insert_missing, writer
from db.simplification import TOLERANCES, simplify_all
from seed.imports.engine import Order, import_files
from seed.load import load_demonstration
from seed.mappings import READY, MappingError, load
from seed.report import FileReport, Report, Severity
from tests.databases import Database, build_empty_template, build_template, clone

SHARED = Path(__file__).parents[3] / "shared" / "data"
VG250 = SHARED / "mittelsachsen" / "gemeinden_vg250.geojson"
FACTS = SHARED / "facts" / "mittelsachsen_sozialregionen.json"
needs_shared = pytest.mark.skipif(not VG250.exists(), reason="the shared data files are not here")

EARTH = Geod(ellps="GRS80")
NAMES = UUID(int=2)
SOURCE = uuid5(NAMES, "source")

Feature = dict[str, Any]
Save = Callable[[object], Path]


def key(name: str) -> UUID:
    return uuid5(NAMES, name)


@pytest.fixture(scope="module")
def county_template(cluster: Cluster) -> str:
    empty = build_empty_template(cluster)
    return build_template(cluster, "quartier_three_template", empty, _settle)


@pytest.fixture
def url(cluster: Cluster, county_template: str) -> Iterator[str]:
    """A county (ags:99999) of three municipalities in a row, with schematic cells."""
    with clone(cluster, county_template) as fresh:
        yield fresh.owner_url


def _settle(database: Database) -> None:
    with writer(database.owner_url, "test") as connection:
        row = {"id": SOURCE, "slug": "test", "title": "Test", "publisher": "Test"}
        licensed = {"license": "cc-zero", "attribution": "Test"}
        insert_missing(connection, Source, [row | licensed])
        county = {"level": "county", "key": "99999", "parent_id": None, "point": None}
        insert_missing(connection, District, [_district("county") | county])
        municipalities = [
            _district(name)
            | {"level": "municipality", "key": f"9999900{number}", "parent_id": key("county")}
            | {"point": (13.05 + number / 10, 51.05)}
            for number, name in enumerate(["Adorf", "Bedorf", "Cedorf"])
        ]
        insert_missing(connection, District, municipalities)
        draw_schematic_cells(connection)
        union_parents(connection)


def _district(name: str) -> dict[str, Any]:
    own = {"id": key(name), "slug": name.lower(), "name": name, "scheme": "ags"}
    return own | {"source_id": SOURCE, "status": "published"}


def feature(number: int, geometry: object = None, **properties: object) -> Feature:
    """A row as VG250 has it: a square of 0.1 degrees around the municipality's point."""
    west = 13.0 + number / 10
    shape = shapely.box(west, 51.0, west + 0.1, 51.1)
    stated = {"AGS": f"9999900{number}", "GEN": f"{'ABCDEFGHIJ'[number]}edorf", "BEZ": None}
    if number == 0:
        stated["GEN"] = "Adorf"
    fixed = {"RS": "", "NUTS": "", "DEBKG_ID": "", "GF": 4}
    drawn = json.loads(shapely.to_geojson(shape)) if geometry is None else geometry
    return {"type": "Feature", "properties": fixed | stated | properties, "geometry": drawn}


def collection(*features: Feature, **members: object) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)} | members


def as_geometry(shape: BaseGeometry) -> object:
    return json.loads(shapely.to_geojson(shape))


@pytest.fixture
def save(tmp_path: Path) -> Save:
    numbers = iter(range(100))

    def saved(content: object) -> Path:
        path = tmp_path / f"file{next(numbers)}.geojson"
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        path.write_bytes(data)
        return path

    return saved


def run(url: str, file: Path, *, mapping: str | None = None, dry_run: bool = False) -> FileReport:
    order = Order("districts", mapping, dry_run=dry_run, actor="import test")
    return import_files(url, [file], order).files[0]


def districts(url: str) -> dict[str, Row[Any]]:
    with writer(url, "test") as connection:
        found = connection.execute(select(District)).all()
    return {row.name: row for row in found}


def shape_of(district: Row[Any]) -> BaseGeometry:
    return shapely.from_wkb(bytes(district.boundary.data))


def revisions(url: str) -> int:
    with writer(url, "test") as connection:
        return len(connection.execute(select(Revision.id)).all())


def reasons(report: FileReport) -> str:
    return "\n".join(each.reason for each in report.findings)


# --- what an import does -------------------------------------------------------------------------


def test_official_boundaries_replace_schematic_cells(url: str, save: Save) -> None:
    report = run(url, save(collection(feature(0), feature(1), feature(2))))
    assert report.counts() == {
        "read": 3,
        "new": 0,
        "changed": 3,
        "unchanged": 0,
        "rejected": 0,
        "flagged": 0,
        "left_out": 0,
        "archived": 0,
    }
    found = districts(url)
    assert shape_of(found["Bedorf"]).equals(shapely.box(13.1, 51, 13.2, 51.1))
    assert found["Bedorf"].boundary_quality == "official"
    outline = shapely.box(13.0, 51, 13.3, 51.1)
    assert shape_of(found["county"]).symmetric_difference(outline).area < 1e-12
    assert found["county"].boundary_quality == "official"


def test_the_source_is_registered_and_revisions_name_the_actor(url: str, save: Save) -> None:
    run(url, save(collection(feature(0))))
    with writer(url, "test") as connection:
        source = connection.execute(
            select(Source).where(Source.id == districts(url)["Adorf"].boundary_source_id)
        ).one()
        actors = connection.scalars(
            select(Revision.actor).where(Revision.entity_id == key("Adorf"))
        ).all()
    assert (source.license, source.attribution) == ("geonutz", "© GeoBasis-DE / BKG 2017")
    assert "import test" in actors


def test_importing_again_changes_no_row(url: str, save: Save) -> None:
    file = save(collection(feature(0), feature(1)))
    run(url, file)
    before = revisions(url)
    report = run(url, file)
    assert (report.changed, report.unchanged) == (0, 2)
    assert revisions(url) == before


def test_a_dry_run_reports_the_same_and_changes_nothing(url: str, save: Save) -> None:
    file = save(collection(feature(0), feature(1), feature(7)))
    before = revisions(url)
    dry = run(url, file, dry_run=True)
    assert revisions(url) == before
    wet = run(url, file)
    assert (dry.counts(), dry.findings) == (wet.counts(), wet.findings)


def test_cells_of_the_others_make_room(url: str, save: Save) -> None:
    run(url, save(collection(feature(1))))
    found = districts(url)
    overlap = shapely.intersection(shape_of(found["Adorf"]), shape_of(found["Bedorf"]))
    assert overlap.area < 1e-6
    assert found["Adorf"].boundary_quality == "schematic"
    assert found["county"].boundary_quality == "schematic"


def test_a_name_that_differs_is_reported_and_stays(url: str, save: Save) -> None:
    report = run(url, save(collection(feature(0, GEN="Adorf/Erzgeb."))))
    (finding,) = [each for each in report.findings if each.field == "name"]
    assert (finding.severity, finding.value) == (Severity.WARNING, "Adorf/Erzgeb.")
    assert report.flagged == 1
    assert "Adorf" in districts(url)


def test_districts_missing_from_the_file_are_reported(url: str, save: Save) -> None:
    report = run(url, save(collection(feature(0), feature(1))))
    assert "Cedorf (ags:99999002) is not in the file" in reasons(report)


def test_an_unknown_key_of_a_known_county_becomes_a_draft(url: str, save: Save) -> None:
    report = run(url, save(collection(feature(0), feature(7, GEN="Neudorf"))))
    assert (report.new, report.changed, report.flagged) == (1, 1, 1)
    draft = districts(url)["Neudorf"]
    assert (draft.status, draft.key, draft.slug) == ("draft", "99999007", "neudorf")
    assert draft.parent_id == key("county")


def test_a_draft_is_found_again(url: str, save: Save) -> None:
    file = save(collection(feature(7), feature(8, GEN="Adorf")))
    assert run(url, file).new == 2
    report = run(url, file)
    assert (report.new, report.changed, report.unchanged) == (0, 0, 2)


def test_rows_of_other_counties_are_left_out_and_counted(url: str, save: Save) -> None:
    report = run(url, save(collection(feature(0), feature(3, AGS="01001000"))))
    assert (report.read, report.changed, report.left_out, report.new) == (2, 1, 1, 0)
    assert "ags:01001" in reasons(report)


def test_a_parent_that_is_not_registered_is_left_empty_and_flagged(
    url: str, save: Save, tmp_path: Path
) -> None:
    mapping = yaml.safe_load((READY / "vg250-gemeinden.yaml").read_text(encoding="utf-8"))
    del mapping["only_known_parents"]
    own = tmp_path / "own.yaml"
    own.write_text(yaml.safe_dump(mapping, allow_unicode=True), encoding="utf-8")
    file = save(collection(feature(0), feature(3, AGS="01001000", GEN="Fernstadt")))
    report = run(url, file, mapping=str(own))
    assert (report.read, report.changed, report.new, report.left_out) == (2, 1, 1, 0)
    assert "not registered: left empty" in reasons(report)
    assert districts(url)["Fernstadt"].parent_id is None


@pytest.mark.parametrize("only_known", [False, True])
def test_a_hierarchy_comes_with_its_file(
    url: str, save: Save, tmp_path: Path, only_known: bool
) -> None:
    """In any order; what leads to nothing registered, or round in a circle, has no parent."""
    over = {
        5: "99999006", 6: "99999", 7: "88888", 8: "99999009", 9: "99999008", 4: "99999007",
    }  # fmt: skip
    mapping = yaml.safe_load((READY / "vg250-gemeinden.yaml").read_text(encoding="utf-8"))
    mapping["fields"]["parent"] = "OVER"
    mapping["only_known_parents"] = only_known
    own = tmp_path / "own.yaml"
    own.write_text(yaml.safe_dump(mapping, allow_unicode=True), encoding="utf-8")
    file = save(collection(*(feature(number, OVER=key) for number, key in over.items())))
    report = run(url, file, mapping=str(own))
    found = districts(url)
    assert found["Fedorf"].parent_id == found["Gedorf"].id
    assert found["Gedorf"].parent_id == key("county")
    if only_known:
        assert (report.new, report.left_out) == (2, 4)
        assert not {"Eedorf", "Hedorf", "Iedorf", "Jedorf"} & found.keys()
    else:
        assert report.new == 6
        assert found["Eedorf"].parent_id == found["Hedorf"].id
        assert {found[name].parent_id for name in ("Hedorf", "Iedorf", "Jedorf")} == {None}
    assert run(url, file, mapping=str(own)).new == 0


def test_water_rows_are_left_out(url: str, save: Save) -> None:
    report = run(url, save(collection(feature(0), feature(0, GF=2))))
    assert (report.changed, report.left_out, report.rejected) == (1, 1, 0)


def test_a_lost_leading_zero_is_restored(url: str, save: Save) -> None:
    report = run(url, save(collection(feature(0), feature(3, AGS=1001000))))
    assert "ags:01001" in reasons(report)


@pytest.mark.parametrize(
    "ags", ["145225123", "14522", "1452x180", "", None, True, [1], "１４５２２１８０"]
)
def test_what_is_no_municipality_key_is_rejected(url: str, save: Save, ags: object) -> None:
    report = run(url, save(collection(feature(0), feature(1, AGS=ags))))
    assert (report.changed, report.rejected) == (1, 1)


def test_both_rows_with_one_key_are_rejected(url: str, save: Save) -> None:
    report = run(url, save(collection(feature(0), feature(1), feature(1))))
    assert (report.changed, report.rejected) == (1, 2)
    assert "several rows have this key" in reasons(report)
    assert districts(url)["Bedorf"].boundary_quality == "schematic"


def test_a_key_of_another_level_is_rejected(url: str, save: Save) -> None:
    with writer(url, "test") as connection:
        connection.execute(
            text("UPDATE registry.district SET level = 'quarter' WHERE name = 'Adorf'")
        )
    report = run(url, save(collection(feature(0))))
    assert report.rejected == 1
    assert "as quarter" in reasons(report)


def test_an_own_boundary_of_the_county_is_kept(url: str, save: Save) -> None:
    outline = shapely.box(12.9, 50.9, 13.4, 51.2)
    with writer(url, "test") as connection:
        connection.execute(
            text(
                "UPDATE registry.district SET boundary = ST_Multi(ST_GeomFromText(:wkt, 4326)), "
                "boundary_quality = 'official', boundary_source_id = :source WHERE name = 'county'"
            ),
            {"wkt": outline.wkt, "source": SOURCE},
        )
    run(url, save(collection(feature(0), feature(1), feature(2))))
    assert shape_of(districts(url)["county"]).equals(outline)


# --- geometry ------------------------------------------------------------------------------------

SQUARE = shapely.box(13.0, 51.0, 13.1, 51.1)
SPIKE = [(13.0, 51.0), (13.1, 51.0), (13.1, 51.1), (13.1, 51.11), (13.1, 51.1), (13.0, 51.1)]


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        ({"type": "LineString", "coordinates": [[13, 51], [14, 52]]}, "not an area"),
        ({"type": "Point", "coordinates": [13, 51]}, "not an area"),
        ({"type": "Polygon", "coordinates": []}, "without a boundary"),
        ({"type": "Polygon", "coordinates": [[[13, 51], [14, 52]]]}, "its geometry"),
        ({"type": "Polygon", "coordinates": [[["a", "b"]]]}, "its geometry"),
        ({"type": "Polygon"}, "its geometry"),
        ({"type": "Kreis", "coordinates": []}, "its geometry"),
        ("POLYGON", "its geometry"),
        (
            {
                "type": "Polygon",
                "coordinates": [[[13, 51], [13.1, 51.1], [13.1, 51], [13, 51.1], [13, 51]]],
            },
            "invalid (Self-intersection",
        ),
    ],
)
def test_what_is_no_area_is_rejected(url: str, save: Save, geometry: object, reason: str) -> None:
    report = run(url, save(collection(feature(0, geometry), feature(1))))
    assert (report.rejected, report.changed) == (1, 1)
    assert reason in reasons(report)


def test_a_feature_without_geometry_is_rejected(url: str, save: Save) -> None:
    report = run(url, save(collection(feature(0) | {"geometry": None}, feature(1))))
    assert (report.rejected, report.changed) == (1, 1)


def test_a_small_flaw_is_repaired_and_reported(url: str, save: Save) -> None:
    spiky = {"type": "Polygon", "coordinates": [[*SPIKE, SPIKE[0]]]}
    report = run(url, save(collection(feature(0, spiky))))
    assert (report.changed, report.flagged, report.rejected) == (1, 1, 0)
    assert "repaired" in reasons(report)
    assert shape_of(districts(url)["Adorf"]).equals(SQUARE)


def test_heights_are_dropped(url: str, save: Save) -> None:
    high = shapely.force_3d(SQUARE, 300)
    assert run(url, save(collection(feature(0, as_geometry(high))))).changed == 1


def test_a_point_outside_is_flagged(url: str, save: Save) -> None:
    away = as_geometry(shapely.box(13.06, 51.0, 13.1, 51.1))
    report = run(url, save(collection(feature(0, away))))
    assert (report.changed, report.flagged) == (1, 1)
    assert "lies outside" in reasons(report)


def test_swapped_axes_are_rejected(url: str, save: Save) -> None:
    swapped = as_geometry(shapely.box(51.0, 13.0, 51.1, 13.1))
    report = run(url, save(collection(feature(0, swapped))))
    assert report.rejected == 1
    assert "swapped" in reasons(report)


# --- files ---------------------------------------------------------------------------------------


def in_metres(crs: str) -> dict[str, Any]:
    there = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    ring = [list(there.transform(*place)) for place in SQUARE.exterior.coords]
    return feature(0, {"type": "Polygon", "coordinates": [ring]})


def stated(crs: str) -> dict[str, Any]:
    return {"crs": {"type": "name", "properties": {"name": crs}}}


@pytest.mark.parametrize("crs", ["EPSG:25833", "EPSG:31468"])
def test_metres_called_degrees_are_refused_with_a_suggestion(
    url: str, save: Save, crs: str
) -> None:
    report = run(url, save(collection(in_metres(crs))))
    assert report.refused
    assert crs in reasons(report)
    assert "no longitude and latitude" in reasons(report)


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:EPSG::25833", "EPSG:25833"])
def test_a_stated_coordinate_system_is_honoured(url: str, save: Save, name: str) -> None:
    run(url, save(collection(in_metres("EPSG:25833"), **stated(name))))
    found = shape_of(districts(url)["Adorf"])
    assert found.symmetric_difference(SQUARE).area < 1e-9


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4326"])
def test_degrees_by_any_name_are_taken_as_they_are(url: str, save: Save, name: str) -> None:
    run(url, save(collection(feature(0), **stated(name))))
    assert shape_of(districts(url)["Adorf"]).equals(SQUARE)


@pytest.mark.parametrize("crs", [{"type": "link"}, "EPSG:4326", {"properties": {"name": 4326}}])
def test_a_coordinate_system_without_a_name_is_refused(url: str, save: Save, crs: object) -> None:
    report = run(url, save(collection(feature(0), crs=crs)))
    assert report.refused
    assert "$.crs" in reasons(report)


def test_degrees_called_metres_are_refused(url: str, save: Save) -> None:
    """Transformed, they would be specks near the equator that replace good boundaries."""
    report = run(url, save(collection(feature(0), **stated("EPSG:25833"))))
    assert report.refused
    assert "looks like longitude and latitude" in reasons(report)


def test_a_name_with_control_characters_is_rejected(url: str, save: Save) -> None:
    report = run(url, save(collection(feature(0), feature(7, GEN="Neu\u0000dorf"))))
    assert (report.changed, report.new, report.rejected) == (1, 0, 1)


def test_a_refused_file_does_not_stop_the_next(url: str, save: Save, tmp_path: Path) -> None:
    files = [tmp_path / "absent.geojson", save(b"{"), save(collection(feature(0)))]
    report = import_files(url, files, Order("districts"))
    assert [file.refused for file in report.files] == [True, True, False]
    assert report.files[2].changed == 1
    assert report.exit_code == 2


def test_a_database_error_leaves_nothing_half_written(
    url: str, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> int:
        raise RuntimeError

    monkeypatch.setattr("seed.imports.districts.union_parents", broken)
    before = revisions(url)
    with pytest.raises(RuntimeError):
        run(url, save(collection(feature(0))))
    assert revisions(url) == before


# --- mappings ------------------------------------------------------------------------------------

MAPPING = """
resource: districts
title: Stadtteile
crs: EPSG:25833
source: {slug: town, title: Town, publisher: Town, license: not_stated, attribution: Town}
fields:
  scheme: {constant: ags}
  key: nummer
  name: {column: name, values: {a: Adorf}}
  level: {constant: municipality}
  boundary_quality: {constant: generalised}
"""


def test_an_own_mapping_with_its_coordinate_system(url: str, save: Save, tmp_path: Path) -> None:
    mapping = tmp_path / "own.yaml"
    mapping.write_text(MAPPING)
    row = in_metres("EPSG:25833") | {"properties": {"nummer": 99999000, "name": "a"}}
    report = run(url, save(collection(row)), mapping=str(mapping))
    assert (report.changed, report.flagged) == (1, 0)
    assert "not published" in reasons(report)
    assert districts(url)["Adorf"].boundary_quality == "generalised"


def test_the_mapping_in_the_how_to_is_valid(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "how-to" / "import-boundaries.md"
    path = tmp_path / "own.yaml"
    path.write_text(page.read_text().split("```yaml")[1].split("```")[0])
    assert load(path).columns == {"NR", "NAME", "ART"}


def test_a_value_the_mapping_does_not_list_is_rejected(
    url: str, save: Save, tmp_path: Path
) -> None:
    mapping = tmp_path / "own.yaml"
    mapping.write_text(MAPPING)
    row = in_metres("EPSG:25833") | {"properties": {"nummer": "99999000", "name": "z"}}
    assert run(url, save(collection(row)), mapping=str(mapping)).rejected == 1


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("  name:", "  nmae:", "did you mean 'name'?"),
        ("  key: nummer\n", "", "missing: key"),
        ("municipality", "municipalty", "did you mean 'municipality'?"),
        ("EPSG:25833", "EPSG:1", "unknown coordinate system"),
        ("resource: districts", "resource: planets", "no 'planets'"),
        ("slug: town", "slug: Town!", "source.slug"),
        ("{constant: ags}", "{constant: ags, column: a}", "give one of column"),
        ("title: Stadtteile", "titel: Stadtteile", "titel"),
        ("title: Stadtteile", "title: [", "own.yaml"),
    ],
)
def test_a_wrong_mapping_says_what_is_wrong(
    tmp_path: Path, before: str, after: str, reason: str
) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(MAPPING.replace(before, after))
    with pytest.raises(MappingError) as refused:
        load(path)
    assert reason in str(refused.value)


def test_a_file_that_fits_no_mapping_is_refused(url: str, save: Save) -> None:
    report = run(url, save(collection({**feature(0), "properties": {"name": "Adorf"}})))
    assert report.refused
    assert "no ready mapping fits the columns (name)" in reasons(report)


def test_a_named_mapping_must_fit_as_well(url: str, save: Save) -> None:
    file = save(collection({**feature(0), "properties": {"AGS": "99999000"}}))
    report = run(url, file, mapping="vg250-gemeinden")
    assert report.refused
    assert "lacks columns of the mapping" in reasons(report)


def test_an_unknown_mapping_is_refused_with_the_nearest(url: str, save: Save) -> None:
    report = run(url, save(collection(feature(0))), mapping="vg250_gemeinden")
    assert "did you mean 'vg250-gemeinden'?" in reasons(report)


# --- the report ----------------------------------------------------------------------------------


def test_the_report_is_written_for_machines_and_people(url: str, save: Save) -> None:
    row = feature(0, GEN="A[bold]dorf")
    file = save(collection(row, feature(1, AGS="x")))
    report = import_files(url, [file], Order("districts"))
    (found,) = json.loads(report.to_json())["files"]
    assert found["counts"]["rejected"] == 1
    assert {"severity", "position", "field", "value", "reason"} == found["findings"][0].keys()
    shown = StringIO()
    report.print(Console(file=shown, width=120))
    assert "A[bold]dorf" in shown.getvalue()
    assert "feature 2: key: x: not a key of 8 digits" in shown.getvalue()


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (FileReport("a", changed=3), 0),
        (FileReport("a", rejected=1), 1),
        (FileReport("a", rejected=1, refused=True), 2),
    ],
)
def test_exit_codes(file: FileReport, code: int) -> None:
    assert Report(files=[FileReport("fine"), file]).exit_code == code


# --- the official boundaries of Mittelsachsen ----------------------------------------------------


@pytest.fixture
def mittelsachsen(database: Database) -> tuple[str, FileReport]:
    load_demonstration(database.owner_url, progress=lambda _: None)
    return database.owner_url, run(database.owner_url, VG250)


def of_level(found: Mapping[str, Row[Any]], level: str) -> Sequence[Row[Any]]:
    return [row for row in found.values() if row.level == level and row.boundary is not None]


@needs_shared
def test_vg250_all_53_municipalities_and_nothing_lost(
    mittelsachsen: tuple[str, FileReport],
) -> None:
    url, report = mittelsachsen
    counts = report.counts()
    assert (counts["read"], counts["changed"], counts["rejected"], counts["new"]) == (53, 53, 0, 0)
    told = reasons(report)
    assert "Ostrau ended 2022-12-31, successor Jahnatal" in told
    assert "Zschaitz-Ottewig ended 2022-12-31, successor Jahnatal" in told
    assert "Jahnatal (ags:14522275) is not in the file" in told
    before = revisions(url)
    again = run(url, VG250)
    assert (again.changed, again.unchanged, revisions(url)) == (0, 53, before)


@needs_shared
def test_vg250_areas_agree_with_the_facts(mittelsachsen: tuple[str, FileReport]) -> None:
    facts = [each for region in json.loads(FACTS.read_text()) for each in region["members"]]
    found = {row.key: row for row in of_level(districts(mittelsachsen[0]), "municipality")}
    for fact in facts:
        area, _ = EARTH.geometry_area_perimeter(shape_of(found[fact["ags"]]))
        assert abs(area) / 1e6 == pytest.approx(fact["area_km2"], rel=0.03)


@needs_shared
def test_vg250_levels_are_unions(mittelsachsen: tuple[str, FileReport]) -> None:
    found = districts(mittelsachsen[0])
    municipalities = [
        shape_of(row) for row in of_level(found, "municipality") if row.valid_to is None
    ]
    regions = [shape_of(row) for row in of_level(found, "social_region")]
    (county,) = [row for row in of_level(found, "county") if row.key == "14522"]
    assert (len(municipalities), len(regions)) == (52, 7)
    for parts in (municipalities, regions):
        assert shapely.union_all(parts).symmetric_difference(shape_of(county)).area < 1e-9
    assert county.boundary_quality == "official"


@needs_shared
def test_vg250_jahnatal_is_its_predecessors(mittelsachsen: tuple[str, FileReport]) -> None:
    found = districts(mittelsachsen[0])
    both = shapely.union(shape_of(found["Ostrau"]), shape_of(found["Zschaitz-Ottewig"]))
    jahnatal = found["Jahnatal"]
    assert shape_of(jahnatal).symmetric_difference(both).area < 1e-9
    assert (jahnatal.boundary_quality, jahnatal.boundary_source_id) == ("official", None)
    assert found["Ostrau"].boundary_quality == "official"


@needs_shared
def test_vg250_simplified_shapes_fit_together(mittelsachsen: tuple[str, FileReport]) -> None:
    url, _ = mittelsachsen
    found = districts(url)
    with writer(url, "test") as connection:
        drawn = {(s.district_id, s.tolerance): s.wkb for s in simplify_all(connection)}
    assert len(drawn) == 62 * len(TOLERANCES)
    for tolerance in TOLERANCES:
        shapes = {
            name: shapely.from_wkb(drawn[row.id, tolerance])
            for name, row in found.items()
            if row.boundary is not None
        }
        today = [row.name for row in of_level(found, "municipality") if row.valid_to is None]
        assert shapely.coverage_is_valid([shapes[name] for name in today])
        for name, shape in shapes.items():
            assert shape.is_valid
            assert shape.area == pytest.approx(shape_of(found[name]).area, rel=0.1)
        county = shapely.union_all([shapes[name] for name in today])
        regions = shapely.union_all([shapes[row.name] for row in of_level(found, "social_region")])
        both = shapely.union(shapes["Ostrau"], shapes["Zschaitz-Ottewig"])
        for one, other in (
            (county, regions),
            (county, shapes["Landkreis Mittelsachsen"]),
            (both, shapes["Jahnatal"]),
        ):
            assert one.symmetric_difference(other).area < 1e-12
