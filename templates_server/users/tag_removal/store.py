"""All SQL that deletes a tag from everybody: a removal is a row, and a step takes it on by a stretch of people.

A step is one transaction: the people of its stretch, the counts of tags, and the position. Whoever takes the same step
at the same time finds the position moved on, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from templates_server.database import as_text
from templates_server.identifiers import new_id
from templates_server.persons.profiles import TAG_SEPARATOR, Change
from templates_server.users.store import change_people

MOST_CHANGED = 250
"""People whom one step changes: the writer is held for as long as they take."""
MOST_LOOKED_THROUGH = 20_000
"""People among whom one step looks for them; nobody waits for that."""
MOST_PASSES = 3
"""How often everybody is looked through for those who got the tag meanwhile."""

COLUMNS = "environment_id, tag, id, passes, position"
REMEMBER = (
    f"INSERT INTO tag_removals ({COLUMNS}, created) VALUES (?, ?, ?, 0, '', ?) "  # noqa: S608 - names of ours
    "ON CONFLICT (environment_id, tag) DO UPDATE SET passes = 0"
)
OF_TAG = "WHERE environment_id = ? AND tag = ?"
FIND = f"SELECT {COLUMNS} FROM tag_removals {OF_TAG} AND id = ?"  # noqa: S608 - names of ours
FIND_OF_TAG = f"SELECT {COLUMNS} FROM tag_removals {OF_TAG}"  # noqa: S608 - names of ours
LIST = f"SELECT {COLUMNS} FROM tag_removals ORDER BY created, environment_id, tag"  # noqa: S608 - names of ours
MOVE_ON = f"UPDATE tag_removals SET passes = ?, position = ? {OF_TAG} AND id = ?"  # noqa: S608 - names of ours
END = f"DELETE FROM tag_removals {OF_TAG} AND id = ?"  # noqa: S608 - names of ours
COUNTS = f"SELECT users, visitors FROM user_tags {OF_TAG}"  # noqa: S608 - names of ours
STRETCH = "FROM persons WHERE environment_id = ? AND person_id > ? ORDER BY person_id LIMIT ?"


@dataclass(frozen=True, slots=True)
class Removal:
    """A tag that is being deleted from everybody in an environment, and how far that is.

    `passes`: how often everybody has been looked through; `position`: the last person of the pass that runs, "" before
    the first.
    """

    environment_id: str
    tag: str
    id: str
    passes: int
    position: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What names the row."""
        return self.environment_id, self.tag, self.id


@dataclass(frozen=True, slots=True)
class Counts:
    """How many users and visitors have a tag."""

    users: int = 0
    visitors: int = 0

    def __bool__(self) -> bool:
        """Whether anybody has it."""
        return self.users > 0 or self.visitors > 0


@dataclass(frozen=True, slots=True)
class Stretch:
    """People behind a position who have the tag, in order, and where the stretch ends; None: with the last person."""

    person_ids: Sequence[str]
    end: str | None


def counts_of(connection: Connection, environment_id: str, tag: str) -> Counts:
    """Return how many have a tag now."""
    row = connection.exec_driver_sql(as_text(connection, COUNTS), (environment_id, tag)).first()
    return Counts(*row) if row else Counts()


def begin(connection: Connection, environment_id: str, tag: str, *, now: int) -> Removal:
    """Remember that a tag is to be deleted; a removal of it that runs already goes on from where it is."""
    row = (environment_id, tag, new_id("trm"), now)
    connection.exec_driver_sql(as_text(connection, REMEMBER), row)
    found = connection.exec_driver_sql(as_text(connection, FIND_OF_TAG), (environment_id, tag)).one()
    return Removal(*found)


def list_removals(connection: Connection) -> Sequence[Removal]:
    """Return all that have not ended, the oldest first."""
    return [Removal(*row) for row in connection.exec_driver_sql(LIST)]


def next_stretch(connection: Connection, removal: Removal) -> Stretch:
    """Return the people whom the next step changes."""
    position = "instr" if connection.dialect.name == "sqlite" else "strpos"
    query = (
        f"SELECT person_id FROM (SELECT person_id, tags {STRETCH}) AS looked "  # noqa: S608 - names of ours
        f"WHERE {position}(tags, ?) > 0 ORDER BY person_id LIMIT ?"
    )
    start = (removal.environment_id, removal.position)
    tag = f"{TAG_SEPARATOR}{removal.tag}{TAG_SEPARATOR}"
    values = (*start, MOST_LOOKED_THROUGH, tag, MOST_CHANGED)
    person_ids = list(connection.exec_driver_sql(as_text(connection, query), values).scalars())
    if len(person_ids) == MOST_CHANGED:
        return Stretch(person_ids, person_ids[-1])
    last = f"SELECT person_id {STRETCH} OFFSET ?"
    row = connection.exec_driver_sql(as_text(connection, last), (*start, 1, MOST_LOOKED_THROUGH - 1)).first()
    return Stretch(person_ids, row[0] if row else None)


def take_step(connection: Connection, removal: Removal, stretch: Stretch, *, now: int) -> Removal | None:
    """Take the tag from the people of a stretch; the removal as it is then, None when it has ended."""
    locking = "" if connection.dialect.name == "sqlite" else " FOR UPDATE"
    row = connection.exec_driver_sql(as_text(connection, FIND + locking), removal.key).first()
    if row is None:
        return None
    found = Removal(*row)
    if found != removal:
        return found
    change_people(connection, removal.environment_id, stretch.person_ids, Change(remove_tags=(removal.tag,)), now=now)
    passes = removal.passes + (stretch.end is None)
    is_over = passes >= MOST_PASSES or not counts_of(connection, removal.environment_id, removal.tag)
    if is_over:
        connection.exec_driver_sql(as_text(connection, END), removal.key)
        return None
    moved = (passes, stretch.end or "")
    connection.exec_driver_sql(as_text(connection, MOVE_ON), (*moved, *removal.key))
    return Removal(*removal.key, *moved)
