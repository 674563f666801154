"""The application as a whole: routing, errors, headers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from templates_server.features.operations import health
from tests.servers import RunningServer, running_server


def test_a_server_that_can_serve_says_so(server: RunningServer) -> None:
    with server.client() as client:
        assert client.get("/healthz").status_code == 200
        ready = client.get("/readyz")
    assert ready.json() == {"status": "ready", "checks": {"database": "ok", "schema": "ok", "disk": "ok"}}


def test_a_path_that_leads_nowhere_is_404_in_the_envelope(server: RunningServer) -> None:
    with server.client() as client:
        answer = client.get("/v2/nowhere")
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["code"] == "NOT_FOUND"


def test_a_wrong_method_is_405_and_names_the_right_ones(server: RunningServer) -> None:
    with server.client() as client:
        answer = client.post("/healthz")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


def test_a_server_without_room_on_its_disk_is_not_ready(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    total = shutil.disk_usage(server.settings.data_folder).total
    monkeypatch.setattr(health, "LEAST_FREE_BYTES", total + 1)
    with server.client() as client:
        answer = client.get("/readyz")
        assert client.get("/healthz").status_code == 200
    assert (answer.status_code, answer.json()["status"]) == (503, "not ready")
    assert answer.json()["checks"] == {
        "database": "ok",
        "schema": "ok",
        "disk": "the disk of the data directory is almost full",
    }


def test_a_server_whose_database_is_not_its_own_is_not_ready(tmp_path: Path) -> None:
    with running_server(tmp_path) as server, server.client() as client:
        assert client.get("/readyz").status_code == 200
        server.database.write_sync(lambda connection: connection.exec_driver_sql("DROP TABLE alembic_version"))
        answer = client.get("/readyz")
        assert client.get("/healthz").status_code == 200
    assert answer.status_code == 503
    assert answer.json()["checks"]["schema"] != "ok"
