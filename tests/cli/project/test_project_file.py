"""`mtribes.toml`, as it is read."""

import errno
from pathlib import Path

import pytest

from mtribes_cli.errors import ExitCode, ProjectError
from mtribes_cli.project.project_file import (
    ProjectFile,
    Target,
    find_project,
    find_project_file,
    needed_project,
    parse_project_file,
    unreadable,
)

GOOD = """\
host = "https://mtribes.example.com/"
organization = "acme"
space = "vod"
environment = "staging"

[[targets]]
language = "typescript"
output = "./src/mtspace/vod/"

[[targets]]
language = "kotlin"
output = "app/vod"
space = "sports"
[targets.options]
host = "https://api.example.com"
package = "com.example.vod"
"""


def faults(text: str) -> dict[str | None, str]:
    with pytest.raises(ProjectError) as caught:
        parse_project_file(text, Path("mtribes.toml"))
    assert caught.value.exit_code is ExitCode.USAGE
    return {problem.path: problem.message for problem in caught.value.problems}


def test_a_good_file_is_read_whole() -> None:
    project = parse_project_file(GOOD, Path("/p/mtribes.toml"))
    assert project == ProjectFile(
        path=Path("/p/mtribes.toml"),
        host="https://mtribes.example.com",
        organization="acme",
        space="vod",
        environment="staging",
        targets=(
            Target("typescript", "src/mtspace/vod", "vod", {"host": "https://mtribes.example.com"}),
            Target("kotlin", "app/vod", "sports", {"host": "https://api.example.com", "package": "com.example.vod"}),
        ),
    )
    assert project.root == Path("/p")


def test_code_for_the_local_server_names_the_same_host_on_every_machine() -> None:
    text = 'host = "local"\nspace = "vod"\n[[targets]]\nlanguage = "typescript"\noutput = "src"\n'
    project = parse_project_file(text, Path("mtribes.toml"))
    assert project.targets[0].options == {"host": "http://127.0.0.1:8674"}


def test_every_fault_is_told_at_once_with_its_line() -> None:
    found = faults(
        """\
host = "ftp://x"
organisation = "acme"
environment = "live"

[[targets]]
language = "typscript"
output = "../out"

[[targets]]
output = "src/a"
space = "no good"
[targets.options]
hots = "x"
package = "com.example"

[[targets]]
language = "java"
output = "src/a/b"
space = "vod"
options = { package = "1.2" }
"""
    )
    assert "did you mean 'organization'?" in found["organisation"]
    assert "(line 2)" in found["organisation"]
    assert "(line 1)" in found["host"]
    assert "(line 3)" in found["environment"]
    assert "did you mean 'typescript'?" in found["targets.0.language"]
    assert "(line 6)" in found["targets.0.language"]
    assert "(line 7)" in found["targets.0.output"]
    assert "no `space` is set for all targets" in found["targets.0.space"]
    assert "(line 9)" in found["targets.1.language"]
    assert "(line 11)" in found["targets.1.space"]
    assert "(line 13)" in found["targets.1.options.hots"]
    assert "only for Java and Kotlin" in found["targets.1.options.package"]
    assert "overlaps with 'src/a'" in found["targets.2.output"]
    assert "(line 20)" in found["targets.2.options.package"]
    assert len(found) == 12


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ('space = "vod"\nhost = local', None, "line 2"),
        ('space = "vod"', "host", "is missing"),
        ('host = "local"\ntargets = "x"', "targets", "[[targets]]"),
        ('host = "local"\ntargets = [1]', "targets", "[[targets]]"),
        ("host = 7", "host", "not a server URL"),
        ('host = "https://user:secret@x"', "host", "not a server URL"),
        ('host = "https://x?y=1"', "host", "not a server URL"),
        ('host = "https://x:99999"', "host", "not a server URL"),
        (
            'host = "local"\n[[targets]]\nlanguage = ["x"]\noutput = 3\nspace = "vod"\noptions = 1',
            "targets.0.options",
            "table",
        ),
    ],
)
def test_what_cannot_be_right_is_a_fault(text: str, place: str | None, words: str) -> None:
    assert words in faults(text)[place]


