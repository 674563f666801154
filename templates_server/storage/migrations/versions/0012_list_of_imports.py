"""An index for the list of imports.

Scripts that import users every minute leave half a million imports a year.
"""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_imports_created", "imports", ["environment_id", "created"], if_not_exists=True)
