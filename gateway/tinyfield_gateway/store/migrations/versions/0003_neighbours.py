"""Whom a node wants to hear of, and when each rule's state was said."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add them; what was said before is known again with the next heartbeat."""
    op.add_column("node", sa.Column("active_mask", sa.BigInteger))
    op.add_column("node", sa.Column("active_said", sa.BigInteger))
    op.add_column("rule_state", sa.Column("settled", sa.Boolean))
    op.add_column("rule_state", sa.Column("said", sa.BigInteger))
    op.create_table(
        "neighbour",
        sa.Column(
            "manifest",
            sa.BigInteger,
            sa.ForeignKey("manifest.hash"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("place", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("node", sa.String(16), nullable=False),
    )
    op.create_index("ix_neighbour_node", "neighbour", ["node"])


def downgrade() -> None:
    """Take them away."""
    op.drop_table("neighbour")
    op.drop_column("rule_state", "said")
    op.drop_column("rule_state", "settled")
    op.drop_column("node", "active_said")
    op.drop_column("node", "active_mask")
