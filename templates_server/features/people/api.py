"""Users, tags and visitors over HTTP. The user fields are in `profile_parser`, exports in `everything`."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Protocol

from sqlalchemy import Connection
from starlette.responses import Response

from templates_server.errors import ErrorDetail, Problems, ValidationFailed
from templates_server.features.audit import store as audit
from templates_server.features.people import store
from templates_server.features.people.apply_changes import ChangeOutcome, UserChange
from templates_server.features.people.erasure_log import ErasureLog
from templates_server.features.people.erasure_store import ErasedPerson, ErasureSummary, erase_person, remove_some
from templates_server.features.people.identity import PersonKind
from templates_server.features.people.profile import ProfileChange, attribute_patterns, format_joined
from templates_server.features.people.profile_parser import (
    ProfileProblems,
    find_attribute_name_problem,
    find_attribute_problem,
    find_tag_problem,
    read_user,
)
from templates_server.features.people.schemas import (
    Erasure,
    Removed,
    RemovedOfVisitor,
    Upserted,
    User,
    UserTag,
    Visitor,
    VisitorErasure,
)
from templates_server.http import request_body
from templates_server.http.context import Call
from templates_server.http.pagination import link_after, next_link, read_page_request
from templates_server.http.response import NOTHING, ApiResult
from templates_server.primitives.timestamps import to_rfc3339
from templates_server.storage.database import Database

MOST_USERS = 1000
MAX_UPSERT_BYTES = 8 * 1024 * 1024
Told = Callable[[store.StoredPerson, Mapping[str, int]], Any]
"""The response about a deleted person, with the number of deleted rows of each kind."""


class ErasureServices(Protocol):
    """The services that the handlers here need."""

    @property
    def erasure_log(self) -> ErasureLog:
        """The list of erased people that restores read."""


async def list_users(call: Call) -> ApiResult:
    """Return a page of users: all, or filtered by tag (or below), attribute, or text in user id or e-mail address."""
    people, headers = await _page_of(call, PersonKind.USER)
    return ApiResult([to_user(person) for person in people], "user", headers=headers)


async def list_visitors(call: Call) -> ApiResult:
    """Return a page of anonymous visitors, with the same filters as for users."""
    people, headers = await _page_of(call, PersonKind.VISITOR)
    return ApiResult([to_visitor(person) for person in people], "visitor", headers=headers)


async def _page_of(call: Call, kind: PersonKind) -> tuple[Sequence[store.StoredPerson], Any]:
    page, environment_id = read_page_request(call), call.environment_id
    tag, search = call.query.get("tag", ""), call.query.get("search", "")
    if tag:
        _check_tag(tag)
    wanted = store.UserQuery(
        kind, page.limit, page.after, tag, search, _asked_attribute(call.query.get("attribute", ""))
    )
    found = await call.database.read_in_thread(lambda connection: store.list_people(connection, environment_id, wanted))
    return found.people, link_after(call, page, found.more_after)


def _asked_attribute(text: str) -> Sequence[str]:
    """Return the requested attribute. Raise ValidationFailed unless the text is `name=value`."""
    if not text:
        return ()
    name, equals, value = text.partition("=")
    if not equals:
        raise ValidationFailed([ErrorDetail("attribute", "This must be name=value, such as plan=gold.")])
    problem = find_attribute_name_problem(name) or find_attribute_problem(value)
    if problem is not None:
        raise ValidationFailed([ErrorDetail("attribute", f"This {problem}.")])
    return attribute_patterns(name, value)


async def list_tags(call: Call) -> ApiResult:
    """Return a page of the tags in use, in code point order."""
    page, environment_id, search = read_page_request(call), call.environment_id, call.query.get("search", "").lower()
    tags = await call.database.read_in_thread(
        lambda connection: store.list_tags(
            connection, environment_id, search=search, after=page.after, limit=page.limit
        )
    )
    headers = next_link(call, page, [tag for tag, _, _ in tags])
    return ApiResult([UserTag(*one) for one in tags], "user_tag", headers=headers)


async def show_user(call: Call) -> ApiResult:
    """Return one user."""
    environment_id, user = call.environment_id, call.parameters["user"]
    found = await call.database.read(lambda connection: store.find_user(connection, environment_id, user))
    return ApiResult([to_user(found)], "user")


async def show_visitor(call: Call) -> ApiResult:
    """Return one visitor; one who was merged into a user is no longer a visitor."""
    environment_id, visitor = call.environment_id, call.parameters["visitor"]
    found = await call.database.read(
        lambda connection: store.find_person(connection, environment_id, PersonKind.VISITOR, visitor)
    )
    return ApiResult([to_visitor(found)], "visitor")


async def upsert(call: Call) -> Response:
    """Insert or update one user or many: all of them, or none if any is invalid."""
    changes = await asyncio.to_thread(_read_changes, _decode_sent(call))
    environment_id, now = call.environment_id, call.now

    def work(connection: Connection) -> ApiResult:
        outcomes = store.upsert_users(connection, environment_id, changes, now=now)
        _record_upsert(connection, call, changes, outcomes)
        status = HTTPStatus.CREATED if ChangeOutcome.CREATED in outcomes else HTTPStatus.OK
        told = [Upserted(sent.user_id, outcome.value) for sent, outcome in zip(changes, outcomes, strict=True)]
        return ApiResult(told, "upsert", status)

    return await call.effect(work)


def _decode_sent(call: Call) -> Any:
    """Decode the JSON of the body without validation."""
    request_body.require_media_type(call.request, "application/json")
    return request_body.decode_json(call.body, Any, max_depth=call.settings.limits.max_depth)


def _read_changes(sent: Any) -> Sequence[UserChange]:
    """Return the users of a body. Raise ValidationFailed, with all problems, unless all are valid."""
    if isinstance(sent, list) and not 0 < len(sent) <= MOST_USERS:
        raise ValidationFailed([ErrorDetail("", f"Send 1 to {MOST_USERS:,} users, not {len(sent):,}.")])
    paths = [f"[{number}]" for number in range(len(sent))] if isinstance(sent, list) else [""]
    changes: list[UserChange] = []
    problems = Problems()
    for item, path in zip(sent if isinstance(sent, list) else [sent], paths, strict=True):
        user_id, change, wrong = read_user(item, path)
        changes.append(UserChange(user_id, change, path))
        problems.extend(wrong)
    if problems:
        raise ValidationFailed(problems)
    return changes


def _record_upsert(
    connection: Connection, call: Call, changes: Sequence[UserChange], outcomes: Sequence[ChangeOutcome]
) -> None:
    """Record which users changed; without changes, record nothing."""
    changed = [
        store.find_person_id(sent.user_id)
        for sent, outcome in zip(changes, outcomes, strict=True)
        if outcome is not ChangeOutcome.UNCHANGED
    ]
    if changed:
        target = changed[0] if len(changes) == 1 else f"{len(set(changed))} users"
        details: dict[str, object] = dict(Counter(outcome.value for outcome in outcomes))
        if len(changes) > 1:
            details["people"] = sorted(set(changed))
        audit.record(connection, call.deed("user.upsert", target, details=details))


async def update(call: Call) -> Response:
    """Update an existing user."""
    user, sent = call.parameters["user"], _decode_sent(call)
    if not isinstance(sent, dict):
        raise ValidationFailed([ErrorDetail("", "Send an object with the fields to change.")])
    reading = ProfileProblems()
    if sent.get("user_id", user) != user:
        reading.refuse("user_id", "This does not match the user in the path.")
    change = reading.change(sent)
    if reading.problems:
        raise ValidationFailed(reading.problems)
    return await _change(call, "user.upsert", change, answers=True)


async def tag(call: Call) -> Response:
    """Add a tag to a user, who may already have it."""
    return await _change(call, "user.tag", ProfileChange(add_tags=(_checked_tag(call),)))


async def untag(call: Call) -> Response:
    """Remove a tag from a user, who may not have it."""
    return await _change(call, "user.untag", ProfileChange(remove_tags=(_checked_tag(call),)))


def _check_tag(name: str) -> None:
    problem = find_tag_problem(name)
    if problem is not None:
        raise ValidationFailed([ErrorDetail("tag", f"This {problem}.")])


async def tag_visitor(call: Call) -> Response:
    """Add a tag to a visitor, who may already have it."""
    return await _change_visitor(call, "visitor.tag", ProfileChange(add_tags=(_checked_tag(call),)))


async def untag_visitor(call: Call) -> Response:
    """Remove a tag from a visitor, who may not have it."""
    return await _change_visitor(call, "visitor.untag", ProfileChange(remove_tags=(_checked_tag(call),)))


def _checked_tag(call: Call) -> str:
    """Return the tag in the path. Raise ValidationFailed if it is invalid."""
    name = call.parameters["tag"]
    _check_tag(name)
    return name


async def _change_visitor(call: Call, action: str, change: ProfileChange) -> Response:
    """Change the visitor in the path; one who was merged is no longer a visitor."""
    environment_id, visitor, now = call.environment_id, call.parameters["visitor"], call.now

    def work(connection: Connection) -> ApiResult:
        person_id = store.find_person(connection, environment_id, PersonKind.VISITOR, visitor).person_id
        if store.change_person(connection, environment_id, person_id, change, now=now) is not ChangeOutcome.UNCHANGED:
            audit.record(connection, call.deed(action, person_id))
        return NOTHING

    return await call.effect(work)


async def _change(call: Call, action: str, change: ProfileChange, *, answers: bool = False) -> Response:
    """Change the user in the path; return the changed user if that is the response."""
    environment_id, user, now = call.environment_id, call.parameters["user"], call.now

    def work(connection: Connection) -> ApiResult:
        person_id = store.find_user(connection, environment_id, user).person_id
        outcome = store.change_person(connection, environment_id, person_id, change, now=now)
        if outcome is not ChangeOutcome.UNCHANGED:
            audit.record(connection, call.deed(action, person_id))
        if not answers:
            return NOTHING
        return ApiResult([to_user(store.find_user(connection, environment_id, person_id))], "user")

    return await call.effect(work)


async def delete(call: Call[ErasureServices]) -> Response:
    """Erase a user and all their data, and exclude them from restored backups."""

    def told(person: store.StoredPerson, removed: Mapping[str, int]) -> Erasure:
        return Erasure(person.called, Removed(**removed))

    return await _erase(call, PersonKind.USER, told)


async def delete_visitor(call: Call[ErasureServices]) -> Response:
    """Erase a visitor and all their data, and exclude them from restored backups."""

    def told(person: store.StoredPerson, removed: Mapping[str, int]) -> VisitorErasure:
        return VisitorErasure(person.called, RemovedOfVisitor(**removed))

    return await _erase(call, PersonKind.VISITOR, told)


async def _erase(call: Call[ErasureServices], kind: PersonKind, told: Told) -> Response:
    """Erase the person in the path, and record it.

    This is one transaction; if there are too many rows for one, most of them are removed in others before it.
    """
    environment_id, called, now = call.environment_id, call.parameters[kind.value], call.now
    people: list[ErasedPerson] = []
    before = await _remove_most(call.database, environment_id, kind, called)

    def work(connection: Connection) -> ApiResult:
        found = store.find_person(connection, environment_id, kind, called)
        erased = erase_person(connection, environment_id, found.person_id, now=now)
        removed = {name: erased.removed[name] + before[name] for name in _kinds_of(kind, erased)}
        audit.record(connection, call.deed(f"{kind.value}.delete", found.person_id, details=removed))
        people[:] = erased.people
        return ApiResult([told(found, removed)], "erasure")

    response = await call.effect(work)
    await asyncio.to_thread(call.features.erasure_log.add, people)
    return response


def _kinds_of(kind: PersonKind, erased: ErasureSummary) -> Sequence[str]:
    """Return the kinds of a person's data: only users have merged visitors."""
    return [name for name in erased.removed if kind is PersonKind.USER or name != "visitors"]


