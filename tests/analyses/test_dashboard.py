"""The dashboard as a page: the same numbers as the analyses, everything in its address."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from psycopg import AsyncConnection
from sqlalchemy import update
from starlette.testclient import TestClient

from api import sitemap
from api.analyses.answers.map import choropleth
from api.analyses.parameters import MapParameters, RankingParameters
from api.pages import board as boards
from api.resources import OBSERVATIONS
from db import models
from db.publication import publish
from db.registry import writer
from tests.analyses.towns import TOWNS
from tests.api.calls import get, relative
from tests.api.documents import BROWSER, Document, page
from tests.api.test_html import HOSTILE
from tests.conftest import connect_to
from tests.databases import Database

SVG = "{http://www.w3.org/2000/svg}"
LANGUAGES = {"de": "Rangliste", "en": "Ranking", "sv": "Rangordning"}


def board(client: TestClient, **view: Any) -> Document:
    return page(client, "/dashboard", **view)


def refused(client: TestClient, **view: Any) -> Document:
    """The page that says what is wrong, with what there is instead."""
    answer = client.get("/dashboard", params=view, headers={"Accept": BROWSER})
    assert answer.status_code == 400
    assert answer.headers["cache-control"] == "no-store"
    return Document(answer)


def chosen(document: Document, name: str) -> str | None:
    """What is selected in a field."""
    found = document.each(f"select#{name} option[selected]", "value")
    return found[0] if found else None


def offered(document: Document, name: str) -> list[str]:
    return document.each(f"select#{name} option", "value")


def fills(document: Document) -> dict[str, str]:
    return {
        str(area["data-district"]): str(path["fill"])
        for area in document.all(".areas a")
        for path in area.select("path")
    }


def rows(document: Document, heading: str) -> list[list[str]]:
    found = document.all(f"[aria-labelledby='{heading}'] tbody tr")
    return [[" ".join(c.get_text().split()) for c in row.select("th, td")] for row in found]


# --- what is shown -------------------------------------------------------------------------------


def test_the_map_has_the_colours_and_classes_of_the_analysis(towns: TestClient) -> None:
    view = {"method": "equal", "classes": 3, "scheme": "Reds"}
    mapped = get(towns, "/v1/indicators/people/map.json", view).json()
    document = board(towns, indicator="people", **view)
    shown = fills(document)
    assert shown == {
        item["slug"]: item["color"] or "url(#quartier-missing)" for item in mapped["items"]
    }
    legend = [li.get_text() for li in document.all(".classes li:not(:has(details))")]
    counts = [int(found[1]) for text in legend if (found := re.search(r"\((\d+) ", text))]
    assert counts == mapped["classification"]["counts"]


def test_hidden_and_missing_areas_are_hatched_and_named(towns: TestClient) -> None:
    document = board(towns, indicator="poor")
    shown = fills(document)
    items = get(towns, "/v1/indicators/poor/map.json").json()["items"]
    hidden = {i["slug"] for i in items if any(f["code"] == "suppressed" for f in i["flags"])}
    assert hidden
    for item in items:
        if item["value"] is None:
            kind = "hidden" if item["slug"] in hidden else "missing"
            assert shown[item["slug"]] == f"url(#quartier-{kind})"
            assert item["name"] in document.words(".classes details")
            (row,) = [r for r in rows(document, "values-heading") if r[0] == item["name"]]
            assert "0" not in row[1]


def test_the_ranking_is_that_of_the_analysis(towns: TestClient) -> None:
    items = get(towns, "/v1/indicators/share/ranking").json()["items"]
    shown = rows(board(towns, indicator="share"), "ranking-heading")
    assert len(shown) == len(items)
    for row, item in zip(shown, items, strict=True):
        assert row[0].split()[0] == str(item["rank"])
        assert row[1].startswith(item["district"]["name"])
        assert ("≈" in row[1]) == (item["distinct_from_next"] is False)
        if item["first_rank"] != item["last_rank"]:
            assert f"({item['first_rank']}–{item['last_rank']})" in row[0]


def test_the_sentence_is_said_to_those_who_do_not_see(towns: TestClient) -> None:
    mapped = get(towns, "/v1/indicators/share/map.json").json()["sentence"]["de"]
    compared = get(towns, "/v1/indicators/share/compare", {"district": "anger"}).json()
    document = board(towns, indicator="share", district="anger")
    said = document.one("[data-said][role='status']").get_text()
    assert said.startswith(mapped)
    assert said.endswith(compared["sentence"]["de"].partition(". ")[2])
    assert "1,9 Prozentpunkte weniger" in said


def test_a_chosen_district_stands_beside_what_is_around_it(towns: TestClient) -> None:
    document = board(towns, indicator="people", district="anger", time="2022")
    assert chosen(document, "district") == "anger"
    assert document.one("#district-heading").get_text() == "Anger"
    compared = {row[0]: row[1:] for row in rows(document, "comparison-heading")}
    assert compared["Kreis"] == ["10.260 Personen", "-9.220 Personen", "10"]
    assert len(compared) == 2  # with the mean; of the state nothing is known
    assert len(document.all(".areas a[aria-current]")) == 1
    assert len(document.all("svg.chart")) == 2  # counts of different size, in two pictures
    assert document.all(".chart .break") == []


def test_nothing_is_drawn_or_calculated_across_a_break(towns: TestClient) -> None:
    document = board(towns, indicator="people", district="buche")
    own = document.all("svg.chart")[0]
    (line,) = own.select(".line path")
    assert str(line["d"]).count("M") == 2
    assert len(own.select("line.break")) == 1
    (row,) = [r for r in rows(document, "district-heading") if r[0] == "Buche" and len(r) == 6]
    assert row[3] == "nicht vergleichbar"


def test_a_part_of_the_observed_is_not_called_like_the_whole(towns: TestClient) -> None:
    whole, part = (board(towns, indicator="women", **view) for view in ({}, {"breakdown": "sex:f"}))
    assert chosen(part, "dimension-sex") == "sex:f"
    assert ", f, 2022" in part.words("h2#map-heading")
    assert part.words("[data-said]").startswith("Women, f, 2022.")
    assert whole.words("[data-said]").startswith("Women, 2022.")
    assert rows(part, "values-heading") != rows(whole, "values-heading")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_speaks_three_languages(demo_client: TestClient, lang: str) -> None:
    document = board(demo_client, indicator="population", district="freiberg", lang=lang)
    assert document.each("html", "lang") == [lang]
    assert document.one("#ranking-heading").get_text() == LANGUAGES[lang]
    spoken = document.one("[data-said]")
    assert (spoken.get("lang") == "en") == (lang == "sv")
    ids = document.each("*", "id")
    assert len(ids) == len(set(ids))
    assert document.foreign() == []
    assert document.all("[style], style, [onclick]") == []
    assert document.all("script:not([src])") == []
    for field in document.all("input:not([type='hidden']), select"):
        assert document.all(f"label[for='{field.get('id')}']")


# --- everything is in the address ----------------------------------------------------------------


def test_every_choice_is_in_the_links_of_the_page(towns: TestClient) -> None:
    view = {"indicator": "people", "time": "2021", "method": "equal", "scheme": "Reds"}
    document = board(towns, **view)
    (href,) = document.each(".areas a[data-district='anger']", "href")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(href).query).items()}
    assert asked == {**view, "district": "anger"}
    assert chosen(board(towns, **asked), "district") == "anger"
    assert chosen(document, "time") == "2021"
    assert chosen(document, "method") == "equal"


def test_forms_send_along_what_they_have_no_field_for(towns: TestClient) -> None:
    view = {"indicator": "people", "level": "municipality", "parent": "kreis", "lang": "de"}
    first, second = board(towns, **view).all("form[data-choices]")
    kept = [{str(f["name"]) for f in form.select("[type='hidden']")} for form in (first, second)]
    assert kept == [{"parent", "lang"}, {"indicator", "parent", "lang"}]


def test_what_a_form_leaves_empty_is_not_asked(towns: TestClient) -> None:
    document = board(towns, indicator="people", district="", classes="", breakdown="")
    assert chosen(document, "indicator") == "people"


def test_levels_and_periods_are_those_that_there_are(towns: TestClient) -> None:
    document = board(towns, indicator="people")
    assert offered(document, "level") == ["county", "municipality"]
    assert offered(document, "time") == ["latest", "2022", "2021", "2020"]
    assert offered(board(towns, indicator="people", level="county"), "time") == [
        "latest",
        "2022",
        "2021",
    ]


def test_without_an_indicator_that_with_the_most_values_is_shown(towns: TestClient) -> None:
    assert chosen(board(towns), "indicator") == "people"


def test_the_same_can_be_taken_as_data(towns: TestClient) -> None:
    document = board(towns, indicator="share", level="municipality", lang="de")
    links = [link for link in document.each(".downloads a", "href") if "map.svg" not in link]
    series = [urlsplit(link).query for link in links if "/observations" in link]
    formats = {parse_qs(query)["format"][0] for query in series}
    assert formats == {name for name in OBSERVATIONS.formats if name not in ("html", "atom")}
    assert len(links) == sum(map(len, (formats, MapParameters.formats, RankingParameters.formats)))
    for link in links:
        get(towns, relative(link))


def test_the_picture_has_legend_sources_and_its_address(towns: TestClient) -> None:
    document = board(towns, indicator="poor", district="anger")
    (address,) = document.each("a[data-picture]", "href")
    answer = get(towns, relative(address))
    assert answer.headers["content-type"] == "image/svg+xml"
    root = ElementTree.fromstring(answer.text)  # noqa: S314 - what our own server wrote
    assert root.tag == f"{SVG}svg"
    texts = " ".join(text.text or "" for text in root.iter(f"{SVG}text"))
    assert "Arme, 2022" in texts
    assert "aus Datenschutz nicht gezeigt" in texts
    assert "cc-zero" in texts
    assert "http://testserver/dashboard?district=anger" in texts
    drawn = {path.get("fill") for path in root.iter(f"{SVG}path")}
    assert set(fills(document).values()) <= drawn


def test_a_page_is_kept_until_the_next_publication(towns: TestClient) -> None:
    first = board(towns, indicator="people").answer
    headers = {"Accept": BROWSER, "If-None-Match": first.headers["etag"]}
    again = towns.get("/dashboard", params={"indicator": "people"}, headers=headers)
    assert again.status_code == 304
    assert "default-src 'none'" in first.headers["content-security-policy"]
    assert first.headers["content-language"] == "de"


def test_a_publication_in_between_is_read_again(
    own_towns_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    published: list[int] = []

    async def published_meanwhile(asked: Any) -> Any:
        found = await choropleth(asked)
        if not published:
            with writer(own_towns_database.owner_url, "test") as connection:
                people = models.Indicator.slug == "people"
                connection.execute(update(models.Indicator).where(people).values(title="Leute"))
            published.append(publish(own_towns_database.owner_url).sequence)
        return found

    monkeypatch.setattr(boards, "mapped", published_meanwhile)
    with connect_to(own_towns_database) as client:
        document = board(client, indicator="people")
    assert document.one("h1").get_text() == "Leute"
    assert f"Veröffentlichung {published[0]} " in document.words(".bottom")


@pytest.mark.parametrize("title", [*HOSTILE.values(), "A\x0bB & <C>"], ids=[*HOSTILE, "control"])
def test_hostile_texts_do_no_harm(own_towns_database: Database, title: str) -> None:
    with writer(own_towns_database.owner_url, "test") as connection:
        people = models.Indicator.slug == "people"
        texts = {"title": title, "citation": title, "unit_long": title, "interpretation": title}
        connection.execute(update(models.Indicator).where(people).values(**texts))
        town = models.District.slug == "anger"
        connection.execute(update(models.District).where(town).values(name=title))
    publish(own_towns_database.owner_url)
    with connect_to(own_towns_database) as client:
        document = board(client, indicator="people", district="anger")
        assert document.all("script:not([src]), [onmouseover], img") == []
        assert document.one("h1").get_text() == title
        answer = get(client, "/dashboard/map.svg", {"indicator": "people", "district": "anger"})
        root = ElementTree.fromstring(answer.text)  # noqa: S314 - what our own server wrote
        assert root.findtext(f"{SVG}title") == f"{title}, 2022".replace(
            "\x0b", "\N{REPLACEMENT CHARACTER}"
        )
        assert list(root.iter(f"{SVG}script")) == []


def test_a_frame_shows_the_map_and_leads_to_the_page(towns: TestClient) -> None:
    answer = get(towns, "/embed/dashboard", {"indicator": "people", "district": "anger"})
    document = Document(answer)
    assert "frame-ancestors *" in answer.headers["content-security-policy"]
    assert len(document.all("svg.choropleth")) == 1
    assert document.all("form, h1, header") == []
    for link in document.each(".areas a, h2 a", "href"):
        assert link.startswith("http://testserver/dashboard?")


def test_it_is_found(demo_client: TestClient) -> None:
    assert "/dashboard" in sitemap.PAGES
    for path in ("/", "/v1/indicators", "/v1/indicators/population", "/v1/districts/freiberg"):
        links = page(demo_client, path).each("main a", "href")
        found = [link for link in links if urlsplit(link).path == "/dashboard"]
        assert found
        for link in found:
            assert Document(get(demo_client, relative(link), Accept=BROWSER)).all(".dashboard")


# --- what there is not ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"level": "state"}, "Auf dieser Ebene"),
        ({"time": "1848"}, "Für diesen Zeitraum"),
        ({"breakdown": "sex:x"}, "nicht untergliedert"),
        ({"classes": "9"}, "weniger verschiedene Werte"),
        ({"district": "nowhere"}, "Dieses Gebiet gibt es nicht"),
        ({"parent": "nowhere"}, "Dieses Gebiet gibt es nicht"),
        ({"level": "state", "time": "1848"}, "Auf dieser Ebene"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_above_what_there_is(
    towns: TestClient, wrong: dict[str, str], said: str
) -> None:
    document = refused(towns, indicator="women", **wrong)
    assert said in document.words("[role='alert']")
    assert len(document.all("svg.choropleth")) == 1
    assert chosen(document, "indicator") == "women"
    for name, value in wrong.items():
        assert not any(f"{name}={value}" in link for link in document.each("main a", "href"))


def test_an_unknown_indicator_is_answered_with_those_there_are(towns: TestClient) -> None:
    document = refused(towns, indicator="peple")
    assert "people" in document.words("[role='alert']")
    assert document.all("svg") == []
    links = document.each("ul.names a", "href")
    assert "http://testserver/dashboard?indicator=people" in links
    for link in links:
        get(towns, relative(link), Accept=BROWSER)


def test_what_is_no_level_at_all_is_a_problem_as_elsewhere(towns: TestClient) -> None:
    answer = towns.get("/dashboard?level=nowhere", headers={"Accept": BROWSER})
    assert answer.status_code == 400
    assert towns.get("/dashboard?nonsense=1").json()["errors"][0]["parameter"] == "nonsense"
    assert towns.get("/dashboard/map.svg?indicator=peple").status_code == 400


@pytest.mark.parametrize("indicator", ["secret", "unknown", "never"])
def test_where_no_value_can_be_shown_the_page_says_why(towns: TestClient, indicator: str) -> None:
    document = board(towns, indicator=indicator)
    reason = get(towns, f"/v1/indicators/{indicator}/map.json").json()["sentence"]["de"]
    assert document.words("[data-said]") == reason
    assert document.all(".ranking") == []
    assert not any(color.startswith("#") for color in fills(document).values())
    assert not re.search(r"\b0\b", document.words("[aria-labelledby='values-heading']"))
    get(towns, "/dashboard/map.svg", {"indicator": indicator})


def test_an_empty_registry_says_so(client: TestClient) -> None:
    document = board(client)
    assert "noch keine Indikatoren" in document.words("main")
    assert document.all("form[data-choices]") == []


def test_a_district_of_another_level_is_said_not_to_be_here(towns: TestClient) -> None:
    document = board(towns, indicator="people", level="municipality", district="kreis")
    assert "nicht unter denen" in document.words(".notice")
    assert len(document.all("svg.choropleth")) == 1


def test_one_single_district_is_shown_without_a_rank_to_compare(towns: TestClient) -> None:
    document = board(towns, indicator="people", level="county", district="kreis")
    assert len(rows(document, "ranking-heading")) == 1
    assert len(document.all(".classes li")) == 1


def test_districts_without_boundaries_have_tables_but_no_map(
    own_towns_database: Database,
) -> None:
    with writer(own_towns_database.owner_url, "test") as connection:
        connection.execute(update(models.District).values(boundary=None, boundary_quality=None))
    publish(own_towns_database.owner_url)
    with connect_to(own_towns_database) as client:
        document = board(client, indicator="people")
        assert document.all("svg.choropleth, a[data-picture]") == []
        assert "Grenzen dieser Gebiete sind nicht bekannt" in document.words("main")
        assert len(rows(document, "ranking-heading")) == len(TOWNS)
        get(client, "/dashboard/map.svg", {"indicator": "people"})


def test_what_one_analysis_has_read_no_other_reads_again(
    towns: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    execute = AsyncConnection.execute

    async def heard(connection: Any, query: Any, *arguments: Any, **more: Any) -> Any:
        read.append(str(query))
        return await execute(connection, query, *arguments, **more)

    monkeypatch.setattr(AsyncConnection, "execute", heard)
    board(towns, indicator="people", time="2021", scheme="Greens")
    assert len([each for each in read if "published.indicator i" in each]) == 2
    assert len([each for each in read if "published.observation" in each]) == 5
