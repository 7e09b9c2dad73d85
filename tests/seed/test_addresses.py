"""Spellings of one address are the same, and different addresses stay different."""

from __future__ import annotations

import csv
import string
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seed.addresses import (
    LONGEST,
    Located,
    Town,
    folded,
    house_number,
    parse_street,
    postcode,
    street_name,
    town,
)

SHARED = Path(__file__).parents[3] / "shared" / "data"
SCHOOLS = SHARED / "wuppertal_nrw" / "nrw_schuldaten_epsg25832.csv"
needs_shared = pytest.mark.skipif(not SCHOOLS.exists(), reason="the shared data files are not here")

WORDS = ["Chemnitz", "Öder", "Große", "Linden", "Käthe", "Kollwitz", "Schüler", "Anger", "Mühl"]
LETTERS = string.ascii_lowercase + "äöüß"

words = st.lists(
    st.sampled_from(WORDS) | st.text(LETTERS, min_size=4, max_size=12).map(str.capitalize),
    min_size=1,
    max_size=3,
)
numbers = st.integers(1, 9999)
suffixes = st.sampled_from(["", *"abcdefgh"])


# --- streets -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spelling",
    [
        "Karl-Marx-Straße",
        "Karl-Marx-Str.",
        "Karl-Marx-Str",
        "Karl Marx Straße",
        "Karl-Marx Strasse",
        "KARL-MARX-STRASSE",
        "KARL-MARX-STRAẞE",
        " karl–marx–str. ",
        "Karl-Marxstraße",
    ],
)
def test_spellings_of_one_street_are_the_same(spelling: str) -> None:
    assert street_name(spelling) == "karlmarxstrasse"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("St.-Georgen-Platz", "Sankt Georgen Platz"),
        ("Dr.-Külz-Str.", "Doktor-Kuelz-Straße"),
        ("Bgm.-Smidt-Straße", "Bürgermeister-Smidt-Str."),
        ("Schillerpl.", "Schillerplatz"),
        ("Straße d. Friedens", "Str. d. Friedens"),
        ("Mühlgässchen", "Muehlgaesschen"),
        ("Hauptstraße (Zug)", "Hauptstraße"),
    ],
)
def test_abbreviations_and_umlauts_are_spelled_out(one: str, other: str) -> None:
    assert street_name(one) == street_name(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bergstraße", "Burgstraße"),
        ("Straße des 17. Juni", "Straße des 18. Juni"),
        ("Am Markt", "Markt"),
        ("Lindenweg", "Lindenstraße"),
    ],
)
def test_other_streets_are_others(one: str, other: str) -> None:
    assert street_name(one) != street_name(other)


@given(words, st.sampled_from(["-", " ", ""]), st.sampled_from([" ", "-"]))
def test_case_hyphens_and_the_word_street_do_not_matter(
    parts: list[str], ending: str, between: str
) -> None:
    whole = between.join(parts) + ending
    written = {
        street_name(each)
        for street in ("Straße", "Str.", "STRASSE", "str")
        for each in (f"{whole}{street}", f"{whole}{street}".upper(), f"  {whole}{street}\t")
    }
    assert len(written) == 1


@given(words)
def test_composed_decomposed_and_spelled_umlauts_are_the_same(parts: list[str]) -> None:
    name = " ".join(parts)
    spelled = name
    for letter, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"), ("Ö", "Oe")):
        spelled = spelled.replace(letter, letters)
    assert street_name(name) == street_name(unicodedata.normalize("NFD", name))
    assert street_name(name) == street_name(spelled)


@given(st.text(max_size=60))
def test_any_name_has_a_comparable_form(text: str) -> None:
    name = street_name(text)
    assert name == "" or name.isalnum()
    assert name == folded(name)


@pytest.mark.parametrize(
    ("text", "number", "suffix"),
    [
        ("Am Markt 5", 5, ""),
        ("Am Markt 5a", 5, "a"),
        ("Am Markt 5 A", 5, "a"),
        ("Am Markt5", 5, ""),
        ("Am Markt Nr. 5", 5, ""),
        ("Am Markt, 5", 5, ""),
        ("Am Markt 005", 5, ""),
        ("Am Markt 6-7", 6, ""),
        ("Am Markt 6 – 7", 6, ""),
        ("Am Markt 12/14", 12, ""),
        ("Am Markt 12 + 14", 12, ""),
        ("Am Markt 6 u. 7", 6, ""),
        ("Am Markt 6 und 7", 6, ""),
        ("Am Markt 6a-c", 6, "a"),
        ("Am Markt 6 a - 7 b", 6, "a"),
        ("Am Markt 12 1/2", 12, ""),
        ("Am Markt 12½", 12, ""),
        ("Am Markt 5 Haus 2", 5, ""),
        ("Am Markt 5 2. OG", 5, ""),
        ("Am Markt 5, 2. OG links", 5, ""),
        ("Am Markt 5 (Eingang im Hof)", 5, ""),
        ("Rathaus, Am Markt 5", 5, ""),
        ("Haus 3, Am Markt 5", 5, ""),
        ("Rathaus - Am Markt 5", 5, ""),
        ("Am Markt 5, Rathaus", 5, ""),
        ("Am Markt 5 / Ecke Ring", 5, ""),
        ("Am Markt 5\n09599 Musterstadt", 5, ""),
        ("Postfach 12 34, Am Markt 5", 5, ""),
        ("Am Markt", None, ""),
        ("Rathaus, Am Markt", None, ""),
        ("Am Markt 0", None, ""),
    ],
)
def test_a_line_has_a_street_and_a_number(text: str, number: int | None, suffix: str) -> None:
    assert parse_street(text) == Located("ammarkt", number, suffix)


