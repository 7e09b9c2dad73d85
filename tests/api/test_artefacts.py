"""Building: all files of one state or none, whoever publishes, kills, or fills the disk."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import psycopg
import pytest

from api.artefacts import building, keys
from api.artefacts.building import Busy, build, locked
from api.artefacts.makers import MAKERS
from api.artefacts.manifest import Manifest, current, kept, read
from api.artefacts.snapshot import Made, Snapshot
from api.settings import Settings
from db import models
from db.publication import publish
from db.registry import upsert, writer
from tests.api import world
from tests.api.test_robustness import until
from tests.databases import Database
from tests.servers import ROOT

SETTINGS = Settings()


def make(database: Database, folder: Path, **settings: int) -> Manifest:
    return build(Settings.model_validate(settings), database.public_url, folder)


def rename_one(database: Database, name: str) -> None:
    """An edit of one offering, published."""
    public = world.make().public_offerings[0]
    with writer(database.owner_url, "test") as connection:
        upsert(connection, models.Offering, [{"id": public.id, "name": name}])
    publish(database.owner_url)


def content(folder: Path, name: str = "offerings.csv") -> str:
    return (folder / "current" / "bulk" / name).read_text(encoding="utf-8")


def left(folder: Path) -> set[str]:
    """What is in the folder besides what belongs there."""
    states = {manifest.key for manifest in kept(folder)}
    return {path.name for path in folder.iterdir()} - states - {"current", "lock"}


@pytest.fixture
def first(own_county_artefacts: Path) -> Manifest:
    """Of the state that the county has at the beginning; its files are in `tmp_path`."""
    made = current(own_county_artefacts)
    assert made
    return made


def replace_makers(monkeypatch: pytest.MonkeyPatch, *makers: object) -> None:
    monkeypatch.setattr(building, "MAKERS", makers)


def test_what_is_there_is_not_made_again(
    own_county_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(own_county_database, tmp_path)
    replace_makers(monkeypatch)
    assert make(own_county_database, tmp_path) == made == current(tmp_path)


def test_a_publication_makes_another_state(
    own_county_database: Database, tmp_path: Path, first: Manifest
) -> None:
    rename_one(own_county_database, "Ganz neuer Name")
    second = make(own_county_database, tmp_path)
    assert second.sequence == first.sequence + 1
    assert "Ganz neuer Name" in content(tmp_path)
    assert "Ganz neuer Name" not in (tmp_path / first.key / "bulk" / "offerings.csv").read_text()
    assert not left(tmp_path)


def test_only_what_changed_is_made_again(
    own_county_database: Database, tmp_path: Path, first: Manifest
) -> None:
    rename_one(own_county_database, "Ganz neuer Name")
    second = make(own_county_database, tmp_path)
    for made in second.files:
        if made.resource:
            before, after = ((tmp_path / state.key / made.name) for state in (first, second))
            is_same = before.samefile(after)
            assert is_same is (made.resource != "offerings"), made.name
            assert second.find(made.name) == first.find(made.name) or not is_same


def test_other_code_takes_nothing_over(
    own_county_database: Database, tmp_path: Path, first: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (keys, building):
        monkeypatch.setattr(module, "code", lambda: "another release")
    second = make(own_county_database, tmp_path)
    assert second.key != first.key
    paths = [tmp_path / state.key / "bulk" / "districts.csv" for state in (first, second)]
    assert not paths[0].samefile(paths[1])


def test_a_new_boundary_is_drawn_under_the_observations(
    own_demo_database: Database, tmp_path: Path
) -> None:
    """They have not changed themselves, but are where their district is."""
    first = make(own_demo_database, tmp_path)
    with psycopg.connect(own_demo_database.owner_url) as connection:
        connection.execute(
            "UPDATE registry.district SET boundary = ST_Multi(ST_Translate(boundary, 0.3, 0))"
            " WHERE boundary IS NOT NULL"
        )
    publish(own_demo_database.owner_url)
    second = make(own_demo_database, tmp_path)
    for name in ("bulk/observations.geojson", "bulk/observations.gpkg"):
        before, after = first.find(name), second.find(name)
        assert before
        assert after
        assert before.sha256 != after.sha256


def test_the_newest_states_are_kept(own_county_database: Database, tmp_path: Path) -> None:
    made = []
    for number in range(4):
        rename_one(own_county_database, f"Name {number}")
        made.append(make(own_county_database, tmp_path, artefacts_keep=2))
    assert [manifest.key for manifest in kept(tmp_path)] == [made[3].key, made[2].key]
    assert current(tmp_path) == made[3]
    assert not left(tmp_path)


def test_states_of_other_releases_do_not_stay_for_ever(
    own_county_database: Database, tmp_path: Path, first: Manifest
) -> None:
    """Their manifests may be written in another way. What is not ours is left alone."""
    (tmp_path / first.key / "manifest.json").write_text('{"written": "in another way"}')
    (tmp_path / "notes").mkdir()
    rename_one(own_county_database, "Neuer Stand")
    new = make(own_county_database, tmp_path)
    assert not (tmp_path / first.key).exists()
    assert (tmp_path / new.key).exists()
    assert left(tmp_path) == {"notes"}


def test_who_publishes_meanwhile_is_not_in_the_files(
    own_county_database: Database, tmp_path: Path, first: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One state, although the publication came before most of its files were made."""

    def publishing(_shown: Snapshot, _folder: Path, _made: Sequence[Made]) -> Iterable[Made]:
        rename_one(own_county_database, "Mittendrin")
        return ()

    replace_makers(monkeypatch, publishing, *MAKERS)
    during = make(own_county_database, tmp_path / "during")
    assert during.sequence == first.sequence
    assert {made.name: made.sha256 for made in during.files} == {
        made.name: made.sha256 for made in first.files
    }
    replace_makers(monkeypatch, *MAKERS)
    after = make(own_county_database, tmp_path / "during")
    assert after.sequence == first.sequence + 1
    assert "Mittendrin" in content(tmp_path / "during")


