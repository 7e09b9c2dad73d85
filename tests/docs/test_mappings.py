"""The page of the mapping language is what its models say: tables are rendered from them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from seed.mappings import FieldRule, FileRule, ImportMapping, PartRule, SourceRule, ready
from seed.mappings.model import IndicatorRule, OriginRule, Tree, Unpivot
from seed.mappings.rules import Convention
from seed.targets import TARGETS, Field, Kind, Target
from tests.docs.pages import DOCS, blocks, prose

PAGE = DOCS / "reference" / "mappings.md"
SECTIONS: Mapping[str, type[BaseModel]] = {
    "The mapping": ImportMapping,
    "`source`": SourceRule,
    "`file`": FileRule,
    "`fields`": FieldRule,
    "`conventions`": Convention,
    "`parts`": PartRule,
    "`origin`": OriginRule,
    "`unpivot`": Unpivot,
    "`tree`": Tree,
    "`indicators`": IndicatorRule,
}
RESOURCES = [
    *TARGETS.values(),
    *(part for each in TARGETS.values() for part in each.parts.values()),
]

# What an example that shows but a part of a mapping is a part of.
AROUND: Mapping[str, Any] = {
    "resource": "offerings",
    "title": "Angebote",
    "source": {
        "slug": "angebote",
        "title": "Angebote",
        "publisher": "Landkreis",
        "license": "cc-zero",
        "attribution": "Landkreis",
    },
    "key": "Nr",
    "fields": {"name": "Name"},
}


@pytest.mark.parametrize("heading", SECTIONS)
def test_the_page_has_every_key(heading: str) -> None:
    section = sections()[heading]
    missing = [row for row in key_rows(SECTIONS[heading]) if row not in section]
    assert not missing, f"{heading} should have rows that begin with:\n\n" + "\n".join(missing)


@pytest.mark.parametrize("heading", SECTIONS)
def test_the_page_has_no_key_that_is_none(heading: str) -> None:
    named = re.findall(r"^\| `(\w+)` \|", sections()[heading], re.MULTILINE)
    assert sorted(named) == sorted(SECTIONS[heading].model_fields)


@pytest.mark.parametrize("target", RESOURCES, ids=lambda target: target.name)
def test_the_page_has_every_field(target: Target) -> None:
    _assert_has(fields_table(target))


def test_the_page_has_every_ready_mapping() -> None:
    _assert_has(ready_table())


def test_the_page_has_the_steps_in_their_order() -> None:
    """As the rules themselves name them; tests of the rules hold them to it."""
    order = re.findall(r"^\d+\. `(\w+)`", sections()["`fields`"], re.MULTILINE)
    assert order == re.findall(r"`(\w+)`", (FieldRule.__doc__ or "").partition("order: ")[2])


@pytest.mark.parametrize("example", blocks(PAGE, "yaml"))
def test_every_example_loads(example: str) -> None:
    assert ImportMapping.model_validate(whole(example))


def test_every_key_has_an_example() -> None:
    shown = {key for example in blocks(PAGE, "yaml") for key in keys(yaml.safe_load(example))}
    for heading, model in SECTIONS.items():
        assert set(model.model_fields) <= shown, heading


def whole(example: str) -> dict[str, Any]:
    """The example as a mapping: with what it leaves out, if it shows but a part."""
    shown: dict[str, Any] = yaml.safe_load(example)
    if "resource" in shown:
        return shown
    fields = {**AROUND["fields"], **shown.get("fields", {})}
    return {**AROUND, **shown, "fields": fields}


def keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield str(key).lower()  # YAML reads true and false as what they say
            yield from keys(each)
    elif isinstance(value, list):
        for each in value:
            yield from keys(each)


def sections() -> dict[str, str]:
    """The page by its headings."""
    _, *found = re.split(r"^#+ +(.+)$", prose(PAGE), flags=re.MULTILINE)
    return dict(zip(found[::2], found[1::2], strict=True))


def _assert_has(table: str) -> None:
    assert table in PAGE.read_text(encoding="utf-8"), f"{PAGE.name} should have:\n\n{table}"


# --- keys of the models --------------------------------------------------------------------------


def key_rows(model: type[BaseModel]) -> list[str]:
    """How the row of each key begins; what follows is its meaning, in words."""
    schema = model.model_json_schema()
    return [
        f"| `{name}` | {_values(name, stated)} | {_default(name, stated, schema)} |"
        for name, stated in schema["properties"].items()
    ]


NESTED = {
    "source": "see [`source`](#source)",
    "file": "see [`file`](#file)",
    "key": "a [rule](#fields)",
    "fields": "field: [rule](#fields)",
    "breakdowns": "name: [rule](#fields)",
    "parts": "part: see [`parts`](#parts)",
    "indicators": "list, see [`indicators`](#indicators)",
    "conventions": "see [`conventions`](#conventions)",
    "origin": "see [`origin`](#origin)",
    "only": "column: list of values, or a pattern",
    "unpivot": "see [`unpivot`](#unpivot)",
    "tree": "see [`tree`](#tree)",
    "constant": "text, number, `true` or `false`",
    "default": "text, number, `true` or `false`",
    "replace": "pattern: text",
    "values": "value: code or text, a list of them, or `null`",
    "scale": "number",
    "recognised_values": "column: list of values",
}
FORMS = {"slug": "slug", "lang": "language tag", "retrieved": "date"}


def _values(name: str, stated: dict[str, Any]) -> str:
    schema, *others = [each for each in stated.get("anyOf", [stated]) if each.get("type") != "null"]
    if name in NESTED or "$ref" in schema:
        return NESTED.get(name, "a [rule](#fields)")
    assert not others
    if codes := schema.get("enum"):
        return ", ".join(f"`{code}`" if code.strip() else _blank(code) for code in codes)
    match schema["type"]:
        case "array":
            return "list of texts"
        case "boolean":
            return "`true`, `false`"
        case "integer":
            return f"whole number{_bounds(schema)}"
    return "one character" if schema.get("maxLength") == 1 else FORMS.get(name, "text")


def _blank(code: str) -> str:
    return "a blank" if code else "nothing"


def _bounds(schema: dict[str, Any]) -> str:
    if "maximum" in schema:
        return f", {schema['minimum']} to {schema['maximum']}"
    return " above 0" if schema.get("exclusiveMinimum") == 0 else ""


def _default(name: str, stated: dict[str, Any], schema: dict[str, Any]) -> str:
    if name in schema.get("required", ()):
        return "required"
    default = stated.get("default")
    if default in (None, [], "") or isinstance(default, dict):
        return ""
    if default == " ":
        return "a blank"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


# --- fields of the resources ---------------------------------------------------------------------

HOLDS = {
    Kind.TEXT: "text",
    Kind.INTEGER: "whole number",
    Kind.NUMBER: "number",
    Kind.BOOLEAN: "yes or no",
    Kind.DATE: "date",
    Kind.EDTF: "imprecise date",
    Kind.PHONE: "telephone number",
    Kind.EMAIL: "mail address",
    Kind.URL: "web address",
    Kind.PLACE: "place",
}


def fields_table(target: Target) -> str:
    rows = [
        f"| `{name}` | {_holds(stated)} | {_must(stated)} |"
        for name, stated in target.all_fields.items()
    ]
    return "\n".join([f"| Field of {target.name} | Holds | |", "| --- | --- | --- |", *rows])


def _holds(stated: Field) -> str:
    match stated.kind:
        case Kind.CODE:
            holds = ", ".join(f"`{code}`" for code in stated.codes)
        case Kind.TERM:
            holds = f"term of `{stated.codelist}`"
        case Kind.REFERENCE:
            holds = str(stated.table)
        case kind:
            holds = HOLDS[kind]
    return f"several: {holds}" if stated.many else holds


def _must(stated: Field) -> str:
    if stated.required:
        return "required"
    if stated.default is None:
        return ""
    default = "no" if stated.default is False else stated.default
    return f"`{default}` if empty"


def ready_table() -> str:
    rows = [f"| `{name}` | {each.resource} | {each.title} |" for name, each in ready().items()]
    return "\n".join(["| Mapping | Resource | What for |", "| --- | --- | --- |", *rows])
