"""The forms: what is sent arrives, is bounded, and is seen by nobody but staff."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import psycopg
import pytest
from httpx2 import Response
from pydantic import SecretStr
from starlette.testclient import TestClient

from api.confirm_links import ConfirmLinks
from db import inbox
from db.inbox import Entry
from db.publication import publish
from db.registry import writer
from tests.api.calls import until_published
from tests.api.processes import served
from tests.api.test_robustness import find
from tests.conftest import connect_to
from tests.databases import Database

KEY = "k" * 32
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Site": "same-origin"}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</textarea><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "'; DROP TABLE inbox.entry; --",
    "\N{RIGHT-TO-LEFT OVERRIDE}txt.exe",
    "%00%0a\\u0000",
]

Form = dict[str, str | list[str]]


@pytest.fixture
def forms(own_demo_database: Database) -> Iterator[TestClient]:
    with connect_to(own_demo_database, secret_key=SecretStr(KEY)) as client:
        client.follow_redirects = False
        yield client


def send(client: TestClient, path: str, form: Form, **headers: str) -> Response:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode(form, doseq=True)
    return client.post(path, content=body, headers=BROWSER | kind | headers)


def entries(database: Database) -> list[Entry]:
    with writer(database.owner_url, "test") as connection:
        return inbox.entries(connection, closed=True)


def an_offering(client: TestClient) -> dict[str, Any]:
    item: dict[str, Any] = client.get("/v1/offerings?limit=1").json()["items"][0]
    return item


def provider_with(database: Database, least: int = 2) -> tuple[UUID, list[UUID]]:
    with psycopg.connect(database.public_url) as connection:
        row = connection.execute(
            "SELECT organisation_id, array_agg(id ORDER BY id) FROM published.offering"
            " WHERE organisation_id IS NOT NULL GROUP BY 1 HAVING count(*) >= %s"
            " ORDER BY count(*), 1 LIMIT 1",
            [least],
        ).fetchone()
    assert row
    return row[0], row[1]


def link(organisation: UUID, *, days: float = 1, key: str = KEY) -> str:
    return "/confirm/" + ConfirmLinks(key).token(
        organisation, datetime.now(UTC) + timedelta(days=days)
    )


# --- reports -------------------------------------------------------------------------------------


def test_a_report_arrives(forms: TestClient, own_demo_database: Database) -> None:
    item = an_offering(forms)
    page = forms.get(f"/v1/offerings/{item['slug']}", headers=BROWSER).text
    assert f'/report/{item["slug"]}"' in page
    form = forms.get(f"/report/{item['slug']}", headers=BROWSER)
    assert form.status_code == 200
    assert html.escape(item["name"]) in form.text
    sent = send(
        forms,
        f"/report/{item['id']}",
        {"topic": ["hours", "contact"], "text": " Neue\r\nNummer ", "reply_to": "a@example.org"},
    )
    assert sent.status_code == 303
    assert sent.headers["location"] == f"{item['slug']}/thanks"
    thanks = forms.get(f"/report/{item['slug']}/thanks", headers=BROWSER)
    assert thanks.status_code == 200
    (entry,) = entries(own_demo_database)
    assert (entry.kind, entry.offerings) == ("report", (item["slug"],))
    assert (entry.text, entry.topics) == ("Neue\nNummer", ("contact", "hours"))
    assert entry.reply_to == "a@example.org"


@pytest.mark.parametrize("lang", ["de", "en", "sv"])
def test_forms_speak_the_language_that_was_asked_for(forms: TestClient, lang: str) -> None:
    slug = an_offering(forms)["slug"]
    form = forms.get(f"/report/{slug}?lang={lang}", headers=BROWSER)
    known = lang if f'lang="{lang}"' in form.text else None
    if form.status_code == 400:  # not every registry is published in all of them
        assert "lang" in form.text
        return
    assert known
    sent = send(forms, f"/report/{slug}?lang={lang}", {"text": "a"})
    assert sent.headers["location"] == f"{slug}/thanks?lang={lang}"


def test_pages_are_kept_by_nobody(forms: TestClient, own_demo_database: Database) -> None:
    slug = an_offering(forms)["slug"]
    organisation, _ = provider_with(own_demo_database)
    for answer in (
        forms.get(f"/report/{slug}", headers=BROWSER),
        send(forms, f"/report/{slug}", {}),
        send(forms, f"/report/{slug}", {"text": "a"}),
        forms.get(link(organisation), headers=BROWSER),
        forms.get(link(organisation, days=-1), headers=BROWSER),
        send(forms, link(organisation), {}),
    ):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-robots-tag"] == "noindex"
        assert "set-cookie" not in answer.headers
        assert "etag" not in answer.headers
        if answer.text:
            assert "form-action 'self'" in answer.headers["content-security-policy"]


def test_mistakes_are_told_beside_the_fields_and_nothing_typed_is_lost(
    forms: TestClient, own_demo_database: Database
) -> None:
    slug = an_offering(forms)["slug"]
    again = send(forms, f"/report/{slug}", {"topic": "hours", "reply_to": "no mail", "text": "b"})
    assert again.status_code == 422
    assert 'role="alert"' in again.text
    assert 'href="#reply_to"' in again.text
    assert 'value="no mail"' in again.text
    assert 'aria-invalid="true"' in again.text
    assert 'aria-describedby="reply_to-hint reply_to-error"' in again.text
    assert re.search(r'value="hours" checked', again.text)
    assert re.search(r"<textarea[^>]*>\nb</textarea>", again.text)
    assert send(forms, f"/report/{slug}", {}).status_code == 422
    long = send(forms, f"/report/{slug}", {"text": "ä" * 2001})
    assert long.status_code == 422
    assert "ä" * 2001 in long.text
    assert entries(own_demo_database) == []
    assert send(forms, f"/report/{slug}", {"text": "ä" * 2000}).status_code == 303


def test_programs_get_problems(forms: TestClient) -> None:
    slug = an_offering(forms)["slug"]
    answer = send(forms, f"/report/{slug}", {"reply_to": "x"}, Accept="application/json")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/text", "/reply_to"}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_kept_and_shown_as_text(
    forms: TestClient, own_demo_database: Database, text: str
) -> None:
    slug = an_offering(forms)["slug"]
    shown = send(forms, f"/report/{slug}", {"text": text, "reply_to": text}).text
    assert "<script>alert" not in shown
    assert "<img src=x" not in shown
    assert html.escape(text, quote=False).replace('"', "&#34;").replace("'", "&#39;") in shown
    assert send(forms, f"/report/{slug}", {"text": text}).status_code == 303
    assert entries(own_demo_database)[-1].text == text


def test_what_nobody_can_type_is_left_out(forms: TestClient, own_demo_database: Database) -> None:
    slug = an_offering(forms)["slug"]
    assert send(forms, f"/report/{slug}", {"text": "a\0b\x1b[31m\x9bc"}).status_code == 303
    assert entries(own_demo_database)[0].text == "ab[31mc"


def test_a_program_that_fills_in_everything_is_thanked_and_forgotten(
    forms: TestClient, own_demo_database: Database
) -> None:
    slug = an_offering(forms)["slug"]
    sent = send(forms, f"/report/{slug}", {"text": "Buy", "website": "https://example.org"})
    assert sent.status_code == 303
    assert entries(own_demo_database) == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
        ({"Origin": "https://evil.example.org"}, 403),
        ({"Origin": "http://testserver"}, 303),
        ({"Origin": "null"}, 303),
        ({}, 303),
    ],
    ids=str,
)
def test_forms_of_other_sites_are_refused(
    forms: TestClient, headers: dict[str, str], status: int
) -> None:
    path = f"/report/{an_offering(forms)['slug']}"
    kind = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
    answer = forms.post(path, content="text=a", headers=kind | headers)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"text=%ff", "application/x-www-form-urlencoded", 400),
        (b"{}", "application/json", 415),
        (b"text=a", "text/plain", 415),
        (b"text=a&" * 301, "application/x-www-form-urlencoded", 422),
        (b"text=" + b"a" * 1_000_001, "application/x-www-form-urlencoded", 413),
    ],
)
def test_other_bodies_are_refused(forms: TestClient, body: bytes, kind: str, status: int) -> None:
    path = f"/report/{an_offering(forms)['slug']}"
    answer = forms.post(path, content=body, headers=BROWSER | {"Content-Type": kind})
    assert answer.status_code == status


def test_what_is_not_published_cannot_be_reported(
    forms: TestClient, own_demo_database: Database
) -> None:
    assert forms.get("/report/no-such-offering", headers=BROWSER).status_code == 404
    assert send(forms, "/report/no-such-offering", {"text": "a"}).status_code == 404
    slug = an_offering(forms)["slug"]
    with psycopg.connect(own_demo_database.owner_url) as connection:
        connection.execute(
            "UPDATE registry.offering SET status = 'archived' WHERE slug = %s", [slug]
        )
    publish(own_demo_database.owner_url)
    assert forms.get(f"/report/{slug}", headers=BROWSER).status_code == 410


def test_who_sends_too_much_is_asked_to_wait(
    forms: TestClient, own_demo_database: Database
) -> None:
    path = f"/report/{an_offering(forms)['slug']}"
    answers = [send(forms, path, {"text": str(n)}).status_code for n in range(10)]
    assert answers == [303] * 10
    refused = send(forms, path, {"text": "noch etwas"})
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert "noch etwas" in refused.text
    plain = send(forms, path, {"text": "a"}, Accept="*/*")
    assert plain.status_code == 429
    assert plain.headers["content-type"] == "application/problem+json"
    assert len(entries(own_demo_database)) == 10
    assert forms.get(path, headers=BROWSER).status_code == 200


def test_a_full_inbox_keeps_what_was_typed_on_the_page(
    forms: TestClient, own_demo_database: Database
) -> None:
    item = an_offering(forms)
    with psycopg.connect(own_demo_database.owner_url) as connection:
        connection.execute(
            "INSERT INTO inbox.entry (kind, offering_ids, text)"
            " SELECT 'report', ARRAY[%s::uuid], n::text FROM generate_series(1, 20) AS n",
            [item["id"]],
        )
    refused = send(forms, f"/report/{item['slug']}", {"text": "noch etwas"})
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "86400"
    assert "noch etwas" in refused.text


def test_nothing_of_a_report_is_ever_published(
    forms: TestClient, own_demo_database: Database
) -> None:
    item = an_offering(forms)
    report: Form = {"text": "Geheimnis-Siebenschläfer", "reply_to": "siebenschlaefer@example.org"}
    assert send(forms, f"/report/{item['slug']}", report).status_code == 303
    publish(own_demo_database.owner_url)
    with psycopg.connect(own_demo_database.owner_url) as connection:
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname IN ('published', 'registry')"
        ).fetchall()
        for (table,) in tables:
            found = connection.execute(
                f"SELECT FROM {table} AS t WHERE t::text ILIKE '%siebenschl%'"
            )
            assert found.fetchall() == [], table
    for path in (f"/v1/offerings/{item['slug']}", f"/report/{item['slug']}", "/search?q=Geheimnis"):
        assert "Siebenschl" not in forms.get(path, headers=BROWSER).text


# --- confirmations -------------------------------------------------------------------------------


def test_a_confirmation_goes_all_the_way_to_a_publication(
    forms: TestClient, own_demo_database: Database
) -> None:
    organisation, (right, wrong, *_) = provider_with(own_demo_database)
    path = link(organisation)
    page = forms.get(path, headers=BROWSER)
    assert page.status_code == 200
    assert f'name="answer-{right}"' in page.text
    form: Form = {
        f"answer-{right}": "right",
        f"answer-{wrong}": "correct",
        f"text-{wrong}": "Neue Nummer: 03731 1",
    }
    sent = send(forms, path, form)
    assert (sent.status_code, sent.headers["location"]) == (303, f"{path[9:]}/thanks")
    assert forms.get(f"{path}/thanks", headers=BROWSER).status_code == 200
    assert forms.get(f"/v1/offerings/{right}").json().get("confirmed_at") is None
    with writer(own_demo_database.owner_url, "test") as connection:
        links = ConfirmLinks(KEY)
        applied = inbox.apply_confirmations(connection, links.organisation)
        (suggestion,) = inbox.entries(connection)
    assert applied.confirmed == 1
    assert (suggestion.kind, suggestion.text) == ("suggestion", "Neue Nummer: 03731 1")
    until_published(forms, publish(own_demo_database.owner_url).sequence)
    today = str(datetime.now(UTC).date())
    assert forms.get(f"/v1/offerings/{right}").json()["confirmed_at"].startswith(today)
    assert forms.get(f"/v1/offerings/{wrong}").json().get("confirmed_at") is None


def test_a_text_is_a_correction_whatever_was_chosen(
    forms: TestClient, own_demo_database: Database
) -> None:
    organisation, (one, *_) = provider_with(own_demo_database)
    form: Form = {f"answer-{one}": "right", f"text-{one}": "doch nicht"}
    assert send(forms, link(organisation), form).status_code == 303
    assert [entry.kind for entry in entries(own_demo_database)] == ["suggestion"]


def test_a_correction_without_text_is_asked_for(
    forms: TestClient, own_demo_database: Database
) -> None:
    organisation, (one, other, *_) = provider_with(own_demo_database)
    form: Form = {f"answer-{one}": "correct", f"answer-{other}": "right"}
    again = send(forms, link(organisation), form)
    assert again.status_code == 422
    assert f'href="#text-{one}"' in again.text
    assert re.search(rf'id="answer-{other}-right" value="right" checked', again.text)
    assert send(forms, link(organisation), {}).status_code == 422
    assert entries(own_demo_database) == []


def test_entries_of_others_are_refused_with_all_that_came_with_them(
    forms: TestClient, own_demo_database: Database
) -> None:
    organisation, (own, *_) = provider_with(own_demo_database)
    with psycopg.connect(own_demo_database.public_url) as connection:
        row = connection.execute(
            "SELECT id FROM published.offering WHERE organisation_id <> %s LIMIT 1", [organisation]
        ).fetchone()
    assert row
    for form in (
        {f"answer-{own}": "right", f"text-{row[0]}": "meins"},
        {f"answer-{own}": "right", f"answer-{row[0]}": "right"},
        {f"answer-{UUID(int=5)}": "right"},
    ):
        assert send(forms, link(organisation), {**form}).status_code == 422
    assert entries(own_demo_database) == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_expired_and_forged_links_open_nothing(
    forms: TestClient, own_demo_database: Database, method: str
) -> None:
    organisation, (one, *_) = provider_with(own_demo_database)
    good = link(organisation)
    refused = {
        link(organisation, days=-1): 410,
        link(organisation, key="x" * 32): 403,
        good[:-1]: 403,
        good[:12] + ("a" if good[12] != "a" else "b") + good[13:]: 403,
        "/confirm/%F0%9F%98%80": 403,
        "/confirm/.x": 403,
    }
    for path, status in refused.items():
        if method == "GET":
            answer = forms.get(path, headers=BROWSER)
        else:
            answer = send(forms, path, {f"answer-{one}": "right"})
        assert answer.status_code == status, path
        assert "<h1>" in answer.text
        assert str(one) not in answer.text
    assert entries(own_demo_database) == []


def test_without_a_key_there_are_no_links(own_demo_database: Database) -> None:
    organisation, _ = provider_with(own_demo_database)
    with connect_to(own_demo_database) as client:
        assert client.get(link(organisation), headers=BROWSER).status_code == 403


def test_a_long_list_has_pages(forms: TestClient, own_demo_database: Database) -> None:
    organisation, _ = provider_with(own_demo_database)
    with psycopg.connect(own_demo_database.owner_url) as connection:
        connection.execute("UPDATE registry.offering SET organisation_id = %s", [organisation])
    publish(own_demo_database.owner_url)
    path = link(organisation)
    pages = [forms.get(f"{path}?page={number}", headers=BROWSER).text for number in (1, 2)]
    shown = [set(re.findall(r'id="answer-([0-9a-f-]+)-right"', page)) for page in pages]
    assert [len(each) for each in shown] == [25, 25]
    assert not shown[0] & shown[1]
    assert "page=3" in pages[0]
    form: Form = {f"answer-{one}": "right" for one in shown[1]}
    assert send(forms, f"{path}?page=2", form).status_code == 303
    (entry,) = entries(own_demo_database)
    assert len(entry.offerings) == 25


def test_hostile_names_are_text_on_the_page_of_a_provider(
    forms: TestClient, own_demo_database: Database
) -> None:
    organisation, (one, *_) = provider_with(own_demo_database)
    script = "</h2><script>alert(1)</script>"
    with psycopg.connect(own_demo_database.owner_url) as connection:
        connection.execute(
            "UPDATE registry.offering SET name = %s, description = %s, phone = %s, url = %s"
            " WHERE id = %s",
            [script, script, script, "javascript:alert(1)", one],
        )
        connection.execute(
            "UPDATE registry.organisation SET name = %s WHERE id = %s", [script, organisation]
        )
    publish(own_demo_database.owner_url)
    page = forms.get(link(organisation), headers=BROWSER).text
    assert "<script>alert" not in page
    assert 'href="javascript:' not in page


def test_tokens_are_in_no_log(own_demo_database: Database, tmp_path: Any) -> None:
    organisation, _ = provider_with(own_demo_database)
    path = link(organisation)
    with served(own_demo_database.public_url, tmp_path / "log", SECRET_KEY=KEY) as server:
        import httpx2

        for place in (path, f"{path}/thanks", f"{path}/nothing", f"{path}?page=1"):
            answer = httpx2.get(server.url + place, headers=BROWSER)
            line = json.dumps(find(server, answer.headers["x-request-id"]))
            assert "/confirm/*" in line
        log = (tmp_path / "log").read_text()
    assert path[9:] not in log
    assert path[9:40] not in log
