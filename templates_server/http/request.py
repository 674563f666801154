"""A request with fast lookup of headers: a dozen are looked up on its way, and most of them are absent."""

from __future__ import annotations

from collections import Counter

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Receive, Scope


class IncomingHeaders(Headers):
    """The headers of a request. Of a repeated one the first counts, as in Starlette; `getlist` returns all."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope=scope)
        self._first: dict[bytes, bytes] = dict(reversed(scope["headers"]))

    def __getitem__(self, key: str) -> str:
        """Return a header by name, in any case; KeyError if it is absent."""
        return self._first[key.lower().encode("latin-1")].decode("latin-1")

    @property
    def repeated(self) -> frozenset[bytes]:
        """Return the names of repeated headers in lower case."""
        if len(self._first) == len(self.raw):
            return frozenset()
        return frozenset(name for name, times in Counter(name for name, _ in self.raw).items() if times > 1)

    def __contains__(self, key: object) -> bool:
        """Return whether a header is present."""
        return isinstance(key, str) and key.lower().encode("latin-1") in self._first


class IncomingRequest(Request):
    """A request with such headers."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        super().__init__(scope, receive)
        self._incoming = IncomingHeaders(scope)

    @property
    def headers(self) -> IncomingHeaders:
        """Return the headers."""
        return self._incoming
