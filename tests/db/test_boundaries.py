"""Schematic cells, and boundaries united from their parts."""

from collections.abc import Iterator, Mapping
from datetime import date
from uuid import UUID, uuid5

import pytest
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, select

from db.boundaries import draw_schematic_cells, keyed_districts, union_parents
from db.models import District, DistrictSuccession, Source
from db.registry import insert_missing, upsert, writer
from tests.databases import Database

NAMES = UUID(int=1)
SOURCE = uuid5(NAMES, "source")
REFORM = date(2023, 1, 1)
LAST_DAY = date(2022, 12, 31)
TINY = 1e-9  # square degrees: about ten square metres

Boundaries = Mapping[str, BaseGeometry | None]


def key(name: str) -> UUID:
    return uuid5(NAMES, name)


@pytest.fixture
def registry(database: Database) -> Iterator[Connection]:
    with writer(database.owner_url, "test") as connection:
        row = {"id": SOURCE, "slug": "test", "title": "Test", "publisher": "Test"}
        licensed = {"license": "cc-zero", "attribution": "Test"}
        insert_missing(connection, Source, [row | licensed])
        yield connection


def add(
    connection: Connection, name: str, level: str, parent: str | None = None, **columns: object
) -> None:
    row = {"id": key(name), "slug": name, "name": name, "level": level, "source_id": SOURCE}
    parent_id = key(parent) if parent else None
    insert_missing(connection, District, [row | {"parent_id": parent_id} | columns])


def add_county(connection: Connection, columns: int = 3, rows: int = 3) -> list[str]:
    """A county whose municipalities' points stand in a grid of 0.1 degrees."""
    add(connection, "county", "county")
    names = [f"m{x}{y}" for x in range(columns) for y in range(rows)]
    for name in names:
        point = (13.0 + int(name[1]) / 10, 51.0 + int(name[2]) / 10)
        add(connection, name, "municipality", "county", point=point, area_km2=75)
    return names


def merge(connection: Connection, successor: str, *predecessors: str, share: float = 1) -> None:
    for name in predecessors:
        pair = {"predecessor_id": key(name), "successor_id": key(successor)}
        row = {"id": key(f"{name}-{successor}"), "valid_on": REFORM, "source_id": SOURCE}
        insert_missing(connection, DistrictSuccession, [row | pair | {"share": share}])
        upsert(connection, District, [{"id": key(name), "valid_to": LAST_DAY}])


def give(
    connection: Connection, name: str, boundary: BaseGeometry, quality: str = "official"
) -> None:
    shape = shapely.multipolygons(shapely.get_parts(boundary))
    wkb = shapely.to_wkb(shapely.set_srid(shape, 4326), include_srid=True)
    row = {"id": key(name), "boundary": wkb, "boundary_quality": quality}
    upsert(connection, District, [row | {"boundary_source_id": SOURCE}])


def boundaries(connection: Connection) -> Boundaries:
    found = connection.execute(select(District.name, District.boundary))
    return {row.name: row.boundary and shapely.from_wkb(bytes(row.boundary.data)) for row in found}


def qualities(connection: Connection) -> Mapping[str, str | None]:
    found = connection.execute(select(District.name, District.boundary_quality))
    return {row.name: row.boundary_quality for row in found}


def differ(one: BaseGeometry | None, other: BaseGeometry | None) -> float:
    assert one is not None
    assert other is not None
    return float(shapely.symmetric_difference(one, other).area)


def test_cells_cover_the_county_without_gap_or_overlap(registry: Connection) -> None:
    names = add_county(registry)
    assert draw_schematic_cells(registry) == 9
    drawn = boundaries(registry)
    cells = [drawn[name] for name in names]
    assert shapely.coverage_is_valid(cells)
    whole = shapely.union_all(cells)
    assert whole.geom_type == "Polygon"
    assert not whole.interiors
    for name in names:
        point = shapely.Point(13.0 + int(name[1]) / 10, 51.0 + int(name[2]) / 10)
        assert shapely.contains(drawn[name], point)
    assert {qualities(registry)[name] for name in names} == {"schematic"}


