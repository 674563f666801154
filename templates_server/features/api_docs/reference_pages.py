"""The API reference under `/docs/api`: a page for each group of routes, and one for the types. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from templates_server.errors import NotFound
from templates_server.features.api_docs.html_reference import Group, Guide, RouteEntry, guide_to
from templates_server.features.api_docs.manual_search import IndexedSection
from templates_server.http.route import Route

PATH = "/docs/api"
TYPES = "types"


class Reference:
    """The reference of these routes."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.guide: Guide = guide_to(routes)
        self._groups = {group.anchor: group for group in self.guide.groups}

    def group(self, name: str) -> Group:
        """Return the group with this name in the URL; raise NotFound for any other."""
        if name not in self._groups:
            raise NotFound
        return self._groups[name]

    def neighbours(self, name: str) -> tuple[Group | None, Group | None]:
        """Return the previous and the next group of the group with this name."""
        names = list(self._groups)
        place = names.index(name)
        before = self._groups[names[place - 1]] if place else None
        after = self._groups[names[place + 1]] if place + 1 < len(names) else None
        return before, after

    def sections(self, base_path: str) -> Iterator[IndexedSection]:
        """Return the sections for the search: one for each route and each type."""
        for group in self.guide.groups:
            for entry in group.entries:
                url = f"{base_path}{PATH}/{group.anchor}#{entry.anchor}"
                yield IndexedSection(url, group.name, f"{entry.method} {entry.path}", _text_of(entry))
        for named in self.guide.types:
            url = f"{base_path}{PATH}/{TYPES}#type-{named.name}"
            yield IndexedSection(url, "Types", named.name, named.text)


def _text_of(entry: RouteEntry) -> str:
    parameters = (f"{parameter.name}: {parameter.text}" for parameter in entry.parameters)
    return " ".join([entry.summary, *parameters]).replace("`", "")
