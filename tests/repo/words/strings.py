"""List every string of a package that a user may see: `python -m tests.repo.words.strings mtribes_cli`."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TWO_WORDS = re.compile(r"[A-Za-z`')\]>},.:;\u2026]\s+[A-Za-z`'({<\u2026]")
STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|WITH|PRAGMA|EXISTS|CASE)\s")
PLACEHOLDER = "{\u2026}"
HELPED = frozenset({"command", "callback"})
"""Decorators that turn a function's docstring into help."""


class VisibleString(NamedTuple):
    """One string, with a placeholder for each interpolated value."""

    path: Path
    line: int
    text: str


def list_strings(package: Path) -> Iterator[VisibleString]:
    """Yield the sentences of a package, file by file, without docstrings (except those of commands), keys and SQL."""
    for path in sorted(package.rglob("*.py")):
        yield from strings_of(path, path.read_text(encoding="utf-8"))


def strings_of(path: Path, source: str) -> Iterator[VisibleString]:
    """Yield the sentences of one file."""
    tree = ast.parse(source)
    hidden = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)} - set(_help_docstrings(tree))
    for node in _strings(tree):
        text = _text(node)
        if id(node) not in hidden and TWO_WORDS.search(text) and not STATEMENT.match(text):
            yield VisibleString(path, node.lineno, text)


def _help_docstrings(tree: ast.AST) -> Iterator[int]:
    """Yield the identities of the docstrings of commands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(_is_command(one) for one in node.decorator_list):
            first = node.body[0]
            if isinstance(first, ast.Expr):
                yield id(first.value)


def _is_command(decorator: ast.expr) -> bool:
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(function, ast.Attribute) and function.attr in HELPED


def _strings(node: ast.AST) -> Iterator[ast.Constant | ast.JoinedStr]:
    """Yield strings and whole f-strings, and the strings within the values of an f-string."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.JoinedStr):
            yield child
            for value in child.values:
                if isinstance(value, ast.FormattedValue):
                    yield from _strings(value)
        elif isinstance(child, ast.Constant):
            if isinstance(child.value, str):
                yield child
        else:
            yield from _strings(child)


def _text(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    return "".join(str(part.value) if isinstance(part, ast.Constant) else PLACEHOLDER for part in node.values)


def main(package: str) -> None:
    """Print the strings of a package, one per line."""
    for path, line, text in list_strings(Path(package)):
        sys.stdout.write(f"{path}:{line}\t{text!r}\n")


if __name__ == "__main__":
    main(sys.argv[1])
