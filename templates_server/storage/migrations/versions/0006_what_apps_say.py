"""Shares of people, versions, what an app says of itself, the names of events, and which revisions code was made of.

Everybody gets the number that their name gives, by steps. Afterwards an insertion that leaves it out fails.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from templates_server.primitives.shares import share_number

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
ROWS_A_STEP = 500
PERSONS = sa.table("persons", *map(sa.column, ("environment_id", "person_id", "kind", "called", "share_number")))
KEY = PERSONS.c.environment_id, PERSONS.c.person_id


def upgrade() -> None:
    for column in OF_PERSONS:
        op.add_column("persons", column)
    _number_people(op.get_bind())
    with op.batch_alter_table("persons", schema=None) as batch_op:
        batch_op.alter_column("share_number", existing_type=sa.BigInteger(), nullable=False)
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


def _number_people(connection: sa.Connection) -> None:
    this = (PERSONS.c.environment_id == sa.bindparam("environment")) & (PERSONS.c.person_id == sa.bindparam("person"))
    update = sa.update(PERSONS).where(this).values(share_number=sa.bindparam("number"))
    after = ("", "")
    while rows := _people_after(connection, after):
        numbered = [
            {"environment": environment, "person": person, "number": share_number(kind, called)}
            for environment, person, kind, called in rows
        ]
        connection.execute(update, numbered)
        after = rows[-1][:2]


def _people_after(connection: sa.Connection, after: tuple[str, str]) -> Sequence[tuple[str, str, str, str]]:
    """Environment, person id, kind and name of so many people after one."""
    query = sa.select(*KEY, PERSONS.c.kind, PERSONS.c.called).where(
        sa.tuple_(*KEY) > sa.tuple_(*map(sa.literal, after))
    )
    rows = connection.execute(query.order_by(*KEY).limit(ROWS_A_STEP))
    return [(row[0], row[1], row[2], row[3]) for row in rows]
