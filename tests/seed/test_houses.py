"""Files of house coordinates as states and OpenAddresses publish them, made up row by row."""

from __future__ import annotations

import csv
import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.geocoding import House
from seed.houses import EXAMPLES, HAUSKOORDINATEN, LONGEST_LINE, OPEN_ADDRESSES, HouseFile
from seed.houses import open_houses as opened
from seed.readers import UnreadableError

LONG = (
    "nba;oid;qua;landschl;land;regbezschl;regbez;kreisschl;kreis;gmdschl;gmd;ottschl;ott;"
    "strschl;str;hnr;adz;zone;ostwert;nordwert;postplz;postonm;postonmzus;postott"
)
SAXON = (
    "N;DESNALK000000001;A;14;Freistaat Sachsen;5;Chemnitz;22;Musterkreis;010;Musterstadt, Stadt;"
    "0001;Zug;00017;Straße am Rathaus;12;a;33;380459.123;5640000.5;09599;Musterstadt;;Neustadt"
)
RHENISH = (
    "N;DENW00AL00000001;A;05;Nordrhein-Westfalen;1;Düsseldorf;24;Musterstadt;000;Musterstadt;0000;;"
    "01234;Rathausplatz;2;;32;374000,25;5680000,75;"
)
OPEN = "LON,LAT,NUMBER,STREET,UNIT,CITY,DISTRICT,REGION,POSTCODE,ID,HASH"

Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def saved(*lines: str, encoding: str = "utf-8", end: str = "\r\n") -> Path:
        path = tmp_path / "houses.txt"
        path.write_bytes("".join(f"{line}{end}" for line in lines).encode(encoding))
        return path

    return saved


def read(path: Path) -> tuple[HouseFile, list[House]]:
    file = opened(path)
    return file, list(file.houses())


def compact(*end: str, east: str = "32640000,500", quality: str = "A", number: str = "12") -> str:
    """A row as version 4 of HK-DE has it, with what follows the street's name."""
    keys = ["16", "0", "51", "000", "0000", "00017"]
    place = [east, "5650000,250", "Rathausplatz"]
    return ";".join(["N", "DETHALK000000001", quality, *keys, number, "a", *place, *end])


# --- Hauskoordinaten -----------------------------------------------------------------------------


def test_version_five_has_a_header_and_a_column_for_the_zone(save: Save) -> None:
    """HK-DE 5.2, as Saxony and Thuringia publish it."""
    file, (house,) = read(save(LONG, SAXON))
    assert (file.kind, file.read) == (HAUSKOORDINATEN, 1)
    assert house[1:] == (12, "a", 380459.123, 5640000.5, 25833)
    street = house.street
    assert (street.name, street.street) == ("Straße am Rathaus", "strasseamrathaus")
    assert (street.postcode, street.town) == ("09599", "Musterstadt")
    assert (street.towns, street.parts) == (("musterstadt",), ("zug", "neustadt"))
    assert street.municipality == "14522010"


@pytest.mark.parametrize("end", ["2026-07-01", ";;;", ";;;;;2026-07-15", ""])
def test_version_five_may_have_no_header(save: Save, end: str) -> None:
    """With a date at the end as in North Rhine-Westphalia, or the postal columns empty."""
    _, houses = read(save(RHENISH + end, (RHENISH + end).replace(";2;;32;", ";4;;32;")))
    assert [house.number for house in houses] == [2, 4]
    assert houses[0][3:] == (374000.25, 5680000.75, 25832)
    street = houses[0].street
    assert (street.postcode, street.town, street.municipality) == (None, "Musterstadt", "05124000")


@pytest.mark.parametrize(
    ("end", "code", "place"),
    [
        ((), None, None),
        (("2022-01-01",), None, None),
        (("99099", "Musterstadt", "", "Nord"), "99099", "Musterstadt"),
        (("99099", "Musterstadt", "(Ilm)", "", "", "2015-04-02"), "99099", "Musterstadt"),
    ],
    ids=["version 3", "with a date", "version 4", "with more"],
)
def test_version_four_has_the_zone_in_front_of_the_easting(
    save: Save, end: tuple[str, ...], code: str | None, place: str | None
) -> None:
    _, (house,) = read(save(compact(*end)))
    assert house[1:] == (12, "a", 640000.5, 5650000.25, 25832)
    assert (house.street.postcode, house.street.town) == (code, place)
    assert house.street.municipality == "16051000"


