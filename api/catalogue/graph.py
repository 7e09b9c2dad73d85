"""Descriptions as triples, in blocks: one a dataset, and one each for what several refer to.

Whoever puts the block of a dataset beside the blocks it uses has all that is to be said of it, so
pages, single datasets and the whole catalogue are made of the same blocks. Every node has an
address, there are no blank ones: what was harvested twice is recognised, and the same catalogue is
always the same file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import FOAF, RDF, RDFS, SKOS, XSD

from api.artefacts.snapshot import BASE
from api.catalogue import texts
from api.catalogue import vocabulary as v
from api.catalogue.namespaces import (
    ADMS,
    DCAT,
    DCATAP,
    DCATDE,
    DCTERMS,
    GEO,
    GEODCAT,
    HYDRA,
    LOCN,
    PREFIXES,
    SPDX,
    VCARD,
)
from api.faces import SERVICES, Face
from seed.identity import slugify

if TYPE_CHECKING:
    from rdflib.term import Node

    from api.catalogue.datasets import Agent, Catalogue, Dataset, Distribution
    from api.catalogue.terms import Terms
    from db.catalogue import Period, Place, Source

CATALOGUE = URIRef(f"{BASE}/catalog#catalog")
SERIES = URIRef(f"{BASE}/catalog#indicators")
OPERATOR = "operator"
PUBLISHER = URIRef(f"{BASE}/catalog/publishers/{OPERATOR}")
CONTACT = URIRef(f"{BASE}/catalog/contacts/{OPERATOR}")
PAGE_SIZE = 100
ILLEGAL = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Turning:
    """How the pages of a catalogue are linked: in one syntax, and within one publication.

    Where there are several, the links name the publication: a dataset that comes or goes meanwhile
    moves others to the page before or after, and a harvester that misses one deletes it.
    """

    format: str
    pages: int
    sequence: int

    def to(self, page: int) -> URIRef:
        within = f"&sequence={self.sequence}" if self.pages > 1 else ""
        return URIRef(f"{BASE}/catalog.{self.format}?page={page}{within}")


def new_graph() -> Graph:
    graph = Graph(bind_namespaces="none")
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, namespace)
    return graph


@dataclass(slots=True)
class Block:
    """Some triples, and the nodes of other blocks that they refer to."""

    graph: Graph = field(default_factory=new_graph)
    uses: set[URIRef] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the datasets, by the position of the first; `number` None: all of them."""

    number: int | None
    datasets: tuple[Dataset, ...]


def dataset_uri(dataset: Dataset) -> URIRef:
    return URIRef(f"{BASE}/catalog/datasets/{dataset.slug}#dataset")


def distribution_uri(dataset: Dataset, distribution: Distribution) -> URIRef:
    return URIRef(f"{BASE}/catalog/datasets/{dataset.slug}#{distribution.id}")


def service_uri(face: Face) -> URIRef:
    return URIRef(f"{BASE}/catalog#service-{face.slug}")


def address(path: str) -> URIRef:
    """A path of this server, or any other address as it is."""
    return URIRef(f"{BASE}{path}" if path.startswith("/") else path)


