"""Which datasets there are, and what is said of each: from facts, files and settings.

Addresses in descriptions are paths of this server.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID, uuid5

from api.catalogue import texts
from api.catalogue import vocabulary as v
from api.catalogue.terms import Terms, terms_of
from api.faces import HSDS, NATIVE
from api.resources import CODELISTS, INDICATORS, OBSERVATIONS, OFFERINGS, RESOURCES
from api.settings import is_web_address
from db.catalogue import Entry, Facts, Period, Place, Source

if TYPE_CHECKING:
    from api.artefacts.snapshot import Made
    from api.settings import Settings

Texts = Mapping[str, str]
OBSERVED = (INDICATORS.name, OBSERVATIONS.name)
"""Resources that are not datasets of their own: their rows are those of the indicators."""
_TABLES = (INDICATORS.table.name, OBSERVATIONS.table.name)
SERIES = "indicators"
ROOM = 500
"""Bytes of an address that are kept for what stands around the names in it."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """The data in one form. `id` is its name within the dataset, `format` a key of FILE_TYPES.

    `access` is where to get at it, `download` the complete file. `service`: the face that answers.
    """

    id: str
    titles: Texts
    format: str
    access: str
    download: str | None = None
    size: int | None = None
    sha256: str | None = None
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """What a catalogue says of a dataset."""

    slug: str
    identifier: UUID
    titles: Texts
    descriptions: Texts
    keywords: Mapping[str, tuple[str, ...]]
    themes: tuple[str, ...]
    issued: datetime
    modified: datetime
    sources: tuple[Source, ...]
    terms: Terms
    places: tuple[Place, ...]
    period: Period | None
    frequency: str
    distributions: tuple[Distribution, ...]
    resources: tuple[str, ...]
    hvd: str | None = None
    in_series: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a dataset besides what follows from its facts. Themes are codes of ours."""

    slug: str
    titles: Texts
    descriptions: Texts
    keywords: Mapping[str, tuple[str, ...]]
    themes: tuple[str, ...]
    distributions: tuple[Distribution, ...]
    resources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agent:
    """Who publishes, or whom to ask: an office, never a person."""

    names: Texts
    url: str
    email: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All of it: the datasets by their slugs, and what is said of them together."""

    titles: Texts
    descriptions: Texts
    languages: tuple[str, ...]
    publisher: Agent
    contact: Agent
    places: tuple[Place, ...]
    datasets: tuple[Dataset, ...]
    contributor: str | None = None

    @property
    def series(self) -> tuple[Dataset, ...]:
        return tuple(dataset for dataset in self.datasets if dataset.in_series)


def catalogue(facts: Facts, files: Sequence[Made], settings: Settings) -> Catalogue:
    """Describe everything that is published."""
    place = facts.places[0] if len(facts.places) == 1 else None
    titles = texts.joined(texts.CATALOGUE, place.names if place else None)
    publisher = _publisher(place, settings)
    return Catalogue(
        titles={facts.language: settings.catalog_title} if settings.catalog_title else titles,
        descriptions=texts.CATALOGUE_DESCRIPTION,
        languages=facts.languages,
        publisher=publisher,
        contact=_contact(publisher, settings),
        places=facts.places,
        datasets=tuple(_Describing(facts, files, settings).datasets()),
        contributor=settings.catalog_contributor_id,
    )


def _publisher(place: Place | None, settings: Settings) -> Agent:
    """The county or city; where there are several, nobody knows who runs the registry."""
    names: Texts = place.names if place else texts.OPERATOR
    if settings.catalog_publisher:
        names = {"de": settings.catalog_publisher}
    known = place is not None or settings.catalog_publisher is not None
    return Agent(
        names=names,
        url=settings.catalog_publisher_url or _website(place),
        email=settings.catalog_publisher_email,
        type=settings.catalog_publisher_type if known else None,
    )


def _website(place: Place | None) -> str:
    return place.url if place and place.url and is_web_address(place.url) else "/"


def _contact(publisher: Agent, settings: Settings) -> Agent:
    return Agent(
        names={"de": settings.catalog_contact} if settings.catalog_contact else publisher.names,
        url=settings.catalog_contact_url or publisher.url,
        email=settings.catalog_contact_email or publisher.email,
    )


class _Describing:
    """Describes one dataset after the other, from the same facts."""

    def __init__(self, facts: Facts, files: Sequence[Made], settings: Settings) -> None:
        self.facts = facts
        self.files = files
        self.settings = settings
        self.places = {place.id: place for place in facts.places}
        self.only = facts.places[0].names if len(facts.places) == 1 else None
        self.frequencies = dict(settings.catalog_frequency)
        self.hvd = dict(settings.catalog_hvd)

    def datasets(self) -> Iterator[Dataset]:
        """In the order of their slugs: pages of an unchanged catalogue stay the same."""
        found = [*self._resources(), *self._strategies(), *self._indicators()]
        yield from sorted(found, key=lambda dataset: dataset.slug)

    def _resources(self) -> Iterator[Dataset]:
        for resource in RESOURCES:
            entry = self.facts.resources.get(resource.table.name)
            if entry is None or resource.name in OBSERVED:
                continue
            words = texts.RESOURCES[resource.name]
            owned = replace(entry, sources=entry.sources or self._own(resource.name))
            if not owned.sources:  # nobody could say what it may be used for
                continue
            said = Said(
                slug=resource.name,
                titles=texts.joined(words.titles, self.only),
                descriptions=words.descriptions,
                keywords=words.keywords,
                themes=words.themes,
                distributions=self._of_resource(resource.name, words.titles),
                resources=(resource.name,),
            )
            yield self._described(owned, said)

    def _own(self, resource: str) -> tuple[Source, ...]:
        """The vocabulary has no source in the registry; what it may be used for is a setting."""
        if resource != CODELISTS.name:
            return ()
        code = self.settings.catalog_codelists_license
        return (Source(UUID(int=0), "Quartier", "Quartier", None, code, None, "", None, None),)

    def _strategies(self) -> Iterator[Dataset]:
        for entry in self.facts.strategies:
            labels = [self.facts.themes[code] for code in entry.themes]
            said = Said(
                slug=f"strategy-{entry.slug}",
                titles=entry.titles,
                descriptions=entry.descriptions or texts.STRATEGY_DESCRIPTION,
                keywords=_keywords(texts.STRATEGY_KEYWORDS, labels),
                themes=("participation", *entry.themes),
                distributions=_of_strategy(entry),
                resources=("strategies", "measures", "decisions"),
            )
            yield self._described(entry, said)

    def _indicators(self) -> Iterator[Dataset]:
        """As one dataset, one a theme, or one each: of those there are."""
        if self.facts.indicators:
            yield from {
                "all": self._all_indicators,
                "theme": self._themes,
                "indicator": self._single_indicators,
            }[self.settings.catalog_indicators]()

    def _all_indicators(self) -> Iterator[Dataset]:
        known = [self.facts.resources[table] for table in _TABLES if table in self.facts.resources]
        titles = texts.joined(texts.INDICATORS, self.only)
        observed = [file for file in self.files if file.resource == OBSERVATIONS.name]
        entry = _united(known[0], self.facts.indicators, dated=known)
        said = Said(
            slug=SERIES,
            titles=titles,
            descriptions=texts.INDICATORS_DESCRIPTION,
            keywords=_keywords(texts.INDICATOR_KEYWORDS, list(self.facts.themes.values())),
            themes=entry.themes,
            distributions=(
                *_bulk(observed, titles),
                *_by_api("/v1/observations", {}, titles, ("json",)),
                *_definitions(self.files, titles),
            ),
            resources=OBSERVED,
        )
        yield self._described(entry, said)

    def _themes(self) -> Iterator[Dataset]:
        """An indicator of several themes is in the dataset of each."""
        for code, entry in sorted(self.facts.indicator_themes.items()):
            members = [e for e in self.facts.indicators if code in (e.themes or ("",))]
            if not members:
                continue
            label = self.facts.themes.get(code, texts.OTHER_INDICATORS)
            titles = texts.joined(texts.INDICATORS, label, self.only)
            said = Said(
                slug=f"{SERIES}-{_slug(code)}",
                titles=titles,
                descriptions=texts.joined(label, texts.INDICATORS_DESCRIPTION, by=": "),
                keywords=_keywords(texts.INDICATOR_KEYWORDS, [label]),
                themes=(code,),
                distributions=self._of_indicators(members, titles),
                resources=OBSERVED,
            )
            yield self._described(_united(entry, members), said)

    def _single_indicators(self) -> Iterator[Dataset]:
        for entry in self.facts.indicators:
            definition = _json(f"/v1/indicators/{entry.slug}", entry.titles, texts.DEFINITIONS)
            labels = [self.facts.themes[code] for code in entry.themes]
            said = Said(
                slug=f"indicator-{entry.slug}",
                titles=entry.titles,
                descriptions=entry.descriptions or texts.INDICATORS_DESCRIPTION,
                keywords=_keywords(texts.INDICATOR_KEYWORDS, labels),
                themes=entry.themes,
                distributions=(*self._of_indicators([entry], entry.titles), definition),
                resources=OBSERVED,
            )
            yield self._described(entry, said)

    def _described(self, entry: Entry, said: Said) -> Dataset:
        return Dataset(
            slug=said.slug,
            identifier=self._identifier(entry),
            titles=said.titles,
            descriptions=said.descriptions,
            keywords=said.keywords,
            themes=v.themes(said.themes),
            issued=entry.issued,
            modified=entry.modified,
            sources=tuple(source for source in entry.sources if source.id.int),
            terms=terms_of(entry.sources, self.facts.licenses),
            places=tuple(self.places[place] for place in entry.places),
            period=entry.period,
            frequency=self._frequency(entry, said.slug),
            distributions=said.distributions,
            resources=said.resources,
            hvd=self.hvd.get(said.slug),
            in_series=said.resources == OBSERVED,
        )

    def _identifier(self, entry: Entry) -> UUID:
        """An entity's own, or one made for this registry: not of a name that may change."""
        if entry.kind in ("strategy", "indicator"):
            return UUID(entry.key)
        return uuid5(self.facts.registry, f"{entry.kind}:{entry.key}")

    def _frequency(self, entry: Entry, slug: str) -> str:
        """What the operator says, what an indicator says, what the sources say."""
        if slug in self.frequencies:
            return self.frequencies[slug]
        for uri in self.facts.cycles.get(entry.cycle or "", ()):
            if uri.startswith(f"{v.FREQUENCY}/"):
                return uri.rpartition("/")[2]
        return v.frequency(source.rhythm for source in entry.sources) or v.UNKNOWN

    def _of_resource(self, name: str, titles: Texts) -> tuple[Distribution, ...]:
        files = [file for file in self.files if file.resource == name and file.format]
        hsds = [file for file in self.files if file.format == "hsds" and name == OFFERINGS.name]
        found = [
            *_bulk([*files, *(file for file in hsds if file not in files)], titles),
            *_by_api(f"/v1/{name}", {}, titles, ("json",)),
        ]
        if name in HSDS.resources:
            found.append(_hsds(titles))
        return tuple(found)

    def _of_indicators(self, members: Sequence[Entry], titles: Texts) -> tuple[Distribution, ...]:
        """What the API gives for some indicators: in parts where an address would get too long."""
        slugs = [entry.slug for entry in members]
        parts = list(_parts(slugs, self.settings.max_url_bytes - ROOM))
        formats = ("csv", "ndjson", "geojson", "json")
        return tuple(
            replace(found, id=f"{found.id}-{n}") if n > 1 else found
            for n, part in enumerate(parts, start=1)
            for found in _by_api("/v1/observations", {"indicator": part}, titles, formats)
        )


