"""The page of all parameters is what the contract says; so it is rendered from it and compared."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from api.app import create_app
from api.resources import RESOURCES
from api.settings import Settings
from db import published
from tests.docs.pages import DOCS

PAGE = DOCS / "reference" / "filters.md"

EVERY = "every address"
LISTS = "every list"


def test_the_page_has_every_parameter_of_every_address() -> None:
    _assert_has(parameters_table())


def test_the_page_has_every_facet() -> None:
    _assert_has(facets_table())


def _assert_has(table: str) -> None:
    assert table in PAGE.read_text(encoding="utf-8"), f"{PAGE.name} should have:\n\n{table}"


def parameters_table() -> str:
    """One row for a name, its values and its meaning; last, the addresses that know it."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for address, parameter in _parameters():
        described = parameter.get("description") or parameter["schema"].get("description", "")
        key = (parameter["name"], _values(parameter), described)
        rows.setdefault(key, []).append(address)
    lines = ["| Parameter | Values | Meaning | Where |", "| --- | --- | --- | --- |"]
    for (name, values, described), addresses in sorted(rows.items(), key=_place):
        lines.append(f"| `{name}` | {values} | {described} | {_where(addresses)} |")
    return "\n".join(lines)


def facets_table() -> str:
    rows = [
        f"| {resource.name} | {', '.join(f'`{name}`' for name in names)} |"
        for resource in RESOURCES
        if (names := published.FACETS[resource.table.name])
    ]
    return "\n".join(["| List | Facets |", "| --- | --- |", *rows])


@cache
def _contract() -> dict[str, Any]:
    return create_app(Settings.model_construct()).openapi()


def _parameters() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every query parameter with the address that knows it, such as `districts`."""
    for path, operations in _contract()["paths"].items():
        for parameter in operations.get("get", {}).get("parameters", ()):
            if path.startswith("/v1/") and parameter["in"] == "query":
                yield path.removeprefix("/v1/"), parameter


def _place(row: tuple[tuple[str, str, str], list[str]]) -> tuple[bool, bool, str]:
    """What all understand first, then by name."""
    (name, _, _), addresses = row
    return _where(addresses) != EVERY, _where(addresses) != LISTS, name


def _where(addresses: list[str]) -> str:
    known = set(addresses)
    lists = {resource.name for resource in RESOURCES}
    items = {f"{name}/{{name}}" for name in lists}
    series = {"indicators/{name}/observations"}
    if known == lists | items | series:
        return EVERY
    if known == lists | series:
        return LISTS
    return ", ".join(f"`{address}`" for address in sorted(known))


def _values(parameter: dict[str, Any]) -> str:
    """What may be given, in words: codes, a form, bounds; and whether it may be repeated."""
    schema = parameter["schema"]
    if schema.get("format") in FORMS or schema.get("type") != "array":
        return _of_one(schema)
    if not parameter.get("explode", True):
        return "names, separated by commas"
    return f"{_of_one(schema['items'])}; repeatable"


def _of_one(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        schema = _contract()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    if codes := schema.get("enum") or ([schema["const"]] if "const" in schema else []):
        return ", ".join(f"`{code}`" for code in codes) + _default(schema)
    return f"{_form(schema)}{_bounds(schema)}{_default(schema)}"


FORMS = {
    "bbox": "`west,south,east,north`",
    "boundary": "`2023`, `2023-01-01`, `as_reported`",
    "cursor": "opaque",
    "date": "`YYYY-MM-DD`",
    "language": "language tag",
    "date-time": "date or RFC 3339 time",
    "period": "`2021`, `2019..2022`, `latest`, `last:4`",
    "polygon": "WKT or GeoJSON",
    "position": "`longitude,latitude`",
}
TYPES = {"boolean": "`true`, `false`", "integer": "whole number", "number": "number"}


def _form(schema: dict[str, Any]) -> str:
    options = [schema, *schema.get("anyOf", ())]
    named = next((option["format"] for option in options if option.get("format") in FORMS), "")
    return FORMS.get(named) or TYPES.get(schema.get("type", ""), "text")


def _bounds(schema: dict[str, Any]) -> str:
    words = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤"}
    bounds = [f"{sign} {schema[name]:g}" for name, sign in words.items() if name in schema]
    return f", {' and '.join(bounds)}" if bounds else ""


def _default(schema: dict[str, Any]) -> str:
    default = schema.get("default")
    if default is None:
        return ""
    return f"; default `{str(default).lower() if isinstance(default, bool) else default}`"
