"""Mutants drawn at random from both packages, and whether the tests kill them.

    pytest --cov --cov-context=test                        which tests run which lines, into .coverage (pytest-cov)
    python -m tests.repo.mutants --seed 1 --count 100      draws mutants, runs the tests that reach each, records them

Each mutant is one small change of one line. It is made in a copy of the tree. The quick tests that reach its line run
first, then the long proofs beside its module; a mutant that no test fails for has survived, and either is equivalent to
the code, which a person says in `mutants.txt`, or misses a test. A mutant whose line no test reaches has survived too.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).with_suffix(".txt")
PACKAGES = ("mtribes_cli", "templates_server")
LEFT_OUT = ("migrations/", "command_table.py")  # what runs once, and what is made by a program
SECONDS_A_MUTANT = 240
MOST_TEST_FILES = 40
KILLED, TIMED_OUT, SURVIVED = "killed", "timed out", "survived"
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.BitOr: ast.BitAnd,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A change of the code between two offsets of a file."""

    file: str
    line: int
    before: str
    after: str
    start: int
    end: int

    @property
    def name(self) -> str:
        """Where it is and what it does, on one line."""
        return f"{self.file}:{self.line}  {' '.join(self.before.split())}  ->  {' '.join(self.after.split())}"

    def apply(self, root: Path) -> None:
        """Make the change in a copy of the tree."""
        path = root / self.file
        content = path.read_bytes()
        path.write_bytes(content[: self.start] + self.after.encode() + content[self.end :])


def draw(seed: int, count: int) -> Sequence[Mutant]:
    """Return so many mutants of both packages, the same ones for a seed and a tree."""
    files = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    names = [path.relative_to(ROOT).as_posix() for path in files]
    every = [mutant for name in names if not any(part in name for part in LEFT_OUT) for mutant in mutants_of(name)]
    return random.Random(seed).sample(every, min(count, len(every)))  # noqa: S311 - a draw, not a secret


def mutants_of(file: str) -> Iterator[Mutant]:
    """Yield every mutant of a file."""
    source = (ROOT / file).read_bytes()
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for node in _in_functions(ast.parse(source)):
        for changed in _changes(node):
            start = starts[node.lineno - 1] + node.col_offset
            end = starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
            before, after = source[start:end].decode(), ast.unparse(changed)
            if isinstance(node, ast.expr):
                after = f"({after})"
            yield Mutant(file, node.lineno, before, after, start, end)


