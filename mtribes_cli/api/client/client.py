"""Every call of the server in one client. Credentials go only to the base URL that it was made for."""

from __future__ import annotations

from mtribes_cli.api.client.environments import EnvironmentsClient
from mtribes_cli.api.client.events import EventsClient
from mtribes_cli.api.client.organizations import OrganizationsClient
from mtribes_cli.api.client.people import PeopleClient
from mtribes_cli.api.client.spaces import SpacesClient
from mtribes_cli.api.client.tokens import TokensClient
from mtribes_cli.api.client.transfers import TransfersClient
from mtribes_cli.api.client.tribes import TribesClient


class Client(
    OrganizationsClient,
    TokensClient,
    SpacesClient,
    EnvironmentsClient,
    PeopleClient,
    TribesClient,
    EventsClient,
    TransfersClient,
):
    """The client of one server, for one command."""
