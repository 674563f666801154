"""`mtribes update`, and rendering in every language, of 500 experiences against `openapi-typescript` for 500 schemas.


npm ci --prefix tests/benchmarks
python -m tests.benchmarks.update
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from templates_server.features.codegen.languages import LANGUAGES
from tests.benchmarks.paired import Command, compare

EXPERIENCES = 500
PROPERTIES = ("title", "source", "columns", "autoplay", "ends-at", "title-ids")
START_SECONDS = 30
PEER = Path(__file__).parent / "node_modules" / "openapi-typescript" / "bin" / "cli.js"
PROJECT = """\
host = "{host}"
organization = "acme"
space = "large"

[[targets]]
language = "typescript"
output = "src/mtspace/large"
"""


def model(version: int) -> dict[str, Any]:
    """A Space of 500 experiences; every version makes other code of every one of them."""
    types = ("text", "image", "number", "toggle", "date", "list")
    properties = {
        key: {"type": kind, "description": f"What {key} is, as of version {version}."}
        for key, kind in zip(PROPERTIES, types, strict=True)
    }
    keys = [f"experience-{number:03}" for number in range(EXPERIENCES)]
    return {
        "space": "large",
        "name": "A large Space",
        "experiences": {key: {"name": key.title(), "properties": properties} for key in keys},
        "sections": {"everything": {"name": "Everything", "supports": keys[:20]}},
        "collections": {
            "homepage": {
                "name": "Homepage",
                "category": "Pages",
                "children": {"header": {"experience": keys[0]}, "body": {"section": "everything"}},
            }
        },
    }


def openapi_document() -> dict[str, Any]:
    """500 schemas of the same properties, as an OpenAPI document."""
    properties = {key: {"type": "string", "description": f"What {key} is."} for key in PROPERTIES}
    schemas = {f"Experience{number:03}": {"type": "object", "properties": properties} for number in range(EXPERIENCES)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Large", "version": "1"},
        "paths": {},
        "components": {"schemas": schemas},
    }


class Bench:
    """A demo server with the large Space, and a project that is generated from it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.project = folder / "project"
        self.project.mkdir()
        self._versions = itertools.count(1)
        data = folder / "data"
        argv = [sys.executable, "-m", "templates_server", "start", "--demo", "--port", "0", "--data", str(data)]
        self._process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.facts = _wait_for(data / "demo.json")
        self.environment = {**os.environ, "MTRIBES_TOKEN": self.facts["token"], "MTRIBES_HOST": self.facts["host"]}
        (self.project / "mtribes.toml").write_text(PROJECT.format(host=self.facts["host"]), encoding="utf-8")
        self._client = httpx.Client(
            base_url=self.facts["host"], headers={"authorization": f"Bearer {self.facts['token']}"}, timeout=60
        )
        self._send("POST", "/v2/organizations/acme/spaces", {"key": "large", "name": "A large Space"})
        self.push()

    def _send(self, method: str, path: str, body: object) -> None:
        self._client.request(method, path, json=body, headers={"if-match": "*"}).raise_for_status()

    def push(self) -> None:
        """A model of which nothing was ever rendered."""
        self._send("PUT", "/v2/spaces/large/model", model(next(self._versions)))

    def forget(self) -> None:
        """A new model, and nothing generated yet."""
        self.push()
        shutil.rmtree(self.project / "src", ignore_errors=True)
        (self.project / "mtribes.lock").unlink(missing_ok=True)

    def render(self, languages: Sequence[str]) -> dict[str, Any]:
        """The code in these languages."""
        targets = {"targets": [{"language": language, "options": {}} for language in languages]}
        answer = self._client.post("/v2/spaces/large/code", json=targets)
        answer.raise_for_status()
        (code,) = answer.json()["data"]
        return dict(code)

    def close(self) -> None:
        """Stop the server."""
        self._client.close()
        self._process.terminate()
        self._process.wait(timeout=30)


@dataclass(frozen=True)
class Rendering:
    """One call that has the code of a new model rendered in every language."""

    bench: Bench
    label: str = f"rendering, {len(LANGUAGES)} languages in one call, cold"

    def seconds(self) -> float:
        """Wall time of the call, with its answer."""
        self.bench.push()
        began = time.perf_counter()
        answer = self.bench.render(LANGUAGES)
        taken = time.perf_counter() - began
        if [target["language"] for target in answer["targets"]] != list(LANGUAGES):
            raise RuntimeError("the answer has not every language")
        return taken


def _wait_for(facts: Path) -> dict[str, Any]:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if facts.exists():
            found: dict[str, Any] = json.loads(facts.read_text(encoding="utf-8"))
            return found
        time.sleep(0.1)
    raise SystemExit("The server did not start.")


def main() -> None:
    """Print the ratios."""
    if not PEER.exists():
        raise SystemExit("The peer is missing; get it with: npm ci --prefix tests/benchmarks")
    program = str(Path(sys.executable).parent / "mtribes")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        document = folder / "large.json"
        document.write_text(json.dumps(openapi_document()), encoding="utf-8")
        peer = Command(
            "openapi-typescript, 500 schemas", ["node", str(PEER), str(document), "--output", str(folder / "large.ts")]
        )
        bench = Bench(folder)
        try:
            argv = [program, "update"]
            cold = Command("mtribes update, cold", argv, bench.project, bench.environment, bench.forget)
            compare(cold, peer, 0.6)
            unchanged = Command("mtribes update, nothing changed", argv, bench.project, bench.environment)
            compare(unchanged, peer, 0.3)
            compare(Rendering(bench), peer, 1.5)
        finally:
            bench.close()


if __name__ == "__main__":
    main()
