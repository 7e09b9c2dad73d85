"""The reference of the components names what their sources have, and those what the API has."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.docs.pages import DOCS, ROOT

SOURCES = {path.stem: path.read_text() for path in (ROOT / "web" / "components").glob("*.ts")}
PAGE = (DOCS / "reference" / "components.md").read_text()
NO_FILTERS = {"format", "lang", "fields", "cursor", "count", "facets", "simplify"}


def _quoted(text: str) -> list[str]:
    return re.findall(r'"([\w-]+)"', text)


def _filters() -> dict[str, set[str]]:
    source = SOURCES["filters"]
    found = re.search(r"export const FILTERS.*?= \{(.*?)\n\};", source, re.DOTALL)
    common = re.search(r"const SEARCH = \[(.*?)\]", source, re.DOTALL)
    assert found
    assert common
    lists = re.findall(r"(\w+): \[(.*?)\]", found[1], re.DOTALL)
    return {name: {*_quoted(common[1]), *_quoted(names)} for name, names in lists}


def _parameters(path: str) -> dict[str, Any]:
    contract = json.loads((ROOT / "openapi" / "openapi.json").read_text())
    listed = contract["paths"][path]["get"]["parameters"]
    return {entry["name"]: entry["schema"] for entry in listed if entry["in"] == "query"}


@pytest.mark.parametrize("resource", _filters())
def test_attributes_are_the_filters_of_the_api(resource: str) -> None:
    known = set(_parameters(f"/v1/{resource}")) - NO_FILTERS
    assert {"id" if name == "ids" else name for name in _filters()[resource]} == known


def test_a_chart_takes_the_filters_of_a_series() -> None:
    found = re.search(r"const SERIES = \[(.*?)\]", SOURCES["filters"], re.DOTALL)
    assert found
    assert set(_quoted(found[1])) <= set(_parameters("/v1/indicators/{name}/observations"))


@pytest.mark.parametrize("resource", _filters())
def test_attributes_of_several_values_are_those_that_repeat(resource: str) -> None:
    found = re.search(r"const SEVERAL = new Set\(\[(.*?)\]", SOURCES["filters"], re.DOTALL)
    assert found
    several = set(_quoted(found[1]))
    for name, schema in _parameters(f"/v1/{resource}").items():
        if name in NO_FILTERS:
            continue
        shapes = [schema, *schema.get("anyOf", ())]
        repeats = any(
            shape.get("type") == "array" and shape["items"].get("type") == "string"
            for shape in shapes
        )
        assert (("ids" if name == "id" else name) in several) == repeats, name


@pytest.mark.parametrize("resource", _filters())
def test_the_filters_of_every_resource_are_told(resource: str) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{resource}` |"))
    assert set(re.findall(r"`(\w+)`", row)) == {resource, *_filters()[resource]}


def test_every_element_and_attribute_is_described() -> None:
    elements = set(re.findall(r'"(quartier-[\w-]+)"', SOURCES["quartier"]))
    assert len(elements) == 5
    own = {
        name
        for source in SOURCES.values()
        for names in re.findall(r"static override own = \[(.*?)\]", source)
        for name in _quoted(names)
    }
    for name in (*elements, *own, "src", "lang"):
        assert f"| `{name}` | " in PAGE, name


@pytest.mark.parametrize(
    ("pattern", "heading", "written"),
    [
        (r"(--quartier-[a-z-]+)", "Look", r"`(--quartier-[a-z-]+)`"),
        (r'part="([\w-]+)"', "Look", r"`([a-z]+(?:-[a-z]+)*)`"),
        (r'tell(?:<\w+>)?\("([\w-]+)"', "Events", r"\| `(quartier-\w+)` \|"),
    ],
    ids=["properties", "parts", "events"],
)
def test_what_the_sources_have_is_described(pattern: str, heading: str, written: str) -> None:
    known = {name for source in SOURCES.values() for name in re.findall(pattern, source)}
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    assert set(re.findall(written, section)) - {"color-scheme"} == known
