"""GeoPackage, shapefile and FlatGeobuf, written by GDAL and read back."""

import sqlite3
import warnings
import zipfile
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyogrio import raw
from shapely.geometry.base import BaseGeometry

from seed.readers import Document, Hints, Record, UnreadableError, geodata
from seed.readers.formats import open_file

DRIVERS = {".gpkg": "GPKG", ".fgb": "FlatGeobuf", ".shp": "ESRI Shapefile"}
SQUARE = shapely.box(526000, 6070000, 526100, 6070100)
POINT = shapely.Point(526050, 6070050)


def write(
    path: Path,
    shapes: Sequence[BaseGeometry | None],
    fields: dict[str, Any],
    *,
    crs: str | None = "EPSG:25832",
    gaps: Sequence[bool] | None = None,
    **options: Any,
) -> Path:
    """A file in the format of its suffix; `gaps` are rows in which all numbers are null."""
    masks = [
        np.array(gaps) if gaps and array.dtype != object else None for array in fields.values()
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there is no coordinate system is meant
        raw.write(
            path,
            np.array([None if each is None else each.wkb for each in shapes], dtype=object),
            list(fields.values()),
            list(fields),
            field_mask=masks,
            geometry_type=options.pop("geometry_type", "Unknown"),
            crs=crs,
            driver=DRIVERS[path.suffix],
            **({"SPATIAL_INDEX": "NO"} if path.suffix == ".fgb" else {}),
            **options,
        )
    return path


def names(*texts: str | None) -> dict[str, Any]:
    return {"name": np.array(texts, dtype=object)}


def packed(path: Path, *members: Path, folder: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in members:
            archive.write(member, folder + member.name)
    return path


def parts(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.stem}.*"))


def records(document: Document, name: str | None = None) -> list[Record]:
    return list(document.table(name).records())


# --- all three -----------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", DRIVERS)
def test_features_are_records(tmp_path: Path, suffix: str) -> None:
    path = write(
        tmp_path / f"orte{suffix}", [POINT, POINT], names("Größe", None), geometry_type="Point"
    )
    document = open_file(path)
    assert (document.table().name, document.table().crs) == ("orte", "EPSG:25832")
    assert "name" in document.table().columns
    first, second = records(document)
    assert (first.position, second.position) == ("feature 1", "feature 2")
    assert (first.properties["name"], second.properties["name"]) == ("Größe", None)
    assert first.geometry == POINT


@pytest.mark.parametrize("suffix", DRIVERS)
def test_values_have_their_types(tmp_path: Path, suffix: str) -> None:
    fields = {
        "whole": np.array([14522180, 0], dtype="int64"),
        "small": np.array([1, 0], dtype="int32"),
        "real": np.array([1.5, 0.0]),
        "flag": np.array([True, False]),
        "day": np.array(["2024-05-01", "2024-05-01"], dtype="datetime64[D]"),
    }
    path = write(
        tmp_path / f"x{suffix}", [POINT, POINT], fields, gaps=[False, True], geometry_type="Point"
    )
    first, second = ([each.properties[key] for key in fields] for each in records(open_file(path)))
    day = datetime(2024, 5, 1) if suffix == ".fgb" else date(2024, 5, 1)  # noqa: DTZ001
    assert first == [14522180, 1, 1.5, True, day]
    assert [type(value) for value in first] == [int, int, float, bool, type(day)]
    assert second == [None] * 5


@pytest.mark.parametrize("suffix", DRIVERS)
def test_without_a_coordinate_system_none_is_stated(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"x{suffix}", [POINT], names("a"), crs=None, geometry_type="Point")
    assert open_file(path).table().crs is None


@pytest.mark.parametrize("suffix", DRIVERS)
def test_large_files_come_in_batches(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = [shapely.Point(number, number) for number in range(25)]
    fields = {"n": np.arange(25)}
    path = write(tmp_path / f"x{suffix}", shapes, fields, geometry_type="Point")
    table = open_file(path).table()
    for batch in (1, 7, 25, 100):
        monkeypatch.setattr(geodata, "BATCH", batch)
        read = list(table.records())
        assert [each.properties["n"] for each in read] == list(range(25))
        assert [each.geometry for each in read] == shapes
        assert read[-1].position == "feature 25"


@pytest.mark.parametrize("suffix", DRIVERS)
@pytest.mark.parametrize("name", ["tabelle.csv", "was ist!das;", "a{b}", "x.zip"])
def test_its_name_does_not_mislead(tmp_path: Path, suffix: str, name: str) -> None:
    path = write(tmp_path / f"x{suffix}", [POINT], names("a"), geometry_type="Point")
    if suffix == ".shp":
        for part in parts(path):
            part.rename(tmp_path / (name.replace(".", "-") + part.suffix.upper()))
        path = tmp_path / (name.replace(".", "-") + ".SHP")
    else:
        path = path.rename(tmp_path / name)
    assert records(open_file(path))[0].properties["name"] == "a"


@pytest.mark.parametrize("suffix", DRIVERS)
def test_a_third_dimension_is_left_out(tmp_path: Path, suffix: str) -> None:
    path = write(
        tmp_path / f"x{suffix}", [shapely.Point(1, 2, 3)], names("a"), geometry_type="Point Z"
    )
    assert records(open_file(path))[0].geometry == shapely.Point(1, 2)


@pytest.mark.parametrize("suffix", DRIVERS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.98])
def test_files_cut_off_are_refused(tmp_path: Path, suffix: str, share: float) -> None:
    shapes = [POINT] * 200
    path = write(tmp_path / f"x{suffix}", shapes, {"n": np.arange(200)}, geometry_type="Point")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(UnreadableError):
        assert len(records(open_file(path))) < 200


@pytest.mark.parametrize("suffix", DRIVERS)
def test_they_may_be_in_a_zip(tmp_path: Path, suffix: str) -> None:
    path = write(
        tmp_path / f"Größe{suffix}", [POINT, POINT], names("a", "b"), geometry_type="Point"
    )
    document = open_file(packed(tmp_path / "x.zip", *parts(path), folder="Ordner ß/"))
    assert document.table().name == "Größe"
    assert [each.properties["name"] for each in records(document)] == ["a", "b"]
    assert document.table().crs == "EPSG:25832"


# --- GeoPackage ----------------------------------------------------------------------------------


def test_every_layer_is_a_table_with_its_coordinate_system(tmp_path: Path) -> None:
    path = write(tmp_path / "x.gpkg", [SQUARE], names("a"), layer="flächen")
    write(path, [POINT], names("b"), layer="punkte", crs="EPSG:4326")
    document = open_file(path)
    assert [(table.name, table.crs) for table in document.tables] == [
        ("flächen", "EPSG:25832"),
        ("punkte", "EPSG:4326"),
    ]
    assert records(document, "punkte")[0].properties["name"] == "b"


def test_the_stored_number_of_a_feature_is_a_property(tmp_path: Path) -> None:
    document = open_file(write(tmp_path / "x.gpkg", [POINT, POINT], names("a", "b")))
    assert list(document.table().columns) == ["fid", "name"]
    assert [each.properties["fid"] for each in records(document)] == [1, 2]


def test_undefined_coordinate_systems_are_none(tmp_path: Path) -> None:
    path = write(tmp_path / "x.gpkg", [POINT], names("a"))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE gpkg_geometry_columns SET srs_id = -1")
        connection.execute("UPDATE gpkg_contents SET srs_id = -1")
    assert open_file(path).table().crs is None


def test_views_are_left_aside(tmp_path: Path) -> None:
    """They are queries in the file; this one never ends."""
    path = write(tmp_path / "x.gpkg", [POINT], names("a"), layer="orte")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE VIEW endlos AS WITH RECURSIVE t(x) AS"
            " (SELECT 1 UNION ALL SELECT x + 1 FROM t) SELECT x AS fid, x FROM t"
        )
        connection.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier)"
            " VALUES ('endlos', 'attributes', 'endlos')"
        )
    document = open_file(path)
    assert [table.name for table in document.tables] == ["orte"]
    assert list(document.notes) == ["'endlos' is a view and left aside: export it"]


