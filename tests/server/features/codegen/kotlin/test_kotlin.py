"""Kotlin's code under its compiler and its formatter, and run: one compilation serves as many tests as possible."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from templates_server.features import demo
from templates_server.features.codegen.identifiers import identifiers
from templates_server.features.codegen.naming import name_model
from templates_server.features.codegen.renderer import render
from templates_server.features.spaces.model import GenerationInput, SpaceModel
from tests.manual import DOCS, code_blocks, page_text
from tests.requirements import require_jdk_program, require_npm_package
from tests.server.features.codegen.jvm_classes import references_beyond
from tests.server.features.codegen.kotlin.compiler import FAST_START, compile_kotlin, unformatted
from tests.server.features.codegen.kotlin.kotlin_spaces import (
    MOST_FIELDS,
    key_space,
    large_space,
    option_of,
    text_spaces,
)
from tests.server.features.codegen.reference_space import HOST, tracked_vod, vod
from tests.server.features.codegen.space_builder import build_space, options_of
from tests.server.features.codegen.test_hostile import HARMLESS, NAMES, PLAIN_KEYS, POSSIBLE_KEYS, expected_properties
from tests.server.features.codegen.toolchain import run_program, write_tree
from tests.servers import RunningServer

pytestmark = pytest.mark.slow

PROGRAMS = Path(__file__).with_name("programs")
SAMPLE = DOCS / "samples" / "kotlin" / "Sample.kt"
BLOCKS = code_blocks(page_text("guides/kotlin"), "kotlin")
SPACES: Mapping[str, GenerationInput] = {
    "vod": tracked_vod(),
    "modelled": tracked_vod(),
    "nothing": vod(),
    "empty": GenerationInput(SpaceModel("empty"), {}),
    **{f"hostile{at}": space for at, space in enumerate(text_spaces(NAMES))},
    "keys": key_space(POSSIBLE_KEYS),
    "large": large_space(500, POSSIBLE_KEYS[MOST_FIELDS:]),
}
OPTIONS: Mapping[str, Mapping[str, str]] = {"modelled": {"events": "modelled"}, "nothing": {"events": "modelled"}}
"""Those of a Space, by its name, beside the package and the host."""

LINES = re.compile(r"Mistakes\.kt:(\d+):\d+: (?:error|warning): (.*)")


def rendered(space: GenerationInput, name: str) -> dict[str, str]:
    return render(space, "kotlin", {"package": f"mtspace.{name}", "host": HOST, **OPTIONS.get(name, {})})


def block(number: int, text: str) -> str:
    """A block of the manual as a file: its statements in a function, its imports before that."""
    imports = "".join(f"{line}\n" for line in text.splitlines() if line.startswith("import "))
    body = "".join(f"    {line}\n" for line in text.splitlines() if not line.startswith("import "))
    head = f"package manual\n\nimport mtspace.vod.*\n{imports}\n"
    return f"{head}internal suspend fun block{number}() {{\n{body}}}\n"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything in one archive, compiled with warnings as errors."""
    folder = tmp_path_factory.mktemp("kotlin")
    for name, space in SPACES.items():
        write_tree(folder / "sources" / name, rendered(space, name))
    manual = {f"Block{number}.kt": block(number, text) for number, text in enumerate(BLOCKS)}
    sources = [folder / "sources", write_tree(folder / "manual", manual), *sorted(PROGRAMS.glob("*.kt")), SAMPLE]
    archive = folder / "everything.jar"
    # The manual shows statements, whose results nobody uses.
    assert compile_kotlin(sources, archive, "-include-runtime") == ""
    return archive


def run(archive: Path, main: str, *arguments: str) -> str:
    command = [require_jdk_program("java"), *FAST_START, "-cp", str(archive), main, *arguments]
    return run_program(command, archive.parent)


def test_demo_empty_large_and_hostile_spaces_compile_with_an_app_that_uses_everything(compiled: Path) -> None:
    assert compiled.stat().st_size > 0
    assert len(BLOCKS) >= 9


