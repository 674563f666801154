"""Who may import what, where the contracts in .importlinter do not reach: one owner for each outside part."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def imported_by(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield str(node.module)


def importers(package: str, library: str) -> set[str]:
    return {
        path.relative_to(ROOT / package).as_posix()
        for path in (ROOT / package).rglob("*.py")
        if any(name == library or name.startswith(f"{library}.") for name in imported_by(path))
    }


@pytest.mark.parametrize(
    ("library", "owners"),
    [
        ("httpx", {"api/plain_httpx.py"}),
        ("rich", {"terminal/screen.py", "terminal/styles.py", "terminal/trees.py"}),
        ("tomlkit", {"project/editor.py"}),
    ],
)
def test_an_outside_part_of_the_command_line_has_one_owner(library: str, owners: set[str]) -> None:
    assert importers("mtribes_cli", library) <= owners


QUERY_WORDS = {"delete", "exists", "func", "insert", "literal", "or_", "select", "text", "update"}
QUERY_MODULES = {"store.py", "queries.py", "backup_tables.py"}  # the last reads and writes whole tables


def test_queries_are_written_in_stores_alone() -> None:
    elsewhere = set()
    for path in (ROOT / "templates_server").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("sqlalchemy"):
                wrong = QUERY_WORDS & {alias.name for alias in node.names}
                is_store = path.name in QUERY_MODULES or path.name.endswith("_store.py") or "storage" in path.parts
                if wrong and not is_store:
                    elsewhere.add(path.relative_to(ROOT).as_posix())
    assert elsewhere == set()


def test_only_the_console_prints() -> None:
    printers = set()
    for path in (ROOT / "mtribes_cli").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                printers.add(path.name)
    assert printers <= {"console.py"}


def test_nothing_is_at_the_top_but_what_belongs_there() -> None:
    files = {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"}
    expected = {*files, "mtribes_cli", "templates_server", "tests", "completions"}
    ignored = {"src", "mtribes.toml", "mtribes.lock", "build", "dist", "venv"}
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert found - ignored == expected
