"""Disks that are full, folders that cannot be written, homes that are not there. Nothing half-written is left."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.code_stub import TOKEN, CodeStub
from tests.cli.failure_modes.error_assertions import Program, Told, told
from tests.cli.failure_modes.sockets import answering, listening
from tests.requirements import require

YAML = "application/yaml"
ROOM = "Free up disk space, then run the command again."
MEND = "Fix the permissions or use another path, then run the command again."
DISK_BYTES = 64 * 1024
SOMEBODY = (
    *("setpriv", "--reuid", "12345", "--regid", "12345", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),  # the interpreter may lie below /root
)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder with room for a few small files."""
    require(sys.platform == "linux" and os.geteuid() == 0, "leave to mount", "run the tests as root, on Linux")
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", str(disk)], check=False, capture_output=True
    )
    require(done.returncode == 0, "leave to mount a tmpfs", "run the tests in a container with CAP_SYS_ADMIN")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_document_for_which_there_is_no_room_is_not_begun(program: Program, small_disk: Path) -> None:
    there = small_disk / "vod.yaml"
    there.write_text("old\n")
    with listening(answering(b"x" * 4 * DISK_BYTES, Content_Type=YAML)) as port:
        outcome = program("space", "pull", "vod", "--output", str(there), "--host", f"http://127.0.0.1:{port}")
    assert told(outcome) == Told(1, f"{there} cannot be written: the disk is full.", ROOM)
    assert names(small_disk) == ["vod.yaml"]
    assert there.read_text() == "old\n"


def test_code_for_which_there_is_no_room_is_not_begun(program: Program, small_disk: Path, code_stub: CodeStub) -> None:
    code_stub.files["vod"] = {"a.ts": "// small\n", "b.ts": "x" * 4 * DISK_BYTES}
    toml = f'host = "{code_stub.url}"\nspace = "vod"\n[[targets]]\nlanguage = "typescript"\noutput = "src/vod"\n'
    (small_disk / "mtribes.toml").write_text(toml)
    outcome = program("update", "-C", str(small_disk), MTRIBES_TOKEN=TOKEN, MTRIBES_HOST=code_stub.url)
    assert told(outcome).exit_code == 1
    assert told(outcome).what.startswith("Nothing was written: No space left on device")
    assert told(outcome).advice == "Free up disk space, then run the command again."
    assert names(small_disk) == ["mtribes.toml"]


def test_a_sign_in_for_which_there_is_no_room_leaves_the_old_one(program: Program, small_disk: Path) -> None:
    kept = small_disk / "mtribes" / "credentials.json"
    kept.parent.mkdir()
    kept.write_text('{"version": 1, "hosts": {}, "services": {}}')
    (small_disk / "mtribes" / "credentials.lock").touch()
    before = names(small_disk)
    (small_disk / "rest").write_bytes(b"x" * (DISK_BYTES - 4096))
    body = b'{"data": [{"kind": "person", "organizations": [], "scopes": []}]}'
    with listening(answering(body)) as port:
        process = replace(program, environment=program.environment | {"XDG_CONFIG_HOME": str(small_disk)})
        words = ("login", "--with-token", "--host", f"http://127.0.0.1:{port}")
        outcome = process(*words, prefix=("sh", "-c", 'echo mtp_abc | "$@"', "sh"))
    assert (outcome.exit_code, "No keyring is available" in outcome.err) == (1, True)
    assert f"error: {kept} cannot be used: the disk is full.\nhint: {ROOM}\n" in outcome.err
    assert [name for name in names(small_disk) if name != "rest"] == before


def test_a_full_disk_behind_stdout_is_told_whatever_is_printed(program: Program) -> None:
    require(Path("/dev/full").exists(), "/dev/full", "Linux")
    for words in (("--version",), ("--help",), ("space", "--help"), ("--json", "--version")):
        outcome = program(*words, prefix=("sh", "-c", '"$@" > /dev/full', "sh"))
        assert told(outcome) == Told(1, "stdout cannot be written: the disk is full.", ROOM)


def test_a_full_disk_behind_stdout_does_not_hide_a_failure(program: Program) -> None:
    require(Path("/dev/full").exists(), "/dev/full", "Linux")
    outcome = program("whoami", "--json", prefix=("sh", "-c", '"$@" > /dev/full', "sh"))
    assert told(outcome).exit_code == 4
    assert told(outcome).what.startswith("No server specified")


@pytest.fixture
def stranger(program: Program) -> Program:
    """Somebody whom the system does not know: no home, and nothing that they may write; they may read everything."""
    require(sys.platform == "linux" and os.geteuid() == 0, "leave to be somebody else", "run the tests as root")
    environment = {name: value for name, value in program.environment.items() if name != "HOME"}
    return replace(program, environment=environment)


def test_somebody_without_a_home_may_use_a_token(stranger: Program) -> None:
    with listening(answering()) as port:
        outcome = stranger("space", "list", "--host", f"http://127.0.0.1:{port}", prefix=SOMEBODY)
    assert (outcome.exit_code, outcome.err) == (0, "No Spaces found.\n")
    assert names(stranger.folder) == []


def test_somebody_without_a_home_is_told_that_nothing_can_be_kept(stranger: Program) -> None:
    words = ("setup", "--local", "--yes")
    said = told(stranger(*words, prefix=SOMEBODY))
    what = "No home folder: HOME is not set, and the system has none for this user."
    assert said == Told(1, what, "Set HOME, or set XDG_CONFIG_HOME and XDG_STATE_HOME to writable folders.")
    assert names(stranger.folder) == []


def test_a_home_that_cannot_be_written_is_told(stranger: Program) -> None:
    said = told(stranger("setup", "--local", "--yes", prefix=SOMEBODY, HOME=str(stranger.folder)))
    locks = stranger.folder / ".local" / "state" / "mtribes" / "locks"
    assert said == Told(1, f"{locks} cannot be written: permission denied.", MEND)


def test_a_folder_that_cannot_be_written_is_told(stranger: Program) -> None:
    there = stranger.folder / "vod.yaml"
    with listening(answering(b"space: vod\n", Content_Type=YAML)) as port:
        words = ("space", "pull", "vod", "--output", str(there), "--host", f"http://127.0.0.1:{port}")
        said = told(stranger(*words, prefix=SOMEBODY))
    assert said == Told(1, f"{there} cannot be written: permission denied.", MEND)
    assert names(stranger.folder) == []


def test_code_for_a_folder_that_cannot_be_written_is_not_begun(
    stranger: Program, code_stub: CodeStub, tmp_path: Path
) -> None:
    toml = f'host = "{code_stub.url}"\nspace = "vod"\n[[targets]]\nlanguage = "typescript"\noutput = "src/vod"\n'
    (stranger.folder / "mtribes.toml").write_text(toml)
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(0o777)
    own = {"MTRIBES_TOKEN": TOKEN, "MTRIBES_HOST": code_stub.url, "XDG_STATE_HOME": str(state)}
    outcome = stranger("update", prefix=SOMEBODY, **own)
    assert told(outcome).exit_code == 1
    assert told(outcome).what.startswith("Nothing was written: Permission denied: ")
    assert told(outcome).advice == "Make the folder and its files writable, then run the command again."
    assert names(stranger.folder) == ["mtribes.toml"]
