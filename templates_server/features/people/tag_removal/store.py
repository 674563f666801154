"""All SQL that deletes a tag from everybody: a removal is a row, and each step processes a stretch of people.

A step is one transaction: the people of its stretch, the counts of tags, and the position. A concurrent run of the same
step finds the position changed, and changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from templates_server.features.people.profile import TAG_SEPARATOR, ProfileChange
from templates_server.features.people.store import change_people
from templates_server.primitives.ids import new_id
from templates_server.storage.dialect import as_text, dialect_of, in_clause, in_param

MOST_CHANGED = 250
"""The number of people changed in one step, during which the writer is blocked."""
MOST_LOOKED_THROUGH = 20_000
"""The number of people searched in one step; nobody waits for that."""
MOST_LISTED = 10
"""The number of an organization's removals processed before checking for others that wait."""
MOST_PASSES = 3
"""The number of passes through everybody, to find people who got the tag meanwhile."""

COLUMNS = "environment_id, tag, id, passes, position"
REMEMBER = (
    f"INSERT INTO tag_removals ({COLUMNS}, created) VALUES (?, ?, ?, 0, '', ?) "  # noqa: S608 - names of ours
    "ON CONFLICT (environment_id, tag) DO UPDATE SET passes = 0"
)
OF_TAG = "WHERE environment_id = ? AND tag = ?"
FIND = f"SELECT {COLUMNS} FROM tag_removals {OF_TAG} AND id = ?"  # noqa: S608 - names of ours
FIND_OF_TAG = f"SELECT {COLUMNS} FROM tag_removals {OF_TAG}"  # noqa: S608 - names of ours
OLDEST = (
    f"SELECT {COLUMNS} FROM (SELECT {COLUMNS}, created, "  # noqa: S608 - names of ours
    "row_number() OVER (PARTITION BY environment_id ORDER BY created, tag) AS place FROM tag_removals) AS queued "
    "WHERE place <= ? ORDER BY created, environment_id, tag"
)
ORGANIZATIONS = (
    "SELECT environments.id, spaces.organization_id FROM environments JOIN spaces ON spaces.id = environments.space_id "
    "WHERE environments.id "
)
MOVE_ON = f"UPDATE tag_removals SET passes = ?, position = ? {OF_TAG} AND id = ?"  # noqa: S608 - names of ours
END = f"DELETE FROM tag_removals {OF_TAG} AND id = ?"  # noqa: S608 - names of ours
COUNTS = f"SELECT users, visitors FROM user_tags {OF_TAG}"  # noqa: S608 - names of ours
STRETCH = "FROM persons WHERE environment_id = ? AND person_id > ? ORDER BY person_id LIMIT ?"


@dataclass(frozen=True, slots=True)
class TagRemovalState:
    """A tag that is being deleted from everybody in an environment, and the progress.

    `passes`: the number of completed passes; `position`: the last person of the current pass, "" before
    the first.
    """

    environment_id: str
    tag: str
    id: str
    passes: int
    position: str

    @property
    def key(self) -> tuple[str, str, str]:
        """The key of the row."""
        return self.environment_id, self.tag, self.id


@dataclass(frozen=True, slots=True)
class TagCounts:
    """The number of users and visitors with a tag."""

    users: int = 0
    visitors: int = 0

    def __bool__(self) -> bool:
        """Return whether anybody has the tag."""
        return self.users > 0 or self.visitors > 0


@dataclass(frozen=True, slots=True)
class TaggedRange:
    """People after a position with the tag, in order, and the end of the stretch; None for the last person."""

    person_ids: Sequence[str]
    end: str | None


def find_tag_counts(connection: Connection, environment_id: str, tag: str) -> TagCounts:
    """Return the current counts of a tag."""
    row = connection.exec_driver_sql(as_text(connection, COUNTS), (environment_id, tag)).first()
    return TagCounts(*row) if row else TagCounts()


def begin(connection: Connection, environment_id: str, tag: str, *, now: int) -> TagRemovalState:
    """Store the removal of a tag; one that is already running continues from its position."""
    row = (environment_id, tag, new_id("trm"), now)
    connection.exec_driver_sql(as_text(connection, REMEMBER), row)
    found = connection.exec_driver_sql(as_text(connection, FIND_OF_TAG), (environment_id, tag)).one()
    return TagRemovalState(*found)


def list_removals(connection: Connection) -> Sequence[TagRemovalState]:
    """Return the next removals: the oldest of each organization, then the second of each, and so on.

    However many an organization has, others wait for no more than a few of them.
    """
    removals = [
        TagRemovalState(*row) for row in connection.exec_driver_sql(as_text(connection, OLDEST), (MOST_LISTED,))
    ]
    if not removals:
        return []
    environment_ids = in_param(connection, list({removal.environment_id for removal in removals}))
    rows = connection.exec_driver_sql(as_text(connection, ORGANIZATIONS + in_clause(connection)), (environment_ids,))
    organizations = {row[0]: row[1] for row in rows}
    places: Counter[str | None] = Counter()
    in_turn: list[tuple[int, TagRemovalState]] = []
    for removal in removals:
        organization_id = organizations.get(removal.environment_id)  # None: deleted in this moment
        in_turn.append((places[organization_id], removal))
        places[organization_id] += 1
    in_turn.sort(key=lambda turn: turn[0])
    return [removal for place, removal in in_turn if place < MOST_LISTED]


def next_stretch(connection: Connection, removal: TagRemovalState) -> TaggedRange:
    """Return the people whom the next step changes."""
    position = dialect_of(connection).position
    query = (
        f"SELECT person_id FROM (SELECT person_id, tags {STRETCH}) AS looked "  # noqa: S608 - names of ours
        f"WHERE {position}(tags, ?) > 0 ORDER BY person_id LIMIT ?"
    )
    start = (removal.environment_id, removal.position)
    tag = f"{TAG_SEPARATOR}{removal.tag}{TAG_SEPARATOR}"
    values = (*start, MOST_LOOKED_THROUGH, tag, MOST_CHANGED)
    person_ids = list(connection.exec_driver_sql(as_text(connection, query), values).scalars())
    if len(person_ids) == MOST_CHANGED:
        return TaggedRange(person_ids, person_ids[-1])
    last = f"SELECT person_id {STRETCH} OFFSET ?"
    row = connection.exec_driver_sql(as_text(connection, last), (*start, 1, MOST_LOOKED_THROUGH - 1)).first()
    return TaggedRange(person_ids, row[0] if row else None)


def take_step(
    connection: Connection, removal: TagRemovalState, stretch: TaggedRange, *, now: int
) -> TagRemovalState | None:
    """Remove the tag from the people of a stretch; return the updated removal, None when it has ended."""
    locking = dialect_of(connection).for_update
    row = connection.exec_driver_sql(as_text(connection, FIND + locking), removal.key).first()
    if row is None:
        return None
    found = TagRemovalState(*row)
    if found != removal:
        return found
    change_people(
        connection, removal.environment_id, stretch.person_ids, ProfileChange(remove_tags=(removal.tag,)), now=now
    )
    passes = removal.passes + (stretch.end is None)
    is_over = passes >= MOST_PASSES or not find_tag_counts(connection, removal.environment_id, removal.tag)
    if is_over:
        connection.exec_driver_sql(as_text(connection, END), removal.key)
        return None
    moved = (passes, stretch.end or "")
    connection.exec_driver_sql(as_text(connection, MOVE_ON), (*moved, *removal.key))
    return TagRemovalState(*removal.key, *moved)
