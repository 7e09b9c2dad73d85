"""The fields of a record: found by the mapping's rules, converted to what the registry holds."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache, partial
from typing import Any, NamedTuple
from uuid import UUID

from db.opening.hours import is_valid
from seed import numbers
from seed.dates import imprecise_date
from seed.edtf import ImpreciseDate
from seed.identity import entity_id
from seed.imports.known import LABELS, Known, Unknown, as_uuid
from seed.mappings import FieldRule, ImportMapping, ValueRefused
from seed.mappings.model import nearest
from seed.mappings.rules import Convention, written
from seed.personal import examine, is_personal_value
from seed.report import FileReport
from seed.targets import Field, Kind, Target

IMPLIED = ("organisation", "strategy")  # what needs no more than a name to be registered
LONGEST = 100_000  # characters of a text
HOURS = "opening_hours"
NO_HOURS = "not as OpenStreetMap writes opening hours: shown as it is, open or not is unknown"
REMEMBERED = 5_000  # cells of a column, so that memory stays flat
SHORT = 100  # characters of a cell that may well come again


class Withheld(ValueError):  # noqa: N818 - reads as the state it reports
    """A value that looks like data about a person."""


class Planned(NamedTuple):
    """A field, what it is, where it comes from, and what makes of it what the registry holds.

    `seen` are the values of cells that were read before, as most columns say the same few things;
    `column` is where these stand, None if more than the cell decides. `withheld`: never read.
    """

    name: str
    stated: Field
    rule: FieldRule
    conversion: Callable[[Any], Any]
    withheld: bool
    column: str | None
    seen: dict[str, Any]


Plan = list[Planned]


@dataclass
class Reader:
    """Reads the fields of records; what it cannot take it reports.

    `withheld` are rules that yield data about persons. `own` are the keys of the file's rows, where
    they refer to each other. `implied` are the entities that records only name, by table and name:
    they are to be registered. To a `strict` reader a reference is only what is known already.
    """

    mapping: ImportMapping
    known: Known
    report: FileReport
    withheld: Sequence[FieldRule] = ()
    own: Container[str] = frozenset()
    strict: bool = False
    implied: dict[str, dict[str, UUID]] = field(default_factory=dict)
    _plans: dict[tuple[str, tuple[str, ...]], Plan] = field(default_factory=dict)

    def read(
        self,
        target: Target,
        rules: Mapping[str, FieldRule],
        properties: Mapping[str, Any],
        position: str,
    ) -> dict[str, Any] | None:
        """Values by field; None for a row that lacks what it must have, which is reported.

        A value that cannot be taken leaves its field empty, unless the row needs it.
        """
        values: dict[str, Any] = {}
        for each in self._plan(target, rules):
            cell = properties.get(each.column) if each.column else None
            if isinstance(cell, str) and cell in each.seen:
                values[each.name] = each.seen[cell]
                continue
            told = len(self.report.findings)
            try:
                value = values[each.name] = self._taken(each, properties, position)
            except ValueRefused as refused:
                self.report.reject(refused.reason, position, refused.field, refused.value)
                return None
            if isinstance(cell, str) and len(self.report.findings) == told:
                _remember(each.seen, cell, value)
        return values

    def forget(self) -> None:
        """What was taken for known may have been rolled back since."""
        self.known.forget()
        self.implied.clear()
        for plan in self._plans.values():
            for each in plan:
                each.seen.clear()

    def _taken(self, plan: Planned, properties: Mapping[str, Any], position: str) -> Any:
        """The value, or what stands in its place; raises ValueRefused where the row needs it."""
        stated = plan.stated
        try:
            value = self._value(plan, properties, position)
        except ValueRefused as refused:
            if stated.required:
                raise
            self._flag(position, refused)
            value = () if stated.many else None
        if plan.name == HOURS and isinstance(value, str) and not is_valid(value):
            self.report.flag(NO_HOURS, position, plan.name, value)
        if value is None:
            value = stated.default
        if value is None and stated.required:
            raise ValueRefused(plan.name, None, "empty")
        return value

    def cell(
        self, target: Target, name: str, rule: FieldRule, properties: Mapping[str, Any]
    ) -> Any:
        """The value of one field, all of it or nothing; raises ValueRefused."""
        (plan,) = self._plan(target, {name: rule})
        found = rule.read(name, properties, self.mapping.conventions.empty)
        if plan.stated.many:
            given = found if isinstance(found, tuple) else (found,)
            return tuple(dict.fromkeys(self.convert(plan, one) for one in given if one is not None))
        value = None if found is None else self.convert(plan, found)
        value = plan.stated.default if value is None else value
        if value is None and plan.stated.required:
            raise ValueRefused(name, None, "cannot be empty")
        return value

    def _plan(self, target: Target, rules: Mapping[str, FieldRule]) -> Plan:
        """Looked up once: a million rows have the same fields."""
        key = (target.name, tuple(rules))
        if key not in self._plans:
            fields = target.all_fields
            self._plans[key] = [
                # A translation is a text that need not be there, whatever it translates.
                self.planned(name, fields.get(name, Field()), rule)
                for name, rule in rules.items()
            ]
        return self._plans[key]

    def planned(self, name: str, stated: Field, rule: FieldRule) -> Planned:
        """What is the same for every row, worked out before the first."""
        lasting = stated.kind is not Kind.REFERENCE or stated.table == "district"
        # What `match` does not find is counted, each time.
        alone = lasting and rule.match is None and rule.used == (rule.column,)
        return Planned(
            name,
            stated,
            rule,
            self._conversion(stated, rule),
            withheld=rule in self.withheld,
            column=rule.column if alone else None,
            seen={},
        )

    def _conversion(self, stated: Field, rule: FieldRule) -> Callable[[Any], Any]:
        if stated.kind is Kind.TERM:
            return lambda value: self.known.terms.find(str(stated.codelist), written(value))
        if stated.kind is Kind.REFERENCE:
            return lambda value: self._reference(str(stated.table), written(value))
        if stated.kind is Kind.CODE:
            return lambda value: _code(written(value), stated.codes)
        convert, writing, bounds = CONVERSIONS[stated.kind], self._writing(rule), stated.bounds
        if bounds:
            return lambda value: _bounded(convert(value, rule, writing), *bounds)
        return lambda value: convert(value, rule, writing)

    def _writing(self, rule: FieldRule) -> Convention:
        """How the column of a rule is written, which may differ from the rest in its dates."""
        stated = self.mapping.conventions
        return stated.model_copy(update={"dates": rule.dates}) if rule.dates else stated

    def _value(self, plan: Planned, properties: Mapping[str, Any], position: str) -> Any:
        rule, stated = plan.rule, plan.stated
        if plan.withheld:
            return () if stated.many else None
        tell = partial(self._flag, position) if stated.many else None
        found = rule.read(plan.name, properties, self.mapping.conventions.empty, refused=tell)
        if rule.match is not None:
            self.tell_unmatched(rule, found, properties)
        if stated.many:
            given = found if isinstance(found, tuple) else (found,)
            return tuple(dict.fromkeys(self._each(plan, given, position)))
        if isinstance(found, tuple):
            found = rule.join.join(written(part) for part in found) or None
        return None if found is None else self.convert(plan, found)

    def tell_unmatched(self, rule: FieldRule, found: Any, properties: Mapping[str, Any]) -> None:
        """Count what `match` lost. It may be a person's, so that an example must not look so."""
        if found is not None and not isinstance(found, tuple):
            return
        column = ", ".join(rule.used)
        for text in rule.unmatched(properties, self.mapping.conventions.empty):
            self.report.lose(column, None if examine(column, [text]) else text)

    def _each(self, plan: Planned, given: tuple[Any, ...], position: str) -> Iterator[Any]:
        for one in given:
            if one is None:
                continue
            try:
                value = self.convert(plan, one)
            except ValueRefused as refused:
                self._flag(position, refused)
            else:
                yield value

    def _flag(self, position: str, refused: ValueRefused) -> None:
        self.report.flag(refused.reason, position, refused.field, refused.value)

    def convert(self, plan: Planned, value: Any) -> Any:
        """What a stated value is in the registry; raises ValueRefused."""
        try:
            return plan.conversion(value)
        except Withheld as reason:  # a report is no place for it either
            raise ValueRefused(plan.name, None, str(reason)) from None
        except ValueError as error:
            raise ValueRefused(plan.name, value, str(error)) from error

    def _reference(self, table: str, stated: str) -> UUID:
        if table == "district":
            return self.known.districts.find(stated).id
        if not self.strict and stated in self.own and table == self.mapping.target.table:
            return self._identity(table, stated)
        found = self.known.entities(table).find(stated)
        if found is not None:
            return found
        if self.mapping.keeps_ids and as_uuid(stated):
            raise Unknown(f"no {table} has this id")
        if table not in IMPLIED or self.strict:
            raise Unknown(f"no {table} has this slug or {LABELS[table]}")
        named = self.implied.setdefault(table, {})
        if stated not in named:
            named[stated] = self._identity(table, stated)
        return named[stated]

    def _identity(self, table: str, stated: str) -> UUID:
        return identity_of(self.mapping, table, stated)


