"""/catalog: what harvesters find there, and that they find it again."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import FOAF, RDF, RDFS, SKOS, XSD
from starlette.testclient import TestClient

from api.artefacts.building import build
from api.artefacts.catalogue import Blocks, written
from api.artefacts.keys import DECISIVE
from api.catalogue import vocabulary as v
from api.catalogue.datasets import catalogue
from api.catalogue.graph import _place
from api.catalogue.terms import terms_of
from api.catalogue.writing import SYNTAXES
from api.settings import Settings
from db.catalogue import License, Place, Source, facts
from db.publication import publish
from db.snapshots import opened
from tests.api.calls import get, relative
from tests.api.catalogues import (
    ADMS,
    BASE,
    DCAT,
    DCATAP,
    DCATDE,
    DCT,
    EU,
    HVD,
    HYDRA,
    RDFLIB,
    SHAPES,
    SPDX,
    VCARD,
    complaints,
    dataset,
    distributions,
    graph,
    harvested,
    quality,
    shapes,
)
from tests.conftest import connect_to
from tests.databases import Database, clone

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # by rdflib itself
MANY = 400


@pytest.fixture(scope="module")
def portal(demo_database: Database, demo_artefacts: Path) -> Iterator[TestClient]:
    with connect_to(demo_database, artefacts=demo_artefacts) as connected:
        yield connected


@pytest.fixture(scope="module")
def whole(portal: TestClient) -> Graph:
    return graph(portal, "/catalog.rdf")


@pytest.fixture(scope="module")
def crowd(
    cluster: Any, demo_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestClient]:
    """The demonstration set among 400 datasets: one an indicator, and many strategies."""
    folder = tmp_path_factory.mktemp("crowd")
    with clone(cluster, demo_template) as crowded:
        run(crowded, _STRATEGIES, MANY - 37)
        publish(crowded.owner_url)
        build(Settings(catalog_indicators="indicator"), crowded.public_url, folder)
        with connect_to(crowded, artefacts=folder) as connected:
            yield connected


@pytest.fixture(scope="module")
def crowded_pages(crowd: TestClient) -> list[Graph]:
    return list(harvested(crowd, f"{BASE}/catalog.ttl"))


_STRATEGIES = """
INSERT INTO registry.strategy (slug, title, source_id, external_key, status)
SELECT 'plan-' || n, 'Plan ' || n, (SELECT id FROM registry.source WHERE slug = 'quartier'),
       'plan-' || n, 'published'
FROM generate_series(1, %s) AS n
"""


def run(database: Database, statement: str, *values: Any) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        connection.execute(statement, values)


class Registry:
    """A registry that changes, and its catalogue as it is at the moment."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def files(self, **settings: Any) -> dict[str, str]:
        """What the catalogue is made of in Turtle, without the bulk files it would name."""
        with opened(self.database.public_url) as (connection, _):
            described = catalogue(facts(connection), (), Settings(**settings))
        return dict(written(Blocks(described), SYNTAXES["ttl"], 1))

    def described(self, name: str = "pages/all", **settings: Any) -> Graph:
        text = self.files(**settings)[name].replace("https://quartier.invalid", BASE)
        return Graph().parse(data=text, format="turtle")

    def after(self, *statements: str, **settings: Any) -> Graph:
        for statement in statements:
            run(self.database, statement)
        publish(self.database.owner_url)
        return self.described(**settings)


@pytest.fixture
def registry(own_demo_database: Database) -> Registry:
    return Registry(own_demo_database)


# --- syntaxes and pages --------------------------------------------------------------------------


def test_all_three_syntaxes_say_the_same(portal: TestClient, whole: Graph) -> None:
    for suffix in RDFLIB:
        assert set(graph(portal, f"/catalog.{suffix}?page=all")) == set(whole)


def test_there_are_no_blank_nodes(whole: Graph) -> None:
    assert not [node for triple in whole for node in triple if isinstance(node, BNode)]


