"""The pages under `/docs`: the manual, its search and the API reference, without JavaScript or a sign-in."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from starlette.responses import Response

from templates_server.features.api_docs.manual import ROOT, Manual, ManualPage
from templates_server.features.api_docs.manual_search import MAX_QUERY_CHARACTERS, IndexedSection, SearchIndex
from templates_server.features.api_docs.reference_pages import PATH, TYPES, Reference
from templates_server.features.api_docs.stored_response import revalidated, with_entity_tag
from templates_server.features.pages.renderer import PageContent, PageRenderer, PageServices, pages_of
from templates_server.http.context import Call
from templates_server.http.route import Route
from templates_server.settings import Settings

MEDIA_TYPES = {".webp": "image/webp", ".svg": "image/svg+xml"}
PLAIN = "text/plain; charset=utf-8"
FILE_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"


class Documentation:
    """The documentation of a server; each page is rendered on its first request, then stored."""

    def __init__(self, routes: Sequence[Route], settings: Settings) -> None:
        self._routes = routes
        self._base_path = settings.base_path
        self.manual = Manual(f"{settings.base_path}{ROOT}")
        self._responses: dict[str, Response] = {}

    @functools.cached_property
    def reference(self) -> Reference:
        """The reference of the routes."""
        return Reference(self._routes)

    @functools.cached_property
    def index(self) -> SearchIndex:
        """The search index."""
        sections = [section for page in self.manual.pages.values() for section in self._sections_of(page)]
        return SearchIndex([*sections, *self.reference.sections(self._base_path)])

    def _sections_of(self, page: ManualPage) -> list[IndexedSection]:
        url = f"{self._base_path}{ROOT}/{page.path}"
        return [
            IndexedSection(f"{url}#{found.heading.anchor}", page.document.title, found.heading.text, found.text)
            for found in page.document.sections
        ]

    async def stored(self, key: str, render: Callable[[], Response]) -> Response:
        """Return the response of a page; on its first request, render it in a thread. Keys are those of our pages."""
        if key not in self._responses:
            self._responses[key] = with_entity_tag(await asyncio.to_thread(render))
        return self._responses[key]


class DocumentationServices(PageServices, Protocol):
    """The services that the handlers here need."""

    @property
    def documentation(self) -> Documentation:
        """The manual and the API reference as pages."""


async def show_contents(call: Call[DocumentationServices]) -> Response:
    """Show the table of contents of the manual."""
    documentation = call.features.documentation
    return await _stored_page(call, documentation.manual.contents)


async def show_page(call: Call[DocumentationServices]) -> Response:
    """Show a page of the manual, or an image or sample that a page uses; raise NotFound for anything else."""
    documentation = call.features.documentation
    path = call.parameters["page"]
    file = documentation.manual.file(path)
    if file is None:
        return await _stored_page(call, documentation.manual.page(path))
    return revalidated(call.request, await documentation.stored(path, functools.partial(_file_response, file)))


async def show_search(call: Call[DocumentationServices]) -> Response:
    """Show the sections that contain all words of `?q=`."""
    documentation = call.features.documentation
    query = call.query.get("q", "")[:MAX_QUERY_CHARACTERS]
    results = await asyncio.to_thread(lambda: documentation.index.search(query))
    values = {"query": query, "results": results, **_frame(documentation, "", query=query)}
    return pages_of(call).open_answer(PageContent("manual/search", values))


async def show_reference(call: Call[DocumentationServices]) -> Response:
    """Show the start page of the API reference: conventions and groups."""
    return await _stored_reference(call, "", lambda _: PageContent("manual/reference_index"))


async def show_reference_group(call: Call[DocumentationServices]) -> Response:
    """Show the routes of a group of the API reference, or its types."""
    name = call.parameters["group"]
    if name == TYPES:
        return await _stored_reference(call, name, lambda _: PageContent("manual/reference_types"))
    return await _stored_reference(call, name, lambda reference: _group_page(reference, name))


async def _stored_page(call: Call[DocumentationServices], page: ManualPage) -> Response:
    documentation, pages = call.features.documentation, pages_of(call)
    stored = await documentation.stored(f"{page.path}.md", lambda: _page_response(documentation, pages, page))
    return revalidated(call.request, stored)


def _page_response(documentation: Documentation, pages: PageRenderer, page: ManualPage) -> Response:
    before, after = documentation.manual.neighbours(page.path) if page.path else (None, None)
    values = {
        "title": page.document.title,
        "text": page.html,
        "outline": page.outline,
        "before": before,
        "after": after,
        **_frame(documentation, page.path),
    }
    return pages.open_answer(PageContent("manual/page", values))


async def _stored_reference(
    call: Call[DocumentationServices], name: str, find_page: Callable[[Reference], PageContent]
) -> Response:
    documentation, pages = call.features.documentation, pages_of(call)

    def render() -> Response:
        page = find_page(documentation.reference)
        values = {**_frame(documentation, f"api/{name}"), "guide": documentation.reference.guide, **page.values}
        return pages.open_answer(PageContent(page.name, values))

    return revalidated(call.request, await documentation.stored(f"api/{name}.html", render))


def _group_page(reference: Reference, name: str) -> PageContent:
    group = reference.group(name)
    before, after = reference.neighbours(name)
    return PageContent("manual/reference_group", {"group": group, "before": before, "after": after})


def _frame(documentation: Documentation, here: str, *, query: str = "") -> dict[str, object]:
    """Return the template values shared by all pages: the navigation and the search query."""
    reference = documentation.reference
    groups = [(group.anchor, group.name) for group in reference.guide.groups]
    return {
        "chapters": documentation.manual.chapters,
        "groups": groups,
        "types": TYPES,
        "here": here,
        "query": query,
        "is_reference": here.startswith("api/"),
        "reference_path": PATH,
    }


def _file_response(file: Path) -> Response:
    headers = {"Content-Security-Policy": FILE_POLICY}
    return Response(file.read_bytes(), headers=headers, media_type=MEDIA_TYPES.get(file.suffix, PLAIN))
