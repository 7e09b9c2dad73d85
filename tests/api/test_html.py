"""Pages and fragments, as browsers and including pages get them over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from psycopg import OperationalError
from starlette.testclient import TestClient

from api.pages.templates import telephone
from api.resources import RESOURCES, Resource
from api.settings import Settings
from db import models, queries
from db.publication import publish
from db.registry import upsert, writer
from tests.api.calls import get, listed
from tests.api.documents import BROWSER, Document, fragment, page
from tests.api.world import entity
from tests.conftest import connect_to
from tests.databases import Database

LANGUAGES = ("de", "en", "sv", "de-x-ls")
HOSTILE = {
    "script": "</script><script>alert(1)</script>",
    "attribute": '" onmouseover="alert(1)" x=\'',
    "template": "{{ 7 * 7 }}{% raw %}",
    "turned": "Rathaus \u202etxt.exe\u202c",
    "long": "x" * 10_000,
    "markdown": "[a](javascript:alert(1)) <img src=x onerror=alert(1)> ![b](https://example.org/b.png)",
    "heading": "# Ein Titel\n\nUnd noch einer\n====",
}


@pytest.fixture(scope="module")
def demo(demo_database: Database) -> Iterator[TestClient]:
    with connect_to(demo_database) as connected:
        yield connected


def names(client: TestClient, resource: Resource) -> list[str]:
    found = listed(client, f"/v1/{resource.name}", {"fields": "id"})
    return [str(item["id"]) for item in found["items"]]


def check(document: Document, lang: str) -> None:
    """What is true of every page."""
    assert document.each("html", "lang") == [lang]
    assert len(document.all("h1")) == 1
    assert len(document.all("main")) == 1
    assert document.words("head > title").strip(" –")
    ids = document.each("*", "id")
    assert len(ids) == len(set(ids))
    assert document.foreign() == []
    assert document.all("[style], style, [onclick]") == []
    assert document.all("script:not([src], [type='application/ld+json'])") == []
    for field in document.all("input:not([type='hidden']), select, textarea"):
        labels = document.all(f"label[for='{field.get('id')}']")
        assert labels or field.find_parent("label"), "a field has no label"


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
def test_every_list_is_a_page(demo: TestClient, resource: Resource, lang: str) -> None:
    document = page(demo, f"/v1/{resource.name}", lang=lang)
    check(document, lang)
    address = f"http://testserver/v1/{resource.name}"
    assert document.each("link[rel='canonical']", "href") == [f"{address}?lang={lang}"]
    alternates = zip(
        document.each("link[hreflang]", "hreflang"),
        document.each("link[hreflang]", "href"),
        strict=True,
    )
    expected = {each: f"{address}?lang={each}" for each in LANGUAGES} | {"x-default": address}
    assert dict(alternates) == expected


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
def test_every_entity_is_a_page_with_one_canonical_address(
    demo: TestClient, resource: Resource
) -> None:
    for name in names(demo, resource):
        document = page(demo, f"/v1/{resource.name}/{name}")
        check(document, "de")
        (canonical,) = document.each("link[rel='canonical']", "href")
        page(demo, canonical.removeprefix("http://testserver")).one("h1")


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
def test_a_fragment_has_what_the_list_has(demo: TestClient, resource: Resource) -> None:
    document = fragment(demo, f"/v1/{resource.name}", lang="en", limit=5)
    assert document.text.lstrip().startswith('<section class="quartier fragment" lang="en">')
    assert document.text.rstrip().endswith("</section>")
    assert "<html" not in document.text
    assert "<h1" not in document.text
    items = listed(demo, f"/v1/{resource.name}", {"lang": "en", "limit": 5})["items"]
    shown = document.all("li.item, tbody > tr")
    assert len(shown) == len(items)
    assert document.foreign() == []


def test_a_browser_gets_a_page_and_a_program_json(demo: TestClient) -> None:
    assert get(demo, "/v1/offerings").headers["content-type"] == "application/json"
    answer = get(demo, "/v1/offerings", Accept=BROWSER)
    assert answer.text.startswith("<!doctype html>")
    assert "Accept" in answer.headers["vary"]


def test_filters_are_those_of_the_api(demo: TestClient) -> None:
    asked = {"district": "freiberg", "category": "advice"}
    total = get(demo, "/v1/offerings", asked).json()["total"]
    assert str(total) in page(demo, "/v1/offerings", **asked).words("p.total")
    assert len(fragment(demo, "/v1/offerings", **asked).all("li.item")) == total


def test_choices_have_the_counts_of_the_facets(demo: TestClient) -> None:
    facets = get(demo, "/v1/offerings", {"facets": "category", "category": "health"}).json()
    document = page(demo, "/v1/offerings", category="health")
    for each in facets["facets"]["category"][:5]:
        field = document.one(f"input[name='category'][value='{each['value']}']")
        label = field.find_parent("label")
        assert label is not None
        assert f"({each['count']})" in label.get_text()
        assert field.has_attr("checked") == (each["value"] == "health")


def test_a_chosen_filter_can_be_taken_away(demo: TestClient) -> None:
    document = page(demo, "/v1/offerings", category="health", district="freiberg")
    links = document.each("ul.chosen a", "href")
    assert "http://testserver/v1/offerings?district=freiberg" in links
    assert "http://testserver/v1/offerings?category=health" in links


def test_what_a_form_leaves_empty_is_no_filter(demo: TestClient) -> None:
    page(demo, "/v1/offerings", q="", category="health").one("h1")
    page(demo, "/v1/offerings?q=+%20&category=health").one("h1")
    page(demo, "/search?q=++").one("h1")
    refused = demo.get("/v1/offerings", params={"q": ""})
    assert refused.status_code == 400


def test_pages_follow_each_other(demo: TestClient) -> None:
    seen: list[str] = []
    path = "/v1/offerings"
    for _ in range(10):
        document = page(demo, path)
        seen += document.each("li.item h3 > a", "href")
        onward = document.each("a[rel='next']", "href")
        if not onward:
            break
        path = onward[0].removeprefix("http://testserver")
    assert len(seen) == len(set(seen)) == get(demo, "/v1/offerings").json()["total"]


@pytest.mark.parametrize("limit", ["201", "all"])
def test_a_page_is_not_endless(demo: TestClient, limit: str) -> None:
    answer = demo.get("/v1/offerings.html", params={"limit": limit})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "limit"


def test_links_keep_the_language_that_was_chosen(demo: TestClient) -> None:
    document = page(demo, "/v1/districts/freiberg", lang="sv")
    inside = [each for each in document.each("main a", "href") if "testserver" in each]
    plain = [address for address in inside if "lang=sv" not in address]
    assert all("format=" in address for address in plain) or plain == []


def test_what_is_in_another_language_is_said_and_marked(demo: TestClient) -> None:
    document = page(demo, "/v1/strategies/buendnis-gegen-armut-wuppertal", lang="en")
    assert "Not everything here is available in this language" in document.words()
    document.one("div.text[lang='de']")


def test_names_in_lists_are_marked_with_their_language_too(demo: TestClient) -> None:
    for resource in ("offerings", "strategies", "measures"):
        items = listed(demo, f"/v1/{resource}", {"lang": "en", "limit": 20})["items"]
        own = [
            name in (item.get("fallback") or {})
            for item in items
            for name in ("name", "title")
            if name in item
        ]
        for document in (
            page(demo, f"/v1/{resource}", lang="en"),
            fragment(demo, f"/v1/{resource}", lang="en"),
        ):
            assert [tag.get("lang") == "de" for tag in document.all("li.item h3")] == own
        for item, is_german in zip(items[:5], own, strict=False):
            heading = page(demo, f"/v1/{resource}/{item['id']}", lang="en").one("h1")
            assert (heading.get("lang") == "de") == is_german


def test_a_fragment_asked_for_by_post_has_no_link_that_only_get_follows(demo: TestClient) -> None:
    answer = demo.post("/v1/offerings/search", json={"format": "html", "limit": 5})
    assert answer.status_code == 200
    document = Document(answer)
    assert len(document.all("li.item")) == 5
    assert document.all("[rel='next']") == []


def test_a_district_shows_its_chain_offerings_and_values_beside_its_parents(
    demo: TestClient,
) -> None:
    document = page(demo, "/v1/districts/freiberg")
    chain = [each.get_text() for each in document.all("nav.chain li")]
    assert chain[0] == "Landkreis Mittelsachsen"
    assert chain[-1] == "Freiberg"
    facet = get(demo, "/v1/offerings", {"district": "freiberg", "facets": "category"}).json()
    first = facet["facets"]["category"][0]
    assert f"{first['label']} {first['count']}" in document.words("ul.tiles")
    document.one("svg path.here")
    assert "Sozialregion 1: Freiberg" in document.words("th.figure")


def test_observations_come_with_a_chart_and_the_same_numbers(demo: TestClient) -> None:
    path = "/v1/indicators/population/observations"
    document = fragment(demo, path, district="freiberg")
    values = listed(demo, path, {"district": "freiberg"})["items"]
    document.one("figure svg.chart")
    assert len(document.all("tbody > tr")) == len(values)


# --- search --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "filters"),
    [
        ("Schuldnerberatung Döbeln", {"q": "Schuldnerberatung", "district": "doebeln"}),
        ("Schuldnerberatung in Döbeln", {"q": "Schuldnerberatung", "district": "doebeln"}),
        (
            "Schuldnerberatung in der Nähe von Döbeln",
            {"q": "Schuldnerberatung", "district": "doebeln"},
        ),
        (
            "Schuldnerberatung in der Stadt Döbeln",
            {"q": "Schuldnerberatung", "district": "doebeln"},
        ),
        ("Stadt Döbeln", {"district": "doebeln"}),
        ("„Schuldnerberatung Döbeln“", {"q": "Schuldnerberatung Döbeln"}),
        ("döbeln", {"district": "doebeln"}),
        ("Doebeln Beratung", {"q": "Beratung", "district": "doebeln"}),
        ("04720", {"postcode": "04720"}),
        ("Beratung 09599", {"q": "Beratung", "postcode": "09599"}),
        ("Landkreis Mittelsachsen", {"district": "landkreis-mittelsachsen"}),
        ("Beratung", {"q": "Beratung"}),
    ],
)
def test_a_search_finds_what_the_filters_meant_would(
    demo: TestClient, typed: str, filters: dict[str, str]
) -> None:
    document = page(demo, "/search", q=typed, lang="en")
    expected = listed(demo, "/v1/offerings", {**filters, "lang": "en", "limit": 20})
    shown = [each.get_text() for each in document.all("li.item h3 > a")]
    assert shown == [item["name"] for item in expected["items"]]
    assert document.each("input[name='q']", "value") == [typed]


def test_near_me_is_answered_with_how_to_say_where_one_is(demo: TestClient) -> None:
    document = page(demo, "/search", q="Beratung in meiner Nähe", lang="de")
    document.one("[data-near-wanted]")
    assert document.all("li.item")
    elsewhere = page(demo, "/search", q="Beratung in der Nähe von Döbeln")
    assert elsewhere.all("[data-near-wanted]") == []


@pytest.mark.parametrize(
    "typed",
    ["Döbeln, Schuldnerberatung", "Schuldnerberatung in Döbeln!", "„Döbeln“ Schuldnerberatung"],
)
def test_marks_around_a_place_are_no_part_of_it(demo: TestClient, typed: str) -> None:
    document = page(demo, "/search", q=typed, lang="en")
    assert "Understood: “Schuldnerberatung” in Döbeln." in document.words("p.understood")


def test_a_place_that_was_chosen_counts_and_not_the_one_typed(demo: TestClient) -> None:
    document = page(demo, "/search", q="Beratung Döbeln", district="freiberg")
    assert document.all("p.understood") == []
    total = get(demo, "/v1/offerings", {"q": "Beratung", "district": "freiberg"}).json()["total"]
    assert document.words("p.total").startswith(str(total))


def test_what_was_understood_is_what_is_embedded(demo: TestClient) -> None:
    document = page(demo, "/search", q="Schuldnerberatung Döbeln", lang="en")
    (link,) = document.each("main p.formats a", "href")
    assert link == "http://testserver/developers?district=doebeln&lang=en&q=Schuldnerberatung"
    (link,) = page(demo, "/search", q="04720", district="doebeln").each("main p.formats a", "href")
    assert link == "http://testserver/developers?district=doebeln&postcode=04720"


def test_filters_without_a_field_can_be_taken_away_too(demo: TestClient) -> None:
    asked = {"near": "13.1,51.1", "radius": "5000", "sort": "distance", "postcode": "04720"}
    document = page(demo, "/search", **asked)
    links = document.each("ul.chosen a", "href")
    assert links == [
        "http://testserver/search?postcode=04720",
        "http://testserver/search?near=13.1%2C51.1&radius=5000&sort=distance",
    ]
    for link in links:
        page(demo, link.removeprefix("http://testserver"))


def test_the_search_page_is_no_fragment(demo: TestClient) -> None:
    document = page(demo, "/search", format="html")
    assert "frame-ancestors 'self'" in document.answer.headers["content-security-policy"]
    assert document.all("form.filters details")


def test_headings_leave_no_level_out(demo: TestClient) -> None:
    paths = ("/", "/search", *(f"/v1/{resource.name}" for resource in RESOURCES))
    for path in (*paths, "/v1/districts/freiberg", "/developers", "/embed"):
        levels = [int(tag.name[1]) for tag in page(demo, path).all("h1, h2, h3, h4")]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels)), path


def test_links_within_a_page_lead_somewhere(demo: TestClient) -> None:
    found = listed(demo, "/v1/offerings", {"bbox": "5,47,16,56", "limit": 3})["items"]
    for path in ("/v1/offerings", "/search", *(f"/v1/offerings/{each['id']}" for each in found)):
        document = page(demo, path)
        assert document.all("svg.map .marks circle")
        for link in document.each("a[href^='#']", "href"):
            document.one(f"[id='{link[1:]}']")


def test_a_number_with_an_area_code_for_callers_at_home_can_be_dialled() -> None:
    assert telephone("+49 (0)3731 799-0") == "tel:+4937317990"
    assert telephone("0049(0) 3731/7990") == "tel:004937317990"
    assert telephone("(03731) 799-0") == "tel:037317990"


def test_nothing_found_leads_on(demo: TestClient) -> None:
    document = page(demo, "/search", q="Raumfahrt Döbeln", lang="de")
    assert "Nichts gefunden." in document.words()
    assert len(document.all("ul.advice a")) == 4
    literally = document.each("ul.advice a", "href")[2].removeprefix("http://testserver")
    assert page(demo, literally).all("p.understood") == []


def test_the_home_page_leads_to_all_and_is_small(demo: TestClient) -> None:
    document = page(demo, "/")
    check(document, "de")
    assert len(document.answer.content) < 150_000
    areas = listed(demo, "/v1/districts", {"level": "municipality"})["items"]
    linked = {each.get_text() for each in document.all("ul.names a")}
    assert linked <= {area["name"] for area in areas}
    assert len(linked) > 40


def test_a_map_names_its_areas_in_the_language_of_its_page(own_demo_database: Database) -> None:
    with writer(own_demo_database.owner_url, "test") as connection:
        connection.exec_driver_sql(
            "UPDATE registry.district SET translations = "
            """'{"en": {"name": "Town of Freiberg"}}' WHERE slug = 'freiberg'"""
        )
    publish(own_demo_database.owner_url)
    with connect_to(own_demo_database) as client:
        for lang, name in (("de", "Freiberg"), ("en", "Town of Freiberg"), ("de", "Freiberg")):
            areas = page(client, "/", lang=lang).each("svg .areas a", "aria-label")
            assert name in areas


def test_developers_find_their_filters_in_the_examples(demo: TestClient) -> None:
    document = page(demo, "/developers", district="freiberg", category="advice", lang="de")
    check(document, "de")
    for code in document.all("pre > code"):
        assert "district=freiberg" in code.get_text()
        assert "category=advice" in code.get_text()


# --- limits and problems -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/offerings/nobody", 404), ("/nowhere", 404), ("/v1/offerings?colour=red", 400)],
)
def test_a_person_is_told_what_went_wrong(demo: TestClient, path: str, status: int) -> None:
    answer = demo.get(path, headers={"Accept": BROWSER})
    assert answer.status_code == status
    assert answer.headers["cache-control"] == "no-store"
    Document(answer).one("h1")
    program = demo.get(path)
    assert program.headers["content-type"] == "application/problem+json"


def test_a_problem_is_told_in_the_language_asked_for(demo: TestClient) -> None:
    for lang, shown in (("sv", "sv"), ("de-x-ls", "de"), ("en", "en")):
        answer = demo.get(
            "/v1/offerings/nobody", params={"lang": lang}, headers={"Accept": BROWSER}
        )
        document = Document(answer)
        assert document.each("html", "lang") == [shown]
        assert all(f"lang={lang}" in link for link in document.each("main a", "href"))
    german = Document(demo.get("/v1/offerings/nobody", headers={"Accept": BROWSER}))
    assert german.each("html", "lang") == ["de"]
    assert german.words("title").startswith(german.words("h1"))


@pytest.mark.parametrize("query", ["lang=xx", "lang=de&lang=en", "q=%FF", "lang=%FF"])
def test_a_page_about_a_problem_leads_out_of_it(demo: TestClient, query: str) -> None:
    answer = demo.get(f"/search?{query}", headers={"Accept": BROWSER})
    assert answer.status_code == 400
    for link in Document(answer).each("main a, nav a", "href"):
        page(demo, link.removeprefix("http://testserver"))


def test_in_a_frame_every_problem_may_be_framed(
    demo: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise OperationalError

    monkeypatch.setattr(queries, "page", away)
    answer = demo.get("/embed/offerings", params={"q": "x"}, headers={"Accept": BROWSER})
    assert answer.status_code == 503
    assert "frame-ancestors *" in answer.headers["content-security-policy"]
    assert Document(answer).each("html", "lang") == ["de"]


def test_who_asks_too_often_with_a_browser_gets_a_page(demo_database: Database) -> None:
    with connect_to(demo_database, rate_limit=1) as client:
        client.get("/", headers={"Accept": BROWSER})
        answer = client.get("/search?q=%FF", headers={"Accept": BROWSER})
    assert answer.status_code == 429
    assert "retry-after" in answer.headers
    Document(answer).one("h1")


def test_pages_load_nothing_from_elsewhere_and_no_inline_script(demo: TestClient) -> None:
    policy = page(demo, "/").answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'self'" in policy
    framed = fragment(demo, "/v1/offerings").answer.headers["content-security-policy"]
    assert "frame-ancestors *" in framed


def test_an_operator_may_have_tiles_behind_the_map(demo_database: Database) -> None:
    tiles = {"tiles_url": "https://tiles.example.org/{z}/{x}/{y}.png", "tiles_attribution": "Ich"}
    with connect_to(demo_database, **tiles) as client:
        document = page(client, "/")
        policy = document.answer.headers["content-security-policy"]
        assert "img-src 'self' data: https://tiles.example.org;" in policy
        assert document.each("quartier-map", "tiles") == [tiles["tiles_url"]]
        assert document.each("quartier-map", "tiles-attribution") == ["Ich"]
    for wrong in ("http://a.example/{z}/{x}/{y}", "https://a.example/", "https://a b/{z}{x}{y}"):
        with pytest.raises(ValueError, match="tiles_url"):
            Settings(tiles_url=wrong)


def test_files_of_the_pages_are_checked_by_content(demo: TestClient) -> None:
    answer = get(demo, "/web/quartier.css")
    etag = answer.headers["etag"]
    assert demo.get("/web/quartier.css", headers={"If-None-Match": etag}).status_code == 304
    for name in ("nothing.css", "..%2Fstatic%2Fquartier.css", "page.html", "de.po"):
        assert demo.get(f"/web/{name}").status_code == 404


def test_a_page_is_kept_until_the_next_publication(own_demo_database: Database) -> None:
    with connect_to(own_demo_database) as client:
        before = page(client, "/v1/districts/freiberg")
        etag = before.answer.headers["etag"]
        again = client.get(
            "/v1/districts/freiberg", headers={"Accept": BROWSER, "If-None-Match": etag}
        )
        assert again.status_code == 304


# --- hostile names -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hostile(cluster: Any, world_template: str) -> Iterator[TestClient]:
    from tests.databases import clone

    with clone(cluster, world_template) as database:
        _write_hostile(database)
        with connect_to(database) as connected:
            yield connected


def _write_hostile(database: Database) -> None:
    with writer(database.owner_url, "test") as connection:
        rows: list[dict[str, Any]] = [
            entity("offering", f"boese-{key}", name=text[:500], description=text)
            for key, text in HOSTILE.items()
        ]
        upsert(connection, models.Offering, rows)
        upsert(
            connection,
            models.Organisation,
            [
                entity("organisation", f"boese-{key}", name=text[:500], url="https://example.org/")
                for key, text in HOSTILE.items()
            ],
        )
    publish(database.owner_url)


@pytest.mark.parametrize("key", HOSTILE)
@pytest.mark.parametrize("resource", ["offerings", "organisations"])
def test_a_hostile_name_is_only_text(hostile: TestClient, resource: str, key: str) -> None:
    whole = page(hostile, f"/v1/{resource}/boese-{key}")
    part = fragment(hostile, f"/v1/{resource}/boese-{key}")
    for document in (whole, part):
        _check_harmless(document)
    assert HOSTILE[key][:500].strip() in whole.one("h1").get_text()
    assert whole.data()["name"] == HOSTILE[key][:500]


def test_hostile_names_in_lists_and_searches_are_only_text(hostile: TestClient) -> None:
    _check_harmless(page(hostile, "/v1/offerings", limit=200))
    _check_harmless(fragment(hostile, "/v1/offerings", limit=200))
    for text in HOSTILE.values():
        _check_harmless(page(hostile, "/search", q=" ".join(text.split())[:200]))
        _check_harmless(page(hostile, "/developers", q=" ".join(text.split())[:200]))


def _check_harmless(document: Document) -> None:
    assert len(document.all("h1")) == document.text.startswith("<!doctype html>")
    assert "alert(1)</script>" not in document.text
    assert document.all("script:not([src], [type='application/ld+json'])") == []
    assert document.all("[onmouseover], [onerror], img") == []
    assert [each for each in document.each("*", "href") if "javascript:" in each] == []
    for block in document.all("script[type='application/ld+json']"):
        json.loads(block.get_text())
