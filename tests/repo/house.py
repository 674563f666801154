"""The rules of the house: how a package is divided into files and folders, and what nothing in it is called now."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

MAX_MODULES = 20
MIN_LINES = 15
ENTRY_POINTS = frozenset({"__init__", "__main__"})

Graph = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Package:
    """A package, the folders in it that may be crowded, and the names that it has given up."""

    root: Path
    crowded_folders: frozenset[str] = frozenset()
    old_modules: frozenset[str] = frozenset()  # dotted, below the package
    old_classes: frozenset[str] = frozenset()
    apart: frozenset[str] = frozenset()  # folders below the package whose files are copied into apps, or are a history

    @property
    def name(self) -> str:
        """What it is imported as."""
        return self.root.name

    @cached_property
    def modules(self) -> Mapping[str, Path]:
        """Every module by its dotted name; a folder by its own."""
        found = {}
        for path in sorted(self.root.rglob("*.py")):
            if any(path.is_relative_to(self.root / folder) for folder in self.apart):
                continue
            parts = path.relative_to(self.root.parent).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
        return found


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def all_faults(package: Package) -> list[str]:
    """What is against the rules in a package, all of it."""
    rules = (cycles, crowded_folders, short_modules, repeated_classes, old_names)
    return [fault for rule in rules for fault in rule(package)]


def imports(package: Package) -> Graph:
    """Which module imports which, imports for types and those in functions among them."""
    modules = package.modules
    return {name: frozenset(_imported(path, name, modules)) - {name} for name, path in modules.items()}


def _imported(path: Path, name: str, modules: Mapping[str, Path]) -> Iterator[str]:
    folder = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            around = folder.split(".")[: len(folder.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*around, *([node.module] if node.module else [])])
            for alias in node.names:
                below = f"{source}.{alias.name}"
                yield from [below] if below in modules else [source] if source in modules else []


def cycles(package: Package) -> Iterator[str]:
    """Files that import one another in a circle, and folders or files side by side that do."""
    graph = imports(package)
    for circle in _circles(graph):
        yield f"files in a circle: {', '.join(circle)}"
    folders = {name.rpartition(".")[0] for name in graph if "." in name}
    for folder in sorted(folders):
        for circle in _circles(_between_children(graph, folder)):
            if any(name not in graph or _is_folder(package, name) for name in circle):
                yield f"folders in a circle: {', '.join(circle)}"


def _is_folder(package: Package, name: str) -> bool:
    return package.modules[name].name == "__init__.py"


def _between_children(graph: Graph, folder: str) -> Graph:
    """The imports between what lies directly in a folder; all that is in a subfolder counts as the subfolder."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, imported in graph.items():
        child = _child(name, folder)
        if child is not None:
            found[child] |= {other for target in imported if (other := _child(target, folder)) not in (None, child)}
    return {name: frozenset(others) for name, others in found.items()}


def _child(name: str, folder: str) -> str | None:
    """What of `folder` a module is or lies in; None where it is elsewhere, or the folder itself."""
    if not name.startswith(f"{folder}."):
        return None
    return f"{folder}.{name.removeprefix(f'{folder}.').partition('.')[0]}"


def _circles(graph: Graph) -> list[list[str]]:
    """The sets of nodes that reach one another; each is a fault."""
    reached = {name: _reachable(graph, name) for name in graph}
    circles = {
        tuple(sorted(other for other in reached[name] if name in reached.get(other, ())))
        for name in graph
        if name in reached[name]
    }
    return [list(circle) for circle in sorted(circles)]


def _reachable(graph: Graph, start: str) -> set[str]:
    found: set[str] = set()
    left = list(graph[start])
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += graph.get(name, ())
    return found


def crowded_folders(package: Package) -> Iterator[str]:
    """Folders with more modules than a person takes in at a look."""
    for folder in sorted({path.parent for path in package.modules.values()}):
        name = folder.relative_to(package.root).as_posix()
        modules = [path for path in folder.glob("*.py") if path.stem not in ENTRY_POINTS]
        if len(modules) > MAX_MODULES and name not in package.crowded_folders:
            yield f"{package.name}/{name} has {len(modules)} modules, more than {MAX_MODULES}"


def short_modules(package: Package) -> Iterator[str]:
    """Modules that are too short to be looked for."""
    for name, path in package.modules.items():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines < MIN_LINES and path.stem not in ENTRY_POINTS:
            yield f"{name} has {lines} lines, less than {MIN_LINES}"


def repeated_classes(package: Package) -> Iterator[str]:
    """Names of classes that two modules use."""
    places = defaultdict(list)
    for name, path in package.modules.items():
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(name)
    for name, modules in sorted(places.items()):
        if len(modules) > 1:
            yield f"class {name} is in {', '.join(modules)}"


def old_names(package: Package) -> Iterator[str]:
    """Modules and classes that have a name which was given up."""
    for name, path in package.modules.items():
        if name.removeprefix(f"{package.name}.") in package.old_modules:
            yield f"{name} is an old path"
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.ClassDef) and node.name in package.old_classes:
                yield f"class {node.name} in {name} is an old name"


def mentions(package: Package, texts: Iterable[Path]) -> Iterator[str]:
    """Texts that name a module by its old path, with dots or as a file."""
    alternatives = "|".join(re.escape(name) for name in sorted(package.old_modules, key=len, reverse=True))
    files = alternatives.replace(r"\.", "/")
    pattern = re.compile(rf"(?<![\w.]){package.name}(?:\.(?:{alternatives})(?!\w)|/(?:{files})\.py)")
    for path in texts:
        text = path.read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines() if pattern.search(text) else (), 1):
            if found := pattern.search(line):
                yield f"{path.name}:{number} names {found[0]}"
