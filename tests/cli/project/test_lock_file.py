"""`mtribes.lock`, as it is written and read back."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtribes_cli.errors import ExitCode, ProjectError
from mtribes_cli.project.lock_file import (
    LockedSource,
    LockedTarget,
    LockFile,
    format_lock_file,
    parse_lock_file,
    read_lock_file,
    text_hash,
)

HASH = "0" * 64
SOURCE = LockedSource("vod", 3, "c0de", "1.0.0")
LOCK = LockFile(
    "local",
    (
        LockedTarget("typescript", "src/b", SOURCE, {"host": "http://127.0.0.1:8674"}, {"b.ts": HASH, "a.ts": HASH}),
        LockedTarget("typescript", "src/a", LockedSource("sports", 9, "beef", "1.0.0"), {}, {}),
    ),
)


def refused(content: str | bytes) -> ProjectError:
    raw = content.encode() if isinstance(content, str) else content
    with pytest.raises(ProjectError) as caught:
        parse_lock_file(raw, Path("mtribes.lock"))
    assert caught.value.exit_code is ExitCode.USAGE
    return caught.value


def test_the_form_is_one_line_a_file_and_sorted() -> None:
    assert (
        format_lock_file(LOCK, "vod")
        == f"""\
{{
  "version": 1,
  "host": "local",
  "space": "vod",
  "revision": 3,
  "code_hash": "c0de",
  "generator": "1.0.0",
  "targets": [
    {{
      "language": "typescript",
      "output": "src/a",
      "space": "sports",
      "revision": 9,
      "code_hash": "beef",
      "options": {{}},
      "files": {{}}
    }},
    {{
      "language": "typescript",
      "output": "src/b",
      "options": {{
        "host": "http://127.0.0.1:8674"
      }},
      "files": {{
        "a.ts": "{HASH}",
        "b.ts": "{HASH}"
      }}
    }}
  ]
}}
"""
    )


names = st.from_regex(r"[a-z]{1,8}\.[a-z]{1,3}", fullmatch=True).filter(
    lambda name: name[:3] not in {"con", "prn", "aux", "nul"}
)
sources = st.builds(
    LockedSource, st.sampled_from(["vod", "sports"]), st.integers(0, 9), st.text("ab"), st.sampled_from("12")
)


@settings(max_examples=40)
@given(st.lists(st.tuples(sources, st.dictionaries(names, st.just(HASH))), max_size=4), st.booleans())
def test_what_is_written_is_what_is_read(drawn: list[tuple[LockedSource, dict[str, str]]], has_crlf: bool) -> None:  # noqa: FBT001 - drawn
    targets = [LockedTarget("java", f"out{n}", source, {"k": "é"}, files) for n, (source, files) in enumerate(drawn)]
    lock = LockFile("https://x", tuple(targets))
    text = format_lock_file(lock, "vod")
    content = text.replace("\n", "\r\n") if has_crlf else text
    assert parse_lock_file(content.encode(), Path("mtribes.lock")) == lock


def test_a_merge_conflict_is_told_as_such() -> None:
    text = format_lock_file(LOCK, "vod").replace(
        '  "revision": 3,\n', '<<<<<<< HEAD\r\n  "revision": 3,\n=======\n  "revision": 4,\n>>>>>>> other\n'
    )
    assert "merge conflict" in refused(text).what


def test_a_lock_of_a_newer_mtribes_asks_for_an_upgrade() -> None:
    error = refused('{"version": 2, "anything": []}')
    assert "version 2" in error.what
    assert "Upgrade" in error.advice


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "null", "{}", '{"version": true}', '{"version": "1"}', "[" * 100_000, b"\xff"]
)
def test_what_is_no_lock_is_refused(text: str | bytes) -> None:
    assert "mtribes update" in refused(text).advice


def test_a_key_that_is_there_twice_is_refused() -> None:
    assert "twice" in refused('{"version": 1, "version": 1}').what


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("host",), 1),
        (("revision",), "3"),
        (("revision",), True),
        (("targets",), {}),
        (("targets", 1, "output"), "../out"),
        (("targets", 1, "output"), "src/a/b"),
        (("targets", 1, "language"), None),
        (("targets", 0, "revision"), None),
        (("targets", 1, "options"), {"host": 1}),
        (("targets", 1, "files"), []),
        (("targets", 1, "files"), {"../../.bashrc": HASH}),
        (("targets", 1, "files"), {"a.ts": "123"}),
        (("targets", 1, "files"), {"a.ts": HASH, "A.ts": HASH}),
    ],
)
def test_a_lock_that_could_do_harm_is_refused(place: tuple[str | int, ...], value: object) -> None:
    document = json.loads(format_lock_file(LOCK, "vod"))
    table = document
    for name in place[:-1]:
        table = table[name]
    table[place[-1]] = value
    assert refused(json.dumps(document)).problems


def test_without_a_file_there_is_no_lock(tmp_path: Path) -> None:
    assert read_lock_file(tmp_path / "mtribes.lock") is None


def test_hashes_do_not_see_crlf() -> None:
    assert text_hash(b"a\r\nb\n") == text_hash(b"a\nb\n") != text_hash(b"a\rb\n")
