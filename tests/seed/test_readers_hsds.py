"""HSDS: packages of tables and JSON of the API give the same services."""

import csv
import json
import zipfile
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from seed.readers import Document, Record, UnreadableError
from seed.readers.formats import open_file

STANDARD = Path(__file__).parents[3] / "shared" / "standards" / "hsds"
needs_standard = pytest.mark.skipif(not STANDARD.exists(), reason="the standard is not here")

Row = dict[str, Any]
Tables = dict[str, list[Row]]
Pack = Callable[..., Path]

ONE: Tables = {
    "organization": [{"id": "o1", "name": "Beratung e. V.", "url": "https://example.org"}],
    "service": [
        {"id": "s1", "organization_id": "o1", "name": "Schuldnerberatung", "fees": "keine"},
        {"id": "s2", "organization_id": "o9", "name": "Ohne Träger", "fees": ""},
    ],
    "location": [
        {"id": "l1", "name": "Haus", "latitude": "50.9", "longitude": "13.3"},
        {"id": "l2", "name": "Büro", "latitude": "", "longitude": ""},
    ],
    "service_at_location": [
        {"id": "a1", "service_id": "s1", "location_id": "l1", "description": "im Erdgeschoss"},
        {"id": "a2", "service_id": "s1", "location_id": "l2", "description": ""},
        {"id": "a3", "service_id": "s2", "location_id": "l9", "description": ""},
    ],
    "physical_address": [{"id": "p1", "location_id": "l1", "address_1": "Markt 1", "city": "Ort"}],
    "postal_address": [{"id": "p2", "location_id": "l1", "address_1": "Postfach", "city": "Ort"}],
    "phone": [
        {"id": "t1", "service_id": "s1", "location_id": "", "number": "112"},
        {"id": "t2", "service_id": "", "location_id": "l1", "number": "110"},
        {"id": "t3", "service_id": "s8", "location_id": "", "number": "115"},
    ],
    "regular_schedule": [
        {"id": "r1", "service_id": "s1", "weekday": "Monday", "opens_at": "9:00", "closes_at": "5"},
        {"id": "r2", "service_id": "s1", "weekday": "2", "opens_at": "9:00", "closes_at": "5"},
        {"id": "r3", "service_id": "s1", "weekday": "täglich", "opens_at": "", "closes_at": ""},
    ],
    "holiday_schedule": [
        {"id": "h1", "service_id": "s1", "closed": "True", "start_date": "2024-12-24"}
    ],
    "language": [{"id": "g1", "service_id": "s1", "language": "German"}],
    "accessibility_for_disabilities": [
        {"id": "b1", "location_id": "l1", "accessibility": "Aufzug"}
    ],
    "eligibility": [
        {"id": "e1", "service_id": "s1", "eligibility": "Erwachsene"},
        {"id": "e2", "service_id": "s1", "eligibility": "im Landkreis"},
        {"id": "e3", "service_id": "", "eligibility": "niemand"},
    ],
    "service_area": [{"id": "f1", "service_id": "s1", "service_area": "Landkreis"}],
    "taxonomy": [{"id": "T1", "name": "Schulden", "parent_id": "", "vocabulary": "eigene"}],
    "service_taxonomy": [
        {"id": "x1", "service_id": "s1", "taxonomy_id": "T1", "taxonomy_detail": ""},
        {"id": "x2", "service_id": "s1", "taxonomy_id": "T9", "taxonomy_detail": ""},
    ],
}
THREE = {
    "id": "s1",
    "name": "Schuldnerberatung",
    "status": "active",
    "fees_description": "keine",
    "eligibility_description": "Erwachsene\nim Landkreis",
    "organization": {"id": "o1", "name": "Beratung e. V.", "website": "https://example.org"},
    "phones": [{"id": "t1", "number": "112"}],
    "languages": [{"id": "g1", "name": "German"}],
    "schedules": [{"id": "r1", "freq": "WEEKLY", "byday": "MO", "opens_at": "9:00"}],
    "service_areas": [{"id": "f1", "name": "Landkreis"}],
    "attributes": [
        {"id": "x1", "taxonomy_term": {"id": "T1", "name": "Schulden", "taxonomy": "eigene"}}
    ],
    "service_at_locations": [
        {
            "id": "a1",
            "description": "im Erdgeschoss",
            "schedules": [{"id": "r9", "byday": "FR"}],
            "location": {
                "id": "l1",
                "name": "Haus",
                "latitude": 50.9,
                "longitude": 13.3,
                "addresses": [{"id": "p1", "address_1": "Markt 1", "address_type": "physical"}],
                "accessibility": [{"id": "b1", "description": "Aufzug"}],
                "schedules": [{"id": "r8", "byday": "MO"}],
                "phones": [{"id": "t2", "number": "110"}],
            },
        }
    ],
}


