"""publish(): one transaction, numbered in commit order, complete, incremental, and discreet."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import Connection, sql
from psycopg.rows import TupleRow

from db import published
from db.cluster import Cluster
from db.publication import Publication, publish
from db.standing import Standing, standing
from tests.databases import Database, build_empty_template, build_template, clone

RESOURCES = tuple(published.RESOURCES)

# A county with two municipalities side by side; all that hangs together in it, once.
TOWN: LiteralString = """
INSERT INTO registry.language VALUES ('de', 0, true), ('en', 1, false);
INSERT INTO registry.source (slug, title, publisher, license, attribution, internal_note)
VALUES ('here', 'Register', 'Landkreis', 'cc-zero', 'Landkreis', 'geheimnis'),
       ('maps', 'Karten', 'Vermessung', 'dl-de/by-2-0', 'Vermessung', NULL),
       ('unclear', 'Unklar', 'Niemand', 'not_stated', 'Niemand', NULL);
INSERT INTO registry.codelist (name, title)
VALUES ('category', 'Kategorien'), ('level', 'Ebenen'), ('result', 'Ergebnisse');
INSERT INTO registry.codelist_term (codelist_id, code, label, translations)
SELECT id, 'advice', 'Beratung', '{"en": {"label": "Advice"}}'::jsonb
FROM registry.codelist WHERE name = 'category'
UNION ALL
SELECT id, 'municipality', 'Gemeinde', '{}' FROM registry.codelist WHERE name = 'level';
INSERT INTO registry.codelist_term (codelist_id, code, label, parent_id)
SELECT codelist_id, 'debt', 'Schuldnerberatung', id
FROM registry.codelist_term WHERE code = 'advice';
INSERT INTO registry.district (slug, name, level, scheme, key, source_id, status, boundary,
                               boundary_quality)
SELECT 'county', 'Kreis', 'county', 'ags', '14', id, 'published',
       ST_Multi(ST_MakeEnvelope(13, 50, 13.4, 50.2, 4326)), 'official'
FROM registry.source WHERE slug = 'here';
INSERT INTO registry.district (slug, name, level, scheme, key, source_id, status, parent_id, point,
                               boundary, boundary_quality, boundary_source_id)
SELECT area.slug, area.name, 'municipality', 'ags', area.key, county.source_id, 'published',
       county.id, ST_Point(area.west + 0.1, 50.1, 4326),
       ST_Multi(ST_MakeEnvelope(area.west, 50, area.west + 0.2, 50.2, 4326)), 'official', maps.id
FROM registry.district AS county, registry.source AS maps,
     (VALUES ('west', 'Westdorf', '141', 13.0), ('east', 'Oststadt', '142', 13.2))
     AS area(slug, name, key, west)
WHERE maps.slug = 'maps';
INSERT INTO registry.organisation (slug, name, source_id, status, external_key, internal_note)
SELECT org.slug, org.name, source.id, 'published', 'schluessel-' || org.slug, 'geheimnis'
FROM registry.source, (VALUES ('red', 'Rotes Haus'), ('blue', 'Blaues Haus')) AS org(slug, name)
WHERE source.slug = 'here';
INSERT INTO registry.site (source_id, external_key, street, postcode, town, point, precision,
                           internal_note)
SELECT id, place.key, place.key, '09599', 'Ort', ST_Point(place.lon, 50.1, 4326), 'exact',
       'geheimnis'
FROM registry.source, (VALUES ('Westgasse', 13.1), ('Ostgasse', 13.3)) AS place(key, lon)
WHERE slug = 'here';
INSERT INTO registry.offering (slug, name, description, organisation_id, source_id, status,
                               external_key, internal_note, translations)
SELECT offer.slug, offer.name, 'Beschreibung', org.id, org.source_id, 'published',
       'schluessel-' || offer.slug, 'geheimnis', offer.translations::jsonb
FROM registry.organisation AS org
JOIN (VALUES ('debt-advice', 'Schuldnerberatung', 'red', '{"en": {"name": "Debt advice"}}'),
             ('playground', 'Spielplatz', 'blue', '{}')) AS offer(slug, name, org, translations)
  ON offer.org = org.slug;
INSERT INTO registry.offering_site (offering_id, site_id)
SELECT o.id, s.id FROM registry.offering o JOIN registry.site s
  ON (o.slug, s.external_key) IN (('debt-advice', 'Westgasse'), ('playground', 'Ostgasse'));
