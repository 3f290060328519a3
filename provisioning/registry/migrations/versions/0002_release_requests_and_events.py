"""Release requests and events, and a project's own display budget"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DISPLAY = ("display_bytes", "display_cells")


def upgrade() -> None:
    for column in DISPLAY:
        # As SQL: Alembic would make the table anew to add a check, which its foreign keys forbid.
        op.execute(
            f"ALTER TABLE projects ADD COLUMN {column} BIGINT "
            f"CONSTRAINT ck_projects_{column} CHECK ({column} > 0)"
        )
    op.create_table(
        "release_requests",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=False),
        sa.Column("requested_by", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("recipient", sa.String(length=200), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "submitted",
                "checked",
                "in-review",
                "approved",
                "returned",
                "rejected",
                "released",
                "expired",
                "withdrawn",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.name"], name=op.f("fk_release_requests_project")),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["accounts.name"], name=op.f("fk_release_requests_requested_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_requests")),
        sa.UniqueConstraint("number", name=op.f("uq_release_requests_number")),
    )
    op.create_index("ix_release_requests_project_status", "release_requests", ["project", "status"])
    op.create_table(
        "release_files",
        sa.Column("request", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("bytes >= 0", name=op.f("ck_release_files_bytes")),
        sa.ForeignKeyConstraint(["request"], ["release_requests.id"], name=op.f("fk_release_files_request")),
        sa.PrimaryKeyConstraint("request", "position", name=op.f("pk_release_files")),
    )
    op.create_index("ix_release_files_sha256", "release_files", ["sha256"])
    op.create_table(
        "events",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("time", sa.DateTime(), nullable=False),
        sa.Column("received", sa.DateTime(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("user", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_events")),
        sa.UniqueConstraint("user", "project", "id", name=op.f("uq_events_user_project_id")),
    )
    op.create_index("ix_events_kind", "events", ["kind"])
    op.create_index("ix_events_project_time", "events", ["project", "time"])
    op.create_index("ix_events_user", "events", ["user"])


def downgrade() -> None:
    for table in ("events", "release_files", "release_requests"):
        op.drop_table(table)
    for column in DISPLAY:
        op.execute(f"ALTER TABLE projects DROP COLUMN {column}")
