"""/v1/changes: what a copy that follows it holds is what the lists show, whoever publishes."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
from starlette.testclient import TestClient

from api import cursors
from api.changes import CONTEXT, PAYLOAD
from api.resources import RESOURCES, Resource
from db.backup import backup, restore
from db.cluster import PUBLIC
from db.forgetting import forget_changes
from db.publication import publish
from db.registry import writer
from db.reversion import CannotRevert, revert
from tests.api.calls import get, pages, relative, until_published
from tests.api.following import Copy, published
from tests.api.world import identity
from tests.conftest import connect_to
from tests.databases import Database
from tests.db.changes import CHANGES, make
from tests.db.village import settle

OFFERINGS = "UPDATE registry.offering SET eligibility = %s WHERE slug = %s"
RENAME = "UPDATE registry.offering SET name = %s WHERE slug = %s"
TAKE_OFF = "UPDATE registry.offering SET status = 'draft' WHERE slug = %s"
MERGE: LiteralString = """
UPDATE registry.offering SET status = 'archived', removal_reason = 'merged_into',
    merged_into_id = (SELECT id FROM registry.offering WHERE slug = %s) WHERE slug = %s
"""


def edit(database: Database, statement: LiteralString, *values: object) -> int:
    """Change the registry and publish it; returns the number of the publication."""
    with psycopg.connect(database.owner_url) as connection:
        connection.execute(statement, values or None)
    return publish(database.owner_url).sequence


def changes(client: TestClient, **query: Any) -> Any:
    return get(client, "/v1/changes", query).json()


@pytest.fixture
def village(database: Database) -> Database:
    with writer(database.owner_url, "test") as connection:
        settle(connection)
    publish(database.owner_url)
    return database


@pytest.fixture
def own(own_county_database: Database) -> Iterator[TestClient]:
    with connect_to(own_county_database) as client:
        yield client


# --- a copy --------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1000, 97])
def test_a_copy_from_nothing_is_what_is_published(api: TestClient, limit: int) -> None:
    copy = Copy()
    copy.follow(api, limit)
    assert copy.documents == published(api)
    assert len(copy.told) == len(set(copy.told))
    copy.follow(api)
    assert copy.told == []


@pytest.mark.parametrize("seed", range(3))
def test_copies_stay_in_step_whatever_is_published_meanwhile(village: Database, seed: int) -> None:
    """Renamed, merged, removed, back again; some rest for a while, some read on meanwhile."""
    chance = random.Random(seed)  # noqa: S311 - the same on every run
    copies = [Copy() for _ in range(3)]

    def change() -> None:
        drawn = [(chance.choice(CHANGES), chance.randrange(4)) for _ in range(3)]
        with writer(village.owner_url, "test") as connection:
            make(connection, drawn, side=chance.randrange(2))
        publish(village.owner_url)

    def perhaps() -> None:
        if chance.random() < 0.2:
            change()

    with connect_to(village, cache_bytes=0) as client:
        for _ in range(8):
            change()
            chance.choice(copies).follow(client, chance.choice((1, 3, 50)), perhaps)
        for copy in copies:
            copy.follow(client, 7)
        shown = published(client)
        assert all(copy.documents == shown for copy in copies)


def test_a_list_read_while_somebody_publishes_is_brought_up_to_date(
    own: TestClient, own_county_database: Database
) -> None:
    """By the changes since its first page; and what kept its place came exactly once."""
    chance = random.Random(5)  # noqa: S311 - the same on every run
    before = {item["id"]: item["name"] for item in _offerings(own)}
    slugs = [item["slug"] for item in _offerings(own)]
    seen: Counter[str] = Counter()
    copy, first = Copy(("offerings",)), None
    for page in pages(own, "/v1/offerings", {"limit": 40, "include_ended": "true"}):
        first = first or page["sequence"]
        seen.update(item["id"] for item in page["items"])
        copy.documents |= {("offerings", item["id"]): item for item in page["items"]}
        statement: LiteralString = chance.choice((RENAME, TAKE_OFF))
        name = chance.choice(slugs)
        values = [chance.choice("AMZ") + " anders", name] if statement == RENAME else [name]
        until_published(own, edit(own_county_database, statement, *values))
    copy.since = str(first)
    copy.follow(own, 3)
    shown = {key: item for key, item in published(own).items() if key[0] == "offerings"}
    assert copy.documents == shown
    steady = {i for (_, i), item in shown.items() if before[i] == item["name"]}
    assert {i: seen[i] for i in steady} == dict.fromkeys(steady, 1)


def _offerings(client: TestClient) -> list[Any]:
    items: list[Any] = get(
        client, "/v1/offerings", {"limit": 10_000, "include_ended": "true"}
    ).json()["items"]
    return items


def test_documents_come_in_the_language_asked_for(api: TestClient) -> None:
    page = changes(api, resource="offerings", include="document", lang="en", limit=1000)
    english = get(api, "/v1/offerings", {"lang": "en", "limit": 1000, "include_ended": "true"})
    expected = {item["id"]: item for item in english.json()["items"]}
    assert {item["id"]: item["document"] for item in page["items"]} == expected
    assert {item["document"]["lang"] for item in page["items"]} == {"en"}


def test_ndjson_is_all_of_it_and_says_where_to_go_on(api: TestClient) -> None:
    answer = get(api, "/v1/changes.ndjson")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines == changes(api, limit=10_000)["items"]
    onward = get(api, relative(answer.links["next"]["url"]))
    assert onward.text == ""
    some = get(api, "/v1/changes", {"format": "ndjson", "limit": 3})
    assert [json.loads(line) for line in some.text.splitlines()] == lines[:3]
    rest = get(api, relative(some.links["next"]["url"]))
    assert [json.loads(line) for line in rest.text.splitlines()] == lines[3:6]
    late = get(api, "/v1/changes", {"format": "ndjson", "since": "1"})
    assert [json.loads(line) for line in late.text.splitlines()] == changes(
        api, since=1, limit=1000
    )["items"]


def test_changes_are_in_order_and_lead_to_their_entities(api: TestClient) -> None:
    items = changes(api, limit=10_000)["items"]
    assert {item["resource"] for item in items} == {resource.name for resource in RESOURCES}
    keys = [(item["sequence"], item["resource"], UUID(item["id"])) for item in items]
    assert keys == sorted(keys)
    for item in items[:: len(items) // 12]:
        (link,) = item["links"]
        assert link["rel"] == "item"
        assert get(api, relative(link["href"])).json()["id"] == item["id"]


@pytest.mark.parametrize("named", [["offerings"], ["codelists", "strategies"], ["observations"]])
@pytest.mark.parametrize("limit", [1, 50, 1000])
def test_single_resources_are_what_all_of_them_hold(
    api: TestClient, named: list[str], limit: int
) -> None:
    whole = [item for item in changes(api, limit=10_000)["items"] if item["resource"] in named]
    page = changes(api, resource=named, limit=limit)
    found = list(page["items"])
    while page["has_more"] and len(found) < 120:
        assert len(page["items"]) == limit
        page = changes(api, resource=named, limit=limit, since=page["next"])
        found += page["items"]
    assert found == whole[: len(found)]
    assert page["has_more"] == (len(found) < len(whole))


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda found: found.name)
def test_every_list_tells_what_was_updated_since(
    own: TestClient, own_county_database: Database, resource: Resource
) -> None:
    """All that changed and is there: what the changes have besides are removals."""
    path, table = f"/v1/{resource.name}", resource.table.name
    everything = {"include_ended": "true"} if table == "offering" else {}
    first = get(own, path, {"limit": 1}).json()
    assert total_since(own, path, "2000-01-01") == first["total"]
    with psycopg.connect(own_county_database.owner_url) as connection:
        connection.execute(f"UPDATE published.{table} SET hash = ''".encode())
        connection.execute("UPDATE published.state SET documents_hash = ''")
        connection.execute("UPDATE published.state SET published_at = now() + interval '1 day'")
    until_published(own, publish(own_county_database.owner_url).sequence)
    moment = get(own, path, {"limit": 1}).json()["items"][0]["updated_at"]
    since = {
        item["id"]
        for item in get(own, path, {"updated_since": moment, "limit": 10_000} | everything).json()[
            "items"
        ]
    }
    told = changes(own, since=first["sequence"], resource=resource.name, limit=10_000)["items"]
    assert since
    assert since == {item["id"] for item in told if item["kind"] == "upsert"}
    assert total_since(own, path, "2999-01-01") == 0


def total_since(client: TestClient, path: str, moment: str) -> int:
    total: int = get(client, path, {"updated_since": moment, "limit": 1}).json()["total"]
    return total


# --- single changes ------------------------------------------------------------------------------


def test_an_entity_that_changed_often_comes_once(
    own: TestClient, own_county_database: Database
) -> None:
    before = changes(own)["sequence"]
    for number in range(3):
        last = edit(own_county_database, OFFERINGS, f"Stand {number}", "offering-1")
    until_published(own, last)
    (change,) = changes(own, since=before, include="document")["items"]
    assert change["sequence"] == last
    assert change["document"]["eligibility"] == "Stand 2"


def test_what_went_comes_as_a_tombstone_and_what_is_back_as_an_upsert(
    own: TestClient, own_county_database: Database
) -> None:
    start = changes(own)["sequence"]
    gone = edit(own_county_database, TAKE_OFF, "offering-1")
    until_published(own, gone)
    (change,) = changes(own, since=start, include="document")["items"]
    assert (change["kind"], change["reason"], change["document"]) == ("remove", "unpublished", None)
    assert change["links"] == []
    back: LiteralString = "UPDATE registry.offering SET status = 'published' WHERE slug = %s"
    until_published(own, edit(own_county_database, back, "offering-1"))
    (change,) = changes(own, since=start)["items"]
    assert (change["kind"], change["reason"]) == ("upsert", None)
    assert changes(own, since=gone)["items"] == [change]


def test_a_merger_leads_to_what_took_its_place(
    own: TestClient, own_county_database: Database
) -> None:
    until_published(own, edit(own_county_database, MERGE, "offering-2", "offering-1"))
    change = next(c for c in changes(own, since=2)["items"] if c["slug"] == "offering-1")
    assert (change["reason"], change["merged_into"]) == (
        "merged_into",
        str(identity("offering", "offering-2")),
    )
    (link,) = change["links"]
    assert link["rel"] == "related"
    assert get(own, relative(link["href"])).json()["slug"] == "offering-2"


def test_a_publication_is_in_the_changes_at_once(
    own: TestClient, own_county_database: Database
) -> None:
    """With the cache on: an answer is not older than lists are."""
    onward = changes(own)
    while onward["has_more"]:
        onward = changes(own, since=onward["next"])
    address = {"since": onward["next"]}
    empty = get(own, "/v1/changes", address)
    assert empty.json()["items"] == []
    tag = {"If-None-Match": empty.headers["etag"]}
    assert own.get("/v1/changes", params=address, headers=tag).status_code == 304
    until_published(own, edit(own_county_database, OFFERINGS, "Anders", "offering-1"))
    answer = own.get("/v1/changes", params=address, headers=tag)
    assert [item["slug"] for item in answer.json()["items"]] == ["offering-1"]


# --- cursors -------------------------------------------------------------------------------------


def refused(client: TestClient, since: str | int, **query: Any) -> tuple[int, str]:
    answer = client.get("/v1/changes", params={"since": since, **query})
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["parameter"] for error in problem["errors"]] == ["since"]
    if answer.status_code == 410:
        (link,) = problem["links"]
        assert "since" not in link["href"]
        get(client, relative(link["href"]))
    return answer.status_code, problem["detail"]


def test_what_is_no_cursor(api: TestClient) -> None:
    cursor = changes(api, limit=3)["next"]
    lists = get(api, "/v1/offerings", {"limit": 3}).links["next"]["url"]
    altered = [cursor[:-1], cursor + "A", cursor[::-1], cursor[:20] + "A" + cursor[21:]]
    for since in (*altered, relative(lists).split("cursor=")[1].split("&")[0], "A" * 60):
        status, detail = refused(api, since)
        assert status == 400
        assert "neither a number nor a cursor" in detail


def test_every_single_letter_of_a_cursor_counts(api: TestClient) -> None:
    cursor = changes(api, limit=3)["next"]
    for place, letter in enumerate(cursor):
        other = "B" if letter == "A" else "A"
        assert refused(api, cursor[:place] + other + cursor[place + 1 :])[0] == 400


OTHER = "b2c1a7a2-6a53-4c4e-9d0e-1f2f4f8f0c11"
FORGED: list[Any] = [
    5,
    [],
    [OTHER, 0, 0, [1, "", str(UUID(int=0))]],
    ["x", 0, 0, [1, "", str(UUID(int=0))], []],
    [OTHER, -1, 0, [1, "", str(UUID(int=0))], []],
    [OTHER, 0, 2**70, [1, "", str(UUID(int=0))], []],
    [OTHER, 0, 0, [1, "a\0b", str(UUID(int=0))], []],
    [OTHER, 0, 0, [1, "", 5], []],
    [OTHER, 0, 0, [1, "", str(UUID(int=0))], [[]]],
    [OTHER, True, 1.5, ["NaN", "", str(UUID(int=0))], {}],
]


@pytest.mark.parametrize("forged", FORGED, ids=str)
def test_a_forged_cursor_is_no_mistake_of_ours(api: TestClient, forged: Any) -> None:
    status, _ = refused(api, cursors.seal(CONTEXT, json.dumps(forged).encode()))
    assert status == 400


def test_a_cursor_of_another_registry(village: Database) -> None:
    with connect_to(village) as other:
        cursor = changes(other)["next"]
    with psycopg.connect(village.owner_url) as connection:
        connection.execute("UPDATE published.state SET registry = gen_random_uuid()")
    with connect_to(village) as other:
        status, detail = refused(other, cursor)
        assert (status, "another registry" in detail) == (400, True)


def test_a_cursor_of_other_resources(api: TestClient) -> None:
    cursor = changes(api, resource="offerings")["next"]
    status, detail = refused(api, cursor)
    assert status == 400
    assert "of offerings" in detail
    assert refused(api, changes(api)["next"], resource="offerings")[0] == 400


def test_a_number_that_has_not_been_reached(api: TestClient) -> None:
    for number in (3, 10**17, 10**18, 10**19, 10**900):
        status, detail = refused(api, number)
        assert status == 400
        assert "number 2" in detail


def _cursor_at(database: Database, seen: int) -> str:
    with psycopg.connect(database.owner_url) as connection:
        row = connection.execute("SELECT registry FROM published.state").fetchone()
    assert row is not None
    place = seen + 1, "", UUID(int=0)
    return cursors.seal(CONTEXT, PAYLOAD.dump_json((row[0], seen, seen, place, [])))


def test_a_cursor_from_a_state_that_was_lost(
    own: TestClient, own_county_database: Database
) -> None:
    """From beyond the current state, or from between a backup and the state it was restored as."""
    status, detail = refused(own, _cursor_at(own_county_database, 50))
    assert (status, "backup" in detail) == (410, True)
    with psycopg.connect(own_county_database.owner_url) as connection:
        connection.execute("INSERT INTO published.restoration VALUES (100, 2, now())")
        connection.execute("UPDATE published.state SET sequence = 100")
    for since in (50, _cursor_at(own_county_database, 50)):
        status, detail = refused(own, since)
        assert (status, "backup" in detail) == (410, True)
    for since in (2, 100, _cursor_at(own_county_database, 2)):
        assert changes(own, since=since)["sequence"] == 100


def test_a_restored_backup_goes_on_with_those_who_saw_no_more_than_it(
    own: TestClient, own_county_database: Database, tmp_path: Path
) -> None:
    url, file = own_county_database.owner_url, tmp_path / "saved"
    steady, hasty = Copy(), Copy()
    steady.follow(own)
    backup(url, file)
    edit(own_county_database, RENAME, "Anders", "offering-1")
    until_published(own, edit(own_county_database, TAKE_OFF, "offering-2"))
    hasty.follow(own)
    restored = restore(url, PUBLIC, file, replace=True)
    until_published(own, restored.sequence)
    assert refused(own, hasty.since or "")[0] == 410
    steady.follow(own)
    hasty.since, hasty.documents = None, {}
    hasty.follow(own)
    assert steady.documents == hasty.documents == published(own)
    with psycopg.connect(url) as connection:
        several = connection.execute(
            "SELECT resource, id FROM published.change WHERE NOT superseded"
            " GROUP BY 1, 2 HAVING count(*) > 1"
        ).fetchall()
    assert several == []


# --- what is forgotten ---------------------------------------------------------------------------


def age(database: Database) -> None:
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("UPDATE published.change SET at = at - interval '400 days'")


def test_what_was_forgotten_expires_cursors_and_spares_who_holds_nothing(
    own: TestClient, own_county_database: Database
) -> None:
    early = changes(own, limit=5)["next"]
    gone = edit(own_county_database, TAKE_OFF, "offering-1")
    edit(own_county_database, OFFERINGS, "Neu", "offering-2")
    age(own_county_database)
    last = edit(own_county_database, OFFERINGS, "Neuer", "offering-3")
    until_published(own, last)
    forgotten = forget_changes(own_county_database.owner_url, timedelta(days=365))
    assert forgotten.sequence == last - 1
    assert forgotten.changes > 0
    for since in (early, 1, 2, gone):
        status, detail = refused(own, since)
        assert (status, f"up to publication {last - 1}" in detail) == (410, True)
    assert [c["slug"] for c in changes(own, since=last - 1)["items"]] == ["offering-3"]
    copy = Copy()
    copy.follow(own, 30)
    assert copy.documents == published(own)
    assert forget_changes(own_county_database.owner_url, timedelta(days=365)).changes == 0


def test_a_walk_from_the_beginning_goes_on_while_old_changes_are_forgotten(
    own: TestClient, own_county_database: Database
) -> None:
    edit(own_county_database, TAKE_OFF, "offering-1")
    age(own_county_database)
    until_published(own, edit(own_county_database, OFFERINGS, "Neu", "offering-2"))
    copy = Copy()

    def forget() -> None:
        forget_changes(own_county_database.owner_url, timedelta(days=365))

    copy.follow(own, 200, forget)
    assert copy.documents == published(own)


def test_addresses_that_lead_on_and_what_is_published_are_not_forgotten(
    own: TestClient, own_county_database: Database
) -> None:
    edit(own_county_database, MERGE, "offering-2", "offering-1")
    edit(own_county_database, TAKE_OFF, "offering-3")
    edit(
        own_county_database,
        "UPDATE registry.offering SET slug = 'new-name' WHERE slug = %s",
        "offering-4",
    )
    age(own_county_database)
    assert own.get("/v1/offerings/offering-3").status_code == 410
    forget_changes(own_county_database.owner_url, timedelta(days=365))
    assert own.get("/v1/offerings/offering-3").status_code == 404
    for old, new in (("offering-1", "offering-2"), ("offering-4", "new-name")):
        answer = own.get(f"/v1/offerings/{old}", follow_redirects=False)
        assert answer.headers["location"].endswith(f"/v1/offerings/{new}")


def test_a_publication_that_was_forgotten_cannot_be_reverted(
    own_county_database: Database,
) -> None:
    edit(own_county_database, OFFERINGS, "Neu", "offering-1")
    number = edit(own_county_database, OFFERINGS, "Neuer", "offering-1")
    age(own_county_database)
    forget_changes(own_county_database.owner_url, timedelta(days=365))
    with pytest.raises(CannotRevert, match="purge"):
        revert(own_county_database.owner_url, number, "test")
