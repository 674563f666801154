"""The time of every pattern and every reader of sent text grows with its length, and not with the square of it.

Patterns and readers are found by looking through both packages: a new one is measured without being added here.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from starlette.requests import cookie_parser

from mtribes_cli.errors import MtribesError
from mtribes_cli.ingest.csv_rows import _regular
from mtribes_cli.ingest.encoding import UTF_8
from mtribes_cli.ingest.json_rows import ArrayRows
from mtribes_cli.ingest.row_rules import _spaces_at_edges
from templates_server.errors import ApiError
from templates_server.features.imports.csv_files.errors import CsvFileError
from templates_server.features.imports.csv_files.header import ColumnMapping
from templates_server.features.imports.csv_files.rows import _regular as regular_on_the_server
from templates_server.features.imports.csv_files.rows import open_csv
from tests.cli.cli_runner import CliRunner
from tests.cli.ingest.rows import opened
from tests.repo.growth import patterns, readers, time_ratio
from tests.repo.growth.hard_inputs import inputs_of
from tests.repo.growth.patterns import METHODS, Found, modules, patterns_with_methods, source_of
from tests.repo.growth.readers import Reader, only_reading, texts
from tests.repo.growth.time_ratio import MOST_RATIO, STEP, ratio_of

CHARACTERS = 1000
THOROUGH_CHARACTERS = 4000
FILE_CHARACTERS = 16_000
PIECE_CHARACTERS = 64
MOST_TOLD = 3

DELIMITERS = (",", ";", "\t", "|")


def _spaces_at(delimiter: str) -> re.Pattern[str]:
    header: Any = SimpleNamespace(delimiter=delimiter)
    return _spaces_at_edges(header)


MADE_IN_FUNCTIONS: dict[str, list[Found]] = {
    "mtribes_cli.ingest.csv_rows": [
        Found(f"mtribes_cli.ingest.csv_rows._regular({delimiter!r})", _regular(delimiter), ("fullmatch",))
        for delimiter in DELIMITERS
    ],
    "templates_server.features.imports.csv_files.rows": [
        Found(f"csv_files.rows._regular({delimiter!r})", regular_on_the_server(delimiter), ("fullmatch",))
        for delimiter in DELIMITERS
    ],
    "mtribes_cli.ingest.row_rules": [
        Found(f"mtribes_cli.ingest.row_rules._spaces_at_edges({delimiter!r})", _spaces_at(delimiter), ("search",))
        for delimiter in DELIMITERS
    ],
}
"""Patterns that depend on something, by the module that makes them."""
FOUND = [*patterns_with_methods(modules()), *(found for listed in MADE_IN_FUNCTIONS.values() for found in listed)]
READERS = readers.readers()


def use(pattern: re.Pattern[Any], method: str, text: Any) -> Callable[[], object]:
    """A call of a pattern's method."""
    function = getattr(pattern, method)
    return (lambda: function(text[:1], text)) if method == "sub" else (lambda: function(text))


def faults_of_pattern(found: Found, *, thorough: bool) -> Iterator[str]:
    """The inputs for which its time grows too much."""
    characters = THOROUGH_CHARACTERS if thorough else CHARACTERS
    is_binary = isinstance(found.pattern.pattern, bytes)
    for description, made in inputs_of(found.pattern, thorough=thorough):
        small, large = made(characters), made(characters * STEP)
        for method in found.methods:
            sent = (readers.encoded(small), readers.encoded(large)) if is_binary else (small, large)
            ratio = ratio_of(use(found.pattern, method, sent[0]), use(found.pattern, method, sent[1]))
            if ratio > MOST_RATIO:
                yield f"{found.place} {method} of {description}: {ratio:.0f} times as long for {STEP} times the text"


def faults_of_reader(reader: Reader, *, thorough: bool) -> Iterator[str]:
    """The same for a reader."""
    characters = THOROUGH_CHARACTERS // 2 if thorough else CHARACTERS
    for description, made in texts(thorough=thorough):
        small, large = made(characters), made(characters * STEP)
        with only_reading():
            ratio = ratio_of(lambda small=small: reader.read(small), lambda large=large: reader.read(large))  # type: ignore[misc] # defaults bind them
        if ratio > MOST_RATIO:
            yield f"{reader.place} of {description}: {ratio:.0f} times as long for {STEP} times the text"


