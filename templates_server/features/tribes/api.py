"""Tribes over HTTP: the document, single tribes, their people, and explanations of membership."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace as changed
from typing import Any

import msgspec
from sqlalchemy import Connection
from starlette.responses import Response

from templates_server.errors import ErrorDetail, NotFound, ValidationFailed
from templates_server.features.audit import store as audit
from templates_server.features.people.api import to_user
from templates_server.features.people.identity import PersonKind, PersonRef, make_person_ref
from templates_server.features.people.profile import Scalar
from templates_server.features.people.store import UserPage, find_person_id
from templates_server.features.tribes import store
from templates_server.features.tribes.compiler import UndecidableTribe
from templates_server.features.tribes.evaluator import PersonFacts, evaluate
from templates_server.features.tribes.explanation import explain
from templates_server.features.tribes.model import TribeDefinition, collect_queries
from templates_server.features.tribes.parser import (
    count_event_queries,
    find_new_key_problems,
    find_number_problems,
    find_query_problems,
    read_tribe,
    read_tribes,
)
from templates_server.features.tribes.schemas import Count, TribePut, TribesPut
from templates_server.features.tribes.serializer import to_document, to_tribe_document
from templates_server.http import request_body
from templates_server.http.conditional_requests import (
    document_response,
    expected_revision,
    read_document,
    read_note,
    read_revision_parameter,
    revision_of,
)
from templates_server.http.context import Call
from templates_server.http.pagination import link_after, read_page_request
from templates_server.http.response import NOTHING, ApiResult
from templates_server.primitives.revisions import NewRevision, entity_tag
from templates_server.primitives.timestamps import DAY
from templates_server.security import authorization

Document = dict[str, Any]


async def read(call: Call) -> Response:
    """Return all tribes of the Space, the current ones or those of `?revision=`."""
    space_id, revision = call.space_id, read_revision_parameter(call)
    stored = await call.database.read(lambda connection: store.load_tribes(connection, space_id, revision))
    return document_response(call, stored.revision, stored.value, kind="tribes")


async def replace(call: Call) -> Response:
    """Replace the tribes, unless they changed meanwhile; equal ones create no new revision."""
    note, document = read_note(call), await read_document(call)
    space_key, expected = str(call.place.space_key), expected_revision(call, document)
    tribes = await asyncio.to_thread(read_tribes, document, space=space_key)
    new = NewRevision(to_document(tribes, space=space_key), expected, call.principal.id, call.now, note)
    space_id = call.space_id

    def work(connection: Connection) -> ApiResult:
        stored = store.store_tribes(connection, space_id, new)
        if stored.changed:
            details = {"revision": stored.revision, "tribes": len(tribes)}
            audit.record(connection, call.deed("tribes.replace", space_id, details=details))
        headers = {"ETag": entity_tag(stored.revision)}
        return ApiResult([TribesPut(stored.revision, stored.changed)], "tribes", headers=headers)

    return await call.effect(work)


async def show(call: Call) -> Response:
    """Return one tribe, the current one or that of `?revision=`."""
    space_id, key, revision = call.space_id, call.parameters["tribe"], read_revision_parameter(call)
    stored = await call.database.read(lambda connection: store.load_tribes(connection, space_id, revision))
    if key not in stored.value["tribes"]:
        raise NotFound
    return document_response(call, stored.revision, {"key": key, **stored.value["tribes"][key]}, kind="tribe")


async def replace_one(call: Call) -> Response:
    """Insert or replace one tribe; the others are unchanged."""
    document = await read_document(call)
    key = call.parameters["tribe"]
    tribe = await asyncio.to_thread(read_tribe, document, key=key)

    def change(tribes: Document) -> Document:
        after = {**tribes, key: to_tribe_document(tribe)}
        problems = find_number_problems(each.get("category", "") for each in after.values())
        problems += find_query_problems(count_event_queries(after.values()))
        problems += find_new_key_problems({key} - tribes.keys(), "key")
        if problems:
            raise ValidationFailed(problems)
        return after

    return await _change(call, "tribe.replace", change, expected=_expected(call, document))


async def delete_one(call: Call) -> Response:
    """Delete a tribe that no scenario targets."""
    key = call.parameters["tribe"]

    def change(tribes: Document) -> Document:
        if key not in tribes:
            raise NotFound
        return {name: each for name, each in tribes.items() if name != key}

    return await _change(call, "tribe.delete", change, expected=_expected(call, None), answers=False)


def _expected(call: Call, document: Any) -> int | None:
    """Return the base revision of a change to one tribe; any, unless the request or the document specifies one."""
    if "if-match" in call.request.headers or revision_of(document) is not None:
        return expected_revision(call, document)
    return None


async def _change(
    call: Call, action: str, change: Callable[[Document], Document], *, expected: int | None, answers: bool = True
) -> Response:
    """Store a new revision of all tribes, with one of them changed."""
    space_id, key, author, now = call.space_id, call.parameters["tribe"], call.principal.id, call.now
    note = read_note(call)

    def work(connection: Connection) -> ApiResult:
        store.lock_tribes(connection, space_id)
        present = store.load_tribes(connection, space_id)
        tribes = dict(sorted(change(present.value["tribes"]).items()))
        made_from = present.revision if expected is None else expected
        new = NewRevision({**present.value, "tribes": tribes}, made_from, author, now, note)
        stored = store.store_tribes(connection, space_id, new)
        if stored.changed:
            audit.record(connection, call.deed(action, key, details={"revision": stored.revision}))
        headers = {"ETag": entity_tag(stored.revision)}
        if not answers:
            return changed(NOTHING, headers=headers)
        return ApiResult([TribePut(stored.revision, stored.changed)], "tribe", headers=headers)

    return await call.effect(work)


# Its people


async def list_users(call: Call) -> ApiResult:
    """Return a page of the users in a tribe, in arbitrary order. It may be short without being the last."""
    authorization.check_scope(call.principal, authorization.Scope.TRIBES_READ, call.place)
    page = read_page_request(call)

    def load(connection: Connection, tribe: TribeDefinition) -> UserPage:
        return store.list_users(connection, _moment(call), tribe, after=page.after, limit=page.limit)

    found: UserPage = await _of_tribe(call, load)
    headers = link_after(call, page, found.more_after)
    return ApiResult([to_user(person) for person in found.people], "user", headers=headers)


async def count(call: Call) -> ApiResult:
    """Return the number of users and visitors in a tribe."""
    found = await _of_tribe(call, lambda connection, tribe: store.count_people(connection, _moment(call), tribe))
    return ApiResult([Count(call.parameters["tribe"], found)], "count")


async def _of_tribe(call: Call, work: Callable[[Connection, TribeDefinition], Any]) -> Any:
    """Return the work's result for the tribe in the path. Raise ValidationFailed if it depends on a session."""
    space_id, key = call.space_id, call.parameters["tribe"]

    def load(connection: Connection) -> Any:
        return work(connection, load_tribe(connection, space_id, key))

    try:
        return await call.database.read_in_thread(load)
    except UndecidableTribe:
        message = f"{key} uses fields that apps send when a session starts, so its members cannot be listed or counted."
        raise ValidationFailed([ErrorDetail("tribe", message)]) from None


