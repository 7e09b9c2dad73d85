"""Files of house coordinates, row by row: the official Hauskoordinaten, and OpenAddresses.

Hauskoordinaten (HK-DE, Gebäudereferenzen) have two layouts, each with and without a header line:
up to version 4 of the AdV's description 14 to 20 columns, the easting with its zone in front
(`33380459,123`); since version 5, 20 to 26 columns, with names beside keys and a column for the
zone. States differ in delimiter, decimal sign, encoding and in whether they give postcodes.
OpenAddresses has CSV, and GeoJSON with a feature a line.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

from db.geocoding import House, Street
from seed.addresses import house_number, postcode, street_name, town
from seed.readers import UnreadableError

LONGEST_CELL = 1 << 17  # characters
LONGEST_LINE = 1 << 16
EXAMPLES = 5  # rejected rows that are told, of each reason
GZIP = b"\x1f\x8b"
ZIP = b"PK\x03\x04"

HAUSKOORDINATEN = "Hauskoordinaten"
OPEN_ADDRESSES = "OpenAddresses"
GERMANY = (5.5, 47.0, 15.5, 55.5)
WORLD = (-180.0, -90.0, 180.0, 90.0)

# Columns by the names that version 5 gives them (HK-DE 5.2, section 1.1).
LONG = (
    *("nba", "oid", "qua", "landschl", "land", "regbezschl", "regbez", "kreisschl", "kreis"),
    *("gmdschl", "gmd", "ottschl", "ott", "strschl", "str", "hnr", "adz", "zone", "ostwert"),
    *("nordwert", "postplz", "postonm", "postonmzus", "postott"),
)
# HK-DE 4.2, section 1.1: NBA;OI;QUA;LAN;RBZ;KRS;GMD;OTT;SSS;HNR;ADZ;E;N;STN;PLZ;ONM;ZON;POT
COMPACT = (
    *("nba", "oid", "qua", "landschl", "regbezschl", "kreisschl", "gmdschl", "ottschl", "strschl"),
    *("hnr", "adz", "ostwert", "nordwert", "str", "postplz", "postonm", "postonmzus", "postott"),
)
_COMPACT_NAMES = {
    "oi": "oid",
    "lan": "landschl",
    "rbz": "regbezschl",
    "krs": "kreisschl",
    "gmd": "gmdschl",
    "ott": "ottschl",
    "sss": "strschl",
    "stn": "str",
    "plz": "postplz",
    "onm": "postonm",
    "zon": "postonmzus",
    "pot": "postott",
}
STREET_COLUMNS = (
    *("str", "postplz", "gmd", "postonm", "postonmzus", "ott", "postott"),
    *("landschl", "regbezschl", "kreisschl", "gmdschl", "ottschl", "strschl"),
)
_EASTING = re.compile(r"(?:zz)?e+[_.,]e+")
_NORTHING = re.compile(r"n+[_.,]n+")
_MISSPELT = {"kreissch": "kreisschl"}  # in Hesse

# HK-DE, QUA: the cadastre gave these numbers to buildings itself; nobody writes them in an address.
INVENTED = "C"
DELETED = "L"  # NBA of a row that takes a house away
EASTERN_STATES = {"11", "12", "13", "14"}  # their own coordinates are in zone 33, if none is stated


class _Rejected(ValueError):  # noqa: N818 - reads as what became of the row
    """A row that is not as the file's other rows are."""


class _LeftOut(ValueError):  # noqa: N818 - the same
    """A row that is as it should be, and no address."""


@dataclass
class HouseFile:
    """A file of houses. Read once from the beginning to the end, it has counted its rows."""

    path: Path
    kind: str
    within: tuple[float, float, float, float]
    _rows: Callable[[], Iterator[tuple[int, Any]]]
    _house: Callable[[Any], House]
    read: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    examples: list[tuple[int, str]] = field(default_factory=list)

    def houses(self) -> Iterator[House]:
        """Every address; raises UnreadableError where the file breaks off."""
        try:
            for line, row in self._rows():
                self.read += 1
                try:
                    yield self._house(row)
                except _LeftOut as reason:
                    self.left_out[str(reason)] += 1
                except _Rejected as reason:
                    self._reject(line, str(reason))
        except (OSError, EOFError, zlib.error, csv.Error) as error:
            raise UnreadableError(f"breaks off after {self.read} rows: {error}") from error

    def _reject(self, line: int, reason: str) -> None:
        self.rejected[reason] += 1
        if self.rejected[reason] <= EXAMPLES:
            self.examples.append((line, reason))


def open_houses(path: Path) -> HouseFile:
    """Find out what kind of file this is; raises UnreadableError."""
    try:
        encoding = _encoding(path)
        with _text(path, encoding) as text:
            first, second = _first_line(text), text.readline(LONGEST_LINE)
    except (EOFError, zlib.error) as error:
        raise UnreadableError(f"not readable: {error}") from error
    if first.lstrip().startswith("{"):
        _require_feature(first)
        return HouseFile(path, OPEN_ADDRESSES, WORLD, partial(_lines, path, encoding), _feature)
    table = _table(first, second)
    rows = partial(_rows, path, encoding, table)
    if "lon" in table.names:
        return HouseFile(path, OPEN_ADDRESSES, WORLD, rows, _OpenAddress(table))
    return HouseFile(path, HAUSKOORDINATEN, GERMANY, rows, _Hauskoordinate(table))


