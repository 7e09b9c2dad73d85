"""Observations of the districts of a day: as they are where nothing changed, else recalculated.

SQL that stands in place of `published.observation`, with the same columns, so that every filter,
order and format works on it. Of districts that no reform touches it reads the table itself. What a
district is made of was written down when it was published (db/reforms.py); what is recalculated
follows from published values alone, so nothing that is hidden can follow from it.
"""

from functools import cache
from pathlib import Path
from typing import Any, LiteralString

from sqlalchemy import (
    Column,
    ColumnElement,
    Date,
    FromClause,
    Text,
    bindparam,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from db import published

BOUNDARY, LANG = "boundary", "boundary_lang"
"""The names of what is bound."""


@cache
def observations() -> FromClause:
    """The same as `published.observation`, of the day that is bound.

    A column more, `made`: what the document of a recalculated observation is written from.
    """
    statement = text(on_day(f":{BOUNDARY}")).bindparams(bindparam(BOUNDARY, type_=Date()))
    columns = published.observation.c
    return statement.columns(*columns, Column("made", JSONB)).subquery(published.observation.name)


def document(source: FromClause) -> ColumnElement[str]:
    """The document of an observation, where it was recalculated in the language that is bound."""
    lang = bindparam(LANG, type_=Text())
    return func.coalesce(func.published.remade(source.c.made, lang), source.c.document)


def sources(source: FromClause) -> ColumnElement[Any]:
    """The ids of all sources of what was recalculated, as JSON: `source_id` is that of one part."""
    return source.c.made.op("->")(literal_column("'source_ids'", Text))


def on_day(day: LiteralString) -> LiteralString:
    """A query of the columns of an observation, and `made`; `day` is SQL."""
    names = published.observation.c.keys()
    return _observations().format(
        own=", ".join(f"o.{name}" for name in names),
        made=", ".join(f"{_MADE[name]} AS {name}" for name in names),
        day=f"CAST({day} AS date)",
    )


def written_on_day(day: LiteralString, lang: LiteralString) -> LiteralString:
    """The same with all documents; `lang` is SQL."""
    names = [name for name in published.observation.c.keys() if name != "document"]
    return _WRITTEN.format(names=", ".join(names), lang=lang, observations=on_day(day))


@cache
def _observations() -> LiteralString:
    """As much our own text as if it stood here."""
    return Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")


_MADE: dict[str, LiteralString] = {
    "id": "valued.id",
    "slug": "valued.id::text",
    "sort_name": "concat_ws(' ', i.sort_name, d.sort_name, chosen.period)",
    "updated_at": "greatest(chosen.updated_at, d.updated_at)",
    "hash": "''",
    "document": "NULL",
    "geojson": "d.geojson",
    "indicator_id": "chosen.indicator_id",
    "district_id": "d.id",
    "level": "d.level",
    "period": "chosen.period",
    "period_earliest": "chosen.period_earliest",
    "period_latest": "chosen.period_latest",
    "breakdowns": "chosen.breakdowns",
    "value": "valued.value",
    "flags": "valued.flags",
    "breakdown": "chosen.breakdown",
    "district_name": "d.sort_name",
    "numerator": "valued.numerator",
    "denominator": "valued.denominator",
    "scenario": "chosen.scenario",
    "note": "NULL",
    "source_id": "chosen.source_id",
}
"""How each column of a recalculated observation is made; of its document more below."""

_WRITTEN: LiteralString = """
SELECT {names}, coalesce(published.remade(made, {lang}::text), document) AS document
FROM ({observations}) AS every
"""
