"""Population grids as statistics offices have them, made here: no real one is needed."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from pyproj import Transformer
from sqlalchemy import text

from db import imports, models
from db.publication import publish
from db.registry import upsert, writer
from seed.grids import Given, GridRefused, Taken, import_grid
from seed.load import write_vocabulary
from seed.sources import set_source
from tests.commands import as_process as run
from tests.databases import Database
from tests.db import village

LAEA = Transformer.from_crs("EPSG:4326", "EPSG:3035", always_xy=True)
DEGREES = Transformer.from_crs("EPSG:3035", "EPSG:4326", always_xy=True)
WEST, SOUTH = 13.0, 51.0
Cell = tuple[int, int, str]
"""The corner in metres of EPSG:3035, and the residents as written."""


@pytest.fixture
def settled(database: Database) -> Database:
    """A town of a tenth of a degree, and one whose boundary is only drawn."""
    with writer(database.owner_url, "test") as connection:
        write_vocabulary(connection)
        upsert(connection, models.Source, [village.source("here")])
        drawn = {"boundary": village.square(14, 51), "boundary_quality": "schematic"}
        towns = [
            village.district("town", boundary=village.square(WEST, SOUTH)),
            village.district("drawn", **drawn),
        ]
        upsert(connection, models.District, towns)
    return database


def inside(count: int, width: int = 100) -> list[tuple[int, int]]:
    """Corners of cells in the middle of the town."""
    x, y = (int(each // 1000 * 1000) for each in LAEA.transform(WEST + 0.05, SOUTH + 0.05))
    return [(x + number % 10 * width, y + number // 10 * width) for number in range(count)]


def corner(longitude: float, latitude: float) -> tuple[int, int]:
    easting, northing = LAEA.transform(longitude, latitude)
    return int(easting), int(northing)


def census(folder: Path, cells: Sequence[Cell], width: int = 100) -> Path:
    """As the census of 2022 has it."""
    suffix = "100m" if width == 100 else "1km"
    lines = [f"GITTER_ID_{suffix};x_mp_{suffix};y_mp_{suffix};Einwohner"]
    for x, y, residents in cells:
        name = f"CRS3035RES{width}mN{y}E{x}"
        lines.append(f"{name};{x + width // 2};{y + width // 2};{residents}")
    file = folder / f"Zensus2022_Bevoelkerungszahl_{suffix}-Gitter.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def take(database: Database, file: Path, source: str = "Zensus 2022", **given: str) -> Taken:
    return import_grid(database.owner_url, file, Given(source, **given), actor="test")


def cells_of(database: Database) -> list[tuple[str, float, float, float, int | None]]:
    with writer(database.owner_url, "test") as connection:
        rows = connection.execute(
            text(
                "SELECT cell, ST_X(point), ST_Y(point), residents::float8, width "
                "FROM registry.population_cell ORDER BY cell"
            )
        )
        return [tuple(row) for row in rows]


def test_cells_of_the_census_lie_at_their_middles(settled: Database, tmp_path: Path) -> None:
    corners = inside(3)
    file = census(tmp_path, [(*corner, str(10 + n)) for n, corner in enumerate(corners)])
    taken = take(settled, file)
    assert (taken.counts.new, taken.residents, taken.new_source) == (3, 33, "zensus-2022")
    for (cell, longitude, latitude, _, width), (x, y) in zip(
        cells_of(settled), corners, strict=True
    ):
        assert cell == f"CRS3035RES100mN{y}E{x}"
        assert (longitude, latitude) == pytest.approx(DEGREES.transform(x + 50, y + 50))
        assert width == 100


def test_the_name_of_a_cell_says_where_it_is(settled: Database, tmp_path: Path) -> None:
    (corner,) = inside(1, 1000)
    whole = census(tmp_path, [(*corner, "812")], 1000)
    take(settled, whole)
    there = cells_of(settled)
    name_only = tmp_path / "named.csv"
    lines = [line.split(";") for line in whole.read_text(encoding="utf-8").splitlines()]
    name_only.write_text("".join(f"{line[0]};{line[3]}\n" for line in lines), encoding="utf-8")
    assert take(settled, name_only).counts.unchanged == 1
    assert cells_of(settled) == there
    assert there[0][4] == 1000


def test_dashes_negative_numbers_and_nobody_are_left_out(settled: Database, tmp_path: Path) -> None:
    signs = ("–", "-", "-1", "0", "", "7,5", "viele")
    cells = [(*corner, sign) for corner, sign in zip(inside(7), signs, strict=True)]
    cells.append((*inside(8)[7], "7,5"))
    taken = take(settled, census(tmp_path, [cell for cell in cells if cell[2] != "viele"]))
    assert taken.left_out == {"without residents": 5}
    assert [residents for *_, residents, _ in cells_of(settled)] == [7.5, 7.5]


def test_a_number_that_cannot_be_read_is_told(settled: Database, tmp_path: Path) -> None:
    first, second = inside(2)
    taken = take(settled, census(tmp_path, [(*first, "12"), (*second, "viele")]))
    assert sum(taken.rejected.values()) == 1
    assert "line 3" in taken.examples[0]
    assert taken.counts.new == 1


def test_only_cells_in_real_boundaries_are_taken(settled: Database, tmp_path: Path) -> None:
    outside = [corner(longitude, 51.05) for longitude in (12.5, 14.05)]
    cells = [(*cell, "5") for cell in (*inside(2), *outside)]
    taken = take(settled, census(tmp_path, cells))
    assert taken.counts.new == 2
    assert taken.left_out == {"outside all districts": 2}


def test_a_cell_is_there_once(settled: Database, tmp_path: Path) -> None:
    (corner,) = inside(1)
    taken = take(settled, census(tmp_path, [(*corner, "5"), (*corner, "6")]))
    assert taken.rejected == {"the cell is in the file more than once": 1}
    assert [residents for *_, residents, _ in cells_of(settled)] == [5]


def test_a_new_grid_replaces_the_old_one(settled: Database, tmp_path: Path) -> None:
    first, second, third = inside(3)
    take(settled, census(tmp_path, [(*first, "5"), (*second, "6")]))
    again = take(settled, census(tmp_path, [(*second, "7"), (*third, "8")]))
    assert (again.counts.new, again.counts.changed, again.removed) == (1, 1, 1)


def test_of_two_sources_in_one_place_the_later_one_stays(settled: Database, tmp_path: Path) -> None:
    corners = inside(20)
    take(settled, census(tmp_path, [(*corner, "5") for corner in corners]))
    taken = take(settled, census(tmp_path, [(*c, "6") for c in (corners[0], corners[19])]), "Neu")
    assert taken.removed == 20
    assert {residents for *_, residents, _ in cells_of(settled)} == {6}


def test_an_import_is_taken_back_as_a_whole(settled: Database, tmp_path: Path) -> None:
    corners = inside(4)
    take(settled, census(tmp_path, [(*corner, "5") for corner in corners[:2]]))
    before = cells_of(settled)
    taken = take(settled, census(tmp_path, [(*corner, "9") for corner in corners[1:]]))
    assert cells_of(settled) != before
    assert taken.run is not None
    with writer(settled.owner_url, "test") as connection:
        assert imports.undo(connection, taken.run, "test").restored == 4
    assert cells_of(settled) == before


@pytest.mark.parametrize("driver", ["GeoJSON", "GPKG"])
@pytest.mark.parametrize("kind", ["points", "squares"])
def test_geodata_is_read_as_well(driver: str, kind: str, settled: Database, tmp_path: Path) -> None:
    draw = random.Random(4)  # noqa: S311 - no secret is made of it
    points = [
        shapely.Point(WEST + draw.uniform(0.01, 0.09), SOUTH + draw.uniform(0.01, 0.09))
        for _ in range(5)
    ]
    shapes = points if kind == "points" else [point.buffer(0.0005) for point in points]
    file = tmp_path / f"grid.{'geojson' if driver == 'GeoJSON' else 'gpkg'}"
    if driver == "GeoJSON":
        features = [
            {
                "type": "Feature",
                "properties": {"grid_id": f"c{number}", "people": number + 1},
                "geometry": json.loads(shapely.to_geojson(shape)),
            }
            for number, shape in enumerate(shapes)
        ]
        file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    else:
        pyogrio.raw.write(
            file,
            shapely.to_wkb(shapes),
            [np.array([f"c{number}" for number in range(5)], dtype=object), np.arange(1, 6)],
            ["grid_id", "people"],
            geometry_type="Point" if kind == "points" else "Polygon",
            crs="EPSG:4326",
            driver="GPKG",
        )
    taken = take(settled, file, residents="people")
    assert taken.residents == 15
    for (cell, longitude, latitude, _, width), point in zip(cells_of(settled), points, strict=True):
        assert cell.startswith("c")
        assert (longitude, latitude) == pytest.approx((point.x, point.y), abs=1e-6)
        assert width is None


def test_what_cannot_be_a_grid_is_refused(settled: Database, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("name;wert\nA;1\n", encoding="utf-8")
    with pytest.raises(GridRefused, match="--residents"):
        take(settled, file)
    with pytest.raises(GridRefused, match="where it is"):
        take(settled, file, residents="wert")
    with pytest.raises(GridRefused, match="no such file"):
        take(settled, tmp_path / "missing.csv")
    with pytest.raises(GridRefused, match="no cell with residents"):
        take(settled, census(tmp_path, [(*corner(9.0, 48.0), "5")]))
    assert cells_of(settled) == []


def test_without_boundaries_there_is_nowhere_to_live(database: Database, tmp_path: Path) -> None:
    with pytest.raises(GridRefused, match="import boundaries first"):
        take(database, census(tmp_path, [(*inside(1)[0], "5")]))


def test_it_is_published_once_its_licence_is_stated(settled: Database, tmp_path: Path) -> None:
    take(settled, census(tmp_path, [(*corner, "5") for corner in inside(3)]))
    publish(settled.owner_url)
    assert _published(settled) == []
    stated = ("license=dl-by-de-2-0", "attribution=Amt, 2022")
    set_source(settled.owner_url, "zensus-2022", stated, actor="test")
    done = publish(settled.owner_url)
    assert done.changed["population_cell"] == 3
    assert _published(settled) == [(5.0, ["town"], "Amt, 2022")] * 3
    assert publish(settled.owner_url).sequence == done.sequence


def test_cells_follow_the_boundaries(settled: Database, tmp_path: Path) -> None:
    take(settled, census(tmp_path, [(*corner, "5") for corner in inside(2)]))
    set_source(settled.owner_url, "zensus-2022", ["license=dl-by-de-2-0"], actor="test")
    publish(settled.owner_url)
    with writer(settled.owner_url, "test") as connection:
        upsert(
            connection,
            models.District,
            [village.district("county", level="county", boundary=None, boundary_quality=None)],
        )
        upsert(
            connection,
            models.District,
            [
                {
                    "id": village.key("district", "town"),
                    "parent_id": village.key("district", "county"),
                }
            ],
        )
    publish(settled.owner_url)
    assert {tuple(names) for _, names, _ in _published(settled)} == {("county", "town")}
    drawn = {"boundary_quality": "schematic"}
    for change, count in ((drawn, 0), ({"boundary_quality": "official"}, 2)):
        with writer(settled.owner_url, "test") as connection:
            upsert(connection, models.District, [{"id": village.key("district", "town"), **change}])
        publish(settled.owner_url)
        assert len(_published(settled)) == count
    with writer(settled.owner_url, "test") as connection:
        moved = {"boundary": village.square(WEST + 2, SOUTH)}
        upsert(connection, models.District, [{"id": village.key("district", "town"), **moved}])
    done = publish(settled.owner_url)
    assert done.removed["population_cell"] == 2
    assert _published(settled) == []


def test_the_command_says_what_it_took(settled: Database, tmp_path: Path) -> None:
    places = {"DATABASE_URL": settled.owner_url, "DATABASE_PUBLIC_URL": settled.public_url}
    first, second = inside(2)
    file = census(tmp_path, [(*first, "12"), (*second, "–")])
    done = run("import", "grid", str(file), "--source", "Zensus 2022", **places)
    assert done.returncode == 0, done.stderr
    for said in ("1 new", "12 residents", "1 rows left out", "sources set zensus-2022"):
        assert said in " ".join(done.stderr.split())
    refused = run("import", "grid", str(tmp_path), "--source", "Zensus 2022", **places)
    assert refused.returncode == 1
    assert "is refused" in " ".join(refused.stderr.split())


def _published(database: Database) -> list[tuple[float, list[str], str]]:
    with writer(database.owner_url, "test") as connection:
        rows = connection.execute(
            text(
                "SELECT c.residents, ARRAY(SELECT d.slug FROM published.district d "
                "WHERE d.id = ANY (c.districts) ORDER BY d.slug), "
                "s.document::json ->> 'attribution' FROM published.population_cell c "
                "JOIN published.population_source s ON s.id = c.source_id"
            )
        )
        return [tuple(row) for row in rows]
