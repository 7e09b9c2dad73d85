"""A backup holds everything, a restore brings everything back or nothing, and readers can tell."""

from __future__ import annotations

import json
import stat
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, LiteralString
from urllib.request import Request, urlopen

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from db import backup as backups
from db import roles
from db.backup import BackupFailed, backup, restore
from db.cluster import PUBLIC
from db.publication import publish
from db.server import EXTENSIONS, client_programs
from tests.conftest import connect_to
from tests.databases import Database, Foreign
from tests.servers import running_server

TABLES: LiteralString = """
SELECT oid::regclass::text FROM pg_class
WHERE relnamespace::regnamespace::text IN ('registry', 'published', 'inbox')
  AND relkind IN ('r', 'v') ORDER BY 1
"""

# Every object but for its owner's name: columns, defaults, checks, indexes, functions, triggers.
OBJECTS: LiteralString = """
SELECT format('%s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod)),
       format('%s %s %s %s', attnotnull, attidentity, attstorage, attcollation::regcollation)
FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
WHERE attnum > 0 AND relnamespace::regnamespace::text IN ('registry', 'published', 'inbox')
UNION ALL
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
JOIN pg_class c ON c.oid = indrelid
WHERE relnamespace::regnamespace::text IN ('registry', 'published', 'inbox')
UNION ALL
SELECT conname || conrelid::regclass, translate(pg_get_constraintdef(oid), '()', '')
FROM pg_constraint -- brackets around AND come back as they were not written
WHERE connamespace::regnamespace::text IN ('registry', 'published', 'inbox')
UNION ALL
SELECT oid::regprocedure::text, pg_get_functiondef(oid) FROM pg_proc
WHERE prokind = 'f' AND pronamespace::regnamespace::text IN ('registry', 'published', 'inbox')
UNION ALL
SELECT tgname || tgrelid::regclass, pg_get_triggerdef(oid) FROM pg_trigger
WHERE NOT tgisinternal AND tgrelid::regclass::text LIKE 'registry.%'
UNION ALL
SELECT c.oid::regclass::text, array_to_string(reloptions, ' ') FROM pg_class c
WHERE relnamespace = 'published'::regnamespace
"""

WITH_IDS: LiteralString = """
SELECT table_name FROM information_schema.columns JOIN pg_tables ON tablename = table_name
WHERE schemaname = 'registry' AND table_schema = schemaname AND column_name = 'id'
"""

# The numbers of a restored state are its own; everything else has to be as it was saved.
OWN = {"published.state", "published.restoration", "registry.publication"}

RENAMED: LiteralString = "UPDATE registry.offering SET name = 'Umbenannt' WHERE slug = %s"


