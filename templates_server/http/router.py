"""Finds the route of a request. Paths are split before they are decoded, so a part may contain `%2F`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar
from urllib.parse import unquote_to_bytes

from templates_server.errors import BadRequest, MethodNotAllowed, NotFound


class RouteLike(Protocol):
    """What can be found: a method and a path with variables in braces; a last `{tag*}` matches all that is left."""

    @property
    def method(self) -> str:
        """The method: GET, POST ..."""

    @property
    def path(self) -> str:
        """The path, such as `/v2/spaces/{space}`."""


AnyRoute = TypeVar("AnyRoute", bound=RouteLike)


@dataclass
class _Node(Generic[AnyRoute]):
    routes: dict[str, AnyRoute] = field(default_factory=dict)
    literal: dict[str, _Node[AnyRoute]] = field(default_factory=dict)
    variable: dict[str, _Node[AnyRoute]] = field(default_factory=dict)
    rest: dict[str, _Node[AnyRoute]] = field(default_factory=dict)


class Router(Generic[AnyRoute]):
    """The routes as a tree of path parts; a literal part is preferred to a variable one.

    A path that a route names by literal parts alone from there on belongs to it: no variable part takes other methods.
    """

    def __init__(self, routes: Sequence[AnyRoute]) -> None:
        self._root: _Node[AnyRoute] = _Node()
        self._methods = sorted({route.method for route in routes})
        self._fixed = {(route.method, route.path.encode()): route for route in routes if "{" not in route.path}
        for route in routes:
            self._add(route)

    def find(self, method: str, raw_path: bytes) -> tuple[AnyRoute, Mapping[str, str]]:
        """Return the route and its decoded parameters; NotFound, MethodNotAllowed (with Allow) or BadRequest."""
        fixed = self._fixed.get((method, raw_path))
        if fixed is not None:
            return fixed, {}
        parts = [_decode_segment(part) for part in raw_path.split(b"/")[1:]]
        parameters: dict[str, str] = {}
        route = _descend(self._root, parts, parameters, "GET" if method == "HEAD" else method)
        if route is not None:
            return route, parameters
        allowed = ", ".join(route.method for route in self._at(parts))
        if not allowed:
            raise NotFound
        raise MethodNotAllowed(f"Method {method} not allowed. Allowed: {allowed}.", headers={"Allow": allowed})

    def at(self, raw_path: bytes) -> Sequence[AnyRoute]:
        """Return every route at a path, whatever its method."""
        return self._at([_decode_segment(part) for part in raw_path.split(b"/")[1:]])

    def _at(self, parts: Sequence[str]) -> Sequence[AnyRoute]:
        """Return every route at these parts, in order of method."""
        found = (_descend(self._root, parts, {}, method) for method in self._methods)
        return tuple(route for route in found if route is not None)

    def _add(self, route: AnyRoute) -> None:
        node = self._root
        for part in route.path.split("/")[1:]:
            if part.startswith("{") and part.endswith("*}"):
                node = node.rest.setdefault(part[1:-2], _Node())
            elif part.startswith("{"):
                node = node.variable.setdefault(part[1:-1], _Node())
            else:
                node = node.literal.setdefault(part, _Node())
        if route.method in node.routes:
            raise ValueError(f"{route.method} {route.path} is there twice")
        node.routes[route.method] = route


def _descend(node: _Node[AnyRoute], parts: Sequence[str], parameters: dict[str, str], method: str) -> AnyRoute | None:
    if not parts:
        return node.routes.get(method)
    if parts[0] in node.literal:
        found = _descend(node.literal[parts[0]], parts[1:], parameters, method)
        if found is not None or _is_named(node, parts):
            return found
    if parts[0]:
        for name, child in node.variable.items():
            found = _descend(child, parts[1:], parameters, method)
            if found is not None:
                parameters[name] = parts[0]
                return found
    for name, child in node.rest.items():
        if all(parts) and method in child.routes:
            parameters[name] = "/".join(parts)
            return child.routes[method]
    return None


def _is_named(node: _Node[AnyRoute], parts: Sequence[str]) -> bool:
    """Return whether a route of any method has exactly these parts."""
    for part in parts:
        if part not in node.literal:
            return False
        node = node.literal[part]
    return bool(node.routes)


def _decode_segment(part: bytes) -> str:
    try:
        text = unquote_to_bytes(part).decode()
    except UnicodeDecodeError:
        raise BadRequest("The path is not valid UTF-8.") from None
    if "\0" in text:
        raise BadRequest("The path contains a NUL character.")
    return text
