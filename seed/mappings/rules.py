"""Field rules: where the value of a field comes from, and what is done to it on the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import cache, cached_property
from typing import Annotated, Any, Literal, Self

import jsonpath
from jsonpath import JSONPathError
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from seed import numbers
from seed.dates import DateConvention
from seed.mappings.patterns import TooLong, replaced, replacement

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_CONTROL = re.compile(r"[\x00-\x1f]")
_SEVERAL = (list, tuple)


class ValueRefused(ValueError):  # noqa: N818 - reads as the state it reports
    """A value that the mapping does not allow in this field."""

    def __init__(self, field: str, value: object, reason: str) -> None:
        super().__init__(f"{field}: {value!r}: {reason}")
        self.field = field
        self.value = value
        self.reason = reason


def _with_text_keys(values: object) -> object:
    """YAML reads the key 1 as a number: a column may well hold it as text."""
    if not isinstance(values, Mapping):
        return values
    if any(isinstance(key, bool) for key in values):
        raise ValueError("YAML reads yes, no, on, off, true and false as truth values: quote them")
    return {str(key): value for key, value in values.items()}


class Strict(BaseModel):
    """Refuses keys it does not know. Blanks stay: one may be what separates, or what joins."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Convention(Strict):
    """How a file writes numbers, dates and truth, and what it writes for nothing.

    `official`: signs in place of numbers mean what they mean in official statistics. `latest_year`
    allows years of two digits: it is the last one they can mean.
    """

    decimal: Literal[",", "."] = "."
    thousands: Literal[",", ".", " ", "'", ""] = ""
    units: tuple[str, ...] = ()
    official: bool = False
    dates: tuple[str, ...] = ()
    latest_year: int | None = None
    excel_serials: bool = False
    empty: tuple[str, ...] = ()
    true: tuple[str, ...] = ()
    false: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def has_words_for_keys(cls, stated: object) -> object:
        """YAML reads the keys `true` and `false` as truth values."""
        if not isinstance(stated, Mapping):
            return stated
        return {
            str(key).lower() if isinstance(key, bool) else key: of for key, of in stated.items()
        }

    @model_validator(mode="after")
    def is_consistent(self) -> Self:
        _ = self.of_numbers, self.of_dates
        return self

    @cached_property
    def of_numbers(self) -> numbers.Convention:
        return numbers.Convention(self.decimal, self.thousands, self.units, self.official)

    @cached_property
    def of_dates(self) -> DateConvention:
        return DateConvention(self.dates, self.latest_year, self.excel_serials)

    @cached_property
    def of_truth(self) -> Mapping[str, bool]:
        return dict.fromkeys(self.true, True) | dict.fromkeys(self.false, False)