class Describer:
    """Makes the blocks of one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.language = catalogue.languages[0]
        self.faces = {face.slug: face for face in SERVICES}

    # What several refer to

    def shared(self) -> dict[URIRef, Block]:
        """Everything that blocks can use, by its node."""
        blocks = {PUBLISHER: self._agent(), CONTACT: self._contact()}
        blocks |= {service_uri(face): self._service(face) for face in SERVICES}
        blocks |= {place_uri(place): _place(place) for place in self.catalogue.places}
        for dataset in self.catalogue.datasets:
            license_ = address(dataset.terms.uri)
            blocks.setdefault(license_, _license(license_, dataset.terms))
            for source in dataset.sources:
                blocks.setdefault(source_uri(source), _source(source))
                blocks.setdefault(originator_uri(source), _originator(source))
        for service in SERVICES:
            if terms := self._terms_of(service):
                blocks.setdefault(address(terms.uri), _license(address(terms.uri), terms))
        if self.catalogue.series:
            blocks[SERIES] = self._series()
        return blocks

    def _agent(self) -> Block:
        described = _Node(PUBLISHER)
        agent = self.catalogue.publisher
        described.is_a(FOAF.Agent, FOAF.Organization)
        described.says(FOAF.name, self._name(agent))
        described.refers(FOAF.homepage, agent.url)
        described.refers(FOAF.mbox, agent.email and f"mailto:{agent.email}")
        if agent.type:
            kind = URIRef(f"{v.PUBLISHER_TYPES}/{agent.type}")
            described.adds(DCTERMS.type, kind)
            described.block.graph.add((kind, SKOS.inScheme, URIRef(f"{v.PUBLISHER_TYPES}/1.0")))
        return described.block

    def _contact(self) -> Block:
        described = _Node(CONTACT)
        agent = self.catalogue.contact
        described.is_a(VCARD.Kind, VCARD.Organization)
        described.says(VCARD.fn, self._name(agent))
        described.refers(VCARD.hasURL, agent.url)
        described.refers(VCARD.hasEmail, agent.email and f"mailto:{agent.email}")
        return described.block

    def _name(self, agent: Agent) -> str:
        return texts.in_language(agent.names, self.language)

    def _service(self, face: Face) -> Block:
        described = _Node(service_uri(face))
        described.is_a(DCAT.DataService)
        described.tells(DCTERMS.title, face.titles)
        described.tells(DCTERMS.description, face.descriptions)
        described.refers(DCAT.endpointURL, face.path)
        described.refers(DCAT.endpointDescription, face.contract)
        described.refers(FOAF.page, face.reference)
        described.refers(DCAT.landingPage, "/")
        described.refers(DCTERMS.accessRights, v.PUBLIC)
        described.refers(DCATAP.availability, v.AVAILABLE)
        for standard in face.conforms_to:
            described.refers(DCTERMS.conformsTo, standard)
        described.uses(DCTERMS.publisher, PUBLISHER)
        described.uses(DCAT.contactPoint, CONTACT)
        if terms := self._terms_of(face):
            described.uses(DCTERMS.license, address(terms.uri))
        _declare_hvd(described, sorted({d.hvd for d in self._served(face) if d.hvd}))
        return described.block

    def _served(self, face: Face) -> list[Dataset]:
        wanted = set(face.resources)
        return [dataset for dataset in self.catalogue.datasets if wanted & set(dataset.resources)]

    def _terms_of(self, face: Face) -> Terms | None:
        """The licence of all that a service answers with; of several, none is said of it all."""
        found = {dataset.terms.uri: dataset.terms for dataset in self._served(face)}
        if len(found) == 1:
            return next(iter(found.values()))
        return found.get(v.OTHER_OPEN) if set(found) <= v.OPEN | {v.OTHER_OPEN} else None

    def _series(self) -> Block:
        described = _Node(SERIES)
        members = self.catalogue.series
        described.is_a(DCAT.DatasetSeries)
        described.tells(DCTERMS.title, texts.INDICATORS)
        described.tells(DCTERMS.description, texts.INDICATORS_DESCRIPTION)
        described.at(DCTERMS.issued, min(member.issued for member in members).isoformat())
        described.at(DCTERMS.modified, max(member.modified for member in members).isoformat())
        described.uses(DCTERMS.publisher, PUBLISHER)
        described.uses(DCAT.contactPoint, CONTACT)
        frequencies = {member.frequency for member in members}
        if len(frequencies) == 1:
            described.refers(DCTERMS.accrualPeriodicity, f"{v.FREQUENCY}/{frequencies.pop()}")
        for place in {place.id: place for member in members for place in member.places}.values():
            described.uses(DCTERMS.spatial, place_uri(place))
        _declare_hvd(described, sorted({member.hvd for member in members if member.hvd}))
        return described.block

    # The catalogue

    def page(self, page: Page, turning: Turning) -> Block:
        """The catalogue with the datasets of a page, and how to get to the others."""
        described = _Node(CATALOGUE)
        known = self.catalogue
        described.is_a(DCAT.Catalog)
        described.tells(DCTERMS.title, known.titles)
        described.tells(DCTERMS.description, known.descriptions)
        described.refers(FOAF.homepage, "/")
        described.refers(DCAT.themeTaxonomy, v.DATA_THEME)
        described.refers(DCATAP.availability, v.AVAILABLE)
        for language in _languages(known.languages[:1]):
            described.refers(DCTERMS.language, language)
        if known.datasets:
            described.at(DCTERMS.issued, min(d.issued for d in known.datasets).isoformat())
            described.at(DCTERMS.modified, max(d.modified for d in known.datasets).isoformat())
        described.uses(DCTERMS.publisher, PUBLISHER)
        for place in known.places:
            described.uses(DCTERMS.spatial, place_uri(place))
        for face in SERVICES:
            described.uses(DCAT.service, service_uri(face))
        for dataset in page.datasets:
            described.adds(DCAT.dataset, dataset_uri(dataset))
        if page.number is not None:
            _turn(described.block.graph, page.number, len(known.datasets), turning)
        return described.block

    # A dataset

    def dataset(self, dataset: Dataset) -> Block:
        described = _Node(dataset_uri(dataset))
        self._identify(described, dataset)
        self._classify(described, dataset)
        self._place(described, dataset)
        self._attribute(described, dataset)
        for distribution in dataset.distributions:
            node = distribution_uri(dataset, distribution)
            described.adds(DCAT.distribution, node)
            self._distribution(_Node(node, described.block), dataset, distribution)
        for face in SERVICES:
            if set(face.resources) & set(dataset.resources):
                served = _Node(service_uri(face), described.block)
                served.adds(DCAT.servesDataset, described.node)
                described.block.uses.add(served.node)
        return described.block

    def _identify(self, described: _Node, dataset: Dataset) -> None:
        described.is_a(DCAT.Dataset)
        described.tells(DCTERMS.title, dataset.titles)
        described.tells(DCTERMS.description, dataset.descriptions)
        described.says(DCTERMS.identifier, str(dataset.identifier))
        other = described.part("identifier", ADMS.identifier)
        other.is_a(ADMS.Identifier)
        notation = Literal(f"urn:uuid:{dataset.identifier}", datatype=XSD.anyURI)
        other.adds(SKOS.notation, notation)
        described.at(DCTERMS.issued, dataset.issued.isoformat())
        described.at(DCTERMS.modified, dataset.modified.isoformat())
        described.refers(DCAT.landingPage, f"/catalog/datasets/{dataset.slug}")
        described.refers(FOAF.page, "/docs")

    def _classify(self, described: _Node, dataset: Dataset) -> None:
        for language, words in sorted(dataset.keywords.items()):
            for word in words:
                described.adds(DCAT.keyword, Literal(_legal(word), lang=language))
        for theme in dataset.themes:
            described.refers(DCAT.theme, f"{v.DATA_THEME}/{theme}")
        for language in _languages(self.catalogue.languages[:1]):
            described.refers(DCTERMS.language, language)
        described.refers(DCTERMS.accrualPeriodicity, f"{v.FREQUENCY}/{dataset.frequency}")
        described.refers(DCTERMS.accessRights, v.PUBLIC)
        described.refers(DCATAP.availability, v.AVAILABLE)
        _declare_hvd(described, [dataset.hvd] if dataset.hvd else [])
        if dataset.in_series:
            described.uses(DCAT.inSeries, SERIES)

    def _place(self, described: _Node, dataset: Dataset) -> None:
        for place in dataset.places:
            described.uses(DCTERMS.spatial, place_uri(place))
            if level := v.place_level(place):
                described.refers(DCATDE.politicalGeocodingLevelURI, level)
                described.in_scheme(level, f"{v.GEOCODING}/Level")
        if dataset.period:
            _period(described.part("temporal", DCTERMS.temporal), dataset.period)

    def _attribute(self, described: _Node, dataset: Dataset) -> None:
        described.uses(DCTERMS.publisher, PUBLISHER)
        described.uses(DCAT.contactPoint, CONTACT)
        if contributor := self.catalogue.contributor:
            described.refers(DCATDE.contributorID, contributor)
            if contributor.startswith(f"{v.CONTRIBUTORS}/"):
                described.in_scheme(contributor, v.CONTRIBUTORS)
        for source in dataset.sources:
            described.uses(GEODCAT.originator, originator_uri(source))
            described.uses(DCTERMS.provenance, source_uri(source))

    def _distribution(self, node: _Node, dataset: Dataset, described: Distribution) -> None:
        node.is_a(DCAT.Distribution)
        node.tells(DCTERMS.title, described.titles)
        node.refers(DCAT.accessURL, described.access)
        node.refers(DCAT.downloadURL, described.download)
        node.at(DCTERMS.issued, dataset.issued.isoformat())
        node.at(DCTERMS.modified, dataset.modified.isoformat())
        node.refers(DCATAP.availability, v.AVAILABLE)
        node.refers(DCATDE.plannedAvailability, v.AVAILABLE)
        node.refers(ADMS.status, v.COMPLETED)
        for language in _languages(self.catalogue.languages[:1]):
            node.refers(DCTERMS.language, language)
        _format(node, described)
        _license_of(node, dataset.terms)
        if described.service:
            node.uses(DCAT.accessService, service_uri(self.faces[described.service]))
        _declare_hvd(node, [], mandated=dataset.hvd is not None)


def place_uri(place: Place) -> URIRef:
    return URIRef(v.place_uri(place) or f"{BASE}/v1/districts/{place.slug}")


def source_uri(source: Source) -> URIRef:
    return URIRef(f"{BASE}/catalog#source-{source.id}")


def originator_uri(source: Source) -> URIRef:
    slug = slugify(source.publisher)
    return URIRef(f"{BASE}/catalog/publishers/{slug}{'-2' if slug == OPERATOR else ''}")


class _Node:
    """A node, and short ways to say something of it. What is None is not said."""

    def __init__(self, node: URIRef, block: Block | None = None) -> None:
        self.node = node
        self.block = block or Block()

    def adds(self, predicate: URIRef, value: Node) -> None:
        self.block.graph.add((self.node, predicate, value))

    def is_a(self, *classes: URIRef) -> None:
        for each in classes:
            self.adds(RDF.type, each)

    def says(self, predicate: URIRef, text: str) -> None:
        self.adds(predicate, Literal(_legal(text)))

    def tells(self, predicate: URIRef, said: Mapping[str, str]) -> None:
        for language, text in sorted(said.items()):
            self.adds(predicate, Literal(_legal(text), lang=language))

    def at(self, predicate: URIRef, moment: str) -> None:
        self.adds(predicate, Literal(moment, datatype=XSD.dateTime))

    def refers(self, predicate: URIRef, to: str | None) -> None:
        """To something of the web, or by its path to something of this server."""
        if to:
            self.adds(predicate, address(to))

    def uses(self, predicate: URIRef, shared: URIRef) -> None:
        """Refers to what a block of its own describes."""
        self.adds(predicate, shared)
        self.block.uses.add(shared)

    def part(self, name: str, predicate: URIRef) -> _Node:
        """A node that belongs to this one, so that it needs no name in the world."""
        node = URIRef(f"{self.node.partition('#')[0]}#{name}")
        self.adds(predicate, node)
        return _Node(node, self.block)

    def in_scheme(self, concept: str, scheme: str) -> None:
        self.block.graph.add((URIRef(concept), SKOS.inScheme, URIRef(scheme)))


def _legal(text: str) -> str:
    """What XML can hold, with line ends that it leaves alone (XML 1.0, sections 2.2 and 2.11)."""
    return ILLEGAL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _declare_hvd(described: _Node, categories: Iterable[str], *, mandated: bool = False) -> None:
    for category in categories:
        described.refers(DCATAP.hvdCategory, category)
        mandated = True
    if mandated:
        described.refers(DCATAP.applicableLegislation, v.HVD_REGULATION)


def _languages(codes: Sequence[str]) -> Iterator[str]:
    yield from sorted({uri for code in codes if (uri := v.language(code))})


def _period(node: _Node, period: Period) -> None:
    node.is_a(DCTERMS.PeriodOfTime)
    for predicate, day in ((DCAT.startDate, period.start), (DCAT.endDate, period.end)):
        if day:
            node.adds(predicate, Literal(day.isoformat(), datatype=XSD.date))


def _place(place: Place) -> Block:
    described = _Node(place_uri(place))
    described.is_a(DCTERMS.Location)
    described.tells(SKOS.prefLabel, place.names)
    if place.box:
        west, south, east, north = (round(degrees, 6) for degrees in place.box)
        ring = f"{west} {south},{east} {south},{east} {north},{west} {north},{west} {south}"
        box = Literal(f"POLYGON(({ring}))", datatype=GEO.wktLiteral)
        described.adds(DCAT.bbox, box)
        described.adds(LOCN.geometry, box)
    return described.block


def _license(node: URIRef, terms: Terms) -> Block:
    described = _Node(node)
    described.is_a(DCTERMS.LicenseDocument)
    if node.startswith(f"{v.LICENSES}/"):
        described.in_scheme(node, v.LICENSES)
    described.tells(DCTERMS.title, terms.labels)
    return described.block


def _license_of(node: _Node, terms: Terms) -> None:
    node.uses(DCTERMS.license, address(terms.uri))
    if terms.attribution:
        node.says(DCATDE.licenseAttributionByText, terms.attribution)
    rights = node.part("rights", DCTERMS.rights)
    rights.is_a(DCTERMS.RightsStatement)
    rights.tells(RDFS.label, terms.rights)


def _originator(source: Source) -> Block:
    described = _Node(originator_uri(source))
    described.is_a(FOAF.Agent, FOAF.Organization)
    described.says(FOAF.name, source.publisher)
    return described.block


def _source(source: Source) -> Block:
    described = _Node(source_uri(source))
    described.is_a(DCTERMS.ProvenanceStatement)
    retrieved = source.retrieved.isoformat() if source.retrieved else None
    parts = (source.title, source.publisher, source.url, retrieved)
    described.says(RDFS.label, ". ".join(part for part in parts if part))
    return described.block


def _format(node: _Node, described: Distribution) -> None:
    """CKAN takes the label of the format if that has the type dct:IMT, and no other."""
    known = v.FILE_TYPES[described.format]
    file_type = URIRef(f"{v.EU}/file-type/{known.code}")
    node.adds(DCTERMS["format"], file_type)
    label = _Node(file_type, node.block)
    label.is_a(DCTERMS.IMT)
    label.says(RDFS.label, known.code)
    node.refers(DCTERMS.conformsTo, known.conforms_to)
    if known.media_type:
        media_type = URIRef(f"{v.MEDIA_TYPES}/{known.media_type}")
        node.adds(DCAT.mediaType, media_type)
        node.block.graph.add((media_type, RDF.type, DCTERMS.MediaType))
    if described.size is not None:
        size = Literal(str(described.size), datatype=XSD.nonNegativeInteger)
        node.adds(DCAT.byteSize, size)
    if described.sha256:
        _checksum(node.part(f"checksum-{described.id}", SPDX.checksum), described.sha256)


def _checksum(node: _Node, sha256: str) -> None:
    algorithm = SPDX.checksumAlgorithm_sha256
    node.is_a(SPDX.Checksum)
    node.adds(SPDX.algorithm, algorithm)
    node.adds(SPDX.checksumValue, Literal(sha256, datatype=XSD.hexBinary))
    node.block.graph.add((algorithm, RDF.type, SPDX.ChecksumAlgorithm))


def _turn(graph: Graph, number: int, total: int, turning: Turning) -> None:
    """Hydra's first words for it (PagedCollection) and the present ones, on one node: harvesters
    look for either."""
    node = _Node(turning.to(number), Block(graph))
    node.is_a(HYDRA.PagedCollection, HYDRA.PartialCollectionView)
    links = {"first": 1, "last": turning.pages, "previous": number - 1, "next": number + 1}
    for name, page in links.items():
        if 1 <= page <= turning.pages:
            node.adds(HYDRA[name], turning.to(page))
            node.adds(HYDRA[f"{name}Page"], turning.to(page))
    node.adds(HYDRA.itemsPerPage, Literal(PAGE_SIZE))
    node.adds(HYDRA.totalItems, Literal(total))
    node.adds(RDFS.seeAlso, CATALOGUE)
