"""Damaged backups: each is refused with what is damaged and where, and nothing of it is restored."""

from __future__ import annotations

import contextlib
import io
import json
import sqlite3
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from templates_server.__main__ import main
from templates_server.settings import sqlite_file_url
from tests.server_processes import server_process
from tests.servers import PostgresServer

pytestmark = pytest.mark.slow

Members = list[tuple[str, bytes]]
ORGANIZATIONS = "tables/organizations/000001.jsonl"
TOKENS = "tables/tokens/000001.jsonl"
SPECIAL_KINDS = {
    "a symbolic link": tarfile.SYMTYPE,
    "a hard link": tarfile.LNKTYPE,
    "a device": tarfile.CHRTYPE,
    "a block device": tarfile.BLKTYPE,
    "a pipe": tarfile.FIFOTYPE,
    "a folder": tarfile.DIRTYPE,
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a demo."""
    folder = tmp_path_factory.mktemp("backed-up")
    with server_process(folder / "data", "--demo"):
        assert main(["backup", str(folder / "whole.tar.zst"), "--data", str(folder / "data")]) == 0
    return folder / "whole.tar.zst"


@pytest.fixture(scope="module")
def members(whole: Path) -> Members:
    with whole.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
        content = stream.read()
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return [(entry.name, _content(archive, entry)) for entry in archive]


def _content(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(entry)
    assert file is not None
    return file.read()


def packed(members: Members, special: Mapping[str, bytes] | None = None) -> bytes:
    """A backup of these members; `special`: those of another kind than a file."""
    text = io.BytesIO()
    with tarfile.open(fileobj=text, mode="w") as archive:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            entry.size, entry.type = len(content), (special or {}).get(name, tarfile.REGTYPE)
            entry.linkname = "/etc/passwd" if entry.type in {tarfile.SYMTYPE, tarfile.LNKTYPE} else ""
            archive.addfile(entry, io.BytesIO(content))
    return zstandard.ZstdCompressor(write_checksum=True).compress(text.getvalue())


def changed(members: Members, name: str, change: Callable[[bytes], bytes]) -> Members:
    assert name in dict(members)
    return [(each, change(content) if each == name else content) for each, content in members]


def with_row(members: Members, member: str, /, **values: Any) -> Members:
    """The same, with other values in the second row of a table."""

    def change(content: bytes) -> bytes:
        first, second, *rest = content.splitlines(keepends=True)
        row = {**json.loads(second), **values}
        return b"".join([first, json.dumps({k: v for k, v in row.items() if v is not ...}).encode() + b"\n", *rest])

    return changed(members, member, change)


def restored(content: bytes, folder: Path, *options: str) -> int:
    """The exit code of restoring it into a new folder below one."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "backup").write_bytes(content)
    return main(["restore", str(folder / "backup"), "--data", str(folder / "new"), *options])


def left_in(folder: Path) -> set[str]:
    return {path.name for path in (folder / "new").iterdir()} if (folder / "new").exists() else set()


def without(members: Members, name: str) -> Members:
    return [each for each in members if each[0] != name]


def first_row_twice(content: bytes) -> bytes:
    first, _, *rest = content.splitlines(keepends=True)
    return b"".join([first, first, *rest])


DAMAGES: Mapping[str, tuple[Callable[[Members], Members], str]] = {
    "bad JSON": (lambda m: changed(m, ORGANIZATIONS, lambda c: c.replace(b'"', b"'", 1)), f"{ORGANIZATIONS}, line 1: "),
    "not UTF-8": (
        lambda m: changed(m, ORGANIZATIONS, lambda c: c.replace(b'"name":"', b'"name":"\xff\xfe', 1)),
        f"{ORGANIZATIONS}, line 1: ",
    ),
    "a row that is a list": (lambda m: changed(m, ORGANIZATIONS, lambda c: b"[]\n" + c), f"{ORGANIZATIONS}, line 1: "),
    "an empty line": (lambda m: changed(m, ORGANIZATIONS, lambda c: c + b"\n"), f"{ORGANIZATIONS}, line 3: "),
    "a cut line": (lambda m: changed(m, ORGANIZATIONS, lambda c: c[:-1]), f"{ORGANIZATIONS}, line 2: incomplete line"),
    "too deep JSON": (
        lambda m: changed(m, ORGANIZATIONS, lambda c: b'{"id":' + b"[" * 100_000 + b"\n" + c),
        f"{ORGANIZATIONS}, line 1: ",
    ),
    "a wrong type": (lambda m: with_row(m, ORGANIZATIONS, key=7), f"{ORGANIZATIONS}, line 2: "),
    "an object for a text": (lambda m: with_row(m, ORGANIZATIONS, name={"a": 1}), f"{ORGANIZATIONS}, line 2: "),
    "a giant number": (lambda m: with_row(m, ORGANIZATIONS, created=10**30), f"{ORGANIZATIONS}, line 2: "),
    "a number of 5,000 digits": (
        lambda m: changed(m, ORGANIZATIONS, lambda c: c.replace(b'"created":', b'"created":' + b"9" * 5000, 1)),
        f"{ORGANIZATIONS}, line 1: ",
    ),
    "a half number": (lambda m: with_row(m, ORGANIZATIONS, created=1.5), f"{ORGANIZATIONS}, line 2: "),
    "nothing where something must be": (lambda m: with_row(m, ORGANIZATIONS, name=None), f"{ORGANIZATIONS}, line 2: "),
    "a column that is missing": (lambda m: with_row(m, ORGANIZATIONS, name=...), f"{ORGANIZATIONS}, line 2: "),
    "a column too much": (lambda m: with_row(m, ORGANIZATIONS, nose="long"), f"{ORGANIZATIONS}, line 2: "),
    "half a surrogate pair": (
        lambda m: changed(m, ORGANIZATIONS, lambda c: c.replace(b'"name":"', b'"name":"\\ud800', 1)),
        f"{ORGANIZATIONS}, line 1: ",
    ),
    "bad base64": (
        lambda m: changed(m, TOKENS, lambda c: c.replace(b'{"base64":"', b'{"base64":"*', 1)),
        f"{TOKENS}, line 1: ",
    ),
    "bytes as a text": (
        lambda m: changed(m, TOKENS, lambda c: c.replace(b'{"base64":"', b'"', 1).replace(b'"}', b'"', 1)),
        f"{TOKENS}, line 1: ",
    ),
    "a row twice": (
        lambda m: changed(m, ORGANIZATIONS, first_row_twice),
        f"{ORGANIZATIONS}, line 2: the database rejects the row",
    ),
    "a reference to nothing": (
        lambda m: changed(
            m, "tables/spaces/000001.jsonl", lambda c: c.replace(b'"organization_id":"', b'"organization_id":"x', 1)
        ),
        "tables/spaces/000001.jsonl, line 1: the database rejects the row",
    ),
    "a nonsense key": (
        lambda m: changed(m, "files/server.key", lambda _: b"nonsense"),
        "files/server.key is not a valid server key",
    ),
    "a key that is cut": (
        lambda m: changed(m, "files/server.key", lambda c: c[:-1]),
        "files/server.key is not a valid server key",
    ),
    "a bad list of erasures": (
        lambda m: [*m[:1], ("files/erasures.jsonl", b"nobody\n"), *m[1:]],
        "files/erasures.jsonl",
    ),
    "no key": (lambda m: without(m, "files/server.key"), "files/server.key is missing"),
    "no table": (lambda m: without(m, ORGANIZATIONS), "the database rejects"),
    "a table of fewer rows": (lambda m: without(m, TOKENS), "rows are missing: table tokens has 0 of 1"),
    "no manifest": (lambda m: m[1:], "the manifest is missing"),
    "no end": (lambda m: m[:-1], "the file is truncated: the end is missing"),
    "nothing at all": (lambda _: [], "the manifest is missing"),
    "a manifest that is none": (
        lambda m: changed(m, "manifest.json", lambda _: b"[]"),
        "manifest.json cannot be read",
    ),
    "a manifest with wrong types": (
        lambda m: changed(m, "manifest.json", lambda c: c.replace(b'"format":1', b'"format":"1"')),
        "manifest.json cannot be read",
    ),
    "another format": (
        lambda m: changed(m, "manifest.json", lambda c: c.replace(b'"format":1', b'"format":0')),
        "its format is 0",
    ),
    "an end that is none": (lambda m: changed(m, "end.json", lambda _: b"7"), "end.json cannot be read"),
    "an end that counts less": (
        lambda m: changed(m, "end.json", lambda c: c.replace(b'"organizations":2', b'"organizations":1')),
        "organizations has 2 of 1",
    ),
    "an end that does not count a table": (
        lambda m: changed(m, "end.json", lambda c: c.replace(b'"organizations":2,', b"")),
        "end.json has no row count for organizations",
    ),
    "a member twice": (
        lambda m: [m[0], *m[:-1], m[-1]],
        "unexpected member 'manifest.json'",
    ),
    "a file twice": (
        lambda m: [*m[:2], m[1], *m[2:]],
        "unexpected member 'files/server.key'",
    ),
    "a piece twice": (
        lambda m: [each for each in m for _ in range(1 + (each[0] == ORGANIZATIONS))],
        f"unexpected member {ORGANIZATIONS!r}",
    ),
    "a piece before the first": (
        lambda m: [(n.replace("organizations/000001", "organizations/000002"), c) for n, c in m],
        "organizations/000002.jsonl'",
    ),
    "a table again": (
        lambda m: [*m[:-1], (ORGANIZATIONS.replace("000001", "000002"), b""), m[-1]],
        "organizations/000002.jsonl'",
    ),
    "a file after the tables": (
        lambda m: [*without(m, "files/server.key")[:-1], ("files/server.key", dict(m)["files/server.key"]), m[-1]],
        "unexpected member 'files/server.key'",
    ),
    "an unknown table": (
        lambda m: [*m[:-1], ("tables/nobodys/000001.jsonl", b"{}\n"), m[-1]],
        "nobodys/000001.jsonl'",
    ),
    "an unknown file": (lambda m: [*m[:1], ("files/x", b""), *m[1:]], "unexpected member 'files/x'"),
    "a path that leads out": (lambda m: [*m[:1], ("files/../x", b""), *m[1:]], "unexpected member 'files/../x'"),
    "an absolute path": (lambda m: [*m[:1], ("/etc/x", b""), *m[1:]], "unexpected member"),
    "a path with a control character": (
        lambda m: [*m[:1], ("files/\x1b[31m", b""), *m[1:]],
        "unexpected member",
    ),
    "something after the end": (lambda m: [*m, ("files/x", b"")], "unexpected member 'files/x' after its end"),
    "two ends": (lambda m: [*m, m[-1]], "unexpected member 'end.json' after its end"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_told_with_its_place(
    damage: str, members: Members, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change, told = DAMAGES[damage]
    assert restored(packed(change(members)), tmp_path) == 1
    said = capsys.readouterr().err
    assert "cannot be restored: " in said
    assert told in said
    assert "\x1b" not in said
    assert left_in(tmp_path) <= {"server.lock"}


def test_nothing_of_a_damaged_backup_stays_in_postgresql(
    members: Members, postgres: PostgresServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nul = lambda m: changed(m, ORGANIZATIONS, lambda c: c.replace(b'"name":"', b'"name":"\\u0000', 1))  # noqa: E731 - as in the table
    url = postgres.new_database_url()
    for change, told in (*DAMAGES.values(), (nul, f"{ORGANIZATIONS}, line 1: the database rejects the row")):
        assert restored(packed(change(members)), tmp_path, "--database", url) == 1
        assert told in capsys.readouterr().err
        assert left_in(tmp_path) <= {"server.lock"}
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall() == []
    assert restored(packed(members), tmp_path, "--database", url) == 0


@pytest.mark.parametrize("place", ["new/mtribes.db", "other.db"])
def test_nothing_of_a_damaged_backup_stays_in_a_file_that_a_url_names(
    place: str, members: Members, tmp_path: Path
) -> None:
    options = ("--database", str(sqlite_file_url(tmp_path / place)))
    assert restored(packed(members[:-1]), tmp_path, *options) == 1
    assert left_in(tmp_path) <= {"server.lock"}
    assert {path.name for path in tmp_path.iterdir()} == {"backup", "new"}
    assert restored(packed(members), tmp_path, *options) == 0
    assert (tmp_path / place).stat().st_size > 0


def test_a_backup_that_was_packed_again_is_whole(members: Members, whole: Path, tmp_path: Path) -> None:
    assert restored(packed(members), tmp_path / "again") == 0
    assert restored(whole.read_bytes(), tmp_path / "as-it-was") == 0
    assert rows_of(tmp_path / "again") == rows_of(tmp_path / "as-it-was")


def rows_of(folder: Path) -> list[str]:
    """Everything in an embedded database, as SQL."""
    with contextlib.closing(sqlite3.connect(folder / "new" / "mtribes.db")) as connection:
        return sorted(connection.iterdump())


@pytest.mark.parametrize("kind", SPECIAL_KINDS)
@pytest.mark.parametrize("name", ["files/server.key", ORGANIZATIONS, "manifest.json"])
def test_links_and_devices_are_no_members(
    kind: str, name: str, members: Members, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    special = [(each, b"" if each == name else content) for each, content in members]
    assert restored(packed(special, {name: SPECIAL_KINDS[kind]}), tmp_path) == 1
    assert "is not a regular file" in capsys.readouterr().err
    assert left_in(tmp_path) <= {"server.lock"}


@pytest.mark.parametrize("more", [b"x", b"\0", b"more than the size of a piece" * 1000])
def test_what_follows_the_end_of_the_file_is_refused(
    more: bytes, whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert restored(whole.read_bytes() + more, tmp_path) == 1
    assert f"unexpected data after its end at byte {whole.stat().st_size}" in capsys.readouterr().err
    assert restored(whole.read_bytes() * 2, tmp_path) == 1
    assert "unexpected data after its end" in capsys.readouterr().err
    assert left_in(tmp_path) <= {"server.lock"}


def test_what_follows_the_tar_file_inside_is_refused(
    texts: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert restored(zstandard.ZstdCompressor().compress(texts + b"more"), tmp_path) == 1
    assert "unreadable data follows its last member" in capsys.readouterr().err
    assert restored(zstandard.ZstdCompressor().compress(texts + b"\0" * 512), tmp_path) == 0


def test_a_backup_that_is_cut_anywhere_restores_nothing(whole: Path, tmp_path: Path) -> None:
    content = whole.read_bytes()
    for length in [*range(0, len(content), len(content) // 25), *range(len(content) - 12, len(content))]:
        assert restored(content[:length], tmp_path) == 1, length
        assert left_in(tmp_path) <= {"server.lock"}


def test_a_tar_file_that_is_cut_anywhere_restores_nothing(whole: Path, tmp_path: Path) -> None:
    text = zstandard.ZstdDecompressor().decompressobj().decompress(whole.read_bytes())
    ends = text.rindex(b"end.json")
    for length in [*range(0, ends, ends // 25), ends, ends + 512, ends + 600]:
        assert restored(zstandard.ZstdCompressor().compress(text[:length]), tmp_path) == 1, length
        assert left_in(tmp_path) <= {"server.lock"}


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_flipped_bit_restores_something_else(data: st.DataObject, whole: Path, tmp_path: Path) -> None:
    content = bytearray(whole.read_bytes())
    for position in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=3, unique=True)):
        content[position] ^= 1 << data.draw(st.integers(0, 7))
    assert restored(bytes(content), tmp_path) == 1
    assert left_in(tmp_path) <= {"server.lock"}


@pytest.fixture(scope="module")
def texts(whole: Path) -> bytes:
    """The tar file of the backup, in which nothing has a checksum but the heads of members."""
    return zstandard.ZstdDecompressor().decompressobj().decompress(whole.read_bytes())


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_happens_to_the_tar_file_is_told_in_words(data: st.DataObject, texts: bytes, tmp_path: Path) -> None:
    content = bytearray(texts)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content) - 1))
        stop = start + data.draw(st.sampled_from([0, 1, 2, 512, 5000]))
        content[start:stop] = data.draw(st.one_of(st.binary(max_size=3), st.just(b"\0" * 512)))
    folder = tmp_path / str(data.draw(st.uuids()))
    assert restored(zstandard.ZstdCompressor().compress(bytes(content)), folder) in {0, 1}


@pytest.mark.parametrize(
    ("name", "fault"),
    [("server.key", "is not a valid server key"), ("erasures.jsonl", "line 1 is not a valid erasure")],
)
def test_what_could_not_be_restored_is_not_backed_up(
    name: str, fault: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    assert main(["organization", "add", "acme", "--data", str(data)]) == 0
    (data / name).write_text("nonsense\n")
    assert main(["backup", str(tmp_path / "b.tar.zst"), "--data", str(data)]) == 1
    said = capsys.readouterr().err
    assert f"{data / name} is " in said
    assert fault in said
    assert {path.name for path in tmp_path.iterdir()} == {"data"}
