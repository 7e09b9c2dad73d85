"""Files that are often sent and are no tables: what they are, and what to do."""

from __future__ import annotations

import re

from seed.readers.sources import Source

AS_TABLE = "save the table in it as XLSX or CSV"
AS_FEATURES = "export it as GeoPackage or GeoJSON"
UNPACKED = "unpack it, or pack what is in it as zip"

START = rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>)?(?:\s|<!--.*?-->)*"

# What a file begins with; the first that fits counts.
BEGINNINGS = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), called, advice)
    for pattern, called, advice in (
        (rb"%PDF-", "a PDF document", AS_TABLE),
        (rb"\{\\rtf", "an RTF document", AS_TABLE),
        (rb"\x1f\x8b", "packed with gzip", UNPACKED),
        (rb"7z\xbc\xaf\x27\x1c", "packed with 7-Zip", UNPACKED),
        (rb"Rar!", "packed with RAR", UNPACKED),
        (rb"BZh[1-9]", "packed with bzip2", UNPACKED),
        (rb"\xfd7zXZ", "packed with xz", UNPACKED),
        (rb"PAR1", "a Parquet file", "save it as CSV or GeoPackage"),
        (rb"SQLite format 3\0", "an SQLite database, but no GeoPackage", AS_FEATURES),
        (rb"\x89PNG|\xff\xd8\xff|GIF8|II\*\0|MM\0\*", "a picture", "send the data it shows"),
        (START + rb"<(?:!doctype html|html|head|body|table)", "a web page (HTML)", AS_TABLE),
        (START + rb"<(?:\w+:)?kml\b", "a KML file", AS_FEATURES),
        (START + rb"<(?:\w+:)?gpx\b", "a GPX file", AS_FEATURES),
        (rb"(?:\xef\xbb\xbf)?\s*<\?xml", "an XML file", "export a table from where it comes"),
    )
)
# What a zip with such a file in it is.
MEMBERS = {
    "word/document.xml": ("a Word document", AS_TABLE),
    "ppt/presentation.xml": ("a presentation", AS_TABLE),
    "xl/workbook.bin": ("a binary workbook (XLSB)", "save it as XLSX"),
    "content.xml": ("an OpenDocument file", "save it as XLSX"),
    "doc.kml": ("a KMZ file", AS_FEATURES),
}


def reason_not_to_read(source: Source) -> str | None:
    """What a file is that no reader is for."""
    for pattern, called, advice in BEGINNINGS:
        if pattern.match(source.beginning):
            return f"it is {called}: {advice}"
    for member, (called, advice) in MEMBERS.items():
        if member in source.members:
            return f"it is {called}: {advice}"
    return None
