"""The package of a registry: what is published of it, in one state."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from psycopg import Connection

from db import hsds_package as published
from db.state import State
from seed.hsds.package import About, Documents, Written, write_package
from seed.identity import NAMESPACE, part_id

TITLE = "Social services (HSDS 3.1)"
NOBODY = str(part_id(NAMESPACE, "organization", "not stated"))
"""Who provides a service of which that is not known: the table of services demands somebody."""
ORIGIN = ("attribution", "license")
"""Labels of the attributes that say where something is from."""

Json = dict[str, Any]


def export_package(connection: Connection[Any], state: State, file: Path) -> list[Written]:
    """Write the package, all of it from the transaction of the connection."""
    return write_package(_documents(connection), _about(connection, state), file)


def _documents(connection: Connection[Any]) -> Documents:
    read = _reader(published.codes(connection))
    origins = published.origins(connection)
    for name, text in published.documents(connection):
        yield name, _completed(name, read(text), origins)


def _reader(codes: Mapping[str, str]) -> Callable[[str], Json]:
    """Codes are unique in the table of terms, so they name their vocabulary there."""

    def with_code(found: Json) -> Json:
        code = codes.get(found.get("id", "")) if "code" in found else None
        return found | {"code": code} if code else found

    decoder = json.JSONDecoder(object_hook=with_code)
    return decoder.decode


def _completed(name: str, document: Json, origins: Mapping[str, tuple[str, str]]) -> Json:
    if name == "service" and "organization" not in document:
        nobody = {"id": NOBODY, "name": "not stated", "description": "not stated"}
        return document | {"organization": nobody}
    if name == "organization" and document["id"] in origins:
        stated = _stated(document["id"], origins[document["id"]])
        return document | {"attributes": [*document.get("attributes", ()), *stated]}
    return document


def _stated(identity: str, origin: tuple[str, str]) -> Iterator[Json]:
    """Of an organization as of a service: whom to name, and the licence."""
    for label, value in zip(ORIGIN, origin, strict=True):
        yield {
            "id": str(part_id(NAMESPACE, "attribute", identity, label)),
            "label": label,
            "value": value,
        }


def _about(connection: Connection[Any], state: State) -> About:
    sources = published.sources(connection)
    licenses = {
        str(each["license"]): {"name": str(each["license"]), "path": str(each["license_url"])}
        for each in sources
        if each["license_url"]
    }
    return About(
        TITLE,
        str(state.sequence),
        state.published_at,
        [dict(_described(each)) for each in sources],
        [licenses[code] for code in sorted(licenses)],
    )


def _described(source: Mapping[str, str | None]) -> Iterator[tuple[str, str]]:
    """Data Package, "sources": `title` and `path`; the rest is ours."""
    for name, value in source.items():
        if value:
            yield ("path" if name == "url" else name), value
