"""Corrections: what staff know better than a source, and what imports then leave alone."""

from __future__ import annotations

from collections.abc import Sequence

from db.imports import find_entity, set_field, unset_field
from db.models import Base
from db.registry import writer
from seed.imports.fields import Reader, columns_of
from seed.imports.known import Known
from seed.mappings import FieldRule, ImportMapping, ValueRefused
from seed.mappings.model import SourceRule, nearest
from seed.report import FileReport
from seed.targets import TARGETS, Target

STAFF = SourceRule(
    slug="staff", title="Staff", publisher="Staff", license="not_stated", attribution="Staff"
)


class CorrectionRefused(ValueError):  # noqa: N818 - reads as the state it reports
    """A correction cannot be made. The message is for the person who tried."""


def correct(
    url: str, reference: str, assignments: Sequence[str], *, source: str, actor: str
) -> None:
    """Set fields (`capacity=40`; nothing after the sign empties) of an entity, by id or slug."""
    with writer(url, actor) as connection:
        model, identity = find_entity(connection, reference)
        target = _target(model)
        reader = Reader(_mapping(target), Known(connection), FileReport(reference))
        for assignment in assignments:
            name, sign, text = assignment.partition("=")
            if not sign:
                raise CorrectionRefused(f"{assignment!r} is not field=value")
            for column, value in _columns(reader, target, name.strip(), text.strip()).items():
                set_field(
                    connection, target.table, identity, column, value, source=source, actor=actor
                )


def withdraw(url: str, reference: str, fields: Sequence[str], *, actor: str) -> None:
    """Leave fields to the imports again; their values stay until one brings another."""
    with writer(url, actor) as connection:
        model, identity = find_entity(connection, reference)
        target = _target(model)
        for name in fields:
            for column in _columns(None, target, name, ""):
                unset_field(connection, target.table, identity, column)


def _target(model: type[Base]) -> Target:
    return next(target for target in TARGETS.values() if target.model is model)


def _columns(reader: Reader | None, target: Target, name: str, text: str) -> dict[str, object]:
    """The columns a field is stored in, with the value; raises CorrectionRefused."""
    if name not in target.fields:
        raise CorrectionRefused(
            f"{target.name} have no field {name!r}{nearest(name, target.fields)}"
        )
    stated = target.fields[name]
    if not text or reader is None:
        if stated.required:
            raise CorrectionRefused(f"{name} cannot be empty")
        return dict(columns_of(target, {name: stated.default}))
    try:
        value = reader.convert(name, stated, FieldRule(constant=text, personal=True), text)
    except ValueRefused as refused:
        raise CorrectionRefused(str(refused)) from refused
    return dict(columns_of(target, {name: value}))


def _mapping(target: Target) -> ImportMapping:
    """Conventions of the command line: ISO dates, decimal points."""
    fields = {name: FieldRule(constant="") for name, each in target.fields.items() if each.required}
    return ImportMapping(
        resource=target.name,
        title="staff",
        source=STAFF,
        key=FieldRule(column="id"),
        fields=fields,
    )
