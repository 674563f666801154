"""What a route takes and sends besides its path: parameters, bodies, headers, and those that many routes share.

They stand in the URL table (`routes.py`); `openapi` makes the description of the server from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import Meta

JSON = "application/json"
YAML = "application/yaml"  # RFC 9512
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
NDJSON = "application/x-ndjson"
CSV = "text/csv"
HTML = "text/html"
PLAIN = "text/plain"
EVENT_STREAM = "text/event-stream"
JAVASCRIPT = "text/javascript"


@dataclass(frozen=True)
class BodyDocs:
    """A body that its handler reads or writes itself.

    `kind` is the type of what is in it once decoded: of one row, where there is one a line; `bytes` for what has none,
    `Any` for a file that may be JSON or not.
    """

    kind: Any
    media_types: tuple[str, ...] = (JSON,)


@dataclass(frozen=True)
class ParameterDocs:
    """A part of the query, or a request header. `kind` is a type with its rules, `text` a sentence for people.

    Samples have it, with its example, when it is required, or `in_samples`.
    """

    name: str
    kind: Any
    text: str
    place: Literal["query", "header"] = "query"
    required: bool = False
    example: Any = None
    in_samples: bool = False


@dataclass(frozen=True)
class HeaderDocs:
    """A header of a response."""

    name: str
    text: str
    kind: Any = str


def document(kind: Any) -> BodyDocs:
    """Return the docs of a document: JSON or YAML, by Content-Type or Accept."""
    return BodyDocs(kind, (JSON, YAML))


def form(kind: Any) -> BodyDocs:
    """Return the docs of the fields of a form on our own pages."""
    return BodyDocs(kind, (FORM,))


def search(text: str, example: str) -> ParameterDocs:
    """Return the docs of the parameter that searches for a part of a text."""
    return ParameterDocs("search", str, text, example=example)


Revision = Annotated[str, Meta(pattern="^[0-9]{1,10}$")]
LIMIT = ParameterDocs(
    "limit", Annotated[int, Meta(ge=1, le=1000)], "Number of entries per page (default: 100).", example=100
)
CURSOR = ParameterDocs(
    "cursor",
    Annotated[str, Meta(pattern="^[A-Za-z0-9_-]*$")],
    "Start of the page, from the `Link` header of the previous page.",
)
PAGE = (LIMIT, CURSOR)
REVISION = ParameterDocs(
    "revision", Revision, "A specific revision of the document (default: the current one).", example="0"
)
NOTE = ParameterDocs(
    "note",
    Annotated[str, Meta(max_length=200, pattern="^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$")],
    "Reason for the change, stored with the new revision if there is one.",
    example="Spring campaign",
)
IF_MATCH = ParameterDocs(
    "If-Match",
    str,
    'The revision that the document is based on, such as `"3"`, or `*` for any. Default: the revision in the document.',
    place="header",
    example="*",
    in_samples=True,
)
IF_NONE_MATCH = ParameterDocs(
    "If-None-Match", str, "The caller's `ETag`. Returns 304 if it is still current.", place="header"
)
IDEMPOTENCY_KEY = ParameterDocs(
    "Idempotency-Key",
    Annotated[str, Meta(pattern="^[ -~]{1,255}$")],
    "Makes the request safe to retry: the same key and body get the stored response, a different body 422.",
    place="header",
)
RANGE = ParameterDocs(
    "Range",
    str,
    "One byte range, such as `bytes=1000-`. Returns 206 with that part.",
    place="header",
    example="bytes=0-",
)
IF_RANGE = ParameterDocs(
    "If-Range",
    str,
    "The `ETag` that the range belongs to. If it does not match, the whole file is returned.",
    place="header",
)
CONTENT_ENCODING = ParameterDocs(
    "Content-Encoding", Literal["gzip", "zstd"], "Compression of the body.", place="header"
)
ACCOUNT = ParameterDocs("accountId", str, "Restricts the request to one organization, by key or ID.")
ETAG = HeaderDocs("ETag", "The revision, as an entity tag.")
ACCEPT_RANGES = HeaderDocs("Accept-Ranges", "`bytes`.")
CONTENT_DISPOSITION = HeaderDocs("Content-Disposition", "Name of the file.")
CONTENT_RANGE = HeaderDocs(
    "Content-Range", "The returned byte range and the total size; absent if the response is the whole file."
)
LINK_TO_NEXT = HeaderDocs("Link", 'The next page, `rel="next"`; absent on the last page.')
LOCATION = HeaderDocs("Location", "URL to continue at.")
X_ACCEL_BUFFERING = HeaderDocs("X-Accel-Buffering", "`no`, with a stream: proxies pass it on as it comes.")
LAST_EVENT_ID = ParameterDocs(
    "Last-Event-ID", str, "The same, as browsers send it when they come back.", place="header"
)
