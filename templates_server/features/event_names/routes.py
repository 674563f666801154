"""The routes of event names: each path, its access rule, its input and its response."""

from __future__ import annotations

from templates_server.features.event_names import api as event_names
from templates_server.features.event_names.schemas import EventNameView
from templates_server.http.paths import ENVIRONMENT
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import PAGE, search
from templates_server.security.authorization import Scope

ROUTES = (
    Route(
        "GET",
        f"{ENVIRONMENT}/event-names",
        event_names.list_names,
        Surface.PLATFORM,
        "List event names in alphabetical order, with counts, metadata and whether the model has them. Only the "
        "first 2,000 names are counted.",
        scope=Scope.EVENTS_READ,
        gives=EventNameView,
        takes=(*PAGE, search("Part of the name, ignoring case.", "video/")),
        data_type="event_name",
    ),
)
