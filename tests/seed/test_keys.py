"""Official keys, with the 53 municipalities of Mittelsachsen and keys made by hand."""

import csv
import json
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seed.keys import Kind, Match, UnclearKeyError, explain, kinds, match, written

SHARED = Path(__file__).parents[3] / "shared" / "data"
FACTS = SHARED / "facts" / "mittelsachsen_sozialregionen.json"
GISD = SHARED / "mittelsachsen" / "GISD_Sachsen_Gemeindeverband.csv"
INKAR = SHARED / "mittelsachsen" / "INKAR_A_Arbeitslosigkeit.xls"
VG250 = SHARED / "mittelsachsen" / "gemeinden_vg250.geojson"
NRW = SHARED / "wuppertal_nrw" / "nrw_schuldaten_epsg25832.csv"
needs_shared = pytest.mark.skipif(not FACTS.exists(), reason="the shared data files are not here")

KNOWN = {"05124000", "05124", "05", "053", "01052", "09162000", "14522", "14522180", "14522300"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("14522180", "14522180"),
        (14522180, "14522180"),
        (14522180.0, "14522180"),
        (Decimal("14522180.00"), "14522180"),
        ("14522180.0", "14522180"),
        ("14522180,0", "14522180"),
        ("1052.0", "1052"),
        (" 05 124 000 ", "05124000"),
        ("05\xa0124\u202f000", "05124000"),
        ("14 5 22 180", "14522180"),
        ("'05124000", "05124000"),
        ("\ufeff05124000\t", "05124000"),
        ("SR1", "SR1"),
        ("Sozialregion  1", "Sozialregion 1"),
        (0, "0"),
    ],
)
def test_what_spreadsheets_make_of_a_key_is_undone(value: object, expected: str) -> None:
    assert written(value) == expected


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "empty"),
        ("", "empty"),
        (" \xa0", "empty"),
        (-1, "-1 is not a key"),
        (1.5, "1.5 is not a key"),
        (float("nan"), "nan is not a key"),
        (float("inf"), "inf is not a key"),
        (Decimal("NaN"), "NaN is not a key"),
        (1e17, "is not a key"),
        ("1,4522E+11", "was rounded by a spreadsheet: format the column as text"),
        ("1.45e7", "was rounded"),
    ],
)
def test_what_is_no_key_is_refused(value: object, reason: str) -> None:
    with pytest.raises(UnclearKeyError, match=reason):
        written(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("14522180", {Kind.MUNICIPALITY}),
        ("14522", {Kind.COUNTY}),
        ("145220180", {Kind.ASSOCIATION}),
        ("145220180180", {Kind.REGIONAL_KEY}),
        ("145", {Kind.REGION}),
        ("14", {Kind.STATE, Kind.LAN}),
        ("16", {Kind.STATE}),
        ("0180", {Kind.KOMMUN}),
        ("DED43", {Kind.NUTS}),
        ("SE110", {Kind.NUTS}),
        ("DE", set()),
        ("DER", set()),
        ("17522180", set()),  # there are 16 states
        ("00522180", set()),
        ("11000000", {Kind.MUNICIPALITY}),
        ("02021", set()),  # Hamburg is one county
        ("14422180", set()),  # Saxony has no fourth region
        ("0100", set()),
        ("0280", set()),
        ("5124000", set()),
        ("1452218", set()),
        ("1452218X", set()),
        ("٠٥١٢٤٠٠٠", set()),
        ("Freiberg", set()),
        ("", set()),
    ],
)
def test_the_form_tells_what_a_key_may_be(text: str, expected: set[Kind]) -> None:
    assert set(kinds(text)) == expected


@pytest.mark.parametrize(
    ("value", "key", "change"),
    [
        ("14522180", "14522180", None),
        ("14522300", "14522300", None),
        ("05124000", "05124000", None),
        (5124000, "05124000", "a lost leading zero restored"),
        ("5124000.0", "05124000", "a lost leading zero restored"),
        ("5 124 000", "05124000", "a lost leading zero restored"),
        (1052, "01052", "a lost leading zero restored"),
        ("145220180180", "14522180", "taken from the regional key (ARS) 145220180180"),
        (51240000000, "05124000", "taken from the regional key (ARS) 051240000000"),
        ("14522000", "14522", "14522000 is filled up with zeros"),
        ("145220000000", "14522", "145220000000 is filled up with zeros"),
        ("05300000", "053", "05300000 is filled up with zeros"),
        (5000000, "05", "05000000 is filled up with zeros"),
    ],
)
def test_a_key_finds_the_registered_one(value: object, key: str, change: str | None) -> None:
    found = match(value, KNOWN)
    assert (found.key, found.registered, found.change) == (key, True, change)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("145220180", Kind.ASSOCIATION),  # the same place as 14522180, but another thing
        ("14522190", Kind.MUNICIPALITY),
        ("14521", Kind.COUNTY),
        ("Freiberg", None),
        ("1001000", None),  # Flensburg without its zero, which is not registered
        ("09599", Kind.COUNTY),
    ],
)
def test_a_key_the_registry_lacks_stays_as_it_is(value: str, kind: Kind | None) -> None:
    assert match(value, KNOWN) == Match(value, kind, registered=False)


def test_a_zero_is_not_restored_where_both_keys_are_registered() -> None:
    with pytest.raises(UnclearKeyError, match="'1080' may be 1080 or 01080: both are registered"):
        match("1080", {"1080", "01080"})
    assert match("1080", {"1080"}).key == "1080"
    assert match("480", {"0480"}).change == "a lost leading zero restored"


def test_any_scheme_can_be_matched_as_it_is_written() -> None:
    assert match(" STGT03 ", {"STGT03"}) == Match("STGT03", None, registered=True)
    assert match(7, {"7"}).registered


