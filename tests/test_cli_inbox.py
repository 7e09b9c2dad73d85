"""The commands about the inbox as staff runs them, on what the public role put in."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from subprocess import CompletedProcess
from uuid import UUID

import psycopg
import pytest

from api.confirm_links import ConfirmLinks
from tests.commands import as_process, call
from tests.databases import Database

KEY = "k" * 32


def run(database: Database, *arguments: str, **environment: str) -> CompletedProcess[str]:
    return call(*arguments, **urls(database), **environment)


def urls(database: Database) -> dict[str, str]:
    return {"DATABASE_URL": database.owner_url, "DATABASE_PUBLIC_URL": database.public_url}


def done(database: Database, *arguments: str, **environment: str) -> str:
    ended = run(database, *arguments, **environment)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout + ended.stderr


def put_in(database: Database, kind: str, offerings: list[UUID], *values: object) -> None:
    with psycopg.connect(database.public_url, autocommit=True) as reader, reader.transaction():
        reader.execute("SET TRANSACTION READ WRITE")
        row = reader.execute(
            "SELECT inbox.submit(%s, %s, %s, '{}', %s, %s, %s)", [kind, offerings, *values]
        ).fetchone()
    assert row == ("accepted",)


def provider_with_offerings(database: Database) -> tuple[UUID, list[UUID]]:
    with psycopg.connect(database.public_url) as connection:
        row = connection.execute(
            "SELECT organisation_id, array_agg(id ORDER BY id) FROM published.offering"
            " WHERE organisation_id IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
        ).fetchone()
    assert row
    return row[0], row[1]


def confirmed(database: Database) -> set[UUID]:
    with psycopg.connect(database.public_url) as connection:
        rows = connection.execute(
            "SELECT id FROM published.offering WHERE confirmed_at = %s", [datetime.now(UTC).date()]
        )
        return {identity for (identity,) in rows}


def test_a_report_is_listed_shown_and_closed(own_demo_database: Database) -> None:
    database = own_demo_database
    _, (one, *_) = provider_with_offerings(database)
    said = "Falsche Nummer\n\N{RIGHT-TO-LEFT OVERRIDE}[red]x[/red]"
    put_in(database, "report", [one], None, said, "a@example.org", None)
    told = as_process("inbox", **urls(database), COLUMNS="200")
    assert "Falsche Nummer" in told.stderr
    (entry,) = json.loads(run(database, "inbox", "--json").stdout)
    assert (entry["text"], entry["reply_to"]) == (said, "a@example.org")
    shown = done(database, "inbox", "show", str(entry["id"]))
    assert "reply_to: a@example.org" in shown
    assert "  \\u202e[red]x[/red]" in shown
    done(database, "inbox", "close", str(entry["id"]), "--note", "berichtigt", "--by", "Amt")
    assert json.loads(run(database, "inbox", "--json").stdout) == []
    (closed,) = json.loads(run(database, "inbox", "--all", "--json").stdout)
    assert (closed["outcome"], closed["closed_by"]) == ("berichtigt", "Amt")
    assert closed["reply_to"] is None
    again = run(database, "inbox", "close", str(entry["id"]), "--note", "x")
    assert (again.returncode, "no open entry" in again.stderr) == (1, True)
    assert run(database, "inbox", "show", "999").returncode == 1
    assert "Forgot 1 closed" in done(database, "inbox", "purge", "--older-than", "0d")
    assert run(database, "inbox", "purge", "--older-than", "soon").returncode == 1


def test_a_confirm_link_is_printed_for_every_provider(own_demo_database: Database) -> None:
    database = own_demo_database
    organisation, own = provider_with_offerings(database)
    address = {"SECRET_KEY": KEY, "PUBLIC_URL": "https://data.example.org"}
    lines = run(database, "confirm-links", **address).stdout.splitlines()
    rows = [line.split("\t") for line in lines]
    assert len(rows) > 1
    one = run(database, "confirm-links", "--organisation", str(organisation), **address)
    ((_, _, count, link),) = [line.split("\t") for line in one.stdout.splitlines()]
    assert int(count) == len(own)
    token = link.removeprefix("https://data.example.org/confirm/")
    in_89_days = datetime.now(UTC) + timedelta(days=89)
    assert ConfirmLinks(KEY).organisation(token, in_89_days) == organisation
    nobody = run(database, "confirm-links", "--organisation", "nobody", **address)
    assert (nobody.returncode, "'nobody'" in nobody.stderr) == (1, True)
    without = run(database, "confirm-links")
    assert (without.returncode, "openssl rand -hex 32" in without.stderr) == (1, True)


@pytest.mark.parametrize("key", [KEY, f"{'n' * 32},{KEY}"])
def test_publishing_takes_confirmations_first(own_demo_database: Database, key: str) -> None:
    database = own_demo_database
    organisation, own = provider_with_offerings(database)
    token = ConfirmLinks(KEY).token(organisation, datetime.now(UTC) + timedelta(days=1))
    put_in(database, "confirmation", own[:2], organisation, None, None, token)
    put_in(database, "suggestion", own[:1], organisation, "Neue Nummer", None, token)
    assert "1 confirmations wait" in done(database, "publish")
    done(database, "publish", "--no-inbox", SECRET_KEY=key)
    done(database, "publish", "--dry-run", SECRET_KEY=key)
    assert confirmed(database) == set()
    assert "Providers confirmed 2 offerings" in done(database, "publish", SECRET_KEY=key)
    assert confirmed(database) == set(own[:2])
    (left,) = json.loads(run(database, "inbox", "--json").stdout)
    assert left["kind"] == "suggestion"


def test_confirmations_with_a_bad_link_are_refused(own_demo_database: Database) -> None:
    database = own_demo_database
    organisation, own = provider_with_offerings(database)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    yesterday = tomorrow - timedelta(days=2)
    links = ConfirmLinks(KEY)
    tokens = {
        "expired": links.token(organisation, yesterday),
        "not signed": ConfirmLinks("x" * 32).token(organisation, tomorrow),
        "0 of 1": links.token(UUID(int=1), tomorrow),
    }
    for number, token in enumerate(tokens.values()):
        put_in(database, "confirmation", [own[number]], organisation, None, None, token)
    told = done(database, "inbox", "apply", SECRET_KEY=KEY)
    assert "expired" in told
    assert "not signed" in told
    assert "Providers confirmed 0 offerings" in told
    outcomes = [e["outcome"] for e in json.loads(run(database, "inbox", "--all", "--json").stdout)]
    assert all(word in outcome for word, outcome in zip(tokens, outcomes, strict=True))
