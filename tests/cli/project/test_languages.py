"""What `setup` proposes by what lies in the project's folder."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from mtribes_cli.project.languages import found_languages, usual_options, usual_output
from mtribes_cli.project.project_file import LANGUAGES
from tests.cli.cli_runner import without_colors
from tests.cli.code_stub import CodeStub
from tests.cli.project_runner import Project

FOUND: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "an empty folder": ({}, ()),
    "a package": ({"package.json": "{}"}, ("javascript",)),
    "a package with a configuration of TypeScript": (
        {"package.json": "{}", "tsconfig.json": "{}"},
        ("typescript",),
    ),
    "a package that depends on TypeScript": (
        {"package.json": '{"devDependencies": {"typescript": "^7"}}'},
        ("typescript",),
    ),
    "an Android app in Kotlin": (
        {"build.gradle.kts": "", "app/build.gradle.kts": 'plugins { kotlin("android") }'},
        ("kotlin", "java"),
    ),
    "a Gradle build": ({"build.gradle": "apply plugin: 'java'"}, ("java",)),
    "a Maven build": ({"pom.xml": "<project/>"}, ("java",)),
    "a Swift package": ({"Package.swift": "// swift-tools-version:5.5"}, ("swift",)),
    "an Xcode project": ({"Shop.xcodeproj/project.pbxproj": ""}, ("swift",)),
    "a channel": ({"manifest": "title=Shop\nmajor_version=1\n"}, ("brightscript",)),
    "a manifest of something else": ({"manifest": '{"name": "x"}'}, ()),
    "a Python project": ({"pyproject.toml": ""}, ("python",)),
    "a server with pages": ({"pyproject.toml": "", "package.json": "{}"}, ("javascript", "python")),
}


def written(root: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize("case", FOUND)
def test_the_files_of_a_project_tell_its_languages(case: str, tmp_path: Path) -> None:
    files, languages = FOUND[case]
    assert found_languages(written(tmp_path, files)) == languages


def test_a_file_that_cannot_be_read_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "manifest").mkdir()
    assert found_languages(tmp_path) == ()


@pytest.mark.parametrize(
    ("language", "folders", "output"),
    [
        ("typescript", (), "src/mtspace/my-space"),
        ("kotlin", (), "src/main/java/mtspace/my_space"),
        ("kotlin", ("src/main/kotlin",), "src/main/kotlin/mtspace/my_space"),
        ("kotlin", ("app/src/main/kotlin",), "app/src/main/kotlin/mtspace/my_space"),
        ("java", ("app/src",), "app/src/main/java/mtspace/my_space"),
        ("swift", (), "Sources/mtspace/my-space"),
        ("brightscript", (), "components/mtspace/my-space"),
        ("python", (), "mtspace/my_space"),
        ("python", ("src",), "src/mtspace/my_space"),
    ],
)
def test_the_code_goes_where_the_project_has_its_sources(
    language: str, folders: tuple[str, ...], output: str, tmp_path: Path
) -> None:
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
    assert usual_output(tmp_path, language, "my-space") == output


@pytest.mark.parametrize(
    ("language", "output", "options"),
    [
        ("kotlin", "app/src/main/java/com/acme/vod", {"package": "com.acme.vod"}),
        ("java", "src/main/java/mtspace/my_space", {"package": "mtspace.my_space"}),
        ("java", "generated/My-Space", {"package": "mtspace.my_space"}),
        ("brightscript", "components/mtspace/my-space", {"prefix": "MySpace"}),
        ("swift", "Sources/mtspace/my-space", {}),
    ],
)
def test_package_and_prefix_follow_from_folder_and_space(language: str, output: str, options: dict[str, str]) -> None:
    assert usual_options(language, output, "my-space") == options


def test_the_wizard_offers_first_what_the_folder_tells(project: Project, code_stub: CodeStub) -> None:
    written(project.root, {"package.json": "{}"})
    outcome = project.run("setup", "--host", code_stub.url, "--space", "vod", answers="\n\nno\n")
    assert outcome.exit_code == 0
    assert "Which language?\n  1. javascript\n  2. typescript\n  3. kotlin\n" in without_colors(outcome.err)
    assert 'language = "javascript"\noutput = "src/mtspace/vod"\n' in (project.root / "mtribes.toml").read_text()


def test_the_wizard_asks_for_the_package_and_proposes_that_of_the_folder(project: Project, code_stub: CodeStub) -> None:
    written(project.root, {"build.gradle.kts": 'plugins { kotlin("jvm") }'})
    answers = "\nsrc/main/java/com/acme/vod\n\nyes\nbrightscript\n\nShop\nno\n"
    outcome = project.run("setup", "--host", code_stub.url, "--space", "vod", answers=answers)
    assert outcome.exit_code == 0
    assert "Folder for the code, inside the project [src/main/java/mtspace/vod]: " in outcome.err
    assert "Package name [com.acme.vod]: " in outcome.err
    assert "Prefix for names [Vod]: " in outcome.err
    targets = tomllib.loads((project.root / "mtribes.toml").read_text())["targets"]
    assert [target["options"] for target in targets] == [{"package": "com.acme.vod"}, {"prefix": "Shop"}]
    assert [target["language"] for target in targets] == ["kotlin", "brightscript"]


@pytest.mark.parametrize("prefix", ["1x", "a b", "", "x" * 33])
def test_a_prefix_that_cannot_begin_names_is_refused(prefix: str, project: Project) -> None:
    options = f'[targets.options]\nprefix = "{prefix}"\n'
    text = f'host = "local"\nspace = "vod"\n[[targets]]\nlanguage = "brightscript"\noutput = "a"\n{options}'
    (project.root / "mtribes.toml").write_text(text)
    outcome = project.run("status")
    assert outcome.exit_code == 2
    assert "is not a letter followed by up to 31 letters and digits" in outcome.err


def test_options_go_to_the_targets_whose_language_has_them(project: Project, code_stub: CodeStub) -> None:
    given = ("--target", "typescript:src/a", "--target", "javascript:src/b", "--option", "import_extension=js")
    argv = ("setup", "--host", code_stub.url, "--space", "vod", *given, "--option", "bindings=react")
    assert project.run(*argv).exit_code == 0
    written_file = tomllib.loads((project.root / "mtribes.toml").read_text())
    options = {"import_extension": "js", "bindings": "react"}
    assert [target["options"] for target in written_file["targets"]] == [options, options]
    before = project.files(), project.times()
    assert project.run(*argv).exit_code == 0
    assert (project.files(), project.times()) == before
    assert project.run(*argv, "--option", "import_extension=none").exit_code == 0
    changed = tomllib.loads((project.root / "mtribes.toml").read_text())["targets"]
    assert [target["options"]["import_extension"] for target in changed] == ["none", "none"]


def test_the_option_of_events_goes_to_every_language(project: Project, code_stub: CodeStub) -> None:
    targets = [argument for language in LANGUAGES for argument in ("--target", f"{language}:src/{language}")]
    argv = ("setup", "--host", code_stub.url, "--space", "vod", *targets, "--option", "events=modelled")
    assert project.run(*argv).exit_code == 0
    written_file = tomllib.loads((project.root / "mtribes.toml").read_text())
    assert [target["language"] for target in written_file["targets"]] == list(LANGUAGES)
    assert [target["options"] for target in written_file["targets"]] == [{"events": "modelled"}] * len(LANGUAGES)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--target", "typescript:src/a", "--option", "package=com.acme"), "No --target supports the option package."),
        (("--target", "typescript:src/a", "--option", "colour=red"), "import_extension, bindings, events"),
        (("--option", "bindings=react"), "Pass it together with --target LANGUAGE:OUTPUT."),
        (("--target", "typescript:src/a", "--option", "bindings"), "is not NAME=VALUE"),
        (("--target", "typescript:src/a", "--option", "bindings=vue"), "not one of react"),
    ],
)
def test_an_option_that_cannot_be_is_refused_and_nothing_is_written(
    argv: tuple[str, ...], said: str, project: Project, code_stub: CodeStub
) -> None:
    outcome = project.run("setup", "--host", code_stub.url, "--space", "vod", *argv)
    assert outcome.exit_code in (1, 2)
    assert said in outcome.err
    assert project.files() == {}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty folder."""
    root = tmp_path / "project"
    root.mkdir()
    return Project(root)
