"""What holds for every command: words, global options, help, the envelope, exit codes, and what is imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import metadata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtribes_cli.commands import WORDS, organization
from mtribes_cli.global_options import extract_global_options
from tests.cli.cli_runner import CliRunner
from tests.cli.code_stub import CodeStub
from tests.cli.project_runner import Project
from tests.cli.stub_server import StubServer, data

HEAVY = ["httpx", "authlib", "keyring", "rich", "yaml"]
SPACE = {"id": "spc_1", "key": "vod", "name": "VOD", "organization": "acme", "revision": 3}


def test_mtribes_alone_prints_help_and_ends_well(mtribes: CliRunner) -> None:
    outcome = mtribes()
    assert outcome.exit_code == 0
    assert all(f"  {word} " in outcome.out for word in WORDS)
    assert outcome.err == ""


@pytest.mark.parametrize("argv", [("--version",), ("space", "list", "--version")])
def test_version_is_that_of_the_distribution(mtribes: CliRunner, argv: tuple[str, ...]) -> None:
    assert mtribes(*argv).out == f"mtribes {metadata.version('mtribes')}\n"


def test_version_is_answered_before_anything_heavy_is_imported() -> None:
    imported = _imported_by("--version")
    assert not imported & {"typer", "dataclasses", "json", "mtribes_cli.cli"}


@pytest.mark.parametrize("argv", [("space", "--help"), ("update", "--check", "--offline"), ("nonsense",)])
def test_what_needs_no_server_imports_nothing_heavy(argv: tuple[str, ...]) -> None:
    assert not _imported_by(*argv) & set(HEAVY)


def test_only_the_command_that_is_asked_for_is_imported() -> None:
    modules = {name for name in _imported_by("whoami", "--help") if name.startswith("mtribes_cli.commands.")}
    assert modules == {"mtribes_cli.commands.whoami"}


def _imported_by(*argv: str) -> set[str]:
    program = (
        "import sys, json\nbefore = set(sys.modules)\nfrom mtribes_cli.main import main\n"
        f"main({list(argv)!r})\nprint('\\n' + ' '.join(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd="/")
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "argv", [["space", "--help"], ["--help", "space"], ["space"], ["space", "-h"], ["--json", "space", "--help"]]
)
def test_a_noun_prints_its_verbs(mtribes: CliRunner, argv: list[str]) -> None:
    outcome = mtribes(*[word for word in argv if word != "--json"])
    assert outcome.exit_code == 0
    assert "validate" in outcome.out


@pytest.mark.parametrize("word", [word.name for word in WORDS.values()])
def test_every_command_has_help_with_the_global_options(mtribes: CliRunner, word: str) -> None:
    outcome = mtribes(word, "--help")
    assert outcome.exit_code == 0, outcome.err
    assert "Global options" in outcome.out
    assert "Options:\n\n" not in outcome.out


@pytest.mark.parametrize("argv", [[], *([word, "--help"] for word in WORDS)], ids=" ".join)
def test_help_fits_a_terminal_of_80_columns(mtribes: CliRunner, argv: list[str]) -> None:
    assert [line for line in mtribes(*argv).out.splitlines() if len(line) > 80] == []


def test_help_of_a_nested_verb_is_that_verbs(mtribes: CliRunner) -> None:
    outcome = mtribes("env", "key", "create", "--help")
    assert outcome.out.startswith("Usage: mtribes env key create ")
    assert "--name" in outcome.out


def test_an_unknown_command_is_a_usage_error_with_a_suggestion(mtribes: CliRunner) -> None:
    outcome = mtribes("udpate")
    assert outcome.exit_code == 2
    assert outcome.err == "error: Unknown command: 'udpate'\nhint: Did you mean `mtribes update`?\n"
    assert outcome.out == ""


@pytest.mark.parametrize(
    ("argv", "near"),
    [
        (("space", "list", "--organisation", "x"), "--organization"),
        (("space", "list", "--jsno"), "--json"),
        (("space", "lst"), "'list'"),
    ],
)
def test_an_unknown_flag_or_verb_is_a_usage_error_with_a_suggestion(
    mtribes: CliRunner, argv: tuple[str, ...], near: str
) -> None:
    outcome = mtribes(*argv)
    assert outcome.exit_code == 2
    assert near in outcome.err


@pytest.mark.parametrize(
    "argv",
    [
        ("space", "push"),  # an argument is missing
        ("space", "show", "a", "b"),  # one too many
        ("space", "pull", "vod", "--revision", "x"),  # no number
        ("space", "pull", "vod", "--format", "toml"),
        ("--host",),  # no value
        ("--json=yes", "space", "list"),  # a value too many
        ("--nonsense",),
    ],
)
def test_wrong_usage_under_json_gives_the_envelope_too(mtribes: CliRunner, argv: tuple[str, ...]) -> None:
    outcome = mtribes(*argv, "--json")
    assert outcome.exit_code == 2
    envelope = outcome.envelope
    assert list(envelope) == ["version", "command", "status", "data", "errors"]
    assert (envelope["version"], envelope["status"], envelope["data"]) == (1, "error", None)
    assert [list(error) for error in envelope["errors"]] == [["code", "message", "hint"]]
    assert envelope["errors"][0]["code"] == "USAGE"
    assert outcome.err == ""


@pytest.mark.parametrize(
    "argv",
    [
        ("--json", "space", "list", "--organization", "acme"),
        ("space", "--json", "list", "--organization", "acme"),
        ("space", "list", "--organization", "acme", "--json"),
        ("space", "list", "--org", "acme", "--json"),
        ("space", "list", "--org=acme", "--json", "--quiet", "--no-color"),
    ],
)
def test_global_options_and_aliases_mean_the_same_anywhere(
    user: CliRunner, stub_server: StubServer, argv: tuple[str, ...]
) -> None:
    stub_server.on("GET", "/v2/organizations/acme/spaces", data(SPACE))
    envelope = user(*argv).envelope
    assert envelope["command"] == "space list"
    assert [space["key"] for space in envelope["data"]] == ["vod"]


def test_a_host_on_the_command_line_wins(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", "/v2/spaces", data(SPACE))
    user.environment["MTRIBES_HOST"] = "http://127.0.0.1:9"
    assert user("space", "list", f"--host={stub_server.url}/").exit_code == 0


def test_the_folder_option_moves_relative_paths(user: CliRunner, stub_server: StubServer) -> None:
    (user.home / "below").mkdir()
    stub_server.on("GET", "/v2/spaces/vod/model", data({"space": "vod"}))
    assert user("-Cbelow", "space", "pull", "vod", "--output", "vod.json").exit_code == 0
    assert json.loads((user.home / "below" / "vod.json").read_text()) == {"space": "vod"}


def test_words_after_two_dashes_are_left_alone(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", "/v2/spaces/--json", data(SPACE | {"key": "--json"}))
    outcome = user("space", "show", "--", "--json")
    assert outcome.exit_code == 0
    assert "--json" in outcome.out


FRAGMENTS = [
    (["space"], ["space"]),
    (["--name=--json"], ["--name=--json"]),
    (["--org", "acme"], ["--organization", "acme"]),
    (["--env=staging"], ["--environment=staging"]),
    (["-x"], ["-x"]),
    (["--json"], []),
    (["-C", "below"], []),
    (["-Cbelow"], []),
    (["--host=local"], []),
]


@given(st.lists(st.sampled_from(FRAGMENTS)), st.lists(st.sampled_from(["--", "--json", "-C", "--org"])))
def test_ordering_keeps_every_word_of_the_command_in_its_order(
    fragments: list[tuple[list[str], list[str]]], after: list[str]
) -> None:
    given_words = [word for fragment, _ in fragments for word in fragment]
    kept = [word for _, fragment in fragments for word in fragment]
    arguments = extract_global_options([*given_words, "--", *after])
    assert list(arguments.words) == [*kept, "--", *after]
    assert arguments.on("--json") == ("--json" in given_words)


def test_ctrl_c_ends_with_130(user: CliRunner, stub_server: StubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_context: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(organization, "list_organizations", interrupted)
    outcome = user("org", "list")
    assert outcome.exit_code == 130
    assert outcome.err.startswith("error: Interrupted.")
    assert stub_server.asked == []


def test_a_bug_ends_with_70_and_a_traceback_without_secrets(user: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {"MTRIBES_TOKEN": "not-of-our-form-but-secret", "MTRIBES_CLIENT_SECRET": "mts_abc"}
    user.environment |= secrets
    issued = "mtr_0123456789abcdefghijABCDEFGHIJ012345"

    def broken(_context: object) -> None:
        raise ZeroDivisionError(f"{secrets['MTRIBES_TOKEN']}, {secrets['MTRIBES_CLIENT_SECRET']} and {issued}")

    monkeypatch.setattr(organization, "list_organizations", broken)
    outcome = user("org", "list")
    assert outcome.exit_code == 70
    path = next(user.folders.state.glob("crash-*.txt"))
    assert str(path) in outcome.err
    written = path.read_text()
    assert "ZeroDivisionError" in written
    for secret in (*secrets.values(), issued):
        assert secret not in written + outcome.err
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_bug_is_told_even_where_the_traceback_cannot_be_written(
    user: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    user.write("state", "a file where the folder should be")
    monkeypatch.setattr(organization, "list_organizations", lambda _context: None)
    outcome = user("org", "list", "--json")
    assert outcome.exit_code == 70
    assert outcome.envelope["errors"][0]["code"] == "BUG"


def test_a_command_is_named_in_full(mtribes: CliRunner) -> None:
    assert mtribes("env", "key", "revoke", "--json").envelope["command"] == "env key revoke"
    assert (
        mtribes("login", "--browser", "--with-token", "--host", "http://127.0.0.1:9", "--json").envelope["command"]
        == "login"
    )


def test_only_the_newest_tracebacks_are_kept(user: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is new, for its owner's eyes; older ones go, and nothing else does."""

    def broken(_context: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(organization, "list_organizations", broken)
    told = []
    for number in range(13):
        user.clock.ahead_seconds = number
        told.append(user("org", "list").err.partition("report it and attach ")[2].partition(". Secrets")[0])
    kept = {str(path) for path in user.folders.state.glob("crash-*.txt")}
    assert kept == set(told[-10:])
    assert len(set(told)) == 13


def test_a_folder_beside_is_searched_and_not_the_one_around(generated: Project, code_stub: CodeStub) -> None:
    """`-C ../other`: a project is looked for from there upwards, never by way of where the command was started."""
    beside = generated.root.parent / "other"
    (beside / "below").mkdir(parents=True)
    code_stub.files["vod"] = {"index.ts": "// newer\n"}
    before = generated.files()
    for argv in (("update",), ("update", "--check", "--offline"), ("update", "--force")):
        outcome = generated.run("-C", "../other/below", *argv)
        assert (outcome.exit_code, str(beside / "below") in outcome.err) == (2, True), outcome.err
    assert generated.files() == before
    target = ("--space", "vod", "--target", "typescript:src/vod")
    assert generated.run("-C", "../other", "setup", "--host", code_stub.url, *target).exit_code == 0
    assert (beside / "src/vod/index.ts").read_text() == "// newer\n"
    assert generated.files() == before


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_a_folder_behind_a_link_is_the_one_that_it_leads_to(generated: Project) -> None:
    elsewhere = generated.root.parent / "elsewhere"
    elsewhere.mkdir()
    (generated.root / "link").symlink_to(elsewhere)
    assert generated.run("-C", "link", "update").exit_code == 2
    assert generated.run("-C", "link/..", "update").exit_code == 2
    assert generated.run("-C", "link/../project", "update").exit_code == 0
    assert generated.run("-C", "nowhere", "update").exit_code == 2
