"""How PostgreSQL reads changes: as many pages as are shown, wherever in however many they lie."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import RawCursor

from api.changes import NAMES
from db import changes
from db.changes import Position, Wanted
from db.cluster import Cluster
from db.pool import options
from tests.databases import Database, build_template, clone

COUNT = 60_000
LAST = 3 + COUNT // 50

# Offerings change often; strategies seldom; a long time nothing but what changed again later.
MANY = f"""
INSERT INTO published.change
    (sequence, resource, id, slug, kind, reason, merged_into_id, at, superseded)
SELECT 3 + n / 50,
       CASE WHEN n % 5000 = 0 THEN 'strategy' WHEN n % 10 = 0 THEN 'measure'
            WHEN n % 3 = 0 THEN 'observation' ELSE 'offering' END,
       gen_random_uuid(), 'slug-' || n, CASE WHEN n % 10 = 0 THEN 'remove' ELSE 'upsert' END,
       NULL, NULL, now(), n BETWEEN {COUNT // 3} AND {COUNT // 2} OR n % 4 = 0
FROM generate_series(1, {COUNT}) AS n
"""


@pytest.fixture(scope="module")
def busy_database(cluster: Cluster, world_template: str) -> Iterator[Database]:
    template = build_template(cluster, "quartier_busy_template", world_template, _change_often)
    with clone(cluster, template) as database:
        yield database


def _change_often(database: Database) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        connection.execute(MANY.encode())
        connection.execute("VACUUM ANALYZE published.change")


@pytest.mark.parametrize("documents", [False, True])
@pytest.mark.parametrize("sequence", [1, 3 + COUNT // 150, LAST // 2, LAST - 5, LAST + 1])
@pytest.mark.parametrize("named", [None, "offerings", "strategies", "codelists"])
def test_a_page_of_changes_reads_what_it_shows(
    busy_database: Database, named: str | None, sequence: int, *, documents: bool
) -> None:
    names = {NAMES[name]: name for name in ([named] if named else NAMES)}
    middle = Position(sequence, "offering", UUID(int=2**127))
    plan = explained(busy_database, Wanted(names, middle, 1, "http://x", documents, "en"))
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 1_200, plan
    scans = [node for node in nodes(plan) if node.get("Relation Name") == "change"]
    assert scans
    assert {node["Node Type"] for node in scans} <= {"Index Scan", "Index Only Scan"}


def explained(database: Database, wanted: Wanted) -> dict[str, Any]:
    arguments = changes._arguments(wanted, 100, ",")
    explain = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON)"
    with psycopg.connect(database.public_url, options=options(30)) as connection:
        cursor = RawCursor(connection)
        cursor.execute(changes._PAGE, arguments)  # loads the catalogue
        row = cursor.execute(f"{explain} {changes._PAGE}".encode(), arguments).fetchone()
    assert row is not None
    plan: dict[str, Any] = row[0][0]["Plan"]
    return plan


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from nodes(child)
