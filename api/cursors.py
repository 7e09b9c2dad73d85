"""Opaque cursors: the sort keys of the last row, the order they belong to, and how deep we are."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2s
from uuid import UUID

from sqlalchemy import DateTime, Double, Integer, Table, Text
from sqlalchemy.types import TypeEngine

from api.errors import InvalidParameter
from db import published
from db.queries import Order

INVALID = "is not a cursor of this list; start again without it"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended. `depth` is the number of rows before the next page."""

    keys: tuple[str | int | float, ...]
    depth: int


def encode(table: Table, order: Order, keys: bytes, depth: int) -> str:
    """A cursor from the keys as PostgreSQL wrote them (a JSON array)."""
    payload = json.dumps([json.loads(keys), depth], ensure_ascii=False, separators=(",", ":"))
    raw = payload.encode()
    return urlsafe_b64encode(_checksum(table, order, raw) + raw).rstrip(b"=").decode()


def decode(table: Table, order: Order, text: str) -> Cursor:
    """The cursor, if it is one of this resource and order, and untampered. Else a problem."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        checksum, payload = raw[:6], raw[6:]
        if checksum != _checksum(table, order, payload):
            raise InvalidParameter.named("cursor", INVALID)
        keys, depth = json.loads(payload)
    except (Base64Error, ValueError) as error:
        raise InvalidParameter.named("cursor", INVALID) from error
    return Cursor(tuple(_typed(table, order, keys)), depth)


def _checksum(table: Table, order: Order, payload: bytes) -> bytes:
    """Catches mistakes, not attacks: a forged cursor would only start the list elsewhere."""
    context = f"{table.name} {order.name} {order.descending} ".encode()
    return blake2s(context + payload, digest_size=6).digest()


def _typed(table: Table, order: Order, keys: list[object]) -> list[object]:
    columns = published.SORTS[table.name].get(order.name)
    types: list[TypeEngine[object]] = (
        [table.c[name].type for name in columns] if columns else [Double()]
    )
    return [*(_value(type_, key) for type_, key in zip(types, keys, strict=False)), UUID(str(keys[-1]))]


def _value(type_: TypeEngine[object], key: object) -> object:
    match type_:
        case DateTime():
            return datetime.fromisoformat(str(key))
        case Integer():
            return int(str(key))
        case Text():
            return str(key)
        case _:
            return float(str(key))
