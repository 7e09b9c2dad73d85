"""The page about /hsds names every parameter and address of it."""

from __future__ import annotations

from tests.contract.operations import DOCUMENT
from tests.docs.pages import DOCS

PAGE = (DOCS / "reference" / "hsds.md").read_text(encoding="utf-8")
PATHS = {
    path: operations["get"]
    for path, operations in DOCUMENT["paths"].items()
    if path.startswith("/hsds")
}


def test_every_address_is_there() -> None:
    assert not [path for path in PATHS if f"`{path.replace('{name}', '{id}')}`" not in PAGE]


def test_every_parameter_is_there() -> None:
    names = {
        parameter["name"]
        for operation in PATHS.values()
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query"
    }
    assert not [name for name in names if f"`{name}`" not in PAGE]
