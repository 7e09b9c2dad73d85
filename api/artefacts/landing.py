"""What people read of datasets: taken from the very graph that portals harvest.

The catalogue's maker has the graph in its hands; what is read from it here becomes one file, from
which the pages of the catalogue are made (api/pages/catalogue.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rdflib import DCAT, DCTERMS, FOAF, RDF, RDFS, SKOS, Graph, Literal, Namespace, Node, URIRef

from api.artefacts.snapshot import Made

NAME = "catalog/landing.json"
DCATDE = Namespace("http://dcat-ap.de/def/dcatde/")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
SPDX = Namespace("http://spdx.org/rdf/terms#")
LABELS = (RDFS.label, SKOS.prefLabel, DCTERMS.title, FOAF.name, VCARD.fn)

Description = dict[str, Any]
Texts = dict[str, str]
"""By language; "" where none is stated."""


def make(graph: Graph, folder: Path) -> Made:
    """Write what the pages show. Not served itself."""
    path = folder / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(describe(graph), ensure_ascii=False, sort_keys=True)
    path.write_text(text, encoding="utf-8")
    return Made(NAME, "application/json", "What the pages of the catalogue show", addressed=True)


def describe(graph: Graph) -> Description:
    """The catalogue and its datasets, those that changed last first."""
    read = _Reader(graph)
    (catalogue,) = graph.subjects(RDF.type, DCAT.Catalog)
    datasets = [read.dataset(each) for each in read.datasets()]
    datasets.sort(key=lambda each: each["slug"])
    datasets.sort(key=lambda each: each["modified"] or "", reverse=True)
    return {
        "uri": str(catalogue),
        "titles": read.texts(catalogue, DCTERMS.title),
        "descriptions": read.texts(catalogue, DCTERMS.description),
        "publisher": read.agent(catalogue),
        "modified": read.one(catalogue, DCTERMS.modified),
        "datasets": datasets,
    }


class _Reader:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def datasets(self) -> Iterator[Node]:
        """Datasets, and series of them."""
        series = set(self._graph.subjects(RDF.type, DCAT.DatasetSeries))
        found = series | set(self._graph.subjects(RDF.type, DCAT.Dataset))
        yield from sorted(found, key=str)

    def dataset(self, node: Node) -> Description:
        period = self._graph.value(node, DCTERMS.temporal)
        return {
            "uri": str(node),
            "slug": _slug(node),
            "identifier": self.one(node, DCTERMS.identifier),
            "titles": self.texts(node, DCTERMS.title),
            "descriptions": self.texts(node, DCTERMS.description),
            "publisher": self.agent(node),
            "contact": self._contact(node),
            "issued": self.one(node, DCTERMS.issued),
            "modified": self.one(node, DCTERMS.modified),
            "themes": sorted(map(_last, self._graph.objects(node, DCAT.theme))),
            "keywords": self._keywords(node),
            "frequency": _last(self._graph.value(node, DCTERMS.accrualPeriodicity)),
            "places": self._places(node),
            "start": self._day(period, DCAT.startDate),
            "end": self._day(period, DCAT.endDate),
            "is_series": (node, RDF.type, DCAT.DatasetSeries) in self._graph,
            "in_series": sorted(map(_slug, self._graph.objects(node, DCAT.inSeries))),
            "members": sorted(map(_slug, self._graph.subjects(DCAT.inSeries, node))),
            "distributions": self._distributions(node),
        }

    def texts(self, node: Node | None, *predicates: Node) -> Texts:
        """What is said in each language; the first predicate that says something counts."""
        for predicate in predicates:
            found = [o for o in self._graph.objects(node, predicate) if isinstance(o, Literal)]
            if node is not None and found:
                return {each.language or "": str(each) for each in sorted(found, reverse=True)}
        return {}

    def one(self, node: Node | None, predicate: Node) -> str | None:
        found = None if node is None else self._graph.value(node, predicate)
        return None if found is None else str(found)

    def agent(self, node: Node) -> Description | None:
        found = self._graph.value(node, DCTERMS.publisher)
        if found is None:
            return None
        return {
            "uri": str(found),
            "names": self.texts(found, FOAF.name),
            "url": self.one(found, FOAF.homepage),
        }

    def _contact(self, node: Node) -> Description | None:
        found = self._graph.value(node, DCAT.contactPoint)
        if found is None:
            return None
        return {
            "names": self.texts(found, VCARD.fn, VCARD["organization-name"]),
            "email": self.one(found, VCARD.hasEmail),
            "url": self.one(found, VCARD.hasURL),
        }

    def _keywords(self, node: Node) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for each in sorted(self._graph.objects(node, DCAT.keyword), key=str):
            if isinstance(each, Literal):
                found.setdefault(each.language or "", []).append(str(each))
        return found

    def _places(self, node: Node) -> list[Texts]:
        """Names of the areas it is about; those that have none say nothing to people."""
        places = sorted(self._graph.objects(node, DCTERMS.spatial), key=str)
        return [names for each in places if (names := self.texts(each, *LABELS))]

    def _day(self, period: Node | None, predicate: Node) -> str | None:
        found = self.one(period, predicate)
        return found[:10] if found else None

    def _distributions(self, node: Node) -> list[Description]:
        found = map(self._distribution, self._graph.objects(node, DCAT.distribution))
        return sorted(found, key=lambda each: (not each["download"], each["format"], each["uri"]))

    def _distribution(self, node: Node) -> Description:
        format_ = self._graph.value(node, DCTERMS.format)
        license_ = self._graph.value(node, DCTERMS.license)
        size = self.one(node, DCAT.byteSize)
        return {
            "uri": str(node),
            "titles": self.texts(node, DCTERMS.title),
            "format": next(iter(self.texts(format_, *LABELS).values()), _last(format_)),
            "media_type": self._media_type(node),
            "size": int(float(size)) if size else None,
            "download": self.one(node, DCAT.downloadURL),
            "access": self.one(node, DCAT.accessURL),
            "license": str(license_) if isinstance(license_, URIRef) else None,
            "license_names": self.texts(license_, *LABELS),
            "license_code": _code(license_),
            "attribution": self.texts(node, DCATDE.licenseAttributionByText),
            "modified": self.one(node, DCTERMS.modified),
            "checksum": self.one(self._graph.value(node, SPDX.checksum), SPDX.checksumValue),
        }

    def _media_type(self, node: Node) -> str | None:
        """IANA's address of a media type ends with its name."""
        found = self.one(node, DCAT.mediaType)
        return found.partition("/media-types/")[2] or found if found else None


def _slug(node: Node) -> str:
    """…/catalog/datasets/{slug}#dataset"""
    return str(node).partition("#")[0].rpartition("/")[2]


def _last(node: Node | None) -> str:
    return str(node or "").rstrip("/").rpartition("/")[2]


def _code(node: Node | None) -> str:
    """A licence without a name: the end of its address, with the version before it."""
    return "/".join(str(node or "").rstrip("/").split("/")[-2:])
