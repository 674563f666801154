"""Spaces, environments, deliveries, keys and signed IDs: every path, who may use it, what it reads and gives."""

from __future__ import annotations

from http import HTTPStatus

from templates_server.errors import Conflict, ValidationFailed
from templates_server.features.spaces import api as spaces
from templates_server.features.spaces.delivery import api as delivery
from templates_server.features.spaces.delivery import revisions as deliveries
from templates_server.features.spaces.delivery.schemas import (
    FROM,
    TO,
    Collections,
    Delivery,
    DeliveryDiff,
    DeliveryPut,
    Environment,
    Published,
    Restoration,
    SentDelivery,
)
from templates_server.features.spaces.history import api as histories
from templates_server.features.spaces.history.schemas import Revision
from templates_server.features.spaces.schemas import ChangedSpace, Key, NewKey, NewSpace, Space
from templates_server.features.spaces.signed_ids import api as signed_ids
from templates_server.features.spaces.signed_ids.schemas import SignedIds, SignedIdsPut
from templates_server.http.paths import ENVIRONMENT, SPACE
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.http.route_docs import IF_MATCH, IF_NONE_MATCH, NOTE, PAGE, REVISION, document
from templates_server.security.authorization import Role, Scope
from templates_server.settings import DOCUMENT_MAX_BYTES

SPACE_ROUTES = (
    Route(
        "GET",
        "/v2/spaces",
        spaces.list_spaces,
        Surface.PLATFORM,
        "The Spaces that the caller may see.",
        scope=Scope.SPACES_READ,
        gives=Space,
        takes=PAGE,
    ),
    Route(
        "GET",
        "/v2/organizations/{organization}/spaces",
        spaces.list_spaces_of_organization,
        Surface.PLATFORM,
        "The Spaces of an organization.",
        scope=Scope.SPACES_READ,
        gives=Space,
        takes=PAGE,
    ),
    Route(
        "POST",
        "/v2/organizations/{organization}/spaces",
        spaces.create_space,
        Surface.PLATFORM,
        "Create a Space with its three environments and an empty model.",
        scope=Scope.SPACES_WRITE,
        reads=NewSpace,
        gives=Space,
        status=HTTPStatus.CREATED,
        refuses=(Conflict,),
        example={"key": "radio", "name": "Radio"},
    ),
    Route("GET", SPACE, spaces.show_space, Surface.PLATFORM, "One Space.", scope=Scope.SPACES_READ, gives=Space),
    Route(
        "PATCH",
        SPACE,
        spaces.rename_space,
        Surface.PLATFORM,
        "Give a Space another name, as a new revision of its model; its key stays.",
        scope=Scope.SPACES_WRITE,
        reads=ChangedSpace,
        gives=Space,
        takes=(NOTE,),
        example={"name": "Radio & podcasts"},
        path_examples={"space": "radio"},
    ),
    Route(
        "DELETE",
        SPACE,
        spaces.delete_space,
        Surface.PLATFORM,
        "Remove a Space and everything in it; with many people, the server goes on removing what is known of them.",
        scope=Scope.SPACES_WRITE,
        status=HTTPStatus.NO_CONTENT,
        path_examples={"space": "radio"},
    ),
)

