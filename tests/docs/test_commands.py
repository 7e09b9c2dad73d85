"""Every command that a page names exists, with its options; the reference page has all of them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from cli import app
from commands.shorthand import Shorthand
from tests.docs.pages import DOCS, INLINE, PAGES, blocks, name_of, prose

Command = TyperCommand | TyperGroup
Parameter = TyperArgument | TyperOption

PAGE = DOCS / "reference" / "cli.md"
NAMED = re.compile(r"(?:\./|^)quartier +([a-z].*)")


@pytest.mark.parametrize("page", [page for page in PAGES if page != PAGE], ids=name_of)
def test_commands_that_a_page_shows_can_be_called(page: Path) -> None:
    for line in _named(line for block in blocks(page) for line in block.splitlines()):
        _parse(line)


@pytest.mark.parametrize("page", [page for page in PAGES if page != PAGE], ids=name_of)
def test_commands_that_a_page_mentions_exist(page: Path) -> None:
    """A mention need not have all arguments."""
    for line in _named(INLINE.findall(prose(page))):
        try:
            _parse(line)
        except Exception as error:
            if not str(error).startswith("Missing"):
                raise


@pytest.mark.parametrize("line", ["publish --no-such-option", "no-such-command", "import people x"])
def test_one_that_does_not_exist_is_found(line: str) -> None:
    with pytest.raises(Exception, match=r"No such|'people' is not"):
        _parse(line)


def test_the_page_has_every_command() -> None:
    expected = reference()
    assert expected in PAGE.read_text(encoding="utf-8"), f"{PAGE.name} should have:\n\n{expected}"


def _named(lines: Iterable[str]) -> Iterator[str]:
    """What follows `./quartier`, or `quartier` at the beginning."""
    for line in lines:
        if found := NAMED.search(line.removeprefix("$ ")):
            yield found[1]


def _parse(line: str) -> None:
    """As the command line does it, but nothing is run."""
    command, name = _command(), "quartier"
    arguments = shlex.split(line.partition(" > ")[0], comments=True)
    while isinstance(command, TyperGroup):
        if isinstance(command, Shorthand):
            arguments = command.expanded(arguments)
        if not arguments:
            return
        name = arguments.pop(0)
        assert name in command.commands, f"No such command: {name}"
        command = _known(command.commands[name])
    command.make_context(name, arguments)


def _command() -> Command:
    return _known(get_command(app))


def _known(command: object) -> Command:
    assert isinstance(command, Command)
    return command


def reference() -> str:
    """A section for every command: how it is called, what it does, its arguments and options."""
    return "\n\n".join(_sections(_command(), "quartier"))


def _sections(command: Command, name: str) -> Iterator[str]:
    if isinstance(command, TyperGroup):
        for part, inner in command.commands.items():
            yield from _sections(_known(inner), f"{name} {part}")
        return
    parameters = [each for each in command.params if isinstance(each, Parameter)]
    rows = [_row(parameter) for parameter in parameters]
    table = "\n".join(["| Argument or option | Meaning |", "| --- | --- |", *rows])
    call = " ".join([f"./{name}", *map(_shown, parameters)])
    parts = [f"## {name}", f"`{call}`", command.help or "", *([table] if rows else [])]
    yield "\n\n".join(parts)


def _shown(parameter: Parameter) -> str:
    if isinstance(parameter, TyperOption):
        return f"[{_option(parameter)}]"
    name = str(parameter.name).upper() + ("…" if parameter.nargs == -1 else "")
    return name if parameter.required else f"[{name}]"


def _option(option: TyperOption) -> str:
    if option.is_flag:
        # The one of the two that changes something.
        return option.secondary_opts[0] if option.default else option.opts[0]
    return f"{option.opts[0]} {str(option.name).upper()}"


def _row(parameter: Parameter) -> str:
    if isinstance(parameter, TyperArgument):
        return f"| `{str(parameter.name).upper()}` | {parameter.help or ''} |"
    names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
    default = f" Default: `{parameter.opts[0]}`." if parameter.is_flag and parameter.default else ""
    return f"| {names} | {parameter.help}{default} |"
