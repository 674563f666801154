"""A request as a value: paths with any characters, bodies, and whether it may be sent twice."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from mtribes_cli.errors import UsageError

JSON = "application/json"
IDEMPOTENCY_KEY = "Idempotency-Key"
MAX_PAGE = 1000
"""The most entries of one page."""


@dataclass(frozen=True)
class Request:
    """A request to send."""

    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    may_repeat: bool = False  # the effect is the same, and so is the answer, if it arrives twice
    is_authorized: bool = True
    is_bulk: bool = False  # the body is large, and what becomes of it takes its time
    is_retried: bool = True  # False: it is sent once, since its sender repeats it


@dataclass(frozen=True)
class SentDocument:
    """A document to push: `force` replaces any revision, with a note for its history."""

    content: bytes
    content_type: str
    force: bool = False
    note: str | None = None


def get(*path: str, query: Mapping[str, object] | None = None, is_retried: bool = True) -> Request:
    """Return a GET request; it is safe to repeat."""
    return Request("GET", path_of(*path, query=query), may_repeat=True, is_retried=is_retried)


def post(
    path: Sequence[str],
    body: object,
    *,
    query: Mapping[str, object] | None = None,
    may_repeat: bool = False,
    once: bool = False,
) -> Request:
    """Return a POST request with a JSON body.

    `once`: an Idempotency-Key makes the request take effect once however often it is sent; each response is the first
    one.
    """
    headers = {"Content-Type": JSON} | ({IDEMPOTENCY_KEY: os.urandom(16).hex()} if once else {})
    return Request(
        "POST", path_of(*path, query=query), json.dumps(body).encode(), headers, may_repeat=may_repeat or once
    )


def post_document(path: Sequence[str], document: SentDocument) -> Request:
    """Return a POST request about a document that stores nothing: JSON in its own bytes, YAML as a text."""
    given = document.content if document.content_type == JSON else json.dumps(document.content.decode()).encode()
    body = b'{"document": ' + given + b"}"
    return Request("POST", path_of(*path), body, {"Content-Type": JSON}, may_repeat=True)


def patch(path: Sequence[str], body: object, *, query: Mapping[str, object] | None = None) -> Request:
    """Return a PATCH request with a JSON body."""
    return Request("PATCH", path_of(*path, query=query), json.dumps(body).encode(), {"Content-Type": JSON})


def path_of(*parts: str, query: Mapping[str, object] | None = None) -> str:
    """Return a path of `parts`, each one part whatever it contains. Raises UsageError if one would change the path."""
    for part in parts:
        if part in {"", ".", ".."}:
            raise UsageError(f"{part!r} is not a valid name.", "Pass a key or an ID.")
    try:
        encoded = "/".join(quote(part, safe="") for part in parts)
        asked = f"?{urlencode(query)}" if query else ""
    except UnicodeEncodeError:  # bytes of the command line that are no UTF-8
        raise UsageError("An argument on the command line is not valid UTF-8.", "Pass it as UTF-8.") from None
    return f"/{encoded}{asked}"


def environment_path(space: str, environment: str) -> tuple[str, ...]:
    """Return the path of an environment of a Space."""
    return "v2", "spaces", space, "environments", environment


def drop_none(**values: object) -> dict[str, object]:
    """Return the entries of `values` that are not None."""
    return {name: value for name, value in values.items() if value is not None}


def page_query(limit: int) -> Mapping[str, object]:
    """Return the parameters of a list. They request one more than `limit`, which shows whether there are more."""
    return {"limit": min(limit + 1, MAX_PAGE)}