# --- text ----------------------------------------------------------------------------------------


@contextmanager
def _bytes(path: Path) -> Iterator[BinaryIO]:
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(0)
        if start == ZIP:
            raise UnreadableError("a zip archive: unpack it, and give the file of addresses in it")
        yield cast("BinaryIO", gzip.GzipFile(fileobj=file) if start[:2] == GZIP else file)


@contextmanager
def _text(path: Path, encoding: str) -> Iterator[TextIO]:
    with _bytes(path) as file:
        yield io.TextIOWrapper(file, encoding, errors="replace", newline="")


def _encoding(path: Path) -> str:
    """UTF-8 since version 4 of HK-DE, ISO 8859-1 before."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with _bytes(path) as file:
        try:
            while block := file.read(1 << 20):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"


def _first_line(text: TextIO) -> str:
    """The first that is neither empty nor a comment (HK-DE, section 1: `#`)."""
    line = "\n"
    while line and (not line.strip() or line.startswith("#")):
        line = text.readline(LONGEST_LINE)
    if not line:
        raise UnreadableError("the file is empty")
    if len(line) == LONGEST_LINE or "\0" in line:
        raise UnreadableError(f"not a file of house coordinates: {line[:40]!r}…")
    return line


# --- tables --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Table:
    """How a file has its columns."""

    delimiter: str
    quoted: bool
    names: tuple[str, ...] = ()
    has_header: bool = False

    @property
    def dialect(self) -> dict[str, Any]:
        """Names of streets may have quotation marks where the file does not use them as such."""
        quoting = csv.QUOTE_MINIMAL if self.quoted else csv.QUOTE_NONE
        return {"delimiter": self.delimiter, "quoting": quoting}

    def fitted(self, row: list[str]) -> list[str]:
        """As wide as the first row, and an empty cell more. Lines may end with a delimiter."""
        width = len(self.names)
        if any(row[width:]):
            raise _Rejected("more columns than the first line")
        return [*row[:width], *[""] * (width + 1 - min(width, len(row)))]

    def position(self, name: str) -> int:
        """Where a column is; behind the last one, where `fitted` adds a cell, if there is none."""
        return self.names.index(name) if name in self.names else len(self.names)


def _table(first: str, second: str) -> _Table:
    """Delimiter, quotes and columns, as the first line has them; a header may go without quotes."""
    delimiter = max(";,\t|", key=first.count)
    cell = f'{delimiter}"'
    quoted = delimiter == "," or any(cell in f"{delimiter}{line}" for line in (first, second))
    cells = next(csv.reader([first], **_Table(delimiter, quoted).dialect))
    for names, has_header in ((_named(cells), True), (_unnamed(cells), False)):
        if names:
            return _Table(delimiter, quoted, names, has_header)
    raise UnreadableError(
        f"not a file of house coordinates: its first line has {len(cells)} columns, which are "
        f"neither those of Hauskoordinaten nor of OpenAddresses ({first.strip()[:60]!r})"
    )


def _named(cells: Sequence[str]) -> tuple[str, ...] | None:
    names = [_MISSPELT.get(name, name) for name in (cell.strip().lower() for cell in cells)]
    if "stn" in names:
        names = [_COMPACT_NAMES.get(name, name) for name in names]
        names = ["ostwert" if _EASTING.fullmatch(name) else name for name in names]
        names = ["nordwert" if _NORTHING.fullmatch(name) else name for name in names]
    for needed in ({"lon", "lat", "street", "number"}, {"str", "hnr", "ostwert", "nordwert"}):
        if needed <= set(names):
            return tuple(names)
    return None


def _unnamed(cells: Sequence[str]) -> tuple[str, ...] | None:
    """The layout whose coordinates stand where this row has some."""
    for names in (COMPACT, LONG):
        east, north = names.index("ostwert"), names.index("nordwert")
        if len(cells) > max(names.index("str"), north) and _are_metres(cells[east], cells[north]):
            return names[: len(cells)] + ("",) * (len(cells) - len(names))
    return None


def _are_metres(east: str, north: str) -> bool:
    try:
        return _decimal(east) > 100_000 and 5_000_000 < _decimal(north) < 6_500_000
    except ValueError:
        return False


def _rows(path: Path, encoding: str, table: _Table) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(LONGEST_CELL)  # of the module: other readers set theirs
    with _text(path, encoding) as text:
        rows = csv.reader(text, **table.dialect)
        filled = (row for row in rows if any(row) and not row[0].startswith("#"))
        for row in islice(filled, int(table.has_header), None):
            yield rows.line_num, row


# --- Hauskoordinaten -----------------------------------------------------------------------------


class _Hauskoordinate:
    """Makes a house of a row of Hauskoordinaten."""

    def __init__(self, table: _Table) -> None:
        self._table = table
        at = table.position
        self._change, self._quality = at("nba"), at("qua")
        self._number, self._suffix = at("hnr"), at("adz")
        self._east, self._north, self._zone = at("ostwert"), at("nordwert"), at("zone")
        self._state = at("landschl")
        self._of_street = itemgetter(*map(at, STREET_COLUMNS))

    def __call__(self, cells: list[str]) -> House:
        row = self._table.fitted(cells)
        if row[self._change].strip() == DELETED:
            raise _LeftOut("to be deleted")
        if row[self._quality].strip().upper() == INVENTED:
            raise _LeftOut("number given by the cadastre only")
        known = house_number(f"{row[self._number]} {row[self._suffix]}")
        if known is None:
            raise _LeftOut("no house number")
        (number, suffix), (x, y, srid) = known, self._place(row)
        return House(_street(self._of_street(row)), number, suffix, x, y, srid)

    def _place(self, row: list[str]) -> tuple[float, float, int]:
        """Easting and northing in metres, and their EPSG code (25832: ETRS89/UTM zone 32N)."""
        try:
            east, north = _decimal(row[self._east]), _decimal(row[self._north])
            zone = int(row[self._zone].strip() or 0)
        except ValueError:
            raise _Rejected("no coordinates") from None
        if east > 10_000_000:
            zone, east = int(east // 1_000_000), east % 1_000_000
        elif not zone:
            zone = 33 if row[self._state].strip() in EASTERN_STATES else 32
        if not (31 <= zone <= 33 and 0 < east < 1_000_000 and 5_000_000 < north < 6_500_000):
            raise _Rejected("coordinates that are not ETRS89/UTM")
        return east, north, 25800 + zone


@lru_cache(maxsize=1 << 12)
def _street(cells: tuple[str, ...]) -> Street:
    """What the houses of a street have in common; files have them one after the other."""
    name, code, municipality, place, addition, *parts = map(str.strip, cells[:7])
    keys = cells[7:]
    named = [each for each in (town(municipality), town(f"{place} {addition}")) if each]
    return Street(
        name=_shown(name),
        street=_required_street(name),
        postcode=postcode(code),
        town=_shown(place or municipality) or None,
        towns=_distinct(each.full for each in named),
        short_towns=_distinct(each.short for each in named if each.short),
        parts=_distinct(each.full for part in parts if (each := town(part))),
        municipality=_municipality_key(keys[:4]),
        code=" ".join(keys),
    )


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _municipality_key(keys: tuple[str, ...]) -> str | None:
    """The official key (AGS): state, region, county, municipality; 2, 1, 2 and 3 digits."""
    digits = [key.strip().zfill(width) for key, width in zip(keys, (2, 1, 2, 3), strict=True)]
    found = "".join(digits)
    return found if found.isdigit() and len(found) == 8 and int(found) else None


def _decimal(text: str) -> float:
    return float(text.replace(",", "."))


def _required_street(name: str) -> str:
    street = street_name(name)
    if not street:
        raise _LeftOut("no street")
    return street


def _shown(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text).strip()


# --- OpenAddresses -------------------------------------------------------------------------------


class _OpenAddress:
    """Makes a house of a row of OpenAddresses."""

    NAMES = ("street", "number", "unit", "city", "district", "postcode", "lon", "lat")

    def __init__(self, table: _Table) -> None:
        self._table = table
        self._positions = [table.position(name) for name in self.NAMES]

    def __call__(self, cells: list[str]) -> House:
        row = self._table.fitted(cells)
        return _open_address([row[position] for position in self._positions])


def _open_address(cells: Sequence[str]) -> House:
    street, number, unit, city, district, code, lon, lat = cells
    known = house_number(number if number[-1:].isalpha() else f"{number} {unit}")
    if known is None:
        raise _LeftOut("no house number")
    common = _street((street, code, city, "", "", district, "", *[""] * 6))
    try:
        x, y = float(lon), float(lat)
    except ValueError:
        raise _Rejected("no coordinates") from None
    if not (abs(x) <= 180 and abs(y) <= 90):
        raise _Rejected("coordinates that are no longitude and latitude")
    return House(common, *known, x, y, 4326)


def _require_feature(line: str) -> None:
    try:
        kind = json.loads(line).get("type")
    except (ValueError, AttributeError):
        kind = None
    if kind != "Feature":
        raise UnreadableError(
            "GeoJSON as OpenAddresses has it is a feature a line; ogr2ogr -f GeoJSONSeq makes such "
            "lines of a FeatureCollection"
        )


def _lines(path: Path, encoding: str) -> Iterator[tuple[int, str]]:
    with _text(path, encoding) as text:
        yield from ((number, line) for number, line in enumerate(text, 1) if line.strip())


def _feature(line: str) -> House:
    try:
        feature = json.loads(line)
        own = feature["properties"]
        lon, lat = feature["geometry"]["coordinates"][:2]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise _Rejected("not a feature at a point") from None
    cells = [own.get(name) for name in _OpenAddress.NAMES[:-2]]
    texts = ["" if cell is None else str(cell) for cell in cells]
    return _open_address([*texts, str(lon), str(lat)])
