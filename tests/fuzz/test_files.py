"""Hostile contents of every file that the command line reads: a documented exit code, and never a bug of ours."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import certifi
import pytest

from mtribes_cli.ingest import input_stream
from mtribes_cli.project.output_paths import JOURNAL_NAME
from tests.cli.code_stub import CodeStub
from tests.cli.project_runner import Project
from tests.fuzz.file_commands import (
    LONG,
    ODD_PLACES,
    PIPE,
    QUICK,
    UnreadableFile,
    run_on_contents,
    run_on_special_files,
)

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


DELIVERY = """space: vod
environment: production
published: [homepage]
scenarios:
  homepage.header:
    default: {enabled: true, properties: {title: "Hello: world", layout: small}}
    targeted:
      - {name: Gold, tribes: [gold], enabled: yes, properties: {title: Gold}}
"""


@dataclass(frozen=True)
class ReadFile:
    """A file: what is in it as a rule, where it lies in the project's surroundings, and the commands that read it.

    `beside` are files that go with it; `is_given` says that the user names it, so that it may be a pipe. `cost` is how
    much longer the commands take than others: there are so many times fewer contents.
    """

    sound: Callable[[Project], bytes]
    path: str
    commands: Sequence[Sequence[str]]
    beside: Callable[[Project], dict[Path, bytes]] = field(default=lambda _project: {})
    is_given: bool = False
    cost: int = 1


def _there(path: str) -> Callable[[Project], bytes]:
    return lambda project: (project.root / path).read_bytes()


def write_underway(project: Project) -> tuple[bytes, Path, bytes]:
    """Return the journal of a command that writes, and the place and content of the key that it is signed by."""
    found: list[tuple[bytes, Path, bytes]] = []

    def look(name: str) -> None:
        if name == "all-staged":
            (key,) = (project.folders.state / "writes").glob("*.key")
            found.append(((project.root / JOURNAL_NAME).read_bytes(), key, key.read_bytes()))

    (project.root / "src/vod/index.ts").unlink()
    assert project.run("update", failpoint=look).exit_code == 0
    return found[0]


def _key_of(project: Project) -> dict[Path, bytes]:
    _, path, key = write_underway(project)
    return {path: key}


def credentials_of(project: Project) -> bytes:
    """Return the file of somebody who is signed in to the server of the project."""
    entry = '{"store": "file", "access_token": "mto_x", "refresh_token": "mtr_x", "expires_at_seconds": 99999999999.0}'
    host = project.environment["MTRIBES_HOST"]
    return f'{{"version": 1, "hosts": {{"{host}": {entry}}}, "services": {{}}}}'.encode()


def _is_not_named(project: Project) -> None:
    """Have only the project say which server it is, as the remembered hosts are read then alone."""
    project.environment.pop("MTRIBES_HOST")


DOCTOR_COST = 5  # it tries the keyring and a connection
UPDATES = (("update", "--check", "--offline"), ("update", "--check"), ("update",), ("status", "--json"))
INGEST = ("user", "ingest", "input", "--dry-run", *SPACE)
FILES = {
    "mtribes.toml": ReadFile(_there("mtribes.toml"), "mtribes.toml", (*UPDATES, ("setup", "--space", "vod"))),
    "mtribes.lock": ReadFile(_there("mtribes.lock"), "mtribes.lock", UPDATES),
    "a journal of writing": ReadFile(
        lambda project: write_underway(project)[0], JOURNAL_NAME, UPDATES[1:3], beside=_key_of
    ),
    "a generated file": ReadFile(_there("src/vod/index.ts"), "src/vod/index.ts", UPDATES),
    "credentials": ReadFile(credentials_of, "../config/credentials.json", (("whoami",), ("logout",), ("status",))),
    "remembered hosts": ReadFile(_there("../config/trusted-hosts.json"), "../config/trusted-hosts.json", UPDATES[1:]),
    "a record of a server": ReadFile(
        lambda _project: b'{"pid": 1, "url": "http://127.0.0.1:1", "local": true}',
        "../server/server.json",
        (("whoami", "--host", "local"), ("doctor",)),
        cost=DOCTOR_COST,
    ),
    "the code of a local server": ReadFile(
        lambda _project: b"0123456789abcdef0123456789abcdef\n", "../server/local-code", (("login", "--host", "local"),)
    ),
    "certificates": ReadFile(
        lambda _project: Path(certifi.where()).read_bytes()[:20_000],
        "authorities.pem",
        (("whoami", "--host", "https://127.0.0.1:1"), ("doctor", "--host", "https://127.0.0.1:1")),
        cost=DOCTOR_COST,
    ),
    "completions": ReadFile(
        lambda _project: b"# mtribes\n_mtribes() { :; }\n",
        "data/bash-completion/completions/mtribes",
        (("completion", "install"), ("doctor",)),
        cost=DOCTOR_COST,
    ),
    "settings of zsh": ReadFile(
        lambda _project: b"fpath=(~/.zfunc $fpath)\nautoload -Uz compinit && compinit\n",
        ".zshrc",
        (("completion", "install", "zsh"),),
    ),
    "a model": ReadFile(
        lambda _project: MODEL.encode(),
        "space.yaml",
        (("space", "validate", "space.yaml"), ("space", "push", "space.yaml"), ("space", "diff", "space.yaml")),
        is_given=True,
    ),
    "tribes": ReadFile(
        lambda _project: b"tribes:\n  gold: {filters: [{tag: vip}]}\n",
        "tribes.yaml",
        (("tribe", "push", "tribes.yaml", "--space", "vod"),),
        is_given=True,
    ),
    "a delivery": ReadFile(
        lambda _project: DELIVERY.encode(),
        "delivery.yaml",
        (("env", "push", "delivery.yaml"), ("env", "push", "delivery.yaml", *SPACE)),
        is_given=True,
    ),
    "users as CSV": ReadFile(
        lambda _project: CSV.encode(), "input", ((*INGEST, "--format", "csv"), INGEST), is_given=True
    ),
    "users as CSV in UTF-16": ReadFile(
        lambda _project: CSV.encode("utf-16"), "input", ((*INGEST, "--format", "csv"), INGEST), is_given=True
    ),
    "users as CSV in other encodings": ReadFile(
        lambda _project: CSV.replace("ada", "ad\N{LATIN SMALL LETTER E WITH ACUTE}").encode("cp1252"),
        "input",
        tuple((*INGEST, "--format", "csv", "--encoding", name) for name in ("cp1252", "shift_jis", "utf-16", "utf-8")),
        is_given=True,
    ),
    "users as NDJSON": ReadFile(
        lambda _project: NDJSON.encode(), "input", ((*INGEST, "--format", "ndjson"), INGEST), is_given=True
    ),
    "users as NDJSON with a mark": ReadFile(
        lambda _project: NDJSON.encode("utf-8-sig"), "input", ((*INGEST, "--format", "ndjson"), INGEST), is_given=True
    ),
    "users as NDJSON in UTF-16": ReadFile(
        lambda _project: NDJSON.encode("utf-16"), "input", ((*INGEST, "--format", "ndjson"), INGEST), is_given=True
    ),
    "users as JSON": ReadFile(
        lambda _project: b"[" + NDJSON.strip().replace("\n", ",\n").encode() + b"]",
        "input",
        ((*INGEST, "--format", "json"),),
        is_given=True,
    ),
    "users, packed": ReadFile(
        lambda _project: gzip.compress(CSV.encode()), "input", ((*INGEST, "--format", "csv"),), is_given=True
    ),
}
SETTINGS: dict[str, Callable[[Project], object]] = {
    "credentials": lambda project: project.environment.pop("MTRIBES_TOKEN"),
    "remembered hosts": _is_not_named,
    "certificates": lambda project: project.environment.update(SSL_CERT_FILE=str(project.root / "authorities.pem")),
}
"""What the user's environment must be for a file to be read."""


