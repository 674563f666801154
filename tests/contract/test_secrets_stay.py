"""After a whole run, every secret that was on the wire is looked for in all that both programs wrote, and in argv."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.browser.programs import command_line_environment
from tests.contract.relay import Relay, serving_relay
from tests.requirements import require
from tests.server.oauth.flows import hidden_fields
from tests.server.races.racing import Person
from tests.server_processes import server_process

pytestmark = pytest.mark.slow  # two codes are polled for as programs do, every five seconds

BUG = """
import json, pathlib, sys
from mtribes_cli import wire
from mtribes_cli.main import main
def read(value, place):
    kept = json.loads(pathlib.Path(sys.argv[1]).read_text())
    raise RuntimeError(f"a bug that names {kept}")
wire.Me.read = read
sys.exit(main(["whoami", "--verbose"]))
"""
MTRIBES = (sys.executable, "-m", "mtribes_cli")


@dataclass
class Run:
    """A person who types commands, and what could be read by others meanwhile."""

    relay: Relay
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


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, Path]]:
    """Every way of signing in, renewals, a bug, and signing out; and the server's folder."""
    require(sys.platform.startswith("linux"), "/proc", "run it on Linux")
    data = tmp_path_factory.mktemp("data") / "data"
    with serving_relay() as relay:
        options = ("--demo", "--port", str(relay.target_port), "--public-url", relay.url)
        with server_process(data, *options):
            facts = json.loads((data / "demo.json").read_text())
            run = Run(relay, tmp_path_factory.mktemp("home"), facts)
            with watching_argv(run):
                everything(run, facts)
            yield run, data


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
    run.program([sys.executable, "-c", BUG, str(run.credentials)], exit_code=70)
    service = facts["service_account"]
    run.mtribes("whoami", MTRIBES_CLIENT_ID=service["client_id"], MTRIBES_CLIENT_SECRET=service["client_secret"])
    run.mtribes("whoami", MTRIBES_TOKEN=str(facts["token"]))
    run.mtribes("whoami", MTRIBES_TOKEN=f"{facts['token']}"[:-1] + "!", exit_code=4)
    run.mtribes("login", "--with-token", stdin=str(facts["token"]))
    run.login_by_code(person)
    person.browser.close()


def holders(secrets: set[str], *, below: Path) -> set[str]:
    """The files that hold one of them."""
    wanted = [secret.encode() for secret in secrets]
    files = [path for path in below.rglob("*") if path.is_file()]
    return {path.name for path in files if any(secret in path.read_bytes() for secret in wanted)}


def test_every_kind_of_secret_was_on_the_wire(whole_run: tuple[Run, Path]) -> None:
    found = whole_run[0].relay.secrets()
    kinds = {"access_token", "refresh_token", "device_code", "client_secret", "password", "bearer", "code"}
    assert kinds <= found.keys()
    assert any(kind.startswith("mtribes_") for kind in found)  # the cookie
    assert len(found["access_token"]) >= 4


def test_no_secret_is_said_or_in_an_argument(whole_run: tuple[Run, Path]) -> None:
    run, _ = whole_run
    secrets = set().union(*run.relay.secrets().values())
    said, command_lines = "\n".join(run.said), b"\n".join(run.command_lines)
    assert [secret for secret in secrets if secret in said] == []
    assert [secret for secret in secrets if secret.encode() in command_lines] == []
    assert b"mtribes_cli\x00whoami\x00--verbose" in command_lines  # it did look
    assert "[secret]" in said + "".join(path.read_text() for path in run.home.rglob("crash-*"))


def test_no_file_of_either_program_holds_a_secret_but_the_ones_that_are_for_it(whole_run: tuple[Run, Path]) -> None:
    run, data = whole_run
    secrets = run.relay.secrets()
    assert holders(set().union(*secrets.values()), below=run.home) == {"credentials.json"}
    made_by_the_run = {
        name: kind for name, kind in secrets.items() if name not in {"password", "client_secret", "bearer"}
    }
    assert holders(set().union(*made_by_the_run.values()), below=data) == set()
    assert holders(set().union(*secrets.values()), below=data) == {"demo.json"}
    assert run.credentials.stat().st_mode & 0o777 == 0o600
