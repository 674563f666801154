"""All SQL about tribes: the document, and their people, by conditions from the compiler."""

from __future__ import annotations

import json
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, select

from templates_server.errors import Conflict, NotFound, ValidationFailed
from templates_server.features.people.identity import PersonKind
from templates_server.features.people.store import PERSON, SqlCondition, UserPage, find_last_examined, to_person
from templates_server.features.tribes.compiler import compile_facts, compile_tribe, compile_tribe_of_few
from templates_server.features.tribes.evaluator import PersonFacts
from templates_server.features.tribes.facts import read_facts
from templates_server.features.tribes.model import CountQueries, TribeDefinition
from templates_server.features.tribes.parser import find_new_key_problems
from templates_server.features.tribes.sql_fragments import CompiledSql
from templates_server.primitives.revisions import NewRevision, StoredDocument, StoreResult, check_revision, to_json
from templates_server.primitives.yaml_json import quote_text
from templates_server.storage.dialect import placeholders
from templates_server.storage.tables import delivery_revisions, environments, spaces, tribe_revisions

MOST_NAMED = 10  # scenarios in a refusal
MOST_LOOKED_THROUGH, FEWEST_LOOKED_THROUGH = 15_000, 1_000  # people, for a page of a tribe's users


@dataclass(frozen=True, slots=True)
class TribeUse:
    """A scenario in the current delivery of an environment, and a tribe that it targets."""

    environment: str
    entity: str
    scenario: str
    tribe: str


def load_tribes(connection: Connection, space_id: str, revision: int | None = None) -> StoredDocument:
    """Return the current tribes of a Space, or those of a revision. Raise NotFound without such a revision."""
    space = connection.execute(
        select(spaces.c.key, spaces.c.tribes_revision).where(spaces.c.id == space_id)
    ).one_or_none()
    if space is None:
        raise NotFound
    wanted = space.tribes_revision if revision is None else revision
    if wanted == 0:
        return StoredDocument(0, {"space": space.key, "tribes": {}})
    query = select(tribe_revisions.c.document).where(
        tribe_revisions.c.space_id == space_id, tribe_revisions.c.revision == wanted
    )
    text = connection.execute(query).scalar_one_or_none()
    if text is None:
        raise NotFound(f"No revision {wanted} of the tribes.")
    return StoredDocument(wanted, json.loads(text))


def store_tribes(connection: Connection, space_id: str, new: NewRevision) -> StoreResult:
    """Make a document the current tribes.

    Raise PreconditionFailed when the current ones are not the expected ones, Conflict when a tribe is removed that a
    scenario targets. Storing a delivery also locks the Space: neither misses the other's changes.
    """
    lock_tribes(connection, space_id)
    present = load_tribes(connection, space_id)
    check_revision(present.revision, new.expected)
    if present.value == new.document:
        return StoreResult(present.revision, changed=False)
    _check_keys(connection, space_id, present.value["tribes"].keys(), new.document["tribes"].keys())
    revision = present.revision + 1
    row = {"space_id": space_id, "revision": revision, "document": to_json(new.document)}
    made = {"created": new.now, "created_by": new.author, "note": new.note}
    connection.execute(tribe_revisions.insert(), row | made)
    connection.execute(spaces.update().where(spaces.c.id == space_id).values(tribes_revision=revision))
    return StoreResult(revision, changed=True)


def check_replacement(connection: Connection, space_id: str, keys: AbstractSet[str]) -> None:
    """Raise what `store_tribes` would, if tribes of these keys replaced the present ones now; nothing is stored."""
    present = load_tribes(connection, space_id).value["tribes"].keys()
    _check_keys(connection, space_id, present, keys)


def _check_keys(connection: Connection, space_id: str, before: AbstractSet[str], after: AbstractSet[str]) -> None:
    """Raise Conflict when a tribe goes that a scenario is for, ValidationFailed when a new one has a bad key."""
    _check_uses(connection, space_id, before - after)
    if problems := find_new_key_problems(after - before, "tribes.{key}"):
        raise ValidationFailed(problems)


def lock_tribes(connection: Connection, space_id: str) -> None:
    """Lock the tribes of a Space until the transaction ends (SQLite has one writer anyway)."""
    connection.execute(select(spaces.c.id).where(spaces.c.id == space_id).with_for_update())


