"""Strategies, measures and decisions: the YAML files of the folder `strategies`.

Parts (goals, milestones, reports, …) are nested in the entry they belong to and share its source
and language. Their ids come from their position, so that a corrected title stays the same part.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from db.models import (
    Consultation,
    Decision,
    Measure,
    MeasureTerm,
    Milestone,
    Report,
    StatedTotal,
    Statement,
    Strategy,
    StrategyTerm,
    StrategyTopic,
    TopicTerm,
)
from db.registry import Row
from seed.demonstration.batches import (
    Batch,
    Ids,
    entity,
    ids,
    imprecise,
    optional,
    source_ids,
    term,
    term_links,
    texts,
)
from seed.demonstration.districts import district_ids
from seed.demonstration.organisations import organisation_ids
from seed.files import Entry, read_folder
from seed.identity import part_id

_CODELISTS = {"themes": "theme", "target_groups": "target_group"}


class _Known(NamedTuple):
    """What entries refer to by slug."""

    sources: Ids
    districts: Ids
    organisations: Ids
    strategies: Ids
    measures: Ids


class _Part(NamedTuple):
    """An entry nested in that of its owner."""

    id: UUID
    owner: UUID
    position: int
    source: UUID
    entry: Entry

    def columns(self, owner: str) -> dict[str, Any]:
        """What parts with texts have in common."""
        return {"id": self.id, owner: self.owner, **texts(self.entry)}


def strategy_batches() -> list[Batch]:
    strategies, measures, decisions = map(_entries, ("strategies", "measures", "decisions"))
    known = _Known(
        source_ids(),
        district_ids(),
        organisation_ids(),
        ids("strategy", strategies),
        ids("measure", measures),
    )
    return [
        Batch(Strategy, [_strategy(entry, known) for entry in strategies]),
        Batch(StrategyTerm, _terms("strategy", strategies, known.strategies)),
        *_topics(strategies, known),
        Batch(StatedTotal, _stated_totals(strategies, known)),
        Batch(Measure, [_measure(entry, known) for entry in measures]),
        Batch(MeasureTerm, _terms("measure", measures, known.measures)),
        Batch(Statement, _statements(measures, known)),
        Batch(Milestone, _milestones(strategies, known)),
        Batch(Consultation, _consultations(strategies, known)),
        Batch(Report, _reports(strategies, known)),
        Batch(Decision, [_decision(entry, known) for entry in decisions]),
    ]


def _entries(section: str) -> list[Entry]:
    return [entry for file in read_folder("strategies") for entry in file.get(section, [])]


def _parts(entries: Sequence[Entry], owners: Ids, section: str, known: _Known) -> list[_Part]:
    return [
        _Part(
            id=part_id(owners[owner["slug"]], section, position),
            owner=owners[owner["slug"]],
            position=position,
            source=known.sources[owner["source"]],
            entry={"lang": owner.get("lang"), **entry},
        )
        for owner in entries
        for position, entry in enumerate(owner.get(section, []))
    ]


def _terms(table: str, entries: Sequence[Entry], owners: Ids) -> list[Row]:
    return [
        link
        for entry in entries
        for section, codelist in _CODELISTS.items()
        for link in term_links(
            f"{table}_term", owners[entry["slug"]], codelist, entry.get(section, [])
        )
    ]


def _strategy(entry: Entry, known: _Known) -> Row:
    return {
        **entity("strategy", entry, known.sources),
        **imprecise("period", entry.get("period")),
        "title": entry["title"],
        "description": entry.get("description"),
        "kind_id": term("strategy_kind", entry["kind"]),
        "district_id": known.districts[entry["district"]],
        "lead_id": optional(known.organisations, entry.get("lead")),
        "url": entry.get("url"),
    }


def _topics(strategies: Sequence[Entry], known: _Known) -> list[Batch]:
    parts = _parts(strategies, known.strategies, "topics", known)
    topics = [
        {
            **part.columns("strategy_id"),
            "kind": part.entry["kind"],
            "position": part.position,
            "title": part.entry["title"],
            "description": part.entry.get("description"),
        }
        for part in parts
    ]
    themes = [
        link
        for part in parts
        for link in term_links("topic_term", part.id, "theme", part.entry.get("themes", []))
    ]
    return [Batch(StrategyTopic, topics), Batch(TopicTerm, themes)]


def _stated_totals(strategies: Sequence[Entry], known: _Known) -> list[Row]:
    return [
        {
            **part.columns("strategy_id"),
            **imprecise("as_of", part.entry["as_of"]),
            "position": part.position,
            "axis": part.entry.get("axis"),
            "code": part.entry.get("code"),
            "value": part.entry["value"],
            "statement": part.entry["statement"],
            "source_id": part.source,
        }
        for part in _parts(strategies, known.strategies, "stated_totals", known)
    ]


def _measure(entry: Entry, known: _Known) -> Row:
    return {
        **entity("measure", entry, known.sources),
        **imprecise("start", entry.get("start")),
        "strategy_id": known.strategies[entry["strategy"]],
        "title": entry["title"],
        "description": entry.get("description"),
        "lead_id": optional(known.organisations, entry.get("lead")),
        "decision": entry["decision"],
        "feasibility": "not_assessed",  # no source states the outcome for a single measure
        "implementation": entry["implementation"],
        "disposition": entry.get("disposition", "standalone"),
        "disposition_into": entry.get("disposition_into"),
    }


def _statements(measures: Sequence[Entry], known: _Known) -> list[Row]:
    return [
        {
            **part.columns("measure_id"),
            **imprecise("date", part.entry["date"]),
            "kind": part.entry["kind"],
            "position": part.position,
            "organisation_id": known.organisations[part.entry["organisation"]],
            "text": part.entry["text"],
            "source_id": part.source,
        }
        for part in _parts(measures, known.measures, "statements", known)
    ]


def _milestones(strategies: Sequence[Entry], known: _Known) -> list[Row]:
    return [
        {
            **part.columns("strategy_id"),
            **imprecise("date", part.entry.get("date")),
            "measure_id": optional(known.measures, part.entry.get("measure")),
            "position": part.position,
            "title": part.entry["title"],
            "state": part.entry["state"],
            "source_id": part.source,
        }
        for part in _parts(strategies, known.strategies, "milestones", known)
    ]


def _consultations(strategies: Sequence[Entry], known: _Known) -> list[Row]:
    return [
        {
            **part.columns("strategy_id"),
            "title": part.entry["title"],
            "description": part.entry["description"],
            "audience": part.entry["audience"],
            "opens": part.entry.get("opens"),
            "closes": part.entry.get("closes"),
            "source_id": part.source,
        }
        for part in _parts(strategies, known.strategies, "consultations", known)
    ]


def _reports(strategies: Sequence[Entry], known: _Known) -> list[Row]:
    return [
        {
            **part.columns("strategy_id"),
            **imprecise("date", part.entry.get("date")),
            **imprecise("covers", part.entry.get("covers")),
            "title": part.entry["title"],
            "description": part.entry.get("description"),
            "state": part.entry["state"],
            "source_id": part.source,
        }
        for part in _parts(strategies, known.strategies, "reports", known)
    ]


def _decision(entry: Entry, known: _Known) -> Row:
    stated = ("text", "reference", "meeting", "agenda_item", "url")
    votes = ("votes_yes", "votes_no", "votes_abstentions")
    return {
        **entity("decision", entry, known.sources),
        **imprecise("date", entry["date"]),
        **{column: entry.get(column) for column in (*stated, *votes)},
        "title": entry["title"],
        "result": entry["result"],
        "body_id": known.organisations[entry["body"]],
        "strategy_id": known.strategies[entry["strategy"]],
        "measure_id": optional(known.measures, entry.get("measure")),
        "district_id": known.districts[entry["district"]],
    }
