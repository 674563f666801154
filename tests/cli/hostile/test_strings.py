"""Hostile text in every field that a server can send, through every command: shown, never obeyed, never a crash."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from tests.cli.cli_runner import CliRunner, Outcome, without_colors
from tests.cli.hostile.hostile_server import (
    STATUSES,
    answer_everywhere,
    fail_everywhere,
    header_value,
    say_everywhere,
    say_of_key,
)
from tests.cli.hostile.strings import has_lone_surrogate, hostile_strings
from tests.cli.oauth_stub import query_of
from tests.cli.stub_server import Reply, StubServer, serving_stub

pytestmark = pytest.mark.slow

STRINGS = list(hostile_strings())
PLAIN = [text for text in STRINGS if not has_lone_surrogate(text)]
SAMPLE = STRINGS[::45]
LONG_SAMPLE = STRINGS if os.environ.get("MTRIBES_FULL_SCALE") == "1" else STRINGS[::12]
DOCUMENTED = {0, 1, 2, 3, 4, 75, 130}
_WORKING = re.compile(
    r"(?:Requesting|Writing|Waiting)[^\x00-\x1f\x7f-\x9f]*(?: \.\.\.|…)(?: .)?(?:\r +\r)?"
)  # shown, in a narrow terminal shortened, then wiped
_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)
PLACE = ("--space", "vod", "--environment", "production")
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("whoami",),
    ("status",),
    ("org", "list"),
    ("space", "list"),
    ("space", "list", "--organization", "acme"),
    ("space", "show", "vod"),
    ("space", "create", "new", "--organization", "acme"),
    ("space", "pull", "vod"),
    ("space", "pull", "vod", "--format", "json"),
    ("space", "push", "model.yaml", "--space", "vod"),
    ("space", "validate", "model.yaml", "--space", "vod"),
    ("space", "diff", "model.yaml", "--space", "vod"),
    ("env", "list", "--space", "vod"),
    ("env", "pull", *PLACE),
    ("env", "pull", *PLACE, "--format", "json"),
    ("env", "push", "delivery.yaml", *PLACE),
    ("env", "publish", "homepage", *PLACE),
    ("env", "unpublish", "homepage", *PLACE),
    ("env", "key", "list", *PLACE),
    ("env", "key", "create", "--name", "web", *PLACE),
    ("env", "key", "revoke", "pk_1", *PLACE),
    ("update", "--diff"),
    ("update", "--check", "--latest"),
    ("update", "--force"),
)
SHORT = (("whoami",), ("space", "show", "vod"), ("update", "--diff"), ("space", "create", "new"))


def without_ours(shown: str) -> str:
    """What was shown, less the colors and the passing lines that are our own."""
    return _WORKING.sub("", without_colors(shown))


@pytest.fixture(scope="module")
def shared_stub_server() -> Iterator[StubServer]:
    with serving_stub() as stub_server:
        yield stub_server


@pytest.fixture
def person(tmp_path: Path, shared_stub_server: StubServer, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Somebody with a token and a project."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    person = CliRunner(tmp_path, {"MTRIBES_HOST": shared_stub_server.url, "MTRIBES_TOKEN": "mtp_of_a_test"})
    person.write("model.yaml", "space: vod\nrevision: 3\n")
    person.write("delivery.yaml", "space: vod\nenvironment: production\nrevision: 3\n")
    target = '[[targets]]\nlanguage = "typescript"\noutput = "src/vod"\n'
    person.write("mtribes.toml", f'host = "{shared_stub_server.url}"\norganization = "acme"\nspace = "vod"\n{target}')
    return person


def harmless(person: CliRunner, argv: Sequence[str], outcome: Outcome, text: str) -> None:
    """Nothing that a terminal obeys, but for our own colours at their places; no traceback; an exit code of ours."""
    about = f"{argv}, {text[:200]!r}: exit {outcome.exit_code}\n{outcome.out[-2000:]!r}\n{outcome.err[-2000:]!r}"
    assert outcome.exit_code in DOCUMENTED, about
    for said in (without_ours(outcome.out), without_ours(outcome.err)):
        assert not _OBEYED.search(said), about
        assert "Traceback" not in said, about
    assert not [*person.folders.state.glob("crash-*")], about


def run_all(person: CliRunner, commands: Sequence[Sequence[str]], text: str, *flags: str) -> None:
    for argv in commands:
        harmless(person, argv, person(*argv, *flags, terminal=True), text)


def test_there_are_enough_of_them() -> None:
    assert len(STRINGS) >= 500


@pytest.mark.parametrize("flags", [("--verbose",), ("--json",)])
def test_all_at_once_in_every_list_of_every_command(
    person: CliRunner, shared_stub_server: StubServer, flags: tuple[str, ...]
) -> None:
    say_everywhere(shared_stub_server, PLAIN)
    for argv in COMMANDS:
        outcome = person(*argv, *flags, terminal=True)
        harmless(person, argv, outcome, "all of them")
        assert outcome.exit_code in {0, 3}, (argv, outcome.err)


@pytest.mark.parametrize("status", STATUSES)
def test_all_at_once_in_the_errors_of_every_command(
    person: CliRunner, shared_stub_server: StubServer, status: int
) -> None:
    fail_everywhere(shared_stub_server, status, STRINGS)
    run_all(person, COMMANDS, f"all of them, {status}")


def test_some_in_every_field_of_every_command(person: CliRunner, shared_stub_server: StubServer) -> None:
    for text in SAMPLE:
        in_every_field(person, shared_stub_server, text, SHORT)


@pytest.mark.slow
def test_more_in_every_field_of_every_command(person: CliRunner, shared_stub_server: StubServer) -> None:
    """Lists were proved with all at once; this is where one alone can be, with all of them at full scale."""
    for number, text in enumerate(LONG_SAMPLE):
        in_every_field(person, shared_stub_server, text, (*SHORT, COMMANDS[number % len(COMMANDS)]))


def in_every_field(person: CliRunner, stub_server: StubServer, text: str, commands: Sequence[Sequence[str]]) -> None:
    """A good answer, a failure, OAuth's, HTML, and headers."""
    say_everywhere(stub_server, [text])
    run_all(person, commands, text)
    value = header_value(text)
    headers = dict.fromkeys(("WWW-Authenticate", "Retry-After", "Link", "ETag", "Location", "Server"), value)
    page = f"<html><title>{text}</title>{text}</html>".encode("utf-8", "replace")
    for reply in (
        Reply(200, page, {"Content-Type": "text/html"}),
        Reply(200, page, {"Content-Type": value or "x"}),
        Reply(302, b"", headers),
        Reply(503, page, headers),
        Reply(401, {"data": [], "errors": [{"code": text, "message": text, "path": text}]}, headers),
        Reply(200, {"data": [{"options": {text: 1}, text: text}], "dataType": text, "errors": text}, headers),
        Reply(200, text.encode("utf-8", "replace")),
    ):
        answer_everywhere(stub_server, reply)
        run_all(person, [("whoami",)], text, "--verbose")


