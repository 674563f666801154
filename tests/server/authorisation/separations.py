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
    Separation("users who are listed", "users.store", "{PERSON} FROM persons WHERE ", " AND kind"),
    Separation("tags that are listed", "users.store", "visitors FROM user_tags WHERE "),
    Separation("visitors of the erased", "users.erasure.store", "FROM merges WHERE "),
    Separation("what is erased", "users.erasure.store", "FROM {table} WHERE "),
    Separation("when somebody was erased", "users.erasure.store", "erased FROM erasures WHERE "),
    Separation("everything of a user", "users.everything.store", "WHERE ", " AND {kind.person}"),
    Separation("events of everybody", "events.listing.store", "FROM events WHERE "),
    Separation("events of a user", "events.listing.store", "WHERE ", condition="found.environment_id = ?"),
    Separation(
        "whose an event is",
        "events.listing.store",
        "persons ON ",
        condition="persons.environment_id = found.environment_id",
    ),
    Separation(
        "imports",
        "imports.store",
        "return ",
        condition="table.c.environment_id == place.environment_id",
        always="table.c.environment_id.is_not(None)",
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
    Separation("a person who is explained", "tribes.store", 'f"', condition="environment_id = {marks(connection, 1)}"),
    Separation("events that are exported", "exports.lines_store", "WHERE ", condition="events.environment_id = {mark}"),
    Separation(
        "whose an exported event is",
        "exports.lines_store",
        "persons ON ",
        condition="persons.environment_id = events.environment_id",
    ),
    Separation("a person's session", "sessions.store", '"FROM persons WHERE '),
    Separation("who a visitor is", "sessions.store", 'merged = "FROM merges WHERE '),
    Separation("when somebody was seen", "sessions.store", "last_seen FROM persons WHERE "),
    Separation(
        "visitors who were merged",
        "merges.store",
        '"WHERE ',
        condition="merges.environment_id = ?",
        databases=("postgresql",),
    ),
    Separation("what is merged", "merges.store", 'THEIRS = "WHERE '),
    Separation(
        "the device that was seen last",
        "merges.store",
        "FROM devices WHERE ",
        condition="environment_id = persons.environment_id",
    ),
    Separation("profiles that apps change", "identities.store", "FROM persons WHERE "),
    Separation("devices of a person", "devices.store", "WHERE ", condition="environment_id = {0}"),
)
