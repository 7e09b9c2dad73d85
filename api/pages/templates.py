"""The templates, one environment a language, and how values are written in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from babel.support import NullTranslations
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from api.pages.texts import locale_of

LINKED = ("http", "https")
EASY = "de-x-ls"
QUARTERS = {"33": "Q1", "34": "Q2", "35": "Q3", "36": "Q4"}  # ISO 8601-2, section 4.8
DOMESTIC = re.compile(r"^(\s*(?:\+|00)[^(]*)\(0\)")
"""In +49 (0)3731 the zero is dialled only by those who leave out the +49."""
UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
TELEPHONE = re.compile(r"[^0-9+]")


def environments(
    folder: Path, catalogues: Mapping[str, NullTranslations]
) -> dict[str, Environment]:
    """An environment for each language."""
    return {lang: _environment(folder, lang, texts) for lang, texts in catalogues.items()}


def _environment(folder: Path, lang: str, texts: NullTranslations) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        auto_reload=False,
    )
    # The extension adds this method when it is loaded, where no type checker sees it.
    environment.install_gettext_translations(texts, newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    environment.filters.update(_filters(locale_of(lang), texts))
    return environment


def _filters(locale: Locale, texts: NullTranslations) -> dict[str, Callable[..., Any]]:
    write = Writer(locale)

    def called(name: str) -> str:
        return str(texts.gettext(NAMES.get(name, name.replace("_", " "))))

    return {
        "called": called,
        "language": language,
        "named": named,
        "markdown": Markdown(),
        "number": write.number,
        "size": write.size,
        "day": write.day,
        "moment": write.moment,
        "imprecise": write.imprecise,
        "web": web,
        "host": host,
        "telephone": telephone,
    }


@dataclass(frozen=True, slots=True)
class Writer:
    """Numbers and dates as a language writes them."""

    locale: Locale

    def number(self, value: float, decimals: int | None = None) -> str:
        pattern = None if decimals is None else f"#,##0.{'0' * decimals}".rstrip(".")
        return format_decimal(value, format=pattern, locale=self.locale)

    def size(self, octets: int) -> str:
        """Bytes, in the unit that leaves the number small."""
        exponent = min(max(octets.bit_length() - 1, 0) // 10, len(UNITS) - 1)
        return f"{self.number(round(octets / 1024**exponent, 1))} {UNITS[exponent]}"

    def day(self, value: str) -> str:
        return format_date(date.fromisoformat(value), format="long", locale=self.locale)

    def moment(self, value: str) -> str:
        """In UTC, as published."""
        return format_datetime(datetime.fromisoformat(value), format="long", locale=self.locale)

    def imprecise(self, value: Mapping[str, Any]) -> str:
        """EDTF (ISO 8601-2) as one says it."""
        return "–".join(map(self._part, str(value["edtf"]).split("/")))

    def _part(self, text: str) -> str:
        """A bound of an interval, or a date by itself; what is uncertain stays marked."""
        plain = text.rstrip("?~%")
        found = re.fullmatch(r"(\d{4})-(\d\d)(-\d\d)?", plain)
        if found is None:
            return "…" if text in ("", "..") else text
        year, month, day = found.groups()
        if day:
            said = self.day(plain)
        elif month in QUARTERS:
            said = f"{QUARTERS[month]}/{year}"
        elif month <= "12":
            said = format_date(date(int(year), int(month), 1), format="MMMM y", locale=self.locale)
        else:
            said = plain
        return said + text[len(plain) :]


def _heading_open(*_: object) -> str:
    return "<p><strong>"


def _heading_close(*_: object) -> str:
    return "</strong></p>\n"


class Markdown:
    """CommonMark without HTML and images. Headings are no part of the outline of a page that shows
    the text; links lead only to where a reader may want to go."""

    def __init__(self) -> None:
        self._parser = MarkdownIt("commonmark", {"html": False}).disable(["image", "html_inline"])
        self._parser.add_render_rule("heading_open", _heading_open)
        self._parser.add_render_rule("heading_close", _heading_close)

    def __call__(self, text: str | None) -> Markup:
        return Markup(self._parser.render(text or ""))  # noqa: S704 - escaped by the parser


def named(document: Mapping[str, Any]) -> str:
    """What an entity is called: by its name, its title, or by what it is about."""
    if "indicator" in document and "district" in document:
        return f"{document['indicator']['title']}, {document['district']['name']}"
    return str(document.get("name") or document.get("title"))


def language(code: str) -> str:
    """What speakers of a language call it."""
    if code == EASY:
        return "Leichte Sprache"
    try:
        return Locale.parse(code.replace("-", "_")).get_display_name() or code
    except (UnknownLocaleError, ValueError):
        return code


def web(address: str | None) -> str | None:
    """An address that may stand in a link, or None."""
    try:
        parts = urlsplit(address or "")
        return address if parts.scheme in LINKED and parts.hostname else None
    except ValueError:
        return None


def host(address: str) -> str:
    return (urlsplit(address).hostname or address).removeprefix("www.")


def telephone(number: str) -> str:
    """RFC 3966, without what people put in between."""
    dialled = DOMESTIC.sub(r"\1", number)
    return f"tel:{TELEPHONE.sub('', dialled)}"


NAMES = {
    "offerings": "Offerings",
    "districts": "Districts",
    "organisations": "Organisations",
    "indicators": "Indicators",
    "observations": "Observations",
    "strategies": "Strategies",
    "measures": "Measures",
    "decisions": "Decisions",
    "codelists": "Codelists",
    "category": "Field",
    "theme": "Theme",
    "target_group": "For",
    "language": "Spoken language",
    "organisation_mode": "Organised",
    "organisation": "Provider",
    "district": "District",
    "level": "Level",
    "designation": "Designation",
    "kind": "Kind",
    "type": "Kind of number",
    "status": "Status",
    "decision": "Decision",
    "feasibility": "Feasibility",
    "implementation": "Implementation",
    "strategy": "Strategy",
    "result": "Result",
    "body": "Deciding body",
    "near": "Near me",
    "postcode": "Postcode",
    "wheelchair": "Wheelchair",
    "free": "Free of charge",
    "age": "Age",
    "name": "Name",
    "title": "Title",
    "description": "Description",
    "AGRI": "Agriculture, fisheries, forestry and food",
    "ECON": "Economy and finance",
    "EDUC": "Education, culture and sport",
    "ENER": "Energy",
    "ENVI": "Environment",
    "GOVE": "Government and public sector",
    "HEAL": "Health",
    "INTR": "International issues",
    "JUST": "Justice, legal system and public safety",
    "REGI": "Regions and cities",
    "SOCI": "Population and society",
    "TECH": "Science and technology",
    "TRAN": "Transport",
    "UPDATE_CONT": "continuously",
    "CONT": "continuously",
    "DAILY": "daily",
    "WEEKLY": "weekly",
    "BIWEEKLY": "every two weeks",
    "MONTHLY": "monthly",
    "BIMONTHLY": "every two months",
    "QUARTERLY": "every three months",
    "ANNUAL_2": "twice a year",
    "ANNUAL": "yearly",
    "BIENNIAL": "every two years",
    "TRIENNIAL": "every three years",
    "QUINQUENNIAL": "every five years",
    "DECENNIAL": "every ten years",
    "IRREG": "irregularly",
    "NEVER": "never",
    "UNKNOWN": "unknown",
}
"""Resources, filters and fields, the EU's themes and frequencies, as people call them (message
ids)."""
