"""JSON (RFC 8259), read strictly, and its objects laid flat."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from seed.readers import UnreadableError

DEEPEST = 50  # levels within one record

# Half of a surrogate pair is no character; where no half is escaped, none can come about.
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parse(content: bytes) -> Any:
    """The value of a text; the reason if it is none, or one that means different things to readers.

    RFC 8259, section 8.1: JSON is UTF-8; a byte order mark may be ignored.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(f"not UTF-8, as JSON has to be (byte {error.start + 1})") from error
    value = _parsed(text)
    if SURROGATE.search(text):
        _refuse_half_characters(value)
    return value


def _parsed(text: str) -> Any:
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise UnreadableError(f"not JSON: {error.msg} ({place})") from error
    except RecursionError as error:
        raise UnreadableError("not read: the JSON is nested too deeply") from error
    except UnreadableError:
        raise
    except ValueError as error:  # an integer of thousands of digits
        raise UnreadableError(f"not read: {error}") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """RFC 8259, section 4: with a name that occurs twice, software does what it likes."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise UnreadableError(f"an object has the key {twice!r} twice: {_beginning(pairs)}")
    return found


def _beginning(pairs: Iterable[tuple[str, Any]]) -> str:
    shown = ", ".join(f"{name}: {value!r}"[:40] for name, value in pairs)
    return f"{{{shown[:120]} …}}"


def _refuse_constant(name: str) -> NoReturn:
    raise UnreadableError(f"not JSON: {name} is no number")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise UnreadableError(f"the number {digits[:40]} is too large")
    return number


def _refuse_half_characters(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        around = ascii(error.object[max(error.start - 20, 0) : error.end + 20])
        raise UnreadableError(f"half a character (a lone surrogate) in {around}") from error


def flatten(value: Mapping[str, Any]) -> dict[str, Any]:
    """An object with one dotted key a nested member: `address.street`. Lists stay lists."""
    flat: dict[str, Any] = {}
    _lay_flat(value, "", flat, DEEPEST)
    return flat


def _lay_flat(value: Mapping[str, Any], prefix: str, flat: dict[str, Any], levels: int) -> None:
    for key, each in value.items():
        path = f"{prefix}{key}"
        if isinstance(each, dict) and each:
            _refuse_depth(levels)
            _lay_flat(each, f"{path}.", flat, levels - 1)
        elif path in flat:
            raise UnreadableError(f"two members of one record have the path {path!r}")
        else:
            _refuse_deep_lists(each, levels)
            flat[path] = each or None if isinstance(each, dict) else each


def _refuse_deep_lists(value: Any, levels: int) -> None:
    if isinstance(value, list | dict):
        _refuse_depth(levels)
        for each in value.values() if isinstance(value, dict) else value:
            _refuse_deep_lists(each, levels - 1)


def _refuse_depth(levels: int) -> None:
    if levels <= 0:
        raise UnreadableError(f"a record is nested more than {DEEPEST} levels deep")
