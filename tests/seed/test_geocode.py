"""Addresses become points: what is found, how well, and what is left for people to look at."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest
from pyproj import Transformer
from rich.console import Console
from sqlalchemy import select, text

from db.imports import runs, undo
from db.models import (
    District,
    DistrictSuccession,
    House,
    HouseStreet,
    Offering,
    OfferingSite,
    Organisation,
    Revision,
    Site,
    Source,
)
from db.registry import insert_missing, writer
from seed.geocode import geocode, source_of
from seed.geocode_report import GeocodeReport, Reason, Result
from tests.databases import Database

NAMES = UUID(int=3)
SOURCE = uuid5(NAMES, "source")
HEADER = (
    "nba;oid;qua;landschl;land;regbezschl;regbez;kreisschl;kreis;gmdschl;gmd;ottschl;ott;"
    "strschl;str;hnr;adz;zone;ostwert;nordwert;postplz;postonm;postonmzus;postott"
)
EAST, NORTH = 380_000.0, 5_640_000.0  # a place in Saxony, ETRS89/UTM zone 33N
TO_DEGREES = Transformer.from_crs("EPSG:25833", "EPSG:4326", always_xy=True)

Save = Callable[..., Path]


def house(
    street: str,
    number: str,
    *,
    east: float = EAST,
    north: float = NORTH,
    code: str = "09599",
    town: str = "Musterstadt",
    part: str = "",
    key: str = "010",
) -> str:
    """A row of Hauskoordinaten, by default in Musterstadt (14522010)."""
    digits = "".join(filter(str.isdigit, number))
    letter = number.removeprefix(digits)
    return (
        f"N;DESNALK0;A;14;Sachsen;5;;22;;{key};{town}, Stadt;0000;{part};00001;{street};{digits};"
        f"{letter};33;{east};{north};{code};{town};;"
    )


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def saved(*rows: str, name: str = "houses.txt") -> Path:
        path = tmp_path / name
        path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
        return path

    return saved


@pytest.fixture
def url(database: Database) -> str:
    """A county with the municipality Musterstadt and its part Zug, and Nachbarort beside it."""
    with writer(database.owner_url, "test") as connection:
        licensed = {"license": "cc-zero", "attribution": "Test"}
        row = {"id": SOURCE, "slug": "test", "title": "Test", "publisher": "Test"}
        insert_missing(connection, Source, [row | licensed])
        insert_missing(
            connection,
            District,
            [
                district("Kreis", "county", None, "14522"),
                district("Musterstadt", "municipality", "Kreis", "14522010"),
                district("Nachbarort", "municipality", "Kreis", "14522020"),
                district("Zug", "quarter", "Musterstadt", "14522010-1"),
            ],
        )
    return database.owner_url


def district(name: str, level: str, parent: str | None, key: str) -> dict[str, Any]:
    own = {"id": uuid5(NAMES, name), "slug": name.lower(), "name": name, "level": level}
    keyed = {"scheme": "ags", "key": key, "parent_id": parent and uuid5(NAMES, parent)}
    return own | keyed | {"source_id": SOURCE}


def put_site(
    url: str,
    street: str | None,
    postcode: str | None = "09599",
    town: str | None = "Musterstadt",
    **columns: object,
) -> UUID:
    given = {"street": street, "postcode": postcode, "town": town, **columns}
    identity = uuid5(NAMES, str(sorted(map(str, given.items()))))
    own = {"id": identity, "source_id": SOURCE, "external_key": str(identity)[:8]}
    with writer(url, "test") as connection:
        insert_missing(connection, Site, [own | given])
    return identity


def find(url: str, file: Path, *, dry_run: bool = False) -> GeocodeReport:
    return geocode(url, files=[file], dry_run=dry_run, actor="geocode")


def only(report: GeocodeReport) -> Result:
    (result,) = report.results
    return result


def look(
    url: str,
    file: Path,
    street: str | None,
    postcode: str | None = "09599",
    town: str | None = "Musterstadt",
    **columns: object,
) -> Result:
    put_site(url, street, postcode, town, **columns)
    return only(find(url, file))


def sites(url: str) -> dict[UUID, tuple[Any, ...]]:
    """Longitude, latitude and precision of every site."""
    query = text("SELECT id, ST_X(point), ST_Y(point), precision FROM registry.site")
    with writer(url, "test") as connection:
        return {identity: tuple(rest) for identity, *rest in connection.execute(query)}


def quality(result: Result) -> tuple[str | None, int | None]:
    return result.found.quality, result.found.number


# --- what is found -------------------------------------------------------------------------------


def test_an_address_gets_the_point_of_its_house(url: str, save: Save) -> None:
    file = save(house("Am Markt", "5", east=380_459.123, north=5_640_123.5), house("Ring", "5"))
    site = put_site(url, "Am Markt 5")
    report = find(url, file)
    lon, lat, precision = sites(url)[site]
    assert (lon, lat) == pytest.approx(TO_DEGREES.transform(380_459.123, 5_640_123.5), abs=1e-9)
    assert precision == "exact"
    assert (report.placed, report.exit_code) == (1, 0)
    result = only(report)
    assert (result.reason, result.remark) == (None, "")
    assert (result.found.lon, result.found.lat) == (lon, lat)


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("Chemnitzer Straße", "CHEMNITZER STR. 12 A"),
        ("Chemnitzer Str.", "Chemnitzer Straße 12a"),
        ("St.-Petri-Straße", "Sankt Petri Str. 12 a, 2. OG"),
        ("Käthe-Kollwitz-Str.", "Kaethe Kollwitz-Strasse 12a-c"),
    ],
)
def test_spelling_does_not_matter(url: str, save: Save, written: str, wanted: str) -> None:
    result = look(url, save(house(written, "12a")), wanted)
    assert quality(result) == ("exact", 12)


@pytest.mark.parametrize(
    ("postcode", "town", "remark"),
    [
        ("09599", "Musterstadt", ""),
        ("9599", "Stadt Musterstadt", ""),
        (None, "Musterstadt", ""),
        ("09599", None, ""),
        ("09599", "Musterstadt OT Zug", ""),
        ("09599", "Hinterdorf", "found by postcode: no such town is known"),
        ("09600", "Musterstadt", "found by town: its postcode there is 09599"),
    ],
)
def test_postcode_or_town_is_enough(
    url: str, save: Save, postcode: str | None, town: str | None, remark: str
) -> None:
    result = look(url, save(house("Am Markt", "5")), "Am Markt 5", postcode, town)
    assert quality(result) == ("exact", 5)
    assert result.remark == remark


def test_the_stated_district_names_the_town_too(url: str, save: Save) -> None:
    """A quarter is in its municipality, which the file knows by name and by key."""
    zug = uuid5(NAMES, "Zug")
    result = look(url, save(house("Am Markt", "5")), "Am Markt 5", None, None, district_id=zug)
    assert quality(result) == ("exact", 5)


def test_a_file_without_names_and_postcodes_is_read_by_official_keys(url: str, save: Save) -> None:
    """Old files of North Rhine-Westphalia name no town."""
    row = house("Am Markt", "5", code="", town="").replace(", Stadt;", ";")
    assert quality(look(url, save(row), "Am Markt 5")) == ("exact", 5)


def test_a_merged_municipality_is_found_by_its_successor(url: str, save: Save) -> None:
    with writer(url, "test") as connection:
        old = district("Altdorf", "municipality", "Kreis", "14522030")
        insert_missing(connection, District, [old | {"valid_to": "2022-12-31"}])
        reform = {"predecessor_id": old["id"], "successor_id": uuid5(NAMES, "Musterstadt")}
        own = {"id": uuid5(NAMES, "reform"), "valid_on": "2023-01-01", "source_id": SOURCE}
        insert_missing(connection, DistrictSuccession, [own | reform])
    file = save(house("Am Markt", "5"))
    result = look(url, file, "Am Markt 5", None, "Altdorf", district_id=old["id"])
    assert quality(result) == ("exact", 5)


def test_buildings_of_one_address_are_one_place(url: str, save: Save) -> None:
    file = save(house("Am Markt", "5"), house("Am Markt", "5", east=EAST + 40))
    assert quality(look(url, file, "Am Markt 5")) == ("exact", 5)


def test_a_number_that_is_missing_is_the_nearest_one(url: str, save: Save) -> None:
    """On the same side of the street, if one is as near as the other."""
    rows = [house("Am Markt", str(n), east=EAST + 10 * n) for n in (2, 3, 7, 8, 9)]
    result = look(url, save(*rows), "Am Markt 5")
    assert quality(result) == ("street", 3)
    assert result.remark == "no number 5: the nearest is 3"


def test_a_letter_that_is_missing_is_the_number_without_it(url: str, save: Save) -> None:
    rows = [house("Am Markt", number) for number in ("4", "5", "6a")]
    assert quality(look(url, save(*rows), "Am Markt 5c")) == ("street", 5)


def test_without_a_number_it_is_the_middle_of_the_street(url: str, save: Save) -> None:
    rows = [house("Am Markt", str(n), east=EAST + 20 * n) for n in range(1, 12)]
    result = look(url, save(*rows), "Am Markt")
    assert quality(result) == ("street", 6)
    assert result.remark == "without a number: the middle of the street"


def test_a_typing_error_is_told_with_its_score(url: str, save: Save) -> None:
    file = save(house("Chemnitzer Straße", "5"), house("Am Markt", "5"))
    result = look(url, file, "Chemitzer Straße 5")
    assert quality(result) == ("street", 5)
    assert result.found.score == pytest.approx(0.75, abs=0.01)
    assert result.remark == "taken for Chemnitzer Straße, similarity 0.75"


def test_a_long_street_is_one_street(url: str, save: Save) -> None:
    rows = [house("Am Markt", str(n), north=NORTH + 300 * n) for n in range(1, 20)]
    assert quality(look(url, save(*rows), "Am Markt 30")) == ("street", 19)


def test_the_part_that_is_named_decides(url: str, save: Save) -> None:
    rows = [
        house("Am Markt", "5", part="Musterstadt"),
        house("Am Markt", "5", part="Zug", east=EAST + 4_000),
    ]
    file = save(*rows)
    for town, east in (("Musterstadt", EAST), ("Musterstadt OT Zug", EAST + 4_000)):
        site = put_site(url, "Am Markt 5", town=town)
        find(url, file)
        assert sites(url)[site][0] == pytest.approx(TO_DEGREES.transform(east, NORTH)[0])


# --- what is not found ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("street", "postcode", "town", "reason"),
    [
        (None, "09599", "Musterstadt", Reason.NO_STREET),
        ("Postfach 12", "09599", "Musterstadt", Reason.NO_STREET),
        ("Am Markt 5", None, None, Reason.NO_PLACE),
        ("Am Markt 5", "01067", "Anderswo", Reason.NO_SUCH_TOWN),
        ("Am Markt 5", None, "Anderswo", Reason.NO_SUCH_TOWN),
        ("Völlig andere Allee 5", "09599", "Musterstadt", Reason.NO_SUCH_STREET),
    ],
)
def test_a_failure_has_a_reason(
    url: str, save: Save, street: str | None, postcode: str | None, town: str | None, reason: Reason
) -> None:
    site = put_site(url, street, postcode, town)
    report = find(url, save(house("Am Markt", "5")))
    assert only(report).reason is reason
    assert (report.placed, report.exit_code) == (0, 1)
    assert sites(url)[site] == (None, None, None)


def test_the_nearest_names_are_told(url: str, save: Save) -> None:
    names = ["Burgstraße", "Burgweg", "Lindenallee", "Am Markt"]
    result = look(url, save(*(house(name, "5") for name in names)), "Bergstraße 5")
    assert result.reason is Reason.NO_SUCH_STREET
    assert result.remark == "nearest: Burgstraße"


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (["Schulzstraße", "Schulestraße"], "Schulstraße 5"),  # two are near
        (["Straße 12"], "Straße 13 Nr. 5"),  # numbers are no typing errors
        (["Burgstraße"], "Bergstraße 5"),  # too different
    ],
)
def test_what_may_be_another_street_is_not_taken(
    url: str, save: Save, names: list[str], wanted: str
) -> None:
    result = look(url, save(*(house(name, "5") for name in names)), wanted)
    assert result.reason is Reason.NO_SUCH_STREET


def test_a_typing_error_is_forgiven_only_where_the_place_agrees(url: str, save: Save) -> None:
    file = save(house("Chemnitzer Straße", "5"))
    assert look(url, file, "Chemitzer Straße 5", "01067").reason is Reason.NO_SUCH_TOWN


def test_the_same_address_twice_far_apart_is_ambiguous(url: str, save: Save) -> None:
    file = save(house("Am Markt", "5"), house("Am Markt", "5", east=EAST + 4_000))
    result = look(url, file, "Am Markt 5")
    assert result.reason is Reason.AMBIGUOUS
    assert result.remark == "several houses, up to 4.0 km apart"


def test_two_streets_of_one_name_are_ambiguous(url: str, save: Save) -> None:
    rows = [house("Am Markt", str(n), east=EAST + 4_000 * (n > 5)) for n in range(1, 10)]
    result = look(url, save(*rows), "Am Markt")
    assert result.reason is Reason.AMBIGUOUS
    assert result.remark == "2 streets have this name"


def test_a_known_town_is_not_mistaken_for_its_neighbour(url: str, save: Save) -> None:
    """One postcode, two municipalities: the file has only the other one's street."""
    file = save(house("Am Markt", "5"), house("Ring", "5", town="Nachbarort", key="020"))
    result = look(url, file, "Am Markt 5", "09599", "Nachbarort")
    assert result.reason is Reason.NO_SUCH_STREET


