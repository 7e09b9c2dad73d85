"""The custom elements on somebody else's page, under a policy that allows the registry alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from db.publication import publish
from tests.databases import Database
from tests.servers import running_server
from tests.web.axe import violations
from tests.web.conftest import OpenPage, Traffic
from tests.web.sites import Site, running_site

FALLBACK = '<a href="https://example.org/angebote">Alle Angebote</a>'
STRATEGY = "buendnis-gegen-armut-wuppertal"
MEASURE = "ausweitung-der-stadtteilservices-wuppertal"
OFFERING = "awo-familienzentrum-doebeln"
ELEMENTS = {
    "list": '<quartier-list category="advice" limit="5"></quartier-list>',
    "list of districts": '<quartier-list resource="districts" limit="5"></quartier-list>',
    "list of measures": '<quartier-list resource="measures" limit="5"></quartier-list>',
    "map": "<quartier-map></quartier-map>",
    "map of measures": '<quartier-map resource="measures"></quartier-map>',
    "offering": f'<quartier-offering name="{OFFERING}"></quartier-offering>',
    "progress": f'<quartier-measure-progress strategy="{STRATEGY}"></quartier-measure-progress>',
    "chart": '<quartier-chart indicator="population" level="social_region"></quartier-chart>',
    "measure": f'<quartier-measure-progress measure="{MEASURE}"></quartier-measure-progress>',
}
LISTEN = """for (const type of ["quartier-load", "quartier-select", "quartier-error"])
  addEventListener(type, (event) => (window.heard ??= []).push([type, event.detail]));"""


LIST = json.dumps(
    {
        "items": [
            {
                "id": "1",
                "name": "Beratung",
                "distance_m": 1260,
                "source": {"attribution": "Amt", "license": "cc-zero", "license_url": None},
            }
        ],
        "sequence": 1,
        "attribution": ["Amt"],
        "license": "cc-zero",
        "links": [],
    }
)


def opened(page: Page, site: Site, registry: str, body: str, **how: str) -> Page:
    page.add_init_script(LISTEN)
    page.goto(site.embed(registry, body, **how))
    return page


def loaded(page: Page, name: str) -> None:
    page.wait_for_selector(f"quartier-{name}[data-loaded]")
    if name == "map":
        page.wait_for_selector(".leaflet-marker-icon, [part=note], [part=empty]")


def heard(page: Page, type_: str) -> list[dict[str, Any]]:
    told: list[Any] = page.evaluate("window.heard ?? []")
    return [detail for name, detail in told if name == type_]


def without_api(page: Page, registry: str) -> None:
    page.route(f"{registry}/v1/**", lambda route: route.abort())


@pytest.mark.parametrize("body", ELEMENTS.values(), ids=ELEMENTS.keys())
def test_works_under_a_strict_policy_and_is_accessible(
    body: str, page: Page, site: Site, registry: str, traffic: Traffic
) -> None:
    opened(page, site, registry, body)
    loaded(page, re.findall(r"quartier-([a-z-]+)", body)[0])
    assert violations(page) == []
    assert traffic.complaints == []


CREDITED = {name: body for name, body in ELEMENTS.items() if name != "chart"}
"""A chart's fragment names its sources itself."""


@pytest.mark.parametrize("body", CREDITED.values(), ids=CREDITED.keys())
def test_shows_who_the_data_are_from_and_their_licence(
    body: str, page: Page, site: Site, registry: str
) -> None:
    opened(page, site, registry, body)
    footer = page.locator("footer")
    expect(footer).to_contain_text(re.compile(r"Quelle(: | \(\d+\)).+Lizenz: .+", re.DOTALL))
    expect(footer.get_by_role("link").last).to_have_attribute("href", re.compile(registry))


def test_stores_nothing(page: Page, site: Site, registry: str) -> None:
    opened(page, site, registry, "".join(ELEMENTS.values()))
    loaded(page, "map")
    assert page.context.storage_state() == {"cookies": [], "origins": []}
    assert page.context.cookies() == []


def test_without_scripts_the_fallback_is_there(
    open_page: OpenPage, site: Site, registry: str
) -> None:
    with open_page(java_script_enabled=False) as page:
        page.goto(site.embed(registry, f"<quartier-list>{FALLBACK}</quartier-list>"))
        expect(page.get_by_role("link", name="Alle Angebote")).to_be_visible()


