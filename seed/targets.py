"""What can be imported: for every resource the fields a mapping may fill, and where they go.

A field of the registry's own tables is found there: its kind follows from the column's type. What
links entities to terms, districts and each other, and what is a part of them, is listed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import Boolean, Column, Date, DefaultClause, Integer, Numeric, Table, Text
from sqlalchemy.types import TypeEngine

from db.codes import (
    DECISIONS,
    FEASIBILITIES,
    FLAGS,
    IMPLEMENTATIONS,
    INDICATOR_TYPES,
    LEVELS,
    METHODS,
    MOST_CLASSES,
    ORGANISATION_MODES,
    RESULTS,
    SCHEMES,
    WHEELCHAIR,
)
from db.models import (
    Base,
    CodelistTerm,
    Decision,
    District,
    Indicator,
    IndicatorTerm,
    Measure,
    MeasureDistrict,
    MeasureIndicator,
    MeasureOffering,
    MeasureTerm,
    Observation,
    Offering,
    OfferingServiceDistrict,
    OfferingSite,
    OfferingTerm,
    Organisation,
    Site,
    Statement,
    Strategy,
    StrategyTerm,
)
from db.models.base import Entity


class Kind(StrEnum):
    """What a field holds."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    EDTF = "imprecise date"
    CODE = "code"
    TERM = "term"
    REFERENCE = "reference"
    PHONE = "phone"
    EMAIL = "email"
    URL = "url"
    PLACE = "place"


@dataclass(frozen=True)
class Field:
    """A field of a resource. `codes` are all it can be; `table` is what a reference leads to.

    `bounds` are the least and the most a whole number can be.
    """

    kind: Kind = Kind.TEXT
    required: bool = False
    codes: tuple[str, ...] = ()
    codelist: str | None = None
    table: str | None = None
    many: bool = False
    default: Any = None
    bounds: tuple[int, int] | None = None


@dataclass(frozen=True)
class Link:
    """Rows that link an entity to terms of a list, or to other entities."""

    model: type[Base]
    column: str
    codelist: str | None = None
    table: str | None = None

    @property
    def field(self) -> Field:
        kind = Kind.TERM if self.codelist else Kind.REFERENCE
        return Field(kind, codelist=self.codelist, table=self.table, many=True)


@dataclass(frozen=True, eq=False)
class Target:
    """A resource that can be imported, by the name the command line knows. There is one of each."""

    name: str
    model: type[Base]
    label: str
    fields: Mapping[str, Field]
    links: Mapping[str, Link] = field(default_factory=dict)
    parts: Mapping[str, Target] = field(default_factory=dict)

    @property
    def addressed(self) -> bool:
        """Whether it has a slug of its own."""
        return issubclass(self.model, Entity)

    @cached_property
    def table(self) -> str:
        return str(self.model.__tablename__)

    @property
    def all_fields(self) -> Mapping[str, Field]:
        return {**self.fields, **{name: link.field for name, link in self.links.items()}}


_KEPT = {  # what the import decides by itself, or nobody imports
    "id", "slug", "status", "lang", "translations", "source_id", "external_key", "removal_reason",
    "merged_into_id", "created_at", "position", "raw", "breakdowns", "boundary_source_id",
}  # fmt: skip
_CODES = {
    "level": LEVELS,
    "organisation_mode": ORGANISATION_MODES,
    "intended_mode": ORGANISATION_MODES,
    "precision": ("exact", "street", "municipality"),
    "wheelchair": WHEELCHAIR,
    "type": INDICATOR_TYPES,
    "aggregation": ("sum", "ratio", "weighted_mean", "none"),
    "polarity": ("higher_is_better", "lower_is_better", "neutral"),
    "classification_method": METHODS,
    "classification_scheme": SCHEMES,
    "decision": DECISIONS,
    "feasibility": FEASIBILITIES,
    "implementation": IMPLEMENTATIONS,
    "disposition": ("standalone", "bundled_into", "superseded_by"),
    "result": RESULTS,
    "state": ("planned", "reached", "missed", "unknown"),
    "boundary_quality": ("official", "generalised", "schematic"),
}
ANY_INTEGER = (-(2**31), 2**31 - 1)
_COUNT = (0, 2**31 - 1)
_BOUNDS = {
    "age_min": (0, 150),
    "age_max": (0, 150),
    "capacity": _COUNT,
    "population": _COUNT,
    "decimals": (0, 6),
    "classification_classes": (1, MOST_CLASSES),
    "votes_yes": _COUNT,
    "votes_no": _COUNT,
    "votes_abstentions": _COUNT,
}
ORDERED = (("age_min", "age_max"), ("valid_from", "valid_to"))
"""Fields of which the first is not after the second."""

_CONTACTS = {"phone": Kind.PHONE, "email": Kind.EMAIL, "url": Kind.URL}
_TYPES: tuple[tuple[type[TypeEngine[Any]], Kind], ...] = (
    (Integer, Kind.INTEGER),
    (Numeric, Kind.NUMBER),
    (Boolean, Kind.BOOLEAN),
    (Date, Kind.DATE),
    (Text, Kind.TEXT),
)


def fields_of(model: type[Base], *without: str) -> dict[str, Field]:
    """The fields that are columns of a table."""
    table = model.__table__
    assert isinstance(table, Table)
    return dict(_fields(table, {*_KEPT, *without}))


