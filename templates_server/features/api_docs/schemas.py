"""Types as JSON schemas, by the names that they have in the description; the frames of answers around them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta

from templates_server.errors import ApiError
from templates_server.features.api_docs.responses import data_type_of
from templates_server.features.auth.oauth_schemas import OAuthError
from templates_server.features.openfeature.schemas import ErrorCode
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import CSV, FORM, HTML, JSON, NDJSON, YAML, BodyDocs

Schema: TypeAlias = dict[str, Any]
REFERENCE = "#/components/schemas/{name}"
STRUCTURED = frozenset({JSON, YAML, FORM})
BY_LINES = frozenset({NDJSON, CSV})
CODES: Mapping[HTTPStatus, set[str]] = {
    status: {error.code for error in ApiError.__subclasses__() if error.status is status}
    for status in {error.status for error in ApiError.__subclasses__()}
}


class Problem(msgspec.Struct, frozen=True):
    """A problem; `path` is its place in the request (or empty), `code` its kind."""

    code: str
    message: str
    path: str


class Failure(msgspec.Struct, frozen=True):
    """An error response of the Platform API, with all problems."""

    data: Annotated[list[str], Meta(max_length=0)]
    dataType: None  # noqa: N815 - the name on the wire
    errors: Annotated[list[Problem], Meta(min_length=1)]


class ClientFailure(msgspec.Struct, frozen=True):
    """An error response of the Client API, with all problems."""

    errors: Annotated[list[Problem], Meta(min_length=1)]


class EvaluationFailure(msgspec.Struct, frozen=True):
    """An error response of the remote evaluation protocol; `key` is the key of the requested flag, if any."""

    errorCode: ErrorCode  # noqa: N815 - the name on the wire
    errorDetails: str  # noqa: N815 - the name on the wire
    key: str | msgspec.UnsetType = msgspec.UNSET


FAILURE_BODIES: Mapping[Surface, BodyDocs] = {
    Surface.PLATFORM: BodyDocs(Failure),
    Surface.SYSTEM: BodyDocs(Failure),
    Surface.CLIENT: BodyDocs(ClientFailure),
    Surface.OFREP: BodyDocs(EvaluationFailure),
    Surface.OAUTH: BodyDocs(OAuthError),
    Surface.PAGE: BodyDocs(bytes, (HTML,)),
}


class Schemas:
    """The schemas of some types, and all that they refer to in `components`."""

    def __init__(self, kinds: Iterable[Any]) -> None:
        wanted = [kind for kind in kinds if kind is not None and kind is not bytes]
        found, components = msgspec.json.schema_components(wanted, ref_template=REFERENCE)
        self._by_kind = [(kind, _plain(schema)) for kind, schema in zip(wanted, found, strict=True)]
        self.components: Mapping[str, Schema] = {name: _plain(schema) for name, schema in sorted(components.items())}

    def of(self, kind: Any) -> Schema:
        """The schema of a type that was named at the start; any text for `bytes`."""
        if kind is None or kind is bytes:
            return {"type": "string"}
        return next(schema for known, schema in self._by_kind if known is kind or known == kind)

    def content(self, body: BodyDocs) -> dict[str, Any]:
        """A body by its media types."""
        return {media_type: {"schema": self._schema(body.kind, media_type)} for media_type in body.media_types}

    def _schema(self, kind: Any, media_type: str) -> Schema:
        if media_type in BY_LINES and kind is not bytes:
            return {"type": "string", "contentMediaType": media_type, "contentSchema": self.of(kind)}
        return self.of(kind)

    def answer(self, route: Route, body: BodyDocs) -> dict[str, Any]:
        """The body of a success by its media types: JSON of the Platform API, unless a file, is in its envelope."""
        content = self.content(body)
        if route.surface is Surface.PLATFORM and JSON in content and body.kind is not Any:
            content[JSON] = {"schema": envelope(content[JSON]["schema"], data_type_of(route))}
        return content


def envelope(item: Schema, data_type: str) -> Schema:
    """A success of the Platform API: an array of one, or of those that there are."""
    return {
        "type": "object",
        "required": ["data", "dataType", "errors"],
        "properties": {
            "data": {"type": "array", "items": item},
            "dataType": {"const": data_type},
            "errors": {"type": "null"},
        },
    }


def _plain(schema: Any) -> Any:
    """The schema without choices that allow everything (JSON that is encoded already) and without titles.

    A default of null says no more than that the member may be left out.
    """
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    alternatives = schema.get("anyOf")
    if alternatives and {} in alternatives:
        return _plain(next(item for item in alternatives if item))
    left_out = {key for key in ("title", "default") if key in schema and _says_nothing(key, schema[key])}
    return {key: _plain(item) for key, item in schema.items() if key not in left_out}


def _says_nothing(key: str, value: Any) -> bool:
    return value is None if key == "default" else isinstance(value, str)
