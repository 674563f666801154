"""Fixtures: the reference Space's code on disk, as it is written and as Node runs it; servers that it talks to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from templates_server.features import demo
from templates_server.features.codegen.renderer import render
from templates_server.primitives.timestamps import system_clock
from templates_server.security.passwords import Passwords
from templates_server.security.server_key import ServerKey
from tests.server.features.codegen.client_api_peer import ClientApiPeer
from tests.server.features.codegen.reference_space import HOST, vod
from tests.server.features.codegen.toolchain import compile_to_javascript, write_tree
from tests.servers import RunningServer, running_server


@pytest.fixture(scope="session")
def typescript(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference Space in TypeScript."""
    return write_tree(tmp_path_factory.mktemp("typescript"), render(vod(), "typescript", {"host": HOST}))


@pytest.fixture(scope="session")
def javascript(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference Space in JavaScript."""
    return write_tree(tmp_path_factory.mktemp("javascript"), render(vod(), "javascript", {"host": HOST}))


@pytest.fixture(scope="session")
def runnable_typescript(typescript: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The TypeScript one, compiled by its compiler."""
    return compile_to_javascript(typescript, tmp_path_factory.mktemp("compiled"))


@pytest.fixture(params=["typescript", pytest.param("javascript", marks=pytest.mark.slow)])
def runnable(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The code of each language as Node runs it, in a folder of the test's own."""
    kept: Path = request.getfixturevalue("javascript" if request.param == "javascript" else "runnable_typescript")
    return Path(shutil.copytree(kept, tmp_path / "app"))


@pytest.fixture
def peer() -> Iterator[ClientApiPeer]:
    """A server that speaks the Client API and does as the test says."""
    with ClientApiPeer() as running:
        yield running


@pytest.fixture(scope="module")
def demo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, demo.DemoFacts]]:
    """A server with demo data."""
    with running_server(tmp_path_factory.mktemp("demo"), demo=True) as server:
        passwords = Passwords()
        facts = server.database.write_sync(
            lambda connection: demo.seed(
                connection, system_clock(), key=ServerKey(b"k" * 32), hash_password=passwords.hash_now
            )
        )
        passwords.close()
        yield server, facts
