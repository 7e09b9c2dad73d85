"""Frames, oEmbed and the page that writes the code, each on a page of another origin."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect
from starlette.testclient import TestClient

from tests.web.axe import violations
from tests.web.conftest import OpenPage, Traffic
from tests.web.sites import Site

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
OFFERING = "awo-familienzentrum-doebeln"


def on_a_site(site: Site, registry: str, markup: str, policy: str = "") -> str:
    """Markup as an editor pastes it, under a policy that lets the registry in and nobody else."""
    usual = f"script-src {registry}; connect-src {registry}; style-src {registry}"
    return site.add(
        f'<!doctype html><html lang="de"><meta charset="utf-8"><title>Amt</title>'
        f"<main><h1>Amt</h1>{markup}</main></html>",
        Content_Security_Policy=policy or f"default-src 'none'; {usual}; frame-src {registry}",
    )


def frame_of(registry: str, address: str) -> str:
    return (
        f'<iframe src="{registry}/embed/{address}" title="Angebote" width="100%" height="150">'
        f'</iframe><script async src="{registry}/embed/resize.js"></script>'
    )


# Frames


def test_a_frame_gets_the_height_of_its_content(
    page: Page, site: Site, registry: str, traffic: Traffic
) -> None:
    page.goto(on_a_site(site, registry, frame_of(registry, "offerings?limit=10&lang=de")))
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("listitem").first).to_be_visible()
    page.wait_for_selector("iframe[style*=height]")
    height = page.locator("iframe").bounding_box()
    content = page.frames[1].evaluate("document.documentElement.offsetHeight")
    assert height
    assert height["height"] >= content > 500
    assert violations(page) == []
    assert traffic.complaints == []


def test_a_frame_works_without_scripts(open_page: OpenPage, site: Site, registry: str) -> None:
    with open_page(java_script_enabled=False) as page:
        page.goto(on_a_site(site, registry, frame_of(registry, f"offerings/{OFFERING}")))
        expect(page.frame_locator("iframe").get_by_role("article")).to_be_visible()


def test_links_leave_the_frame_and_the_next_page_stays(
    page: Page, site: Site, registry: str
) -> None:
    page.goto(on_a_site(site, registry, frame_of(registry, "offerings?limit=2&lang=de")))
    frame = page.frame_locator("iframe")
    first = frame.get_by_role("listitem").first.inner_text()
    frame.get_by_role("link", name="Nächste Seite").click()
    expect(frame.get_by_role("listitem").first).not_to_have_text(first)
    assert page.url.startswith(site.url)
    frame.locator("h3 a").first.click()
    page.wait_for_url(f"{registry}/v1/offerings/**")


def test_a_frame_says_what_is_wrong(page: Page, site: Site, registry: str) -> None:
    page.goto(on_a_site(site, registry, frame_of(registry, "offerings?categry=advice")))
    frame = page.frame_locator("iframe")
    expect(frame.locator("main, section").first).to_contain_text("did you mean category?")


def test_heights_are_believed_of_the_registry_only(page: Page, site: Site, registry: str) -> None:
    liar = site.add(
        "<!doctype html><script>parent.postMessage({quartierHeight: 5000}, '*')</script>", "/liar"
    )
    markup = f'<iframe title="x" src="{liar}" height="150"></iframe>'
    script = f'<script src="{registry}/embed/resize.js"></script>'
    policy = f"script-src {registry}; frame-src *"
    page.goto(on_a_site(site, registry, script + markup, policy))
    page.evaluate("postMessage({quartierHeight: 5000}, '*')")
    page.wait_for_timeout(300)
    box = page.locator("iframe").bounding_box()
    assert box
    assert box["height"] < 200


@pytest.mark.parametrize(
    "message",
    ["{quartierHeight: 1e9}", "{quartierHeight: -1}", "{quartierHeight: '9px'}", "null", "7"],
)
def test_senseless_heights_are_passed_over(
    message: str, page: Page, site: Site, registry: str
) -> None:
    page.goto(on_a_site(site, registry, frame_of(registry, "offerings?limit=1")))
    page.wait_for_selector("iframe[style*=height]")
    before = page.locator("iframe").bounding_box()
    page.frames[1].evaluate(f"parent.postMessage({message}, '*')")
    page.wait_for_timeout(100)
    assert page.locator("iframe").bounding_box() == before


# oEmbed


@pytest.mark.parametrize(
    ("address", "framed"),
    [
        ("/v1/offerings?category=advice", "/embed/offerings?category=advice"),
        (f"/v1/offerings/{OFFERING}", f"/embed/offerings/{OFFERING}"),
        (
            "/v1/indicators/population/observations?level=social_region",
            "/embed/observations?indicator=population&amp;level=social_region",
        ),
    ],
)
def test_pages_say_where_their_oembed_is(
    address: str, framed: str, demo_client: TestClient
) -> None:
    html = demo_client.get(address, headers={"Accept": "text/html"}).text
    found = re.search(r'type="application/json\+oembed" href="([^"]+)"', html)
    assert found
    answer = demo_client.get(found[1].replace("&amp;", "&")).json()
    assert answer["type"] == "rich"
    assert framed in answer["html"]


def test_oembed_shows_an_entry(page: Page, site: Site, registry: str) -> None:
    url = f"{registry}/v1/offerings/{OFFERING}?lang=de"
    asked = page.request.get(f"{registry}/oembed?{urlencode({'url': url, 'maxwidth': 400})}")
    answer = asked.json()
    assert (answer["version"], answer["width"], answer["provider_url"]) == ("1.0", 400, registry)
    assert answer["title"] == "AWO Familienzentrum Döbeln"
    page.goto(on_a_site(site, registry, answer["html"]))
    expect(page.frame_locator("iframe").get_by_role("article")).to_contain_text("Döbeln")


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"url": "http://testserver/v1/offerings", "format": "xml"}, 501),
        ({"url": "http://testserver/v1/offerings", "format": "csv"}, 400),
        ({"url": "http://testserver/v1/offerings", "maxwidth": "wide"}, 400),
        ({"url": "http://elsewhere.example/v1/offerings"}, 404),
        ({"url": "http://testserver/v1/offerings/no-such-thing"}, 404),
        ({"url": "http://testserver/v1/offerings/%00"}, 404),
        ({"url": f"http://testserver/v1/offerings/{'x' * 5000}"}, 404),
        ({"url": "http://testserver/v1/people"}, 404),
        ({"url": "http://testserver/docs"}, 404),
        ({"url": "http://[broken"}, 404),
        ({"url": ""}, 404),
        ({}, 400),
        ({"url": "http://testserver/v1/offerings", "callback": "x"}, 400),
    ],
    ids=lambda asked: str(asked)[:60],
)
def test_oembed_refuses_what_it_cannot_show(
    asked: dict[str, str], status: int, demo_client: TestClient
) -> None:
    answer = demo_client.get("/oembed", params=asked)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_code_of_oembed_is_escaped(demo_client: TestClient) -> None:
    url = "http://testserver/v1/offerings?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"
    html = demo_client.get("/oembed", params={"url": url}).json()["html"]
    assert html.count("<") == 4
    assert html.count("<script") == 1


# The page that writes the code


@pytest.mark.parametrize("element", ["list", "map", "frame"])
def test_the_code_works_on_another_site(
    element: str, page: Page, site: Site, registry: str, traffic: Traffic
) -> None:
    page.goto(f"{registry}/embed?lang=de")
    page.get_by_label("Als").select_option(element)
    page.locator("#category").select_option("advice")
    page.get_by_role("button", name="Anzeigen").click()
    code = page.locator("[data-copy]").inner_text()
    assert "category" in code
    if element == "frame":
        expect(page.frame_locator(".preview iframe").get_by_role("listitem").first).to_be_visible()
    else:
        expect(page.locator(f"quartier-{element}[data-loaded]")).to_be_visible()
    assert violations(page) == []
    policy = page.locator("p code").inner_text()
    page.goto(on_a_site(site, registry, code, f"default-src 'none'; {policy}"))
    shown = page.frame_locator("iframe") if element == "frame" else page
    expect(shown.get_by_role("link", name="Demenzberatung").first).to_be_visible()
    assert traffic.complaints == []


def test_the_code_of_hostile_filters_is_escaped(page: Page, registry: str) -> None:
    hostile = '"><script>window.broken = 1</script>'
    page.goto(f"{registry}/embed?{urlencode({'q': hostile, 'lang': 'de'})}")
    code = page.locator("[data-copy]").inner_text()
    assert code.count("<script") == 1
    assert page.evaluate("window.broken") is None


@pytest.mark.parametrize(
    "query", ["element=cinema", "category=no-such", "categry=advice", "lang=xx"]
)
def test_the_builder_refuses_what_the_api_refuses(query: str, demo_client: TestClient) -> None:
    assert demo_client.get(f"/embed?{query}").status_code == 400


# How-tos


@pytest.mark.parametrize(
    "name", ["embed-in-plain-html", "embed-in-wordpress", "embed-in-typo3"], ids=str
)
def test_the_code_in_a_how_to_works(
    name: str, page: Page, site: Site, registry: str, traffic: Traffic
) -> None:
    text = (HOW_TO / f"{name}.md").read_text()
    codes = re.findall(r"```html\n(.*?)```", text, re.DOTALL)
    assert codes
    for code in codes:
        markup = code.replace("https://registry.example", registry)
        page.goto(on_a_site(site, registry, markup))
        if "<iframe" in markup:
            expect(page.frame_locator("iframe").get_by_role("link").first).to_be_visible()
        else:
            expect(page.locator("[data-loaded]").first).to_be_visible()
    assert traffic.complaints == []
    assert json.dumps(codes).count("https://registry.example")


# Scripts


@pytest.mark.usefixtures("scripts")
def test_scripts_are_kept_for_long_and_checked(demo_client: TestClient) -> None:
    answer = demo_client.get("/embed/quartier.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "max-age=3600" in answer.headers["cache-control"]
    held = {"If-None-Match": answer.headers["etag"]}
    assert demo_client.get("/embed/quartier.js", headers=held).status_code == 304
    chunk = re.findall(r"\./(chunk-\w+\.js)", answer.text)[0]
    assert "immutable" in demo_client.get(f"/embed/{chunk}").headers["cache-control"]


@pytest.mark.parametrize("name", ["no-such", "..%2f..%2fcli", "chunk-AAAAAAAA", "built-from"])
def test_other_scripts_are_not_there(name: str, demo_client: TestClient) -> None:
    assert demo_client.get(f"/embed/{name}.js").status_code == 404


# The registry's own home page


def test_the_map_of_the_home_page_becomes_one_to_move_in(
    page: Page, registry: str, traffic: Traffic
) -> None:
    page.goto(f"{registry}/?lang=de")
    page.wait_for_selector("quartier-map .cluster")
    expect(page.locator("quartier-map > figure")).to_be_hidden()
    assert violations(page) == []
    assert traffic.complaints == []
    page.locator("quartier-map .area").first.dispatch_event("click")
    page.wait_for_url(f"{registry}/v1/districts/**")


def test_without_scripts_the_home_page_keeps_its_drawing(
    open_page: OpenPage, registry: str
) -> None:
    with open_page(java_script_enabled=False) as page:
        page.goto(f"{registry}/?lang=de")
        expect(page.locator("quartier-map svg.map")).to_be_visible()
