"""The reads of console pages that no route of the Platform API provides. Nothing is changed here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, Select, Table, func, or_, select

from templates_server.storage.tables import (
    accounts,
    delivery_revisions,
    environments,
    events,
    model_revisions,
    persons,
    service_accounts,
    sessions,
    spaces,
    tribe_revisions,
)

HEAD_CHARACTERS = 64 * 1024
"""The part of a delivery to read: published collections come before the scenarios, whose length is unlimited."""
PUBLISHED = re.compile(r'"published":\[([^\[\]]*)\]')
KEY = re.compile(r'"([a-z0-9-]+)"')
PRODUCTION = "production"
SAMPLE_PEOPLE = 200
"""The sample size: the first rows by the primary key, which is made of hashes and so as good as random."""
MOST_OFFERED = 200


@dataclass(frozen=True)
class LastChange:
    """The newest revision of a Space's model, tribes or delivery; `created` is in milliseconds.

    `author` is the current name of its author; None if they no longer exist.
    """

    space_id: str
    what: str
    environment: str | None
    revision: int
    created: int
    author: str | None
    note: str | None


def last_changes(connection: Connection, space_ids: Collection[str]) -> Mapping[str, LastChange]:
    """Return the last change in each of these Spaces; unchanged Spaces are omitted.

    Of changes in the same millisecond the last by name counts, so that the page is stable.
    """
    found = [
        *_newest(connection, "model", _of_spaces(model_revisions, spaces.c.revision, space_ids)),
        *_newest(connection, "tribes", _of_spaces(tribe_revisions, spaces.c.tribes_revision, space_ids)),
        *_newest(connection, "delivery", _of_environments(space_ids)),
    ]
    return {change.space_id: change for change in sorted(found, key=_age)}


def find_spaces(
    connection: Connection, organization_ids: Collection[str], text: str, *, limit: int
) -> Sequence[tuple[str, str]]:
    """Return the keys and names of these organizations' Spaces that contain the text, ignoring case, up to a limit."""
    lowered = text.lower()
    has_text = or_(*(func.lower(column).contains(lowered, autoescape=True) for column in (spaces.c.key, spaces.c.name)))
    query = select(spaces.c.key, spaces.c.name).where(spaces.c.organization_id.in_(organization_ids), has_text)
    return [(row.key, row.name) for row in connection.execute(query.order_by(spaces.c.key).limit(limit))]


def has_arrived(connection: Connection, environment_id: str) -> tuple[bool, bool]:
    """Return whether an environment has a session, and whether it has an event."""
    queries = (
        select(table.c.person_id).where(table.c.environment_id == environment_id) for table in (sessions, events)
    )
    session, event = (connection.execute(query.limit(1)).first() for query in queries)
    return session is not None, event is not None


def list_published(connection: Connection, space_ids: Collection[str]) -> Mapping[str, Sequence[str]]:
    """Return the published collections in production, by Space; Spaces without a delivery are omitted."""
    head = func.substr(delivery_revisions.c.document, 1, HEAD_CHARACTERS)
    query = (
        select(environments.c.space_id, head)
        .join_from(environments, delivery_revisions, _is_present(delivery_revisions.c))
        .where(environments.c.space_id.in_(space_ids), environments.c.name == PRODUCTION)
    )
    matches = ((space_id, PUBLISHED.search(text)) for space_id, text in connection.execute(query))
    return {space_id: KEY.findall(match[1]) for space_id, match in matches if match}


def _age(change: LastChange) -> tuple[int, str, str]:
    return change.created, change.what, change.environment or ""


def _of_spaces(table: Table, revision: Column[Any], space_ids: Collection[str]) -> Select[Any]:
    is_newest = (table.c.space_id == spaces.c.id) & (table.c.revision == revision)
    return _authored(select(spaces.c.id).join_from(spaces, table, is_newest), table).where(spaces.c.id.in_(space_ids))


def _of_environments(space_ids: Collection[str]) -> Select[Any]:
    table = delivery_revisions
    chosen = select(environments.c.space_id.label("id"), environments.c.name.label("environment"))
    query = chosen.join_from(environments, table, _is_present(table.c))
    return _authored(query, table).where(environments.c.space_id.in_(space_ids))


def _is_present(columns: Any) -> Any:
    """Return the condition that a revision is the one its environment delivers."""
    return (columns.environment_id == environments.c.id) & (columns.revision == environments.c.revision)


def _authored(query: Select[Any], table: Table) -> Select[Any]:
    """Return the query with the details of a revision and the name of its author."""
    columns = table.c
    author = func.coalesce(accounts.c.email, service_accounts.c.name).label("author")
    return (
        query.add_columns(columns.revision, columns.created, columns.note, author)
        .outerjoin(accounts, accounts.c.id == columns.created_by)
        .outerjoin(service_accounts, service_accounts.c.id == columns.created_by)
    )


def _newest(connection: Connection, what: str, query: Select[Any]) -> Sequence[LastChange]:
    rows = [dict(row) for row in connection.execute(query).mappings()]
    return [
        LastChange(row["id"], what, row.get("environment"), row["revision"], row["created"], row["author"], row["note"])
        for row in rows
    ]


@dataclass(frozen=True)
class PeopleSample:
    """The attribute names and tags of people, in order."""

    attributes: Sequence[str]
    tags: Sequence[str]


def sample_people(connection: Connection, environment_id: str) -> PeopleSample:
    """Return the most common attribute names and tags in a sample of people."""
    columns = persons.c
    query = select(columns.attributes, columns.tags).where(columns.environment_id == environment_id)
    attributes: Counter[str] = Counter()
    tags: Counter[str] = Counter()
    for attributes_text, tags_text in connection.execute(query.order_by(columns.person_id).limit(SAMPLE_PEOPLE)):
        attributes.update(msgspec.json.decode(attributes_text, type=dict[str, Any]).keys())
        tags.update(filter(None, tags_text.split("\n")))
    return PeopleSample(_commonest(attributes), _commonest(tags))


def _commonest(counts: Counter[str]) -> Sequence[str]:
    return sorted(name for name, _ in counts.most_common(MOST_OFFERED))
