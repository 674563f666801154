"""A demo server with all that sound requests to its routes need: made anew in rounds, as hostile ones use it up."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

import httpx
import msgspec

from templates_server.features.api_docs.examples import part_of
from templates_server.features.pages.browser_session import BrowserContext, form_token
from templates_server.http.route import Route
from templates_server.http.route_docs import PAGE, ParameterDocs
from templates_server.routes import ROUTES
from templates_server.security import server_key
from tests.fuzz import app_data
from tests.fuzz.raw_exchange import exchange
from tests.server.features.auth.flows import REDIRECT, VERIFIER, answered, authorization, hidden_fields

ORGANIZATION = "/v2/organizations/acme"
SPACE = "/v2/spaces/vod"
HERE = f"{SPACE}/environments/production"
CONSENT = f"/oauth/authorize?{urlencode(sorted(authorization().items()))}"
EXPORT_SECONDS = 30
PASSWORD = "a long enough password"
NEW_COOKIE = "k" * 43
"""What a browser sends where nobody has signed in."""
MEMBER_ROLE = {"role": "viewer"}
ANY_REVISION = {"If-Match": "*"}
OF_ONE_ROUTE: Mapping[str, Mapping[str, str]] = {
    "DELETE /v2/spaces/{space}": {"space": "radio"},
    "GET /assets/{name}": {"name": "asset"},
    "GET /demo/{name}": {"name": "app.js"},
    "PATCH /v2/organizations/{organization}/members/{member}": {"member": "viewer@acme.example.com"},
    "DELETE /v2/spaces/{space}/tribes/{tribe}": {"tribe": "old"},
    "POST /v2/spaces/{space}/environments/{environment}/imports/{import}/complete": {"import": "whole"},
    "DELETE /v2/spaces/{space}/environments/{environment}/user-tags/{tag*}": {"tag": "sports"},
    "DELETE /v2/spaces/{space}/environments/{environment}/users/{user}": {"user": "casey"},
}
"""Parts of paths that lead elsewhere than on the other routes: what is deleted is not what all others work on.

