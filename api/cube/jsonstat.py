"""JSON-stat 2.0: a cube as one document (https://json-stat.org/full/)."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.cube import told
from api.cube.model import Category, Cube, Dimension, Mark, Metric, Role
from api.responses import json_of

ROLES: tuple[Role, ...] = ("time", "geo", "metric")
Link = Mapping[str, str]


def dataset(cube: Cube, linked: Sequence[Link]) -> bytes:
    """The cube with its metadata; `linked` begins with its own address.

    Values are dense, and null where there is none to show; `status` says why, unless nothing was
    observed at all.
    """
    return json_of(document(cube, linked))


def document(cube: Cube, linked: Sequence[Link]) -> dict[str, Any]:
    """The same as an object, for other envelopes to put their members into."""
    wide = cube.widened
    return {
        "version": "2.0",
        "class": "dataset",
        "href": linked[0]["href"],
        "label": told.title(cube),
        "source": "; ".join(f"{each['publisher']}: {each['title']}" for each in cube.sources),
        "updated": cube.updated,
        **({"note": noted} if (noted := told.notes(cube)) else {}),
        "id": [each.id for each in wide.dimensions],
        "size": list(wide.shape),
        "role": {role: [cube.of(role).id] for role in ROLES},
        "dimension": {each.id: dimension(each) for each in wide.dimensions},
        "value": wide.dense(),
        **({"status": status(wide)} if cube.marks else {}),
        "link": _links(linked),
        "extension": extension(cube),
    }


def dimension(axis: Dimension) -> dict[str, Any]:
    return {"label": axis.label, "category": category(axis.categories)}


def category(categories: Sequence[Category]) -> dict[str, Any]:
    """Places and labels; where there are any, the parts of each, units and notes."""
    found: dict[str, Any] = {
        "index": {each.code: place for place, each in enumerate(categories)},
        "label": {each.code: each.label for each in categories},
    }
    child: dict[str, list[str]] = {}
    for each in categories:
        if each.parent is not None:
            child.setdefault(each.parent, []).append(each.code)
    metrics = [each for each in categories if isinstance(each, Metric)]
    more: dict[str, Any] = {
        "child": child,
        "unit": {each.code: _unit(each) for each in metrics if each.symbol},
        "note": {each.code: list(each.notes) for each in metrics if each.notes},
    }
    return found | {name: value for name, value in more.items() if value}


def _unit(metric: Metric) -> dict[str, Any]:
    return {
        "label": metric.unit,
        "symbol": metric.symbol,
        "position": "end",
        "decimals": metric.decimals,
    }


def status(cube: Cube) -> dict[str, str]:
    """The flags of each cell that has others than `final`, by its position."""
    return {str(place): ",".join(cube.marks[place].flags) for place in sorted(cube.marks)}


def extension(cube: Cube) -> dict[str, Any]:
    """What JSON-stat has no place for."""
    marks = set(cube.marks.values())
    scenarios = {
        str(place): mark.scenario for place, mark in sorted(cube.marks.items()) if mark.scenario
    }
    return {
        "reason": told.reason(cube),
        "sentence": told.spoken(cube),
        "sources": list(cube.sources),
        "attribution": told.attribution(cube),
        "license": told.license_of(cube),
        "citation": told.citation(cube),
        "sequence": cube.state.sequence,
        "lang": cube.lang,
        "status": {"label": {",".join(each.flags): _label(cube, each) for each in sorted(marks)}},
        **({"scenario": scenarios} if scenarios else {}),
    }


def _label(cube: Cube, mark: Mark) -> str:
    return ", ".join(cube.flags.get(flag, flag) for flag in mark.flags)


def _links(linked: Sequence[Link]) -> dict[str, list[dict[str, str]]]:
    """By relation, as JSON-stat has them; the first one is `href`."""
    found: dict[str, list[dict[str, str]]] = {}
    for each in linked[1:]:
        found.setdefault(each["rel"], []).append({"type": each["type"], "href": each["href"]})
    return found
