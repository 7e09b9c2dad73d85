"""What gaps are worked out of: capacities of offerings, and a population grid."""

from pathlib import Path

from alembic import op

revision = "0015"
down_revision = "0014"

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    run("0015_gaps")


def downgrade() -> None:
    run("0015_down")


def run(name: str) -> None:
    """Send a file as it is: the driver's own cursor looks for no placeholders in it."""
    with op.get_bind().connection.cursor() as cursor:
        cursor.execute((SQL / f"{name}.sql").read_bytes())
