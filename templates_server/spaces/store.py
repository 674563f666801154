"""All SQL about Spaces, environments and keys."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, Select, or_, select

from templates_server.access import Place, Principal, PrincipalKind
from templates_server.schema import environment_keys, environments, organizations, spaces


def locate(connection: Connection, names: Mapping[str, str]) -> Place | None:
    """The place of `organization`, `space` and `environment` (a name, or a live pk_ key of it); None if there is none."""
    if "space" in names:
        return _locate_space(connection, names["space"], names.get("environment"))
    return _locate_organization(connection, names["organization"])


def _locate_organization(connection: Connection, name: str) -> Place | None:
    query = select(organizations.c.id, organizations.c.key).where(
        or_(organizations.c.key == name, organizations.c.id == name)
    )
    row = connection.execute(query).one_or_none()
    return Place(row.id, row.key) if row else None


def _locate_space(connection: Connection, name: str, environment: str | None) -> Place | None:
    query = (
        select(
            organizations.c.id.label("organization_id"),
            organizations.c.key.label("organization_key"),
            spaces.c.id.label("space_id"),
            spaces.c.key.label("space_key"),
        )
        .join_from(spaces, organizations)
        .where(or_(spaces.c.key == name, spaces.c.id == name))
    )
    if environment is not None:
        query = query.add_columns(
            environments.c.id.label("environment_id"), environments.c.name.label("environment_name")
        ).join(environments, environments.c.space_id == spaces.c.id)
        query = query.where(
            or_(environments.c.name == environment, environments.c.id.in_(_environments_of_key(environment)))
        )
    row = connection.execute(query).mappings().one_or_none()
    return Place(**row) if row else None


def _environments_of_key(key: str) -> Select[tuple[str]]:
    return select(environment_keys.c.environment_id).where(
        environment_keys.c.key == key, environment_keys.c.revoked.is_(None)
    )


def find_app(connection: Connection, key: str) -> Principal | None:
    """The app that a live pk_ key stands for; None when the key is unknown or revoked."""
    query = select(environment_keys.c.id, environment_keys.c.name, environment_keys.c.environment_id).where(
        environment_keys.c.key == key, environment_keys.c.revoked.is_(None)
    )
    row = connection.execute(query).one_or_none()
    return Principal(PrincipalKind.APP, row.id, row.name, environment_id=row.environment_id) if row else None
