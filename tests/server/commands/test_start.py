"""`mtribes-server start`, `status`, `stop` and `logs`, with servers in processes of their own."""

from __future__ import annotations

import concurrent.futures
import json
import os
import re
import select
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from templates_server.__main__ import main
from templates_server.storage.data_folder import DataFolder
from templates_server.storage.migrations import ADVISORY_LOCK
from tests.server_processes import ENVIRONMENT, ServerProcess, server_process, status_of
from tests.servers import PostgresServer

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="these send POSIX signals")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with server_process(tmp_path_factory.mktemp("data") / "new" / "folder") as server:
        yield server


def test_a_started_server_is_ready_and_says_where_it_is(running: ServerProcess) -> None:
    assert httpx.get(f"{running.url}/readyz").json()["status"] == "ready"
    assert running.record["pid"] == running.process.pid
    assert running.url.startswith("http://127.0.0.1:")
    assert (running.record["local"], running.record["demo"]) == (False, False)


def test_what_it_writes_is_its_owners_alone(running: ServerProcess) -> None:
    assert stat.S_IMODE(running.folder.stat().st_mode) == 0o700
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in running.folder.iterdir()}
    assert set(modes.values()) == {0o600}, modes


def test_a_second_server_on_the_folder_is_refused_and_told_of_the_first(
    running: ServerProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["start", "--data", str(running.folder), "--port", "0"]) == 1
    said = capsys.readouterr().err
    assert f"pid {running.process.pid}, {running.url}" in said
    assert len(said.splitlines()) == 2


