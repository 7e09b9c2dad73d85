"""How PostgreSQL runs the statements on twenty thousand offerings: by index, reading little.

What is read is counted in pages of 8 kB, which unlike seconds does not depend on the machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from hashlib import md5
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import RawCursor

from api.opening import Opening
from api.parameters import OfferingParameters
from db import published, statements
from db.cluster import Cluster
from db.pool import create, options
from db.state import State
from db.statements import Selection, Statement
from tests.databases import Database, build_template, clone

COUNT = 20_000
HOURS = 5_000
"""Different opening hours."""


@pytest.fixture(scope="module")
def large_database(cluster: Cluster, world_template: str) -> Iterator[Database]:
    """The county with very many offerings, put straight into the published schema."""
    template = build_template(cluster, "quartier_large_template", world_template, _enlarge)
    with clone(cluster, template) as database:
        yield database


def _enlarge(database: Database) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        connection.execute(LARGE)
        connection.execute(CATEGORIES)
        connection.execute(PLACES)
        connection.execute(MEMBERS)
        connection.execute(TRANSLATIONS)
        connection.execute("VACUUM ANALYZE")


LARGE = f"""
INSERT INTO published.offering (
    id, slug, sort_name, updated_at, hash, document, geojson, category, theme, target_group,
    language, postcode, wheelchair, organisation_id, serves, search, confirmed_at,
    geometry, extent, opening)
SELECT gen_random_uuid(), 'large-' || n, name, now(), '',
       '{{"slug":"large-' || n || '","description":"' || repeat('Ein Ort. ', 150) || '"}}',
       '"geometry":null', ARRAY['advice', 'c' || n % 300], ARRAY['poverty'], '{{}}', '{{de}}',
       ARRAY[(1000 + n % 500)::text], '{{}}', (SELECT id FROM published.organisation
                                     ORDER BY id OFFSET n % 9 LIMIT 1), '{{}}',
       published.search_vector(name, 'Beratung', 'Ringstraße 5', repeat('ein Ort für alle ', 20)),
       current_date - n % 800, point,
       CASE WHEN n % 10 > 0 THEN point ELSE ST_Expand(point, 0.05) END,
       CASE WHEN n % 10 < 7 THEN ARRAY[md5('hours ' || n % {HOURS})::uuid] ELSE '{{}}' END
FROM (SELECT n, 'Treff ' || n || ' ' || md5(n::text) AS name,
             ST_SetSRID(ST_MakePoint(12.9 + random() * 0.8, 50.7 + random() * 0.45), 4326) AS point
      FROM generate_series(1, {COUNT}) AS n) AS made
"""
CATEGORIES = """
INSERT INTO published.category_member (category, sort_name, id)
SELECT unnest(category), sort_name, id FROM published.offering WHERE slug LIKE 'large-%'
"""
PLACES = """
INSERT INTO published.offering_place (id, precise, n, alone, place, spot)
SELECT id, precise, 1, true, CASE WHEN precise THEN geometry ELSE ST_Expand(geometry, 0.05) END,
       CASE WHEN precise THEN geography(geometry) END
FROM (SELECT *, substr(slug, 7)::integer % 10 > 0 AS precise
      FROM published.offering WHERE slug LIKE 'large-%') AS made
"""
MEMBERS = """
INSERT INTO published.district_member (resource, district_id, sort_name, id)
SELECT 'offering', a.ancestor_id, o.sort_name, o.id
FROM (SELECT *, row_number() OVER () AS n FROM published.offering WHERE slug LIKE 'large-%') AS o
JOIN (SELECT id, row_number() OVER (ORDER BY slug) AS n, count(*) OVER () AS total
      FROM published.district WHERE level = 'municipality') AS d ON d.n = 1 + o.n % d.total