def test_a_full_disk_leaves_the_state_before(
    own_county_database: Database, tmp_path: Path, first: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename_one(own_county_database, "Kein Platz")

    def full(_shown: Snapshot, folder: Path, _made: Sequence[Made]) -> Iterable[Made]:
        (folder / "half").write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    replace_makers(monkeypatch, MAKERS[0], full)
    with pytest.raises(OSError, match="No space left"):
        make(own_county_database, tmp_path)
    assert current(tmp_path) == first
    assert "Kein Platz" not in content(tmp_path)
    assert not left(tmp_path)
    replace_makers(monkeypatch, *MAKERS)
    assert make(own_county_database, tmp_path).sequence == first.sequence + 1


DYING = """
import os, signal, sys
from pathlib import Path
from api.artefacts import building
from api.settings import Settings

def die(shown, folder, made):
    print("half", flush=True)
    signal.pause()
    yield

building.MAKERS = (building.MAKERS[0], die)
building.build(Settings(), sys.argv[1], Path(sys.argv[2]))
"""


def test_a_killed_builder_leaves_the_state_before_and_the_next_cleans_up(
    own_county_database: Database, tmp_path: Path, first: Manifest
) -> None:
    rename_one(own_county_database, "Nach dem Ende")
    arguments = [sys.executable, "-c", DYING, own_county_database.public_url, str(tmp_path)]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"half\n"
        assert left(tmp_path)
        with pytest.raises(Busy):
            make(own_county_database, tmp_path)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert current(tmp_path) == first
    assert make(own_county_database, tmp_path).sequence == first.sequence + 1
    assert "Nach dem Ende" in content(tmp_path)
    assert not left(tmp_path)


def test_there_is_one_builder_at_a_time(county_database: Database, tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(Busy):
        make(county_database, tmp_path)
    assert make(county_database, tmp_path)


def test_a_damaged_state_is_made_again(
    county_database: Database, tmp_path: Path, first: Manifest
) -> None:
    (tmp_path / first.key / "manifest.json").write_text("{")
    assert current(tmp_path) is None
    again = make(county_database, tmp_path)
    assert again.key == first.key
    assert read(tmp_path / again.key) == again


def test_a_state_that_came_back_is_pointed_to(
    county_database: Database, own_county_database: Database, tmp_path: Path, first: Manifest
) -> None:
    """As after a restore: what is there already need not be made."""
    rename_one(own_county_database, "Wird zurückgenommen")
    make(own_county_database, tmp_path)
    assert make(county_database, tmp_path) == first == current(tmp_path)


def test_readers_are_not_held_up(own_county_database: Database, tmp_path: Path) -> None:
    """While files are made, publications and questions go on as if nobody did."""
    arguments = [sys.executable, "-c", DYING, own_county_database.public_url, str(tmp_path)]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        start = time.monotonic()
        rename_one(own_county_database, "Währenddessen")
        with psycopg.connect(own_county_database.public_url) as connection:
            found = connection.execute(
                "SELECT count(*) FROM published.offering WHERE document LIKE '%Währenddessen%'"
            ).fetchone()
        assert found
        assert found[0] >= 1
        assert time.monotonic() - start < 20
        process.kill()
    until(lambda: process.poll() is not None)
