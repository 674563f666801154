"""Parsing of the person and the app context in a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from templates_server.errors import ValidationFailed
from templates_server.features.openfeature.errors import InvalidContext, ParseFailed, TargetingKeyMissing
from templates_server.features.people.identity import ClaimedIdentity, claim_identity, find_user_id_problem
from templates_server.features.sessions.evaluator import ClientContext
from templates_server.features.sessions.parser import find_field_problems
from templates_server.http.request_body import decode_json
from templates_server.security.user_signatures import IdCheck

TARGETING_KEY = "targetingKey"
SIGNATURE = "user_signature"
MOST_TOLD = 3


def read_question(body: bytes, *, check: IdCheck, max_depth: int) -> tuple[ClaimedIdentity, ClientContext]:
    """Return the person and the app context. Raise an error of the protocol."""
    context = _context(body, max_depth)
    user_id = context.get(TARGETING_KEY)
    if user_id is None or user_id == "":
        raise TargetingKeyMissing(f"`context.{TARGETING_KEY}` is required: the user's ID.")
    if not isinstance(user_id, str):
        raise InvalidContext(f"`{TARGETING_KEY}` must be text.")
    problem = find_user_id_problem(user_id)
    if problem is not None:
        raise InvalidContext(f"`{TARGETING_KEY}` {problem}.")
    _check_signature(user_id, context.get(SIGNATURE), check)
    who = claim_identity(None, user_id)
    if who is None:
        raise TypeError("who has an id is stated")
    return who, ClientContext(_fields(context))


def _context(body: bytes, max_depth: int) -> Mapping[str, Any]:
    try:
        sent = decode_json(body, dict[str, Any], max_depth=max_depth)
    except ValidationFailed as error:
        raise _unfit(error) from None
    context = sent.get("context")
    if context is None:
        raise TargetingKeyMissing(f"`context.{TARGETING_KEY}` is required: the user's ID.")
    if not isinstance(context, dict):
        raise InvalidContext("`context` must be an object.")
    return context


def _unfit(error: ValidationFailed) -> InvalidContext | ParseFailed:
    """Return whether this is not an object, or holds values that cannot be represented."""
    problem = error.problems[0]
    if problem.path.startswith("context"):
        return InvalidContext(f"{problem.path}: {problem.message}")
    return ParseFailed(f"The request body must be an object with a `context`: {problem.message}")


def _check_signature(user_id: str, signature: Any, check: IdCheck) -> None:
    if signature is not None and not isinstance(signature, str):
        raise InvalidContext(f"`{SIGNATURE}` must be text.")
    if check.find_problem(user_id, signature) is None:
        return
    if signature is None:
        raise InvalidContext(f"`{SIGNATURE}` is required: this environment requires signed user IDs.")
    raise InvalidContext(f"`{SIGNATURE}` does not match `{TARGETING_KEY}` and the environment's current secret.")


def _fields(context: Mapping[str, Any]) -> Mapping[str, str | int | float | bool | None]:
    """Return the scalar members. Raise InvalidContext when they exceed the limits of a session."""
    fields = {
        name: value
        for name, value in context.items()
        if isinstance(value, str | int | float) and name not in {TARGETING_KEY, SIGNATURE}
    }
    problems = find_field_problems(fields)
    if problems:
        told = " ".join(f"{problem.path}: {problem.message}" for problem in problems[:MOST_TOLD])
        raise InvalidContext(told)
    return fields
