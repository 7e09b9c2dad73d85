"""The catalogues of the pages: complete, and nothing in them that no page says."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from api.pages.templates import NAMES

WEB = Path(__file__).parents[2] / "web"
TEMPLATES = ("templates/**.html", "templates/**.xml", "templates/**.svg")
OPTIONS = {"extensions": "jinja2.ext.do", "silent": "false"}
CATALOGUES = sorted((WEB / "translations").glob("*.po"))


def said() -> set[str]:
    """The message ids of the templates, and of what is called by name."""
    methods = [(files, "jinja2") for files in TEMPLATES]
    found = extract_from_dir(WEB, methods, dict.fromkeys(TEMPLATES, OPTIONS))
    singular = (each[2] if isinstance(each[2], str) else each[2][0] for each in found)
    return {*singular, *NAMES.values()}


def catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.stem, abort_invalid=True)


def test_there_are_german_and_swedish() -> None:
    assert [path.stem for path in CATALOGUES] == ["de", "sv"]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_every_text_is_translated_and_no_other(path: Path) -> None:
    messages = {
        message.id if isinstance(message.id, str) else message.id[0]: message
        for message in catalogue(path)
        if message.id
    }
    assert set(messages) == said()
    for message in messages.values():
        parts = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(parts), message.id
        assert not message.fuzzy
        assert not list(message.check()), message.id