def test_classes_refer_to_java_8_android_21_and_the_standard_library_alone(compiled: Path, tmp_path: Path) -> None:
    own = ["mtspace/vod/*"]
    subprocess.run(["unzip", "-q", str(compiled), *own, "-d", str(tmp_path)], check=True)
    assert references_beyond(tmp_path, ["mtspace/", "kotlin/"]) == []
    beyond = references_beyond(tmp_path, ["mtspace/", "kotlin/Pair"])
    assert any("kotlin/jvm/internal/Intrinsics" in each for each in beyond)  # the check sees what is there


def test_mistakes_do_not_compile_and_are_told_where_they_are(compiled: Path, tmp_path: Path) -> None:
    source = tmp_path / "Mistakes.kt"
    text = (PROGRAMS / "Mistakes.kt.txt").read_text("utf-8")
    source.write_text(text, "utf-8")
    # Beside errors no warning is told, unless it is one.
    options = ["-cp", str(compiled), "-Xwarning-level=DEPRECATION:error"]
    said = compile_kotlin([source], tmp_path / "out", *options)
    told = {int(line): message for line, message in LINES.findall(said)}
    expected = {
        number: line.rpartition(" // ")[2] for number, line in enumerate(text.splitlines(), start=1) if " // " in line
    }
    assert told.keys() == expected.keys(), said
    assert {number: told[number] for number, part in expected.items() if part.lower() not in told[number].lower()} == {}


def test_the_formatter_would_change_nothing(tmp_path: Path) -> None:
    for name, space in {
        "tracked": tracked_vod(),
        "vod": vod(),
        "modelled": SPACES["modelled"],
        "empty": SPACES["empty"],
        "large": large_space(3),
    }.items():
        write_tree(tmp_path / name, rendered(space, name))
    assert unformatted(tmp_path) == ""


def token_kinds(*folders: Path) -> list[dict[str, str]]:
    """The kinds of tokens of every file, for each folder, as Kotlin's own lexer has them."""
    lib = require_npm_package("kotlin-compiler") / "lib"
    path = f"{lib / 'kotlin-compiler.jar'}:{lib / 'kotlin-stdlib.jar'}"
    command = [require_jdk_program("java"), *FAST_START, "-cp", path, str(PROGRAMS / "TokenKinds.java")]
    lines = [line.split("\t") for line in run_program([*command, *map(str, folders)], folders[0]).splitlines()]
    return [{name: kinds for folder, name, kinds in lines if folder == str(each)} for each in folders]


def test_hostile_texts_give_the_tokens_of_a_harmless_twin(tmp_path: Path) -> None:
    hostile, twin = token_kinds(
        write_tree(tmp_path / "hostile", rendered(build_space(PLAIN_KEYS, NAMES), "made")),
        write_tree(tmp_path / "twin", rendered(build_space(PLAIN_KEYS, HARMLESS), "made")),
    )
    assert len(hostile) > len(NAMES)
    assert list(hostile) == list(twin)
    assert {name for name, kinds in hostile.items() if kinds != twin[name]} == set()


def test_hostile_texts_begin_no_tag_and_no_comment_within_comments() -> None:
    comments = [
        line.strip()
        for text in rendered(build_space(PLAIN_KEYS, NAMES), "made").values()
        for line in text.splitlines()
        if line.strip().startswith(("/**", "* "))
    ]
    assert len(comments) > len(NAMES)
    inner = [comment.removeprefix("/**").removesuffix("*/") for comment in comments]
    assert [comment for comment in inner if re.search(r"(?<![A-Za-z0-9])@|/\*|\*/", comment)] == []


def test_the_comparison_of_tokens_finds_what_it_looks_for(tmp_path: Path) -> None:
    planted = {
        "A.kt": 'val a = "x"\n',
        "B.kt": 'val a = "${evil()}"\n',
        "C.kt": '/* x */ val a = "y\\n"\n',
        "D.kt": 'val a = "$x"\n',
    }
    [found] = token_kinds(write_tree(tmp_path, planted))
    assert found["A.kt"] == found["C.kt"]
    assert len({found["A.kt"], found["B.kt"], found["D.kt"]}) == 3