def test_pages_together_are_the_whole(crowd: TestClient, crowded_pages: list[Graph]) -> None:
    """The whole in another syntax, as it comes without asking for a page."""
    found = [list(page.subjects(RDF.type, DCAT.Dataset)) for page in crowded_pages]
    assert [len(datasets) for datasets in found] == [100, 100, 100, 100]
    together = {triple for page in crowded_pages for triple in page}
    turning = {
        view for page in crowded_pages for view in page.subjects(RDF.type, HYDRA.PagedCollection)
    }
    rest = {triple for triple in together if triple[0] not in turning}
    assert rest == set(graph(crowd, "/catalog.rdf"))


def test_every_page_describes_all_that_its_datasets_refer_to(crowded_pages: list[Graph]) -> None:
    for page in crowded_pages:
        found = page.value(predicate=RDF.type, object=DCAT.Catalog)
        assert found == URIRef(f"{BASE}/catalog#catalog")
        assert set(page.objects(found, DCAT.dataset)) == set(page.subjects(RDF.type, DCAT.Dataset))
        for predicate in (DCT.publisher, DCAT.contactPoint, DCT.license, DCAT.distribution):
            for node in page.objects(None, predicate):
                assert (node, RDF.type, None) in page, node


@pytest.mark.parametrize("suffix", RDFLIB)
def test_the_only_page_of_few_datasets_is_the_whole(
    portal: TestClient, whole: Graph, suffix: str
) -> None:
    (page,) = harvested(portal, f"{BASE}/catalog.{suffix}?page=1")
    assert set(page) > set(whole)
    assert {triple[0] for triple in set(page) - set(whole)} == {
        URIRef(f"{BASE}/catalog.{suffix}?page=1")
    }


def test_one_node_turns_pages_in_both_generations_of_words(crowded_pages: list[Graph]) -> None:
    page = crowded_pages[1]
    view = page.value(predicate=RDF.type, object=HYDRA.PagedCollection)
    assert (view, RDF.type, HYDRA.PartialCollectionView) in page
    sequence = str(view).rpartition("=")[2]
    assert view == URIRef(f"{BASE}/catalog.ttl?page=2&sequence={sequence}")
    for name, number in {"first": 1, "previous": 1, "next": 3, "last": 4}.items():
        there = URIRef(f"{BASE}/catalog.ttl?page={number}&sequence={sequence}")
        assert page.value(view, HYDRA[name]) == page.value(view, HYDRA[f"{name}Page"]) == there
    assert page.value(view, HYDRA.totalItems) == Literal(MANY)
    assert page.value(view, HYDRA.itemsPerPage) == Literal(100)


def test_a_publication_in_the_middle_of_a_harvest_hides_no_dataset(
    cluster: Any, demo_template: str, tmp_path: Path
) -> None:
    """What comes first in the order moves all others on: pages of two states would miss one."""
    with clone(cluster, demo_template) as changing:
        run(changing, _STRATEGIES, 100)
        publish(changing.owner_url)
        build(Settings(), changing.public_url, tmp_path)
        with connect_to(changing, artefacts=tmp_path) as connected:
            pages = harvested(connected, f"{BASE}/catalog.ttl")
            found = set(next(pages).subjects(RDF.type, DCAT.Dataset))
            run(changing, "UPDATE registry.decision SET status = 'draft'")
            publish(changing.owner_url)
            build(Settings(), changing.public_url, tmp_path)
            for page in pages:
                found |= set(page.subjects(RDF.type, DCAT.Dataset))
            newest = graph(connected, "/catalog.rdf")
    assert found > set(newest.subjects(RDF.type, DCAT.Dataset))
    assert dataset("decisions") in found


def test_a_dataset_alone_says_what_the_whole_says_of_it(portal: TestClient, whole: Graph) -> None:
    for node in whole.subjects(RDF.type, DCAT.Dataset):
        alone = graph(portal, f"{relative(str(node)).partition('#')[0]}.ttl")
        assert set(alone) <= set(whole)
        for part in (node, *distributions(whole, node)):
            assert set(alone.predicate_objects(part)) == set(whole.predicate_objects(part))


