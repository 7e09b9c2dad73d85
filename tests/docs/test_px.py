"""The pages about /px name every parameter and address of it, and their Python works."""

from __future__ import annotations

from typing import Any

from api.px.tables import LATEST, MAX_DATA_CELLS
from tests.contract.operations import DOCUMENT
from tests.docs.pages import DOCS, SERVER, blocks

GUIDE = DOCS / "how-to" / "pxweb.md"
PAGE = (DOCS / "reference" / "px.md").read_text(encoding="utf-8")
PATHS = {
    path: operations["get"]
    for path, operations in DOCUMENT["paths"].items()
    if path.startswith("/px")
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


def test_the_limits_are_there() -> None:
    assert f"More than {MAX_DATA_CELLS:,} cells" in PAGE
    assert f"the latest {LATEST} periods" in PAGE


def test_the_python_of_the_guide_works(live_server: str) -> None:
    code = "\n".join(blocks(GUIDE, "python")).replace(SERVER, live_server)
    names: dict[str, Any] = {}
    exec(compile(code, str(GUIDE), "exec"), names)  # noqa: S102 - it is ours
    assert len(names["population"]) > 40
