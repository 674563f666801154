"""What a part of an import leaves with people, so that the same content is known again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("persons", sa.Column("imported_by", sa.BigInteger(), nullable=True))
    op.add_column("import_parts", sa.Column("mark", sa.BigInteger(), nullable=True))
    op.create_index("ix_import_parts_environment_id_digest", "import_parts", ["environment_id", "digest"], unique=False)
