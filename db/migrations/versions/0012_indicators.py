"""Indicators: labelled breakdowns, and what is said of each."""

from pathlib import Path

from alembic import op

revision = "0012"
down_revision = "0011"

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    run("0012_indicators")


def downgrade() -> None:
    run("0012_down")


def run(name: str) -> None:
    """Send a file as it is: the driver's own cursor looks for no placeholders in it."""
    with op.get_bind().connection.cursor() as cursor:
        cursor.execute((SQL / f"{name}.sql").read_bytes())
