"""Corrections: what staff know better than a source, and what imports then leave alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from db import corrections
from db.corrections import CorrectionRefused
from db.models import Base
from db.registry import acting, writer
from db.statuses import set_status
from seed.imports.fields import Reader, columns_of
from seed.imports.known import Known
from seed.mappings import FieldRule, ImportMapping, ValueRefused
from seed.mappings.model import SourceRule, nearest
from seed.report import FileReport
from seed.targets import TARGETS, Field, Target

NOBODY = SourceRule(
    slug="staff", title="Staff", publisher="Staff", license="not_stated", attribution="Staff"
)


def correct(
    url: str, reference: str, assignments: Sequence[str], *, source: str, actor: str
) -> None:
    """Set fields (`capacity=40`; nothing after the sign empties) of an entity, by id or slug.

    Its `status` is no field that imports bring: of it is remembered who decided it, and why.
    """
    given = dict(map(_assigned, assignments))
    status = given.pop("status", None)
    with writer(url, actor) as connection:
        model, identity = corrections.find_entity(connection, _singular(reference))
        if given:
            values = _values(connection, model, given)
            corrections.set_fields(connection, model, identity, values, source=source, actor=actor)
        if status is not None:
            with acting(connection, f"{actor}: {source}"):
                set_status(connection, model, [identity], status)


def _assigned(assignment: str) -> tuple[str, str]:
    name, sign, text = assignment.partition("=")
    if not sign:
        raise CorrectionRefused(f"{assignment!r} is not field=value")
    return name.strip(), text.strip()


def _singular(reference: str) -> str:
    """`districts/altstadt`, as the commands call them, is `district/altstadt`."""
    kind, _, name = reference.rpartition("/")
    return f"{TARGETS[kind].table}/{name}" if kind in TARGETS else reference


def _values(
    connection: Connection, model: type[Base], given: Mapping[str, str]
) -> dict[str, object]:
    target = _target(model)
    reader = Reader(_mapping(target), Known(connection), FileReport(target.name))
    found: dict[str, object] = {}
    for name, text in given.items():
        found |= _columns(reader, target, name, text)
    return found


def withdraw(url: str, reference: str, fields: Sequence[str], *, actor: str) -> None:
    """Leave fields to the imports again; their values stay until one brings another."""
    with writer(url, actor) as connection:
        model, identity = corrections.find_entity(connection, _singular(reference))
        target = _target(model)
        for name in fields:
            for column in _empty(target, name):
                corrections.unset_field(connection, model, identity, column, actor=actor)


def _target(model: type[Base]) -> Target:
    for target in TARGETS.values():
        if target.model is model:
            return target
    raise CorrectionRefused(f"fields of a {model.__tablename__} are not set this way")


def _columns(reader: Reader, target: Target, name: str, text: str) -> dict[str, object]:
    """The columns a field is stored in, with the value; raises CorrectionRefused."""
    if not text:
        return _empty(target, name)
    rule = FieldRule(constant=text, personal=True)
    try:
        value = reader.convert(reader.planned(name, _stated(target, name), rule), text)
    except ValueRefused as refused:
        raise CorrectionRefused(str(refused)) from refused
    return dict(columns_of(target, {name: value}))


def _empty(target: Target, name: str) -> dict[str, object]:
    stated = _stated(target, name)
    if stated.required:
        raise CorrectionRefused(f"{name} cannot be empty")
    return dict(columns_of(target, {name: stated.default}))


def _stated(target: Target, name: str) -> Field:
    if name not in target.fields:
        known = nearest(name, target.fields)
        raise CorrectionRefused(f"{target.name} have no field {name!r}{known}")
    return target.fields[name]


def _mapping(target: Target) -> ImportMapping:
    """As the command line writes: ISO dates, decimal points."""
    required = {name for name, each in target.all_fields.items() if each.required}
    return ImportMapping(
        resource=target.name,
        title="staff",
        source=NOBODY,
        key=FieldRule(column="id"),
        fields={name: FieldRule(column=name) for name in required},
    )
