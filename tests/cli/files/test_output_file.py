"""`--output` and its like: what is written through, what is replaced, what is refused. One rule for all commands."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mtribes_cli.files import output_file
from tests.cli.cli_runner import CliRunner, Outcome
from tests.cli.stub_server import Reply, StubServer, data

pytestmark = pytest.mark.skipif(os.name == "nt", reason="devices and pipes of Unix")
PLACE = ("--space", "vod", "--env", "production")
ENVIRONMENT = "/v2/spaces/vod/environments/production"
ROWS = b"name\r\nvideo/completed\r\n"
COMMANDS = {
    "space pull": ("space", "pull", "vod", "--format", "json"),
    "env pull": ("env", "pull", *PLACE, "--format", "json"),
    "tribe pull": ("tribe", "pull", "--space", "vod", "--format", "json"),
    "user export": ("user", "export", "ada", *PLACE),
    "event export": ("event", "export", *PLACE),
    "tribe export": ("tribe", "export", "fans", *PLACE),
}


@pytest.fixture
def serving(stub_server: StubServer) -> StubServer:
    """All that is asked for, the same text each time."""
    for path in ("/v2/spaces/vod/model", "/v2/spaces/vod/tribes", f"{ENVIRONMENT}/delivery"):
        stub_server.on("GET", path, data({"space": "vod", "text": "\x1b[31m"}))
    stub_server.on("GET", f"{ENVIRONMENT}/users/ada/everything", data({"space": "vod", "text": "\x1b[31m"}))
    export = {"export": "exp_1", "state": "complete", "rows": 1, "bytes": len(ROWS)}
    export |= {"sha256": hashlib.sha256(ROWS).hexdigest()}
    for source in ("events", "tribes/fans"):
        stub_server.on("POST", f"{ENVIRONMENT}/{source}/exports", data(export))
    stub_server.on("GET", f"{ENVIRONMENT}/exports/exp_1", data(export))
    stub_server.on("GET", f"{ENVIRONMENT}/exports/exp_1/content", Reply(200, ROWS, {"Content-Type": "text/csv"}))
    return stub_server


def is_right(argv: tuple[str, ...], content: bytes) -> bool:
    return (
        content == ROWS
        if "exports" in argv or (argv[1] == "export" and argv[0] != "user")
        else (json.loads(content) == {"space": "vod", "text": "\x1b[31m"})
    )


@contextmanager
def reading(place: Path) -> Iterator[Callable[[], bytes]]:
    """Somebody who reads a FIFO to its end."""
    found: list[bytes] = []
    thread = threading.Thread(target=lambda: found.append(place.read_bytes()), daemon=True)
    thread.start()

    def told() -> bytes:
        thread.join(20)
        return found[0]

    yield told


@pytest.mark.parametrize("name", COMMANDS)
def test_a_fifo_is_written_through_and_stays_one(user: CliRunner, serving: StubServer, name: str) -> None:
    assert serving.url
    place = user.home / "fifo"
    os.mkfifo(place)
    with reading(place) as told:
        outcome = user(*COMMANDS[name], "--output", "fifo")
        assert (outcome.exit_code, outcome.out) == (0, ""), outcome.err
        assert is_right(COMMANDS[name], told())
    assert stat.S_ISFIFO(place.lstat().st_mode)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs to make a device")
@pytest.mark.parametrize("name", COMMANDS)
def test_a_device_stays_one(user: CliRunner, serving: StubServer, name: str) -> None:
    """As root, where it would be replaced: a null device of the test's own."""
    assert serving.url
    place = user.home / "null"
    os.mknod(place, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    for argv in ((), ("--json",)):
        outcome = user(*COMMANDS[name], "--output", "null", *argv)
        assert outcome.exit_code == 0, outcome.err
        assert stat.S_ISCHR(place.lstat().st_mode)
    (user.home / "link").symlink_to("null")
    assert user(*COMMANDS[name], "--output", "link").exit_code == 0
    assert (stat.S_ISCHR(place.lstat().st_mode), (user.home / "link").is_symlink()) == (True, True)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_link_to_a_file_stays_a_link_and_its_end_is_replaced(user: CliRunner, serving: StubServer, name: str) -> None:
    assert serving.url
    (user.home / "below").mkdir()
    real = user.home / "below" / "real"
    real.write_text("old\n")
    real.chmod(0o640)
    (user.home / "link").symlink_to("below/real")
    (user.home / "new").symlink_to("below/not-there-yet")
    for link, end in (("link", real), ("new", user.home / "below" / "not-there-yet")):
        assert user(*COMMANDS[name], "--output", link).exit_code == 0
        assert (user.home / link).is_symlink()
        assert is_right(COMMANDS[name], end.read_bytes())
    assert real.stat().st_mode & 0o777 == 0o640
    assert {path.name for path in (user.home / "below").iterdir()} == {"real", "not-there-yet"}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("place", ["a folder", "a socket", "in a repository", "a link into one", "no folder/x"])
def test_what_is_not_written_to_is_refused(user: CliRunner, serving: StubServer, name: str, place: str) -> None:
    assert serving.url
    own = user.home / ".git"
    own.mkdir()
    (own / "config").write_text("[core]\n")
    path = {"in a repository": ".git/config", "a link into one": "link"}.get(place, place)
    listening = socket.socket(socket.AF_UNIX)
    match place:
        case "a folder":
            (user.home / place).mkdir()
        case "a socket":
            with listening:
                listening.bind(os.path.relpath(user.home / place))
        case "a link into one":
            (user.home / "link").symlink_to(".git/config")
    listening.close()
    before = {path: path.lstat().st_mode for path in user.home.rglob("*") if "state" not in path.parts}
    outcome = user(*COMMANDS[name], "--output", path)
    assert outcome.exit_code == 1, outcome.err
    assert {path: path.lstat().st_mode for path in user.home.rglob("*") if "state" not in path.parts} == before
    assert (own / "config").read_text() == "[core]\n"


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("own", [".git", ".GIT", ".hg", "git~1"])
def test_no_file_is_made_that_tells_git_where_a_repository_is(
    user: CliRunner, serving: StubServer, name: str, own: str
) -> None:
    """A link of a checkout to `below/.git` would make `gitdir: ...` of a server's text the word of a repository."""
    assert serving.url
    (user.home / "below").mkdir()
    (user.home / "link").symlink_to(f"below/{own}")
    for path in ("link", f"below/{own}"):
        outcome = user(*COMMANDS[name], "--output", path)
        assert (outcome.exit_code, "a repository's own" in outcome.err) == (1, True), outcome.err
    assert list((user.home / "below").iterdir()) == []


LONGEST = ("x" * 251 + ".csv", "\U0001f600" * 62 + ".csv")
"""In bytes of UTF-8."""


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("longest", LONGEST)
def test_a_name_as_long_as_names_can_be_is_written(
    user: CliRunner, serving: StubServer, name: str, longest: str
) -> None:
    assert serving.url
    outcome = user(*COMMANDS[name], "--output", longest)
    assert outcome.exit_code == 0, outcome.err
    assert is_right(COMMANDS[name], (user.home / longest).read_bytes())
    assert [path for path in user.home.iterdir() if path.is_file()] == [user.home / longest]


@pytest.mark.parametrize("longest", LONGEST)
def test_rejects_have_a_name_as_long_as_names_can_be(user: CliRunner, stub_server: StubServer, longest: str) -> None:
    assert ingest(user, stub_server, longest) == 3
    assert (user.home / longest).read_text().startswith("user_id,email,_line,_error")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_fifo_that_nobody_reads_is_given_up(
    user: CliRunner, serving: StubServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert serving.url
    monkeypatch.setattr(output_file, "READER_WAIT_SECONDS", 0.1)
    os.mkfifo(user.home / "fifo")
    outcomes: list[Outcome] = []
    command = threading.Thread(target=lambda: outcomes.append(user(*COMMANDS[name], "--output", "fifo")), daemon=True)
    command.start()
    command.join(20)
    assert outcomes, "the command waits"
    assert outcomes[0].exit_code == 1
    assert "is a FIFO without a reader" in outcomes[0].err


def program(user: CliRunner, script: str) -> subprocess.CompletedProcess[bytes]:
    """What a shell does with the real program as `$M`."""
    environment = {**os.environ, **user.environment, "M": f"{sys.executable} -m mtribes_cli"}
    environment |= {"XDG_STATE_HOME": str(user.home / "state"), "XDG_CONFIG_HOME": str(user.home / "config")}
    return subprocess.run(["bash", "-c", script], cwd=user.home, env=environment, capture_output=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["space pull", "event export"])
def test_stdout_by_another_name_gets_the_text_alone(user: CliRunner, serving: StubServer, name: str) -> None:
    """`/dev/stdout`, an open file of the shell, and `>(...)`; what stood in a file before stays."""
    assert serving.url
    command = f"$M {' '.join(COMMANDS[name])} --output"
    for script in (
        f"{command} /dev/stdout | cat",
        f"{command} /dev/fd/1 | cat",
        f"{command} /proc/self/fd/1 | cat",
        f"{command} /dev/fd/7 7>&1 | cat",
        f"{command} >(cat) | cat",
    ):
        ended = program(user, script)
        assert is_right(COMMANDS[name], ended.stdout), (script, ended.stdout, ended.stderr)
    ended = program(user, f"(echo before; {command} /dev/stdout; echo after) > file")
    lines = (user.home / "file").read_bytes()
    assert (lines.startswith(b"before\n"), lines.endswith(b"after\n")) == (True, True), ended.stderr
    assert is_right(COMMANDS[name], lines.removeprefix(b"before\n").removesuffix(b"after\n"))


def test_a_terminal_by_another_name_obeys_nothing_of_theirs(user: CliRunner, stub_server: StubServer) -> None:
    text = Reply(200, b"space: \x1b]0;x\x07vod\n", {"Content-Type": "application/yaml"})
    stub_server.on("GET", "/v2/spaces/vod/model", text)
    controller, terminal = pty.openpty()
    outcome = user("space", "pull", "vod", "--output", os.ttyname(terminal))
    assert outcome.exit_code == 0, outcome.err
    shown = os.read(controller, 65_536)
    os.close(terminal)
    os.close(controller)
    assert shown.startswith(b"space: ")
    assert not {0x1B, 0x07} & set(shown)


# Rejects


def ingest(user: CliRunner, stub_server: StubServer, rejects: str) -> int:
    """The exit code of an import of which the only row is bad by what is known here."""
    user.write("users.csv", 'user_id,email\nada,"x"y\n')
    outcome = user("user", "ingest", "users.csv", *PLACE, "--rejects", rejects)
    assert stub_server.asked == []
    return outcome.exit_code


def test_rejects_go_through_a_fifo_and_a_device(user: CliRunner, stub_server: StubServer) -> None:
    place = user.home / "fifo"
    os.mkfifo(place)
    with reading(place) as told:
        assert ingest(user, stub_server, "fifo") == 3
        lines = told().decode().splitlines()
    assert lines[0].startswith("user_id,email,_line,_error")
    assert len(lines) == 2
    assert stat.S_ISFIFO(place.lstat().st_mode)
    assert ingest(user, stub_server, "/dev/null") == 3
    assert stat.S_ISCHR(Path("/dev/null").lstat().st_mode)


def test_rejects_of_ones_own_behind_a_link_are_replaced_there(user: CliRunner, stub_server: StubServer) -> None:
    (user.home / "link.csv").symlink_to("real.csv")
    for _ in range(2):
        assert ingest(user, stub_server, "link.csv") == 3
        assert (user.home / "link.csv").is_symlink()
        assert (user.home / "real.csv").read_text().startswith("user_id,email,_line,_error")
    (user.home / "real.csv").write_text("mine\n")
    assert ingest(user, stub_server, "link.csv") == 1
    (user.home / ".git").mkdir()
    (user.home / "into.csv").symlink_to(".git/hook")
    assert ingest(user, stub_server, "into.csv") == 1
    assert list((user.home / ".git").iterdir()) == []