class FieldRule(Strict):
    """Where the value of a field comes from: a column, several, a template, or a constant.

    What happens to it, in this order: `separator` splits into several, which then go on alone;
    `empty` values are none; `replace` puts texts in the place of patterns; `digits` restores the
    lost leading zeros of a key of that length; `first` takes the first characters; `match` takes
    the group of a pattern (no match: none); `values` translates, into several where the field holds
    several, and `otherwise` says what becomes of a value that it does not list; `scale` multiplies
    a number; `default` is the value where nothing is left.
    """

    column: str | None = None
    columns: tuple[str, ...] = ()
    either: tuple[str, ...] = ()
    join: str = " "
    template: str | None = None
    constant: str | int | float | bool | None = None
    empty: tuple[str, ...] = ()
    digits: Annotated[int, Field(gt=0)] | None = None
    first: Annotated[int, Field(gt=0)] | None = None
    match: str | None = None
    separator: Annotated[str, Field(min_length=1)] | None = None
    replace: dict[str, str] = Field(default_factory=dict)
    values: (
        Annotated[dict[str, str | tuple[str, ...] | None], BeforeValidator(_with_text_keys)] | None
    ) = None
    otherwise: Literal["refuse", "keep", "empty"] = "refuse"
    scale: Decimal | None = None
    default: str | int | float | bool | None = None
    dates: tuple[str, ...] = ()
    personal: bool = False

    @model_validator(mode="after")
    def one_origin(self) -> Self:
        origins = (self.column, self.template, self.constant, self.columns or self.either or None)
        if sum(origin is not None for origin in origins) != 1 or (self.columns and self.either):
            raise ValueError("give one of column, columns, either, template and constant")
        if self.constant is not None and self.default is not None:
            raise ValueError("a constant is there in every row: it needs no default")
        return self

    @model_validator(mode="after")
    def patterns_compile(self) -> Self:
        if self.match is not None:
            _one_group(self.match)
        for pattern, text in self.replace.items():
            replacement(pattern, text)
        for column in self.used:
            _path(column)
        return self

    @property
    def used(self) -> tuple[str, ...]:
        """The columns it reads."""
        if self.template is not None:
            return tuple(_PLACEHOLDER.findall(self.template))
        return (self.column,) if self.column is not None else self.columns or self.either

    @property
    def given(self) -> tuple[str | int | float | bool, ...]:
        """What the rule itself says the field can be: whatever the file holds."""
        found: list[str | int | float | bool | None] = [self.constant, self.default]
        for each in (self.values or {}).values():
            found.extend(each if isinstance(each, tuple) else (each,))
        return tuple(each for each in found if each is not None)

    def read(
        self,
        field: str,
        properties: Mapping[str, Any],
        empty: Sequence[str] = (),
        *,
        refused: Callable[[ValueRefused], None] | None = None,
    ) -> Any:
        """The value: None, one, or (of a list or with a separator) a tuple; raises ValueRefused.

        Of several only the refused one is lost, if somebody is there to be told.
        """
        found = self._found(field, properties, empty, refused)
        if self.default is not None and (found is None or found == ()):
            return self.default
        return found

    def unmatched(self, properties: Mapping[str, Any], empty: Sequence[str] = ()) -> list[str]:
        """The values in which `match` finds nothing, so that they are lost without a word."""
        if self.match is None:
            return []
        stated = self._stated(properties, empty)
        if self.separator is not None and stated is not None and not isinstance(stated, list):
            stated = str(stated).split(self.separator)
        several = stated if isinstance(stated, list) else [stated]
        texts = [written(self._before_match(each, empty)) for each in several]
        return [text for text in texts if text and self._matched("", text) is None]

    def _before_match(self, stated: Any, empty: Sequence[str]) -> Any:
        """The value as `match` meets it; None where there is none, or it is refused before."""
        with suppress(ValueRefused):
            value = tidy("", stated)
            if value is not None and self._says_nothing(value, empty):
                return None
            for step in self._steps:
                if value is None or step == self._matched:
                    return value
                value = step("", value)
        return None

    def _found(
        self,
        field: str,
        properties: Mapping[str, Any],
        empty: Sequence[str],
        refused: Callable[[ValueRefused], None] | None,
    ) -> Any:
        stated = self._stated(properties, empty)
        if isinstance(stated, list | tuple):
            return tuple(self._each(field, stated, empty, refused))
        if self.separator is not None and stated is not None:
            return tuple(self._each(field, str(stated).split(self.separator), empty, refused))
        return self._worked(field, stated, empty)

    def _each(
        self,
        field: str,
        stated: Sequence[Any],
        empty: Sequence[str],
        refused: Callable[[ValueRefused], None] | None,
    ) -> Iterator[Any]:
        for one in stated:
            try:
                value = self._worked(field, one, empty)
            except ValueRefused as reason:
                if refused is None:
                    raise
                refused(reason)
            else:
                if isinstance(value, tuple):
                    yield from value
                elif value is not None:
                    yield value

    def _stated(self, properties: Mapping[str, Any], empty: Sequence[str]) -> Any:
        if self.constant is not None:
            return self.constant
        if self.column is not None:
            return look_up(properties, self.column)
        if self.template is not None:
            return self._filled(self.template, properties)
        if self.either:
            return self._first(properties, empty)
        found = [written(look_up(properties, column)) for column in self.columns]
        return self.join.join(text for text in found if text) or None

    def _first(self, properties: Mapping[str, Any], empty: Sequence[str]) -> Any:
        for column in self.either:
            stated = look_up(properties, column)
            if written(stated) and not self._says_nothing(stated, empty):
                return stated
        return None

    def _filled(self, template: str, properties: Mapping[str, Any]) -> str | None:
        """Nothing, where any placeholder has nothing: half a template is no value."""
        found = {name: written(look_up(properties, name)) for name in self.used}
        if not all(found.values()):
            return None
        return _PLACEHOLDER.sub(lambda match: found[match[1]], template)

    def _worked(self, field: str, stated: Any, empty: Sequence[str]) -> Any:
        value = tidy(field, stated)
        if value is None or self._says_nothing(value, empty):
            return None
        for step in self._steps:
            value = step(field, value)
            if value is None:
                return None
        return value

    def _says_nothing(self, value: Any, empty: Sequence[str]) -> bool:
        if not self.empty and not empty:
            return False
        text = written(value)
        return text in empty or text in self.empty

    @cached_property
    def _steps(self) -> tuple[Callable[[str, Any], Any], ...]:
        """What is done to a value, in this order; most rules do nothing."""
        steps = {
            self._replaced: self.replace or None,
            self._with_zeros: self.digits,
            self._shortened: self.first,
            self._matched: self.match,
            self._translated: self.values,
        }
        return tuple(step for step, stated in steps.items() if stated is not None)

    def _replaced(self, field: str, value: Any) -> str | None:
        text = written(value)
        try:
            return replaced(text, self.replace).strip() or None
        except TooLong as reason:
            raise ValueRefused(field, text, str(reason)) from reason

    def _shortened(self, _: str, value: Any) -> str:
        return written(value)[: self.first]

    def _matched(self, _: str, value: Any) -> str | None:
        found = re.search(self.match or "", written(value))
        return (found[1] or "").strip() or None if found else None

    def _with_zeros(self, field: str, value: Any) -> str:
        stated, digits = written(value), self.digits or 0
        padded = stated.zfill(digits) if len(stated) == digits - 1 else stated
        if not (padded.isascii() and padded.isdigit() and len(padded) == digits):
            raise ValueRefused(field, stated, f"not a key of {digits} digits")
        return padded

    def _translated(self, field: str, value: Any) -> Any:
        known, stated = self.values or {}, written(value)
        if stated in known:
            return known[stated]
        if self.otherwise == "refuse":
            raise ValueRefused(field, stated, "the mapping has no such value")
        return value if self.otherwise == "keep" else None


