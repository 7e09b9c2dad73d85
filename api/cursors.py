"""Opaque cursors: the sort keys of the last row, the order they belong to, and how deep we are."""

import json
import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import blake2s
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Double, Integer, Numeric, Table, Text
from sqlalchemy.types import TypeEngine

from api.errors import InvalidParameter
from db import published
from db.statements import Order

INVALID = "is not a cursor of this list; start again without it"


Key = str | int | float | Decimal | datetime | UUID


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended. `depth` is the number of rows before the next page."""

    keys: tuple[Key, ...]
    depth: int


def seal(context: str, payload: bytes) -> str:
    """An opaque text that `unseal` takes back in the same context only."""
    return _written(_checksum(context, payload) + payload)


def unseal(context: str, text: str) -> bytes:
    """The payload; ValueError if the text was made elsewhere, or altered on the way."""
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    payload = raw[6:]
    if raw[:6] != _checksum(context, payload) or _written(raw) != text:
        raise ValueError
    return payload


def encode(table: Table, order: Order, keys: bytes, depth: int) -> str:
    """A cursor from the keys as PostgreSQL wrote them (a JSON array)."""
    return seal(_context(table, order), b"[%b,%d]" % (keys, depth))


def decode(table: Table, order: Order, text: str) -> Cursor:
    """The cursor, if it is one of this resource and order, and untampered. Else a problem."""
    try:
        keys, depth = json.loads(unseal(_context(table, order), text), parse_float=Decimal)
        return Cursor(tuple(_typed(table, order, keys)), int(depth))
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise InvalidParameter.named("cursor", INVALID) from error


def _context(table: Table, order: Order) -> str:
    return f"{table.name} {order.name} {order.descending} "


def _checksum(context: str, payload: bytes) -> bytes:
    """Catches mistakes, not attacks: a forged cursor would only start the list elsewhere."""
    return blake2s(context.encode() + payload, digest_size=6).digest()


def _written(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


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
        case Numeric() if not isinstance(type_, Double):
            return _checked(Decimal(str(key)), not Decimal(str(key)).is_nan())
        case _:
            return _checked(float(str(key)), math.isfinite(float(str(key))))


def _checked(key: Key, is_valid: bool) -> Key:
    if not is_valid:
        raise ValueError
    return key
