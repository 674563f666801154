"""What the product promises of who may do what, written by hand: nothing here is computed from the table of routes.

A row is a route, the answer to whoever may, and the least that it takes: a scope, a role in the organization, a kind of
credential (`anyone`, `app`, `token`, `sign-in`). The last word is whose marks its answer shows or what its effect
touches: those of the `place` that the path names, of its `organization`, of `all` that the caller may see, of nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

ORGANIZATION = "/v2/organizations/{organization}"
SPACE = "/v2/spaces/{space}"
HERE = "/v2/spaces/{space}/environments/{environment}"
OLD = "/v1.0"
OWNERS = "/console/organizations/{organization}"
CONSOLE = "/console/spaces/{space}/environments/{environment}"

TABLE = f"""
GET    /healthz                                            200 -            -             anyone  nobody
GET    /readyz                                             200 -            -             anyone  nobody
GET    /metrics                                            200 -            -             anyone  nobody
GET    /openapi.json                                       200 -            -             anyone  nobody
GET    /docs                                               200 -            -             anyone  nobody
GET    /docs/search                                        200 -            -             anyone  nobody
GET    /docs/api                                           200 -            -             anyone  nobody
GET    /docs/api/{{group}}                                 200 -            -             anyone  nobody
GET    /docs/{{page*}}                                     200 -            -             anyone  nobody
GET    /.well-known/oauth-authorization-server             200 -            -             anyone  nobody
GET    /.well-known/oauth-authorization-server/{{issuer_path*}} 404 -       -             anyone  nobody
POST   /oauth/token                                        401 -            -             anyone  nobody
POST   /oauth/revoke                                       200 -            -             anyone  nobody
POST   /oauth/device_authorization                         200 -            -             anyone  nobody
GET    /                                                   200 -            -             anyone  nobody
GET    /sign-in                                            200 -            -             anyone  nobody
GET    /sign-in/local                                      404 -            -             anyone  nobody
POST   /sign-in                                            403 -            -             anyone  nobody
POST   /sign-out                                           403 -            -             anyone  nobody
GET    /signed-out                                         200 -            -             anyone  nobody
GET    /oauth/authorize                                    400 -            -             anyone  nobody
POST   /oauth/authorize                                    303 -            -             anyone  nobody
GET    /device                                             303 -            -             anyone  nobody
POST   /device                                             303 -            -             anyone  nobody
POST   /device/decision                                    303 -            -             anyone  nobody
GET    /device/allowed                                     200 -            -             anyone  nobody
GET    /device/refused                                     200 -            -             anyone  nobody
GET    /invitation/{{code}}                                404 -            -             anyone  nobody
POST   /invitation/{{code}}                                403 -            -             anyone  nobody
GET    /account/tokens                                     303 -            -             anyone  nobody
POST   /account/tokens                                     303 -            -             anyone  nobody
POST   /account/tokens/{{token}}/revoke                    303 -            -             anyone  nobody
GET    /console                                            303 -            -             anyone  nobody
GET    /console/search                                     303 -            -             anyone  nobody
GET    /console/spaces/{{space}}                           303 -            -             anyone  nobody
GET    {CONSOLE}                                           303 -            -             anyone  nobody
GET    /account                                            303 -            -             anyone  nobody
POST   /account/password                                   303 -            -             anyone  nobody
POST   /account/sign-out-everywhere                        303 -            -             anyone  nobody
GET    {OWNERS}                                            303 -            -             anyone  nobody
POST   {OWNERS}                                            303 -            -             anyone  nobody
GET    {OWNERS}/members                                    303 -            -             anyone  nobody
POST   {OWNERS}/members                                    303 -            -             anyone  nobody
POST   {OWNERS}/members/role                               303 -            -             anyone  nobody
POST   {OWNERS}/members/remove                             303 -            -             anyone  nobody
POST   {OWNERS}/members/invitations/{{invitation}}/withdraw 303 -            -             anyone  nobody
GET    {OWNERS}/service-accounts                           303 -            -             anyone  nobody
POST   {OWNERS}/service-accounts                           303 -            -             anyone  nobody
POST   {OWNERS}/service-accounts/{{service_account}}/revoke 303 -            -             anyone  nobody
GET    {OWNERS}/audit                                      303 -            -             anyone  nobody
POST   /console/spaces/{{space}}/rename                    303 -            -             anyone  nobody
GET    /console/organizations                              303 -            -             anyone  nobody
POST   /console/organizations                              303 -            -             anyone  nobody
POST   /console/organizations/{{organization}}/rename      303 -            -             anyone  nobody
POST   /console/organizations/{{organization}}/delete      303 -            -             anyone  nobody
POST   /console/spaces/{{space}}/delete                    303 -            -             anyone  nobody
GET    /console/spaces/{{space}}/model                     303 -            -             anyone  nobody
POST   /console/spaces/{{space}}/model                     303 -            -             anyone  nobody
GET    /console/spaces/{{space}}/model/edit                303 -            -             anyone  nobody
GET    /console/spaces/{{space}}/model/parts/{{template}}  303 -            -             anyone  nobody
POST   /console/spaces/{{space}}/model/parts/{{template}}  303 -            -             anyone  nobody
GET    /console/spaces/{{space}}/model/history             303 -            -             anyone  nobody
GET    /console/spaces/{{space}}/model/code                303 -            -             anyone  nobody
GET    /console/spaces/{{space}}/model/code/{{language}}   303 -            -             anyone  nobody
GET    /console/spaces/{{space}}/model/code/{{language}}/{{file*}} 303 -            -             anyone  nobody
GET    {CONSOLE}/keys                                      303 -            -             anyone  nobody
POST   {CONSOLE}/keys                                      303 -            -             anyone  nobody
POST   {CONSOLE}/keys/{{key}}/revoke                       303 -            -             anyone  nobody
POST   {CONSOLE}/keys/signed-ids                           303 -            -             anyone  nobody
GET    {CONSOLE}/imports                                   303 -            -             anyone  nobody
POST   {CONSOLE}/imports                                   303 -            -             anyone  nobody
GET    {CONSOLE}/imports/{{upload}}                        303 -            -             anyone  nobody
POST   {CONSOLE}/imports/{{upload}}/columns                303 -            -             anyone  nobody
POST   {CONSOLE}/imports/{{upload}}/start                  303 -            -             anyone  nobody
POST   {CONSOLE}/imports/{{upload}}/discard                303 -            -             anyone  nobody
GET    {CONSOLE}/imports/{{upload}}/rejects                303 -            -             anyone  nobody
GET    {CONSOLE}/live                                      303 -            -             anyone  nobody
GET    {CONSOLE}/live/stream                               303 -            -             anyone  nobody
GET    {CONSOLE}/tribes                                    303 -            -             anyone  nobody
GET    {CONSOLE}/tribe-history                             303 -            -             anyone  nobody
GET    {CONSOLE}/new-tribe                                 303 -            -             anyone  nobody
POST   {CONSOLE}/new-tribe                                 303 -            -             anyone  nobody
GET    {CONSOLE}/tribes/{{tribe}}                          303 -            -             anyone  nobody
GET    {CONSOLE}/tribes/{{tribe}}/edit                     303 -            -             anyone  nobody
POST   {CONSOLE}/tribes/{{tribe}}/edit                     303 -            -             anyone  nobody
POST   {CONSOLE}/tribes/{{tribe}}/delete                   303 -            -             anyone  nobody
GET    {CONSOLE}/tribes/{{tribe}}/explanation              303 -            -             anyone  nobody
POST   {CONSOLE}/tribes/{{tribe}}/exports                  303 -            -             anyone  nobody
GET    {CONSOLE}/tribes/{{tribe}}/exports/{{export}}       303 -            -             anyone  nobody
GET    {CONSOLE}/tribes/{{tribe}}/exports/{{export}}/content 303 -            -             anyone  nobody
GET    {CONSOLE}/users                                     303 -            -             anyone  nobody
GET    {CONSOLE}/users/{{user}}                            303 -            -             anyone  nobody
GET    {CONSOLE}/users/{{user}}/everything                 303 -            -             anyone  nobody
POST   {CONSOLE}/users/{{user}}/tags                       303 -            -             anyone  nobody
POST   {CONSOLE}/users/{{user}}/tags/remove                303 -            -             anyone  nobody
POST   {CONSOLE}/users/{{user}}/erase                      303 -            -             anyone  nobody
GET    {CONSOLE}/visitors                                  303 -            -             anyone  nobody
GET    {CONSOLE}/visitors/{{visitor}}                      303 -            -             anyone  nobody
GET    {CONSOLE}/visitors/{{visitor}}/everything           303 -            -             anyone  nobody
POST   {CONSOLE}/visitors/{{visitor}}/erase                303 -            -             anyone  nobody
POST   {CONSOLE}/visitors/{{visitor}}/tags                 303 -            -             anyone  nobody
POST   {CONSOLE}/visitors/{{visitor}}/tags/remove          303 -            -             anyone  nobody
GET    {CONSOLE}/user-tags                                 303 -            -             anyone  nobody
POST   {CONSOLE}/user-tags/delete                          303 -            -             anyone  nobody
GET    {CONSOLE}/delivery                                  303 -            -             anyone  nobody
GET    {CONSOLE}/delivery/entities/{{entity}}              303 -            -             anyone  nobody
GET    {CONSOLE}/delivery/entities/{{entity}}/scenario     303 -            -             anyone  nobody
POST   {CONSOLE}/delivery/entities/{{entity}}/scenario     303 -            -             anyone  nobody
GET    {CONSOLE}/delivery/review                           303 -            -             anyone  nobody
POST   {CONSOLE}/delivery/push                             303 -            -             anyone  nobody
GET    {CONSOLE}/delivery/compare                          303 -            -             anyone  nobody
GET    {CONSOLE}/delivery/history                          303 -            -             anyone  nobody
GET    {CONSOLE}/delivery/preview                          303 -            -             anyone  nobody
GET    /assets/{{name}}                                    404 -            -             anyone  nobody
GET    /demo                                               404 -            -             anyone  nobody
GET    /demo/code                                          404 -            -             anyone  nobody
GET    /demo/code/{{language}}                             404 -            -             anyone  nobody
GET    /demo/code/{{language}}/{{file*}}                   404 -            -             anyone  nobody
GET    /demo/configuration.json                            404 -            -             anyone  nobody
GET    /demo/{{name}}                                      404 -            -             anyone  nobody
GET    /demo/mtspace/vod/{{file*}}                         404 -            -             anyone  nobody
POST   /v2/tokens/revoke                                   204 -            -             anyone  nobody

