"""Opaque cursors: the sort keys of the last row, the order they belong to, and how deep we are."""

import json
import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2s
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Double, Integer, Table, Text
from sqlalchemy.types import TypeEngine

from api.errors import InvalidParameter
from db import published
from db.statements import Order

INVALID = "is not a cursor of this list; start again without it"


Key = str | int | float | datetime | UUID


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended. `depth` is the number of rows before the next page."""

    keys: tuple[Key, ...]
    depth: int


def encode(table: Table, order: Order, keys: bytes, depth: int) -> str:
    """A cursor from the keys as PostgreSQL wrote them (a JSON array)."""
    raw = b"[%b,%d]" % (keys, depth)
    return urlsafe_b64encode(_checksum(table, order, raw) + raw).rstrip(b"=").decode()


def decode(table: Table, order: Order, text: str) -> Cursor:
    """The cursor, if it is one of this resource and order, and untampered. Else a problem."""
    try:
        return _read(table, order, urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise InvalidParameter.named("cursor", INVALID) from error


def _read(table: Table, order: Order, raw: bytes) -> Cursor:
    checksum, payload = raw[:6], raw[6:]
    if checksum != _checksum(table, order, payload):
        raise ValueError
    keys, depth = json.loads(payload)
    return Cursor(tuple(_typed(table, order, keys)), int(depth))


def _checksum(table: Table, order: Order, payload: bytes) -> bytes:
    """Catches mistakes, not attacks: a forged cursor would only start the list elsewhere."""
    context = f"{table.name} {order.name} {order.descending} ".encode()
    return blake2s(context + payload, digest_size=6).digest()


def _typed(table: Table, order: Order, keys: list[object]) -> list[Key]:
    columns = published.SORTS[table.name].get(order.name)
    types: list[TypeEngine[Any]] = (
        [table.c[name].type for name in columns] if columns else [Double()]
    )
    *others, identity = keys
    values = [_value(type_, key) for type_, key in zip(types, others, strict=True)]
    return [*values, UUID(str(identity))]


def _value(type_: TypeEngine[Any], key: object) -> Key:
    match type_:
        case DateTime():
            return datetime.fromisoformat(str(key))
        case Integer():
            return _checked(int(str(key)), abs(int(str(key))) < 2**31)
        case Text():
            return _checked(str(key), "\0" not in str(key))
        case _:
            return _checked(float(str(key)), math.isfinite(float(str(key))))


def _checked(key: Key, is_valid: bool) -> Key:
    if not is_valid:
        raise ValueError
    return key
