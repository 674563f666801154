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
class Body:
    """A body that its handler reads or writes itself.

    `kind` is the type of what is in it once decoded: of one row, where there is one a line; `bytes` for what has none,
    `Any` for a file that may be JSON or not.
    """

    kind: Any
    media_types: tuple[str, ...] = (JSON,)


@dataclass(frozen=True)
class Parameter:
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
class Header:
    """A header of an answer."""

    name: str
    text: str
    kind: Any = str


def document(kind: Any) -> Body:
    """A document: JSON or YAML, as Content-Type or Accept says."""
    return Body(kind, (JSON, YAML))


def form(kind: Any) -> Body:
    """The fields of a form of our own pages."""
    return Body(kind, (FORM,))


def search(text: str, example: str) -> Parameter:
    """The parameter that looks for a part of a text."""
    return Parameter("search", str, text, example=example)


Revision = Annotated[str, Meta(pattern="^[0-9]{1,10}$")]
LIMIT = Parameter(
    "limit", Annotated[int, Meta(ge=1, le=1000)], "How many entries a page has: 100 unless said.", example=100
)
CURSOR = Parameter(
    "cursor",
    Annotated[str, Meta(pattern="^[A-Za-z0-9_-]*$")],
    "Where the page begins; take it from the `Link` of the page before.",
)
PAGE = (LIMIT, CURSOR)
REVISION = Parameter("revision", Revision, "An older document instead of the present one.", example="0")
NOTE = Parameter(
    "note",
    Annotated[str, Meta(max_length=200, pattern="^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$")],
    "Why: kept with the revision that this makes, where it makes one.",
    example="Spring campaign",
)
IF_MATCH = Parameter(
    "If-Match",
    str,
    'The revision that the document was made from, such as `"3"`, or `*` for any; else the one that it names.',
    place="header",
    example="*",
    in_samples=True,
)
IF_NONE_MATCH = Parameter(
    "If-None-Match", str, "The `ETag` that the caller has: 304 when it is still the present one.", place="header"
)
IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    Annotated[str, Meta(pattern="^[ -~]{1,255}$")],
    "Makes it safe to send again: the same key and body get the stored answer, another body 422.",
    place="header",
)
RANGE = Parameter(
    "Range", str, "One range of bytes, such as `bytes=1000-`: 206 with that part.", place="header", example="bytes=0-"
)
IF_RANGE = Parameter("If-Range", str, "The `ETag` that the range belongs to; of another one all comes.", place="header")
CONTENT_ENCODING = Parameter("Content-Encoding", Literal["gzip", "zstd"], "How the body is compressed.", place="header")
ACCOUNT = Parameter("accountId", str, "An organization, by key or id: outside of it there is nothing for this call.")
ETAG = Header("ETag", "The revision as an entity tag.")
ACCEPT_RANGES = Header("Accept-Ranges", "`bytes`.")
CONTENT_DISPOSITION = Header("Content-Disposition", "The name of the file.")
CONTENT_RANGE = Header("Content-Range", "Which part it is, and of how many bytes; absent where it is all.")
LINK_TO_NEXT = Header("Link", 'The next page, `rel="next"`; absent on the last one.')
LOCATION = Header("Location", "Where to go on.")