def test_a_registered_town_that_no_file_covers_is_not_taken_for_another(
    url: str, save: Save
) -> None:
    result = look(url, save(house("Am Markt", "5")), "Am Markt 5", "09599", "Nachbarort")
    assert result.reason is Reason.NO_SUCH_TOWN


def test_namesakes_are_not_mistaken_for_each_other(url: str, save: Save) -> None:
    file = save(house("Am Markt", "5", code="", town="Frankfurt am Main", key="999"))
    result = look(url, file, "Am Markt 5", None, "Frankfurt (Oder)")
    assert result.reason is Reason.NO_SUCH_TOWN


# --- what is written -----------------------------------------------------------------------------

HERE = "SRID=4326;POINT(13.1 50.1)"


def with_point(url: str, precision: str) -> UUID:
    site = put_site(url, "Am Markt 5", precision=precision)
    with writer(url, "test") as connection:
        update = text("UPDATE registry.site SET point = :point WHERE id = :id")
        connection.execute(update, {"point": HERE, "id": site})
    return site


@pytest.mark.parametrize("precision", ["exact", "street"])
def test_a_point_that_is_there_stays(url: str, save: Save, precision: str) -> None:
    site = with_point(url, precision)
    report = find(url, save(house("Am Markt", "5")))
    assert report.results == []
    assert sites(url)[site] == (13.1, 50.1, precision)