def as_csv(rows: list[Row]) -> str:
    buffer = StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """A package of these tables; files may lie elsewhere than their description says."""

    def packed(tables: Tables, folder: str = "", beside: str = "data/") -> Path:
        resources = [{"name": name, "path": f"{name}s.csv"} for name in [*tables, "program"]]
        path = tmp_path / "package.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{folder}datapackage.json", json.dumps({"resources": resources}))
            for name, rows in tables.items():
                archive.writestr(f"{folder}{beside}{name}s.csv", as_csv(rows))
        return path

    return packed


def save(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def records(document: Document, name: str = "services") -> list[Record]:
    return list(document.table(name).records())


def ids(values: list[Row]) -> list[str]:
    return [value["id"] for value in values]


# --- tables of 1.x -------------------------------------------------------------------------------


def test_a_service_is_put_together_from_its_tables(pack: Pack) -> None:
    document = open_file(pack(ONE))
    assert document.format == "hsds"
    first = records(document)[0]
    assert first.position == "services.csv, line 2"
    found = first.properties
    assert found["organization.name"] == "Beratung e. V."
    assert found["organization.website"] == "https://example.org"
    assert found["fees_description"] == "keine"
    assert found["eligibility_description"] == "Erwachsene\nim Landkreis"
    assert found["languages"] == [{"id": "g1", "name": "German"}]
    assert found["service_areas"] == [{"id": "f1", "name": "Landkreis"}]
    assert found["phones"] == [{"id": "t1", "number": "112"}]


def test_options_of_cost_keep_their_names(tmp_path: Path) -> None:
    """In JSON and in tables they follow the text on fees."""
    service = {
        "id": "s1",
        "name": "Kurs",
        "status": "active",
        "organization": {"id": "o1", "name": "Verein"},
        "fees_description": "Je Abend",
        "cost_options": [
            {"id": "k1", "option": "Erwachsene", "amount": 5, "currency": "EUR"},
            {"id": "k2", "option": "Kinder", "amount_description": "frei"},
            {"id": "k3"},
        ],
    }
    file = tmp_path / "services.json"
    file.write_text(json.dumps([service]), encoding="utf-8")
    (found,) = records(open_file(file))
    assert found.properties["fees_description"] == "Je Abend\nErwachsene: 5 EUR\nKinder: frei"


def test_locations_have_their_addresses_and_coordinates(pack: Pack) -> None:
    first, second = records(open_file(pack(ONE)))[0].properties["locations"]
    assert (first["latitude"], first["longitude"]) == (50.9, 13.3)
    assert (second["latitude"], second["longitude"]) == (None, None)
    assert [(each["address_type"], each["address_1"]) for each in first["addresses"]] == [
        ("physical", "Markt 1"),
        ("postal", "Postfach"),
    ]
    assert first["phones"] == [{"id": "t2", "number": "110"}]
    assert first["accessibility"] == [{"id": "b1", "description": "Aufzug"}]
    assert first["service_at_location"] == {"id": "a1", "description": "im Erdgeschoss"}
    assert second["addresses"] == second["schedules"] == []


def test_weekdays_become_rules_and_other_texts_stay(pack: Pack) -> None:
    schedules = records(open_file(pack(ONE)))[0].properties["schedules"]
    assert [each.get("byday") for each in schedules] == ["MO", "TU", None, None]
    assert schedules[2]["weekday"] == "täglich"
    assert schedules[3]["valid_from"] == "2024-12-24"


def test_terms_are_in_attributes_and_alone(pack: Pack) -> None:
    found = records(open_file(pack(ONE)))[0].properties
    assert [each["taxonomy_term_id"] for each in found["attributes"]] == ["T1", "T9"]
    (term,) = found["taxonomy_terms"]
    assert term == {"id": "T1", "name": "Schulden", "parent_id": None, "taxonomy": "eigene"}


def test_what_leads_nowhere_is_a_remark_and_no_row_is_lost(pack: Pack) -> None:
    document = open_file(pack(ONE))
    first, second = records(document)
    assert first.remark == "taxonomy_id 'T9' is in no row of taxonomy"
    assert "organization_id 'o9' is in no row of organization" in (second.remark or "")
    assert "location_id 'l9' is in no row of location" in (second.remark or "")
    (location,) = second.properties["locations"]
    assert location["service_at_location"]["id"] == "a3"
    assert records(document, "phone")[2].remark == "service_id 's8' is in no row of service"
    notes = "\n".join(document.notes)
    assert "phone: 1 rows refer to what the package does not hold" in notes
    assert "eligibility: 1 rows belong to nothing; the first is eligibilitys.csv, line 4" in notes


def test_other_tables_keep_their_names(pack: Pack) -> None:
    document = open_file(pack(ONE))
    assert {table.name for table in document.tables} == {"services", "organizations", *ONE}
    assert records(document, "location")[1].properties["name"] == "Büro"
    assert records(document, "location")[1].position == "locations.csv, line 3"


@pytest.mark.parametrize(("folder", "beside"), [("", ""), ("hsds/", ""), ("hsds/", "data/")])
def test_files_are_found_where_they_lie(pack: Pack, folder: str, beside: str) -> None:
    assert len(records(open_file(pack(ONE, folder, beside)))) == 2


def test_a_package_without_services_is_refused(pack: Pack) -> None:
    path = pack({"organization": ONE["organization"], "service": ONE["service"]})
    with zipfile.ZipFile(path) as archive:
        description = archive.read("datapackage.json")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("datapackage.json", description)
    with pytest.raises(UnreadableError, match="no table organization and no service"):
        open_file(path)


def test_another_datapackage_is_a_zip_of_tables(pack: Pack) -> None:
    document = open_file(pack({"stadtteil": [{"id": "1"}], "wert": [{"id": "2"}]}))
    assert [table.name for table in document.tables] == ["stadtteils", "werts"]


def test_parts_of_parts_do_not_go_in_circles(pack: Pack) -> None:
    phones = [{"id": "t1", "service_id": "s1", "phone_id": "t1", "contact_id": "c1"}]
    contacts = [{"id": "c1", "service_id": "s1", "phone_id": "t1", "contact_id": "c1"}]
    document = open_file(pack(ONE | {"phone": phones, "contact": contacts}))
    (contact,) = records(document)[0].properties["contacts"]
    assert ids(contact["phones"]) == ["t1"]


# --- JSON of 3.x ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "position"),
    [
        ([THREE], "$[0]"),
        ({"total_items": 1, "total_pages": 1, "contents": [THREE]}, "$.contents[0]"),
        (THREE, "$"),
    ],
)
def test_services_are_found_in_arrays_and_pages(
    tmp_path: Path, value: object, position: str
) -> None:
    document = open_file(save(tmp_path / "x.json", value))
    (record,) = records(document)
    assert (document.format, record.position) == ("hsds-json", position)
    assert record.properties["organization.website"] == "https://example.org"