def _check_uses(connection: Connection, space_id: str, gone: AbstractSet[str]) -> None:
    """Raise Conflict, naming scenarios, when a removed tribe is the target of one in a current delivery."""
    uses = [use for use in list_uses(connection, space_id) if use.tribe in gone] if gone else []
    if uses:
        named = "; ".join(
            f"{use.tribe} by {quote_text(use.scenario)} of {use.entity} in {use.environment}"
            for use in uses[:MOST_NAMED]
        )
        more = f"; and {len(uses) - MOST_NAMED} more" if len(uses) > MOST_NAMED else ""
        raise Conflict(
            f"Cannot delete tribes that scenarios target: {named}{more}. Remove them from the scenarios first."
        )


def list_uses(connection: Connection, space_id: str) -> Iterator[TribeUse]:
    """Return the scenarios that target tribes, in the current delivery of every environment."""
    query = (
        select(environments.c.name, delivery_revisions.c.document)
        .join_from(environments, delivery_revisions)
        .where(environments.c.space_id == space_id, delivery_revisions.c.revision == environments.c.revision)
    )
    for name, text in connection.execute(query.order_by(environments.c.name)):
        for entity, scenarios in json.loads(text)["scenarios"].items():
            for targeted in scenarios.get("targeted", ()):
                yield from (TribeUse(name, entity, targeted["name"], tribe) for tribe in targeted["tribes"])


# People


class EvaluationContext(msgspec.Struct, frozen=True, gc=False):
    """The environment and the time. Events count while they are younger than `retention_ms`."""

    environment_id: str
    now: int
    retention_ms: int


def load_facts(
    connection: Connection, at: EvaluationContext, person_id: str, questions: CountQueries
) -> PersonFacts | None:
    """Return the facts about a person, including the requested counts; None when the person does not exist."""
    dialect = connection.dialect.name
    columns, parameters = compile_facts(questions, dialect, now=at.now, retention_ms=at.retention_ms)
    which = f"environment_id = {placeholders(connection, 1)} AND person_id = {placeholders(connection, 1)}"
    query = f"SELECT {columns} FROM persons WHERE {which}"  # noqa: S608 - made by the compiler
    row = connection.exec_driver_sql(query, (*parameters, at.environment_id, person_id)).one_or_none()
    return None if row is None else read_facts(row, questions)


def count_people(connection: Connection, at: EvaluationContext, tribe: TribeDefinition) -> int:
    """Return the number of users and visitors in a tribe. Raise UndecidableTribe if only a session could decide."""
    condition, parameters = compile_condition(connection, at, tribe)
    query = f"SELECT count(*) FROM persons WHERE {condition}"  # noqa: S608 - made by the compiler
    return int(connection.exec_driver_sql(query, parameters).scalar_one())


def list_users(
    connection: Connection, at: EvaluationContext, tribe: TribeDefinition, *, after: str, limit: int
) -> UserPage:
    """Return that many users of a tribe after one, by person id. Raise UndecidableTribe if only a session could decide.

    The number of examined people is limited: there may be fewer users, and yet more after them.
    """
    condition, parameters = compile_condition(connection, at, tribe, is_of_few=True)
    here = SqlCondition("environment_id = ?", (at.environment_id,))
    last = find_last_examined(connection, here, after, examination_limit(tribe))
    mark = placeholders(connection, 1)
    up_to, bound = ("", ()) if last is None else (f"AND person_id <= {mark} ", (last,))
    query = (
        f"SELECT {PERSON} FROM persons WHERE {condition} AND kind = {mark} "  # noqa: S608 - made by the compiler
        f"AND person_id > {mark} {up_to}ORDER BY person_id LIMIT {mark}"
    )
    rows = connection.exec_driver_sql(query, (*parameters, PersonKind.USER.value, after, *bound, limit))
    people = [to_person(row) for row in rows]
    return UserPage(people, people[-1].person_id if len(people) == limit else last)


def examination_limit(tribe: TribeDefinition) -> int:
    """Return how many people are examined for a page of a tribe's users: fewer for more expensive conditions."""
    return max(FEWEST_LOOKED_THROUGH, MOST_LOOKED_THROUGH // (1 + len(tribe.filters)))


def compile_condition(
    connection: Connection, at: EvaluationContext, tribe: TribeDefinition, *, is_of_few: bool = False
) -> CompiledSql:
    """Return the compiler's condition for people in a tribe."""
    return (compile_tribe_of_few if is_of_few else compile_tribe)(
        tribe,
        connection.dialect.name,
        now=at.now,
        retention_ms=at.retention_ms,
        environment_id=at.environment_id,
    )