def test_the_point_of_a_municipality_gives_way(url: str, save: Save) -> None:
    site = with_point(url, "municipality")
    find(url, save(house("Am Markt", "5")))
    assert sites(url)[site][2] == "exact"


def test_the_point_of_a_municipality_stays_if_nothing_is_found(url: str, save: Save) -> None:
    site = with_point(url, "municipality")
    find(url, save(house("Ring", "5")))
    assert sites(url)[site] == (13.1, 50.1, "municipality")


@pytest.mark.parametrize("field", ["point", "precision"])
def test_what_staff_corrected_stays(url: str, save: Save, field: str) -> None:
    site = with_point(url, "municipality")
    insertion = text(
        "INSERT INTO registry.correction (entity, entity_id, field, source, actor) "
        "VALUES ('site', :id, :field, 'a visit', 'staff')"
    )
    with writer(url, "staff") as connection:
        connection.execute(insertion, {"id": site, "field": field})
    assert find(url, save(house("Am Markt", "5"))).results == []


def test_a_dry_run_tells_the_same_and_changes_nothing(url: str, save: Save) -> None:
    site = put_site(url, "Am Markt 5")
    file = save(house("Am Markt", "5"))
    dry = find(url, file, dry_run=True)
    assert sites(url)[site] == (None, None, None)
    with writer(url, "test") as connection:
        assert connection.execute(select(House)).all() == []
        assert connection.execute(select(HouseStreet)).all() == []
        assert "geocode" not in connection.scalars(select(Revision.actor)).all()
    wet = find(url, file)
    assert (dry.placed, dry.results) == (wet.placed, wet.results)
    assert dry.run is None