GET    /v2/me                                              200 -            -             token   nobody
GET    /v2/organizations                                   200 -            -             token   organizations
GET    {OLD}/organizations                                 200 -            -             token   organizations
GET    /v2/spaces                                          200 spaces:read  -             token   spaces
GET    {OLD}/spaces                                        200 spaces:read  -             token   spaces
GET    /v2/tokens                                          200 -            -             token   nobody
POST   /v2/tokens                                          201 -            -             sign-in nobody
DELETE /v2/tokens/{{token}}                                204 spaces:write administrator token   nobody

POST   /v2/organizations                                   201 spaces:write administrator sign-in nobody

GET    {ORGANIZATION}                                      200 -            viewer        token   organization
PATCH  {ORGANIZATION}                                      200 spaces:write administrator token   organization
DELETE {ORGANIZATION}                                      409 spaces:write administrator sign-in nobody
GET    {ORGANIZATION}/members                              200 spaces:read  developer     token   organization
POST   {ORGANIZATION}/members                              201 spaces:write administrator sign-in organization
PATCH  {ORGANIZATION}/members/{{member}}                   200 spaces:write administrator sign-in organization
DELETE {ORGANIZATION}/members/{{member}}                   204 spaces:write administrator token   organization
GET    {ORGANIZATION}/invitations                          200 spaces:read  administrator token   organization
DELETE {ORGANIZATION}/invitations/{{invitation}}           204 spaces:write administrator token   organization
GET    {ORGANIZATION}/service-accounts                     200 spaces:read  developer     token   organization
POST   {ORGANIZATION}/service-accounts                     201 spaces:write developer     sign-in organization
DELETE {ORGANIZATION}/service-accounts/{{service_account}} 204 spaces:write developer     token   organization
GET    {ORGANIZATION}/audit                                200 spaces:read  administrator token   organization
GET    {ORGANIZATION}/spaces                               200 spaces:read  viewer        token   spaces
POST   {ORGANIZATION}/spaces                               201 spaces:write developer     token   organization