def test_status_knows_a_running_server(running: ServerProcess, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--data", str(running.folder)]) == 0
    assert capsys.readouterr().out.startswith(f"ready: {running.url} (pid {running.process.pid}")


def test_logs_prints_what_the_server_said(running: ServerProcess, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", "--data", str(running.folder)]) == 0
    assert f"is running at {running.url}" in capsys.readouterr().out


def test_no_request_is_logged(running: ServerProcess) -> None:
    httpx.get(f"{running.url}/healthz?secret=in-the-address")
    assert "in-the-address" not in (running.folder / "server.log").read_text()


def test_a_port_in_use_is_refused(running: ServerProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    port = running.url.rpartition(":")[2]
    assert main(["start", "--data", str(tmp_path), "--port", port]) == 1
    assert f"Port {port} on 127.0.0.1 is in use" in capsys.readouterr().err


@pytest.mark.slow
def test_a_local_server_takes_another_port_and_says_so(running: ServerProcess, tmp_path: Path) -> None:
    port = running.url.rpartition(":")[2]
    with server_process(tmp_path, "--local", "--port", port) as local:
        assert local.record["local"] is True
        assert local.url != running.url
        assert f"Port {port} is in use. Using port {local.url.rpartition(':')[2]} instead." in local.said()


@pytest.mark.slow
def test_stop_ends_it_and_leaves_no_trace_of_a_running_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with server_process(tmp_path) as server:
        waiting = threading.Thread(target=server.process.wait)
        waiting.start()
        assert main(["stop", "--data", str(tmp_path)]) == 0
        waiting.join()
        assert server.process.returncode == 0
    assert status_of(server.url) == 0
    assert not (tmp_path / "server.json").exists()
    assert main(["status", "--data", str(tmp_path)]) == 3
    assert main(["stop", "--data", str(tmp_path)]) == 0
    assert "No server is running" in capsys.readouterr().out


@pytest.mark.slow
def test_the_record_of_a_killed_server_is_stale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with server_process(tmp_path) as server:
        server.process.kill()
        server.process.wait()
        assert DataFolder(tmp_path).record() is not None
        assert main(["status", "--data", str(tmp_path)]) == 3
        assert "not running" in capsys.readouterr().out
    with server_process(tmp_path) as again:
        assert status_of(f"{again.url}/readyz") == 200


@pytest.mark.slow
def test_ctrl_c_ends_it_with_130(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(30) == 130
        assert not (tmp_path / "server.json").exists()


@pytest.mark.slow
def test_what_is_in_flight_is_finished_before_the_server_goes(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        parts = httpx.URL(server.url)
        with socket.create_connection((parts.host, parts.port or 0)) as connection:
            body = b"grant_type=none"
            connection.sendall(
                b"POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                + f"Content-Length: {len(body)}\r\n\r\n".encode()
            )
            time.sleep(0.3)
            with concurrent.futures.ThreadPoolExecutor() as threads:
                stopping = threads.submit(server.stop)
                time.sleep(0.5)
                assert not stopping.done()
                connection.sendall(body)
                answer = b"".join(iter(lambda: connection.recv(4096), b""))
                assert stopping.result() == 0
    assert answer.startswith(b"HTTP/1.1 4")
    assert b"error" in answer


def test_a_head_that_does_not_end_is_cut_off(running: ServerProcess) -> None:
    parts = httpx.URL(running.url)
    with socket.create_connection((parts.host, parts.port or 0)) as connection:
        connection.settimeout(10)
        connection.sendall(b"GET /healthz HTTP/1.1\r\n")
        for _ in range(40):
            connection.sendall(b"X-Filler: " + b"x" * 4000 + b"\r\n")
            time.sleep(0.005)
            if select.select([connection], [], [], 0)[0]:
                break
        assert connection.recv(100).startswith(b"HTTP/1.1 431")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--workers", "2"], "SQLite supports one process only."),
        (["--workers", "2", "--local", "--database", "postgresql://x/y"], "--local supports one process only."),
        (["--host", "0.0.0.0"], "--public-url https://"),  # noqa: S104 - refused, that is the point
        (["--host", "0.0.0.0", "--public-url", "http://example.com"], "must use https"),  # noqa: S104 - as above
        (["--host", "0.0.0.0", "--local"], "--local serves this machine only"),  # noqa: S104 - as above
        (["--public-url", "https://example.com/"], "trailing slash"),
        (["--database", "mysql://x/y"], "Unsupported database type"),
        (["--database", "nonsense"], "not a URL"),
        (["--port", "65536"], "--port"),
        (["--nonsense"], "No such option"),
        (["argument"], "unexpected extra argument"),
    ],
)
def test_what_does_not_go_together_is_refused_in_two_lines(
    options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["start", "--data", str(tmp_path / "new"), *options]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert re.fullmatch(r"error: .+\nhint: .+\n", error)
    assert not (tmp_path / "new").exists()


def test_a_folder_of_somebody_elses_is_not_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    tmp_path.chmod(0o755)
    assert main(["start", "--data", str(tmp_path)]) == 2
    assert "contains files that are not mtribes-server data" in capsys.readouterr().err
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_several_workers_serve_one_postgresql(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.new_database_url()
    with server_process(tmp_path, "--workers", "2", environment={"MTRIBES_DATABASE": url}) as server:
        answers = {httpx.get(f"{server.url}/readyz").status_code for _ in range(20)}
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(server.process.pid)], capture_output=True, text=True, check=True
        ).stdout.split()
        assert server.stop() == 0
    assert answers == {200}
    assert len(children) >= 2
    assert not (tmp_path / "mtribes.db").exists()
    assert url not in json.dumps(server.record)


def test_of_several_that_migrate_one_postgresql_each_waits_for_its_turn(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    url = postgres.new_database_url()
    arguments = ["migrate", "--data", str(tmp_path), "--database", url]
    with psycopg.connect(url) as other, concurrent.futures.ThreadPoolExecutor() as threads:
        other.execute("SELECT pg_advisory_xact_lock(%s)", (ADVISORY_LOCK,))
        migrating = threads.submit(main, arguments)
        time.sleep(0.7)
        assert not migrating.done()
        other.commit()
        assert migrating.result(30) == 0


@pytest.mark.slow
def test_a_database_that_is_down_is_a_reason_to_try_later(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    assert main(["migrate", "--data", str(tmp_path), "--database", f"postgresql://u:secret@127.0.0.1:{port}/x"]) == 75
    said = capsys.readouterr().err
    assert "secret" not in said
    assert len(said.splitlines()) == 2


def test_the_program_alone_prints_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    help_text = capsys.readouterr().out
    assert all(word in help_text for word in ("start", "status", "stop", "logs", "migrate", "backup", "restore"))


def test_its_environment_variables_are_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["start", "--help"]) == 0
    help_text = capsys.readouterr().out
    assert all(name in help_text for name in ("MTRIBES_DATA", "MTRIBES_DATABASE", "MTRIBES_PUBLIC_URL"))


@pytest.mark.slow
def test_a_log_that_is_stderr_is_written_once(tmp_path: Path) -> None:
    log = os.open(tmp_path / "server.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    command = [sys.executable, "-m", "templates_server", "start", "--port", "0", "--data", str(tmp_path)]
    with subprocess.Popen(command, stderr=log, env=ENVIRONMENT) as process:
        while " is running at " not in (tmp_path / "server.log").read_text() and process.poll() is None:
            time.sleep(0.05)
        process.terminate()
    os.close(log)
    assert (tmp_path / "server.log").read_text().count(" is running at ") == 1


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--trusted-proxy", "10.0.0.0/33", "'10.0.0.0/33' in --trusted-proxy"),
        ("--trusted-proxy", "10.0.0.1/8", "'10.0.0.1/8' in --trusted-proxy"),
        ("--proxy-header", "x-real-ip", "'x-real-ip' is not one of 'x-forwarded-for', 'forwarded'"),
        ("--allowed-host", "https://app.internal", "'https://app.internal' in --allowed-host"),
        ("--allowed-host", "app.internal:80", "'app.internal:80' in --allowed-host"),
        ("--cors-origin", "https://app.example.com/", "'https://app.example.com/' in --cors-origin"),
        ("--cors-origin", "app.example.com", "'app.example.com' in --cors-origin"),
        ("--cors-origin", "*", "'*' in --cors-origin"),
        ("--rate-limits", "client=0", "client must be a number of requests per minute, not '0'"),
        ("--rate-limits", "on", "'on' must be `off` or one of platform=N"),
    ],
)
def test_what_is_no_network_or_no_name_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str, said: str
) -> None:
    assert main(["start", "--data", str(tmp_path), "--port", "0", option, value]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.slow
def test_names_of_the_server_are_taken_from_the_environment(tmp_path: Path) -> None:
    with server_process(tmp_path, environment={"MTRIBES_ALLOWED_HOSTS": "app.internal Other.internal"}) as server:
        for host, status in (("other.internal", 200), ("APP.internal", 200), ("evil.example", 421)):
            assert httpx.get(f"{server.url}/sign-in", headers={"Host": host}).status_code == status


@pytest.mark.slow
def test_the_header_of_proxies_is_taken_from_the_environment(tmp_path: Path) -> None:
    environment = {
        "MTRIBES_PROXY_HEADER": "Forwarded",
        "MTRIBES_TRUSTED_PROXIES": "127.0.0.1",
        "MTRIBES_RATE_LIMITS": "unauthenticated=2",
    }
    with server_process(tmp_path, environment=environment) as server:
        for address in ("192.0.2.1", "192.0.2.2"):
            headers = [{"Forwarded": f"for={address}", "X-Forwarded-For": f"203.0.113.{n}"} for n in range(3)]
            told = [httpx.get(f"{server.url}/v2/me", headers=each).status_code for each in headers]
            assert told == [401, 401, 429]


@pytest.mark.slow
@pytest.mark.parametrize(("options", "is_told"), [([], True), (["--trusted-proxy", "10.0.0.0/8"], False)])
def test_a_public_server_without_a_listed_proxy_says_what_that_means(
    tmp_path: Path, options: list[str], *, is_told: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "templates_server", "start", "--data", str(tmp_path), "--port", str(port)]
    command += ["--public-url", "https://mtribes.example.com", *options]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=ENVIRONMENT) as process:
        deadline = time.monotonic() + 30
        while status_of(f"http://127.0.0.1:{port}/healthz") != 200 and time.monotonic() < deadline:
            time.sleep(0.1)
        process.terminate()
    assert ("--trusted-proxy is not set" in (tmp_path / "server.log").read_text()) == is_told