def load_tribe(connection: Connection, space_id: str, key: str) -> TribeDefinition:
    """Return the current tribe of a Space. Raise NotFound when there is none with that key."""
    tribes = store.load_tribes(connection, space_id).value["tribes"]
    if key not in tribes:
        raise NotFound
    return read_tribe(tribes[key], key=key)


def _moment(call: Call) -> store.EvaluationContext:
    return store.EvaluationContext(call.environment_id, call.now, call.settings.event_retention_days * DAY)


# Why


async def show_explanation(call: Call) -> ApiResult:
    """Explain why a person is in a tribe or not: each filter, the value found, and the result."""
    authorization.check_scope(call.principal, authorization.Scope.TRIBES_READ, call.place)
    person, fields, at = _asked_person(call), _asked_fields(call), _moment(call)

    def load(connection: Connection, tribe: TribeDefinition) -> tuple[TribeDefinition, PersonFacts]:
        facts = store.load_facts(connection, at, person.person_id, collect_queries([tribe]).without_limits)
        if facts is None:
            raise NotFound
        return tribe, facts

    tribe, facts = await _of_tribe(call, load)
    verdict = evaluate(tribe, msgspec.structs.replace(facts, fields=fields), at.now)
    return ApiResult([explain(tribe, verdict, person=person.called, kind=facts.kind)], "explanation")


def _asked_person(call: Call) -> PersonRef:
    """Return the person in `?user=` or `?anonymous_id=`. Raise ValidationFailed unless one of them is given."""
    user, visitor = call.query.get("user", ""), call.query.get("anonymous_id", "")
    if bool(user) == bool(visitor):
        raise ValidationFailed([ErrorDetail("user", "Specify either `user` or `anonymous_id`.")])
    if visitor:
        return make_person_ref(PersonKind.VISITOR, visitor)
    return PersonRef(PersonKind.USER, user, find_person_id(user))


def _asked_fields(call: Call) -> Mapping[str, Scalar | None] | None:
    """Return the fields in `?fields=`, which replace those of an app; None if absent."""
    text = call.query.get("fields")
    if text is None:
        return None
    try:
        return request_body.decode_json(
            text.encode(), dict[str, Scalar | None], max_depth=call.settings.limits.max_depth
        )
    except ValidationFailed as error:
        raise ValidationFailed(
            [changed(each, path=f"fields.{each.path}".rstrip(".")) for each in error.problems]
        ) from None
