"""The application as a whole: routing, errors, headers."""

from __future__ import annotations

from tests.servers import RunningServer


def test_a_server_that_can_serve_says_so(server: RunningServer) -> None:
    with server.client() as client:
        assert client.get("/healthz").status_code == 200
        ready = client.get("/readyz")
    assert ready.json() == {"status": "ready", "checks": {"schema": "ok", "disk": "ok"}}


def test_a_path_that_leads_nowhere_is_404_in_the_envelope(server: RunningServer) -> None:
    with server.client() as client:
        answer = client.get("/v2/nowhere")
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["code"] == "NOT_FOUND"


def test_a_wrong_method_is_405_and_names_the_right_ones(server: RunningServer) -> None:
    with server.client() as client:
        answer = client.post("/healthz")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
