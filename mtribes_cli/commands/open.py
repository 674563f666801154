"""`mtribes open`: show a page of the server in a browser; a local server's own, signed in."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode, urlsplit

import typer

from mtribes_cli.host_trust import require_own_project
from mtribes_cli.result import Result
from mtribes_cli.sign_in import local_code
from mtribes_cli.sign_in_way import reason_for_code

if TYPE_CHECKING:
    from mtribes_cli.context import Context

app = typer.Typer(rich_markup_mode=None, add_completion=False)


class Page(StrEnum):
    """What can be opened."""

    HOME = "home"
    TOKENS = "tokens"
    API = "api"
    DEMO = "demo"


PATHS = {Page.HOME: "/console", Page.TOKENS: "/account/tokens", Page.API: "/docs", Page.DEMO: "/demo"}
OPEN_TO_ALL = {Page.API, Page.DEMO}


@app.command("open")
def open_command(
    call: typer.Context,
    page: Annotated[Page, typer.Argument(metavar="[PAGE]", help="home, tokens, api or demo.")] = Page.HOME,
) -> Result:
    """Show a page of the server in your browser; on your own local server you are signed in by it.

    $ mtribes open

    $ mtribes open tokens --host https://mtribes.example.com
    """
    return open_page(call.obj, page)


def open_page(context: Context, page: Page) -> Result:
    """The address, and whether a browser shows it; where none does, what to open instead, which is good once."""
    host = context.host
    require_own_project(context)
    url = f"{host.url}{PATHS[page]}"
    shown = _link(context, url) if host.is_local and page not in OPEN_TO_ALL else url
    reason = reason_for_code(context.environment, context.system_root)
    if reason is None and context.browser(shown):
        return Result({"url": url, "opened": True, "link": None}, (f"Opened {url}.",))
    why = f"since {reason}" if reason else "since no browser could be started"
    context.console.notice(f"Open this address yourself, {why}{'; it is good once' if shown != url else ''}:")
    return Result({"url": url, "opened": False, "link": shown}, (shown,))


def _link(context: Context, url: str) -> str:
    """What signs a browser in and leads to `url`: whoever opens it first is signed in, and nobody after."""
    parts = urlsplit(url)
    base = context.host.url
    return f"{base}/sign-in/local?{urlencode({'code': local_code(context, context.host), 'next': parts.path})}"