def identity_of(mapping: ImportMapping, table: str, key: str) -> UUID:
    """The id of a row from its key: the key itself, where rows keep the ids they have."""
    kept = as_uuid(key) if mapping.keeps_ids else None
    return kept or entity_id(table, mapping.source.slug, key)


def _remember(seen: dict[str, Any], cell: str, value: Any) -> None:
    if len(seen) < REMEMBERED and len(cell) <= SHORT:
        seen[cell] = value


def _bounded(found: Any, least: int, most: int) -> Any:
    if found is not None and not least <= found <= most:
        raise ValueError(f"not between {least} and {most}")
    return found


def _number(value: Any, rule: FieldRule, writing: Convention) -> Decimal | None:
    found = numbers.number(value, writing.of_numbers)
    return found if found is None or rule.scale is None else found * rule.scale


def _integer(value: Any, rule: FieldRule, writing: Convention) -> int | None:
    found = _number(value, rule, writing)
    if found is not None and found != found.to_integral_value():
        raise ValueError("not a whole number")
    return None if found is None else int(found)


def _boolean(value: Any, _: FieldRule, writing: Convention) -> bool | None:
    return numbers.boolean(value, writing.of_truth)


def _day(value: Any, _: FieldRule, writing: Convention) -> date | None:
    found = imprecise_date(value, writing.of_dates)
    if found is not None and found.earliest != found.latest:
        raise ValueError("not a single day")
    return None if found is None else found.earliest


