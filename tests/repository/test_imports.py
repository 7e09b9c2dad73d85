"""Imports run one way, cli → commands → bench → web → api → seed → db, and only db/ writes SQL."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Each may import what stands to its right.
ORDER = ("cli", "commands", "bench", "web", "api", "seed", "db")
MODULES = sorted(
    path.relative_to(ROOT)
    for part in ORDER
    for path in (*ROOT.glob(f"{part}.py"), *ROOT.glob(f"{part}/**/*.py"))
    if "node_modules" not in path.parts
)
COMMANDS = ("cli.py", "commands")
HTTP_AND_SETTINGS = {"fastapi", "starlette", "uvicorn", "pydantic_settings"}

# Two words that follow each other in a statement and hardly ever in a sentence.
SQL = re.compile(
    r"\b(SELECT\s.*\sFROM|INSERT\s+INTO|UPDATE\s.*\sSET|DELETE\s+FROM|TRUNCATE|CREATE\s+(TABLE|"
    r"ROLE|SCHEMA|EXTENSION|INDEX)|ALTER\s+(TABLE|ROLE)|DROP\s+(TABLE|ROLE|SCHEMA)|GRANT\s.*\sTO)\b",
    re.DOTALL,
)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_imports_run_one_way(module: Path) -> None:
    layer = module.parts[0].removesuffix(".py")
    above = set(ORDER[: ORDER.index(layer)]) | {"tests"}
    assert not above & set(_imported(module))


@pytest.mark.parametrize("module", [path for path in MODULES if path.parts[0] in COMMANDS], ids=str)
def test_no_command_waits_for_the_libraries_of_another(module: Path) -> None:
    """It imports what it needs when it runs."""
    imported = set(_imported_by(_tree(module).body))
    assert imported <= sys.stdlib_module_names | {"commands", "rich", "typer"}


@pytest.mark.parametrize("module", [path for path in MODULES if path.parts[0] == "db"], ids=str)
def test_the_database_knows_nothing_of_http_or_settings(module: Path) -> None:
    assert not HTTP_AND_SETTINGS & set(_imported(module))


@pytest.mark.parametrize("module", [path for path in MODULES if path.parts[0] != "db"], ids=str)
def test_only_the_database_layer_writes_sql(module: Path) -> None:
    assert not [text for text in _strings(module) if SQL.search(text)]


def test_no_module_is_called_utils() -> None:
    assert not [path for path in MODULES if path.stem in ("utils", "util", "helpers", "common")]


def _imported(module: Path) -> Iterator[str]:
    return _imported_by(ast.walk(_tree(module)))


def _imported_by(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def _strings(module: Path) -> Iterator[str]:
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _tree(module: Path) -> ast.Module:
    return ast.parse((ROOT / module).read_text())
