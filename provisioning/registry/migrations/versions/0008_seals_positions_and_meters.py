"""Seals of pruned records, positions of the trail's readers, and meters of containers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

PRUNED = ("audit_records", "audit_heads")
SEALED = "SELECT coalesce(max(last), 0) FROM audit_seals"
ONLY_ADDED = "the audit trail is only added to"


def upgrade() -> None:
    op.create_table(
        "audit_seals",
        sa.Column("last", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("time", sa.DateTime(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("last", name=op.f("pk_audit_seals")),
    )
    op.create_table(
        "audit_positions",
        sa.Column("reader", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("time", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("reader", name=op.f("pk_audit_positions")),
    )
    op.create_table(
        "usage_meters",
        sa.Column("container", sa.String(length=64), nullable=False),
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("sampled", sa.DateTime(), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("counter_ms", "cpu_ms", "memory_mib_ms", "gpu_ms", "memory_mib", "gpus")
        ),
        sa.PrimaryKeyConstraint("container", name=op.f("pk_usage_meters")),
    )
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()


def _sqlite() -> None:
    """What a seal stands for may be removed, and nothing else."""
    for table in PRUNED:
        op.execute(f"DROP TRIGGER {table}_no_delete")
        op.execute(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
            f"WHEN OLD.number > ({SEALED}) "
            f"BEGIN SELECT RAISE(ABORT, '{ONLY_ADDED}'); END"
        )
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_seals_no_{verb.lower()} BEFORE {verb} ON audit_seals "
            f"BEGIN SELECT RAISE(ABORT, '{ONLY_ADDED}'); END"
        )


def _postgresql() -> None:
    op.execute(
        "CREATE FUNCTION audit_keep_unsealed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF OLD.number > ({SEALED}) THEN "
        f"RAISE EXCEPTION '{ONLY_ADDED}'; END IF; RETURN OLD; END $$"
    )
    for table in PRUNED:
        op.execute(f"DROP TRIGGER {table}_only_add ON {table}")
        op.execute(
            f"CREATE TRIGGER {table}_only_add BEFORE UPDATE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_only_add()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_keep_unsealed BEFORE DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION audit_keep_unsealed()"
        )
    op.execute(
        "CREATE TRIGGER audit_seals_only_add BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seals "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_only_add()"
    )


def downgrade() -> None:
    connection = op.get_bind()
    if connection.scalar(sa.text("SELECT count(*) FROM audit_seals")):
        raise NotImplementedError("records were pruned: restore the backup of before")
    if connection.dialect.name == "sqlite":
        for table in PRUNED:
            op.execute(f"DROP TRIGGER {table}_no_delete")
            op.execute(
                f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{ONLY_ADDED}'); END"
            )
    else:
        for table in PRUNED:
            op.execute(f"DROP TRIGGER {table}_keep_unsealed ON {table}")
            op.execute(f"DROP TRIGGER {table}_only_add ON {table}")
            op.execute(
                f"CREATE TRIGGER {table}_only_add BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION audit_only_add()"
            )
        op.execute("DROP FUNCTION audit_keep_unsealed")
    for table in ("usage_meters", "audit_positions", "audit_seals"):
        op.drop_table(table)
