"""The tabular package of HSDS: taken apart, written, and read back by others and by ourselves."""

from __future__ import annotations

import csv
import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import frictionless
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seed.hsds import piles
from seed.hsds.flatten import LISTS, REFERRED, flatten
from seed.hsds.package import About, write_package
from seed.hsds.tables import FORMATS, tables
from seed.readers.formats import open_file

STANDARD = Path(__file__).parents[3] / "shared" / "standards" / "hsds"
needs_standard = pytest.mark.skipif(
    not STANDARD.exists(), reason="the shared copy of the specification is not here"
)

ABOUT = About("Angebote", "7", "2026-03-01T10:00:00Z")
Json = dict[str, Any]
Documents = Sequence[tuple[str, Json]]


def made(number: int) -> str:
    return str(uuid5(UUID(int=0), str(number)))


def packed(documents: Documents, folder: Path, about: About = ABOUT) -> Path:
    file = folder / "hsds.zip"
    write_package(documents, about, file)
    return file


def tables_of(file: Path) -> dict[str, list[dict[str, str]]]:
    """All tables by the names the description gives them, read with nothing of ours."""
    with zipfile.ZipFile(file) as archive:
        described = json.loads(archive.read("datapackage.json"))
        return {
            each["name"]: list(
                csv.DictReader(StringIO(archive.read(each["path"]).decode(), newline=""))
            )
            for each in described["resources"]
        }


def description_of(file: Path) -> Json:
    with zipfile.ZipFile(file) as archive:
        described: Json = json.loads(archive.read("datapackage.json"))
    return described


def faults(file: Path) -> list[Any]:
    found: list[Any] = frictionless.validate(str(file)).flatten(
        ["title", "rowNumber", "fieldName", "note"]
    )
    return found


def service(number: int = 1, **others: Any) -> Json:
    return {
        "id": made(number),
        "name": "Beratung",
        "status": "active",
        "organization": {"id": made(0), "name": "Verein", "description": "Verein"},
        **others,
    }


# --- the tables ----------------------------------------------------------------------------------


def stated_tables() -> Mapping[str, Json]:
    described = json.loads((STANDARD / "datapackage-tabular.json").read_text())
    return {each["name"]: each for each in described["resources"]}


@needs_standard
def test_the_tables_are_those_of_the_standard() -> None:
    """But for descriptions of tables, which nobody has: they say nothing of services."""
    stated = stated_tables()
    assert stated.keys() - tables().keys() == {"meta_table_description"}
    assert {name: table.path for name, table in tables().items()} == {
        name: stated[name]["path"] for name in tables()
    }


@needs_standard
@pytest.mark.parametrize("name", tables())
def test_columns_have_the_types_and_constraints_of_the_standard(name: str) -> None:
    """`service_capacity` and `unit` are incomplete there; and that an organization has but one
    program contradicts the list of programs in the JSON of an organization."""
    ours = {each["name"]: each for each in tables()[name].schema(tables())["fields"]}
    for field in stated_tables()[name]["schema"]["fields"]:
        expected = {key: field[key] for key in ("name", "type", "format") if key in field}
        constraints = dict(field["constraints"])
        if (name, field["name"]) == ("program", "organization_id"):
            constraints["unique"] = False
        assert ours.pop(field["name"]) == expected | {"constraints": constraints}
    assert not ours or name in ("service_capacity", "unit")


@needs_standard
@pytest.mark.parametrize("name", tables())
def test_keys_are_those_of_the_standard(name: str) -> None:
    stated, ours = stated_tables()[name]["schema"], tables()[name].schema(tables())
    assert ours["primaryKey"] == stated["primaryKey"] == "id"

    def keys(schema: Json) -> set[tuple[str, str]]:
        return {
            (key["fields"], key["reference"]["resource"]) for key in schema.get("foreignKeys", ())
        }

    assert keys(ours) == keys(stated)


@needs_standard
@pytest.mark.parametrize("name", ["service_capacity", "unit"])
def test_what_the_standard_leaves_out_is_as_its_json_schema_says(name: str) -> None:
    schema = json.loads((STANDARD / "schema" / "service.json").read_text())
    stated = schema["properties"]["capacities"]["items"]
    stated = stated["properties"]["unit"] if name == "unit" else stated
    ours = {each["name"]: each for each in tables()[name].schema(tables())["fields"]}
    members = stated["properties"].keys() - {"unit", "attributes", "metadata"}
    assert ours.keys() == members
    required = {column for column, each in ours.items() if each["constraints"]["required"]}
    references = {"service_id", "unit_id"}
    assert required - references == set(stated["required"]) - {"unit"}


# --- the standard's own examples -----------------------------------------------------------------