def test_publisher_and_contact_can_be_looked_up(portal: TestClient, whole: Graph) -> None:
    for predicate, kind in ((DCT.publisher, FOAF.Agent), (DCAT.contactPoint, VCARD.Kind)):
        for node in set(whole.objects(None, predicate)):
            assert (node, RDF.type, kind) in graph(portal, relative(str(node)))


# --- asking for it -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "text/turtle"),
        ("text/html, */*;q=0.1", "text/html"),
        ("application/rdf+xml", "application/rdf+xml"),
        ("text/turtle;q=0.5, application/ld+json", "application/ld+json"),
    ],
)
def test_accept_chooses_the_syntax(portal: TestClient, accept: str, media_type: str) -> None:
    """Twice: what is kept of an address in one syntax must not answer for another."""
    for _ in range(2):
        for address in ("/catalog", "/catalog/datasets/offerings"):
            answer = get(portal, address, accept=accept)
            assert answer.headers["content-type"].split(";")[0] == media_type


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/catalog?page=0", 400),
        ("/catalog?page=-1", 400),
        ("/catalog?page=x", 400),
        ("/catalog?pages=1", 400),
        ("/catalog.ttl?page=2", 404),
        ("/catalog.rdf?page=999999", 404),
        ("/catalog.ttl?page=1&sequence=999", 404),
        ("/catalog.ttl?page=1&sequence=x", 400),
        ("/catalog.csv", 406),
        ("/catalog/datasets/nothing", 404),
        ("/catalog/datasets/nothing.rdf", 404),
        ("/catalog/publishers/nobody.ttl", 404),
        ("/catalog/contacts/nobody", 404),
        ("/catalog/descriptions.json", 404),
    ],
)
def test_what_is_not_there_is_a_problem(portal: TestClient, address: str, status: int) -> None:
    for answer in (portal.get(address), portal.head(address)):
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"


def test_head_says_what_get_says_and_nothing_new_is_304(portal: TestClient) -> None:
    for address in ("/catalog.ttl", "/catalog.rdf", "/catalog/datasets/offerings.jsonld"):
        answer, head = portal.get(address), portal.head(address)
        own = {"x-request-id"}
        assert {k: x for k, x in answer.headers.items() if k not in own} == {
            k: x for k, x in head.headers.items() if k not in own
        }
        unchanged = portal.get(address, headers={"If-None-Match": answer.headers["etag"]})
        assert unchanged.status_code == 304


def test_while_nothing_is_made_the_answer_is_503(demo_database: Database, tmp_path: Path) -> None:
    """Never an empty page: harvesters would delete all they have."""
    with connect_to(demo_database, artefacts=tmp_path / "none") as connected:
        for address in ("/catalog", "/catalog.rdf", "/catalog/datasets/offerings.ttl"):
            answer = connected.get(address)
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0


def test_a_file_that_is_gone_is_no_empty_catalogue(demo_database: Database, tmp_path: Path) -> None:
    """Somebody emptied the folder below us."""
    build(Settings(), demo_database.public_url, tmp_path)
    with connect_to(demo_database, artefacts=tmp_path) as connected:
        for path in (tmp_path / "current" / "catalog").rglob("*.ttl"):
            path.unlink()
        assert connected.get("/catalog.ttl").status_code == 503


def test_a_prefix_of_the_public_address_is_in_every_node(
    demo_database: Database, demo_artefacts: Path
) -> None:
    public = "https://daten.example.org/sozial"
    with connect_to(demo_database, artefacts=demo_artefacts, public_url=public) as connected:
        found = graph(connected, "/catalog.rdf")
    assert (URIRef(f"{public}/catalog#catalog"), RDF.type, DCAT.Catalog) in found
    assert "quartier.invalid" not in found.serialize(format="nt")


# --- what it says --------------------------------------------------------------------------------


