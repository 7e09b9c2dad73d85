"""What observations that a filter selects are, taken together."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from db import totals
from db.queries import Source
from db.quoted import SOURCES
from db.state import State, parse_state
from db.statements import Selection

LANGUAGES = ["de", "en"]


@dataclass(frozen=True, slots=True)
class Extent:
    """How many observations, how many of them show or hide a value, of how many indicators and
    districts, from when to when.
    """

    count: int
    hidden: int
    stated: int
    indicators: int
    districts: int
    first: str | None
    last: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    """`names`: by language what the indicator (`title`) and the district are called, if there is
    only one. `indicator`: the document of the only one.
    """

    state: State
    extent: Extent
    names: Mapping[str, Mapping[str, Any]]
    sources: list[dict[str, Any]]
    indicator: dict[str, Any] | None


async def summary(source: Source, selection: Selection) -> Summary:
    """One pass over what is selected, and one look at what it belongs to."""
    statement = totals.summary(selection.shape)
    async with source.query() as connection:
        cursor = await connection.execute(statement.sql, statement.arguments(selection.values()))
        row = await cursor.fetchone()
        assert row is not None  # an aggregate
        state, count, hidden, stated, first, last, indicators, districts, sources, parts = row
        sources += [UUID(each) for part in json.loads(parts or "[]") for each in part or ()]
        only = [ids[0] if len(ids) == 1 else None for ids in (indicators, districts)]
        cursor = await connection.execute(_NAMES, [*only, sources, LANGUAGES])
        named = await cursor.fetchone()
        assert named is not None  # so is this
    extent = Extent(
        count=count,
        hidden=hidden,
        stated=stated,
        indicators=len(indicators),
        districts=len(districts),
        first=first.decode() if first else None,
        last=last.decode() if last else None,
    )
    return Summary(
        state=parse_state(state),
        extent=extent,
        names=json.loads(named[0]),
        sources=json.loads(named[1]),
        indicator=json.loads(named[2]) if named[2] else None,
    )


_NAMES: LiteralString = f"""
SELECT (SELECT json_object_agg(l.code, json_build_object(
            'title', (SELECT coalesce(t.document, i.document)::json ->> 'title'
                      FROM published.indicator i
                      LEFT JOIN published.translation t
                        ON (t.resource, t.id, t.lang) = ('indicator', i.id, l.code)
                      WHERE i.id = $1::uuid),
            'district', (SELECT coalesce(t.document, d.document)::json ->> 'name'
                         FROM published.district d
                         LEFT JOIN published.translation t
                           ON (t.resource, t.id, t.lang) = ('district', d.id, l.code)
                         WHERE d.id = $2::uuid)))::text
        FROM unnest($4::text[]) AS l(code)),
       {SOURCES.format(ids="SELECT unnest($3::uuid[])")},
       (SELECT document FROM published.indicator WHERE id = $1::uuid)
"""
