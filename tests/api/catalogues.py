"""Reading the data catalogue as a portal does, and marking it as data.europa.eu does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from pyshacl import validate
from rdflib import Graph, Namespace, URIRef
from rdflib.namespace import FOAF, RDF, SH, SKOS
from rdflib.term import Node
from starlette.testclient import TestClient

from tests.api.calls import get, relative

STANDARDS = Path(__file__).parents[3] / "shared" / "standards" / "dcat"
ADMS = Namespace("http://www.w3.org/ns/adms#")
DCAT = Namespace("http://www.w3.org/ns/dcat#")
DCATAP = Namespace("http://data.europa.eu/r5r/")
DCATDE = Namespace("http://dcat-ap.de/def/dcatde/")
DCT = Namespace("http://purl.org/dc/terms/")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
SPDX = Namespace("http://spdx.org/rdf/terms#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
EU = "http://publications.europa.eu/resource/authority/"
BASE = "http://testserver"
RDFLIB = {"ttl": "turtle", "rdf": "xml", "jsonld": "json-ld"}
SHAPES = (
    "dcat-ap-3.0.1-shapes.ttl",
    "dcat-ap-SHACL-DE.ttl",
    "dcat-ap-spec-german-additions.ttl",
    "dcat-ap-de-controlledvocabularies.ttl",
    "dcat-ap-de-deprecated.ttl",
)
HVD = "hvd-SHACL-base.ttl"


def graph(client: TestClient, address: str) -> Graph:
    """What an address answers, parsed by what its media type says."""
    answer = get(client, address)
    media_type = answer.headers["content-type"].split(";")[0]
    known = {
        "application/ld+json": "json-ld",
        "application/rdf+xml": "xml",
        "text/turtle": "turtle",
    }
    return Graph(bind_namespaces="none").parse(data=answer.text, format=known[media_type])


def harvested(client: TestClient, address: str) -> Iterator[Graph]:
    """Page after page, by the older of the two words for the next one."""
    found: Node | None = URIRef(address)
    while found is not None:
        page = graph(client, relative(str(found)))
        yield page
        view = page.value(predicate=RDF.type, object=HYDRA.PagedCollection)
        assert page.value(view, HYDRA.nextPage) == page.value(view, HYDRA.next)
        found = page.value(view, HYDRA.nextPage)


def dataset(slug: str) -> URIRef:
    return URIRef(f"{BASE}/catalog/datasets/{slug}#dataset")


def distributions(found: Graph, of: Node) -> list[Node]:
    return sorted(found.objects(of, DCAT.distribution), key=str)


def shapes(*names: str) -> Graph:
    found = Graph()
    for name in names:
        path = STANDARDS / name
        if not path.exists():
            pytest.skip(f"{path} is not on this machine")
        found.parse(path)
    return found


def complaints(found: Graph, rules: Graph) -> list[tuple[str, str, str]]:
    """What shapes say against a graph: severity, message and node, warnings included.

    The lists of the EU, which the German shapes look into, come without titles and labels. That is
    no fault of ours, and they are left out.
    """
    lists = shapes("eu-authority-minimal.ttl")
    _, report, _ = validate(found + lists, shacl_graph=rules, allow_warnings=True)
    assert isinstance(report, Graph)
    results = report.subjects(RDF.type, SH.ValidationResult)
    said = [
        (report.value(result, SH.resultPath), report.value(result, SH.focusNode), result)
        for result in results
    ]
    return sorted(
        (
            str(report.value(result, SH.resultSeverity)).rpartition("#")[2],
            str(report.value(result, SH.resultMessage)),
            str(node),
        )
        for path, node, result in said
        if not (path in (SKOS.prefLabel, DCT.title) and (node, None, None) in lists)
    )


# --- metadata quality assessment -----------------------------------------------------------------

Reached = Callable[[str], bool]

OPEN_FORMATS = {"CSV", "GEOJSON", "GPKG", "JSON", "PARQUET", "ZIP"}
READABLE_FORMATS = {"CSV", "GEOJSON", "GPKG", "JSON", "PARQUET"}
EXCELLENT = 351


def quality(found: Graph, reached: Reached, *, is_compliant: bool) -> dict[str, float]:
    """Points by metric, 405 in all: the share of datasets or distributions that meet it.

    After the published method of data.europa.eu. That counts only the best distribution of a
    dataset for interoperability; here all of them count, which gives no more.
    """
    datasets = list(found.subjects(RDF.type, DCAT.Dataset))
    files = list(found.subjects(RDF.type, DCAT.Distribution))

    def having(nodes: list[Node], predicate: URIRef, start: str = "") -> float:
        return _share(
            any(str(value).startswith(start) for value in found.objects(node, predicate))
            for node in nodes
        )

    def answering(predicate: URIRef) -> float:
        return _share(
            all(map(reached, map(str, urls))) and bool(urls)
            for urls in (list(found.objects(node, predicate)) for node in files)
        )

    def format_in(codes: set[str]) -> float:
        wanted = {URIRef(f"{EU}file-type/{code}") for code in codes}
        return _share(found.value(node, DCT["format"]) in wanted for node in files)

    media_types = "https://www.iana.org/assignments/media-types/"
    vocabulary = (
        having(files, DCT["format"], f"{EU}file-type/") + having(files, DCAT.mediaType, media_types)
    ) / 2
    return {
        "keywords": 30 * having(datasets, DCAT.keyword),
        "categories": 30 * having(datasets, DCAT.theme),
        "spatial": 20 * having(datasets, DCT.spatial),
        "temporal": 20 * having(datasets, DCT.temporal),
        "access answers": 50 * answering(DCAT.accessURL),
        "download": 20 * having(files, DCAT.downloadURL),
        "download answers": 30 * answering(DCAT.downloadURL),
        "format": 20 * having(files, DCT["format"]),
        "media type": 10 * having(files, DCAT.mediaType),
        "format vocabulary": 10 * vocabulary,
        "not proprietary": 20 * format_in(OPEN_FORMATS),
        "machine-readable": 20 * format_in(READABLE_FORMATS),
        "DCAT-AP": 30.0 * is_compliant,
        "licence": 20 * having(files, DCT.license),
        "licence vocabulary": 10 * having(files, DCT.license, "http://dcat-ap.de/def/licenses/"),
        "access rights": 10 * having(datasets, DCT.accessRights),
        "access rights vocabulary": 5 * having(datasets, DCT.accessRights, f"{EU}access-right/"),
        "contact": 20 * having(datasets, DCAT.contactPoint),
        "publisher": 10 * having(datasets, DCT.publisher),
        "rights": 5 * having(files, DCT.rights),
        "size": 5 * having(files, DCAT.byteSize),
        "issued": 5 * having(datasets, DCT.issued),
        "modified": 5 * having(datasets, DCT.modified),
    }


def _share(met: Iterable[bool]) -> float:
    values = list(met)
    return sum(values) / len(values) if values else 0.0


AGENTS = (FOAF.Agent, VCARD.Kind)
