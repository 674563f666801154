"""What the parts of paths are, and what they are called on a server with demo data. Pure.

A name that begins with `$` is a value that only the server knows: the samples take it from a variable of that name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from templates_server.endpoint import Route
from templates_server.openapi.answers import PATH_PARAMETER


@dataclass(frozen=True)
class PathPart:
    """What stands in a path, and an example of it."""

    text: str
    example: str


PARTS: Mapping[str, PathPart] = {
    "organization": PathPart("The organization: its key or its id.", "acme"),
    "space": PathPart("The Space: its key or its id.", "vod"),
    "environment": PathPart("`production`, `staging`, `development`, or one of its `pk_` keys.", "production"),
    "key": PathPart("The key: its id or its text.", "$KEY"),
    "user": PathPart("The user: their `user_id`. A slash in it is written `%2F`.", "ada"),
    "visitor": PathPart("The visitor: their `anonymous_id`. A slash in it is written `%2F`.", "phone-1"),
    "tag": PathPart("The tag; its slashes are part of the path.", "sports/football"),
    "import": PathPart("The import: 1 to 64 letters, digits, `_` and `-`, chosen by whoever sends it.", "nightly"),
    "part": PathPart("The number of the part, from 1, in order.", "1"),
    "tribe": PathPart("The tribe: its key.", "gold-members"),
    "export": PathPart("The export: its id.", "$EXPORT"),
    "upload": PathPart("The file that was sent: its id.", "0" * 32),
    "token": PathPart("The token: its id.", "$TOKEN_ID"),
    "email": PathPart("The member: their e-mail address.", "viewer@acme.example.com"),
    "member": PathPart("The member: their e-mail address.", "viewer@acme.example.com"),
    "invitation": PathPart("The invitation: its id.", "$INVITATION"),
    "service_account": PathPart("The service account: its id.", "$SERVICE_ACCOUNT"),
    "flag": PathPart("The key of the flag: `collection.child`, or with `.enabled` or `.property`.", "homepage.header"),
    "session": PathPart("The session, as its start was answered.", "$SESSION"),
    "name": PathPart("The name of the file.", "app.js"),
    "file": PathPart("The path of the file.", "index.js"),
    "issuer_path": PathPart("The path of the public URL, without its first slash.", "mtribes"),
}


def part_of(route: Route, name: str) -> PathPart:
    """What that part of the route's path is."""
    part = PARTS.get(name, PathPart(f"The {name.replace('_', ' ')}.", f"${name.upper()}"))
    example = route.path_examples.get(name)
    return PathPart(part.text, example) if example else part


def example_path(route: Route) -> str:
    """The route's path on a server with demo data; `$NAME` where only the server knows."""
    return PATH_PARAMETER.sub(lambda match: part_of(route, match[1]).example, route.path)
