"""What bounds merges: a count of events, when a device was seen, and the name of the user who a visitor is.

Names are filled in by steps, and no statement looks at two people: the tables may be distributed already.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROWS_A_STEP = 500  # each user is a parameter of a query
MERGES = sa.table("merges", *map(sa.column, ("environment_id", "person_id", "user_person_id", "user_called")))
PERSONS = sa.table("persons", *map(sa.column, ("environment_id", "person_id", "called")))


def upgrade() -> None:
    op.add_column("persons", sa.Column("device_seen", sa.BigInteger(), nullable=True))
    op.add_column("persons", sa.Column("event_units", sa.BigInteger(), nullable=True))
    op.add_column("merges", sa.Column("user_called", sa.String(), nullable=False, server_default=""))
    after = ("", "")
    while rows := _next(op.get_bind(), after):
        _name_users(op.get_bind(), rows)
        after = rows[-1][0], rows[-1][1]


def _next(connection: sa.Connection, after: tuple[str, str]) -> Sequence[tuple[str, str, str]]:
    """Environment, visitor and user of so many merges after one."""
    key = MERGES.c.environment_id, MERGES.c.person_id
    query = sa.select(*key, MERGES.c.user_person_id).where(sa.tuple_(*key) > sa.tuple_(*map(sa.literal, after)))
    return [(row[0], row[1], row[2]) for row in connection.execute(query.order_by(*key).limit(ROWS_A_STEP))]


def _name_users(connection: sa.Connection, rows: Sequence[tuple[str, str, str]]) -> None:
    """Note whom these visitors turned out to be; merges into nobody, which counted for nothing, are removed."""
    users: dict[str, set[str]] = defaultdict(set)
    for environment_id, _, user in rows:
        users[environment_id].add(user)
    called = {
        (environment_id, row.person_id): row.called
        for environment_id, person_ids in users.items()
        for row in connection.execute(
            sa.select(PERSONS.c.person_id, PERSONS.c.called).where(
                PERSONS.c.environment_id == environment_id, PERSONS.c.person_id.in_(person_ids)
            )
        )
    }
    for environment_id, visitor, user in rows:
        this = (MERGES.c.environment_id == environment_id) & (MERGES.c.person_id == visitor)
        name = called.get((environment_id, user))
        if name is None:
            connection.execute(sa.delete(MERGES).where(this))
        else:
            connection.execute(sa.update(MERGES).where(this).values(user_called=name))
