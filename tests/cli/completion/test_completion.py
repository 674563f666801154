"""What is offered at a TAB, and the script that is installed. Real shells are in test_completion_shells."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtribes_cli.commands import WORDS
from mtribes_cli.completion.command_table import COMMANDS, GLOBAL_OPTIONS
from mtribes_cli.completion.engine import reply
from mtribes_cli.completion.scripts import SCRIPTS
from tests.cli.cli_runner import CliRunner

GLOBALS = {names[0] for names, *_ in GLOBAL_OPTIONS}
LANGUAGES = {"typescript:", "javascript:", "kotlin:", "java:", "swift:", "brightscript:", "python:"}
SHELLS = ["bash", "zsh", "fish", "powershell"]


def asked(*words: str) -> tuple[str, str, dict[str, str]]:
    """Kind, what is kept, and the words with their meanings, at the end of `mtribes WORDS`."""
    head, *lines = reply([str(len(words)), "mtribes", *words]).splitlines()
    kind, kept = head.split("\t")
    return kind, kept, {word: meaning for word, _, meaning in (line.partition("\t") for line in lines)}


def words_at(*words: str) -> set[str]:
    kind, _, offered = asked(*words)
    assert kind == "words"
    return set(offered)


def test_the_first_word_is_a_command_and_is_explained() -> None:
    assert asked("")[2] == {word.name: word.help for word in WORDS.values()}


def test_a_noun_is_followed_by_its_verbs_and_a_nested_one_by_its_own() -> None:
    assert {"pull", "push", "key"} <= words_at("env", "")
    assert words_at("env", "key", "") == {"create", "list", "revoke"}


@pytest.mark.parametrize(
    "before",
    [["--json"], ["--host", "update"], ["--host=x"], ["-C", "space"], ["-Cspace"], ["-C=space"], ["--quiet", "--json"]],
)
def test_global_options_may_stand_anywhere(before: list[str]) -> None:
    assert words_at(*before, "space", "") == words_at("space", "")
    assert words_at("space", *before, "") == words_at("space", "")


def test_options_are_the_commands_own_and_the_global_ones() -> None:
    assert words_at("env", "pull", "-") == {
        *("--space", "--environment", "--output", "--format", "--revision"),
        *GLOBALS,
    }
    assert words_at("-") == words_at("space", "-") == GLOBALS


def test_what_takes_nothing_more_offers_its_options() -> None:
    assert words_at("status", "") == GLOBALS
    assert "--check" in words_at("update", "")


def test_an_option_is_offered_once_unless_it_may_be_repeated() -> None:
    offered = words_at("setup", "--yes", "--json", "--target", "python:x", "-")
    assert not offered & {"--yes", "--json"}
    assert "--target" in offered
    assert "--environment" not in words_at("env", "pull", "--env", "staging", "-")
    assert "--help" not in words_at("-h", "-")


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["setup", "--target", ""], LANGUAGES),
        (["env", "pull", "--environment", ""], {"production", "staging", "development"}),
        (["env", "pull", "--env", ""], {"production", "staging", "development"}),
        (["space", "pull", "--format", ""], {"yaml", "json"}),
        (["completion", "show", ""], set(SHELLS)),
        (["completion", "install", ""], set(SHELLS)),
        (["space", "pull", "--format=j"], {"--format=yaml", "--format=json"}),
        (["env", "pull", "--environment", "production"], {"production", "staging", "development"}),
        (["setup", "--target=ty"], {f"--target={language}" for language in LANGUAGES}),
        (["env", "pull", "--env="], {"--env=production", "--env=staging", "--env=development"}),
    ],
)
def test_a_value_of_a_set_offers_the_set(words: list[str], offered: set[str]) -> None:
    assert words_at(*words) == offered


@pytest.mark.parametrize(
    ("words", "kind", "kept"),
    [
        (["space", "push", ""], "files", ""),
        (["space", "push", "mod"], "files", ""),
        (["space", "push", "--", "-odd"], "files", ""),
        (["space", "pull", "--output", "a"], "files", ""),
        (["space", "pull", "--output=a"], "files", "--output="),
        (["-C", "src/"], "folders", ""),
        (["-Csrc/"], "folders", "-C"),
        (["-C=src/"], "folders", "-C="),
        (["update", "--target", "src"], "folders", ""),
        (["setup", "--target", "typescript:src"], "folders", "typescript:"),
        (["setup", "--target=typescript:src"], "folders", "--target=typescript:"),
    ],
)
def test_a_path_is_the_shells_to_complete_behind_what_is_kept(words: list[str], kind: str, kept: str) -> None:
    assert asked(*words) == (kind, kept, {})


@pytest.mark.parametrize(
    "words",
    [
        ["update", "--", ""],
        ["update", "--", "-"],
        ["space", "push", "file", "--", ""],
        ["nonsense", ""],
        ["space", "nonsense", ""],
        ["--nonsense="],
        ["env", "pull", "--space", ""],
        ["env", "pull", "--space="],
        ["status", "--json="],
        ["space", "show", ""],
    ],
)
def test_nothing_is_offered_where_nothing_is_known(words: list[str]) -> None:
    assert words_at(*words) == set()


def test_an_empty_word_that_the_shell_dropped_is_there() -> None:
    assert reply(["2", "mtribes", "space"]) == reply(["2", "mtribes", "space", ""])


def test_what_stands_behind_the_cursor_decides_nothing() -> None:
    assert reply(["1", "mtribes", "sp", "nonsense"]) == reply(["1", "mtribes", "sp"])


KNOWN = (
    {word for path in COMMANDS for word in path.split()} | GLOBALS | {"--", "-", "", "--target", "--org", "typescript:"}
)


@pytest.mark.slow
@given(st.lists(st.sampled_from(sorted(KNOWN)) | st.text(), max_size=6))
def test_any_line_has_a_reply_in_whole_lines_of_plain_text(words: list[str]) -> None:
    text = reply([str(len(words)), "mtribes", *words])
    assert text.isascii()
    assert text.endswith("\n")
    assert all(line.count("\t") == 1 and line.replace("\t", "").isprintable() for line in text[:-1].split("\n"))


def _run(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "mtribes_cli", *argv], capture_output=True, text=True, check=False)


def test_the_program_answers_a_shell() -> None:
    done = _run("__complete", "2", "mtribes", "env", "")
    assert done.stdout == reply(["2", "mtribes", "env", ""])
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("argv", [["__complete"], ["__complete", "x"], ["__complete", "-1"]])
def test_what_no_shell_asks_is_no_command(argv: list[str]) -> None:
    done = _run(*argv)
    assert done.returncode == 2
    assert "Unknown command: '__complete'" in done.stderr


def test_a_reply_imports_the_table_and_nothing_else() -> None:
    program = (
        "import sys\nbefore = set(sys.modules)\nfrom mtribes_cli.main import main\n"
        "main(['__complete', '1', 'mtribes', ''])\nprint(' '.join(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    built_in = {"__future__", *sys.builtin_module_names}
    completion = {f"mtribes_cli.completion{module}" for module in ("", ".engine", ".command_table")}
    own = {"mtribes_cli", "mtribes_cli.main", *completion}
    assert set(done.stdout.splitlines()[-1].split()) - built_in == own


@pytest.mark.parametrize("shell", SHELLS)
def test_show_prints_the_script_alone(mtribes: CliRunner, shell: str) -> None:
    outcome = mtribes("completion", "show", shell)
    assert (outcome.exit_code, outcome.out, outcome.err) == (0, SCRIPTS[shell].text, "")
    assert mtribes("completion", "show", shell, "--json").envelope["data"]["script"] == SCRIPTS[shell].text


@pytest.fixture
def at_home(mtribes: CliRunner) -> CliRunner:
    mtribes.environment["HOME"] = str(mtribes.home)
    return mtribes


PLACES = {
    "bash": ".local/share/bash-completion/completions/mtribes",
    "zsh": ".local/share/zsh/site-functions/_mtribes",
    "fish": ".config/fish/completions/mtribes.fish",
    "powershell": "config/mtribes.ps1",
}


@pytest.mark.parametrize("shell", SHELLS)
def test_install_writes_one_file_and_says_how_to_undo_it(at_home: CliRunner, shell: str) -> None:
    outcome = at_home("completion", "install", shell)
    path = at_home.home / PLACES[shell]
    assert path.read_text(encoding="utf-8") == SCRIPTS[shell].text
    assert [found for found in at_home.home.rglob("*") if found.is_file()] == [path]
    assert stat.S_IMODE(path.stat().st_mode) & 0o444 == 0o444 & ~_umask()
    assert outcome.out.startswith(f"Wrote {path}\n")
    assert f"\nTo uninstall: rm {path}" in outcome.out


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_second_install_changes_nothing_and_says_so(at_home: CliRunner) -> None:
    first = at_home("completion", "install", "fish", "--json").envelope["data"]
    path = Path(first["path"])
    before = path.stat().st_mtime_ns, path.stat().st_ctime_ns, path.stat().st_ino
    second = at_home("completion", "install", "fish", "--json").envelope["data"]
    assert (first["changed"], second["changed"]) == (True, False)
    assert (path.stat().st_mtime_ns, path.stat().st_ctime_ns, path.stat().st_ino) == before
    assert at_home("completion", "install", "fish").out.startswith(f"Already installed: {path}\n")


def test_an_older_script_of_ours_is_replaced_and_somebody_elses_is_not(at_home: CliRunner) -> None:
    path = at_home.home / PLACES["bash"]
    path.parent.mkdir(parents=True)
    path.write_text("# Made by `mtribes completion show bash`.\n# an older one\n", encoding="utf-8")
    assert at_home("completion", "install", "bash").exit_code == 0
    path.write_text("# mine\n", encoding="utf-8")
    outcome = at_home("completion", "install", "bash")
    assert outcome.exit_code == 1
    assert "not created by mtribes" in outcome.err
    assert path.read_text(encoding="utf-8") == "# mine\n"


def test_a_folder_in_the_place_of_the_script_is_a_plain_error(at_home: CliRunner) -> None:
    (at_home.home / PLACES["bash"]).mkdir(parents=True)
    outcome = at_home("completion", "install", "bash")
    assert outcome.exit_code == 1
    assert outcome.err.count("\n") == 2


@pytest.mark.parametrize(
    ("shell", "variable", "path"),
    [
        ("bash", "XDG_DATA_HOME", "bash-completion/completions/mtribes"),
        ("bash", "BASH_COMPLETION_USER_DIR", "completions/mtribes"),
        ("zsh", "XDG_DATA_HOME", "zsh/site-functions/_mtribes"),
        ("fish", "XDG_CONFIG_HOME", "fish/completions/mtribes.fish"),
    ],
)
def test_the_shells_own_variables_move_the_place(at_home: CliRunner, shell: str, variable: str, path: str) -> None:
    at_home.environment[variable] = str(at_home.home / "elsewhere")
    assert at_home("completion", "install", shell).exit_code == 0
    assert (at_home.home / "elsewhere" / path).is_file()
    at_home.environment[variable] = "relative"
    assert at_home("completion", "install", shell).exit_code == 0
    assert (at_home.home / PLACES[shell]).is_file()


def test_zsh_is_told_what_it_lacks_until_it_has_it(at_home: CliRunner) -> None:
    folder = (at_home.home / PLACES["zsh"]).parent
    line = f"fpath=({folder} $fpath)"
    assert line in at_home("completion", "install", "zsh").out
    settings = at_home.write(".zshrc", f"# {line}\n")
    assert line in at_home("completion", "install", "zsh").out
    at_home.write(".zshrc", f"{line}\n")
    assert line not in at_home("completion", "install", "zsh").out
    assert settings.read_text(encoding="utf-8") == f"{line}\n"


def test_an_unknown_shell_is_a_usage_error_that_names_the_known(at_home: CliRunner) -> None:
    outcome = at_home("completion", "install", "tcsh")
    assert outcome.exit_code == 2
    assert all(shell in outcome.err for shell in SHELLS)
