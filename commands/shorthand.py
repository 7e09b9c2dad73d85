"""Groups of commands whose most usual one need not be named."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup


class Shorthand(TyperGroup):
    """A group whose most usual command need not be named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, self.expanded(args))

    def expanded(self, args: list[str]) -> list[str]:
        raise NotImplementedError


class ListGroup(Shorthand):
    """`sources` alone is `sources list`, `inbox --json` is `inbox list --json`."""

    def expanded(self, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("--") and args[0] != "--help"):
            return ["list", *args]
        return args
