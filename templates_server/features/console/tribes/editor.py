"""The editor of a tribe: a form with a row for each filter, or the document; counted, and saved with a note.

Every button of the form submits all of it, so that adding and removing rows works without JavaScript and loses no
input.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from templates_server.errors import ApiError, ErrorDetail, NotFound, ValidationFailed
from templates_server.features.codegen import model_api as models
from templates_server.features.console.form_state import REFUSALS, FormState, read_form
from templates_server.features.console.impact import SHOW_IMPACT, find_tribes_impact
from templates_server.features.console.navigation import Link
from templates_server.features.console.platform_api import RouteRequest, invoke, is_permitted, require
from templates_server.features.console.shell import redirect_with_notice, show
from templates_server.features.console.store import PeopleSample, sample_people
from templates_server.features.console.tribe_counts import TribeCount
from templates_server.features.console.tribes import filter_rows as rows
from templates_server.features.console.tribes.counts import count_people
from templates_server.features.console.tribes.history import TribeChange, change_of
from templates_server.features.console.tribes.overview import NEW
from templates_server.features.console.tribes.rule_text import OPERATORS, sentence, sentences, summary
from templates_server.features.console.tribes.save import TribeConflictError, TribeDraft, create, present_tribes, save
from templates_server.features.console.tribes.tribe import EDIT, PATH
from templates_server.features.console.visit import Visit, form, page
from templates_server.features.event_names import api as event_names
from templates_server.features.impact.schemas import Impact
from templates_server.features.pages.renderer import PageContent
from templates_server.features.tribes import api as tribes
from templates_server.features.tribes.model import DATE_FIELDS, TEXT_FIELDS, VERSION_FIELDS, TribeDefinition
from templates_server.features.tribes.parser import MOST_FILTERS, read_tribe
from templates_server.features.tribes.serializer import to_tribe_document
from templates_server.http.conditional_requests import LARGEST_REVISION
from templates_server.http.forms.urlencoded import Parameters
from templates_server.primitives.ids import MAX_KEY_LENGTH, is_key
from templates_server.primitives.integers import whole_number
from templates_server.primitives.validation import KEY_RULE
from templates_server.primitives.yaml_json import read_yaml, write_yaml

CHANGE, CREATE = "change tribe", "create tribe"
MOST_FIELDS = 512
MOST_OFFERED_EVENTS = 300
MOST_OFFERED_KEYS = 200
REMOVE = "remove-"
NO_KEY = "is required: enter a key such as gold-members"
SEPARATORS = re.compile(r"[^a-z0-9]+")
EMPTY = {"audience": ["all"], "match": ["all"], "f0-kind": ["attribute"], "f0-operator": ["equals"]}
KEPT = ("act", "as", "tribe", "note", "revision", "yaml", *rows.TRIBE_FIELDS, *rows.EVERY_FIELD)


@dataclass(frozen=True)
class Editor:
    """The content of the editor: `key` is "" for a new tribe; `counted` is the latest count of its rules."""

    key: str
    title: str
    revision: int
    typed: FormState
    is_document: bool = False
    counted: TribeCount | None = None
    overtaken: TribeConflictError | None = None
    impacts: Sequence[Impact] = ()
    impact_problem: str = ""


@page
async def edit_page(visit: Visit) -> Response:
    """Show the editor with the tribe, or with the input from before a sign-in."""
    require(visit, tribes.replace_one)
    key = visit.call.parameters["tribe"]
    revision, present = await present_tribes(visit)
    if key not in present:
        raise NotFound
    is_document = visit.call.query.get("as") == "document"
    typed = _came_back(visit)
    if typed is None:
        typed = FormState({"yaml": [write_yaml(present[key])]} if is_document else rows.to_values(present[key]))
    revision = whole_number(typed.text("revision"), most=LARGEST_REVISION) or revision
    return await _show(visit, Editor(key, present[key]["name"], revision, typed, is_document))


@page
async def new_page(visit: Visit) -> Response:
    """Show the editor for a new tribe."""
    require(visit, tribes.replace_one)
    revision, _ = await present_tribes(visit)
    is_document = visit.call.query.get("as") == "document"
    return await _show(visit, Editor("", "New tribe", revision, _came_back(visit) or FormState(EMPTY), is_document))


@form(CHANGE, back=EDIT, keeps=KEPT, most=MOST_FIELDS)
async def change_tribe(visit: Visit, sent: Parameters) -> Response:
    """Do what the button says: another row, one less, count, show the impact, the other way to edit, or save."""
    key = visit.call.parameters["tribe"]
    return await _act(visit, _sent_editor(sent, key, key), sent.text("act"), sent.text("note"))


@form(CREATE, back=NEW, keeps=KEPT, most=MOST_FIELDS)
async def create_tribe(visit: Visit, sent: Parameters) -> Response:
    """Do the action of the button for a new tribe."""
    return await _act(visit, _sent_editor(sent, "", "New tribe"), sent.text("act"), sent.text("note"))


def _came_back(visit: Visit) -> FormState | None:
    """Return the input of the form from before a sign-in; None if there is none."""
    query = visit.call.query
    if not {"f0-kind", "name", "yaml"} & set(query):
        return None
    return FormState({name: [text] for name, text in query.items()})


def _sent_editor(sent: Parameters, key: str, title: str) -> Editor:
    typed = read_form(sent)
    revision = whole_number(typed.text("revision"), most=LARGEST_REVISION) or 0
    return Editor(key, typed.text("name") or title, revision, typed, sent.text("as") == "document")


# What the buttons do


async def _act(visit: Visit, editor: Editor, act: str, note: str) -> Response:
    require(visit, tribes.replace_one)
    if act == "add" or act.startswith(REMOVE):
        return await _show(visit, replace(editor, typed=_changed_rows(editor.typed, act)))
    try:
        document = await _document(visit, editor)
        if act in {"document", "form", "count"}:
            return await _show(visit, await _without_saving(visit, editor, document, act))
        if act == SHOW_IMPACT:
            return await _show(visit, await _with_impact(visit, editor, document))
        return await _save(visit, editor, TribeDraft(_key(editor, document), document, editor.revision, note))
    except REFUSALS as error:
        return await _show(visit, replace(editor, typed=_rejected_form(editor, error)))
    except TribeConflictError as overtaken:
        return await _show(visit, replace(editor, overtaken=overtaken, revision=overtaken.revision))


def _key(editor: Editor, document: Any) -> str:
    """Return the key of the tribe: of a new one as entered, else from its name; raise ValidationFailed if invalid."""
    key = editor.key or editor.typed.text("tribe").strip() or key_of_name(editor.typed.text("name"))
    if not is_key(key):
        raise ValidationFailed([ErrorDetail("key", KEY_RULE if key else NO_KEY), *_problems_of(editor, document)])
    return key


def key_of_name(name: str) -> str:
    """Return a key based on a name; "" if it has no letter that a key can begin with."""
    plain = unicodedata.normalize("NFKD", name[:MAX_KEY_LENGTH]).encode("ascii", "ignore").decode().casefold()
    return SEPARATORS.sub("-", plain).strip("-0123456789")


async def _document(visit: Visit, editor: Editor) -> Any:
    """Return the input as a document; raise ValidationFailed or BadRequest if that is not possible."""
    if editor.is_document:
        text, depth = editor.typed.text("yaml").encode(), visit.call.settings.limits.max_depth
        return await asyncio.to_thread(read_yaml, text, max_depth=depth)
    document = rows.document_in(editor.typed.values)
    problems = list(rows.own_problems(rows.rows_in(editor.typed.values)))
    if problems:
        raise ValidationFailed([*problems, *_problems_of(editor, document)])
    return document


def _problems_of(editor: Editor, document: Any) -> Sequence[ErrorDetail]:
    """Return the problems of a document."""
    try:
        _read(editor, document)
    except ValidationFailed as error:
        return error.problems
    return ()


def _changed_rows(typed: FormState, act: str) -> FormState:
    """Return the form with a row added or removed."""
    found = rows.rows_in(typed.values)
    number = whole_number(act.removeprefix(REMOVE), most=MOST_FILTERS)
    kind = typed.text("kind")
    if act != "add":
        found = [row for place, row in enumerate(found) if place != number]
    elif kind in rows.FIELDS and len(found) < MOST_FILTERS:
        found = [*found, rows.new_row(kind)]
    return FormState({**_head(typed), **rows.values_of(found)})


def _head(typed: FormState) -> dict[str, Sequence[str]]:
    """Return the fields of the form outside its rows."""
    return {name: typed.all(name) for name in (*rows.TRIBE_FIELDS, "tribe", "note")}


async def _without_saving(visit: Visit, editor: Editor, document: Any, act: str) -> Editor:
    """Return the form with the count of its rules, or with the same tribe in the other editing mode."""
    tribe = _read(editor, document)
    if act == "count":
        counted = None if tribe.is_contextual else await count_people(visit, tribe)
        return replace(editor, counted=counted)
    whole = to_tribe_document(tribe)
    values = {"yaml": [write_yaml(whole)]} if act == "document" else rows.to_values(whole)
    kept = {name: editor.typed.all(name) for name in ("tribe", "note")}
    return replace(editor, typed=FormState({**kept, **values}), is_document=act == "document")


async def _with_impact(visit: Visit, editor: Editor, document: Any) -> Editor:
    """Return the form with what saving it would change for people, in each environment."""
    own = {_key(editor, document): to_tribe_document(_read(editor, document))}
    _, present = await present_tribes(visit)
    impacts, problem = await find_tribes_impact(visit, {"tribes": {**present, **own}})
    return replace(editor, impacts=impacts, impact_problem=problem)


def _read(editor: Editor, document: Any) -> TribeDefinition:
    return read_tribe(document, key=editor.key or "new")


async def _save(visit: Visit, editor: Editor, draft: TribeDraft) -> Response:
    if editor.key:
        await save(visit, draft)
        return redirect_with_notice(visit, PATH, "Tribe saved.")
    await create(visit, draft)
    return redirect_with_notice(visit, PATH.replace("{tribe}", draft.key), "Tribe created.")


def _rejected_form(editor: Editor, error: ApiError) -> FormState:
    """Return the form with each problem beside its field; for a document all above it, each with its path."""
    values = editor.typed.values if editor.is_document else {**_head(editor.typed), **_rows_again(editor.typed)}
    problems: dict[str, list[str]] = {}
    for problem in error.problems:
        where = "" if editor.is_document else rows.field_of(problem.path)
        where = {"key": "tribe", "note": "note"}.get(problem.path, where)
        said = f"{problem.path}: {problem.message}" if not where and problem.path else problem.message
        problems.setdefault(where, []).append(said if not where else said[:1].upper() + said[1:])
    return FormState(values, problems)


def _rows_again(typed: FormState) -> Mapping[str, Sequence[str]]:
    """Return the rows numbered as in problems: from 0, without gaps."""
    return rows.values_of(rows.rows_in(typed.values))


# What is shown


@dataclass(frozen=True)
class FieldSuggestions:
    """The suggestions for fields, from the data of the page's environment."""

    attributes: Sequence[str]
    tags: Sequence[str]
    events: Sequence[str]
    metadata: Sequence[str]
    fields: Sequence[str]


