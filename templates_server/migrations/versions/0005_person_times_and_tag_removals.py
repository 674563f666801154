"""`updated` of people whom an app's request created, tags of visitors, and tags that are being deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

WITHOUT_A_TIME = "UPDATE persons SET updated = created WHERE updated = 0"


def upgrade() -> None:
    op.execute(WITHOUT_A_TIME)
    op.add_column("user_tags", sa.Column("visitors", sa.BigInteger(), server_default="0", nullable=False))
    op.create_table(
        "tag_removals",
        sa.Column("environment_id", sa.String(), nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("passes", sa.Integer(), nullable=False),
        sa.Column("position", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["environment_id"], ["environments.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("environment_id", "tag"),
    )