def test_drawing_twice_changes_nothing(registry: Connection) -> None:
    add_county(registry)
    assert (draw_schematic_cells(registry), union_parents(registry)) == (9, 1)
    assert (draw_schematic_cells(registry), union_parents(registry)) == (0, 0)


def test_a_municipality_without_a_county_gets_no_cell(registry: Connection) -> None:
    add(registry, "alone", "municipality", point=(7.1, 51.2))
    add(registry, "state", "state")
    add(registry, "in-a-state", "municipality", "state", point=(7.2, 51.2))
    assert draw_schematic_cells(registry) == 0


def test_levels_between_county_and_municipality_are_walked(registry: Connection) -> None:
    add(registry, "state", "state")
    add(registry, "county", "county", "state")
    for region in ("west", "east"):
        add(registry, region, "social_region", "county")
        x = 13.0 if region == "west" else 13.2
        for y in (0, 1):
            add(registry, f"{region}{y}", "municipality", region, point=(x, 51 + y / 10))
    assert draw_schematic_cells(registry) == 4
    assert union_parents(registry) == 4
    drawn = boundaries(registry)
    united = shapely.union_all([drawn["west"], drawn["east"]])
    assert differ(united, drawn["county"]) < TINY
    assert differ(drawn["state"], drawn["county"]) < TINY
    assert qualities(registry)["state"] == "schematic"


def test_a_merged_municipality_is_the_union_of_its_predecessors(registry: Connection) -> None:
    names = add_county(registry)
    add(registry, "new", "municipality", "county", point=(13.0, 51.0), valid_from=REFORM)
    merge(registry, "new", "m00", "m01")
    assert draw_schematic_cells(registry) == 9
    union_parents(registry)
    drawn = boundaries(registry)
    assert differ(drawn["new"], shapely.union(drawn["m00"], drawn["m01"])) < TINY
    today = [drawn[name] for name in names if name not in {"m00", "m01"}] + [drawn["new"]]
    assert abs(sum(cell.area for cell in today if cell) - shapely.union_all(today).area) < TINY
    assert differ(drawn["county"], shapely.union_all(today)) < TINY


def test_one_that_absorbed_another_keeps_its_own_cell(registry: Connection) -> None:
    names = add_county(registry)
    merge(registry, "m00", "m01")
    assert draw_schematic_cells(registry) == 8
    union_parents(registry)
    drawn = boundaries(registry)
    assert drawn["m01"] is None
    assert shapely.coverage_is_valid([drawn[name] for name in names if name != "m01"])


def test_one_that_was_divided_leaves_its_ground_to_its_successors(registry: Connection) -> None:
    add_county(registry)
    for number in (1, 2):
        point = (13.0, 51.0 + number / 50)
        add(registry, f"new{number}", "municipality", "county", point=point, valid_from=REFORM)
        merge(registry, f"new{number}", "m00", share=0.5)
    assert draw_schematic_cells(registry) == 10
    assert boundaries(registry)["m00"] is None


def test_cells_stay_off_ground_that_is_known(registry: Connection) -> None:
    names = add_county(registry)
    draw_schematic_cells(registry)
    official = shapely.segmentize(shapely.box(13.02, 51.03, 13.16, 51.17), 0.001)
    give(registry, "m11", official)
    assert draw_schematic_cells(registry, missing=False) > 0
    drawn = boundaries(registry)
    assert differ(drawn["m11"], official) == 0
    others = [drawn[name] for name in names if name != "m11"]
    assert max(shapely.area(shapely.intersection(others, official))) < 100 * TINY
    assert qualities(registry)["m11"] == "official"


def test_only_existing_cells_are_drawn_again_on_request(registry: Connection) -> None:
    add_county(registry)
    assert draw_schematic_cells(registry, missing=False) == 0


def test_a_union_is_as_good_as_the_worst_of_its_parts(registry: Connection) -> None:
    add_county(registry, 2, 1)
    give(registry, "m00", shapely.box(13, 51, 13.1, 51.1))
    give(registry, "m10", shapely.box(13.1, 51, 13.2, 51.1), "generalised")
    assert union_parents(registry) == 1
    assert qualities(registry)["county"] == "generalised"