def test_a_revision_says_who_and_brings_back_what_was(url: str, save: Save) -> None:
    site = put_site(url, "Am Markt 5")
    find(url, save(house("Am Markt", "5")))
    with writer(url, "test") as connection:
        (revision,) = connection.execute(select(Revision).where(Revision.actor == "geocode"))
    assert (revision.entity, revision.entity_id) == ("site", site)
    assert (revision.before["point"], revision.after["precision"]) == (None, "exact")


def test_it_can_be_taken_back_like_an_import(url: str, save: Save) -> None:
    site, edited = put_site(url, "Am Markt 5"), put_site(url, "Am Markt 7")
    report = find(url, save(house("Am Markt", "5"), house("Am Markt", "7")))
    assert report.run
    with writer(url, "staff") as connection:
        update = text("UPDATE registry.site SET precision = 'street' WHERE id = :id")
        connection.execute(update, {"id": edited})
    with writer(url, "test") as connection:
        (run,) = runs(connection, 5)
        assert (run.resource, run.file, run.counts) == ("geocode", "houses", {"changed": 2})
        undone = undo(connection, report.run, "test")
    assert (undone.restored, [each.id for each in undone.kept]) == (1, [edited])
    assert sites(url)[site] == (None, None, None)
    assert sites(url)[edited][2] == "street"


