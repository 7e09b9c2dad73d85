"""The sheets of a resource and their columns: what staff see, may edit, and where it is read.

An entity is a row of the sheet of its resource. Its parts (the sites of an offering, the statements
about a measure) are rows of a second sheet and name their owner: there is no limit to their number,
each row has an identity of its own, and sorting one sheet cannot mix up the other. Columns such as
`site_1_street` would hold as many parts as somebody foresaw, and swap sites where one is removed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from sqlalchemy import Table

from db.exports import Coordinate, Decided, Name, Names, Plain, Reading, Translation, Value
from db.models import Base, Observation, Offering, OfferingSite
from seed.targets import TARGETS, Field, Kind, Target

ID = "id"
CHECKSUM = "checksum"
REMOVE = "remove"
SOURCE = "source"
EXTERNAL_KEY = "external_key"
BREAKDOWNS = "breakdowns"
PRIVATE = ("internal_note", "raw")
NOT_FOR_PUBLICATION = "not_for_publication"
COORDINATES = ("longitude", "latitude")
SEPARATOR = "; "

_NOT_IN_SHEETS = {"place", "sign", "site_key"}  # other ways to say what other columns say
_DECIDED_ELSEWHERE = {"boundary_quality"}  # by the import of boundaries
_KEYS = {  # what a row is known by: stated once, for a new row
    "observations": ("indicator", "district", "period"),
    "codelists": ("codelist", "code"),
}
AT_SITE = ("opening_hours", "opening_note")  # what differs between offerings of one site
_LISTS = {
    "type": "indicator_type",
    "intended_mode": "organisation_mode",
    "flags": "observation_status",
}

TRANSLATED: Mapping[str, tuple[str, ...]] = {
    "offering": (
        "name",
        "description",
        "intended_mode_reason",
        "cost",
        "eligibility",
        "application",
        "accessibility",
        "note",
    ),
    "site": ("name", "accessibility", "note"),
    "organisation": ("name", "description", "note"),
    "district": ("name", "description", "note"),
    "codelist_term": ("label", "definition"),
    "indicator": ("title", "description", "unit", "unit_long", "interpretation", "method", "note"),
    "strategy": ("title", "description", "note"),
    "measure": ("title", "description", "disposition_into", "note"),
    "statement": ("text",),
    "decision": ("title", "text", "note"),
}
"""The texts that documents show in every language, by table."""


class Role(StrEnum):
    """What a column is for. Fields are edited; the origin is stated once, in a new row."""

    IDENTITY = "identity"
    CHECKSUM = "checksum"
    INFORMATION = "information"
    ORIGIN = "origin"
    FIELD = "field"
    REMOVAL = "removal"


@dataclass(frozen=True)
class Column:
    """A column of a sheet. `value` is where it is read; what is not read is empty at first."""

    name: str
    role: Role
    field: Field = field(default_factory=Field)
    value: Value | None = None

    @property
    def plain(self) -> str:
        """The field it holds, in whichever language."""
        return self.name.partition("@")[0]

    @property
    def codelist(self) -> str | None:
        """The list its codes and their labels are in."""
        if self.field.kind is Kind.CODE:
            return _LISTS.get(self.name, self.name)
        return self.name if self.name == "update_cycle" else self.field.codelist


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook, or a CSV file: the entities of a resource, or parts of them."""

    name: str
    target: Target
    columns: tuple[Column, ...]
    reading: Reading

    @property
    def fields(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.role is Role.FIELD)

    @property
    def checksum(self) -> int:
        """The position of the checksum among the columns."""
        return next(n for n, each in enumerate(self.columns) if each.role is Role.CHECKSUM)

    @property
    def first(self) -> int:
        """How many columns stay in sight when one moves to the right: those that say who it is."""
        names = [column.name for column in self.columns]
        keys = _KEYS.get(self.name, ())
        return names.index(keys[-1] if keys else self.target.label) + 1

    @property
    def owner(self) -> str | None:
        """The column that names the owner of a part."""
        owner = self.reading.owner
        return None if owner is None else str(owner.__tablename__)


def sheets(
    resource: str, languages: Sequence[str], *, private: bool = False, unsuppressed: bool = False
) -> tuple[Sheet, ...]:
    """The sheet of a resource, then one for each of its parts.

    `unsuppressed`: what was decided about each observation stands beside it.
    """
    target = TARGETS[resource]
    parts = (
        _part_sheet(target, name, part, languages, private=private)
        for name, part in target.parts.items()
    )
    entities = _entity_sheet(target, languages, private=private)
    is_marked = unsuppressed and target.model is Observation
    return (_marked(entities) if is_marked else entities, *parts)


