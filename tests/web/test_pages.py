"""The pages in a browser: what people do there, by mouse, by keyboard, and without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from api.confirm_links import ConfirmLinks
from db import inbox
from db.registry import writer
from tests.databases import Database
from tests.servers import running_server
from tests.web.axe import violations
from tests.web.conftest import OpenPage, Traffic

KEY = "k" * 32
PHONE = {"width": 320, "height": 640}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PAGES = [
    "/",
    "/search",
    "/search?q=Beratung+Freiberg",
    "/search?q=nichts+davon",
    "/search?category=advice&district=landkreis-mittelsachsen",
    "/developers?category=advice",
    "/v1/offerings",
    "/v1/offerings/awo-familienzentrum-doebeln",
    "/v1/organisations/awo",
    "/v1/districts",
    "/v1/districts/freiberg",
    "/v1/districts/landkreis-mittelsachsen",
    "/v1/indicators",
    "/v1/indicators/population",
    "/v1/indicators/population/observations?district=freiberg&district=zettlitz",
    "/dashboard",
    "/dashboard?indicator=population&district=freiberg&lang=en",
    "/dashboard?indicator=share-65-plus&level=nowhere",
    "/dashboard?indicator=population&time=1848",
    "/embed/dashboard?indicator=population&district=freiberg",
    "/v1/strategies",
    "/v1/strategies/buendnis-gegen-armut-wuppertal",
    "/v1/measures",
    "/v1/measures/ausweitung-der-stadtteilservices-wuppertal",
    "/v1/decisions",
    "/v1/codelists/level",
    "/catalog",
    "/catalog?theme=TRAN",
    "/catalog/datasets/offerings",
    "/catalog/datasets/indicators-demography?lang=sv",
    "/embed/offerings?limit=3",
    "/report/awo-familienzentrum-doebeln",
    "/nowhere",
]


def drawn(page: Page) -> str:
    """The number of the mark of the map that is pointed at."""
    return str(page.locator(".marks a.active").first.get_attribute("data-item"))


# --- everybody can use them ----------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_no_page_breaks_the_rules_of_wcag(page: Page, registry: str, path: str) -> None:
    page.goto(registry + path)
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == [], scheme


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_on_a_phone(
    open_page: OpenPage, registry: str, traffic: Traffic, path: str
) -> None:
    """320 CSS pixels are also a desktop at 400 % (WCAG 2.2, 1.4.10)."""
    with open_page(viewport=PHONE, locale="de-DE") as page:
        answer = page.goto(registry + path)
        assert answer is not None
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) <= 0
        refused = answer.status >= 400  # of which the browser complains by itself
        assert refused or traffic.complaints == []


@pytest.mark.parametrize("colors", ["active", "none"])
def test_maps_and_charts_survive_forced_colours_and_still_motion(
    open_page: OpenPage, registry: str, colors: str
) -> None:
    with open_page(forced_colors=colors, reduced_motion="reduce") as page:
        page.goto(f"{registry}/v1/districts/freiberg")
        fill = page.locator("svg.map path.here").first.evaluate("e => getComputedStyle(e).fill")
        other = page.locator("svg.map .areas path").first.evaluate("e => getComputedStyle(e).fill")
        assert fill != other
        behaviour = "getComputedStyle(document.documentElement).scrollBehavior"
        assert page.evaluate(behaviour) == "auto"


def test_the_way_from_search_to_detail_needs_only_a_keyboard(page: Page, registry: str) -> None:
    page.goto(f"{registry}/?lang=de")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.locator("#q").focus()
    page.keyboard.type("Schuldnerberatung Rochlitz")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/search"))
    expect(page.locator(".understood")).to_contain_text("Rochlitz")
    first = page.locator(".item h3 a").first
    for _ in range(60):
        page.keyboard.press("Tab")
        if first.evaluate("e => e === document.activeElement"):
            break
    expect(first).to_be_focused()
    outline = first.evaluate("e => getComputedStyle(e).outlineStyle")
    assert outline == "solid"
    name = first.inner_text()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(name)


# --- searching -----------------------------------------------------------------------------------


def test_everything_is_in_the_address_and_the_way_back_is_right(page: Page, registry: str) -> None:
    page.goto(f"{registry}/search?lang=de")
    page.fill("#q", "Beratung")
    page.click("text=Suchen")
    expect(page.locator(".total")).to_contain_text("Angebote")
    searched = page.url
    page.click("summary:has-text('Bereich')")
    page.check("input[name=category][value=debt_advice]")
    page.click("text=Filter anwenden")
    assert "category=debt_advice" in page.url
    assert "q=Beratung" in page.url
    expect(page.locator("input[name=category][value=debt_advice]")).to_be_checked()
    filtered = page.locator(".total").inner_text()
    page.go_back()
    assert page.url == searched
    expect(page.locator("input[name=category][value=debt_advice]")).not_to_be_checked()
    page.go_forward()
    assert page.locator(".total").inner_text() == filtered
    page.locator(".chosen a").first.click()
    assert "category" not in page.url


def test_list_and_map_point_at_each_other(page: Page, registry: str) -> None:
    page.goto(f"{registry}/search?q=Beratung&lang=de")
    third = page.locator("#item-3")
    third.hover()
    assert "3" in drawn(page).split()
    mark = page.locator(".marks a").last
    numbers = str(mark.get_attribute("data-item")).split()
    mark.hover()
    for number in numbers:
        expect(page.locator(f"#item-{number}")).to_have_class(re.compile("active"))
    mark.click()
    expect(page.locator(f"#item-{numbers[0]} h3 a")).to_be_focused()


def test_places_are_offered_while_one_types(page: Page, registry: str) -> None:
    page.goto(f"{registry}/?lang=de")
    page.locator("#q").press_sequentially("Beratung Döb")
    offered = page.locator("#places option").first
    expect(offered).to_have_attribute("value", "Beratung Döbeln")


def test_near_me_asks_the_browser_and_nobody_else(open_page: OpenPage, registry: str) -> None:
    here = {"longitude": 13.3427, "latitude": 50.9167}
    with open_page(geolocation=here, permissions=["geolocation"], locale="de-DE") as page:
        page.goto(f"{registry}/search?q=Beratung")
        page.click("text=In meiner Nähe")
        expect(page).to_have_url(re.compile(r"near=13\.3427%2C50\.9167"))
        assert "q=Beratung" in page.url


def test_the_language_can_be_changed_on_the_way(page: Page, registry: str) -> None:
    page.goto(f"{registry}/search?q=Freiberg&lang=de")
    page.click("nav.languages >> text=svenska")
    expect(page.locator("html")).to_have_attribute("lang", "sv")
    expect(page.locator("h1")).to_have_text("Sök insatser")
    assert "q=Freiberg" in page.url
    page.locator(".item h3 a").first.click()
    expect(page.locator("html")).to_have_attribute("lang", "sv")


def test_pages_are_turned(page: Page, registry: str) -> None:
    page.goto(f"{registry}/v1/offerings?lang=de&limit=20")
    first = page.locator(".item h3").first.inner_text()
    page.click("text=Nächste Seite")
    assert page.locator(".item h3").first.inner_text() != first
    page.go_back()
    assert page.locator(".item h3").first.inner_text() == first


# --- without scripts -----------------------------------------------------------------------------


def test_all_of_it_works_without_scripts(open_page: OpenPage, registry: str) -> None:
    with open_page(java_script_enabled=False, locale="de-DE") as page:
        page.goto(registry)
        expect(page.locator("svg.map").first).to_be_visible()
        expect(page.locator("[data-near]")).to_be_hidden()
        page.fill("#q", "Schuldnerberatung Döbeln")
        page.click("text=Suchen")
        expect(page.locator(".understood")).to_contain_text("Döbeln")
        page.goto(f"{registry}/search?q=Beratung")
        page.click("summary:has-text('Bereich')")
        page.check("input[name=category][value=debt_advice]")
        page.click("text=Filter anwenden")
        expect(page.locator(".chosen")).to_be_visible()
        page.locator(".item h3 a").first.click()
        expect(page.locator("h1")).to_be_visible()
        page.goto(registry)
        page.click("summary:has-text('Die Gebiete als Liste')")
        page.click("ul.names >> text=Freiberg")
        expect(page.locator("h1")).to_have_text("Freiberg")


def test_a_page_is_printed_without_what_paper_cannot_do(page: Page, registry: str) -> None:
    page.goto(f"{registry}/search?q=Beratung&lang=de")
    page.emulate_media(media="print")
    expect(page.locator(".side")).to_be_hidden()
    expect(page.locator("nav.languages")).to_be_hidden()
    expect(page.locator(".item").first).to_be_visible()


# --- reports and confirm links -------------------------------------------------------------------


@pytest.fixture
def own_registry(own_demo_database: Database, scripts: None) -> Iterator[str]:
    assert scripts is None
    with running_server(own_demo_database.public_url, SECRET_KEY=KEY) as url:
        yield url


def test_wrong_data_is_reported(
    page: Page, own_registry: str, own_demo_database: Database, traffic: Traffic
) -> None:
    traffic.allow(own_registry)
    page.goto(f"{own_registry}/v1/offerings/awo-familienzentrum-doebeln?lang=de")
    page.click("a[href*='/report/']")
    assert violations(page) == []
    page.click("main button[type=submit]")  # nothing filled in: said, and where
    expect(page.locator("main .errors").first).to_be_visible()
    page.locator("main input[type=checkbox]").first.check()
    page.locator("main textarea").first.fill("Die Telefonnummer fehlt.")
    page.click("main button[type=submit]")
    expect(page).to_have_url(re.compile("/thanks"))
    assert violations(page) == []
    with writer(own_demo_database.owner_url, "test") as connection:
        (entry,) = inbox.entries(connection, closed=False)
    assert "Telefonnummer" in (entry.text or "")


def test_a_provider_confirms_by_its_link(
    page: Page, own_registry: str, own_demo_database: Database, traffic: Traffic
) -> None:
    traffic.allow(own_registry)
    awo = UUID("9753d536-4fd4-5d33-a061-b4721b27d758")
    token = ConfirmLinks(KEY).token(awo, datetime.now(UTC) + timedelta(days=1))
    page.goto(f"{own_registry}/confirm/{token}?lang=de")
    assert violations(page) == []
    page.locator("main input[type=radio]").first.check()
    page.click("main button[type=submit]")
    expect(page).to_have_url(re.compile("/thanks"))
    with writer(own_demo_database.owner_url, "test") as connection:
        assert inbox.entries(connection, closed=False)
    page.goto(f"{own_registry}/confirm/{token[:-2]}xx")
    expect(page.locator("h1")).to_be_visible()