@pytest.mark.parametrize("name", ["list", "map", "chart"])
def test_if_the_script_fails_the_fallback_is_there(
    name: str, page: Page, site: Site, registry: str
) -> None:
    body = f"<quartier-{name} indicator=x>{FALLBACK}</quartier-{name}>"
    page.route("**/*.js", lambda route: route.abort())
    opened(page, site, registry, body)
    expect(page.get_by_role("link", name="Alle Angebote")).to_be_visible()


def test_the_fallback_gives_way_to_data(page: Page, site: Site, registry: str) -> None:
    opened(page, site, registry, f"<quartier-list>{FALLBACK}</quartier-list>")
    loaded(page, "list")
    expect(page.get_by_role("link", name="Alle Angebote")).to_be_hidden()


@pytest.mark.parametrize("body", ELEMENTS.values(), ids=ELEMENTS.keys())
def test_with_the_api_away_it_says_so_beside_the_fallback(
    body: str, page: Page, site: Site, registry: str
) -> None:
    without_api(page, registry)
    opened(page, site, registry, body.replace("></", f">{FALLBACK}</"))
    expect(page.get_by_role("status")).to_contain_text("antwortet gerade nicht")
    expect(page.get_by_role("link", name="Alle Angebote")).to_be_visible()
    assert heard(page, "quartier-error")[0]["reason"] == "away"
    page.unroute(f"{registry}/v1/**")
    page.get_by_role("button", name="Noch einmal versuchen").click()
    loaded(page, re.findall(r"quartier-([a-z-]+)", body)[0])
    expect(page.get_by_role("link", name="Alle Angebote")).to_be_hidden()


def test_with_the_api_away_later_the_last_answer_stays(
    page: Page, site: Site, registry: str
) -> None:
    opened(page, site, registry, '<quartier-list limit="3"></quartier-list>')
    loaded(page, "list")
    without_api(page, registry)
    page.evaluate("document.querySelector('quartier-list').reload()")
    expect(page.get_by_role("status").first).to_contain_text("Gezeigt wird der Stand vom")
    expect(page.get_by_role("listitem")).to_have_count(3)
    assert heard(page, "quartier-error")[-1]["kept"] is True


def test_an_answer_to_other_filters_does_not_stay(page: Page, site: Site, registry: str) -> None:
    """Or advice would stand where youth work was asked for."""
    opened(page, site, registry, f'<quartier-list category="advice">{FALLBACK}</quartier-list>')
    loaded(page, "list")
    without_api(page, registry)
    page.evaluate("document.querySelector('quartier-list').setAttribute('category', 'youth_club')")
    expect(page.get_by_role("link", name="Alle Angebote")).to_be_visible()
    expect(page.get_by_role("listitem")).to_have_count(0)


def test_the_browsers_own_cache_serves_while_the_registry_is_away(
    browser: Browser, site: Site, registry: str
) -> None:
    """Not with the usual page: a browser whose requests are intercepted keeps no cache."""
    context = browser.new_context(locale="de-DE")
    page = context.new_page()
    with running_site() as away:
        kept = {
            "Cache_Control": "max-age=0, stale-if-error=86400",
            "Access_Control_Allow_Origin": "*",
        }
        modified = {"Last_Modified": "Sat, 01 Nov 2025 12:00:00 GMT"}
        away.add(LIST, "/v1/offerings", "application/json", **kept, **modified)
        body = f'<quartier-list src="{away.url}"></quartier-list>'
        address = site.embed(registry, body, also=away.url)
        page.goto(address)
        loaded(page, "list")
    page.goto(address)
    expect(page.get_by_role("status").first).to_contain_text("der Stand vom 1. November 2025")
    expect(page.get_by_role("listitem")).to_have_text(re.compile("Beratung.*1,3 km entfernt", re.S))
    context.close()


@pytest.mark.parametrize("name", ["list", "map", "offering name=x", "chart indicator=x"])
def test_a_wrong_base_url_is_named(name: str, page: Page, site: Site, registry: str) -> None:
    element = name.split(maxsplit=1)[0]
    site.add("<h1>Nichts</h1>", "/wrong/v1/offerings")
    body = f'<quartier-{name} src="{site.url}/wrong/">{FALLBACK}</quartier-{element}>'
    opened(page, site, registry, body, also=site.url)
    expect(page.get_by_role("status")).to_contain_text(f"{site.url}/wrong")
    expect(page.get_by_role("link", name="Alle Angebote")).to_be_visible()


