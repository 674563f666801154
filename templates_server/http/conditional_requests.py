"""Documents over HTTP: JSON or YAML by media type, revisions as entity tags, conditions on them (RFC 9110, 13).

A document is stored with a revision that counts its changes from 0. What a document means is its feature's.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from templates_server.errors import BadRequest, ErrorDetail, ValidationFailed
from templates_server.http import request_body
from templates_server.http.context import Call
from templates_server.http.response import ApiResult, to_response
from templates_server.primitives import yaml_json
from templates_server.primitives.integers import whole_number
from templates_server.primitives.revisions import entity_tag
from templates_server.primitives.validation import NOT_IN_A_LINE

JSON_TYPE = "application/json"
YAML_TYPE = "application/yaml"  # RFC 9512
LARGEST_REVISION = 2**31 - 1
MAX_NOTE_CHARACTERS = 200
REVISION = re.compile(r"[0-9]{1,10}")
ENTITY_TAG = re.compile(r'(?:W/)?"?([0-9]{1,10})"?')


async def read_document(call: Call) -> Any:
    """Return the value of the document in the body. It is parsed in a thread, as it may be large."""
    kind = request_body.require_media_type(call.request, JSON_TYPE, YAML_TYPE)
    read = yaml_json.read_json if kind == JSON_TYPE else yaml_json.read_yaml
    return await asyncio.to_thread(read, call.body, max_depth=call.settings.limits.max_depth)


def expected_revision(call: Call, document: Any) -> int | None:
    """Return the revision that the change is based on: of If-Match, else of the document, else 0; None for any."""
    condition = call.request.headers.get("if-match")
    if condition is None:
        return revision_of(document) or 0
    if condition.strip() == "*":
        return None
    match = ENTITY_TAG.fullmatch(condition.strip())
    if match is None:
        raise BadRequest('If-Match must be a revision such as "3", or * for any revision.')
    return _revision(match[1])


def revision_of(document: Any) -> int | None:
    """Return the revision that a document names as its base; None if it names none that is valid."""
    revision = document.get("revision") if isinstance(document, dict) else None
    return revision if isinstance(revision, int) and not isinstance(revision, bool) else None


def read_revision_parameter(call: Call) -> int | None:
    """Return the number in `?revision=`; None without it."""
    text = call.query.get("revision")
    if text is None:
        return None
    if REVISION.fullmatch(text) is None:
        raise BadRequest("`revision` must be a whole number.", path="revision")
    return _revision(text)


def read_note(call: Call) -> str | None:
    """Return the text of `?note=`, for the history of the changed document; None without one.

    ValidationFailed with all of its problems.
    """
    text = call.query.get("note", "")
    problems = []
    if len(text) > MAX_NOTE_CHARACTERS:
        problems.append(ErrorDetail("note", f"has {len(text):,} characters; the maximum is {MAX_NOTE_CHARACTERS}"))
    if NOT_IN_A_LINE.search(text):
        problems.append(ErrorDetail("note", "must be one line without control characters"))
    if problems:
        raise ValidationFailed(problems)
    return text if text.strip() else None


def _revision(digits: str) -> int:
    """Return a revision number; a number that is too large becomes the largest one, which nothing has."""
    number = whole_number(digits, most=LARGEST_REVISION)
    return LARGEST_REVISION if number is None else number


def document_response(call: Call, revision: int, document: Mapping[str, Any], *, kind: str) -> Response:
    """Return the document in the caller's format, with its revision as its entity tag; 304 if it is unchanged."""
    headers = {"ETag": entity_tag(revision), "Vary": "Accept", "Cache-Control": "private, no-cache"}
    if entity_tag(revision) in _known_tags(call):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    whole = add_revision(document, revision)
    if _prefers_yaml(call):
        return Response(yaml_json.write_yaml(whole), headers=headers, media_type=YAML_TYPE)
    return to_response(ApiResult([whole], kind, headers=headers))


def add_revision(document: Mapping[str, Any], revision: int) -> dict[str, Any]:
    """Return the document with its revision before the first part that is not a text."""
    head = {key: value for key, value in document.items() if isinstance(value, str)}
    return {**head, "revision": revision, **document}


def _known_tags(call: Call) -> set[str]:
    sent = call.request.headers.get("if-none-match", "")
    return {tag.strip().removeprefix("W/") for tag in sent.split(",")}


def _prefers_yaml(call: Call) -> bool:
    """Return whether Accept names YAML, and no JSON before it."""
    kinds = [kind.partition(";")[0].strip().lower() for kind in call.request.headers.get("accept", "").split(",")]
    return next((kind for kind in kinds if kind in {JSON_TYPE, YAML_TYPE}), None) == YAML_TYPE
