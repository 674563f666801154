"""List every string of a package that a user may see: `python -m tests.repo.words.strings mtribes_cli`."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TWO_WORDS = re.compile(r"[A-Za-z`'’)\]>}…,.:;]\s+[A-Za-z`'({<…]")
STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|WITH|PRAGMA|EXISTS|CASE)\s")
PLACEHOLDER = "{…}"


class VisibleString(NamedTuple):
    """One string, with a mark in place of each value that is filled in."""

    path: Path
    line: int
    text: str


def list_strings(package: Path) -> Iterator[VisibleString]:
    """Yield the sentences of a package in the order of its files; docstrings, keys and SQL are none."""
    for path in sorted(package.rglob("*.py")):
        yield from strings_of(path, path.read_text())


def strings_of(path: Path, source: str) -> Iterator[VisibleString]:
    """Yield the sentences of one file."""
    tree = ast.parse(source)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in _outermost_strings(tree):
        text = _text(node)
        if id(node) not in docstrings and TWO_WORDS.search(text) and not STATEMENT.match(text):
            yield VisibleString(path, node.lineno, text)


def _outermost_strings(node: ast.AST) -> Iterator[ast.Constant | ast.JoinedStr]:
    """Yield strings and f-strings, and those within the values that an f-string fills in, but not an f-string's pieces."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.JoinedStr):
            yield child
            for value in child.values:
                if isinstance(value, ast.FormattedValue):
                    yield from _outermost_strings(value)
        elif isinstance(child, ast.Constant):
            if isinstance(child.value, str):
                yield child
        else:
            yield from _outermost_strings(child)


def _text(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    return "".join(str(part.value) if isinstance(part, ast.Constant) else PLACEHOLDER for part in node.values)


def main(package: str) -> None:
    """Print the strings of a package, one a line."""
    for path, line, text in list_strings(Path(package)):
        sys.stdout.write(f"{path}:{line}\t{text!r}\n")


if __name__ == "__main__":
    main(sys.argv[1])
