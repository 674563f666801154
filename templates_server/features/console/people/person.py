"""One person: their data, their latest activity, their tribes, what they see now, and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
from sqlalchemy import Connection
from starlette.responses import Response

from templates_server.errors import NotFound
from templates_server.features.console.form_state import KEY, REFUSALS, FormState, fields_by_name, prefill, read_form
from templates_server.features.console.navigation import Link
from templates_server.features.console.people.overview import PATHS, offered_tags, path_of
from templates_server.features.console.platform_api import RouteRequest, download, invoke, require
from templates_server.features.console.shell import redirect_with_notice, show
from templates_server.features.console.visit import Visit, form, page
from templates_server.features.events.listing import api as events
from templates_server.features.pages.renderer import PageContent, see_other
from templates_server.features.people import api as users
from templates_server.features.people.data_export import api as everything
from templates_server.features.people.data_export.store import KINDS, load_latest
from templates_server.features.people.identity import PersonKind
from templates_server.features.people.merge_store import find_merged
from templates_server.features.people.schemas import Device, Event, MergedVisitor, Session, User
from templates_server.features.people.store import StoredPerson, find_person, find_person_id
from templates_server.features.sessions import api as sessions
from templates_server.features.sessions.schemas import SessionExplanation
from templates_server.features.tribes import api as tribes
from templates_server.features.tribes.evaluator import TribeOutcome, evaluate
from templates_server.features.tribes.explanation import explain
from templates_server.features.tribes.model import collect_queries
from templates_server.features.tribes.parser import read_tribe
from templates_server.features.tribes.schemas import Explanation
from templates_server.features.tribes.store import EvaluationContext, load_facts, load_tribes
from templates_server.http.context import Call
from templates_server.http.forms.urlencoded import Parameters
from templates_server.primitives.timestamps import DAY

USER_PATH = f"{PATHS[PersonKind.USER]}/{{user}}"
VISITOR_PATH = f"{PATHS[PersonKind.VISITOR]}/{{visitor}}"
PAGE_PATHS = {PersonKind.USER: USER_PATH, PersonKind.VISITOR: VISITOR_PATH}
ADD_TAG, REMOVE_TAG, ERASE = "add tag", "remove tag", "erase user"
ADD_VISITOR_TAG, REMOVE_VISITOR_TAG, ERASE_VISITOR = "add visitor tag", "remove visitor tag", "erase visitor"
PURPOSES = {
    PersonKind.USER: {"add": ADD_TAG, "remove": REMOVE_TAG, "erase": ERASE},
    PersonKind.VISITOR: {"add": ADD_VISITOR_TAG, "remove": REMOVE_VISITOR_TAG, "erase": ERASE_VISITOR},
}
TAGGING = {PersonKind.USER: users.tag, PersonKind.VISITOR: users.tag_visitor}
UNTAGGING = {PersonKind.USER: users.untag, PersonKind.VISITOR: users.untag_visitor}
ERASING = {PersonKind.USER: users.delete, PersonKind.VISITOR: users.delete_visitor}
EXPORTING = {PersonKind.USER: everything.export, PersonKind.VISITOR: everything.export_visitor}
READS = (users.show_user, events.list_events, tribes.show_explanation)
"""Routes of the API with the page's data: the page requires permission for all of them."""
LATEST_SHOWN = 20
TRIBES_SHOWN = 100
ENTITIES_SHOWN = 100
LONGEST_SHOWN = 300
"""The maximum number of characters of an attribute; a longer text is collapsed."""
CRUMB_CHARACTERS = 40
NO_FILE_NAME = re.compile(r"[^0-9A-Za-z_-]+")
MAX_FILE_NAME_CHARACTERS = 64
NOT_CONFIRMED = "Enter the ID of the {kind} to confirm."


class LatestActivity(msgspec.Struct, frozen=True):
    """The newest activity of a person, of each kind."""

    visitors: Sequence[MergedVisitor]
    devices: Sequence[Device]
    sessions: Sequence[Session]
    events: Sequence[Event]


