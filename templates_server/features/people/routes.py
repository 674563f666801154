"""The routes of users, visitors and identities sent by apps: each path, its access rule, its input and its response."""

from __future__ import annotations

from http import HTTPStatus

from templates_server.errors import ValidationFailed
from templates_server.features.people import api as users
from templates_server.features.people.data_export import api as everything
from templates_server.features.people.devices import api as devices
from templates_server.features.people.devices.schemas import SentDevice
from templates_server.features.people.identify import api as identities
from templates_server.features.people.identify.schemas import SentAlias, SentIdentity
from templates_server.features.people.schemas import (
    WITH_ATTRIBUTE,
    WITH_TAG,
    Erasure,
    Everything,
    TagRemoval,
    Upserted,
    User,
    UserPatch,
    UserTag,
    UserUpsert,
    Visitor,
    VisitorErasure,
    VisitorEverything,
)
from templates_server.features.people.tag_removal import api as tag_removal
from templates_server.http.paths import ENVIRONMENT
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import PAGE, BodyDocs, search
from templates_server.security.authorization import Scope

USER = f"{ENVIRONMENT}/users/{{user}}"
VISITOR = f"{ENVIRONMENT}/visitors/{{visitor}}"
UPSERT_EXAMPLE = {"user_id": "ada", "email": "ada@example.com", "attributes": {"plan": "gold"}}


