"""What a mapping may say. A wrong one is refused as a whole, with every place that is wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from itertools import islice
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pyproj import CRS
from pyproj.exceptions import CRSError

from db.models.base import SLUG
from db.models.provenance import RHYTHM
from seed.mappings.rules import Convention, FieldRule, Rule, Strict, columns_of, look_up
from seed.readers import Hints, Table
from seed.targets import TARGETS, Kind, Target
from seed.targets import Field as TargetField

SAMPLE = 500  # rows that are looked at to recognise a file
_TYPES = {"str", "int", "float", "bool"}  # as Pydantic calls the branches of a union
ABOVE = "^."  # before the columns of what is around a record, or above it in a tree
LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{1,8})*$"


def _duration(stated: str) -> str:
    if not re.match(RHYTHM, stated):
        raise ValueError(f"{stated!r} is no duration, such as P1M or P1Y (ISO 8601)")
    return stated


class SourceRule(Strict):
    """The data set the rows come from, as it is registered and attributed."""

    slug: Annotated[str, Field(pattern=SLUG)]
    title: str
    publisher: str
    license: str
    attribution: str
    url: str | None = None
    license_url: str | None = None
    retrieved: date | None = None
    rhythm: Annotated[str, AfterValidator(_duration)] | None = None


class FileRule(Strict):
    """How to read the file, where that is not found out by itself."""

    format: str | None = None
    encoding: str | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    header_rows: Annotated[int, Field(ge=1, le=10)] = 1
    skip_rows: Annotated[int, Field(ge=0, le=1000)] = 0
    table: str | None = None
    records: str | None = None

    @property
    def hints(self) -> Hints:
        return Hints(**self.model_dump())


class Unpivot(Strict):
    """Columns that are values of a field: each becomes a row of its own.

    `columns` is a pattern of their names; its group (or the whole name) becomes the new column
    `into`, the cell the new column `value`. Rows whose cell is empty are left out.
    """

    columns: str
    into: str = "column"
    value: str = "value"

    @model_validator(mode="after")
    def is_pattern(self) -> Self:
        try:
            re.compile(self.columns)
        except re.error as error:
            raise ValueError(f"columns is no pattern: {error}") from error
        return self


class Tree(Strict):
    """Rows that are children of other rows, which are found in the parent's column `children`.

    A child has the columns of its parent under `^.`.
    """

    id: str
    parent: str


class OriginRule(Strict):
    """Where a row says it is from: whom to name, and under which licence it may be used.

    Each pair of them is a source of its own; what says nothing is from `source`.
    """

    attribution: Rule
    license: Rule
    license_url: Rule | None = None

    @property
    def rules(self) -> list[FieldRule]:
        return [self.attribution, self.license, *([self.license_url] if self.license_url else [])]


class PartRule(Strict):
    """What is a part of an entity, such as its sites: from a list in its record, or from the row.

    `only` takes some of the records, as in the mapping itself.
    """

    records: str | None = None
    key: Rule | None = None
    fields: dict[str, Rule]
    only: dict[str, list[str | int] | str] = Field(default_factory=dict)

    @property
    def columns(self) -> set[str]:
        """The columns of the row it needs."""
        return set() if self.records else columns_of(self.rules)

    @property
    def rules(self) -> list[FieldRule]:
        return [*self.fields.values(), *([self.key] if self.key else [])]


class IndicatorRule(Strict):
    """An indicator that observations are of, registered where it is not yet."""

    slug: Annotated[str, Field(pattern=SLUG)]
    title: str
    unit: str
    type: Literal["count", "rate", "index", "median"]
    aggregation: Literal["sum", "ratio", "weighted_mean", "none"]
    decimals: Annotated[int, Field(ge=0, le=6)] = 0
    description: str | None = None
    unit_long: str | None = None
    polarity: Literal["higher_is_better", "lower_is_better", "neutral"] | None = None
    method: str | None = None


class ImportMapping(Strict):
    """What the columns of a file mean."""

    resource: str
    title: str
    source: SourceRule
    file: FileRule = FileRule()
    crs: str | None = None
    key: Rule | None = None
    keeps_ids: bool = False
    origin: OriginRule | None = None
    after: tuple[str, ...] = ()
    fields: dict[str, Rule]
    parts: dict[str, PartRule] = Field(default_factory=dict)
    only_new: bool = False
    indicators: tuple[IndicatorRule, ...] = ()
    breakdowns: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Rule] = Field(
        default_factory=dict
    )
    raw: bool = False
    conventions: Convention = Convention()
    only: dict[str, list[str | int] | str] = Field(default_factory=dict)
    unpivot: Unpivot | None = None
    tree: Tree | None = None
    snapshot: bool = False
    only_known_parents: bool = False
    within: str | None = None
    status: Literal["draft", "published"] = "published"
    lang: Annotated[str, Field(pattern=LANGUAGE)] = "de"
    drop: tuple[str, ...] = ()
    recognised_by: tuple[str, ...] = ()
    recognised_values: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    @property
    def target(self) -> Target:
        return TARGETS[self.resource]

    @model_validator(mode="after")
    def resource_exists(self) -> Self:
        if self.resource not in TARGETS:
            raise ValueError(f"there are no {self.resource!r}{nearest(self.resource, TARGETS)}")
        return self

    @model_validator(mode="after")
    def fields_exist(self) -> Self:
        if self.resource in TARGETS:
            _check(self.target, self.fields, self.parts)
            for name, part in self.parts.items():
                _check(self.target.parts[name], part.fields, {})
        return self

    @model_validator(mode="after")
    def single_where_it_must_be(self) -> Self:
        for name, rule in {"key": self.key, **self.breakdowns}.items():
            if rule is not None:
                _check_single(name, rule)
        return self

    @model_validator(mode="after")
    def rows_have_keys(self) -> Self:
        keyed = self.resource in ("observations", "districts", "codelists")
        if self.key is None and not keyed:
            raise ValueError("key is missing: what tells a row from the others, also next year")
        return self

    @model_validator(mode="after")
    def crs_exists(self) -> Self:
        try:
            CRS.from_user_input(self.crs or "OGC:CRS84")
        except CRSError as error:
            raise ValueError(f"unknown coordinate system {self.crs!r}") from error
        return self

    @model_validator(mode="after")
    def patterns_compile(self) -> Self:
        filters = [self.only, *(part.only for part in self.parts.values())]
        for only in filters:
            for column, rule in only.items():
                if isinstance(rule, str):
                    _compiled(column, rule)
        return self

    @property
    def columns(self) -> set[str]:
        """The columns a file of this kind has."""
        origin = self.origin.rules if self.origin else []
        rules = [*self.fields.values(), *self.breakdowns.values(), *origin]
        used = (
            columns_of([*rules, *([self.key] if self.key else [])])
            | set(self.only)
            | set(self.recognised_by)
        )
        for part in self.parts.values():
            used |= part.columns
        if self.unpivot:
            used -= {self.unpivot.into, self.unpivot.value}
        if self.tree:
            used = {column for column in used if not column.startswith(ABOVE)}
            used |= {self.tree.id, self.tree.parent}
        return {column for column in used if "[" not in column}


def recognises(mapping: ImportMapping, table: Table) -> bool:
    """Whether a table has the mapping's columns and, where it names some, one of their values."""
    if not mapping.columns <= set(table.columns):
        return False
    if not mapping.recognised_values:
        return True
    return any(
        str(record.properties.get(column)) in values
        for record in islice(table.records(), SAMPLE)
        for column, values in mapping.recognised_values.items()
    )


