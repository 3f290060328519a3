"""How Alembic runs the migrations: on the connection that `database.upgrade` hands over."""

from alembic import context
from alembic.util.exc import CommandError

from provisioning.registry.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite's tables change inside a transaction here, so that a stopped upgrade leaves nothing half.
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
    connection = context.get_bind()
    if connection.dialect.name == "sqlite":
        # Keys are not looked at while tables are made anew; before the commit they are.
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise CommandError(f"{len(broken)} rows point at nothing, the first in {broken[0][0]}")
