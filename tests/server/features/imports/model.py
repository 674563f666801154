"""What an import does, in plain Python: a row after the other, people in a dictionary; without the server's code."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from templates_server.storage import tables
from templates_server.storage.database import Database

TEXTS = ("email", "phone", "timezone", "locale")
MOST_TAGS, MOST_ATTRIBUTES = 256, 200


@dataclass
class Model:
    """The people of an environment, and what has become of the rows so far. A text is a row that cannot be read."""

    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    totals: Counter[str] = field(default_factory=Counter)

    def apply(self, rows: Iterable[Mapping[str, Any] | str], now: int = 0) -> Counter[str]:
        """What a part comes to."""
        counted: Counter[str] = Counter()
        for row in rows:
            counted["read"] += 1
            counted[self._outcome(row, now)] += 1
        self.totals += counted
        return counted

    def _outcome(self, row: Mapping[str, Any] | str, now: int) -> str:
        if isinstance(row, str):
            return "rejected"
        before = self.people.get(row["user_id"])
        after = changed(before, row)
        if len(after["tags"]) > MOST_TAGS or len(after["attributes"]) > MOST_ATTRIBUTES:
            return "rejected"
        if before is not None and as_text(before) == as_text(after):
            return "unchanged"
        after["created"] = now if before is None else before["created"]
        after["updated"] = now
        self.people[row["user_id"]] = after
        return "created" if before is None else "updated"

    def tags(self) -> Mapping[str, int]:
        """How many users have each tag."""
        return dict(Counter(tag for person in self.people.values() for tag in person["tags"]))


def changed(before: Mapping[str, Any] | None, row: Mapping[str, Any]) -> dict[str, Any]:
    """A person after a row."""
    person = dict(before or {**dict.fromkeys(TEXTS), "joined": None, "tags": [], "attributes": {}})
    for name in (*TEXTS, "joined"):
        if name in row:
            person[name] = row[name]
    tags = set(row.get("tags", person["tags"]) or ()) | set(row.get("add_tags") or ())
    person["tags"] = sorted(tags - set(row.get("remove_tags") or ()))
    attributes = {**person["attributes"], **(row.get("attributes") or {})}
    person["attributes"] = {name: attributes[name] for name in sorted(attributes) if attributes[name] is not None}
    return person


def as_text(person: Mapping[str, Any]) -> str:
    """What is kept of a person, true told from 1."""
    return json.dumps({name: person[name] for name in (*TEXTS, "joined", "tags", "attributes")})


def stored(database: Database, environment_id: str) -> dict[str, dict[str, Any]]:
    """The people of an environment, in the form of the model."""
    query = select(tables.persons).where(
        tables.persons.c.environment_id == environment_id, tables.persons.c.kind == "user"
    )
    rows = database.read_sync(lambda connection: connection.execute(query).mappings().all())
    return {row["called"]: _person(row) for row in rows}


def _person(row: Any) -> dict[str, Any]:
    joined = row["joined"]
    return {
        **{name: row[name] for name in TEXTS},
        "joined": None if joined is None else datetime.fromtimestamp(joined / 1000, UTC).date().isoformat(),
        "tags": row["tags"].split("\n")[1:-1],
        "attributes": json.loads(row["attributes"]),
        "created": row["created"],
        "updated": row["updated"],
    }
