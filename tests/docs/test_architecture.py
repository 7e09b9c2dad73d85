"""ARCHITECTURE.md names files and functions. They exist, and the functions where it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, INLINE, ROOT, name_of, prose

PAGE = ROOT / "ARCHITECTURE.md"
PAGES = [PAGE, ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("**/*.md"))]
FOLDERS = "|".join(path.name for path in ROOT.iterdir() if path.is_dir())
FILE = re.compile(rf"(?:(?:{FOLDERS})/[\w./-]*|[A-Z]+\.md|cli\.py|quartier)")
FUNCTION = re.compile(r"([A-Za-z_][\w.]*)\(\)")
PARAGRAPHS = [part for part in re.split(r"\n\s*\n", prose(PAGE)) if FUNCTION.search(part)]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_named_files_exist(page: Path) -> None:
    assert not [name for name in _named(prose(page), FILE) if not (ROOT / name).exists()]


def test_the_page_names_functions() -> None:
    assert len(PARAGRAPHS) > 10


@pytest.mark.parametrize("paragraph", PARAGRAPHS, ids=lambda text: text.strip()[:40])
def test_named_functions_are_in_the_files_of_their_paragraph(paragraph: str) -> None:
    files = [ROOT / name for name in _named(paragraph, FILE)]
    sources = [file.read_text(encoding="utf-8") for file in files if file.is_file()]
    for name in _named(paragraph, FUNCTION):
        assert any(_defines(source, name) for source in sources), name


def _named(text: str, pattern: re.Pattern[str]) -> list[str]:
    """What the quotations of code name, as a whole."""
    found = (pattern.fullmatch(quoted) for quoted in INLINE.findall(text))
    return [match[1] if pattern.groups else match[0] for match in found if match]


def _defines(source: str, name: str) -> bool:
    kinds = "def|FUNCTION|function|abstract|async|override"  # Python, SQL, TypeScript
    return re.search(rf"({kinds}) {re.escape(name)}(<\w+>)?\(", source) is not None
