"""After a whole run, every secret that was on the wire is looked for in all that both programs wrote, and in argv.

A text that may be kept is among what is sent: where secrets are looked for, that one is found.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine, select

from templates_server.features.operations.backup_archive import TABLES, read_members
from templates_server.features.operations.backup_tables import tables_of
from templates_server.settings import sqlite_url
from tests.browser.programs import command_line_environment
from tests.contract.recording_proxy import RecordingProxy, recording_proxy
from tests.requirements import require
from tests.server.features.auth.flows import hidden_fields
from tests.server.races.race import Person
from tests.server_processes import ServerProcess, server_process

pytestmark = pytest.mark.slow  # two codes are polled for as programs do, every five seconds

BUG = """
import json, pathlib, sys
from mtribes_cli.api.models.accounts import Me
from mtribes_cli.main import main
def read(value, place):
    kept = json.loads(pathlib.Path(sys.argv[1]).read_text())
    raise RuntimeError(f"a bug that names {kept}")
Me.read = read
sys.exit(main(["whoami", "--verbose"]))
"""
MTRIBES = (sys.executable, "-m", "mtribes_cli")
SERVER = (sys.executable, "-m", "templates_server")
PLANTED = "planted9vQ2xLr7"
NEW_PASSWORD = "Lighthouse-of-a-newcomer-7"
REPLAYED_KEY = "a-key-that-is-used-twice"
HERE = ("--space", "vod", "--env", "production")


@dataclass
class Run:
    """A person who types commands, and what could be read by others meanwhile."""

    relay: RecordingProxy
    home: Path
    facts: Mapping[str, object]
    said: list[str] = field(default_factory=list)
    command_lines: set[bytes] = field(default_factory=set)

    @property
    def credentials(self) -> Path:
        """Where sign-ins are kept: the one place for them."""
        return self.home / "XDG_CONFIG_HOME" / "mtribes" / "credentials.json"

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of their commands."""
        return command_line_environment(self.home, MTRIBES_HOST=self.relay.url, **more)

    @property
    def access_token(self) -> str:
        """Of the sign-in that is kept."""
        return str(json.loads(self.credentials.read_text())["hosts"][self.relay.url]["access_token"])

    def token_by_command(self) -> str:
        """A new personal token, which is all of stdout; what is said besides is kept."""
        command = [*MTRIBES, "token", "create", "--name", "CI", "--scope", "spaces:read", "--verbose"]
        done = subprocess.run(
            command, env=self.environment(), cwd=self.home, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        self.said.append(done.stderr)
        (token,) = done.stdout.splitlines()
        return token

    def mtribes(self, *words: str, stdin: str = "", exit_code: int = 0, **more: str) -> None:
        """A command, at its most talkative."""
        self.program([*MTRIBES, *words, "--verbose"], stdin=stdin, exit_code=exit_code, **more)

    def program(self, command: list[str], *, stdin: str = "", exit_code: int = 0, **more: str) -> None:
        """A program that ends as expected."""
        environment = self.environment(**more)
        done = subprocess.run(
            command,
            input=stdin,
            env=environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.said.append(done.stdout + done.stderr)
        assert done.returncode == exit_code, done.stderr

    def login_by_code(self, person: Person) -> None:
        """Sign in; the person enters the code."""
        command = [*MTRIBES, "login", "--device", "--verbose"]
        with subprocess.Popen(
            command, env=self.environment(), cwd=self.home, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        ) as login:
            assert login.stderr
            told = [next(line for line in login.stderr if line.startswith("and enter the code"))]
            page = person.browser.get("/device")
            fields = {**hidden_fields(page.text), "user_code": told[0].split()[-1]}
            question = hidden_fields(person.browser.post("/device", data=fields).text)
            person.browser.post("/device/decision", data={**question, "decision": "allow"})
            told.append(login.stderr.read())
            assert login.wait(30) == 0, told
        self.said += told

    def has_to_renew(self) -> None:
        """Make what is kept look as if it had run out."""
        stored = json.loads(self.credentials.read_text())
        stored["hosts"][self.relay.url]["expires_at_seconds"] = 1.0
        self.credentials.write_text(json.dumps(stored))


@contextmanager
def watching_argv(run: Run) -> Iterator[None]:
    """Look, as any user of the machine could, at the arguments of all programs."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.01):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    run.command_lines.add(path.read_bytes())
                except OSError:
                    continue

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    yield
    ended.set()
    thread.join()


@dataclass(frozen=True)
class Left:
    """What the server leaves: its folder, its database, a backup."""

    server: ServerProcess
    database_url: str
    backup: Path

    @property
    def data(self) -> Path:
        """Its folder."""
        return self.server.folder

    def rows(self) -> bytes:
        """Every value of every row of every table."""
        engine = create_engine(self.database_url)
        with engine.connect() as connection:
            found = [connection.execute(select(table)).all() for table in tables_of(connection)]
        engine.dispose()
        return b"\n".join(_raw(value) for rows in found for row in rows for value in row)

    def saved_rows(self) -> bytes:
        """Every value of every row in the backup."""
        pieces = [content for name, content in read_members(self.backup) if name.startswith(TABLES)]
        rows = [json.loads(line) for piece in pieces for line in piece.splitlines()]
        return b"\n".join(_raw(value) for row in rows for value in row.values())


def _raw(value: object) -> bytes:
    if isinstance(value, dict) and value.keys() == {"base64"}:
        return base64.b64decode(value["base64"])
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def whole_run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, Left]]:
    """Every way of signing in, renewals, all that gives secrets out, bugs; and what the server has left by then."""
    require(sys.platform.startswith("linux"), "/proc", "run it on Linux")
    data, backup = tmp_path_factory.mktemp("data") / "data", tmp_path_factory.mktemp("backup") / "backup.tar.zst"
    is_sqlite = request.param == "sqlite"
    database_url = str(sqlite_url(data)) if is_sqlite else request.getfixturevalue("postgres").new_database_url()
    where: dict[str, str] = {} if is_sqlite else {"MTRIBES_DATABASE": database_url}
    with recording_proxy() as relay:
        options = ("--demo", "--port", str(relay.target_port), "--public-url", relay.url)
        with server_process(data, *options, environment=where) as server:
            facts = json.loads((data / "demo.json").read_text())
            run = Run(relay, tmp_path_factory.mktemp("home"), facts)
            with watching_argv(run):
                everything(run, facts)
                run.program([*SERVER, "backup", str(backup), "--data", str(data)], exit_code=0, **where)
            yield run, Left(server, database_url, backup)


def everything(run: Run, facts: Mapping[str, dict[str, str]]) -> None:
    """The run itself."""
    person = Person(run.relay.url)
    administrator = facts["people"][0]  # type: ignore[index]  # a list in this place
    person.sign_in(administrator["email"], administrator["password"])  # type: ignore[index]  # as above
    person.allowed_code()
    run.login_by_code(person)
    run.mtribes("whoami")
    run.has_to_renew()
    run.mtribes("space", "list", "--json")
    made_by_api = secrets_by_api(run)
    tokens_by_command(run)
    people_in_and_out(run)
    run.program([sys.executable, "-c", BUG, str(run.credentials)], exit_code=70)
    service = facts["service_account"]
    run.mtribes("whoami", MTRIBES_CLIENT_ID=service["client_id"], MTRIBES_CLIENT_SECRET=service["client_secret"])
    run.mtribes("whoami", MTRIBES_TOKEN=str(facts["token"]))
    run.mtribes("whoami", MTRIBES_TOKEN=f"{facts['token']}"[:-1] + "!", exit_code=4)
    run.mtribes("login", "--with-token", stdin=str(facts["token"]))
    run.mtribes("login", "--with-token", stdin=made_by_api)
    run.program([sys.executable, "-c", BUG, str(run.credentials)], exit_code=70)
    run.login_by_code(person)
    person.browser.close()


def secrets_by_api(run: Run) -> str:
    """A personal token, asked for twice under one key; a service account; an invitation, accepted; a signing secret."""
    organization, signing = "/v2/organizations/acme", "/v2/spaces/vod/environments/production/signed-ids"
    headers, key = {"Authorization": f"Bearer {run.access_token}"}, {"Idempotency-Key": REPLAYED_KEY}
    with httpx.Client(base_url=run.relay.url, headers=headers, trust_env=False, timeout=60) as api:
        first, again = [api.post("/v2/tokens", json={"name": "By API"}, headers=key) for _ in range(2)]
        assert (first.status_code, again.content) == (201, first.content)
        assert again.headers["Idempotency-Replayed"] == "true"
        account = made(api.post(f"{organization}/service-accounts", json={"name": "Nightly"}))
        invitation = made(api.post(f"{organization}/members", json={"email": "new@example.com", "role": "viewer"}))
        made(api.put(signing, json={"required": False, "rotate": True}))
        run.said += [api.get(f"{organization}/{name}").text for name in ("service-accounts", "invitations", "members")]
        accept(run, invitation["link"])
        run.said.append(api.get(f"{organization}/audit?limit=100").text)
    deeds = {deed["action"] for deed in json.loads(run.said[-1])["data"]}
    assert deeds >= {"token.create", "service_account.create", "member.invite", "member.join", "signing.change"}
    run.mtribes("whoami", MTRIBES_CLIENT_ID=account["client_id"], MTRIBES_CLIENT_SECRET=account["client_secret"])
    return made(first)["token"]


def made(answer: httpx.Response) -> dict[str, str]:
    """The only thing in an answer."""
    found: list[dict[str, str]] = answer.raise_for_status().json()["data"]
    (thing,) = found
    return thing


def accept(run: Run, link: str) -> None:
    """A new person follows a link and joins."""
    with httpx.Client(headers={"Origin": run.relay.url}, trust_env=False, timeout=60) as browser:
        typed = {"name": "New", "password": NEW_PASSWORD, "repeated": NEW_PASSWORD}
        joined = browser.post(link, data={**hidden_fields(browser.get(link).text), **typed})
        assert joined.is_redirect, joined.text


def tokens_by_command(run: Run) -> None:
    """A personal token made, used, listed, ended and refused by commands."""
    token = run.token_by_command()
    run.mtribes("whoami", MTRIBES_TOKEN=token)
    run.mtribes("token", "list")
    run.mtribes("token", "revoke", "--stdin", stdin=token)
    run.mtribes("whoami", MTRIBES_TOKEN=token, exit_code=4)


def people_in_and_out(run: Run) -> None:
    """An import that is given up at a row that is not taken, so that its journal stays; and an export."""
    rows = [
        {"user_id": "kept", "attributes": {"subscription": "gold", "note": PLANTED}},
        {"user_id": "refused", "email": "none", "attributes": {"note": PLANTED}},
    ]
    (run.home / "users.ndjson").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    run.mtribes("user", "ingest", "users.ndjson", *HERE, "--max-errors", "0", exit_code=3)
    run.mtribes("tribe", "export", "gold-members", *HERE, "--output", "gold.ndjson")


def holders(secrets: set[str], *, below: Path) -> set[str]:
    """The files that hold one of them."""
    wanted = [secret.encode() for secret in secrets]
    files = [path for path in below.rglob("*") if path.is_file()]
    return {path.name for path in files if any(secret in path.read_bytes() for secret in wanted)}


def held(secrets: set[str], *, within: bytes) -> list[str]:
    """Those of them that are in it, as they are or in hexadecimal."""
    return [secret for secret in secrets if secret.encode() in within or secret.encode().hex().encode() in within]


def test_every_kind_of_secret_was_on_the_wire(whole_run: tuple[Run, Left]) -> None:
    found = whole_run[0].relay.secrets()
    kinds = {"access_token", "refresh_token", "device_code", "client_secret", "password", "bearer", "code"}
    assert kinds | {"token", "secret", "invitation", "idempotency-key"} <= found.keys()
    assert any(kind.startswith("mtribes_") for kind in found)  # the cookie
    assert len(found["access_token"]) >= 4
    assert sum(text.startswith("mtp_") for text in found["token"]) == 2  # by API, by command
    assert (len(found["client_secret"]), len(found["invitation"]), len(found["secret"])) == (2, 1, 1)
    assert REPLAYED_KEY in found["idempotency-key"]


def test_no_secret_is_said_or_in_an_argument(whole_run: tuple[Run, Left]) -> None:
    run, left = whole_run
    secrets = set().union(*run.relay.secrets().values())
    said, command_lines = "\n".join([*run.said, left.server.said()]), b"\n".join(run.command_lines)
    assert [secret for secret in secrets if secret in said] == []
    assert [secret for secret in secrets if secret.encode() in command_lines] == []
    assert b"mtribes_cli\x00whoami\x00--verbose" in command_lines  # it did look
    assert "[secret]" in said + "".join(path.read_text() for path in run.home.rglob("crash-*"))


def test_no_file_of_either_program_holds_a_secret_but_the_ones_that_are_for_it(whole_run: tuple[Run, Left]) -> None:
    run, left = whole_run
    secrets = set().union(*run.relay.secrets().values())
    assert holders(secrets, below=run.home) == {"credentials.json"}
    told = (left.data / "demo.json").read_text()
    assert holders({secret for secret in secrets if secret not in told}, below=left.data) == set()
    assert holders(secrets, below=left.data) == {"demo.json"}
    assert run.credentials.stat().st_mode & 0o777 == 0o600


def test_no_row_of_the_database_or_of_a_backup_holds_a_secret(whole_run: tuple[Run, Left]) -> None:
    run, left = whole_run
    secrets = set().union(*run.relay.secrets().values())
    assert held(secrets, within=left.rows()) == []
    assert held(secrets, within=left.saved_rows()) == []


def test_what_may_be_kept_is_found_where_secrets_were_looked_for(whole_run: tuple[Run, Left]) -> None:
    run, left = whole_run
    assert holders({PLANTED}, below=run.home) == {"users.ndjson", "users.rejects.ndjson", "gold.ndjson"}
    assert list(run.home.rglob("*.import"))  # the journal
    assert "mtribes-server" in (left.data / "server.log").read_text()
    hashed = hashlib.sha256(str(run.facts["token"]).encode()).digest()
    for rows in (left.rows(), left.saved_rows()):
        assert held({PLANTED}, within=rows) == [PLANTED]
        assert hashed in rows  # binary values are read as they are
