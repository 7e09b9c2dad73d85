"""What a data catalogue is made of: datasets with their dates, sources, places and periods.

Texts come from the published documents, in every language that somebody wrote them in; a text that
only stands in for a missing translation counts as what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

Texts = dict[str, str]
"""By language."""
MOST_PLACES = 20


@dataclass(frozen=True, slots=True)
class Place:
    """A county, or whatever else in the registry lies in nothing smaller than a state."""

    id: UUID
    slug: str
    names: Texts
    level: str
    scheme: str | None
    key: str | None
    url: str | None
    box: tuple[float, float, float, float] | None


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows come from; `rhythm`, an ISO 8601 duration, says how often they are renewed."""

    id: UUID
    title: str
    publisher: str
    url: str | None
    license: str
    license_url: str | None
    attribution: str
    retrieved: date | None
    rhythm: str | None


@dataclass(frozen=True, slots=True)
class License:
    """A term of the codelist of licences."""

    code: str
    labels: Texts
    matches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Period:
    start: date | None
    end: date | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one dataset: of a resource, a strategy, an indicator, or a theme.

    `key` is the name of a resource, the id of an entity, or the code of a theme; `places` are ids
    of places, `themes` codes of the topmost themes.
    """

    kind: str
    key: str
    slug: str
    issued: datetime
    modified: datetime
    titles: Texts = field(default_factory=dict)
    descriptions: Texts = field(default_factory=dict)
    themes: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    places: tuple[UUID, ...] = ()
    period: Period | None = None
    rows: int = 0
    cycle: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """All that one published state says of its datasets. Languages: the default first."""

    registry: UUID
    languages: tuple[str, ...]
    places: tuple[Place, ...]
    licenses: tuple[License, ...]
    cycles: Mapping[str, tuple[str, ...]]
    themes: Mapping[str, Texts]
    resources: Mapping[str, Entry]
    strategies: tuple[Entry, ...]
    indicators: tuple[Entry, ...]
    indicator_themes: Mapping[str, Entry]

    @property
    def language(self) -> str:
        return self.languages[0]


def facts(connection: psycopg.Connection[Any]) -> Facts:
    """Read everything, all of it in the transaction of the connection."""
    read = _Reading(connection)
    terms = {name: read.terms(name) for name in ("license", "theme", "update_cycle")}
    return Facts(
        registry=read.registry(),
        languages=read.languages,
        places=read.places,
        licenses=tuple(License(*term) for term in terms["license"]),
        cycles={code: matches for code, _, matches in terms["update_cycle"]},
        themes={code: labels for code, labels, _ in terms["theme"]},
        resources={entry.key: entry for entry in read.resources()},
        strategies=tuple(read.entities("strategy", _STRATEGIES)),
        indicators=tuple(read.entities("indicator", _INDICATORS)),
        indicator_themes={entry.key: entry for entry in read.themes()},
    )


class _Reading:
    """One pass over the published schema, and what its queries share."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self.languages = tuple(row["code"] for row in self._rows(_LANGUAGES)) or ("de",)
        self.places = tuple(_place(row, self.languages[0]) for row in self._rows(_PLACES))
        self._dates = {(row["kind"], row["key"]): row for row in self._rows(_DATES)}
        self._sources = self._read_sources()

    def _rows(self, query: LiteralString, **values: Any) -> list[dict[str, Any]]:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, {"most": MOST_PLACES, **values}).fetchall()

    def _read_sources(self) -> dict[tuple[str, str], tuple[Source, ...]]:
        known = {row["id"]: Source(**row) for row in self._rows(_SOURCES)}
        found: dict[tuple[str, str], tuple[Source, ...]] = {}
        for row in self._rows(_DATASET_SOURCES):
            used = found.setdefault((row["kind"], row["key"]), ())
            found[row["kind"], row["key"]] = (*used, known[row["source_id"]])
        return found

    def registry(self) -> UUID:
        found: UUID = self._rows(_REGISTRY)[0]["registry"]
        return found

    def terms(self, codelist: str) -> list[tuple[str, Texts, tuple[str, ...]]]:
        """Codes with their labels and what they are called elsewhere."""
        rows = self._rows(_TERMS, codelist=codelist, language=self.languages[0])
        labels: dict[str, Texts] = {}
        for row in rows:
            labels.setdefault(row["code"], {}).setdefault(row["lang"], row["label"])
        matches = {row["code"]: tuple(row["matches"]) for row in rows}
        return [(code, texts, matches[code]) for code, texts in labels.items()]

    def resources(self) -> Iterable[Entry]:
        places = _grouped(self._rows(_PLACES_OF_RESOURCES, places=self._place_ids()))
        periods = {row["id"]: _period(row) for row in self._rows(_PERIODS_OF_RESOURCES)}
        for row in self._rows(_RESOURCES):
            name = row["name"]
            yield Entry(
                **self._dated("resource", name),
                slug=name,
                sources=self._sources.get(("resource", name), ()),
                places=places.get(name, ()),
                period=periods.get(name),
                rows=row["total"],
            )

    def entities(self, kind: str, query: LiteralString) -> Iterable[Entry]:
        rows = self._rows(query, language=self.languages[0], places=self._place_ids())
        texts = _texts(self._rows(_TEXTS, kind=kind, language=self.languages[0]))
        for row in rows:
            titles, descriptions = texts[row["id"]]
            yield Entry(
                **self._dated(kind, str(row["id"])),
                slug=row["slug"],
                titles=titles,
                descriptions=descriptions,
                themes=tuple(row["themes"]),
                sources=self._sources.get((kind, str(row["id"])), ()),
                places=tuple(row["places"]),
                period=_period(row),
                rows=row["total"],
                cycle=row["cycle"],
            )

    def themes(self) -> Iterable[Entry]:
        for kind, key in self._dates:
            if kind == "theme":
                yield Entry(**self._dated(kind, key), slug=key)

    def _dated(self, kind: str, key: str) -> dict[str, Any]:
        row = self._dates[kind, key]
        return {"kind": kind, "key": key, "issued": row["issued"], "modified": row["modified"]}

    def _place_ids(self) -> list[UUID]:
        return [place.id for place in self.places]


