"""What every analysis answers with: an envelope with sources and a sentence."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request

from api import links
from api.analyses.reading import Area, citation_of
from api.analyses.sentences import Said, sentence
from api.formats import Format
from api.responses import json_of
from db.state import State

DIGITS = 12


@dataclass(frozen=True, slots=True)
class Answer:
    """What was worked out. `features`: GeoJSON, a Feature an item, where that was asked for.

    `columns` of the table that CSV is: names, and where in an item the value is.
    """

    state: State
    members: dict[str, Any]
    items: list[dict[str, Any]]
    spoken: Mapping[str, Mapping[str, Any]]
    said: Sequence[Said]
    sources: list[dict[str, Any]]
    citation: str | None = None
    reason: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    features: list[bytes] | None = None

    @property
    def cited(self) -> str:
        """How to cite it: as the indicator says, or by the sources."""
        return self.citation or citation_of(self.sources)

    def sentence(self, *more: Said) -> dict[str, str]:
        """What it says in one breath, and what others add: what it is about, in the districts of
        which day if they are not those of then, and then what was found."""
        about, said = self.said[:1], self.said[1:]
        day = self.members.get("boundary")
        on = [Said("recalculated", {"boundary": {"edtf": day}})] if day else []
        return sentence(self.spoken, [*about, *on, *said, *more])


def written(request: Request, answer: Answer, format_: Format, lang: str) -> bytes:
    """The answer in a format, with what every answer carries."""
    if format_.name == "csv":
        return _csv(answer)
    envelope = answer.members | _envelope(request, answer, format_, lang)
    if answer.features is None:
        return json_of({"items": answer.items, **envelope})
    features = b",".join(answer.features)
    tail = json_of({"numberReturned": len(answer.features), **envelope})
    return b'{"type":"FeatureCollection","features":[' + features + b"]," + tail[1:]


def as_features(areas: Iterable[Area], items: Iterable[Mapping[str, Any]]) -> list[bytes]:
    """The stored geometry as it is, between members of our own."""
    return [
        b'{"type":"Feature","id":"%s",%s,"properties":%s}'
        % (str(area.id).encode(), area.geometry, json_of(item))
        for area, item in zip(areas, items, strict=True)
    ]


def _envelope(request: Request, answer: Answer, format_: Format, lang: str) -> dict[str, Any]:
    licenses = {source["license"] for source in answer.sources}
    here = links.address(request)
    return {
        "reason": answer.reason,
        "sentence": answer.sentence(),
        "sources": answer.sources,
        "attribution": list(dict.fromkeys(source["attribution"] for source in answer.sources)),
        "license": licenses.pop() if len(licenses) == 1 else None,
        "citation": answer.cited,
        "sequence": answer.state.sequence,
        "lang": lang,
        "links": [
            links.link("self", str(here), format_.media_type),
            *_related(request, answer.members),
        ],
    }


def _related(request: Request, members: Mapping[str, Any]) -> list[dict[str, str]]:
    """The entity that was analysed, and the observations it was worked out from."""
    base = links.base_url(request)
    if "district" in members:
        address = f"{base}/v1/districts/{members['district']['slug']}"
        return [links.link("about", address, "application/json")]
    if "indicator" not in members:
        return [links.link("related", f"{base}/v1/offerings", "application/json")]
    address = f"{base}/v1/indicators/{members['indicator']['slug']}"
    return [
        links.link("about", address, "application/json"),
        links.link("related", f"{address}/observations", "application/json"),
    ]


def _csv(answer: Answer) -> bytes:
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(answer.columns)
    lines.writerows(
        [_at(item, path.split(".")) for path in answer.columns.values()] for item in answer.items
    )
    return text.getvalue().encode()


def _at(item: Any, path: Sequence[str]) -> Any:
    for name in path:
        if isinstance(item, list):
            return "; ".join(str(each[name]) for each in item)
        item = None if item is None else item[name]
    if isinstance(item, bool):
        return str(item).lower()
    return "; ".join(item) if isinstance(item, tuple) else item


def plain(number: float | None) -> float | None:
    """Without the noise of binary arithmetic."""
    return None if number is None else float(f"{number:.{DIGITS}g}")
