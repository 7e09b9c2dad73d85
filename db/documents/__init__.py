"""The SQL that builds each published document, one file a resource.

Every `<resource>.sql` reads `pending` and the tables of `context.sql`, and yields one row an entity
and language: `id`, `slug`, `sort_name`, `lang`, `geometry`, `document` (JSON text without its
closing brace, because `updated_at` follows). In the row of the default language also the filter
columns of `published.<resource>`, where the resource is searchable `texts` (what to find it by, in
four weights from the name downward), and where a district can be asked for `within` (the districts
it lies in, with their ancestors).
"""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import LiteralString

FOLDER = Path(__file__).parent
MADE_ELSEWHERE = ("flags.py", "simplification.py", "opening/hours.py", "opening/schedules.py")


@cache
def read(name: str) -> LiteralString:
    """The SQL of one file, as much our own text as if it stood in the code."""
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8").strip().removesuffix(";")


@cache
def fingerprint() -> str:
    """Changes whenever any document may come out differently, so that all are rebuilt.

    Documents follow from the files here, from functions and views of the migrations, and from how
    boundaries are simplified, opening hours made into schedules, and flags said in other
    languages of statistics.
    """
    database = FOLDER.parent
    files = sorted([*FOLDER.glob("*.sql"), *database.glob("migrations/sql/*.sql")])
    made = [database / name for name in MADE_ELSEWHERE]
    return sha256(b"\0".join(file.read_bytes() for file in (*files, *made))).hexdigest()
