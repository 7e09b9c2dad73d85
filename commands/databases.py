"""The database that commands work on: found, started, migrated and filled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from commands.checkout import ROOT
from commands.console import notes, progress, stop

if TYPE_CHECKING:
    from pydantic import SecretStr

    from api.settings import Settings
    from db.cluster import Cluster


@dataclass(frozen=True)
class Databases:
    """The same database twice: as the role that owns it and as the role that reads it.

    `secret_key` signs the links that lead to it; None: there are no such links.
    """

    owner_url: str
    public_url: str
    secret_key: SecretStr | None = None


@contextmanager
def databases(settings: Settings) -> Iterator[Databases]:
    """The database that was named, or the private one for as long as it is used."""
    owner, public = settings.database_url, settings.database_public_url
    if owner and public:
        yield Databases(owner.get_secret_value(), public.get_secret_value(), settings.secret_key)
    elif owner or public:
        stop("DATABASE_URL and DATABASE_PUBLIC_URL must be set both, or neither")
    else:
        from pydantic import SecretStr

        with private_cluster(settings) as cluster:
            key = settings.secret_key or SecretStr(cluster.secret_key)
            yield Databases(cluster.owner_url, cluster.public_url, key)


@contextmanager
def private_cluster(settings: Settings) -> Iterator[Cluster]:
    cluster = cluster_of(settings)
    is_new = not cluster.files.exists()
    with ExitStack() as running:
        with progress("Creating the database" if is_new else "Starting the database"):
            running.enter_context(cluster)
        yield cluster


def cluster_of(settings: Settings) -> Cluster:
    from db.cluster import Cluster, default_data_folder

    return Cluster(settings.quartier_data or default_data_folder(ROOT))


def require_prepared(both: Databases) -> None:
    from db import migrate

    if migrate.current(both.owner_url) != migrate.head():
        stop("the database is not prepared for this version: ./quartier db upgrade")


def prepare(both: Databases, *, demonstration: bool) -> None:
    """Migrate, load what is missing, and publish what this start itself brought.

    That is a first set of data, codelist terms of a new version, or its way to build documents.
    Edits that wait for publication are somebody's decision, not a restart's: a publication cannot
    leave them out, so while there are any, nothing is published here.
    """
    from db.standing import standing

    migrate_and_grant(both)
    before = standing(both.owner_url)
    load(both, demonstration=demonstration)
    if standing(both.owner_url).current:
        return
    if before.published and before.edits_wait:
        notes.print("Edits wait to be published: ./quartier publish")
        return
    from db import publication  # only now: no start that publishes nothing waits for it

    with progress("Publishing"):
        publication.publish(both.owner_url)


def load(both: Databases, *, demonstration: bool) -> None:
    from seed.load import load_demonstration, load_vocabulary

    if demonstration:
        with progress("Loading the demonstration set") as detail:
            load_demonstration(both.owner_url, progress=detail)
    else:
        with progress("Loading the codelists") as detail:
            load_vocabulary(both.owner_url, progress=detail)


def migrate_and_grant(both: Databases) -> None:
    from db import migrate, roles

    with progress("Preparing the database"):
        left = roles.preparation_sql(both.owner_url, both.public_url)
        if not left:
            migrate.upgrade(both.owner_url)
            roles.grant_reader(both.owner_url, roles.role_of(both.public_url))
    require_nothing(left)


def require_nothing(left: list[str]) -> None:
    if left:
        notes.print("The owner of the database may not do this; run it with a role that may:\n")
        typer.echo("\n".join(left))
        raise typer.Exit(2)