@pytest.fixture(scope="module")
def saved(demo_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the demonstration set."""
    file = tmp_path_factory.mktemp("backup") / "demo.backup"
    backup(demo_database.owner_url, file)
    return file


@pytest.fixture
def elsewhere(foreign: Foreign) -> Foreign:
    """An empty database whose owner and reader have other names."""
    foreign.as_admin(*(f"CREATE EXTENSION {name}" for name in EXTENSIONS))
    foreign.as_admin(f"CREATE ROLE {foreign.reader} LOGIN")
    return foreign


def rows(url: str) -> dict[str, list[str]]:
    """Every row of every table and view of our schemas, as text."""
    with psycopg.connect(url) as connection:
        tables = [name for (name,) in connection.execute(TABLES)]
        return {
            name: sorted(row for (row,) in connection.execute(f"SELECT t::text FROM {name} t"))
            for name in tables
        }


def objects(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return sorted(connection.execute(OBJECTS).fetchall(), key=str)


def one(url: str, query: LiteralString, *values: object) -> tuple[Any, ...]:
    with psycopg.connect(url) as connection:
        found = connection.execute(query, values or None).fetchone()
    assert found is not None
    return tuple(found)


def edit(url: str, statement: LiteralString, *values: object) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement, values or None)


def sequence_of(url: str) -> int:
    return int(one(url, "SELECT sequence FROM published.state")[0])


def an_offering(url: str) -> str:
    return str(one(url, "SELECT slug FROM published.offering ORDER BY slug LIMIT 1")[0])


def test_a_restore_changes_the_hsds_documents_that_it_changes(
    saved: Path, own_demo_database: Database
) -> None:
    """Whoever asks for what was modified since the restore gets what is different from before."""
    slug = an_offering(own_demo_database.owner_url)
    edit(own_demo_database.owner_url, RENAMED, slug)
    publish(own_demo_database.owner_url)
    restore(own_demo_database.owner_url, PUBLIC, saved, replace=True)
    changed = one(
        own_demo_database.owner_url,
        "SELECT array_agg(o.slug) FROM published.hsds_services s JOIN published.offering o "
        "USING (id) JOIN published.state ON s.updated_at = state.published_at",
    )
    assert changed == ([slug],)


# --- what comes back -----------------------------------------------------------------------------


def test_every_row_comes_back_under_another_owner(
    saved: Path, demo_database: Database, elsewhere: Foreign
) -> None:
    restore(elsewhere.owner_url, elsewhere.reader, saved)
    before, after = rows(demo_database.owner_url), rows(elsewhere.owner_url)
    assert before.keys() == after.keys()
    assert {"registry.alembic_version", "published.change", "published.offering"} < before.keys()
    assert {name for name in before if before[name] != after[name]} <= OWN
    assert objects(demo_database.owner_url) == objects(elsewhere.owner_url)


def test_the_reader_sees_what_is_published_and_nothing_else(
    saved: Path, elsewhere: Foreign
) -> None:
    restore(elsewhere.owner_url, elsewhere.reader, saved)
    with psycopg.connect(elsewhere.public_url) as connection:
        tables = [name for (name,) in connection.execute(TABLES)]
    for name in tables:
        with psycopg.connect(elsewhere.public_url) as connection:
            if name.startswith("published."):
                connection.execute(f"TABLE {name}")
                continue
            with pytest.raises(InsufficientPrivilege):
                connection.execute(f"TABLE {name}")
    edit(elsewhere.owner_url, "CREATE TABLE published.later AS SELECT 1 AS one")
    assert one(elsewhere.public_url, "TABLE published.later") == (1,)


def test_work_goes_on_after_a_restore(saved: Path, elsewhere: Foreign) -> None:
    """Identities go on counting, triggers note, and the next publication finds the one edit."""
    restored = restore(elsewhere.owner_url, elsewhere.reader, saved)
    edit(elsewhere.owner_url, RENAMED, an_offering(elsewhere.owner_url))
    done = publish(elsewhere.owner_url)
    assert done.sequence == restored.sequence + 1
    assert done.changed == {"offering": 1}


def test_documents_do_not_depend_on_the_order_of_rows(saved: Path, elsewhere: Foreign) -> None:
    """A restore may lay rows out, and plan queries, in another way than they were before."""
    restore(elsewhere.owner_url, elsewhere.reader, saved)
    with psycopg.connect(elsewhere.owner_url, autocommit=True) as connection:
        for (name,) in connection.execute(WITH_IDS).fetchall():
            connection.execute(f"CREATE INDEX backwards_{name} ON registry.{name} (id DESC)")
            connection.execute(f"CLUSTER registry.{name} USING backwards_{name}")
        connection.execute("ANALYZE")
    edit(elsewhere.owner_url, "UPDATE published.state SET documents_hash = ''")
    assert publish(elsewhere.owner_url).changed == {}


def test_a_server_answers_the_same(
    saved: Path, demo_database: Database, elsewhere: Foreign
) -> None:
    restored = restore(elsewhere.owner_url, elsewhere.reader, saved)
    before = list(_answers(demo_database))
    after = list(_answers(elsewhere))
    numbers = f'"sequence":{restored.sequence}', f'"sequence":{restored.saved}'
    assert [body.replace(*numbers) for body in after] == before
    assert any(numbers[0] in body for body in after)


def _answers(database: Database | Foreign) -> Iterator[str]:
    with connect_to(database, public_url="https://data.example.org") as client:
        for address in (
            "/v1/offerings?limit=1000",
            "/v1/offerings.csv",
            "/v1/offerings.ndjson?lang=en",
            "/v1/districts.geojson?limit=1000",
            "/v1/observations?limit=10000",
            "/v1/measures?limit=1000&facets=theme",
            "/v1/offerings?q=Dölbeln&near=13.12,51.12&radius=20000".replace("ö", "%C3%B6"),
            "/v1/districts/freiberg",
            "/v1/codelists/category",
        ):
            body = client.get(address).raise_for_status().text
            # The time of the publication is the restore's.
            yield _without_time(body) if address.startswith("/v1/districts.g") else body


def _without_time(body: str) -> str:
    stamp = json.loads(body)["timeStamp"]
    return body.replace(f'"timeStamp":"{stamp}"', "")


def test_a_backup_during_publications_shows_one_of_them(
    own_demo_database: Database, elsewhere: Foreign, tmp_path: Path
) -> None:
    url, ended = own_demo_database.owner_url, threading.Event()
    slug = an_offering(url)
    original = _documents(url)[slug]["name"]

    def publish_again_and_again() -> int:
        number = 0
        while not ended.is_set():
            number += 1
            edit(url, "UPDATE registry.offering SET name = %s WHERE slug = %s", str(number), slug)
            publish(url)
        return number

    with ThreadPoolExecutor() as pool:
        publisher = pool.submit(publish_again_and_again)
        try:
            for number in range(3):
                backup(url, tmp_path / f"{number}.backup")
        finally:
            ended.set()
        assert publisher.result() >= 3
    for number in range(3):
        restored = restore(
            elsewhere.owner_url, elsewhere.reader, tmp_path / f"{number}.backup", replace=number > 0
        )
        last, named = one(
            elsewhere.owner_url,
            "SELECT (SELECT max(sequence) FROM published.change WHERE sequence <= %s),"
            " (SELECT document::json ->> 'name' FROM published.offering WHERE slug = %s)",
            restored.saved,
            slug,
        )
        assert last == restored.saved
        # Edit 1 was published as number 2.
        assert named == (str(restored.saved - 1) if restored.saved > 1 else original)


# --- replacing what is there ---------------------------------------------------------------------


def test_what_is_there_is_replaced_only_when_asked(
    saved: Path, own_demo_database: Database
) -> None:
    before = rows(own_demo_database.owner_url)
    with pytest.raises(BackupFailed, match="--replace"):
        restore(own_demo_database.owner_url, PUBLIC, saved)
    assert rows(own_demo_database.owner_url) == before


def test_readers_learn_what_a_restore_took_back(saved: Path, own_demo_database: Database) -> None:
    """An offering that was changed, one that was new, and one that had been taken off."""
    url = own_demo_database.owner_url
    slugs = [slug for (slug,) in _all(url, "SELECT slug FROM published.offering ORDER BY slug")]
    originals = _documents(url)
    edit(url, RENAMED, slugs[0])
    edit(url, "UPDATE registry.offering SET status = 'draft' WHERE slug = %s", slugs[1])
    edit(
        url,
        "INSERT INTO registry.offering (slug, name, organisation_id, source_id, status)"
        " SELECT 'brand-new', 'Neu', organisation_id, source_id, 'published'"
        " FROM registry.offering WHERE slug = %s",
        slugs[2],
    )
    served = publish(url).sequence

    restored = restore(url, PUBLIC, saved, replace=True)

    assert restored.sequence > served
    logged = _all(
        url,
        "SELECT slug, kind, reason FROM published.change"
        " WHERE sequence = (SELECT sequence FROM published.state) AND resource = 'offering'",
    )
    assert {row[0]: row[1:] for row in logged} == {
        slugs[0]: ("upsert", None),
        slugs[1]: ("upsert", None),
        "brand-new": ("remove", "deleted"),
    }
    at = one(url, "SELECT to_jsonb(published_at) FROM published.state")[0].replace("+00:00", "Z")
    for slug, document in _documents(url).items():
        expected = originals[slug] | ({"updated_at": at} if slug in slugs[:2] else {})
        assert document == expected
    (gap,) = _all(url, "SELECT saved, sequence FROM published.restoration")
    assert gap[0] < served < gap[1]


def _all(url: str, query: LiteralString) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, options="-c timezone=UTC") as connection:
        return connection.execute(query).fetchall()


def _documents(url: str) -> dict[str, Any]:
    return dict(_all(url, "SELECT slug, document::json FROM published.offering"))


def test_every_language_gets_the_time_of_the_restore(
    saved: Path, own_demo_database: Database
) -> None:
    url = own_demo_database.owner_url
    edit(url, "UPDATE registry.district SET name = 'Freyberg' WHERE slug = 'freiberg'")
    publish(url)
    restore(url, PUBLIC, saved, replace=True)
    times = _all(
        url,
        "SELECT t.document::json ->> 'updated_at', d.document::json ->> 'updated_at',"
        ' to_char(d.updated_at, \'YYYY-MM-DD"T"HH24:MI:SS"Z"\')'
        " FROM published.district d JOIN published.translation t USING (id)"
        " WHERE d.slug = 'freiberg' AND t.resource = 'district'",
    )
    assert times
    for row in times:
        assert len(set(row)) == 1


def test_restoring_the_state_that_is_there_changes_no_document(
    saved: Path, own_demo_database: Database
) -> None:
    before = rows(own_demo_database.owner_url)
    restore(own_demo_database.owner_url, PUBLIC, saved, replace=True)
    after = rows(own_demo_database.owner_url)
    assert {name for name in before if before[name] != after[name]} == OWN


def test_no_number_is_used_twice(
    own_demo_database: Database, elsewhere: Foreign, tmp_path: Path
) -> None:
    """Not by what is published after a restore, nor by a second restore of the same file."""
    url, file = own_demo_database.owner_url, tmp_path / "file"
    edit(url, "UPDATE published.state SET published_at = published_at - interval '1 day'")
    backup(url, file)
    for number in range(3):
        edit(url, RENAMED.replace("Umbenannt", str(number)), an_offering(url))
        publish(url)
    served = sequence_of(url)
    first = restore(elsewhere.owner_url, elsewhere.reader, file).sequence
    assert first > served
    assert first > 86_400 * backups.PACE
    edit(elsewhere.owner_url, RENAMED, an_offering(url))
    second = publish(elsewhere.owner_url).sequence
    assert second == first + 1
    again = restore(elsewhere.owner_url, elsewhere.reader, file, replace=True).sequence
    assert again > second


def test_readers_are_served_during_a_restore(saved: Path, own_demo_database: Database) -> None:
    """They see the state before or the state after, at once, and never the lack of either."""
    ended = threading.Event()

    def read() -> set[tuple[int, int]]:
        seen = set()
        with psycopg.connect(own_demo_database.public_url, autocommit=True) as connection:
            connection.execute("SET statement_timeout = '2s'")
            while not ended.is_set():
                row = connection.execute(
                    "SELECT sequence, (SELECT count(*) FROM published.offering)"
                    " FROM published.state"
                ).fetchone()
                assert row
                seen.add(row)
        return seen

    with ThreadPoolExecutor() as pool:
        reader = pool.submit(read)
        try:
            restored = restore(own_demo_database.owner_url, PUBLIC, saved, replace=True)
            one(own_demo_database.public_url, "SELECT 1")
        finally:
            ended.set()
        seen = reader.result()
    assert {number for number, _ in seen} <= {restored.saved, restored.sequence}
    assert len({count for _, count in seen}) == 1


def test_a_stream_that_runs_keeps_nobody_from_the_restored_state(
    saved: Path, own_demo_database: Database
) -> None:
    """A slow client reads on at the old state; others are not queued behind it."""
    url = own_demo_database.public_url
    with ThreadPoolExecutor() as pool, psycopg.connect(url) as connection:
        stream = connection.cursor("stream")
        stream.execute("SELECT document FROM published.offering")
        stream.fetchone()
        restoring = pool.submit(restore, own_demo_database.owner_url, PUBLIC, saved, replace=True)
        deadline = time.monotonic() + 30
        while sequence_of(url) == 1:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        with psycopg.connect(url, options="-c statement_timeout=2s") as other:
            other.execute("SELECT document FROM published.offering")
        assert not restoring.done()
        assert len(stream.fetchall()) > 50
        stream.close()
        connection.commit()
        assert restoring.result().sequence == sequence_of(url)


def test_a_server_that_runs_shows_the_restored_state(
    saved: Path, own_demo_database: Database
) -> None:
    """Its cache is not taken in, and a copy of what was taken back is not said to be valid."""
    url, slug = own_demo_database.owner_url, an_offering(own_demo_database.owner_url)
    original = _documents(url)[slug]["name"]
    edit(url, RENAMED, slug)
    publish(url)
    with running_server(own_demo_database.public_url) as server:
        address = f"{server}/v1/offerings/{slug}"
        with urlopen(address, timeout=10) as answer:  # noqa: S310
            assert json.load(answer)["name"] == "Umbenannt"
            old = answer.headers["ETag"]
        restore(url, PUBLIC, saved, replace=True)
        time.sleep(2)  # what is promised at most
        conditional = Request(address, headers={"If-None-Match": old})  # noqa: S310
        with urlopen(conditional, timeout=10) as answer:  # noqa: S310
            assert json.load(answer)["name"] == original
            assert answer.headers["ETag"] != old


def test_what_a_killed_restore_left_is_cleared_away(
    saved: Path, own_demo_database: Database
) -> None:
    url = own_demo_database.owner_url
    edit(url, "CREATE SCHEMA replaced_registry; CREATE TABLE replaced_registry.offering ()")
    restore(url, PUBLIC, saved, replace=True)
    left = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'replaced%'"
    with psycopg.connect(url) as connection:
        assert connection.execute(left).fetchone() == (0,)


def test_a_restore_is_announced(saved: Path, own_demo_database: Database) -> None:
    with psycopg.connect(own_demo_database.owner_url, autocommit=True) as connection:
        connection.execute("LISTEN quartier_publication")
        restored = restore(own_demo_database.owner_url, PUBLIC, saved, replace=True)
        heard = [notice.payload for notice in connection.notifies(timeout=5, stop_after=1)]
    assert heard == [str(restored.sequence)]


# --- what goes wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize("part", [0.0, 0.2, 0.5, 0.9, 0.999])
def test_a_file_that_breaks_off_changes_nothing(
    saved: Path, own_demo_database: Database, tmp_path: Path, part: float
) -> None:
    before = rows(own_demo_database.owner_url)
    broken = tmp_path / "broken"
    whole = saved.read_bytes()
    broken.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(BackupFailed):
        restore(own_demo_database.owner_url, PUBLIC, broken, replace=True)
    assert rows(own_demo_database.owner_url) == before
    assert one(own_demo_database.public_url, "SELECT count(*) > 0 FROM published.offering") == (
        True,
    )


def test_damaged_data_changes_nothing(
    saved: Path, own_demo_database: Database, tmp_path: Path
) -> None:
    before = rows(own_demo_database.owner_url)
    damaged = tmp_path / "damaged"
    data = bytearray(saved.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = bytes(2000)
    damaged.write_bytes(data)
    with pytest.raises(BackupFailed):
        restore(own_demo_database.owner_url, PUBLIC, damaged, replace=True)
    assert rows(own_demo_database.owner_url) == before


def test_a_failure_at_the_very_end_changes_nothing(
    saved: Path, own_demo_database: Database
) -> None:
    before = rows(own_demo_database.owner_url)
    with pytest.raises(BackupFailed, match="no_such_role"):
        restore(own_demo_database.owner_url, "no_such_role", saved, replace=True)
    assert rows(own_demo_database.owner_url) == before


def test_a_failure_in_the_middle_is_told_and_leaves_nothing(saved: Path, foreign: Foreign) -> None:
    """PostGIS is missing, and nobody looked before."""
    with pytest.raises(BackupFailed, match="geometry"):
        restore(foreign.owner_url, foreign.reader, saved)
    assert one(
        foreign.owner_url,
        "SELECT count(*) FROM pg_namespace WHERE nspname IN ('registry', 'published')",
    ) == (0,)


def test_other_files_are_refused(
    own_demo_database: Database, elsewhere: Foreign, tmp_path: Path
) -> None:
    text = tmp_path / "text"
    text.write_text("CREATE TABLE mine ();\n" * 100)
    for file in (text, tmp_path / "missing", tmp_path):
        with pytest.raises(BackupFailed, match=file.name):
            restore(own_demo_database.owner_url, PUBLIC, file, replace=True)
    with pytest.raises(BackupFailed, match="no registry"):
        backup(elsewhere.owner_url, tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_a_backup_of_a_newer_version_is_refused(
    own_demo_database: Database, elsewhere: Foreign, tmp_path: Path
) -> None:
    edit(own_demo_database.owner_url, "UPDATE registry.alembic_version SET version_num = '9999'")
    backup(own_demo_database.owner_url, tmp_path / "newer")
    with pytest.raises(BackupFailed, match="newer version"):
        restore(elsewhere.owner_url, elsewhere.reader, tmp_path / "newer")


def test_a_file_is_private_and_not_overwritten_unasked(
    demo_database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "kept"
    file.write_text("precious")
    with pytest.raises(BackupFailed, match="exists already"):
        backup(demo_database.owner_url, file)
    assert file.read_text() == "precious"
    backup(demo_database.owner_url, file, overwrite=True)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_bytes().startswith(b"PGDMP")


def test_a_failed_backup_leaves_the_old_file(foreign: Foreign, tmp_path: Path) -> None:
    """The reader may not read the registry, so pg_dump fails once it has begun."""
    file = tmp_path / "kept"
    file.write_text("precious")
    foreign.as_admin("CREATE SCHEMA registry", "CREATE TABLE registry.offering ()")
    with pytest.raises(BackupFailed):
        backup(foreign.owner_url, file, overwrite=True)
    assert file.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [file]


@pytest.fixture
def watched_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """PostgreSQL's programs, noting how each was called before they do their work."""
    called = tmp_path / "called"
    folder = tmp_path / "programs"
    folder.mkdir()
    major, real = next(iter(client_programs()))
    for name in ("pg_dump", "pg_restore", "psql"):
        script = f'#!/bin/sh\necho "{name} $PGPASSWORD|$*" >>"{called}"\nexec {real / name} "$@"\n'
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    monkeypatch.setattr(backups, "client_programs", lambda: [(major, folder)])
    return called


def test_passwords_are_in_no_argument(
    own_demo_database: Database, watched_programs: Path, tmp_path: Path
) -> None:
    role, *rest = own_demo_database.owner_url.partition("@")
    url = "".join((role, ":hidden%20one", *rest))
    backup(url, tmp_path / "file")
    restore(url, PUBLIC, tmp_path / "file", replace=True)
    calls = [line.partition("|") for line in watched_programs.read_text().splitlines()]
    assert {said for said, _, _ in calls} == {
        "pg_dump hidden one",
        "pg_restore ",
        "psql hidden one",
    }
    assert not any("hidden" in arguments for _, _, arguments in calls)


def test_programs_that_are_too_old_are_named(
    demo_database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(backups, "client_programs", lambda: [(9, Path("/old"))])
    with pytest.raises(BackupFailed, match="pg_dump, pg_restore and psql of PostgreSQL"):
        backup(demo_database.owner_url, tmp_path / "file")


def test_rights_are_granted_within_the_restore(saved: Path, elsewhere: Foreign) -> None:
    """What `grant_reader` would do to the schemas is done already when the restore commits."""
    with psycopg.connect(elsewhere.owner_url) as connection:
        granted = roles.grants(connection, elsewhere.reader)
    restore(elsewhere.owner_url, elsewhere.reader, saved)
    acls: LiteralString = (
        "SELECT relname::text, relacl::text FROM pg_class WHERE relacl IS NOT NULL"
    )
    before = sorted(_all(elsewhere.owner_url, acls))
    with psycopg.connect(elsewhere.owner_url) as connection:
        for statement in granted:
            connection.execute(sql.SQL(statement))
    assert sorted(_all(elsewhere.owner_url, acls)) == before