def test_a_table_without_geometry_is_a_table(tmp_path: Path) -> None:
    path = tmp_path / "x.gpkg"
    texts = [np.array(["a", "b"], dtype=object)]
    raw.write(path, None, texts, ["name"], layer="liste", driver="GPKG", geometry_type=None)
    document = open_file(path)
    assert [each.properties["name"] for each in records(document)] == ["a", "b"]
    assert [each.geometry for each in records(document)] == [None, None]


def test_another_sqlite_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE a (b)")
    with pytest.raises(UnreadableError, match="SQLite database, but no GeoPackage"):
        open_file(path)


# --- shapefile -----------------------------------------------------------------------------------


def shapefile(folder: Path, name: str = "orte", **options: Any) -> Path:
    return write(folder / f"{name}.shp", [POINT], names("Größe"), geometry_type="Point", **options)


def test_two_shapefiles_in_a_zip_are_two_tables(tmp_path: Path) -> None:
    first, second = shapefile(tmp_path, "eins"), shapefile(tmp_path, "zwei", crs="EPSG:25833")
    document = open_file(packed(tmp_path / "x.zip", *parts(first), *parts(second)))
    assert document.format == "shapefile"
    assert [(table.name, table.crs) for table in document.tables] == [
        ("eins", "EPSG:25832"),
        ("zwei", "EPSG:25833"),
    ]
    assert records(document, "zwei")[0].geometry == POINT


