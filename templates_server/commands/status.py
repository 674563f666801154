"""`mtribes-server status`: whether a server runs on a data folder, where, and whether it can serve."""

from __future__ import annotations

import sys

import msgspec

from templates_server.commands.errors import ExitCode
from templates_server.commands.health_client import send_request
from templates_server.commands.options import Data, resolve_data_folder

HELP = "Show whether a server is running on the data directory and is ready. Exits with 3 if not."


def status(data: Data = None) -> int:
    """Tell, and end with 0 only when all is well."""
    folder = resolve_data_folder(data)
    record = folder.running()
    if record is None:
        sys.stdout.write(f"not running: {folder.path}\n")
        return ExitCode.NOT_ALL_WELL
    answer = send_request(f"{record.url}/readyz")
    state = "ready" if answer.status == 200 else "not ready"  # noqa: PLR2004 - HTTP
    kinds = "".join(f", {name}" for name, is_so in (("demo", record.demo), ("local", record.local)) if is_so)
    sys.stdout.write(f"{state}: {record.url} (pid {record.pid}, version {record.version}{kinds}), {folder.path}\n")
    for name, found in _checks(answer.body).items():
        if found != "ok":
            sys.stdout.write(f"  {name}: {found}\n")
    return ExitCode.DONE if state == "ready" else ExitCode.NOT_ALL_WELL


class _Readiness(msgspec.Struct):
    checks: dict[str, str] = {}


def _checks(body: bytes) -> dict[str, str]:
    try:
        return msgspec.json.decode(body, type=_Readiness).checks
    except msgspec.DecodeError:
        return {"server": "unexpected response"}