ENVIRONMENT_ROUTES = (
    Route(
        "GET",
        f"{SPACE}/environments",
        delivery.list_environments,
        Surface.PLATFORM,
        "The environments of a Space.",
        scope=Scope.SPACES_READ,
        gives=Environment,
    ),
    Route(
        "GET",
        ENVIRONMENT,
        delivery.show_environment,
        Surface.PLATFORM,
        "One environment.",
        scope=Scope.SPACES_READ,
        gives=Environment,
    ),
    Route(
        "GET",
        f"{ENVIRONMENT}/delivery",
        delivery.read,
        Surface.PLATFORM,
        "What an environment delivers, as JSON or YAML, at present or at `?revision=`.",
        scope=Scope.SPACES_READ,
        gives=document(Delivery),
        takes=(REVISION, IF_NONE_MATCH),
    ),
    Route(
        "PUT",
        f"{ENVIRONMENT}/delivery",
        delivery.replace,
        Surface.PLATFORM,
        "Replace what an environment delivers by a JSON or YAML document, as with the model.",
        scope=Scope.SPACES_WRITE,
        reads=document(SentDelivery),
        gives=DeliveryPut,
        refuses=(Conflict,),
        takes=(NOTE, IF_MATCH),
        example={"published": ["homepage"]},
        path_examples={"environment": "development"},
        max_body_bytes=DOCUMENT_MAX_BYTES,
    ),
    Route(
        "GET",
        f"{ENVIRONMENT}/delivery/revisions",
        histories.list_delivery_revisions,
        Surface.PLATFORM,
        "Who changed what an environment delivers, when and why: the newest revision first.",
        scope=Scope.SPACES_READ,
        role=Role.DEVELOPER,
        gives=Revision,
        takes=PAGE,
    ),
    Route(
        "GET",
        f"{ENVIRONMENT}/delivery/diff",
        deliveries.compare,
        Surface.PLATFORM,
        "What changes from one delivery to another: between revisions, or from or to another environment's.",
        scope=Scope.SPACES_READ,
        gives=DeliveryDiff,
        takes=(FROM, TO),
        refuses=(ValidationFailed,),
    ),
    Route(
        "POST",
        f"{ENVIRONMENT}/delivery/restore",
        deliveries.restore,
        Surface.PLATFORM,
        "Deliver an older revision again, as a new one; `If-Match` says which revision this replaces.",
        scope=Scope.SPACES_WRITE,
        reads=Restoration,
        gives=DeliveryPut,
        refuses=(Conflict,),
        takes=(NOTE, IF_MATCH),
        example={"revision": 1},
    ),
    Route(
        "POST",
        f"{ENVIRONMENT}/publish",
        delivery.publish,
        Surface.PLATFORM,
        "Make collections live in an environment.",
        scope=Scope.SPACES_WRITE,
        reads=Collections,
        gives=Published,
        takes=(NOTE, IF_MATCH),
        example={"collections": ["onboarding"]},
        path_examples={"environment": "staging"},
    ),
    Route(
        "POST",
        f"{ENVIRONMENT}/unpublish",
        delivery.unpublish,
        Surface.PLATFORM,
        "Take collections off the air in an environment.",
        scope=Scope.SPACES_WRITE,
        reads=Collections,
        gives=Published,
        takes=(NOTE, IF_MATCH),
        example={"collections": ["onboarding"]},
        path_examples={"environment": "staging"},
    ),
    Route(
        "GET",
        f"{ENVIRONMENT}/keys",
        spaces.list_keys,
        Surface.PLATFORM,
        "The public keys of an environment.",
        scope=Scope.SPACES_READ,
        gives=Key,
    ),
    Route(
        "POST",
        f"{ENVIRONMENT}/keys",
        spaces.create_key,
        Surface.PLATFORM,
        "Create a public key of an environment.",
        scope=Scope.SPACES_WRITE,
        reads=NewKey,
        gives=Key,
        status=HTTPStatus.CREATED,
        example={"name": "Television app"},
    ),
    Route(
        "DELETE",
        f"{ENVIRONMENT}/keys/{{key}}",
        spaces.revoke_key,
        Surface.PLATFORM,
        "Revoke a public key, by its id or its text.",
        scope=Scope.SPACES_WRITE,
        status=HTTPStatus.NO_CONTENT,
    ),
)

SIGNED_ID_ROUTES = (
    Route(
        "GET",
        f"{ENVIRONMENT}/signed-ids",
        signed_ids.show,
        Surface.PLATFORM,
        "Whether apps must sign the ids of users, and the secret for it.",
        scope=Scope.SPACES_WRITE,
        gives=SignedIds,
    ),
    Route(
        "PUT",
        f"{ENVIRONMENT}/signed-ids",
        signed_ids.change,
        Surface.PLATFORM,
        "Require signed ids or not; with `rotate` the secret is another one, and old signatures are good no more.",
        scope=Scope.SPACES_WRITE,
        reads=SignedIdsPut,
        gives=SignedIds,
        example={"required": False},
    ),
)