# --- distributions -------------------------------------------------------------------------------


def _bulk(files: Iterable[Made], titles: Texts) -> Iterator[Distribution]:
    for file in files:
        assert file.format
        yield Distribution(
            id=file.format,
            titles=texts.joined(titles, texts.FORMATS[file.format]),
            format=file.format,
            access=f"/{file.name}",
            download=f"/{file.name}",
            size=file.size,
            sha256=file.sha256,
        )


def _definitions(files: Iterable[Made], titles: Texts) -> Iterator[Distribution]:
    """What the indicators mean, beside their values."""
    for found in _bulk((f for f in files if f.resource == INDICATORS.name), titles):
        if found.format in ("csv", "ndjson"):
            named = texts.joined(titles, texts.DEFINITIONS, texts.FORMATS[found.format])
            yield replace(found, id=f"definitions-{found.id}", titles=named)


def _by_api(
    path: str, query: Mapping[str, Sequence[str]], titles: Texts, formats: Sequence[str]
) -> Iterator[Distribution]:
    """What the native API answers: filtered, complete, at an address that stays."""
    for format_ in formats:
        whole = {} if format_ in ("csv", "ndjson") else {"limit": ["all"]}
        yield Distribution(
            id=format_,
            titles=texts.joined(titles, texts.BY_API, texts.FORMATS[format_]),
            format=format_,
            access=_address(path, query),
            download=_address(f"{path}.{format_}", {**query, **whole}),
            service=NATIVE.slug,
        )


