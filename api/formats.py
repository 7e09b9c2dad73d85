"""The formats of the native API. Adding a format is adding a row."""

from dataclasses import dataclass

from db.statements import Layout


@dataclass(frozen=True, slots=True)
class Format:
    """A representation: its media type, and whether it is a page or the whole filtered set.

    `text` is for the contract. `length` and `longest`: entities on a page where no limit is given,
    and at most. `newest_first`: unless another order is asked for. `whole`: it has a place for what
    it shows of an entity, and `fields` changes nothing. `cube`: no list, but all that is selected,
    arranged by what it is about. `table`: made of documents (api/tables/), with `most` rows at
    most; `extension`: of a file, where it is not the name.
    """

    name: str
    media_type: str
    layout: Layout
    streamed: bool
    content_type: str
    text: str = ""
    length: int = 100
    longest: int | None = None
    newest_first: bool = False
    whole: bool = False
    cube: bool = False
    table: bool = False
    most: int | None = None
    extension: str = ""

    @property
    def picks(self) -> bool:
        """Whether `fields` leaves of a document only some members."""
        return not (self.whole or self.table)

    @property
    def suffix(self) -> str:
        return f".{self.name}"


FORMATS: dict[str, Format] = {
    format_.name: format_
    for format_ in (
        Format("json", "application/json", "json", False, "application/json"),
        Format("geojson", "application/geo+json", "geojson", False, "application/geo+json"),
        Format(
            "csv",
            "text/csv",
            "csv",
            True,
            "text/csv; charset=utf-8; header=present",
            "A header line and a line an entity.",
        ),
        Format(
            "ndjson",
            "application/x-ndjson",
            "json",
            True,
            "application/x-ndjson",
            "A JSON object a line.",
        ),
        Format(
            "html",
            "text/html",
            "json",
            False,
            "text/html; charset=utf-8",
            "For people. A whole page where a browser asks (`Accept`); where `format` or a suffix "
            "asks, a fragment to put into a page of yours.",
            length=20,
            longest=200,
            whole=True,
        ),
        Format(
            "atom",
            "application/atom+xml",
            "json",
            False,
            "application/atom+xml; charset=utf-8",
            "For feed readers (RFC 4287, paged as in RFC 5005): the newest first.",
            length=50,
            longest=1000,
            newest_first=True,
            whole=True,
        ),
        Format(
            "jsonstat",
            "application/json-stat+json",
            "json",
            False,
            "application/json-stat+json",
            cube=True,
        ),
        Format(
            "sdmx-csv",
            "application/vnd.sdmx.data+csv",
            "json",
            False,
            "application/vnd.sdmx.data+csv; version=2.0.0; charset=utf-8",
            "SDMX-CSV 2.0: a line an observation, for statistical offices and their tools.",
            cube=True,
        ),
        Format(
            "csv-de",
            "text/csv",
            "json",
            True,
            "text/csv; charset=utf-8; header=present",
            "For spreadsheets in German: semicolons, decimal commas, labels for codes.",
            table=True,
            extension="csv",
        ),
        Format(
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "json",
            True,
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "A workbook with one sheet, the columns of CSV, and typed cells.",
            table=True,
            most=250_000,
        ),
        Format(
            "parquet",
            "application/vnd.apache.parquet",
            "json",
            True,
            "application/vnd.apache.parquet",
            "The columns of CSV with their types, lists as lists.",
            table=True,
        ),
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
PARTS = ("limit", "cursor", "sort", "facets", "fields")
"""What asks for a part or an order: a cube is whole, in an order of its own."""
CUBES = tuple(format_.name for format_ in FORMATS.values() if format_.cube)
ALL = tuple(name for name in FORMATS if name not in CUBES)
TABULAR = tuple(name for name in ALL if FORMATS[name].layout != "geojson")
COMPRESSED = ("xlsx", "parquet")
"""Formats that are by themselves."""
