"""What the author of a revision says of it, and an index to list revisions by without their documents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OWNERS = {"model_revisions": "space_id", "tribe_revisions": "space_id", "delivery_revisions": "environment_id"}


def upgrade() -> None:
    for table, owner in OWNERS.items():
        op.add_column(table, sa.Column("note", sa.Text()))
        op.create_index(f"ix_{table}_history", table, [owner, "revision", "created", "created_by", "note"])
