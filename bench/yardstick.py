"""What the reference is asked: the statements of reference.sql, filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from bench.statements import statements

Lists = Mapping[str, Sequence[object]]


def columns(connection: psycopg.Connection[Any], table: str) -> str:
    found = connection.execute(statements("arguments")["columns"], [table]).fetchone()
    assert found
    return str(found[0])


def filled(
    connection: psycopg.Connection[Any], name: str, lists: Lists, **numbers: int
) -> sql.Composed:
    """A statement with its columns, numbers, and lists of arguments in place."""
    values: dict[str, sql.Composable] = {
        "offering": _ours(columns(connection, "offering")),
        "district": _ours(columns(connection, "district")),
        **{key: sql.Literal(number) for key, number in numbers.items()},
        **{key: _listed(items) for key, items in lists.items()},
    }
    return sql.SQL(statements("reference")[name]).format(**values)


def write_script(statement: str, arguments: int, file: Path) -> None:
    file.write_text(f"\\set i random(1, {arguments})\n{statement};\n", encoding="utf-8")


def answer(connection: psycopg.Connection[Any], statement: str, number: int) -> Any:
    """What the statement gives for argument `number`, which counts from 1."""
    found = connection.execute(statement.replace(":i", str(number)).encode()).fetchone()
    return found[0] if found else None


def _ours(text: str) -> sql.SQL:
    return sql.SQL(text)


def _listed(items: Sequence[object]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Literal, items))
