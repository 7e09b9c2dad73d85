"""The formats that can be read. A file is recognised by what it begins with, not by its name."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from seed.readers import (
    Document,
    Hints,
    UnreadableError,
    archives,
    delimited,
    features,
    geodata,
    hsds,
    json_lines,
    json_records,
    sheets,
)
from seed.readers.sources import Source
from seed.readers.unread import reason_not_to_read

NOTHING_KNOWN = Hints()


@dataclass(frozen=True)
class Format:
    """Its name in mappings, the suffixes of its files, how it is recognised and how opened."""

    name: str
    suffixes: Sequence[str]
    is_begun: Callable[[Source], bool]
    open: Callable[[Source, Hints], Document]


def open_file(path: Path, hints: Hints = NOTHING_KNOWN) -> Document:
    """What a file holds, or the reason why it cannot be read."""
    try:
        _refuse_what_is_no_file(path)
        return _opened(Source(path), hints)
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror or error}") from error


def _refuse_what_is_no_file(path: Path) -> None:
    if path.is_dir():
        raise UnreadableError("a folder, not a file: name the files in it")
    if not path.exists():
        raise UnreadableError("there is no such file")
    if not path.is_file():
        raise UnreadableError("no ordinary file")


def _opened(source: Source, hints: Hints) -> Document:
    if not source.beginning.strip():
        raise UnreadableError("the file is empty")
    chosen = _named(source, hints.format) if hints.format else _recognised(source, hints)
    document = chosen.open(source, hints)
    if source.suffix in ("", *chosen.suffixes):
        return document
    note = f"named {source.suffix}, but by its content it is {chosen.name}"
    return replace(document, notes=[note, *document.notes])


def _named(source: Source, name: str) -> Format:
    """The format that the mapping says; in a zip, it is that of the files there."""
    named = next((each for each in FORMATS if each.name == name), None)
    if named is None:
        known = ", ".join(each.name for each in FORMATS)
        raise UnreadableError(f"the mapping names the format {name!r}; there are {known}")
    packed = source.beginning.startswith(archives.BEGINNINGS)
    return ZIP if packed and not named.is_begun(source) else named


def _recognised(source: Source, hints: Hints) -> Format:
    """A path to records is one in JSON, whatever the JSON is about."""
    plain = (json_lines.FORMAT, json_records.FORMAT) if hints.records else ()
    first = [each for each in FORMATS if each.name in plain]
    for each in (*first, *FORMATS):
        if each.is_begun(source):
            return each
    raise UnreadableError(reason_not_to_read(source) or "no format that can be read")


# --- how formats are recognised ------------------------------------------------------------------

# Of text that begins so hardly any is a table.
JSON_BEGINS = re.compile(r'\s*(?:\{\s*["}]|\[\s*[\[{\]"0-9-])')
COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SQLITE = b"SQLite format 3\0"


def _is_xlsx(source: Source) -> bool:
    return "xl/workbook.xml" in source.members


def _is_zip(source: Source) -> bool:
    packed = source.beginning.startswith(archives.BEGINNINGS)
    return packed and reason_not_to_read(source) is None


def _is_xls(source: Source) -> bool:
    return source.beginning.startswith(COMPOUND_FILE)


def _is_geopackage(source: Source) -> bool:
    """GeoPackage 1.3, requirement 2: the application id in the header of the SQLite file."""
    application = source.beginning[68:72]
    stated = application in (b"GPKG", b"GP10", b"GP11") or source.suffix == ".gpkg"
    return source.beginning.startswith(SQLITE) and stated


def _is_flatgeobuf(source: Source) -> bool:
    return source.beginning.startswith(b"fgb\x03fgb")


def _is_shapefile(source: Source) -> bool:
    """ESRI Shapefile Technical Description (1998), page 4: file code 9994, version 1000."""
    code, version = source.beginning[:4], source.beginning[28:32]
    return code == (9994).to_bytes(4, "big") and version == (1000).to_bytes(4, "little")


def _is_json(source: Source) -> bool:
    marked = source.beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = "utf-16" if marked else "utf-8-sig"
    return JSON_BEGINS.match(source.beginning[:1000].decode(encoding, "ignore")) is not None


def _is_geojson(source: Source) -> bool:
    return _is_json(source) and features.is_geojson(source.json)


def _is_services(source: Source) -> bool:
    return _is_json(source) and hsds.is_services(source.json)


def _has_lines(source: Source) -> bool:
    return json_lines.has_lines(source.beginning)


def _has_features_in_lines(source: Source) -> bool:
    return features.has_features_in_lines(source.beginning)


def _is_text(source: Source) -> bool:
    known = (*archives.BEGINNINGS, COMPOUND_FILE)
    return not source.beginning.startswith(known) and reason_not_to_read(source) is None


# --- zip -----------------------------------------------------------------------------------------

CLUTTER = re.compile(r"(^|/)(__MACOSX/|\.|Thumbs\.db$|desktop\.ini$|datapackage\.json$)")


def _open_zip(source: Source, hints: Hints) -> Document:
    """Every file of data in it; each gives the tables it would give outside."""
    opened = [(each, _opened(each, hints)) for each in _with_data(source)]
    tables = [table for _, document in opened for table in document.tables]
    notes = [
        f"{each.member} in the zip: {note}"
        for each, document in opened
        for note in document.notes or ("read",)
    ]
    formats = {document.format for _, document in opened}
    return Document(formats.pop() if len(formats) == 1 else "zip", tables, notes)


def _with_data(source: Source) -> list[Source]:
    files = [Source(source.path, name) for name in source.members if not CLUTTER.search(name)]
    suffixes = {suffix for each in FORMATS for suffix in each.suffixes} - {".txt", ".zip"}
    found = [each for each in files if each.suffix in suffixes]
    if not found and len(files) != 1:
        names = ", ".join(repr(each.name) for each in files[:10])
        raise UnreadableError(f"the zip holds nothing that can be read: {names or 'it is empty'}")
    return _labelled(found or files)


def _labelled(files: Sequence[Source]) -> list[Source]:
    """Files of one name in several folders are told apart by their path."""
    names = Counter(each.label for each in files)
    return [each if names[each.label] == 1 else replace(each, title=each.member) for each in files]


FORMATS = (
    Format("xlsx", (".xlsx", ".xlsm"), _is_xlsx, sheets.open_xlsx),
    Format(hsds.FORMAT, (".zip",), hsds.is_package, hsds.open_package),
    Format("zip", (".zip",), _is_zip, _open_zip),
    Format("xls", (".xls",), _is_xls, sheets.open_xls),
    Format("gpkg", (".gpkg",), _is_geopackage, geodata.open_geopackage),
    Format("flatgeobuf", (".fgb",), _is_flatgeobuf, geodata.open_flatgeobuf),
    Format("shapefile", (".shp",), _is_shapefile, geodata.open_shapefile),
    Format(
        features.LINES,
        (".geojsonl", ".geojsons", ".geojsonseq", ".ndjson", ".jsonl", ".geojson", ".json"),
        _has_features_in_lines,
        features.open_geojson_lines,
    ),
    Format(json_lines.FORMAT, (".ndjson", ".jsonl", ".json"), _has_lines, json_lines.open_lines),
    Format(features.FORMAT, (".geojson", ".json"), _is_geojson, features.open_geojson),
    Format(hsds.JSON, (".json",), _is_services, hsds.open_services),
    Format(json_records.FORMAT, (".json",), _is_json, json_records.open_json),
    Format(delimited.FORMAT, (".csv", ".tsv", ".tab", ".txt"), _is_text, delimited.open_csv),
)
ZIP = next(each for each in FORMATS if each.name == "zip")
