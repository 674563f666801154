"""Reading what an app says of a device: every broken rule is found. Null is not given, unknown keys are kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from templates_server.errors import BadRequest, ErrorDetail, ValidationFailed
from templates_server.features.people.identity import ClaimedIdentity, claim_identity
from templates_server.features.people.identity_fields import find_id_problems
from templates_server.http.request_body import decode_json, group_problems_by_field
from templates_server.security.user_signatures import IdCheck

MAX_CHARACTERS = 256
MAX_TOKEN_CHARACTERS = 4096
MAX_DATA_BYTES = 16 * 1024
CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f]")
REQUIRED = ("device_id", "os", "model", "app_build", "app_version")


class SentDevice(msgspec.Struct, frozen=True):
    """The device to store.

    All fields except the person's IDs and `token` are required. Additional fields are stored too.
    """

    anonymous_id: str | None = None
    external_id: str | None = None
    user_signature: str | None = None
    device_id: str | None = None
    token: str | None = None  # where it can be sent messages
    os: str | None = None
    model: str | None = None
    app_build: str | None = None
    app_version: str | None = None


class StoredDevice(msgspec.Struct, frozen=True):
    """A device as it is stored. `token` and `data`, a JSON object, are None where nothing was sent."""

    stated: ClaimedIdentity  # one of the two: the user where there is one
    device_id: str
    token: str | None
    os: str
    model: str
    app_build: str
    app_version: str
    data: str | None


KNOWN = frozenset(SentDevice.__struct_fields__)


def read_device(body: bytes, *, check: IdCheck, max_depth: int) -> StoredDevice:
    """The device; ValidationFailed with every problem."""
    try:
        sent = decode_json(body, SentDevice, max_depth=max_depth)
    except ValidationFailed as error:
        raise ValidationFailed(
            group_problems_by_field(msgspec.json.decode(body), SentDevice) or error.problems
        ) from None
    data = _rest(body)
    problems = [*find_id_problems(sent, check), *_problems_of_texts(sent)]
    if data is not None and len(data) > MAX_DATA_BYTES:
        problems.append(ErrorDetail("", f"Additional data can have at most {MAX_DATA_BYTES:,} bytes."))
    who = claim_identity(sent.anonymous_id if sent.external_id is None else None, sent.external_id)
    if who is None:
        problems.append(ErrorDetail("", "Specify anonymous_id or external_id."))
    if problems or who is None:
        raise ValidationFailed(problems)
    texts = {name: getattr(sent, name) for name in REQUIRED}
    return StoredDevice(who, token=sent.token, data=None if data is None else data.decode(), **texts)


def _rest(body: bytes) -> bytes | None:
    """What was sent besides the known keys, as JSON; None when nothing was. BadRequest when it is no JSON there."""
    try:
        sent: dict[str, Any] = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest(f"The request body is not valid JSON: {error}.") from None
    rest = {key: value for key, value in sent.items() if key not in KNOWN and value is not None}
    return msgspec.json.encode(rest, order="deterministic") if rest else None


def _problems_of_texts(sent: SentDevice) -> Iterator[ErrorDetail]:
    for name in (*REQUIRED, "token"):
        text, at_most = getattr(sent, name), MAX_TOKEN_CHARACTERS if name == "token" else MAX_CHARACTERS
        if text is None:
            if name in REQUIRED:
                yield ErrorDetail(name, "This is required.")
        elif not 0 < len(text) <= at_most:
            yield ErrorDetail(name, f"This must have 1 to {at_most:,} characters.")
        elif CONTROL_CHARACTER.search(text):
            yield ErrorDetail(name, "This must not contain control characters.")
