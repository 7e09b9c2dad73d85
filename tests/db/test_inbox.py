"""The inbox: what the public role may put in and never take out, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import Connection
from psycopg.errors import ReadOnlySqlTransaction
from psycopg.rows import TupleRow

from db import inbox, migrate
from db.backup import backup, restore
from db.cluster import PUBLIC
from db.registry import writer
from db.roles import grant_reader
from tests.databases import Database

SUBMIT: LiteralString = (
    "SELECT inbox.submit(%(what)s, %(offerings)s::uuid[], %(provider)s, %(wrong)s::text[],"
    " %(said)s, %(reply)s, %(link)s)"
)

EMPTY: dict[str, Any] = {
    "what": "report",
    "provider": None,
    "wrong": [],
    "said": None,
    "reply": None,
    "link": None,
}

FILL: LiteralString = (
    "INSERT INTO inbox.entry (kind, offering_ids, text, arrived_at, closed_at, closed_by, outcome)"
    " SELECT 'report', ARRAY[gen_random_uuid()], n::text, now() - %(ago)s::interval,"
    " CASE WHEN %(closed)s THEN now() END, CASE WHEN %(closed)s THEN 'me' END,"
    " CASE WHEN %(closed)s THEN 'done' END"
    " FROM generate_series(1, %(count)s) AS n"
)

HOSTILE = [
    "<script>alert(1)</script>",
    "'; DROP TABLE inbox.entry; --",
    "\\'); SELECT pg_sleep(10)",
    "%s %(said)s {} $1 \\copy",
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe",
    "\N{GRINNING FACE}" * 2000,
    "a\nb\tc",
]


@pytest.fixture
def mine(own_demo_database: Database) -> Iterator[Connection[TupleRow]]:
    with psycopg.connect(own_demo_database.owner_url, autocommit=True) as connection:
        yield connection


def submit(database: Database, **given: Any) -> str:
    with psycopg.connect(database.public_url, autocommit=True) as connection:
        return put_in(connection, **given)


def put_in(connection: Connection[TupleRow], **given: Any) -> str:
    with connection.transaction():
        connection.execute("SET TRANSACTION READ WRITE")
        row = connection.execute(SUBMIT, {**EMPTY, **given}).fetchone()
    assert row
    return str(row[0])


def offerings(connection: Connection[TupleRow]) -> list[UUID]:
    rows = connection.execute("SELECT id FROM published.offering ORDER BY id LIMIT 40")
    return [identity for (identity,) in rows]


def provider_with_offerings(connection: Connection[TupleRow]) -> tuple[UUID, list[UUID]]:
    """Who has most of them."""
    row = connection.execute(
        "SELECT organisation_id, array_agg(id ORDER BY id) FROM published.offering"
        " WHERE organisation_id IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
    ).fetchone()
    assert row
    return row[0], row[1]


def inside(connection: Connection[TupleRow]) -> int:
    row = connection.execute("SELECT count(*) FROM inbox.entry").fetchone()
    assert row
    return int(row[0])


# --- what goes in --------------------------------------------------------------------------------


def test_a_report_is_accepted_and_cannot_be_seen_by_who_made_it(
    own_demo_database: Database, mine: Connection[TupleRow]
) -> None:
    one = offerings(mine)[0]
    said = {"said": "Die Nummer stimmt nicht.", "wrong": ["contact"], "reply": "a@example.org"}
    assert submit(own_demo_database, offerings=[one], **said) == "accepted"
    with writer(own_demo_database.owner_url, "test") as connection:
        (entry,) = inbox.entries(connection)
    assert (entry.kind, entry.text, entry.topics) == ("report", said["said"], ("contact",))
    assert entry.reply_to == "a@example.org"
    assert entry.closed_at is None


def test_the_readers_sessions_stay_read_only_until_they_say_otherwise(
    own_demo_database: Database, mine: Connection[TupleRow]
) -> None:
    given = {**EMPTY, "offerings": offerings(mine)[:1], "said": "a"}
    reader = psycopg.connect(own_demo_database.public_url)
    with reader, pytest.raises(ReadOnlySqlTransaction):
        reader.execute(SUBMIT, given)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12])
def test_hostile_texts_are_kept_as_they_are(
    own_demo_database: Database, mine: Connection[TupleRow], text: str
) -> None:
    assert submit(own_demo_database, offerings=offerings(mine)[:1], said=text) == "accepted"
    assert mine.execute("SELECT text FROM inbox.entry").fetchall() == [(text,)]


def test_nul_cannot_be_sent(own_demo_database: Database, mine: Connection[TupleRow]) -> None:
    with pytest.raises(psycopg.DataError):
        submit(own_demo_database, offerings=offerings(mine)[:1], said="a\0b")
    assert inside(mine) == 0


@pytest.mark.parametrize(
    "given",
    [
        {"said": None},
        {"said": ""},
        {"said": "a" * 2001},
        {"said": "a\x1b[31m"},
        {"said": "a\x9b31m"},
        {"said": "a\rb"},
        {"said": "a", "reply": "a" * 255},
        {"said": "a", "reply": "a@example.org\nBcc: b@example.org"},
        {"said": "a", "wrong": ["nonsense"]},
        {"said": "a", "wrong": None},
        {"said": "a", "link": "a.b"},
        {"said": "a", "what": "rumour"},
        {"said": "a", "what": None},
        {"said": "a", "what": "suggestion"},
        {"said": "a", "what": "confirmation"},
        {"said": "a", "offerings": None},
        {"said": "a", "offerings": []},
        {"said": "a", "offerings": [None]},
    ],
    ids=str,
)
def test_what_is_no_entry_is_refused(
    own_demo_database: Database, mine: Connection[TupleRow], given: dict[str, Any]
) -> None:
    outcome = submit(own_demo_database, **{"offerings": offerings(mine)[:1], **given})
    assert outcome in ("invalid", "unknown")
    assert inside(mine) == 0


def test_only_what_is_published_can_be_reported(
    own_demo_database: Database, mine: Connection[TupleRow]
) -> None:
    assert submit(own_demo_database, offerings=[uuid4()], said="a") == "unknown"
    draft = mine.execute(
        "INSERT INTO registry.offering (slug, name, source_id)"
        " SELECT 'secret-draft', 'Geheim', id FROM registry.source LIMIT 1 RETURNING id"
    ).fetchone()
    assert draft
    assert submit(own_demo_database, offerings=[draft[0]], said="a") == "unknown"


def test_a_provider_confirms_its_own_only(
    own_demo_database: Database, mine: Connection[TupleRow]
) -> None:
    provider, own = provider_with_offerings(mine)
    other = mine.execute(
        "SELECT id FROM published.offering WHERE organisation_id IS DISTINCT FROM %s LIMIT 1",
        [provider],
    ).fetchone()
    assert other
    link = {"what": "confirmation", "provider": provider, "link": "a.b"}
    assert submit(own_demo_database, offerings=[*own[:2], other[0]], **link) == "unknown"
    assert submit(own_demo_database, offerings=own[:2], **link) == "accepted"
    assert submit(own_demo_database, offerings=own[:2] * 51, **link) == "invalid"
    suggestion = {**link, "what": "suggestion", "said": "Neue Nummer"}
    assert submit(own_demo_database, offerings=own[:2], **suggestion) == "invalid"
    assert submit(own_demo_database, offerings=own[:1], **suggestion) == "accepted"


# --- bounds --------------------------------------------------------------------------------------


def test_a_second_click_makes_no_second_entry(
    own_demo_database: Database, mine: Connection[TupleRow]
) -> None:
    one = offerings(mine)[:1]
    for _ in range(3):
        assert submit(own_demo_database, offerings=one, said="a") == "accepted"
    assert inside(mine) == 1


def test_so_many_are_open_for_one_offering(
    own_demo_database: Database, mine: Connection[TupleRow]
) -> None:
    one, other = offerings(mine)[:2]
    with psycopg.connect(own_demo_database.public_url, autocommit=True) as reader:
        outcomes = [put_in(reader, offerings=[one], said=str(n)) for n in range(21)]
        assert outcomes == ["accepted"] * 20 + ["full"]
        assert put_in(reader, offerings=[other], said="a") == "accepted"
        mine.execute("UPDATE inbox.entry SET closed_at = now(), closed_by = 'me', outcome = 'done'")
        assert put_in(reader, offerings=[one], said="again") == "accepted"


def test_so_many_are_open_in_all(own_demo_database: Database, mine: Connection[TupleRow]) -> None:
    provider, own = provider_with_offerings(mine)
    mine.execute(FILL, {"count": 5000, "ago": "2 hours", "closed": False})
    assert submit(own_demo_database, offerings=own[:1], said="a") == "full"
    link = {"what": "confirmation", "provider": provider, "link": "a.b"}
    assert submit(own_demo_database, offerings=own[:1], **link) == "accepted"


def test_so_many_come_in_an_hour(own_demo_database: Database, mine: Connection[TupleRow]) -> None:
    """Closed or not: closing them quickly is no invitation."""
    one = offerings(mine)[:1]
    mine.execute(FILL, {"count": 200, "ago": "61 minutes", "closed": True})
    mine.execute(FILL, {"count": 199, "ago": "59 minutes", "closed": True})
    assert submit(own_demo_database, offerings=one, said="a") == "accepted"
    assert submit(own_demo_database, offerings=one, said="b") == "busy"


def test_bounds_hold_for_many_at_once(
    own_demo_database: Database, mine: Connection[TupleRow]
) -> None:
    one = offerings(mine)[:1]

    def some(worker: int) -> list[str]:
        with psycopg.connect(own_demo_database.public_url, autocommit=True) as reader:
            return [put_in(reader, offerings=one, said=f"{worker} {n}") for n in range(10)]

    with ThreadPoolExecutor(4) as pool:
        outcomes = [outcome for each in pool.map(some, range(4)) for outcome in each]
    assert sorted(outcomes) == ["accepted"] * 20 + ["full"] * 20


# --- what becomes of it --------------------------------------------------------------------------


def test_closing_says_what_came_of_it_and_forgets_the_address(
    own_demo_database: Database, mine: Connection[TupleRow]
) -> None:
    one = offerings(mine)[:1]
    submit(own_demo_database, offerings=one, said="a", reply="a@example.org")
    with writer(own_demo_database.owner_url, "test") as connection:
        (entry,) = inbox.entries(connection)
        assert inbox.close(connection, entry.id, by="Amt", outcome="berichtigt")
        assert not inbox.close(connection, entry.id, by="Amt", outcome="nochmal")
        assert inbox.entries(connection) == []
        (closed,) = inbox.entries(connection, closed=True)
        assert inbox.entry(connection, entry.id) == closed
    assert (closed.closed_by, closed.outcome, closed.reply_to) == ("Amt", "berichtigt", None)


def test_a_confirmation_becomes_an_edit_that_names_the_provider(
    own_demo_database: Database, mine: Connection[TupleRow]
) -> None:
    provider, own = provider_with_offerings(mine)
    link = {"what": "confirmation", "provider": provider, "link": "good.token"}
    submit(own_demo_database, offerings=own[:2], **link)
    asked: list[tuple[str, datetime]] = []

    def provider_of(token: str, at: datetime) -> UUID:
        asked.append((token, at))
        return provider

    with writer(own_demo_database.owner_url, "test") as connection:
        assert inbox.waiting_confirmations(connection) == 1
        applied = inbox.apply_confirmations(connection, provider_of)
        assert inbox.waiting_confirmations(connection) == 0
    assert applied == inbox.Applied(2, ())
    assert asked[0][0] == "good.token"
    today = datetime.now(UTC).date()
    rows = mine.execute("SELECT id FROM registry.offering WHERE confirmed_at = %s", [today])
    assert {identity for (identity,) in rows} == set(own[:2])
    actors = mine.execute(
        "SELECT DISTINCT r.actor, 'confirm link of ' || o.name FROM registry.revision r,"
        " registry.organisation o WHERE r.entity_id = ANY(%s) AND r.entity = 'offering'"
        " AND before IS NOT NULL AND o.id = %s",
        [own, provider],
    ).fetchall()
    assert len(actors) == 1
    assert actors[0][0] == actors[0][1]


def test_a_confirmation_never_goes_back_to_an_earlier_day(
    own_demo_database: Database, mine: Connection[TupleRow]
) -> None:
    provider, own = provider_with_offerings(mine)
    later = datetime.now(UTC).date() + timedelta(days=30)
    mine.execute("UPDATE registry.offering SET confirmed_at = %s WHERE id = %s", [later, own[0]])
    link = {"what": "confirmation", "provider": provider, "link": "good.token"}
    submit(own_demo_database, offerings=own[:1], **link)
    with writer(own_demo_database.owner_url, "test") as connection:
        inbox.apply_confirmations(connection, lambda _token, _at: provider)
    kept = mine.execute("SELECT confirmed_at FROM registry.offering WHERE id = %s", [own[0]])
    assert kept.fetchone() == (later,)


def test_what_a_provider_no_longer_offers_is_not_confirmed(
    own_demo_database: Database, mine: Connection[TupleRow]
) -> None:
    provider, own = provider_with_offerings(mine)
    link = {"what": "confirmation", "provider": provider, "link": "good.token"}
    submit(own_demo_database, offerings=own[:2], **link)
    mine.execute("UPDATE registry.offering SET organisation_id = NULL WHERE id = %s", [own[0]])
    mine.execute("UPDATE registry.offering SET status = 'draft' WHERE id = %s", [own[1]])
    with writer(own_demo_database.owner_url, "test") as connection:
        assert inbox.apply_confirmations(connection, lambda _token, _at: provider).confirmed == 0
        (closed,) = inbox.entries(connection, closed=True)
    assert closed.outcome
    assert closed.outcome.startswith("0 of 2 confirmed")


def test_a_link_that_is_refused_confirms_nothing_and_is_told(
    own_demo_database: Database, mine: Connection[TupleRow]
) -> None:
    provider, own = provider_with_offerings(mine)
    link = {"what": "confirmation", "provider": provider, "link": "forged"}
    submit(own_demo_database, offerings=own[:1], **link)

    def provider_of(_token: str, _at: datetime) -> UUID:
        raise ValueError("not ours")

    before = mine.execute("SELECT count(*) FROM registry.revision").fetchone()
    with writer(own_demo_database.owner_url, "test") as connection:
        applied = inbox.apply_confirmations(connection, provider_of)
        (closed,) = inbox.entries(connection, closed=True)
    assert applied.confirmed == 0
    assert applied.refused == ((closed.id, "not ours"),)
    assert closed.outcome == "refused: not ours"
    assert mine.execute("SELECT count(*) FROM registry.revision").fetchone() == before


def test_what_is_old_is_forgotten(own_demo_database: Database, mine: Connection[TupleRow]) -> None:
    one = offerings(mine)[:1]
    for name in ("new", "old"):
        submit(own_demo_database, offerings=one, said=name, reply=f"{name}@example.org")
    mine.execute(
        "UPDATE inbox.entry SET arrived_at = now() - interval '91 days' WHERE text = 'old'"
    )
    mine.execute(FILL, {"count": 3, "ago": "200 days", "closed": True})
    mine.execute("UPDATE inbox.entry SET closed_at = now() - interval '91 days' WHERE text = '3'")
    with writer(own_demo_database.owner_url, "test") as connection:
        assert inbox.purge(connection, inbox.KEPT) == inbox.Purged(entries=1, addresses=1)
        left = {entry.text: entry.reply_to for entry in inbox.entries(connection)}
    assert left == {"new": "new@example.org", "old": None}
    assert inside(mine) == 4


def test_providers_are_those_with_something_published(own_demo_database: Database) -> None:
    with writer(own_demo_database.owner_url, "test") as connection:
        found = inbox.providers(connection)
        assert found
        assert [one.name for one in found] == sorted(one.name for one in found)
        assert all(one.offerings > 0 for one in found)
        first = found[0]
        for named in (first.slug, str(first.id), first.name.upper()):
            assert first in inbox.providers(connection, named)
        assert inbox.providers(connection, "nobody") == []


# --- backups and versions ------------------------------------------------------------------------


def test_a_backup_holds_the_inbox_and_a_restore_brings_it_back(
    own_demo_database: Database, mine: Connection[TupleRow], tmp_path: Path
) -> None:
    one = offerings(mine)[:1]
    submit(own_demo_database, offerings=one, said="before", reply="a@example.org")
    backup(own_demo_database.owner_url, tmp_path / "file")
    submit(own_demo_database, offerings=one, said="after")
    restore(own_demo_database.owner_url, PUBLIC, tmp_path / "file", replace=True)
    assert mine.execute("SELECT text FROM inbox.entry").fetchall() == [("before",)]
    assert submit(own_demo_database, offerings=one, said="again") == "accepted"


def test_a_backup_from_before_the_inbox_is_restored_and_upgraded(
    own_demo_database: Database, mine: Connection[TupleRow], tmp_path: Path
) -> None:
    one = offerings(mine)[:1]
    migrate.downgrade(own_demo_database.owner_url, "0005")
    backup(own_demo_database.owner_url, tmp_path / "file")
    migrate.upgrade(own_demo_database.owner_url)
    restore(own_demo_database.owner_url, PUBLIC, tmp_path / "file", replace=True)
    assert migrate.current(own_demo_database.owner_url) == "0005"
    migrate.upgrade(own_demo_database.owner_url)
    grant_reader(own_demo_database.owner_url, PUBLIC)
    assert submit(own_demo_database, offerings=one, said="again") == "accepted"
