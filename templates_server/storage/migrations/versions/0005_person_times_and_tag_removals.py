"""`updated` of people whom an app's request created, tags of visitors, and tags that are being deleted.

Times are filled in by steps, and only where they are missing. Afterwards the column has no default any more, which was
how a row came to be without a time: an insertion that leaves it out fails.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ROWS_A_STEP = 500
PERSONS = sa.table("persons", *map(sa.column, ("environment_id", "person_id", "created", "updated")))
KEY = PERSONS.c.environment_id, PERSONS.c.person_id


def upgrade() -> None:
    _fill_in_times(op.get_bind())
    with op.batch_alter_table("persons", schema=None) as batch_op:
        batch_op.alter_column("updated", existing_type=sa.BigInteger(), existing_nullable=False, server_default=None)
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


def _fill_in_times(connection: sa.Connection) -> None:
    this = (PERSONS.c.environment_id == sa.bindparam("environment")) & (PERSONS.c.person_id == sa.bindparam("person"))
    update = sa.update(PERSONS).where(this).values(updated=PERSONS.c.created)
    after = ("", "")
    while rows := _without_time(connection, after):
        connection.execute(update, [{"environment": environment, "person": person} for environment, person in rows])
        after = rows[-1]


def _without_time(connection: sa.Connection, after: tuple[str, str]) -> Sequence[tuple[str, str]]:
    """Environment and person id of so many people after one who have no time."""
    query = sa.select(*KEY).where(sa.tuple_(*KEY) > sa.tuple_(*map(sa.literal, after)), PERSONS.c.updated == 0)
    return [(row[0], row[1]) for row in connection.execute(query.order_by(*KEY).limit(ROWS_A_STEP))]
