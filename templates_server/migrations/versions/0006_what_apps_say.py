"""Shares of people, versions, what an app says of itself, the names of events, and which revisions code was made of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OF_PERSONS = (
    sa.Column("share_number", sa.BigInteger()),
    sa.Column("app_version", sa.Text()),
    sa.Column("os_version", sa.Text()),
    sa.Column("app_platform", sa.Text()),
    sa.Column("app_seen", sa.BigInteger()),
)
OF_SESSIONS = ("code_hash", "code_language", "app_version", "app_build", "app_platform", "os_version", "unknown")


def upgrade() -> None:
    for column in OF_PERSONS:
        op.add_column("persons", column)
    for name in OF_SESSIONS:
        op.add_column("sessions", sa.Column(name, sa.Text()))
    op.create_table(
        "event_names",
        sa.Column("environment_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("differing", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.BigInteger(), nullable=False),
        sa.Column("metadata_keys", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("environment_id", "name"),
    )
    op.create_table(
        "event_name_changes",
        sa.Column("environment_id", sa.String(), nullable=False),
        sa.Column("change_id", sa.String(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("environment_id", "change_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "code_renderings",
        sa.Column("space_id", sa.String(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("model_revision", sa.Integer(), nullable=False),
        sa.Column("delivery_revision", sa.Integer(), nullable=False),
        sa.Column("generator", sa.String(), nullable=False),
        sa.Column("rendered", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("space_id", "code_hash"),
    )
