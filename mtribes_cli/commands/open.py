"""`mtribes open`: show a page of the server in a browser; a local server's own, signed in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote, urlencode, urlsplit

import typer

from mtribes_cli.errors import UsageError
from mtribes_cli.host_trust import require_own_project
from mtribes_cli.options import EnvironmentOption, OrganizationOption, SpaceOption
from mtribes_cli.project_file import ENVIRONMENTS
from mtribes_cli.result import Result
from mtribes_cli.sign_in import local_code
from mtribes_cli.sign_in_way import reason_for_code

if TYPE_CHECKING:
    from mtribes_cli.context import Context

app = typer.Typer(rich_markup_mode=None, add_completion=False)


class Page(StrEnum):
    """What can be opened."""

    HOME = "home"
    SPACE = "space"
    MODEL = "model"
    ENVIRONMENT = "environment"
    DELIVERY = "delivery"
    PREVIEW = "preview"
    TRIBES = "tribes"
    USERS = "users"
    VISITORS = "visitors"
    USER_TAGS = "user-tags"
    IMPORTS = "imports"
    KEYS = "keys"
    LIVE = "live"
    ORGANIZATIONS = "organizations"
    ORGANIZATION = "organization"
    MEMBERS = "members"
    SERVICE_ACCOUNTS = "service-accounts"
    AUDIT = "audit"
    TOKENS = "tokens"
    PROFILE = "profile"
    API = "api"
    DEMO = "demo"


SPACE = "/console/spaces/{space}"
ENVIRONMENT = f"{SPACE}/environments/{{environment}}"
ORGANIZATION = "/console/organizations/{organization}"
PATHS = {
    Page.HOME: "/console",
    Page.SPACE: SPACE,
    Page.MODEL: f"{SPACE}/model",
    Page.ENVIRONMENT: ENVIRONMENT,
    Page.DELIVERY: f"{ENVIRONMENT}/delivery",
    Page.PREVIEW: f"{ENVIRONMENT}/delivery/preview",
    Page.TRIBES: f"{ENVIRONMENT}/tribes",
    Page.USERS: f"{ENVIRONMENT}/users",
    Page.VISITORS: f"{ENVIRONMENT}/visitors",
    Page.USER_TAGS: f"{ENVIRONMENT}/user-tags",
    Page.IMPORTS: f"{ENVIRONMENT}/imports",
    Page.KEYS: f"{ENVIRONMENT}/keys",
    Page.LIVE: f"{ENVIRONMENT}/live",
    Page.ORGANIZATIONS: "/console/organizations",
    Page.ORGANIZATION: ORGANIZATION,
    Page.MEMBERS: f"{ORGANIZATION}/members",
    Page.SERVICE_ACCOUNTS: f"{ORGANIZATION}/service-accounts",
    Page.AUDIT: f"{ORGANIZATION}/audit",
    Page.TOKENS: "/account/tokens",
    Page.PROFILE: "/account",
    Page.API: "/docs",
    Page.DEMO: "/demo",
}
OPEN_TO_ALL = {Page.API, Page.DEMO}
PAGES = ", ".join(Page)


@dataclass(frozen=True)
class Place:
    """Where the page is, as far as options say it."""

    organization: str | None = None
    space: str | None = None
    environment: str | None = None


@app.command("open")
def open_command(
    call: typer.Context,
    page: Annotated[Page, typer.Argument(metavar="[PAGE]", help=f"Which page: {PAGES}.")] = Page.HOME,
    space: SpaceOption = None,
    environment: EnvironmentOption = None,
    organization: OrganizationOption = None,
) -> Result:
    """Show a page of the server in your browser; on your own local server you are signed in by it.

    $ mtribes open

    $ mtribes open delivery --space vod --environment staging

    $ mtribes open tokens --host https://mtribes.example.com
    """
    return open_page(call.obj, page, Place(organization, space, environment))


def open_page(context: Context, page: Page, place: Place) -> Result:
    """The address, and whether a browser shows it; where none does, what to open instead, which is good once."""
    host, path = context.host, _path(context, page, place)
    require_own_project(context)
    url = f"{host.url}{path}"
    shown = _link(context, url) if host.is_local and page not in OPEN_TO_ALL else url
    reason = reason_for_code(context.environment, context.system_root)
    if reason is None and context.browser(shown):
        return Result({"url": url, "opened": True, "link": None}, (f"Opened {url}.",))
    why = f"since {reason}" if reason else "since no browser could be started"
    context.console.notice(f"Open this address yourself, {why}{'; it is good once' if shown != url else ''}:")
    return Result({"url": url, "opened": False, "link": shown}, (shown,))


def _path(context: Context, page: Page, place: Place) -> str:
    """The path of the page, in the place of the options or of `mtribes.toml`; UsageError where it has no such place."""
    path, settings = PATHS[page], context.settings
    for name, given, needed in (
        ("organization", place.organization, settings.organization),
        ("space", place.space, settings.space),
        ("environment", place.environment, settings.environment),
    ):
        part = f"{{{name}}}"
        if part in path:
            path = path.replace(part, quote(_checked(name, needed(given)), safe=""))
        elif given is not None:
            raise UsageError(f"{page} is the same page whatever the {name}.", f"Leave --{name} out.")
    return path


def _checked(name: str, value: str) -> str:
    """The value; UsageError for an environment that no Space has."""
    if name == "environment" and value not in ENVIRONMENTS:
        raise UsageError(f"No environment {value!r}.", "Choose production, staging or development.")
    return value


def _link(context: Context, url: str) -> str:
    """What signs a browser in and leads to `url`: whoever opens it first is signed in, and nobody after."""
    parts = urlsplit(url)
    base = context.host.url
    return f"{base}/sign-in/local?{urlencode({'code': local_code(context, context.host), 'next': parts.path})}"
