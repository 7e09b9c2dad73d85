"""The mappings that come with Quartier: each by itself, and on the file it was written for."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from pyproj import Transformer

from seed.edtf import parse as parse_edtf
from seed.files import read_csv, read_yaml
from seed.identity import slugify
from seed.imports.stream import Stream
from seed.mappings import (
    READY,
    FieldRule,
    ImportMapping,
    PartRule,
    ValueRefused,
    fitting,
    load,
    look_up,
)
from seed.readers import Hints, Table, UnreadableError
from seed.readers.formats import open_file
from seed.readers.json_values import flatten
from seed.targets import Field, Kind, Target
from seed.vocabulary import read_vocabulary

SHARED = Path(__file__).parents[3] / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="the shared data files are not here")

NAMES = sorted(path.stem for path in READY.glob("*.yaml"))
TWINS = {"flensburg-kitas-csv", "flensburg-kitas-geojson"}
HSDS_THREE = {"hsds", "hsds-organisations", "hsds-terms"}  # one file, of which each takes its rows
PERSONAL = {"director", "Leitung", "Anrede", "Email", "speakerPublic", "mail", "contacts"}

Row = Mapping[str, Any]
mappings = pytest.mark.parametrize("name", NAMES)


@cache
def mapping(name: str) -> ImportMapping:
    return load(READY / f"{name}.yaml")


def rules(of: ImportMapping) -> Iterator[tuple[str, Field, FieldRule]]:
    """Every field rule, with the field it fills."""
    for target, part in sections(of):
        for name, rule in part.items():
            yield name, target.all_fields.get(name.partition("@")[0], Field()), rule


def sections(of: ImportMapping) -> Iterator[tuple[Target, Mapping[str, FieldRule]]]:
    yield of.target, of.fields
    for name, part in of.parts.items():
        yield of.target.parts[name], part.fields


@cache
def terms() -> Mapping[str, Mapping[str, str]]:
    """For every codelist what finds a term, codes and labels, with its code."""
    vocabulary = read_vocabulary()
    lists = {row["id"]: row["name"] for row in vocabulary.codelists}
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in vocabulary.terms:
        labels = [row["label"], *(texts["label"] for texts in row["translations"].values())]
        for name in (row["code"], *labels):
            found[lists[row["codelist_id"]]][name.casefold()] = row["code"]
    return found


# --- by itself -----------------------------------------------------------------------------------


@mappings
def test_it_loads(name: str) -> None:
    assert mapping(name).title


def test_each_has_a_source_of_its_own_and_only_twins_share_one() -> None:
    """Rows that vanish from a source are archived: two files of one source would do it in turn."""
    alone = [name for name in NAMES if name not in TWINS | HSDS_THREE]
    sources = Counter(mapping(name).source.slug for name in alone)
    assert set(sources.values()) == {1}
    for family in (TWINS, HSDS_THREE):
        assert len({mapping(name).source for name in family}) == 1


@mappings
def test_its_licence_is_known_and_has_an_address(name: str) -> None:
    source = mapping(name).source
    assert source.license in terms()["license"].values()
    assert source.attribution
    assert (source.license_url is None) == (source.license == "not_stated")


@mappings
def test_it_says_why_it_is_as_it_is(name: str) -> None:
    assert (READY / f"{name}.yaml").read_text(encoding="utf-8").startswith("# ")


@mappings
def test_the_terms_it_gives_are_codes_of_the_vocabulary(name: str) -> None:
    for field, stated, rule in rules(mapping(name)):
        if stated.kind is Kind.TERM:
            assert set(rule.given) <= set(terms()[str(stated.codelist)].values()), field


@mappings
def test_it_takes_no_persons(name: str) -> None:
    used = {column for _, _, rule in rules(mapping(name)) for column in rule.used}
    assert not used & PERSONAL
    assert not any(rule.personal for _, _, rule in rules(mapping(name)))


@mappings
def test_what_it_leaves_out_it_does_not_use(name: str) -> None:
    found = mapping(name)
    used = {column for _, _, rule in rules(found) for column in rule.used}
    assert not used & set(found.drop)


# --- on its file ---------------------------------------------------------------------------------


FILES: Mapping[str, str] = {
    "mittelsachsen/gemeinden_vg250.geojson": "vg250-gemeinden",
    "mittelsachsen/INKAR_A_Arbeitslosigkeit.xls": "inkar-arbeitslose",
    "mittelsachsen/GISD_Sachsen_Gemeindeverband.csv": "gisd-gemeindeverbaende",
    "mittelsachsen/schuldatenbank_14522_redacted.json": "schuldatenbank-sachsen",
    "facts/mittelsachsen_sozialregionen.json": "mittelsachsen-sozialregionen",
    "facts/mittelsachsen_indicators.csv": "mittelsachsen-indikatoren",
    "facts/mittelsachsen_offerings.csv": "mittelsachsen-angebote",
    "oldenburg/stadtteile-oldenburg.json": "oldenburg-stadtteile",
    "luebeck_sh/luebeck_stadtteile.geojson": "luebeck-stadtteile",
    "luebeck_sh/luebeck_bevoelkerung_stadtteile_2010-2022.csv": "luebeck-bevoelkerung",
    "luebeck_sh/schulen_schleswig_holstein.csv": "schulen-schleswig-holstein",
    "wuppertal_nrw/nrw_schuldaten_epsg25832.csv": "schulen-nrw",
    "chemnitz/Kindertageseinrichtungen.geojson": "chemnitz-kitas",
    "chemnitz/Schulen.geojson": "chemnitz-schulen",
    "chemnitz/Schulsozialarbeit.geojson": "chemnitz-jugendsozialarbeit",
    "chemnitz/Jugendberufshilfen.geojson": "chemnitz-jugendsozialarbeit",
    "chemnitz/chemnitz.geojson": "chemnitz-stadtteile",
    "flensburg/flensburg_stadtteile.zip": "flensburg-stadtteile",
    "flensburg/flensburg_stadtteile.geojson": "flensburg-stadtteile",
    "flensburg/kitas_in_flensburg_redacted.csv": "flensburg-kitas-csv",
    "flensburg/kitas_in_flensburg_redacted.geojson": "flensburg-kitas-geojson",
    "leipzig/leipzig-de_redacted.json": "leipzig-angebote",
    "leipzig/horte-leipzig_redacted.csv": "leipzig-horte",
    "muenster/Ebene_2_Stadtteil.geojson": "muenster-stadtteile",
    "muenster/muenster_sachstand.csv": "muenster-klimaschutz",
    "hsds/miami211_hsds_datapackage_no_contacts.zip": "hsds-miami211",
}
HSDS = "hsds/miami211_hsds_datapackage_no_contacts.zip"
files = pytest.mark.parametrize("file", FILES)


def own(file: str) -> ImportMapping:
    return mapping(FILES[file])


@cache
def tables(file: str, hints: Hints) -> Sequence[Table]:
    """What a reader finds that is told how to read the file; nothing if it is told wrongly."""
    try:
        return open_file(SHARED / file, hints).tables
    except UnreadableError:
        return ()


def table(file: str) -> Table:
    found = own(file)
    fits = (each for each in tables(file, found.file.hints) if found.columns <= {*each.columns})
    return next(each for each in fits if found.file.table in (None, each.name))


@cache
def rows(file: str) -> list[Row]:
    return [record.properties for record in table(file).records()]


@cache
def wanted_rows(file: str) -> list[Row]:
    """The records as the mapping has them: nested, made long, and only those it takes."""
    return [record.properties for record in Stream(table(file), own(file)).records()]


def part_rows(file: str, part: PartRule) -> list[Row]:
    if part.records is None:
        return wanted_rows(file)
    return [
        {**flatten(item), **{f"^.{key}": each for key, each in row.items()}}
        for row in wanted_rows(file)
        for item in look_up(row, part.records) or ()
    ]


def read(file: str) -> Iterator[tuple[str, Field, FieldRule, list[Row]]]:
    """Every rule of the mapping with the rows it reads."""
    found = own(file)
    for name, rule in found.fields.items():
        yield name, found.target.all_fields.get(name, Field()), rule, wanted_rows(file)
    for part_name, part in found.parts.items():
        for name, rule in part.fields.items():
            stated = found.target.parts[part_name].all_fields[name]
            yield f"{part_name}.{name}", stated, rule, part_rows(file, part)


def values(file: str, field: str) -> list[Any]:
    (found,) = (
        [rule.read(name, row) for row in of] for name, _, rule, of in read(file) if name == field
    )
    return found


def keys(file: str) -> list[Any]:
    rule = own(file).key
    assert rule is not None
    return [rule.read("key", row) for row in wanted_rows(file)]


def test_every_mapping_has_a_file() -> None:
    """Those of HSDS 3 have their own tests: tests/seed/test_hsds_roundtrip.py."""
    assert {*FILES.values()} == set(NAMES) - HSDS_THREE


@needs_shared
def test_every_file_of_the_list_has_a_mapping() -> None:
    assert {str(path.relative_to(SHARED)) for path in SHARED.glob("*/*")} == set(FILES)


@needs_shared
@files
def test_exactly_one_ready_mapping_fits(file: str) -> None:
    assert fitting(None, lambda rule: tables(file, rule.hints)) == own(file)


@needs_shared
@files
def test_no_column_is_forgotten(file: str) -> None:
    """A column is used, or left out on purpose."""
    found = own(file)
    used = {column.removeprefix("^.") for _, _, rule in rules(found) for column in rule.used}
    paths = {column.partition("[")[0] for column in used}
    lists = {part.records for part in found.parts.values() if part.records}
    left = {*table(file).columns} - found.columns - paths - lists - {*found.drop}
    if found.unpivot:
        left = {name for name in left if not re.fullmatch(found.unpivot.columns, name)}
    assert not left


@needs_shared
@files
def test_every_row_can_be_read(file: str) -> None:
    refused = [
        str(error)
        for name, _, rule, of in read(file)
        for row in of
        if (error := refusal(name, rule, row))
    ]
    assert not refused


def refusal(name: str, rule: FieldRule, row: Row) -> ValueRefused | None:
    try:
        rule.read(name, row)
    except ValueRefused as refused:
        return refused
    return None


@needs_shared
@files
def test_no_row_lacks_what_it_must_have(file: str) -> None:
    for name, stated, rule, of in read(file):
        if stated.required:
            assert not [row for row in of if rule.read(name, row) is None], name


@needs_shared
@pytest.mark.parametrize("file", [file for file in FILES if file != HSDS])
def test_every_term_is_found(file: str) -> None:
    for name, stated, rule, of in read(file):
        if stated.kind is Kind.TERM:
            found = [rule.read(name, row) for row in of]
            given = {
                *chain.from_iterable(each if isinstance(each, tuple) else (each,) for each in found)
            }
            known = terms()[str(stated.codelist)]
            assert {str(each).casefold() for each in given - {None}} <= known.keys(), name


@needs_shared
@files
def test_every_imprecise_date_is_understood(file: str) -> None:
    for name, stated, rule, of in read(file):
        if stated.kind is Kind.EDTF:
            for each in {rule.read(name, row) for row in of} - {None}:
                assert parse_edtf(str(each)).edtf, name


@needs_shared
@pytest.mark.parametrize("file", [file for file in FILES if own(file).key is not None])
def test_keys_tell_all_rows_apart(file: str) -> None:
    found = keys(file)
    assert None not in found
    assert len(set(found)) == len(found)


# --- the odd things about each file --------------------------------------------------------------


@needs_shared
def test_of_inkar_53_municipalities_and_24_years_are_taken() -> None:
    file = "mittelsachsen/INKAR_A_Arbeitslosigkeit.xls"
    cells = set(zip(values(file, "district"), values(file, "period"), strict=True))
    assert len(cells) == len(wanted_rows(file)) == 53 * 24
    assert {year for _, year in cells} == {str(year) for year in range(1998, 2022)}


@needs_shared
def test_of_gisd_the_keys_stay_those_of_44_associations() -> None:
    found = set(values("mittelsachsen/GISD_Sachsen_Gemeindeverband.csv", "district"))
    assert len(found) == 44
    assert {len(key) for key in found} == {9}


@needs_shared
def test_schools_are_in_municipalities_of_the_county() -> None:
    found = values("mittelsachsen/schuldatenbank_14522_redacted.json", "sites.district")
    assert len(found) == 168
    assert {key[:5] for key in found} == {"14522"}


@needs_shared
def test_offerings_have_a_category_they_have_in_the_demonstration_set() -> None:
    stated = {row["name"]: str(row["categories"]).split() for row in read_csv("offerings.csv")}
    file = "facts/mittelsachsen_offerings.csv"
    for name, category in zip(values(file, "name"), values(file, "categories"), strict=True):
        assert category in stated[name], name


@needs_shared
def test_indicators_and_areas_are_those_of_the_demonstration_set() -> None:
    file = "facts/mittelsachsen_indicators.csv"
    found = mapping("mittelsachsen-indikatoren")
    assert {rule.slug for rule in found.indicators} == set(values(file, "indicator"))
    known = {slugify(entry["code"]) for entry in read_yaml("indicators.yaml")}
    assert {rule.slug for rule in found.indicators} <= known
    districts = read_csv("districts.csv")
    names = {name for row in districts for name in (row["key"], f"{row['scheme']}:{row['key']}")}
    assert set(values(file, "district")) <= names
    assert len(wanted_rows(file)) == len(rows(file)) - 2


@needs_shared
def test_the_population_of_luebeck_is_apart_from_its_parts() -> None:
    """Their sum is the total, but in 2015, when the file has three persons fewer."""
    file = "luebeck_sh/luebeck_bevoelkerung_stadtteile_2010-2022.csv"
    columns = (values(file, name) for name in ("indicator", "district", "period", "value"))
    missing: Counter[str] = Counter()
    for indicator, district, period, value in zip(*columns, strict=True):
        if indicator == "population":
            missing[period] += int(value) if district == "ags:01003000" else -int(value)
    assert len(missing) == 13
    assert +missing == {"2015": 3}


@needs_shared
def test_the_schools_of_wuppertal_are_in_a_box_around_it() -> None:
    file = "wuppertal_nrw/nrw_schuldaten_epsg25832.csv"
    crs = mapping("schulen-nrw").crs
    to_degrees = Transformer.from_crs(crs, "OGC:CRS84", always_xy=True)
    places = zip(
        values(file, "sites.district"),
        values(file, "sites.longitude"),
        values(file, "sites.latitude"),
        strict=True,
    )
    found = [to_degrees.transform(float(x), float(y)) for key, x, y in places if key == "05124000"]
    assert len(found) == 108
    assert all(7.0 < lon < 7.35 and 51.15 < lat < 51.33 for lon, lat in found)


@needs_shared
def test_closed_schools_and_those_that_run_out_have_an_end() -> None:
    file = "wuppertal_nrw/nrw_schuldaten_epsg25832.csv"
    ends = zip(rows(file), values(file, "valid_to"), strict=True)
    found = Counter((row["Schulbetriebsschluessel"], end is not None) for row, end in ends)
    assert found == {("1", False): 5424, ("6", False): 5, ("2", True): 43, ("9", True): 35}


@needs_shared
def test_day_care_is_told_from_after_school_care_and_childminding() -> None:
    found = Counter(values("chemnitz/Kindertageseinrichtungen.geojson", "categories"))
    assert found == {
        "day_care": 106,
        ("day_care", "after_school_care"): 13,
        "childminding": 65,
        "after_school_care": 57,
    }


@needs_shared
def test_offers_of_another_entry_name_it_as_their_organisation() -> None:
    found = values("leipzig/leipzig-de_redacted.json", "organisation")
    assert sum(each is not None for each in found) == 72
    assert "Jobcenter Leipzig" in found


@needs_shared
@pytest.mark.parametrize(
    ("file", "field"),
    [
        ("chemnitz/Schulsozialarbeit.geojson", "phone"),
        ("chemnitz/Jugendberufshilfen.geojson", "phone"),
        ("flensburg/kitas_in_flensburg_redacted.csv", "phone"),
        ("flensburg/kitas_in_flensburg_redacted.geojson", "phone"),
        ("leipzig/leipzig-de_redacted.json", "phone"),
    ],
)
def test_of_several_numbers_one_is_taken_and_it_is_no_mobile(file: str, field: str) -> None:
    found = [re.sub(r"\D", "", each) for each in values(file, field) if each]
    assert len(found) > 7
    assert all(5 < len(digits) < 16 for digits in found)
    assert not [digits for digits in found if re.match(r"(0|49)0?1[567]", digits)]


@needs_shared
def test_the_key_of_two_files_of_one_source_tells_them_apart() -> None:
    both = keys("chemnitz/Schulsozialarbeit.geojson") + keys("chemnitz/Jugendberufshilfen.geojson")
    assert len(set(both)) == 61


@needs_shared
def test_flensburgs_districts_are_the_same_in_both_formats() -> None:
    packed, plain = (
        set(zip(values(file, "key"), values(file, "name"), strict=True))
        for file in ("flensburg/flensburg_stadtteile.zip", "flensburg/flensburg_stadtteile.geojson")
    )
    assert packed == plain
    assert len(plain) == 13
    assert ("STGT03", "Nordstadt") in plain


@needs_shared
def test_flensburgs_day_care_is_the_same_in_both_formats() -> None:
    """So that importing one after the other changes nothing but what only one has."""
    one, other = (
        {
            (key, name): str(value)
            for name, _, rule, of in read(file)
            for key, value in zip(keys(file), (rule.read(name, row) for row in of), strict=True)
        }
        for file in (
            "flensburg/kitas_in_flensburg_redacted.csv",
            "flensburg/kitas_in_flensburg_redacted.geojson",
        )
    )
    assert one == {cell: value for cell, value in other.items() if cell[1] != "slug"}


@needs_shared
def test_the_districts_that_day_care_states_are_those_of_the_other_file() -> None:
    stated = set(values("flensburg/kitas_in_flensburg_redacted.csv", "sites.district"))
    file = "flensburg/flensburg_stadtteile.geojson"
    keyed = zip(values(file, "scheme"), values(file, "key"), strict=True)
    assert stated == {":".join(pair) for pair in keyed}


@needs_shared
def test_leipzigs_sites_are_nested_and_their_places_are_texts() -> None:
    file = "leipzig/leipzig-de_redacted.json"
    found = list(zip(values(file, "sites.longitude"), values(file, "sites.latitude"), strict=True))
    assert len(rows(file)) == 254
    assert len(found) == 253
    located = [(float(x), float(y)) for x, y in found if x]
    assert len(located) == 251
    assert all(12 < x < 13 and 51 < y < 52 for x, y in located)
    assert not [text for text in values(file, "description") if "\r" in text]
    assert not {year for year in values(file, "valid_from") if year} - {"2018-08-29", "2018-08-25"}


@needs_shared
def test_muensters_tree_has_measures_plans_and_reports_of_three_dates() -> None:
    file = "muenster/muenster_sachstand.csv"
    assert len(rows(file)) == 275
    assert len(wanted_rows(file)) == 54
    assert Counter(values(file, "statements.kind")) == {"statement": 54, "report": 3 * 54}
    assert Counter(values(file, "statements.date")) == dict.fromkeys(
        (None, "2013", "2015/2016", "2017/2018"), 54
    )
    colours = {(row["assessment"], found) for row, found in implementation(file)}
    assert colours == {
        ("#01873B", "completed"),
        ("orange", "in_progress"),
        ("#AE1B1B", "not_started"),
    }


def implementation(file: str) -> Iterator[tuple[Row, Any]]:
    return zip(wanted_rows(file), values(file, "implementation"), strict=True)


@needs_shared
def test_services_of_miami_are_complete_and_many_have_no_place() -> None:
    assert len(rows(HSDS)) == 4089
    places = values(HSDS, "sites.latitude")
    assert len(places) == 4089
    assert places.count(None) == 1829
