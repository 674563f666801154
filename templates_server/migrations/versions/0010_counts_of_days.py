"""Counts of days that have ended, without people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

COUNTS = ("active_1", "active_7", "active_30", "active_90", "sessions", "events")


def upgrade() -> None:
    op.create_table(
        "daily_counts",
        sa.Column("environment_id", sa.String(), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger()) for name in COUNTS),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("environment_id", "day", name=op.f("pk_daily_counts")),
    )
    op.create_index("ix_daily_counts_day", "daily_counts", ["day", "environment_id"])
    op.create_table(
        "tribe_sizes",
        sa.Column("environment_id", sa.String(), nullable=False),
        sa.Column("tribe", sa.String(), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("environment_id", "tribe", "day", name=op.f("pk_tribe_sizes")),
    )
    op.create_index("ix_tribe_sizes_day", "tribe_sizes", ["day", "environment_id", "tribe"])