@pytest.mark.parametrize("name", ["list", "map"])
def test_no_results_are_said_helpfully(name: str, page: Page, site: Site, registry: str) -> None:
    opened(page, site, registry, f'<quartier-{name} q="zzzzzzzz"></quartier-{name}>')
    expect(page.get_by_role("status")).to_contain_text("Keine Einträge gefunden")
    expect(page.get_by_role("link", name="Im Register ansehen")).to_be_visible()
    assert heard(page, "quartier-load")[0]["total"] == 0


def test_a_filter_that_the_registry_refuses_is_named(page: Page, site: Site, registry: str) -> None:
    opened(page, site, registry, f'<quartier-list category="no">{FALLBACK}</quartier-list>')
    expect(page.get_by_role("status")).to_contain_text("there is no category 'no'")
    assert heard(page, "quartier-error")[0]["reason"] == "refused"


@pytest.mark.parametrize(
    ("element", "missing"),
    [
        ("offering", "name"),
        ("measure-progress", "strategy, measure"),
        ("chart", "indicator"),
        ('list resource="people"', "resource (offerings, districts"),
    ],
)
def test_an_attribute_that_is_needed_is_named(
    element: str, missing: str, page: Page, site: Site, registry: str
) -> None:
    opened(page, site, registry, f"<quartier-{element}></quartier-{element.split(maxsplit=1)[0]}>")
    expect(page.get_by_role("status")).to_contain_text(missing)


def test_an_unknown_attribute_is_passed_over_with_the_nearest_known_one(
    page: Page, site: Site, registry: str
) -> None:
    warnings: list[str] = []
    page.on("console", lambda said: warnings.append(said.text))
    opened(page, site, registry, '<quartier-list categroy="advice" id="a" data-x></quartier-list>')
    loaded(page, "list")
    assert warnings == [
        '<quartier-list>: attribute "categroy" is passed over; did you mean "category"?'
    ]


def test_attributes_become_filters(page: Page, site: Site, registry: str, traffic: Traffic) -> None:
    body = '<quartier-list category="advice, family_centre" near="13.1,51.1" radius="30000">'
    opened(page, site, registry, f"{body}</quartier-list>")
    loaded(page, "list")
    asked = next(url for url in traffic.asked if "/v1/offerings" in url)
    assert parse_qs(urlsplit(asked).query) == {
        "category": ["advice", "family_centre"],
        "near": ["13.1,51.1"],
        "radius": ["30000"],
        "limit": ["20"],
        "lang": ["de"],
    }


def test_a_changed_attribute_asks_anew_and_once(
    page: Page, site: Site, registry: str, traffic: Traffic
) -> None:
    opened(page, site, registry, '<quartier-list limit="2"></quartier-list>')
    loaded(page, "list")
    traffic.asked.clear()
    page.evaluate(
        "const it = document.querySelector('quartier-list');"
        "it.setAttribute('limit', '4'); it.setAttribute('category', 'advice')"
    )
    expect(page.get_by_role("listitem")).to_have_count(4)
    assert len(traffic.asked) == 1


def test_pages_are_turned_with_the_keyboard(page: Page, site: Site, registry: str) -> None:
    opened(page, site, registry, '<quartier-list limit="5"></quartier-list>')
    names = page.locator("a[part=name]")
    first = names.first.inner_text()
    page.get_by_role("button", name="Weiter").press("Enter")
    expect(page.get_by_role("status")).to_contain_text(re.compile(r"6 bis 10 von \d+"))
    assert names.first.inner_text() != first
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.localName") == "ol"
    page.get_by_role("button", name="Zurück").press("Enter")
    expect(names.first).to_have_text(first)
    expect(page.get_by_role("button", name="Zurück")).to_be_disabled()


def test_a_choice_is_told_and_can_be_taken_over(page: Page, site: Site, registry: str) -> None:
    opened(page, site, registry, '<quartier-list limit="1"></quartier-list>')
    page.evaluate("addEventListener('quartier-select', (event) => event.preventDefault())")
    address = page.url
    page.locator("quartier-list a[part=name]").click()
    chosen = heard(page, "quartier-select")[0]
    assert chosen["resource"] == "offerings"
    assert chosen["href"] == f"{registry}/v1/offerings/{chosen['slug']}?lang=de"
    assert page.url == address