A text that is one of the stage's names stands for what is called so.
"""


@dataclass
class Stage:
    """A server, an administrator who has signed in, a developer's browser, and names of what is there."""

    url: str
    folder: Path
    administrator: httpx.Client
    browser: httpx.Client
    people: Mapping[str, Mapping[str, str]]
    """Who may sign in: e-mail address and password, by role."""
    key: str
    service: Mapping[str, str]
    names: dict[str, str] = field(default_factory=dict)
    """What stands in paths, by the name of the part."""
    documents: dict[str, Any] = field(default_factory=dict)
    """Documents as the demo has them, and with what it has not, by path."""
    cursors: dict[str, str] = field(default_factory=dict)
    """Where the second page begins, by route."""
    rounds: int = 0

    @classmethod
    def of(cls, folder: Path) -> Stage:
        """Return the stage of the demo server that works on a data folder."""
        facts = json.loads((folder / "demo.json").read_text(encoding="utf-8"))
        url = facts["host"]
        people = {f"{person['role']}@{person['organization']}": person for person in facts["people"]}
        with new_client(url) as browser:
            sign_in(browser, people["administrator@acme"])
            token = token_of(browser)
        stage = cls(
            url,
            folder,
            new_client(url, Authorization=f"Bearer {token}"),
            new_client(url),
            people,
            facts["spaces"]["vod"]["production"],
            facts["service_account"],
        )
        sign_in(stage.browser, people["developer@acme"])
        stage.names["asset"] = re.findall(r"/assets/([\w.-]+)", stage.browser.get("/").text)[0]
        for path in (f"{SPACE}/model", f"{SPACE}/tribes", f"{HERE}/delivery"):
            stage.documents[path] = stage.send("GET", path)[0]
        stage.documents[f"{SPACE}/model"] |= app_data.MODELLED
        stage.documents[f"{SPACE}/tribes"]["tribes"] |= app_data.TRIBES
        return stage

    @property
    def token(self) -> str:
        """The administrator's access token."""
        return self.administrator.headers["Authorization"].partition(" ")[2]

    def close(self) -> None:
        """Close the connections."""
        self.administrator.close()
        self.browser.close()

    def exchange(self, request: bytes, *, seconds: float) -> bytes:
        """Return what the server answers until it ends the connection, or for so long."""
        return exchange(self.url, request, seconds=seconds)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Sequence[Any]:
        """Return what the administrator gets; a refusal is a failure, but for what is there or gone already."""
        answer = self.administrator.request(method, path, json=body, headers=headers)
        assert answer.is_success or answer.status_code in {404, 409}, (method, path, answer.text)
        return answer.json()["data"] or () if answer.content else ()

    def renew(self) -> None:
        """Make anew what hostile requests have used up, or have made and need not be there again."""
        self.rounds += 1
        self._renew_space()
        self._renew_people()
        self._renew_accounts()
        self._renew_browser()
        self._renew_jobs()

    def _renew_space(self) -> None:
        for space in self.send("GET", f"{ORGANIZATION}/spaces"):
            if space["key"] not in {"vod", "world", "sports"}:
                self.send("DELETE", f"/v2/spaces/{quote(space['key'], safe='')}")
        self.send("POST", f"{ORGANIZATION}/spaces", {"key": "radio"})
        for path, document in self.documents.items():
            self.send("PUT", path, {**document, "revision": None}, **ANY_REVISION)
        for key in self.send("GET", f"{HERE}/keys"):
            if key["key"] != self.key:
                self.send("DELETE", f"{HERE}/keys/{key['id']}")
        self.names["key"] = self.send("POST", f"{HERE}/keys", {"name": "old"})[0]["id"]
        self.send("PUT", f"{SPACE}/tribes/old", {"filters": [{"tag": "old"}]})
        self.send("PUT", f"{HERE}/signed-ids", {"required": False})

    def _renew_people(self) -> None:
        self.send("POST", f"{HERE}/users", [{"user_id": "ada", "tags": ["sports/football"]}, {"user_id": "casey"}])
        app = {"Authorization": f"Bearer {self.key}"}
        with new_client(self.url, **app) as client:
            started = client.post("/api/client/sessions", json=app_data.SESSION).raise_for_status()
            for events in (app_data.EVENTS, app_data.hostile_events()):
                client.post("/api/client/events", json=events).raise_for_status()
        self.names["session"] = started.json()["session"]
        for route in (one for one in ROUTES if PAGE[0] in one.takes):
            self._renew_cursor(route)

    def _renew_cursor(self, route: Route) -> None:
        """Find out where the second page of a list begins."""
        path = re.sub(r"\{(\w+)\*?\}", lambda match: quote(self.part(route, match[1]), safe=""), route.path)
        answer = self.administrator.get(path, params={"limit": 1})
        if found := re.search(r"[?&]cursor=([^&>]+)", answer.headers.get("link", "")):
            self.cursors[f"{route.method} {route.path}"] = unquote(found[1])

    def query(self, route: Route, given: ParameterDocs) -> str:
        """Return what stands for a parameter of a route."""
        if given.name == "cursor":
            return self.cursors.get(f"{route.method} {route.path}", "")
        return "1" if given.example is None else str(given.example)

    def _renew_accounts(self) -> None:
        for kind in ("invitations", "service-accounts"):
            for old in self.send("GET", f"{ORGANIZATION}/{kind}"):
                if old["id"] != self.service["client_id"]:
                    self.send("DELETE", f"{ORGANIZATION}/{kind}/{old['id']}")
        for token in self.send("GET", "/v2/tokens"):
            self.send("DELETE", f"/v2/tokens/{token['id']}")
        self.names["member"] = f"kay-{self.rounds - 1}@example.com"
        invited = {"email": f"kay-{self.rounds}@example.com", **MEMBER_ROLE}
        invitation = self.send("POST", f"{ORGANIZATION}/members", invited)[0]
        self.names |= {"invitation": invitation["id"], "code": invitation["link"].rpartition("/")[2]}
        account = {"name": "Build", "scopes": ["code:read"]}
        self.names["service_account"] = self.send("POST", f"{ORGANIZATION}/service-accounts", account)[0]["id"]
        self.names["token"] = self.send("POST", "/v2/tokens", {"name": "old"})[0]["id"]

    def _renew_browser(self) -> None:
        if self.browser.get("/device").status_code != 200:
            sign_in(self.browser, self.people["developer@acme"])
        asked = httpx.post(f"{self.url}/oauth/device_authorization", data={"client_id": "mtribes-cli"}, trust_env=False)
        self.names["user_code"] = asked.json()["user_code"].replace("-", "")

    def _renew_jobs(self) -> None:
        self.names |= {"import": f"open-{self.rounds}", "whole": f"whole-{self.rounds}"}
        for name in ("import", "whole"):
            self.administrator.put(
                f"{HERE}/imports/{self.names[name]}/parts/1",
                content=b'{"user_id": "ada"}\n',
                headers={"Content-Type": "application/x-ndjson"},
            ).raise_for_status()
        export = self.send("POST", f"{HERE}/tribes/gold-members/exports", {"format": "csv"})[0]["export"]
        self.names["export"] = export
        deadline = time.monotonic() + EXPORT_SECONDS
        while self.send("GET", f"{HERE}/exports/{export}")[0]["rows"] is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        self.names["upload"] = self._send_file()

    def _send_file(self) -> str:
        """Return the id of a CSV file that the developer at the browser has sent."""
        route = next(one for one in ROUTES if (one.method, one.path) == ("POST", f"{CONSOLE}/imports"))
        path = re.sub(r"\{(\w+)\}", lambda match: self.part(route, match[1]), route.path)
        answer = self.browser.post(path, data=self.body(route), files={"file": ("users.csv", b"user_id\nada\n")})
        assert answer.status_code == 303, answer.text
        return urlsplit(answer.headers["location"]).path.rpartition("/")[2]

    def part(self, route: Route, name: str) -> str:
        """Return what stands for a part of a route's path."""
        known = {
            "organization": "acme",
            "space": "vod",
            "environment": "production",
            "part": "2",
            **self.names,
        }
        for part, text in OF_ONE_ROUTE.get(f"{route.method} {route.path}", {}).items():
            known[part] = self.names.get(text, text)
        return known.get(name) or part_of(route, name).example.strip("$")

    def headers(self, route: Route) -> Mapping[str, str]:
        """Return what a request to a route says besides."""
        if any(given.name == "If-Match" for given in route.takes):
            return ANY_REVISION
        return {"Cookie": f"{self.cookie_name}={self.cookie_for(route)}"} if str(route.surface) == "page" else {}

    @property
    def cookie_name(self) -> str:
        """The name of the browser's cookie."""
        return next(
            cookie.name
            for cookie in self.browser.cookies.jar
            if not cookie.name.endswith(("_known", "_kept", "_notice"))
        )

    def cookie_for(self, route: Route) -> str:
        """Return the developer's cookie, or that of a new browser where nobody may have signed in."""
        if route.path in {"/sign-in", "/invitation/{code}"}:
            return NEW_COOKIE
        return str(self.browser.cookies[self.cookie_name])

    def body(self, route: Route) -> Any:
        """Return a sound body of a route, as values of JSON, pairs of a form, or rows; None where it has none."""
        name = f"{route.method} {route.path}"
        if name in FORMS:
            purpose, fields = FORMS[name]
            browser = BrowserContext(self.cookie_for(route))
            told = {field: text.format(**self.names, **self.people["viewer@acme"]) for field, text in fields.items()}
            purpose = purpose.format(**self.names)
            return {"form_token": form_token(server_key.load(self.folder), browser, purpose), **told}
        if name == "POST /v2/organizations/{organization}/spaces":
            return {"key": "fresh", "name": "Fresh"}
        if name in app_data.BODIES:
            return app_data.BODIES[name]
        if name == "POST /oauth/token":
            return {"grant_type": "client_credentials", **self.service}
        path = route.path.replace("{space}", "vod").replace("{environment}", "production")
        if route.method == "PUT" and path in self.documents:
            return self.documents[path]
        if path == f"{SPACE}/model/diff":
            return self.documents[f"{SPACE}/model"]
        if isinstance(route.example, bytes):
            return [json.loads(line) for line in json.loads(msgspec.json.encode(route.example.decode())).splitlines()]
        return json.loads(msgspec.json.encode(route.example)) if route.example is not None else None


