"""What is noted of datasets survives a restore and an upgrade."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from db import migrate
from db.backup import backup, restore
from db.cluster import PUBLIC
from db.publication import publish
from tests.databases import Database

Dates = dict[tuple[str, str], datetime]

STRATEGY: LiteralString = "SELECT id FROM registry.strategy WHERE slug = %s"
WUPPERTAL = "buendnis-gegen-armut-wuppertal"


def every(database: Database, query: LiteralString, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.owner_url) as connection:
        return connection.execute(query, values).fetchall()


def run(database: Database, statement: LiteralString, *values: Any) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        connection.execute(statement, values)


def modified(database: Database) -> Dates:
    rows = every(database, "SELECT kind, key, modified FROM published.dataset")
    return {(kind, key): at for kind, key, at in rows}


def later(database: Database) -> None:
    run(
        database,
        "UPDATE published.dataset SET issued = issued - interval '1 day', "
        "modified = modified - interval '1 day' WHERE modified > now() - interval '1 hour'",
    )


def moved(before: Dates, after: Dates) -> set[tuple[str, str]]:
    return {key for key in after if after[key] != before.get(key)}


def test_a_restore_dates_what_differs_from_what_readers_saw(
    own_demo_database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "saved.backup"
    later(own_demo_database)
    backup(own_demo_database.owner_url, file)
    (strategy,) = every(own_demo_database, STRATEGY, WUPPERTAL)[0]
    run(
        own_demo_database,
        "UPDATE registry.measure SET status = 'draft' WHERE strategy_id = %s",
        strategy,
    )
    publish(own_demo_database.owner_url)
    later(own_demo_database)
    before = modified(own_demo_database)
    restore(own_demo_database.owner_url, PUBLIC, file, replace=True)
    after = modified(own_demo_database)
    assert moved(before, after) >= {("resource", "measure"), ("strategy", str(strategy))}
    assert not {key for kind, key in moved(before, after) if kind in ("indicator", "theme")}
    assert all(after[key] >= at for key, at in before.items())


def test_restoring_the_state_that_is_there_dates_nothing_anew(
    own_demo_database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "saved.backup"
    later(own_demo_database)
    backup(own_demo_database.owner_url, file)
    before = modified(own_demo_database)
    restore(own_demo_database.owner_url, PUBLIC, file, replace=True)
    assert moved(before, modified(own_demo_database)) == set()


def test_an_upgrade_knows_the_datasets_that_are_published(own_demo_database: Database) -> None:
    queries: tuple[LiteralString, ...] = (
        "SELECT kind, key FROM published.dataset ORDER BY 1, 2",
        "SELECT * FROM published.dataset_source ORDER BY 1, 2, 3",
        "SELECT * FROM published.source ORDER BY id",
    )
    before = [every(own_demo_database, query) for query in queries]
    migrate.downgrade(own_demo_database.owner_url, "0009")
    migrate.upgrade(own_demo_database.owner_url)
    assert [every(own_demo_database, query) for query in queries] == before


def test_a_measure_that_moves_touches_both_strategies(own_demo_database: Database) -> None:
    later(own_demo_database)
    before = modified(own_demo_database)
    (old,) = every(own_demo_database, STRATEGY, WUPPERTAL)[0]
    (new,) = every(own_demo_database, STRATEGY, "oldenburg-eine-stadt-fuer-alle")[0]
    run(
        own_demo_database,
        "UPDATE registry.measure SET strategy_id = %s WHERE slug = "
        "(SELECT min(slug) FROM registry.measure WHERE strategy_id = %s)",
        new,
        old,
    )
    publish(own_demo_database.owner_url)
    touched = moved(before, modified(own_demo_database))
    assert touched >= {("strategy", str(old)), ("strategy", str(new)), ("resource", "measure")}
    assert ("resource", "offering") not in touched
    assert ("resource", "district") not in touched


def test_an_indicator_that_leaves_a_theme_touches_it(own_demo_database: Database) -> None:
    later(own_demo_database)
    before = modified(own_demo_database)
    run(
        own_demo_database,
        "DELETE FROM registry.indicator_term WHERE indicator_id = "
        "(SELECT id FROM registry.indicator WHERE slug = 'births')",
    )
    publish(own_demo_database.owner_url)
    touched = moved(before, modified(own_demo_database))
    assert {key for kind, key in touched if kind == "theme"} == {"demography", "family", ""}


def test_the_rhythm_of_a_source_comes_with_the_next_publication(
    own_demo_database: Database,
) -> None:
    run(own_demo_database, "UPDATE registry.source SET rhythm = 'P1W' WHERE slug = 'inkar'")
    run(own_demo_database, "UPDATE registry.organisation SET name = name || ' e.V.'")
    publish(own_demo_database.owner_url)
    found = every(own_demo_database, "SELECT rhythm FROM published.source WHERE rhythm IS NOT NULL")
    assert found == [("P1W",)]