def test_some_while_signing_in(person: CliRunner, shared_stub_server: StubServer) -> None:
    """Metadata, token, and refusal; by browser, by token, by a service account; and signing out."""
    for text in SAMPLE:
        while_signing_in(person, shared_stub_server, text)


@pytest.mark.slow
def test_more_while_signing_in(person: CliRunner, shared_stub_server: StubServer) -> None:
    """All of them at full scale."""
    for text in LONG_SAMPLE:
        while_signing_in(person, shared_stub_server, text)


def while_signing_in(person: CliRunner, stub_server: StubServer, text: str) -> None:
    """Every way in, at a server that says `text` wherever it can."""
    person.environment.clear()
    person.environment["MTRIBES_HOST"] = stub_server.url
    person.browser = lambda url: answered(url, text)
    say_everywhere(stub_server, [text])
    token = ("login", "--with-token")
    harmless(person, token, person(*token, stdin="mtp_given", terminal=True), text)
    run_all(person, [("login", "--browser"), ("whoami",), ("logout",)], text)
    metadata = {
        "issuer": stub_server.url,
        "authorization_endpoint": f"{stub_server.url}/authorize?x={text}",
        "token_endpoint": text,
    }
    stub_server.on("GET", "/.well-known/oauth-authorization-server", Reply(200, metadata))
    run_all(person, [("login", "--browser")], text)
    stub_server.on("POST", "/oauth/token", Reply(400, {"error": text, "error_description": text}))
    person.environment |= {"MTRIBES_CLIENT_ID": "svc_1", "MTRIBES_CLIENT_SECRET": "mts_secret"}
    run_all(person, [("whoami",)], text)
    stub_server.on("POST", "/oauth/token", Reply(200, {"access_token": text, "expires_in": 10**400}))
    run_all(person, [("whoami",)], text)