INSERT INTO registry.offering_term (offering_id, term_id)
SELECT o.id, t.id FROM registry.offering o, registry.codelist_term t
WHERE o.slug = 'debt-advice' AND t.code = 'debt';
INSERT INTO registry.indicator (slug, title, unit, type, aggregation, source_id, status)
SELECT 'people', 'Menschen', 'Personen', 'count', 'sum', id, 'published'
FROM registry.source WHERE slug = 'here';
INSERT INTO registry.observation (indicator_id, district_id, period, value, source_id, status)
SELECT i.id, d.id, '2022', 100, i.source_id, 'published'
FROM registry.indicator i, registry.district d WHERE d.level = 'municipality';
INSERT INTO registry.strategy (slug, title, source_id, status, lead_id)
SELECT 'plan', 'Sozialplan', o.source_id, 'published', o.id
FROM registry.organisation o WHERE o.slug = 'red';
INSERT INTO registry.measure (slug, title, strategy_id, source_id, status, decision)
SELECT 'step', 'Schritt', id, source_id, 'published', 'adopted' FROM registry.strategy;
INSERT INTO registry.measure_district (measure_id, district_id)
SELECT m.id, d.id FROM registry.measure m, registry.district d WHERE d.slug = 'west';
INSERT INTO registry.decision (slug, title, strategy_id, measure_id, source_id, status, result)
SELECT 'vote', 'Beschluss', m.strategy_id, m.id, m.source_id, 'published', 'adopted'
FROM registry.measure m;
"""


class Town:
    """A published registry, its owner's connection (autocommit), and what tests ask of it."""

    def __init__(self, database: Database, connection: Connection[TupleRow]) -> None:
        self.url = database.owner_url
        self.connection = connection

    def run(self, statement: LiteralString, *values: object) -> None:
        self.connection.execute(statement, values or None)

    def all(self, query: LiteralString, *values: object) -> list[Any]:
        rows = self.connection.execute(query, values or None).fetchall()
        return [row[0] if len(row) == 1 else row for row in rows]

    def one(self, query: LiteralString, *values: object) -> Any:
        (value,) = self.all(query, *values)
        return value

    def publish(self) -> Publication:
        return publish(self.url)

    def published_after(self, statement: LiteralString, *values: object) -> Publication:
        self.run(statement, *values)
        return self.publish()

    def document(self, resource: str, slug: str) -> dict[str, Any]:
        table = sql.Identifier("published", resource)
        query = sql.SQL("SELECT document FROM {} WHERE slug = %s").format(table)
        row = self.connection.execute(query, [slug]).fetchone()
        assert row
        return dict(json.loads(row[0]))

    def changes(self, sequence: int) -> set[tuple[str, str, str, str | None]]:
        return set(
            self.all(
                "SELECT resource, slug, kind, reason FROM published.change WHERE sequence = %s",
                sequence,
            )
        )

    def contents(self) -> dict[str, list[Any]]:
        """All that anybody can read, but for the time and number of the publication, and which
        number an entity was the first to get in the lists of HSDS."""
        tables = self.all("SELECT tablename FROM pg_tables WHERE schemaname = 'published'")
        skipped = {"state", "change", "dataset", "hsds_vacancy"}
        return {name: self._rows(name) for name in tables if name not in skipped}

    def _rows(self, name: str) -> list[Any]:
        query = sql.SQL(
            "SELECT (to_jsonb(t) - '{{updated_at,number}}'::text[])::text FROM {} t ORDER BY 1"
        )
        rows = self.connection.execute(query.format(sql.Identifier("published", name)))
        return [_UPDATED_AT.sub("", row[0]) for row in rows]


_UPDATED_AT = re.compile(r'updated_at\\":\\"[^"]+"|,[0-9-]{10}T[0-9:]{8}Z(?=")')
"""In a document, and at the end of a line of CSV."""


@pytest.fixture(scope="module")
def town_template(cluster: Cluster) -> str:
    empty = build_empty_template(cluster)
    return build_template(cluster, "quartier_town_template", empty, _found_and_publish)


def _found_and_publish(database: Database) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        connection.execute(TOWN)
    publish(database.owner_url)


@pytest.fixture
def town(cluster: Cluster, town_template: str) -> Iterator[Town]:
    with (
        clone(cluster, town_template) as fresh,
        psycopg.connect(fresh.owner_url, autocommit=True) as connection,
    ):
        yield Town(fresh, connection)


@pytest.fixture
def demo(own_demo_database: Database) -> Iterator[Town]:
    with psycopg.connect(own_demo_database.owner_url, autocommit=True) as connection:
        yield Town(own_demo_database, connection)


# --- once and for all ----------------------------------------------------------------------------


def test_an_empty_registry_publishes_nothing(database: Database) -> None:
    assert publish(database.owner_url) == Publication(0)
    nothing_yet = Standing(published=False, edits_wait=False, outdated=False)
    assert standing(database.owner_url) == nothing_yet


def test_publishing_twice_changes_nothing(town: Town) -> None:
    before = (town.contents(), town.all("TABLE published.state"))
    assert town.publish() == Publication(1)
    assert (town.contents(), town.all("TABLE published.state")) == before
    assert town.one("SELECT count(*) FROM published.change WHERE sequence <> 1") == 0


def test_everything_that_may_be_public_is(town: Town) -> None:
    counts = {
        name: town.connection.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("published", name))
        ).fetchone()
        for name in RESOURCES
    }
    assert {name: count[0] for name, count in counts.items() if count} == {
        "codelist": 3,
        "district": 3,
        "organisation": 2,
        "offering": 2,
        "indicator": 1,
        "observation": 2,
        "strategy": 1,
        "measure": 1,
        "decision": 1,
    }
    assert dict(town.all("SELECT name, total FROM published.resource")) == {
        name: count[0] for name, count in counts.items() if count
    }


def test_an_edit_that_shows_nowhere_is_no_publication(town: Town) -> None:
    assert town.published_after(
        "UPDATE registry.offering SET internal_note = 'Anders'"
    ) == Publication(1)
    assert standing(town.url).current


def test_it_is_known_what_a_publication_would_find(town: Town) -> None:
    assert standing(town.url).published
    assert standing(town.url).current
    assert not standing(town.url).edits_wait
    town.run("UPDATE registry.offering SET name = 'Neu' WHERE slug = 'playground'")
    assert standing(town.url).edits_wait
    assert not standing(town.url).current
    town.publish()
    assert standing(town.url).current