def test_the_file_is_looked_for_upwards(tmp_path: Path) -> None:
    (tmp_path / "mtribes.toml").write_text(GOOD)
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert find_project_file(deep) == tmp_path / "mtribes.toml"
    project = find_project(deep)
    assert project is not None
    assert project.root == tmp_path


def test_no_file_is_an_error_that_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        needed_project(find_project(tmp_path), tmp_path)
    assert "mtribes setup" in caught.value.advice


def test_a_byte_order_mark_and_crlf_are_no_faults(tmp_path: Path) -> None:
    (tmp_path / "mtribes.toml").write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    project = find_project(tmp_path)
    assert project is not None
    assert len(project.targets) == 2


def test_bytes_that_are_not_utf_8_are_a_fault_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "mtribes.toml").write_bytes(b'host = "\xff"')
    with pytest.raises(ProjectError) as caught:
        find_project(tmp_path)
    assert "not valid UTF-8" in caught.value.problems[0].message


def test_what_the_system_says_of_an_unreadable_file_is_told(tmp_path: Path) -> None:
    told = unreadable(tmp_path / "mtribes.toml", PermissionError(errno.EACCES, "Permission denied"))
    assert told.exit_code == ExitCode.FAILED
    assert f"{tmp_path / 'mtribes.toml'} cannot be read" in told.what


CHOICES: dict[tuple[str, str, str], str | None] = {
    ("typescript", "import_extension", '"js"'): None,
    ("typescript", "import_extension", '"ts"'): None,
    ("typescript", "import_extension", '"none"'): None,
    ("javascript", "import_extension", '"none"'): None,
    ("javascript", "import_extension", '"ts"'): "'ts', not one of js, none",
    ("typescript", "import_extension", '".ts"'): "not one of js, ts, none; did you mean 'ts'?",
    ("typescript", "import_extension", "true"): "not one of js, ts, none",
    ("kotlin", "import_extension", '"js"'): "is only for TypeScript and JavaScript",
    ("typescript", "bindings", '"react"'): None,
    ("javascript", "bindings", '"react"'): None,
    ("javascript", "bindings", '"raect"'): "not one of react; did you mean 'react'?",
    ("typescript", "bindings", "true"): "not one of react",
    ("kotlin", "bindings", '"react"'): "is only for TypeScript and JavaScript",
    ("typescript", "platform", '"browser"'): None,
    ("javascript", "platform", '"browser"'): None,
    ("javascript", "platform", '"browsers"'): "not one of browser; did you mean 'browser'?",
    ("swift", "platform", '"browser"'): "is only for TypeScript and JavaScript",
    ("typescript", "events", '"modelled"'): None,
    ("javascript", "events", '"modelled"'): None,
    ("kotlin", "events", '"modelled"'): None,
    ("java", "events", '"modelled"'): None,
    ("swift", "events", '"modelled"'): None,
    ("brightscript", "events", '"modelled"'): None,
    ("python", "events", '"modelled"'): None,
    ("typescript", "events", '"modeled"'): "not one of modelled; did you mean 'modelled'?",
    ("swift", "events", '"modeled"'): "not one of modelled; did you mean 'modelled'?",
    ("python", "events", "true"): "not one of modelled",
}


@pytest.mark.parametrize(("language", "option", "value"), CHOICES)
def test_options_that_are_choices_are_what_the_language_has(language: str, option: str, value: str) -> None:
    text = (
        f'host = "local"\nspace = "vod"\n[[targets]]\nlanguage = "{language}"\noutput = "src"\n'
        f"options = {{ {option} = {value} }}\n"
    )
    expected = CHOICES[language, option, value]
    if expected is None:
        options = parse_project_file(text, Path("mtribes.toml")).targets[0].options
        assert f'"{options[option]}"' == value
    else:
        assert expected in faults(text)[f"targets.0.options.{option}"]


@pytest.mark.parametrize("option", ["host", "package", "import_extension", "bindings", "events", "platform"])
def test_an_option_beside_its_target_is_told_where_it_belongs(option: str) -> None:
    text = f'host = "local"\nspace = "vod"\n[[targets]]\nlanguage = "typescript"\noutput = "src"\n{option} = "ts"\n'
    assert "move it below [targets.options]" in faults(text)[f"targets.0.{option}"]