def _of_strategy(entry: Entry) -> tuple[Distribution, ...]:
    """Its measures, and all that is said of itself in one document."""
    formats = ("csv", "ndjson", "geojson", "json")
    found = [_json(f"/v1/strategies/{entry.slug}", entry.titles, texts.WHOLE_STRATEGY)]
    if entry.rows:
        found += _by_api("/v1/measures", {"strategy": [entry.slug]}, entry.titles, formats)
    else:
        found += _by_api("/v1/strategies", {"id": [entry.slug]}, entry.titles, ("csv", "ndjson"))
    return tuple(found)


def _json(path: str, titles: Texts, what: Texts) -> Distribution:
    return Distribution(
        id="document",
        titles=texts.joined(titles, what, texts.FORMATS["json"]),
        format="json",
        access=path,
        download=f"{path}.json",
        service=NATIVE.slug,
    )


def _hsds(titles: Texts) -> Distribution:
    return Distribution(
        id="hsds-api",
        titles=texts.joined(titles, HSDS.titles),
        format="json",
        access=HSDS.path,
        service=HSDS.slug,
    )


def _address(path: str, query: Mapping[str, Sequence[str]]) -> str:
    pairs = [(name, value) for name, values in sorted(query.items()) for value in values]
    return f"{path}?{urlencode(pairs)}" if pairs else path


