"""Every command that a page shows is run, and answers what the page says it answers."""

from __future__ import annotations

import re
from http.client import HTTPResponse
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.docs.console import Console
from tests.docs.pages import DOCS, PAGES, SERVER, blocks, examples, name_of

TUTORIAL = DOCS / "tutorial" / "five-minutes.md"
WITH_EXAMPLES = [page for page in PAGES if examples(page)]
ADDRESS = re.compile(rf"{re.escape(SERVER)}/v1/[^\s'\"`)>]*")


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=name_of)
def test_the_commands_of_a_page_answer_as_shown(
    page: Path, live_server: str, tmp_path: Path
) -> None:
    console = Console(tmp_path, live_server)
    for example in examples(page):
        if not example.command.startswith("./quartier"):  # see test_commands.py
            console.check(example)


def test_the_stand_in_for_curl_does_the_same(live_server: str, tmp_path: Path) -> None:
    """What machines without curl run must not rot on the others."""
    console = Console(tmp_path, live_server, own_curl=True)
    for example in examples(TUTORIAL):
        if example.command.startswith("curl"):
            console.check(example)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_addresses_in_other_code_answer(page: Path, live_server: str) -> None:
    code = "\n".join(blocks(page, "html", "js", "powerquery", "r", "text"))
    for address in ADDRESS.findall(code):
        answer: HTTPResponse
        with urlopen(address.replace(SERVER, live_server), timeout=30) as answer:  # noqa: S310
            assert answer.status == 200, address
