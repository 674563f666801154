"""Every compiled pattern of both packages, and the methods that are called of each: found by looking for them."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[3]
PACKAGES = ("mtribes_cli", "templates_server")
NOT_IMPORTED = ("__main__", "migrations.env", "migrations.versions")
"""They do something when they are imported."""
METHODS = ("match", "fullmatch", "search", "sub", "findall", "split")
SAME = {"finditer": "findall", "subn": "sub"}
OF_RE = {*METHODS, *SAME, "compile"}


@dataclass(frozen=True)
class Found:
    """A pattern, where it stands, and the methods that the code calls of it."""

    place: str
    pattern: re.Pattern[Any]
    methods: tuple[str, ...]


Modules = Mapping[str, ModuleType]


@cache
def modules() -> Modules:
    """Every module of both packages, imported."""
    found = {}
    for package in map(importlib.import_module, PACKAGES):
        found[package.__name__] = package
        for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not any(part in each.name for part in NOT_IMPORTED):
                found[each.name] = importlib.import_module(each.name)
    return found


def source_of(module: ModuleType) -> str:
    """The text of a module."""
    return Path(str(module.__file__)).read_text(encoding="utf-8")


# Patterns that are there once a module is imported


def compiled_patterns(among: Modules) -> Iterator[tuple[str, str, re.Pattern[Any]]]:
    """Module, name and pattern of all that modules, classes and the collections in them hold; not where imported."""
    for module in among.values():
        for name, value in list(vars(module).items()):
            if name not in _imported(module):
                for place, pattern in _patterns_in(name, value, module.__name__, depth=3):
                    yield module.__name__, place, pattern


@cache
def _imported(module: ModuleType) -> Mapping[str, str]:
    """The module that each imported name is from."""
    found = {}
    for node in ast.walk(ast.parse(source_of(module))):
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            for alias in node.names:
                found[alias.asname or alias.name] = str(node.module)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name] = alias.name
    return found


def _patterns_in(place: str, value: Any, module: str, *, depth: int) -> Iterator[tuple[str, re.Pattern[Any]]]:
    if isinstance(value, re.Pattern):
        yield place, value
    elif depth and isinstance(value, type) and value.__module__ == module:
        for name, inner in vars(value).items():
            yield from _patterns_in(f"{place}.{name}", inner, module, depth=depth - 1)
    elif depth and isinstance(value, dict):
        for key, inner in list(value.items()):
            yield from _patterns_in(f"{place}[{key!r}]", inner, module, depth=depth - 1)
    elif depth and isinstance(value, list | tuple | set | frozenset):
        for number, inner in enumerate(value):
            yield from _patterns_in(f"{place}[{number}]", inner, module, depth=depth - 1)


def patterns_with_methods(among: Modules) -> Iterator[Found]:
    """All of them. One whose use cannot be seen is measured with every method."""
    used = methods_used(among)
    for module, place, pattern in compiled_patterns(among):
        name = re.split(r"[.\[]", place)[0]
        methods = used.get((module, name)) or set(METHODS)
        yield Found(f"{module}.{place}", pattern, tuple(sorted(methods)))
    for module, line, pattern, method in called_patterns(among):
        yield Found(f"{module}:{line}", pattern, (method,))


def methods_used(among: Modules) -> Mapping[tuple[str, str], set[str]]:
    """The methods of patterns that the code names, by module and name of the pattern.

    A pattern that is handed on (as an argument, in a collection, by another name) counts as used in every way.
    """
    used: dict[tuple[str, str], set[str]] = defaultdict(set)
    for module in among.values():
        tree = ast.parse(source_of(module))
        called = {id(node.value): node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        for node in ast.walk(tree):
            owner = _owner(node, module)
            if owner is not None:
                method = called.get(id(node), "")
                method = SAME.get(method, method)
                used[owner] |= {method} if method in METHODS else set() if method == "pattern" else set(METHODS)
    return used


def _owner(node: ast.AST, module: ModuleType) -> tuple[str, str] | None:
    """Module and name of the value that is read here."""
    imported = _imported(module)
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        return imported.get(node.id, module.__name__), node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in imported:
        prefix = imported[node.value.id]
        inner = f"{prefix}.{node.value.id}"
        return (inner if inner in modules() else prefix), node.attr
    return None


# Patterns that are compiled where they are used


def called_patterns(among: Modules) -> Iterator[tuple[str, int, re.Pattern[Any], str]]:
    """Module, line, pattern and method of each `re.sub("...", ...)` and the like within a function."""
    for module in among.values():
        for line, value, method in calls_of_re(source_of(module), vars(module)):
            if value is not None:
                yield module.__name__, line, re.compile(value), SAME.get(method, method)


def untold_patterns(among: Modules) -> set[str]:
    """The modules with a function that makes a pattern which only running it could tell."""
    return {
        name
        for name, module in among.items()
        if any(value is None for _, value, _ in calls_of_re(source_of(module), vars(module)))
    }


def calls_of_re(source: str, names: Mapping[str, Any]) -> Iterator[tuple[int, str | bytes | None, str]]:
    """Line, pattern and method of each call of `re` within a function; None for a pattern that cannot be told."""
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        for node in ast.walk(function):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in OF_RE):
                continue
            if isinstance(node.func.value, ast.Name) and node.func.value.id == "re":
                yield node.lineno, _told(node.args[0], names), node.func.attr


def _told(argument: ast.expr, names: Mapping[str, Any]) -> str | bytes | None:
    value: object = None
    if isinstance(argument, ast.Constant):
        value = argument.value
    elif isinstance(argument, ast.Name):
        value = names.get(argument.id)
    return value if isinstance(value, str | bytes) else None
