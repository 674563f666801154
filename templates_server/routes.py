"""THE URL TABLE: every path of the server, who may use it, what it reads and gives."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from templates_server.access import Role, Scope
from templates_server.accounts import api as accounts
from templates_server.accounts.models import Me, MemberView, OrganizationView, ServiceAccountView
from templates_server.audit import api as audit
from templates_server.audit.models import AuditEntry
from templates_server.codegen import api as codegen
from templates_server.codegen.models import Code, CodeRequest
from templates_server.delivery import api as delivery
from templates_server.delivery.models import Collections, Delivery, DeliveryPut, Environment, Published
from templates_server.demo_app import api as demo_app
from templates_server.description import PAGE
from templates_server.endpoint import Route, Surface
from templates_server.events import api as events
from templates_server.oauth import api as oauth
from templates_server.oauth.device import api as device
from templates_server.pages import api as pages
from templates_server.sessions import api as sessions
from templates_server.sessions.models import StartedSession
from templates_server.settings import Limits
from templates_server.spaces import api as spaces
from templates_server.spaces import model_api as models
from templates_server.spaces.models import Key, Model, ModelDiff, ModelPut, NewKey, NewSpace, Space
from templates_server.system import api as system

SYSTEM_ROUTES = (
    Route("GET", "/healthz", system.health, Surface.SYSTEM, "Whether the process lives."),
    Route("GET", "/readyz", system.readiness, Surface.SYSTEM, "Whether it can serve: database, schema, disk."),
)

METADATA_PATH = "/.well-known/oauth-authorization-server"
SIGN_IN_MAX_BYTES = 16 * 1024

OAUTH_ROUTES = (
    Route("GET", METADATA_PATH, oauth.metadata, Surface.OAUTH, "What the authorization server can do (RFC 8414)."),
    Route(
        "GET",
        f"{METADATA_PATH}/{{issuer_path*}}",
        oauth.metadata_of_issuer_with_path,
        Surface.OAUTH,
        "The same, where the public URL has a path.",
    ),
    Route(
        "POST",
        "/oauth/token",
        oauth.token,
        Surface.OAUTH,
        "Tokens for a code, a refresh token, or a client's credentials.",
        reads=bytes,
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route(
        "POST",
        "/oauth/revoke",
        oauth.revoke,
        Surface.OAUTH,
        "End a token (RFC 7009).",
        reads=bytes,
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route(
        "POST",
        "/oauth/device_authorization",
        oauth.device_authorization,
        Surface.OAUTH,
        "Begin a sign-in that is allowed in a browser elsewhere (RFC 8628).",
        reads=bytes,
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
)

PAGE_ROUTES = (
    Route("GET", "/", pages.first_page, Surface.PAGE, "The first page."),
    Route("GET", "/sign-in", pages.sign_in_page, Surface.PAGE, "The form to sign in."),
    Route(
        "POST",
        "/sign-in",
        pages.sign_in,
        Surface.PAGE,
        "Sign in.",
        reads=bytes,
        status=HTTPStatus.SEE_OTHER,
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route(
        "POST",
        "/sign-out",
        pages.sign_out,
        Surface.PAGE,
        "Sign out.",
        reads=bytes,
        status=HTTPStatus.SEE_OTHER,
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route("GET", "/signed-out", pages.signed_out_page, Surface.PAGE, "That one is signed out."),
    Route("GET", "/oauth/authorize", oauth.consent_page, Surface.PAGE, "Ask a person if a program may act for them."),
    Route(
        "POST",
        "/oauth/authorize",
        oauth.decide,
        Surface.PAGE,
        "What the person decided: back to the program, with a code or a refusal.",
        reads=bytes,
        status=HTTPStatus.SEE_OTHER,
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route("GET", "/device", device.code_page, Surface.PAGE, "The form for the code that a program shows."),
    Route(
        "POST",
        "/device",
        device.enter_code,
        Surface.PAGE,
        "Ask a person if the program that shows this code may act for them.",
        reads=bytes,
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route(
        "POST",
        "/device/decision",
        device.decide,
        Surface.PAGE,
        "What the person decided.",
        reads=bytes,
        status=HTTPStatus.SEE_OTHER,
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route("GET", "/device/allowed", device.allowed_page, Surface.PAGE, "That the program was allowed."),
    Route("GET", "/device/refused", device.refused_page, Surface.PAGE, "That it was not."),
    Route("GET", "/assets/{name}", pages.asset, Surface.PAGE, "A file that pages load."),
)

ACCOUNT_ROUTES = (
    Route(
        "GET",
        "/v2/me",
        accounts.me,
        Surface.PLATFORM,
        "Who asks, and what their token may do.",
        gives=Me,
    ),
    Route(
        "GET",
        "/v2/organizations",
        accounts.list_organizations,
        Surface.PLATFORM,
        "The caller's organizations.",
        gives=OrganizationView,
    ),
    Route(
        "GET",
        "/v2/organizations/{organization}",
        accounts.get_organization,
        Surface.PLATFORM,
        "One organization.",
        gives=OrganizationView,
    ),
    Route(
        "GET",
        "/v2/organizations/{organization}/members",
        accounts.list_members,
        Surface.PLATFORM,
        "The members of an organization.",
        scope=Scope.SPACES_READ,
        role=Role.DEVELOPER,
        gives=MemberView,
    ),
    Route(
        "GET",
        "/v2/organizations/{organization}/service-accounts",
        accounts.list_service_accounts,
        Surface.PLATFORM,
        "The service accounts of an organization.",
        scope=Scope.SPACES_READ,
        role=Role.DEVELOPER,
        gives=ServiceAccountView,
    ),
    Route(
        "GET",
        "/v2/organizations/{organization}/audit",
        audit.list_entries,
        Surface.PLATFORM,
        "Who changed what, when and from where: the newest first.",
        scope=Scope.SPACES_READ,
        role=Role.ADMINISTRATOR,
        gives=AuditEntry,
        takes=PAGE,
    ),
)

SPACE = "/v2/spaces/{space}"
ENVIRONMENT = f"{SPACE}/environments/{{environment}}"
DOCUMENT_MAX_BYTES = Limits.max_document_bytes

SPACE_ROUTES = (
    Route(
        "GET",
        "/v2/spaces",
        spaces.list_spaces,
        Surface.PLATFORM,
        "The Spaces that the caller may see.",
        scope=Scope.SPACES_READ,
        gives=Space,
    ),
    Route(
        "GET",
        "/v2/organizations/{organization}/spaces",
        spaces.list_spaces_of_organization,
        Surface.PLATFORM,
        "The Spaces of an organization.",
        scope=Scope.SPACES_READ,
        gives=Space,
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
    ),
    Route("GET", SPACE, spaces.show_space, Surface.PLATFORM, "One Space.", scope=Scope.SPACES_READ, gives=Space),
    Route(
        "DELETE",
        SPACE,
        spaces.delete_space,
        Surface.PLATFORM,
        "Remove a Space and everything in it.",
        scope=Scope.SPACES_WRITE,
        status=HTTPStatus.NO_CONTENT,
    ),
    Route(
        "GET",
        f"{SPACE}/model",
        models.read,
        Surface.PLATFORM,
        "The model as JSON or YAML, at present or at `?revision=`.",
        scope=Scope.SPACES_READ,
        gives=Model,
    ),
    Route(
        "PUT",
        f"{SPACE}/model",
        models.replace,
        Surface.PLATFORM,
        "Replace the model by a JSON or YAML document, made from the revision that `If-Match` or the document names.",
        scope=Scope.SPACES_WRITE,
        reads=bytes,
        gives=ModelPut,
        max_body_bytes=DOCUMENT_MAX_BYTES,
    ),
    Route(
        "POST",
        f"{SPACE}/model/diff",
        models.compare,
        Surface.PLATFORM,
        "What would change for generated code if this document were the model.",
        scope=Scope.SPACES_READ,
        reads=bytes,
        gives=ModelDiff,
        max_body_bytes=DOCUMENT_MAX_BYTES,
    ),
    Route(
        "POST",
        f"{SPACE}/code",
        codegen.generate,
        Surface.PLATFORM,
        "Code generated for any number of targets.",
        scope=Scope.CODE_READ,
        reads=CodeRequest,
        gives=Code,
    ),
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
        gives=Delivery,
    ),
    Route(
        "PUT",
        f"{ENVIRONMENT}/delivery",
        delivery.replace,
        Surface.PLATFORM,
        "Replace what an environment delivers by a JSON or YAML document, as with the model.",
        scope=Scope.SPACES_WRITE,
        reads=bytes,
        gives=DeliveryPut,
        max_body_bytes=DOCUMENT_MAX_BYTES,
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

CLIENT_ROUTES = (
    Route(
        "POST",
        "/api/client/sessions",
        sessions.start_session,
        Surface.CLIENT,
        "Start a session: the state of every entity for one person.",
        reads=bytes,
        gives=StartedSession,
    ),
    Route(
        "POST",
        "/api/client/events",
        events.add_events,
        Surface.CLIENT,
        "Store 1 to 1,000 events.",
        reads=bytes,
        status=HTTPStatus.NO_CONTENT,
        max_body_bytes=4 * 1024 * 1024,
    ),
)

DEMO_ROUTES = (
    Route("GET", "/demo", demo_app.show_app, Surface.PAGE, "An app on generated code; on a demo server alone."),
    Route("GET", "/demo/configuration.json", demo_app.show_configuration, Surface.PAGE, "The keys that the app uses."),
    Route("GET", "/demo/{name}", demo_app.show_file, Surface.PAGE, "A file of the app."),
    Route(
        "GET",
        "/demo/mtspace/vod/{file*}",
        demo_app.show_generated_file,
        Surface.PAGE,
        "The JavaScript that is generated for the app.",
    ),
)

ROUTES: Sequence[Route] = (
    *SYSTEM_ROUTES,
    *OAUTH_ROUTES,
    *PAGE_ROUTES,
    *ACCOUNT_ROUTES,
    *SPACE_ROUTES,
    *CLIENT_ROUTES,
    *DEMO_ROUTES,
)
