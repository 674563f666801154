"""Who follows the events of an environment, and what has arrived there in the last minutes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "event_followers",
        sa.Column("environment_id", sa.String(), nullable=False),
        sa.Column("process", sa.String(), nullable=False),
        sa.Column("filters", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("environment_id", "process", name=op.f("pk_event_followers")),
    )
    op.create_table(
        "event_arrivals",
        sa.Column("environment_id", sa.String(), nullable=False),
        sa.Column("arrival_id", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("arrived", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("environment_id", "arrival_id", name=op.f("pk_event_arrivals")),
    )
