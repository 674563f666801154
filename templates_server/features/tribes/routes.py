"""The routes of tribes: each path, its access rule, its input and its response."""

from __future__ import annotations

from http import HTTPStatus

from templates_server.errors import Conflict, ValidationFailed
from templates_server.features.people.schemas import User
from templates_server.features.spaces.history import api as histories
from templates_server.features.spaces.history.schemas import Revision
from templates_server.features.tribes import api as tribes
from templates_server.features.tribes.schemas import (
    FIELDS,
    OF_USER,
    OF_VISITOR,
    Count,
    Explanation,
    SentTribe,
    SentTribes,
    Tribe,
    TribePut,
    Tribes,
    TribesPut,
)
from templates_server.http.paths import SPACE, TRIBE_HERE
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import IF_MATCH, IF_NONE_MATCH, NOTE, PAGE, REVISION, document
from templates_server.security.authorization import Role, Scope
from templates_server.settings import DOCUMENT_MAX_BYTES

TRIBE = f"{SPACE}/tribes/{{tribe}}"
TRIBE_EXAMPLE = {
    "name": "Night owls",
    "category": "Interest",
    "filters": [{"event": "video/started", "frequency": {"more_than": 2}, "timeframe": {"less_than": 7}}],
}


ROUTES = (
    Route(
        "GET",
        f"{SPACE}/tribes",
        tribes.read,
        Surface.PLATFORM,
        "Get all tribes of a Space as JSON or YAML, current or at `?revision=`.",
        scope=Scope.TRIBES_READ,
        gives=document(Tribes),
        takes=(REVISION, IF_NONE_MATCH),
    ),
    Route(
        "PUT",
        f"{SPACE}/tribes",
        tribes.replace,
        Surface.PLATFORM,
        "Replace all tribes with a JSON or YAML document based on the revision in `If-Match` or in the document.",
        scope=Scope.TRIBES_WRITE,
        reads=document(SentTribes),
        gives=TribesPut,
        refuses=(Conflict,),
        takes=(NOTE, IF_MATCH),
        example={"tribes": {"night-owls": TRIBE_EXAMPLE}},
        path_examples={"space": "radio"},
        max_body_bytes=DOCUMENT_MAX_BYTES,
    ),
    Route(
        "GET",
        f"{SPACE}/tribes/revisions",
        histories.list_tribe_revisions,
        Surface.PLATFORM,
        "List the revisions of the tribes of a Space, newest first.",
        scope=Scope.TRIBES_READ,
        role=Role.DEVELOPER,
        gives=Revision,
        takes=PAGE,
    ),
    Route(
        "GET",
        TRIBE,
        tribes.show,
        Surface.PLATFORM,
        "Get a tribe as JSON or YAML, current or at `?revision=`.",
        scope=Scope.TRIBES_READ,
        gives=document(Tribe),
        takes=(REVISION, IF_NONE_MATCH),
    ),
    Route(
        "PUT",
        TRIBE,
        tribes.replace_one,
        Surface.PLATFORM,
        "Create or replace a tribe. Other tribes do not change.",
        scope=Scope.TRIBES_WRITE,
        reads=document(SentTribe),
        gives=TribePut,
        refuses=(Conflict,),
        takes=(NOTE, IF_MATCH),
        example=TRIBE_EXAMPLE,
        path_examples={"tribe": "night-owls"},
        max_body_bytes=DOCUMENT_MAX_BYTES,
    ),
    Route(
        "DELETE",
        TRIBE,
        tribes.delete_one,
        Surface.PLATFORM,
        "Delete a tribe. Fails if a scenario targets it.",
        scope=Scope.TRIBES_WRITE,
        status=HTTPStatus.NO_CONTENT,
        refuses=(Conflict, ValidationFailed),
        takes=(NOTE, IF_MATCH),
        path_examples={"tribe": "night-owls"},
    ),
    Route(
        "GET",
        f"{TRIBE_HERE}/users",
        tribes.list_users,
        Surface.PLATFORM,
        "List the current users in a tribe. A page can be short without being the last. Also requires the scope "
        "`tribes:read`.",
        scope=Scope.USERS_READ,
        gives=User,
        refuses=(ValidationFailed,),
        takes=PAGE,
    ),
    Route(
        "GET",
        f"{TRIBE_HERE}/count",
        tribes.count,
        Surface.PLATFORM,
        "Count the current users and visitors in a tribe.",
        scope=Scope.TRIBES_READ,
        gives=Count,
        refuses=(ValidationFailed,),
    ),
    Route(
        "GET",
        f"{TRIBE_HERE}/explanation",
        tribes.show_explanation,
        Surface.PLATFORM,
        "Explain, filter by filter, whether a person is in a tribe. Also requires the scope `tribes:read`.",
        scope=Scope.USERS_READ,
        gives=Explanation,
        refuses=(ValidationFailed,),
        takes=(OF_USER, OF_VISITOR, FIELDS),
    ),
)