GET    {SPACE}                                             200 spaces:read  viewer        token   place
GET    {OLD}/spaces/{{space}}                              200 spaces:read  viewer        token   place
PATCH  {SPACE}                                             200 spaces:write developer     token   place
DELETE {SPACE}                                             204 spaces:write developer     token   place
GET    {SPACE}/model                                       200 spaces:read  viewer        token   place
PUT    {SPACE}/model                                       200 spaces:write developer     token   nobody
GET    {SPACE}/model/revisions                             200 spaces:read  developer     token   place
POST   {SPACE}/model/diff                                  200 spaces:read  viewer        token   nobody
POST   {SPACE}/code                                        200 code:read    viewer        token   place
GET    {SPACE}/environments                                200 spaces:read  viewer        token   nobody
GET    {SPACE}/tribes                                      200 tribes:read  viewer        token   place
PUT    {SPACE}/tribes                                      200 tribes:write developer     token   place
POST   {SPACE}/tribes/impact                               200 tribes:write+users:read developer token place
GET    {SPACE}/tribes/revisions                            200 tribes:read  developer     token   place
GET    {SPACE}/tribes/{{tribe}}                            200 tribes:read  viewer        token   place
PUT    {SPACE}/tribes/{{tribe}}                            200 tribes:write developer     token   place
DELETE {SPACE}/tribes/{{tribe}}                            204 tribes:write developer     token   place

