"""`DELETE .../user-tags/:tag`: delete a tag from everybody. Once accepted, it is always completed."""

from __future__ import annotations

from http import HTTPStatus
from typing import Protocol

from sqlalchemy import Connection

from templates_server.errors import ErrorDetail, ValidationFailed
from templates_server.features.audit import store as audit
from templates_server.features.people.profile_parser import find_tag_problem
from templates_server.features.people.schemas import TagRemoval
from templates_server.features.people.tag_removal import store
from templates_server.features.people.tag_removal.job import TagRemovalJob
from templates_server.http.context import Call
from templates_server.http.response import NOTHING, ApiResult


class TagRemovalServices(Protocol):
    """The services that the handlers here need."""

    @property
    def tag_removal_job(self) -> TagRemovalJob:
        """Removes user tags from everybody."""


async def delete_tag(call: Call[TagRemovalServices]) -> ApiResult:
    """Return 204 once nobody has the tag, or 202 if that takes longer: the server continues in the background."""
    environment_id, tag, now = call.environment_id, call.parameters["tag"], call.now
    problem = find_tag_problem(tag)
    if problem is not None:
        raise ValidationFailed([ErrorDetail("tag", f"This {problem}.")])

    def work(connection: Connection) -> store.TagRemovalState | None:
        counts = store.find_tag_counts(connection, environment_id, tag)
        if not counts:
            return None
        details = {"users": counts.users, "visitors": counts.visitors}
        audit.record(connection, call.deed("tag.delete", tag, details=details))
        return store.begin(connection, environment_id, tag, now=now)

    removal = await call.database.write(work)
    if removal is not None and await call.features.tag_removal_job.advance(removal) is not None:
        left = await call.database.read(lambda connection: store.find_tag_counts(connection, environment_id, tag))
        return ApiResult([TagRemoval(tag, left.users, left.visitors)], "tag_removal", HTTPStatus.ACCEPTED)
    return NOTHING
