"""What looks like data about a person. Names and numbers are those reserved for examples."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seed.personal import examine, is_personal_value

SHARED = Path(__file__).parents[3] / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="the shared data files are not here")

NAMES = ["Erika Muster", "Max Mustermann", "Otto Beispiel"]


@pytest.mark.parametrize(
    "column",
    [
        "Ansprechpartner",
        "Ansprechpartnerin",
        "AnsprechpartnerInnen",
        "ansprechpartner_name",
        "Ansprechperson",
        "Leitung",
        "Leitung der Einrichtung",
        "Name der Schulleitung",
        "Schulleiter/in",
        "Schulleiter*in",
        "LEITER",
        "Kita-Leitung",
        "E-Mail Leitung",
        "Vorname",
        "Nachname",
        "Familienname",
        "Kontaktperson",
        "Geschäftsführer",
        "Vorsitzende",
        "Sachbearbeiter",
        "Anrede",
        "Geburtsdatum",
        "contact_name",
        "contactName",
        "Contact person",
        "first_name",
        "lastName",
        "director",
        "Head teacher",
        "förnamn",
        "Efternamn",
        "Föreståndare",
        "Handläggare",
        "kontaktperson",
        "personnummer",
    ],
)
def test_columns_named_like_persons(column: str) -> None:
    assert examine(column, NAMES) == "the column is named like one of persons"
    assert examine(column, ["-", None, ""]) is not None


@pytest.mark.parametrize(
    "column",
    [
        "Name",
        "name1",
        "Träger",
        "TRAEGER",
        "Trägername",
        "Einrichtung",
        "Bezeichnung",
        "Kontakt",
        "Kontaktstelle",
        "LEISTUNGEN",
        "Wasserleitung",
        "Anzahl Mitarbeiter",
        "leiter_id",
        "Titel",
        "institution",
        "owner_id",
        "Ort",
        "Geburten",
        "Vornamen-Statistik",
        "Straße",
        "E-Mail",
        "",
    ],
)
def test_columns_that_are_not(column: str) -> None:
    assert examine(column, ["Beratungsstelle Musterstadt", "Haus am Markt"]) is None


def test_a_column_of_counts_or_institutions_is_none_whatever_its_name() -> None:
    assert examine("Mitarbeiter", [12, 7, "3,5", None]) is None
    assert examine("Leitung", ["ja", "nein", "ja"]) is None
    assert examine("Verantwortliche", ["Jugendamt", "Amt 67", "Musterhilfe e. V."]) is None


@pytest.mark.parametrize("column", ["Handy", "Mobilnummer", "Tel. mobil", "cell phone"])
def test_columns_named_like_mobile_numbers(column: str) -> None:
    assert examine(column, ["0171 3920000"]) == "the column is named like one of mobile numbers"


@pytest.mark.parametrize(
    "mail",
    [
        "erika.muster@beispiel.de",
        "Erika.Muster@Beispiel.de",
        "e.muster@beispiel.de",
        "max_mustermann@beispiel.de",
        "mustermann.max@beispiel.de",
        "mustermann.m@beispiel.de",
        "hans-peter.beispiel@stadt-musterstadt.de",
        "anna.muster-beispiel@beispiel.de",
        "anna.maria.muster@beispiel.de",
        "juergen.muster2@beispiel.de",
        "jörg.muster@beispiel.de",
        "erika-muster@gmx.de",
        "muster-erika@web.de",
        "e-muster@t-online.de",
        "erika1970@gmx.de",
        "anna.svensson@kommun.se",
        "lars.neuhaus@beispiel.de",
        "petra.schulz@beispiel.de",
    ],
)
def test_personal_addresses(mail: str) -> None:
    assert is_personal_value(mail) == "a personal e-mail address"
    assert is_personal_value(f"Anmeldung bei {mail}.\nMontags.") == "a personal e-mail address"


@pytest.mark.parametrize(
    "mail",
    [
        "info@beispiel.de",
        "kontakt@beispiel.de",
        "sekretariat@schule-musterstadt.de",
        "kita-sonnenschein@beispiel.de",
        "kita.sonnenschein@beispiel.de",
        "kita-anna@gmx.de",
        "kita.emil@beispiel.de",
        "hort.nord@beispiel.de",
        "grundschule.musterstadt@beispiel.de",
        "musterstadt.grundschule@beispiel.de",
        "musterstadt.sued@beispiel.de",
        "gs-albert-einstein@schulen-musterstadt.de",
        "albert.schweitzer@schulen-musterstadt.de",
        "anne-frank-schule.musterstadt@beispiel.de",
        "hans.andersen-skolen@beispiel.dk",
        "goethe-gemeinschaftsschule.musterstadt@beispiel.de",
        "abc.musterstadt@beispiel.de",
        "consumer.services@example.org",
        "e-werk@musterstadt.de",
        "team.anna@beispiel.de",
        "st.martin@pfarrei-musterstadt.de",
        "maria@pfarrei-musterstadt.de",
        "123456@schule.beispiel.de",
        "jobcenter-musterstadt.team946@beispiel.de",
        "@twitter",
        "anna.muster",
    ],
)
def test_addresses_of_institutions(mail: str) -> None:
    assert is_personal_value(mail) is None


@pytest.mark.parametrize(
    "phone",
    [
        "0171 3920000",
        "0171/3920000",
        "0171-39 200 00",
        "01713920000",
        "(0171) 3920000",
        "0171 – 39 200 00",
        "+49 171 3920000",
        "+49 (0)171 3920000",
        "0049171 3920000",
        "0152 28817386",
        "030 23125000, 0171 3920000",
        "030 23125000-10\n0152 28817386",
        "0461/01713920000",
        "070-174 06 05",
        "070-1740605",
        "+46 70 174 06 05",
        "0046701740605",
    ],
)
def test_mobile_numbers(phone: str) -> None:
    assert is_personal_value(phone) == "a mobile number"
    assert is_personal_value(f"Anmeldung unter {phone} bis Mai.") == "a mobile number"


@pytest.mark.parametrize(
    "phone",
    [
        "030 23125000",
        "+49 30 23125000",
        "0711 23125000",  # Stuttgart begins like Swedish mobile numbers
        "0721 2312500",
        "0761/2312500",
        "08-174 06 05",
        "+46 8 174 06 05",
        "23125000",
        "0171 39",
        "017139200001234",
        "16012345678",
        "14522180",
        "01.05.2017-15.06.2018",
        "2015-06-17T12:00:00",
        "https://beispiel.de/2016/12",
    ],
)
def test_landlines_and_other_numbers(phone: str) -> None:
    assert is_personal_value(phone) is None


@pytest.mark.parametrize("value", [None, 1, 1.5, True, [], ""])
def test_other_values_are_not_personal(value: object) -> None:
    assert is_personal_value(value) is None


def test_a_column_is_personal_if_most_of_its_values_are() -> None:
    mails = ["erika.muster@beispiel.de", "e.muster@beispiel.de", "info@beispiel.de", None, ""]
    assert examine("E-Mail", mails) == "2 of 3 values are personal e-mail addresses"
    assert examine("E-Mail", [*mails, "post@beispiel.de", "kontakt@beispiel.de"]) is None
    assert examine("Telefon", ["0171 3920000"]) == "1 of 1 values are mobile numbers"
    assert examine("Kontakt", ["Frau Muster", "Herr Dr. Beispiel"]) == (
        "2 of 2 values are names of persons"
    )
    assert examine("Bezeichnung", ["Frau Holle", "Frauenhaus Nord"]) is None
    assert examine("Bezeichnung", []) is None


def test_a_mobile_number_without_its_zero_is_known_among_telephone_numbers_only() -> None:
    cut = ["1713920000", 1713920001, "1713920002.0"]
    assert examine("Telefon", cut) == "3 of 3 values are mobile numbers"
    assert examine("Schulnummer", cut) is None


@given(st.text(max_size=60), st.lists(st.text(max_size=40) | st.integers() | st.none(), max_size=5))
def test_any_column_can_be_examined(column: str, values: list[object]) -> None:
    examine(column, values)
    for value in values:
        is_personal_value(value)


# --- real files ----------------------------------------------------------------------------------

Rows = Sequence[Mapping[str, Any]]


def real_tables() -> Iterator[tuple[str, Rows]]:
    for path in sorted(SHARED.glob("*/*.geojson")):
        yield path.name, [each["properties"] for each in json.loads(path.read_text())["features"]]
    for name, delimiter in [
        ("luebeck_sh/schulen_schleswig_holstein.csv", "\t"),
        ("flensburg/kitas_in_flensburg_redacted.csv", ","),
        ("leipzig/horte-leipzig_redacted.csv", "|"),
        ("muenster/muenster_sachstand.csv", ","),
        ("facts/mittelsachsen_offerings.csv", ","),
        ("facts/mittelsachsen_indicators.csv", ","),
    ]:
        yield name, _rows((SHARED / name).read_text(encoding="utf-8"), delimiter)
    nrw = (SHARED / "wuppertal_nrw" / "nrw_schuldaten_epsg25832.csv").read_text(encoding="utf-8")
    yield "nrw", _rows(nrw.partition("\n")[2], ";")
    with zipfile.ZipFile(SHARED / "hsds/miami211_hsds_datapackage_no_contacts.zip") as archive:
        for name in archive.namelist():
            if name.endswith(".csv"):
                yield name, _rows(archive.read(name).decode(), ",")
    leipzig = json.loads((SHARED / "leipzig" / "leipzig-de_redacted.json").read_text())
    yield "leipzig-de", leipzig["marketentries"]
    schools = json.loads((SHARED / "mittelsachsen/schuldatenbank_14522_redacted.json").read_text())
    yield "schuldatenbank", [building for school in schools for building in school["buildings"]]


def _rows(text: str, delimiter: str) -> Rows:
    return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))


@needs_shared
def test_of_the_real_columns_just_those_of_persons_are_told() -> None:
    found = set()
    examined = 0
    for table, rows in real_tables():
        for column in {column for row in rows for column in row if column}:
            examined += 1
            if examine(column, [row.get(column) for row in rows]):
                found.add((table, column))
    assert examined > 250
    assert found == {
        ("kitas_in_flensburg_redacted.geojson", "director"),
        ("flensburg/kitas_in_flensburg_redacted.csv", "director"),
        ("leipzig/horte-leipzig_redacted.csv", "Anrede"),
        ("leipzig/horte-leipzig_redacted.csv", "Leitung"),
        ("Schulsozialarbeit.geojson", "TELEFON"),  # 41 of 50 are mobile
    }


@needs_shared
def test_of_the_addresses_of_schools_few_are_personal() -> None:
    counts = {}
    for table, rows in real_tables():
        for column in ("EMAIL", "email", "E-Mail"):
            values = [row[column] for row in rows if row.get(column)]
            if values:
                counts[table] = (sum(map(bool, map(is_personal_value, values))), len(values))
    assert counts["Schulen.geojson"][0] == 0
    assert counts["nrw"] == (0, 5507)
    assert counts["luebeck_sh/schulen_schleswig_holstein.csv"][0] == 10
    assert counts["Kindertageseinrichtungen.geojson"][0] == 30