@pytest.mark.parametrize(
    "difference",
    [
        "UPDATE published.state SET documents_hash = 'of an older version'",
        "INSERT INTO registry.language VALUES ('sv', 2, false)",
    ],
)
def test_another_way_to_build_documents_is_found_without_edits(
    town: Town, difference: LiteralString
) -> None:
    town.run(difference)
    assert not standing(town.url).edits_wait
    assert not standing(town.url).current
    town.publish()
    assert standing(town.url).current


def test_a_new_language_reaches_every_document(town: Town) -> None:
    done = town.published_after("INSERT INTO registry.language VALUES ('sv', 2, false)")
    assert done.changed["offering"] == 2
    assert set(town.all("SELECT DISTINCT lang FROM published.translation")) == {"en", "sv"}
    town.published_after("DELETE FROM registry.language WHERE code = 'sv'")
    assert town.all("SELECT DISTINCT lang FROM published.translation") == ["en"]


# --- incremental ---------------------------------------------------------------------------------


def test_a_renamed_organisation_rewrites_just_its_dependants(town: Town) -> None:
    done = town.published_after(
        "UPDATE registry.organisation SET name = 'Grünes Haus' WHERE slug = 'red'"
    )
    assert town.changes(done.sequence) == {
        ("organisation", "red", "upsert", None),
        ("offering", "debt-advice", "upsert", None),
        ("strategy", "plan", "upsert", None),
    }
    assert done.changed == {"organisation": 1, "offering": 1, "strategy": 1}
    assert town.document("offering", "debt-advice")["organisation"]["name"] == "Grünes Haus"
    assert town.document("strategy", "plan")["lead"]["name"] == "Grünes Haus"


def test_a_renamed_term_rewrites_what_has_it(town: Town) -> None:
    done = town.published_after(
        "UPDATE registry.codelist_term SET label = 'Schuldenhilfe' WHERE code = 'debt'"
    )
    assert town.changes(done.sequence) == {
        ("codelist", "category", "upsert", None),
        ("offering", "debt-advice", "upsert", None),
    }


def test_a_moved_district_takes_its_offerings_along(town: Town) -> None:
    """Also those whose document does not name the ancestors: a measure is found by them."""
    town.published_after(
        "INSERT INTO registry.district (slug, name, level, source_id, status) "
        "SELECT 'region', 'Region', 'social_region', source_id, 'published' "
        "FROM registry.district WHERE slug = 'county'"
    )
    town.published_after(
        "UPDATE registry.district SET parent_id = (SELECT id FROM registry.district "
        "WHERE slug = 'region') WHERE slug = 'west'"
    )
    found = (
        "SELECT resource FROM published.district_member JOIN published.district d ON d.id = "
        "district_id WHERE d.slug = 'region' ORDER BY 1"
    )
    assert town.all(found) == ["measure", "offering"]
    assert town.document("district", "county")["children_count"] == 1
    assert town.document("district", "region")["children_count"] == 1


def test_a_moved_boundary_takes_sites_from_one_district_to_the_other(town: Town) -> None:
    town.published_after(
        "UPDATE registry.district SET boundary = ST_Multi(ST_MakeEnvelope(13.05, 50, 13.06, 50.2, "
        "4326)) WHERE slug = 'west'"
    )
    districts = town.document("offering", "debt-advice")["districts"]
    assert [district["slug"] for district in districts] == ["county"]


def test_simplified_boundaries_are_redrawn_when_one_changes(town: Town) -> None:
    shapes = "SELECT slug FROM published.district WHERE geojson_200 IS NOT NULL ORDER BY 1"
    assert town.all(shapes) == ["county", "east", "west"]
    town.published_after(
        "UPDATE registry.district SET boundary = NULL, boundary_quality = NULL, "
        "boundary_source_id = NULL WHERE slug = 'west'"
    )
    assert town.all(shapes) == ["county", "east"]


def test_a_district_that_ended_since_gives_up_its_offerings(town: Town) -> None:
    town.published_after("UPDATE registry.district SET valid_to = current_date WHERE slug = 'west'")
    within = (
        "SELECT count(*) FROM published.district_member m JOIN published.district d "
        "ON d.id = m.district_id WHERE d.slug = 'west' AND m.resource = 'offering'"
    )
    assert town.one(within) == 1
    town.run("UPDATE registry.district SET valid_to = current_date - 1 WHERE slug = 'west'")
    town.run("TRUNCATE registry.dirty")  # the days go by, and nobody edits anything
    town.run("UPDATE published.state SET published_at = published_at - interval '1 day'")
    assert town.publish().changed == {"district": 1, "offering": 1}
    assert town.one(within) == 0


