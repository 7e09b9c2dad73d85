"""Pages and fragments: a list, an entity, the home page, a problem."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from api import links, query
from api.dependencies import Service
from api.errors import InvalidParameter, Problem
from api.formats import FORMATS
from api.negotiation import choose_language, is_named, prefers_html
from api.pages import board, charts, choices, dashboard, feeds, linked_data, related
from api.pages.embedding import Embedding
from api.pages.maps import Ground, Map, Position, ground
from api.pages.reading import Document, Reading
from api.pages.search import Understood
from api.pages.templates import environments
from api.pages.texts import read_catalogues, spoken
from api.parameters import DistrictParameters, OfferingParameters
from api.resources import DISTRICTS, INDICATORS, OBSERVATIONS, OFFERINGS, Resource
from api.responses import Envelope, Version, policy
from db.conditions import exists_today, one_of, where
from db.queries import Page
from db.state import State

WEB = Path(__file__).parents[2] / "web"
DEFAULT = "de"
GROUND_AREAS = 150
GROUND_SHAPE = "geojson_200"

Context = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page is about: the request understood, and what was found for it."""

    request: Request
    service: Service
    resource: Resource
    version: Version
    languages: Sequence[str]

    @property
    def is_fragment(self) -> bool:
        """Asked for by name: something to put into another page. Else a browser asks."""
        return is_named(self.request)


