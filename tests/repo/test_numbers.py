"""No text that somebody sent is made a number, or read as a document, without bounds and without a way out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("mtribes_cli", "templates_server")
HELPERS = {"mtribes_cli/numbers.py", "templates_server/primitives/integers.py"}
NUMBERS = {"int", "float", "complex", "Decimal", "Fraction"}

CALCULATING = {"len", "min", "max", "round", "sum", "abs", "now_seconds"}
OF_THE_DATABASE = {"scalar_one", "scalar"}

NOT_SENT: dict[str, str] = {
    "templates_server/features/codegen/brightscript/literals.py: int(": (
        "a number and its exponent, as Python writes them"
    ),
    "templates_server/features/console/tribes/filter_rows.py: float(digits)": "sixty digits of a pattern",
    "templates_server/features/console/tribes/filter_rows.py: int(digits)": "nineteen digits of a pattern",
    "templates_server/features/codegen/java/literals.py: float(value)": "a number already",
    "templates_server/features/codegen/swift/literals.py: float(value)": "a number already",
    "templates_server/features/codegen/python/runtime/events.py: int(place)": "nine digits of a pattern",
    "templates_server/features/codegen/python/runtime/reading.py: int(": (
        "a number, and its exponent as Python writes it"
    ),
    "templates_server/features/codegen/python/runtime/retry.py: float(text)": (
        "any number of digits; the result is checked"
    ),
    "templates_server/features/codegen/python/runtime/sender.py: int(answer.status)": (
        "a number; any failure is no answer"
    ),
    "templates_server/features/codegen/python/runtime/values.py: int(": "a few digits of a pattern",
    "templates_server/features/event_names/model_check.py: float(text)": "a pattern holds it to 60 characters",
    "templates_server/features/event_names/model_check.py: Decimal(repr(number))": "a number, as Python writes it",
    "mtribes_cli/api/decoding.py: float(value)": "a number already, of at most 64 bits",
    "templates_server/features/sessions/store.py: map(int, text.split('.'))": "a text that `revision_text` made",
    "mtribes_cli/terminal/diffs.py: int(stated)": "nine digits of a pattern",
    "mtribes_cli/terminal/times.py: int(": "a number already",
    "mtribes_cli/commands/token.py: int(match[1])": "three digits of a pattern",
    "mtribes_cli/completion/engine.py: int(count)": "the completion script of the shell states it",
    "mtribes_cli/auth/device_flow.py: float(self._codes.interval_seconds)": "a number, checked by `_checked_codes`",
    "mtribes_cli/ingest/cell_converters.py: float(plain)": "float() reads any number of digits; the result is checked",
    "mtribes_cli/ingest/cell_converters.py: int(plain)": "400 digits of a pattern",
    "templates_server/features/imports/csv_files/cell_converters.py: float(plain)": (
        "any number of digits; the result is checked"
    ),
    "templates_server/features/imports/csv_files/cell_converters.py: int(plain)": "400 digits of a pattern",
    "mtribes_cli/local_server.py: int(record['pid'])": "any ValueError of server.json is caught",
    "mtribes_cli/project/project_file.py: int(found[1])": "the line in a message of tomllib",
    "templates_server/commands/main.py: int(result or ExitCode.DONE)": "a number",
    "templates_server/features/console/delivery/controls.py: float(text)": (
        "some digits of a pattern; the result is checked"
    ),
    "templates_server/features/console/delivery/controls.py: int(text)": "16 digits of a pattern",
    "templates_server/features/console/delivery/scenario_form.py: int(": "four digits of a pattern",
    "templates_server/primitives/yaml_json.py: int(digits, number_base)": "at most 25 digits, checked before",
    "templates_server/primitives/yaml_json.py: float(plain)": (
        "float() reads any number of digits; the result is checked"
    ),
    "templates_server/features/exports/queries.py: float(age or 0)": "of the database",
    "templates_server/features/imports/store.py: map(int, totals)": "of the database",
    "templates_server/features/api_docs/": "statuses of our own routes",
    "templates_server/features/tribes/model.py: float(value)": "a number: texts are left as they are",
    "templates_server/features/people/profile.py: int(value)": "a float below 2 to the 53rd",
    "templates_server/features/spaces/property_values.py: int(number)": "a float; only where it is exact",
    "templates_server/http/rate_limiter.py: int((WINDOW_SECONDS - missing_seconds)": "a number",
    "templates_server/primitives/timestamps.py: int((fraction or '').ljust(3, '0')[:3])": "three digits of a pattern",
    "templates_server/features/tribes/compiler.py: int(value)": "a boolean",
    "templates_server/features/tribes/evaluator.py: float(value)": "a number; OverflowError is caught",
    "templates_server/features/tribes/json_paths.py: float(value)": "a number: texts and booleans are left out",
    "templates_server/features/tribes/json_paths.py: int(value)": "a boolean",
    "templates_server/features/tribes/parser.py: float(": "numbers, checked by `_number`",
}
"""Calls whose argument is not sent text, or bounded in another way, by file and beginning, and why."""

READERS = {("json", "loads"), ("json", "load"), ("tomllib", "loads"), ("tomllib", "load"), ("ast", "literal_eval")}
FAULTS_OF_READERS = {"ValueError", "RecursionError"}  # digits beyond what `int` reads, brackets beyond the stack
OWN_DOCUMENTS: dict[str, str] = {
    "mtribes_cli/ingest/rejects.py: json.loads(text)": "a temporary file that this very process wrote",
    "templates_server/features/audit/store.py": "of the database, written by us",
    "templates_server/features/codegen/python/runtime/events.py: json.loads(event)": (
        "an event that this very program wrote"
    ),
    "templates_server/primitives/yaml_json.py: json.loads(": (
        "the depth is checked before, digits are bounded by `_integer`"
    ),
    "templates_server/features/auth/oauth_api.py: json.loads(": "the depth is checked before; ValueError is caught",
    "templates_server/features/spaces/delivery/store.py": "of the database, written by us",
    "templates_server/storage/migrations/": "of the database, written by us",
    "templates_server/features/sessions/store.py": "of the database, written by us",
    "templates_server/features/spaces/store.py": "of the database, written by us",
    "templates_server/features/accounts/token_store.py": "of the database, written by us",
    "templates_server/features/tribes/store.py": "of the database, written by us",
}

Found = tuple[str, int]
"""A call as `file: source`, and its line."""


def bare_numbers(tree: ast.AST, file: str) -> Iterator[Found]:
    """Calls that make a number of something, and functions that are handed over to do so."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        is_pattern = isinstance(node.func, ast.Name) and name in NUMBERS and not node.args
        hands_over = name in {"map", "starmap", "partial"} and any(
            isinstance(arg, ast.Name) and arg.id in NUMBERS for arg in node.args
        )
        if (name in NUMBERS and not is_pattern and not is_number(node.args)) or hands_over:
            yield f"{file}: {ast.unparse(node)}", node.lineno


