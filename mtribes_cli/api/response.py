"""Interprets a response: its data, or the error that it stands for. Nothing is sent from here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn
from urllib.parse import urlsplit

from mtribes_cli.errors import (
    AnswerError,
    ClientTooOldError,
    ConflictError,
    DocumentError,
    MtribesError,
    NetworkError,
    NotAllowedError,
    NotFoundError,
    NotSignedInError,
    Problem,
    ServerError,
    SignInRefusedError,
    UnavailableError,
)
from mtribes_cli.numbers import counted, counted_seconds, whole_number

TRY_LATER_STATUSES = frozenset({408, 429, 502, 503, 504})
_SAID_BY_ANYBODY = frozenset({403, 404, 405})  # by every web server that is not ours, in its own way
_REFUSALS = frozenset({400, 401, 403})  # of the token endpoint
_MORE_PROBLEMS = "MORE_PROBLEMS"  # the code of the last problem where there are more than the server lists
_NEXT_LINK = re.compile(r"""<([^<>]*+)>[^,<]*;\s*rel=["']?next["']?(?![\w-])""", re.IGNORECASE)
NOT_FOUND = "Not found, or you don't have access."
"""What servers say of everything that is not there or not the caller's. Words of their own say what is missing."""
_MOST_SECONDS = 999_999_999
_SIGN_IN = "Run `mtribes login`. If MTRIBES_TOKEN is set, set it to a valid token."
_LOOK_AT_HOST = "Check the host, and whether a proxy or sign-in page intercepts the connection."


@dataclass(frozen=True)
class ApiResponse:
    """A complete response. Header names are in lower case."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether the request succeeded."""
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's own numbers

    def text(self) -> str:
        """Return the body as UTF-8."""
        try:
            return self.body.decode("utf-8")
        except UnicodeDecodeError:
            raise AnswerError(f"{self.url} returned a response that is not valid UTF-8.", _LOOK_AT_HOST) from None

    @property
    def kind(self) -> str:
        """The media type of the body, if it has one."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower() if self.body else ""

    def json(self) -> object:
        """Return the body as JSON; an error describes any other body."""
        kind = self.kind
        if not self.body:
            raise AnswerError(f"{self.url} returned {self.status} without a body.", _LOOK_AT_HOST)
        if kind and not kind.endswith("json"):
            raise AnswerError(f"{self.url} returned {self.status} with {kind} instead of JSON.", _LOOK_AT_HOST)
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise AnswerError(
                f"{self.url} returned {self.status} with invalid or truncated JSON.", _LOOK_AT_HOST
            ) from None


def unwrap_envelope(answer: ApiResponse) -> Sequence[object]:
    """Return the entities of a successful response; raise the error that a failure stands for."""
    if not answer.is_success:
        raise_failure(answer)
    if answer.status == 204:  # noqa: PLR2004 - no content
        return ()
    envelope = answer.json()
    data = envelope.get("data") if isinstance(envelope, Mapping) else None
    if not isinstance(data, list):
        raise AnswerError(f"{answer.url} returned JSON without `data`.", _LOOK_AT_HOST)
    return data


def raise_failure(answer: ApiResponse) -> NoReturn:
    """Raise the error that a failure of the Platform API stands for."""
    if 300 <= answer.status < 400:  # noqa: PLR2004 - HTTP's own numbers
        raise NetworkError(
            f"{answer.url} redirects to {answer.headers.get('location', 'another address')}.",
            "Credentials are not sent after a redirect. Use the address that it redirects to as the host.",
        )
    problems = _problems(answer)
    if answer.status in _SAID_BY_ANYBODY and not problems:
        kind = answer.kind or "nothing"
        raise AnswerError(
            f"{answer.url} returned {answer.status} with {kind}. This is not an mtribes server.", _LOOK_AT_HOST
        )
    raise _error(answer, problems, "; ".join(problem.message for problem in problems))


def _error(answer: ApiResponse, problems: tuple[Problem, ...], said: str) -> MtribesError:
    """Return the error for a status; `said` are the server's own words, if there are any."""
    simple: dict[int, tuple[type[MtribesError], str, str]] = {
        401: (NotSignedInError, "The server rejected your credentials.", _SIGN_IN),
        403: (
            NotAllowedError,
            "Access denied.",
            "Ask an administrator for access, or use a token with the required scope.",
        ),
        404: (
            NotFoundError,
            NOT_FOUND,
            "Check the name: `mtribes space list` lists your Spaces.",
        ),
        409: (ConflictError, "It already exists or is in use.", "Choose another name, or check what uses it."),
        412: (
            ConflictError,
            "The document was changed on the server since you pulled it.",
            "Pull it again, reapply your changes, and push. Pass --force to overwrite.",
        ),
        413: (ServerError, "The request is too large for the server.", "Send less at a time."),
    }
    if answer.status == 422:  # noqa: PLR2004 - breaks a rule
        what = (
            f"The server found {_count(problems)}."
            if problems
            else "The server rejected the request because it is invalid."
        )
        return DocumentError(what, "Fix the problems above and try again.", problems=problems)
    if answer.status == 426:  # noqa: PLR2004 - a newer client is needed
        from mtribes_cli.installation import upgrade_advice  # noqa: PLC0415 - rarely needed

        return ClientTooOldError(said or "The server requires a newer version of mtribes.", upgrade_advice())
    if answer.status in TRY_LATER_STATUSES:
        busy = UnavailableError(
            said or f"{answer.url} is overloaded or unavailable ({answer.status}).", _try_again(answer)
        )
        busy.retry_after_seconds = retry_after_seconds(answer)
        return busy
    if answer.status in simple:
        kind, what, advice = simple[answer.status]
        return kind(said or what, advice)
    return ServerError(
        said or f"{answer.url} returned {answer.status}.",
        "If the problem persists, contact the server's administrator and include the time.",
    )


def _problems(answer: ApiResponse) -> tuple[Problem, ...]:
    """Return the problems in the envelope, as far as there is one."""
    try:
        envelope = answer.json()
    except AnswerError:
        return ()
    listed = envelope.get("errors") if isinstance(envelope, Mapping) else None
    return tuple(_problem(item) for item in listed if isinstance(item, Mapping)) if isinstance(listed, list) else ()


def _problem(item: Mapping[str, object]) -> Problem:
    message, path, code = item.get("message"), item.get("path"), item.get("code")
    return Problem(
        str(message or code or "unknown"),
        path if isinstance(path, str) else None,
        code if isinstance(code, str) else None,
    )


def _count(problems: Sequence[Problem]) -> str:
    if problems[-1].code == _MORE_PROBLEMS:
        return f"more than {len(problems) - 1} problems"
    return counted(len(problems), "problem")


def _try_again(answer: ApiResponse) -> str:
    seconds = retry_after_seconds(answer)
    return f"Try again in {counted_seconds(seconds)}." if seconds else "Try again later."


def retry_after_seconds(answer: ApiResponse) -> float | None:
    """Return the seconds of `Retry-After` (RFC 9110, 10.2.3): a number, or a date relative to the server's `Date`."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        seconds = whole_number(text, most=_MOST_SECONDS)
        return _MOST_SECONDS if seconds is None else seconds
    until, now = _date(text), date_of(answer)
    return max((until - now).total_seconds(), 0.0) if until and now else None


def date_of(answer: ApiResponse) -> datetime | None:
    """Return the time of the response by the server's clock."""
    return _date(answer.headers.get("date", ""))


def _date(text: str) -> datetime | None:
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - rarely needed

    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError, TypeError, IndexError):  # it promises the first alone
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def next_page(answer: ApiResponse, place: str) -> str | None:
    """Return the query of `Link: rel="next"` (RFC 8288) on the path `place`, so that no link leads elsewhere."""
    found = _NEXT_LINK.search(answer.headers.get("link", ""))
    return f"{place.partition('?')[0]}?{urlsplit(found[1]).query}" if found else None


def parse_token_response(answer: ApiResponse) -> object:
    """Return the JSON of a successful token response; raise the error of a failure (RFC 6749, 5.2)."""
    if answer.is_success:
        return answer.json()
    if answer.status not in _REFUSALS:
        raise_failure(answer)
    refusal = answer.json()
    fields: Mapping[str, object] = refusal if isinstance(refusal, Mapping) else {}
    code, description = fields.get("error"), fields.get("error_description")
    what = f"The server rejected the sign-in: {description or code or answer.status}"
    raise SignInRefusedError(what, _SIGN_IN, reason=str(code))
