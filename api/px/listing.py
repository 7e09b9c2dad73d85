"""The list of tables, each as PxWebApi 2 describes it: made of the documents of indicators."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from api.cube import texts
from api.px.links import Links

_UNITS = (
    ("Annual", re.compile(r"[0-9]{4}")),
    ("Quarterly", re.compile(r"[0-9]{4}-(3[3-6]|Q[1-4])")),
    ("Monthly", re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")),
)
"""How long the periods of a table are, by how EDTF writes them."""


def tables(
    documents: Sequence[Mapping[str, Any]],
    total: int,
    page: tuple[int, int],
    languages: Sequence[str],
    links: Links,
    query: Mapping[str, str],
) -> dict[str, Any]:
    """A page of the list: its number, how long it is, and links to the others."""
    number, length = page
    last = max(1, -(-total // length))
    others = {
        "first": (1, True),
        "previous": (number - 1, 1 < number <= last + 1),
        "next": (number + 1, number < last),
        "last": (last, True),
    }

    def to(rel: str, place: int) -> dict[str, str]:
        return links.tables(rel, **query, pageNumber=str(place), pageSize=str(length))

    return {
        "language": links.lang,
        "tables": [entry(document, languages, links) for document in documents],
        "page": {
            "pageNumber": number,
            "pageSize": length,
            "totalElements": total,
            "totalPages": last,
            "links": [to(rel, place) for rel, (place, is_there) in others.items() if is_there],
        },
        "links": [to("self", number)],
    }


def entry(document: Mapping[str, Any], languages: Sequence[str], links: Links) -> dict[str, Any]:
    """One table."""
    slug, periods = document["slug"], dated(document["periods"])
    themes = document["themes"]
    return {
        "id": slug,
        "label": document["title"],
        "description": document["description"] or "",
        "sortCode": slug,
        "updated": document["updated_at"],
        "firstPeriod": periods[0],
        "lastPeriod": periods[-1],
        "category": "public",
        "variableNames": _variables(document, links.lang),
        "discontinued": None,
        "source": document["source"]["publisher"],
        "subjectCode": themes[0]["code"] if themes else "",
        "timeUnit": time_unit(periods),
        "paths": [[{"id": theme["code"], "label": theme["label"]}] for theme in themes],
        "links": [
            links.table("self", slug),
            *(links.table("alternate", slug, lang) for lang in languages if lang != links.lang),
            links.metadata(slug),
            links.data(slug),
        ],
    }


def _variables(document: Mapping[str, Any], lang: str) -> list[str]:
    return [
        texts.said(texts.DISTRICT, lang),
        *(dimension["label"] for dimension in document["dimensions"]),
        texts.said(texts.INDICATOR, lang),
        texts.said(texts.TIME, lang),
    ]


def dated(periods: Sequence[str]) -> list[str]:
    """In order, without those that nobody dated, unless there are no others."""
    return sorted(period for period in periods if period[0].isdigit()) or list(periods)


def time_unit(periods: Sequence[str]) -> str:
    """How long all of the periods are."""
    return next(
        (name for name, form in _UNITS if all(form.fullmatch(period) for period in periods)),
        "Other",
    )
