"""House coordinates in the database: loaded fast, exactly, for nobody but the owner."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from pyproj import Transformer
from sqlalchemy import Connection, text

from db import roles
from db.backup import backup, restore
from db.cluster import PUBLIC
from db.geocoding import (
    BOTH,
    POSTCODE,
    TOWN,
    TOWN_BUT_POSTCODE,
    House,
    Loaded,
    Sought,
    Street,
    load_houses,
    look_up,
    sources,
)
from db.registry import writer
from db.server import EXTENSIONS
from tests.databases import Database, Foreign

WORLD = (-180.0, -90.0, 180.0, 90.0)
GERMANY = (5.5, 47.0, 15.5, 55.5)
MARKET = Street(
    "Am Markt", "ammarkt", "09599", "Musterstadt", ("musterstadt",), (), (), "14522010", ""
)
SOUGHT = Sought("ammarkt", 5, "", "09599", ("musterstadt",), (), (), (), known=True)


@pytest.fixture
def registry(database: Database) -> Iterator[Connection]:
    with writer(database.owner_url, "test") as connection:
        yield connection


def count(connection: Connection) -> int:
    return int(connection.scalar(text("SELECT count(*) FROM registry.house")) or 0)


@pytest.mark.parametrize("srid", [25831, 25832, 25833])
def test_coordinates_are_those_of_proj(registry: Connection, srid: int) -> None:
    """A grid over the zone, against pyproj."""
    places = [
        (150_000.0 + 50_000.125 * east, 5_250_000.0 + 75_000.375 * north)
        for east in range(15)
        for north in range(12)
    ]
    houses = [House(MARKET, number, "", *place, srid) for number, place in enumerate(places)]
    assert load_houses(registry, "grid", houses, WORLD) == Loaded(len(places), 1, 0)
    query = text("SELECT number, ST_X(point), ST_Y(point) FROM registry.house ORDER BY 1")
    to_degrees = Transformer.from_crs(f"EPSG:{srid}", "EPSG:4326", always_xy=True)
    for number, lon, lat in registry.execute(query):
        assert (lon, lat) == pytest.approx(to_degrees.transform(*places[number]), abs=1e-9)


def test_longitude_and_latitude_stay_as_they_are(registry: Connection) -> None:
    load_houses(registry, "open", [House(MARKET, 1, "", 13.123456789, 50.987654321, 4326)], WORLD)
    query = text("SELECT ST_X(point), ST_Y(point) FROM registry.house")
    assert tuple(registry.execute(query).one()) == (13.123456789, 50.987654321)


def test_a_source_is_replaced_and_others_are_not(registry: Connection) -> None:
    houses = [House(MARKET, number, "", 13.0, 51.0, 4326) for number in range(1, 6)]
    load_houses(registry, "one", houses, WORLD)
    load_houses(registry, "other", houses, WORLD)
    assert load_houses(registry, "one", houses[:2], WORLD) == Loaded(2, 1, 0)
    assert count(registry) == 7
    assert sources(registry) == [("one", 1), ("other", 1)]


def test_the_same_house_twice_is_one(registry: Connection) -> None:
    houses = [House(MARKET, 5, "", 13.0, 51.0, 4326)] * 3
    assert load_houses(registry, "one", houses, WORLD).houses == 1


def test_what_lies_outside_is_left_out_with_its_street(registry: Connection) -> None:
    far = MARKET._replace(street="weitweg")
    houses = [House(MARKET, 5, "", 13.0, 51.0, 4326), House(far, 5, "", 3.0, 51.0, 4326)]
    assert load_houses(registry, "one", houses, GERMANY) == Loaded(1, 2, 1)
    assert sources(registry) == [("one", 1)]


@pytest.mark.parametrize(
    ("street", "sought", "tier"),
    [
        ({}, {}, BOTH),
        ({}, {"towns": (), "known": False, "municipalities": ("14522010",)}, BOTH),
        ({}, {"towns": ("zug",), "known": False}, POSTCODE),
        ({"parts": ("zug",)}, {"towns": ("zug",)}, BOTH),
        ({"postcode": None}, {}, TOWN),
        ({}, {"postcode": None}, TOWN),
        ({"postcode": None, "towns": ()}, {"municipalities": ("14522010",)}, TOWN),
        ({"towns": (), "municipality": None}, {}, POSTCODE),
        ({}, {"towns": (), "known": False}, POSTCODE),
        ({"postcode": "09600"}, {}, TOWN_BUT_POSTCODE),
        ({"postcode": None, "towns": ("halle s",), "short_towns": ("halle",)}, {}, None),
        ({}, {"towns": ("nachbarort",)}, None),
        ({}, {"towns": ("nachbarort",), "municipalities": ("14522020",)}, None),
        ({"postcode": "09600"}, {"towns": ("zug",), "known": False}, None),
        ({"parts": ("zug",), "postcode": "09600"}, {"towns": ("zug",)}, None),
    ],
)
def test_a_place_agrees_or_not(
    registry: Connection, street: dict[str, Any], sought: dict[str, Any], tier: int | None
) -> None:
    houses = [House(MARKET._replace(**street), 5, "", 13.0, 51.0, 4326)]
    load_houses(registry, "one", houses, WORLD)
    (found,) = look_up(registry, [SOUGHT._replace(**sought)])
    assert found.tier == tier
    assert (found.quality == "exact") == (tier is not None)


@pytest.mark.parametrize(
    ("here", "there", "agree"),
    [
        (("halle s", "halle"), ("halle", None), True),
        (("halle", None), ("halle s", "halle"), True),
        (("halle s", "halle"), ("halle s", "halle"), True),
        (("halle s", "halle"), ("halle w", "halle"), False),
        (("wuppertal", None), ("wuppertalbarmen", "wuppertal"), True),
    ],
)
def test_namesakes_agree_only_if_one_is_not_told_apart(
    registry: Connection, here: tuple[str, str | None], there: tuple[str, str | None], agree: bool
) -> None:
    def names(full: str, short: str | None) -> dict[str, Any]:
        return {"towns": (full,), "short_towns": (short,) if short else (), "postcode": None}

    street = MARKET._replace(municipality=None, **names(*here))
    load_houses(registry, "one", [House(street, 5, "", 13.0, 51.0, 4326)], WORLD)
    (found,) = look_up(registry, [SOUGHT._replace(**names(*there))])
    assert (found.quality == "exact") == agree


def test_addresses_are_answered_in_their_order(registry: Connection) -> None:
    houses = [House(MARKET, number, "", 13.0, 51.0, 4326) for number in range(1, 50)]
    load_houses(registry, "one", houses, WORLD)
    wanted = [SOUGHT._replace(number=number) for number in (40, 3, 17)]
    assert [found.number for found in look_up(registry, wanted)] == [40, 3, 17]
    assert look_up(registry, []) == []


def test_many_houses_take_seconds(registry: Connection) -> None:
    """20,000; a statement a house would take minutes, a million take half a minute."""
    streets = [MARKET._replace(street=f"strasse{number}") for number in range(1_000)]
    houses = [
        House(street, number, "", 380_000.0 + number, 5_640_000.0, 25833)
        for street in streets
        for number in range(1, 21)
    ]
    started = perf_counter()
    assert load_houses(registry, "one", houses, GERMANY).houses == 20_000
    assert load_houses(registry, "one", houses, GERMANY).houses == 20_000
    assert perf_counter() - started < 30


@pytest.mark.parametrize("table", ["house", "house_street"])
def test_the_reader_sees_no_house(database: Database, table: str) -> None:
    roles.grant_reader(database.owner_url, PUBLIC)
    with (
        psycopg.connect(database.public_url) as connection,
        pytest.raises(InsufficientPrivilege),
    ):
        connection.execute(f"TABLE registry.{table}")


def test_a_backup_carries_the_houses(database: Database, foreign: Foreign, tmp_path: Path) -> None:
    with writer(database.owner_url, "test") as connection:
        load_houses(connection, "one", [House(MARKET, 5, "a", 13.0, 51.0, 4326)], WORLD)
    foreign.as_admin(*(f"CREATE EXTENSION {name}" for name in EXTENSIONS))
    foreign.as_admin(f"CREATE ROLE {foreign.reader} LOGIN")
    backup(database.owner_url, tmp_path / "saved")
    restore(foreign.owner_url, foreign.reader, tmp_path / "saved")
    with writer(foreign.owner_url, "test") as connection:
        assert sources(connection) == [("one", 1)]
        (found,) = look_up(connection, [SOUGHT._replace(suffix="a")])
        assert (found.quality, found.lon, found.lat) == ("exact", 13.0, 51.0)
