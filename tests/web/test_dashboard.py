"""The dashboard in a browser: by keyboard, in place, without scripts, in a frame, on paper."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.web.axe import violations
from tests.web.conftest import OpenPage, Traffic
from tests.web.sites import Site

PNG = b"\x89PNG\r\n\x1a\n"


def test_the_choices_need_only_a_keyboard_and_are_in_the_address(page: Page, registry: str) -> None:
    page.goto(f"{registry}/dashboard?indicator=population&level=municipality&lang=de")
    start = page.url
    said = page.locator("[data-said]")
    before = said.inner_text()
    page.locator("#district").focus()
    page.keyboard.type("Freiberg")
    expect(page).to_have_url(re.compile("district=freiberg"))
    expect(page.locator("#district-heading")).to_have_text("Freiberg")
    expect(page.locator("#district")).to_be_focused()
    expect(said).not_to_have_text(before)
    expect(page.locator(".areas a[aria-current]")).to_have_attribute("data-district", "freiberg")
    page.locator("#method").select_option("jenks")
    expect(page).to_have_url(re.compile("method=jenks"))
    page.go_back()
    expect(page.locator("#method")).to_have_value("")
    expect(page.locator("#district-heading")).to_have_text("Freiberg")
    page.go_back()
    expect(page).to_have_url(start)
    expect(page.locator("#district-heading")).to_have_count(0)
    expect(said).to_have_text(before)


def test_the_map_is_one_stop_of_the_tab_key_and_arrows_walk_over_it(
    page: Page, registry: str
) -> None:
    page.goto(f"{registry}/dashboard?indicator=population&district=freiberg&lang=de")
    assert page.locator(".areas a[tabindex='0']").count() == 1
    here = page.locator(".areas a[data-district='freiberg']")
    here.focus()
    page.keyboard.press("ArrowRight")
    other = page.locator(".areas a:focus")
    expect(other).not_to_have_attribute("data-district", "freiberg")
    name = str(other.get_attribute("data-district"))
    label = str(other.get_attribute("aria-label"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"district={name}"))
    expect(page.locator("#district-heading")).to_have_text(label.split(":", maxsplit=1)[0])
    expect(page.locator(f".areas a[data-district='{name}']")).to_be_focused()
    expect(page.locator("#district")).to_have_value(name)


def test_another_indicator_keeps_the_district_and_what_is_wrong_is_said(
    page: Page, registry: str, traffic: Traffic
) -> None:
    page.goto(f"{registry}/dashboard?indicator=population&district=freiberg&lang=de")
    page.locator("#indicator").select_option("share-65-plus")
    expect(page).to_have_url(re.compile("indicator=share-65-plus"))
    assert "district=freiberg" in page.url
    expect(page.locator("h1")).to_contain_text("65")
    page.goto(f"{registry}/dashboard?indicator=population&lang=de")
    page.locator("#classes").select_option("9")
    page.locator("#level").select_option("county")
    expect(page.locator("[role='alert']")).to_be_visible()
    page.locator("#classes").select_option("1")
    expect(page.locator("[role='alert']")).to_have_count(0)
    assert all("400" in complaint for complaint in traffic.complaints)


def test_it_works_without_scripts(open_page: OpenPage, registry: str) -> None:
    with open_page(java_script_enabled=False, locale="de-DE") as page:
        page.goto(f"{registry}/dashboard?indicator=population")
        page.locator("#district").select_option("freiberg")
        page.locator("form[data-choices] button:visible").nth(1).click()
        expect(page.locator("#district-heading")).to_have_text("Freiberg")
        expect(page.locator("[data-png]")).to_be_hidden()
        page.locator(".ranking a", has_text="Döbeln").click()
        expect(page.locator("#district-heading")).to_have_text("Döbeln")


def test_the_picture_can_be_saved_as_png(page: Page, registry: str, traffic: Traffic) -> None:
    page.goto(f"{registry}/dashboard?indicator=population&lang=de")
    with page.expect_download() as saving:
        page.locator("[data-png] button").click()
    assert saving.value.suggested_filename == "population.png"
    assert Path(saving.value.path()).read_bytes().startswith(PNG)
    assert traffic.complaints == []


def test_a_frame_on_another_site_shows_it(
    page: Page, registry: str, site: Site, traffic: Traffic
) -> None:
    address = f"{registry}/embed/dashboard?indicator=population"
    page.goto(site.add(f'<!doctype html><iframe src="{address}" title="Karte"></iframe>'))
    frame = page.frame_locator("iframe")
    expect(frame.locator("svg.choropleth")).to_be_visible()
    expect(frame.locator("form")).to_have_count(0)
    assert traffic.complaints == []


def test_it_is_printed_without_its_forms(page: Page, registry: str) -> None:
    page.goto(f"{registry}/dashboard?indicator=population&district=freiberg&lang=de")
    page.emulate_media(media="print")
    expect(page.locator("form.choices").first).to_be_hidden()
    expect(page.locator("svg.choropleth")).to_be_visible()
    tall = page.locator(".tall").first.evaluate("e => e.scrollHeight - e.clientHeight")
    assert tall <= 0


# --- by keyboard and screen reader ----------------------------------------------------------------

REGIONS = "/dashboard?indicator=population&level=social_region&time=2021&lang=de"
FOCUSED = """() => {
  const here = document.activeElement, part = here.closest("form, section, nav, aside, footer");
  const look = getComputedStyle(here), path = here.querySelector("path");
  return {
    part: part?.getAttribute("aria-labelledby") ?? part?.getAttribute("aria-label") ?? "",
    isOut: here === document.body,
    isSeen: look.outlineStyle !== "none" && look.outlineWidth !== "0px"
      || !!path && parseFloat(getComputedStyle(path).strokeWidth) >= 4,
  };
}"""


def test_the_tab_key_comes_by_everything_and_out_again(page: Page, registry: str) -> None:
    page.goto(f"{registry}{REGIONS}&district=sozialregion-1-freiberg")
    parts: list[str] = []
    for _ in range(90):
        page.keyboard.press("Tab")
        here = page.evaluate(FOCUSED)
        if here["isOut"]:
            break
        assert here["isSeen"], here
        parts.append(here["part"])
    assert here["isOut"], parts[-3:]
    stops = ["Indikator", "Ansicht", "Auf dieser Seite", "map-heading", "district-heading"]
    stops += ["ranking-heading", "values-heading", "downloads-heading"]
    assert [part for part in dict.fromkeys(parts) if part in stops] == stops
    page.locator(".downloads a").first.focus()
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(FOCUSED)["part"] == "values-heading"


def test_whoever_cannot_see_it_gets_to_the_downloads_in_one_jump(page: Page, registry: str) -> None:
    page.goto(f"{registry}{REGIONS}")
    page.get_by_role("navigation", name="Auf dieser Seite").get_by_role("link").last.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#downloads-heading")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(".downloads a").first).to_be_focused()


def test_everything_that_can_be_operated_has_a_name(page: Page, registry: str) -> None:
    page.goto(f"{registry}{REGIONS}&district=sozialregion-1-freiberg")
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    found = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if any(each["name"] == "focusable" for each in node.get("properties", ()))
        and node["role"]["value"] not in ("RootWebArea", "generic", "main")
    ]
    assert {"link", "combobox", "button", "region"} <= {role for role, _ in found}
    assert [role for role, name in found if not name.strip()] == []
    fields = [name for role, name in found if role == "combobox"]
    assert len(fields) == len(set(fields))


def test_a_choice_is_announced_once_and_where_it_was_announced_before(
    page: Page, registry: str
) -> None:
    page.goto(f"{registry}{REGIONS}")
    said = page.get_by_role("status")
    page.evaluate(
        """() => {
          window.heard = [];
          new MutationObserver(() => window.heard.push(
            document.querySelector("[role=status]").textContent.trim()
          )).observe(document.querySelector("[role=status]"), { childList: true });
        }"""
    )
    page.locator("#boundary").select_option("2022-12-31")
    expect(said).to_contain_text("Umgerechnet auf die Gebiete vom 31. Dezember 2022.")
    expect(page.locator("#boundary")).to_have_value("2022-12-31")
    expect(page).to_have_url(re.compile("boundary=2022-12-31"))
    assert page.evaluate("window.heard") == [said.inner_text()]


@pytest.mark.parametrize("width", [320, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_is_accessible_on_every_screen(
    open_page: OpenPage, registry: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    size = {"width": width, "height": 900}
    with open_page(viewport=size, color_scheme=scheme, locale="de-DE") as page:
        page.goto(f"{registry}{REGIONS}&district=sozialregion-1-freiberg")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert violations(page) == []
        drawn = page.locator("svg.choropleth").bounding_box()
        assert drawn
        for name in page.locator(".choropleth .names text:visible").all():
            box = name.bounding_box()
            assert box
            assert drawn["x"] <= box["x"]
            assert box["x"] + box["width"] <= drawn["x"] + drawn["width"]
