"""What describes the bulk data as a whole: a Frictionless data package, and checksums.

https://specs.frictionlessdata.io/data-package/. Of the CSV files it also says what is in which
column, so that they can be validated; the other files are described as files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from api.artefacts.bulk import FOLDER
from api.artefacts.columns import Column, columns_of
from api.artefacts.snapshot import Made, Snapshot
from api.contract import TAGS, TITLE
from api.resources import RESOURCES, Resource
from db import snapshots

DESCRIPTION = (
    "Everything that is published here, all files from one state. "
    "Several values in a cell of a CSV file are parted by a semicolon and a space."
)
SUMS = f"{FOLDER}/SHA256SUMS"


def describe(shown: Snapshot, folder: Path, made: Sequence[Made]) -> Iterable[Made]:
    """datapackage.json, with paths as they are beside it."""
    files = [each for each in made if each.name.startswith(f"{FOLDER}/")]
    named = {resource.name: _of_resource(shown, resource) for resource in RESOURCES}
    package = {
        "profile": "data-package",
        "name": "quartier",
        "title": TITLE,
        "description": DESCRIPTION,
        "version": str(shown.state.sequence),
        "created": shown.state.published_at,
        "licenses": _unique(each for of in named.values() for each in of["licenses"]),
        "sources": _unique(each for of in named.values() for each in of["sources"]),
        "resources": [_file(each, named.get(each.resource or "", {})) for each in files],
    }
    path = folder / FOLDER / "datapackage.json"
    path.write_text(json.dumps(_without_empty(package), ensure_ascii=False, indent=1) + "\n")
    yield Made(f"{FOLDER}/datapackage.json", "application/json", "Description of all files")


def sum_up(_shown: Snapshot, folder: Path, made: Sequence[Made]) -> Iterable[Made]:
    """Checksums of all files, as `sha256sum --check` reads them."""
    inside = [each for each in made if each.name.startswith(f"{FOLDER}/")]
    lines = [f"{each.sha256}  {each.name.removeprefix(f'{FOLDER}/')}\n" for each in inside]
    (folder / SUMS).write_text("".join(lines))
    yield Made(SUMS, "text/plain; charset=utf-8", "Checksums of all files")


def _of_resource(shown: Snapshot, resource: Resource) -> dict[str, Any]:
    name = resource.table.name
    licenses = snapshots.licenses(shown.connection, name)
    return {
        "title": resource.name.capitalize(),
        "description": TAGS[resource.name],
        "licenses": [
            {"title": each.title, **({"path": each.url} if each.url else {"name": each.code})}
            for each in licenses
        ],
        "sources": [{"title": text} for text in snapshots.attributions(shown.connection, name)],
    }


def _file(made: Made, described: dict[str, Any]) -> dict[str, Any]:
    """The name of a resource is that of its CSV file; the others add their format to it."""
    path = made.name.removeprefix(f"{FOLDER}/")
    entry = {
        "name": (made.resource if made.format == "csv" else path.replace(".", "-")),
        "path": path,
        "format": made.format,
        "mediatype": made.media_type.partition(";")[0],
        "bytes": made.size,
        "hash": f"sha256:{made.sha256}",
        **described,
    }
    resource = next((each for each in RESOURCES if each.name == made.resource), None)
    if made.format != "csv" or resource is None:
        return _without_empty({**entry, "sources": None, "type": "file"})
    return _without_empty({**entry, **_tabular(resource)})


def _tabular(resource: Resource) -> dict[str, Any]:
    return {
        "profile": "tabular-data-resource",
        "encoding": "utf-8",
        "dialect": {"delimiter": ",", "lineTerminator": "\r\n", "header": True},
        "schema": {
            "fields": [_field(column) for column in columns_of(resource)],
            "primaryKey": "id",
        },
    }


def _field(column: Column) -> dict[str, Any]:
    kind = "string" if column.many else column.kind
    constraints = {"required": True, "unique": True} if column.name == "id" else {}
    described = {"name": column.name, "type": kind, "description": column.description}
    return _without_empty({**described, "constraints": constraints})


def _unique(entries: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    return list({json.dumps(entry): entry for entry in entries}.values())


def _without_empty(members: dict[str, Any]) -> dict[str, Any]:
    """Frictionless wants an empty member to be absent."""
    return {name: value for name, value in members.items() if value not in (None, "", [], {})}
