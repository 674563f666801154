"""Files are read by `bounded_reader` alone: whoever opens one elsewhere has to say here why it may have no end."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "mtribes_cli"
READING = frozenset({"read_text", "read_bytes", "open", "read_link"})
ALLOWED = {
    ("files/bounded_reader.py", "_opened"): "the helper itself",
    ("files/bounded_reader.py", "read_given_file"): "the helper itself",
    ("files/bounded_reader.py", "hash_of_regular_file"): "the helper itself",
    ("installation.py", "_recorded"): "what the installer left beside the package",
    ("terminal/console.py", "_close_quietly"): "the null device, for writing",
    ("terminal/console.py", "_nowhere"): "the null device",
    ("context.py", "open_in_browser"): "opens a browser and no file",
    ("files/atomic_file.py", "write_new"): "a new file, for writing",
    ("files/atomic_file.py", "sync_folder"): "a folder, to make its names last",
    ("files/output_file.py", "_write_through"): "what the user named, for writing",
    ("files/output_file.py", "_opened_with_reader"): "the same",
    ("local_server.py", "_detached"): "the log of the server, for writing",
    ("export/download.py", "_opened"): "the part file of an export, a piece at a time; no link is followed",
    ("export/job.py", "_pieces"): "the same",
    ("ingest/input_stream.py", "open_input"): "what the user brings in, of any size and kind, a piece at a time",
    ("ingest/rejects_path.py", "_write"): "a new file, for writing",
    ("ingest/rejects_path.py", "_digest"): "a regular file, a piece at a time",
    ("ingest/journal.py", "part"): "a line of the user's own state",
    ("ingest/journal.py", "add"): "the same, for writing",
    ("ingest/journal.py", "_read"): "the user's own state, a line at a time",
}


def reads(source: str) -> Iterator[str]:
    """The name of each innermost function that opens or reads a file."""
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in READING:
            around = [one for one in functions if one.lineno <= node.lineno <= (one.end_lineno or one.lineno)]
            yield max(around, key=lambda one: one.lineno).name if around else "the module"


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def test_files_are_read_by_the_bounded_helper_alone() -> None:
    found = {
        (path.relative_to(PACKAGE).as_posix(), name)
        for path in PACKAGE.rglob("*.py")
        for name in reads(path.read_text(encoding="utf-8"))
    }
    assert sorted(found - ALLOWED.keys()) == []
    assert sorted(ALLOWED.keys() - found) == [], "no longer there"


def test_a_planted_read_is_found() -> None:
    for planted in ("path.read_text()", "path.read_bytes()", "open(name)", "os.open(name, 0)", "path.open('rb')"):
        assert list(reads(f"def f(path, name):\n    return {planted}\n")) == ["f"]
