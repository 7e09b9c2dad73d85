"""GeoJSON: collections in any nest, geometries as they stand, flaws that cost no properties."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seed.readers import Document, Hints, Record, UnreadableError
from seed.readers.formats import open_file

Save = Callable[..., Path]
Feature = dict[str, Any]
UTM = {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25832"}}}


def feature(number: int, geometry: object = None, **members: object) -> Feature:
    return {"type": "Feature", "properties": {"n": number}, "geometry": geometry} | members


def point(x: float, y: float) -> object:
    return {"type": "Point", "coordinates": [x, y]}


def collection(*features: object, **members: object) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)} | members


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def saved(content: object, name: str = "file.geojson") -> Path:
        path = tmp_path / name
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        path.write_bytes(data)
        return path

    return saved


def records(document: Document) -> list[Record]:
    return list(document.table().records())


def numbers(document: Document) -> list[object]:
    return [record.properties.get("n") for record in records(document)]


@pytest.mark.parametrize(
    "nested",
    [
        collection(feature(1), feature(2)),
        [feature(1), feature(2)],
        [collection(feature(1)), [collection(collection(feature(2)))]],
    ],
)
def test_features_are_found_in_arrays_and_nested_collections(save: Save, nested: object) -> None:
    document = open_file(save(nested))
    assert document.format == "geojson"
    assert [(each.position, each.properties) for each in records(document)] == [
        ("feature 1", {"n": 1}),
        ("feature 2", {"n": 2}),
    ]


def test_one_feature_is_a_table(save: Save) -> None:
    assert numbers(open_file(save(feature(7)))) == [7]


def test_geometries_are_neither_transformed_nor_three_dimensional(save: Save) -> None:
    in_space = {"type": "Point", "coordinates": [526000.5, 6070000.25, 12.0]}
    document = open_file(save(collection(feature(1, in_space), feature(2), **UTM)))
    first, second = records(document)
    assert first.geometry is not None
    assert first.geometry.equals_exact(shapely.Point(526000.5, 6070000.25))
    assert (first.geometry.has_z, second.geometry) == (False, None)
    assert document.table().crs == "urn:ogc:def:crs:EPSG::25832"


def test_without_a_crs_member_no_coordinate_system_is_stated(save: Save) -> None:
    assert open_file(save(collection(feature(1, point(1, 2))))).table().crs is None
    assert open_file(save(collection(feature(1), crs=None))).table().crs is None


def test_a_nested_collection_has_the_coordinate_system_around_it(save: Save) -> None:
    assert open_file(save(collection(collection(feature(1)), **UTM))).table().crs is not None


def test_features_in_different_coordinate_systems_are_refused(save: Save) -> None:
    with pytest.raises(UnreadableError, match=r"several coordinate systems: .*25832, none stated"):
        open_file(save([collection(feature(1), **UTM), feature(2)]))


@pytest.mark.parametrize("crs", [{"type": "link"}, "EPSG:4326", {"properties": {"name": 4326}}])
def test_a_coordinate_system_without_a_name_is_refused(save: Save, crs: object) -> None:
    with pytest.raises(UnreadableError, match=r"\$\.crs names no coordinate system"):
        open_file(save(collection(feature(1), crs=crs)))


def test_properties_are_laid_flat(save: Save) -> None:
    document = open_file(save(collection(feature(1, properties={"a": {"b": 1}, "c": [2]}))))
    assert records(document)[0].properties == {"a.b": 1, "c": [2]}
    assert list(document.table().columns) == ["a.b", "c"]


def test_the_id_of_a_feature_is_a_property_unless_there_is_one(save: Save) -> None:
    other = feature(2, id="way/2", properties={"id": 5})
    document = open_file(save(collection(feature(1, id="way/1"), other)))
    assert [each.properties["id"] for each in records(document)] == ["way/1", 5]


@pytest.mark.parametrize("properties", [None, [], "x"])
def test_without_properties_there_are_none(save: Save, properties: object) -> None:
    (record,) = records(open_file(save(collection(feature(1, properties=properties)))))
    assert record.properties == {}
    assert (record.remark is None) == (properties is None)


@pytest.mark.parametrize(
    "geometry",
    [
        "POINT (1 2)",
        {},
        {"type": "Circle", "coordinates": [1, 2]},
        {"type": ["Point"], "coordinates": [1, 2]},
        {"type": "Feature", "geometry": point(1, 2)},
        {"type": "Point"},
        {"type": "Point", "coordinates": ["13.3", "50.9"]},
        {"type": "Point", "coordinates": [None, 1]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [2, 2]]]},
        {"type": "Polygon", "coordinates": [0, 1]},
        {"type": "GeometryCollection", "geometries": [{"type": "Point"}]},
    ],
)
def test_a_geometry_that_is_none_is_the_flaw_of_its_feature(save: Save, geometry: object) -> None:
    fine, flawed = records(
        open_file(save(collection(feature(1, point(1, 2)), feature(2, geometry))))
    )
    assert (fine.flaw, fine.geometry) == (None, shapely.Point(1, 2))
    assert (flawed.properties, flawed.geometry) == ({"n": 2}, None)
    assert flawed.flaw


def test_invalid_polygons_are_for_the_checks(save: Save) -> None:
    bow = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    (record,) = records(open_file(save(collection(feature(1, bow)))))
    assert record.geometry is not None
    assert (record.flaw, record.geometry.is_valid) == (None, False)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"type": "Point", "coordinates": [1, 2]}, "bare Point without properties"),
        (collection(point(1, 2)), r"\$\.features\[0\] is a bare Point"),
        (collection(feature(1), None), r"\$\.features\[1\] is neither a Feature"),
        (collection({"type": "Topology"}), "of type 'Topology'"),
        (collection({}), "an object without a type"),
        ({"type": "FeatureCollection"}, r"\$\.features is not an array"),
        (b'{"type": "FeatureCollection", "features": [', "not JSON"),
        (b"[" * 60 + json.dumps(feature(1)).encode() + b"]" * 60, "nested more than 50 levels"),
    ],
)
def test_what_is_no_geojson_is_refused(save: Save, content: object, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        open_file(save(content))


def test_an_empty_collection_has_no_records(save: Save) -> None:
    document = open_file(save(collection()))
    assert (document.format, records(document)) == ("geojson", [])


def test_json_that_only_contains_features_is_json(save: Save) -> None:
    document = open_file(save([{"name": "A", "shape": feature(1, point(1, 2))}]))
    assert document.format == "json"
    assert records(document)[0].properties["shape.geometry.coordinates"] == [1, 2]


def test_the_mapping_may_read_it_as_json(save: Save) -> None:
    document = open_file(save(collection(feature(1))), Hints(format="json"))
    assert records(document)[0].properties["properties.n"] == 1


# --- one a line ----------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [b"", b"\x1e", b"\xef\xbb\xbf"])
def test_features_may_be_one_a_line(save: Save, before: bytes) -> None:
    separator = b"\x1e" if before == b"\x1e" else b""
    lines = [json.dumps(feature(number, point(number, 2))).encode() for number in (1, 2, 3)]
    document = open_file(save(before + (b"\n" + separator).join(lines) + b"\n"))
    assert document.format == "geojson-lines"
    assert [each.position for each in records(document)] == ["feature 1", "feature 2", "feature 3"]
    assert [each.geometry for each in records(document)][2] == shapely.Point(3, 2)
    assert list(document.table().columns) == ["n"]


def test_a_broken_line_is_named(save: Save) -> None:
    lines = [json.dumps(feature(1)), json.dumps(feature(2)), json.dumps({"type": "Topology"})]
    with pytest.raises(UnreadableError, match=r"line 3: .*'Topology'"):
        open_file(save("\n".join(lines).encode()))


# --- properties ----------------------------------------------------------------------------------

DEGREES = st.floats(-180, 180).map(lambda degrees: round(degrees, 6))
PLACES = st.tuples(DEGREES, DEGREES)
GEOMETRIES = st.one_of(
    st.none(),
    PLACES.map(shapely.Point),
    st.lists(PLACES, min_size=2, max_size=4).map(shapely.LineString),
    st.lists(PLACES, min_size=1, max_size=4).map(shapely.MultiPoint),
    st.tuples(DEGREES, DEGREES).map(lambda at: shapely.Point(at).buffer(1, quad_segs=2)),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(GEOMETRIES, max_size=5))
def test_geometries_are_read_as_written(save: Save, written: list[Any]) -> None:
    features = [
        feature(number, None if shape is None else json.loads(shapely.to_geojson(shape)))
        for number, shape in enumerate(written)
    ]
    read = [record.geometry for record in records(open_file(save(collection(*features))))]
    assert read == written


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    kind=st.sampled_from(["Point", "Polygon", "MultiPoint", "GeometryCollection", "LineString"]),
    member=st.sampled_from(["coordinates", "geometries"]),
    value=st.recursive(
        st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=3)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.fixed_dictionaries({"type": st.just("Point"), "coordinates": inner}),
        ),
        max_leaves=12,
    ),
)
def test_any_geometry_is_read_or_a_flaw(save: Save, kind: str, member: str, value: object) -> None:
    with suppress(UnreadableError):
        (record,) = records(open_file(save(collection(feature(1, {"type": kind, member: value})))))
        assert (record.geometry is None) != (record.flaw is None)
        assert record.properties == {"n": 1}
