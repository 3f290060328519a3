"""The audit trail takes the place of events"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from provisioning.audit.chain import GENESIS, record_hash

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = ("audit_records", "audit_heads")


def upgrade() -> None:
    records = op.create_table(
        "audit_records",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("time", sa.DateTime(), nullable=False),
        sa.Column("received", sa.DateTime(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=False),
        sa.Column("extract", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_records")),
        sa.UniqueConstraint("user", "project", "id", name=op.f("uq_audit_records_user_project_id")),
    )
    for name, columns in (
        ("ix_audit_records_extract", ["extract"]),
        ("ix_audit_records_kind", ["kind"]),
        ("ix_audit_records_project_time", ["project", "time"]),
        ("ix_audit_records_user", ["user"]),
    ):
        op.create_index(name, "audit_records", columns)
    op.create_table(
        "audit_heads",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("time", sa.DateTime(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_heads")),
    )
    _move_events(records)
    op.drop_table("events")
    _only_add()


def _move_events(records: sa.Table) -> None:
    columns: list[sa.ColumnClause[Any]] = [
        sa.column(name) for name in ("id", "source", "user", "project", "kind")
    ]
    columns += [sa.column(name, sa.DateTime()) for name in ("time", "received")]
    columns += [sa.column("detail", sa.JSON())]
    query = sa.select(*columns).select_from(sa.table("events")).order_by(sa.column("number"))
    bind, prev = op.get_bind(), GENESIS
    for number, row in enumerate(bind.execute(query).mappings().all(), 1):
        made = {**row, "number": number, "extract": "", "prev": prev}
        aware: dict[str, datetime] = {name: row[name].replace(tzinfo=UTC) for name in ("time", "received")}
        prev = record_hash({**made, **aware, "detail": json.loads(json.dumps(row["detail"]))})
        bind.execute(records.insert().values(**made, hash=prev))


def _only_add() -> None:
    """Make the database refuse changes and removals: a second line, which its own admin can lift."""
    if op.get_bind().dialect.name == "sqlite":
        for table in TABLES:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    "BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION audit_only_add() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit trail is only added to'; END $$"
    )
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_only_add BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_only_add()"
        )


def downgrade() -> None:
    raise NotImplementedError("an audit trail is not taken apart: restore the backup of before")
