"""Files as they come: packed, marked, damaged, unreadable, or none at all."""

from __future__ import annotations

import gzip
import io
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mtribes_cli.errors import DocumentError
from mtribes_cli.ingest import input_stream
from mtribes_cli.ingest.input_stream import InputSource, OverlongLine, blocks
from mtribes_cli.ingest.rejects import default_name
from tests.cli.cli_runner import CliRunner
from tests.cli.ingest.rows import rows_of

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = "user_id,plan\nada,gold\n"
USERS = [{"user_id": "ada", "attributes": {"plan": "gold"}}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd.compress])
def test_packing_and_encoding_are_known_by_content(mtribes: CliRunner, encoding: str, pack: object) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    assert callable(pack)
    content: bytes = pack((mark + TEXT).encode(encoding))
    assert rows_of(mtribes, content, "users.csv").users == USERS


@pytest.mark.parametrize(
    ("file", "rejects"),
    [
        ("users.csv", "users.rejects.csv"),
        ("users.csv.gz", "users.rejects.csv"),
        ("users.ndjson.zst", "users.rejects.ndjson"),
        ("users.rejects.csv", "users.rejects-2.csv"),
        ("users.rejects-9.csv.gz", "users.rejects-10.csv"),
        ("users.v2.gz", "users.v2.rejects.csv"),
    ],
)
def test_the_rejects_of_a_packed_file_are_named_as_if_it_were_not(file: str, rejects: str) -> None:
    assert default_name(file, ".ndjson" if "ndjson" in file else ".csv") == rejects


def test_a_folder_is_no_input(mtribes: CliRunner) -> None:
    (mtribes.home / "users.csv").mkdir()
    words = ("user", "ingest", "users.csv", "--space", "vod", "--environment", "production", "--dry-run")
    outcome = mtribes(*words)
    assert (outcome.exit_code, outcome.out) == (1, "")
    assert "users.csv cannot be read: it is a folder." in outcome.err


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
def test_files_packed_in_pieces_are_read_to_the_end(mtribes: CliRunner, pack: object) -> None:
    assert callable(pack)
    content: bytes = pack(TEXT.encode()) + pack(b"bob,gold\n")
    assert [user["user_id"] for user in rows_of(mtribes, content).users] == ["ada", "bob"]


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
def test_a_packed_file_that_breaks_off_or_is_damaged_says_so(mtribes: CliRunner, pack: object) -> None:
    assert callable(pack)
    packed: bytes = pack((TEXT * 100).encode())
    for content in (packed[:-9], packed[:6] + b"\xff" * 12):
        with pytest.raises(DocumentError, match=r"truncated|corrupted"):
            rows_of(mtribes, content)


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
@pytest.mark.parametrize("trailing", [b"garbage", b"user_id,plan\nbob,gold\n", b"\x1f\x8b", b"\x28\xb5\x2f\xfd"])
def test_what_trails_packed_data_is_not_passed_over(
    mtribes: CliRunner, pack: Callable[[bytes], bytes], trailing: bytes
) -> None:
    with pytest.raises(DocumentError, match=r"truncated|corrupted"):
        rows_of(mtribes, pack(TEXT.encode()) + trailing)


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
@pytest.mark.parametrize("missing_bytes", [1, 5, 9])
def test_a_second_piece_that_breaks_off_says_so(
    mtribes: CliRunner, pack: Callable[[bytes], bytes], missing_bytes: int
) -> None:
    with pytest.raises(DocumentError, match=r"truncated|corrupted"):
        rows_of(mtribes, pack(TEXT.encode()) + pack(b"bob,gold\n" * 100)[:-missing_bytes])


def test_zeros_that_pad_a_gzip_file_are_no_data(mtribes: CliRunner) -> None:
    assert rows_of(mtribes, gzip.compress(TEXT.encode()) + b"\0" * 512).users == USERS


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
def test_the_time_for_pieces_grows_with_their_number(pack: Callable[[bytes], bytes]) -> None:
    def seconds(pieces: int) -> float:
        content = pack(b"") * pieces
        times = []
        for _ in range(5):
            began = time.process_time()
            assert "".join(InputSource("users.csv", None, None).chunks(io.BytesIO(content))) == ""
            times.append(time.process_time() - began)
        return min(times)

    assert seconds(8_000) < 10 * seconds(2_000)  # four times as many; the square would be sixteen