def _in_functions(tree: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """Yield what functions do; annotations, docstrings and f-strings are left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for statement in node.body:
                yield from _within(statement)
        elif isinstance(node, ast.ClassDef):
            yield from _in_functions(node)


def _within(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    if isinstance(node, ast.JoinedStr | ast.AnnAssign):
        return
    if isinstance(node, ast.expr | ast.stmt):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _within(child)


def _changes(node: ast.expr | ast.stmt) -> Iterator[ast.AST]:
    """Yield what could stand in the place of a node."""
    changed = copy.deepcopy(node)
    return _changed_expressions(changed) if isinstance(changed, ast.expr) else _changed_statements(changed)


def _changed_statements(node: ast.stmt) -> Iterator[ast.AST]:
    match node:
        case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield ast.Return(ast.Constant(None))
        case ast.Expr(value=ast.Call() | ast.Await()) | ast.Raise() | ast.Break() | ast.Continue():
            yield ast.Pass()


def _changed_expressions(node: ast.expr) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in COMPARISONS:
            node.ops = [COMPARISONS[type(operator)]()]
            yield node
        case ast.BoolOp(op=operator):
            node.op = ast.And() if isinstance(operator, ast.Or) else ast.Or()
            yield node
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.BinOp(op=operator) if type(operator) in OPERATORS:
            node.op = OPERATORS[type(operator)]()
            yield node
        case ast.Constant(value=bool() | int() as value):
            yield ast.Constant(not value if isinstance(value, bool) else value + 1)
        case ast.Call(args=[first, second, *rest]) if not isinstance(first, ast.Starred | ast.Constant):
            node.args = [second, first, *rest]
            yield node
        case ast.IfExp():
            yield node.orelse


class Coverage:
    """Which files of tests run which lines, as pytest-cov has recorded it."""

    def __init__(self, database: Path) -> None:
        with closing(sqlite3.connect(f"{Path(database).absolute().as_uri()}?mode=ro", uri=True)) as connection:
            self._contexts: dict[int, str] = dict(connection.execute("SELECT id, context FROM context"))
            self._files: dict[str, int] = {
                Path(path).as_posix(): number for number, path in connection.execute("SELECT id, path FROM file")
            }
            self._bits = connection.execute("SELECT file_id, context_id, numbits FROM line_bits").fetchall()

    def tests_of(self, mutant: Mutant) -> Sequence[str]:
        """Return the files of tests that run the line, the likeliest to notice first."""
        ids = {number for path, number in self._files.items() if path.endswith(f"/{mutant.file}")}
        reached: dict[str, int] = {}
        for file_id, context_id, bits in self._bits:
            if file_id in ids and _has(bits, mutant.line):
                test_file = self._contexts[context_id].partition("::")[0]
                reached[test_file] = reached.get(test_file, 0) + 1
        reached.pop("", None)
        words = set(mutant.file.replace("/", "_").removesuffix(".py").split("_"))
        return sorted(reached, key=lambda file: (-len(words & set(file.replace("/", "_").split("_"))), reached[file]))


def _has(bits: bytes, line: int) -> bool:
    return line // 8 < len(bits) and bool(bits[line // 8] & 1 << line % 8)


def fate_of(mutant: Mutant, coverage: Coverage, *, copy_root: Path, long_proofs: bool) -> str:
    """Return what became of a mutant: killed by which run, or survived."""
    original = (copy_root / mutant.file).read_bytes()
    mutant.apply(copy_root)
    try:
        files = coverage.tests_of(mutant)[:MOST_TEST_FILES]
        if files and (fate := _run(copy_root, files)):
            return f"{fate} by the quick run"
        if long_proofs and (fate := _run(copy_root, [*files, *_beside(mutant)], "--slow")):
            return f"{fate} by the long proofs"
    finally:
        (copy_root / mutant.file).write_bytes(original)
    return SURVIVED if files else f"{SURVIVED}, reached by no quick test"


def _beside(mutant: Mutant) -> Sequence[str]:
    """Return the folders of tests for the feature that the mutant is of."""
    package, *inner = Path(mutant.file).parts
    feature = inner[0].removesuffix(".py") if inner else ""
    side = "cli" if package == "mtribes_cli" else "server"
    candidates = (f"tests/{side}/{feature}", f"tests/contract/{feature}")
    return [folder for folder in candidates if (ROOT / folder).is_dir()]


def _run(root: Path, tests: Sequence[str], *options: str) -> str:
    """Return how a run of tests told a mutant; "" when it did not."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:cov", *options, *tests]
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, timeout=SECONDS_A_MUTANT, check=False
        )
    except subprocess.TimeoutExpired:
        return TIMED_OUT
    return "" if done.returncode in {0, 5} else KILLED  # 5: none was selected


def main() -> None:
    """Draw mutants, run them, and write what became of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--coverage", type=Path, default=ROOT / ".coverage")
    parser.add_argument("--long-proofs", action="store_true", help="run these for what the quick tests leave")
    parser.add_argument("--show", action="store_true", help="list the mutants and run nothing")
    parser.add_argument("--results", type=Path, default=RESULTS)
    wanted = parser.parse_args()
    mutants = draw(wanted.seed, wanted.count)
    if wanted.show:
        print(*(mutant.name for mutant in mutants), sep="\n")  # noqa: T201 - a program's output
        return
    coverage = Coverage(wanted.coverage)
    with (
        tempfile.TemporaryDirectory(prefix="mutants-") as folder,
        wanted.results.open("w", encoding="utf-8") as results,
    ):
        copy_root = Path(folder) / "tree"
        shutil.copytree(ROOT, copy_root, symlinks=True, ignore=shutil.ignore_patterns(".git", "node_modules"))
        modules = "tests/toolchains/node_modules"
        (copy_root / modules).symlink_to(ROOT / modules)
        print(f"seed {wanted.seed}, {len(mutants)} mutants", file=results)
        for mutant in mutants:
            fate = fate_of(mutant, coverage, copy_root=copy_root, long_proofs=wanted.long_proofs)
            print(f"{fate}\t{mutant.name}", file=results, flush=True)
            print(f"{fate}\t{mutant.name}", flush=True)  # noqa: T201 - a program's output


if __name__ == "__main__":
    main()
