"""The scripts in real shells: bash and zsh at a terminal, with a TAB; fish by its own completion.

There is no PowerShell here: that its script is whole is read from its tokens alone.
"""

from __future__ import annotations

import importlib
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mtribes_cli.completion.scripts import SCRIPTS
from tests.requirements import require

if sys.platform == "win32":
    pytest.skip("needs terminals as Linux and macOS have them", allow_module_level=True)

from tests.cli.shells import COMPLETIONS, Shell, bash, fish, shell_environment, zsh

pytestmark = pytest.mark.slow

BASH_COMPLETION = Path("/usr/share/bash-completion/bash_completion")
IN_BASH = f"source {shlex.quote(str(COMPLETIONS / 'mtribes.bash'))}\n"
IN_ZSH = f"autoload -Uz compinit && compinit -u -D\nsource {shlex.quote(str(COMPLETIONS / '_mtribes'))}\n"
PATHS = {"model.yaml", "my file.yaml", "my dir/", "src/"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the user works."""
    folder = tmp_path_factory.mktemp("work")
    for name in ("src/mtspace", "my dir"):
        (folder / name).mkdir(parents=True)
    for name in ("model.yaml", "my file.yaml", "my dir/mine.yaml"):
        (folder / name).touch()
    return folder


@pytest.fixture(
    scope="module", params=["bash", *(pytest.param(one, marks=pytest.mark.slow) for one in ("zsh", "fish"))]
)
def shell(request: pytest.FixtureRequest, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """Each shell with the script of `completions`."""
    home = tmp_path_factory.mktemp("home")
    with ExitStack() as stack:
        match request.param:
            case "bash":
                yield stack.enter_context(bash(folder, home, IN_BASH))
            case "zsh":
                yield stack.enter_context(zsh(folder, home, IN_ZSH))
            case _:
                yield fish(folder, home)


def plain(words: set[str]) -> set[str]:
    """A shell may leave out the slash behind a folder, or write it when it is alone."""
    return {word.rstrip("/") for word in words}


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("mtribes sp", {"space"}),
        ("mtribes space pu", {"pull", "push"}),
        ("mtribes --json space pu", {"pull", "push"}),
        ('mtribes -C "my dir" space pu', {"pull", "push"}),
        (r"mtribes -C my\ dir space pu", {"pull", "push"}),
        ("mtribes env key ", {"create", "list", "revoke"}),
        ("mtribes env pull --space vod --fo", {"--format"}),
        ("mtribes setup --target types", {"typescript:"}),
        ("mtribes setup --target=types", {"--target=typescript:"}),
        ("mtribes setup --target typescript:s", {"typescript:src"}),
        ("mtribes setup --target=typescript:s", {"--target=typescript:src"}),
        ('mtribes setup --target="typescript:src/mt', {"--target=typescript:src/mtspace"}),
        ("mtribes env pull --environment ", {"production", "staging", "development"}),
        ("mtribes env pull --env=p", {"--env=production"}),
        ("mtribes space pull --format ", {"yaml", "json"}),
        ("mtribes space push ", PATHS),
        ("mtribes space push mo", {"model.yaml"}),
        (r"mtribes space push my\ f", {"my file.yaml"}),
        ('mtribes space push "my f', {"my file.yaml"}),
        ("mtribes space push -- mo", {"model.yaml"}),
        ("mtribes space pull --output=mo", {"--output=model.yaml"}),
        ("mtribes -C s", {"src"}),
        ("true; mtribes sp", {"space"}),
        ("SOME=thing mtribes sp", {"space"}),
    ],
)
def test_a_shell_offers_what_the_table_says(shell: Shell, typed: str, offered: set[str]) -> None:
    assert plain(shell.candidates(typed)) == plain(offered)


@pytest.mark.parametrize("typed", ["mtribes space list -- ", "mtribes nonsense ", "mtribes env pull --space "])
def test_a_shell_offers_nothing_where_nothing_is_known(shell: Shell, typed: str) -> None:
    assert shell.candidates(typed) == set()


LINES = {
    "mtribes sp": "mtribes space ",
    "mtribes setup --target types": "mtribes setup --target typescript:",
    "mtribes setup --target typescript:s": "mtribes setup --target typescript:src/",
    "mtribes setup --target=typescript:src/": "mtribes setup --target=typescript:src/mtspace/",
    "mtribes space push my\\ dir/mi": "mtribes space push my\\ dir/mine.yaml ",
    "mtribes env pull --environment=sta": "mtribes env pull --environment=staging ",
    "mtribes space pull --output=mod": "mtribes space pull --output=model.yaml ",
    "mtribes space push my\\ f": "mtribes space push my\\ file.yaml ",
    "mtribes -Csr": "mtribes -Csrc/",
    "mtribes space list -- ": "mtribes space list -- ",
}


@pytest.mark.parametrize(
    "settings",
    [
        "",
        "set -u",
        "set -e",
        "set -o posix",
        "set -uCf; IFS=p:; shopt -s failglob nullglob nocasematch extglob",
        "COMP_WORDBREAKS=' '",
        "COMP_WORDBREAKS=${COMP_WORDBREAKS//:}",
        'COMP_WORDBREAKS="$COMP_WORDBREAKS/"',
        f"source {BASH_COMPLETION}",
    ],
)
def test_bash_completes_whatever_its_settings(settings: str, folder: Path, tmp_path: Path) -> None:
    require(BASH_COMPLETION, "bash-completion", "your system's package bash-completion")
    with bash(folder, tmp_path, f"{settings}\n{IN_BASH}") as terminal:
        assert {typed: terminal.line_after(typed) for typed in LINES} == LINES


@pytest.mark.parametrize(
    "settings",
    [
        "",
        "setopt nounset errexit ksharrays shwordsplit",
        "setopt noglob noclobber nullglob extendedglob rcexpandparam; IFS=p:",
        "zstyle ':completion:*' matcher-list 'm:{a-z}={A-Z}' 'r:|=*'; zstyle ':completion:*' format '%d'",
    ],
)
def test_zsh_completes_whatever_its_settings(settings: str, folder: Path, tmp_path: Path) -> None:
    with zsh(folder, tmp_path, f"{settings}\n{IN_ZSH}") as terminal:
        assert {typed: terminal.line_after(typed) for typed in LINES} == LINES


def test_zsh_without_compinit_says_what_it_needs_and_goes_on() -> None:
    require(shutil.which("zsh"), "zsh", "your system's package zsh")
    script = f"setopt nounset; source {shlex.quote(str(COMPLETIONS / '_mtribes'))} && echo on"
    done = subprocess.run(["zsh", "-f", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "on\n"
    assert "compinit" in done.stderr


def test_without_the_program_a_shell_offers_nothing_and_says_nothing(folder: Path, tmp_path: Path) -> None:
    with bash(folder, tmp_path, f"PATH=/bin\n{IN_BASH}") as terminal:
        assert terminal.line_after("mtribes sp") == "mtribes sp"
        assert b"not found" not in terminal.said


def install(shell: str, home: Path) -> str:
    """`mtribes completion install`, called by that shell, which is not the user's own."""
    environment = {**shell_environment(home), "SHELL": "/bin/bash" if shell == "fish" else "/usr/bin/fish"}
    quiet = {"zsh": ["-f"], "fish": ["--no-config"]}.get(shell, [])
    argv = [shell, *quiet, "-c", "mtribes completion install; true"]
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=True).stdout