QUOTED: list[LiteralString] = [
    "UPDATE registry.codelist_term SET label = label || ' neu'",
    "UPDATE registry.source SET attribution = attribution || ' neu'",
    "UPDATE registry.organisation SET name = name || ' neu'",
    "UPDATE registry.district SET name = name || ' neu' WHERE level = 'social_region'",
    "UPDATE registry.site SET town = town || ' neu', point = ST_Translate(point, 0.1, 0)",
    "UPDATE registry.indicator SET title = title || ' neu', unit = unit || ' neu'",
    "UPDATE registry.strategy SET title = title || ' neu'",
    "UPDATE registry.strategy_topic SET title = title || ' neu'",
    "UPDATE registry.measure SET title = title || ' neu', implementation = 'completed'",
    """UPDATE registry.district SET parent_id = (SELECT parent_id FROM registry.district
       WHERE key = '14522180') WHERE level = 'municipality' AND parent_id IS NOT NULL""",
    "UPDATE registry.district SET status = 'draft' WHERE level = 'social_region'",
    "UPDATE registry.offering SET status = 'draft' WHERE slug < 'm'",
    "UPDATE registry.organisation SET status = 'draft' WHERE slug < 'm'",
    "UPDATE registry.strategy SET status = 'draft' WHERE slug < 'm'",
    "UPDATE registry.indicator SET status = 'draft' WHERE slug < 'm'",
    "DELETE FROM registry.offering_term",
    "DELETE FROM registry.topic_term",
]


@pytest.mark.parametrize("edits", [QUOTED[::2], QUOTED[1::2]], ids=["some", "others"])
def test_what_is_built_piece_by_piece_is_what_is_built_at_once(
    demo: Town, edits: list[LiteralString]
) -> None:
    """What documents quote of each other changes; each time all is rebuilt, to no effect."""
    for edit in edits:
        demo.published_after(edit)
        incremental = demo.contents()
        demo.run("UPDATE published.state SET documents_hash = ''")
        assert demo.publish().changed == {}, edit
        assert demo.contents() == incremental, edit


def test_one_of_many_is_published_in_no_time(town: Town) -> None:
    town.published_after(
        "INSERT INTO registry.offering (slug, name, organisation_id, source_id, status)"
        " SELECT 'n-' || n, 'Angebot ' || n, o.id, o.source_id, 'published'"
        " FROM registry.organisation o, generate_series(1, 2000) AS n WHERE o.slug = 'blue'"
    )
    town.run("UPDATE registry.offering SET name = 'Anderes' WHERE slug = 'n-77'")
    start = time.perf_counter()
    done = town.publish()
    assert time.perf_counter() - start < 1
    assert done.changed == {"offering": 1}


# --- what ends -----------------------------------------------------------------------------------


def test_tombstones_say_why(town: Town) -> None:
    town.run("UPDATE registry.offering SET status = 'archived' WHERE slug = 'playground'")
    town.run("DELETE FROM registry.decision")
    town.run(
        "UPDATE registry.observation SET status = 'draft' WHERE district_id = "
        "(SELECT id FROM registry.district WHERE slug = 'east')"
    )
    done = town.publish()
    assert done.removed == {"offering": 1, "decision": 1, "observation": 1}
    removed = {change[::3] for change in town.changes(done.sequence) if change[2] == "remove"}
    assert removed == {
        ("offering", "unpublished"),
        ("decision", "deleted"),
        ("observation", "unpublished"),
    }
    assert town.all("SELECT slug FROM published.offering") == ["debt-advice"]
    assert town.all("SELECT id FROM published.translation WHERE resource = 'decision'") == []


def test_a_merger_names_its_successor_if_that_is_public(town: Town) -> None:
    merge: LiteralString = (
        "UPDATE registry.organisation SET status = 'archived', removal_reason = 'merged_into', "
        "merged_into_id = (SELECT id FROM registry.organisation WHERE slug = 'blue') "
        "WHERE slug = 'red'"
    )
    done = town.published_after(merge)
    assert ("organisation", "red", "remove", "merged_into") in town.changes(done.sequence)
    into = (
        "SELECT o.slug FROM published.change c JOIN published.organisation o "
        "ON o.id = c.merged_into_id"
    )
    assert town.all(into) == ["blue"]
    assert town.document("offering", "debt-advice")["organisation"] is None


def test_a_merger_into_a_draft_does_not_name_it(town: Town) -> None:
    town.run("UPDATE registry.organisation SET status = 'draft' WHERE slug = 'blue'")
    town.published_after(
        "UPDATE registry.organisation SET status = 'archived', removal_reason = 'merged_into', "
        "merged_into_id = (SELECT id FROM registry.organisation WHERE slug = 'blue') "
        "WHERE slug = 'red'"
    )
    assert (
        town.all("SELECT merged_into_id FROM published.change WHERE merged_into_id IS NOT NULL")
        == []
    )


def test_a_slug_can_be_used_again(town: Town) -> None:
    town.run("UPDATE registry.offering SET slug = 'old-playground' WHERE slug = 'playground'")
    town.run("UPDATE registry.offering SET slug = 'playground' WHERE slug = 'debt-advice'")
    town.run("UPDATE registry.organisation SET slug = 'x' WHERE slug = 'red'")
    town.run("UPDATE registry.organisation SET slug = 'red' WHERE slug = 'blue'")
    town.publish()
    assert town.document("offering", "playground")["name"] == "Schuldnerberatung"
    assert town.document("offering", "old-playground")["name"] == "Spielplatz"
    named = (
        "SELECT document::json ->> 'name' FROM published.alias a "
        "JOIN published.organisation o USING (id) WHERE alias = 'red'"
    )
    assert town.all(named) == ["Blaues Haus"]


def test_what_was_withdrawn_can_come_back(town: Town) -> None:
    before = town.contents()
    town.published_after("UPDATE registry.strategy SET status = 'draft'")
    assert town.all("SELECT slug FROM published.measure") == []
    done = town.published_after("UPDATE registry.strategy SET status = 'published'")
    assert ("measure", "step", "upsert", None) in town.changes(done.sequence)
    assert town.contents() == before