def _place(row: Mapping[str, Any], language: str) -> Place:
    box = row["west"] is not None and (row["west"], row["south"], row["east"], row["north"])
    return Place(
        id=row["id"],
        slug=row["slug"],
        names={language: row["name"]} | dict(row["names"] or {}),
        level=row["level"],
        scheme=row["scheme"],
        key=row["key"],
        url=row["url"],
        box=box or None,
    )


def _period(row: Mapping[str, Any]) -> Period | None:
    return Period(row["start"], row["end"]) if row["start"] or row["end"] else None


def _grouped(rows: Sequence[Mapping[str, Any]]) -> dict[str, tuple[UUID, ...]]:
    return {row["name"]: tuple(row["places"]) for row in rows}


def _texts(rows: Sequence[Mapping[str, Any]]) -> dict[UUID, tuple[Texts, Texts]]:
    """Titles and descriptions of entities by the language they are really written in."""
    found: dict[UUID, tuple[Texts, Texts]] = {}
    for row in rows:
        titles, descriptions = found.setdefault(row["id"], ({}, {}))
        titles.setdefault(row["title_lang"], row["title"])
        if row["description"]:
            descriptions.setdefault(row["description_lang"], row["description"])
    return found


_REGISTRY: LiteralString = "SELECT registry FROM published.state"

_LANGUAGES: LiteralString = (
    "SELECT code FROM published.language ORDER BY is_default DESC, position, code"
)

_DATES: LiteralString = "SELECT kind, key, issued, modified FROM published.dataset ORDER BY 1, 2"