CONSOLE = "/console/spaces/{space}/environments/{environment}"
FORMS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "POST /sign-in": ("sign-in", {"email": "{email}", "password": "{password}", "next": "/device"}),
    "POST /sign-out": ("sign-out", {}),
    "POST /oauth/authorize": (f"consent {CONSENT}", {"decision": "allow"}),
    "POST /device": ("device code", {"user_code": "{user_code}"}),
    "POST /device/decision": ("device consent {user_code}", {"user_code": "{user_code}", "decision": "allow"}),
    "POST /invitation/{code}": ("invitation {code}", {"name": "Kay", "password": PASSWORD, "repeated": PASSWORD}),
    f"POST {CONSOLE}/users/{{user}}/tags": ("add tag", {"tag": "sports/boxing"}),
    f"POST {CONSOLE}/users/{{user}}/tags/remove": ("remove tag", {"tag": "sports/boxing"}),
    f"POST {CONSOLE}/users/{{user}}/erase": ("erase user", {"confirmation": "casey"}),
    f"POST {CONSOLE}/visitors/{{visitor}}/erase": ("erase visitor", {"confirmation": "phone-2"}),
    f"POST {CONSOLE}/visitors/{{visitor}}/tags": ("add visitor tag", {"tag": "sports/boxing"}),
    f"POST {CONSOLE}/visitors/{{visitor}}/tags/remove": ("remove visitor tag", {"tag": "sports/boxing"}),
    f"POST {CONSOLE}/user-tags/delete": ("delete user tag", {"tag": "old"}),
    f"POST {CONSOLE}/imports": ("upload import", {"key": "x"}),
    f"POST {CONSOLE}/imports/{{upload}}/columns": ("map import", {"becomes-0": "user_id"}),
    f"POST {CONSOLE}/imports/{{upload}}/start": ("start import", {}),
    f"POST {CONSOLE}/imports/{{upload}}/discard": ("discard import", {}),
    "POST /account/tokens": ("create token", {"name": "CI", "scope": "code:read", "days": "7", "spaces": ""}),
    "POST /account/password": ("change password", {"present": "x", "password": PASSWORD, "repeated": PASSWORD}),
    "POST /console/organizations": (
        "create organization",
        {"key": "x", "organization_key": "fuzzed", "name": "Fuzzed"},
    ),
    "POST /console/organizations/{organization}/rename": ("rename organization", {"organization_name": "Fuzzed"}),
    "POST /console/organizations/{organization}/delete": ("delete organization", {"confirmation": "not the key"}),
    "POST /console/organizations/{organization}": ("create space", {"key": "x", "space_key": "fuzzed", "name": "F"}),
    "POST /console/organizations/{organization}/members": ("invite member", {"email": "f@a.example", "role": "viewer"}),
    "POST /console/organizations/{organization}/members/role": (
        "change role",
        {"key": "x", "member": "{email}", "role": "viewer"},
    ),
    "POST /console/organizations/{organization}/service-accounts": (
        "create service account",
        {"key": "x", "name": "Nightly", "scopes": "code:read"},
    ),
    "POST /console/spaces/{space}/rename": ("rename space", {"name": "Fuzzed"}),
    "POST /console/spaces/{space}/delete": ("delete space", {"confirmation": "not the key"}),
    "POST /console/spaces/{space}/environments/{environment}/keys": ("create key", {"key": "x", "name": "Fuzzed"}),
    "POST /console/spaces/{space}/environments/{environment}/keys/signed-ids": ("signed ids", {"deed": "off"}),
    "POST /console/spaces/{space}/environments/{environment}/new-tribe": (
        "create tribe",
        {"act": "count", "as": "document", "name": "Fuzzed", "yaml": "filters: []"},
    ),
    "POST /console/spaces/{space}/environments/{environment}/tribes/{tribe}/edit": (
        "change tribe",
        {"act": "count", "as": "document", "name": "Fuzzed", "yaml": "filters: []"},
    ),
    "POST /console/spaces/{space}/model": ("save model", {"document": "experiences: {{}}", "deed": "review"}),
    "POST /console/spaces/{space}/model/parts/{template}": (
        "change model",
        {"deed": "review", "revision": "1", "part_key": "fuzzed", "r0-key": "title", "r0-type": "text"},
    ),
    "POST /console/spaces/{space}/environments/{environment}/delivery/entities/{entity}/scenario": (
        "edit scenario",
        {"deed": "review", "scenario": "default", "enabled": "yes", "p.sticky": "off", "p.background": "#aabbcc"},
    ),
    "POST /console/spaces/{space}/environments/{environment}/delivery/push": (
        "push delivery",
        {"change": '{{"deed":"unpublish","collection":"homepage"}}', "base": "1"},
    ),
}
"""The purpose of each form, and its fields besides the token."""


def new_client(url: str, **headers: str) -> httpx.Client:
    """Return a client of a server."""
    return httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False)


def sign_in(browser: httpx.Client, person: Mapping[str, str]) -> None:
    """Fill in the form to sign in."""
    page = browser.get("/sign-in")
    fields = {**hidden_fields(page.text), "email": person["email"], "password": person["password"]}
    assert browser.post("/sign-in", data=fields).status_code == 303


def token_of(browser: httpx.Client) -> str:
    """Return the access token of a command line that the person at a browser has let in."""
    fields = {**hidden_fields(browser.get(CONSENT).text), "decision": "allow"}
    code = answered(browser.post(CONSENT, data=fields).headers["location"])["code"]
    wanted = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
        "client_id": "mtribes-cli",
    }
    return str(browser.post("/oauth/token", data=wanted).raise_for_status().json()["access_token"])
