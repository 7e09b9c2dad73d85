"""The formats of the native API. Adding a format is adding a row."""

from dataclasses import dataclass

from db.statements import Layout


@dataclass(frozen=True, slots=True)
class Format:
    """A representation: its media type, and whether it is a page or the whole filtered set.

    `length` and `longest`: entities on a page where no limit is given, and at most.
    """

    name: str
    media_type: str
    layout: Layout
    streamed: bool
    content_type: str
    length: int = 100
    longest: int | None = None

    @property
    def suffix(self) -> str:
        return f".{self.name}"


FORMATS: dict[str, Format] = {
    format_.name: format_
    for format_ in (
        Format("json", "application/json", "json", False, "application/json"),
        Format("geojson", "application/geo+json", "geojson", False, "application/geo+json"),
        Format("csv", "text/csv", "csv", True, "text/csv; charset=utf-8; header=present"),
        Format("ndjson", "application/x-ndjson", "json", True, "application/x-ndjson"),
        Format("html", "text/html", "json", False, "text/html; charset=utf-8", 20, 200),
    )
}

GRAPHS: dict[str, Format] = {
    format_.name: format_
    for format_ in (
        Format("ttl", "text/turtle", "json", False, "text/turtle; charset=utf-8"),
        Format("rdf", "application/rdf+xml", "json", False, "application/rdf+xml"),
        Format("jsonld", "application/ld+json", "json", False, "application/ld+json"),
    )
}
"""How the data catalogue is written."""

KNOWN = FORMATS | GRAPHS
ALL = tuple(FORMATS)
TABULAR = ("json", "csv", "ndjson", "html")