def _parts(slugs: Iterable[str], longest: int) -> Iterator[list[str]]:
    part: list[str] = []
    for slug in slugs:
        if part and len(urlencode([("indicator", s) for s in (*part, slug)])) > longest:
            yield part
            part = []
        part.append(slug)
    if part:
        yield part


# --- facts put together --------------------------------------------------------------------------


def _united(entry: Entry, members: Sequence[Entry], dated: Sequence[Entry] = ()) -> Entry:
    """A dataset of several indicators: all their sources and places, from the first period on."""
    sources = {source.id: source for member in members for source in member.sources}
    periods = [member.period for member in members if member.period]
    starts = [period.start for period in periods if period.start]
    ends = [period.end for period in periods if period.end]
    cycles = {member.cycle for member in members}
    return replace(
        entry,
        issued=min((each.issued for each in dated), default=entry.issued),
        modified=max((each.modified for each in dated), default=entry.modified),
        themes=tuple(sorted({code for member in members for code in member.themes})),
        sources=tuple(sorted(sources.values(), key=lambda s: (s.title, s.id.hex))),
        places=tuple(sorted({place for member in members for place in member.places})),
        period=Period(min(starts, default=None), max(ends, default=None)) if periods else None,
        rows=sum(member.rows for member in members),
        cycle=cycles.pop() if len(cycles) == 1 else None,
    )


def _keywords(
    common: Mapping[str, tuple[str, ...]], labels: Sequence[Texts]
) -> dict[str, tuple[str, ...]]:
    return {
        lang: (*words, *(label[lang] for label in labels if lang in label))
        for lang, words in common.items()
    }


def _slug(code: str) -> str:
    return code.replace("_", "-").lower() or "other"