def _entity_sheet(target: Target, languages: Sequence[str], *, private: bool) -> Sheet:
    model, table = target.model, _table(target.model)
    identity = Column(ID, Role.IDENTITY, value=Plain(model, "id"))
    columns = (
        identity,
        Column(CHECKSUM, Role.CHECKSUM),
        *_fields(target, model, private=private),
        *_translations(model, languages),
        *_information(model, table, private=private),
    )
    reading = Reading(model, _values(columns), (*_order(target), Plain(model, "id")))
    return Sheet(target.name, target, columns, reading)


def _marked(sheet: Sheet) -> Sheet:
    """With the decisions in the first column that is seen."""
    decided = Column(NOT_FOR_PUBLICATION, Role.INFORMATION, value=Decided(sheet.reading.model))
    at = sheet.checksum + 1
    columns = (*sheet.columns[:at], decided, *sheet.columns[at:])
    return replace(sheet, columns=columns, reading=replace(sheet.reading, values=_values(columns)))


def _part_sheet(
    owner: Target, name: str, part: Target, languages: Sequence[str], *, private: bool
) -> Sheet:
    model, through = part.model, OfferingSite if owner.model is Offering else None
    columns = (
        Column(owner.table, Role.IDENTITY, value=Plain(owner.model, "id")),
        Column(ID, Role.IDENTITY, value=Plain(model, "id")),
        Column(CHECKSUM, Role.CHECKSUM),
        Column(
            f"{owner.table}_{owner.label}",
            Role.INFORMATION,
            value=Plain(owner.model, owner.label),
        ),
        *_fields(part, model, private=private),
        *_translations(model, languages),
        Column(REMOVE, Role.REMOVAL, Field(Kind.BOOLEAN)),
        Column("lang", Role.INFORMATION, value=Plain(model, "lang")),
    )
    order = (*_order(owner), Plain(owner.model, "id"), Plain(through or model, "position"))
    reading = Reading(model, _values(columns), (*order, Plain(model, "id")), owner.model, through)
    return Sheet(name, part, columns, reading)


def _values(columns: Sequence[Column]) -> tuple[Value, ...]:
    return tuple(column.value for column in columns if column.value is not None)


def _fields(target: Target, model: type[Base], *, private: bool) -> Iterator[Column]:
    """What people look for comes first: the key or the label."""
    keys = _KEYS.get(target.name, ())
    for name in dict.fromkeys([*keys, target.label, *target.all_fields]):
        if name in _NOT_IN_SHEETS or (name in PRIVATE and not private):
            continue
        elsewhere = Role.INFORMATION if name in _DECIDED_ELSEWHERE else Role.FIELD
        role = Role.ORIGIN if name in keys else elsewhere
        stated = Field(Kind.NUMBER) if name in COORDINATES else target.all_fields[name]
        yield Column(name, role, stated, _value(target, model, name))


def _value(target: Target, model: type[Base], name: str) -> Value:
    if link := target.links.get(name):
        return Names(model, link.model, link.column, link.codelist)
    if name in AT_SITE:
        return Plain(OfferingSite, name)
    if name in COORDINATES:
        return Coordinate(model, "X" if name == "longitude" else "Y")
    key = f"{name}_id"
    return Name(model, key) if key in _table(model).columns else Plain(model, name)


def _translations(model: type[Base], languages: Sequence[str]) -> Iterator[Column]:
    for language in languages:
        for name in TRANSLATED.get(str(model.__tablename__), ()):
            value = Translation(model, name, language)
            yield Column(f"{name}@{language}", Role.FIELD, Field(), value)


def _information(model: type[Base], table: Table, *, private: bool) -> Iterator[Column]:
    """What a row says of itself, to be read and not edited."""
    if "source_id" in table.columns:
        yield Column(SOURCE, Role.ORIGIN, value=Name(model, "source_id"))
    if EXTERNAL_KEY in table.columns:
        yield Column(EXTERNAL_KEY, Role.ORIGIN, value=Plain(model, EXTERNAL_KEY))
    if BREAKDOWNS in table.columns:
        yield Column(BREAKDOWNS, Role.ORIGIN, value=Plain(model, BREAKDOWNS))
    for name in ("slug", "status", "lang"):
        if name in table.columns:
            yield Column(name, Role.INFORMATION, value=Plain(model, name))
    if private and "raw" in table.columns:
        yield Column("raw", Role.INFORMATION, Field(Kind.BOOLEAN), Plain(model, "raw"))


def _order(target: Target) -> tuple[Value, ...]:
    model = target.model
    if target.name == "codelists":
        return (Name(model, "codelist_id"), Plain(model, "position"), Plain(model, "code"))
    if target.name == "observations":
        keys = Name(model, "indicator_id"), Name(model, "district_id")
        return (*keys, Plain(model, "period"))
    return (Plain(model, target.label),)


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table