def expected_here(text: str) -> dict[str, Any]:
    """What the program prints of an experience that is made of the text: of a select all options, and the unset one."""
    options = [*options_of(text), ""]
    return {**expected_properties(text), "aSelect": options, "noSelect": options}


def test_hostile_texts_and_keys_are_at_run_time_what_they_were(compiled: Path) -> None:
    seen = json.loads(run(compiled, "programs.DumpKt"))
    for at in range(0, len(NAMES), MOST_FIELDS):
        texts = {f"k{number:02}": text for number, text in enumerate(NAMES[at : at + MOST_FIELDS])}
        made = seen[f"hostile{at // MOST_FIELDS}"]
        read = {kind: (properties, defaults) for kind, properties, defaults in made["read"]}
        assert read.pop("options") == ({"aSelect": [*map(option_of, texts.values()), ""]},) * 2
        assert read == {key: (expected_here(text),) * 2 for key, text in texts.items()}
        assert made["items"] == [[key, text, expected_here(text)] for key, text in texts.items()]
    names = identifiers(name_model(SPACES["keys"].model), "kotlin")
    keys = {kind: properties for kind, properties, _ in seen["keys"]["read"]}
    assert keys == {
        key: {names[f"experiences.{key}.properties.{key}"].strip("`"): f"Text {key}"} for key in POSSIBLE_KEYS
    }


def test_no_two_files_are_equal_where_case_is_ignored() -> None:
    for name, space in SPACES.items():
        paths = [path.lower() for path in rendered(space, name)]
        assert len(set(paths)) == len(paths)


@pytest.fixture
def people_server() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server that shows everybody their own id, and collects the events; polls wait until it ends."""
    events: list[dict[str, Any]] = []
    is_over = Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path.endswith("/events"):
                events.extend(body)
                self.answer(204)
                return
            person = body["external_id"]
            state = {"enabled": True, "properties": {"label": person, "ends-at": None, "discount-percent": None}}
            self.answer(200, {"session": f"of {person}", "revision": 1, "states": {"onboarding.welcome": state}})

        def do_GET(self) -> None:
            is_over.wait(20)
            self.answer(204)

        def answer(self, status: int, body: Any = None) -> None:
            content = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:  # who closes does not wait for an answer
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", events
        is_over.set()
        server.shutdown()
        thread.join()


def test_64_threads_serve_200_people_each_with_their_own_and_leave_no_thread(
    compiled: Path, people_server: tuple[str, list[dict[str, Any]]]
) -> None:
    host, events = people_server
    seen = json.loads(run(compiled, "programs.PeopleKt", host))
    people = [f"person-{number}" for number in range(200)]
    assert seen["seen"] == {person: f"SERVED {person}" for person in people}
    assert (seen["stuck"], seen["left"]) == (0, [])
    assert len({event["id"] for event in events}) == len(events) == 3 * len(people)
    for event in events:
        person = event["external_id"]
        assert event["metadata"] == [{"key": "person", "value": person}]
        assert event["session"] == f"of {person}"
    assert len({event["anonymous_id"] for event in events}) == len(people)


def test_a_device_in_conversation_with_the_server(
    compiled: Path, demo_server: tuple[RunningServer, demo.DemoFacts], tmp_path: Path
) -> None:
    server, facts = demo_server
    seen = json.loads(run(compiled, "programs.DeviceKt", server.url, facts.spaces["vod"]["production"], str(tmp_path)))
    assert (seen["status"], seen["errors"]) == ("served", [])
    assert seen["before"] == seen["after"] == ["tonight", "new-this-week", "join"]
    assert seen["calls"] == ["main", "of-the-app"]
    assert (seen["kept"], seen["gone"]) == ("text ü", None)
    assert seen["files"] == ["mtribes.vod.identity"]  # all events were acknowledged


def test_the_sample_app_runs(compiled: Path, demo_server: tuple[RunningServer, demo.DemoFacts]) -> None:
    server, facts = demo_server
    said = run(compiled, "SampleKt", facts.spaces["vod"]["production"], "u1", server.url)
    assert said.splitlines() == [
        "The session is served.",
        "The header is #6f58c4.",
        "A picture: Tonight",
        "A list: t-101, t-102, t-103",
        "An offer: Join now",
    ]
