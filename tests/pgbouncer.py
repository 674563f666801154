"""A real PgBouncer in transaction mode before the PostgreSQL of the tests: few connections, shared by many."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.requirements import require

START_TIMEOUT_SECONDS = 20
FEW_CONNECTIONS = 3
THROUGH_PGBOUNCER = "MTRIBES_TESTS_THROUGH_PGBOUNCER"
"""The variable by which, when it is 1, all tests of a run reach PostgreSQL through a PgBouncer."""


@contextlib.contextmanager
def pgbouncer(socket_folder: Path, *, connections: int = FEW_CONNECTIONS) -> Iterator[str]:
    """Where a PgBouncer listens that leads to the PostgreSQL of a socket: `postgresql://bouncer@HOST:PORT`."""
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    require(Path(program).exists(), "PgBouncer", "install the package pgbouncer")
    port = _free_port()
    settings = {
        "listen_addr": "127.0.0.1",
        "listen_port": str(port),
        "auth_type": "any",
        "pool_mode": "transaction",
        "default_pool_size": str(connections),
        "max_client_conn": "100",
        "ignore_startup_parameters": "extra_float_digits",
        "unix_socket_dir": "",
    }
    with tempfile.TemporaryDirectory(prefix="pgbouncer-") as folder:
        Path(folder).chmod(0o755)  # it lets go of being root before it reads
        file = Path(folder) / "pgbouncer.ini"
        file.write_text(_ini({"*": f"host={socket_folder} user=postgres"}, settings))
        file.chmod(0o644)
        command = [program, "-q", *_as_owner_of(socket_folder), str(file)]
        with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
            try:
                _wait_for(port, process)
                yield f"postgresql://bouncer@127.0.0.1:{port}"
            finally:
                process.kill()


def _ini(databases: Mapping[str, str], settings: Mapping[str, str]) -> str:
    sections = {"databases": databases, "pgbouncer": settings}
    return "".join(
        f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())
        for name, values in sections.items()
    )


def _as_owner_of(folder: Path) -> list[str]:
    """It refuses to run as root: it runs as whoever runs PostgreSQL, and may enter the folder of its socket."""
    return ["-u", folder.owner()] if os.geteuid() == 0 else []


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    process.kill()
    said = process.stderr.read().decode() if process.stderr else ""
    raise AssertionError(f"PgBouncer did not start: {said}")
