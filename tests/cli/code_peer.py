"""A server for tests of writing: real HTTP, and code that the test itself states. No rendering, no storage."""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "mtp_for_the_peer"
GENERATOR = "1.0.0"

HERO = "export const hero = 1;\n"
INDEX = 'export * from "./experience/hero.js";\n'
FILES = {".gitattributes": "* linguist-generated=true\n", "index.ts": INDEX, "experience/hero.ts": HERO}


@dataclass
class Peer:
    """What the server says, for the test to change at will."""

    url: str = ""
    files: dict[str, dict[str, str]] = field(default_factory=lambda: {"vod": dict(FILES)})  # by Space
    revision: int = 1
    generator: str = GENERATOR
    status: int = 200
    bent: Mapping[str, Any] = field(default_factory=dict)  # fields of the answer in place of the right ones
    requests: list[dict[str, Any]] = field(default_factory=list)

    def code(self, space: str, asked: dict[str, Any]) -> dict[str, Any]:
        """The answer to a code request."""
        code_hash = hashlib.sha256(json.dumps([self.generator, self.files[space]]).encode()).hexdigest()
        unchanged = asked.get("if_code_hash") == code_hash
        targets = [] if unchanged else [self._target(space, target) for target in asked["targets"]]
        right = {
            "revision": asked.get("revision") or self.revision,
            "code_hash": code_hash,
            "generator": self.generator,
            "unchanged": unchanged,
            "targets": targets,
        }
        return right | dict(self.bent)

    def _target(self, space: str, target: dict[str, Any]) -> dict[str, Any]:
        files = [
            {"path": path, "content": text, "sha256": hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()}
            for path, text in self.files[space].items()
        ]
        return target | {"files": files}


@contextmanager
def serving() -> Iterator[Peer]:
    """A peer that answers on a port of its own until the block ends."""
    peer = Peer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"peer": peer}))
    peer.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield peer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    peer: Peer

    def do_GET(self) -> None:
        if self.path == "/v2/me":
            organizations = [{"key": "acme", "role": "administrator"}]
            me = {"kind": "person", "email": "ada@example.com", "name": "Ada", "organizations": organizations}
            self._answer("me", me | {"scopes": [], "expires": None})
        elif self.path.startswith("/v2/organizations/acme/spaces"):
            self._answer("space", *(_space(key, self.peer.revision) for key in sorted(self.peer.files)))
        elif self.path.startswith("/v2/spaces/"):
            self._answer("space", _space(self.path.rsplit("/")[3], self.peer.revision))
        elif self.path.startswith("/v2/organizations"):
            organization = {"id": "org_1", "key": "acme", "name": "Acme", "role": "administrator", "created": None}
            self._answer("organization", organization)
        else:
            self._refuse(404, "NOT_FOUND")

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        space = self.path.split("/")[3]
        self.peer.requests.append({"space": space, **asked})
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self._refuse(401, "UNAUTHENTICATED")
        elif self.peer.status != 200:
            self._refuse(self.peer.status, "UNAVAILABLE")
        elif space not in self.peer.files:
            self._refuse(404, "NOT_FOUND")
        else:
            self._answer("code", self.peer.code(space, asked))

    def _answer(self, data_type: str, *data: object) -> None:
        self._send(200, {"data": data, "dataType": data_type, "errors": None})

    def _refuse(self, status: int, code: str) -> None:
        self._send(status, {"data": [], "dataType": None, "errors": [{"code": code, "message": "No."}]})

    def _send(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        """Say nothing."""


def _space(key: str, revision: int) -> dict[str, object]:
    return {
        "id": f"spc_{key}",
        "key": key,
        "name": key,
        "organization": "acme",
        "revision": revision,
        "created": None,
        "updated": None,
    }