@pytest.mark.parametrize(
    ("lang", "word"), [("de", "Weiter"), ("en-GB", "Next"), ("sv", "Nästa"), ("fr", "Next")]
)
def test_speaks_the_language_of_the_page(
    lang: str, word: str, page: Page, site: Site, registry: str
) -> None:
    opened(page, site, registry, '<quartier-list limit="2"></quartier-list>', lang=lang)
    expect(page.get_by_role("button", name=word)).to_be_visible()


def test_a_language_of_its_own_wins(page: Page, site: Site, registry: str) -> None:
    opened(page, site, registry, '<quartier-list limit="2" lang="sv"></quartier-list>')
    expect(page.get_by_role("button", name="Nästa")).to_be_visible()
    expect(page.locator("[part=fallback]").first).to_have_text("endast på tyska")


def test_can_be_themed(page: Page, site: Site, registry: str) -> None:
    opened(page, site, registry, '<quartier-list limit="1"></quartier-list>')
    loaded(page, "list")
    page.evaluate(
        "const sheet = new CSSStyleSheet();"
        "sheet.replaceSync('quartier-list {--quartier-accent: rgb(90, 0, 0)}"
        " quartier-list::part(name) {font-style: italic}');"
        "document.adoptedStyleSheets.push(sheet)"
    )
    name = page.locator("a[part=name]")
    expect(name).to_have_css("color", "rgb(90, 0, 0)")
    expect(name).to_have_css("font-style", "italic")


def test_the_classic_script_does_the_same(page: Page, site: Site, registry: str) -> None:
    page.goto(
        site.add(
            f'<!doctype html><html lang="de"><title>Alt</title>'
            f'<script src="{registry}/embed/quartier.classic.js"></script>'
            f'<quartier-list limit="2"></quartier-list>',
            Content_Security_Policy=f"default-src 'none'; script-src {registry}; "
            f"connect-src {registry}; style-src {registry}",
        )
    )
    loaded(page, "list")


def test_a_list_needs_no_map(page: Page, site: Site, registry: str, traffic: Traffic) -> None:
    opened(page, site, registry, '<quartier-list limit="2"></quartier-list>')
    loaded(page, "list")
    scripts = [url for url in traffic.asked if url.endswith(".js")]
    assert not [url for url in scripts if "map" in url or "drawing" in url]


def test_an_element_that_comes_later_is_defined_then(page: Page, site: Site, registry: str) -> None:
    opened(page, site, registry, "<div></div>")
    page.evaluate(f"document.querySelector('div').innerHTML = {json.dumps(ELEMENTS['offering'])}")
    loaded(page, "offering")


# The map


def test_every_point_of_the_map_is_reached_from_the_list(
    page: Page, site: Site, registry: str
) -> None:
    opened(page, site, registry, '<quartier-map category="advice"></quartier-map>')
    loaded(page, "map")
    total = heard(page, "quartier-load")[0]["shown"]
    while page.get_by_role("button", name="Weitere anzeigen").is_visible():
        page.get_by_role("button", name="Weitere anzeigen").press("Enter")
    expect(page.locator("ol[part=list] > li")).to_have_count(total)
    buttons = page.get_by_role("button", name=re.compile("^Auf der Karte zeigen"))
    name = buttons.last.get_attribute("aria-label") or ""
    buttons.last.press("Enter")
    popup = page.locator(".leaflet-popup")
    expect(popup).to_contain_text(name.removeprefix("Auf der Karte zeigen: "))
    inside = "document.activeElement.shadowRoot.activeElement.closest('.leaflet-popup') !== null"
    assert page.evaluate(inside)
    page.keyboard.press("Escape")
    expect(popup).to_be_hidden()
    expect(buttons.last).to_be_focused()


def test_marks_of_the_map_are_buttons_that_list_what_is_there(
    page: Page, site: Site, registry: str
) -> None:
    opened(page, site, registry, '<quartier-map district="doebeln"></quartier-map>')
    loaded(page, "map")
    cluster = page.locator(".cluster").first
    expect(cluster).to_have_attribute("aria-label", re.compile(r"\d+ Einträge an dieser Stelle"))
    count = int(cluster.inner_text())
    cluster.press("Enter")
    popup = page.locator(".leaflet-popup")
    expect(popup.locator("[part=popup]")).to_have_count(count)
    expect(popup.get_by_role("link").first).to_be_focused()
    popup.get_by_role("button", name="Schließen").press("Enter")
    expect(popup).to_be_hidden()
    expect(cluster).to_be_focused()


