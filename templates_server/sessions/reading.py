"""Reading what an app says when a session starts: every broken rule is found."""

from __future__ import annotations

from typing import Any

import msgspec

from templates_server.bodies import decode_json, problems_by_field
from templates_server.errors import Problem, ValidationFailed
from templates_server.persons.names import Stated, stated
from templates_server.persons.stating import problems_of_ids
from templates_server.signatures import IdCheck

MOST_FIELDS = 100
MAX_FIELD_NAME_LENGTH = 64
MAX_FIELD_VALUE_LENGTH = 4096


class SentStart(msgspec.Struct, frozen=True):
    """The start of a session on the wire: null is as good as absent, unknown keys are ignored.

    `fields` are contextual: used for this session, never stored.
    """

    anonymous_id: str | None = None
    external_id: str | None = None
    user_signature: str | None = None
    fields: dict[str, str | int | float | bool | None] | None = None
    device: dict[str, Any] | None = None


def read_start(body: bytes, *, check: IdCheck, max_depth: int) -> Stated:
    """Whose session starts; ValidationFailed with every problem."""
    try:
        sent = decode_json(body, SentStart, max_depth=max_depth)
    except ValidationFailed as error:
        raise ValidationFailed(problems_by_field(msgspec.json.decode(body), SentStart) or error.problems) from None
    problems = [*problems_of_ids(sent, check), *_problems_of_fields(sent)]
    who = stated(sent.anonymous_id, sent.external_id)
    if who is None:
        problems.append(Problem("", "Give anonymous_id or external_id."))
    if problems or who is None:
        raise ValidationFailed(problems)
    return who


def _problems_of_fields(sent: SentStart) -> list[Problem]:
    fields = sent.fields or {}
    problems = []
    if len(fields) > MOST_FIELDS:
        problems.append(Problem("fields", f"At most {MOST_FIELDS} fields are possible, not {len(fields)}."))
    for name, value in fields.items():
        if not 0 < len(name) <= MAX_FIELD_NAME_LENGTH:
            problems.append(Problem("fields", f"The name of a field has 1 to {MAX_FIELD_NAME_LENGTH} characters."))
        if isinstance(value, str) and len(value) > MAX_FIELD_VALUE_LENGTH:
            problems.append(Problem(f"fields.{name}", f"This may have {MAX_FIELD_VALUE_LENGTH:,} characters."))
    return problems
