"""`mtribes setup --local`: the real program starts the real server, signs in without a browser, and generates."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mtribes_cli.local_server import running_server
from templates_server.__main__ import main as server_main
from tests.cli.cli_runner import Outcome
from tests.cli.project_runner import Project, changes
from tests.server_processes import server_process

START_SECONDS = 40.0


def stopped(folder: Path) -> None:
    """End the server of a data folder, if one runs there, and wait until it has gone."""
    record = folder / "server.json"
    if not record.exists():
        return
    pid = int(json.loads(record.read_bytes())["pid"])
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    deadline = time.monotonic() + START_SECONDS
    while record.exists() and time.monotonic() < deadline:
        _reap(pid)
        time.sleep(0.05)
    _reap(pid)


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


class Folder(Project):
    """A folder of somebody whose computer has a local server; `MTRIBES_SERVER_PORT=0` lets it take any port."""

    @property
    def data(self) -> Path:
        """The data folder of the server."""
        return self.folders.server


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    """An empty folder of somebody who is not signed in; a clock that waits, as servers take their time."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    root = tmp_path / "project"
    root.mkdir()
    of_a_person = {name: value for name, value in os.environ.items() if name != "CI"}
    folder = Folder(root, environment={**of_a_person, "MTRIBES_SERVER_PORT": "0"})
    yield folder
    stopped(folder.data)


def program(folder: Folder, *argv: str) -> subprocess.Popen[str]:
    """The real program in a process of its own, without a terminal."""
    environment = {
        **os.environ,
        "MTRIBES_DATA": str(folder.data),
        "MTRIBES_SERVER_PORT": "0",
        "XDG_CONFIG_HOME": str(folder.folders.config),
        "XDG_STATE_HOME": str(folder.folders.state),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "mtribes_cli", *argv],
        cwd=folder.root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> Outcome:
    out, err = process.communicate(timeout=60)
    return Outcome(process.returncode, out, err)


def test_from_an_empty_folder_to_code_and_back_again_without_a_change(folder: Folder) -> None:
    first = ended(program(folder, "setup", "--local", "--json"))
    assert first.exit_code == 0, first.err
    data = first.envelope["data"]
    assert (data["organization"], data["space"]) == ("acme", "vod")
    assert set(changes(first).values()) == {"added"}
    for name in ("collection", "section", "experience"):
        assert list((folder.root / "src/mtspace/vod" / name).glob("*.ts"))
    assert data["live"] == f"{data['host']}/demo"
    assert httpx.get(data["live"], trust_env=False).status_code == 200
    before = folder.files(), folder.times()

    again = ended(program(folder, "setup", "--local"))
    assert again.exit_code == 0, again.err
    assert "Up to date" in again.out
    assert f"See it live: {data['live']}" in again.out
    assert "Starting" not in again.err
    for argv in (("update",), ("update", "--check", "--latest"), ("update", "--check", "--offline"), ("status",)):
        assert folder.run(*argv).exit_code == 0
    assert (folder.files(), folder.times()) == before

    assert ":8674" not in data["host"]
    assert "generated code uses http://127.0.0.1:8674" in again.err
    assert any(b'"http://127.0.0.1:8674"' in content for path, content in before[0].items() if path.endswith(".ts"))
    assert not any(data["host"].encode() in content for content in before[0].values())

    asked = Folder(folder.root.parent / "asked", environment=folder.environment)
    asked.root.mkdir()
    outcome = asked.run("setup", "--local", answers="\n\n\nno\n")
    assert outcome.exit_code == 0, outcome.err
    assert "[vod]" in outcome.err
    assert asked.files() == before[0]


@pytest.mark.slow
def test_a_local_server_without_demo_data_is_set_up_too(folder: Folder) -> None:
    with server_process(folder.data, "--local"):
        first = ended(program(folder, "setup", "--local", "--json"))
        assert first.exit_code == 0, first.err
        data = first.envelope["data"]
        assert (data["organization"], data["space"], data["live"]) == ("local", "app", None)
        assert list((folder.root / "src/mtspace/app").glob("*.ts"))
        assert ended(program(folder, "update", "--check", "--latest")).exit_code == 0
    with server_process(folder.data, "--local") as server:  # nothing is added at the next start
        assert "Created organization" not in server.said()
        assert ended(program(folder, "space", "list", "--json")).envelope["data"][0]["key"] == "app"


