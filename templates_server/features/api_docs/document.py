"""The OpenAPI 3.1 document of the URL table. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from http import HTTPStatus
from typing import Any

from templates_server.features.api_docs import permissions, samples
from templates_server.features.api_docs.examples import part_of
from templates_server.features.api_docs.groups import group_of, place_of
from templates_server.features.api_docs.responses import PossibleAnswer, answers_of, open_path, path_parameters, taken
from templates_server.features.api_docs.schemas import FAILURE_BODIES, Schemas
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import BodyDocs, ParameterDocs

OPENAPI_VERSION = "3.1.1"
TITLE = "mtribes"
ABOUT = """\
The Platform API responds with `{"data": [...], "dataType": "...", "errors": null}`; a single object is an array of one.
An error response has `data: []` and all `errors`, each with `code`, `message` and `path`. The Client API has no
envelope. Lists are paginated: the `Link` header has the next page. Members that are not described here may be added
at any time; ignore them.

In addition to the documented statuses, the server responds with 405 if a path does not support the method (`Allow`
lists the supported ones), and with 414 or 431 if the URL or the headers are too large."""


def described(routes: Sequence[Route], *, public_url: str, version: str) -> dict[str, Any]:
    """Return the OpenAPI description of these routes for a server at that URL."""
    schemas = Schemas(kinds_of(routes))
    groups = sorted({group_of(route) for route in routes}, key=place_of)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(open_path(route), {})[route.method.lower()] = operation(route, schemas)
    return {
        "openapi": OPENAPI_VERSION,
        "info": {"title": TITLE, "version": version, "description": ABOUT},
        "servers": [{"url": public_url}],
        "tags": [{"name": group} for group in groups],
        "paths": paths,
        "components": {
            "securitySchemes": permissions.security_schemes(public_url),
            "responses": _refusals(routes, schemas),
            "schemas": schemas.components,
        },
    }


def operation(route: Route, schemas: Schemas) -> dict[str, Any]:
    """Return the operation object of one route."""
    found: dict[str, Any] = {
        "operationId": operation_id(route),
        "summary": route.summary,
        "description": permissions.in_words(route),
        "tags": [group_of(route)],
        "parameters": [*_path_parameters(route), *(_parameter(parameter, schemas) for parameter in taken(route))],
        "responses": {str(int(answer.status)): _response(route, answer, schemas) for answer in answers_of(route)},
        "security": permissions.security_of(route),
    }
    if route.successor:
        found["deprecated"] = True
    if roles := permissions.roles_of(route):
        found["x-roles"] = [str(role) for role in roles]
    if (body := body_of(route)) is not None:
        found["requestBody"] = {"required": True, "content": _with_example(schemas.content(body), route.example)}
    if route.surface is not Surface.PAGE:
        found["x-codeSamples"] = [
            {"lang": "Shell", "label": "curl", "source": samples.curl(route)},
            {"lang": "Python", "label": "Python", "source": samples.python(route)},
        ]
    return found


def operation_id(route: Route) -> str:
    """Return a unique operation ID, made of the route's method and path."""
    parts = [part for part in re.split(r"[^A-Za-z0-9]+", route.path.replace("/.", "/")) if part]
    return "-".join([route.method.lower(), *parts]).lower()


def body_of(route: Route) -> BodyDocs | None:
    """Return the description of the request body of the route."""
    if route.reads is None or isinstance(route.reads, BodyDocs):
        return route.reads
    return BodyDocs(route.reads)


def kinds_of(routes: Iterable[Route]) -> Iterator[Any]:
    """Return every type that the description uses, each once."""
    seen: list[Any] = []
    for kind in _all_kinds(routes):
        if kind not in seen:
            seen.append(kind)
            yield kind


def _all_kinds(routes: Iterable[Route]) -> Iterator[Any]:
    yield from (body.kind for body in FAILURE_BODIES.values())
    for route in routes:
        yield from (parameter.kind for parameter in taken(route))
        bodies = [body_of(route), *(answer.body for answer in answers_of(route))]
        yield from (body.kind for body in bodies if body is not None)
        yield from (header.kind for answer in answers_of(route) for header in answer.headers)


def _path_parameters(route: Route) -> Iterator[dict[str, Any]]:
    for name in path_parameters(route):
        part = part_of(route, name)
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": part.text,
            "schema": {"type": "string", "minLength": 1},
            "example": part.example,
        }


def _parameter(parameter: ParameterDocs, schemas: Schemas) -> dict[str, Any]:
    example = {} if parameter.example is None else {"example": parameter.example}
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "description": parameter.text,
        "schema": schemas.of(parameter.kind),
        **example,
    }


def _with_example(content: dict[str, Any], example: Any) -> dict[str, Any]:
    if example is None or isinstance(example, str):
        return content
    return {media_type: {**described_body, "example": example} for media_type, described_body in content.items()}


def _response(route: Route, answer: PossibleAnswer, schemas: Schemas) -> dict[str, Any]:
    if answer.is_failure:
        return {"$ref": f"#/components/responses/{_refusal_name(route, answer.status)}"}
    found = {"description": answer.text, **_headers(answer, schemas)}
    if answer.body is not None:
        found["content"] = schemas.answer(route, answer.body)
    return found


def _headers(answer: PossibleAnswer, schemas: Schemas) -> dict[str, Any]:
    headers = {
        header.name: {"description": header.text, "schema": schemas.of(header.kind)} for header in answer.headers
    }
    return {"headers": headers} if headers else {}


def _refusals(routes: Iterable[Route], schemas: Schemas) -> dict[str, Any]:
    """Return the error responses that the routes of one surface share."""
    found = {}
    for route in routes:
        for answer in answers_of(route):
            if answer.is_failure:
                found[_refusal_name(route, answer.status)] = {
                    "description": answer.text,
                    **_headers(answer, schemas),
                    "content": schemas.content(FAILURE_BODIES[route.surface]),
                }
    return dict(sorted(found.items()))


def _refusal_name(route: Route, status: HTTPStatus) -> str:
    return f"{route.surface}{'-deprecated' if route.successor else ''}-{int(status)}"