ENDS = {
    "user_id\nada\n\x1a": ["ada"],
    "user_id\nada\x1a": ["ada"],
    "user_id\r\nada\r\n\x1a\r\n": ["ada"],
    "user_id\nada\n" + "\x1a" * 127: ["ada"],
    "user_id\n\x1a\nada\n": ["\x1a", "ada"],
    'user_id\nada\n"\x1a"\n': ["ada", "\x1a"],
    "user_id\nada\nbob\x1a\n": ["ada", "bob\x1a"],
    "\ufeff\ufeffuser_id\nada\n": ["ada"],
    "user_id\nada\n" + "\n" * 3000 + "bob\n\n\n\x1a": ["ada", "bob"],
}


@pytest.mark.parametrize("text", ENDS)
@pytest.mark.parametrize("chunk_bytes", [21, 65, 256 * 1024])
def test_marks_around_a_text_are_passed_over_and_no_others(
    mtribes: CliRunner, monkeypatch: pytest.MonkeyPatch, text: str, chunk_bytes: int
) -> None:
    monkeypatch.setattr(input_stream, "CHUNK_BYTES", chunk_bytes)
    assert [user["user_id"] for user in rows_of(mtribes, text).users] == ENDS[text]


def test_a_mark_behind_an_object_is_passed_over(mtribes: CliRunner) -> None:
    for name, text in (("u.ndjson", '{"user_id":"ada"}\r\n\x1a'), ("u.json", '[{"user_id":"ada"}]\x1a')):
        found = rows_of(mtribes, text, name)
        assert (found.users, found.rejects) == ([{"user_id": "ada"}], [])


def test_a_file_that_is_not_there_and_a_folder_are_told(mtribes: CliRunner) -> None:
    mtribes.environment |= {"MTRIBES_HOST": "http://127.0.0.1:9", "MTRIBES_TOKEN": "mtp_x"}
    place = ("--space", "vod", "--environment", "production")
    missing = mtribes("user", "ingest", "nothing.csv", *place)
    assert (missing.exit_code, "No file nothing.csv" in missing.err) == (2, True)
    Path(mtribes.home / "folder").mkdir()
    folder = mtribes("user", "ingest", "folder", *place)
    assert (folder.exit_code, "it is a folder" in folder.err) == (1, True)


def test_the_environment_must_be_named(mtribes: CliRunner) -> None:
    mtribes.write("users.csv", TEXT)
    outcome = mtribes("user", "ingest", "users.csv", "--space", "vod")
    assert (outcome.exit_code, "--environment" in outcome.err) == (2, True)


LINED = "a\r\nb\rc\n\r\n\rd\u2028e\x0bf\x85g\n\nh"
LINES = ["a\r\n", "b\r", "c\n", "\r\n", "\r", "d\u2028e\x0bf\x85g\n", "\n", "h"]


@pytest.mark.parametrize("first", range(len(LINED) + 1))
def test_a_text_has_the_same_lines_wherever_it_is_cut(first: int) -> None:
    for second in range(first, len(LINED) + 1):
        chunks = [LINED[:first], LINED[first:second], LINED[second:]]
        assert [line for block in blocks(chunks) for line in block] == LINES


@pytest.mark.parametrize("chunk", [1, 3, 7, 100])
def test_a_line_beyond_all_bounds_is_one_line_that_says_so(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(input_stream, "MAX_LINE_CHARACTERS", 10)
    text = "first\n" + "x" * 60 + "\r\nlast"
    found = [line for block in blocks(text[at : at + chunk] for at in range(0, len(text), chunk)) for line in block]
    if chunk < 60:
        assert [type(line) is OverlongLine for line in found] == [False, True, False]
    assert (found[0], found[-1], len(found)) == ("first\n", "last", 3)