# --- nothing private -----------------------------------------------------------------------------


def everything_public(town: Town) -> str:
    return json.dumps(town.contents(), ensure_ascii=False, default=str).lower()


def test_private_columns_appear_nowhere(town: Town) -> None:
    assert "spielplatz" in everything_public(town)
    assert "geheimnis" not in everything_public(town)
    assert "schluessel" not in everything_public(town)


def test_a_draft_appears_nowhere(town: Town) -> None:
    town.run(
        "INSERT INTO registry.site (source_id, street, postcode, town, point, precision) "
        "SELECT id, 'Verborgengasse', '01234', 'Verborgen', ST_Point(13.3, 50.1, 4326), 'exact' "
        "FROM registry.source WHERE slug = 'here'"
    )
    town.run(
        "INSERT INTO registry.organisation (slug, name, source_id) "
        "SELECT 'verborgen', 'Verborgen e. V.', id FROM registry.source WHERE slug = 'here'"
    )
    town.run(
        "INSERT INTO registry.offering (slug, name, organisation_id, source_id, status) "
        "SELECT 'verborgen-' || s.status, "
        "CASE s.status WHEN 'draft' THEN 'Verborgen' ELSE 'Offen' END, "
        "o.id, o.source_id, s.status FROM registry.organisation o, "
        "(VALUES ('draft'), ('published')) AS s(status) WHERE o.slug = 'verborgen'"
    )
    town.run("UPDATE registry.offering SET slug = 'offen' WHERE name = 'Offen'")
    town.run(
        "INSERT INTO registry.offering_site (offering_id, site_id) SELECT o.id, s.id "
        "FROM registry.offering o, registry.site s "
        "WHERE o.name = 'Verborgen' AND s.town = 'Verborgen'"
    )
    town.run(
        "INSERT INTO registry.strategy (slug, title, source_id) "
        "SELECT 'verborgen', 'Verborgen', id FROM registry.source WHERE slug = 'here'"
    )
    town.run(
        "INSERT INTO registry.measure (slug, title, strategy_id, source_id, status, decision) "
        "SELECT 'verborgen', 'Verborgen', id, source_id, 'published', 'adopted' "
        "FROM registry.strategy WHERE slug = 'verborgen'"
    )
    town.run(
        "WITH topic AS (INSERT INTO registry.strategy_topic (strategy_id, kind, title) "
        "SELECT id, 'goal', 'Verborgen' FROM registry.strategy WHERE slug = 'verborgen' "
        "RETURNING id) INSERT INTO registry.measure_topic (measure_id, topic_id) "
        "SELECT m.id, topic.id FROM registry.measure m, topic WHERE m.slug = 'step'"
    )
    town.run(
        "INSERT INTO registry.milestone (strategy_id, measure_id, title, source_id) "
        "SELECT s.id, m.id, 'Verborgen', s.source_id FROM registry.strategy s, registry.measure m "
        "WHERE s.slug = 'verborgen' AND m.slug = 'step'"
    )
    town.publish()
    assert town.document("offering", "offen")["organisation"] is None
    assert "verborgen" not in everything_public(town)
    assert "01234" not in everything_public(town)


def test_a_translation_of_no_public_field_appears_nowhere(town: Town) -> None:
    town.published_after(
        "UPDATE registry.offering SET translations = "
        """'{"en": {"internal_note": "Geheimnis", "name": "Playground"}}'"""
    )
    assert "playground" in everything_public(town)
    assert "geheimnis" not in everything_public(town)


def test_rows_of_a_source_without_a_licence_are_not_published(town: Town) -> None:
    town.published_after(
        "UPDATE registry.offering SET source_id = (SELECT id FROM registry.source "
        "WHERE slug = 'unclear') WHERE slug = 'playground'"
    )
    assert town.all("SELECT slug FROM published.offering") == ["debt-advice"]
    town.published_after("UPDATE registry.source SET license = 'not_stated'")
    assert all(town.all("SELECT total = 0 FROM published.resource WHERE name <> 'codelist'"))


def test_a_small_raw_observation_is_published_without_its_value(town: Town) -> None:
    town.published_after("UPDATE registry.observation SET raw = true, value = 2")
    assert set(town.all("SELECT value FROM published.observation")) == {None}
    assert town.document("indicator", "people")["observations_count"] == 2


@pytest.mark.parametrize(
    ("edit", "slots", "periods"),
    [
        ("UPDATE registry.observation SET value = 7", [("2022", "municipality", 2)], ["2022"]),
        (
            (
                "UPDATE registry.observation SET period = '2023' WHERE district_id = "
                "(SELECT id FROM registry.district WHERE slug = 'west')"
            ),
            [("2022", "municipality", 1), ("2023", "municipality", 1)],
            ["2022", "2023"],
        ),
        (
            "UPDATE registry.district SET level = 'city_district' WHERE slug = 'west'",
            [("2022", "city_district", 1), ("2022", "municipality", 1)],
            ["2022"],
        ),
        (
            (
                "DELETE FROM registry.observation WHERE district_id = "
                "(SELECT id FROM registry.district WHERE slug = 'west')"
            ),
            [("2022", "municipality", 1)],
            ["2022"],
        ),
        ("UPDATE registry.observation SET status = 'draft'", [], []),
        ("UPDATE registry.indicator SET status = 'draft'", [], None),
    ],
)
def test_where_observations_are_is_counted_again_whatever_moves_them(
    town: Town, edit: LiteralString, slots: list[Any], periods: list[str] | None
) -> None:
    town.published_after(edit)
    found = "SELECT period, level, observations FROM published.observation_slot ORDER BY 1, 2"
    assert town.all(found) == slots
    assert town.all("SELECT document::json -> 'periods' FROM published.indicator") == (
        [] if periods is None else [periods]
    )


