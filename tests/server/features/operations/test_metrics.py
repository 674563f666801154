"""`/metrics`: there when asked for, right in its numbers, and without a word about people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from templates_server.features.operations.metrics.registry import BOUNDS_SECONDS, Metrics
from tests.environments import add_environment
from tests.people import add_organization, add_person, add_space
from tests.servers import RunningServer, running_server

SAMPLE = re.compile(r"(mtribes_[a-z_]+)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'([a-z]+)="((?:[^"\\]|\\.)*)"')


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample by name and labels; the text must be well-formed."""
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            assert re.fullmatch(r"# (HELP mtribes_[a-z_]+ .+|TYPE mtribes_[a-z_]+ (counter|gauge|histogram))", line)
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        labels = frozenset(LABEL.findall(match[2] or ""))
        assert (match[1], labels) not in found
        found[match[1], labels] = float(match[3])
    return found


def value(text: str, name: str, **labels: str) -> float:
    return samples(text)[name, frozenset(labels.items())]


@pytest.fixture
def measured(fresh_database_url: str, tmp_path: Path) -> Iterator[RunningServer]:
    with running_server(tmp_path, database_url=fresh_database_url, metrics=True) as server:
        yield server


def test_it_is_off_unless_it_was_asked_for(server: RunningServer) -> None:
    with server.client() as client:
        assert client.get("/metrics").status_code == 404


def test_requests_are_counted_by_method_route_and_status(measured: RunningServer) -> None:
    person = add_person(measured.database, add_organization(measured.database))
    space = add_space(measured, person)
    with person.client(measured) as client:
        for path in (f"/v2/spaces/{space}", "/v2/spaces/nowhere", f"/v2/spaces/{space}"):
            client.get(path)
        client.get("/this/is/nowhere/ada@example.com")
        client.request("PROPFIND", f"/v2/spaces/{space}")
        client.options("/v2/me")
        answer = client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    text, route = answer.text, "/v2/spaces/{space}"
    assert value(text, "mtribes_requests_total", method="GET", route=route, status="200") == 2
    assert value(text, "mtribes_requests_total", method="GET", route=route, status="404") == 1
    assert value(text, "mtribes_requests_total", method="GET", route="none", status="404") == 1
    assert value(text, "mtribes_requests_total", method="other", route="none", status="405") == 1
    assert value(text, "mtribes_request_duration_seconds_count", method="GET", route=route) == 3
    assert value(text, "mtribes_request_duration_seconds_bucket", method="GET", route=route, le="+Inf") == 3
    assert value(text, "mtribes_request_duration_seconds_sum", method="GET", route=route) > 0
    assert value(text, "mtribes_database_writes_waiting") == 0
    assert value(text, "mtribes_uptime_seconds") > 0
    assert re.search(r'^mtribes_info\{version="[^"]+",process="\d+"\} 1$', text, re.MULTILINE)


def test_nothing_of_people_is_in_it(measured: RunningServer) -> None:
    person = add_person(measured.database, add_organization(measured.database))
    space = add_space(measured, person)
    environment = add_environment(measured.database)
    with person.client(measured) as client, environment.app(measured) as app:
        client.get(f"/v2/spaces/{space}/environments/production/users/ada%40example.com")
        client.get("/v2/spaces?cursor=secret-cursor&accountId=secret-account")
        app.post("/api/client/sessions", json={"external_id": "ada@example.com", "anonymous_id": "device-of-ada"})
        text = client.get("/metrics").text
    told = {label for _, labels in samples(text) for name, label in labels if name not in {"le", "version", "process"}}
    assert told
    for word in ("ada", "secret", space, person.email, person.token, environment.key, "127.0.0.1"):
        assert not [label for label in told if word in label]


def test_buckets_add_up_at_their_bounds() -> None:
    clock = iter([0.0, 7.5])
    metrics = Metrics(version='1"\\\n', gauges={"depth": ("How deep.", lambda: 3)}, clock=lambda: next(clock))
    seconds = [0.0, BOUNDS_SECONDS[0], BOUNDS_SECONDS[0] * 1.001, BOUNDS_SECONDS[-1], BOUNDS_SECONDS[-1] + 1]
    for each in seconds:
        metrics.count("GET", "/", status=200, seconds=each)
    text = metrics.text()
    bounds = [
        value(text, "mtribes_request_duration_seconds_bucket", method="GET", route="/", le=str(bound))
        for bound in (*BOUNDS_SECONDS, "+Inf")
    ]
    assert bounds == [2, *[3] * (len(BOUNDS_SECONDS) - 2), 4, 5]
    assert value(text, "mtribes_request_duration_seconds_sum", method="GET", route="/") == sum(seconds)
    assert (value(text, "mtribes_depth"), value(text, "mtribes_uptime_seconds")) == (3, 7.5)
    assert r'version="1\"\\\n"' in text
