"""Requests with an access token, renewed when the server rejects it, and the entities in their responses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Protocol, TypeVar

from mtribes_cli.api.client.oauth import OAuthClient
from mtribes_cli.api.decoding import items
from mtribes_cli.api.models.history import Revision
from mtribes_cli.api.not_found import describe_missing
from mtribes_cli.api.request import Request, SentDocument, drop_none, get, page_query, path_of
from mtribes_cli.api.response import NOT_FOUND, ApiResponse, next_page, raise_failure, unwrap_envelope
from mtribes_cli.api.transport import Take, TransportError
from mtribes_cli.clock import Clock
from mtribes_cli.errors import AnswerError, MtribesError, NotFoundError
from mtribes_cli.terminal.console import Console

MAX_PAGES = 10_000
MAX_LIST_BYTES = 256 * 1024 * 1024
YAML = "application/yaml"

Entity = TypeVar("Entity")


class TokenProvider(Protocol):
    """A source of access tokens."""

    def token(self, client: OAuthClient) -> str:
        """Return a token to send; `client` may be used to get it. Raises NotSignedInError if there is none."""

    def renew(self, client: OAuthClient, refused: str) -> str | None:
        """Return a new token in place of a rejected one; None if there can be none."""


class AuthorizedSession(OAuthClient):
    """Requests with an access token, and what responses contain: one entity, pages of a list, YAML, streams."""

    def __init__(self, base_url: str, tokens: TokenProvider, *, console: Console, clock: Clock) -> None:
        super().__init__(base_url, console=console, clock=clock)
        self._tokens = tokens

    def send(self, request: Request) -> ApiResponse:
        """Return the response, whatever its status; send again with a renewed token if the first one was rejected."""
        if not request.is_authorized:
            return self.send_with_retries(request, token=None)
        token = self._tokens.token(self)
        answer = self.send_with_retries(request, token=token)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            renewed = self._tokens.renew(self, token)
            if renewed:
                return self.send_with_retries(request, token=renewed)
        return answer

    def perform(self, request: Request) -> ApiResponse:
        """Return the good answer to a request. Raises what a failure stands for: of a 404, what was not found."""
        return self._checked(request, self.send(request))

    def entities(self, request: Request) -> Sequence[object]:
        """Return the entities of the good answer to a request. Raises as `perform` does."""
        return unwrap_envelope(self.perform(request))

    def fetch_one(self, request: Request, read: Callable[[object, str], Entity]) -> Entity:
        """Return the one entity of a response."""
        return only_one(self.entities(request), read)

    def fetch_all(
        self,
        path: Sequence[str],
        read: Callable[[object, str], Entity],
        *,
        query: Mapping[str, object] | None = None,
    ) -> tuple[Entity, ...]:
        """Return every page of a list."""
        found: list[Entity] = []
        place: str | None = path_of(*path, query=query)
        seen: set[str] = set()
        size_bytes = 0
        while place:
            seen.add(place)
            answer = self.perform(Request("GET", place, may_repeat=True))
            found += items(unwrap_envelope(answer), read, "data")
            size_bytes += len(answer.body)
            place = next_page(answer, place)
            if place and (place in seen or len(seen) >= MAX_PAGES or size_bytes > MAX_LIST_BYTES):
                raise _endless_list(answer, place, seen)
        return tuple(found)

    def fetch_revisions(self, path: Sequence[str], limit: int) -> tuple[Revision, ...]:
        """Return the newest revisions of a document; more than the limit if there are more."""
        query = page_query(limit)
        return self.fetch_some((*path, "revisions"), Revision.read, query, limit=limit)

    def fetch_some(
        self,
        path: Sequence[str],
        read: Callable[[object, str], Entity],
        query: Mapping[str, object],
        *,
        limit: int,
        has_empty_pages: bool = False,
    ) -> tuple[Entity, ...]:
        """Return as many pages of a list as are needed to exceed the limit, or all of it.

        An empty page is the last, unless the list has others behind it.
        """
        found: list[Entity] = []
        place: str | None = path_of(*path, query=query)
        seen: set[str] = set()
        while place and len(found) <= limit:
            seen.add(place)
            answer = self.perform(Request("GET", place, may_repeat=True))
            page = items(unwrap_envelope(answer), read, "data")
            found += page
            place = next_page(answer, place) if page or has_empty_pages else None
            if place and not page and (place in seen or len(seen) >= MAX_PAGES):
                raise _endless_list(answer, place, seen)
        return tuple(found)

    def fetch_yaml(self, path: Sequence[str], query: Mapping[str, object] | None = None) -> str:
        """Return a document as the server writes it in YAML."""
        answer = self.perform(Request("GET", path_of(*path, query=query), headers={"Accept": YAML}, may_repeat=True))
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if kind != YAML:
            raise AnswerError(
                f"{answer.url} returned {kind or 'an unknown content type'} instead of YAML.", "Check the host."
            )
        return answer.text()

    def put_document(
        self, path: Sequence[str], read: Callable[[object, str], Entity], document: SentDocument
    ) -> Entity:
        """Replace a document; unless forced, its own revision must be the newest."""
        headers = {"Content-Type": document.content_type} | ({"If-Match": "*"} if document.force else {})
        request = Request("PUT", path_of(*path, query=drop_none(note=document.note)), document.content, headers)
        return self.fetch_one(request, read)

    def stream(self, request: Request, take: Take) -> None:
        """Pass a body to `take` as it arrives. Raises NetworkError or UnavailableError if it breaks off."""
        token = self._tokens.token(self)
        try:
            answer = self.transport.fetch(request, take, token=token)
            if answer.status == HTTPStatus.UNAUTHORIZED and (renewed := self._tokens.renew(self, token)):
                answer = self.transport.fetch(request, take, token=renewed)
        except TransportError as failure:
            raise failure.error from failure
        self._checked(request, answer)

    def _checked(self, request: Request, answer: ApiResponse) -> ApiResponse:
        if answer.is_success:
            return answer
        try:
            raise_failure(answer)
        except NotFoundError as error:
            raise self._not_found(error, request, is_around=error.what != NOT_FOUND) from None

    def _not_found(self, error: NotFoundError, request: Request, *, is_around: bool) -> NotFoundError:
        """Return the error that names what was not found: what a request asked for, or what that belongs to.

        `is_around`: the server has said in words of its own that what it belongs to can be seen.
        """
        missing = describe_missing(request)
        if missing is None or (missing.is_place and is_around):
            return error
        if missing.within and not is_around:
            status = self._status_of(missing.within)
            if status == HTTPStatus.NOT_FOUND:
                return self._not_found(error, get(*missing.within), is_around=False)
            is_around = status in {HTTPStatus.OK, HTTPStatus.FORBIDDEN}
        doubt = "" if missing.within and is_around else ", or you don't have access"
        return NotFoundError(f"No {missing.what}{doubt}." if missing.what else error.what, missing.advice)

    def _status_of(self, path: Sequence[str]) -> int | None:
        """Return the status of a path; None where the server gives none."""
        try:
            return self.send(get(*path, is_retried=False)).status
        except MtribesError:
            return None


def _endless_list(answer: ApiResponse, place: str, seen: set[str]) -> AnswerError:
    return AnswerError(
        f"{answer.url} returned an endless list: {_endless(place, seen)}.",
        "Check the host. If it is correct, contact the server's administrator.",
    )


def _endless(place: str | None, seen: set[str]) -> str:
    """Return why a list counts as endless."""
    if place in seen:
        return "the next page is one that was already read"
    return f"more than {min(len(seen), MAX_PAGES):,} pages or {MAX_LIST_BYTES:,} bytes"


def only_one(data: Sequence[object], read: Callable[[object, str], Entity]) -> Entity:
    """Return the only entity of a response. Raises AnswerError if there are none or several."""
    found = items(data, read, "data")
    if len(found) != 1:
        raise AnswerError(f"The server returned {len(found)} entities instead of one.", "Check the host.")
    return found[0]


def document_of(value: object, place: str) -> Mapping[str, object]:
    """Return the value as a document. Raises AnswerError if it is not an object."""
    if not isinstance(value, dict):
        raise AnswerError(f"Invalid response from the server: {place} is not an object.", "Check the host.")
    return value
