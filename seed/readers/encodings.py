"""Which encoding a text is in: by its mark, as stated, as UTF-8, or as its letters suggest.

The whole file is decoded before a row of it is believed, so that no row fails later.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from itertools import islice

from charset_normalizer import from_bytes

from seed.readers import UnreadableError
from seed.readers.sources import Source

BLOCK = 1 << 20  # bytes read at once
LONGEST_ENTRY = 4 << 20  # characters: a line, or a record over several lines
EVIDENCE = 64 << 10  # bytes of lines beyond ASCII that are looked at
CONTROL = re.compile(r"[\x01-\x08\x0e-\x1a\x1c\x1d\x7f]")
MOST_CONTROL = 0.01  # of the characters; text has none or a few

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WESTERN = "cp1252"
# What spreadsheets and old databases of Europe write; without bounds, exotic ones are guessed.
GUESSED = [
    WESTERN, "cp1250", "cp1251", "cp1253", "cp1254", "cp1257", "iso8859_2", "cp850", "cp852",
    "mac_roman",
]  # fmt: skip
WITHIN_WORD = re.compile(rb"(?<=[A-Za-z])[\x80-\xff](?=[a-z])")
LONG_RUN = re.compile(rb"[\x80-\xff]{4}")


@dataclass(frozen=True)
class Encoding:
    """The name of an encoding, and how it was found out."""

    name: str
    note: str


@dataclass(frozen=True)
class _Flaw:
    line: int
    reason: str


def find_encoding(source: Source, stated: str | None = None) -> Encoding:
    """The encoding that the whole file can be read in."""
    marked = next((name for mark, name in MARKS if source.beginning.startswith(mark)), None)
    if marked is not None:
        return _certain(source, Encoding(marked, f"read as {marked}, by its byte order mark"))
    if stated is not None:
        name = checked_name(stated)
        return _certain(source, Encoding(name, f"read as {name}, as the mapping says"))
    if _flaw(source, "utf-8") is None:
        return Encoding("utf-8", "read as UTF-8")
    return _guessed(source)


def checked_name(stated: str) -> str:
    """The name that Python has for an encoding of texts."""
    try:
        TextIOWrapper(BytesIO(), encoding=stated)
    except LookupError as error:
        raise UnreadableError(f"the mapping names an encoding that is none: {stated!r}") from error
    return codecs.lookup(stated).name


def is_utf8(source: Source, start: int) -> bool:
    """Whether a file is UTF-8 from a byte on."""
    try:
        for _ in _decoded(source, "utf-8", start):
            pass
    except UnicodeDecodeError:
        return False
    return True


def _certain(source: Source, encoding: Encoding) -> Encoding:
    if flaw := _flaw(source, encoding.name):
        raise UnreadableError(f"line {flaw.line} is not {encoding.name}: {flaw.reason}")
    return encoding


def _flaw(source: Source, encoding: str) -> _Flaw | None:
    """Where the file is not text in this encoding. What is no text at all is refused here."""
    lines, unbroken = 1, 0
    try:
        for text in _decoded(source, encoding):
            _refuse_binary(text, lines)
            lines += text.count("\n")
            unbroken = 0 if "\n" in text or "\r" in text else unbroken + len(text)
            if unbroken > LONGEST_ENTRY:
                raise UnreadableError(f"line {lines} has more than {LONGEST_ENTRY:,} characters")
    except UnicodeError as error:
        return _Flaw(lines, str(error))
    return None


def _decoded(source: Source, encoding: str, start: int = 0) -> Iterator[str]:
    """The text in blocks; at the first flaw what precedes it, then the error."""
    decoder = codecs.getincrementaldecoder(encoding)()
    with source.opened() as file:
        file.read(start)
        while block := file.read(BLOCK):
            try:
                yield decoder.decode(block)
            except UnicodeDecodeError as error:
                yield error.object[: error.start].decode(encoding, errors="replace")
                raise
        yield decoder.decode(b"", final=True)


def _refuse_binary(text: str, line: int) -> None:
    if "\0" in text:
        line += text.count("\n", 0, text.index("\0"))
        raise UnreadableError(
            f"line {line} holds a NUL byte: this is no text, or UTF-16 without a byte order mark "
            "(then name the encoding in the mapping)"
        )
    if len(CONTROL.findall(text[:BLOCK])) > MOST_CONTROL * len(text):
        raise UnreadableError("this is no text: it is full of control characters")


def _guessed(source: Source) -> Encoding:
    lines = list(_lines_beyond_ascii(source))
    _refuse_mixture(source, lines)
    for name in _likely(lines):
        if _flaw(source, name) is None:
            return Encoding(name, f"not UTF-8; read as {name}, which its letters suggest")
    raise UnreadableError("neither UTF-8 nor a known encoding: name the encoding in the mapping")


def _lines_beyond_ascii(source: Source) -> Iterator[bytes]:
    collected = 0
    with source.opened() as file:
        while collected < EVIDENCE and (line := file.readline(LONGEST_ENTRY)):
            if not line.isascii():
                collected += len(line)
                yield line


def _refuse_mixture(source: Source, lines: list[bytes]) -> None:
    """Letters beyond ASCII are hardly ever UTF-8 by chance: then most of the file is meant so."""
    utf8 = [line for line in lines if _is(line, "utf-8")]
    if 2 * len(utf8) > len(lines):
        flaw = _flaw(source, "utf-8")
        assert flaw is not None
        raise UnreadableError(
            f"line {flaw.line} is not UTF-8, though most other lines are: "
            "mend it, or name the encoding in the mapping"
        )


def _likely(lines: list[bytes]) -> Iterator[str]:
    """Statistics fail on a few umlauts, which half of the encodings have; habit decides first."""
    sample = b"".join(lines)
    if _is_western(sample):
        yield WESTERN
    yield from (match.encoding for match in islice(from_bytes(sample, cp_isolation=GUESSED), 3))
    yield WESTERN


def _is_western(sample: bytes) -> bool:
    """In cp1252, what stands within a word is at C0 to FF; in DOS and Mac sets it is below."""
    within = WITHIN_WORD.findall(sample)
    letters = [each for each in within if each >= b"\xc0"]
    return len(letters) >= 0.9 * len(within) and not LONG_RUN.search(sample)


def _is(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
