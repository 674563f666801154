"""Parsing of the data that an app sends when a session starts: reports every violation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from templates_server.errors import ErrorDetail, ValidationFailed
from templates_server.features.people.identity import ClaimedIdentity, claim_identity
from templates_server.features.people.identity_fields import find_id_problems
from templates_server.features.people.profile import Scalar
from templates_server.features.sessions.app_report import (
    AppReport,
    SentApp,
    SentCode,
    UnknownStates,
    VersionText,
    find_report_problems,
    read_report,
)
from templates_server.features.sessions.evaluator import ClientContext
from templates_server.http.request_body import decode_json, group_problems_by_field
from templates_server.security.user_signatures import IdCheck

MOST_FIELDS = 100
MAX_FIELD_NAME_LENGTH = 64
MAX_FIELD_VALUE_LENGTH = 4096
MAX_DEVICE_TEXT_LENGTH = 256


class SentSessionDevice(msgspec.Struct, frozen=True):
    """The device that runs the session. Its fields take precedence over stored devices."""

    os: str | None = None
    os_version: VersionText | None = None
    model: str | None = None


NO_DEVICE = SentSessionDevice()


class SentStart(msgspec.Struct, frozen=True):
    """The start of a session on the wire: null is equivalent to absent, unknown keys are ignored.

    `fields` are contextual: used for this session, never stored. The same applies to `os` and `model` of the `device`.
    App data is stored with the session, and used in tribes until the person's next session starts.
    """

    anonymous_id: str | None = None
    external_id: str | None = None
    user_signature: str | None = None
    fields: dict[str, str | int | float | bool | None] | None = None
    device: SentSessionDevice | None = None
    app: SentApp | None = None
    code: SentCode | None = None
    unknown: UnknownStates = None


def read_start(body: bytes, *, check: IdCheck, max_depth: int) -> tuple[ClaimedIdentity, ClientContext, AppReport]:
    """Return the person, the context and the app data of a session. Raise ValidationFailed with every problem."""
    try:
        sent = decode_json(body, SentStart, max_depth=max_depth)
    except ValidationFailed as error:
        raise ValidationFailed(
            group_problems_by_field(msgspec.json.decode(body), SentStart) or error.problems
        ) from None
    device = sent.device or NO_DEVICE
    problems = [
        *find_id_problems(sent, check),
        *find_field_problems(sent.fields or {}),
        *_problems_of_device(sent),
        *find_report_problems(sent, device.os_version),
    ]
    who = claim_identity(sent.anonymous_id, sent.external_id)
    if who is None:
        problems.append(ErrorDetail("", "Specify anonymous_id or external_id."))
    if problems or who is None:
        raise ValidationFailed(problems)
    report = read_report(sent, device.os_version)
    return who, ClientContext(sent.fields or {}, device.os, device.model, report.facts), report


def find_field_problems(fields: Mapping[str, Scalar | None]) -> list[ErrorDetail]:
    """Return the problems with the fields sent by an app."""
    if len(fields) > MOST_FIELDS:
        return [ErrorDetail("fields", f"Too many fields: {len(fields)}. The maximum is {MOST_FIELDS}.")]
    problems = []
    for name, value in fields.items():
        if not 0 < len(name) <= MAX_FIELD_NAME_LENGTH:
            problems.append(ErrorDetail("fields", f"A field name must have 1 to {MAX_FIELD_NAME_LENGTH} characters."))
        if isinstance(value, str) and len(value) > MAX_FIELD_VALUE_LENGTH:
            problems.append(
                ErrorDetail(f"fields.{name}", f"This can have at most {MAX_FIELD_VALUE_LENGTH:,} characters.")
            )
    return problems


def _problems_of_device(sent: SentStart) -> Iterator[ErrorDetail]:
    device = sent.device or NO_DEVICE
    for name, text in (("os", device.os), ("model", device.model)):
        if text is not None and len(text) > MAX_DEVICE_TEXT_LENGTH:
            yield ErrorDetail(f"device.{name}", f"This can have at most {MAX_DEVICE_TEXT_LENGTH} characters.")
