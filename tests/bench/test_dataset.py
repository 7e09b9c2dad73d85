"""What is measured with: the same everywhere, and fit to be published."""

from __future__ import annotations

from collections import Counter

import psycopg
import pytest
import shapely

from bench.dataset import SOURCE, World, fill, offering, organisation, quarters, site
from db.models import Offering, OfferingSite, Site
from db.publication import Publication
from tests.bench.conftest import COUNT
from tests.databases import Database


@pytest.fixture(scope="module")
def world() -> World:
    return World(COUNT)


def test_the_same_count_gives_the_same_rows(world: World) -> None:
    again = World(COUNT)
    for made in (organisation, site, offering):
        assert [made(world, number) for number in range(5)] == [
            made(again, number) for number in range(5)
        ]
    assert quarters(world) == quarters(again)


def test_another_count_gives_other_offerings(world: World) -> None:
    (here,), (there,) = (offering(w, 0)[Offering] for w in (world, World(COUNT + 1)))
    assert here["id"] != there["id"]


def test_offerings_cluster_in_towns(world: World) -> None:
    """The largest town has more sites than ten villages, and they are close together."""
    towns = Counter(town.name for town in world.site_towns)
    assert towns["Freiberg"] > 5 * towns["Zettlitz"]
    freiberg = next(town for town in world.towns if town.name == "Freiberg")
    rows = [row for number in world.sites_of[freiberg.id] for row in site(world, number)[Site]]
    near = [row for row in rows if abs(row["point"][0] - freiberg.lon) < 0.03]
    assert len(near) > len(rows) / 2


def test_some_have_no_site_and_some_have_several(world: World) -> None:
    sites = Counter(len(offering(world, number)[OfferingSite]) for number in range(COUNT))
    assert sites[1] > COUNT * 0.8
    assert sites[0]
    assert sites[2]


def test_quarters_are_detailed_and_share_their_borders(world: World) -> None:
    shapes = [shapely.from_wkb(row["boundary"]) for row in quarters(world)]
    assert len(shapes) > 200
    assert 200 < sum(shapely.get_num_coordinates(shapes)) / len(shapes) < 500
    assert all(shapely.is_valid(shapes))
    assert shapely.coverage_is_valid(shapes)


def test_it_publishes(filled: tuple[Database, Publication]) -> None:
    database, done = filled
    assert done.changed["offering"] == COUNT
    with psycopg.connect(database.owner_url) as connection:
        lengths, located, unnamed = connection.execute(
            """
            SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY length(document)),
                   count(geometry), count(*) FILTER (WHERE document NOT LIKE %s)
            FROM published.offering
            """,
            ["%Projekt Quartier (erzeugt)%"],
        ).fetchone() or (0, 0, 0)
    assert 2_300 < lengths < 3_200  # the demonstration set's median is 2,545
    assert COUNT * 0.8 < located < COUNT
    assert unnamed == 0, f"every document names {SOURCE}"


def test_filling_twice_adds_nothing(filled: tuple[Database, Publication]) -> None:
    database, _ = filled
    fill(database.owner_url, COUNT, progress=lambda _: None)
    with psycopg.connect(database.owner_url) as connection:
        found = connection.execute("SELECT count(*) FROM registry.offering").fetchone()
    assert found == (COUNT,)