def _fields(table: Table, without: set[str]) -> Iterator[tuple[str, Field]]:
    for column in table.columns:
        name = column.name
        bound = name.endswith(("_earliest", "_latest"))
        if name in without or bound or isinstance(column.type, Geometry):
            continue
        imprecise = f"{name}_earliest" in table.columns
        yield name.removesuffix("_id"), _field(table.name, column, imprecise=imprecise)


def _field(table: str, column: Column[object], *, imprecise: bool) -> Field:
    required = not column.nullable and column.server_default is None
    name = column.name
    if column.foreign_keys:
        (key,) = column.foreign_keys
        goal = key.column.table.name
        if goal == "codelist_term":
            return Field(Kind.TERM, required, codelist=f"{table}_{name.removesuffix('_id')}")
        return Field(Kind.REFERENCE, required, table=goal)
    if imprecise:
        return Field(Kind.EDTF, required)
    if name in _CODES and isinstance(column.type, Text):
        return Field(Kind.CODE, required, codes=tuple(_CODES[name]), default=_default(column))
    bounds = _BOUNDS.get(name, ANY_INTEGER) if isinstance(column.type, Integer) else None
    kind = _CONTACTS.get(name) or _kind(column)
    return Field(kind, required, default=_default(column), bounds=bounds)


def _default(column: Column[object]) -> Any:
    """What stands for nothing in a column that must hold something."""
    default = column.server_default
    if column.nullable or not isinstance(default, DefaultClause):
        return None
    stated = str(default.arg)
    if isinstance(column.type, Boolean):
        return stated == "true"
    return int(stated) if isinstance(column.type, Integer) else stated


def _kind(column: Column[object]) -> Kind:
    return next(kind for of, kind in _TYPES if isinstance(column.type, of))


_SITE = {
    **fields_of(Site),
    **fields_of(OfferingSite, "offering_id", "site_id"),
    "longitude": Field(Kind.PLACE),
    "latitude": Field(Kind.PLACE),
    "place": Field(Kind.PLACE),
}
_STRATEGIC = {"themes": "theme", "target_groups": "target_group"}


def _terms(model: type[Base], **codelists: str) -> dict[str, Link]:
    return {name: Link(model, "term_id", codelist=of) for name, of in codelists.items()}


OFFERINGS = Target(
    "offerings",
    Offering,
    "name",
    fields_of(Offering),
    links={
        **_terms(
            OfferingTerm,
            categories="category",
            themes="theme",
            target_groups="target_group",
            languages="language",
        ),
        "service_area": Link(OfferingServiceDistrict, "district_id", table="district"),
    },
    parts={"sites": Target("sites", Site, "name", _SITE)},
)
ORGANISATIONS = Target("organisations", Organisation, "name", fields_of(Organisation))
DISTRICTS = Target(
    "districts",
    District,
    "name",
    {
        **fields_of(District, "boundary_quality"),
        "boundary_quality": Field(Kind.CODE, codes=tuple(_CODES["boundary_quality"])),
        "scheme": Field(required=True),
        "key": Field(required=True),
        "parent": Field(),
    },
)
INDICATORS = Target(
    "indicators",
    Indicator,
    "title",
    fields_of(Indicator),
    links=_terms(IndicatorTerm, themes="theme"),
)
OBSERVATIONS = Target(
    "observations",
    Observation,
    "period",
    {
        **fields_of(Observation, "flags", "period"),
        "period": Field(Kind.EDTF, required=True),
        "flags": Field(Kind.CODE, codes=FLAGS, many=True),
        "sign": Field(),
    },
)
STRATEGIES = Target(
    "strategies",
    Strategy,
    "title",
    fields_of(Strategy),
    links=_terms(StrategyTerm, **_STRATEGIC),
)
MEASURES = Target(
    "measures",
    Measure,
    "title",
    fields_of(Measure),
    links={
        **_terms(MeasureTerm, **_STRATEGIC),
        "districts": Link(MeasureDistrict, "district_id", table="district"),
        "offerings": Link(MeasureOffering, "offering_id", table="offering"),
        "indicators": Link(MeasureIndicator, "indicator_id", table="indicator"),
    },
    parts={
        "statements": Target(
            "statements",
            Statement,
            "text",
            {
                **fields_of(Statement, "measure_id", "kind"),
                "kind": Field(
                    Kind.CODE, required=True, codes=("statement", "recommendation", "report")
                ),
            },
        ),
    },
)
VOTES = Target("decisions", Decision, "title", fields_of(Decision))
CODELISTS = Target(
    "codelists",
    CodelistTerm,
    "label",
    {
        "codelist": Field(required=True),
        "code": Field(required=True),
        "parent": Field(),
        **fields_of(CodelistTerm, "codelist_id", "parent_id", "exact_match", "code"),
        "exact_match": Field(Kind.URL, many=True),
    },
)

TARGETS: Mapping[str, Target] = {
    target.name: target
    for target in (
        OFFERINGS,
        ORGANISATIONS,
        DISTRICTS,
        CODELISTS,
        INDICATORS,
        OBSERVATIONS,
        STRATEGIES,
        MEASURES,
        VOTES,
    )
}