PLATFORM_ROUTES = (
    Route(
        "GET",
        f"{ENVIRONMENT}/users",
        users.list_users,
        Surface.PLATFORM,
        "List the users of an environment, optionally filtered by tag, attribute, or part of the user ID or e-mail "
        "address. A page can be short without being the last.",
        scope=Scope.USERS_READ,
        gives=User,
        takes=(
            *PAGE,
            WITH_TAG,
            WITH_ATTRIBUTE,
            search("Part of the user ID or e-mail address, ignoring case.", "ada"),
        ),
        refuses=(ValidationFailed,),
    ),
    Route(
        "POST",
        f"{ENVIRONMENT}/users",
        users.upsert,
        Surface.PLATFORM,
        "Insert or update one user or 1 to 1,000 users. If one is invalid, none is stored.",
        scope=Scope.USERS_WRITE,
        reads=BodyDocs(UserUpsert | list[UserUpsert]),
        gives=Upserted,
        data_type="upsert",
        status=HTTPStatus.CREATED,
        also=(HTTPStatus.OK,),
        example=UPSERT_EXAMPLE,
        max_body_bytes=users.MAX_UPSERT_BYTES,
    ),
    Route("GET", USER, users.show_user, Surface.PLATFORM, "Get a user.", scope=Scope.USERS_READ, gives=User),
    Route(
        "PATCH",
        USER,
        users.update,
        Surface.PLATFORM,
        "Update an existing user.",
        scope=Scope.USERS_WRITE,
        reads=BodyDocs(UserPatch),
        gives=User,
        example={"add_tags": ["sports/cycling"], "attributes": {"plan": None}},
    ),
    Route(
        "DELETE",
        USER,
        users.delete,
        Surface.PLATFORM,
        "Permanently delete a user and all their data.",
        scope=Scope.USERS_WRITE,
        gives=Erasure,
        path_examples={"user": "casey"},
    ),
    Route(
        "GET",
        f"{USER}/everything",
        everything.export,
        Surface.PLATFORM,
        "Get all data of a user: profile, visitors, devices, sessions and events.",
        scope=Scope.USERS_READ,
        gives=Everything,
    ),
    Route(
        "PUT",
        f"{USER}/tags/{{tag*}}",
        users.tag,
        Surface.PLATFORM,
        "Add a tag to a user.",
        scope=Scope.USERS_WRITE,
        status=HTTPStatus.NO_CONTENT,
        refuses=(ValidationFailed,),
    ),
    Route(
        "DELETE",
        f"{USER}/tags/{{tag*}}",
        users.untag,
        Surface.PLATFORM,
        "Remove a tag from a user.",
        scope=Scope.USERS_WRITE,
        status=HTTPStatus.NO_CONTENT,
        refuses=(ValidationFailed,),
    ),
    Route(
        "GET",
        f"{ENVIRONMENT}/user-tags",
        users.list_tags,
        Surface.PLATFORM,
        "List the tags in use, in alphabetical order.",
        scope=Scope.USERS_READ,
        gives=UserTag,
        takes=(*PAGE, search("Part of the tag.", "football")),
    ),
    Route(
        "DELETE",
        f"{ENVIRONMENT}/user-tags/{{tag*}}",
        tag_removal.delete_tag,
        Surface.PLATFORM,
        "Delete a tag from every user and visitor, but not the tags below it. Returns 202 if the deletion continues "
        "in the background.",
        scope=Scope.USERS_WRITE,
        gives=TagRemoval,
        status=HTTPStatus.ACCEPTED,
        also=(HTTPStatus.NO_CONTENT,),
        refuses=(ValidationFailed,),
    ),
    Route(
        "GET",
        f"{ENVIRONMENT}/visitors",
        users.list_visitors,
        Surface.PLATFORM,
        "List the visitors of an environment, optionally filtered by tag, attribute, or part of the ID or e-mail "
        "address. A page can be short without being the last.",
        scope=Scope.USERS_READ,
        gives=Visitor,
        takes=(
            *PAGE,
            WITH_TAG,
            WITH_ATTRIBUTE,
            search("Part of the ID or e-mail address, ignoring case.", "phone"),
        ),
        refuses=(ValidationFailed,),
    ),
    Route(
        "GET", VISITOR, users.show_visitor, Surface.PLATFORM, "Get a visitor.", scope=Scope.USERS_READ, gives=Visitor
    ),
    Route(
        "DELETE",
        VISITOR,
        users.delete_visitor,
        Surface.PLATFORM,
        "Permanently delete a visitor and all their data. A visitor that was merged into a user is deleted with the "
        "user.",
        scope=Scope.USERS_WRITE,
        gives=VisitorErasure,
        data_type="erasure",
        path_examples={"visitor": "phone-3"},
    ),
    Route(
        "GET",
        f"{VISITOR}/everything",
        everything.export_visitor,
        Surface.PLATFORM,
        "Get all data of a visitor: profile, devices, sessions and events.",
        scope=Scope.USERS_READ,
        gives=VisitorEverything,
        data_type="everything",
    ),
    Route(
        "PUT",
        f"{VISITOR}/tags/{{tag*}}",
        users.tag_visitor,
        Surface.PLATFORM,
        "Add a tag to a visitor.",
        scope=Scope.USERS_WRITE,
        status=HTTPStatus.NO_CONTENT,
        refuses=(ValidationFailed,),
    ),
    Route(
        "DELETE",
        f"{VISITOR}/tags/{{tag*}}",
        users.untag_visitor,
        Surface.PLATFORM,
        "Remove a tag from a visitor.",
        scope=Scope.USERS_WRITE,
        status=HTTPStatus.NO_CONTENT,
        refuses=(ValidationFailed,),
    ),
)

CLIENT_ROUTES = (
    Route(
        "POST",
        "/api/client/identify",
        identities.identify,
        Surface.CLIENT,
        "Identify a user or a visitor and store their attributes. With both IDs, the visitor is merged into the user.",
        reads=BodyDocs(SentIdentity),
        example={"external_id": "ada", "timezone": "Europe/London", "data": {"plan": "gold"}},
        status=HTTPStatus.NO_CONTENT,
    ),
    Route(
        "POST",
        "/api/client/alias",
        identities.alias,
        Surface.CLIENT,
        "Merge a visitor into a user. A visitor can be merged only once.",
        reads=BodyDocs(SentAlias),
        example={"anonymous_id": "phone-2", "external_id": "ada"},
        status=HTTPStatus.NO_CONTENT,
    ),
    Route(
        "POST",
        "/api/client/devices",
        devices.put_device,
        Surface.CLIENT,
        "Store a person's device. Additional keys are stored with it.",
        reads=BodyDocs(SentDevice),
        example={
            "external_id": "ada",
            "device_id": "tv-1",
            "os": "tvOS",
            "model": "AppleTV14,1",
            "app_build": "127",
            "app_version": "4.2.0",
        },
        status=HTTPStatus.NO_CONTENT,
    ),
)
