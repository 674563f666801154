"""A server for tests of writing: real HTTP, and code that the test itself states. No rendering, no storage."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.cli.stub_server import ReceivedRequest, Reply, StubServer, data, refusal, serving_stub

TOKEN = "mtp_for_the_stub"
GENERATOR = "1.0.0"

HERO = "export const hero = 1;\n"
INDEX = 'export * from "./experience/hero.js";\n'
FILES = {".gitattributes": "* linguist-generated=true\n", "index.ts": INDEX, "experience/hero.ts": HERO}


SPACES = ("sports", "vod")
_MEMBERSHIP = {"key": "acme", "role": "administrator"}
_ME: dict[str, object] = {"kind": "person", "email": "ada@example.com", "name": "Ada", "organizations": [_MEMBERSHIP]}
_ME |= {"scopes": [], "expires": None}
_ORGANIZATION = _MEMBERSHIP | {"id": "org_1", "name": "Acme", "created": None}


@dataclass
class CodeStub:
    """What the server says, for the test to change at will."""

    stub_server: StubServer
    files: dict[str, dict[str, str]] = field(
        default_factory=lambda: {"vod": dict(FILES), "sports": {"sports.ts": "// sports\n"}}
    )  # by Space
    revision: int = 1
    generator: str = GENERATOR
    status: int = 200
    bent: Mapping[str, Any] = field(default_factory=dict)  # fields of the answer in place of the right ones
    requests: list[dict[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it is."""
        return self.stub_server.url

    def answer(self, space: str, asked: ReceivedRequest) -> Reply:
        """The answer to a code request."""
        wanted = json.loads(asked.body)
        self.requests.append({"space": space, **wanted})
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return refusal(401, {"code": "UNAUTHENTICATED", "message": "No."})
        if self.status != 200:
            return refusal(self.status, {"code": "REFUSED", "message": "No."})
        return data(self._code(space, wanted))

    def _code(self, space: str, asked: dict[str, Any]) -> dict[str, Any]:
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
def serving_code() -> Iterator[CodeStub]:
    """A server with the Spaces vod and sports of the organization acme, until the block ends."""
    with serving_stub() as stub_server:
        code = CodeStub(stub_server)
        stub_server.on("GET", "/v2/me", data(_ME))
        stub_server.on("GET", "/v2/organizations", data(_ORGANIZATION))
        stub_server.on("GET", "/v2/organizations/acme/spaces", lambda _: data(*(_space(code, key) for key in SPACES)))
        for key in SPACES:
            stub_server.on("GET", f"/v2/spaces/{key}", partial(_shown, code, key))
            stub_server.on("POST", f"/v2/spaces/{key}/code", partial(code.answer, key))
        yield code


def _shown(code: CodeStub, key: str, _asked: ReceivedRequest) -> Reply:
    return data(_space(code, key))


def _space(code: CodeStub, key: str) -> dict[str, object]:
    space = {"id": f"spc_{key}", "key": key, "name": key, "organization": "acme", "revision": code.revision}
    return space | {"created": None, "updated": None}