def is_number(args: list[ast.expr]) -> bool:
    """Whether what is made a number is one already: the outcome of a calculation, or a single value of the database."""
    if len(args) != 1:
        return False
    value = args[0]
    if isinstance(value, ast.Call):
        called = value.func.attr if isinstance(value.func, ast.Attribute) else ast.unparse(value.func)
        return called in CALCULATING | OF_THE_DATABASE
    return isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult | ast.Div | ast.Sub | ast.FloorDiv)


def caught(handlers: list[ast.ExceptHandler]) -> set[str]:
    names: set[str] = set()
    for handler in handlers:
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        names |= {"Exception" if kind is None else ast.unparse(kind) for kind in kinds}
    return names


def is_ready(handlers: list[ast.ExceptHandler]) -> bool:
    """Whether the handlers catch all that a reader raises for a hostile text."""
    return "Exception" in (names := caught(handlers)) or names >= FAULTS_OF_READERS


def unready_readers(node: ast.AST, file: str, *, ready: bool = False) -> Iterator[Found]:
    """Calls of readers outside a `try` that catches what they raise."""
    if isinstance(node, ast.Try):
        for statement in node.body:
            yield from unready_readers(statement, file, ready=ready or is_ready(node.handlers))
        for other in (*node.handlers, *node.orelse, *node.finalbody):
            yield from unready_readers(other, file, ready=ready)
        return
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not ready:
        of = ast.unparse(node.func.value)
        if (of, node.func.attr) in READERS:
            yield f"{file}: {ast.unparse(node)}", node.lineno
    for inner in ast.iter_child_nodes(node):
        yield from unready_readers(inner, file, ready=ready)


def sources() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


SOURCES = dict(sources())
BARE = [found for file, tree in SOURCES.items() if file not in HELPERS for found in bare_numbers(tree, file)]
UNREADY = [found for file, tree in SOURCES.items() for found in unready_readers(tree, file)]


def test_no_sent_text_becomes_a_number_but_through_the_helper() -> None:
    wrong = [f"{text} (line {line})" for text, line in BARE if not text.startswith(tuple(NOT_SENT))]
    assert not wrong, "use whole_number of numbers.py, or say in NOT_SENT why the text cannot be long:\n" + "\n".join(
        wrong
    )


def test_readers_of_documents_catch_endless_digits_and_brackets() -> None:
    wrong = [f"{text} (line {line})" for text, line in UNREADY if not text.startswith(tuple(OWN_DOCUMENTS))]
    assert not wrong, "catch ValueError and RecursionError around:\n" + "\n".join(wrong)


def test_every_excuse_is_needed() -> None:
    assert {each for each in NOT_SENT if not any(text.startswith(each) for text, _ in BARE)} == set()
    assert {each for each in OWN_DOCUMENTS if not any(text.startswith(each) for text, _ in UNREADY)} == set()


@pytest.mark.parametrize(
    "planted",
    ["int(text)", "float(match[1])", "map(int, parts)", "int(text, 16)", "Decimal(text)", "decimal.Decimal(text)"],
)
def test_a_planted_number_is_found(planted: str) -> None:
    assert list(bare_numbers(ast.parse(planted), "a.py")) == [(f"a.py: {planted}", 1)]


@pytest.mark.parametrize("planted", ["int(a * 2)", "int(len(text))", "float(c.execute(q).scalar_one())", "int()"])
def test_what_is_a_number_already_is_no_fault(planted: str) -> None:
    assert list(bare_numbers(ast.parse(planted), "a.py")) == []


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ("json.loads(text)", 1),
        ("try:\n json.loads(text)\nexcept ValueError: pass", 1),
        ("try:\n tomllib.loads(text)\nexcept tomllib.TOMLDecodeError: pass", 1),
        ("try:\n pass\nexcept (ValueError, RecursionError):\n json.loads(text)", 1),
        ("try:\n json.loads(text)\nexcept (OSError, ValueError, RecursionError): pass", 0),
        ("try:\n json.loads(text)\nexcept ValueError: pass\nexcept RecursionError: pass", 0),
    ],
)
def test_a_planted_reader_is_found(planted: str, found: int) -> None:
    assert len(list(unready_readers(ast.parse(planted), "a.py"))) == found
