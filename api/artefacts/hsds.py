"""The tabular package of HSDS 3.1: what /hsds shows, as a zip of tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from api.artefacts.bulk import FOLDER
from api.artefacts.snapshot import Made, Snapshot
from seed.hsds.export import TITLE, export_package

NAME = f"{FOLDER}/hsds.zip"


def make(shown: Snapshot, folder: Path, _made: Sequence[Made]) -> Iterable[Made]:
    """One file, whose description names the state: it is made anew for every one."""
    (folder / FOLDER).mkdir(exist_ok=True)
    written = export_package(shown.connection, shown.state, folder / NAME)
    services = next(each.rows for each in written if each.table.name == "service")
    yield Made(NAME, "application/zip", TITLE, format="hsds", rows=services)