def test_words_leave_with_the_last_text_that_has_them(town: Town) -> None:
    words = "SELECT word FROM published.word WHERE word LIKE 'spiel%' OR word LIKE 'beschreib%'"
    assert set(town.all(words)) == {"spielplatz", "beschreibung"}
    town.published_after("UPDATE registry.offering SET status = 'draft' WHERE slug = 'playground'")
    assert town.all(words) == ["beschreibung"]


def test_a_postcode_reaches_as_far_as_its_published_sites(town: Town) -> None:
    box = "SELECT document::json -> 'bbox' FROM published.place WHERE kind = 'postcode'"
    assert town.one(box) == [13.1, 50.1, 13.3, 50.1]
    town.published_after("UPDATE registry.offering SET status = 'draft' WHERE slug = 'playground'")
    assert town.one(box) == [13.1, 50.1, 13.1, 50.1]
    town.published_after("UPDATE registry.offering SET status = 'draft'")
    assert town.all(box) == []


# --- documents -----------------------------------------------------------------------------------


def test_the_time_of_an_update_is_that_of_its_publication(town: Town) -> None:
    first = town.one("SELECT published_at FROM published.state")
    town.run("UPDATE published.state SET published_at = published_at + interval '1 hour'")
    town.published_after("UPDATE registry.offering SET name = 'Neu' WHERE slug = 'playground'")
    # Never before the last publication, even if a clock was set back.
    second = town.one("SELECT published_at FROM published.state")
    assert (second - first).total_seconds() == 3600
    times = dict(town.all("SELECT slug, updated_at FROM published.offering"))
    assert times == {"debt-advice": first, "playground": second}
    for slug, at in times.items():
        written = town.document("offering", slug)["updated_at"]
        assert datetime.fromisoformat(written) == at.astimezone(UTC)
    assert town.all("SELECT DISTINCT at FROM published.change ORDER BY 1") == [first, second]


def test_the_time_is_taken_after_waiting_for_another_publisher(town: Town) -> None:
    town.run("UPDATE registry.offering SET name = 'Neu' WHERE slug = 'playground'")
    with psycopg.connect(town.url) as other, ThreadPoolExecutor() as pool:
        other.execute("LOCK TABLE published.state IN EXCLUSIVE MODE")
        waiting = pool.submit(town.publish)
        wait_until(lambda: blocked(town) == 1)
        time.sleep(1.1)
        released = datetime.now(UTC).replace(microsecond=0)
        other.commit()
        waiting.result(timeout=30)
    assert town.one("SELECT published_at FROM published.state") >= released


def test_documents_fall_back_to_the_written_language_and_say_so(town: Town) -> None:
    english = (
        "SELECT t.document::json FROM published.translation t JOIN published.offering o "
        "USING (id) WHERE lang = 'en' AND slug = %s"
    )
    translated = town.one(english, "debt-advice")
    assert (translated["name"], translated["lang"]) == ("Debt advice", "en")
    assert translated["fallback"] == {"description": "de"}
    assert translated["categories"] == [{"code": "debt", "label": "Schuldnerberatung"}]
    assert town.one(english, "playground")["fallback"] == {"name": "de", "description": "de"}
    assert town.document("offering", "debt-advice")["fallback"] is None


def test_a_term_is_found_by_its_ancestors(town: Town) -> None:
    assert town.all("SELECT slug FROM published.offering WHERE category @> '{advice}'") == [
        "debt-advice"
    ]


def test_a_united_boundary_has_the_source_of_its_parts(town: Town) -> None:
    assert town.document("district", "county")["boundary_source"]["attribution"] == "Vermessung"
    town.published_after(
        "UPDATE registry.district SET boundary_source_id = source_id WHERE slug = 'west'"
    )
    assert town.document("district", "county")["boundary_source"] is None
    named = "SELECT attribution::json FROM published.resource WHERE name = 'district'"
    assert town.one(named) == ["Landkreis", "Vermessung"]


# --- a dry run -----------------------------------------------------------------------------------


def test_a_dry_run_lists_field_by_field_and_changes_nothing(town: Town) -> None:
    town.run(
        "UPDATE registry.offering SET name = 'Neu', translations = "
        """'{"en": {"name": "New"}}' WHERE slug = 'playground'"""
    )
    town.run(
        "UPDATE registry.site SET point = ST_Point(13.25, 50.1, 4326) "
        "WHERE external_key = 'Ostgasse'"
    )
    town.run("DELETE FROM registry.decision")
    before = (town.contents(), town.all("TABLE published.state"), town.all("TABLE registry.dirty"))
    listed = publish(town.url, dry_run=True).differences
    after = (town.contents(), town.all("TABLE published.state"), town.all("TABLE registry.dirty"))
    assert after == before
    seen = {(d.resource, d.lang, d.field): (d.before, d.after) for d in listed}
    assert seen["offering", "de", "name"] == ("Spielplatz", "Neu")
    assert seen["offering", "en", "name"] == ("Spielplatz", "New")
    assert seen["offering", "de", "geometry"] == (
        {"type": "Point", "coordinates": [13.3, 50.1]},
        {"type": "Point", "coordinates": [13.25, 50.1]},
    )
    assert seen["decision", "de", "title"] == ("Beschluss", None)
    assert not {d.slug for d in listed} & {"debt-advice", "county"}
    assert ("offering", "de", "description") not in seen
    assert town.publish().changed["offering"] == 1


