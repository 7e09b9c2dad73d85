"""The pages of the documentation, and what can be checked in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("**/*.md"), *ROOT.glob("seed/**/*.md")])
SERVER = "http://127.0.0.1:8000"

FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Example:
    """A command of a console block, and what the page shows as its output."""

    command: str
    shown: str


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, *languages: str) -> list[str]:
    """The fenced blocks in one of the languages, or all of them."""
    found = FENCE.finditer(page.read_text(encoding="utf-8"))
    return [_dedented(m[3], m[1]) for m in found if not languages or m[2] in languages]


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def examples(page: Path) -> list[Example]:
    """Every `$ command` of the console blocks, in order."""
    return [example for block in blocks(page, "console") for example in _examples(block)]


def links(page: Path) -> list[str]:
    return LINK.findall(prose(page))


def anchors(page: Path) -> set[str]:
    """The fragments that headings can be linked by, as GitHub makes them."""
    headings = re.findall(r"^#+ +(.+)$", prose(page), re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in kept}


def _examples(block: str) -> Iterator[Example]:
    whole = block.replace("\\\n", " ")
    for part in re.split(r"^\$ ", whole, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield Example(command.strip(), shown.strip())


def _dedented(block: str, indent: str) -> str:
    return re.sub(f"^{indent}", "", block, flags=re.MULTILINE)
