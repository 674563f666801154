"""Input that is not UTF-8, and input that is no file: read as stated, with rejects that the same command takes back."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from signal import SIGKILL

import pytest

from tests.contract.ingest.world import Place, outcome_of, totals_of

ROWS = "user_id,city,email\nk1,Zürich,\nk2,Łódź,broken\n"
ENCODINGS = ["cp1250", "iso-8859-2", "utf-16-le", "utf-16", "utf-8-sig", "utf-32-be", "gb18030", "cp852"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_stated_encoding_is_read_and_its_rejects_come_back(place: Place, encoding: str) -> None:
    home = place.mtribes.home
    (home / "users.csv").write_bytes(ROWS.encode(encoding))
    outcome = place.ingest("users.csv", "--encoding", encoding)
    assert outcome.exit_code == 3, outcome
    assert {name: user["attributes"] for name, user in place.stored().items()} == {"k1": {"city": "Zürich"}}
    rejects = home / "users.rejects.csv"
    text = rejects.read_bytes().decode(encoding)
    assert text.splitlines()[1].startswith("k2,Łódź,broken,3,")
    rejects.write_bytes(text.replace("broken", "ok@example.com").encode(encoding))
    again = place.ingest("users.rejects.csv", "--encoding", encoding)
    assert again.exit_code == 0, again
    assert place.stored()["k2"]["attributes"] == {"city": "Łódź"}


def test_json_in_a_stated_encoding_is_read(place: Place) -> None:
    (place.mtribes.home / "users.ndjson").write_bytes(
        '{"user_id":"k1","attributes":{"city":"Zürich"}}\n'.encode("cp1252")
    )
    assert place.ingest("users.ndjson", "--encoding", "windows-1252").exit_code == 0
    assert place.stored()["k1"]["attributes"] == {"city": "Zürich"}


@pytest.mark.parametrize(
    "name", ["klingon", "rot13", "base64", "idna", "unicode_escape", "utf-7", "undefined", "", "a\0b"]
)
def test_an_unknown_encoding_is_a_usage_error(place: Place, name: str) -> None:
    place.write([])
    outcome = place.ingest("users.csv", "--encoding", name)
    assert (outcome.exit_code, "--encoding" in outcome.err) == (2, True)


def test_a_mark_and_a_stated_encoding_that_disagree_are_refused(place: Place) -> None:
    (place.mtribes.home / "users.csv").write_bytes(ROWS.encode("utf-8-sig"))
    outcome = place.ingest("users.csv", "--encoding", "cp1252")
    assert (outcome.exit_code, "has a UTF-8 byte order mark, but --encoding is cp1252" in outcome.err) == (2, True)
    assert place.stored() == {}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_an_encoding_of_either_byte_order_needs_a_mark(place: Place, encoding: str) -> None:
    (place.mtribes.home / "users.csv").write_bytes(ROWS.encode("utf-8"))
    outcome = place.ingest("users.csv", "--encoding", encoding)
    assert (outcome.exit_code, f"Pass --encoding {encoding}-le or {encoding}-be." in outcome.err) == (2, True)
    assert place.stored() == {}


@pytest.mark.skipif(sys.platform == "win32", reason="no such device there")
def test_a_stated_encoding_of_bytes_takes_no_endless_zeros(place: Place) -> None:
    outcome = place.ingest("/dev/zero", "--encoding", "cp1252", "--format", "csv")
    assert (outcome.exit_code, "is UTF-16 or not text, and not cp1252" in outcome.err) == (2, True)


def test_bytes_that_are_not_utf_8_name_the_line_and_the_option(place: Place) -> None:
    (place.mtribes.home / "users.csv").write_bytes("user_id,city,email\nk1,Zürich,broken\n".encode("cp1252"))
    outcome = place.ingest("users.csv")
    assert outcome.exit_code == 3
    said = (
        "line 2: city: invalid UTF-8 (byte 0xFC); if the file has another encoding, pass it, such as --encoding cp1252"
    )
    assert said in outcome.out + outcome.err
    assert "email: This is not a valid e-mail address" in outcome.out + outcome.err


@pytest.mark.slow
def test_another_encoding_is_another_import(place: Place, small_parts: int) -> None:
    """What was interrupted under one encoding does not go on under another."""
    rows = [f"u{number},Z\u00fcrich" for number in range(small_parts * 4)]
    (place.mtribes.home / "users.csv").write_bytes("\n".join(["user_id,city", *rows, ""]).encode("cp1252"))
    words = ("users.csv", "--encoding", "cp1252")
    dying = outcome_of(place.started(*words, rows=small_parts, dies_at=("import-part-kept", 2)))
    assert dying.exit_code == -SIGKILL
    outcome = place.ingest("users.csv", "--encoding", "cp1250")
    assert "Starting a new import" not in outcome.out
    assert (outcome.exit_code, "Starting a new import" in outcome.err) == (0, True), outcome
    assert totals_of(place.ingest("users.csv", "--encoding", "cp1252", "--json"))["read"] == len(rows)


def fed(content: bytes, path: Path | int) -> threading.Thread:
    """Write into a pipe, by a thread, since writing waits for the reader."""

    def write() -> None:
        with open(path, "wb") as pipe:  # noqa: PTH123 - a descriptor, too
            pipe.write(content)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return thread


@pytest.mark.skipif(sys.platform == "win32", reason="no such pipes there")
def test_rejects_of_a_named_pipe_are_named_after_it(place: Place, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    os.mkfifo(folder / "users.pipe")
    thread = fed(ROWS.encode(), folder / "users.pipe")
    outcome = place.ingest(str(folder / "users.pipe"))
    thread.join(10)
    assert outcome.exit_code == 3, outcome
    assert "in users.pipe.rejects.csv" in outcome.err
    assert (place.mtribes.home / "users.pipe.rejects.csv").read_text(encoding="utf-8").count("broken") == 1
    assert [path.name for path in folder.iterdir()] == ["users.pipe"]


@pytest.mark.skipif(sys.platform == "win32", reason="no such paths there")
def test_rejects_of_an_open_pipe_go_to_the_working_folder(place: Place) -> None:
    """As of `<(...)` in a shell, which is a path such as /dev/fd/63."""
    reading, writing = os.pipe()
    thread = fed(ROWS.encode(), writing)
    outcome = place.ingest(f"/dev/fd/{reading}")
    thread.join(10)
    os.close(reading)
    assert outcome.exit_code == 3, outcome
    assert "in input.rejects.csv" in outcome.err
    assert (place.mtribes.home / "input.rejects.csv").read_text(encoding="utf-8").count("broken") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no such paths there")
def test_rejects_of_an_open_file_go_to_the_working_folder(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text(ROWS, encoding="utf-8")
    with path.open("rb") as file:
        outcome = place.ingest(f"/dev/fd/{file.fileno()}")
    assert (outcome.exit_code, "in input.rejects.csv" in outcome.err) == (3, True), outcome


@pytest.mark.skipif(sys.platform == "win32", reason="no such shell there")
def test_a_shells_process_substitution_is_read(place: Place) -> None:
    words = " ".join(place.words("<(printf 'user_id,email\\nk1,\\nk2,broken\\n')"))
    environment = {**os.environ, **place.mtribes.environment, "HOME": str(place.mtribes.home)}
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m mtribes_cli {words}"],
        cwd=place.mtribes.home,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, "input.rejects.csv" in done.stderr) == (3, True), done
    assert list(place.stored()) == ["k1"]
