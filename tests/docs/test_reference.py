"""Tables of the reference are complete, and what other pages quote of the code is there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml

from api import errors
from api.cube import sdmx
from api.formats import FORMATS
from api.resources import RESOURCES
from api.settings import Settings
from db.cube import COUNTS
from seed.mappings import ImportMapping
from tests.docs.pages import DOCS, INLINE, PAGES, ROOT, blocks, name_of, prose

REFERENCE = DOCS / "reference"
SETTING = re.compile(r"[A-Z]+(_[A-Z]+)+")
PROBLEMS = [kind for kind in vars(errors).values() if isinstance(kind, type)]


def test_every_format_is_described() -> None:
    page = (REFERENCE / "formats.md").read_text(encoding="utf-8")
    for format_ in FORMATS.values():
        is_whole = format_.streamed or format_.cube
        holds = "the whole filtered set" if is_whole else "a page"
        assert f"| `{format_.media_type}` | `{format_.suffix}` | {holds} |" in page


def test_the_formats_of_every_resource_are_told() -> None:
    page = (REFERENCE / "formats.md").read_text(encoding="utf-8")
    for resource in RESOURCES:
        cells = ["yes" if name in resource.formats else "" for name in FORMATS]
        row = f"| {resource.name} | {' | '.join(cells)} |"
        assert re.sub(" +", " ", row) in page


@pytest.mark.parametrize("kind", [kind for kind in PROBLEMS if issubclass(kind, errors.Problem)])
def test_every_problem_is_described(kind: type[errors.Problem]) -> None:
    page = (REFERENCE / "errors.md").read_text(encoding="utf-8")
    assert f"| {kind.status} | {kind.title} |" in page


def test_every_codelist_is_described() -> None:
    page = (REFERENCE / "codelists.md").read_text(encoding="utf-8")
    for file in (ROOT / "seed" / "data" / "codelists").glob("*.yaml"):
        described = yaml.safe_load(file.read_text(encoding="utf-8"))["description@en"]
        assert f"| `{file.stem}` | {described} |" in page


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_settings_that_a_page_names_exist(page: Path) -> None:
    columns = {*sdmx.COLUMNS, *map(str.upper, COUNTS)}
    known = {name.upper() for name in Settings.model_fields} | columns
    named = {
        name for name in INLINE.findall(prose(page)) if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", name)
    }
    assert not named - known


def test_the_mapping_on_the_import_page_is_one() -> None:
    (mapping,) = blocks(DOCS / "how-to" / "import-boundaries.md", "yaml")
    ImportMapping.model_validate(yaml.safe_load(mapping))


@pytest.mark.parametrize(
    "resource", ["offerings", "districts", "observations", "indicators", "strategies", "measures"]
)
def test_the_readme_counts_right(resource: str, live_server: str) -> None:
    with urlopen(f"{live_server}/v1/{resource}?limit=1", timeout=30) as answer:  # noqa: S310
        page: Any = json.load(answer)
    assert f"{page['total']} {resource}" in " ".join((ROOT / "README.md").read_text().split())
