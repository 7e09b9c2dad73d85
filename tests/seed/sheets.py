"""What tests of sheets share: rows without a registry, and files written from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from db.exports import Term
from seed.workbooks.choices import choices
from seed.workbooks.columns import Sheet, sheets
from seed.workbooks.lines import Line, Lines
from seed.workbooks.markers import Marker
from seed.workbooks.xlsx import Filled, write_workbook

LANGUAGES = ("en",)
MARKER = Marker("https://example.org", "offerings", datetime(2024, 5, 1, tzinfo=UTC), 7)
TERMS = [
    Term("category", "advice", {"de": "Beratung", "en": "Advice"}),
    Term("category", "family_advice", {"de": "Familienberatung"}),
    *(Term("theme", f"theme_{number}", {"de": f"Thema {number}"}) for number in range(60)),
    Term("organisation_mode", "district", {"de": "im Stadtteil", "en": "by neighbourhood"}),
]
SOURCES = ("musterstadt-2024",)


def line(sheet: Sheet, **values: Any) -> Line:
    """A row of a sheet; a value that is not given is NULL."""
    read = [column for column in sheet.columns if column.value is not None]
    return Lines(sheet).line([values.get(column.name) for column in read])


def write(out: Path, rows: Mapping[str, Sequence[Line]], resource: str = "offerings") -> Path:
    """A workbook of a resource with these rows, by sheet."""
    pages = sheets(resource, LANGUAGES)
    filled = [Filled(page, rows.get(page.name, ())) for page in pages]
    write_workbook(out, filled, choices(pages, TERMS, SOURCES), MARKER)
    return out
