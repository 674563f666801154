"""The frame of the console's pages: switchers, breadcrumbs, navigation, the message after an action."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from starlette.responses import Response

from templates_server.features.console.navigation import (
    ENVIRONMENT,
    HOME,
    ORGANIZATION,
    SECTIONS,
    SPACE,
    Link,
    NavigationEntry,
    entry_of,
    links,
    url_of,
)
from templates_server.features.console.platform_api import RouteRequest, invoke
from templates_server.features.console.visit import Visit
from templates_server.features.pages.flash_messages import clear_notice, leave_notice, read_notice
from templates_server.features.pages.renderer import PageContent, pages_of, see_other
from templates_server.features.spaces import api as spaces
from templates_server.features.spaces.store import ENVIRONMENTS

PRODUCTION = "production"
MAX_SWITCHER_SPACES = 50


@dataclass(frozen=True)
class Shell:
    """The content of the frame around a page; `environment` is "" on pages without an environment."""

    organization: str
    space: str
    environment: str
    role: str
    organizations: Sequence[Link]
    spaces: Sequence[Link]
    environments: Sequence[Link]
    sections: Mapping[str, Sequence[Link]]
    crumbs: Sequence[Link]
    notice: str

    @property
    def is_production(self) -> bool:
        """Whether actions on the page affect the people who use the apps."""
        return self.environment == PRODUCTION


async def show(visit: Visit, page: PageContent, *, here: str = "", crumbs: Sequence[Link] = ()) -> Response:
    """Return a page in the frame of the console: `here` is the entry of the navigation that it belongs to.

    `crumbs` are its place below that entry, the page itself last.
    """
    call, notice = visit.call, read_notice(visit.call, visit.browser)
    shell = await _shell(visit, here, crumbs, notice)
    framed = replace(page, values={"shell": shell, "visit": visit, "now": call.now, **page.values}, is_scripted=True)
    response = pages_of(call).answer(framed, shown_to=visit.browser)
    if notice:
        clear_notice(response, call.settings)
    return response


def redirect_with_notice(visit: Visit, path: str, notice: str) -> Response:
    """Redirect to a page that shows the notice; the parameters of its path come from those of this page."""
    response = see_other(visit.url(path))
    leave_notice(response, visit.call, visit.browser, notice)
    return response


async def _shell(visit: Visit, here: str, crumbs: Sequence[Link], notice: str) -> Shell:
    place, organization = visit.place, visit.organization
    return Shell(
        organization=organization.name if organization else "",
        space=place.space_key or "" if place else "",
        environment=place.environment_name or "" if place else "",
        role=visit.call.principal.roles[place.organization_id].value if place else "",
        organizations=_organizations(visit),
        spaces=await _spaces(visit),
        environments=_environments(visit, entry_of(here)),
        sections={section.key: links(visit, section, here) for section in SECTIONS if _is_open(visit, section.key)},
        crumbs=[*_crumbs(visit, entry_of(here), is_last=not crumbs), *crumbs],
        notice=notice,
    )


def _is_open(visit: Visit, section: str) -> bool:
    """Return whether the section's pages apply to the page: it is in a Space, or in an organization."""
    place = visit.place
    return section == "account" or (place is not None and (section == "organization" or place.space_key is not None))


def _organizations(visit: Visit) -> Sequence[Link]:
    present = visit.organization
    return [
        Link(one.name, visit.url(ORGANIZATION.replace("{organization}", one.key)), one == present, one.key)
        for one in visit.organizations
    ]


async def _spaces(visit: Visit) -> Sequence[Link]:
    """Return the first Spaces of the page's organization."""
    place = visit.place
    if place is None:
        return ()
    asked = RouteRequest(query={"limit": str(MAX_SWITCHER_SPACES)})
    found = await invoke(visit, spaces.list_spaces_of_organization, asked)
    return [
        Link(space.name, visit.url(SPACE.replace("{space}", space.key)), space.key == place.space_key, space.key)
        for space in found.data
    ]


def _environments(visit: Visit, entry: NavigationEntry | None) -> Sequence[Link]:
    """Return the same page in each environment of the Space; from pages without an environment, its overview."""
    place = visit.place
    if place is None or place.space_key is None:
        return ()
    is_of_one = entry is not None and "{environment}" in entry.path
    target = entry if entry and is_of_one else NavigationEntry("", "", ENVIRONMENT)
    return [Link(name, url_of(visit, target, name), name == place.environment_name) for name in ENVIRONMENTS]


def _crumbs(visit: Visit, entry: NavigationEntry | None, *, is_last: bool) -> Iterator[Link]:
    """Return the path from the console's first page to the entry that the page belongs to."""
    place = visit.place
    yield Link("Home", visit.url(HOME), is_here=place is None and entry is None and is_last)
    if place is not None and visit.organization is not None:
        is_here = entry is not None and entry.path == ORGANIZATION and is_last
        yield Link(visit.organization.name, url_of(visit, NavigationEntry("", "", ORGANIZATION)), is_here)
    if place is not None and place.space_key is not None:
        is_here = entry is not None and entry.path == SPACE and is_last
        yield Link(place.space_key, url_of(visit, NavigationEntry("", "", SPACE)), is_here)
    if place is not None and place.environment_name is not None:
        yield Link(
            place.environment_name,
            url_of(visit, NavigationEntry("", "", ENVIRONMENT)),
            is_here=entry is None and is_last,
        )
    if entry is not None and entry.path not in {ORGANIZATION, SPACE}:
        yield Link(entry.title, url_of(visit, entry), is_last)
