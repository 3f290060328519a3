"""Several roles a person, a project's papers and further quotas, and the site's policies"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROLES = ("analyst", "engineer", "admin", "reviewer", "auditor")
STATUSES = ("draft", "active", "suspended", "closed", "archived", "deleted")
DUTY = sa.text("role IN ('admin', 'reviewer', 'auditor') AND NOT combined")


def _one_of(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=16)


def upgrade() -> None:
    op.create_table(
        "account_roles",
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("role", _one_of(ROLES, "role"), nullable=False),
        sa.Column("combined", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.name"], name=op.f("fk_account_roles_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account", "role", name=op.f("pk_account_roles")),
    )
    op.create_index("ix_account_roles_role", "account_roles", ["role"])
    op.create_index(
        "uq_account_roles_duty",
        "account_roles",
        ["account"],
        unique=True,
        sqlite_where=DUTY,
        postgresql_where=DUTY,
    )
    op.execute("INSERT INTO account_roles (account, role) SELECT name, role FROM accounts")
    with op.batch_alter_table("accounts") as accounts:
        accounts.drop_constraint(op.f("ck_accounts_role"), type_="check")
        accounts.drop_column("role")
    with op.batch_alter_table("projects") as projects:
        projects.drop_constraint(op.f("ck_projects_status"), type_="check")
        listed = ", ".join(f"'{status}'" for status in STATUSES)
        projects.create_check_constraint(op.f("ck_projects_status"), f"status IN ({listed})")
        projects.add_column(sa.Column("approval_number", sa.String(length=100), nullable=True))
        projects.add_column(sa.Column("approval_expires", sa.Date(), nullable=True))
        projects.add_column(sa.Column("agreement_number", sa.String(length=100), nullable=True))
        projects.add_column(sa.Column("agreement_expires", sa.Date(), nullable=True))
        projects.add_column(sa.Column("max_desks", sa.Integer(), server_default="20", nullable=False))
        projects.add_column(
            sa.Column("disk_bytes", sa.BigInteger(), server_default=str(20 * 1024**3), nullable=False)
        )
        projects.create_check_constraint(op.f("ck_projects_max_desks"), "max_desks >= 0")
        projects.create_check_constraint(op.f("ck_projects_disk_bytes"), "disk_bytes > 0")
    op.create_table(
        "policies",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_policies")),
    )


def downgrade() -> None:
    raise NotImplementedError("one role an account cannot hold what several roles said; restore a backup")
