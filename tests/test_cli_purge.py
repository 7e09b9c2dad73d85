"""`quartier purge` as an operator runs it."""

from __future__ import annotations

import psycopg
import pytest

from db.publication import publish
from tests.databases import Database
from tests.test_cli_inbox import done, run


def test_what_is_old_is_forgotten_and_what_is_not_is_kept(own_demo_database: Database) -> None:
    with psycopg.connect(own_demo_database.owner_url) as connection:
        connection.execute("UPDATE registry.offering SET status = 'draft' WHERE slug < 'c'")
    gone = publish(own_demo_database.owner_url).removed["offering"]
    assert "Forgot 0 changes, of publications up to number 0" in done(own_demo_database, "purge")
    assert f"Forgot {2 * gone} changes, of publications up to number 2" in done(
        own_demo_database, "purge", "--older-than", "0d"
    )


@pytest.mark.parametrize("age", ["", "soon", "-1d", "365.5d", "9999999d"])
def test_an_age_is_a_number_of_days(own_demo_database: Database, age: str) -> None:
    ended = run(own_demo_database, "purge", "--older-than", age)
    assert ended.returncode == 1
    assert "no number of days" in ended.stderr