async def _remove_most(database: Database, environment_id: str, kind: PersonKind, called: str) -> Counter[str]:
    """Remove most of a person's data, if it is large; return the row counts by kind. Raise NotFound for nobody."""
    person = await database.read(lambda connection: store.find_person(connection, environment_id, kind, called))
    removed: Counter[str] = Counter()
    while some := await database.write(lambda connection: remove_some(connection, environment_id, person.person_id)):
        removed.update(some)
    return removed


def to_user(person: store.StoredPerson) -> User:
    """Return a user in the form of the Platform API."""
    profile = person.profile
    return User(
        person.called,
        profile.email,
        profile.phone,
        profile.timezone,
        profile.locale,
        format_joined(profile.joined),
        profile.tags,
        dict(profile.attributes),
        to_rfc3339(person.created),
        to_rfc3339(person.updated),
        time_or_none(person.first_seen),
        time_or_none(person.last_seen),
    )


def to_visitor(person: store.StoredPerson) -> Visitor:
    """Return a visitor in the form of the Platform API."""
    profile = person.profile
    return Visitor(
        person.called,
        profile.email,
        profile.phone,
        profile.timezone,
        profile.locale,
        profile.tags,
        dict(profile.attributes),
        to_rfc3339(person.created),
        to_rfc3339(person.updated),
        time_or_none(person.first_seen),
        time_or_none(person.last_seen),
    )


def time_or_none(moment: int | None) -> str | None:
    """Format a time; None if there is none."""
    return None if moment is None else to_rfc3339(moment)