def test_tables_and_json_have_the_same_shape(tmp_path: Path, pack: Pack) -> None:
    tabular = records(open_file(pack(ONE)))[0].properties
    nested = records(open_file(save(tmp_path / "x.json", [THREE])))[0].properties
    only_in_tables = {"organization_id", "organization.url"}
    assert tabular.keys() - nested.keys() <= only_in_tables
    assert nested.keys() - tabular.keys() == {"status"}
    for key in ("name", "phones", "languages", "eligibility_description", "organization.website"):
        assert tabular[key] == nested[key]
    ours, theirs = tabular["locations"][0], nested["locations"][0]
    assert ours.keys() == theirs.keys()
    assert ours["service_at_location"] == theirs["service_at_location"]
    assert [each["taxonomy_term_id"] for each in nested["attributes"]] == ["T1"]


def test_what_holds_for_the_service_there_comes_first(tmp_path: Path) -> None:
    (record,) = records(open_file(save(tmp_path / "x.json", [THREE])))
    (location,) = record.properties["locations"]
    assert ids(location["schedules"]) == ["r9", "r8"]


def test_organizations_locations_and_terms_are_collected(tmp_path: Path) -> None:
    document = open_file(save(tmp_path / "x.json", [THREE, THREE | {"id": "s2"}]))
    assert [(each.position, each.properties["id"]) for each in records(document, "location")] == [
        ("$[0].service_at_locations[0].location", "l1")
    ]
    assert records(document, "organization")[0].properties["name"] == "Beratung e. V."
    assert records(document, "taxonomy_term")[0].properties["name"] == "Schulden"


