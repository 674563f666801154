"""Nothing remembered grows by the sender's choice: caches without a bound of bytes are listed, each with a reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("mtribes_cli", "templates_server")
UNBOUNDED = {"lru_cache", "cache"}
ALLOWED: Mapping[str, str] = {
    "mtribes_cli/api/decoding.py _readers": "by the types of responses, which are ours",
    "mtribes_cli/ingest/cell_converters.py _cached_tag_list": "takes cells of at most 256 characters",
    "templates_server/features/codegen/brightscript/__init__.py runtime": "by the parts of it, three tuples of ours",
    "templates_server/features/codegen/java/__init__.py _runtime_sources": "without arguments: files of ours",
    "templates_server/features/codegen/java/__init__.py runtime": "by a package of at most 255 characters, 64 of them",
    "templates_server/features/codegen/javascript/__init__.py runtime": "without arguments: files of ours",
    "templates_server/features/codegen/kotlin/__init__.py runtime": (
        "by a package of at most 255 characters, 16 of them"
    ),
    "templates_server/features/codegen/kotlin/__init__.py runtime_bodies": "without arguments: files of ours",
    "templates_server/features/codegen/python/__init__.py _package": "by the names of three folders",
    "templates_server/features/codegen/python/__init__.py runtime_files": "without arguments: files of ours",
    "templates_server/features/codegen/python/runtime/transport.py _tls": (
        "without arguments: the certificates of authorities"
    ),
    "templates_server/features/codegen/languages.py language": "by the names of languages: others raise",
    "templates_server/storage/dialect.py _as_psycopgs": "by statements of ours",
    "templates_server/features/console/delivery/controls.py zone_names": "without arguments: the names of time zones",
    "templates_server/features/codegen/swift/__init__.py runtime": "by a truth value",
    "templates_server/features/codegen/typescript/__init__.py runtime": "without arguments: files of ours",
    "templates_server/features/imports/sqlite_store.py _insert_statement": "by a number of rows, at most 300",
    "templates_server/features/imports/sqlite_store.py _same_statement": "by a number of rows, at most 300",
    "templates_server/storage/migrations/__init__.py head_revision": "without arguments: the newest revision",
    "templates_server/features/people/profile_parser.py _timezones_by_word": "without arguments: the time zones",
    "templates_server/features/people/profile_parser.py timezone_names": "without arguments: the time zones",
    "templates_server/security/user_signatures.py __init__": "by an environment of the database, not by what was sent",
    "templates_server/features/spaces/store.py _app": "by a row of the database, not by what was sent",
}


def caches_in(source: str) -> Iterator[str]:
    """The functions that have a cache of functools, the assigned names or else the functions around its use."""
    yield from _caches_in(ast.parse(source), _names_of_caches(source), "")


def _names_of_caches(source: str) -> set[str]:
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    return {
        alias.asname or alias.name
        for node in imports
        if node.module == "functools"
        for alias in node.names
        if alias.name in UNBOUNDED
    }


def _caches_in(node: ast.AST, names: set[str], around: str) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        around = node.name
    elif isinstance(node, ast.Assign) and not around:
        around = ast.unparse(node.targets[0])
    is_name = isinstance(node, ast.Name) and node.id in names
    is_attribute = isinstance(node, ast.Attribute) and node.attr in UNBOUNDED and "functools" in ast.unparse(node.value)
    if is_name or is_attribute:
        yield around
    for child in ast.iter_child_nodes(node):
        yield from _caches_in(child, names, around)


def all_caches() -> set[str]:
    return {
        f"{path.relative_to(ROOT).as_posix()} {name}"
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for name in caches_in(path.read_text(encoding="utf-8"))
    }


@pytest.mark.slow
def test_caches_without_a_bound_of_bytes_are_listed() -> None:
    unlisted = all_caches() - ALLOWED.keys()
    assert not unlisted, (
        f"use templates_server.primitives.text_cache.memoize, or list with a reason: {sorted(unlisted)}"
    )


@pytest.mark.slow
def test_the_list_of_caches_names_no_other() -> None:
    assert ALLOWED.keys() - all_caches() == set()


def test_a_planted_cache_is_found() -> None:
    planted = (
        "import functools\n@functools.lru_cache(9)\ndef a(text): ...",
        "import functools\n@functools.cache\ndef a(text): ...",
        "from functools import lru_cache as held\n@held\ndef a(text): ...",
        "from functools import cache\na = cache(len)",
        "def a():\n    import functools as functools_too\n    return functools_too.lru_cache(3)(len)",
    )
    assert [list(caches_in(source)) for source in planted] == [["a"]] * len(planted)
    assert not list(caches_in("import functools\nfunctools.partial(len)\nclass A:\n    cache = 1\n"))
