"""The pages of the demo app, and the JavaScript that is generated for it. Only a server with demo data has them."""

from __future__ import annotations

from pathlib import Path

from starlette.responses import Response

from templates_server.codegen.inputs import CodeHashes, load_input
from templates_server.codegen.recording import record_rendering
from templates_server.codegen.render import render
from templates_server.demo_app.models import Configuration
from templates_server.demo_app.store import Shop, find_shop
from templates_server.endpoint import Call, json_response
from templates_server.errors import NotFound

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
    """The JavaScript of the demo app as it was last asked for, kept until the Space's code changes."""

    def __init__(self) -> None:
        self._code_hash = ""
        self._files: dict[str, str] = {}

    async def find(self, call: Call, path: str) -> str:
        """The text of a file; NotFound when the code has no such one."""
        shop = await _shop(call)
        version, code_hash = await call.services.part(CodeHashes).find(shop.space_id)
        if code_hash != self._code_hash:
            made_from = await call.database.read_aside(lambda connection: load_input(connection, version))
            self._files = render(made_from, "javascript", {"host": call.settings.public_url})
            self._code_hash = code_hash
            await record_rendering(call.database, version, code_hash, now=call.now)
        if path not in self._files:
            raise NotFound
        return self._files[path]


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


async def show_generated_file(call: Call) -> Response:
    """A module of the code that is generated for the app."""
    name = call.parameters["file"]
    if not name.endswith(".js"):
        raise NotFound
    text = await call.services.part(GeneratedFiles).find(call, name)
    return Response(text, headers=_headers(call), media_type=JAVASCRIPT)


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