@pytest.mark.parametrize(
    ("text", "street", "number"),
    [
        ("Straße des 17. Juni 135", "strassedes17juni", 135),
        ("Straße des 17. Juni", "strassedes17juni", None),
        ("An der B 101 5", "anderb101", 5),
        ("Haus-Endt-Straße 5", "hausendtstrasse", 5),
        ("Straße 1 Nr. 7", "strasse1", 7),
    ],
)
def test_numbers_in_a_name_belong_to_it(text: str, street: str, number: int | None) -> None:
    assert parse_street(text) == Located(street, number)


@pytest.mark.parametrize(
    "text", [None, "", " ", "-", "k. A.", "Postfach 12 34", "09599 Musterstadt", "12", "6 a - c"]
)
def test_what_names_no_street_has_none(text: str | None) -> None:
    assert parse_street(text) == Located()


@given(words, numbers, suffixes, st.sampled_from(["", " "]))
def test_a_number_is_told_from_its_street(
    parts: list[str], number: int, suffix: str, space: str
) -> None:
    street = f"{'-'.join(parts)}-Straße"
    found = parse_street(f"{street} {number}{space}{suffix}")
    assert found == Located(street_name(street), number, suffix)


@given(words, numbers, numbers, st.sampled_from(["-", " - ", "–", "/", "+", " und ", " bis "]))
def test_of_a_range_the_first_number_counts(
    parts: list[str], first: int, last: int, between: str
) -> None:
    street = f"{'-'.join(parts)}-Straße"
    found = parse_street(f"{street} {first}{between}{last}")
    assert found == Located(street_name(street), first)


@given(st.text(max_size=400))
def test_any_line_is_read(text: str) -> None:
    found = parse_street(text)
    assert found.street is None or found.street.isalnum()
    assert found.number is None or found.number > 0


@pytest.mark.parametrize("text", ["a1 " * 100_000, "1-" * 100_000, "(" * 100_000, "a" * 100_000])
def test_a_long_line_takes_no_longer(text: str) -> None:
    started = time.perf_counter()
    parse_street(text)
    town(text)
    assert time.perf_counter() - started < 0.5
    assert len(text) > LONGEST


@given(numbers, suffixes)
def test_a_house_number_is_a_number_and_a_letter(number: int, suffix: str) -> None:
    for written in (f"{number}{suffix}", f"{number} {suffix.upper()}", f"Nr. {number}{suffix}"):
        assert house_number(written) == (number, suffix)


@pytest.mark.parametrize("text", ["", "0", "a", "86188851", "-"])
def test_what_is_no_house_number_is_none(text: str) -> None:
    assert house_number(text) is None


@needs_shared
def test_addresses_of_real_schools_are_read() -> None:
    """In North Rhine-Westphalia; the few others state no number, or a building of a factory."""
    with SCHOOLS.open(encoding="utf-8-sig", newline="") as file:
        next(file)
        lines = [row["Strasse"] for row in csv.DictReader(file, delimiter=";")]
    read = [parse_street(line) for line in lines]
    assert len(read) > 5_500
    assert sum(bool(each.street and each.number) for each in read) > 0.997 * len(read)


# --- towns ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Freiberg", Town("freiberg")),
        ("Freiberg, Stadt", Town("freiberg")),
        ("Stadt Freiberg", Town("freiberg")),
        ("Freiberg OT Zug", Town("freiberg", None, "zug")),
        ("OT Zug", Town("zug")),
        ("Halle (Saale), Stadt", Town("halle s", "halle")),
        ("Wuppertal-Barmen", Town("wuppertalbarmen", "wuppertal", "barmen")),
        ("Am Ohmberg", Town("amohmberg")),
        ("Nortorf (Rendsburg-Eckernförde)", Town("nortorf re", "nortorf")),
    ],
)
def test_a_town_is_named_with_and_without_what_tells_it_apart(text: str, expected: Town) -> None:
    assert town(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Frankfurt a. M.", "Frankfurt am Main"),
        ("Frankfurt a.M.", "Frankfurt/Main"),
        ("Halle/Saale", "Halle a. d. Saale"),
        ("Freiburg i. Br.", "Freiburg im Breisgau, Stadt"),
        ("Neustadt a.d. Weinstr.", "Neustadt an der Weinstraße"),
        ("Rothenburg o.d.T.", "Rothenburg ob der Tauber"),
        ("St. Augustin", "Sankt Augustin"),
    ],
)
def test_abbreviated_towns_are_the_same(one: str, other: str) -> None:
    assert town(one) == town(other)


def test_namesakes_are_told_apart() -> None:
    main, oder = town("Frankfurt am Main"), town("Frankfurt (Oder)")
    assert main
    assert oder
    assert main.full != oder.full
    assert main.short == oder.short


@pytest.mark.parametrize("text", [None, "", " - ", "("])
def test_no_town_is_none(text: str | None) -> None:
    assert town(text) is None


@given(st.text(max_size=80))
def test_any_town_is_read(text: str) -> None:
    found = town(text)
    assert found is None or found.full


# --- postcodes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("09599", "09599"),
        ("9599", "09599"),
        ("D-09599", "09599"),
        ("541 31", "54131"),
        ("2022-01-01", None),
        ("Freiberg", None),
        (None, None),
    ],
)
def test_a_postcode_is_its_digits(text: str | None, expected: str | None) -> None:
    assert postcode(text) == expected


@given(st.integers(1000, 99999))
def test_a_leading_zero_that_was_lost_is_restored(number: int) -> None:
    assert postcode(str(number)) == postcode(f"{number:05}") == f"{number:05}"
