"""Every case on a small database: all that can be asked is answered, and as the reference does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from api.settings import Settings
from bench import cubes
from bench.checks import SAMPLES, compare, features, key
from bench.questions import Question, questions
from bench.run import CASES, Order, plans_of_ours
from bench.yardstick import answer
from db.cluster import Cluster
from db.publication import Publication
from tests.bench.conftest import COUNT, FEW
from tests.conftest import connect_to
from tests.databases import Database


@pytest.fixture(scope="module")
def asked(filled: tuple[Database, Publication]) -> Iterator[TestClient]:
    with connect_to(filled[0]) as client:
        yield client


@pytest.fixture(scope="module")
def connection(filled: tuple[Database, Publication]) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(filled[0].owner_url, autocommit=True) as connected:
        yield connected


@pytest.fixture(scope="module")
def cases(connection: psycopg.Connection[Any]) -> list[Question]:
    return list(questions(connection, COUNT, []))


def test_every_case_is_known(cases: list[Question], connection: psycopg.Connection[Any]) -> None:
    """By its name, so that `--only` finds it."""
    races = [race.name for race in cubes.races(connection, FEW)]
    assert {*(case.name for case in cases), *races} < {*CASES}


def test_every_case_is_answered_as_the_reference_does(
    cases: list[Question], connection: psycopg.Connection[Any], asked: TestClient
) -> None:
    for case in cases:
        for number, path in enumerate(case.paths["quartier"][:SAMPLES]):
            assert case.statement
            expected = features(answer(connection, case.statement, number + 1))
            given = features(asked.get(path).json())
            if case.name == "search" and not expected:
                continue  # so few offerings have not all words
            compare(case, number, given, "quartier")
            if case.whole:
                assert {*map(key, given)} == {*map(key, expected)}, path


def test_every_race_is_run_with_the_same(
    connection: psycopg.Connection[Any], asked: TestClient
) -> None:
    for race in cubes.races(connection, FEW):
        sizes = {
            race.size(asked.get(path).json()) for paths in race.paths.values() for path in paths
        }
        assert sizes == {race.expected}, race.name


def test_a_cube_is_held_to_the_statement_of_the_server(
    connection: psycopg.Connection[Any], asked: TestClient
) -> None:
    """Its numbers are those of the answer, for each of the arguments."""
    race = next(cubes.races(connection, FEW))
    assert race.statement
    for number, path in enumerate(race.paths["quartier"]):
        statement = re.sub(r"(?<!:):i\b", str(number + 1), race.statement)
        cursor = connection.execute(statement.encode())
        (row,) = [dict(zip(_names(cursor), each, strict=True)) for each in cursor]
        shown = [value for value in json.loads(row["values"]) if value is not None]
        told = [value for value in asked.get(path).json()["value"] if value is not None]
        assert sorted(shown) == sorted(told)


def _names(cursor: psycopg.Cursor[Any]) -> list[str]:
    return [column.name for column in cursor.description or ()]


def test_servers_are_started_with_settings_that_there_are(cluster: Cluster) -> None:
    known = {name.upper() for name in Settings.model_fields} | {"PYTHONPATH"}
    plans = list(plans_of_ours(Order(cluster.data, COUNT), cluster))
    assert len(plans) == 6
    for plan in plans:
        assert plan.environment(1).keys() <= known
