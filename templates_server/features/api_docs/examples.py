"""The parameters of paths, and their example values on a server with demo data. Pure.

A name that begins with `$` is a value that only the server has: the samples read it from a variable of that name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from templates_server.features.api_docs.responses import PATH_PARAMETER
from templates_server.http.route import Route


@dataclass(frozen=True)
class PathPart:
    """A path parameter and an example of it."""

    text: str
    example: str


PARTS: Mapping[str, PathPart] = {
    "organization": PathPart("Key or ID of the organization.", "acme"),
    "space": PathPart("Key or ID of the Space.", "vod"),
    "environment": PathPart("`production`, `staging`, `development`, or one of its `pk_` keys.", "production"),
    "key": PathPart("ID or text of the key.", "$KEY"),
    "user": PathPart("The `user_id` of the user. Encode a slash as `%2F`.", "ada"),
    "visitor": PathPart("The `anonymous_id` of the visitor. Encode a slash as `%2F`.", "phone-1"),
    "tag": PathPart("The tag; its slashes are part of the path.", "sports/football"),
    "import": PathPart("ID of the import, chosen by the client: 1 to 64 letters, digits, `_` and `-`.", "nightly"),
    "part": PathPart("Number of the part, starting at 1, in order.", "1"),
    "tribe": PathPart("Key of the tribe.", "gold-members"),
    "export": PathPart("ID of the export.", "$EXPORT"),
    "upload": PathPart("ID of the uploaded file.", "0" * 32),
    "token": PathPart("ID of the token.", "$TOKEN_ID"),
    "email": PathPart("E-mail address of the member.", "viewer@acme.example.com"),
    "member": PathPart("E-mail address of the member.", "viewer@acme.example.com"),
    "invitation": PathPart("ID of the invitation.", "$INVITATION"),
    "service_account": PathPart("ID of the service account.", "$SERVICE_ACCOUNT"),
    "flag": PathPart(
        "Key of the flag: `collection.child`, optionally followed by `.enabled` or `.property`.", "homepage.header"
    ),
    "session": PathPart("ID of the session, from the response to its start.", "$SESSION"),
    "name": PathPart("Name of the file.", "app.js"),
    "file": PathPart("Path of the file.", "index.js"),
    "page": PathPart("Path of the page or the file.", "concepts/glossary"),
    "group": PathPart("The group, as in the address of its page.", "users"),
    "issuer_path": PathPart("Path of the public URL, without the leading slash.", "mtribes"),
}


def part_of(route: Route, name: str) -> PathPart:
    """Return the description of that parameter of the route's path."""
    part = PARTS.get(name, PathPart(f"The {name.replace('_', ' ')}.", f"${name.upper()}"))
    example = route.path_examples.get(name)
    return PathPart(part.text, example) if example else part


def example_path(route: Route) -> str:
    """Return the route's path on a server with demo data; `$NAME` stands for values that only the server has."""
    return PATH_PARAMETER.sub(lambda match: part_of(route, match[1]).example, route.path)
