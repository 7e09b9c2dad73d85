"""Changes to follow: who we are, the last change of every entity, what is forgotten."""

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    run("0009_changes")


def downgrade() -> None:
    run("0009_down")


def run(name: str) -> None:
    """Send a file as it is: the driver's own cursor looks for no placeholders in it."""
    with op.get_bind().connection.cursor() as cursor:
        cursor.execute((SQL / f"{name}.sql").read_bytes())