@pytest.mark.parametrize(
    ("header", "east", "state", "srid"),
    [
        ("EEEEEEEE_EEE;NNNNNNN_NNN", "33385802,013", "11", 25833),
        ("EEEEEE_EEE;NNNNNNN_NNN", "385802.013", "12", 25833),
        ("ZZEEEEEE,EEE;NNNNNNN,NNN", "32385802,013", "05", 25832),
        ("EEEEEE_EEE;NNNNNNN_NNN", "385802.013", "16", 25832),
    ],
    ids=["Berlin", "Brandenburg", "old North Rhine-Westphalia", "another state"],
)
def test_version_four_may_have_a_header(
    save: Save, header: str, east: str, state: str, srid: int
) -> None:
    names = f"NBA;OI;QUA;LAN;RBZ;KRS;GMD;OTT;SSS;HNR;ADZ;{header};STN;PLZ;ONM;ZON;POT"
    row = f"N;DE0000;A;{state};0;00;004;0402;00001;1;;{east};5816000,099;Kirchplatz;10713;Ort;;"
    _, (house,) = read(save(names, row))
    assert (house.number, house.suffix, house.srid) == (1, "", srid)
    assert (house.x, house.y) == pytest.approx((385802.013, 5816000.099))


def test_hesse_has_commas_quotation_marks_and_a_misspelt_column(save: Save) -> None:
    names = LONG.partition(";postplz")[0].replace("kreisschl", "kreissch").replace(";", ",")
    row = (
        'N,DEHE061800000001,A,"06",Hessen,"4",Mitte,"12",Kreis,"007",Musterstadt,"0045",Mitte,'
        '"01234","Am ""Alten"" Markt, Nord","3",A,"32","477000.5","5550000.25"'
    )
    _, (house,) = read(save(names, row))
    assert house[1:] == (3, "a", 477000.5, 5550000.25, 25832)
    assert house.street.name == 'Am "Alten" Markt, Nord'
    assert house.street.municipality == "06412007"


def test_quotation_marks_in_a_file_without_them_are_part_of_the_name(save: Save) -> None:
    rows = [SAXON.replace("Straße am Rathaus", name) for name in ('Am "Markt', 'Zum "Ross"')]
    _, houses = read(save(LONG, *rows))
    assert [house.street.name for house in houses] == ['Am "Markt', 'Zum "Ross"']


def test_every_cell_may_be_quoted(save: Save) -> None:
    row = ";".join(f'"{cell}"' for cell in SAXON.split(";"))
    _, (house,) = read(save(LONG, row))
    assert house.street.municipality == "14522010"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "iso-8859-1"])
def test_old_files_are_latin_1_and_new_ones_utf_8(save: Save, encoding: str) -> None:
    _, (house,) = read(save(LONG, SAXON, encoding=encoding))
    assert house.street.name == "Straße am Rathaus"


def test_comments_and_empty_lines_are_no_rows(save: Save) -> None:
    file, houses = read(save("# key file", "", LONG, "", SAXON, "# end", end="\n"))
    assert (file.read, len(houses)) == (1, 1)


def test_a_file_may_be_compressed(tmp_path: Path) -> None:
    path = tmp_path / "houses.txt.gz"
    path.write_bytes(gzip.compress(f"{LONG}\n{SAXON}\n".encode()))
    assert len(read(path)[1]) == 1


def test_rows_that_are_no_addresses_are_left_out_and_counted(save: Save) -> None:
    rows = [
        compact(),
        compact(quality="C"),
        compact(number="0"),
        compact(number=""),
        compact().replace("Rathausplatz", ""),
        "L" + compact()[1:],
    ]
    file, houses = read(save(*rows))
    assert (file.read, len(houses)) == (6, 1)
    assert file.left_out == {
        "number given by the cadastre only": 1,
        "no house number": 2,
        "no street": 1,
        "to be deleted": 1,
    }


def test_rows_that_are_not_understood_are_counted_with_their_lines(save: Save) -> None:
    bad = [
        SAXON.replace("380459.123", ""),
        SAXON.replace("380459.123", "Ost"),
        SAXON.replace("380459.123", "3804590.123"),
        SAXON.replace("380459.123", "nan"),
        SAXON.replace(";33;", ";x;"),
        SAXON.replace("Straße am", "Straße; am"),
        SAXON.partition(";33;")[0],
    ]
    file, houses = read(save(LONG, SAXON, *bad))
    assert len(houses) == 1
    assert file.rejected == {
        "no coordinates": 4,
        "coordinates that are not ETRS89/UTM": 2,
        "more columns than the first line": 1,
    }
    assert (3, "no coordinates") in file.examples
    assert (8, "more columns than the first line") in file.examples


def test_of_many_bad_rows_few_are_told(save: Save) -> None:
    file, _ = read(save(LONG, *[SAXON.replace("380459.123", "")] * 100))
    assert file.rejected.total() == 100
    assert len(file.examples) == EXAMPLES


def test_control_characters_do_not_come_in(save: Save) -> None:
    _, (house,) = read(save(LONG, SAXON.replace("Straße", "Str\0aße\t")))
    assert house.street.name.isprintable()


