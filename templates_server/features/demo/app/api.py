"""The pages of the demo app and its generated code. Only a server with demo data serves them."""

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
    """A cache of the demo app's latest generated code, by language, valid until the Space's code changes."""

    def __init__(self) -> None:
        self._code_hash = ""
        self._files: dict[str, Mapping[str, str]] = {}

    async def find(self, call: Call[DemoServices], language: str) -> Mapping[str, str]:
        """Return the files of a language, by path. Raise NotFound for a language that does not exist."""
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
    """Return the page."""
    await _shop(call)
    return _file(call, "index.html")


async def show_file(call: Call) -> Response:
    """Return a file that the page loads."""
    await _shop(call)
    return _file(call, call.parameters["name"])


async def show_configuration(call: Call) -> Response:
    """Return the public keys of the app's environments."""
    shop = await _shop(call)
    return json_response(Configuration(SPACE, shop.keys), headers=_headers(call))


async def show_generated_file(call: Call[DemoServices]) -> Response:
    """Return a module of the code generated for the app."""
    name = call.parameters["file"]
    files = await call.features.generated_files.find(call, "javascript")
    if not name.endswith(".js") or name not in files:
        raise NotFound
    return Response(files[name], headers=_headers(call), media_type=JAVASCRIPT)


async def show_code(call: Call[DemoServices]) -> Response:
    """Return a readable file of the code generated for the app, in one of the languages."""
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
    """Return headers that let the page send requests to its own server, under the host name the browser used."""
    return {"Cache-Control": "no-cache", "Content-Security-Policy": POLICY.format(origin=call.settings.origin)}