async def _show(visit: Visit, editor: Editor) -> Response:
    own = [Link(editor.title, visit.url(PATH)), Link("Edit", "", is_here=True)] if editor.key else []
    found = rows.rows_in(editor.typed.values)
    values: dict[str, Any] = {
        "editor": editor,
        "typed": editor.typed if editor.is_document else _shown_rows(editor.typed, found),
        "kinds": [row["kind"] for row in found],
        "said": [_sentence_of(row) for row in found],
        "offers": FieldSuggestions((), (), (), (), ()) if editor.is_document else await _offers(visit),
        "conflict": None if editor.overtaken is None else await _conflict(visit, editor, editor.overtaken),
        "whole_attribute": rows.whole_attribute,
        "purpose": CHANGE if editor.key else CREATE,
        "operators": OPERATORS,
        "scalar_operators": OPERATORS[:3],
        "most": MOST_FILTERS,
    }
    is_refused = editor.typed.problems or editor.overtaken
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_refused else HTTPStatus.OK
    place = own or [Link("New tribe", "", is_here=True)]
    return await show(visit, PageContent("console/tribe_editor", values, status), here="tribes", crumbs=place)


def _shown_rows(typed: FormState, found: Iterable[rows.Row]) -> FormState:
    """Return the form with its rows numbered from 0."""
    return FormState({**_head(typed), **rows.values_of(found)}, typed.problems)