def test_a_page_of_several_says_so(tmp_path: Path) -> None:
    page = {"total_items": 250, "total_pages": 3, "page_number": 1, "contents": [THREE]}
    document = open_file(save(tmp_path / "x.json", page))
    assert list(document.notes) == ["page 1 of 3; there are 250 services on all of them"]


def test_services_in_brief_are_told(tmp_path: Path) -> None:
    brief = {key: value for key, value in THREE.items() if key != "service_at_locations"}
    (note,) = open_file(save(tmp_path / "x.json", [brief])).notes
    assert "full=true" in note


def test_a_service_without_a_location_is_remarked(tmp_path: Path) -> None:
    service = THREE | {"service_at_locations": [{"id": "a1", "location_id": "l7"}]}
    (record,) = records(open_file(save(tmp_path / "x.json", [service])))
    assert record.remark == "service_at_locations[0] has no location"
    (location,) = record.properties["locations"]
    assert location["service_at_location"] == {"id": "a1", "location_id": "l7"}


# --- the standard's own examples -----------------------------------------------------------------


@needs_standard
@pytest.mark.parametrize("name", ["service_full", "service_list"])
def test_examples_of_the_standard_are_read(name: str) -> None:
    document = open_file(STANDARD / "examples" / f"{name}.json")
    assert document.format == "hsds-json"
    assert len(records(document)) == 1


@needs_standard
def test_the_tabular_example_agrees_with_the_nested_one(tmp_path: Path) -> None:
    tables = json.loads((STANDARD / "examples" / "tabular.json").read_text())
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.write(STANDARD / "datapackage-tabular.json", "datapackage.json")
        for name, rows in tables.items():
            archive.writestr(name, as_csv(rows))
    (tabular,) = records(open_file(tmp_path / "x.zip"))
    (nested,) = records(open_file(STANDARD / "examples" / "service_full.json"))
    lists = ["phones", "schedules", "languages", "contacts", "service_areas", "cost_options"]
    for name in (*lists, "required_documents", "funding"):
        assert as_texts(tabular.properties[name]) == as_texts(nested.properties[name])
    ours, theirs = tabular.properties["locations"][0], nested.properties["locations"][0]
    for name in ("latitude", "longitude", "addresses", "accessibility", "languages"):
        assert as_texts(ours[name]) == as_texts(theirs[name])


def as_texts(value: Any) -> Any:
    """A table has numbers as text."""
    if isinstance(value, list):
        return [as_texts(each) for each in value]
    if isinstance(value, dict):
        return {key: as_texts(each) for key, each in value.items()}
    return str(value)
