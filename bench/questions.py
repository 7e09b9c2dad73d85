"""The cases: each is one question, in the words of every server that can be asked it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import Any
from urllib.parse import urlencode

import psycopg

from bench.statements import statements
from bench.yardstick import Lists, filled

ARGUMENTS = 64  # different ones a case; all of them fit into any cache
CANDIDATES = 400  # points, of which few have a small box that means the same to all servers
BOX = 90  # features in a small box, so that a page of 100 holds all of them
WORDS = (
    "Schuldnerberatung", "Demenz", "Fahrdienst", "Sprechstunde", "Ferien", "Hausbesuch",
    "Ehrenamtliche", "Antrag", "Kindergarten", "Begegnung", "Migration", "Pflege",
)  # fmt: skip

Box = tuple[float, float, float, float]
Feature = Mapping[str, Any]
Connection = psycopg.Connection[Any]
Parameters = Mapping[str, object]


@dataclass(frozen=True)
class Question:
    """`paths` by server; `statement` is the reference's, if it has a part in this.

    `whole`: the answer is a complete set, the same ids for all. `shared`: the least share of ids
    that ours and the reference have in common (others sort by id). Not all where municipalities
    count: to us one is in a box as a whole or not at all, to others by a point in its middle;
    and where sites lie apart, the reference looks at the box around them.
    `fits` says whether a feature belongs into answer number so and so. `custom_plan`: a plan for
    each argument, without which the reference is many times slower where indexes compete.
    """

    name: str
    title: str
    paths: Mapping[str, Sequence[str]]
    statement: str | None = None
    size: int | None = None  # features in an answer; None: an item, or as many as there are
    whole: bool = False
    shared: float = 0.0
    custom_plan: bool = False
    fits: Callable[[int, Feature], bool] = field(default=lambda _number, _feature: True)

    @property
    def arguments(self) -> int:
        return len(self.paths["quartier"])


def questions(connection: Connection, count: int, cursors: Sequence[str]) -> Iterator[Question]:
    """All cases on the data of this database. `cursors` are where our deep pages begin."""
    yield _item(connection, count)
    yield _page(connection, 10)
    yield _page(connection, 100)
    for name, title, boxes in _boxes(connection, count):
        yield _box(connection, name, title, boxes, whole=name == "small", size=_full(count))
    yield _category(connection, count)
    yield _near(connection, count)
    yield _search(connection, count)
    yield _districts(connection)
    yield _deep(connection, count, cursors)


# --- how servers are asked -----------------------------------------------------------------------


def ours(resource: str, **parameters: object) -> str:
    return f"/v1/{resource}.geojson{_query(parameters)}"


def peers(collection: str, rows: Sequence[Parameters]) -> dict[str, list[str]]:
    """The same in the words of servers that speak OGC API Features, or nearly so."""
    return {
        "tipg": [f"/collections/bench.{collection}/items{_query({'f': 'geojson', **row})}"
                 for row in rows],
        "pygeoapi": [f"/collections/{collection}/items{_query({'f': 'json', **row})}"
                     for row in rows],
        "pg_featureserv": [f"/collections/bench.{collection}/items.json{_query(row)}"
                           for row in rows],
    }  # fmt: skip


def _query(parameters: Parameters) -> str:
    return f"?{urlencode(parameters, safe=',')}" if parameters else ""


def _asked(resource: str, collection: str, rows: Sequence[Parameters]) -> dict[str, list[str]]:
    """The same parameters for all."""
    return {"quartier": [ours(resource, **row) for row in rows], **peers(collection, rows)}


# --- the cases -----------------------------------------------------------------------------------


def _item(connection: Connection, count: int) -> Question:
    ids = _ids(connection, count)
    return Question(
        "item",
        "one offering",
        {
            "quartier": [f"/v1/offerings/{key}.geojson" for key in ids],
            "tipg": [f"/collections/bench.offering/items/{key}?f=geojson" for key in ids],
            "pygeoapi": [f"/collections/offering/items/{key}?f=json" for key in ids],
            "pg_featureserv": [f"/collections/bench.offering/items/{key}.json" for key in ids],
        },
        _reference(connection, "item", {"ids": ids}),
        whole=True,
    )


def _page(connection: Connection, limit: int) -> Question:
    return Question(
        f"page-{limit}",
        f"page of {limit}",
        _asked("offerings", "offering", [{"limit": limit}]),
        _reference(connection, "page", {}, limit=limit),
        size=limit,
        shared=1.0,
    )


def _box(
    connection: Connection,
    name: str,
    title: str,
    boxes: Sequence[Box],
    *,
    whole: bool,
    size: int | None,
) -> Question:
    rows = [{"bbox": ",".join(f"{edge:.6f}" for edge in box), "limit": 100} for box in boxes]
    edges = dict(zip(("west", "south", "east", "north"), zip(*boxes, strict=True), strict=True))
    return Question(
        f"bbox-{name}",
        title,
        _asked("offerings", "offering", rows),
        _reference(connection, "box_exactly" if whole else "box", edges, limit=100),
        size=None if whole else size,
        whole=whole,
        shared=0.5 if name == "medium" else 1.0,
        custom_plan=True,
        fits=lambda number, feature: _meets(feature, boxes[number]),
    )


def _category(connection: Connection, count: int) -> Question:
    least = min(100, count // 60)
    found = connection.execute(statements("arguments")["categories"], [least]).fetchall()
    codes = [code for (code,) in found]
    return Question(
        "category",
        "category, page of 100",
        _asked("offerings", "offering", [{"category": code, "limit": 100} for code in codes]),
        _reference(connection, "category", {"categories": codes}, limit=100),
        size=_full(count),
        shared=1.0,
        custom_plan=True,
        fits=lambda number, feature: codes[number] in _categories(feature),
    )


def _near(connection: Connection, count: int) -> Question:
    points = _points(connection, count)
    return Question(
        "near",
        "near, 20 by distance",
        {"quartier": [ours("offerings", near=f"{x:.6f},{y:.6f}", limit=20) for x, y in points]},
        _reference(
            connection, "near", {"lon": [x for x, _ in points], "lat": [y for _, y in points]},
            limit=20,
        ),
        size=_full(count, 20),
        shared=0.8,
        custom_plan=True,
    )  # fmt: skip


def _search(connection: Connection, count: int) -> Question:
    return Question(
        "search",
        "text search, best 20",
        {"quartier": [ours("offerings", q=word, limit=20) for word in WORDS]},
        _reference(connection, "search", {"words": WORDS}, limit=20),
        size=_full(count, 20),
        custom_plan=True,
    )


def _districts(connection: Connection) -> Question:
    return Question(
        "districts",
        "100 districts with polygons",
        _asked("districts", "district", [{"level": "quarter", "limit": 100}]),
        _reference(connection, "districts", {}, limit=100),
        size=100,
    )


def _deep(connection: Connection, count: int, cursors: Sequence[str]) -> Question:
    offsets = [deep(count) + 100 * number for number in range(len(cursors))]
    return Question(
        "deep",
        f"page of 100 after {deep(count):,}",
        {
            "quartier": [ours("offerings", limit=100, cursor=cursor) for cursor in cursors],
            **peers("offering", [{"limit": 100, "offset": offset} for offset in offsets]),
        },
        _reference(connection, "deep", {}, limit=100, depth=deep(count)),
        size=_full(count),
        shared=1.0,
        custom_plan=True,
    )


def _full(count: int, limit: int = 100) -> int | None:
    """How many features a page has: with few offerings, as many as there are."""
    return limit if count >= 10_000 else None


def deep(count: int) -> int:
    """Where deep paging begins."""
    return count * 9 // 10


# --- arguments -----------------------------------------------------------------------------------


def _numbers(count: int, name: str, sample: int) -> list[int]:
    return sorted(Random(name).sample(range(1, count + 1), min(sample, count)))


def _ids(connection: Connection, count: int) -> list[str]:
    found = connection.execute(statements("arguments")["ids"], [_numbers(count, "ids", ARGUMENTS)])
    return [key for (key,) in found]


def _points(
    connection: Connection, count: int, sample: int = ARGUMENTS
) -> list[tuple[float, float]]:
    """Near places where offerings are, as the questions of people are."""
    found = connection.execute(
        statements("arguments")["points"], [_numbers(count, "points", sample)]
    )
    return [(round(x + 0.002, 6), round(y + 0.001, 6)) for x, y in found]


def _boxes(connection: Connection, count: int) -> Iterator[tuple[str, str, list[Box]]]:
    points = _points(connection, count)
    number = min(BOX, max(5, count // 100))
    around = _points(connection, count, CANDIDATES)
    small = (box for point in around for box in _holding(connection, point, number))
    yield "small", "bbox, all features of small boxes", list(islice(small, ARGUMENTS))
    yield (
        "medium",
        "bbox of 14 km by 18 km, page of 100",
        [_around(point, 0.08) for point in points],
    )
    found = connection.execute(statements("arguments")["extent"]).fetchone()
    assert found
    west, south, east, north = found
    wide = [0.0005 * number for number in range(16)]
    county = [(west - more, south - more, east + more, north + more) for more in wide]
    yield "county", "bbox of the county, page of 100", county


def _holding(connection: Connection, point: tuple[float, float], number: int) -> list[Box]:
    """A box around a point with nearly so many features; none where that cannot be."""
    given = {"lon": point[0], "lat": point[1], "number": number}
    found = connection.execute(statements("arguments")["reach"], given).fetchone()
    if not found:
        return []
    box = _around(point, found[0])
    inside = connection.execute(statements("arguments")["inside"], box).fetchone()
    return [box] if inside and inside[1] and number // 2 <= inside[0] <= 100 else []


def _around(point: tuple[float, float], reach: float) -> Box:
    x, y = point
    return (
        round(x - reach / 0.63, 6), round(y - reach, 6),
        round(x + reach / 0.63, 6), round(y + reach, 6),
    )  # fmt: skip


def _reference(connection: Connection, name: str, lists: Lists, **numbers: int) -> str:
    return filled(connection, name, lists, **numbers).as_string(connection)


# --- what belongs into an answer -----------------------------------------------------------------


def _meets(feature: Feature, box: Box) -> bool:
    shape = feature["geometry"]
    points = [shape["coordinates"]] if shape["type"] == "Point" else shape["coordinates"]
    west, south, east, north = box
    return any(west <= x <= east and south <= y <= north for x, y, *_ in points)


def _categories(feature: Feature) -> list[str]:
    told = feature["properties"]
    return [told["category"]] if "category" in told else [c["code"] for c in told["categories"]]