def test_there_is_a_dataset_of_each_resource_strategy_and_theme(whole: Graph) -> None:
    slugs = {
        str(node).partition("/datasets/")[2] for node in whole.subjects(RDF.type, DCAT.Dataset)
    }
    names = {slug.partition("#")[0] for slug in slugs}
    assert names >= {
        "offerings",
        "districts",
        "organisations",
        "measures",
        "decisions",
        "strategies",
        "codelists",
        "indicators-poverty",
        "strategy-buendnis-gegen-armut-wuppertal",
    }
    assert not names & {"indicators", "observations"}


@pytest.mark.parametrize(("granularity", "expected"), [("all", 1), ("theme", 9), ("indicator", 23)])
def test_indicators_are_as_many_datasets_as_the_operator_wants(
    demo_database: Database, granularity: Any, expected: int
) -> None:
    settings = Settings(catalog_indicators=granularity)
    with opened(demo_database.public_url) as (connection, _):
        known = catalogue(facts(connection), (), settings)
    slugs = [found.slug for found in known.series]
    assert len(slugs) == expected
    assert all(slug.startswith("indicator") for slug in slugs)


def test_indicators_are_a_series(whole: Graph) -> None:
    series = whole.value(predicate=RDF.type, object=DCAT.DatasetSeries)
    members = set(whole.subjects(DCAT.inSeries, series))
    assert members == {
        node for node in whole.subjects(RDF.type, DCAT.Dataset) if "/indicators-" in str(node)
    }
    assert (series, RDF.type, DCAT.Dataset) not in whole


def test_the_download_is_a_complete_file_with_commas_in_utf_8(
    portal: TestClient, whole: Graph
) -> None:
    expected = {
        "offerings": get(portal, "/v1/offerings?limit=1&include_ended=true").json()["total"],
        "districts": get(portal, "/v1/districts?limit=1").json()["total"],
        "strategy-buendnis-gegen-armut-wuppertal": 6,
    }
    for slug, rows in expected.items():
        url = whole.value(URIRef(f"{BASE}/catalog/datasets/{slug}#csv"), DCAT.downloadURL)
        answer = get(portal, relative(str(url)))
        assert "charset=utf-8" in answer.headers["content-type"]
        table = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8"))))
        assert len(table) == rows


def test_sizes_and_checksums_are_those_of_the_files(portal: TestClient, whole: Graph) -> None:
    sized = [node for node in whole.subjects(DCAT.byteSize) if "/datasets/offerings#" in str(node)]
    assert len(sized) == 6
    for node in sized:
        url = relative(str(whole.value(node, DCAT.downloadURL)))
        content = portal.get(url, headers={"Accept-Encoding": "identity"}).content
        assert whole.value(node, DCAT.byteSize) == Literal(
            str(len(content)), datatype=XSD.nonNegativeInteger
        )
        checksum = whole.value(node, SPDX.checksum)
        stated = whole.value(checksum, SPDX.checksumValue)
        assert str(stated).lower() == hashlib.sha256(content).hexdigest()


def test_portals_see_csv(whole: Graph) -> None:
    """ckanext-dcat takes the label of a format only if that is a dct:IMT and nothing else."""
    node = URIRef(f"{BASE}/catalog/datasets/offerings#csv")
    format_ = whole.value(node, DCT["format"])
    assert format_ == URIRef(f"{EU}file-type/CSV")
    assert list(whole.objects(format_, RDF.type)) == [DCT.IMT]
    assert whole.value(format_, RDFS.label) == Literal("CSV")
    assert whole.value(node, DCAT.mediaType) == URIRef(
        "https://www.iana.org/assignments/media-types/text/csv"
    )


def test_every_dataset_has_what_portals_show(whole: Graph) -> None:
    for node in whole.subjects(RDF.type, DCAT.Dataset):
        for predicate in (
            *(DCT.title, DCT.description, DCT.identifier, DCT.issued, DCT.modified),
            *(DCT.publisher, DCT.accessRights, DCT.accrualPeriodicity, DCT.language),
            *(DCAT.contactPoint, DCAT.keyword, DCAT.theme, DCAT.landingPage, ADMS.identifier),
            *(DCATAP.availability, FOAF.page),
        ):
            assert (node, predicate, None) in whole, (node, predicate)
        for distribution in distributions(whole, node):
            for predicate in (DCT.license, DCT.rights, DCAT.accessURL, DCT["format"], DCT.title):
                assert (distribution, predicate, None) in whole, (distribution, predicate)