def answered(url: str, text: str) -> bool:
    """The browser comes back at once: with a refusal in the server's own words."""
    query = query_of(url)
    said = quote(text.encode("utf-8", "replace"))[:4_000]
    callback = f"{query['redirect_uri']}?state={quote(query['state'])}&error=access_denied&error_description={said}"
    issuer = url.partition("/authorize")[0]
    httpx.get(f"{callback}&iss={quote(issuer)}", trust_env=False)
    return True


def test_some_as_choices_of_the_wizard(person: CliRunner, shared_stub_server: StubServer) -> None:
    """All are offered; the first of them is taken."""
    (person.home / "mtribes.toml").unlink()
    for start in range(0, len(PLAIN), 150):
        choices = PLAIN[start : start + 150]
        say_everywhere(shared_stub_server, choices)
        for key in choices:
            say_of_key(shared_stub_server, key, choices)
        for answers in ("1\n1\n\n\n\n\n", "acme\n", "40\n40\n\n"):
            outcome = person("setup", stdin=answers, terminal=True)
            harmless(person, ("setup",), outcome, f"choices from {start}")
            outcome = person("setup", "--yes", "--target", "typescript:src/vod", terminal=True)
            harmless(person, ("setup", "--yes"), outcome, f"choices from {start}")


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of Unix")
@pytest.mark.parametrize("argv", [("space", "list"), ("whoami",), ("update", "--diff"), ("space", "pull", "vod")])
def test_a_real_terminal_gets_no_escape_of_theirs(
    person: CliRunner, shared_stub_server: StubServer, argv: tuple[str, ...]
) -> None:
    say_everywhere(shared_stub_server, PLAIN)
    shown, exit_code = at_a_real_terminal(person, *argv)
    assert exit_code == 0
    assert len(shown) > 1_000
    assert not _OBEYED.search(without_ours(shown))
    fail_everywhere(shared_stub_server, 422, STRINGS)
    shown, exit_code = at_a_real_terminal(person, *argv)
    assert exit_code in DOCUMENTED
    assert "\x1b[31merror:\x1b[0m" in shown
    assert not _OBEYED.search(without_ours(shown))


def at_a_real_terminal(person: CliRunner, *argv: str) -> tuple[str, int]:
    """What a pseudo-terminal was sent; its own CR before each LF is left out."""
    controller, terminal = pty.openpty()
    environment = {**os.environ, **person.environment, "TERM": "xterm-256color", "XDG_STATE_HOME": str(person.home)}
    environment = {name: value for name, value in environment.items() if name not in {"NO_COLOR", "CI"}}
    command = [sys.executable, "-m", "mtribes_cli", *argv]
    process = subprocess.Popen(
        command, cwd=person.home, env=environment, stdin=terminal, stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    shown = b"".join(iter(lambda: _read(controller), b""))
    os.close(controller)
    return shown.decode().replace("\r\n", "\n"), process.wait()


def _read(controller: int) -> bytes:
    """What comes next; nothing when the last process has closed the terminal."""
    try:
        return os.read(controller, 65_536)
    except OSError:
        return b""
