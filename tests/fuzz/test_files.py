"""Hostile contents of every file that the command line reads: a documented exit code, and never a bug of ours."""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import pytest

from mtribes_cli.ingest import source
from mtribes_cli.output_paths import JOURNAL_NAME
from tests.cli.code_peer import CodePeer
from tests.cli.project_run import Project
from tests.fuzz.hostile_bytes import changed_bytes

DOCUMENTED = {0, 1, 2, 3, 4, 75}
QUICK, LONG = 25, int(os.environ.get("MTRIBES_FUZZ_FILES", "600"))
"""Contents of each file in the quick run and in the long proof; the variable is for a longer one by hand."""
MAX_PROCESSOR_SECONDS = 5.0
SPACE = ("--space", "vod", "--environment", "production")
CSV = (
    "user_id,email,phone,timezone,locale,joined,tags,plan,seats\n"
    'ada,ada@example.com,+44 20,Europe/London,en-GB,2020-01-31,"sports/football;vip",gold,3\n'
    '"b, ""q""",,,,,,,"two\nlines",\n'
) * 20
NDJSON = (
    '{"user_id": "ada", "email": "ada@example.com", "tags": ["vip"], "attributes": {"plan": "gold", "n": 1.5}}\n' * 40
)
MODEL = """space: vod
revision: 1
experiences:
  hero:
    name: "Hero: the first"
    properties:
      title: {type: text, default: Hello}
      layout: {type: select, options: [small, large]}
sections:
  body: {supports: [hero]}
collections:
  homepage:
    category: pages
    children:
      header: {experience: hero}
      body: {section: body}
"""


@dataclass(frozen=True)
class ReadFile:
    """A file: what is in it as a rule, where it lies in the project's surroundings, and the commands that read it."""

    sound: Callable[[Project], bytes]
    path: str
    commands: Sequence[Sequence[str]]


def _there(path: str) -> Callable[[Project], bytes]:
    return lambda project: (project.root / path).read_bytes()


def journal_of(project: Project) -> bytes:
    """Return the journal of a command that writes."""
    found: list[bytes] = []

    def look(name: str) -> None:
        if name == "all-staged":
            found.append((project.root / JOURNAL_NAME).read_bytes())

    (project.root / "src/vod/index.ts").unlink()
    assert project.run("update", at_crash_point=look).exit_code == 0
    return found[0]


def credentials_of(project: Project) -> bytes:
    """Return the file of somebody who is signed in to the server of the project."""
    entry = '{"store": "file", "access_token": "mto_x", "refresh_token": "mtr_x", "expires_at_seconds": 99999999999.0}'
    host = project.environment["MTRIBES_HOST"]
    return f'{{"version": 1, "hosts": {{"{host}": {entry}}}, "services": {{}}}}'.encode()


UPDATES = (("update", "--check", "--offline"), ("update", "--check"), ("update",), ("status", "--json"))
INGEST = ("user", "ingest", "input", "--dry-run", *SPACE)
FILES = {
    "mtribes.toml": ReadFile(_there("mtribes.toml"), "mtribes.toml", UPDATES),
    "mtribes.lock": ReadFile(_there("mtribes.lock"), "mtribes.lock", UPDATES),
    "a journal of writing": ReadFile(journal_of, JOURNAL_NAME, UPDATES[1:3]),
    "a generated file": ReadFile(_there("src/vod/index.ts"), "src/vod/index.ts", UPDATES),
    "credentials": ReadFile(credentials_of, "../config/credentials.json", (("whoami",), ("logout",), ("status",))),
    "a record of a server": ReadFile(
        lambda _project: b'{"pid": 1, "url": "http://127.0.0.1:1", "local": true}',
        "../server/server.json",
        (("whoami", "--host", "local"), ("doctor",)),
    ),
    "a model": ReadFile(
        lambda _project: MODEL.encode(),
        "space.yaml",
        (("space", "validate", "space.yaml"), ("space", "push", "space.yaml")),
    ),
    "tribes": ReadFile(
        lambda _project: b"tribes:\n  gold: {filters: [{tag: vip}]}\n",
        "tribes.yaml",
        (("tribe", "push", "tribes.yaml", "--space", "vod"),),
    ),
    "users as CSV": ReadFile(lambda _project: CSV.encode(), "input", ((*INGEST, "--format", "csv"), INGEST)),
    "users as NDJSON": ReadFile(lambda _project: NDJSON.encode(), "input", ((*INGEST, "--format", "ndjson"), INGEST)),
    "users as JSON": ReadFile(
        lambda _project: b"[" + NDJSON.strip().replace("\n", ",\n").encode() + b"]",
        "input",
        ((*INGEST, "--format", "json"),),
    ),
    "users, packed": ReadFile(lambda _project: gzip.compress(CSV.encode()), "input", ((*INGEST, "--format", "csv"),)),
}


def outcomes_of(project: Project, file: ReadFile, seed: int, contents: int) -> list[str]:
    """Return the commands that ended as none should, with the content that they read."""
    chance, sound = Random(seed), file.sound(project)  # noqa: S311 - a draw, not a secret
    path = project.root / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    wrong = []
    for number in range(contents):
        content = changed_bytes(sound, chance)
        path.write_bytes(content)
        words = file.commands[number % len(file.commands)]
        began = time.process_time()
        outcome = project.run(*words)
        seconds = time.process_time() - began
        if outcome.exit_code not in DOCUMENTED or seconds > MAX_PROCESSOR_SECONDS or "Traceback" in outcome.err:
            wrong.append(
                f"{outcome.exit_code} after {seconds:.1f} s of {words}: {content[:500]!r}\n{outcome.err[-500:]}"
            )
    return wrong


@pytest.fixture
def surroundings(generated: Project, code_peer: CodePeer) -> Project:
    """A project in step with its server, and files of its user beside it."""
    generated.environment["MTRIBES_HOST"] = code_peer.url
    return generated


@pytest.mark.parametrize("name", FILES)
def test_hostile_content_is_told_with_a_documented_code(surroundings: Project, name: str) -> None:
    if name == "credentials":
        surroundings.environment.pop("MTRIBES_TOKEN")
    assert outcomes_of(surroundings, FILES[name], seed=10, contents=QUICK) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_hostile_content_again_and_again_is_told_too(surroundings: Project, name: str) -> None:
    if name == "credentials":
        surroundings.environment.pop("MTRIBES_TOKEN")
    assert outcomes_of(surroundings, FILES[name], seed=11, contents=LONG) == []


def test_a_planted_bug_is_found(surroundings: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "CHUNK_BYTES", "planted")
    wrong = outcomes_of(surroundings, FILES["users as CSV"], seed=10, contents=1)
    assert [line.partition(" ")[0] for line in wrong] == ["70"]
