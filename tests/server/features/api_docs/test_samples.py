"""Every sample of `/docs/api` is run as it is there, curl by a shell, Python by this one: it succeeds as described."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
from collections.abc import Iterator
from unittest import mock

import pytest

from templates_server.features.api_docs import samples
from templates_server.features.api_docs.responses import answers_of, path_parameters
from templates_server.http.response import Surface
from templates_server.http.route import Route
from templates_server.routes import ROUTES
from tests.requirements import require
from tests.server.features.api_docs.demonstration import Demonstration, demonstration

CALLED = [route for route in ROUTES if route.surface is not Surface.PAGE and path_parameters(route) != ["issuer_path"]]
FAILURES_FROM = 400


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    with demonstration(tmp_path_factory.mktemp("demo")) as running:
        yield running


def successes(route: Route) -> set[int]:
    return {int(answer.status) for answer in answers_of(route) if answer.status < FAILURES_FROM}


@pytest.mark.parametrize("route", CALLED, ids=lambda route: f"{route.method} {route.path}")
def test_every_sample_does_what_the_page_says(demo: Demonstration, route: Route) -> None:
    assert by_curl(demo, route) in successes(route)
    assert by_python(demo, route) in successes(route)


def by_curl(demo: Demonstration, route: Route) -> int:
    """The status that the command of curl got."""
    require("curl", "curl", "your system's package curl")
    demo.prepare(route)
    told = f"{samples.curl(route)} --write-out '\\n%{{http_code}}'"
    environment = {"PATH": os.environ["PATH"], "no_proxy": "127.0.0.1", **demo.variables}
    ran = subprocess.run(["sh", "-euc", told], env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert ran.returncode == 0, f"{told}\n{ran.stdout}\n{ran.stderr}"
    return int(ran.stdout.rpartition("\n")[2])


def by_python(demo: Demonstration, route: Route) -> int:
    """The status that the program printed."""
    demo.prepare(route)
    source, printed = samples.python(route), io.StringIO()
    environment = {"NO_PROXY": "127.0.0.1", **demo.variables}
    with mock.patch.dict(os.environ, environment), contextlib.redirect_stdout(printed):
        exec(compile(source, f"{route.method} {route.path}", "exec"), {"__name__": "__main__"})  # noqa: S102 - the test
    return int(printed.getvalue().split()[0])
