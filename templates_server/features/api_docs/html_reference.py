"""The content of `/docs/api`, built from the same table as the OpenAPI document. Pure; its layout is in `pages`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from templates_server.features.api_docs import permissions, samples
from templates_server.features.api_docs.document import body_of, kinds_of, operation_id
from templates_server.features.api_docs.examples import part_of
from templates_server.features.api_docs.groups import group_of, place_of
from templates_server.features.api_docs.responses import (
    OF_ANY_ROUTE,
    PATH_PARAMETER,
    RATE,
    PossibleAnswer,
    answers_of,
    data_type_of,
    path_parameters,
    taken,
)
from templates_server.features.api_docs.schema_text import Field, Words, fields_of, in_words
from templates_server.features.api_docs.schemas import Schema, Schemas
from templates_server.features.api_docs.statuses import WHEN
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import BodyDocs


@dataclass(frozen=True)
class Taken:
    """A parameter."""

    name: str
    place: str
    kind: Sequence[Words]
    text: str
    required: bool


@dataclass(frozen=True)
class Content:
    """A body: its media types, its description and its members."""

    media_types: Sequence[str]
    kind: Sequence[Words]
    fields: Sequence[Field] = ()


@dataclass(frozen=True)
class Status:
    """A response status: when it occurs and what it returns."""

    status: int
    text: str
    content: Content | None = None
    headers: Sequence[str] = ()


@dataclass(frozen=True)
class RouteEntry:
    """The reference entry of a route."""

    anchor: str
    method: str
    path: str
    summary: str
    permission: str
    parameters: Sequence[Taken]
    body: Content | None
    statuses: Sequence[Status]
    data_type: str
    curl: str
    python: str
    successor: str


@dataclass(frozen=True)
class Group:
    """Routes under one heading."""

    name: str
    anchor: str
    entries: Sequence[RouteEntry]


@dataclass(frozen=True)
class NamedType:
    """A type that several routes use."""

    name: str
    text: str
    fields: Sequence[Field]
    kind: Sequence[Words]


@dataclass(frozen=True)
class Guide:
    """The whole page. `everywhere` are the statuses that any route can return."""

    groups: Sequence[Group]
    types: Sequence[NamedType]
    everywhere: Sequence[Status]


def guide_to(routes: Sequence[Route]) -> Guide:
    """Return the reference of these routes, without those of pages, which are not part of the API."""
    shown = [route for route in routes if route.surface is not Surface.PAGE]
    schemas = Schemas(kinds_of(shown))
    names = sorted({group_of(route) for route in shown}, key=place_of)
    groups = [
        Group(name, _anchor(name), [_entry(route, schemas) for route in shown if group_of(route) == name])
        for name in names
    ]
    everywhere = [
        Status(int(status), WHEN[status]) for status in sorted(OF_ANY_ROUTE | {HTTPStatus.METHOD_NOT_ALLOWED})
    ]
    return Guide(groups, _types(schemas.components), everywhere)


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")


def _entry(route: Route, schemas: Schemas) -> RouteEntry:
    body = body_of(route)
    return RouteEntry(
        anchor=operation_id(route),
        method=route.method,
        path=PATH_PARAMETER.sub(r":\1", route.path),
        summary=route.summary,
        permission=permissions.in_words(route),
        parameters=_parameters(route, schemas),
        body=None if body is None else _content(body, schemas),
        statuses=[_status(answer, schemas) for answer in answers_of(route) if answer.status not in OF_ANY_ROUTE],
        data_type=data_type_of(route) if route.surface is Surface.PLATFORM else "",
        curl=samples.curl(route),
        python=samples.python(route),
        successor=PATH_PARAMETER.sub(r":\1", route.successor),
    )


def _parameters(route: Route, schemas: Schemas) -> list[Taken]:
    in_path = [
        Taken(name, "path", [Words("text")], part_of(route, name).text, required=True)
        for name in path_parameters(route)
    ]
    others = [
        Taken(parameter.name, parameter.place, in_words(schemas.of(parameter.kind)), parameter.text, parameter.required)
        for parameter in taken(route)
    ]
    return in_path + others


def _content(body: BodyDocs, schemas: Schemas) -> Content:
    schema = schemas.of(body.kind)
    kind = [Words("anything")] if body.kind is bytes else in_words(schema)
    return Content(body.media_types, kind, fields_of(schema, schemas.components))


def _status(answer: PossibleAnswer, schemas: Schemas) -> Status:
    content = None if answer.body is None else _content(answer.body, schemas)
    own = [header.name for header in answer.headers if header not in RATE]
    return Status(int(answer.status), answer.text, content, own)


def _types(components: Mapping[str, Schema]) -> list[NamedType]:
    return [
        NamedType(name, _first_paragraphs(schema), fields_of(schema, components), in_words(schema))
        for name, schema in components.items()
    ]


def _first_paragraphs(schema: Mapping[str, Any]) -> str:
    return " ".join(str(schema.get("description", "")).split())
