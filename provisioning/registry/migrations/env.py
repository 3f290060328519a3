"""How Alembic runs the migrations: on the connection that `database.upgrade` hands over."""

from alembic import context

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