def wanted(rule: Mapping[str, list[str | int] | str], properties: Mapping[str, Any]) -> bool:
    """Whether a record is among those that are taken: by listed values, or by a pattern."""
    for column, allowed in rule.items():
        value = look_up(properties, column)
        if isinstance(allowed, str):
            if not re.search(allowed, "" if value is None else str(value)):
                return False
        elif value not in allowed and str(value) not in map(str, allowed):
            return False
    return True


def _compiled(column: str, pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"only.{column} is no pattern: {error}") from error


def _check(target: Target, fields: Mapping[str, FieldRule], parts: Mapping[str, PartRule]) -> None:
    known = target.all_fields
    for name, rule in fields.items():
        plain, _, language = name.partition("@")
        if plain not in known and not (plain == "slug" and target.addressed):
            raise ValueError(f"{target.name} have no field {name!r}{nearest(name, known)}")
        if language and (plain not in known or known[plain].kind is not Kind.TEXT):
            raise ValueError(f"{name}: only texts have translations")
        if "@" in name and not re.fullmatch(LANGUAGE, language):
            raise ValueError(f"{name}: {language!r} is no language, such as en or de-x-ls")
        _check_codes(name, rule, known.get(plain))
    missing = [name for name, each in known.items() if each.required and name not in fields]
    if missing:
        raise ValueError(f"these fields are missing: {', '.join(missing)}")
    for name in parts:
        if name not in target.parts:
            raise ValueError(f"{target.name} have no part {name!r}{nearest(name, target.parts)}")


def _check_codes(name: str, rule: FieldRule, stated: TargetField | None) -> None:
    if stated is None or not stated.many:
        _check_single(name, rule)
    if stated is None or not stated.codes:
        return
    for code in rule.given:
        if code not in stated.codes:
            raise ValueError(f"{name} cannot be {code!r}{nearest(str(code), stated.codes)}")


def _check_single(name: str, rule: FieldRule) -> None:
    for key, value in (rule.values or {}).items():
        if isinstance(value, tuple):
            raise ValueError(f"{name} holds one value, not several as {key!r} would give it")


def nearest(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(known)}"


def explained(errors: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What is wrong, a line a place: of a value that may be of several types, as of the first."""
    told: dict[str, str] = {}
    for each in errors:
        place = ".".join(str(part) for part in each["loc"] if not _is_type(part))
        told.setdefault(place, str(each["msg"]).removeprefix("Value error, "))
    for place, message in told.items():
        yield f"{place}: {message}" if place else message


def _is_type(part: object) -> bool:
    return isinstance(part, str) and (part in _TYPES or "[" in part)
