"""What a request waits for never holds the event loop: no coroutine does by itself what its database does elsewhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2] / "templates_server"
HOLDS = frozenset({"read_sync", "write_sync", "fetchall", "exec_driver_sql", "raw_connection"})
ALLOWED = frozenset({("storage/sqlite.py", "read", "read_sync"), ("storage/sqlite.py", "fetch_one", "raw_connection")})
"""Bounded by steps: what takes more of them is interrupted."""


def held(name: str, tree: ast.AST) -> Iterator[tuple[str, str, str]]:
    """File, coroutine and call, of each call that holds the loop."""
    for function in ast.walk(tree):
        if isinstance(function, ast.AsyncFunctionDef):
            for node in _own_nodes(function):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in HOLDS:
                    yield name, function.name, node.func.attr


def _own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """What runs in the coroutine itself, and not in functions that it hands on."""
    for child in ast.iter_child_nodes(function):
        if not isinstance(child, ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
            yield from _own_nodes(child)


def test_no_coroutine_asks_the_database_by_itself() -> None:
    found = {
        call
        for path in ROOT.rglob("*.py")
        for call in held(path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found - ALLOWED == set()
    assert found >= ALLOWED


def test_a_planted_query_on_the_loop_is_found() -> None:
    planted = ast.parse("async def f(db):\n    await db.read(lambda c: c.read_sync(1))\n    return db.read_sync(2)\n")
    assert [*held("planted.py", planted)] == [("planted.py", "f", "read_sync")]
