"""THE URL TABLE: every path of the server, who may use it, what it reads and gives."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from templates_server.access import Role, Scope
from templates_server.accounts import api as accounts
from templates_server.accounts import organizations_api as organizations
from templates_server.accounts import service_accounts_api as service_accounts
from templates_server.accounts.invitations import api as invitations
from templates_server.accounts.models import (
    ChangedMember,
    ChangedOrganization,
    CreatedInvitation,
    CreatedServiceAccount,
    InvitationView,
    Me,
    MemberView,
    NewMember,
    NewOrganization,
    NewServiceAccount,
    OrganizationView,
    ServiceAccountView,
)
from templates_server.audit import api as audit
from templates_server.audit.models import AuditEntry
from templates_server.codegen import api as codegen
from templates_server.codegen.models import Code, CodeRequest
from templates_server.console import audit as audit_pages
from templates_server.console import home as home_pages
from templates_server.console import import_file as import_file_pages
from templates_server.console import imports as import_pages
from templates_server.console import keys as key_pages
from templates_server.console import live as live_pages
from templates_server.console import members as member_pages
from templates_server.console import model as model_pages
from templates_server.console import model_forms as model_form_pages
from templates_server.console import organization as organization_pages
from templates_server.console import organizations as organization_list
from templates_server.console import people as people_pages
from templates_server.console import person as person_pages
from templates_server.console import profile as profile_pages
from templates_server.console import search as search_pages
from templates_server.console import service_accounts as service_account_pages
from templates_server.console import space as space_pages
from templates_server.console import tokens as token_pages
from templates_server.console import tribe as tribe_pages
from templates_server.console import tribe_editor, tribe_explanation, tribe_exports, tribe_history
from templates_server.console import tribes as tribe_list
from templates_server.console import user_tags as user_tag_pages
from templates_server.console.delivery import comparison as comparison_pages
from templates_server.console.delivery import editor as scenario_pages
from templates_server.console.delivery import overview as delivery_pages
from templates_server.console.delivery import preview as preview_pages
from templates_server.console.delivery import review as review_pages
from templates_server.delivery import api as delivery
from templates_server.delivery import revisions_api as deliveries
from templates_server.delivery.models import (
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
from templates_server.demo_app import api as demo_app
from templates_server.demo_app.models import Configuration
from templates_server.description import (
    ACCEPT_RANGES,
    CONTENT_DISPOSITION,
    CONTENT_ENCODING,
    CONTENT_RANGE,
    CSV,
    ETAG,
    EVENT_STREAM,
    FORM,
    HTML,
    IF_MATCH,
    IF_NONE_MATCH,
    IF_RANGE,
    JAVASCRIPT,
    JSON,
    MULTIPART,
    NDJSON,
    NOTE,
    PAGE,
    PLAIN,
    RANGE,
    REVISION,
    Body,
    Header,
    Parameter,
    document,
    form,
    search,
)
from templates_server.devices import api as devices
from templates_server.devices.reading import SentDevice
from templates_server.endpoint import Handler, Route, Surface
from templates_server.errors import (
    Conflict,
    Forbidden,
    NotFound,
    RangeNotSatisfiable,
    TooManyRequests,
    Unauthenticated,
    UnsupportedMediaType,
    ValidationFailed,
)
from templates_server.events import api as events
from templates_server.events.listing import api as listed_events
from templates_server.events.models import EventNameView, EventView
from templates_server.events.names import api as event_names
from templates_server.events.reading import SentEvent
from templates_server.events.stream import api as event_stream
from templates_server.exports import api as exports
from templates_server.exports.models import EventExport, ExportView, TribeExport
from templates_server.histories import api as histories
from templates_server.histories.models import Revision
from templates_server.identities import api as identities
from templates_server.identities.reading import SentAlias, SentIdentity
from templates_server.imports import api as imports
from templates_server.imports.digests import CONTENT_DIGEST
from templates_server.imports.models import Completion, ImportView, PartView
from templates_server.imports.reading import MAX_PART_BYTES
from templates_server.imports.turns import PREFER
from templates_server.imports.uploads import MAX_FILE_BYTES
from templates_server.metrics import api as metrics
from templates_server.oauth import api as oauth
from templates_server.oauth import local_page
from templates_server.oauth.device import api as device
from templates_server.oauth.models import (
    DeviceCodes,
    DeviceRequest,
    Metadata,
    RevocationRequest,
    TokenRequest,
    Tokens,
)
from templates_server.ofrep import api as ofrep
from templates_server.ofrep.models import BulkEvaluation, Evaluation, SentEvaluation
from templates_server.ofrep.streams import api as flag_streams
from templates_server.openapi import api as openapi
from templates_server.pages import api as pages
from templates_server.pages import invitations as invitation_pages
from templates_server.pages.models import (
    ColumnsForm,
    ConsentForm,
    DeedForm,
    DeviceConsentForm,
    DeviceForm,
    DownloadForm,
    EraseForm,
    InvitationForm,
    InviteForm,
    KeyForm,
    MemberForm,
    ModelForm,
    ModelPartForm,
    OrganizationForm,
    PasswordForm,
    PushForm,
    RevokeTokenForm,
    ScenarioEditForm,
    ServiceAccountForm,
    SignedIdsForm,
    SignInForm,
    SignOutForm,
    SpaceForm,
    TokenForm,
    TribeForm,
    UploadForm,
    UserTagForm,
)
from templates_server.sessions import api as sessions
from templates_server.sessions.changes import api as changes
from templates_server.sessions.changes.models import StatesChange
from templates_server.sessions.models import AskedExplanation, SessionExplanation, StartedSession
from templates_server.sessions.reading import SentStart
from templates_server.settings import Limits
from templates_server.signed_ids import api as signed_ids
from templates_server.signed_ids.models import SignedIds, SignedIdsPut
from templates_server.spaces import api as spaces
from templates_server.spaces import model_api as models
from templates_server.spaces.models import (
    ChangedSpace,
    Key,
    Model,
    ModelDiff,
    ModelPut,
    NewKey,
    NewSpace,
    SentModel,
    Space,
)
from templates_server.system import api as system
from templates_server.system.models import Health, Readiness
from templates_server.tokens import api as tokens
from templates_server.tokens.models import CreatedToken, NewToken, TokenText, TokenView
from templates_server.tribes import api as tribes
from templates_server.tribes.models import (
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
from templates_server.users import api as users
from templates_server.users.everything import api as everything
from templates_server.users.models import (
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
from templates_server.users.tag_removal import api as tag_removal
from templates_server.v1.routes import first_version_of

SYSTEM_ROUTES = (
    Route("GET", "/healthz", system.health, Surface.SYSTEM, "Whether the process lives.", gives=Health),
    Route(
        "GET",
        "/readyz",
        system.readiness,
        Surface.SYSTEM,
        "Whether it can serve: database, schema, disk.",
        gives=Readiness,
        also=(HTTPStatus.SERVICE_UNAVAILABLE,),
    ),
    Route(
        "GET",
        "/metrics",
        metrics.show,
        Surface.SYSTEM,
        "What the process counted, for Prometheus; on a server with `--metrics` alone.",
        gives=Body(bytes, (PLAIN,)),
        refuses=(NotFound,),
    ),
    Route(
        "GET",
        "/openapi.json",
        openapi.show_description,
        Surface.SYSTEM,
        "The description of this server (OpenAPI 3.1).",
        gives=dict[str, Any],
        takes=(IF_NONE_MATCH,),
    ),
    Route(
        "GET",
        "/docs",
        openapi.show_guide,
        Surface.PAGE,
        "The same, for people, with samples.",
        takes=(IF_NONE_MATCH,),
    ),
)

METADATA_PATH = "/.well-known/oauth-authorization-server"
SIGN_IN_MAX_BYTES = 16 * 1024
DOCUMENT_MAX_BYTES = Limits.max_document_bytes
CLIENT_CREDENTIALS = {
    "grant_type": "client_credentials",
    "client_id": "$MTRIBES_CLIENT_ID",
    "client_secret": "$MTRIBES_CLIENT_SECRET",
}

OAUTH_ROUTES = (
    Route(
        "GET",
        METADATA_PATH,
        oauth.metadata,
        Surface.OAUTH,
        "What the authorization server can do (RFC 8414).",
        gives=Metadata,
    ),
    Route(
        "GET",
        f"{METADATA_PATH}/{{issuer_path*}}",
        oauth.metadata_of_issuer_with_path,
        Surface.OAUTH,
        "The same, where the public URL has a path.",
        gives=Metadata,
    ),
    Route(
        "POST",
        "/oauth/token",
        oauth.token,
        Surface.OAUTH,
        "Tokens for a code, a refresh token, or a client's credentials.",
        reads=Body(TokenRequest, (FORM, JSON)),
        gives=Tokens,
        refuses=(Unauthenticated, TooManyRequests),
        example=CLIENT_CREDENTIALS,
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route(
        "POST",
        "/oauth/revoke",
        oauth.revoke,
        Surface.OAUTH,
        "End a token (RFC 7009).",
        reads=Body(RevocationRequest, (FORM, JSON)),
        gives=dict[str, Any],
        refuses=(Unauthenticated, TooManyRequests),
        example={"token": "$REFRESH_TOKEN", "client_id": "mtribes-cli"},
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route(
        "POST",
        "/oauth/device_authorization",
        oauth.device_authorization,
        Surface.OAUTH,
        "Begin a sign-in that is allowed in a browser elsewhere (RFC 8628).",
        reads=Body(DeviceRequest, (FORM, JSON)),
        gives=DeviceCodes,
        refuses=(Unauthenticated, TooManyRequests),
        example={"client_id": "mtribes-cli"},
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
)

PAGE_ROUTES = (
    Route("GET", "/", pages.first_page, Surface.PAGE, "The first page."),
    Route("GET", "/sign-in", pages.sign_in_page, Surface.PAGE, "The form to sign in.", also=(HTTPStatus.SEE_OTHER,)),
    Route(
        "POST",
        "/sign-in",
        pages.sign_in,
        Surface.PAGE,
        "Sign in.",
        reads=form(SignInForm),
        refuses=(Forbidden, TooManyRequests),
        status=HTTPStatus.SEE_OTHER,
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route(
        "GET",
        "/sign-in/local",
        local_page.sign_in_locally,
        Surface.PAGE,
        "Sign a browser in to a local server, by the code in its data folder; `mtribes open` leads here.",
        takes=(
            Parameter("code", str, "What the data folder holds; good once."),
            Parameter("next", str, "The path of this server to go on to."),
        ),
        refuses=(Forbidden, NotFound),
        status=HTTPStatus.SEE_OTHER,
    ),
    Route(
        "POST",
        "/sign-out",
        pages.sign_out,
        Surface.PAGE,
        "Sign out.",
        reads=form(SignOutForm),
        refuses=(Forbidden,),
        status=HTTPStatus.SEE_OTHER,
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route("GET", "/signed-out", pages.signed_out_page, Surface.PAGE, "That one is signed out."),
    Route(
        "GET",
        "/oauth/authorize",
        oauth.consent_page,
        Surface.PAGE,
        "Ask a person if a program may act for them.",
        also=(HTTPStatus.SEE_OTHER,),
    ),
    Route(
        "POST",
        "/oauth/authorize",
        oauth.decide,
        Surface.PAGE,
        "What the person decided: back to the program, with a code or a refusal.",
        reads=form(ConsentForm),
        refuses=(Forbidden,),
        status=HTTPStatus.SEE_OTHER,
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route(
        "GET",
        "/device",
        device.code_page,
        Surface.PAGE,
        "The form for the code that a program shows.",
        also=(HTTPStatus.SEE_OTHER,),
    ),
    Route(
        "POST",
        "/device",
        device.enter_code,
        Surface.PAGE,
        "Ask a person if the program that shows this code may act for them.",
        reads=form(DeviceForm),
        also=(HTTPStatus.SEE_OTHER,),
        refuses=(Forbidden, TooManyRequests),
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route(
        "POST",
        "/device/decision",
        device.decide,
        Surface.PAGE,
        "What the person decided.",
        reads=form(DeviceConsentForm),
        refuses=(Forbidden,),
        status=HTTPStatus.SEE_OTHER,
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route("GET", "/device/allowed", device.allowed_page, Surface.PAGE, "That the program was allowed."),
    Route("GET", "/device/refused", device.refused_page, Surface.PAGE, "That it was not."),
    Route(
        "GET",
        "/invitation/{code}",
        invitation_pages.invitation_page,
        Surface.PAGE,
        "Into which organization one is invited, and how to join.",
        path_examples={"code": "$INVITATION_CODE"},
    ),
    Route(
        "POST",
        "/invitation/{code}",
        invitation_pages.accept_invitation,
        Surface.PAGE,
        "Join an organization, with a new account or one's own.",
        reads=form(InvitationForm),
        refuses=(Forbidden, ValidationFailed),
        status=HTTPStatus.SEE_OTHER,
        max_body_bytes=SIGN_IN_MAX_BYTES,
        path_examples={"code": "$INVITATION_CODE"},
    ),
    Route(
        "GET",
        "/account/tokens",
        token_pages.tokens_page,
        Surface.PAGE,
        "A person's own tokens, and the form for a new one.",
        also=(HTTPStatus.SEE_OTHER,),
    ),
    Route(
        "POST",
        "/account/tokens",
        token_pages.create_token,
        Surface.PAGE,
        "Make a token; its text is shown this once.",
        reads=form(TokenForm),
        also=(HTTPStatus.SEE_OTHER,),
        refuses=(Forbidden, ValidationFailed),
        max_body_bytes=SIGN_IN_MAX_BYTES,
    ),
    Route(
        "POST",
        "/account/tokens/{token}/revoke",
        token_pages.revoke_token,
        Surface.PAGE,
        "End a token of one's own.",
        reads=form(RevokeTokenForm),
        refuses=(Forbidden,),
        status=HTTPStatus.SEE_OTHER,
        max_body_bytes=SIGN_IN_MAX_BYTES,
        path_examples={"token": "$TOKEN_ID"},
    ),
    Route(
        "GET",
        "/assets/{name}",
        pages.asset,
        Surface.PAGE,
        "A file that pages load.",
        gives=Body(bytes, ("text/css", "image/svg+xml", JAVASCRIPT)),
    ),
)

CONSOLE = "/console"
CONSOLE_SPACE = f"{CONSOLE}/spaces/{{space}}"
CONSOLE_ENVIRONMENT = f"{CONSOLE_SPACE}/environments/{{environment}}"
CONSOLE_MODEL = f"{CONSOLE_SPACE}/model"
CONSOLE_KEYS = f"{CONSOLE_ENVIRONMENT}/keys"
EVENTS_WAIT = Parameter(
    "wait",
    Annotated[int, Meta(ge=0, le=event_stream.MAX_WAIT_SECONDS)],
    "After how many seconds the stream ends; unless specified it lasts.",
    example=0,
    in_samples=True,
)
X_ACCEL_BUFFERING = Header("X-Accel-Buffering", "`no`, with a stream: proxies pass it on as it comes.")
CONSOLE_LIVE = f"{CONSOLE_ENVIRONMENT}/live"
OF_ARRIVALS = (
    Parameter("name", str, "Only events of this name, and no sessions.", example="video/completed"),
    Parameter("user", str, "Only events and sessions of the user with this id.", example="ada"),
    Parameter("anonymous_id", str, "Only those of the visitor with this id.", example="phone-1"),
)
CONSOLE_TRIBES = f"{CONSOLE_ENVIRONMENT}/tribes"
CONSOLE_TRIBE = f"{CONSOLE_TRIBES}/{{tribe}}"
CONSOLE_USERS = f"{CONSOLE_ENVIRONMENT}/users"
CONSOLE_USER = f"{CONSOLE_USERS}/{{user}}"
CONSOLE_VISITORS = f"{CONSOLE_ENVIRONMENT}/visitors"
CONSOLE_VISITOR = f"{CONSOLE_VISITORS}/{{visitor}}"
CONSOLE_USER_TAGS = f"{CONSOLE_ENVIRONMENT}/user-tags"
OF_A_SEARCH = (Forbidden, ValidationFailed)
CONSOLE_IMPORTS = f"{CONSOLE_ENVIRONMENT}/imports"
CONSOLE_IMPORT = f"{CONSOLE_IMPORTS}/{{upload}}"
UPLOAD_FORM_MAX_BYTES = MAX_FILE_BYTES + 64 * 1024  # with what is beside the file
CONSOLE_DELIVERY = f"{CONSOLE_ENVIRONMENT}/delivery"
SCENARIO_FORM_MAX_BYTES = 1024 * 1024
OF_TEMPLATE = {"template": "experience"}
OF_ENTITY = {"entity": "homepage.header"}
CONSOLE_ORGANIZATIONS = f"{CONSOLE}/organizations"
CONSOLE_ORGANIZATION = f"{CONSOLE_ORGANIZATIONS}/{{organization}}"
CONSOLE_MEMBERS = f"{CONSOLE_ORGANIZATION}/members"
CONSOLE_SERVICE_ACCOUNTS = f"{CONSOLE_ORGANIZATION}/service-accounts"


def _page(path: str, handler: Handler, summary: str, **details: Any) -> Route:
    """A page of the console; who is not signed in is asked to."""
    usual: dict[str, Any] = {"also": (HTTPStatus.SEE_OTHER,), "refuses": (Forbidden,)}
    return Route("GET", path, handler, Surface.PAGE, summary, **{**usual, **details})


def _form(path: str, handler: Handler, summary: str, fields: type[Struct], **details: Any) -> Route:
    """What takes a form of the console: on to a page, or the form again with what is wrong."""
    usual: dict[str, Any] = {
        "reads": form(fields),
        "refuses": (Forbidden, ValidationFailed, Conflict),
        "status": HTTPStatus.SEE_OTHER,
        "max_body_bytes": SIGN_IN_MAX_BYTES,
    }
    return Route("POST", path, handler, Surface.PAGE, summary, **{**usual, **details})


CONSOLE_ROUTES = (
    _page(CONSOLE, home_pages.home_page, "The Spaces of who is signed in."),
    _page(
        f"{CONSOLE}/search",
        search_pages.search_page,
        "Spaces, and what is in a Space, by key and name.",
        takes=(
            Parameter("q", str, "A part of a key or a name.", example="home"),
            Parameter("space", str, "The Space whose model and tribes are searched too.", example="vod"),
        ),
        refuses=(Forbidden, NotFound),
    ),
    _page("/account", profile_pages.profile_page, "A person's own account, and where they are signed in."),
    _form(
        "/account/password",
        profile_pages.change_password,
        "Change one's own password.",
        PasswordForm,
        refuses=(Forbidden, ValidationFailed, TooManyRequests),
    ),
    _form(
        "/account/sign-out-everywhere",
        profile_pages.sign_out_everywhere,
        "Sign out of every other browser and program.",
        DeedForm,
    ),
    _page(
        CONSOLE_ORGANIZATIONS,
        organization_list.organizations_page,
        "The organizations of who is signed in.",
    ),
    _form(CONSOLE_ORGANIZATIONS, organization_list.create_organization, "Create an organization.", OrganizationForm),
    _page(CONSOLE_ORGANIZATION, organization_pages.organization_page, "The Spaces of an organization."),
    _form(CONSOLE_ORGANIZATION, organization_pages.create_space, "Create a Space.", SpaceForm),
    _form(
        f"{CONSOLE_ORGANIZATION}/rename",
        organization_pages.rename_organization,
        "Give an organization another name.",
        OrganizationForm,
    ),
    _form(
        f"{CONSOLE_ORGANIZATION}/delete",
        organization_pages.delete_organization,
        "Delete an organization that has no Spaces.",
        OrganizationForm,
    ),
    _page(CONSOLE_MEMBERS, member_pages.members_page, "The members of an organization, and invitations."),
    _form(
        CONSOLE_MEMBERS,
        member_pages.invite_member,
        "Invite a person; the link is shown this once.",
        InviteForm,
        status=HTTPStatus.OK,
        also=(HTTPStatus.SEE_OTHER,),
    ),
    _form(f"{CONSOLE_MEMBERS}/role", member_pages.change_role, "Give a member another role.", MemberForm),
    _form(f"{CONSOLE_MEMBERS}/remove", member_pages.remove_member, "End a membership.", MemberForm),
    _form(
        f"{CONSOLE_MEMBERS}/invitations/{{invitation}}/withdraw",
        member_pages.withdraw_invitation,
        "Withdraw an invitation.",
        DeedForm,
        path_examples={"invitation": "$INVITATION"},
    ),
    _page(CONSOLE_SERVICE_ACCOUNTS, service_account_pages.service_accounts_page, "The service accounts."),
    _form(
        CONSOLE_SERVICE_ACCOUNTS,
        service_account_pages.create_service_account,
        "Create a service account; its secret is shown this once.",
        ServiceAccountForm,
        status=HTTPStatus.OK,
        also=(HTTPStatus.SEE_OTHER,),
    ),
    _form(
        f"{CONSOLE_SERVICE_ACCOUNTS}/{{service_account}}/revoke",
        service_account_pages.revoke_service_account,
        "Revoke a service account.",
        DeedForm,
        path_examples={"service_account": "$SERVICE_ACCOUNT"},
    ),
    _page(
        f"{CONSOLE_ORGANIZATION}/audit",
        audit_pages.audit_page,
        "Who changed what, when and from where.",
        refuses=(Forbidden, ValidationFailed),
    ),
    _page(CONSOLE_SPACE, space_pages.space_page, "A Space and its environments."),
    _form(f"{CONSOLE_SPACE}/rename", space_pages.rename_space, "Give a Space another name.", SpaceForm),
    _form(f"{CONSOLE_SPACE}/delete", space_pages.delete_space, "Delete a Space and everything in it.", SpaceForm),
    _page(CONSOLE_MODEL, model_pages.model_page, "Everything that the model of a Space has."),
    _page(f"{CONSOLE_MODEL}/edit", model_pages.edit_page, "The model as a document to edit."),
    _form(
        CONSOLE_MODEL,
        model_pages.save_model,
        "Store a model, or say what it would change.",
        ModelForm,
        max_body_bytes=Limits.max_document_bytes,
        also=(HTTPStatus.OK,),
    ),
    _page(
        f"{CONSOLE_MODEL}/parts/{{template}}",
        model_form_pages.part_page,
        "The form of a part of the model: an experience, a section, a collection, an event or a field.",
        takes=(
            Parameter("key", str, "Which one; unless specified it is a new one.", example="hero"),
            Parameter("deed", Literal["remove"], "Review what its removal changes."),
        ),
        refuses=(Forbidden, ValidationFailed, Conflict),
        path_examples=OF_TEMPLATE,
    ),
    _form(
        f"{CONSOLE_MODEL}/parts/{{template}}",
        model_form_pages.change_part,
        "Review a part of the model that was edited, go on editing it, or store what was reviewed.",
        ModelPartForm,
        also=(HTTPStatus.OK,),
        path_examples=OF_TEMPLATE,
        max_body_bytes=DOCUMENT_MAX_BYTES,
    ),
    _page(
        f"{CONSOLE_MODEL}/history",
        model_pages.history_page,
        "The revisions of the model, and what changed between two.",
        refuses=(Forbidden, ValidationFailed),
        takes=(
            Parameter("from", int, "A revision."),
            Parameter("to", int, "A revision to compare it with."),
            Parameter("cursor", str, "Where the list goes on."),
        ),
    ),
    _page(f"{CONSOLE_MODEL}/code", model_pages.code_page, "The code that is generated from the model."),
    _page(f"{CONSOLE_MODEL}/code/{{language}}", model_pages.code_page, "The code in a language."),
    _page(f"{CONSOLE_MODEL}/code/{{language}}/{{file*}}", model_pages.code_page, "A file of the code in a language."),
    _page(CONSOLE_ENVIRONMENT, space_pages.environment_page, "An environment at a glance."),
    _page(CONSOLE_KEYS, key_pages.keys_page, "The keys of an environment, and whether user ids are signed there."),
    _form(CONSOLE_KEYS, key_pages.create_key, "Create a key.", KeyForm),
    _form(
        f"{CONSOLE_KEYS}/{{key}}/revoke",
        key_pages.revoke_key,
        "Revoke a key by its id.",
        DeedForm,
        path_examples={"key": "$KEY"},
    ),
    _form(
        f"{CONSOLE_KEYS}/signed-ids",
        key_pages.change_signed_ids,
        "Require signed ids or not, or rotate the secret.",
        SignedIdsForm,
    ),
    _page(
        CONSOLE_LIVE,
        live_pages.live_page,
        "The events and sessions that arrived last, and how a new Space gets its first ones.",
        takes=OF_ARRIVALS,
        refuses=OF_A_SEARCH,
    ),
    _page(
        f"{CONSOLE_LIVE}/stream",
        live_pages.live_stream,
        "Events and sessions as they arrive: server-sent events, as long as one is signed in.",
        takes=(
            *OF_ARRIVALS,
            EVENTS_WAIT,
            Parameter("after", str, "The position of the page that the stream goes on from."),
        ),
        gives=Body(bytes, (EVENT_STREAM,)),
        sends=(X_ACCEL_BUFFERING,),
        refuses=OF_A_SEARCH,
    ),
    _page(CONSOLE_TRIBES, tribe_list.tribes_page, "The tribes of a Space by category, counted where one asks."),
    _page(
        f"{CONSOLE_ENVIRONMENT}/tribe-history",
        tribe_history.history_page,
        "Who changed tribes, and what differs.",
        refuses=(Forbidden, ValidationFailed),
    ),
    _page(f"{CONSOLE_ENVIRONMENT}/new-tribe", tribe_editor.new_page, "The editor for a new tribe."),
    _form(
        f"{CONSOLE_ENVIRONMENT}/new-tribe",
        tribe_editor.create_tribe,
        "Create a tribe, or do what another button of the editor says.",
        TribeForm,
        also=(HTTPStatus.OK,),
        max_body_bytes=DOCUMENT_MAX_BYTES,
    ),
    _page(CONSOLE_TRIBE, tribe_pages.tribe_page, "A tribe: its rules, how many people it has, where it is used."),
    _page(f"{CONSOLE_TRIBE}/edit", tribe_editor.edit_page, "The editor of a tribe."),
    _form(
        f"{CONSOLE_TRIBE}/edit",
        tribe_editor.change_tribe,
        "Save a tribe, or do what another button of the editor says.",
        TribeForm,
        also=(HTTPStatus.OK,),
        max_body_bytes=DOCUMENT_MAX_BYTES,
    ),
    _form(f"{CONSOLE_TRIBE}/delete", tribe_pages.delete_tribe, "Delete a tribe that no scenario is for.", DeedForm),
    _page(
        f"{CONSOLE_TRIBE}/explanation",
        tribe_explanation.explanation_page,
        "Why a person is in a tribe or not.",
        refuses=(Forbidden, ValidationFailed),
    ),
    _form(f"{CONSOLE_TRIBE}/exports", tribe_exports.begin_download, "Have its users made into a file.", DownloadForm),
    _page(f"{CONSOLE_TRIBE}/exports/{{export}}", tribe_exports.download_page, "How far the file is."),
    _page(
        f"{CONSOLE_TRIBE}/exports/{{export}}/content",
        tribe_exports.download,
        "The file.",
        gives=Body(Any, (CSV, NDJSON, JSON)),
        sends=(ETAG, CONTENT_DISPOSITION),
    ),
    _page(CONSOLE_USERS, people_pages.users_page, "The users of an environment, searched.", refuses=OF_A_SEARCH),
    _page(CONSOLE_USER, person_pages.user_page, "One user: what is known of them, and what they see now."),
    _page(
        f"{CONSOLE_USER}/everything",
        person_pages.everything_file,
        "All that is known of a user, as a file.",
        gives=Body(Any),
        sends=(CONTENT_DISPOSITION,),
    ),
    _form(f"{CONSOLE_USER}/tags", person_pages.add_tag, "Give a user a tag.", UserTagForm),
    _form(f"{CONSOLE_USER}/tags/remove", person_pages.remove_tag, "Take a tag from a user.", UserTagForm),
    _form(
        f"{CONSOLE_USER}/erase",
        person_pages.erase_user,
        "Erase a user and all that is known of them.",
        EraseForm,
        path_examples={"user": "casey"},
    ),
    _page(CONSOLE_VISITORS, people_pages.visitors_page, "The visitors, searched.", refuses=OF_A_SEARCH),
    _page(CONSOLE_VISITOR, person_pages.visitor_page, "One visitor; on to the user whom they turned out to be."),
    _page(
        f"{CONSOLE_VISITOR}/everything",
        person_pages.visitor_file,
        "All that is known of a visitor, as a file.",
        gives=Body(Any),
        sends=(CONTENT_DISPOSITION,),
    ),
    _form(f"{CONSOLE_VISITOR}/tags", person_pages.add_visitor_tag, "Give a visitor a tag.", UserTagForm),
    _form(f"{CONSOLE_VISITOR}/tags/remove", person_pages.remove_visitor_tag, "Take a tag from a visitor.", UserTagForm),
    _form(
        f"{CONSOLE_VISITOR}/erase",
        person_pages.erase_visitor,
        "Erase a visitor and all that is known of them.",
        EraseForm,
        path_examples={"visitor": "phone-3"},
    ),
    _page(CONSOLE_USER_TAGS, user_tag_pages.user_tags_page, "The user tags, searched.", refuses=OF_A_SEARCH),
    _form(f"{CONSOLE_USER_TAGS}/delete", user_tag_pages.delete_user_tag, "Delete a tag from everybody.", UserTagForm),
    _page(CONSOLE_IMPORTS, import_pages.imports_page, "Files to import, and what was imported and exported before."),
    _form(
        CONSOLE_IMPORTS,
        import_pages.upload_file,
        "Send a CSV file of users.",
        UploadForm,
        reads=Body(UploadForm, (MULTIPART, FORM)),
        refuses=(Forbidden, ValidationFailed, UnsupportedMediaType),
        max_body_bytes=UPLOAD_FORM_MAX_BYTES,
        too_large=import_pages.TOO_LARGE,
        before_body=import_pages.sign_in_before_upload,
    ),
    _page(
        CONSOLE_IMPORT, import_file_pages.file_page, "A file that was sent: its columns, what will happen, its result."
    ),
    _form(
        f"{CONSOLE_IMPORT}/columns",
        import_file_pages.map_columns,
        "Say what its columns become, and find out what an import would do.",
        ColumnsForm,
        max_body_bytes=SCENARIO_FORM_MAX_BYTES,
    ),
    _form(f"{CONSOLE_IMPORT}/start", import_file_pages.start_import, "Import it, or go on.", DeedForm),
    _form(f"{CONSOLE_IMPORT}/discard", import_file_pages.discard_file, "Delete it from the server.", DeedForm),
    _page(
        f"{CONSOLE_IMPORT}/rejects",
        import_file_pages.rejects_file,
        "Its rows that were not taken, as CSV.",
        gives=Body(bytes, (CSV,)),
        sends=(CONTENT_DISPOSITION,),
    ),
    _page(CONSOLE_DELIVERY, delivery_pages.overview_page, "What an environment delivers, entity by entity."),
    _page(
        f"{CONSOLE_DELIVERY}/entities/{{entity}}",
        delivery_pages.entity_page,
        "The scenarios of an entity, in order.",
        path_examples=OF_ENTITY,
    ),
    _page(
        f"{CONSOLE_DELIVERY}/entities/{{entity}}/scenario",
        scenario_pages.editor_page,
        "The editor of a scenario.",
        path_examples=OF_ENTITY,
    ),
    _form(
        f"{CONSOLE_DELIVERY}/entities/{{entity}}/scenario",
        scenario_pages.edit_scenario,
        "Review a scenario that was edited, or go on editing it; nothing is stored.",
        ScenarioEditForm,
        status=HTTPStatus.OK,
        also=(HTTPStatus.SEE_OTHER,),
        path_examples=OF_ENTITY,
        max_body_bytes=SCENARIO_FORM_MAX_BYTES,
    ),
    _page(
        f"{CONSOLE_DELIVERY}/review",
        review_pages.review_page,
        "What a change of the delivery would change.",
        refuses=(Forbidden, ValidationFailed, Conflict),
    ),
    _form(
        f"{CONSOLE_DELIVERY}/push",
        review_pages.push,
        "Make a change of the delivery that was reviewed, unless somebody else was faster.",
        PushForm,
        max_body_bytes=SCENARIO_FORM_MAX_BYTES,
    ),
    _page(
        f"{CONSOLE_DELIVERY}/compare",
        comparison_pages.comparison_page,
        "What differs between two environments or revisions.",
    ),
    _page(f"{CONSOLE_DELIVERY}/history", comparison_pages.history_page, "The revisions of the delivery."),
    _page(
        f"{CONSOLE_DELIVERY}/preview",
        preview_pages.preview_page,
        "What a person sees, and why.",
        refuses=(Forbidden, ValidationFailed),
    ),
)

ORGANIZATION = "/v2/organizations/{organization}"
OF_ORGANIZATION = Parameter("organization", str, "Key or id of an organization that the caller administrates.")

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
        "POST",
        "/v2/organizations",
        organizations.create_organization,
        Surface.PLATFORM,
        "Create an organization, which the caller then administrates; for administrators of another on this server.",
        scope=Scope.SPACES_WRITE,
        needs_sign_in=True,
        reads=NewOrganization,
        gives=OrganizationView,
        status=HTTPStatus.CREATED,
        refuses=(Conflict,),
        example={"key": "acme-labs", "name": "Acme Labs"},
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
        "PATCH",
        "/v2/organizations/{organization}",
        organizations.rename_organization,
        Surface.PLATFORM,
        "Give an organization another name; its key stays.",
        scope=Scope.SPACES_WRITE,
        role=Role.ADMINISTRATOR,
        reads=ChangedOrganization,
        gives=OrganizationView,
        example={"name": "Acme Inc."},
    ),
    Route(
        "DELETE",
        "/v2/organizations/{organization}",
        organizations.delete_organization,
        Surface.PLATFORM,
        "Remove an organization that has no Spaces, with its members, invitations, service accounts and audit log.",
        scope=Scope.SPACES_WRITE,
        role=Role.ADMINISTRATOR,
        needs_sign_in=True,
        status=HTTPStatus.NO_CONTENT,
        refuses=(Conflict,),
        path_examples={"organization": "acme-labs"},
    ),
    Route(
        "GET",
        f"{ORGANIZATION}/members",
        accounts.list_members,
        Surface.PLATFORM,
        "The members of an organization.",
        scope=Scope.SPACES_READ,
        role=Role.DEVELOPER,
        gives=MemberView,
        takes=PAGE,
    ),
    Route(
        "POST",
        f"{ORGANIZATION}/members",
        invitations.invite_member,
        Surface.PLATFORM,
        "Invite a person: the answer has a link to hand over, which is good once, for 7 days.",
        scope=Scope.SPACES_WRITE,
        role=Role.ADMINISTRATOR,
        needs_sign_in=True,
        reads=NewMember,
        gives=CreatedInvitation,
        status=HTTPStatus.CREATED,
        refuses=(Conflict,),
        data_type="invitation",
        example={"email": "grace@example.com", "role": "developer"},
    ),
    Route(
        "PATCH",
        f"{ORGANIZATION}/members/{{member}}",
        accounts.change_member,
        Surface.PLATFORM,
        "Give a member, named by e-mail address, another role; the last administrator stays one.",
        scope=Scope.SPACES_WRITE,
        role=Role.ADMINISTRATOR,
        needs_sign_in=True,
        reads=ChangedMember,
        gives=MemberView,
        refuses=(Conflict,),
        example={"role": "developer"},
        path_examples={"member": "developer@acme.example.com"},
    ),
    Route(
        "DELETE",
        f"{ORGANIZATION}/members/{{member}}",
        accounts.remove_member,
        Surface.PLATFORM,
        "End a membership: from then on the person's tokens do not reach the organization.",
        scope=Scope.SPACES_WRITE,
        role=Role.ADMINISTRATOR,
        status=HTTPStatus.NO_CONTENT,
        refuses=(Conflict,),
        path_examples={"member": "viewer@acme.example.com"},
    ),
    Route(
        "GET",
        f"{ORGANIZATION}/invitations",
        invitations.list_invitations,
        Surface.PLATFORM,
        "The invitations that can still be accepted.",
        scope=Scope.SPACES_READ,
        role=Role.ADMINISTRATOR,
        gives=InvitationView,
        takes=PAGE,
    ),
    Route(
        "DELETE",
        f"{ORGANIZATION}/invitations/{{invitation}}",
        invitations.withdraw_invitation,
        Surface.PLATFORM,
        "Withdraw an invitation: its link opens nothing from then on.",
        scope=Scope.SPACES_WRITE,
        role=Role.ADMINISTRATOR,
        status=HTTPStatus.NO_CONTENT,
        path_examples={"invitation": "$INVITATION"},
    ),
    Route(
        "GET",
        f"{ORGANIZATION}/service-accounts",
        service_accounts.list_service_accounts,
        Surface.PLATFORM,
        "The service accounts of an organization.",
        scope=Scope.SPACES_READ,
        role=Role.DEVELOPER,
        gives=ServiceAccountView,
        takes=PAGE,
    ),
    Route(
        "POST",
        f"{ORGANIZATION}/service-accounts",
        service_accounts.create_service_account,
        Surface.PLATFORM,
        "Create a service account, which may do no more than who makes it; its secret is told this once.",
        scope=Scope.SPACES_WRITE,
        role=Role.DEVELOPER,
        needs_sign_in=True,
        reads=NewServiceAccount,
        gives=CreatedServiceAccount,
        status=HTTPStatus.CREATED,
        refuses=(Conflict,),
        data_type="service_account",
        example={"name": "Nightly build", "scopes": ["code:read"]},
    ),
    Route(
        "DELETE",
        f"{ORGANIZATION}/service-accounts/{{service_account}}",
        service_accounts.revoke_service_account,
        Surface.PLATFORM,
        "Revoke a service account: its tokens end at once.",
        scope=Scope.SPACES_WRITE,
        role=Role.DEVELOPER,
        status=HTTPStatus.NO_CONTENT,
        path_examples={"service_account": "$SERVICE_ACCOUNT"},
    ),
)

TOKEN_ROUTES = (
    Route(
        "GET",
        "/v2/tokens",
        tokens.list_tokens,
        Surface.PLATFORM,
        "The caller's own tokens, or for an administrator those of members that reach an organization.",
        gives=TokenView,
        refuses=(Forbidden, NotFound),
        takes=(OF_ORGANIZATION, *PAGE),
    ),
    Route(
        "POST",
        "/v2/tokens",
        tokens.create_token,
        Surface.PLATFORM,
        "Create a token of one's own; its text is told this once.",
        needs_sign_in=True,
        reads=NewToken,
        gives=CreatedToken,
        status=HTTPStatus.CREATED,
        refuses=(Conflict,),
        data_type="token",
        example={"name": "Build", "scopes": ["code:read"], "spaces": ["vod"], "expires_in_days": 30},
    ),
    Route(
        "DELETE",
        "/v2/tokens/{token}",
        tokens.revoke_token,
        Surface.PLATFORM,
        "Revoke a token by its id: it ends at once.",
        status=HTTPStatus.NO_CONTENT,
        refuses=(Forbidden,),
        path_examples={"token": "$TOKEN_ID"},
    ),
    Route(
        "POST",
        "/v2/tokens/revoke",
        tokens.revoke_by_text,
        Surface.PLATFORM,
        "Revoke whatever a secret opens, by its text alone: for secrets that turned up where they should not be.",
        is_open=True,
        reads=TokenText,
        status=HTTPStatus.NO_CONTENT,
        example={"token": "mtp_0000000000000000000000000000004UlIb5"},
    ),
    Route(
        "GET",
        "/v2/organizations/{organization}/audit",
        audit.list_entries,
        Surface.PLATFORM,
        "Who changed what, when and from where: the newest first. With a filter, a page may be short and yet not the "
        "last.",
        scope=Scope.SPACES_READ,
        role=Role.ADMINISTRATOR,
        gives=AuditEntry,
        takes=(
            *PAGE,
            Parameter(
                "actor",
                str,
                "Only what the person with this e-mail address, or the service account with this "
                "name, did; or by its id.",
                example="ada@example.com",
            ),
            Parameter("action", str, "Only this action, or all of a noun: `token`.", example="space.create"),
            Parameter("space", str, "Only in this Space, by its key.", example="vod"),
            Parameter("since", str, "Only since a time or a day (RFC 3339).", example="2026-11-21"),
        ),
        refuses=(ValidationFailed,),
    ),
)

SPACE = "/v2/spaces/{space}"
ENVIRONMENT = f"{SPACE}/environments/{{environment}}"
MODEL_EXAMPLE = {
    "experiences": {"hero": {"properties": {"title": {"type": "text"}}}},
    "collections": {"home": {"children": {"hero": {"experience": "hero"}}}},
    "events": {"video/completed": {"metadata": {"title": {"type": "text", "required": True}}}},
    "fields": {"campaign": {"type": "text"}},
}

EVENTS_POSITION = Parameter(
    "Last-Event-ID",
    str,
    "The last `id` that the stream had, as browsers send it when they come back.",
    place="header",
)

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
    Route(
        "GET",
        f"{SPACE}/model",
        models.read,
        Surface.PLATFORM,
        "The model as JSON or YAML, at present or at `?revision=`.",
        scope=Scope.SPACES_READ,
        gives=document(Model),
        takes=(REVISION, IF_NONE_MATCH),
    ),
    Route(
        "PUT",
        f"{SPACE}/model",
        models.replace,
        Surface.PLATFORM,
        "Replace the model by a JSON or YAML document, made from the revision that `If-Match` or the document names.",
        scope=Scope.SPACES_WRITE,
        reads=document(SentModel),
        gives=ModelPut,
        takes=(NOTE, IF_MATCH),
        example=MODEL_EXAMPLE,
        path_examples={"space": "radio"},
        max_body_bytes=DOCUMENT_MAX_BYTES,
    ),
    Route(
        "GET",
        f"{SPACE}/model/revisions",
        histories.list_model_revisions,
        Surface.PLATFORM,
        "Who changed the model, when and why: the newest revision first.",
        scope=Scope.SPACES_READ,
        role=Role.DEVELOPER,
        gives=Revision,
        takes=PAGE,
    ),
    Route(
        "POST",
        f"{SPACE}/model/diff",
        models.compare,
        Surface.PLATFORM,
        "What would change for generated code if this document were the model.",
        scope=Scope.SPACES_READ,
        reads=document(SentModel),
        gives=ModelDiff,
        data_type="diff",
        example=MODEL_EXAMPLE,
        path_examples={"space": "radio"},
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
        example={"targets": [{"language": "typescript"}]},
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
    Route(
        "GET",
        f"{ENVIRONMENT}/events",
        listed_events.list_events,
        Surface.PLATFORM,
        "The events of an environment, of a user or of a name the newest first.",
        scope=Scope.EVENTS_READ,
        role=Role.DEVELOPER,
        gives=EventView,
        takes=(
            *PAGE,
            Parameter("name", str, "Only events of this name.", example="video/completed"),
            Parameter("user", str, "Only events of the user with this id.", example="ada"),
        ),
        data_type="event",
        refuses=(ValidationFailed,),
    ),
    Route(
        "GET",
        f"{ENVIRONMENT}/events/stream",
        event_stream.stream_events,
        Surface.PLATFORM,
        "The events and sessions of an environment as they arrive: server-sent events, `event` with an event as in the "
        "list of events, `session` with a session that has started, `skipped` with how many were too many to be told. "
        "What arrives in another process may be left out for the first second. After a break of less than 40 seconds "
        "`Last-Event-ID` continues where the stream ended.",
        scope=Scope.EVENTS_READ,
        role=Role.DEVELOPER,
        gives=Body(bytes, (EVENT_STREAM,)),
        takes=(
            Parameter("name", str, "Only events of this name, and no sessions.", example="video/completed"),
            Parameter("user", str, "Only events and sessions of the user with this id.", example="ada"),
            Parameter("anonymous_id", str, "Only those of the visitor with this id.", example="phone-1"),
            EVENTS_WAIT,
            EVENTS_POSITION,
        ),
        sends=(X_ACCEL_BUFFERING,),
        refuses=(ValidationFailed,),
        group="Events",
    ),
    Route(
        "GET",
        f"{ENVIRONMENT}/event-names",
        event_names.list_names,
        Surface.PLATFORM,
        "The names of the events that arrive, in alphabetical order: how often, with which metadata, and whether the "
        "model has them. At most 2,000 are counted: those that came first.",
        scope=Scope.EVENTS_READ,
        gives=EventNameView,
        takes=(*PAGE, search("A part of the name, in any case.", "video/")),
        data_type="event_name",
    ),
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

USER = f"{ENVIRONMENT}/users/{{user}}"
VISITOR = f"{ENVIRONMENT}/visitors/{{visitor}}"
UPSERT_EXAMPLE = {"user_id": "ada", "email": "ada@example.com", "attributes": {"plan": "gold"}}

USER_ROUTES = (
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

IMPORT = f"{ENVIRONMENT}/imports/{{import}}"
IMPORT_EXAMPLE = {"import": "crm-2026-11-21"}
PART_EXAMPLE = '{"user_id": "ada", "tags": ["sports/football"]}\n{"user_id": "casey", "email": "casey@example.com"}\n'

IMPORT_ROUTES = (
    Route(
        "PUT",
        f"{IMPORT}/parts/{{part}}",
        imports.put_part,
        Surface.PLATFORM,
        "Insert or update users in bulk: part after part, from 1, each applied whole and once.",
        scope=Scope.USERS_WRITE,
        reads=Body(UserUpsert, (NDJSON,)),
        gives=PartView,
        example=PART_EXAMPLE,
        refuses=(Conflict, UnsupportedMediaType, ValidationFailed),
        takes=(CONTENT_ENCODING, CONTENT_DIGEST, PREFER),
        data_type="import_part",
        max_body_bytes=MAX_PART_BYTES,
        path_examples={**IMPORT_EXAMPLE, "part": "1"},
    ),
    Route(
        "POST",
        f"{IMPORT}/complete",
        imports.complete,
        Surface.PLATFORM,
        "Say that no further parts come, and get the totals.",
        scope=Scope.USERS_WRITE,
        reads=Completion,
        gives=ImportView,
        refuses=(Conflict,),
        data_type="import",
        example={"parts": 1},
        path_examples=IMPORT_EXAMPLE,
    ),
    Route(
        "GET",
        IMPORT,
        imports.show,
        Surface.PLATFORM,
        "How far an import is, and which part comes next.",
        scope=Scope.USERS_READ,
        gives=ImportView,
        data_type="import",
        path_examples=IMPORT_EXAMPLE,
    ),
)

TRIBE = f"{SPACE}/tribes/{{tribe}}"
TRIBE_HERE = f"{ENVIRONMENT}/tribes/{{tribe}}"
TRIBE_EXAMPLE = {
    "name": "Night owls",
    "category": "Interest",
    "filters": [{"event": "video/started", "frequency": {"more_than": 2}, "timeframe": {"less_than": 7}}],
}

TRIBE_ROUTES = (
    Route(
        "GET",
        f"{SPACE}/tribes",
        tribes.read,
        Surface.PLATFORM,
        "All tribes of a Space, as JSON or YAML, at present or at `?revision=`.",
        scope=Scope.TRIBES_READ,
        gives=document(Tribes),
        takes=(REVISION, IF_NONE_MATCH),
    ),
    Route(
        "PUT",
        f"{SPACE}/tribes",
        tribes.replace,
        Surface.PLATFORM,
        "Replace all tribes by a JSON or YAML document, made from the revision that `If-Match` or the document names.",
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
        "Who changed the tribes of a Space, when and why: the newest revision first.",
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
        "One tribe, as JSON or YAML, at present or at `?revision=`.",
        scope=Scope.TRIBES_READ,
        gives=document(Tribe),
        takes=(REVISION, IF_NONE_MATCH),
    ),
    Route(
        "PUT",
        TRIBE,
        tribes.replace_one,
        Surface.PLATFORM,
        "Insert or replace one tribe; the others stay as they are.",
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
        "Remove a tribe that no scenario is for.",
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
        "The users in a tribe, as they are now; a page may be short and yet not the last. Needs the scope "
        "`tribes:read` as well.",
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
        "How many users and visitors are in a tribe now.",
        scope=Scope.TRIBES_READ,
        gives=Count,
        refuses=(ValidationFailed,),
    ),
    Route(
        "GET",
        f"{TRIBE_HERE}/explanation",
        tribes.show_explanation,
        Surface.PLATFORM,
        "Why a person is in a tribe or not, filter by filter; needs the scope `tribes:read` as well.",
        scope=Scope.USERS_READ,
        gives=Explanation,
        refuses=(ValidationFailed,),
        takes=(OF_USER, OF_VISITOR, FIELDS),
    ),
    Route(
        "POST",
        f"{ENVIRONMENT}/session-explanation",
        sessions.explain,
        Surface.PLATFORM,
        "What a session would show a person now, or at a time, and why; needs `spaces:read` and `tribes:read` as well.",
        scope=Scope.USERS_READ,
        reads=AskedExplanation,
        gives=SessionExplanation,
        example={"user_id": "ada", "fields": {"campaign": "spring"}},
    ),
)

SINCE = Parameter(
    "since", str, "The `revision` that the app has: of its session's start, or of the change it was told last."
)
LAST_EVENT_ID = Parameter("Last-Event-ID", str, "The same, as browsers send it when they come back.", place="header")
WAIT = Parameter(
    "wait",
    Annotated[int, Meta(ge=0, le=changes.MAX_WAIT_SECONDS)],
    f"How many seconds a long poll waits for a change: {changes.DEFAULT_WAIT_SECONDS} unless said.",
    example=0,
    in_samples=True,
)

EXPORT_HERE = f"{ENVIRONMENT}/exports/{{export}}"

EXPORT_ROUTES = (
    Route(
        "POST",
        f"{TRIBE_HERE}/exports",
        exports.export_tribe,
        Surface.PLATFORM,
        "Begin an export of the users in a tribe: a snapshot, kept for a day; needs the scope `tribes:read` as well.",
        scope=Scope.USERS_READ,
        reads=TribeExport,
        gives=ExportView,
        status=HTTPStatus.ACCEPTED,
        example={"format": "csv", "columns": ["user_id", "email", "attributes.plan"]},
        group="Exports",
    ),
    Route(
        "POST",
        f"{ENVIRONMENT}/events/exports",
        exports.export_events,
        Surface.PLATFORM,
        "Begin an export of events: all of them, or those of a name or of a user.",
        scope=Scope.EVENTS_READ,
        role=Role.DEVELOPER,
        reads=EventExport,
        gives=ExportView,
        status=HTTPStatus.ACCEPTED,
        example={"format": "ndjson", "name": "video/completed"},
        group="Exports",
    ),
    Route(
        "GET",
        EXPORT_HERE,
        exports.show,
        Surface.PLATFORM,
        "How far an export is; needs `users:read` and `tribes:read`, or `events:read`, by what is in it.",
        role=Role.DEVELOPER,
        gives=ExportView,
    ),
    Route(
        "GET",
        f"{EXPORT_HERE}/content",
        exports.download,
        Surface.PLATFORM,
        "What was exported, or a part of it, once the export is complete; needs the same scopes.",
        role=Role.DEVELOPER,
        gives=Body(Any, (CSV, NDJSON, JSON)),
        also=(HTTPStatus.PARTIAL_CONTENT,),
        refuses=(RangeNotSatisfiable,),
        takes=(RANGE, IF_RANGE),
        sends=(ETAG, ACCEPT_RANGES, CONTENT_RANGE),
    ),
)

CLIENT_ROUTES = (
    Route(
        "POST",
        "/api/client/sessions",
        sessions.start_session,
        Surface.CLIENT,
        "Start a session: the state of every entity for one person.",
        reads=Body(SentStart),
        gives=StartedSession,
        example={
            "anonymous_id": "phone-1",
            "fields": {"campaign": "spring"},
            "device": {"os": "iOS", "os_version": "17.4.1"},
            "app": {"version": "2.3.0", "build": "127", "platform": "ios"},
            "code": {"hash": "9f2c", "language": "swift"},
            "unknown": ['homepage.body[1].layout: "tall"'],
        },
    ),
    Route(
        "GET",
        "/api/client/sessions/{session}/changes",
        changes.follow_session,
        Surface.CLIENT,
        "The entities that changed while the session runs: server-sent events (`id`, `event: states`, `data` as the "
        "JSON here), where those are accepted; else a long poll, 204 when nothing did.",
        gives=Body(StatesChange, (JSON, EVENT_STREAM)),
        also=(HTTPStatus.NO_CONTENT,),
        refuses=(ValidationFailed,),
        takes=(SINCE, WAIT, LAST_EVENT_ID),
        sends=(X_ACCEL_BUFFERING,),
    ),
    Route(
        "POST",
        "/api/client/events",
        events.add_events,
        Surface.CLIENT,
        "Store 1 to 1,000 events.",
        reads=Body(list[SentEvent]),
        example=[{"name": "video/completed", "anonymous_id": "phone-1"}],
        status=HTTPStatus.NO_CONTENT,
        max_body_bytes=4 * 1024 * 1024,
    ),
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

FLAG_CONFIG_ETAG = Parameter(
    "flagConfigEtag", str, "The `etag` of the event that made the client ask: the answer is at least as new."
)
FLAG_CONFIG_LAST_MODIFIED = Parameter(
    "flagConfigLastModified",
    Annotated[int, Meta(ge=0)] | Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")],
    "The `lastModified` of that event: seconds since 1970, or a time as in RFC 3339.",
)
STREAM_TOKEN = Parameter(
    "token", str, "What opens the stream, for some minutes.", required=True, example="$STREAM_TOKEN"
)
STREAM_WAIT = Parameter(
    "wait",
    Annotated[int, Meta(ge=0, le=flag_streams.MAX_WAIT_SECONDS)],
    "After how many seconds the stream ends; unless said it lasts.",
    example=0,
    in_samples=True,
)
QUESTION = {"context": {"targetingKey": "ada", "campaign": "spring"}}

OFREP_ROUTES = (
    Route(
        "POST",
        "/ofrep/v1/evaluate/flags",
        ofrep.evaluate_all,
        Surface.OFREP,
        "Every flag, for one person, and where changes are told. Nothing is stored.",
        reads=Body(SentEvaluation),
        gives=BulkEvaluation,
        takes=(IF_NONE_MATCH, FLAG_CONFIG_ETAG, FLAG_CONFIG_LAST_MODIFIED),
        sends=(Header("ETag", "Of these flags for this person, as an entity tag."),),
        example=QUESTION,
        find_asker=ofrep.app_of,
    ),
    Route(
        "POST",
        "/ofrep/v1/evaluate/flags/{flag*}",
        ofrep.evaluate_one,
        Surface.OFREP,
        "One flag, for one person. Nothing is stored.",
        reads=Body(SentEvaluation),
        gives=Evaluation,
        example=QUESTION,
        find_asker=ofrep.app_of,
    ),
    Route(
        "GET",
        ofrep.STREAM_PATH,
        flag_streams.follow_flags,
        Surface.OFREP,
        "That flags may have changed: server-sent events (`event: message`), after each of which a client asks anew. "
        "Clients take the whole URL from the answer with all flags.",
        gives=Body(bytes, (EVENT_STREAM,)),
        refuses=(Unauthenticated,),
        takes=(STREAM_TOKEN, STREAM_WAIT, LAST_EVENT_ID),
        sends=(X_ACCEL_BUFFERING,),
        is_open=True,
        find_asker=flag_streams.app_of,
    ),
)

DEMO_ROUTES = (
    Route(
        "GET",
        "/demo",
        demo_app.show_app,
        Surface.PAGE,
        "An app on generated code; on a demo server alone.",
        refuses=(NotFound,),
    ),
    Route(
        "GET",
        "/demo/configuration.json",
        demo_app.show_configuration,
        Surface.PAGE,
        "The keys that the app uses.",
        gives=Configuration,
        refuses=(NotFound,),
    ),
    Route(
        "GET",
        "/demo/code",
        demo_app.show_code,
        Surface.PAGE,
        "The code that is generated for the app, in the first of the languages.",
        gives=Body(bytes, (HTML,)),
        refuses=(NotFound,),
    ),
    Route(
        "GET",
        "/demo/code/{language}",
        demo_app.show_code,
        Surface.PAGE,
        "The same in that language.",
        gives=Body(bytes, (HTML,)),
    ),
    Route(
        "GET",
        "/demo/code/{language}/{file*}",
        demo_app.show_code,
        Surface.PAGE,
        "A file of it.",
        gives=Body(bytes, (HTML,)),
    ),
    Route(
        "GET",
        "/demo/{name}",
        demo_app.show_file,
        Surface.PAGE,
        "A file of the app.",
        gives=Body(bytes, (HTML, "text/css", JAVASCRIPT)),
    ),
    Route(
        "GET",
        "/demo/mtspace/vod/{file*}",
        demo_app.show_generated_file,
        Surface.PAGE,
        "The JavaScript that is generated for the app.",
        gives=Body(bytes, (JAVASCRIPT,)),
    ),
)

ROUTES: Sequence[Route] = (
    *SYSTEM_ROUTES,
    *OAUTH_ROUTES,
    *PAGE_ROUTES,
    *CONSOLE_ROUTES,
    *ACCOUNT_ROUTES,
    *TOKEN_ROUTES,
    *SPACE_ROUTES,
    *USER_ROUTES,
    *first_version_of([*ACCOUNT_ROUTES, *SPACE_ROUTES, *USER_ROUTES, *TRIBE_ROUTES]),
    *IMPORT_ROUTES,
    *TRIBE_ROUTES,
    *EXPORT_ROUTES,
    *CLIENT_ROUTES,
    *OFREP_ROUTES,
    *DEMO_ROUTES,
)