def test_the_place_is_that_of_the_german_lists(whole: Graph) -> None:
    county = URIRef("http://dcat-ap.de/def/politicalGeocoding/districtKey/14522")
    level = URIRef("http://dcat-ap.de/def/politicalGeocoding/Level/administrativeDistrict")
    assert list(whole.objects(dataset("offerings"), DCT.spatial)) == [county]
    assert (dataset("offerings"), DCATDE.politicalGeocodingLevelURI, level) in whole
    assert whole.value(county, SKOS.prefLabel) is not None


def test_indicators_cover_the_time_of_their_observations(portal: TestClient, whole: Graph) -> None:
    node = whole.value(dataset("indicators-poverty"), DCT.temporal)
    slugs = {
        item["slug"]
        for item in get(portal, "/v1/indicators?theme=poverty&limit=all").json()["items"]
    }
    periods = [
        item["period"]
        for item in get(portal, "/v1/observations?limit=all").json()["items"]
        if item["indicator"]["slug"] in slugs
    ]
    starts = min(period["earliest"] for period in periods if period["earliest"])
    assert whole.value(node, DCAT.startDate) == Literal(starts, datatype=XSD.date)


def test_services_say_which_datasets_they_answer_from(whole: Graph) -> None:
    native = URIRef(f"{BASE}/catalog#service-native")
    assert set(whole.objects(native, DCAT.servesDataset)) == set(
        whole.subjects(RDF.type, DCAT.Dataset)
    )
    assert whole.value(native, DCAT.endpointDescription) == URIRef(f"{BASE}/openapi.json")
    for service in whole.objects(None, DCAT.accessService):
        assert (service, RDF.type, DCAT.DataService) in whole


def test_every_address_of_a_distribution_answers_get_and_head_alike(
    portal: TestClient, whole: Graph
) -> None:
    urls = {
        str(url)
        for predicate in (DCAT.accessURL, DCAT.downloadURL)
        for url in whole.objects(None, predicate)
    }
    assert len(urls) > 60
    for url in sorted(urls):
        answer, head = portal.get(relative(url)), portal.head(relative(url))
        assert answer.status_code == head.status_code == 200, url
        assert answer.headers["content-type"] == head.headers["content-type"], url
        assert answer.headers.get("etag") == head.headers.get("etag"), url


# --- judged by others ----------------------------------------------------------------------------


def test_shacl_finds_nothing_in_the_demonstration_set(whole: Graph) -> None:
    assert complaints(whole, shapes(*SHAPES)) == []


def test_shacl_finds_nothing_in_many_datasets(crowded_pages: list[Graph]) -> None:
    """Page by page: each is valid by itself, and all of them together take four times as long."""
    rules = shapes(*SHAPES)
    assert [complaints(page, rules) for page in crowded_pages] == [[], [], [], []]


def test_high_value_datasets_satisfy_the_shapes_for_them(registry: Registry) -> None:
    category = "http://data.europa.eu/bna/c_ac64a52d"
    found = registry.described("datasets/districts", catalog_hvd=(("districts", category),))
    node = found.value(predicate=RDF.type, object=DCAT.Dataset)
    assert found.value(node, DCATAP.hvdCategory) == URIRef(category)
    assert complaints(found, shapes(HVD)) == []


def test_the_quality_is_excellent(portal: TestClient, whole: Graph) -> None:
    """Of 405 points 351; without a place and a time for every dataset not all can be had."""

    def reached(url: str) -> bool:
        return portal.head(relative(url)).status_code == 200

    is_compliant = complaints(whole, shapes(SHAPES[0])) == []
    points = quality(whole, reached, is_compliant=is_compliant)
    assert sum(points.values()) >= 351, points


# --- identity and dates --------------------------------------------------------------------------