_SOURCES: LiteralString = """
SELECT id, title, publisher, url, license, license_url, attribution, retrieved, rhythm
FROM published.source
"""

_DATASET_SOURCES: LiteralString = """
SELECT kind, key, source_id FROM published.dataset_source d
JOIN published.source s ON s.id = d.source_id
ORDER BY kind, key, s.title, s.id
"""

_RESOURCES: LiteralString = """
SELECT r.name, r.total FROM published.resource r
JOIN published.dataset d ON d.kind = 'resource' AND d.key = r.name
WHERE r.total > 0
"""

# What lies in a country or state at most, without what has ended.
_PLACES: LiteralString = """
SELECT d.id, d.slug, d.sort_name AS name, d.level,
       d.document::json ->> 'scheme' AS scheme, d.document::json ->> 'key' AS key,
       d.document::json ->> 'url' AS url,
       (SELECT json_object_agg(t.lang, t.document::json ->> 'name') FROM published.translation t
        WHERE t.resource = 'district' AND t.id = d.id
          AND t.document::json -> 'fallback' -> 'name' IS NULL) AS names,
       ST_XMin(drawn.box) AS west, ST_YMin(drawn.box) AS south,
       ST_XMax(drawn.box) AS east, ST_YMax(drawn.box) AS north
FROM published.district d
CROSS JOIN LATERAL (
    SELECT ST_Extent(part.geometry) AS box
    FROM published.district_ancestor a JOIN published.district part ON part.id = a.district_id
    WHERE a.ancestor_id = d.id
) AS drawn
WHERE d.level NOT IN ('country', 'state')
  AND (d.valid_to IS NULL OR d.valid_to >= current_date)
  AND NOT EXISTS (SELECT FROM published.district_ancestor a
                  JOIN published.district up ON up.id = a.ancestor_id
                  WHERE a.district_id = d.id AND a.depth > 0
                    AND up.level NOT IN ('country', 'state'))
ORDER BY d.level_position, d.population DESC, d.slug
LIMIT %(most)s
"""

_TERMS: LiteralString = """
WITH list AS (
    SELECT id, %(language)s AS lang, document FROM published.codelist WHERE slug = %(codelist)s
    UNION ALL
    SELECT t.id, t.lang, t.document FROM published.translation t
    JOIN published.codelist c ON c.id = t.id
    WHERE t.resource = 'codelist' AND c.slug = %(codelist)s
)
SELECT term ->> 'code' AS code, term ->> 'label' AS label,
       coalesce(term -> 'fallback' ->> 'label', list.lang) AS lang,
       ARRAY(SELECT json_array_elements_text(term -> 'exact_match')) AS matches
FROM list
CROSS JOIN LATERAL json_array_elements(list.document::json -> 'terms')
     WITH ORDINALITY AS t(term, n)
ORDER BY list.lang <> %(language)s, list.lang, n
"""

# Every district counts where districts are listed; elsewhere those that something lies in.
_PLACES_OF_RESOURCES: LiteralString = """
SELECT name, array_agg(place ORDER BY place) AS places
FROM (
    SELECT resource AS name, place
    FROM unnest(%(places)s::uuid[]) AS place
    CROSS JOIN unnest(ARRAY['offering', 'measure']) AS resource
    WHERE EXISTS (SELECT FROM published.district_member m
                  WHERE m.resource = resource AND m.district_id = place)
    UNION ALL
    SELECT resource, place
    FROM unnest(%(places)s::uuid[]) AS place
    CROSS JOIN unnest(ARRAY['district', 'organisation', 'indicator', 'strategy', 'decision'])
        AS resource
    UNION ALL
    SELECT 'observation', place
    FROM unnest(%(places)s::uuid[]) AS place
    WHERE EXISTS (SELECT FROM published.district_ancestor a
                  JOIN published.observation o ON o.district_id = a.district_id
                  WHERE a.ancestor_id = place)
) AS found
GROUP BY name
"""

