"""URLs that are made from parts, and SQL that holds through a pooler of transactions: no other way is written."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
URLS = re.compile(r"^(?:sqlite:|file:(?:/|\{))")
OF_A_SESSION = {  # what a session of PostgreSQL keeps beyond a transaction is another client's behind a pooler
    "a lock of the session": re.compile(r"\bpg_(?:try_)?advisory_lock", re.IGNORECASE),
    "a lock that is ended by hand": re.compile(r"\bpg_advisory_unlock", re.IGNORECASE),
    "a setting of the session": re.compile(r"(?:^|;)\s*SET\s+(?!LOCAL\b)(?:SESSION\b|\w+\s*(?:=|TO\b))"),
    "a setting by function": re.compile(r"\bset_config\s*\([^)]*false", re.IGNORECASE),
    "a notification": re.compile(r"(?:^|;)\s*(?:LISTEN|UNLISTEN|NOTIFY)\s|\bpg_notify\b"),
    "a prepared statement": re.compile(r"(?:^|;)\s*(?:PREPARE|DEALLOCATE|EXECUTE|DISCARD)\s"),
    "a cursor that outlives": re.compile(r"\bWITH\s+HOLD\b"),
    "a table that outlives": re.compile(r"\bCREATE\s+TEMP(?:ORARY)?\s+TABLE\b(?!.*ON COMMIT DROP)", re.DOTALL),
}


def texts_in(source: str) -> Iterator[tuple[int, str, bool]]:
    """Every text by line, f-strings with `{}` for their values; and whether something is put into it."""
    tree = ast.parse(source)
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    made = {id(part) for part in map(_left_of, ast.walk(tree)) if part is not None}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
            yield node.lineno, "".join(map(str, parts)), "{}" in parts
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation | inside:
            yield node.lineno, node.value, id(node) in made


def _left_of(node: ast.AST) -> ast.expr | None:
    """The text to which something is added, or into which it is put by `%` or `format`."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return node.left
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and "format" in node.func.attr:
        return node.func.value
    return None


def urls_from_text(source: str) -> list[int]:
    return [line for line, text, is_made in texts_in(source) if is_made and URLS.match(text)]


def of_a_session(source: str) -> list[tuple[int, str]]:
    return [
        (line, name) for line, text, _ in texts_in(source) for name, form in OF_A_SESSION.items() if form.search(text)
    ]


@pytest.mark.slow
def test_no_url_of_a_file_is_made_by_putting_a_path_into_text() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for package in ("mtribes_cli", "templates_server", "tests")
        for path in (ROOT / package).rglob("*.py")
        if "node_modules" not in path.parts and path != Path(__file__)
        for line in urls_from_text(path.read_text(encoding="utf-8"))
    }
    assert found == set()


@pytest.mark.slow
def test_no_statement_leaves_anything_with_a_session_of_postgresql() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in (ROOT / "templates_server").rglob("*.py")
        for line, name in of_a_session(path.read_text(encoding="utf-8"))
    }
    assert found == set()


@pytest.mark.parametrize(
    "planted",
    [
        'f"sqlite:///{path}"',
        '"sqlite:///" + path',
        '"sqlite:///%s" % path',
        '"sqlite:///{}".format(path)',
        'f"file:{x}?mode=ro"',
    ],
)
def test_a_url_that_is_made_from_text_is_found(planted: str) -> None:
    assert urls_from_text(f"url = {planted}") == [1]
    assert urls_from_text('"""As sqlite:///x."""\nurl = "sqlite:///x"') == []


@pytest.mark.parametrize(
    "planted",
    [
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_try_advisory_lock({lock})",
        "SELECT pg_advisory_unlock(1)",
        "SET statement_timeout = 0",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        "SELECT set_config('x', 'y', false)",
        "LISTEN changes",
        "NOTIFY changes, 'x'",
        "PREPARE x AS SELECT 1",
        "DECLARE x CURSOR WITH HOLD FOR SELECT 1",
        "CREATE TEMPORARY TABLE x (y int)",
    ],
)
def test_a_statement_that_needs_its_session_is_found(planted: str) -> None:
    assert len(of_a_session(f'connection.execute(f"{planted}")')) == 1


def test_what_ends_with_its_transaction_may_be_written() -> None:
    for allowed in (
        "SET LOCAL jit = off",
        "SELECT pg_try_advisory_xact_lock(1)",
        "CREATE TEMPORARY TABLE x (y int) ON COMMIT DROP",
        "UPDATE x SET y = 1",
        "INSERT INTO x VALUES (1) ON CONFLICT (y) DO UPDATE SET z = 1",
    ):
        assert of_a_session(f'connection.execute("{allowed}")') == []
