"""Indexes by which large environments are looked through: who did an event of a name, and visitors among users.

They are made in the transaction, while which nobody else can write. Who cannot wait that long on PostgreSQL makes
indexes of these names beforehand by CREATE INDEX CONCURRENTLY: those that are there already are left as they are.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

OF_A_NAME = sa.text("name >= ''")  # every name is: SQLite takes the index for those queries alone that say so
OF_VISITORS = sa.text("kind = 'visitor'")


def upgrade() -> None:
    op.create_index(
        "ix_events_name",
        "events",
        ["environment_id", "name", "happened", "person_id"],
        sqlite_where=OF_A_NAME,
        if_not_exists=True,
    )
    op.create_index(
        "ix_persons_visitors",
        "persons",
        ["environment_id", "person_id"],
        sqlite_where=OF_VISITORS,
        postgresql_where=OF_VISITORS,
        if_not_exists=True,
    )