def example(name: str) -> Json:
    read: Json = json.loads((STANDARD / "examples" / f"{name}.json").read_text())
    return read


@needs_standard
@pytest.mark.parametrize("name", ["service", "organization", "service_at_location"])
def test_every_table_of_the_standards_examples_is_valid(name: str, tmp_path: Path) -> None:
    file = packed([(name, example(f"{name}_full"))], tmp_path)
    assert faults(file) == []
    assert len(tables_of(file)) > 15


@needs_standard
def test_the_nested_example_becomes_the_tabular_one(tmp_path: Path) -> None:
    """Both are examples of one service; what one of them only has cannot be compared."""
    found = tables_of(packed([("service", example("service_full"))], tmp_path))
    paths = {table.path: name for name, table in tables().items()}
    compared = 0
    for path, rows in example("tabular").items():
        expected = {str(row["id"]): row for row in rows if "id" in row}
        for row in found.get(paths.get(path, ""), ()):
            for column, value in expected.get(row["id"], {}).items():
                if row.get(column) and column not in KEYS:
                    assert row[column] == str(value).lower() or row[column] == str(value)
                    compared += 1
    assert compared > 80


# --- taken apart ---------------------------------------------------------------------------------


def test_what_is_shared_is_written_once(tmp_path: Path) -> None:
    location = {"id": made(90), "location_type": "physical", "languages": [{"id": made(91)}]}
    services = [
        service(each, service_at_locations=[{"id": made(each + 50), "location": location}])
        for each in (1, 2, 3)
    ]
    found = tables_of(packed([("service", each) for each in services], tmp_path))
    assert {name: len(rows) for name, rows in found.items()} == {
        "organization": 1,
        "service": 3,
        "service_at_location": 3,
        "location": 1,
        "language": 1,
    }
    assert {row["location_id"] for row in found["service_at_location"]} == {made(90)}


def test_a_part_of_a_service_and_of_its_location_names_both(tmp_path: Path) -> None:
    hours = {"id": made(60), "freq": "WEEKLY", "byday": "MO"}
    location = {"id": made(90), "location_type": "physical", "schedules": [hours]}
    document = service(
        schedules=[hours], service_at_locations=[{"id": made(50), "location": location}]
    )
    (row,) = tables_of(packed([("service", document)], tmp_path))["schedule"]
    assert (row["service_id"], row["location_id"]) == (made(1), made(90))


def test_a_part_that_two_services_share_becomes_a_row_for_each(tmp_path: Path) -> None:
    area = {"id": made(70), "name": "Landkreis"}
    documents = [("service", service(each, service_areas=[area])) for each in (1, 2)]
    rows = tables_of(packed(documents, tmp_path))["service_area"]
    assert {row["service_id"] for row in rows} == {made(1), made(2)}
    assert len({row["id"] for row in rows} | {made(70)}) == 2
    assert {row["name"] for row in rows} == {"Landkreis"}


def test_the_same_documents_make_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    documents = [
        ("service", service(each, service_areas=[{"id": made(70)}], languages=[{"name": "de"}]))
        for each in range(1, 9)
    ]
    first = packed(documents, tmp_path).read_bytes()
    assert packed(documents[::-1], tmp_path).read_bytes() == first


def test_a_part_without_an_id_gets_one_that_stays() -> None:
    document = service(phones=[{"number": "1"}, {"number": "2"}])
    first, again = ([row.cells[0] for row in flatten("service", document)] for _ in range(2))
    assert first == again
    assert len({*first}) == 4


def test_attributes_say_what_they_are_of(tmp_path: Path) -> None:
    term = {
        "id": made(81),
        "name": "Familie",
        "description": "Familie",
        "taxonomy_detail": {"id": made(80), "name": "Kategorien", "description": "Kategorien"},
    }
    document = service(attributes=[{"id": made(82), "taxonomy_term": term}])
    found = tables_of(packed([("service", document)], tmp_path))
    (attribute,) = found["attribute"]
    assert (attribute["link_entity"], attribute["link_id"]) == ("service", made(1))
    assert attribute["taxonomy_term_id"] == made(81)
    assert found["taxonomy_term"][0]["taxonomy_id"] == found["taxonomy"][0]["id"] == made(80)


def test_what_is_not_of_a_columns_type_is_left_out(tmp_path: Path) -> None:
    """A single bad address would make the whole package invalid."""
    document = service(
        email="nicht bekannt",
        url="siehe Aushang",
        minimum_age="zwölf",
        assured_date="2024-13-01",
        schedules=[{"id": made(3), "opens_at": "8:00", "closes_at": "mittags"}],
    )
    file = packed([("service", document)], tmp_path)
    assert faults(file) == []
    found = tables_of(file)
    (row,) = found["service"]
    assert not any(row[name] for name in ("email", "url", "minimum_age", "assured_date"))
    assert [found["schedule"][0][name] for name in ("opens_at", "closes_at")] == ["08:00:00", ""]