JOIN published.district_ancestor a ON a.district_id = d.id
"""
TRANSLATIONS = """
INSERT INTO published.translation (resource, id, lang, document)
SELECT 'offering', id, 'en', document FROM published.offering WHERE slug LIKE 'large-%'
"""


def selection(
    query: dict[str, Any], after: tuple[Any, ...] = (), lang: str | None = None
) -> Selection:
    parameters = OfferingParameters.model_validate(query)
    return Selection(
        published.offering,
        tuple(parameters.conditions()),
        parameters.order(),
        "json",
        after=after,
        lang=lang,
    )


class Plan:
    """What EXPLAIN ANALYZE says of a statement, run as the API runs it."""

    def __init__(self, database: Database, statement: Statement, chosen: Selection) -> None:
        arguments = statement.arguments(chosen.values())
        with psycopg.connect(database.public_url, options=options(30)) as connection:
            cursor = RawCursor(connection)
            cursor.execute(statement.sql, arguments)  # loads PostGIS and the catalogue
            explain = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON)"
            cursor.execute(f"{explain} {statement.sql}", arguments)
            row = cursor.fetchone()
        assert row is not None
        self.root = row[0][0]["Plan"]
        self.milliseconds = row[0][0]["Execution Time"] + row[0][0]["Planning Time"]

    @property
    def pages_read(self) -> int:
        return int(self.root["Shared Hit Blocks"] + self.root["Shared Read Blocks"])

    def nodes(self, node: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        node = node or self.root
        yield node
        for child in node.get("Plans", ()):
            yield from self.nodes(child)

    @property
    def scans_offerings(self) -> bool:
        return any(
            node["Node Type"] == "Seq Scan" and node.get("Relation Name") == "offering"
            for node in self.nodes()
        )

    def __str__(self) -> str:
        return json.dumps(self.root, indent=1)


def page_plan(database: Database, chosen: Selection) -> Plan:
    return Plan(database, statements.page(chosen.shape), chosen)


PAGES: list[dict[str, Any]] = [
    {},
    {"category": ["c17"]},
    {"category": ["advice"]},
    {"postcode": ["1017"]},
    {"bbox": "13.20,50.90,13.21,50.91"},
    {"bbox": "13.10,50.80,13.30,50.95"},
    {"bbox": "12.0,50.0,14.0,52.0"},
    {"district": ["mittelland"]},
    {"district": ["oederan"]},
    {"district": ["oederan-west"]},
    {"district": ["oederan", "doebeln"], "category": ["c17"]},
    {"organisation": ["traeger-1"]},
    {"near": "13.2,50.9", "radius": 500.0},
    {"near": "13.2,50.9", "radius": 100_000.0},
    {"near": "13.2,50.9", "radius": 20_000.0, "category": ["c17"]},
    {"sort": "updated_at"},
    {"sort": "-updated_at"},
    {"category": ["advice"], "sort": "-updated_at"},
    {"category": ["c17"], "sort": "-updated_at"},
    {"category": ["c17"], "bbox": "13.10,50.80,13.30,50.95"},
    {"id": ["large-5", "large-6"]},
    {"q": "Trefff 177"},
]


@pytest.mark.parametrize("lang", [None, "en"])
@pytest.mark.parametrize("query", PAGES, ids=str)
def test_a_page_reads_little(
    large_database: Database, query: dict[str, Any], lang: str | None
) -> None:
    """A part of the table at most, however large the filtered set is. (Of a box with an eighth
    of all, 800 offerings are looked at in the order of names, each with its sites.)
    """
    plan = page_plan(large_database, selection(query, lang=lang))
    assert not plan.scans_offerings, plan
    assert plan.pages_read < 3500, plan


@pytest.mark.parametrize("open_of_all", [1, 50, 2_500, HOURS])
def test_a_page_of_what_is_open_reads_little(large_database: Database, open_of_all: int) -> None:
    names = [f"hours {number}" for number in range(open_of_all)]
    ids = [UUID(md5(name.encode(), usedforsecurity=False).hexdigest()) for name in names]
    opening = Opening(State(1, "", ""), dict.fromkeys(ids), [])
    chosen = selection({})
    chosen = replace(chosen, conditions=(*chosen.conditions, opening.condition))
    plan = page_plan(large_database, chosen)
    assert not plan.scans_offerings, plan
    assert plan.pages_read < 3500, plan


def test_words_that_all_texts_have_are_ranked_once_a_text(large_database: Database) -> None:
    plan = page_plan(large_database, selection({"q": "Treff"}, lang="en"))
    assert plan.pages_read < 10_000, plan


@pytest.mark.parametrize(
    ("query", "after"),
    [
        ({"near": "13.2,50.9", "radius": 100_000.0}, (9_000.0, UUID(int=0))),
        ({}, ("Treff 5", UUID(int=0))),
        ({"district": ["mittelland"]}, ("Treff 5", UUID(int=0))),
    ],
    ids=str,
)
def test_a_later_page_reads_no_more_than_lies_before_it(
    large_database: Database, query: dict[str, Any], after: tuple[Any, ...]
) -> None:
    plan = page_plan(large_database, selection(query, after))
    assert not plan.scans_offerings, plan
    assert plan.pages_read < 6_000, plan


def test_a_search_query_is_made_once_and_not_for_every_row(large_database: Database) -> None:
    """The words resembling what was typed are looked up in an InitPlan."""
    plan = page_plan(large_database, selection({"q": "Trefff"}))
    loops = {
        node["Actual Loops"] for node in plan.nodes() if "InitPlan" in str(node.get("Subplan Name"))
    }
    assert loops == {1}


def test_plans_are_made_for_the_values() -> None:
    """A generic plan is up to 190 times slower for a large box."""
    pool = create("postgresql://nobody@/none", size=1, wait=1, statement_seconds=1)
    assert pool.kwargs["prepare_threshold"] is None  # type: ignore[index]