@dataclass(frozen=True)
class PersonDetails:
    """The data of a person, and why they are in each tribe of the Space or not."""

    person: User
    kind: PersonKind
    latest: LatestActivity
    tribes: Sequence[Explanation]

    def tribes_with(self, *outcomes: str) -> Sequence[Explanation]:
        """Return the tribes with one of these outcomes."""
        return [one for one in self.tribes if one.outcome in outcomes]


@page
async def user_page(visit: Visit) -> Response:
    """Show a user."""
    return await _show(visit, PersonKind.USER, prefill(tag=visit.call.query.get("tag", "")))


@page
async def visitor_page(visit: Visit) -> Response:
    """Show a visitor; redirect to the user if the visitor was merged into one."""
    try:
        return await _show(visit, PersonKind.VISITOR, prefill(tag=visit.call.query.get("tag", "")))
    except NotFound:
        user = await visit.call.database.read(lambda connection: _merged_user(connection, visit.call))
        if not user:
            raise
    return see_other(visit.url(path_of(PersonKind.USER, user)))


@page
async def everything_file(visit: Visit) -> Response:
    """Return all data of a user, in the format of the API."""
    return await _download(visit, PersonKind.USER)


@page
async def visitor_file(visit: Visit) -> Response:
    """Return all data of a visitor, in the format of the API."""
    return await _download(visit, PersonKind.VISITOR)


@form(ADD_TAG, back=USER_PATH, keeps=("tag",))
async def add_tag(visit: Visit, sent: Parameters) -> Response:
    """Add a tag to a user."""
    return await _add_tag(visit, sent, PersonKind.USER)


@form(REMOVE_TAG, back=USER_PATH)
async def remove_tag(visit: Visit, sent: Parameters) -> Response:
    """Remove a tag from a user."""
    return await _remove_tag(visit, sent, PersonKind.USER)


@form(ADD_VISITOR_TAG, back=VISITOR_PATH, keeps=("tag",))
async def add_visitor_tag(visit: Visit, sent: Parameters) -> Response:
    """Add a tag to a visitor."""
    return await _add_tag(visit, sent, PersonKind.VISITOR)


@form(REMOVE_VISITOR_TAG, back=VISITOR_PATH)
async def remove_visitor_tag(visit: Visit, sent: Parameters) -> Response:
    """Remove a tag from a visitor."""
    return await _remove_tag(visit, sent, PersonKind.VISITOR)


@form(ERASE, back=USER_PATH)
async def erase_user(visit: Visit, sent: Parameters) -> Response:
    """Delete a user and all their data, once their ID is entered."""
    return await _erase(visit, sent, PersonKind.USER)


@form(ERASE_VISITOR, back=VISITOR_PATH)
async def erase_visitor(visit: Visit, sent: Parameters) -> Response:
    """Delete a visitor and all their data, once their ID is entered."""
    return await _erase(visit, sent, PersonKind.VISITOR)


async def _download(visit: Visit, kind: PersonKind) -> Response:
    name = NO_FILE_NAME.sub("-", visit.call.parameters[kind.value])[:MAX_FILE_NAME_CHARACTERS]
    return await download(visit, EXPORTING[kind], f"{kind.value}-{name}.json")


async def _erase(visit: Visit, sent: Parameters, kind: PersonKind) -> Response:
    require(visit, ERASING[kind])
    called = visit.call.parameters[kind.value]
    if sent.text("confirmation").strip() != called.strip():
        problems = {"confirmation": [NOT_CONFIRMED.format(kind=kind.value)]}
        return await _show(visit, kind, FormState(sent.values, problems))
    erased = (await invoke(visit, ERASING[kind], RouteRequest(key=sent.text(KEY)))).one
    counts = msgspec.structs.asdict(erased.removed)
    told = ", ".join(f"{count:,} {name}" for name, count in counts.items() if name != "profile")
    return redirect_with_notice(visit, PATHS[kind], f"{kind.value.capitalize()} “{called}” erased, along with {told}.")


async def _add_tag(visit: Visit, sent: Parameters, kind: PersonKind) -> Response:
    tag = sent.text("tag").strip()
    try:
        await invoke(visit, TAGGING[kind], tag=tag)
    except REFUSALS as error:
        return await _show(visit, kind, read_form(sent).refused(error, {"tag": "tag", "tags": "tag"}))
    return redirect_with_notice(visit, PAGE_PATHS[kind], f"Tag “{tag}” added.")


