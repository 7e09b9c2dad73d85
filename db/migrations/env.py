"""What Alembic runs for every command; db/migrate.py hands it the connection."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes.get("metadata"),
    version_table_schema="registry",
    include_schemas=True,
)
with context.begin_transaction():
    context.run_migrations()
