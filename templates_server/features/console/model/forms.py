"""A form for a part of the model: an experience, section, collection, event or field is created, changed or removed.

The input becomes a change of the whole document, which is reviewed and then stored as one revision. Every button of
the form submits all of it, so that adding and removing rows works without JavaScript and loses no input.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

from templates_server.errors import ApiError, ErrorDetail, NotFound, PreconditionFailed
from templates_server.features.codegen import model_api as models
from templates_server.features.console.delivery.controls import zone_names
from templates_server.features.console.delivery.images import address_of, has_pictures
from templates_server.features.console.form_state import (
    KEY,
    REFUSALS,
    FormState,
    decode_draft,
    encode_draft,
    fields_by_name,
    read_form,
)
from templates_server.features.console.model import form_fields
from templates_server.features.console.model.form_fields import PARTS, PartDraft, PartKind, read_field
from templates_server.features.console.model.overview import PATH as MODEL
from templates_server.features.console.model.overview import changes_of, compare_revisions
from templates_server.features.console.model.review import scenarios_that_lose
from templates_server.features.console.navigation import Link
from templates_server.features.console.platform_api import RouteRequest, invoke, require
from templates_server.features.console.shell import redirect_with_notice, show
from templates_server.features.console.visit import Visit, form, page
from templates_server.features.pages.renderer import PageContent
from templates_server.features.spaces.model import Property, PropertyType
from templates_server.features.spaces.parser import parse_model, to_document
from templates_server.features.spaces.property_values import to_plain
from templates_server.features.spaces.schemas import ModelDiff
from templates_server.http.conditional_requests import LARGEST_REVISION
from templates_server.http.forms.urlencoded import Parameters
from templates_server.primitives.integers import whole_number
from templates_server.primitives.revisions import entity_tag

PATH = f"{MODEL}/parts/{{template}}"
CHANGE = "change model"
REVIEW, SAVE, REMOVE = "review", "save", "remove"
MOST_FIELDS = 8192
NOT_SENT_AGAIN = frozenset({"form_token", KEY, "deed", "note", "new"})


@dataclass(frozen=True)
class PartEdit:
    """The input for a part, and the document of its base revision."""

    part: PartKind
    base: Mapping[str, Any]
    typed: FormState

    @property
    def was(self) -> str:
        """The key of the changed part; "" for a new one."""
        return read_field(self.typed.values, "was")

    @property
    def is_removal(self) -> bool:
        """Whether the part is removed."""
        return bool(read_field(self.typed.values, REMOVE))

    @property
    def present(self) -> Mapping[str, Any]:
        """The existing parts of this kind, by key."""
        return self.base.get(self.part.place) or {}

    @cached_property
    def draft(self) -> PartDraft:
        """The part as entered."""
        return form_fields.read_part(self.part, self.typed.values, self.present)

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """The whole document with the change applied."""
        if self.is_removal:
            return form_fields.remove_part(self.base, self.part, self.was)
        return form_fields.replace_part(self.base, self.part, self.was, self.draft)

    @property
    def title(self) -> str:
        """The description of the change, for a heading."""
        if self.is_removal:
            return f"Remove {self.was}"
        return f"Edit {self.was}" if self.was else f"New {self.part.word}"


@dataclass(frozen=True)
class PartNotices:
    """The notices of a page: a conflicting revision, the error, and what still uses the part."""

    conflict: Any = None
    refusal: ApiError | None = None
    blocked: Sequence[str] = ()


NOTHING_ELSE = PartNotices()


@page
async def part_page(visit: Visit) -> Response:
    """Show the form of a part, `?key=` for an existing one; with `?deed=remove` the review of its removal."""
    require(visit, models.replace)
    part, key = _part(visit), visit.call.query.get("key", "")
    draft = decode_draft(visit.call.query.get("draft", ""))
    if draft.values:
        change = await _change(visit, part, draft)
    else:
        base = (await invoke(visit, models.read)).one
        change = PartEdit(
            part, base, FormState(_fields(part, base, key, is_removal=visit.call.query.get("deed") == REMOVE))
        )
    if change.is_removal:
        return await _review(visit, change)
    return await _show_form(visit, change)


@form(CHANGE, back=PATH, keeps=lambda sent: {"draft": encode_draft(sent)}, most=MOST_FIELDS)
async def change_part(visit: Visit, sent: Parameters) -> Response:
    """Do the action of the button: add or remove a row, review, or store the reviewed change."""
    require(visit, models.replace)
    deed = sent.text("deed")
    change = await _change(visit, _part(visit), read_form(sent))
    if deed == REVIEW:
        return await _review(visit, change)
    if deed == SAVE:
        return await _save(visit, change, sent)
    rows = form_fields.rearrange(change.part, change.typed.values, deed, change.present)
    return await _show_form(visit, replace(change, typed=FormState(rows)))


def _part(visit: Visit) -> PartKind:
    word = visit.call.parameters["template"]
    if word not in PARTS:
        raise NotFound
    return PARTS[word]


def _fields(part: PartKind, base: Mapping[str, Any], key: str, *, is_removal: bool) -> Mapping[str, Sequence[str]]:
    """Return the initial fields of the form; raise NotFound if there is no such part."""
    present = base.get(part.place) or {}
    if (key or is_removal) and key not in present:
        raise NotFound(f"No {part.word} with that key in the model.")
    values = form_fields.to_fields(part, key, present.get(key) or {})
    return {**values, "revision": [str(base["revision"])], REMOVE: ["yes"] if is_removal else []}


async def _change(visit: Visit, part: PartKind, typed: FormState) -> PartEdit:
    """Return the submitted change, based on the revision of its form."""
    revision = whole_number(typed.text("revision"), most=LARGEST_REVISION) or 0
    base = (await invoke(visit, models.read, RouteRequest(query={"revision": str(revision)}))).one
    change = PartEdit(part, base, typed)
    if change.is_removal and change.was not in change.present:
        raise NotFound(f"No {part.word} with that key in the model.")
    return change


# What the buttons do


async def _review(visit: Visit, change: PartEdit, told: PartNotices = NOTHING_ELSE) -> Response:
    """Return the review of the change; the form again if there are problems or a newer revision."""
    present = (await invoke(visit, models.read)).one
    if present["revision"] != change.base["revision"]:
        return await _show_conflict(visit, change, present)
    try:
        found = (await invoke(visit, models.compare, RouteRequest(change.document))).one
    except REFUSALS as error:
        return await _show_refused(visit, change, error.problems, told)
    own = _own_problems(visit, change)
    if own or (not change.is_removal and change.draft.problems):
        return await _show_refused(visit, change, own, told)
    return await _show_review(visit, change, found, told)


def _own_problems(visit: Visit, change: PartEdit) -> Sequence[ErrorDetail]:
    """Return the problems of the whole document that are checked before its parts."""
    size, most = len(msgspec.json.encode(change.document)), visit.call.settings.limits.max_document_bytes
    return [ErrorDetail("", f"The model would have {size:,} bytes; the maximum is {most:,}.")] * (size > most)


async def _save(visit: Visit, change: PartEdit, sent: Parameters) -> Response:
    """Store the change, unless there is a newer revision than the reviewed one."""
    if _own_problems(visit, change) or (not change.is_removal and change.draft.problems):
        return await _review(visit, change)
    revision = change.base["revision"]
    asked = RouteRequest(change.document, {"note": sent.text("note")}, {"If-Match": entity_tag(revision)})
    try:
        stored = (await invoke(visit, models.replace, asked)).one
    except PreconditionFailed:
        return await _overtaken(visit, change, (await invoke(visit, models.read)).one)
    except REFUSALS as error:
        return await _review(visit, change, PartNotices(refusal=error))
    told = f"Saved as revision {stored.revision}." if stored.changed else "No changes: the model is identical."
    return redirect_with_notice(visit, MODEL, told)


async def _overtaken(visit: Visit, change: PartEdit, present: Mapping[str, Any]) -> Response:
    """Show the newer revision; do nothing if it equals the change, as the form was sent twice."""
    after = await asyncio.to_thread(_canonical, change)
    if {**after, "revision": present["revision"]} == present:
        return redirect_with_notice(
            visit, MODEL, f"The model already has this change, as revision {present['revision']}."
        )
    return await _show_conflict(visit, change, present)


async def _show_conflict(visit: Visit, change: PartEdit, present: Mapping[str, Any]) -> Response:
    """Show the input, now based on the current revision, beside the changes of others."""
    theirs = await compare_revisions(visit, change.base["revision"], present["revision"])
    values = {**change.typed.values, "revision": [str(present["revision"])]}
    rebased = replace(change, base=present, typed=FormState(values))
    is_gone = bool(change.was) and change.was not in rebased.present
    conflict = {"revision": present["revision"], "is_gone": is_gone, **theirs}
    if not change.is_removal:
        return await _show_form(visit, rebased, PartNotices(conflict))
    if is_gone:
        return redirect_with_notice(visit, MODEL, f"Someone else already removed {change.was}.")
    return await _review(visit, rebased, PartNotices(conflict))


async def _show_refused(visit: Visit, change: PartEdit, problems: Sequence[ErrorDetail], told: PartNotices) -> Response:
    """Show all problems, each beside its field; for a removal, what still uses the part."""
    if change.is_removal:
        blocked = [f"{problem.path}: {problem.message}" if problem.path else problem.message for problem in problems]
        return await _show_review(visit, change, None, replace(told, blocked=blocked))
    found = {name: list(messages) for name, messages in change.draft.problems.items()}
    for name, messages in form_fields.group_problems_by_field(change.part, change.draft, problems).items():
        found.setdefault(name, []).extend(messages)
    return await _show_form(visit, replace(change, typed=FormState(change.typed.values, found)), told)


# What is shown


async def _show_form(visit: Visit, change: PartEdit, told: PartNotices = NOTHING_ELSE) -> Response:
    values = form_fields.rearrange(change.part, change.typed.values, "", change.present)
    typed = FormState(values, change.typed.problems)
    rows = form_fields.rows_in(values)
    controls = [_control(row) for row in rows] if change.part.word == "experience" else []
    shown = {
        "change": change,
        "part": change.part,
        "typed": typed,
        "types": [(str(kind), str(kind)) for kind in change.part.types],
        "rows": rows,
        "controls": controls,
        "address_of": address_of,
        "has_pictures": has_pictures(controls),
        "children": _children(change.base),
        "experiences": list(dict.fromkeys([*(change.base.get("experiences") or {}), *values.get("supports", ())])),
        "zones": sorted(zone_names()) if change.part.word == "experience" else [],
        "to_plain": to_plain,
        "conflict": told.conflict,
        "purpose": CHANGE,
        "action": visit.url(PATH),
    }
    status = _status(told, is_refused=bool(typed.problems))
    here = Link(change.title, "", is_here=True)
    form_page = PageContent("console/model_form", shown, status, has_pictures=has_pictures(controls))
    return await show(visit, form_page, here="model", crumbs=[here])


def _control(row: Mapping[str, str]) -> Property:
    """Return the property for the control of a row's default."""
    options = tuple(line for line in row.get("options", "").split("\n") if line)
    shown = row.get("shown", "")
    kind = PropertyType(shown) if shown in PARTS["experience"].types else PropertyType.TEXT
    return Property("default", kind, name="Default", options=options)


