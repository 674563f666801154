"""The conditions in the SQL of the stores that keep environments apart, each as its line has it.

A line is what stands before the condition, the condition, and what stands after it: together they are in the module
once. Without it the condition always holds, and has as many parameters as before.
"""

from __future__ import annotations

from dataclasses import dataclass

HERE = "environment_id = ?"
BOTH = ("sqlite", "postgresql")


@dataclass(frozen=True)
class IsolationCondition:
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


ISOLATION_CONDITIONS = (
    IsolationCondition(
        "users who are there",
        "features.people.store",
        "{PROFILE} FROM persons WHERE ",
        ' AND person_id "',
        databases=BOTH,
    ),
    IsolationCondition(
        "people whom a push affects",
        "features.impact.store",
        'f"WHERE ',
        " AND {place.text} AND last_seen",
        databases=BOTH,
    ),
    IsolationCondition("users who are changed", "features.people.store", '"WHERE ', ' AND person_id = ?"'),
    IsolationCondition("a user who is looked up", "features.people.store", "{PERSON} FROM persons WHERE ", " AND kind"),
    IsolationCondition("users who are listed", "features.people.store", 'text = "', '" + ('),
    IsolationCondition("tags that are listed", "features.people.store", "visitors FROM user_tags WHERE "),
    IsolationCondition("tags that are deleted", "features.people.tag_removal.store", 'OF_TAG = "WHERE '),
    IsolationCondition(
        "people who may have a tag that is deleted", "features.people.tag_removal.store", "FROM persons WHERE "
    ),
    IsolationCondition("visitors of the erased", "features.people.erasure_store", "FROM merges WHERE "),
    IsolationCondition("what is erased", "features.people.erasure_store", 'OF_THESE = "'),
    IsolationCondition(
        "how far a step of an erasure goes",
        "features.people.erasure_store",
        'LAST_OF_STEP = "SELECT {key} FROM {table} WHERE ',
    ),
    IsolationCondition("what a step of an erasure removes", "features.people.erasure_store", 'THEIRS_UP_TO = "'),
    IsolationCondition("when somebody was erased", "features.people.erasure_store", "erased FROM erasures WHERE "),
    IsolationCondition("everything of a user", "features.people.data_export.store", "WHERE ", " AND {kind.person}"),
    IsolationCondition(
        "the last session of a user", "features.people.data_export.store", "{LAST_SESSION} FROM persons WHERE "
    ),
    IsolationCondition(
        "events of everybody", "features.events.listing.store", "WHERE ", ' "\n', condition="found.environment_id = ?"
    ),
    IsolationCondition(
        "events of a user",
        "features.events.listing.store",
        "WHERE ",
        " AND found.person_id",
        condition="found.environment_id = ?",
    ),
    IsolationCondition(
        "events of a name",
        "features.events.listing.store",
        "WHERE ",
        " AND found.name",
        condition="found.environment_id = ?",
    ),
    IsolationCondition(
        "whose an event is",
        "features.events.listing.store",
        "persons ON ",
        condition="persons.environment_id = found.environment_id",
    ),
    IsolationCondition(
        "names of events that are listed",
        "features.event_names.store",
        "NAMES = f\"SELECT {', '.join(list(COLUMNS)[1:])} FROM event_names WHERE ",
    ),
    IsolationCondition(
        "changes of names that are listed",
        "features.event_names.store",
        'ALL = "SELECT change FROM event_name_changes WHERE ',
    ),
    IsolationCondition(
        "how many events a person has", "features.events.store", "FROM events WHERE ", " AND person_id = ? LIMIT"
    ),
    IsolationCondition(
        "events that a person has already",
        "features.events.store",
        "FROM events WHERE ",
        " AND person_id = ? AND event_id",
    ),
    IsolationCondition(
        "imports",
        "features.imports.store",
        "return ",
        condition="table.c.environment_id == place.environment_id",
        always="table.c.environment_id.is_not(None)",
    ),
    IsolationCondition(
        "imports that are listed",
        "features.imports.store",
        ".where(",
        condition="imports.c.environment_id == environment_id",
        always="imports.c.environment_id.is_not(None)",
    ),
    IsolationCondition(
        "exports that are listed",
        "features.exports.store",
        ".where(",
        ", exports.c.expires",
        condition="exports.c.environment_id == environment_id",
        always="exports.c.environment_id.is_not(None)",
    ),
    IsolationCondition("rows that are stored", "features.imports.sqlite_store", '"WHERE ', ' AND person_id = ?"'),
    IsolationCondition(
        "rows that are unchanged",
        "features.imports.sqlite_store",
        "WHERE ",
        " AND person_id = sent.column1",
        condition="environment_id = ?1",
    ),
    IsolationCondition(
        "rows that are the same", "features.imports.postgresql_store", "FROM persons WHERE ", databases=("postgresql",)
    ),
    IsolationCondition(
        "rows that are left",
        "features.imports.postgresql_store",
        "ON ",
        condition="persons.environment_id = ?",
        after=" AND persons.person_id = arriving.person_id",
        databases=("postgresql",),
    ),
    IsolationCondition(
        "rows that are changed",
        "features.imports.postgresql_store",
        '"WHERE ',
        condition="persons.environment_id = ?",
        after=" AND persons.person_id = changing.person_id",
        databases=("postgresql",),
    ),
    IsolationCondition(
        "users of a tribe", "features.tribes.compiler", 'sql("', condition="persons.environment_id = {}", databases=BOTH
    ),
    IsolationCondition(
        "sessions and events of a person",
        "features.tribes.compiler",
        'return f"',
        condition="{table}.environment_id = persons.environment_id",
        databases=BOTH,
    ),
    IsolationCondition(
        "who did what a tribe asks for",
        "features.tribes.compiler",
        '"WHERE ',
        condition="events.environment_id = {}",
        databases=BOTH,
    ),
    IsolationCondition("how far a page of a tribe's users looks", "features.tribes.store", 'Condition("'),
    IsolationCondition(
        "a person who is explained",
        "features.tribes.store",
        'f"',
        condition="environment_id = {placeholders(connection, 1)}",
    ),
    IsolationCondition(
        "events that are exported", "features.exports.queries", "WHERE ", condition="events.environment_id = {mark}"
    ),
    IsolationCondition(
        "whose an exported event is",
        "features.exports.queries",
        "persons ON ",
        condition="persons.environment_id = events.environment_id",
    ),
    IsolationCondition("facts of a session", "features.sessions.store", "called FROM persons WHERE "),
    IsolationCondition("who a visitor of a session is", "features.sessions.store", "FROM merges WHERE "),
    IsolationCondition("when somebody was seen", "features.sessions.store", "last_seen FROM persons WHERE "),
    IsolationCondition("how many sessions a visitor has", "features.sessions.store", "FROM sessions WHERE "),
    IsolationCondition(
        "who a visitor of a followed session is", "features.sessions.changes.store", "FROM merges WHERE "
    ),
    IsolationCondition("what may have changed for a session", "features.sessions.changes.store", "FROM persons WHERE "),
    IsolationCondition("what is merged", "features.people.merge_store", 'THEIRS = "WHERE '),
    IsolationCondition("profiles that apps change", "features.people.identify.store", "FROM persons WHERE "),
    IsolationCondition(
        "the device that was seen last", "features.people.devices.store", "WHERE ", condition="environment_id = {0}"
    ),
    IsolationCondition("how many devices a visitor has", "features.people.devices.store", "FROM devices WHERE "),
    IsolationCondition(
        "what an environment delivers",
        "features.spaces.delivery.store",
        "",
        condition="delivery_revisions.c.environment_id == environment_id",
        always="delivery_revisions.c.environment_id.is_not(None)",
    ),
    IsolationCondition(
        "the document of a session",
        "features.sessions.store",
        "",
        ", number == revision",
        condition="owner == owner_id",
        always="owner.is_not(None)",
    ),
)

