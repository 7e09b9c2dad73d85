"""Imports that can be taken back, corrections that last, publications that can be reverted."""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0001"

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    run("0004_imports")


def downgrade() -> None:
    run("0004_down")


def run(name: str) -> None:
    """Send a file as it is: the driver's own cursor looks for no placeholders in it."""
    with op.get_bind().connection.cursor() as cursor:
        cursor.execute((SQL / f"{name}.sql").read_bytes())