_PERIODS_OF_RESOURCES: LiteralString = """
SELECT 'observation' AS id, min(period_earliest) AS start, max(period_latest) AS end
FROM published.observation
UNION ALL
SELECT 'measure', min(starts), max(ends) FROM published.measure
UNION ALL
SELECT 'strategy', min((document::json -> 'period' ->> 'earliest')::date),
       max((document::json -> 'period' ->> 'latest')::date) FROM published.strategy
UNION ALL
SELECT 'decision', min((document::json -> 'date' ->> 'earliest')::date),
       max((document::json -> 'date' ->> 'latest')::date) FROM published.decision
"""

# The topmost themes.
_TOP: LiteralString = """
top AS (
    SELECT term ->> 'code' AS code FROM published.codelist
    CROSS JOIN LATERAL json_array_elements(document::json -> 'terms') AS term
    WHERE slug = 'theme' AND term ->> 'parent' IS NULL
)
"""

_STRATEGIES: LiteralString = f"""
WITH {_TOP}, stated AS (
    SELECT id, slug, theme, document::json AS document FROM published.strategy
)
SELECT s.id, s.slug,
       ARRAY(SELECT t.code FROM unnest(s.theme) AS t(code)
             JOIN top ON top.code = t.code ORDER BY 1) AS themes,
       ARRAY(SELECT a.ancestor_id FROM published.district_ancestor a
             WHERE a.district_id = (s.document -> 'district' ->> 'id')::uuid
               AND a.ancestor_id = ANY (%(places)s::uuid[])) AS places,
       (s.document -> 'period' ->> 'earliest')::date AS start,
       (s.document -> 'period' ->> 'latest')::date AS end,
       (SELECT count(*) FROM published.measure m WHERE m.strategy_id = s.id) AS total,
       NULL AS cycle
FROM stated s
ORDER BY s.slug
"""

_INDICATORS: LiteralString = f"""
WITH {_TOP}, observed AS (
    SELECT indicator_id AS id, min(period_earliest) AS start, max(period_latest) AS end,
           count(*) AS total, array_agg(DISTINCT district_id) AS districts
    FROM published.observation GROUP BY 1
), located AS (
    SELECT observed.id, array_agg(DISTINCT a.ancestor_id ORDER BY a.ancestor_id) AS places
    FROM observed
    CROSS JOIN unnest(observed.districts) AS d(id)
    JOIN published.district_ancestor a ON a.district_id = d.id
    WHERE a.ancestor_id = ANY (%(places)s::uuid[])
    GROUP BY 1
)
SELECT i.id, i.slug,
       ARRAY(SELECT t.code FROM unnest(i.theme) AS t(code)
             JOIN top ON top.code = t.code ORDER BY 1) AS themes,
       coalesce(located.places, '{{}}') AS places,
       observed.start, observed.end, coalesce(observed.total, 0) AS total,
       i.document::json -> 'update_cycle' ->> 'code' AS cycle
FROM published.indicator i
LEFT JOIN observed ON observed.id = i.id
LEFT JOIN located ON located.id = i.id
ORDER BY i.slug
"""

_TEXTS: LiteralString = """
SELECT id, document ->> 'title' AS title, document ->> 'description' AS description,
       coalesce(document -> 'fallback' ->> 'title', lang) AS title_lang,
       coalesce(document -> 'fallback' ->> 'description', lang) AS description_lang
FROM (
    SELECT id, %(language)s AS lang, document::json AS document FROM published.strategy
    WHERE %(kind)s = 'strategy'
    UNION ALL
    SELECT id, %(language)s, document::json FROM published.indicator WHERE %(kind)s = 'indicator'
    UNION ALL
    SELECT id, lang, document::json FROM published.translation WHERE resource = %(kind)s
) AS stated
ORDER BY id, lang <> %(language)s, lang
"""
