"""A workbook as Excel 97 writes it, as small as may be: no library writes these any more.

[MS-XLS] for the records of the sheet, [MS-CFB] for the file they are in.
"""

from __future__ import annotations

import struct

SECTOR = 512
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
ERROR_REF = 0x17


class Error(int):
    """A cell with an error, by its code in [MS-XLS] 2.5.10."""


Cell = str | float | bool | Error | None


def workbook(rows: list[list[Cell]], *, merged: tuple[int, int, int, int] | None = None) -> bytes:
    """One sheet named Blatt; `merged` is first row, last row, first column, last column."""
    start = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    name = "Blatt"
    bound = struct.pack("<IBBBB", 0, 0, 0, len(name), 0) + name.encode("latin-1")
    position = len(start) + len(_record(0x0085, bound)) + len(_record(0x000A, b""))
    bound = struct.pack("<I", position) + bound[4:]
    book = start + _record(0x0085, bound) + _record(0x000A, b"")
    return _compound_file(book + _sheet(rows, merged))


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _sheet(rows: list[list[Cell]], merged: tuple[int, int, int, int] | None) -> bytes:
    parts = [_record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))]
    width = max(map(len, rows), default=0)
    parts.append(_record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0)))
    for row, cells in enumerate(rows):
        parts += [_cell(row, column, cell) for column, cell in enumerate(cells) if cell is not None]
    if merged:
        parts.append(_record(0x00E5, struct.pack("<HHHHH", 1, *merged)))
    return b"".join([*parts, _record(0x000A, b"")])


def _cell(row: int, column: int, cell: Cell) -> bytes:
    place = struct.pack("<HHH", row, column, 0)
    if isinstance(cell, bool):
        return _record(0x0205, place + struct.pack("<BB", cell, 0))
    if isinstance(cell, Error):
        return _record(0x0205, place + struct.pack("<BB", cell, 1))
    if isinstance(cell, str):
        text = cell.encode("utf-16-le")
        return _record(0x0204, place + struct.pack("<HB", len(text) // 2, 1) + text)
    return _record(0x0203, place + struct.pack("<d", cell))


def _compound_file(stream: bytes) -> bytes:
    """One stream, long enough not to be put with the small ones."""
    stream = stream.ljust(max(4096, -(-len(stream) // SECTOR) * SECTOR), b"\0")
    sectors = len(stream) // SECTOR
    chain = [FAT, END, *range(3, sectors + 2), END]
    table = struct.pack(f"<{SECTOR // 4}I", *(chain + [FREE] * SECTOR)[: SECTOR // 4])
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack(
        "<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, END, 0, END, 0
    )
    header += struct.pack("<I", 0) + struct.pack("<I", FREE) * 108
    root = _entry("Root Entry", 5, child=1, start=END, size=0)
    book = _entry("Workbook", 2, child=FREE, start=2, size=len(stream))
    return header + table + (root + book).ljust(SECTOR, b"\0") + stream


def _entry(name: str, kind: int, *, child: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le")
    entry = text.ljust(64, b"\0") + struct.pack("<HBB", len(text) + 2, kind, 1)
    entry += struct.pack("<III", FREE, FREE, child) + bytes(16 + 4 + 16)
    return entry + struct.pack("<IQ", start, size)
