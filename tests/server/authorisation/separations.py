"""The conditions in the SQL of the stores that keep environments apart, each as its line has it, for `guards.py`.

A line is what stands before the condition, the condition, and what stands after it: together they are in the module
once. Without it the condition always holds, and has as many parameters as before.
"""

from __future__ import annotations

from dataclasses import dataclass

HERE = "environment_id = ?"
BOTH = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Separation:
    """A condition: what it keeps apart, in which module, its line; on which databases it is tried."""

    what: str
    module: str
    before: str
    after: str = ""
    condition: str = HERE
    databases: tuple[str, ...] = ("sqlite",)
    always: str = "({} OR true)"

    @property
    def there(self) -> str:
        """The line."""
        return f"{self.before}{self.condition}{self.after}"

    @property
    def gone(self) -> str:
        """The line where it always holds."""
        return f"{self.before}{self.always.replace('{}', self.condition)}{self.after}"


SEPARATIONS = (
    Separation(
        "users who are there", "users.store", "{PROFILE} FROM persons WHERE ", ' AND person_id "', databases=BOTH
    ),
    Separation("users who are changed", "users.store", '"WHERE ', ' AND person_id = ?"'),
    Separation("a user who is looked up", "users.store", "{PERSON} FROM persons WHERE ", " AND kind"),
    Separation("users who are listed", "users.store", 'text = "', '" + ('),
    Separation("tags that are listed", "users.store", "visitors FROM user_tags WHERE "),
    Separation("tags that are deleted", "users.tag_removal.store", 'OF_TAG = "WHERE '),
    Separation("people who may have a tag that is deleted", "users.tag_removal.store", "FROM persons WHERE "),
    Separation("visitors of the erased", "users.erasure.store", "FROM merges WHERE "),
    Separation("what is erased", "users.erasure.store", 'OF_THESE = "'),
    Separation(
        "how far a step of an erasure goes", "users.erasure.store", 'LAST_OF_STEP = "SELECT {key} FROM {table} WHERE '
    ),
    Separation("what a step of an erasure removes", "users.erasure.store", 'THEIRS_UP_TO = "'),
    Separation("when somebody was erased", "users.erasure.store", "erased FROM erasures WHERE "),
    Separation("everything of a user", "users.everything.store", "WHERE ", " AND {kind.person}"),
    Separation("the last session of a user", "users.everything.store", "{LAST_SESSION} FROM persons WHERE "),
    Separation("events of everybody", "events.listing.store", "WHERE ", ' "\n', condition="found.environment_id = ?"),
    Separation(
        "events of a user",
        "events.listing.store",
        "WHERE ",
        " AND found.person_id",
        condition="found.environment_id = ?",
    ),
    Separation(
        "events of a name", "events.listing.store", "WHERE ", " AND found.name", condition="found.environment_id = ?"
    ),
    Separation(
        "whose an event is",
        "events.listing.store",
        "persons ON ",
        condition="persons.environment_id = found.environment_id",
    ),
    Separation(
        "names of events that are listed",
        "events.names.store",
        "NAMES = f\"SELECT {', '.join(list(COLUMNS)[1:])} FROM event_names WHERE ",
    ),
    Separation(
        "changes of names that are listed", "events.names.store", 'ALL = "SELECT change FROM event_name_changes WHERE '
    ),
    Separation("how many events a person has", "events.store", "FROM events WHERE ", " AND person_id = ? LIMIT"),
    Separation(
        "events that a person has already", "events.store", "FROM events WHERE ", " AND person_id = ? AND event_id"
    ),
    Separation(
        "imports",
        "imports.store",
        "return ",
        condition="table.c.environment_id == place.environment_id",
        always="table.c.environment_id.is_not(None)",
    ),
    Separation(
        "imports that are listed",
        "imports.store",
        ".where(",
        condition="imports.c.environment_id == environment_id",
        always="imports.c.environment_id.is_not(None)",
    ),
    Separation(
        "exports that are listed",
        "exports.store",
        ".where(",
        ", exports.c.expires",
        condition="exports.c.environment_id == environment_id",
        always="exports.c.environment_id.is_not(None)",
    ),
    Separation("rows that are stored", "imports.sqlite_store", '"WHERE ', ' AND person_id = ?"'),
    Separation(
        "rows that are unchanged",
        "imports.sqlite_store",
        "WHERE ",
        " AND person_id = sent.column1",
        condition="environment_id = ?1",
    ),
    Separation("rows that are the same", "imports.postgres_store", "FROM persons WHERE ", databases=("postgresql",)),
    Separation(
        "rows that are left",
        "imports.postgres_store",
        "ON ",
        condition="persons.environment_id = ?",
        after=" AND persons.person_id = arriving.person_id",
        databases=("postgresql",),
    ),
    Separation(
        "rows that are changed",
        "imports.postgres_store",
        '"WHERE ',
        condition="persons.environment_id = ?",
        after=" AND persons.person_id = changing.person_id",
        databases=("postgresql",),
    ),
    Separation("users of a tribe", "tribes.compiler", 'sql("', condition="persons.environment_id = {}", databases=BOTH),
    Separation(
        "sessions and events of a person",
        "tribes.compiler",
        'return f"',
        condition="{table}.environment_id = persons.environment_id",
        databases=BOTH,
    ),
    Separation(
        "who did what a tribe asks for",
        "tribes.compiler",
        '"WHERE ',
        condition="events.environment_id = {}",
        databases=BOTH,
    ),
    Separation("how far a page of a tribe's users looks", "tribes.store", 'Condition("'),
    Separation("a person who is explained", "tribes.store", 'f"', condition="environment_id = {marks(connection, 1)}"),
    Separation("events that are exported", "exports.lines_store", "WHERE ", condition="events.environment_id = {mark}"),
    Separation(
        "whose an exported event is",
        "exports.lines_store",
        "persons ON ",
        condition="persons.environment_id = events.environment_id",
    ),
    Separation("facts of a session", "sessions.store", "called FROM persons WHERE "),
    Separation("who a visitor of a session is", "sessions.store", "FROM merges WHERE "),
    Separation("when somebody was seen", "sessions.store", "last_seen FROM persons WHERE "),
    Separation("how many sessions a visitor has", "sessions.store", "FROM sessions WHERE "),
    Separation("who a visitor of a followed session is", "sessions.changes.store", "FROM merges WHERE "),
    Separation("what may have changed for a session", "sessions.changes.store", "FROM persons WHERE "),
    Separation("what is merged", "merges.store", 'THEIRS = "WHERE '),
    Separation("profiles that apps change", "identities.store", "FROM persons WHERE "),
    Separation("the device that was seen last", "devices.store", "WHERE ", condition="environment_id = {0}"),
    Separation("how many devices a visitor has", "devices.store", "FROM devices WHERE "),
    Separation(
        "what an environment delivers",
        "delivery.store",
        "",
        condition="delivery_revisions.c.environment_id == environment_id",
        always="delivery_revisions.c.environment_id.is_not(None)",
    ),
    Separation(
        "the document of a session",
        "sessions.store",
        "",
        ", number == revision",
        condition="owner == owner_id",
        always="owner.is_not(None)",
    ),
)

