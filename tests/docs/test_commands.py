"""Every command that a page names exists, with its options; the reference page has all of them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from cli import app
from tests.docs.pages import DOCS, INLINE, PAGES, blocks, name_of, prose

PAGE = DOCS / "reference" / "cli.md"
NAMED = re.compile(r"(?:\./|^)quartier +([a-z].*)")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_that_a_page_names_exist(page: Path) -> None:
    for line in _named(page):
        _parse(line)


@pytest.mark.parametrize("line", ["publish --no-such-option", "no-such-command", "import people x"])
def test_one_that_does_not_exist_is_found(line: str) -> None:
    with pytest.raises(Exception, match=r"No such|'people' is not"):
        _parse(line)


def test_the_page_has_every_command() -> None:
    expected = reference()
    assert expected in PAGE.read_text(encoding="utf-8"), f"{PAGE.name} should have:\n\n{expected}"


def _named(page: Path) -> Iterator[str]:
    """What follows `./quartier` in code, or `quartier` where that begins a quotation of code."""
    lines = [line for block in blocks(page) for line in block.splitlines()]
    for line in [*lines, *INLINE.findall(prose(page))]:
        if found := NAMED.search(line.removeprefix("$ ")):
            yield found[1]


def _parse(line: str) -> None:
    """As the command line does it, but nothing is run."""
    command: Any = get_command(app)
    arguments = shlex.split(line.split(" > ")[0], comments=True)
    while commands := getattr(command, "commands", None):
        name = arguments.pop(0)
        assert name in commands, f"No such command: {name}"
        command = commands[name]
        if not arguments and hasattr(command, "commands"):
            return
    command.make_context("quartier", arguments)


def reference() -> str:
    """A section for every command: how it is called, what it does, its arguments and options."""
    return "\n\n".join(_sections(get_command(app), "quartier"))


def _sections(command: Any, name: str) -> Iterator[str]:
    if commands := getattr(command, "commands", None):
        for part, inner in commands.items():
            yield from _sections(inner, f"{name} {part}")
        return
    rows = [_row(parameter) for parameter in command.params]
    table = "\n".join(["| Argument or option | Meaning |", "| --- | --- |", *rows])
    call = " ".join([f"./{name}", *map(_shown, command.params)])
    parts = [f"## {name}", f"`{call}`", command.help, *([table] if rows else [])]
    yield "\n\n".join(parts)


def _shown(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        name = parameter.name.upper() + ("…" if parameter.nargs == -1 else "")
        return name if parameter.required else f"[{name}]"
    return f"[{_option(parameter)}]"


def _option(parameter: Any) -> str:
    if parameter.is_flag:
        names = [*parameter.opts, *parameter.secondary_opts]
        # The one that changes something.
        return str(names[-1] if parameter.default else names[0])
    return f"{parameter.opts[0]} {parameter.name.upper()}"


def _row(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        codes = getattr(parameter.type, "choices", ())
        named = f"`{parameter.name.upper()}`"
        listed = ", ".join(f"`{getattr(code, 'value', code)}`" for code in codes)
        return f"| {named} | {' '.join(filter(None, [parameter.help, listed]))} |"
    names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
    default = f" Default: `{parameter.opts[0]}`." if parameter.is_flag and parameter.default else ""
    return f"| {names} | {parameter.help}{default} |"