@pytest.mark.parametrize("wanted", ["reduce", "no-preference"])
def test_motion_is_reduced_for_those_who_wish_so(
    wanted: Any, open_page: OpenPage, site: Site, registry: str
) -> None:
    with open_page(reduced_motion=wanted, locale="de-DE") as page:
        opened(page, site, registry, "<quartier-map></quartier-map>")
        loaded(page, "map")
        moving = page.locator(".leaflet-zoom-anim, .leaflet-fade-anim").count()
        assert bool(moving) == (wanted == "no-preference")


def test_forced_colours_leave_marks_visible(open_page: OpenPage, site: Site, registry: str) -> None:
    with open_page(forced_colors="active", locale="de-DE") as page:
        opened(page, site, registry, "<quartier-map></quartier-map>")
        loaded(page, "map")
        expect(page.locator(".cluster").first).to_have_css("border-style", "solid")
        assert violations(page) == []


def test_tiles_are_asked_for_after_consent_only(
    page: Page, site: Site, registry: str, traffic: Traffic
) -> None:
    body = (
        '<quartier-map tiles="https://tiles.example/{z}/{x}/{y}.png" '
        'tiles-attribution="© Somebody"></quartier-map>'
    )
    page.goto(site.embed(registry, body))
    policy = f"script-src {registry}; connect-src {registry}; img-src https://tiles.example"
    markup = site.pages["/"][1].decode()
    page.goto(site.add(markup, Content_Security_Policy=policy))
    loaded(page, "map")
    consent = page.locator("[part=tiles]")
    expect(consent).to_contain_text("tiles.example")
    page.wait_for_timeout(300)
    assert traffic.foreign == []
    consent.get_by_role("button").click()
    expect(page.locator("[part=tiles]")).to_contain_text("© Somebody")
    page.wait_for_timeout(300)
    assert {urlsplit(url).hostname for url in traffic.foreign} == {"tiles.example"}
    traffic.foreign.clear()
    page.reload()
    loaded(page, "map")
    page.wait_for_timeout(300)
    assert traffic.foreign == [], "the consent was stored"


def test_without_the_map_chunk_the_list_is_there(page: Page, site: Site, registry: str) -> None:
    page.route("**/drawing-*.js", lambda route: route.abort())
    opened(page, site, registry, "<quartier-map></quartier-map>")
    expect(page.get_by_role("status").first).to_contain_text("konnte nicht geladen werden")
    expect(page.locator("ol[part=list] > li")).to_have_count(20)


def answering(features: list[dict[str, Any]]) -> Callable[[Route], None]:
    collection = {
        "type": "FeatureCollection",
        "features": features,
        "numberMatched": len(features),
        "sequence": 1,
        "attribution": [],
        "license": None,
        "links": [],
    }
    headers = {"access-control-allow-origin": "*"}
    return lambda route: route.fulfill(json=collection, headers=headers)


