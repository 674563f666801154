"""The deprecation headers of version 1.0: the deprecation date, the end date and the successor. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import formatdate

from templates_server.http.route_docs import HeaderDocs
from templates_server.primitives.timestamps import SECOND, parse_rfc3339

PREFIX = "/v1.0/"
DEPRECATED_SINCE = parse_rfc3339("2026-11-21T00:00:00Z")
ENDS = parse_rfc3339("2028-01-01T00:00:00Z")
ENVIRONMENT = "production"
PEOPLE = re.compile(r"^/v1\.0/spaces/([^/]+)/(users|tribes/[^/]+/users)(?=/|$)")
NOT_IN_A_LINK = re.compile(r"[^!#-;=?-\[\]_a-~]")  # besides what RFC 3986 has: < > " and all that is no ASCII
SENT = (
    HeaderDocs("Deprecation", "When the route was deprecated, as `@` and Unix seconds (RFC 9745)."),
    HeaderDocs("Sunset", "When the route will be removed (RFC 8594)."),
    HeaderDocs("Link", 'The replacement route, `rel="successor-version"`; also the next page, if there is one.'),
)


def successor(path: str) -> str:
    """Return the version 2 path that replaces one of version 1.0: people are those of production."""
    path = PEOPLE.sub(rf"/v2/spaces/\1/environments/{ENVIRONMENT}/\2", path)
    return path.replace(PREFIX, "/v2/", 1)


def headers(raw_path: bytes, *, public_url: str) -> Mapping[str, str]:
    """Return the headers of a response for that path. `Link` is added to any existing one."""
    place = NOT_IN_A_LINK.sub("", successor(raw_path.decode("latin-1")))
    return {
        "Deprecation": f"@{DEPRECATED_SINCE // SECOND}",
        "Sunset": formatdate(ENDS / SECOND, usegmt=True),
        "Link": f'<{public_url}{place}>; rel="successor-version"',
    }