def test_a_street_is_another_by_key_postcode_or_part(save: Save) -> None:
    rows = [
        SAXON,
        SAXON.replace(";12;a;", ";13;;"),
        SAXON.replace(";00017;", ";00018;"),
        SAXON.replace("09599", "09600"),
        SAXON.replace("Zug", "Halsbach"),
    ]
    _, houses = read(save(LONG, *rows))
    assert len({house.street for house in houses}) == 4
    assert houses[0].street == houses[1].street


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_characters="\r\n"), max_size=40), max_size=26))
def test_no_row_breaks_the_reading(save: Save, cells: list[str]) -> None:
    row = ";".join(cells).encode("utf-8", "replace").decode()
    file, houses = read(save(LONG, SAXON, row, SAXON))
    assert len(houses) >= 2
    assert file.read == len(houses) + file.left_out.total() + file.rejected.total()


# --- OpenAddresses -------------------------------------------------------------------------------


def open_row(number: str = "12", unit: str = "", lon: str = "13.34") -> str:
    return f'{lon},50.92,{number},"Straße am Rathaus",{unit},Musterstadt,Zug,,09599,1,abc'


def test_open_addresses_as_csv(save: Save) -> None:
    file, (house,) = read(save(OPEN, open_row("12 A")))
    assert file.kind == OPEN_ADDRESSES
    assert house[1:] == (12, "a", 13.34, 50.92, 4326)
    street = house.street
    assert (street.name, street.postcode, street.town) == (
        "Straße am Rathaus",
        "09599",
        "Musterstadt",
    )
    assert (street.towns, street.parts, street.municipality) == (("musterstadt",), ("zug",), None)


def test_columns_of_open_addresses_may_stand_in_another_order(save: Save) -> None:
    _, (house,) = read(save("hash,lat,lon,number,street,postcode", "a,50.92,13.34,5,Ring,09599"))
    assert house[1:] == (5, "", 13.34, 50.92, 4326)


def test_a_unit_can_be_the_letter_of_a_number(save: Save) -> None:
    """Sources of Saxony-Anhalt and Rhineland-Palatinate have it there."""
    rows = [open_row("12", "a"), open_row("12b", "c"), open_row("12", "Apt 4"), open_row("12-14")]
    _, houses = read(save(OPEN, *rows))
    assert [(each.number, each.suffix) for each in houses] == [
        (12, "a"),
        (12, "b"),
        (12, ""),
        (12, ""),
    ]


def test_rows_of_open_addresses_that_are_no_addresses(save: Save) -> None:
    rows = [open_row(""), open_row(lon=""), open_row(lon="380459"), open_row(lon="nan")]
    file, houses = read(save(OPEN, *rows))
    assert houses == []
    assert file.left_out == {"no house number": 1}
    assert file.rejected == {
        "no coordinates": 1,
        "coordinates that are no longitude and latitude": 2,
    }


def feature(**properties: object) -> str:
    given = {"hash": "a", "number": "12", "street": "Ring", "unit": "", "city": "Musterstadt"}
    point = {"type": "Point", "coordinates": [13.34, 50.92]}
    return json.dumps({"type": "Feature", "properties": given | properties, "geometry": point})


def test_open_addresses_as_lines_of_geojson(save: Save) -> None:
    lines = [feature(), feature(number=14, postcode=None), "", feature(street=None), "{", "[1]"]
    file, houses = read(save(*lines, end="\n"))
    assert file.kind == OPEN_ADDRESSES
    assert [each[1:] for each in houses] == [
        (12, "", 13.34, 50.92, 4326),
        (14, "", 13.34, 50.92, 4326),
    ]
    assert file.left_out == {"no street": 1}
    assert file.rejected == {"not a feature at a point": 2}


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\n \n# only comments\n", "empty"),
        (b"G;05;1;58;028;Monheim\n", "6 columns"),
        (b"name,street,town\nRathaus,Markt 1,Ort\n", "3 columns"),
        (b'{"type": "FeatureCollection", "features": []}\n', "ogr2ogr -f GeoJSONSeq"),
        (b"[" * 10, "neither those of Hauskoordinaten"),
        (b"{" * 10, "a feature a line"),
        (b"x" * (LONGEST_LINE + 1), "not a file of house coordinates"),
        (b"\0\1\2\3" * 100, "not a file of house coordinates"),
        (b"\x1f\x8b\x08 broken", "not readable"),
    ],
    ids=lambda value: value[:12] if isinstance(value, bytes) else None,
)
def test_another_file_is_refused_with_a_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=reason):
        opened(path)


def test_an_archive_is_to_be_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "hk.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hk.txt", SAXON)
    with pytest.raises(UnreadableError, match="unpack it"):
        opened(path)


def test_a_cut_off_archive_breaks_off(tmp_path: Path) -> None:
    path = tmp_path / "houses.txt.gz"
    rows = "\n".join([LONG, *(SAXON.replace("12;a", f"{n};") for n in range(1, 90_000))])
    path.write_bytes(gzip.compress(rows.encode())[:-2000])
    with pytest.raises(UnreadableError):
        read(path)


def test_a_line_without_end_breaks_off(save: Save) -> None:
    csv.field_size_limit(1 << 20)  # as another reader may have left it
    file = opened(save(LONG, SAXON, "x" * 200_000))
    with pytest.raises(UnreadableError, match="breaks off after 1 rows"):
        list(file.houses())
