"""The pages of the demo app, and the code that is generated for it. Only a server with demo data has them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from starlette.responses import Response

from templates_server.errors import NotFound
from templates_server.features.codegen.code_hash_recorder import record_rendering
from templates_server.features.codegen.display.file_list import TITLES, first_of, in_folders
from templates_server.features.codegen.display.highlighting import highlight
from templates_server.features.codegen.loader import CodeHashCache, load_input
from templates_server.features.codegen.renderer import LANGUAGES, render
from templates_server.features.demo.app.store import Shop, find_shop
from templates_server.features.demo.schemas import Configuration
from templates_server.features.pages.renderer import PageContent, PageServices, pages_of
from templates_server.http.context import Call
from templates_server.http.response import json_response

SPACE = "vod"
FOLDER = Path(__file__).parent / "files"
JAVASCRIPT = "text/javascript; charset=utf-8"
MEDIA_TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": JAVASCRIPT}
FILES = {path.name: path for path in FOLDER.iterdir() if path.suffix in MEDIA_TYPES}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' {origin}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class GeneratedFiles:
    """The code of the demo app as it was last asked for, by language, kept until the Space's code changes."""

    def __init__(self) -> None:
        self._code_hash = ""
        self._files: dict[str, Mapping[str, str]] = {}

    async def find(self, call: Call[DemoServices], language: str) -> Mapping[str, str]:
        """The files of a language, by path; NotFound for one that there is not."""
        shop = await _shop(call)
        if language not in LANGUAGES:
            raise NotFound
        version, code_hash = await call.features.code_hash_cache.find(shop.space_id)
        if code_hash != self._code_hash:
            self._code_hash, self._files = code_hash, {}
        if language not in self._files:
            made_from = await call.database.read_in_thread(lambda connection: load_input(connection, version))
            self._files[language] = render(made_from, language, {"host": call.settings.public_url})
            await record_rendering(call.database, version, code_hash, now=call.now)
        return self._files[language]


class DemoServices(PageServices, Protocol):
    """The services that the handlers here need."""

    @property
    def code_hash_cache(self) -> CodeHashCache:
        """Models with the hashes of their code, cached."""

    @property
    def generated_files(self) -> GeneratedFiles:
        """Generated files of the demo Space, cached."""


async def show_app(call: Call) -> Response:
    """The page."""
    await _shop(call)
    return _file(call, "index.html")


async def show_file(call: Call) -> Response:
    """A file that the page loads."""
    await _shop(call)
    return _file(call, call.parameters["name"])


async def show_configuration(call: Call) -> Response:
    """The public keys of the app's environments."""
    shop = await _shop(call)
    return json_response(Configuration(SPACE, shop.keys), headers=_headers(call))


async def show_generated_file(call: Call[DemoServices]) -> Response:
    """A module of the code that is generated for the app."""
    name = call.parameters["file"]
    files = await call.features.generated_files.find(call, "javascript")
    if not name.endswith(".js") or name not in files:
        raise NotFound
    return Response(files[name], headers=_headers(call), media_type=JAVASCRIPT)


async def show_code(call: Call[DemoServices]) -> Response:
    """A file of the code that is generated for the app, in one of the languages, as people read it."""
    language = call.parameters.get("language", LANGUAGES[0])
    files = await call.features.generated_files.find(call, language)
    path = call.parameters.get("file") or first_of(files)
    if path not in files:
        raise NotFound
    text = await asyncio.to_thread(highlight, path, files[path])
    shown = {
        "languages": [(name, TITLES[name]) for name in LANGUAGES],
        "language": language,
        "code": "/demo/code",
        "title": TITLES[language],
        "folders": in_folders(files),
        "path": path,
        "text": text,
    }
    return pages_of(call).open_answer(PageContent("code", shown))


async def _shop(call: Call) -> Shop:
    shop = None
    if call.settings.demo:
        shop = await call.database.read(lambda connection: find_shop(connection, SPACE))
    if shop is None:
        raise NotFound
    return shop


def _file(call: Call, name: str) -> Response:
    path = FILES.get(name)
    if path is None:
        raise NotFound
    return Response(path.read_bytes(), headers=_headers(call), media_type=MEDIA_TYPES[path.suffix])


def _headers(call: Call) -> dict[str, str]:
    """The page asks its own server, by whatever name of it the browser was given."""
    return {"Cache-Control": "no-cache", "Content-Security-Policy": POLICY.format(origin=call.settings.origin)}
