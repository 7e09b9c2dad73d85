"""Totals among their parts are told by rule; a part is not taken for one."""

import csv
import json
from collections.abc import Collection
from importlib import import_module
from pathlib import Path

import pytest

from seed.totals import is_total

SHARED = Path(__file__).parents[3] / "shared" / "data"
LUEBECK = SHARED / "luebeck_sh" / "luebeck_bevoelkerung_stadtteile_2010-2022.csv"
INKAR = SHARED / "mittelsachsen" / "INKAR_A_Arbeitslosigkeit.xls"
needs_shared = pytest.mark.skipif(not LUEBECK.exists(), reason="the shared data files are not here")

QUARTERS = ["01 - Innenstadt", "02 - Nord", "03 - Süd"]
KEYS = ["14522180", "14522190", "14522300", "14522310", "14521010"]


@pytest.mark.parametrize(
    "label",
    [
        "Gesamt",
        "gesamt:",
        "INSGESAMT",
        "Summe",
        "Zusammen",
        "Total",
        "Totalt",
        "Stadt Musterstadt gesamt",
        "Kreis insgesamt",
        "Musterstadt (gesamt)",
        "Gesamt-Musterstadt",
        "Summe der Stadtteile",
        "Insgesamt 2021",
        "Gesamtstadt",
        "99 Gesamtstadt",
        "alle Stadtteile",
        "All districts",
        "Hela kommunen",
        "Samtliga kommuner",
    ],
)
def test_the_word_says_it(label: str) -> None:
    assert "says that it is a total" in str(is_total(label, QUARTERS))


@pytest.mark.parametrize(
    "label",
    [
        "Gesamtschule Nord",
        "Gesamtschule",
        "An der Gesamtschule",
        "Summertal",
        "Allerheiligen",
        "Alle-Straße Nord",
        "Totalkirche",
        "Wohnen Gesamt Nord",
        "Sammelgebiet",
        "Altstadt",
        "Hela",
        "",
        "2021",
        "-",
    ],
)
def test_a_name_does_not(label: str) -> None:
    assert is_total(label, QUARTERS) is None


def test_the_number_says_it_where_the_others_are_numbered() -> None:
    assert is_total("00 - Musterstadt", QUARTERS) == "numbered 00 among 3 numbered parts"
    assert is_total("00 Musterstadt", ["01 Nord"]) == "numbered 00 among 1 numbered parts"
    assert is_total("01 - Innenstadt", QUARTERS) is None
    assert is_total("00 - Musterstadt", ["Nord", "Süd"]) is None
    assert is_total("00 - Musterstadt", ["001 Nord"]) is None
    assert is_total("0 Altstadt", ["0 Altstadt", "1 Neustadt"]) is None  # counted from zero
    assert is_total("00", QUARTERS) is None


@pytest.mark.parametrize(
    ("key", "siblings", "parts"),
    [
        ("14522000", KEYS, 4),
        ("14500000", KEYS, 5),
        ("145220000000", ["145220180180", "145220190190"], 2),
        ("145225102000", ["145225102060", "145225102550"], 2),
        ("14500", ["14521", "14522"], 2),
        ("0500", ["0501", "0502", "0601"], 2),
        ("100", ["111", "112", "211"], 2),
    ],
)
def test_the_key_says_it(key: str, siblings: Collection[str], parts: int) -> None:
    told = f"the key {key} is the beginning of {parts} others, filled up with zeros"
    assert is_total(key, [key, *siblings]) == told


@pytest.mark.parametrize(
    ("key", "siblings"),
    [
        ("14522300", KEYS),  # a municipality
        ("14522180", KEYS),
        ("05120000", ["05122000", "05124000"]),  # a city that is a county of its own
        ("0500", ["0501"]),  # one part is none
        ("0500", ["0601", "0602"]),
        ("100", ["098", "099", "101", "102"]),  # numbered through
        ("100", ["98", "99", "101"]),
        ("00", ["01", "02"]),
        ("1000", ["Nord", "Süd"]),
    ],
)
def test_a_key_of_its_own_does_not(key: str, siblings: Collection[str]) -> None:
    assert is_total(key, [key, *siblings]) is None


@needs_shared
def test_luebeck_stands_among_its_quarters() -> None:
    with LUEBECK.open(encoding="utf-8") as file:
        labels = {row["stadtteil"] for row in csv.DictReader(file)}
    assert len(labels) == 11
    assert {label for label in labels if is_total(label, labels)} == {"00 - Lübeck"}


@needs_shared
def test_no_municipality_and_no_quarter_is_taken_for_a_total() -> None:
    workbook = import_module("python_calamine").CalamineWorkbook.from_path(str(INKAR))
    rows = workbook.get_sheet_by_index(0).to_python()[2:]
    columns = [{row[0] for row in rows}, {row[1] for row in rows}]
    for path, name in [
        ("flensburg/flensburg_stadtteile.geojson", "AREA_NAME"),
        ("muenster/Ebene_2_Stadtteil.geojson", None),
        ("oldenburg/stadtteile-oldenburg.json", "name"),
        ("chemnitz/chemnitz.geojson", "name"),
    ]:
        features = json.loads((SHARED / path).read_text())["features"]
        properties = [each["properties"] for each in features]
        names = [name] if name else list(properties[0])
        columns += [{str(each[column]) for each in properties} for column in names]
    assert not [label for column in columns for label in column if is_total(label, column)]
