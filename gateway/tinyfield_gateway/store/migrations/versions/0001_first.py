"""The first schema."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "manifest",
        sa.Column("hash", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("app", sa.Text, nullable=False),
        sa.Column("json", sa.Text, nullable=False),
    )
    op.create_table(
        "node",
        sa.Column("id", _Id, primary_key=True),
        sa.Column("name", sa.String(16), nullable=False, unique=True),
        sa.Column("manifest", sa.BigInteger),
        sa.Column("boot", sa.BigInteger, nullable=False),
        sa.Column("last_heard", sa.BigInteger, nullable=False),
        sa.Column("season", sa.BigInteger, nullable=False),
        sa.Column("battery", sa.Integer),
        sa.Column("online", sa.Boolean),
        sa.Column("dropped", sa.BigInteger, nullable=False),
        sa.Column("fault_mask", sa.BigInteger, nullable=False),
        sa.Column("collisions", sa.BigInteger, nullable=False),
        sa.Column("decisions", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "decision",
        sa.Column("id", _Id, primary_key=True),
        sa.Column("node", _Id, sa.ForeignKey("node.id"), nullable=False),
        sa.Column("boot", sa.BigInteger, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.Column("rule", sa.SmallInteger, nullable=False),
        sa.Column("label", sa.SmallInteger, nullable=False),
        sa.Column("score", sa.SmallInteger, nullable=False),
        sa.Column("flags", sa.SmallInteger, nullable=False),
        sa.Column("battery", sa.Integer),
        sa.Column("manifest", sa.BigInteger, nullable=False),
        sa.Column("why", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("node", "boot", "seq", name="decision_number"),
    )
    op.create_table(
        "rule_state",
        sa.Column("node", _Id, sa.ForeignKey("node.id"), primary_key=True, autoincrement=False),
        sa.Column("rule", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("boot", sa.BigInteger, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("label", sa.SmallInteger, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
    )
    op.create_table(
        "quarantine",
        sa.Column("id", _Id, primary_key=True),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_table(
        "sink_cursor",
        sa.Column("sink", sa.String(200), primary_key=True),
        sa.Column("last", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Back to nothing."""
    for table in ("sink_cursor", "quarantine", "rule_state", "decision", "node", "manifest"):
        op.drop_table(table)
