"""A small registry in which every name carries the number of the publication that shows it."""

from __future__ import annotations

import re
import time
from multiprocessing.connection import Connection as Pipe
from uuid import UUID, uuid5

import psycopg
from sqlalchemy import Connection

from db import models, published
from db.cluster import Cluster
from db.publication import publish
from db.registry import Row, upsert, writer
from seed.load import write_vocabulary
from seed.vocabulary import term_id
from tests.databases import Database, build_empty_template, build_template

NAMESPACE = UUID("22222222-3333-4444-5555-666666666666")
SOURCE = uuid5(NAMESPACE, "source")
TEMPLATE = "quartier_numbered_template"
OFFERINGS = 20
NUMBER = re.compile(r"Stand (\d+)\b")


def identity(kind: str, number: int) -> UUID:
    return uuid5(NAMESPACE, f"{kind} {number}")


def load(url: str) -> None:
    """Everything, as the first publication is to show it; and publish it."""
    with writer(url, "test") as connection:
        write_vocabulary(connection)
        upsert(connection, models.Source, [_source()])
        upsert(connection, models.Organisation, [_entity("organisation", n) for n in range(3)])
        upsert(connection, models.Site, [_site(n) for n in range(OFFERINGS)])
        upsert(connection, models.Offering, [_offering(n) for n in range(OFFERINGS)])
        upsert(connection, models.OfferingSite, [_place(n) for n in range(OFFERINGS)])
        upsert(connection, models.OfferingTerm, [_term(n) for n in range(OFFERINGS)])
        _rename(connection, 1)
    assert publish(url).sequence == 1


def build_numbered_template(cluster: Cluster) -> str:
    def fill(database: Database) -> None:
        load(database.owner_url)

    return build_template(cluster, TEMPLATE, build_empty_template(cluster), fill)


def rename(url: str, number: int) -> None:
    """Edit every offering and organisation, so that all of them have something to publish."""
    with writer(url, "test") as connection:
        _rename(connection, number)


def publish_next(url: str) -> int:
    number = sequence(url) + 1
    rename(url, number)
    assert publish(url).sequence == number
    return number


def publish_many(url: str, times: int, pause: float, told: Pipe) -> None:
    """In a process of its own; tells each number once it is committed, with the time."""
    for _ in range(times):
        told.send((publish_next(url), time.monotonic()))
        time.sleep(pause)


def sequence(url: str) -> int:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT sequence FROM published.state").fetchone()
        return int(found[0]) if found else 0


def contents(url: str) -> dict[str, list[str]]:
    """Every row of every published table."""
    with psycopg.connect(url) as connection:
        return {
            name: [row for (row,) in connection.execute(f"SELECT t::text FROM {name} t ORDER BY 1")]
            for name in sorted(map(str, published.metadata.tables))
        }


def marks(url: str) -> list[tuple[str, UUID]]:
    """What waits to be published."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT DISTINCT resource, entity_id FROM registry.dirty ORDER BY 1, 2"
        )
        return [(resource, key) for resource, key in found]


def numbers_in(text: str) -> set[int]:
    """The publications that an answer's names belong to: never more than one."""
    return {int(number) for number in NUMBER.findall(text)}


def multiply(url: str, times: int, size: int) -> int:
    """Publish so much that a stream does not fit into what lies on its way; says how many."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO published.offering SELECT (jsonb_populate_record(o,"
            " jsonb_build_object('id', gen_random_uuid(), 'slug', o.slug || '-' || n))).*"
            " FROM published.offering o, generate_series(2, %s) n",
            [times],
        )
        return connection.execute(
            "UPDATE published.offering SET document ="
            " left(document, -1) || ',\"large\":\"' || repeat('x', %s) || '\"}'",
            [size],
        ).rowcount


def _rename(connection: Connection, number: int) -> None:
    for model, kind, count in (
        (models.Organisation, "organisation", 3),
        (models.Offering, "offering", OFFERINGS),
    ):
        rows = [{"id": identity(kind, n), "name": _name(kind, n, number)} for n in range(count)]
        upsert(connection, model, rows)


def _name(kind: str, n: int, number: int) -> str:
    return f"{kind} {n} Stand {number}"


def _source() -> Row:
    return {
        "id": SOURCE,
        "slug": "source",
        "title": "Verzeichnis",
        "publisher": "Landkreis",
        "license": "cc-zero",
        "attribution": "Landkreis",
    }


def _entity(kind: str, n: int, **columns: object) -> Row:
    return {
        "id": identity(kind, n),
        "slug": f"{kind}-{n}",
        "status": "published",
        "source_id": SOURCE,
        "name": _name(kind, n, 1),
        **columns,
    }


def _offering(n: int) -> Row:
    return _entity("offering", n, organisation_id=identity("organisation", n % 3))


def _site(n: int) -> Row:
    point = (13.0 + n / 100, 50.8)
    return {"id": identity("site", n), "source_id": SOURCE, "point": point, "precision": "exact"}


def _place(n: int) -> Row:
    offering, site = identity("offering", n), identity("site", n)
    return {"id": identity("place", n), "offering_id": offering, "site_id": site, "position": 0}


def _term(n: int) -> Row:
    term = term_id("category", "advice" if n % 2 else "family")
    return {"id": identity("term", n), "offering_id": identity("offering", n), "term_id": term}
