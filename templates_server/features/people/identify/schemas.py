"""Reading what an app says of a person: every broken rule is found. Null is not given, unknown keys are ignored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import UNSET

from templates_server.errors import ErrorDetail, ValidationFailed
from templates_server.features.people import profile_parser
from templates_server.features.people.identity import ClaimedIdentity, PersonRef, claim_identity
from templates_server.features.people.identity_fields import find_id_problems
from templates_server.features.people.profile import ProfileChange, canonical_scalar
from templates_server.http.request_body import decode_json, group_problems_by_field
from templates_server.primitives.text_cache import memoize
from templates_server.security.user_signatures import IdCheck


class SentIdentity(msgspec.Struct, frozen=True):
    """The person to identify. Tags are ignored, because public keys cannot set them."""

    anonymous_id: str | None = None
    external_id: str | None = None
    user_signature: str | None = None
    email: str | None = None
    phone: str | None = None
    timezone: str | None = None
    locale: str | None = None
    data: dict[str, Any] | None = None


class SentAlias(msgspec.Struct, frozen=True):
    """The visitor to merge, and the user."""

    anonymous_id: str | None = None
    external_id: str | None = None
    user_signature: str | None = None


def read_identify(body: bytes, *, check: IdCheck, max_depth: int) -> tuple[ClaimedIdentity, ProfileChange]:
    """Who it is about, and what is to be kept of them; ValidationFailed with every problem."""
    try:
        sent = decode_json(body, SentIdentity, max_depth=max_depth)
    except ValidationFailed as error:
        raise ValidationFailed(
            group_problems_by_field(msgspec.json.decode(body), SentIdentity) or error.problems
        ) from None
    problems = [*find_id_problems(sent, check), *_problems_of_profile(sent)]
    who = claim_identity(sent.anonymous_id, sent.external_id)
    if who is None:
        problems.append(ErrorDetail("", "Specify anonymous_id or external_id."))
    if problems or who is None:
        raise ValidationFailed(problems)
    return who, _change(sent)


def read_alias(body: bytes, *, check: IdCheck, max_depth: int) -> tuple[PersonRef, PersonRef]:
    """The visitor and the user; ValidationFailed with every problem."""
    try:
        sent = decode_json(body, SentAlias, max_depth=max_depth)
    except ValidationFailed as error:
        raise ValidationFailed(
            group_problems_by_field(msgspec.json.decode(body), SentAlias) or error.problems
        ) from None
    problems = list(find_id_problems(sent, check))
    problems += [
        ErrorDetail(name, "This is required.")
        for name in ("anonymous_id", "external_id")
        if getattr(sent, name) is None
    ]
    who = claim_identity(sent.anonymous_id, sent.external_id)
    if problems or who is None or who.visitor is None or who.user is None:
        raise ValidationFailed(problems)
    return who.visitor, who.user


def _problems_of_profile(sent: SentIdentity) -> Iterator[ErrorDetail]:
    for name in profile_parser.TEXT_FIELDS:
        text = getattr(sent, name)
        problem = None if text is None else PROBLEM_OF[name](text)
        if problem is not None:
            yield ErrorDetail(name, f"This {problem}.")
    if sent.data:
        yield from _problems_of_data(sent.data)


PROBLEM_OF = {name: memoize(find) for name, find in profile_parser.PROBLEM_OF.items()}


def _problems_of_data(data: dict[str, Any]) -> Iterator[ErrorDetail]:
    if len(data) > profile_parser.MOST_ATTRIBUTES:
        yield ErrorDetail("data", f"Too many attributes: {len(data)}. The maximum is {profile_parser.MOST_ATTRIBUTES}.")
        return
    for path, message in profile_parser.find_attribute_problems(data):
        yield ErrorDetail(f"data{path.removeprefix('attributes')}", message)


def _change(sent: SentIdentity) -> ProfileChange:
    return ProfileChange(
        email=UNSET if sent.email is None else sent.email,
        phone=UNSET if sent.phone is None else sent.phone,
        timezone=UNSET if sent.timezone is None else sent.timezone,
        locale=UNSET if sent.locale is None else sent.locale,
        attributes={name: canonical_scalar(value) for name, value in (sent.data or {}).items() if value is not None},
    )