def told(faults: Iterator[str]) -> str:
    """The first of them."""
    return "\n".join(fault for fault, _ in zip(faults, range(MOST_TOLD), strict=False))


# All of them


@pytest.mark.parametrize("found", FOUND, ids=lambda found: found.place)
def test_the_time_of_a_pattern_grows_with_the_text(found: Found) -> None:
    assert not told(faults_of_pattern(found, thorough=False))


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.place)
def test_the_time_of_a_reader_grows_with_the_text(reader: Reader) -> None:
    assert not told(faults_of_reader(reader, thorough=False))


@pytest.mark.slow
@pytest.mark.parametrize("found", FOUND, ids=lambda found: found.place)
def test_the_time_of_a_pattern_grows_with_any_text(found: Found) -> None:
    assert not told(faults_of_pattern(found, thorough=True))


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.place)
def test_the_time_of_a_reader_grows_with_any_text(reader: Reader) -> None:
    assert not told(faults_of_reader(reader, thorough=True))


FILES = {
    "users.csv": (
        "user_id,a\n",
        ('"', '""', '1,"', ",", "\n", '"\n', "\\", " ", "1,2\n", '1,"2"\n', "\r", "\x1a", '"",'),
    ),
    "users.json": (
        "[",
        ('"', '\\"', '"\\"', "{", "[", "]", "}", "{},", "{x},", "1", " ", "\n", "nope,", '{"\\"},', "[1,"),
    ),
    "users.ndjson": ("", ('"', '\\"', "{", "[", "{}\n", "{x}\n", "1", " ", "\n", "nope\n", '{"a":"\\"', "\r")),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_the_time_of_a_file_grows_with_its_length(tmp_path: Path, name: str) -> None:
    start, pieces = FILES[name]
    mtribes = CliRunner(tmp_path)
    path = mtribes.home / name

    def read(piece: str, characters: int) -> Callable[[], object]:
        content = readers.encoded(start + piece * (characters // len(piece)))

        def call() -> None:
            path.write_bytes(content)
            with opened(mtribes, path) as reading:
                for _ in reading.rows.batches():
                    pass

        return call

    ratios = {
        piece: ratio_of(read(piece, FILE_CHARACTERS), read(piece, FILE_CHARACTERS * STEP))
        for piece in (*pieces, *(pieces[0] + piece for piece in pieces))
    }
    assert {piece: ratio for piece, ratio in ratios.items() if ratio > MOST_RATIO} == {}


@pytest.mark.slow
@pytest.mark.parametrize("start", ["user_id,email\n", "user_id,email\na,", 'user_id,email\n"a",'])
def test_the_time_of_a_file_grows_with_its_length_in_the_console_too(start: str) -> None:
    def read(piece: str, characters: int) -> Callable[[], object]:
        content = (start + piece * (characters // len(piece))).encode()

        def call() -> None:
            with suppress(CsvFileError):
                for part in open_csv(content, "users.csv", ColumnMapping()).parts(ColumnMapping()):
                    part.rejects((), ())

        return call

    ratios = {
        piece: ratio_of(read(piece, FILE_CHARACTERS), read(piece, FILE_CHARACTERS * STEP)) for piece in PIECES_OF_CSV
    }
    assert {piece: ratio for piece, ratio in ratios.items() if ratio > MOST_RATIO} == {}


PIECES_OF_CSV = (",", '"', '""', '"\n', "\n", " ", ";", "a\n", "a,b\n", '"a",', "\t", "\x1a")
VALUES = ('"', '\\"', '"\\"', '{"a":"', '{"a":1,', "[1,", "[", "1", "a", " ")


@pytest.mark.parametrize("first", ["[", '["', '[{"a":"', "[{"])
def test_the_time_of_an_array_grows_with_its_length_in_small_pieces(first: str) -> None:
    def read(piece: str, characters: int) -> Callable[[], object]:
        text = first + piece * (characters // len(piece))
        chunks = [text[at : at + PIECE_CHARACTERS] for at in range(0, len(text), PIECE_CHARACTERS)]
        return lambda: list(ArrayRows(chunks, {}, UTF_8, is_checked=False).batches())

    ratios = {piece: ratio_of(read(piece, FILE_CHARACTERS), read(piece, FILE_CHARACTERS * STEP)) for piece in VALUES}
    assert {piece: ratio for piece, ratio in ratios.items() if ratio > MOST_RATIO} == {}


# Nothing is left out


@pytest.mark.slow
def test_patterns_that_a_function_makes_are_listed() -> None:
    assert patterns.untold_patterns(modules()) == MADE_IN_FUNCTIONS.keys()


def test_functions_of_a_text_that_cannot_be_called_are_listed() -> None:
    unlisted = readers.not_called(modules()) - readers.NOT_READERS.keys()
    assert not unlisted, f"add to FILLED, to COMPOSED, or with a reason to NOT_READERS: {sorted(unlisted)}"


def test_the_list_of_functions_that_are_not_called_names_no_other() -> None:
    assert readers.NOT_READERS.keys() <= {place for place, _ in readers.functions_of_texts(modules())}


@pytest.mark.parametrize(("place", "read"), readers.COMPOSED, ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("text", ["a", "{}", "[]", '{"a": [1]}'])
def test_a_reader_that_is_listed_reads_or_refuses(place: str, read: Callable[[str], object], text: str) -> None:
    assert place.split(maxsplit=1)[0].rpartition(".")[0] in modules()
    with contextlib.suppress(ApiError, MtribesError):
        read(text)


PARSED = {"json.loads", "tomllib.loads", "yaml.load", "yaml.parse", "csv.reader", "decode_json", "Reader", "Reading"}
OTHERWISE = {
    "mtribes_cli.auth.credential_store": "the user's own file of secrets",
    "mtribes_cli.export.journal": "a file of the user's own state folder",
    "mtribes_cli.api.server_url": "a file of a server of the user's own",
    "mtribes_cli.ingest.csv_header": "FILES",
    "mtribes_cli.ingest.csv_rows": "FILES",
    "mtribes_cli.ingest.json_rows": "FILES",
    "mtribes_cli.ingest.reader": "FILES",
    "mtribes_cli.ingest.rejects": "a file of the user's own state folder",
    "mtribes_cli.installation": "a file of the installed program",
    "mtribes_cli.local_server": "a file of a server of the user's own",
    "mtribes_cli.generate.journal": "json.loads alone",
    "templates_server.features.accounts.organizations": "decoded fields of bounded number",
    "templates_server.features.auth.service_accounts": "decoded fields of bounded number",
    "templates_server.features.audit.store": "what the program itself stored",
    "templates_server.features.codegen.targets": "decoded fields of bounded number",
    "templates_server.features.auth.oauth_api": "json.loads behind check_depth, both measured",
    "templates_server.features.sessions.store": "what the program itself stored",
    "templates_server.features.spaces.api": "decoded fields of bounded number",
    "templates_server.features.spaces.store": "what the program itself stored",
    "templates_server.features.auth.token_scopes": "decoded fields of bounded number",
    "templates_server.features.accounts.token_store": "what the program itself stored",
    "templates_server.features.tribes.api": "decode_json, measured",
    "templates_server.features.tribes.store": "what the program itself stored",
    "templates_server.features.spaces.delivery.api": "decoded fields, each looked up once",
    "templates_server.features.spaces.delivery.store": "what the program itself stored",
}
"""Modules that parse and have no reader among READERS, and where what they parse is measured."""


def parses(module: ModuleType) -> bool:
    """Whether a parser is called in it."""
    calls = (node for node in ast.walk(ast.parse(source_of(module))) if isinstance(node, ast.Call))
    return any(ast.unparse(call.func) in PARSED for call in calls)


@pytest.mark.slow
def test_modules_that_parse_have_a_reader_that_is_measured() -> None:
    measured = {reader.place.split()[0] for reader in READERS}
    unmeasured = {
        name
        for name, module in modules().items()
        if parses(module) and not any(place == name or place.rpartition(".")[0] == name for place in measured)
    }
    assert unmeasured - OTHERWISE.keys() == set()


@pytest.mark.slow
def test_no_cookie_is_read_by_what_takes_a_square_of_time() -> None:
    places = {
        name
        for name, module in modules().items()
        for node in ast.walk(ast.parse(source_of(module)))
        if isinstance(node, ast.Attribute) and node.attr == "cookies" and name.startswith("templates_server")
    }
    assert places == set()


# What is planted is found in the same run

PLANTED = r"""
import re

NUMBERS = re.compile(r"[0-9]+\.?[0-9]*")

class Shape:
    INNER = {"a": [re.compile(r"(a+)+b")]}

    def use(self, text: str) -> object:
        return self.INNER["a"][0].match(text)

def is_number(text: str) -> bool:
    return NUMBERS.fullmatch(text) is not None

def trimmed(text: str) -> str:
    return re.sub(r"\s+$", "", text)

def counted(text: str) -> int:
    return sum(text[:at].count("a") for at in range(len(text)))

def dropped(content: bytes) -> None:
    left = list(content)
    while left:
        del left[0]
        bytes(left)
"""


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModuleType]:
    path = tmp_path_factory.mktemp("planted") / "planted.py"
    path.write_text(PLANTED, encoding="utf-8")
    specification = importlib.util.spec_from_file_location("planted", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return {"planted": module}


@pytest.fixture
def measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the first ratio that is too large for a fault: here there is one."""
    monkeypatch.setattr(time_ratio, "MEASURED_ANEW", 1)


@pytest.mark.slow
@pytest.mark.usefixtures("measured_once")
def test_planted_patterns_are_found(planted: dict[str, ModuleType]) -> None:
    found = {found.place: found for found in patterns_with_methods(planted)}
    assert {place.partition(":")[0] for place in found} == {"planted.NUMBERS", "planted.Shape.INNER['a'][0]", "planted"}
    assert found["planted.NUMBERS"].methods == ("fullmatch",)
    for pattern in found.values():
        assert any(faults_of_pattern(pattern, thorough=False)), pattern.place


@pytest.mark.usefixtures("measured_once")
def test_planted_readers_are_found(planted: dict[str, ModuleType]) -> None:
    for reader in readers.readers_among(planted):
        assert any(faults_of_reader(reader, thorough=False)), reader.place


BEFORE: dict[str, tuple[re.Pattern[Any], str]] = {
    "strings of JSON": (re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL), "sub"),
    "elements of Forwarded": (re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+'), "findall"),
    "tokens of a JSON array": (re.compile(r'"(?:[^"\\]|\\.)*"|[][{}]', re.DOTALL), "findall"),
    "links": (re.compile(r"""<([^>]*)>[^,<]*;\s*rel=["']?next["']?(?![\w-])""", re.IGNORECASE), "search"),
    "decimal numbers": (re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?"), "fullmatch"),
    "tables of TOML": (re.compile(r"\s*\[\s*([A-Za-z0-9_. -]+?)\s*\]"), "match"),
    "dots of TOML": (re.compile(r"\s*\.\s*"), "sub"),
}


@pytest.mark.slow
@pytest.mark.usefixtures("measured_once")
@pytest.mark.parametrize("name", BEFORE)
def test_the_patterns_of_before_are_found(name: str) -> None:
    pattern, method = BEFORE[name]
    assert any(faults_of_pattern(Found(name, pattern, (method,)), thorough=False))


@pytest.mark.usefixtures("measured_once")
def test_the_reader_of_cookies_of_before_is_found() -> None:
    """Newer releases of Python read cookies in linear time (CVE-2024-7592)."""
    is_old = sys.version_info < (3, 11, 10) or (3, 12) <= sys.version_info < (3, 12, 6)
    reader = Reader("cookies", lambda text: cookie_parser(f'a="{text}"'))
    assert any(faults_of_reader(reader, thorough=False)) or not is_old


def test_a_function_that_would_change_something_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with only_reading(), pytest.raises(PermissionError):
        path.write_text("b", encoding="utf-8")
    assert not path.exists()
    assert "fullmatch" in METHODS
