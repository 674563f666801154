"""Users and visitors, and what apps state about them: every path, who may use it, what it reads and gives."""

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
from templates_server.http.route_docs import PAGE, Body, search
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
        "The users of an environment, or those of a tag, an attribute, or a text in user id or e-mail address; a page "
        "may be short and yet not the last.",
        scope=Scope.USERS_READ,
        gives=User,
        takes=(
            *PAGE,
            WITH_TAG,
            WITH_ATTRIBUTE,
            search("A part of the user id or the e-mail address, in any case.", "ada"),
        ),
        refuses=(ValidationFailed,),
    ),
    Route(
        "POST",
        f"{ENVIRONMENT}/users",
        users.upsert,
        Surface.PLATFORM,
        "Insert or update one user, or 1 to 1,000: all of them, or none where one breaks a rule.",
        scope=Scope.USERS_WRITE,
        reads=Body(UserUpsert | list[UserUpsert]),
        gives=Upserted,
        data_type="upsert",
        status=HTTPStatus.CREATED,
        also=(HTTPStatus.OK,),
        example=UPSERT_EXAMPLE,
        max_body_bytes=users.MAX_UPSERT_BYTES,
    ),
    Route("GET", USER, users.show_user, Surface.PLATFORM, "One user.", scope=Scope.USERS_READ, gives=User),
    Route(
        "PATCH",
        USER,
        users.update,
        Surface.PLATFORM,
        "Change a user who is there.",
        scope=Scope.USERS_WRITE,
        reads=Body(UserPatch),
        gives=User,
        example={"add_tags": ["sports/cycling"], "attributes": {"plan": None}},
    ),
    Route(
        "DELETE",
        USER,
        users.delete,
        Surface.PLATFORM,
        "Remove a user and all that is known of them, for good.",
        scope=Scope.USERS_WRITE,
        gives=Erasure,
        path_examples={"user": "casey"},
    ),
    Route(
        "GET",
        f"{USER}/everything",
        everything.export,
        Surface.PLATFORM,
        "All that is known of a user: profile, visitors, devices, sessions, events.",
        scope=Scope.USERS_READ,
        gives=Everything,
    ),
    Route(
        "PUT",
        f"{USER}/tags/{{tag*}}",
        users.tag,
        Surface.PLATFORM,
        "Give a user a tag.",
        scope=Scope.USERS_WRITE,
        status=HTTPStatus.NO_CONTENT,
        refuses=(ValidationFailed,),
    ),
    Route(
        "DELETE",
        f"{USER}/tags/{{tag*}}",
        users.untag,
        Surface.PLATFORM,
        "Take a tag from a user.",
        scope=Scope.USERS_WRITE,
        status=HTTPStatus.NO_CONTENT,
        refuses=(ValidationFailed,),
    ),
    Route(
        "GET",
        f"{ENVIRONMENT}/user-tags",
        users.list_tags,
        Surface.PLATFORM,
        "The tags that users have, in alphabetical order.",
        scope=Scope.USERS_READ,
        gives=UserTag,
        takes=(*PAGE, search("A part of the tag.", "football")),
    ),
    Route(
        "DELETE",
        f"{ENVIRONMENT}/user-tags/{{tag*}}",
        tag_removal.delete_tag,
        Surface.PLATFORM,
        "Delete a tag from every user and visitor, not the tags below it; 202 where that takes long, and goes on.",
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
        "Those who have not said who they are: all, or those of a tag, an attribute, or a text in id or e-mail; a page "
        "may be short and yet not the last.",
        scope=Scope.USERS_READ,
        gives=Visitor,
        takes=(
            *PAGE,
            WITH_TAG,
            WITH_ATTRIBUTE,
            search("A part of the id or the e-mail address, in any case.", "phone"),
        ),
        refuses=(ValidationFailed,),
    ),
    Route("GET", VISITOR, users.show_visitor, Surface.PLATFORM, "One visitor.", scope=Scope.USERS_READ, gives=Visitor),
    Route(
        "DELETE",
        VISITOR,
        users.delete_visitor,
        Surface.PLATFORM,
        "Remove a visitor and all that is known of them, for good. One who was merged into a user goes with the user.",
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
        "All that is known of a visitor: profile, devices, sessions, events.",
        scope=Scope.USERS_READ,
        gives=VisitorEverything,
        data_type="everything",
    ),
    Route(
        "PUT",
        f"{VISITOR}/tags/{{tag*}}",
        users.tag_visitor,
        Surface.PLATFORM,
        "Give a visitor a tag.",
        scope=Scope.USERS_WRITE,
        status=HTTPStatus.NO_CONTENT,
        refuses=(ValidationFailed,),
    ),
    Route(
        "DELETE",
        f"{VISITOR}/tags/{{tag*}}",
        users.untag_visitor,
        Surface.PLATFORM,
        "Take a tag from a visitor.",
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
        "Keep what is known of a user or a visitor; one who is both is merged.",
        reads=Body(SentIdentity),
        example={"external_id": "ada", "timezone": "Europe/London", "data": {"plan": "gold"}},
        status=HTTPStatus.NO_CONTENT,
    ),
    Route(
        "POST",
        "/api/client/alias",
        identities.alias,
        Surface.CLIENT,
        "Merge a visitor into a user, once.",
        reads=Body(SentAlias),
        example={"anonymous_id": "phone-2", "external_id": "ada"},
        status=HTTPStatus.NO_CONTENT,
    ),
    Route(
        "POST",
        "/api/client/devices",
        devices.put_device,
        Surface.CLIENT,
        "Keep a person's device; keys besides these are kept with it.",
        reads=Body(SentDevice),
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