def from_column(value: object) -> object:
    """`name: GEN` is short for `name: {column: GEN}`."""
    return {"column": value} if isinstance(value, str) else value


Rule = Annotated[FieldRule, BeforeValidator(from_column)]


def look_up(properties: Mapping[str, Any], column: str) -> Any:
    """A column by its name, or what a path like `locations[*].name` finds in a nested record."""
    if column in properties:
        return properties[column]
    path = _path(column)
    if path is None:
        return None
    found = path.findall(properties)
    return found if "*" in column or ".." in column else (found[0] if found else None)


@cache
def _path(column: str) -> Any:
    """The compiled path of a column that has one; raises ValueError."""
    if "[" not in column:
        return None
    head, bracket, rest = column.partition("[")
    try:
        return jsonpath.compile(f"$[{_quoted(head)}]{bracket}{rest}")
    except JSONPathError:
        return None  # a column may be called "Plätze [Anzahl]"


def _quoted(name: str) -> str:
    return "'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _one_group(pattern: str) -> None:
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ValueError(f"match is no pattern: {error}") from error
    if groups != 1:
        raise ValueError(f"match needs one group in parentheses, it has {groups}")


def tidy(field: str, stated: Any) -> Any:
    """A value without blanks around it, with line ends of one kind; raises ValueRefused."""
    if isinstance(stated, str):
        text = stated.strip()
        if _CONTROL.search(text):
            text = text.replace("\r\n", "\n").replace("\r", "\n")
            if any(ord(character) < 32 and character not in "\n\t" for character in text):
                raise ValueRefused(field, text, "has control characters")
        return text or None
    if isinstance(stated, float):
        return int(stated) if stated.is_integer() else stated
    if isinstance(stated, Mapping | list | tuple):
        raise ValueRefused(field, type(stated).__name__, "not a text or number: name what is in it")
    return stated  # numbers and truths, and dates, as workbooks have them


def written(value: Any) -> str:
    """A value as text: 5124000.0 is a key, not a number with a decimal."""
    if isinstance(value, str):
        return value.strip()
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, _SEVERAL):
        return ", ".join(filter(None, map(written, value)))
    return str(value).strip()


def columns_of(rules: Iterable[FieldRule]) -> set[str]:
    return {column for rule in rules for column in rule.used}
