"""What the columns are called and how they are filled, in German and English."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from seed.targets import Kind
from seed.workbooks.cells import LONGEST
from seed.workbooks.choices import Choices, list_of
from seed.workbooks.columns import Column, Role, Sheet

HEADER = (
    "Blatt / sheet",
    "Spalte / column",
    "Bezeichnung",
    "Label",
    "Art",
    "Kind",
    "Pflicht / required",
    "Beispiel",
    "Example",
    "Erlaubte Werte / allowed values",
)
WIDTHS = (14, 24, 32, 32, 36, 36, 10, 28, 28, 80)
_TEXTS = Path(__file__).parent / "fields.yaml"
_MANY = (", mehrere mit Semikolon getrennt", ", several separated by semicolons")
_ROLES = {
    Role.IDENTITY: ("gesperrt: woran eine Zeile erkannt wird", "locked: what a row is known by"),
    Role.CHECKSUM: ("gesperrt: woran Änderungen erkannt werden", "locked: tells what was changed"),
    Role.INFORMATION: ("gesperrt: nur zur Information", "locked: for information only"),
    Role.ORIGIN: ("nur in neuen Zeilen", "in new rows only"),
    Role.REMOVAL: ("yes entfernt die Zeile", "yes removes the row"),
}
_KINDS = {
    Kind.TEXT: ("Text", "text"),
    Kind.INTEGER: ("ganze Zahl", "whole number"),
    Kind.NUMBER: ("Zahl", "number"),
    Kind.BOOLEAN: ("yes oder no; leer: unbekannt", "yes or no; empty: unknown"),
    Kind.DATE: ("Datum, 2024-05-01", "date, 2024-05-01"),
    Kind.EDTF: (
        "ungefähres Datum: 2024, 2024-05, Mai 2024, Ende 2025",
        "imprecise date: 2024, 2024-05, May 2024, end of 2025",
    ),
    Kind.CODE: ("Code aus der Liste", "code of the list"),
    Kind.TERM: ("Code aus der Liste", "code of the list"),
    Kind.REFERENCE: ("Kurzname (slug), bei Gebieten auch ags:…", "slug, for districts also ags:…"),
    Kind.PHONE: ("Telefonnummer einer Einrichtung", "phone number of an institution"),
    Kind.EMAIL: ("E-Mail-Adresse einer Einrichtung", "e-mail address of an institution"),
    Kind.URL: ("Internetadresse", "web address"),
}


@dataclass(frozen=True)
class Explanation:
    """Label and example of a column, each in German and English."""

    labels: tuple[str, str]
    examples: tuple[str, str]


def explanation(sheet: Sheet, column: Column) -> Explanation:
    """Of a translation: that of the text, with the language."""
    stated = _stated(sheet.name)[column.plain]
    language = column.name.partition("@")[2]
    suffix = f" ({language})" if language else ""
    labels = (f"{stated['label']}{suffix}", f"{stated['label@en']}{suffix}")
    example = str(stated["example"])
    return Explanation(labels, (example, str(stated.get("example@en", example))))


def labels(sheet: str) -> dict[str, tuple[str, str]]:
    """What the columns of a sheet are called, in German and English."""
    return {name: (texts["label"], texts["label@en"]) for name, texts in _stated(sheet).items()}


def rows(sheets: tuple[Sheet, ...], choices: Choices) -> Iterator[tuple[str, ...]]:
    """The sheet that explains the others, a row for each of their columns."""
    for sheet in sheets:
        for column in sheet.columns:
            said = explanation(sheet, column)
            yield (
                sheet.name,
                column.name,
                *said.labels,
                *_kinds(column),
                "ja / yes" if column.field.required else "",
                *said.examples,
                _listed(column, choices),
            )


def _kinds(column: Column) -> tuple[str, str]:
    german, english = _KINDS[column.field.kind]
    if column.role is not Role.FIELD:
        how = _ROLES[column.role]
        return (f"{german}; {how[0]}", f"{english}; {how[1]}")
    several = _MANY if column.field.many else ("", "")
    return (german + several[0], english + several[1])


def _listed(column: Column, choices: Choices) -> str:
    """Codes with their labels, as many as a cell holds."""
    name = list_of(column)
    listed = "\n".join(
        " = ".join(dict.fromkeys((choice.code, " / ".join(dict.fromkeys(choice.labels)))))
        for choice in (choices.get(name, ()) if name else ())
    )
    return listed if len(listed) <= LONGEST else listed[: LONGEST - 1] + "…"


def _stated(sheet: str) -> Mapping[str, Mapping[str, Any]]:
    texts = _texts()
    return {**texts["all"], **texts.get(sheet, {})}


@cache
def _texts() -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    return yaml.safe_load(_TEXTS.read_text(encoding="utf-8"))  # type: ignore[no-any-return]
