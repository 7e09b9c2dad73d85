"""What may be chosen in a cell: codes with their labels, by list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from db.exports import Term
from seed.targets import Kind
from seed.workbooks.cells import NO, YES
from seed.workbooks.columns import SOURCE, Column, Role, Sheet

LANGUAGES = ("de", "en")  # of labels and of the sheet that explains the others


@dataclass(frozen=True)
class Choice:
    """A code, and its labels in the languages that sheets are explained in."""

    code: str
    labels: tuple[str, ...]


Choices = Mapping[str, Sequence[Choice]]
"""Choices by the name of their list."""

TRUTH = (Choice(YES, ("ja", "yes")), Choice(NO, ("nein", "no")))
REMOVAL = (Choice(YES, ("entfernen", "remove")),)


def list_of(column: Column) -> str | None:
    """The name of the list a column is chosen from."""
    if column.role is Role.REMOVAL:
        return "removal"
    if column.field.kind is Kind.BOOLEAN:
        return "truth"
    if column.role is Role.ORIGIN and column.name == SOURCE:
        return "sources"
    return column.codelist


def choices(sheets: Iterable[Sheet], terms: Iterable[Term], sources: Iterable[str]) -> Choices:
    """The choices of all columns of some sheets."""
    lists: dict[str, list[Choice]] = defaultdict(list)
    for term in terms:
        labels = tuple(term.labels.get(language, term.code) for language in LANGUAGES)
        lists[term.codelist].append(Choice(term.code, labels))
    slugs = [Choice(slug, (slug, slug)) for slug in sources]
    known = {**lists, "truth": TRUTH, "removal": REMOVAL, "sources": slugs}
    return {
        name: _allowed(column, known.get(name, ()))
        for sheet in sheets
        for column in sheet.columns
        if (name := list_of(column))
    }


def _allowed(column: Column, listed: Sequence[Choice]) -> Sequence[Choice]:
    """The codes that the database allows, where it does not allow every term of the list."""
    if not column.field.codes:
        return listed
    labelled = {choice.code: choice for choice in listed}
    return [labelled.get(code, Choice(code, (code, code))) for code in column.field.codes]
