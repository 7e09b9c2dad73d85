"""The descriptions as a file, for pages that show the same state as the RDF beside it."""

from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from api.catalogue.datasets import Catalogue

NAME = "descriptions.json"


def written(catalogue: Catalogue) -> bytes:
    return _adapter().dump_json(catalogue)


def read(path: Path) -> Catalogue:
    return _adapter().validate_json(path.read_bytes())


@cache
def _adapter() -> TypeAdapter[Catalogue]:
    return TypeAdapter(Catalogue)
