"""The model of a Space in the console: overview, editing as a document, history, generated code."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

from templates_server.errors import ApiError, NotFound, PreconditionFailed
from templates_server.features.codegen import api as code
from templates_server.features.codegen import model_api as models
from templates_server.features.codegen.differences import diff
from templates_server.features.codegen.display.file_list import TITLES, first_of, in_folders
from templates_server.features.codegen.display.highlighting import highlight
from templates_server.features.codegen.renderer import LANGUAGES
from templates_server.features.console.document_diff import changes_between
from templates_server.features.console.form_state import KEY, REFUSALS, FormState, prefill, read_form
from templates_server.features.console.model.form_fields import PARTS
from templates_server.features.console.model.review import LostContent, scenarios_that_lose
from templates_server.features.console.navigation import SPACE, Link
from templates_server.features.console.platform_api import Result, RouteRequest, invoke, is_permitted, require
from templates_server.features.console.shell import redirect_with_notice, show
from templates_server.features.console.visit import Visit, form, page
from templates_server.features.pages.renderer import PageContent
from templates_server.features.spaces.history import api as histories
from templates_server.features.spaces.parser import parse_model
from templates_server.features.spaces.schemas import ModelDiff
from templates_server.http.conditional_requests import LARGEST_REVISION, YAML_TYPE
from templates_server.http.forms.urlencoded import Parameters
from templates_server.primitives.integers import whole_number
from templates_server.primitives.revisions import entity_tag
from templates_server.primitives.yaml_json import read_yaml, write_yaml

PATH = f"{SPACE}/model"
EDIT = f"{PATH}/edit"
SAVE = "save model"
REVIEW = "review"
HISTORY_SHOWN = 50
NO_REVISION = "Enter two revision numbers, such as 1 and 2."
MOST_CHANGES = 500
FIELDS = {"note": "note"}
EMPTY = "The document is empty, which would delete the whole model. To do that, write `experiences: {}`."


class GeneratedFile(msgspec.Struct, frozen=True):
    """A generated file."""

    path: str
    content: str


@page
async def model_page(visit: Visit) -> Response:
    """Show everything in the model."""
    document = (await invoke(visit, models.read)).one
    model, _ = parse_model(document, space=document["space"], name=document["name"])
    values = {
        "model": model,
        "revision": document["revision"],
        "parts_of_model": list(PARTS),
        "may_change": is_permitted(visit, models.replace),
        "has_history": is_permitted(visit, histories.list_model_revisions),
    }
    return await show(visit, PageContent("console/model", values), here="model")


@page
async def edit_page(visit: Visit) -> Response:
    """Show the model as a document in a form."""
    require(visit, models.replace)
    model = (await invoke(visit, models.read)).one
    query = visit.call.query
    if document := query.get("document"):  # what was typed before one had to sign in
        revision = query.get("revision", "")
        return await _show_form(visit, prefill(document=document, revision=revision, note=query.get("note", "")))
    return await _show_form(visit, prefill(document=_as_text(model), revision=str(model["revision"])))


@form(SAVE, back=EDIT, keeps=("document", "revision", "note"))
async def save_model(visit: Visit, sent: Parameters) -> Response:
    """Review the changes of the document, or store it; a conflict with a newer revision is shown, no input is lost."""
    require(visit, models.replace)
    typed = read_form(sent)
    if not sent.text("document").strip():
        return await _show_form(visit, FormState(typed.values, {"document": [EMPTY]}))
    document, revision = sent.text("document").encode(), whole_number(sent.text("revision"), most=LARGEST_REVISION)
    headers = {"content-type": YAML_TYPE, "If-Match": entity_tag(revision or 0)}
    try:
        if sent.text("deed") == REVIEW:
            found = await invoke(visit, models.compare, RouteRequest(document, headers=headers))
            return await _show_form(visit, typed, found.one, lost=await _find_lost_content(visit, document))
        asked = RouteRequest(document, {"note": sent.text("note")}, headers, key=sent.text(KEY))
        stored = (await invoke(visit, models.replace, asked)).one
    except PreconditionFailed:
        present = (await invoke(visit, models.read)).one
        if await asyncio.to_thread(_is_stored, visit, document, present):  # the form was sent twice
            return redirect_with_notice(visit, PATH, f"Saved as revision {present['revision']}.")
        return await _show_conflict(visit, typed, present)
    except REFUSALS as error:
        return await _show_form(visit, _rejected_form(typed, error))
    told = f"Saved as revision {stored.revision}." if stored.changed else "No changes: the model is identical."
    return redirect_with_notice(visit, PATH, told)


@page
async def history_page(visit: Visit) -> Response:
    """Show the revisions of the model, and the changes between two of them."""
    query = {"limit": str(HISTORY_SHOWN), **({"cursor": cursor} if (cursor := visit.call.query.get("cursor")) else {})}
    found = await invoke(visit, histories.list_model_revisions, RouteRequest(query=query))
    before, after = _revisions_asked(visit, found)
    compared = await compare_revisions(visit, before, after) if before is not None and after is not None else {}
    is_wrong = not compared and bool({"from", "to"} & visit.call.query.keys())
    values = {
        "revisions": found.data,
        "cursor": found.cursor,
        "from": before,
        "to": after,
        "problem": NO_REVISION if is_wrong else "",
        **compared,
    }
    here = Link("History", "", is_here=True)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_wrong else HTTPStatus.OK
    return await show(visit, PageContent("console/model_history", values, status), here="model", crumbs=[here])


@page
async def code_page(visit: Visit) -> Response:
    """Show a file of the code generated from the model, in one of the languages."""
    language = visit.call.parameters.get("language", LANGUAGES[0])
    if language not in LANGUAGES:
        raise NotFound
    targets = [{"language": language, "options": {"host": visit.call.settings.public_url}}]
    generated = (await invoke(visit, code.generate, RouteRequest({"targets": targets}))).one
    files = {
        file.path: file.content for file in msgspec.json.decode(generated.targets[0].files, type=list[GeneratedFile])
    }
    path = visit.call.parameters.get("file") or first_of(files)
    if path not in files:
        raise NotFound
    values = {
        "languages": [(name, TITLES[name]) for name in LANGUAGES],
        "language": language,
        "code": f"{visit.url(PATH).removeprefix(visit.call.settings.base_path)}/code",
        "title": TITLES[language],
        "folders": in_folders(files),
        "path": path,
        "text": await asyncio.to_thread(highlight, path, files[path]),
        "revision": generated.revision,
    }
    here = Link("Code", "", is_here=True)
    return await show(visit, PageContent("console/model_code", values), here="model", crumbs=[here])


async def _find_lost_content(visit: Visit, document: bytes) -> Sequence[LostContent]:
    """Return the content that scenarios lose with a valid document."""
    before = (await invoke(visit, models.read)).one
    after = await asyncio.to_thread(read_yaml, document, max_depth=visit.call.settings.limits.max_depth)
    return await scenarios_that_lose(visit, before, {**after, "space": before["space"], "name": before["name"]})


async def _show_form(visit: Visit, typed: FormState, found: ModelDiff | None = None, **more: Any) -> Response:
    values = {"typed": typed, "found": found, "purpose": SAVE, "review": REVIEW, "conflict": None, "lost": (), **more}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if typed.problems else HTTPStatus.OK
    here = Link("Edit", "", is_here=True)
    return await show(visit, PageContent("console/model_edit", values, status), here="model", crumbs=[here])


def _is_stored(visit: Visit, document: bytes, present: Any) -> bool:
    """Return whether the stored model is the one that the document describes."""
    sent = read_yaml(document, max_depth=visit.call.settings.limits.max_depth)
    names = {"space": present["space"], "name": present["name"]}
    (model, problems), (stored, _) = (parse_model({**each, **names}, **names) for each in (sent, present))
    return not problems and model == stored


async def _show_conflict(visit: Visit, typed: FormState, present: Any) -> Response:
    """Show the form as sent, now based on the current revision, beside the changes of others."""
    old = whole_number(typed.text("revision"), most=LARGEST_REVISION) or 0
    compared = await compare_revisions(visit, old, present["revision"])
    conflict = {"revision": present["revision"], **compared}
    rebased = FormState({**typed.values, "revision": [str(present["revision"])]}, typed.problems)
    return await _show_form(visit, rebased, conflict=conflict)


def _rejected_form(typed: FormState, error: ApiError) -> FormState:
    """Return the form with the problems above the document, each with its place there."""
    found: dict[str, list[str]] = {}
    for problem in error.problems:
        name = FIELDS.get(problem.path or "", "document")
        place = f"{problem.path}: " if problem.path and name == "document" else ""
        found.setdefault(name, []).append(f"{place}{problem.message}")
    return FormState(typed.values, found)


def _as_text(model: Any) -> str:
    return write_yaml({key: value for key, value in model.items() if key not in {"space", "revision"}})


def _revisions_asked(visit: Visit, found: Result) -> tuple[int | None, int | None]:
    """Return the two revisions to compare: those of the query, by default the newest and the one before it."""
    query = visit.call.query
    before, after = (whole_number(query.get(name, ""), most=LARGEST_REVISION) for name in ("from", "to"))
    if not {"from", "to"} & query.keys() and found.data:
        newest = found.data[0].revision
        return (newest - 1, newest) if newest else (None, None)
    return before, after


async def compare_revisions(visit: Visit, before: int, after: int) -> dict[str, Any]:
    """Return the changes from one revision to the other, value by value, and which of them break apps."""
    old, new = [
        (await invoke(visit, models.read, RouteRequest(query={"revision": str(each)}))).one for each in (before, after)
    ]
    return await asyncio.to_thread(changes_of, old, new)


def changes_of(old: Any, new: Any) -> dict[str, Any]:
    """Return the changes from one document to another, for `changes_table`."""
    (old_model, _), (new_model, _) = (parse_model(each, space=each["space"], name=each["name"]) for each in (old, new))
    plain = [{key: value for key, value in each.items() if key != "revision"} for each in (old, new)]
    found = list(itertools.islice(changes_between(*plain), MOST_CHANGES + 1))
    breaking = [change for change in diff(old_model, new_model, revision=old["revision"]).changes if change.breaking]
    return {"changes": found[:MOST_CHANGES], "has_more": len(found) > MOST_CHANGES, "breaking": breaking}
