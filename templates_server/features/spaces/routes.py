"""The routes of Spaces, environments, deliveries, keys and signed ids: paths, access rules, inputs and responses."""

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
        "List the Spaces that the caller has access to.",
        scope=Scope.SPACES_READ,
        gives=Space,
        takes=PAGE,
    ),
    Route(
        "GET",
        "/v2/organizations/{organization}/spaces",
        spaces.list_spaces_of_organization,
        Surface.PLATFORM,
        "List the Spaces of an organization.",
        scope=Scope.SPACES_READ,
        gives=Space,
        takes=PAGE,
    ),
    Route(
        "POST",
        "/v2/organizations/{organization}/spaces",
        spaces.create_space,
        Surface.PLATFORM,
        "Create a Space with three environments and an empty model.",
        scope=Scope.SPACES_WRITE,
        reads=NewSpace,
        gives=Space,
        status=HTTPStatus.CREATED,
        refuses=(Conflict,),
        example={"key": "radio", "name": "Radio"},
    ),
    Route("GET", SPACE, spaces.show_space, Surface.PLATFORM, "Get a Space.", scope=Scope.SPACES_READ, gives=Space),
    Route(
        "PATCH",
        SPACE,
        spaces.rename_space,
        Surface.PLATFORM,
        "Rename a Space, as a new revision of its model. Its key does not change.",
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
        "Delete a Space and everything in it. The server deletes data of many people in the background.",
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
        "List the environments of a Space.",
        scope=Scope.SPACES_READ,
        gives=Environment,
    ),
    Route(
        "GET",
        ENVIRONMENT,
        delivery.show_environment,
        Surface.PLATFORM,
        "Get an environment.",
        scope=Scope.SPACES_READ,
        gives=Environment,
    ),
    Route(
        "GET",
        f"{ENVIRONMENT}/delivery",
        delivery.read,
        Surface.PLATFORM,
        "Get what an environment delivers as JSON or YAML, current or at `?revision=`.",
        scope=Scope.SPACES_READ,
        gives=document(Delivery),
        takes=(REVISION, IF_NONE_MATCH),
    ),
    Route(
        "PUT",
        f"{ENVIRONMENT}/delivery",
        delivery.replace,
        Surface.PLATFORM,
        "Replace what an environment delivers with a JSON or YAML document based on the revision in `If-Match` or "
        "in the document.",
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
        "List the delivery revisions of an environment, newest first.",
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
        "Compare two deliveries, of revisions or of environments.",
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
        "Roll back to an earlier revision by delivering it as a new one. `If-Match` has the revision to replace.",
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
        "Publish collections in an environment.",
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
        "Unpublish collections in an environment. Apps see their entities as disabled.",
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
        "List the public keys of an environment.",
        scope=Scope.SPACES_READ,
        gives=Key,
    ),
    Route(
        "POST",
        f"{ENVIRONMENT}/keys",
        spaces.create_key,
        Surface.PLATFORM,
        "Create a public key for an environment.",
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
        "Revoke a public key by its ID or text.",
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
        "Get the signed-ID settings: whether apps must sign user IDs, and the secret.",
        scope=Scope.SPACES_WRITE,
        gives=SignedIds,
    ),
    Route(
        "PUT",
        f"{ENVIRONMENT}/signed-ids",
        signed_ids.change,
        Surface.PLATFORM,
        "Change the signed-ID settings. `rotate` creates a new secret, and existing signatures stop working.",
        scope=Scope.SPACES_WRITE,
        reads=SignedIdsPut,
        gives=SignedIds,
        example={"required": False},
    ),
)