def _imprecise(value: Any, _: FieldRule, writing: Convention) -> ImpreciseDate | None:
    return imprecise_date(value, writing.of_dates)


def _contact(value: Any, rule: FieldRule, _: Convention) -> str:
    stated = written(value)
    if not rule.personal and (reason := is_personal_value(stated)):
        raise Withheld(f"left out: {reason}; `personal: true` in the mapping would take it")
    return short(stated)


def _url(value: Any, _: FieldRule, __: Convention) -> str:
    """A bare host gets https; schemes that run something in a reader's browser are refused."""
    text = short(written(value))
    scheme, colon, _rest = text.partition("://")
    if colon and scheme.lower() in ("http", "https"):
        return text
    if colon or ":" in text or " " in text or "." not in text:
        raise ValueError("not a web address")
    return f"https://{text}"


def _text(value: Any, _: FieldRule, __: Convention) -> str:
    return short(written(value))


CONVERSIONS: Mapping[Kind, Callable[[Any, FieldRule, Convention], Any]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: _day,
    Kind.EDTF: _imprecise,
    Kind.PHONE: _contact,
    Kind.EMAIL: _contact,
    Kind.URL: _url,
    Kind.PLACE: _text,
}


def _code(stated: str, codes: tuple[str, ...]) -> str:
    if stated not in codes:
        raise ValueError(f"not one of the codes{nearest(stated, codes)}")
    return stated


def short(text: str) -> str:
    if len(text) > LONGEST:
        raise ValueError(f"longer than {LONGEST:,} characters")
    return text


def columns_of(target: Target, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The columns of a row from the fields of a record."""
    translations: dict[str, dict[str, str]] | None = None
    for name, value in values.items():
        columns = _columns(target, name)
        if not columns:
            translations = {} if translations is None else translations
            if value is not None:
                plain, _, language = name.partition("@")
                translations.setdefault(language, {})[plain] = value
        elif len(columns) == 1:
            yield columns[0], value
        else:
            edtf, earliest, latest = value or ImpreciseDate("", None, None)
            yield from zip(columns, (edtf or None, earliest, latest), strict=True)
    if translations is not None:
        yield "translations", translations


@cache
def _columns(target: Target, name: str) -> tuple[str, ...]:
    """The columns of a field: none of its own for a translation, three for an imprecise date."""
    if "@" in name:
        return ()
    stated = target.fields[name]
    if stated.kind is Kind.EDTF:
        return name, f"{name}_earliest", f"{name}_latest"
    refers = stated.kind is Kind.REFERENCE or (stated.kind is Kind.TERM and not stated.many)
    return (f"{name}_id" if refers else name,)