NOT_MISSED = {
    ("features.impact.store", 'SqlCondition(f"environment_id = ? AND {place.text}"'): (
        "bounds how many people are looked at before the time is checked again; who they are is in another query"
    ),
    (
        "features.console.store",
        "columns.tags).where(columns.environment_id == environment_id",
    ): "tests of the editor of tribes hold it",
    (
        "features.operations.daily_counts.store",
        'of_them = f"{table}.environment_id = persons.environment_id',
    ): "a test of closing days holds it: somebody of the same id elsewhere",
    (
        "features.operations.daily_counts.store",
        "columns.environment_id == environment_id, columns.tribe == tribe",
    ): "tests of a tribe's page hold it",
    ("storage.removal.store", 'END = "DELETE FROM environment_removals WHERE environment_id = ?'): (
        "what others left would stay: a test of removals holds it"
    ),
    ("storage.removal.store", '"SELECT 1 FROM {} WHERE environment_id = ?'): "it would look for rows without end",
    ("storage.removal.store", "{table_name} WHERE environment_id = ? ORDER BY"): "a step would be longer or shorter",
    ("storage.removal.store", 'removal = f"DELETE FROM {table_name} WHERE environment_id = ?'): (
        "a test of removals holds it: the rows of others are left"
    ),
    (
        "features.events.stream.feed",
        "if one.environment_id == environment_id",
    ): "it would have more noted than is told; a test of streams holds it",
    ("features.events.stream.store", "events AS found ON found.environment_id = ?"): "a test of streams holds it",
    (
        "features.events.stream.store",
        "sessions AS found ON found.environment_id = ?",
    ): "a session's id is drawn at random",
    (
        "features.events.stream.store",
        "user_person_id FROM merges WHERE environment_id = ?",
    ): "a test of streams holds it",
    ("features.people.erasure_store", 'FORGET_ARRIVALS = "DELETE FROM event_arrivals WHERE environment_id = ?'): (
        "what arrived elsewhere would not be told: a test of streams holds it"
    ),
    ("features.events.stream.store", "SELECT entries FROM event_arrivals WHERE environment_id = ?"): (
        "what arrived elsewhere is looked for by its keys in the environment itself"
    ),
    (
        "features.console.store",
        "(columns.environment_id == environments.c.id)",
    ): "tests of the console's first page hold it",
    (
        "features.console.store",
        "table.c.environment_id == environment_id",
    ): "a test of the console's page Live holds it",
    ("features.event_names.store", 'COUNT = "SELECT count(*) FROM event_names WHERE environment_id = ?'): (
        "how many places are left is seen where all are taken"
    ),
    (
        "features.event_names.store",
        'FORGET = "DELETE FROM event_names WHERE environment_id = ?',
    ): "tests of erasure hold it",
    (
        "features.event_names.store",
        'NEXT = "SELECT change_id, change FROM event_name_changes WHERE environment_id = ?',
    ): ("tests of folding hold it"),
    ("features.event_names.store", 'TAKEN_BACK = "DELETE FROM event_name_changes WHERE environment_id = ?'): (
        "the id of a change is drawn at random"
    ),
    ("features.event_names.store", '"sqlite": "DELETE FROM event_name_changes WHERE environment_id = ?'): (
        "a test of folding holds it: what waits in another environment is left"
    ),
    ("features.event_names.store", '"postgresql": "DELETE FROM event_name_changes WHERE environment_id = ?'): (
        "the id of a change is drawn at random"
    ),
    ("features.event_names.store", 'ABANDON = "DELETE FROM event_name_changes WHERE environment_id = ?'): (
        "it is reached where a Space was deleted at the same time; a test of its own plants that"
    ),
    (
        "features.people.store",
        'UNCOUNT = "DELETE FROM user_tags WHERE environment_id = ?',
    ): "a tag without people stays nowhere",
    ("features.people.store", 'VISITORS = "SELECT person_id FROM persons WHERE environment_id = ?'): (
        "a person id is of a user or of a visitor, the same in every environment"
    ),
    ("features.events.store", '"AND environment_id = ? AND person_id {}"'): "the rows say whose they are",
    (
        "features.people.merge_store",
        "user_called FROM merges WHERE environment_id = ?",
    ): "the rows say whose they are",
    (
        "features.imports.sqlite_store",
        "LEFT JOIN persons ON persons.environment_id = ?",
    ): "a mark is of one part of one import",
    ("features.imports.postgresql_store", '"ON persons.environment_id = ? AND persons.person_id = sent.person_id'): (
        "a mark is of one part of one import"
    ),
    (
        "features.imports.store",
        "import_parts.c.environment_id == environment_id",
    ): "a mark is of one part of one import",
}
"""Conditions whose absence changes nothing but the rows that are read, by module and line, and why that is so."""
