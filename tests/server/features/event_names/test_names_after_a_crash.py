"""What was acknowledged is counted, though the server was killed before it came to it; backups carry it too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from templates_server.__main__ import main
from tests.server_processes import ServerProcess, server_process
from tests.servers import PostgresServer

PATH = "/v2/spaces/vod/environments/staging/event-names"


def send(server: ServerProcess, name: str) -> None:
    facts = json.loads((server.folder / "demo.json").read_text())
    headers = {"Authorization": f"Bearer {facts['spaces']['vod']['staging']}"}
    event = {"name": name, "anonymous_id": "v", "metadata": [{"key": "k", "value": "x"}]}
    with httpx.Client(base_url=server.url, headers=headers, trust_env=False) as app:
        assert app.post("/api/client/events", json=[event] * 3).status_code == 204


def names(server: ServerProcess) -> list[dict[str, Any]]:
    facts = json.loads((server.folder / "demo.json").read_text())
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {facts['token']}"}) as client:
        found: list[dict[str, Any]] = client.get(PATH).raise_for_status().json()["data"]
        return found


@pytest.mark.slow
def test_names_of_a_killed_server_are_counted_once(tmp_path: Path) -> None:
    with server_process(tmp_path, "--demo") as server:
        send(server, "a/b")
        told = names(server)
        server.process.kill()
        server.process.wait()
    assert [(one["name"], one["events"], one["metadata_keys"]) for one in told] == [("a/b", 3, ["k"])]
    with server_process(tmp_path, "--demo") as server:
        assert names(server) == told
        send(server, "a/b")
        assert names(server)[0]["events"] == 6


def test_names_go_along_from_one_kind_of_database_to_the_other(postgres: PostgresServer, tmp_path: Path) -> None:
    first, second, third = tmp_path / "1", tmp_path / "2", tmp_path / "3"
    with server_process(first, "--demo") as server:
        send(server, "Ünï 🎬")
        told = names(server)
        assert main(["backup", str(tmp_path / "1.zst"), "--data", str(first)]) == 0
    url = postgres.new_database_url()
    assert main(["restore", str(tmp_path / "1.zst"), "--data", str(second), "--database", url]) == 0
    with server_process(second, "--demo", "--database", url) as server:
        assert names(server) == told
        send(server, "c/d")
        told = names(server)
    assert main(["backup", str(tmp_path / "2.zst"), "--data", str(second), "--database", url]) == 0
    assert main(["restore", str(tmp_path / "2.zst"), "--data", str(third)]) == 0
    with server_process(third, "--demo") as server:
        assert names(server) == told
    assert len(told) == 2
