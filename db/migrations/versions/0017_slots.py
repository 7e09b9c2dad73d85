"""Where an indicator has observations is counted once a publication, not by every reader."""

from pathlib import Path

from alembic import op

revision = "0017"
down_revision = "0016"

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    run("0017_slots")


def downgrade() -> None:
    run("0017_down")


def run(name: str) -> None:
    """Send a file as it is: the driver's own cursor looks for no placeholders in it."""
    with op.get_bind().connection.cursor() as cursor:
        cursor.execute((SQL / f"{name}.sql").read_bytes())
