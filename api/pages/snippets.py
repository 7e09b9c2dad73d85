"""The same question in the languages of those who ask it by program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Snippet:
    name: str
    code: str


def snippets(base: str, filters: Sequence[tuple[str, str]]) -> list[Snippet]:
    """How to get offerings with these filters, ready to be copied."""
    kept = [pair for pair in filters if pair[0] not in ("cursor", "facets", "limit", "format")]
    asked = f"?{urlencode(kept)}" if kept else ""
    json, csv, geojson = (
        f"{base}/v1/offerings{suffix}{asked}" for suffix in ("", ".csv", ".geojson")
    )
    return [
        Snippet("curl", f'curl "{json}"'),
        Snippet("JavaScript", _JAVASCRIPT.replace("ADDRESS", json)),
        Snippet("Python", _PYTHON.replace("ADDRESS", json)),
        Snippet("R", _R.replace("ADDRESS", csv)),
        Snippet("Power Query", _POWER_QUERY.replace("ADDRESS", csv)),
        Snippet("QGIS", _QGIS.replace("ADDRESS", f"{geojson}{'&' if asked else '?'}limit=all")),
    ]


_JAVASCRIPT = """\
const answer = await fetch("ADDRESS");
const { items, total } = await answer.json();
console.log(total, items.map((offering) => offering.name));"""

_PYTHON = """\
import json
from urllib.request import urlopen

with urlopen("ADDRESS") as answer:
    page = json.load(answer)
print(page["total"], [offering["name"] for offering in page["items"]])"""

_R = """\
offerings <- read.csv("ADDRESS", encoding = "UTF-8")
summary(offerings)"""

_POWER_QUERY = """\
let
    Source = Csv.Document(Web.Contents("ADDRESS"), [Encoding = 65001]),
    Offerings = Table.PromoteHeaders(Source, [PromoteAllScalars = true])
in
    Offerings"""

_QGIS = """\
# Layer > Add Layer > Add Vector Layer, Protocol, or in the Python console:
iface.addVectorLayer("/vsicurl/ADDRESS", "Offerings", "ogr")"""