# --- at once -------------------------------------------------------------------------------------


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def blocked(town: Town) -> int:
    return int(
        town.one(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
    )


def test_two_publishers_at_once_take_turns(town: Town) -> None:
    town.run("UPDATE registry.offering SET name = name || ' neu'")
    with psycopg.connect(town.url) as gate, ThreadPoolExecutor() as pool:
        gate.execute("LOCK TABLE published.state IN EXCLUSIVE MODE")
        both = [pool.submit(town.publish) for _ in range(2)]
        wait_until(lambda: blocked(town) == 2)
        gate.commit()
        done = [publication.result(timeout=30) for publication in both]
    assert sorted(publication.changed.get("offering", 0) for publication in done) == [0, 2]
    assert [publication.sequence for publication in done] == [2, 2]


def test_what_is_imported_during_a_publication_is_in_the_next(town: Town) -> None:
    """Also if its transaction began before: a mark is only taken by who can see the change."""
    with psycopg.connect(town.url) as importer:
        importer.execute("UPDATE registry.offering SET name = 'Neu' WHERE slug = 'playground'")
        town.run("UPDATE registry.offering SET name = 'Anders' WHERE slug = 'debt-advice'")
        assert town.publish().changed == {"offering": 1}
        importer.commit()
    assert town.publish().changed == {"offering": 1}
    assert town.document("offering", "playground")["name"] == "Neu"


def test_importers_and_publishers_lose_nothing(town: Town) -> None:
    stop = threading.Event()
    with ThreadPoolExecutor() as pool:
        importers = [pool.submit(keep_editing, town.url, slug, stop) for slug in ("red", "blue")]
        publishers = [pool.submit(publish_times, town.url, 8) for _ in range(2)]
        sequences = [number for future in publishers for number in future.result(timeout=120)]
        stop.set()
        last = [future.result(timeout=30) for future in importers]
    town.publish()
    for slug, name in zip(("red", "blue"), last, strict=True):
        assert town.document("organisation", slug)["name"] == name
    numbers = town.all("SELECT DISTINCT sequence FROM published.change ORDER BY 1")
    assert numbers == list(range(1, len(numbers) + 1))
    assert set(sequences) <= set(numbers)
    assert_rebuilding_changes_nothing(town)


def keep_editing(url: str, slug: str, stop: threading.Event) -> str:
    name, number = "", 0
    with psycopg.connect(url, autocommit=True) as connection:
        while not stop.is_set():
            number += 1
            name = f"{slug} {number}"
            connection.execute(
                "UPDATE registry.organisation SET name = %s WHERE slug = %s", [name, slug]
            )
            time.sleep(0.005)
    return name


def publish_times(url: str, times: int) -> list[int]:
    return [publish(url).sequence for _ in range(times)]


def assert_rebuilding_changes_nothing(town: Town) -> None:
    before = town.contents()
    town.run("UPDATE published.state SET documents_hash = ''")
    town.publish()
    assert town.contents() == before


def test_readers_never_see_half_a_publication(town: Town) -> None:
    """The name in the organisation and in its offering change together."""
    stop = threading.Event()
    with ThreadPoolExecutor() as pool:
        reader = pool.submit(compare_names, town.url, stop)
        for number in range(6):
            town.published_after(
                "UPDATE registry.organisation SET name = %s WHERE slug = 'red'", f"Haus {number}"
            )
        stop.set()
        assert reader.result(timeout=30) > 0


def compare_names(url: str, stop: threading.Event) -> int:
    compared = 0
    with psycopg.connect(url, autocommit=True) as connection:
        while not stop.is_set():
            row = connection.execute(
                "SELECT g.document::json ->> 'name', "
                "o.document::json -> 'organisation' ->> 'name' FROM published.organisation g "
                "JOIN published.offering o ON o.organisation_id = g.id WHERE g.slug = 'red'"
            ).fetchone()
            assert row
            assert row[0] == row[1]
            compared += 1
    return compared


def test_a_listener_hears_each_number_once_it_can_be_read(town: Town) -> None:
    with psycopg.connect(town.url, autocommit=True) as listener:
        listener.execute("LISTEN quartier_publication")
        town.publish()
        town.published_after("UPDATE registry.offering SET name = 'Neu' WHERE slug = 'playground'")
        town.published_after("UPDATE registry.offering SET name = 'Alt' WHERE slug = 'playground'")
        heard = [n.payload for n in listener.notifies(timeout=10, stop_after=2)]
        seen = listener.execute("SELECT sequence FROM published.state").fetchone()
    assert heard == ["2", "3"]
    assert seen == (3,)


def test_a_failure_in_the_middle_leaves_all_as_it_was(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Future[None]:
        raise RuntimeError("the power went")

    before = town.contents()
    town.run("UPDATE registry.offering SET name = 'Neu' WHERE slug = 'playground'")
    with monkeypatch.context() as broken:
        broken.setattr("db.publication._finish", lambda *_, **__: fail())
        with pytest.raises(RuntimeError, match="power"):
            town.publish()
    assert town.contents() == before
    assert standing(town.url).edits_wait
    assert town.publish() == Publication(2, {"offering": 1})


EDITS: tuple[LiteralString, ...] = (
    "UPDATE registry.offering SET note = 'Geprüft' WHERE slug < 'd'",
    (
        "UPDATE registry.offering SET name = name || ' Sommerfest', valid_to = '2031-05-01' "
        "WHERE slug < 'c'"
    ),
    "UPDATE registry.site SET point = ST_Translate(point, 0.001, 0) WHERE street < 'H'",
    "UPDATE registry.site SET precision = 'exact' WHERE point IS NOT NULL",
    "UPDATE registry.site SET point = ST_Translate(point, 0.001, 0) WHERE street < 'K'",
    (
        "DELETE FROM registry.offering_term WHERE offering_id IN "
        "(SELECT id FROM registry.offering WHERE slug < 'f')"
    ),
    "UPDATE registry.organisation SET name = name || ' am Markt' WHERE slug < 'j'",
    "UPDATE registry.district SET name = name || ' (neu)' WHERE slug < 'h'",
    (
        "UPDATE registry.offering SET name = replace(name, ' Sommerfest', ''), status = 'draft' "
        "WHERE slug < 'b'"
    ),
    "UPDATE registry.measure SET status = 'draft' WHERE slug < 'm'",
)


def test_publications_of_edits_leave_what_one_from_nothing_would(demo: Town) -> None:
    """What stands beside the documents follows only from what differs: it must all the same."""
    for edit in EDITS:
        publication = demo.published_after(edit)
        assert publication.changed or publication.removed
    edited = demo.contents()
    for name in {*edited} - {"language", "restoration"}:
        demo.connection.execute(
            sql.SQL("TRUNCATE {} CASCADE").format(sql.Identifier("published", name))
        )
    demo.run("UPDATE published.state SET documents_hash = ''")
    demo.publish()
    from_nothing = demo.contents()
    assert {*from_nothing.pop("word")} <= {*edited.pop("word")}  # a stem keeps its old spellings
    assert from_nothing == edited


# --- what has ended ------------------------------------------------------------------------------


def not_ended(town: Town, day: str) -> tuple[int, int]:
    """The offerings that have not ended before a day: reckoned, and counted."""
    reckoned = town.one(
        "SELECT r.total - coalesce((SELECT sum(e.total) FROM published.ending e"
        " WHERE e.resource = r.name AND e.valid_to < %s), 0)"
        " FROM published.resource r WHERE r.name = 'offering'",
        day,
    )
    counted = town.one(
        "SELECT count(*) FROM published.offering WHERE valid_to IS NULL OR valid_to >= %s", day
    )
    return int(reckoned), counted


DAYS = ("1999-12-31", "2030-06-30", "2030-07-01", "2031-01-01", "2099-01-01")


def test_what_has_not_ended_is_reckoned_for_any_day(demo: Town) -> None:
    """Without a publication on that day, whatever publications brought, changed and removed."""
    edits: tuple[LiteralString, ...] = (
        "UPDATE registry.offering SET valid_to = '2030-06-30' WHERE slug < 'd'",
        "UPDATE registry.offering SET valid_to = '2030-12-31' WHERE slug < 'c'",
        "UPDATE registry.offering SET status = 'draft' WHERE slug < 'b'",
        "UPDATE registry.offering SET status = 'published', valid_to = NULL WHERE slug < 'b'",
        "DELETE FROM registry.offering WHERE slug < 'c'",
    )
    before = [not_ended(demo, day) for day in DAYS]
    for edit in edits:
        demo.published_after(edit)
        after = [not_ended(demo, day) for day in DAYS]
        assert all(reckoned == counted for reckoned, counted in after)
        assert after != before
        before = after


def test_a_dry_run_leaves_the_ends_as_they_are(demo: Town) -> None:
    demo.run("UPDATE registry.offering SET valid_to = '2030-06-30'")
    publish(demo.url, dry_run=True)
    assert demo.all("SELECT * FROM published.ending WHERE valid_to = '2030-06-30'") == []


def test_the_total_follows_what_comes_and_goes(demo: Town) -> None:
    edits: tuple[LiteralString, ...] = (
        "UPDATE registry.offering SET status = 'draft' WHERE slug < 'c'",
        "UPDATE registry.offering SET status = 'published', note = 'x' WHERE slug < 'm'",
        "DELETE FROM registry.offering WHERE slug < 'b'",
    )
    for edit in edits:
        demo.published_after(edit)
        for total, count in demo.all(
            "SELECT total, (SELECT count(*) FROM published.offering)"
            " FROM published.resource WHERE name = 'offering'"
        ):
            assert total == count


def test_a_withdrawn_language_takes_its_documents_along(demo: Town) -> None:
    assert demo.one("SELECT count(*) FROM published.translation WHERE lang = 'sv'") > 0
    demo.published_after("DELETE FROM registry.language WHERE code = 'sv'")
    assert demo.one("SELECT count(*) FROM published.translation WHERE lang = 'sv'") == 0
    assert demo.one("SELECT count(*) FROM published.translation WHERE lang = 'en'") > 0
