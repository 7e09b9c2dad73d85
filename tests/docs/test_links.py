"""Links between pages lead somewhere, and every page can be reached from the index."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import DOCS, PAGES, anchors, links, name_of

INDEX = DOCS / "README.md"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        if "://" in link:
            continue
        target = _target(page, link)
        assert target.exists(), link
        if anchor := link.partition("#")[2]:
            assert anchor in anchors(target), link


def test_every_page_can_be_reached() -> None:
    reached: set[Path] = set()
    waiting = [INDEX]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            reached.add(page)
            linked = (_target(page, link) for link in links(page) if "://" not in link)
            waiting += [target for target in linked if target.suffix == ".md"]
    assert not set(DOCS.glob("**/*.md")) - reached


def _target(page: Path, link: str) -> Path:
    file = link.partition("#")[0]
    return (page.parent / file).resolve() if file else page
