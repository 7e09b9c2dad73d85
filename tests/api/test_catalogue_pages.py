"""The pages of the data catalogue: the same that portals harvest, for people and search engines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from rdflib import DCAT, DCTERMS, RDF, SDO, Graph, URIRef
from starlette.testclient import TestClient

from api.artefacts.building import build
from api.faces import FACES, Face
from api.pages import catalogue as pages
from api.settings import Settings
from tests.api.calls import get, relative
from tests.api.documents import BROWSER, page
from tests.conftest import connect_to
from tests.databases import Database

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # in rdflib itself
LANGUAGES = ("de", "en", "sv", "de-x-ls")
SETTINGS: dict[str, Any] = {
    "catalog_publisher": "Landratsamt Musterkreis",
    "catalog_publisher_url": "https://example.org/",
    "catalog_contact_email": "daten@example.org",
}


@pytest.fixture(scope="module")
def built(demo_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artefacts")
    url = SecretStr(demo_database.public_url)
    settings = Settings(database_public_url=url, artefacts=folder, **SETTINGS)
    build(settings, demo_database.public_url, folder)
    return folder


@pytest.fixture(scope="module")
def client(demo_database: Database, built: Path) -> Iterator[TestClient]:
    with connect_to(demo_database, artefacts=built, artefacts_build=False) as connected:
        yield connected


@pytest.fixture(scope="module")
def graph(client: TestClient) -> Graph:
    """What portals harvest."""
    return Graph().parse(data=get(client, "/catalog.ttl?page=all").text, format="turtle")


def datasets(graph: Graph) -> list[URIRef]:
    return sorted(URIRef(str(each)) for each in graph.subjects(RDF.type, DCAT.Dataset))


def slug(dataset: URIRef) -> str:
    return dataset.removesuffix("#dataset").rpartition("/")[2]


def test_the_list_has_every_dataset(client: TestClient, graph: Graph) -> None:
    document = page(client, "/catalog")
    links = document.each(".items h3 a", "href")
    assert sorted(links) == [dataset.removesuffix("#dataset") for dataset in datasets(graph)]
    assert document.words(".total").split()[0] == str(len(links))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_dataset_has_a_page_in_every_language(
    client: TestClient, graph: Graph, lang: str
) -> None:
    for dataset in datasets(graph):
        document = page(client, f"/catalog/datasets/{slug(dataset)}", lang=lang)
        assert document.each("html", "lang") == [lang]
        titles = {str(title) for title in graph.objects(dataset, DCTERMS.title)}
        assert document.words("h1") in titles
        assert document.foreign() == []
        assert document.each("link[rel='canonical']", "href") == [
            f"{dataset.removesuffix('#dataset')}?lang={lang}"
        ]


def test_a_page_says_what_the_graph_says(client: TestClient, graph: Graph) -> None:
    for dataset in datasets(graph):
        document = page(client, f"/catalog/datasets/{slug(dataset)}")
        text = document.words("main")
        assert "Landratsamt Musterkreis" in text
        assert "daten@example.org" in text
        assert str(graph.value(dataset, DCTERMS.identifier)) in text
        files = {
            str(f)
            for d in graph.objects(dataset, DCAT.distribution)
            for f in [graph.value(d, DCAT.downloadURL) or graph.value(d, DCAT.accessURL)]
        }
        assert files <= set(document.each("table a", "href"))
        license_ = {
            str(graph.value(d, DCTERMS.license)) for d in graph.objects(dataset, DCAT.distribution)
        }
        assert license_ == set(document.each("a[rel~='license']", "href"))


def test_search_engines_read_the_same_as_portals(client: TestClient, graph: Graph) -> None:
    for dataset in datasets(graph):
        data = page(client, f"/catalog/datasets/{slug(dataset)}").data()
        read = _read(data)
        assert set(read.predicates()) | set(read.objects(None, RDF.type)) <= {*dir(SDO), RDF.type}
        assert data["@type"] == "Dataset"
        assert URIRef(data["@id"]) == dataset
        assert data["name"]
        assert 50 <= len(data["description"]) <= 5000  # Google's bounds
        downloads = {(d["@id"], d["contentUrl"], d.get("sha256")) for d in data["distribution"]}
        assert len(downloads) == len(list(graph.objects(dataset, DCAT.distribution)))
        for node, address, _ in downloads:
            stated = graph.value(URIRef(node), DCAT.downloadURL) or graph.value(
                URIRef(node), DCAT.accessURL
            )
            assert address == str(stated)
        assert all(value not in (None, "", [], {}) for value in data.values())


def test_the_catalogue_is_a_data_catalogue(client: TestClient, graph: Graph) -> None:
    data = page(client, "/catalog").data()
    assert data["@type"] == "DataCatalog"
    assert (URIRef(data["@id"]), RDF.type, DCAT.Catalog) in graph
    assert {each["@id"] for each in data["dataset"]} == set(map(str, datasets(graph)))
    read = _read(data)
    assert set(read.predicates()) | set(read.objects(None, RDF.type)) <= {*dir(SDO), RDF.type}


def _read(data: dict[str, Any]) -> Graph:
    text = json.dumps({**data, "@context": {"@vocab": "https://schema.org/"}})
    return Graph().parse(data=text, format="json-ld")


def test_it_can_be_narrowed_by_theme_and_format(client: TestClient) -> None:
    every = page(client, "/catalog")
    health = page(client, "/catalog", theme="HEAL")
    parquet = page(client, "/catalog", theme="SOCI", file_type="Parquet")
    none = page(client, "/catalog", theme="TRAN")
    counts = [len(each.all(".items > li")) for each in (every, health, parquet, none)]
    assert counts[0] > counts[1] > 0
    assert counts[0] > counts[2] > 0
    assert counts[3] == 0
    assert health.one("#theme option[selected]")["value"] == "HEAL"
    assert parquet.one("#file_type option[selected]").get_text() == "Parquet"


def test_a_form_that_nobody_filled_in_asks_for_everything(client: TestClient) -> None:
    everything = page(client, "/catalog")
    asked = page(client, "/catalog?theme=&file_type=")
    assert asked.words(".total") == everything.words(".total")


def test_many_datasets_come_in_pages(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = page(client, "/catalog").each(".items h3 a", "href")
    monkeypatch.setattr(pages, "LENGTH", 5)
    found, address = [], "/catalog?page=1"
    while address:
        document = page(client, address)
        found += document.each(".items h3 a", "href")
        address = next(map(relative, document.each("a[rel='next']", "href")), "")
    assert found == everything
    assert client.get("/catalog?page=99", headers={"accept": BROWSER}).status_code == 404


@pytest.mark.parametrize("path", ["/catalog", "/catalog/datasets/offerings"])
def test_the_forms_for_programs_are_named(client: TestClient, path: str) -> None:
    document = page(client, path)
    for media_type, suffix in (
        ("text/turtle", "ttl"),
        ("application/rdf+xml", "rdf"),
        ("application/ld+json", "jsonld"),
    ):
        address = f"http://testserver{path}.{suffix}"
        for relation in ("alternate", "describedby"):
            link = f"link[rel='{relation}'][type='{media_type}']"
            assert document.each(link, "href") == [address]
            assert (
                f'<{address}>; rel="{relation}"; type="{media_type}"'
                in (document.answer.headers["link"])
            )
        answer = get(client, f"{path}.{suffix}")
        assert answer.headers["content-type"].startswith(media_type)


def test_programs_get_no_page_and_filters_are_not_for_them(client: TestClient) -> None:
    for accept in ("*/*", "text/turtle", "application/rdf+xml, */*;q=0.1"):
        answer = get(client, "/catalog", accept=accept)
        assert not answer.headers["content-type"].startswith("text/html")
    assert client.get("/catalog.ttl?theme=HEAL").status_code == 406


def test_a_page_is_not_sent_twice(client: TestClient) -> None:
    first = client.get("/catalog", headers={"accept": BROWSER})
    held = {"accept": BROWSER, "if-none-match": first.headers["etag"]}
    assert client.get("/catalog", headers=held).status_code == 304
    english = {**held, "accept-language": "en"}
    assert client.get("/catalog", headers=english).status_code == 200
    head = client.head("/catalog", headers={"accept": BROWSER})
    assert head.status_code == 200
    assert head.headers["etag"] == first.headers["etag"]


def test_while_nothing_is_built_there_is_no_empty_catalogue(
    demo_database: Database, tmp_path: Path
) -> None:
    with connect_to(demo_database, artefacts=tmp_path, artefacts_build=False) as client:
        for path in ("/catalog", "/catalog/datasets/offerings"):
            answer = client.get(path, headers={"accept": BROWSER})
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0


def test_what_there_is_not_is_not_found(client: TestClient) -> None:
    answer = client.get("/catalog/datasets/nothing", headers={"accept": BROWSER})
    assert answer.status_code == 404


def test_the_examples_of_a_dataset_work(client: TestClient, graph: Graph) -> None:
    for dataset in datasets(graph):
        document = page(client, f"/catalog/datasets/{slug(dataset)}")
        shown = re.findall(r'^curl "(.+)"$', document.one("pre").get_text(), re.M)
        assert len(shown) == 2
        (changes,) = [each for each in document.each("main a", "href") if "/v1/changes" in each]
        for address in (*shown, changes):
            assert get(client, relative(address)).content.strip()


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.slug)
def test_every_face_begins_where_the_api_catalogue_says(client: TestClient, face: Face) -> None:
    (described,) = [
        each
        for each in get(client, "/.well-known/api-catalog").json()["linkset"]
        if each["anchor"] == f"http://testserver{face.path}"
    ]
    answer = client.get(relative(described["anchor"]), headers={"accept": face.media_type})
    assert answer.status_code != 404
    head = client.head(relative(described["anchor"]), headers={"accept": face.media_type})
    assert head.status_code == answer.status_code


def test_the_sitemap_has_the_catalogue_and_every_dataset(client: TestClient, graph: Graph) -> None:
    text = get(client, "/sitemap-datasets.xml").text
    listed = dict(re.findall(r"<loc>(.*)</loc>(?:<lastmod>(.*)</lastmod>)?", text))
    assert listed.pop("http://testserver/catalog") == ""
    assert set(listed) == {dataset.removesuffix("#dataset") for dataset in datasets(graph)}
    for dataset in datasets(graph):
        changed = datetime.fromisoformat(listed[dataset.removesuffix("#dataset")])
        assert changed == datetime.fromisoformat(str(graph.value(dataset, DCTERMS.modified)))


def test_every_page_leads_to_the_catalogue(client: TestClient) -> None:
    for path in ("/", "/v1/offerings", "/v1/districts/freiberg"):
        assert "http://testserver/catalog" in page(client, path).each("footer a", "href")


def test_lists_and_entities_name_their_formats_and_their_dataset(client: TestClient) -> None:
    for path in ("/v1/offerings", "/v1/offerings/awo-familienzentrum-doebeln", "/v1/indicators"):
        document = page(client, path)
        for link in document.all("link[rel='alternate'][type]"):
            if "oembed" not in str(link["type"]):
                answer = get(client, relative(str(link["href"])))
                assert answer.headers["content-type"].startswith(str(link["type"]))
        (described,) = document.each("link[rel='describedby']", "href")
        get(client, relative(described))
