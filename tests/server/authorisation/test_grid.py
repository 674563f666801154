"""Who may do what: every route, by every kind of credential, at home, next door, elsewhere and nowhere."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from templates_server.routes import ROUTES
from templates_server.settings import sqlite_url
from tests.server.authorisation.expectations import CREDENTIALS, Row, rows
from tests.server.authorisation.grid import ALL_ROWS, BODIES, QUERIES, confine, swap, walk
from tests.server.authorisation.world import MARK, new_world


def check(url: str, folder: Path, *, everywhere: bool, of: Sequence[Row] = ALL_ROWS) -> None:
    world = new_world(url, folder)
    grid = walk(world, everywhere=everywhere, of=of)
    world.database.close()
    assert grid.faults == []
    assert grid.cells > len(of) * len(CREDENTIALS) // 3


@pytest.mark.slow
def test_every_third_row_of_the_grid_is_as_promised(tmp_path: Path) -> None:
    check(str(sqlite_url(tmp_path)), tmp_path, everywhere=False, of=ALL_ROWS[::3])


@pytest.mark.slow
def test_every_cell_of_the_grid_is_as_promised(tmp_path: Path) -> None:
    check(str(sqlite_url(tmp_path)), tmp_path, everywhere=False)


@pytest.mark.slow
def test_every_cell_of_the_grid_is_as_promised_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    check(postgres_url, tmp_path, everywhere=True)


def test_what_is_elsewhere_is_as_if_it_were_nowhere(tmp_path: Path) -> None:
    grid = swap(new_world(str(sqlite_url(tmp_path)), tmp_path))
    assert grid.faults == []
    assert grid.cells > 100


def test_outside_of_an_account_there_is_nothing(tmp_path: Path) -> None:
    grid = confine(new_world(str(sqlite_url(tmp_path)), tmp_path))
    assert grid.faults == []
    assert grid.cells > 180


def test_an_account_parameter_keeps_to_the_organization_that_it_names(tmp_path: Path) -> None:
    world = new_world(str(sqlite_url(tmp_path)), tmp_path)

    def ask(credential: str, account: str) -> tuple[int, set[bytes]]:
        answer = asyncio.run(world.ask(credential, "GET", f"/v2/spaces?accountId={account}"))
        return answer.status, set(MARK.findall(answer.body))

    assert ask("administrator here, viewer there", "acme") == (200, {b"vod", b"radio"})
    assert ask("administrator here, viewer there", "twin") == (200, {b"rival"})
    assert ask("administrator", "twin") == ask("administrator", "nowhere") == (404, set())


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    names = [row.name for row in rows()]
    assert sorted(names) == sorted(f"{route.method} {route.path}" for route in ROUTES)
    assert {*BODIES, *QUERIES} <= set(names)
