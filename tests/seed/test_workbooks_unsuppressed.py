"""What the authors of a report may see: raw values, with what was decided about each."""

from __future__ import annotations

import csv
import getpass
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from db.models import Observation
from db.publication import publish
from db.registry import upsert, writer
from seed.workbooks.export import CannotExport, Order, export_file
from tests.analyses import towns
from tests.analyses.towns import POOR
from tests.databases import Database
from tests.db.village import key

ROOT = Path(__file__).parents[2]


@pytest.fixture
def reported(database: Database) -> Database:
    """Towns whose small counts are hidden, and a value that nobody decided about yet."""
    towns.settle(database)
    with writer(database.owner_url, "test") as connection:
        one = {"id": key("observation", "people", "anger", "2020", None)}
        upsert(connection, Observation, [one | {"raw": True, "status": "draft"}])
    publish(database.owner_url)
    return database


def exported(database: Database, folder: Path) -> list[dict[str, str]]:
    file = folder / "all.csv"
    export_file(database.owner_url, Order("observations", unsuppressed=True, actor="Ada"), file)
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def runs(database: Database) -> list[tuple[object, ...]]:
    with psycopg.connect(database.owner_url) as connection:
        return connection.execute(
            "SELECT resource, file, actor, rows, finished_at IS NOT NULL FROM registry.export_run"
        ).fetchall()


def test_every_raw_value_stands_beside_what_was_decided_about_it(
    reported: Database, tmp_path: Path
) -> None:
    found = exported(reported, tmp_path)
    assert list(found[0])[2] == "not_for_publication"
    poor = {
        row["district"]: (float(row["value"]), row["not_for_publication"])
        for row in found
        if row["indicator"] == "poor" and row["district"] != "kreis"
    }
    assert {town: value for town, (value, _) in poor.items()} == POOR
    assert poor["doern"] == (2.0, "primary")
    with psycopg.connect(reported.public_url) as connection:
        hidden = connection.execute(
            "SELECT d.slug FROM published.observation o "
            "JOIN published.indicator i ON i.id = o.indicator_id AND i.slug = 'poor' "
            "JOIN published.district d ON d.id = o.district_id AND d.slug <> 'kreis' "
            "WHERE o.value IS NULL"
        ).fetchall()
    assert {town for town, (_, decided) in poor.items() if decided != "shown"} == {
        town for (town,) in hidden
    }
    assert "secondary" in {decided for _, decided in poor.values()}
    of_people = {
        (row["district"], row["period"]): row["not_for_publication"]
        for row in found
        if row["indicator"] == "people"
    }
    assert of_people["anger", "2020"] == "undecided"
    assert of_people["anger", "2021"] == ""


def test_who_took_it_out_is_logged(reported: Database, tmp_path: Path) -> None:
    found = exported(reported, tmp_path)
    file = str((tmp_path / "all.csv").resolve())
    assert runs(reported) == [("observations", file, "Ada", len(found), True)]
    with pytest.raises(CannotExport, match="only observations"):
        export_file(reported.owner_url, Order("offerings", unsuppressed=True), tmp_path / "x.csv")
    assert len(runs(reported)) == 1


def test_only_the_owner_may(reported: Database, tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    with pytest.raises(CannotExport, match="only who owns"):
        export_file(reported.public_url, Order("observations", unsuppressed=True), file)
    assert not file.exists()
    assert not runs(reported)


def test_the_command_says_so(reported: Database, tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    done = subprocess.run(
        [sys.executable, "-m", "cli", "export", "observations", str(file), "--unsuppressed"],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": reported.owner_url,
            "DATABASE_PUBLIC_URL": reported.public_url,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    (run,) = runs(reported)
    actor, rows = run[2:4]
    assert "Not for publication" in done.stderr
    assert f"{actor} took out {rows} observations" in " ".join(done.stderr.split())
    assert actor == getpass.getuser()
