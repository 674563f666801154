"""A server that puts given texts into every field, header and body that it can send."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from tests.cli.stub_server import ReceivedRequest, Reply, StubServer, data, refusal

SPACE = "/v2/spaces/vod"
PRODUCTION = f"{SPACE}/environments/production"
ROUTES = (
    ("GET", "/v2/me"),
    ("GET", "/v2/organizations"),
    ("GET", "/v2/organizations/acme/spaces"),
    ("POST", "/v2/organizations/acme/spaces"),
    ("GET", "/v2/spaces"),
    ("GET", SPACE),
    ("GET", f"{SPACE}/model"),
    ("PUT", f"{SPACE}/model"),
    ("POST", f"{SPACE}/model/diff"),
    ("POST", f"{SPACE}/code"),
    ("GET", f"{SPACE}/environments"),
    ("GET", f"{PRODUCTION}/delivery"),
    ("PUT", f"{PRODUCTION}/delivery"),
    ("POST", f"{PRODUCTION}/publish"),
    ("POST", f"{PRODUCTION}/unpublish"),
    ("GET", f"{PRODUCTION}/keys"),
    ("POST", f"{PRODUCTION}/keys"),
    ("DELETE", f"{PRODUCTION}/keys/pk_1"),
    ("GET", "/.well-known/oauth-authorization-server"),
    ("POST", "/oauth/token"),
    ("POST", "/oauth/revoke"),
)
STATUSES = (400, 401, 403, 404, 409, 412, 413, 418, 422, 426, 429, 500, 503)


def say_everywhere(stub_server: StubServer, texts: Sequence[str]) -> None:
    """Good answers, with the texts in place of every text: all of them where there is a list, else the first."""
    one = texts[0]
    organizations = [{"id": text, "key": text, "name": text, "role": text, "created": text} for text in texts]
    spaces = [_space(text) for text in texts]
    stub_server.on("GET", "/v2/me", data(_me(texts)))
    stub_server.on("GET", "/v2/organizations", data(*organizations))
    stub_server.on("GET", "/v2/organizations/acme/spaces", data(*spaces))
    stub_server.on("POST", "/v2/organizations/acme/spaces", data(_space(one), status=201))
    stub_server.on("GET", "/v2/spaces", data(*spaces))
    stub_server.on("GET", SPACE, data(_space(one)))
    stub_server.on("GET", f"{SPACE}/model", lambda asked: _document(asked, texts))
    stub_server.on("PUT", f"{SPACE}/model", data({"revision": 4, "code_hash": one, "changed": True}))
    stub_server.on("POST", f"{SPACE}/model/diff", data(_diff(texts)))
    stub_server.on("POST", f"{SPACE}/code", data(_code(texts)))
    stub_server.on("GET", f"{SPACE}/environments", data(*(_environment(text, texts[:3]) for text in texts)))
    stub_server.on("GET", f"{PRODUCTION}/delivery", lambda asked: _document(asked, texts))
    stub_server.on("PUT", f"{PRODUCTION}/delivery", data({"revision": 4, "changed": True}))
    for deed in ("publish", "unpublish"):
        stub_server.on("POST", f"{PRODUCTION}/{deed}", data({"revision": 4, "published": list(texts)}))
    stub_server.on("GET", f"{PRODUCTION}/keys", data(*(_key(text) for text in texts)))
    stub_server.on("POST", f"{PRODUCTION}/keys", data(_key(one), status=201))
    stub_server.on("DELETE", f"{PRODUCTION}/keys/pk_1", Reply(204))
    metadata = {"issuer": one, "authorization_endpoint": f"{stub_server.url}/{one}", "token_endpoint": one}
    stub_server.on("GET", "/.well-known/oauth-authorization-server", Reply(200, metadata))
    issued = {"access_token": one, "refresh_token": one, "token_type": one, "expires_in": 3600}
    stub_server.on("POST", "/oauth/token", Reply(200, issued))
    stub_server.on("POST", "/oauth/revoke", Reply(200, {}))


def say_of_key(stub_server: StubServer, key: str, texts: Sequence[str]) -> None:
    """The same for an organization and a Space that have a hostile key."""
    encoded = quote(key, safe="")
    stub_server.on("GET", f"/v2/organizations/{encoded}/spaces", data(*(_space(text) for text in texts)))
    stub_server.on("POST", f"/v2/spaces/{encoded}/code", data(_code(texts)))


def fail_everywhere(stub_server: StubServer, status: int, texts: Sequence[str]) -> None:
    """Failures in the envelope, with the texts in every field; OAuth's in its own form."""
    errors = [{"code": text, "message": text, "path": text} for text in texts]
    for method, path in ROUTES:
        stub_server.on(method, path, refusal(status, *errors))
    refused = {"error": texts[0], "error_description": texts[-1], "error_uri": texts[0]}
    for path in ("/oauth/token", "/oauth/revoke"):
        stub_server.on("POST", path, Reply(status, refused))


def answer_everywhere(stub_server: StubServer, reply: Reply) -> None:
    """The same to every question."""
    for method, path in ROUTES:
        stub_server.on(method, path, reply)


def header_value(text: str) -> str:
    """`text` as far as the stub server's HTTP library lets it into a header."""
    return text.encode("latin-1", "replace").decode("latin-1").replace("\r", "").replace("\n", "")[:2_000]


def _me(texts: Sequence[str]) -> Mapping[str, object]:
    organizations = [{"key": text, "role": text} for text in texts]
    one = texts[0]
    who = {"kind": one, "email": one, "name": one, "expires": one}
    return who | {"organizations": organizations, "scopes": list(texts)}


def _space(text: str) -> dict[str, object]:
    space = {"id": text, "key": text, "name": text, "organization": text}
    return space | {"revision": 3, "created": text, "updated": text}


def _environment(text: str, published: Sequence[str]) -> dict[str, object]:
    return {"name": text, "revision": 3, "published": list(published), "keys": 1}


def _key(text: str) -> dict[str, object]:
    return {"id": text, "name": text, "key": text, "created": text, "revoked": text}


def _diff(texts: Sequence[str]) -> dict[str, object]:
    changes = [
        {
            "path": text,
            "kind": text,
            "breaking": number % 2 == 0,
            "identifiers": [{"language": text, "before": text, "after": None}],
        }
        for number, text in enumerate(texts)
    ]
    return {"revision": 3, "breaking": True, "changes": changes}


def _code(texts: Sequence[str]) -> dict[str, Any]:
    """Code that may be written, whose text is hostile; for a terminal that is shown the difference."""
    content = "\n".join(texts).replace("\r", "") + "\n"
    sha256 = hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()
    files = [{"path": "index.ts", "content": content, "sha256": sha256}]
    target = {"language": "typescript", "options": {texts[0]: texts[0]}, "files": files}
    source = {"revision": 7, "code_hash": texts[0], "generator": texts[0]}
    return source | {"unchanged": False, "targets": [target]}


def _document(asked: ReceivedRequest, texts: Sequence[str]) -> Reply:
    """A document of the asked form. As YAML it is as little checked here as a pull checks it."""
    if "yaml" in asked.headers.get("accept", ""):
        text = "\n".join(f"name: {text}" for text in texts)
        return Reply(200, text.encode("utf-8", "replace"), {"Content-Type": "application/yaml"})
    return data({text: [text, {text: text}] for text in texts})
