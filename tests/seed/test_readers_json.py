"""JSON: records found by a path or alone, laid flat, with what is around them; and one a line."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seed.readers import Document, Hints, Record, UnreadableError
from seed.readers.formats import open_file

Save = Callable[..., Path]
DATA = {
    "title": "Schulen",
    "meta": {"year": 2024, "tags": ["a"]},
    "schools": [
        {"name": "A", "owner": {"name": "Stadt"}, "buildings": [{"street": "Weg 1"}]},
        {"name": "B", "buildings": [{"street": "Weg 2"}, {"street": "Weg 3", "name": "Anbau"}]},
    ],
}


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def saved(content: object, name: str = "file.json") -> Path:
        path = tmp_path / name
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        path.write_bytes(data)
        return path

    return saved


def records(document: Document) -> list[Record]:
    return list(document.table().records())


def rows(document: Document) -> list[dict[str, Any]]:
    return [dict(record.properties) for record in records(document)]


# --- which records -------------------------------------------------------------------------------


def test_the_array_at_the_top_has_the_records(save: Save) -> None:
    document = open_file(save([{"a": 1}, {"b": None}]))
    assert document.format == "json"
    assert list(document.table().columns) == ["a", "b"]
    assert [(each.position, each.properties) for each in records(document)] == [
        ("$[0]", {"a": 1}),
        ("$[1]", {"b": None}),
    ]


def test_the_only_array_of_objects_has_the_records(save: Save) -> None:
    document = open_file(save({"status": "ok", "codes": [1], "data": {"entries": [{"a": 1}]}}))
    (record,) = records(document)
    assert record.position == "$.data.entries[0]"
    assert record.properties == {"a": 1, "^.^.status": "ok", "^.^.codes": [1]}


def test_several_arrays_are_a_question(save: Save) -> None:
    with pytest.raises(UnreadableError, match=r"one of \$\.x\[\*\], \$\.y\['a b'\]\[\*\]"):
        open_file(save({"x": [{"a": 1}], "y": {"a b": [{"a": 1}]}}))


def test_no_array_is_refused(save: Save) -> None:
    with pytest.raises(UnreadableError, match="no array of objects"):
        open_file(save({"a": 1, "b": [1, 2]}))


@pytest.mark.parametrize("empty", [[], {"items": []}, {"total": 0, "items": []}])
def test_an_empty_array_has_no_records(save: Save, empty: object) -> None:
    assert records(open_file(save(empty))) == []


@pytest.mark.parametrize(
    "path", ["$.schools[*].buildings[*]", "schools[*].buildings", "$..buildings"]
)
def test_a_path_finds_nested_records_and_what_is_around_them(save: Save, path: str) -> None:
    found = records(open_file(save(DATA), Hints(records=path)))
    assert [each.position for each in found] == [
        "$.schools[0].buildings[0]",
        "$.schools[1].buildings[0]",
        "$.schools[1].buildings[1]",
    ]
    assert [each.properties["^.name"] for each in found] == ["A", "B", "B"]
    assert found[0].properties == {
        "street": "Weg 1",
        "^.name": "A",
        "^.owner.name": "Stadt",
        "^.^.title": "Schulen",
        "^.^.meta.year": 2024,
        "^.^.meta.tags": ["a"],
    }
    assert found[2].properties["name"] == "Anbau"


def test_a_path_may_name_one_object_or_the_whole(save: Save) -> None:
    assert rows(open_file(save(DATA), Hints(records="$.meta")))[0]["year"] == 2024
    assert rows(open_file(save(DATA), Hints(records="$")))[0]["title"] == "Schulen"


def test_a_path_that_finds_nothing_gives_no_records(save: Save) -> None:
    assert records(open_file(save(DATA), Hints(records="$.nothing[*]"))) == []


def test_a_path_is_one_in_json_even_if_the_file_is_geojson(save: Save) -> None:
    collection = {"type": "FeatureCollection", "features": [], "places": [{"a": 1}]}
    (record,) = records(open_file(save(collection), Hints(records="$.places[*]")))
    assert record.properties["a"] == 1


@pytest.mark.parametrize("path", ["$.schools[", "$.a b", "$[?@.x ==]"])
def test_what_is_no_path_is_refused(save: Save, path: str) -> None:
    with pytest.raises(UnreadableError, match="cannot be followed"):
        open_file(save(DATA), Hints(records=path))


def test_what_is_no_object_is_remarked_and_kept(save: Save) -> None:
    found = records(open_file(save([{"a": 1}, 2, ["x"]])))
    assert [(each.properties, each.remark) for each in found[1:]] == [
        ({"value": 2}, "not an object"),
        ({"value": ["x"]}, "not an object"),
    ]


# --- what is in a record -------------------------------------------------------------------------


def test_objects_are_laid_flat_and_lists_stay(save: Save) -> None:
    nested = {"a": {"b": {"c": 1}, "d": [{"e": {"f": 2}}]}, "g": {}}
    assert rows(open_file(save([nested]))) == [{"a.b.c": 1, "a.d": [{"e": {"f": 2}}], "g": None}]


def test_two_members_of_one_path_are_refused(save: Save) -> None:
    with pytest.raises(UnreadableError, match=r"path 'a\.b'"):
        open_file(save([{"a.b": 1, "a": {"b": 2}}]))


def test_numbers_and_texts_stay_as_they_are(save: Save) -> None:
    row = {"a": 1, "b": 1.0, "c": "01067", "d": True, "e": None, "f": " x\r\n", "g": ""}
    assert rows(open_file(save([row]))) == [row]


# --- refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'[{"a": NaN}]', "NaN is no number"),
        (b'[{"a": -Infinity}]', "-Infinity is no number"),
        (b'[{"a": 1e999}]', "1e999 is too large"),
        (b'[{"a": ' + b"1" * 5000 + b"}]", "not read: "),
        (b'[{"id": 7, "a": 1, "a": 2}]', "key 'a' twice: {id: 7"),
        (b'[{"a": 1}', "not JSON: .*line 1, column 10"),
        (b'[{"a": "\\ud800"}]', "half a character"),
        ('[{"a": "ü"}]'.encode("cp1252"), "not UTF-8, as JSON has to be"),
        ('[{"a": 1}]'.encode("utf-16"), "not UTF-8, as JSON has to be"),
        (b'[{"a":' * 100_000, "nested too deeply"),
        (b'[{"a":' + b'{"b":' * 60 + b"1" + b"}" * 61 + b"]", "more than 50 levels"),
        (b'[{"a":' + b"[" * 60 + b"]" * 60 + b"}]", "more than 50 levels"),
    ],
)  # fmt: skip
def test_what_is_no_good_json_is_refused(save: Save, content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        open_file(save(content))


def test_whole_characters_may_be_escaped_in_halves(save: Save) -> None:
    assert rows(open_file(save(b'[{"a": "\\ud83d\\ude00", "b": "\\\\ud800"}]'))) == [
        {"a": "😀", "b": "\\ud800"}
    ]


def test_a_byte_order_mark_is_ignored(save: Save) -> None:
    assert rows(open_file(save(b'\xef\xbb\xbf[{"a": 1}]'))) == [{"a": 1}]


# --- one a line ----------------------------------------------------------------------------------


def test_a_text_a_line_is_a_record(save: Save) -> None:
    document = open_file(save(b'{"a": {"b": 1}}\r\n\r\n{"c": [2]}\n', "file.ndjson"))
    assert (document.format, list(document.table().columns)) == ("ndjson", ["a.b", "c"])
    assert [(each.position, each.properties) for each in records(document)] == [
        ("line 1", {"a.b": 1}),
        ("line 3", {"c": [2]}),
    ]


def test_a_path_is_followed_in_every_line(save: Save) -> None:
    lines = b'{"n": "x", "p": [{"a": 1}, {"a": 2}]}\n{"n": "y", "p": [{"a": 3}]}\n'
    found = records(open_file(save(lines), Hints(records="$.p[*]")))
    assert [(each.position, each.properties) for each in found] == [
        ("line 1, $.p[0]", {"a": 1, "^.n": "x"}),
        ("line 1, $.p[1]", {"a": 2, "^.n": "x"}),
        ("line 2, $.p[0]", {"a": 3, "^.n": "y"}),
    ]


def test_a_text_sequence_is_read_too(save: Save) -> None:
    """RFC 7464: every text begins with a record separator, and may have several lines."""
    found = records(open_file(save(b'\x1e{"a":\n 1}\n\x1e{"a": 2}\n')))
    assert [(each.position, each.properties["a"]) for each in found] == [
        ("text 1", 1),
        ("text 2", 2),
    ]


def test_a_broken_line_is_named(save: Save) -> None:
    with pytest.raises(UnreadableError, match="line 3: not JSON"):
        open_file(save(b'{"a": 1}\n{"a": 2}\n{"a": \n'))


def test_one_line_is_read_so_if_the_mapping_says_so(save: Save) -> None:
    assert rows(open_file(save(b'{"a": [1]}\n'), Hints(format="ndjson"))) == [{"a": [1]}]


# --- properties ----------------------------------------------------------------------------------

KEYS = st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1, max_size=4)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**60), 2**60),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(blacklist_categories=["Cs"]), max_size=8),
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3), max_leaves=5)
FLAT = st.dictionaries(KEYS, VALUES, max_size=4)
MEANT = [
    "type", "features", "geometry", "properties", "coordinates", "crs", "id", "name", "status",
    "contents", "organization", "service_at_locations", "location", "attributes", "taxonomy_term",
    "phones", "total_pages",
]  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(written=st.lists(FLAT, max_size=5), ascii_only=st.booleans())
def test_what_is_written_is_read(
    save: Save, written: list[dict[str, Any]], ascii_only: bool
) -> None:
    path = save(json.dumps(written, ensure_ascii=ascii_only).encode())
    assert rows(open_file(path, Hints(format="json"))) == written


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(written=st.lists(FLAT.filter(bool), min_size=2, max_size=5))
def test_what_is_written_a_line_is_read(save: Save, written: list[dict[str, Any]]) -> None:
    path = save("\n".join(json.dumps(each) for each in written).encode())
    document = open_file(path)
    assert (document.format, rows(document)) == ("ndjson", written)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    nested=st.dictionaries(KEYS, st.dictionaries(KEYS, SCALARS, min_size=1, max_size=3), max_size=3)
)
def test_laying_flat_loses_nothing(save: Save, nested: dict[str, dict[str, Any]]) -> None:
    expected = {
        f"{key}.{inner}": value for key, each in nested.items() for inner, value in each.items()
    }
    assert rows(open_file(save([nested]), Hints(format="json"))) == [expected]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    content=st.one_of(st.binary(max_size=100), st.text('{}[]",:0e-+.\\u \n\x1eab', max_size=60)),
    name=st.sampled_from(["json", "ndjson", "geojson", "geojson-lines", "hsds-json", None]),
)
def test_any_bytes_are_a_document_or_a_reason(
    save: Save, content: bytes | str, name: str | None
) -> None:
    path = save(content.encode() if isinstance(content, str) else content)
    with suppress(UnreadableError):
        for table in open_file(path, Hints(format=name)).tables:
            list(table.records())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    value=st.recursive(
        SCALARS,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.dictionaries(
                st.sampled_from(MEANT),
                st.one_of(inner, st.sampled_from(["Feature", "FeatureCollection", "Point"])),
                max_size=6,
            ),
        ),
        max_leaves=25,
    ),
    name=st.sampled_from(["json", "geojson", "hsds-json", None]),
)
def test_any_value_is_a_document_or_a_reason(save: Save, value: object, name: str | None) -> None:
    with suppress(UnreadableError):
        for table in open_file(save(value), Hints(format=name)).tables:
            list(table.records())
