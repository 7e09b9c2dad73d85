"""Observations as a cube: what is on its axes, and its cells as arrays of places on them.

One statement, made around the conditions of `/v1/observations`. PostgreSQL joins the arrays to
text, which is parsed once: of a cell there is never an object.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, LiteralString

from db import conditions, published, statements
from db.conditions import Condition
from db.queries import Source
from db.quoted import SOURCES
from db.state import STATE_TEXT, State, parse_state
from db.statements import Order, Selection, Shape

_COLUMNS = (
    "id",
    "indicator_id",
    "district_id",
    "period",
    "period_earliest",
    "period_latest",
    "breakdowns",
    "value",
    "numerator",
    "denominator",
    "flags",
    "scenario",
    "source_id",
    "updated_at",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Observations by the conditions of a list, in a language; the spoken ones for sentences.

    Beyond `most` of them nothing is told but that there are more. `with_counts`: and what each
    value was made of.
    """

    conditions: tuple[Condition, ...]
    lang: str
    spoken: Sequence[str] = ()
    most: int = 1_000_000
    boundary: date | None = None
    with_counts: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What is on the axes, each in its order, and where the cells are on them.

    `axes` are `indicators`, `districts`, `periods`, `breakdowns` and `codelists`, as JSON has them.
    `places` has an array for each of the first four and one of places in `marks`; `values` goes
    with them, and so does each array of `counts`, as `COUNTS` names them. Of two observations for a
    cell, the one to show is last.
    """

    state: State
    count: int
    axes: dict[str, list[dict[str, Any]]]
    marks: list[dict[str, Any]]
    labels: dict[str, str]
    sources: list[dict[str, Any]]
    updated: str | None
    places: list[list[int]]
    values: list[float | None]
    counts: list[list[float | None]]


COUNTS = ("numerator", "denominator", "interval_low", "interval_high")


async def read(source: Source, wanted: Wanted) -> Found:
    """The cube of all observations that match; no more than counted if there are too many."""
    return _found(await _row(source, wanted, with_cells=True))


async def outline(source: Source, wanted: Wanted) -> Found:
    """The axes of the same cube, without its cells."""
    return _found(await _row(source, wanted, with_cells=False))


async def _row(source: Source, wanted: Wanted, *, with_cells: bool) -> Any:
    selection = Selection(
        published.observation,
        wanted.conditions,
        Order("name"),
        "json",
        boundary=wanted.boundary,
    )
    statement, names = statement_of(
        selection.shape, with_cells=with_cells, with_counts=wanted.with_counts
    )
    values = selection.values()
    arguments = [
        *(values[name] for name in names),
        wanted.lang,
        list(wanted.spoken),
        wanted.most,
    ]
    async with source.query() as connection:
        cursor = await connection.execute(statement, arguments, prepare=_is_steady(wanted))
        return await cursor.fetchone()


def _is_steady(wanted: Wanted) -> bool:
    """Where indicators are named, theirs is the index to use: one plan is good for all values."""
    naming = (conditions.refers_to, conditions.refers_to_one)
    named = any(condition.builder in naming for condition in wanted.conditions)
    return named and wanted.boundary is None


def _found(row: Any) -> Found:
    state, count, axes, marks, labels, sources, updated, places, values, counts = row
    return Found(
        state=parse_state(state),
        count=count,
        axes=json.loads(axes),
        marks=json.loads(marks),
        labels=json.loads(labels),
        sources=json.loads(sources),
        updated=updated.decode() if updated else None,
        places=json.loads(places),
        values=json.loads(values),
        counts=json.loads(counts),
    )


@lru_cache(maxsize=256)
def statement_of(
    shape: Shape, *, with_cells: bool, with_counts: bool = False
) -> tuple[LiteralString, tuple[str, ...]]:
    """The SQL, and the names of the values that its conditions bind first."""
    columns = (*_COLUMNS, "made") if shape.recalculated else _COLUMNS
    matching = statements.matching(shape, columns)
    first = len(matching.names) + 1
    lang: LiteralString = f"${first}::text"
    sql = _CUBE.format(
        matching=matching.sql,
        lang=lang,
        counted=_COUNTED.format(lang=lang) if with_counts else "",
        spoken=f"${first + 1}::text[]",
        most=f"${first + 2}::integer",
        state=STATE_TEXT,
        made=", made" if shape.recalculated else "",
        sources=SOURCES.format(ids=_SOURCES_OF_PARTS if shape.recalculated else _SOURCES),
        cells=_CELLS.format(**(_COUNTS if with_counts else _NO_COUNTS))
        if with_cells
        else _NO_CELLS,
    )
    return sql, matching.names


# A cell is put where its indicator, district, period and breakdown are, each counted from 0.
_CUBE: LiteralString = """
WITH cell AS MATERIALIZED (
    SELECT id, indicator_id, district_id, period, period_earliest, period_latest, breakdowns,
           numerator, denominator,
           CASE WHEN NOT 'suppressed' = ANY (flags) THEN value END AS value, flags,
           CASE WHEN 'forecast' = ANY (flags) THEN scenario END AS scenario,
           source_id, updated_at{made}
    FROM ({matching}) AS matching LIMIT {most} + 1
), extent AS MATERIALIZED (
    SELECT count(*)::integer AS count, max(updated_at) AS updated FROM cell
), kept AS NOT MATERIALIZED (
    SELECT * FROM cell WHERE (SELECT extent.count FROM extent) <= {most}
), indicator AS MATERIALIZED (
    SELECT i.id, row_number() OVER (ORDER BY i.sort_name, i.id) - 1 AS n,
           coalesce(t.document, i.document) AS document,
           ARRAY(SELECT coalesce(s.document, i.document)::json ->> 'title'
                 FROM unnest({spoken}) WITH ORDINALITY AS l(code, n)
                 LEFT JOIN published.translation s
                   ON s.resource = 'indicator' AND s.id = i.id AND s.lang = l.code
                 ORDER BY l.n) AS spoken
    FROM published.indicator i
    LEFT JOIN published.translation t
      ON t.resource = 'indicator' AND t.id = i.id AND t.lang = {lang}
    WHERE i.id IN (SELECT indicator_id FROM kept)
), district AS MATERIALIZED (
    SELECT d.id, d.level, coalesce(t.document, d.document) AS document,
           row_number() OVER (ORDER BY d.level_position, d.sort_name, d.id) - 1 AS n
    FROM published.district d
    LEFT JOIN published.translation t
      ON t.resource = 'district' AND t.id = d.id AND t.lang = {lang}
    WHERE d.id IN (SELECT district_id FROM kept)
), period AS MATERIALIZED (
    SELECT period, min(period_earliest) AS earliest, max(period_latest) AS latest,
           row_number() OVER (ORDER BY max(period_latest) NULLS FIRST, period) - 1 AS n
    FROM kept GROUP BY period
), breakdown AS MATERIALIZED (
    SELECT breakdowns, row_number() OVER (ORDER BY breakdowns) - 1 AS n
    FROM kept GROUP BY breakdowns
), mark AS MATERIALIZED (
    SELECT flags, scenario, row_number() OVER (ORDER BY flags, scenario) - 1 AS n
    FROM kept GROUP BY flags, scenario
){cells}
SELECT {state}, extent.count,
       json_build_object(
           'indicators', coalesce((
               SELECT json_agg(json_build_object(
                   'document', i.document::json, 'spoken', i.spoken{counted}) ORDER BY i.n)
               FROM indicator i), '[]'),
           'districts', coalesce((
               SELECT json_agg(json_build_object(
                   'id', d.id, 'slug', r.slug, 'name', r.name, 'scheme', r.scheme, 'key', r.key,
                   'level', d.level, 'parent', (
                       SELECT up.n FROM published.district_ancestor a
                       JOIN district up ON up.id = a.ancestor_id
                       WHERE a.district_id = d.id AND a.depth > 0 ORDER BY a.depth LIMIT 1)
                   ) ORDER BY d.n)
               FROM district d CROSS JOIN LATERAL json_to_record(d.document::json)
                   AS r(slug text, name text, scheme text, key text)), '[]'),
           'periods', coalesce((
               SELECT json_agg(json_build_object(
                   'edtf', p.period, 'earliest', p.earliest, 'latest', p.latest) ORDER BY p.n)
               FROM period p), '[]'),
           'breakdowns', coalesce((
               SELECT json_agg(b.breakdowns::json ORDER BY b.n) FROM breakdown b), '[]'),
           'codelists', coalesce((
               SELECT json_agg(coalesce(t.document, c.document)::json)
               FROM published.codelist c
               LEFT JOIN published.translation t
                 ON t.resource = 'codelist' AND t.id = c.id AND t.lang = {lang}
               WHERE c.slug IN (SELECT json_object_keys(b.breakdowns::json) FROM breakdown b)
           ), '[]'))::text,
       coalesce((SELECT json_agg(json_build_object(
                     'flags', m.flags, 'scenario', m.scenario) ORDER BY m.n)
                 FROM mark m), '[]')::text,
       coalesce((SELECT json_object_agg(l.value, l.label) FROM published.label l
                 WHERE l.kind = 'observation_status' AND l.lang = {lang}
                   AND l.value IN (SELECT unnest(m.flags) FROM mark m)), '{{}}')::text,
       {sources},
       to_char(extent.updated, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       found.places, found.values, found.counts
FROM extent, found
"""
_SOURCES: LiteralString = "SELECT source_id FROM kept"
_SOURCES_OF_PARTS: LiteralString = f"""{_SOURCES}
UNION
SELECT jsonb_array_elements_text(kept.made -> 'source_ids')::uuid FROM kept
"""
_CELLS: LiteralString = """, found AS (
    SELECT format('[[%s],[%s],[%s],[%s],[%s]]',
                  string_agg(c.i, ','), string_agg(c.d, ','), string_agg(c.p, ','),
                  string_agg(c.b, ','), string_agg(c.m, ',')) AS places,
           format('[%s]', string_agg(c.value, ',')) AS values,
           {counts} AS counts
    FROM (SELECT indicator.n::text AS i, district.n::text AS d, period.n::text AS p,
                 breakdown.n::text AS b, mark.n::text AS m,
                 coalesce(kept.value::text, 'null') AS value{counted}
          FROM kept
          JOIN indicator ON indicator.id = kept.indicator_id
          JOIN district ON district.id = kept.district_id
          JOIN period ON period.period = kept.period
          JOIN breakdown ON breakdown.breakdowns = kept.breakdowns
          JOIN mark ON mark.flags = kept.flags
           AND mark.scenario IS NOT DISTINCT FROM kept.scenario{joined}
          ORDER BY kept.value IS NOT NULL, kept.id DESC) AS c
)"""
_NO_CELLS: LiteralString = """, found AS (
    SELECT '[[],[],[],[],[]]'::text AS places, '[]'::text AS values, '[]'::text AS counts
)"""
_NO_COUNTS: dict[str, LiteralString] = {"counts": "'[]'", "counted": "", "joined": ""}
# What is recalculated has counts of its own, and no other observation.
_COUNTS: dict[str, LiteralString] = {
    "counts": """format('[[%s],[%s],[%s],[%s]]',
                  string_agg(c.numerator, ','), string_agg(c.denominator, ','),
                  string_agg(c.low, ','), string_agg(c.high, ','))""",
    "counted": """,
                 coalesce(counts.numerator::text, kept.numerator::text, 'null') AS numerator,
                 coalesce(counts.denominator::text, kept.denominator::text, 'null') AS denominator,
                 coalesce(counts.low::text, 'null') AS low,
                 coalesce(counts.high::text, 'null') AS high""",
    "joined": """
          LEFT JOIN LATERAL published.counts_of(kept.id) AS counts ON true""",
}
_COUNTED: LiteralString = """, 'counted', (
                       SELECT json_object_agg(c.id, coalesce(t.document, c.document)::json)
                       FROM published.indicator own
                       JOIN published.indicator c ON c.id IN (own.numerator_id, own.denominator_id)
                       LEFT JOIN published.translation t
                         ON t.resource = 'indicator' AND t.id = c.id AND t.lang = {lang}
                       WHERE own.id = i.id)"""