def test_a_second_time_changes_nothing(url: str, save: Save) -> None:
    put_site(url, "Am Markt 5")
    find(url, save(house("Am Markt", "5")))
    again = geocode(url, actor="geocode")
    assert (again.results, again.placed, again.exit_code) == ([], 0, 0)
    assert again.run is None
    assert "No site got a point" in printed(again)


def test_several_sites_of_one_address_all_get_it(url: str, save: Save) -> None:
    for street in ("Am Markt 5", "Am Markt 5 (Hof)", "AM MARKT 5"):
        put_site(url, street)
    assert find(url, save(house("Am Markt", "5"))).placed == 3


def test_organisations_are_looked_up_but_have_no_point(url: str, save: Save) -> None:
    row = {"id": uuid5(NAMES, "Rathaus"), "slug": "rathaus", "name": "Rathaus"}
    address = {"street": "Am Markt 5", "postcode": "09599", "town": "Musterstadt"}
    with writer(url, "test") as connection:
        rows = [
            {**row, **address, "status": "published", "source_id": SOURCE},
            {**row, **address, "id": uuid5(NAMES, "Amt"), "slug": "amt", "status": "archived"}
            | {"source_id": SOURCE},
        ]
        insert_missing(connection, Organisation, rows)
    report = find(url, save(house("Am Markt", "5")))
    assert only(report).address.entity == "organisation"
    assert report.counts()["organisation"]["exact"] == 1
    assert report.placed == 0


