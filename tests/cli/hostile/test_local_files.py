"""Files of a checkout and of the state folder that are no files, have no end, or that a parser cannot bear."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.cli_runner import CliRunner, Outcome
from tests.cli.code_stub import CodeStub
from tests.cli.project_runner import Project
from tests.cli.stub_server import StubServer, data, refusal

pytestmark = pytest.mark.skipif(os.name == "nt", reason="FIFOs and devices are Unix's")
PATIENCE_SECONDS = 30.0
DEEP = "[" * 3_000 + "]" * 3_000
BIG = "1" * 5_000
ASKED = ("update", "--check", "--offline")


def within_time(run: Callable[[], Outcome]) -> Outcome:
    """The outcome of a command that must not wait for what never comes."""
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(run()), daemon=True)
    thread.start()
    thread.join(PATIENCE_SECONDS)
    assert outcomes, "the command waits"
    return outcomes[0]


def put_fifo(place: Path) -> None:
    os.mkfifo(place)


def put_endless(place: Path) -> None:
    place.symlink_to("/dev/zero")


def put_folder(place: Path) -> None:
    place.mkdir()


def put_huge(place: Path) -> None:
    """A file of a gigabyte that takes no room."""
    with place.open("wb") as file:
        file.truncate(2**30)


@pytest.fixture(autouse=True)
def _nothing_huge_stays(tmp_path: Path) -> Iterator[None]:
    """Whatever looks through the files of the tests afterwards would read it all."""
    yield
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.stat().st_size > 2**20:
            path.unlink()


KINDS = (put_fifo, put_endless, put_folder, put_huge)


@pytest.mark.parametrize("put", KINDS)
@pytest.mark.parametrize("argv", [ASKED, ("update",), ("status",)])
def test_a_lock_that_is_no_file_is_refused_at_once(
    generated: Project, put: Callable[[Path], None], argv: tuple[str, ...]
) -> None:
    lock = generated.root / "mtribes.lock"
    lock.unlink()
    put(lock)
    outcome = within_time(lambda: generated.run(*argv))
    assert outcome.exit_code == (1 if put is put_folder else 2), outcome.err
    assert str(lock) in outcome.err


@pytest.mark.slow
@pytest.mark.parametrize("put", KINDS)
def test_a_journal_that_is_no_file_is_refused_at_once(generated: Project, put: Callable[[Path], None]) -> None:
    journal = generated.root / ".mtribes-journal.json"
    put(journal)
    before = {path: content for path, content in generated.files().items() if not path.startswith(".")}
    outcome = within_time(lambda: generated.run("update"))
    assert outcome.exit_code == 1, outcome.err
    assert str(journal) in outcome.err
    assert {path: content for path, content in generated.files().items() if not path.startswith(".")} == before
    assert within_time(lambda: generated.run(*ASKED)).exit_code == 3


@pytest.mark.parametrize("put", KINDS)
def test_a_generated_file_that_became_something_else_is_an_edit(
    generated: Project, put: Callable[[Path], None]
) -> None:
    place = generated.root / "src/vod/index.ts"
    place.unlink()
    put(place)
    outcome = within_time(lambda: generated.run(*ASKED))
    assert (outcome.exit_code, "edited    src/vod/index.ts" in outcome.out) == (3, True), outcome.err
    if put is not put_folder:  # a folder with nothing in it is nobody's
        assert within_time(lambda: generated.run("update")).exit_code == 1


@pytest.mark.parametrize(
    "line",
    [
        f"x = {BIG}",
        f"x = {DEEP}",
        f"host = {BIG}",
        f"environment.{'.'.join('a' * 2_000)} = 1",
        f"environment = {'{a=' * 200}1{'}' * 200}",
        f'environment = "{"x" * 500_000}"',
        f"{'x' * 500_000} = 1",
        f"x = 1979-05-27T07:32:00.{BIG}Z",
        f"x = 0x{BIG}",
        f"x = 1e{BIG}",
    ],
)
@pytest.mark.parametrize("argv", [ASKED, ("setup", "--yes"), ("whoami",)])
def test_a_project_file_that_no_parser_bears_is_told(project: Project, line: str, argv: tuple[str, ...]) -> None:
    toml = project.root / "mtribes.toml"
    toml.write_text(f"{line}\n{toml.read_text()}")
    outcome = within_time(lambda: project.run(*argv))
    assert outcome.exit_code == 2, outcome.err[:2_000]
    assert str(toml) in outcome.err
    assert len(outcome.err) < 2_000


MANY = 1_001
SHOWN_LINES = 110


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("".join(f'[[targets]]\nlanguage = "java"\noutput = "o{n}"\n' for n in range(MANY)), "has 1,001 tables"),
        ("".join(f"unknown{n} = 1\n" for n in range(MANY)), "and more"),
        ("".join(f"[[targets]]\noutput = '../{n}'\n" for n in range(900)), "and more"),
    ],
)
def test_of_a_project_file_with_much_wrong_the_first_is_told(project: Project, text: str, told: str) -> None:
    """Targets are compared with each other, so they are counted first."""
    project.write("mtribes.toml", f'host = "local"\nspace = "vod"\n{text}')
    for argv in (ASKED, ("update",)):
        outcome = project.run(*argv)
        assert (outcome.exit_code, told in outcome.err) == (2, True), outcome.err[:2_000]
        assert len(outcome.err.splitlines()) < SHOWN_LINES


def many_targets(lock: dict[str, Any]) -> None:
    lock["targets"] = [{**lock["targets"][0], "output": f"o{number}"} for number in range(MANY)]


def many_files(lock: dict[str, Any]) -> None:
    lock["targets"][0]["files"] = {f"../{number}": "0" * 64 for number in range(MANY)}


@pytest.mark.parametrize(("bend", "told"), [(many_targets, "has 1,001 of them"), (many_files, "and more")])
def test_of_a_lock_with_much_wrong_the_first_is_told(
    generated: Project, bend: Callable[[dict[str, Any]], None], told: str
) -> None:
    lock = json.loads((generated.root / "mtribes.lock").read_text())
    bend(lock)
    (generated.root / "mtribes.lock").write_text(json.dumps(lock))
    for argv in (ASKED, ("update",)):
        outcome = generated.run(*argv)
        assert (outcome.exit_code, told in outcome.err) == (2, True), outcome.err[:2_000]
        assert len(outcome.err.splitlines()) < SHOWN_LINES


def test_of_an_answer_with_much_wrong_the_first_is_told(project: Project, code_stub: CodeStub) -> None:
    code_stub.files["vod"] = {f"../{number}": "x" for number in range(MANY)}
    outcome = project.run("update")
    assert (outcome.exit_code, "and more" in outcome.err) == (1, True), outcome.err[:2_000]
    assert len(outcome.err.splitlines()) < SHOWN_LINES
    assert not (project.root / "src").exists()


@pytest.mark.parametrize("text", [DEEP, f'{{"version": {BIG}}}', f'{{"version": 1, "revision": {BIG}}}'])
def test_a_lock_that_no_parser_bears_is_told(generated: Project, text: str) -> None:
    (generated.root / "mtribes.lock").write_text(text)
    outcome = generated.run(*ASKED)
    assert outcome.exit_code == 2, outcome.err
    assert "mtribes.lock" in outcome.err


@pytest.mark.parametrize("text", [DEEP, BIG, f'{{"url": {BIG}}}', f'{{"pid": 1, "url": {DEEP}}}'])
def test_state_that_no_parser_bears_is_told(mtribes: CliRunner, text: str) -> None:
    """What a local server leaves, and kept sign-ins."""
    mtribes.folders.server.mkdir()
    (mtribes.folders.server / "server.json").write_text(text)
    assert mtribes("whoami", "--host", "local").exit_code in {75, 2}  # 2: some Pythons bear the brackets
    mtribes.folders.config.mkdir()
    mtribes.credentials_file.write_text(text)
    outcome = mtribes("whoami", "--host", "https://mtribes.invalid")
    assert outcome.exit_code == 1
    assert str(mtribes.credentials_file) in outcome.err


@pytest.mark.parametrize("content", [f'{{"x": {DEEP}}}', f'{{"space": {BIG}}}'])
def test_a_document_that_no_parser_bears_is_told(user: CliRunner, stub_server: StubServer, content: str) -> None:
    user.write("model.json", content)
    assert user("space", "validate", "model.json").exit_code == 2
    assert stub_server.asked == []


def test_a_document_may_come_through_a_pipe_but_not_without_an_end(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("POST", "/v2/spaces/vod/model/diff", data({"revision": 3, "breaking": False, "changes": []}))
    pipe = user.home / "pipe.yaml"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text("space: vod\n"))
    writer.start()
    assert within_time(lambda: user("space", "validate", "pipe.yaml")).exit_code == 0
    writer.join()
    (user.home / "endless.yaml").symlink_to("/dev/zero")
    outcome = within_time(lambda: user("space", "validate", "endless.yaml"))
    assert (outcome.exit_code, "larger than" in outcome.err) == (1, True)


# What a hostile server says

EXPORTS = "/v2/spaces/vod/environments/production/events/exports"
EXPORT = ("event", "export", "--space", "vod", "--env", "production", "--output", "events.csv")


@pytest.mark.parametrize("export_id", ["../../x", "a/b", "a\0b", "", ".", "a b", "x" * 200, "exp_1\n", "é"])
def test_an_export_id_that_is_no_id_is_refused(user: CliRunner, stub_server: StubServer, export_id: str) -> None:
    stub_server.on("POST", EXPORTS, data({"export": export_id, "state": "running"}))
    before = sorted(path for path in user.home.rglob("*") if "state" not in path.parts)
    outcome = user(*EXPORT)
    assert outcome.exit_code == 1, outcome.err
    assert "is not a valid ID" in outcome.err
    assert sorted(path for path in user.home.rglob("*") if "state" not in path.parts) == before


@pytest.mark.slow
def test_an_export_that_is_never_made_is_given_up(
    user: CliRunner, stub_server: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtribes_cli.export.job.MAX_WAIT_SECONDS", 60.0)
    stub_server.on("POST", EXPORTS, data({"export": "exp_1", "state": "running"}))
    stub_server.on(
        "GET", EXPORTS.replace("events/exports", "exports/exp_1"), data({"export": "exp_1", "state": "running"})
    )
    outcome = within_time(lambda: user(*EXPORT))
    assert (outcome.exit_code, "did not complete within" in outcome.err) == (75, True), outcome.err


def test_a_list_whose_pages_lead_back_is_refused(user: CliRunner, stub_server: StubServer) -> None:
    link = f'<{stub_server.url}/v2/organizations?cursor=again>; rel="next"'
    stub_server.on("GET", "/v2/organizations", data(Link=link))
    outcome = within_time(lambda: user("org", "list"))
    assert (outcome.exit_code, "endless" in outcome.err) == (1, True), outcome.err
    assert len(stub_server.asked) == 2


def test_a_list_of_ever_new_pages_is_refused(
    user: CliRunner, stub_server: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtribes_cli.api.client.authorized_session.MAX_PAGES", 20)
    numbers = iter(range(10_000))
    stub_server.on(
        "GET", "/v2/organizations", lambda _: data(Link=f'<{stub_server.url}/x?cursor={next(numbers)}>; rel="next"')
    )
    outcome = within_time(lambda: user("org", "list"))
    assert (outcome.exit_code, "endless" in outcome.err) == (1, True), outcome.err
    assert len(stub_server.asked) == 20
    monkeypatch.setattr("mtribes_cli.api.client.authorized_session.MAX_PAGES", 10_000)
    monkeypatch.setattr("mtribes_cli.api.client.authorized_session.MAX_LIST_BYTES", 400)
    assert user("org", "list").exit_code == 1
    assert len(stub_server.asked) < 40


def test_as_many_pages_as_there_are_allowed_are_read(
    user: CliRunner, stub_server: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtribes_cli.api.client.authorized_session.MAX_PAGES", 3)
    links = [f'<{stub_server.url}/x?cursor={number}>; rel="next"' for number in (1, 2)]
    one = {"id": "org_1", "key": "acme", "name": "Acme"}
    stub_server.on("GET", "/v2/organizations", *(data(one, Link=link) for link in links), data(one))
    assert len(user("org", "list", "--json").envelope["data"]) == 3


@pytest.mark.parametrize(
    "date",
    [
        f"Mon, {'9' * 30} Nov 2026 10:00:00 GMT",
        f"Mon, 1 Nov {'9' * 30} 10:00:00 GMT",
        "Mon, 1 Nov 2026 10:00:00 +9999999999",
        "Mon,",
        BIG[:3_000],
    ],
)
def test_a_date_that_cannot_be_is_passed_over(user: CliRunner, stub_server: StubServer, date: str) -> None:
    busy = refusal(503, {"code": "UNAVAILABLE", "message": "Busy."}, Retry_After=date, Date=date)
    stub_server.on("GET", "/v2/organizations", busy)
    assert user("org", "list").exit_code == 75


def test_a_word_that_is_not_utf8_is_wrong_usage(user: CliRunner, stub_server: StubServer) -> None:
    assert user("space", "show", "a\udcff").exit_code == 2
    assert user("tag", "list", "--search", "\udcff", "--space", "vod", "--env", "staging").exit_code == 2
    assert stub_server.asked == []


HUGE = (10**400, 10**4_299, -(10**400), 2**63, 1.5, True, "1")


@pytest.mark.parametrize("number", HUGE)
def test_a_number_that_no_machine_word_holds_is_told(user: CliRunner, stub_server: StubServer, number: object) -> None:
    """Sums, shares and times are made of such numbers."""
    complete = {"export": "exp_1", "state": "complete", "rows": 1, "sha256": "0" * 64, "bytes": number}
    stub_server.on("POST", EXPORTS, data(complete))
    stub_server.on("GET", EXPORTS.replace("events/exports", "exports/exp_1"), data(complete))
    stub_server.on("GET", "/v2/spaces/vod/environments/production/user-tags", data({"tag": "news", "users": number}))
    space = {"id": "spc_1", "key": "vod", "name": "VOD", "organization": "acme", "revision": number}
    stub_server.on("GET", "/v2/spaces/vod", data(space))
    for argv in (EXPORT, ("tag", "list", "--space", "vod", "--env", "production"), ("space", "show", "vod")):
        outcome = user(*argv)
        assert (outcome.exit_code, "is not an integer" in outcome.err) == (1, True), (argv, outcome.err)