def _children(base: Mapping[str, Any]) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    """Return the possible children of a collection, by kind: pairs of a value and its label."""
    return [
        (kind, [(f"{kind} {key}", (item or {}).get("name") or key) for key, item in (base.get(place) or {}).items()])
        for kind, place in (("experience", "experiences"), ("section", "sections"))
    ]


async def _show_review(visit: Visit, change: PartEdit, found: ModelDiff | None, told: PartNotices) -> Response:
    after = await asyncio.to_thread(_canonical, change)
    values = {
        "change": change,
        "found": found,
        "differences": {**await asyncio.to_thread(changes_of, change.base, after), "breaking": ()},
        "lost": () if told.blocked else await scenarios_that_lose(visit, change.base, after),
        "blocked": told.blocked,
        "renamed": [] if change.is_removal else form_fields.find_renamed_keys(change.typed.values),
        "conflict": told.conflict,
        "typed": _rejected_form(change.typed, told.refusal),
        "sent_again": [pair for pair in _pairs(change.typed.values) if pair[0] not in NOT_SENT_AGAIN],
        "purpose": CHANGE,
        "action": visit.url(PATH),
    }
    status = _status(told, is_refused=bool(told.blocked or told.refusal))
    crumbs = [Link(f"{change.title}: review", "", is_here=True)]
    return await show(visit, PageContent("console/model_review", values, status), here="model", crumbs=crumbs)


def _status(told: PartNotices, *, is_refused: bool) -> HTTPStatus:
    if told.conflict:
        return HTTPStatus.CONFLICT
    return HTTPStatus.UNPROCESSABLE_ENTITY if is_refused else HTTPStatus.OK


def _canonical(change: PartEdit) -> Any:
    """Return the document in its stored form."""
    base = change.base
    model, _ = parse_model(change.document, space=base["space"], name=base["name"])
    return {**to_document(model), "revision": base["revision"]}


def _pairs(values: Mapping[str, Sequence[str]]) -> Sequence[tuple[str, str]]:
    return [(name, text) for name, texts in values.items() for text in texts]


def _rejected_form(typed: FormState, refusal: ApiError | None) -> FormState:
    """Return the input with the problems of an error: those of the note beside its field."""
    return typed if refusal is None else typed.refused(refusal, fields_by_name("note"))
