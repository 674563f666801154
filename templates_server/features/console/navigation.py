"""The navigation of the console: every page in a list of links, and the permission to see the link."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from templates_server.features.accounts import api as accounts
from templates_server.features.audit import api as audit
from templates_server.features.auth import service_accounts
from templates_server.features.codegen import model_api as models
from templates_server.features.console.platform_api import is_permitted
from templates_server.features.console.visit import Visit
from templates_server.features.events.listing import api as events
from templates_server.features.imports import api as imports
from templates_server.features.people import api as users
from templates_server.features.spaces import api as spaces
from templates_server.features.spaces.delivery import api as delivery
from templates_server.features.tribes import api as tribes
from templates_server.http.route import Handler

HOME = "/console"
SPACE = "/console/spaces/{space}"
ENVIRONMENT = f"{SPACE}/environments/{{environment}}"
ORGANIZATIONS = "/console/organizations"
ORGANIZATION = f"{ORGANIZATIONS}/{{organization}}"
DEFAULT_ENVIRONMENT = "production"
"""The environment in the links of a Space if none is selected: the one that its apps show."""


@dataclass(frozen=True)
class NavigationEntry:
    """A page in the navigation, for visitors with permission for the handler's route; None means for everybody."""

    key: str
    title: str
    path: str
    needs: Handler | None = None


@dataclass(frozen=True)
class NavigationSection:
    """Entries under a heading."""

    key: str
    entries: Sequence[NavigationEntry]


@dataclass(frozen=True)
class Link:
    """A link on a page; `is_here` marks the page itself."""

    title: str
    url: str
    is_here: bool = False
    hint: str = ""


SECTIONS = (
    NavigationSection(
        "space",
        (
            NavigationEntry("space", "Overview", SPACE, spaces.show_space),
            NavigationEntry("model", "Model", f"{SPACE}/model", models.read),
            NavigationEntry("delivery", "Delivery", f"{ENVIRONMENT}/delivery", delivery.read),
            NavigationEntry("tribes", "Tribes", f"{ENVIRONMENT}/tribes", tribes.read),
            NavigationEntry("users", "Users & visitors", f"{ENVIRONMENT}/users", users.list_users),
            NavigationEntry("user-tags", "User tags", f"{ENVIRONMENT}/user-tags", users.list_tags),
            NavigationEntry("keys", "Keys", f"{ENVIRONMENT}/keys", spaces.list_keys),
            NavigationEntry("imports", "Imports", f"{ENVIRONMENT}/imports", imports.show),
            NavigationEntry("live", "Live", f"{ENVIRONMENT}/live", events.list_events),
        ),
    ),
    NavigationSection(
        "organization",
        (
            NavigationEntry("organization", "Spaces", ORGANIZATION, spaces.list_spaces_of_organization),
            NavigationEntry("members", "Members", f"{ORGANIZATION}/members", accounts.list_members),
            NavigationEntry(
                "service-accounts",
                "Service accounts",
                f"{ORGANIZATION}/service-accounts",
                service_accounts.list_service_accounts,
            ),
            NavigationEntry("audit", "Audit log", f"{ORGANIZATION}/audit", audit.list_entries),
        ),
    ),
    NavigationSection(
        "account",
        (
            NavigationEntry("organizations", "Organizations", ORGANIZATIONS),
            NavigationEntry("tokens", "Tokens", "/account/tokens"),
            NavigationEntry("profile", "Profile", "/account"),
        ),
    ),
)


def links(visit: Visit, section: NavigationSection, here: str) -> Sequence[Link]:
    """Return the links of a section at the visitor's location."""
    return [Link(entry.title, url_of(visit, entry), entry.key == here) for entry in _visible_entries(visit, section)]


def link_to(visit: Visit, key: str) -> str:
    """Return the URL of that entry's page; "" if there is none that the visitor may open."""
    found = (entry for section in SECTIONS for entry in _visible_entries(visit, section) if entry.key == key)
    return next((url_of(visit, entry) for entry in found), "")


def entry_of(key: str) -> NavigationEntry | None:
    """Return the entry with that key; None if no list links to the page."""
    return next((entry for section in SECTIONS for entry in section.entries if entry.key == key), None)


def url_of(visit: Visit, entry: NavigationEntry, environment: str = "") -> str:
    """Return the URL of an entry from the page: in the current environment unless another is named."""
    place = visit.place
    path = entry.path
    if place is not None:
        environment = environment or place.environment_name or DEFAULT_ENVIRONMENT
        path = path.replace("{organization}", place.organization_key).replace("{space}", place.space_key or "")
    return visit.call.settings.base_path + path.replace("{environment}", environment)


def _visible_entries(visit: Visit, section: NavigationSection) -> Iterator[NavigationEntry]:
    """Return the entries whose pages exist and that the visitor may open."""
    routes = visit.call.features.platform_routes
    for entry in section.entries:
        if routes.has_page(entry.path) and (entry.needs is None or is_permitted(visit, entry.needs)):
            yield entry