def _sentence_of(row: rows.Row) -> str:
    """Return the sentence of a filter that no row can represent; "" for others."""
    if row["kind"] != "document":
        return ""
    try:
        (each,) = read_tribe({"filters": [rows.to_filter(row)]}, key="new").filters
    except ValidationFailed:
        return "Invalid filter"
    return sentence(each)


async def _offers(visit: Visit) -> FieldSuggestions:
    environment_id = visit.call.environment_id
    sample: PeopleSample = await visit.call.database.read_in_thread(
        lambda connection: sample_people(connection, environment_id)
    )
    own = [f"{rows.OWN}{name}" for name in sample.attributes]
    names, keys = await _event_names(visit)
    return FieldSuggestions(
        [*own, *TEXT_FIELDS, *DATE_FIELDS, *VERSION_FIELDS], sample.tags, names, keys, await _fields(visit)
    )


async def _event_names(visit: Visit) -> tuple[Sequence[str], Sequence[str]]:
    """Return the names of received events, and the keys of their metadata."""
    if not is_permitted(visit, event_names.list_names):
        return (), ()
    asked = RouteRequest(query={"limit": str(MOST_OFFERED_EVENTS)})
    found = (await invoke(visit, event_names.list_names, asked)).data
    keys = sorted({key for each in found for key in each.metadata_keys})
    return [each.name for each in found], keys[:MOST_OFFERED_KEYS]


async def _fields(visit: Visit) -> Sequence[str]:
    """Return the contextual properties of the model."""
    model = (await invoke(visit, models.read)).one if is_permitted(visit, models.read) else {}
    return [f"fields.{name}" for name in model.get("fields", {})]


@dataclass(frozen=True)
class TribeText:
    """A tribe in words; `sentences` is None if it was deleted."""

    summary: str
    sentences: Sequence[str] | None


@dataclass(frozen=True)
class TribeConflict:
    """The conflicting change of another person, beside the input."""

    overtaken: TribeConflictError
    theirs: TribeText
    own: TribeText
    changed: TribeChange
    between: TribeChange


async def _conflict(visit: Visit, editor: Editor, overtaken: TribeConflictError) -> TribeConflict:
    own = _read(editor, await _document(visit, editor))
    theirs = None if overtaken.theirs is None else read_tribe(overtaken.theirs, key=editor.key)
    return TribeConflict(
        overtaken,
        TribeText("", None) if theirs is None else TribeText(summary(theirs), sentences(theirs)),
        TribeText(summary(own), sentences(own)),
        change_of(editor.key, overtaken.before, overtaken.theirs),
        change_of(editor.key, overtaken.theirs, to_tribe_document(own)),
    )
