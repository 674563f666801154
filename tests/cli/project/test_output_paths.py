"""Paths that generated code may have."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtribes_cli.project.output_paths import collisions, file_fault, output_fault, overlapping

REFUSED_EVERYWHERE = [
    "",
    "/etc/passwd",
    "//server/share",
    "\\\\server\\share",
    "C:/x",
    "C:x",
    "c:\\x",
    "..",
    "../x",
    "a/../b",
    "a/..",
    ".",
    "./a",
    "a/./b",
    "a//b",
    "a/",
    "a\x00b",
    "a\nb",
    "a\x1bb",
    "a\x85b",
    "a\\b",
    "~/x",
    "~root",
    "-rf",
    "a/-rf",
    ".git",
    ".GIT/config",
    "a/.git/hooks",
    "git~1/x",
    ".g\u200cit/config",
    "con",
    "NUL.ts",
    "a/aux.tar.gz",
    "com1.ts",
    "LPT9",
    "COM¹.ts",
    "name.",
    "name ",
    "a/name./b",
    "x" * 256,
    "/".join(["x" * 100] * 11),
]


@pytest.mark.parametrize("path", REFUSED_EVERYWHERE)
def test_a_path_that_could_do_harm_is_refused_for_files_and_for_outputs(path: str) -> None:
    assert file_fault(path)
    assert output_fault(path)


@pytest.mark.parametrize(
    "path", [".hidden", "a/.hidden", "a/.gitattributes", ".gitmodules", "ä.ts", "a b", "a$", "a:b", "%2e"]
)
def test_a_file_has_plain_names_alone(path: str) -> None:
    assert file_fault(path)


@pytest.mark.parametrize("path", [".gitattributes", "index.ts", "experience/hero.d.ts", "a/b/c/D_1-x.kt", "console.ts"])
def test_names_that_languages_use_pass(path: str) -> None:
    assert file_fault(path) is None


@pytest.mark.parametrize("output", ["src/mtspace/vod", "Größe/日本", "my app/src", ".generated/vod", "a.b"])
def test_an_output_may_have_any_script(output: str) -> None:
    assert output_fault(output) is None


@pytest.mark.parametrize("output", ["a:b", "a|b", "what?", "src/.mtribes-0123abcd", " lead/x"])
def test_an_output_that_cannot_be_on_every_system_is_refused(output: str) -> None:
    assert output_fault(output)


@pytest.mark.parametrize(
    "paths",
    [
        ["Hero.ts", "hero.ts"],
        ["a/Hero.ts", "A/hero2.ts"],
        ["a", "a/b"],
        ["A", "a/b"],
        ["a/b", "a/b/c"],
    ],
)
def test_paths_that_cannot_be_beside_each_other_are_named(paths: list[str]) -> None:
    assert list(collisions(paths))


def test_paths_that_can_be_beside_each_other_pass() -> None:
    assert list(collisions(["a/b.ts", "a/c.ts", "ab.ts", "a.ts", "b/a/c"])) == []


def test_outputs_in_one_another_overlap_whatever_their_case() -> None:
    assert list(overlapping(["src/vod", "src/VOD/a", "src/vod2", "src"])) == [(1, "src/vod"), (3, "src/vod")]


@given(st.text(max_size=30))
def test_a_path_that_passes_stays_inside(path: str) -> None:
    if file_fault(path) is None:
        names = path.split("/")
        assert all(names)
        assert ".." not in names
        assert path.isascii()
        assert not path.startswith("/")


def test_folders_are_compared_in_time_that_grows_with_the_text() -> None:
    """Twice as deep takes twice as long, not four times: a lock or an answer may be anybody's."""

    def seconds(depth: int) -> float:
        paths = ["a/" * depth + f"f{number}" for number in range(40)]
        times = []
        for _ in range(5):
            began = time.process_time()
            assert list(collisions(paths)) == []
            times.append(time.process_time() - began)
        return min(times)

    assert seconds(4_000) < 6 * seconds(1_000)