@pytest.mark.slow
def test_a_local_server_where_nobody_administers_says_what_to_run(folder: Folder) -> None:
    assert server_main(["organization", "add", "acme", "--data", str(folder.data)]) == 0
    with server_process(folder.data, "--local"):
        outcome = ended(program(folder, "setup", "--local"))
    assert outcome.exit_code == 4
    assert "No organization on this server has an administrator" in outcome.err
    assert "mtribes-server account add EMAIL --organization KEY --role administrator" in outcome.err


@pytest.mark.slow
def test_two_at_once_start_one_server_which_goes_on_until_it_is_killed_and_then_another(folder: Folder) -> None:
    both = [program(folder, "setup", "--local"), program(folder, "setup", "--local")]
    outcomes = [ended(process) for process in both]
    assert [outcome.exit_code for outcome in outcomes] == [0, 0], [outcome.err for outcome in outcomes]
    assert sum("Starting a local server" in outcome.err for outcome in outcomes) == 1

    server = running_server(folder.data)
    assert server is not None
    assert (server.is_local, server.is_demo) == (True, True)
    os.kill(json.loads((folder.data / "server.json").read_bytes())["pid"], signal.SIGKILL)
    deadline = time.monotonic() + START_SECONDS
    while running_server(folder.data) is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert folder.run("update", "--check", "--offline").exit_code == 0
    away = folder.run("update")
    assert away.exit_code == 75
    assert "setup --local" in away.err

    before = folder.files()
    outcome = folder.run("setup", "--local")
    assert outcome.exit_code == 0, outcome.err
    assert "Starting a local server" in outcome.err
    assert folder.files() == before


@pytest.mark.slow
def test_a_server_that_does_not_start_is_told_with_the_end_of_its_log(folder: Folder) -> None:
    folder.data.mkdir()
    (folder.data / "mtribes.db").write_text("this is no database, and never was\n" * 100)
    outcome = folder.run("setup", "--local")
    assert outcome.exit_code == 1
    assert "did not start" in outcome.err
    assert len(outcome.err.splitlines()) > 3
    assert folder.files() == {}


def test_without_the_server_extra_it_says_the_command_that_installs_it(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtribes_cli.local_server.SERVER_PARTS", ("surely_not_installed",))
    outcome = folder.run("setup", "--local")
    assert outcome.exit_code == 1
    assert "pip install 'mtribes[server]'" in outcome.err
    assert not folder.data.exists()


def test_a_folder_of_somebody_elses_is_not_made_a_data_folder(folder: Folder) -> None:
    folder.data.mkdir()
    (folder.data / "notes.txt").write_text("mine\n")
    outcome = folder.run("setup", "--local")
    assert outcome.exit_code == 1
    assert [path.name for path in folder.data.iterdir()] == ["notes.txt"]


def test_a_record_of_a_server_that_has_gone_or_is_none_of_ours_is_not_believed(tmp_path: Path) -> None:
    record = tmp_path / "server.json"
    assert running_server(tmp_path) is None
    gone = subprocess.Popen([sys.executable, "-c", "pass"])
    gone.wait()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        for content in ("", "[]", "{}", json.dumps({"pid": gone.pid, "url": url})):
            record.write_text(content)
            assert running_server(tmp_path) is None
        record.write_text(json.dumps({"pid": os.getpid(), "url": url, "local": True}))
        answering = threading.Thread(target=_talk_nonsense, args=(listening,))
        answering.start()
        assert running_server(tmp_path) is None
        answering.join()
    for url in ("https://127.0.0.1:1", "http://example.com", "file:///etc/passwd", "nonsense"):
        record.write_text(json.dumps({"pid": os.getpid(), "url": url}))
        assert running_server(tmp_path) is None


def _talk_nonsense(listening: socket.socket) -> None:
    connection, _ = listening.accept()
    with connection:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnope")
