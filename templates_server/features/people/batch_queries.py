"""Queries about many people at once, possibly from several environments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Connection

from templates_server.storage.dialect import dialect_of, in_clause, in_param
from templates_server.storage.pipelining import Statement

PersonKey = tuple[str, str]  # environment and person id


def build_statements(connection: Connection, query: str, keys: Iterable[PersonKey]) -> list[Statement]:
    """Build one query per environment id for its people; `{}` is the placeholder for `person_id`."""
    by_environment: dict[str, list[str]] = defaultdict(list)
    for environment_id, person_id in keys:
        by_environment[environment_id].append(person_id)
    return [_about(connection, query, *these) for these in by_environment.items()]


def _about(connection: Connection, query: str, environment_id: str, person_ids: list[str]) -> Statement:
    if len(person_ids) == 1 and dialect_of(connection).is_sqlite:  # a list takes it longer than all the rest
        return query.replace("{}", "= ?"), (environment_id, person_ids[0])
    return query.replace("{}", in_clause(connection)), (environment_id, in_param(connection, person_ids))