# --- the package ---------------------------------------------------------------------------------


def test_an_empty_registry_makes_a_valid_package(tmp_path: Path) -> None:
    file = packed([], tmp_path)
    assert faults(file) == []
    assert tables_of(file) == {"organization": [], "service": []}


def test_the_description_says_what_is_in_it(tmp_path: Path) -> None:
    about = About(
        "Angebote",
        "7",
        "2026-03-01T10:00:00Z",
        sources=[{"title": "Amt", "path": "https://example.org/"}],
        licenses=[{"name": "dl-by-de-2-0", "path": "https://www.govdata.de/dl-de/by-2-0"}],
    )
    file = packed([("service", service())], tmp_path, about)
    found = description_of(file)
    assert (found["version"], found["created"]) == ("7", "2026-03-01T10:00:00Z")
    assert found["sources"][0]["title"] == "Amt"
    assert found["licenses"][0]["name"] == "dl-by-de-2-0"
    with zipfile.ZipFile(file) as archive:
        for each in found["resources"]:
            content = archive.read(each["path"])
            assert each["bytes"] == len(content)
            assert each["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_lines_end_as_rfc_4180_says_and_cells_keep_their_own(tmp_path: Path) -> None:
    text = 'Zeile 1\nZeile "2"\r\n; , Ümläut \u2028 🦊'
    file = packed([("service", service(description=text))], tmp_path)
    assert faults(file) == []
    with zipfile.ZipFile(file) as archive:
        content = archive.read("services.csv")
    assert content.startswith(b"id,organization_id,")
    assert content.endswith(b"\r\n")
    assert tables_of(file)["service"][0]["description"] == text


def test_memory_stays_flat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever comes, no table has more rows in memory than it may."""
    monkeypatch.setattr(piles, "IN_MEMORY", 100)
    pile = piles.Pile(tables()["language"], tmp_path)
    for number in range(1_050):
        pile.add((made(number), "", "", "", "Deutsch", "de", ""))
        assert len(pile._lines) < 100
    assert [row[0] for row in pile.rows()] == sorted(made(number) for number in range(1_050))


@pytest.mark.parametrize("most", [1, 3, 1_000])
def test_rows_are_the_same_from_files_and_from_memory(
    most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = [
        ("service", service(each, service_areas=[{"id": made(70)}])) for each in range(1, 12)
    ]
    expected = tables_of(packed(documents, tmp_path))
    monkeypatch.setattr(piles, "IN_MEMORY", most)
    assert tables_of(packed(documents * 2, tmp_path)) == expected


NASTY = 'Straße "Am Markt"; 5,\r\nHof\t\u2028Œ🦊'


def test_ten_thousand_nasty_services_are_valid(tmp_path: Path) -> None:
    numbers = count(10_000_000)

    def document(each: int) -> Json:
        place = {
            "id": made(20_000 + each % 500),
            "location_type": "physical",
            "name": NASTY,
            "latitude": 50.9 + each / 1e6,
        }
        return service(
            each + 1,
            description=NASTY * (each % 3),
            phones=[{"id": made(next(numbers)), "number": '"+49" 3731'}],
            service_at_locations=[{"id": made(next(numbers)), "location": place}],
        )

    file = packed([("service", document(each)) for each in range(10_000)], tmp_path)
    assert faults(file) == []
    assert {name: len(rows) for name, rows in tables_of(file).items()} == {
        "organization": 1,
        "service": 10_000,
        "service_at_location": 10_000,
        "location": 500,
        "phone": 10_000,
    }


# --- whatever the documents are: what was taken apart can be put together again -----------------


texts = st.text(st.sampled_from("aä ß1;,\"'\n\r\t\u2028🦊-="), min_size=1, max_size=8)
VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "string": texts,
    "number": st.integers(-1000, 1000) | st.floats(-180, 180),
    "uri": st.sampled_from(["https://example.org/ä?b=1,2", "mailto:a@example.org"]),
    "email": st.sampled_from(["a.b@example.org", "x@ex-ample.example.org"]),
    "date": st.dates().map(str),
    "datetime": st.sampled_from(["2023-03-15T10:30:45Z", "2023-03-15T10:30:45.123Z"]),
    "time": st.sampled_from(["08:00:00", "23:59:59", "09:00:00Z"]),
}
FEW = st.sampled_from([0, 0, 1, 2])
PARTS: Mapping[str, Sequence[str]] = {
    "service": ("phones", "schedules", "languages", "service_at_locations", "attributes",
                "cost_options", "additional_urls", "contacts", "capacities"),
    "service_at_location": ("phones", "schedules", "service_areas"),
    "location": ("addresses", "accessibility", "languages"),
    "organization": ("additional_websites", "organization_identifiers", "programs"),
    "contact": ("phones",),
    "phone": ("languages",),
}  # fmt: skip
SINGLES: Mapping[str, Sequence[str]] = {
    "service": ("organization",),
    "service_at_location": ("location",),
    "attribute": ("taxonomy_term",),
    "taxonomy_term": ("taxonomy_detail",),
    "service_capacity": ("unit",),
}


@st.composite
def documents_of(draw: st.DrawFn, table: str) -> Json:
    document: Json = {"id": str(draw(st.uuids(version=4)))}
    for column in tables()[table].columns:
        if column.name == "id" or column.type == "uuid" or column.name.startswith("link_"):
            continue
        if column.required or draw(st.booleans()):
            values = st.sampled_from(column.codes) if column.codes else VALUES[column.type]
            document[column.name] = draw(values)
    if "code" in document:
        document["code"] = document["id"]  # one code may not be that of two terms
    for member in PARTS.get(table, ()):
        document[member] = [draw(documents_of(LISTS[member])) for _ in range(draw(FEW))]
    for member in SINGLES.get(table, ()):
        document[member] = draw(documents_of(REFERRED[member]))
    return document


def put_together(table: str, row: Mapping[str, str], found: Mapping[str, list[Any]]) -> Json:
    """The document again, by the keys of the tables alone."""
    document: Json = {name: cell for name, cell in row.items() if cell and name not in KEYS}
    for member in PARTS.get(table, ()):
        of = LISTS[member]
        column = "link_id" if of == "attribute" else f"{table}_id"
        rows = [each for each in found.get(of, ()) if each[column] == row["id"]]
        document[member] = [put_together(of, each, found) for each in rows]
    for member in SINGLES.get(table, ()):
        of = REFERRED[member]
        (referred,) = (each for each in found[of] if each["id"] == row[f"{of}_id"])
        document[member] = put_together(of, referred, found)
    return document


# What a row says of others, which documents say by what they have within.
KEYS = {
    column.name for table in tables().values() for column in table.columns if column.type == "uuid"
} - {"id"} | {"link_entity", "resource_type"}


def as_texts(document: Json) -> Json:
    """Numbers as CSV has them, and lists in the order of ids."""
    plain: Json = {}
    for name, value in document.items():
        if isinstance(value, dict):
            plain[name] = as_texts(value)
        elif isinstance(value, list):
            plain[name] = sorted(map(as_texts, value), key=lambda each: str(each["id"]))
        else:
            plain[name] = value if isinstance(value, str) else json.dumps(value)
    return plain


@settings(max_examples=15, deadline=None)
@given(st.lists(documents_of("service"), max_size=3, unique_by=lambda each: str(each["id"])))
def test_what_is_taken_apart_can_be_put_together(
    tmp_path_factory: pytest.TempPathFactory, documents: list[Json]
) -> None:
    file = packed([("service", each) for each in documents], tmp_path_factory.mktemp("package"))
    found = tables_of(file)
    read = [put_together("service", row, found) for row in found["service"]]
    assert sorted(read, key=lambda each: str(each["id"])) == sorted(
        map(as_texts, documents), key=lambda each: str(each["id"])
    )


@settings(max_examples=5, deadline=None)
@given(st.lists(documents_of("service"), min_size=1, max_size=2))
def test_any_documents_make_a_valid_package_that_we_read(
    tmp_path_factory: pytest.TempPathFactory, documents: list[Json]
) -> None:
    file = packed([("service", each) for each in documents], tmp_path_factory.mktemp("package"))
    assert faults(file) == []
    document = open_file(file)
    read = {str(each.properties["id"]) for each in document.table("services").records()}
    assert read == {each["id"] for each in documents}


def test_formats_are_those_of_table_schema() -> None:
    kinds = {column.type for table in tables().values() for column in table.columns}
    assert kinds == {*FORMATS, "string", "number", "date", "datetime", "time"}


def test_an_attribute_without_a_term_is_of_one_called_like_its_label(tmp_path: Path) -> None:
    document = service(attributes=[{"id": made(82), "label": "note", "value": "nur im Winter"}])
    file = packed([("service", document)], tmp_path)
    assert faults(file) == []
    found = tables_of(file)
    (attribute,), (term,) = found["attribute"], found["taxonomy_term"]
    assert (attribute["label"], attribute["value"]) == ("note", "nur im Winter")
    assert (attribute["taxonomy_term_id"], term["name"]) == (term["id"], "note")
