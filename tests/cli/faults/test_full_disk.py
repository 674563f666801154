"""A disk without room, and one that may only be read: the old tree or the new one, and a clear word."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mtribes_cli.project.output_paths import STAGING_PREFIX
from tests.cli.code_stub import FILES, CodeStub
from tests.cli.project_runner import Project
from tests.requirements import require

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="file systems of Linux")
DISK_BYTES = 64 * 1024
PAGE_BYTES = 4096
NEWER = {"index.ts": "// newer\n" * 1_000, "section/body.ts": "// added\n" * 1_000}


def mount(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 64 KiB at `folder`."""
    folder.mkdir(parents=True)
    is_there = mount("-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder))
    require(is_there, "the right to mount a tmpfs", "run as root, in a container with CAP_SYS_ADMIN")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Where a project and its user's own folders are."""
    with small_disk(tmp_path / "disk") as folder:
        yield folder


@pytest.fixture
def on_disk(disk: Path, code_stub: CodeStub) -> Project:
    """A project in step there, the server having something newer."""
    project = Project(disk / "project")
    project.root.mkdir()
    project.write_toml(code_stub.url)
    assert project.run("update").exit_code == 0
    code_stub.files["vod"] = dict(NEWER)
    return project


def leftovers(project: Project) -> list[str]:
    return [str(path) for path in project.root.rglob("*") if path.name.startswith(STAGING_PREFIX)]


def test_with_any_amount_of_room_it_is_the_old_tree_or_the_new(
    on_disk: Project, disk: Path, tmp_path: Path, code_stub: CodeStub
) -> None:
    """The disk is filled until so many pages are free, from none to enough."""
    old = on_disk.files()
    pristine = shutil.copytree(on_disk.root, tmp_path / "pristine")
    endings = []
    for free_pages in range(DISK_BYTES // PAGE_BYTES):
        shutil.rmtree(on_disk.root)
        shutil.copytree(pristine, on_disk.root)
        ballast = disk / "ballast"
        room = os.statvfs(disk)
        pages = room.f_bavail * room.f_frsize // PAGE_BYTES - free_pages
        if pages < 0:
            break
        ballast.write_bytes(b"x" * pages * PAGE_BYTES)
        outcome = on_disk.run("update")
        endings.append(outcome.exit_code)
        if outcome.exit_code:
            assert outcome.exit_code == 1, outcome.err
            assert [line.partition(":")[0] for line in outcome.err.splitlines()] == ["error", "hint"], outcome.err
            assert "disk space" in outcome.err
            assert on_disk.files() == old, free_pages
        else:
            assert {path.removeprefix("src/vod/") for path in on_disk.files() if "src/vod" in path} == set(NEWER)
        assert not leftovers(on_disk), free_pages
        ballast.unlink()
        assert on_disk.run("update").exit_code == 0
        assert not leftovers(on_disk)
    assert {0, 1} <= set(endings)
    assert code_stub.files["vod"] != FILES


def test_a_disk_that_may_only_be_read_is_told(tmp_path: Path, code_stub: CodeStub) -> None:
    with small_disk(tmp_path / "world" / "project") as root:
        project = Project(root)
        project.write_toml(code_stub.url)
        assert project.run("update").exit_code == 0
        code_stub.files["vod"] = dict(NEWER)
        old = project.files()
        assert mount("-o", "remount,ro", str(root))
        outcome = project.run("update")
        assert outcome.exit_code == 1
        assert [line.partition(":")[0] for line in outcome.err.splitlines()] == ["error", "hint"], outcome.err
        assert "ead-only" in outcome.err
        assert "writable" in outcome.err
        assert project.files() == old
        assert not leftovers(project)


def test_a_full_disk_under_the_credentials_keeps_the_sign_in_that_is_there(disk: Path, code_stub: CodeStub) -> None:
    """A new one cannot be kept; the old one is as it was, and no part of the new one lies about."""
    home = disk / "project"
    home.mkdir()
    project = Project(home, {"MTRIBES_HOST": code_stub.url})
    assert project.run("login", "--with-token", answers="mtp_for_the_stub\n").exit_code == 0
    before = project.credentials_file.read_bytes()
    room = os.statvfs(disk)
    (disk / "ballast").write_bytes(b"x" * room.f_bavail * room.f_frsize)
    outcome = project.run("login", "--with-token", answers="mtp_for_the_stub\n")
    assert outcome.exit_code == 1, outcome.err
    assert "Traceback" not in outcome.err
    assert project.credentials_file.read_bytes() == before
    assert {path.name for path in project.folders.config.iterdir()} == {"credentials.json", "credentials.lock"}