def test_what_is_installed_in_bash_is_found_by_bash_completion(folder: Path, tmp_path: Path) -> None:
    require(BASH_COMPLETION, "bash-completion", "your system's package bash-completion")
    install("bash", tmp_path)
    with bash(folder, tmp_path, f"source {BASH_COMPLETION}\n") as terminal:
        assert terminal.candidates("mtribes space pu") == {"pull", "push"}


def test_what_is_installed_in_zsh_is_found_with_the_lines_that_were_said(folder: Path, tmp_path: Path) -> None:
    with zsh(folder, tmp_path, ""):
        said = install("zsh", tmp_path)
    lines = [line.strip() for line in said.splitlines() if line.startswith("  ")]
    assert len(lines) == 2
    with zsh(folder, tmp_path, "\n".join([*lines, ""]).replace("compinit\n", "compinit -u -D\n")) as terminal:
        assert terminal.candidates("mtribes space pu") == {"pull", "push"}


def test_what_is_installed_in_fish_is_found_by_itself(folder: Path, tmp_path: Path) -> None:
    found = fish(folder, tmp_path)
    install("fish", tmp_path)
    done = subprocess.run(
        ["fish", "-c", "complete -C 'mtribes space pu'"],
        cwd=folder,
        env=found.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert {line.partition("\t")[0] for line in done.stdout.splitlines()} == {"pull", "push"}


PAIRS = {"(": ")", "[": "]", "{": "}"}


def test_the_script_for_powershell_is_whole_as_far_as_its_tokens_tell() -> None:
    lexers, tokens = importlib.import_module("pygments.lexers"), importlib.import_module("pygments.token")
    open_ones: list[str] = []
    for kind, text in lexers.get_lexer_by_name("powershell").get_tokens(SCRIPTS["powershell"].text):
        assert kind is not tokens.Error, text
        if kind in tokens.Punctuation:
            for character in text:
                if character in PAIRS:
                    open_ones.append(PAIRS[character])
                elif character in PAIRS.values():
                    assert open_ones.pop() == character
    assert open_ones == []
    assert SCRIPTS["powershell"].text.count("Register-ArgumentCompleter -Native -CommandName mtribes") == 1