class Pages:
    """Templates and texts, read once; and the ground of maps, with names in each language, kept
    until the next publication."""

    def __init__(self, folder: Path = WEB) -> None:
        self._catalogues = read_catalogues(folder / "translations")
        self._environments = environments(folder / "templates", self._catalogues)
        self._grounds: dict[tuple[State, str], Ground | None] = {}

    # --- what is shown ---------------------------------------------------------------------------

    async def of_list(
        self,
        shown: Shown,
        page: Page,
        envelope: Envelope,
        understood: Understood | None = None,
    ) -> bytes | None:
        """A list; None if a publication came between its parts."""
        reading = self._reading(shown)
        reading.states.add(page.state)
        documents = json.loads(b"[%b]" % page.body)
        facets = {name: json.loads(counts) for name, counts in (envelope.facets or {}).items()}
        here = links.address(shown.request)
        context = {
            "documents": documents,
            "attribution": json.loads(page.attribution),
            "license": page.license,
            "envelope": envelope,
            "next": _onward(envelope),
            "groups": choices.groups(facets, here),
            "kept": choices.kept(here, ("q", *facets)),
            "unseen": choices.unseen(here, ("q", *facets)),
            "asked": dict(here.pairs()),
            "map": await self._map(reading, shown.resource, documents),
            "chart": charts.chart(documents) if shown.resource.name == "observations" else None,
            "understood": understood,
        }
        template = "list.html" if understood is None else "search.html"
        return self._finished(shown, reading, template, context)

    async def of_item(self, shown: Shown, body: bytes) -> bytes | None:
        """One entity and what belongs to it; None if a publication came between."""
        reading = self._reading(shown)
        document = json.loads(body)
        name = document.get("slug") or document["id"]
        base = links.base_url(shown.request)
        address = f"{base}/v1/{shown.resource.name}/{name}"
        context: Context = {
            "item": document,
            "address": address,
            "linked_data": linked_data.script(shown.resource.name, document, base),
            "map": await self._map(reading, shown.resource, [document]),
            "related": await related.of(reading, shown.resource, document),
        }
        return self._finished(shown, reading, f"items/{shown.resource.name}.html", context)

    def feed(self, shown: Shown, page: Page, envelope: Envelope) -> bytes:
        """A list as an Atom feed: each page of it is one of the same feed (RFC 5005)."""
        here, onward = links.address(shown.request), _onward(envelope)
        named = {} if is_named(shown.request) else {"format": "atom"}
        place = here.place.removesuffix(".atom")
        context = {
            "documents": json.loads(b"[%b]" % page.body),
            "attribution": json.loads(page.attribution),
            "license": page.license,
            "feed": here.at(place, format="atom", limit=None),
            "chosen": feeds.chosen(here),
            "page": here.at(place, format=None, limit=None),
            "self_": here.changed(**named),
            "first": here.changed(cursor=None, **named),
            "next": f"{onward}&{urlencode(named)}" if onward and named else onward,
        }
        return self._atom(shown, context)

    def entry(self, shown: Shown, body: bytes) -> bytes:
        """An entity as an Atom entry by itself."""
        return self._atom(shown, {"documents": None, "item": json.loads(body)})

    def _atom(self, shown: Shown, context: Context) -> bytes:
        begin = f"{links.base_url(shown.request)}/v1/{shown.resource.name}/"
        known = {
            "resource": shown.resource.name,
            "lang": shown.version.lang,
            "published_at": shown.version.state.published_at,
            "address_of": lambda item: begin + (item.get("slug") or item["id"]),
            "about_of": feeds.about_of,
            "terms_of": feeds.terms_of,
        }
        return feeds.legal(self._text(shown.request, "atom.xml", known | context))

    async def home(self, shown: Shown) -> bytes | None:
        """The way in: a search box, the categories with counts, the districts as a map."""
        reading = self._reading(shown)
        found = await self._ground_of(reading)
        context = {
            "categories": await reading.facet(OFFERINGS, OfferingParameters(), "category"),
            "map": found.drawn() if found else None,
            "totals": await related.totals(reading),
            "tiles": _tiles(shown.service),
        }
        return self._finished(shown, reading, "home.html", context)

    async def builder(
        self, shown: Shown, embedding: Embedding, asked: Sequence[tuple[str, str]]
    ) -> bytes | None:
        """Filters to choose, what they find, and the code that shows it on another site."""
        reading = self._reading(shown)
        none = OfferingParameters()
        choices_of = {
            name: await reading.facet(OFFERINGS, none, name) for name in ("category", "district")
        }
        context = {"embedding": embedding, "choices": choices_of, "asked": dict(asked)}
        return self._finished(shown, reading, "embed.html", context)

    async def dashboard(
        self, shown: Shown, view: board.View, problem: Problem | None = None
    ) -> bytes | None:
        """A view of an indicator; with a problem, what is there instead of what was asked for."""
        reading = self._reading(shown)
        known = await board.indicators(reading)
        context: Context = {
            "indicators": known,
            "themes": dashboard.by_theme(known),
            "problem": problem,
            "board": None,
            "is_elsewhere": False,
            "kept_with_indicator": (),
        }
        if name := view.parameters.indicator or board.usual(known, problem):
            named = view.of(name)
            found = await board.board(reading, known, named)
            context |= dashboard.shown(found, named, links.base_url(shown.request))
        if shown.version.format.name == "html":
            return self._finished(shown, reading, "dashboard.html", context)
        drawn = self._finished(shown, reading, "dashboard/map.svg", context)
        return drawn and feeds.legal(drawn.decode())

    def simple(self, request: Request, template: str, lang: str, **context: Any) -> bytes:
        """A page that shows nothing of a publication."""
        known = {"lang": lang, "languages": (), "is_fragment": False, "sequence": None}
        return self._render(request, template, known | context)

    def problem(self, request: Request, problem: Problem) -> Response | None:
        """What went wrong, for a person; None if a program asked."""
        if "quartier.frame" not in request.scope and not prefers_html(request):
            return None
        named = _language_named(request, problem)
        lang = self._readable(request, named)
        to = Addresses(links.base_url(request), named)
        body = self.simple(request, "problem.html", lang, problem=problem, to=to)
        headers = {
            **problem.headers,
            "Cache-Control": "no-store",
            "Content-Security-Policy": policy(framed=is_named(request)),
            "Content-Language": lang,
        }
        return HTMLResponse(body, status_code=problem.status, headers=headers)

    def _readable(self, request: Request, named: str | None) -> str:
        """The language of a page that must do without asking which ones are published."""
        if named is not None:
            return spoken(named, self._catalogues, DEFAULT)
        return choose_language(request, None, (DEFAULT, *self._catalogues))

    # --- what it is made of ----------------------------------------------------------------------

    def _reading(self, shown: Shown) -> Reading:
        lang, default = shown.version.lang, shown.languages[0]
        return Reading(shown.service, lang, lang != default, {shown.version.state})

    async def _map(
        self, reading: Reading, resource: Resource, documents: Sequence[Document]
    ) -> Map | None:
        """Where the entities of a page are, if that is known of any."""
        places = [
            (number, str(document["name"]), position)
            for number, document in enumerate(documents, 1)
            for position in _positions(resource, document)
        ]
        areas = [each["slug"] for each in documents] if resource is DISTRICTS else []
        if not places and not areas:
            return None
        found = await self._ground_of(reading)
        return found.drawn(places, areas) if found else None

    async def _ground_of(self, reading: Reading) -> Ground | None:
        """The districts that maps are drawn on: of the level that has most, if not too many."""
        key = next(iter(reading.states)), reading.lang
        if key in self._grounds:
            return self._grounds[key]
        counts = await reading.facet(DISTRICTS, DistrictParameters(), "level")
        fit = [each for each in counts if each["count"] <= GROUND_AREAS]
        level = [str(each["value"]) for each in fit[:1]]
        conditions = [where(one_of, "level", level), where(exists_today)]
        shapes = await reading.shapes(DISTRICTS, conditions, GROUND_SHAPE, GROUND_AREAS)
        found = ground(shapes)
        if len(reading.states) == 1:
            known = self._grounds.items()
            self._grounds = {of: kept for of, kept in known if of[0] == key[0]} | {key: found}
        return found

    def _finished(
        self, shown: Shown, reading: Reading, template: str, context: Context
    ) -> bytes | None:
        if len(reading.states) > 1:
            return None
        known = {
            "resource": shown.resource.name,
            "formats": shown.resource.formats,
            "media_types": _media_types(shown.resource),
            "described_by": _described_by(shown.resource),
            "lang": shown.version.lang,
            "languages": shown.languages,
            "is_fragment": shown.is_fragment,
            "sequence": shown.version.state.sequence,
            "published_at": shown.version.state.published_at,
        }
        return self._render(shown.request, template, known | context)

    def _render(self, request: Request, template: str, context: Context) -> bytes:
        return self._text(request, template, context).encode()

    def _text(self, request: Request, template: str, context: Context) -> str:
        environment = self._environments[spoken(context["lang"], self._catalogues, DEFAULT)]
        here = links.address(request)
        base = links.base_url(request)
        common = {
            "base": base,
            "here": here,
            "is_frame": "quartier.frame" in request.scope,
            "to": Addresses(base, dict(here.pairs()).get("lang")),
        }
        return environment.get_template(template).render(common | context)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Links of a page: in the language it was asked for, if one was named."""

    base: str
    lang: str | None

    def spoken(self, address: str) -> str:
        """An address of ours without parameters, in the language that was chosen."""
        return f"{address}?{urlencode({'lang': self.lang})}" if self.lang else address

    def __call__(self, path: str, **parameters: str | int | None) -> str:
        named = {"lang": self.lang, **parameters}
        pairs = [(name, str(value)) for name, value in sorted(named.items()) if value is not None]
        return f"{self.base}{path}{'?' if pairs else ''}{urlencode(pairs)}"


def _tiles(service: Service) -> dict[str, str | None]:
    """The background that the operator configured, if any: visitors are asked before it loads."""
    settings = service.settings
    return {"url": settings.tiles_url, "attribution": settings.tiles_attribution}


def _media_types(resource: Resource) -> dict[str, str]:
    """The formats that programs read."""
    return {name: FORMATS[name].media_type for name in resource.formats if name != "html"}


def _described_by(resource: Resource) -> str:
    """The dataset a resource is; the operator decides how many datasets the indicators are."""
    is_divided = resource in (INDICATORS, OBSERVATIONS)
    return "/catalog" if is_divided else f"/catalog/datasets/{resource.name}"


def _positions(resource: Resource, document: Document) -> list[Position]:
    """Where an offering is, as far as that is known better than by its municipality."""
    if resource is not OFFERINGS:
        return []
    return [
        (site["longitude"], site["latitude"])
        for site in document["sites"]
        if site["longitude"] is not None
    ]


def _onward(envelope: Envelope) -> str | None:
    """The next page, unless only a program can ask for it, by POST."""
    onward = (link for link in envelope.links if link["rel"] == "next" and "method" not in link)
    return next((str(link["href"]) for link in onward), None)


def _language_named(request: Request, problem: Problem) -> str | None:
    """`lang=`, unless it is what is wrong, or the query is not even UTF-8."""
    try:
        asked = dict(query.of(request.scope)).get("lang")
    except InvalidParameter:
        request.scope["quartier.query"] = []
        return None
    is_wrong = any(error.get("parameter") == "lang" for error in problem.errors)
    return None if is_wrong else asked


def pages_of(request: Request) -> Pages:
    found = request.app.state.pages
    assert isinstance(found, Pages)
    return found