@given(
    st.integers(1, 16),
    st.integers(0, 9),
    st.integers(1, 99),
    st.integers(0, 999),
    st.sampled_from(
        ["{0}", "{0}.0", "{0},00", "'{0}", " {0} ", "{1} {2} {3} {4}", "{1}{2}{3} {4}"]
    ),
)
def test_keys_survive_formatting(
    state: int, region: int, county: int, municipality: int, form: str
) -> None:
    parts = (f"{state:02}", f"{region}", f"{county:02}", f"{municipality:03}")
    key = "".join(parts)
    if not kinds(key):
        return
    known = {key}
    spelled = form.format(key, *parts)
    for value in (spelled, int(key), float(key), str(float(key)), f"{int(key)}"):
        assert match(value, known).key == key
    regional = f"{key[:5]}5123{key[5:]}"
    for value in (regional, int(regional), float(regional)):
        assert match(value, known).key == key
    assert not match(f"{key[:5]}0{key[5:]}", known).registered


@given(st.text(max_size=20) | st.integers() | st.floats() | st.none() | st.booleans())
def test_any_value_is_matched_or_refused(value: object) -> None:
    try:
        found = match(value, KNOWN)
    except UnclearKeyError:
        return
    assert found.registered == (found.key in KNOWN)


# --- columns -------------------------------------------------------------------------------------


def test_a_column_of_associations_is_not_one_of_municipalities() -> None:
    found = explain(["145220180", "145225113", "145220180", None, "145110000"], {"14522180"})
    assert (found.kind, found.here, found.elsewhere) == (Kind.ASSOCIATION, 2, 1)
    told = "2 municipal associations (9 digits), not municipalities; 1 more elsewhere"
    assert found.text == told


def test_lost_zeros_and_other_values_are_counted() -> None:
    found = explain([5124000, 5111000, "14522180", "14522190", "Summe"], {"05124000"})
    assert found.kind is Kind.MUNICIPALITY
    assert found.text == (
        "1 municipalities (AGS, 8 digits); 3 more elsewhere; 1 registered; "
        "2 without their leading zero; 1 of another kind, such as 'Summe'"
    )


def test_regional_keys_are_keys_of_municipalities() -> None:
    found = explain(["145220180180", "145225113590"], {"14522180", "14522590"})
    told = "2 municipalities (ARS, 12 digits); 2 registered"
    assert (found.kind, found.text) == (Kind.REGIONAL_KEY, told)


def test_five_digits_may_be_postcodes() -> None:
    assert explain(["09599", "09648"], {"14522"}).text.endswith("or postcodes")
    assert "postcodes" not in explain(["14522", "14521"], {"14522"}).text


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["0114", "0115", "1480"], Kind.KOMMUN),
        (["DED43", "DED41"], Kind.NUTS),
        (["145", "146"], Kind.REGION),
        (["01", "02", "16", "11"], Kind.STATE),
        (["01", "03", "25"], Kind.LAN),
    ],
)
def test_other_kinds_are_named(values: list[str], kind: Kind) -> None:
    assert explain(values).kind is kind


@pytest.mark.parametrize("values", [[], [None, ""], ["Altstadt", "Neustadt"], [1, 2, 3], ["2021"]])
def test_what_is_no_key_is_named_too(values: list[object]) -> None:
    found = explain(values, {"14522180"})
    assert found.kind is None
    assert found.text.startswith("no official keys")


# --- real files ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def municipalities() -> set[str]:
    regions = json.loads(FACTS.read_text())
    return {member["ags"] for region in regions for member in region["members"]}


@needs_shared
def test_the_53_municipalities_survive_what_a_spreadsheet_does(municipalities: set[str]) -> None:
    assert len(municipalities) == 53
    for key in municipalities:
        for value in (key, int(key), float(key), f"{key}.0", f"{key[:2]} {key[2:5]} {key[5:]}"):
            assert match(value, municipalities) == Match(key, Kind.MUNICIPALITY, registered=True)


@needs_shared
def test_the_regional_keys_of_vg250_hold_its_municipal_keys(municipalities: set[str]) -> None:
    for feature in json.loads(VG250.read_text())["features"]:
        assert (
            match(feature["properties"]["RS"], municipalities).key == feature["properties"]["AGS"]
        )


@needs_shared
def test_gisd_has_44_associations_not_53_municipalities(municipalities: set[str]) -> None:
    with GISD.open(encoding="utf-8") as file:
        keys = [row["gvb_id"] for row in csv.DictReader(file)]
    assert not any(match(key, municipalities).registered for key in set(keys))
    told = "44 municipal associations (9 digits), not municipalities; 265 more elsewhere"
    assert explain(keys, municipalities).text == told


@needs_shared
def test_inkar_has_the_municipalities_of_all_germany(municipalities: set[str]) -> None:
    workbook = import_module("python_calamine").CalamineWorkbook.from_path(str(INKAR))
    keys = [row[0] for row in workbook.get_sheet_by_index(0).to_python()[2:]]
    for values in (keys, [float(key) for key in keys]):
        found = explain(values, municipalities)
        assert (found.kind, found.here, found.registered) == (Kind.MUNICIPALITY, 53, 53)
        assert found.elsewhere == len(keys) - 53
    known = set(keys)
    assert {match(float(key), known).key for key in keys} == known


@needs_shared
def test_the_postcodes_of_schools_are_not_taken_for_keys() -> None:
    with NRW.open(encoding="utf-8") as file:
        rows = list(csv.reader(file, delimiter=";"))[2:]
    assert explain([row[17] for row in rows], {"05124000"}).kind is Kind.MUNICIPALITY
    assert explain([row[6] for row in rows], {"05124"}).kind is None
    assert explain([row[0] for row in rows], {"05124"}).kind is None
