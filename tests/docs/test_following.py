"""The client that the page about copies shows: run again and again, beside publications."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psycopg

from api.resources import RESOURCES
from db.publication import publish
from tests.databases import Database
from tests.docs.pages import DOCS, SERVER, blocks
from tests.servers import running_server

PAGE = DOCS / "how-to" / "keep-a-copy-in-step.md"

RESTORED = """
UPDATE published.state SET sequence = 100;
INSERT INTO published.restoration VALUES (100, 1, now())
"""
"""As after a restore of the first state: the copy has to begin anew."""


def test_the_client_keeps_its_copy_in_step(own_demo_database: Database, tmp_path: Path) -> None:
    (code,) = blocks(PAGE, "python")
    with running_server(own_demo_database.public_url) as url:
        for statement in (
            "UPDATE registry.offering SET name = name || ' (neu)' WHERE slug < 'f'",
            "UPDATE registry.offering SET status = 'draft' WHERE slug < 'c'",
            RESTORED,
        ):
            run(code.replace(SERVER, url), tmp_path)
            copy = json.loads((tmp_path / "copy.json").read_text(encoding="utf-8"))
            assert copy["entities"] == published(url)
            with psycopg.connect(own_demo_database.owner_url) as connection:
                connection.execute(statement.encode())
            publish(own_demo_database.owner_url)
        until(url, 100)
        run(code.replace(SERVER, url), tmp_path)
        copy = json.loads((tmp_path / "copy.json").read_text(encoding="utf-8"))
        assert copy["entities"] == published(url)


def run(code: str, folder: Path) -> None:
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True, timeout=60)


def until(url: str, sequence: int) -> None:
    while _read(f"{url}/v1/codelists?limit=1")["sequence"] < sequence:
        pass


def published(url: str) -> dict[str, dict[str, Any]]:
    found = {}
    for resource in RESOURCES:
        ended = "&include_ended=true" if resource.name == "offerings" else ""
        items = _read(f"{url}/v1/{resource.name}?limit=10000{ended}")["items"]
        found[resource.name] = {item["id"]: item for item in items}
    return found


def _read(address: str) -> Any:
    with urlopen(address, timeout=30) as answer:  # noqa: S310 - the server under test
        return json.load(answer)