def test_a_new_title_changes_no_identity(registry: Registry) -> None:
    before = registry.described(catalog_indicators="indicator")
    after = registry.after(
        "UPDATE registry.strategy SET title = title || ' (neu)'",
        "UPDATE registry.indicator SET title = title || ' (neu)'",
        catalog_indicators="indicator",
    )
    for kind in (DCAT.Dataset, DCAT.Distribution, FOAF.Agent, VCARD.Kind):
        assert set(before.subjects(RDF.type, kind)) == set(after.subjects(RDF.type, kind))
    for node in before.subjects(RDF.type, DCAT.Dataset):
        assert before.value(node, DCT.identifier) == after.value(node, DCT.identifier)
    assert before.value(dataset("indicator-births"), DCT.title) != after.value(
        dataset("indicator-births"), DCT.title
    )


def test_an_unchanged_catalogue_has_the_same_bytes(registry: Registry) -> None:
    before = registry.files()
    registry.after("UPDATE registry.organisation SET internal_note = 'nichts Öffentliches'")
    assert registry.files() == before


def test_bytes_do_not_depend_on_the_process(demo_artefacts: Path) -> None:
    """Sets have another order in every process."""
    digests = {
        subprocess.run(
            [sys.executable, "-c", _WRITE, str(demo_artefacts / "current/catalog")],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


_WRITE = """
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from api.artefacts.catalogue import Blocks, written
from api.catalogue import stored
from api.catalogue.writing import SYNTAXES

known = stored.read(Path(sys.argv[1]) / stored.NAME)
blocks = Blocks(replace(known, datasets=known.datasets[4:8]))
for syntax in SYNTAXES.values():
    digest = sha256()
    for name, text in written(blocks, syntax, 1):
        digest.update(name.encode() + text.encode())
    print(digest.hexdigest())
"""


def test_modified_moves_only_with_rows_of_the_dataset_itself(registry: Registry) -> None:
    every = {"catalog_indicators": "indicator"}
    later(registry)
    before = modified(registry.described(**every))
    after = modified(
        registry.after(
            "UPDATE registry.measure SET title = title || '!' WHERE slug = ("
            "  SELECT min(m.slug) FROM registry.measure m"
            "  JOIN registry.strategy s ON s.id = m.strategy_id"
            "  WHERE s.slug = 'buendnis-gegen-armut-wuppertal')",
            "UPDATE registry.observation SET value = value + 1 WHERE indicator_id = ("
            "  SELECT id FROM registry.indicator WHERE slug = 'births')",
            **every,
        )
    )
    moved = {slug for slug in before if before[slug] != after[slug]}
    assert moved == {"measures", "strategy-buendnis-gegen-armut-wuppertal", "indicator-births"}


def test_removals_move_it_too(registry: Registry) -> None:
    later(registry)
    before = modified(registry.described())
    after = modified(
        registry.after(
            "DELETE FROM registry.observation WHERE indicator_id = ("
            "  SELECT id FROM registry.indicator WHERE slug = 'births')"
        )
    )
    moved = {slug for slug in before if before[slug] != after[slug]}
    assert moved == {"indicators-demography", "indicators-family"}


def test_a_rebuild_and_a_pruned_log_leave_it_alone(registry: Registry) -> None:
    later(registry)
    before = modified(registry.described())
    run(registry.database, "DELETE FROM published.change")
    run(registry.database, "UPDATE published.state SET documents_hash = ''")
    after = modified(registry.after("UPDATE registry.decision SET title = title || '!'"))
    moved = {slug for slug in before if before[slug] != after[slug]}
    assert "decisions" in moved
    assert not moved & {"offerings", "districts", "indicators-demography", "measures"}


def modified(found: Graph) -> dict[str, datetime]:
    return {
        str(node).partition("/datasets/")[2].removesuffix("#dataset"): datetime.fromisoformat(
            str(found.value(node, DCT.modified))
        )
        for node in found.subjects(RDF.type, DCAT.Dataset)
    }


def later(registry: Registry) -> None:
    """As if the last publication had been a while ago."""
    run(
        registry.database,
        "UPDATE published.dataset SET issued = issued - interval '1 day', "
        "modified = modified - interval '1 day'",
    )


# --- licences ------------------------------------------------------------------------------------

CC_ZERO = License(
    "cc-zero", {"de": "CC0", "en": "CC0"}, ("http://dcat-ap.de/def/licenses/cc-zero",)
)
DL_BY = License("dl-by-de-2-0", {"de": "dl-by"}, ("http://dcat-ap.de/def/licenses/dl-by-de/2.0",))
OWN = License("haus", {"de": "Hausregeln"}, ())
KNOWN = (CC_ZERO, DL_BY, OWN)


def source(license_: str, attribution: str = "Amt", license_url: str | None = None) -> Source:
    return Source(
        UUID(int=len(attribution)),
        "Liste",
        "Amt",
        None,
        license_,
        license_url,
        attribution,
        None,
        None,
    )


def test_one_licence_is_named_by_the_german_list() -> None:
    terms = terms_of([source("dl-by-de-2-0", "Amt"), source("dl-by-de-2-0", "Stadt")], KNOWN)
    assert terms.uri == "http://dcat-ap.de/def/licenses/dl-by-de/2.0"
    assert terms.attribution == "Amt; Stadt"


def test_several_open_licences_are_said_to_be_several() -> None:
    terms = terms_of([source("dl-by-de-2-0"), source("cc-zero")], KNOWN)
    assert terms.uri == "http://dcat-ap.de/def/licenses/other-open"
    assert "CC0, dl-by" in terms.rights["de"]


def test_what_is_on_no_list_is_not_guessed() -> None:
    assert terms_of([source("haus")], KNOWN).uri == "/v1/codelists/license#haus"
    stated = terms_of([source("haus", license_url="https://example.org/regeln")], KNOWN)
    assert stated.uri == "https://example.org/regeln"
    assert terms_of([source("haus", license_url="keine Adresse")], KNOWN).uri.startswith("/v1/")
    mixed = terms_of([source("haus"), source("cc-zero")], KNOWN)
    assert mixed.uri == "/v1/codelists/license"


def test_distributions_name_their_licence_and_whom_to_name(whole: Graph) -> None:
    wuppertal = URIRef(f"{BASE}/catalog/datasets/strategy-buendnis-gegen-armut-wuppertal#csv")
    assert whole.value(wuppertal, DCT.license) == URIRef("http://dcat-ap.de/def/licenses/cc-zero")
    assert whole.value(wuppertal, DCATDE.licenseAttributionByText) == Literal(
        "Fakten nach: Stadt Wuppertal"
    )
    districts = URIRef(f"{BASE}/catalog/datasets/districts#csv")
    assert whole.value(districts, DCT.license) == URIRef(
        "http://dcat-ap.de/def/licenses/other-open"
    )
    assert "GeoBasis-DE" in str(whole.value(districts, DCATDE.licenseAttributionByText))


def test_a_source_without_terms_is_in_no_dataset(registry: Registry) -> None:
    before = registry.described()
    assert dataset("strategy-buendnis-gegen-armut-wuppertal") in set(before.subjects())
    after = registry.after(
        "UPDATE registry.source SET license = 'not_stated' WHERE slug = 'wuppertal-buendnis-2019'"
    )
    assert dataset("strategy-buendnis-gegen-armut-wuppertal") not in set(after.subjects())
    assert "Stadt Wuppertal" not in after.serialize(format="nt")
    with psycopg.connect(registry.database.owner_url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM published.source WHERE license = 'not_stated'"
        )
        assert found.fetchone() == (0,)


# --- settings ------------------------------------------------------------------------------------


def test_every_setting_of_the_catalogue_decides_its_files() -> None:
    named = {name for name in Settings.model_fields if name.startswith("catalog_")}
    assert named <= set(DECISIVE)


def test_the_operator_says_who_publishes_and_whom_to_ask(registry: Registry) -> None:
    found = registry.described(
        catalog_title="Sozialdaten Musterkreis",
        catalog_publisher="Musterkreis",
        catalog_publisher_url="https://musterkreis.example",
        catalog_contact="Stabsstelle Sozialplanung",
        catalog_contact_email="sozialplanung@musterkreis.example",
        catalog_contributor_id="http://dcat-ap.de/def/contributors/musterkreis",
        catalog_frequency=(("offerings", "WEEKLY"),),
    )
    publisher = URIRef(f"{BASE}/catalog/publishers/operator")
    contact = URIRef(f"{BASE}/catalog/contacts/operator")
    assert found.value(publisher, FOAF.name) == Literal("Musterkreis")
    assert found.value(publisher, FOAF.homepage) == URIRef("https://musterkreis.example")
    assert found.value(contact, VCARD.fn) == Literal("Stabsstelle Sozialplanung")
    assert found.value(contact, VCARD.hasEmail) == URIRef(
        "mailto:sozialplanung@musterkreis.example"
    )
    offerings = dataset("offerings")
    assert found.value(offerings, DCT.accrualPeriodicity) == URIRef(f"{EU}frequency/WEEKLY")
    assert found.value(offerings, DCATDE.contributorID) == URIRef(
        "http://dcat-ap.de/def/contributors/musterkreis"
    )
    assert complaints(found, shapes(*SHAPES)) == []


def test_the_only_county_is_the_publisher(registry: Registry) -> None:
    found = registry.after(
        "UPDATE registry.district SET status = 'archived', removal_reason = 'unpublished' "
        "WHERE slug IN ('wuppertal', 'oldenburg', 'luebeck', 'skara')",
    )
    publisher = URIRef(f"{BASE}/catalog/publishers/operator")
    assert found.value(publisher, FOAF.name) == Literal("Landkreis Mittelsachsen")
    title = Literal("Soziale Angebote – Landkreis Mittelsachsen", lang="de")
    assert (dataset("offerings"), DCT.title, title) in found


@pytest.mark.parametrize(
    ("rhythms", "code"),
    [
        (["P1D"], "DAILY"),
        (["P7D"], "WEEKLY"),
        (["P1W", "P1Y"], "WEEKLY"),
        (["P1M"], "MONTHLY"),
        (["P3M", None], "QUARTERLY"),
        (["P12M"], "ANNUAL"),
        (["P365D"], "ANNUAL"),
        (["P2Y"], "BIENNIAL"),
        (["P5D"], "OTHER"),
        ([None], None),
        ([], None),
    ],
)
def test_the_rhythm_of_sources_is_a_frequency(rhythms: list[str | None], code: str | None) -> None:
    assert v.frequency(rhythms) == code


@pytest.mark.parametrize(
    ("scheme", "key", "uri"),
    [
        ("ags", "14522", "districtKey/14522"),
        ("ags", "14522180", "municipalityKey/14522180"),
        ("ags", "14", "stateKey/14"),
        ("ars", "145225116280", "regionalKey/145225116280"),
        ("kommunkod", "1495", None),
        ("ags", "1452X", None),
        (None, None, None),
    ],
)
def test_places_have_uris_by_their_keys(
    scheme: str | None, key: str | None, uri: str | None
) -> None:
    place = Place(UUID(int=1), "ort", {"de": "Ort"}, "county", scheme, key, None, None)
    assert v.place_uri(place) == (uri and f"http://dcat-ap.de/def/politicalGeocoding/{uri}")


# --- texts of any kind ---------------------------------------------------------------------------


@given(st.text(min_size=1), st.text(min_size=1))
def test_whatever_is_in_a_text_every_syntax_can_be_read(title: str, note: str) -> None:
    place = Place(UUID(int=1), "ort", {"de": title, "en": note}, "county", None, None, None, None)
    described = _place(place)  # the smallest block with texts
    for name, syntax in SYNTAXES.items():
        text = syntax.document([syntax.block(described.graph)])
        found = Graph(bind_namespaces="none").parse(data=text, format=RDFLIB[name])
        assert set(found) == set(described.graph)
