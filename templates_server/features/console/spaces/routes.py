"""Pages of Spaces and their environments: every path with its permission, input and output."""

from __future__ import annotations

from templates_server.features.console.page_routes import (
    CONSOLE_ENVIRONMENT,
    CONSOLE_SPACE,
    OF_A_SEARCH,
    form_route,
    page_route,
)
from templates_server.features.console.spaces import keys as key_pages
from templates_server.features.console.spaces import live as live_pages
from templates_server.features.console.spaces import space as space_pages
from templates_server.features.events.routes import EVENTS_WAIT
from templates_server.features.pages.schemas import DeedForm, KeyForm, SignedIdsForm, SpaceForm
from templates_server.http.route_docs import EVENT_STREAM, X_ACCEL_BUFFERING, BodyDocs, ParameterDocs

CONSOLE_KEYS = f"{CONSOLE_ENVIRONMENT}/keys"
CONSOLE_LIVE = f"{CONSOLE_ENVIRONMENT}/live"
OF_ARRIVALS = (
    ParameterDocs("name", str, "Only events with this name, without sessions.", example="video/completed"),
    ParameterDocs("user", str, "Only events and sessions of the user with this ID.", example="ada"),
    ParameterDocs("anonymous_id", str, "Only events and sessions of the visitor with this ID.", example="phone-1"),
)


SPACE_ROUTES = (
    page_route(CONSOLE_SPACE, space_pages.space_page, "Show a Space and its environments."),
    form_route(f"{CONSOLE_SPACE}/rename", space_pages.rename_space, "Rename a Space.", SpaceForm),
    form_route(f"{CONSOLE_SPACE}/delete", space_pages.delete_space, "Delete a Space and everything in it.", SpaceForm),
)

ENVIRONMENT_ROUTES = (
    page_route(CONSOLE_ENVIRONMENT, space_pages.environment_page, "Show an overview of an environment."),
    page_route(CONSOLE_KEYS, key_pages.keys_page, "Show the keys and the signed-ID settings of an environment."),
    form_route(CONSOLE_KEYS, key_pages.create_key, "Create a key.", KeyForm),
    form_route(
        f"{CONSOLE_KEYS}/{{key}}/revoke",
        key_pages.revoke_key,
        "Revoke a key by its ID.",
        DeedForm,
        path_examples={"key": "$KEY"},
    ),
    form_route(
        f"{CONSOLE_KEYS}/signed-ids",
        key_pages.change_signed_ids,
        "Change the signed-ID settings, or rotate the secret.",
        SignedIdsForm,
    ),
    page_route(
        CONSOLE_LIVE,
        live_pages.live_page,
        "Show the latest events and sessions, and the first steps.",
        takes=OF_ARRIVALS,
        refuses=OF_A_SEARCH,
    ),
    page_route(
        f"{CONSOLE_LIVE}/stream",
        live_pages.live_stream,
        "Stream events and sessions as server-sent events while the user is signed in.",
        takes=(
            *OF_ARRIVALS,
            EVENTS_WAIT,
            ParameterDocs("after", str, "Position on the page at which the stream continues."),
        ),
        gives=BodyDocs(bytes, (EVENT_STREAM,)),
        sends=(X_ACCEL_BUFFERING,),
        refuses=OF_A_SEARCH,
    ),
)