NOT_MISSED = {
    (
        "console.store",
        "columns.tags).where(columns.environment_id == environment_id",
    ): "tests of the editor of tribes hold it",
    (
        "daily_counts.store",
        'of_them = f"{table}.environment_id = persons.environment_id',
    ): "a test of closing days holds it: somebody of the same id elsewhere",
    (
        "daily_counts.store",
        "columns.environment_id == environment_id, columns.tribe == tribe",
    ): "tests of a tribe's page hold it",
    ("spaces.removal.store", 'END = "DELETE FROM environment_removals WHERE environment_id = ?'): (
        "what others left would stay: a test of removals holds it"
    ),
    ("spaces.removal.store", '"SELECT 1 FROM {} WHERE environment_id = ?'): "it would look for rows without end",
    ("spaces.removal.store", "{table_name} WHERE environment_id = ? ORDER BY"): "a step would be longer or shorter",
    ("spaces.removal.store", 'removal = f"DELETE FROM {table_name} WHERE environment_id = ?'): (
        "a test of removals holds it: the rows of others are left"
    ),
    (
        "events.stream.feed",
        "if one.environment_id == environment_id",
    ): "it would have more noted than is told; a test of streams holds it",
    ("events.stream.store", "events AS found ON found.environment_id = ?"): "a test of streams holds it",
    ("events.stream.store", "sessions AS found ON found.environment_id = ?"): "a session's id is drawn at random",
    ("events.stream.store", "user_person_id FROM merges WHERE environment_id = ?"): "a test of streams holds it",
    ("events.stream.store", 'FORGET_OF_ENVIRONMENT = "DELETE FROM event_arrivals WHERE environment_id = ?'): (
        "what arrived elsewhere would not be told: a test of streams holds it"
    ),
    ("events.stream.store", "SELECT entries FROM event_arrivals WHERE environment_id = ?"): (
        "what arrived elsewhere is looked for by its keys in the environment itself"
    ),
    ("console.store", "(columns.environment_id == environments.c.id)"): "tests of the console's first page hold it",
    ("console.store", "table.c.environment_id == environment_id"): "a test of the console's page Live holds it",
    ("events.names.store", 'COUNT = "SELECT count(*) FROM event_names WHERE environment_id = ?'): (
        "how many places are left is seen where all are taken"
    ),
    ("events.names.store", 'FORGET = "DELETE FROM event_names WHERE environment_id = ?'): "tests of erasure hold it",
    ("events.names.store", 'NEXT = "SELECT change_id, change FROM event_name_changes WHERE environment_id = ?'): (
        "tests of folding hold it"
    ),
    ("events.names.store", 'TAKEN_BACK = "DELETE FROM event_name_changes WHERE environment_id = ?'): (
        "the id of a change is drawn at random"
    ),
    ("events.names.store", '"sqlite": "DELETE FROM event_name_changes WHERE environment_id = ?'): (
        "a test of folding holds it: what waits in another environment is left"
    ),
    ("events.names.store", '"postgresql": "DELETE FROM event_name_changes WHERE environment_id = ?'): (
        "the id of a change is drawn at random"
    ),
    ("events.names.store", 'ABANDON = "DELETE FROM event_name_changes WHERE environment_id = ?'): (
        "it is reached where a Space was deleted at the same time; a test of its own plants that"
    ),
    ("users.store", 'UNCOUNT = "DELETE FROM user_tags WHERE environment_id = ?'): "a tag without people stays nowhere",
    ("users.store", 'VISITORS = "SELECT person_id FROM persons WHERE environment_id = ?'): (
        "a person id is of a user or of a visitor, the same in every environment"
    ),
    ("events.store", '"AND environment_id = ? AND person_id {}"'): "the rows say whose they are",
    (
        "merges.store",
        "user_called FROM merges WHERE environment_id = ?",
    ): "the rows say whose they are",
    ("imports.sqlite_store", "LEFT JOIN persons ON persons.environment_id = ?"): "a mark is of one part of one import",
    ("imports.postgres_store", '"ON persons.environment_id = ? AND persons.person_id = sent.person_id'): (
        "a mark is of one part of one import"
    ),
    ("imports.store", "import_parts.c.environment_id == environment_id"): "a mark is of one part of one import",
}
"""Conditions whose absence changes nothing but the rows that are read, by module and line, and why that is so."""