# --- files ---------------------------------------------------------------------------------------


def test_files_are_kept_and_replaced_by_name(url: str, save: Save) -> None:
    find(url, save(house("Am Markt", "5"), name="hk_sn_20250101.txt"))
    find(url, save(house("Ring", "5"), name="andere.txt"))
    report = find(url, save(house("Allee", "5"), name="hk_sn_20260702.txt"))
    assert report.sources == ["andere", "hk-sn"]
    with writer(url, "test") as connection:
        streets = connection.scalars(select(HouseStreet.name).order_by(HouseStreet.name)).all()
        assert streets == ["Allee", "Ring"]
        assert len(connection.execute(select(House)).all()) == 2


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("hk_sn_adressen_20260702.txt", "hk-sn-adressen"),
        ("gebref-2026-01-01.txt", "gebref"),
        ("gebref.txt", "gebref"),
        ("hk_14522.txt", "hk-14522"),
        ("source.geojson.gz", "source"),
        ("2026.csv", "2026"),
    ],
)
def test_a_date_is_not_part_of_a_files_name(name: str, source: str) -> None:
    assert source_of(Path(name)) == source


def test_two_files_of_one_name_are_refused(url: str, save: Save, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    first = save(house("Am Markt", "5"))
    second = other / first.name
    second.write_bytes(first.read_bytes())
    put_site(url, "Am Markt 5")
    report = geocode(url, files=[first, second], actor="geocode")
    assert report.exit_code == 2
    assert "would be replaced" in str(report.houses[1].refused)


def test_a_refused_file_leaves_everything_as_it_was(url: str, save: Save, tmp_path: Path) -> None:
    find(url, save(house("Ring", "5")))
    site = put_site(url, "Am Markt 5")
    file = save(house("Am Markt", "5"))
    report = geocode(url, files=[file, tmp_path / "missing.txt"], actor="geocode")
    assert (report.exit_code, report.results, report.placed) == (2, [], 0)
    assert sites(url)[site] == (None, None, None)
    with writer(url, "test") as connection:
        assert connection.scalars(select(HouseStreet.name)).all() == ["Ring"]


def test_a_file_of_another_zone_is_refused(url: str, save: Save) -> None:
    """Easting and northing fit both zones; six degrees further west there is no Germany."""
    rows = [house("Am Markt", str(n), east=150_000).replace(";33;", ";32;") for n in range(1, 5)]
    report = find(url, save(*rows))
    assert "are not in Germany" in str(report.houses[0].refused)


def test_single_houses_elsewhere_are_left_out(url: str, save: Save) -> None:
    rows = [house("Am Markt", str(n)) for n in range(1, 5)]
    report = find(url, save(*rows, house("Weit weg", "1", east=950_000)))
    assert (report.houses[0].houses, report.houses[0].outside) == (4, 1)
    with writer(url, "test") as connection:
        assert connection.scalars(select(HouseStreet.name)).all() == ["Am Markt"]


def test_a_file_without_a_house_is_refused(url: str, save: Save) -> None:
    assert find(url, save()).houses[0].refused == "there is no house in the file"


def test_without_any_file_there_is_nothing_to_look_in(url: str) -> None:
    put_site(url, "Am Markt 5")
    report = geocode(url, actor="geocode")
    assert (report.exit_code, report.results) == (2, [])
    assert "--houses" in printed(report)


def test_open_addresses_find_the_same(url: str, tmp_path: Path) -> None:
    path = tmp_path / "de.csv"
    path.write_text(
        "LON,LAT,NUMBER,STREET,UNIT,CITY,DISTRICT,REGION,POSTCODE,ID,HASH\n"
        "13.34,50.92,5,Am Markt,,Musterstadt,,,09599,,a\n"
    )
    site = put_site(url, "Am Markt 5")
    find(url, path)
    assert sites(url)[site] == (13.34, 50.92, "exact")


def test_progress_is_told(url: str, save: Save) -> None:
    told: list[tuple[str, int]] = []
    file = save(house("Am Markt", "5"))
    geocode(url, files=[file], actor="geocode", progress=lambda *each: told.append(each))
    assert told == [("houses.txt", 1)]


# --- the report ----------------------------------------------------------------------------------


@pytest.fixture
def report(url: str, save: Save) -> GeocodeReport:
    """One found, seven not."""
    put_site(url, "Am Markt 5")
    for number in range(1, 8):
        put_site(url, f"Völlig andere Allee {number}", note=str(number))
    bad = house("Ring", "5").replace(f";{EAST};", ";;")
    return find(url, save(house("Am Markt", "5"), house("Ring", ""), bad))


def printed(report: GeocodeReport, *, all_failures: bool = False) -> str:
    console = Console(file=io.StringIO(), width=120, color_system=None)
    report.print(console, all_failures=all_failures)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_people_read_counts_and_the_first_failures(report: GeocodeReport) -> None:
    text = printed(report)
    assert "Hauskoordinaten: 1 houses in 1 streets, of 3 rows" in text
    assert "1 rows left out: no house number" in text
    assert "1 rows not understood: no coordinates" in text
    assert "line 4: no coordinates" in text
    assert "no such street there (7)" in text
    assert text.count("Völlig andere Allee") == 5
    assert "… and 2 more; --all-failures lists them" in text
    assert "1 sites got a point (import 1; to take it back: ./quartier import undo 1)" in text


def test_people_can_read_all_failures(report: GeocodeReport) -> None:
    assert printed(report, all_failures=True).count("Völlig andere Allee") == 7


def test_machines_read_everything(report: GeocodeReport, tmp_path: Path) -> None:
    report.write(path := tmp_path / "report.json")
    content = json.loads(path.read_text())
    assert (content["placed"], content["dry_run"]) == (1, False)
    assert content["counts"]["site"]["exact"] == 1
    assert content["counts"]["site"]["no such street there"] == 7
    assert content["houses"][0]["rejected"] == {"no coordinates": 1}
    assert len(content["addresses"]) == 8
    (found,) = [row for row in content["addresses"] if row["quality"]]
    assert (found["found_street"], found["found_number"]) == ("Am Markt", "5")
    assert found["longitude"] == pytest.approx(TO_DEGREES.transform(EAST, NORTH)[0], abs=1e-6)


def test_spreadsheets_read_failures_first(report: GeocodeReport, tmp_path: Path) -> None:
    report.write(path := tmp_path / "report.csv")
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    assert [row["quality"] for row in rows] == [""] * 7 + ["exact"]
    assert rows[0]["reason"] == "no such street there"
    assert rows[0]["source"] == "test"


def test_a_spreadsheet_takes_no_address_for_a_formula(url: str, save: Save) -> None:
    put_site(url, "=HYPERLINK(1)", name="+49")
    report = find(url, save(house("Am Markt", "5")))
    (row,) = csv.DictReader(io.StringIO(report.to_csv()))
    assert (row["street"], row["name"]) == ("'=HYPERLINK(1)", "'+49")


def test_a_site_without_a_name_is_told_by_its_offering(url: str, save: Save) -> None:
    site = put_site(url, "Völlig andere Allee 5")
    offering: Mapping[str, Any] = {"id": uuid5(NAMES, "o"), "slug": "o", "name": "Beratung"}
    with writer(url, "test") as connection:
        insert_missing(connection, Offering, [{**offering, "source_id": SOURCE}])
        at = {"id": uuid5(NAMES, "at"), "offering_id": offering["id"], "site_id": site}
        insert_missing(connection, OfferingSite, [at])
    assert "(Beratung)" in printed(find(url, save(house("Am Markt", "5"))))
