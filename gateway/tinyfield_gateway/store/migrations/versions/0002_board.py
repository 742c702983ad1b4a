"""Each node's own board: one manifest may be that of several."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add the column; known again with the node's next birth."""
    op.add_column("node", sa.Column("board", sa.Text))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("node", "board")
