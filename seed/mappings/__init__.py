"""Mappings: small YAML files that say what the columns of a file mean.

A ready mapping is used by itself where it is the only one whose columns a file has.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pyproj import CRS
from pyproj.exceptions import CRSError

from db.codes import LEVELS
from db.models.base import SLUG

READY = Path(__file__).parent
QUALITIES = ("official", "generalised", "schematic")

# By resource: the fields a mapping may fill; True for those it must.
FIELDS: Mapping[str, Mapping[str, bool]] = {
    "districts": {
        "scheme": True,
        "key": True,
        "name": True,
        "level": True,
        "boundary_quality": True,
        "kind": False,
        "parent": False,
    },
}
# Fields that take one of a few codes.
CODES: Mapping[str, Collection[str]] = {"level": LEVELS, "boundary_quality": QUALITIES}


class MappingError(ValueError):
    """A mapping is missing, ambiguous or wrong. The message is for the person who chose it."""


class ValueRefused(ValueError):  # noqa: N818 - reads as the state it reports
    """A value that the mapping does not allow in this field."""

    def __init__(self, field: str, value: object, reason: str) -> None:
        super().__init__(f"{field}: {value!r}: {reason}")
        self.field = field
        self.value = value
        self.reason = reason


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class SourceRule(_Strict):
    """The data set the rows come from, as it is registered and attributed."""

    slug: Annotated[str, Field(pattern=SLUG)]
    title: str
    publisher: str
    license: str
    attribution: str
    url: str | None = None
    license_url: str | None = None
    retrieved: date | None = None


class FieldRule(_Strict):
    """Where the value of a field comes from: a column, or the same for every row.

    `digits` is the length of a numeric key: one lost leading zero is restored. `first` takes the
    first characters only. `values` translates; a value it does not list is refused.
    """

    column: str | None = None
    constant: str | None = None
    digits: int | None = None
    first: int | None = None
    values: dict[str, str] | None = None

    @model_validator(mode="after")
    def one_origin(self) -> Self:
        if (self.column is None) == (self.constant is None):
            raise ValueError("give either a column or a constant")
        return self

    def read(self, field: str, properties: Mapping[str, Any]) -> str | None:
        if self.constant is not None:
            return self.constant
        stated = _text(field, properties.get(self.column or ""))
        if stated is None:
            return None
        whole = self._translated(field, self._with_zero(field, stated))
        return whole[: self.first]

    def _with_zero(self, field: str, stated: str) -> str:
        if self.digits is None:
            return stated
        padded = stated.zfill(self.digits) if len(stated) == self.digits - 1 else stated
        if not (padded.isascii() and padded.isdigit() and len(padded) == self.digits):
            raise ValueRefused(field, stated, f"not a key of {self.digits} digits")
        return padded

    def _translated(self, field: str, stated: str) -> str:
        if self.values is None:
            return stated
        if stated not in self.values:
            raise ValueRefused(field, stated, "the mapping has no such value")
        return self.values[stated]


def _from_column(value: object) -> object:
    """`name: GEN` is short for `name: {column: GEN}`."""
    return {"column": value} if isinstance(value, str) else value


class ImportMapping(_Strict):
    """What the columns of a file mean."""

    resource: Literal["districts"]
    title: str
    source: SourceRule
    fields: dict[str, Annotated[FieldRule, BeforeValidator(_from_column)]]
    crs: str | None = None
    only: dict[str, list[str | int]] = {}
    recognised_by: list[str] = []

    @model_validator(mode="after")
    def fields_exist(self) -> Self:
        known = FIELDS[self.resource]
        for name in self.fields:
            if name not in known:
                raise ValueError(f"{self.resource} have no field {name!r}{_nearest(name, known)}")
        missing = [name for name, required in known.items() if required and name not in self.fields]
        if missing:
            raise ValueError(f"these fields are missing: {', '.join(missing)}")
        return self

    @model_validator(mode="after")
    def codes_exist(self) -> Self:
        for name, codes in CODES.items():
            rule = self.fields[name]
            for code in [rule.constant, *(rule.values or {}).values()]:
                if code is not None and code not in codes:
                    raise ValueError(f"{name} cannot be {code!r}{_nearest(code, codes)}")
        return self

    @model_validator(mode="after")
    def crs_exists(self) -> Self:
        try:
            CRS.from_user_input(self.crs or "OGC:CRS84")
        except CRSError as error:
            raise ValueError(f"unknown coordinate system {self.crs!r}") from error
        return self

    @property
    def columns(self) -> set[str]:
        """The columns a file of this kind has."""
        used = {rule.column for rule in self.fields.values() if rule.column is not None}
        return used | self.only.keys() | set(self.recognised_by)

    def wants(self, properties: Mapping[str, Any]) -> bool:
        return all(properties.get(column) in values for column, values in self.only.items())

    def read(self, properties: Mapping[str, Any]) -> dict[str, str | None]:
        """The fields of one row; raises ValueRefused."""
        values = {name: rule.read(name, properties) for name, rule in self.fields.items()}
        for name, required in FIELDS[self.resource].items():
            if required and values[name] is None:
                raise ValueRefused(name, None, "empty")
        for name, codes in CODES.items():
            if values[name] not in codes:
                raise ValueRefused(name, values[name], f"not one of {', '.join(codes)}")
        return values


def load(path: Path) -> ImportMapping:
    try:
        return ImportMapping.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise MappingError(f"{path.name}: {'; '.join(_explained(error))}") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MappingError(f"{path.name}: {error}") from error


def ready() -> dict[str, ImportMapping]:
    """The mappings that come with Quartier, by name."""
    return {path.stem: load(path) for path in sorted(READY.glob("*.yaml"))}


def named(name: str) -> ImportMapping:
    """A ready mapping by its name, or one's own by its path."""
    known = ready()
    if name in known:
        return known[name]
    if Path(name).suffix in {".yaml", ".yml"}:
        return load(Path(name))
    raise MappingError(f"no mapping is called {name!r}{_nearest(name, known)}")


def fitting(resource: str, columns: Collection[str]) -> ImportMapping:
    """The one ready mapping of a resource whose columns are all there."""
    known = {name: mapping for name, mapping in ready().items() if mapping.resource == resource}
    fits = [name for name, mapping in known.items() if mapping.columns <= set(columns)]
    if len(fits) == 1:
        return known[fits[0]]
    if fits:
        raise MappingError(f"several mappings fit ({', '.join(fits)}): name one")
    listed = ", ".join(sorted(columns)) or "none"
    raise MappingError(f"no ready mapping fits the columns ({listed}): name one")


def _text(field: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        stated = (value or "").strip()
        if any(ord(character) < 32 for character in stated):
            raise ValueRefused(field, stated, "has control characters")
        return stated or None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueRefused(field, value, "not a text or number")
    return f"{value:.0f}" if float(value).is_integer() else str(value)


def _nearest(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(known)}"


def _explained(error: ValidationError) -> Iterator[str]:
    for each in error.errors():
        place = ".".join(str(part) for part in each["loc"])
        message = each["msg"].removeprefix("Value error, ")
        yield f"{place}: {message}" if place else message
