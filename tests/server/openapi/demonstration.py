"""A server with demo data for the samples of `/docs`, and what each sample needs to be there first."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from templates_server import schema, server_key
from templates_server.accounts.passwords import Passwords
from templates_server.demo import DemoFacts, seed
from templates_server.endpoint import Route
from templates_server.times import system_clock
from tests.people import OF_A_SIGN_IN, add_token
from tests.servers import RunningServer, running_server

USERS = "/v2/spaces/vod/environments/production/users"
IMPORT = "/v2/spaces/vod/environments/production/imports/crm-2026-11-21"
EXPORT_SECONDS = 30
ORGANIZATION = "/v2/organizations/acme"
SERVICE = {"name": "Nightly build", "scopes": ["code:read"]}


@dataclass(frozen=True)
class Demonstration:
    """A running demo, an administrator who has signed in there, and what the samples read from the environment."""

    server: RunningServer
    facts: DemoFacts
    client: httpx.Client
    variables: dict[str, str]

    def prepare(self, route: Route) -> None:
        """Bring about what the sample of a route needs."""
        needed = PREPARATIONS.get(f"{route.method} {route.path}")
        if needed is not None:
            needed(self)

    def send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """A request of the administrator; a refusal is a failure, but for what is there or gone already."""
        answer = self.client.request(method, path, json=body)
        assert answer.is_success or answer.status_code in {404, 409}, answer.text
        return answer


@contextlib.contextmanager
def demonstration(folder: Path) -> Iterator[Demonstration]:
    """A demo server, as `mtribes-server start --demo` has it."""
    with running_server(folder, demo=True, metrics=True) as server:
        passwords, key = Passwords(), server_key.load(folder)
        facts = server.database.write_now(
            lambda connection: seed(connection, system_clock(), key=key, hash_password=passwords.hash_now)
        )
        passwords.close()
        accounts = schema.accounts
        administrator = select(accounts.c.id).where(accounts.c.email == facts.people[0].email)
        account_id = server.database.read_now(lambda connection: str(connection.execute(administrator).scalar_one()))
        sign_in = add_token(server.database, OF_A_SIGN_IN, account_id=account_id)
        with server.client(Authorization=f"Bearer {sign_in}") as client:
            yield Demonstration(server, facts, client, _variables(server, facts, sign_in))


def _variables(server: RunningServer, facts: DemoFacts, sign_in: str) -> dict[str, str]:
    return {
        "MTRIBES_HOST": server.url,
        "MTRIBES_TOKEN": facts.token,
        "MTRIBES_KEY": facts.spaces["vod"]["production"],
        "MTRIBES_SIGN_IN": sign_in,
        "MTRIBES_CLIENT_ID": facts.service_account.client_id,
        "MTRIBES_CLIENT_SECRET": facts.service_account.client_secret,
        "REFRESH_TOKEN": "mtr_0000000000000000000000000000004UlIb5",
    }


def _no_space(demo: Demonstration) -> None:
    demo.send("DELETE", "/v2/spaces/radio")


def _a_new_space(demo: Demonstration) -> None:
    _no_space(demo)
    demo.send("POST", f"{ORGANIZATION}/spaces", {"key": "radio"})


def _no_other_organization(demo: Demonstration) -> None:
    keys = {one["key"] for one in demo.send("GET", "/v2/organizations").json()["data"]}
    if "acme-labs" in keys:
        demo.send("DELETE", "/v2/organizations/acme-labs")


def _another_organization(demo: Demonstration) -> None:
    _no_other_organization(demo)
    demo.send("POST", "/v2/organizations", {"key": "acme-labs"})


def _a_user(demo: Demonstration) -> None:
    demo.send("POST", USERS, [{"user_id": "ada", "tags": ["sports/football"]}, {"user_id": "casey"}])


def _made(name: str, path: str, body: Mapping[str, Any]) -> Callable[[Demonstration], None]:
    """Something new, whose id the sample finds in a variable."""

    def make(demo: Demonstration) -> None:
        demo.variables[name] = demo.send("POST", path, body).json()["data"][0]["id"]

    return make


def _no_invitation(demo: Demonstration) -> None:
    for invitation in demo.send("GET", f"{ORGANIZATION}/invitations").json()["data"]:
        demo.send("DELETE", f"{ORGANIZATION}/invitations/{invitation['id']}")


def _an_invitation(demo: Demonstration) -> None:
    _no_invitation(demo)
    _made("INVITATION", f"{ORGANIZATION}/members", {"email": "kay@example.com", "role": "viewer"})(demo)


def _no_service_account(demo: Demonstration) -> None:
    for account in demo.send("GET", f"{ORGANIZATION}/service-accounts").json()["data"]:
        if account["name"] == SERVICE["name"]:
            demo.send("DELETE", f"{ORGANIZATION}/service-accounts/{account['id']}")


def _a_service_account(demo: Demonstration) -> None:
    _no_service_account(demo)
    _made("SERVICE_ACCOUNT", f"{ORGANIZATION}/service-accounts", SERVICE)(demo)


def _a_member(demo: Demonstration) -> None:
    memberships, accounts, database = schema.memberships, schema.accounts, demo.server.database
    viewer = select(accounts.c.id).where(accounts.c.email == "viewer@acme.example.com").scalar_subquery()
    acme = select(schema.organizations.c.id).where(schema.organizations.c.key == "acme").scalar_subquery()
    row = {"organization_id": acme, "account_id": viewer, "role": "viewer"}
    with contextlib.suppress(IntegrityError):  # they are one already
        database.write_now(lambda connection: connection.execute(memberships.insert().values(row)))


def _a_tribe(demo: Demonstration) -> None:
    demo.send("PUT", "/v2/spaces/vod/tribes/night-owls", {"category": "Interest", "filters": [{"tag": "night"}]})


def _an_export(demo: Demonstration) -> None:
    here = "/v2/spaces/vod/environments/production"
    export = demo.send("POST", f"{here}/tribes/gold-members/exports", {"format": "csv"}).json()["data"][0]["export"]
    demo.variables["EXPORT"] = export
    deadline = time.monotonic() + EXPORT_SECONDS
    while demo.send("GET", f"{here}/exports/{export}").json()["data"][0]["rows"] is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _no_token(demo: Demonstration) -> None:
    for token in demo.send("GET", "/v2/tokens").json()["data"]:
        if token["name"] == "Build":
            demo.send("DELETE", f"/v2/tokens/{token['id']}")


def _a_session(demo: Demonstration) -> None:
    with demo.server.client(Authorization=f"Bearer {demo.variables['MTRIBES_KEY']}") as app:
        started = app.post("/api/client/sessions", json={"anonymous_id": "phone-1"})
    demo.variables["SESSION"] = started.json()["session"]


def _a_visitor_to_remove(demo: Demonstration) -> None:
    with demo.server.client(Authorization=f"Bearer {demo.variables['MTRIBES_KEY']}") as app:
        app.post("/api/client/identify", json={"anonymous_id": "phone-3"}).raise_for_status()


def _a_stream(demo: Demonstration) -> None:
    with demo.server.client(Authorization=f"Bearer {demo.variables['MTRIBES_KEY']}") as app:
        flags = app.post("/ofrep/v1/evaluate/flags", json={"context": {"targetingKey": "ada"}}).json()
    demo.variables["STREAM_TOKEN"] = flags["eventStreams"][0]["url"].rpartition("=")[2]


PREPARATIONS: Mapping[str, Callable[[Demonstration], None]] = {
    "GET /v2/spaces/{space}/environments/{environment}/visitors/{visitor}": _a_session,
    "GET /v2/spaces/{space}/environments/{environment}/visitors/{visitor}/everything": _a_session,
    "DELETE /v2/spaces/{space}/environments/{environment}/visitors/{visitor}": _a_visitor_to_remove,
    "PUT /v2/spaces/{space}/environments/{environment}/visitors/{visitor}/tags/{tag*}": _a_session,
    "DELETE /v2/spaces/{space}/environments/{environment}/visitors/{visitor}/tags/{tag*}": _a_session,
    "POST /v2/organizations": _no_other_organization,
    "DELETE /v2/organizations/{organization}": _another_organization,
    "POST /v2/organizations/{organization}/spaces": _no_space,
    "PATCH /v2/spaces/{space}": _a_new_space,
    "DELETE /v2/spaces/{space}": _a_new_space,
    "PUT /v2/spaces/{space}/model": _a_new_space,
    "POST /v2/spaces/{space}/model/diff": _a_new_space,
    "DELETE /v2/spaces/{space}/environments/{environment}/keys/{key}": _made(
        "KEY", "/v2/spaces/vod/environments/production/keys", {"name": "old"}
    ),
    "POST /v2/organizations/{organization}/members": _no_invitation,
    "DELETE /v2/organizations/{organization}/members/{member}": _a_member,
    "DELETE /v2/organizations/{organization}/invitations/{invitation}": _an_invitation,
    "POST /v2/organizations/{organization}/service-accounts": _no_service_account,
    "DELETE /v2/organizations/{organization}/service-accounts/{service_account}": _a_service_account,
    "PUT /v2/spaces/{space}/tribes": _a_new_space,
    "DELETE /v2/spaces/{space}/tribes/{tribe}": _a_tribe,
    "GET /v2/spaces/{space}/environments/{environment}/tribes/{tribe}/explanation": _a_user,
    "POST /v2/spaces/{space}/environments/{environment}/session-explanation": _a_user,
    "GET /v2/spaces/{space}/environments/{environment}/exports/{export}": _an_export,
    "GET /v2/spaces/{space}/environments/{environment}/exports/{export}/content": _an_export,
    "POST /v2/tokens": _no_token,
    "GET /api/client/sessions/{session}/changes": _a_session,
    "GET /ofrep/v1/event-stream": _a_stream,
    "DELETE /v2/tokens/{token}": _made("TOKEN_ID", "/v2/tokens", {"name": "old"}),
    **{
        f"{method} /v2/spaces/{{space}}/environments/{{environment}}/users/{{user}}{rest}": _a_user
        for method in ("GET", "PATCH", "DELETE", "PUT")
        for rest in ("", "/everything", "/tags/{tag*}")
    },
}
