"""Rendering of templates as HTML responses with the common headers. The templates are in `html/`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

import jinja2
from markupsafe import Markup, escape
from starlette.responses import RedirectResponse, Response

from templates_server.errors import ApiError, NotFound
from templates_server.features.pages import browser_session
from templates_server.features.pages.browser_session import BrowserContext
from templates_server.features.pages.time_elements import moment_element, time_element
from templates_server.http.context import Call
from templates_server.primitives.integers import counted
from templates_server.security.server_key import ServerKey
from templates_server.settings import Settings

FOLDER = Path(__file__).parent
CSS = "text/css; charset=utf-8"
SCRIPT = "text/javascript; charset=utf-8"
ASSET_TYPES = {
    "live.js": SCRIPT,
    "style.css": CSS,
    "docs.css": CSS,
    "code.css": CSS,
    "console.css": CSS,
    "console.js": SCRIPT,
    "tribes.js": SCRIPT,
    "order.js": SCRIPT,
    "pictures.js": SCRIPT,
    "mark.svg": "image/svg+xml",
}
ASSET_MAX_AGE_SECONDS = 365 * 24 * 3600
HASH_LENGTH = 12
CODE = re.compile(r"`([^`]+)`")
STRESS = re.compile(r"(?<![\w*])\*([^*<>]+)\*(?![\w*])")
TITLES = {
    HTTPStatus.NOT_FOUND: "Page not found",
    HTTPStatus.FORBIDDEN: "Access denied",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong",
    HTTPStatus.SERVICE_UNAVAILABLE: "Temporarily unavailable",
}
PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
    # `no-referrer` would make browsers send `Origin: null` with our own forms (Fetch Standard, 3.3).
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True)
class Asset:
    """A file that pages load; its name in the URL changes with its content."""

    name: str
    content: bytes
    media_type: str


class PageServices(Protocol):
    """The services that the handlers here need."""

    @property
    def page_renderer(self) -> PageRenderer:
        """Renders pages."""


def _load_asset(file_name: str) -> Asset:
    file = FOLDER / file_name
    content = file.read_bytes()
    name = f"{file.stem}.{hashlib.sha256(content).hexdigest()[:HASH_LENGTH]}{file.suffix}"
    return Asset(name, content, ASSET_TYPES[file_name])


@dataclass(frozen=True)
class PageContent:
    """A template of `html/` and its values.

    `form_target`: an additional allowed form target. `has_secret_path`: send no referrer from this page.
    `is_scripted`: our scripts may run there and load from here. `has_pictures`: images of any host are allowed.
    """

    name: str
    values: Mapping[str, Any] = field(default_factory=dict)
    status: HTTPStatus = HTTPStatus.OK
    form_target: str = ""
    has_secret_path: bool = False
    is_scripted: bool = False
    has_pictures: bool = False


class PageRenderer:
    """A renderer of pages for a server with these settings."""

    def __init__(self, settings: Settings, key: ServerKey) -> None:
        self._settings = settings
        self._key = key
        assets = {file_name: _load_asset(file_name) for file_name in ASSET_TYPES}
        self._asset_names = {file_name: asset.name for file_name, asset in assets.items()}
        self._assets = {asset.name: asset for asset in assets.values()}
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(FOLDER / "html"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["marked"] = render_inline_markup
        self._templates.filters["when"] = _when
        self._templates.filters["moment"] = moment_element
        self._templates.filters["counted"] = counted
        self._templates.globals.update(
            new_key=lambda purpose: browser_session.new_form_key(key, purpose),
            url=self.url,
            asset=self._asset_url,
            public_url=settings.public_url,
        )

    def url(self, path: str) -> str:
        """Return the URL of a path on this server, as the browser must request it."""
        return self._settings.base_path + path

    def asset(self, name: str) -> Asset:
        """Return the asset with a name from a page. Raise NotFound for any other."""
        if name not in self._assets:
            raise NotFound
        return self._assets[name]

    def _asset_url(self, file_name: str) -> str:
        """Return the URL of an asset."""
        return self.url(f"/assets/{self._asset_names[file_name]}")

    def answer(self, page: PageContent, *, shown_to: BrowserContext) -> Response:
        """Return a page as a response to that browser, setting its cookie."""
        response = self._response(page, shown_to)
        browser_session.set_cookie(response, self._settings, shown_to)
        return response

    def open_answer(self, page: PageContent) -> Response:
        """Return a page that is the same for everybody, without reading or setting a cookie."""
        return self._response(page, BrowserContext(""))

    def error_answer(self, error: ApiError) -> Response:
        """Return an error as a page, without reading or setting a cookie."""
        reasons = [problem.message for problem in error.problems]
        page = PageContent(
            "error", {"title": TITLES.get(error.status, "Request failed"), "reasons": reasons}, error.status
        )
        response = self._response(page, BrowserContext(""))
        response.headers.update(error.headers)
        return response

    def _response(self, page: PageContent, shown_to: BrowserContext) -> Response:
        body = self._templates.get_template(f"{page.name}.html").render(
            account=shown_to.account,
            form_token=lambda purpose: browser_session.form_token(self._key, shown_to, purpose),
            **page.values,
        )
        headers = {**PAGE_HEADERS, "Content-Security-Policy": self._content_security_policy(page)}
        if page.has_secret_path:
            headers["Referrer-Policy"] = "strict-origin"
        return Response(body, page.status, headers, media_type="text/html; charset=utf-8")

    def _content_security_policy(self, page: PageContent) -> str:
        """Return the page's content security policy. Images over plain http require a page over plain http."""
        targets = f"'self' {page.form_target}".strip()
        scripts = "script-src 'self'; connect-src 'self'; " if page.is_scripted else ""
        others = ("https:" if self._settings.secure else "https: http:") if page.has_pictures else ""
        images = f"'self' {others}".strip()
        return (
            f"default-src 'none'; {scripts}style-src 'self'; img-src {images}; base-uri 'none'; "
            f"frame-ancestors 'none'; form-action {targets}"
        )


def render_inline_markup(text: str) -> Markup:
    """Render a text with `code` and *stress* as HTML."""
    escaped = str(escape(text))
    return Markup(STRESS.sub(r"<em>\1</em>", CODE.sub(r"<code>\1</code>", escaped)))  # noqa: S704 - it was escaped


@jinja2.pass_context
def _when(context: jinja2.runtime.Context, text: str) -> Markup:
    """Render a time in RFC 3339 relative to the page's `now`."""
    return time_element(text, context["now"])


def see_other(location: str) -> Response:
    """Return a redirect that the browser follows with GET."""
    return RedirectResponse(location, HTTPStatus.SEE_OTHER, {"Cache-Control": "no-store"})


def pages_of(call: Call[PageServices]) -> PageRenderer:
    """Return the page renderer of this server."""
    return call.features.page_renderer