GET    {HERE}                                              200 spaces:read  viewer        token   nobody
GET    {HERE}/delivery                                     200 spaces:read  viewer        token   place
PUT    {HERE}/delivery                                     200 spaces:write developer     token   place
GET    {HERE}/delivery/revisions                           200 spaces:read  developer     token   place
GET    {HERE}/delivery/diff                                200 spaces:read  viewer        token   place
POST   {HERE}/delivery/restore                             200 spaces:write developer     token   place
POST   {HERE}/delivery/impact                              200 spaces:write+users:read developer token place
POST   {HERE}/publish                                      200 spaces:write developer     token   place
POST   {HERE}/unpublish                                    200 spaces:write developer     token   place
GET    {HERE}/keys                                         200 spaces:read  viewer        token   place
POST   {HERE}/keys                                         201 spaces:write developer     token   place
DELETE {HERE}/keys/{{key}}                                 204 spaces:write developer     token   place
GET    {HERE}/signed-ids                                   200 spaces:write developer     token   nobody
PUT    {HERE}/signed-ids                                   200 spaces:write developer     token   place
GET    {HERE}/events                                       200 events:read  developer     token   place
GET    {HERE}/events/stream                                200 events:read  developer     token   nobody
GET    {HERE}/event-names                                  200 events:read  viewer        token   place
GET    {HERE}/users                                        200 users:read   developer     token   place
POST   {HERE}/users                                        201 users:write  developer     token   place
GET    {HERE}/users/{{user}}                               200 users:read   developer     token   place
PATCH  {HERE}/users/{{user}}                               200 users:write  developer     token   place
DELETE {HERE}/users/{{user}}                               200 users:write  developer     token   place
GET    {HERE}/users/{{user}}/everything                    200 users:read   developer     token   place
PUT    {HERE}/users/{{user}}/tags/{{tag*}}                 204 users:write  developer     token   place
DELETE {HERE}/users/{{user}}/tags/{{tag*}}                 204 users:write  developer     token   place
GET    {HERE}/user-tags                                    200 users:read   developer     token   place
GET    {HERE}/visitors                                     200 users:read   developer     token   place
DELETE {HERE}/user-tags/{{tag*}}                           204 users:write  developer     token   place
GET    {HERE}/visitors/{{visitor}}                         200 users:read   developer     token   place
DELETE {HERE}/visitors/{{visitor}}                         200 users:write  developer     token   place
GET    {HERE}/visitors/{{visitor}}/everything              200 users:read   developer     token   place
PUT    {HERE}/visitors/{{visitor}}/tags/{{tag*}}           204 users:write  developer     token   place
DELETE {HERE}/visitors/{{visitor}}/tags/{{tag*}}           204 users:write  developer     token   place
GET    {OLD}/spaces/{{space}}/users                        200 users:read   developer     token   place
POST   {OLD}/spaces/{{space}}/users                        201 users:write  developer     token   place
GET    {OLD}/spaces/{{space}}/users/{{user}}               200 users:read   developer     token   place
PUT    {HERE}/imports/{{import}}/parts/{{part}}            200 users:write  developer     token   place
POST   {HERE}/imports/{{import}}/complete                  200 users:write  developer     token   place
GET    {HERE}/imports/{{import}}                           200 users:read   developer     token   nobody
GET    {OLD}/spaces/{{space}}/tribes                       200 tribes:read  viewer        token   place
GET    {OLD}/spaces/{{space}}/tribes/{{tribe}}             200 tribes:read  viewer        token   place
GET    {OLD}/spaces/{{space}}/tribes/{{tribe}}/users       200 users:read+tribes:read developer token place
GET    {HERE}/tribes/{{tribe}}/users                       200 users:read+tribes:read developer token place
GET    {HERE}/tribes/{{tribe}}/count                       200 tribes:read  viewer        token   nobody
GET    {HERE}/tribes/{{tribe}}/explanation                 200 users:read+tribes:read developer token place
POST   {HERE}/session-explanation                          200 users:read+tribes:read+spaces:read developer token place
POST   {HERE}/tribes/{{tribe}}/exports                     202 users:read+tribes:read developer token place
POST   {HERE}/events/exports                               202 events:read  developer     token   place
GET    {HERE}/exports/{{export}}                           200 users:read+tribes:read developer token nobody
GET    {HERE}/exports/{{export}}/content                   200 users:read+tribes:read developer token place