def test_without_prj_no_coordinate_system_is_stated(tmp_path: Path) -> None:
    path = shapefile(tmp_path)
    path.with_suffix(".prj").unlink()
    document = open_file(packed(tmp_path / "x.zip", *parts(path)))
    assert document.table().crs is None
    assert any("without .prj" in note for note in document.notes)


def test_a_coordinate_system_without_a_code_is_given_in_full(tmp_path: Path) -> None:
    path = shapefile(tmp_path)
    own = (
        'PROJCS["Eigenes",GEOGCS["GCS_ETRS_1989",DATUM["D_ETRS_1989",'
        'SPHEROID["GRS_1980",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],'
        'UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],'
        'PARAMETER["False_Easting",123.0],PARAMETER["False_Northing",7.0],'
        'PARAMETER["Central_Meridian",10.5],PARAMETER["Scale_Factor",0.9997],'
        'PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
    )
    path.with_suffix(".prj").write_text(own)
    crs = open_file(path).table().crs
    assert crs is not None
    assert crs.startswith("PROJCS[")
    assert "Eigenes" in crs


@pytest.mark.parametrize("suffix", [".shx", ".dbf"])
@pytest.mark.parametrize("in_zip", [False, True])
def test_a_shapefile_that_is_not_complete_is_refused(
    tmp_path: Path, suffix: str, in_zip: bool
) -> None:
    path = shapefile(tmp_path)
    path.with_suffix(suffix).unlink()
    with pytest.raises(UnreadableError, match=f"\\{suffix} is not beside 'orte.shp'"):
        open_file(packed(tmp_path / "x.zip", *parts(path)) if in_zip else path)


@pytest.mark.parametrize("encoding", ["UTF-8", "cp1252"])
def test_texts_are_read_as_cpg_says(tmp_path: Path, encoding: str) -> None:
    document = open_file(shapefile(tmp_path, encoding=encoding))
    assert records(document)[0].properties["name"] == "Größe"
    assert encoding.upper() in document.notes[0]


@pytest.mark.parametrize("encoding", ["UTF-8", "ISO-8859-1"])
def test_without_cpg_texts_are_utf8_if_they_can_be(tmp_path: Path, encoding: str) -> None:
    path = shapefile(tmp_path, encoding=encoding)
    path.with_suffix(".cpg").unlink()
    document = open_file(path)
    assert records(document)[0].properties["name"] == "Größe"
    assert ".cpg" in document.notes[0]


def test_the_mapping_decides_about_the_encoding(tmp_path: Path) -> None:
    path = shapefile(tmp_path, encoding="cp1252")
    path.with_suffix(".cpg").write_text("UTF-8")
    with pytest.raises(UnreadableError, match="another encoding, name it"):
        records(open_file(path))
    assert records(open_file(path, Hints(encoding="cp1252")))[0].properties["name"] == "Größe"
    with pytest.raises(UnreadableError, match="encoding that is none"):
        open_file(path, Hints(encoding="klingon"))


# --- properties ----------------------------------------------------------------------------------

WHOLE = st.integers(-(2**31) + 1, 2**31 - 1)
TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=0x24F), min_size=1, max_size=15)
ROWS = st.lists(
    st.tuples(st.integers(-1000, 1000), st.integers(-1000, 1000), WHOLE, TEXT),
    min_size=1,
    max_size=8,
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
    max_examples=25,
)
@given(rows=ROWS, suffix=st.sampled_from(list(DRIVERS)))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int, int, str]], suffix: str
) -> None:
    path = tmp_path_factory.mktemp("written") / f"x{suffix}"
    shapes = [shapely.Point(x, y) for x, y, _, _ in rows]
    fields = names(*(text for *_, text in rows)) | {"n": np.array([row[2] for row in rows])}
    write(path, shapes, fields, geometry_type="Point")
    read = records(open_file(path))
    assert [each.geometry for each in read] == shapes
    assert [(each.properties["n"], each.properties["name"]) for each in read] == [
        row[2:] for row in rows
    ]


# GDAL warns of what it then reads all the same.
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    suffix=st.sampled_from([".gpkg", ".fgb", ".shp", ".dbf", ".shx"]),
    place=st.integers(0, 100_000),
    damage=st.binary(min_size=1, max_size=20),
)
def test_damage_is_a_document_or_a_reason(
    tmp_path: Path, suffix: str, place: int, damage: bytes
) -> None:
    main = ".shp" if suffix in (".dbf", ".shx") else suffix
    path = tmp_path / f"x{main}"
    if not path.exists():
        write(
            path, [POINT] * 30, names(*["text"] * 30) | {"n": np.arange(30)}, geometry_type="Point"
        )
    damaged = path.with_suffix(suffix)
    whole = damaged.read_bytes()
    start = place % len(whole)
    damaged.write_bytes(whole[:start] + damage + whole[start + len(damage) :])
    with suppress(UnreadableError):
        for table in open_file(path).tables:
            list(table.records())
    damaged.write_bytes(whole)
