"""The SQL that builds each published document, one file a resource.

Every `<resource>.sql` reads `pending` and the tables of `context.sql`, and yields one row an entity
and language: `id`, `slug`, `sort_name`, `lang`, `geometry`, `document` (JSON text without
`updated_at`), the filter columns of `published.<resource>`, and, where the resource is searchable,
`texts`: what to find it by, in four weights from the name downward.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parent


@cache
def read(name: str) -> str:
    """The SQL of one file."""
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8").strip().removesuffix(";")


@cache
def fingerprint() -> str:
    """Changes whenever any document may come out differently, so that all are rebuilt."""
    files = sorted(FOLDER.glob("*.sql"))
    return sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()