POST   /api/client/sessions                                200 -            -             app     place
GET    /api/client/sessions/{{session}}/changes            200 -            -             app     place
POST   /api/client/events                                  204 -            -             app     place
POST   /api/client/identify                                204 -            -             app     place
POST   /api/client/alias                                   204 -            -             app     place
POST   /api/client/devices                                 204 -            -             app     place

POST   /ofrep/v1/evaluate/flags                            200 -            -             app     place
POST   /ofrep/v1/evaluate/flags/{{flag*}}                  200 -            -             app     place
GET    /ofrep/v1/event-stream                              401 -            -             anyone  nobody
"""

ROLES = ("viewer", "developer", "administrator")


@dataclass(frozen=True)
class Row:
    """A route, and what it takes."""

    method: str
    path: str
    status: int
    scopes: frozenset[str]
    role: str
    who: str
    shows: str

    @property
    def name(self) -> str:
        """How it is called in the table of routes."""
        return f"{self.method} {self.path}"

    @property
    def has_place(self) -> bool:
        """Whether the path names an organization or a Space."""
        return "{organization}" in self.path or "{space}" in self.path


def rows() -> Iterator[Row]:
    """The table."""
    for line in filter(None, TABLE.splitlines()):
        method, path, status, scopes, role, who, shows = line.split()
        needed = frozenset() if scopes == "-" else frozenset(scopes.split("+"))
        yield Row(method, path, int(status), needed, role, who, shows)


@dataclass(frozen=True)
class Credential:
    """Who asks: what they are refused everywhere, or what they have, by the places of `world.py`.

    `refused` is 401 for what opens nothing. `sees` are the places that exist for them, with their role there.
    """

    kind: str  # none, app, token, sign-in, service
    sees: Mapping[str, str]
    scopes: frozenset[str]


ALL = frozenset(
    [
        "spaces:read",
        "spaces:write",
        "code:read",
        "users:read",
        "users:write",
        "tribes:read",
        "tribes:write",
        "events:read",
    ]
)
NO_SCOPES: frozenset[str] = frozenset()
OURS = ("acme", "vod", "radio")


def _person(kind: str, role: str, scopes: frozenset[str] = ALL, places: tuple[str, ...] = OURS) -> Credential:
    return Credential(kind, dict.fromkeys(places, role), scopes)


def _nobody() -> Credential:
    return Credential("none", {}, NO_SCOPES)


CREDENTIALS: Mapping[str, Credential] = {
    "none": _nobody(),
    "garbage": _nobody(),
    "another scheme": _nobody(),
    "a wrong checksum": _nobody(),
    "never issued": _nobody(),
    "expired": _nobody(),
    "revoked": _nobody(),
    "a refresh token": _nobody(),
    "a service account's secret": _nobody(),
    "a sign-in that was ended": _nobody(),
    "a revoked key": _nobody(),
    "a revoked service account": _nobody(),
    "a key": Credential("app", {"vod": "-"}, NO_SCOPES),
    "a key of staging": Credential("app", {"staging": "-"}, NO_SCOPES),
    "a key of the other organization": Credential("app", {"rival": "-"}, NO_SCOPES),
    "administrator": _person("token", "administrator"),
    "developer": _person("token", "developer"),
    "viewer": _person("token", "viewer"),
    **{f"only {scope}": _person("token", "administrator", frozenset({scope})) for scope in sorted(ALL)},
    "narrowed to the Space": _person("token", "administrator", places=("vod",)),
    "narrowed to another Space": _person("token", "administrator", places=("radio",)),
    "narrowed to the organization": _person("token", "administrator"),
    "narrowed to another organization": _person("token", "administrator", places=()),
    "narrowed to two Spaces by a developer": _person("token", "developer", places=("vod", "radio")),
    "administrator who signed in": _person("sign-in", "administrator"),
    "developer who signed in": _person("sign-in", "developer"),
    "viewer who signed in": _person("sign-in", "viewer"),
    "a sign-in for spaces:read": _person("sign-in", "administrator", frozenset({"spaces:read"})),
    "a service account": _person("service", "developer"),
    "a service account for code": _person("service", "developer", frozenset({"code:read"})),
    "a former member": _person("token", "-", places=()),
    "a former member who signed in": _person("sign-in", "-", places=()),
    "administrator there, viewer here": Credential(
        "token", {**dict.fromkeys(OURS, "viewer"), "twin": "administrator", "rival": "administrator"}, ALL
    ),
    "administrator here, viewer there": Credential(
        "sign-in", {**dict.fromkeys(OURS, "administrator"), "twin": "viewer", "rival": "viewer"}, ALL
    ),
    "the other organization's administrator": Credential(
        "sign-in", {"twin": "administrator", "rival": "administrator"}, ALL
    ),
}

SPACES = ("vod", "radio", "rival")
ORGANIZATIONS = ("acme", "twin")

OF_OAUTH = ("/oauth/token", "/oauth/revoke", "/oauth/device_authorization")
"""They read Basic credentials of a client there: what the form says as well is said twice (400), the rest is none."""

# Whose token it is decides besides: whoever may end the token that the grid names, a developer's of our organization.
MAY_END_THE_TOKEN = {
    "administrator", "narrowed to the organization", "only spaces:write", "administrator who signed in",
    "administrator here, viewer there", "developer who signed in",
}  # fmt: skip
MAY_NOT_FOR_WANT_OF_A_SCOPE = {
    "a sign-in for spaces:read",
    *(f"only {scope}" for scope in ALL - {"spaces:write"}),
}


def expected_status(row: Row, name: str, place: str) -> int:
    """The status that this credential gets of the route at a place of `world.py`."""
    credential = CREDENTIALS[name]
    if row.who == "anyone":
        return _of_anyone(row, name)
    if row.who == "app":
        return _of_app(row, name)
    if credential.kind in {"none", "app"}:
        return 401 if credential.kind == "none" else 403
    if row.name == "DELETE /v2/tokens/{token}":
        return 204 if name in MAY_END_THE_TOKEN else 403 if name in MAY_NOT_FOR_WANT_OF_A_SCOPE else 404
    if row.has_place and place not in credential.sees:
        return 404
    roles = [credential.sees[place]] if row.has_place else [*credential.sees.values()]  # without a place: anywhere
    lacks_role = row.role != "-" and not any(role in ROLES[ROLES.index(row.role) :] for role in roles)
    lacks_sign_in = row.who == "sign-in" and credential.kind != "sign-in"
    return 403 if lacks_role or lacks_sign_in or not row.scopes <= credential.scopes else row.status


def _of_anyone(row: Row, name: str) -> int:
    if row.path in OF_OAUTH and name != "none":
        return 400 if name == "another scheme" else 401
    return row.status


def _of_app(row: Row, name: str) -> int:
    if CREDENTIALS[name].kind != "app":
        return 403 if row.path.startswith("/ofrep/") and CREDENTIALS[name].kind != "none" else 401
    if row.path == "/api/client/sessions/{session}/changes" and name != "a key":
        return 404  # the session is of the production of `vod`
    return row.status


def expected_marks(row: Row, name: str, place: str) -> frozenset[str]:
    """Whose marks are in the answer of a route that shows any, or on what its effect touches."""
    sees = CREDENTIALS[name].sees
    if row.shows == "nobody":
        return frozenset()
    if row.shows == "organizations":
        return frozenset(each for each in ORGANIZATIONS if each in sees)
    if row.shows == "spaces":
        of_organization = {"acme": {"vod", "radio"}, "twin": {"rival"}}.get(place, set(SPACES))
        return frozenset(each for each in SPACES if each in sees and (not row.has_place or each in of_organization))
    if row.who == "app":
        return frozenset(sees)
    return frozenset({place})