@pytest.fixture
def surroundings(generated: Project, code_stub: CodeStub) -> Project:
    """A project in step with its server, and files of its user beside it."""
    generated.environment |= {
        "MTRIBES_HOST": code_stub.url,
        "SHELL": "/bin/bash",
        "HOME": str(generated.root),
        "XDG_DATA_HOME": str(generated.root / "data"),
        "NO_PROXY": "127.0.0.1",
    }
    return generated


def _prepare(project: Project, name: str) -> None:
    if name in SETTINGS:
        SETTINGS[name](project)


def found(project: Project, name: str, *, seed: int, contents: int) -> list[str]:
    """Return what is wrong of a file's hostile contents."""
    file = FILES[name]
    sound, beside = file.sound(project), file.beside(project)
    _prepare(project, name)
    lying = UnreadableFile(project.root / file.path, sound, beside)
    return run_on_contents(project.run, lying, file.commands, seed=seed, contents=contents // file.cost)


@pytest.mark.parametrize("name", FILES)
def test_hostile_content_is_told_with_a_documented_code(surroundings: Project, name: str) -> None:
    assert found(surroundings, name, seed=10, contents=QUICK) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_hostile_content_again_and_again_is_told_too(surroundings: Project, name: str) -> None:
    assert found(surroundings, name, seed=11, contents=LONG) == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="devices and sparse files of Linux")
@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", FILES)
def test_what_is_no_file_is_told_at_once(surroundings: Project, name: str) -> None:
    file = FILES[name]
    _prepare(surroundings, name)
    odd = {**ODD_PLACES, **({} if file.is_given else PIPE)}
    commands = file.commands if file.cost == 1 else file.commands[:1]
    assert run_on_special_files(surroundings.run, surroundings.root / file.path, commands, odd) == []


def test_a_planted_bug_is_found(surroundings: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_stream, "CHUNK_BYTES", "planted")
    wrong = found(surroundings, "users as CSV", seed=10, contents=1)
    assert [line.partition(" ")[0] for line in wrong] == ["70"]