def test_ten_thousand_points_are_clustered(page: Page, site: Site, registry: str) -> None:
    features = [
        {
            "type": "Feature",
            "id": str(number),
            "geometry": {
                "type": "Point",
                "coordinates": [12.8 + number % 100 / 100, 50.7 + number // 100 / 200],
            },
            "properties": {
                "id": str(number),
                "name": f"Angebot {number}",
                "organisation": None,
                "categories": [],
                "sites": [],
                "source": {"attribution": "Amt", "license": "cc-zero", "license_url": None},
            },
        }
        for number in range(10_000)
    ]
    page.route(f"{registry}/v1/offerings*", answering(features))
    opened(page, site, registry, "<quartier-map></quartier-map>")
    loaded(page, "map")
    marks = page.locator(".leaflet-marker-icon:not(.area-name)")
    assert 1 < marks.count() < 300
    assert page.locator("ol[part=list] > li").count() == 20
    page.get_by_role("button", name=re.compile("Angebot 7$")).click()
    expect(page.locator(".leaflet-popup")).to_contain_text("Angebot 7")
    assert page.locator(".leaflet-marker-icon:not(.area-name)").count() < 300


def test_a_popup_fits_into_a_narrow_map(open_page: OpenPage, site: Site, registry: str) -> None:
    with open_page(viewport={"width": 320, "height": 640}, locale="de-DE") as page:
        opened(page, site, registry, "<quartier-map></quartier-map>")
        loaded(page, "map")
        page.get_by_role("button", name=re.compile("^Auf der Karte")).first.click()
        page.wait_for_timeout(500)
        popup = page.locator(".leaflet-popup").bounding_box()
        around = page.locator(".map").bounding_box()
        assert popup
        assert around
        assert popup["x"] >= around["x"]
        assert popup["x"] + popup["width"] <= around["x"] + around["width"]
        wider = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not page.evaluate(wider)


def test_a_chart_is_drawn_and_told(page: Page, site: Site, registry: str) -> None:
    opened(page, site, registry, ELEMENTS["chart"])
    loaded(page, "chart")
    expect(page.locator("quartier-chart rect")).to_have_count(7)
    expect(page.locator("quartier-chart tbody tr")).to_have_count(7)
    fill = page.locator("quartier-chart rect").first
    expect(fill).to_have_css("fill", "rgb(11, 92, 102)")


# What is hostile

HOSTILE = (
    "<script>window.broken = 1</script><img src=x onerror='window.broken = 1'>"
    "\"'--> \u202eevil\u202c [click](javascript:alert(1)) ${broken} "
)


def test_hostile_texts_are_harmless(
    page: Page, site: Site, own_demo_database: Database, traffic: Traffic
) -> None:
    with psycopg.connect(own_demo_database.owner_url) as connection:
        connection.execute(
            "UPDATE registry.offering SET name = %s || repeat('ä', 10000), description = %s, "
            "phone = %s, email = %s, url = 'https://example.org/\"onclick=x' WHERE slug = %s",
            [HOSTILE, HOSTILE * 10, HOSTILE, "a@example.org\"'>", OFFERING],
        )
    publish(own_demo_database.owner_url)
    bodies = (
        f'<quartier-offering name="{OFFERING}"></quartier-offering>'
        f'<quartier-list ids="{OFFERING}"></quartier-list>'
        f'<quartier-map ids="{OFFERING}"></quartier-map>'
    )
    with running_server(own_demo_database.public_url) as registry:
        traffic.allow(registry)
        opened(page, site, registry, bodies)
        for name in ("offering", "list", "map"):
            loaded(page, name)
        page.get_by_role("button", name=re.compile("^Auf der Karte")).click()
        expect(page.locator(".leaflet-popup")).to_contain_text("<script>")
        assert page.evaluate("window.broken") is None
        links = page.locator("quartier-offering a, quartier-list a, quartier-map a")
        schemes = {
            urlsplit(url or "").scheme for url in links.evaluate_all("all => all.map(a => a.href)")
        }
        assert schemes <= {"http", "https", "mailto", "tel"}
        widest = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(widest) == 0
        assert traffic.complaints == []


def test_a_fragment_from_elsewhere_brings_no_script(
    page: Page, site: Site, registry: str, traffic: Traffic
) -> None:
    fragment = (
        "<section class=quartier><h2>Zahlen</h2><script>window.broken = 1</script>"
        "<svg viewBox='0 0 10 10'><rect width=10 height=10 onload='window.broken = 1'/>"
        "<image href='http://192.0.2.1/x.png'/></svg><a href='javascript:broken = 1'>x</a>"
        "<img src=x onerror='window.broken = 1'><style>* {display: none}</style>"
        "<table><tbody><tr><td>42</td></tr></tbody></table></section>"
    )
    headers = {"access-control-allow-origin": "*"}
    page.route(
        f"{registry}/v1/indicators/**",
        lambda route: route.fulfill(body=fragment, content_type="text/html", headers=headers),
    )
    # No policy here that would hide what the element lets pass.
    page.goto(
        site.add(
            f'<script type="module" src="{registry}/embed/quartier.js"></script>'
            '<quartier-chart indicator="population"></quartier-chart>'
        )
    )
    loaded(page, "chart")
    chart = page.locator("quartier-chart [part=chart]")
    expect(chart).to_contain_text("42")
    assert chart.locator("script, img, image, style").count() == 0
    assert chart.locator("a").get_attribute("href") is None
    assert page.evaluate("window.broken") is None
    assert traffic.complaints == []