async def _remove_tag(visit: Visit, sent: Parameters, kind: PersonKind) -> Response:
    tag = sent.text("tag")
    try:
        await invoke(visit, UNTAGGING[kind], tag=tag)
    except REFUSALS as error:
        return await _show(visit, kind, FormState({}).refused(error, fields_by_name("tag")))
    return redirect_with_notice(visit, PAGE_PATHS[kind], f"Tag “{tag}” removed.")


async def _show(visit: Visit, kind: PersonKind, typed: FormState) -> Response:
    for handler in READS:
        require(visit, handler)
    call = visit.call
    known = await call.database.read_in_thread(lambda connection: _known(connection, call, kind))
    seen = await _seen_now(visit, known)
    called = known.person.user_id
    values: dict[str, Any] = {
        "known": known,
        "person": known.person,
        "kind": kind.value,
        "inside": known.tribes_with(TribeOutcome.MATCHED)[:TRIBES_SHOWN],
        "outside": known.tribes_with(TribeOutcome.NOT_MATCHED, TribeOutcome.UNKNOWN),
        "tribes_shown": TRIBES_SHOWN,
        "entities": seen.entities[:ENTITIES_SHOWN],
        "more_entities": len(seen.entities[ENTITIES_SHOWN:]),
        "latest_shown": LATEST_SHOWN,
        "longest_shown": LONGEST_SHOWN,
        "tags": await offered_tags(visit),
        "as_json": lambda value: msgspec.json.encode(value).decode(),
        "here": visit.url(path_of(kind, called)),
        "typed": typed,
        "purposes": PURPOSES[kind],
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if typed.problems else HTTPStatus.OK
    crumb = called if len(called) <= CRUMB_CHARACTERS else f"{called[:CRUMB_CHARACTERS]}…"
    shown = PageContent("console/person", values, status)
    return await show(visit, shown, here="users", crumbs=[Link(crumb, "", is_here=True)])


async def _seen_now(visit: Visit, known: PersonDetails) -> SessionExplanation:
    """Return what a session of the person would show if it started now."""
    name = "user_id" if known.kind is PersonKind.USER else "anonymous_id"
    found: SessionExplanation = (await invoke(visit, sessions.explain, RouteRequest({name: known.person.user_id}))).one
    return found


def _known(connection: Connection, call: Call, kind: PersonKind) -> PersonDetails:
    """Return the data of the person in the path; raise NotFound if there is none."""
    person = find_person(connection, call.environment_id, kind, call.parameters[kind.value])
    owner = (call.environment_id, person.person_id)
    latest = {one.name: load_latest(connection, one, owner, limit=LATEST_SHOWN) for one in KINDS}
    return PersonDetails(
        users.to_user(person),
        kind,
        msgspec.json.decode(msgspec.json.encode(latest), type=LatestActivity),
        _tribes_of(connection, call, person),
    )


def _tribes_of(connection: Connection, call: Call, person: StoredPerson) -> Sequence[Explanation]:
    """Return why the person is in each tribe of the Space or not; their data is read once for all tribes."""
    stored = load_tribes(connection, call.space_id).value["tribes"]
    found = [read_tribe(document, key=key) for key, document in stored.items()]
    at = EvaluationContext(call.environment_id, call.now, call.settings.event_retention_days * DAY)
    facts = load_facts(connection, at, person.person_id, collect_queries(found).without_limits)
    if facts is None:
        raise NotFound
    verdicts = [(tribe, evaluate(tribe, facts, call.now)) for tribe in found]
    return [explain(tribe, verdict, person=person.called, kind=facts.kind) for tribe, verdict in verdicts]


def _merged_user(connection: Connection, call: Call) -> str:
    """Return the ID of the user that the visitor in the path was merged into, or ""."""
    visitor = (call.environment_id, find_person_id(call.parameters["visitor"], PersonKind.VISITOR))
    user = find_merged(connection, [visitor]).get(visitor)
    return user.called if user else ""
