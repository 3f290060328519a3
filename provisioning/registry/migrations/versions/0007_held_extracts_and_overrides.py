"""Held extracts, who registered them, and overrides of the extract gate's findings"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BEFORE, NOW = ("verified", "withdrawn"), ("held", "verified", "withdrawn")


def upgrade() -> None:
    op.execute("ALTER TABLE extracts ADD COLUMN registered_by VARCHAR(32)")
    _states(NOW)
    # What no gate has verified is held until it is registered again: only a verified extract is mounted.
    extracts = sa.table(
        "extracts",
        sa.column("id", sa.Integer),
        sa.column("manifest", sa.JSON),
        sa.column("status", sa.String),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(extracts).where(extracts.c.status == "verified")).all():
        if ((row.manifest or {}).get("gate") or {}).get("verified") is not True:
            connection.execute(extracts.update().where(extracts.c.id == row.id).values(status="held"))
    op.create_table(
        "gate_overrides",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("extract_id", sa.Integer(), nullable=False),
        sa.Column("finding", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["extract_id"], ["extracts.id"], name=op.f("fk_gate_overrides_extract_id")),
        sa.ForeignKeyConstraint(["by"], ["accounts.name"], name=op.f("fk_gate_overrides_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate_overrides")),
        sa.UniqueConstraint("extract_id", "finding", name=op.f("uq_gate_overrides_extract_id_finding")),
    )


def downgrade() -> None:
    op.drop_table("gate_overrides")
    op.execute("UPDATE extracts SET status = 'withdrawn' WHERE status = 'held'")
    _states(BEFORE)
    op.execute("ALTER TABLE extracts DROP COLUMN registered_by")


def _states(states: tuple[str, ...]) -> None:
    """Let ``extracts.status`` be one of ``states``."""
    check = "status IN ({})".format(", ".join(f"'{state}'" for state in states))
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        op.execute("ALTER TABLE extracts DROP CONSTRAINT ck_extracts_status")
        op.execute(f"ALTER TABLE extracts ADD CONSTRAINT ck_extracts_status CHECK ({check})")
        return
    # SQLite cannot change a check: the table is made anew, its rows put back before the deferred foreign
    # keys of the grants are looked at, which is when the transaction ends.
    (made,) = connection.exec_driver_sql(
        "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'extracts'"
    ).one()
    before = next(one for one in (BEFORE, NOW) if one != states)
    old = "status IN ({})".format(", ".join(f"'{state}'" for state in before))
    if old not in made:
        raise RuntimeError("the table extracts is not as a migration left it")
    for statement in (
        "PRAGMA defer_foreign_keys = ON",
        "CREATE TEMP TABLE extracts_kept AS SELECT * FROM extracts",
        "DROP TABLE extracts",
        made.replace(old, check),
        "INSERT INTO extracts SELECT * FROM extracts_kept",
        "DROP TABLE extracts_kept",
    ):
        connection.exec_driver_sql(statement)