@pytest.mark.parametrize(
    ("own", "parts", "stays"),
    [
        ("official", "official", True),
        ("official", "schematic", True),
        ("generalised", "official", False),
    ],
)
def test_a_boundary_from_a_source_gives_way_only_to_a_better_one(
    registry: Connection, own: str, parts: str, stays: bool
) -> None:
    add_county(registry, 2, 1)
    outline = shapely.box(12.9, 50.9, 13.3, 51.2)
    give(registry, "county", outline, own)
    give(registry, "m00", shapely.box(13, 51, 13.1, 51.1), parts)
    give(registry, "m10", shapely.box(13.1, 51, 13.2, 51.1), parts)
    assert union_parents(registry) == (0 if stays else 1)
    assert (differ(boundaries(registry)["county"], outline) == 0) is stays


def test_a_parent_waits_for_all_its_parts(registry: Connection) -> None:
    add_county(registry, 2, 1)
    give(registry, "m00", shapely.box(13, 51, 13.1, 51.1))
    assert union_parents(registry) == 0


def test_parts_of_another_division_do_not_count(registry: Connection) -> None:
    """An association beside the social regions must not keep the county from its boundary."""
    add_county(registry, 2, 1)
    add(registry, "association", "municipal_association", "county")
    draw_schematic_cells(registry)
    assert union_parents(registry) == 1


def test_archived_and_ended_parts_do_not_count(registry: Connection) -> None:
    add_county(registry, 2, 1)
    add(registry, "mistake", "municipality", "county", status="archived", point=(13.05, 51.0))
    add(registry, "gone", "municipality", "county", valid_to=LAST_DAY, point=(13.06, 51.0))
    assert draw_schematic_cells(registry) == 2
    assert union_parents(registry) == 1


def test_a_parent_that_ended_is_made_of_its_parts_of_that_time(registry: Connection) -> None:
    add(registry, "old-county", "county", valid_to=LAST_DAY)
    add(registry, "part", "municipality", "old-county", valid_to=LAST_DAY)
    add(registry, "later", "municipality", "old-county", valid_from=REFORM)
    ground = shapely.box(13, 51, 13.1, 51.1)
    give(registry, "part", ground)
    union_parents(registry)
    assert differ(boundaries(registry)["old-county"], ground) == 0


def test_borders_that_do_not_quite_meet_leave_no_slivers(registry: Connection) -> None:
    add_county(registry, 2, 1)
    give(registry, "m00", shapely.Polygon([(13, 51), (13.1, 51), (13.1, 51.1), (13, 51.1)]))
    middle = [(13.1, 51.02), (13.100002, 51.05), (13.1, 51.08)]  # 14 cm off
    border = [(13.1, 51), *middle, (13.1, 51.1)]
    give(registry, "m10", shapely.Polygon([*border, (13.2, 51.1), (13.2, 51)]))
    union_parents(registry)
    county = boundaries(registry)["county"]
    assert county is not None
    assert [len(part.interiors) for part in shapely.get_parts(county)] == [0]


def test_a_real_hole_stays(registry: Connection) -> None:
    add_county(registry, 2, 1)
    hole = shapely.box(13.01, 51.01, 13.02, 51.02)
    give(registry, "m00", shapely.box(13, 51, 13.1, 51.1).difference(hole))
    give(registry, "m10", shapely.box(13.1, 51, 13.2, 51.1))
    union_parents(registry)
    county = boundaries(registry)["county"]
    assert county is not None
    assert [len(part.interiors) for part in shapely.get_parts(county)] == [1]


def test_keys_come_with_their_scheme(registry: Connection) -> None:
    add(registry, "here", "municipality", scheme="ags", key="14522180")
    add(registry, "there", "municipality", scheme="kommunkod", key="1495")
    assert set(keyed_districts(registry, {"ags"})) == {"ags:14522180"}


def test_a_merged_district_and_its_predecessor_know_of_each_other(registry: Connection) -> None:
    add(registry, "old", "municipality", scheme="ags", key="1")
    add(registry, "new", "municipality", valid_from=REFORM, scheme="ags", key="2")
    merge(registry, "new", "old")
    known = keyed_districts(registry, {"ags"})
    assert known["ags:1"].successors == ["new"]
    assert (known["ags:1"].merged, known["ags:2"].merged) == (False, True)
