"""A filled and published database of a few offerings and indicators, shared by who only reads."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from bench.dataset import fill
from bench.observations import YEARS, Statistics, fill_indicators, fill_years
from bench.statements import script
from db.cluster import Cluster
from db.publication import Publication, publish
from tests.databases import Database, clone

COUNT = 300
FEW = Statistics(4)
"""The population, one group of it with its share, and another group."""


@pytest.fixture(scope="session")
def filled(cluster: Cluster, empty_template: str) -> Iterator[tuple[Database, Publication]]:
    """With what its first publication did."""
    with clone(cluster, empty_template) as database:
        url = database.owner_url
        fill(url, COUNT, progress=lambda _: None)
        fill_indicators(url, FEW)
        fill_years(url, FEW, YEARS, progress=lambda _: None)
        publication = publish(url)
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in script("columns"):
                connection.execute(statement)
        yield database, publication
