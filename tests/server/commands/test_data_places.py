"""Data folders of every name and owner, and users whom the system does not know."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from templates_server.__main__ import main
from tests.requirements import require
from tests.server_processes import server_process, status_of
from tests.servers import running_server

pytestmark = pytest.mark.slow

RANDOM_UID = 12345
NAMES = (
    "d q?x",
    "d q?y",
    "d%20q",
    "d%",
    "d#x",
    "d%%s",
    "ä?uri=true",
    "sqlite:",
    "a&b=c",
    "'q\"",
    "x;y",
    "d ?mode=memory",
)
READ_ALL = "dac_read_search"  # so that Python itself can be read, wherever it is
KEEP_FOR_ACCESS = "+no_setuid_fixup"  # access(2), by which Alembic looks for its folder, asks without them otherwise


@pytest.mark.parametrize("name", NAMES)
def test_the_database_is_in_its_data_folder_whatever_its_name(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    assert main(["organization", "add", "acme", "--data", str(folder)]) == 0
    assert (folder / "mtribes.db").stat().st_size > 0
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert main(["backup", str(folder / "b.tar.zst"), "--data", str(folder)]) == 0
    assert main(["restore", str(folder / "b.tar.zst"), "--data", str(tmp_path / f"{name}2")]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, f"{name}2"])
    assert (tmp_path / f"{name}2" / "mtribes.db").stat().st_size > 0


def test_two_folders_whose_names_begin_alike_share_nothing(tmp_path: Path) -> None:
    for name in ("d q?x", "d q?y", "d q"):
        assert main(["organization", "add", "acme", "--data", str(tmp_path / name)]) == 0  # taken, were it shared


def test_a_server_serves_from_a_folder_whose_name_means_something_in_urls(tmp_path: Path) -> None:
    with server_process(tmp_path / "d q?x=%41#y") as server:
        assert status_of(f"{server.url}/readyz") == 200
    assert [path.name for path in tmp_path.iterdir()] == ["d q?x=%41#y"]


def test_a_new_volume_counts_as_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "backed-up").mkdir()
    assert main(["organization", "add", "acme", "--data", str(tmp_path / "backed-up" / "data")]) == 0
    assert main(["backup", str(tmp_path / "b.tar.zst"), "--data", str(tmp_path / "backed-up" / "data")]) == 0
    for name in ("started", "restored"):
        (tmp_path / name / "lost+found").mkdir(parents=True)
    with server_process(tmp_path / "started") as server:
        assert status_of(f"{server.url}/readyz") == 200
    assert main(["restore", str(tmp_path / "b.tar.zst"), "--data", str(tmp_path / "restored")]) == 0
    assert (tmp_path / "restored" / "lost+found").is_dir()


def test_what_is_beside_lost_and_found_still_makes_a_folder_foreign(tmp_path: Path) -> None:
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "thesis.txt").write_text("years of work")
    assert main(["migrate", "--data", str(tmp_path)]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lost+found", "thesis.txt"]


def as_nobody_known() -> list[str]:
    """The beginning of a command that runs as a user without a name, in the group root, as OpenShift does."""
    setpriv = shutil.which("setpriv")
    require(setpriv and os.geteuid() == 0, "setpriv, and to be root", "run these as root, with util-linux")
    ids = ["--reuid", str(RANDOM_UID), "--regid", "0", "--clear-groups"]
    rights = ["--securebits", KEEP_FOR_ACCESS, f"--inh-caps=+{READ_ALL}", f"--ambient-caps=+{READ_ALL}"]
    return [str(setpriv), *ids, *rights, sys.executable, "-m"]


def run_as_nobody_known(cwd: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [*as_nobody_known(), *words]
    return subprocess.run(command, cwd=cwd, env=variables, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def volume() -> Iterator[Path]:
    """A volume whose root belongs to root and may be written by root's group; it is where others may look for it."""
    with tempfile.TemporaryDirectory(prefix="mtribes-volume-") as folder:
        (Path(folder) / "lost+found").mkdir(mode=0o700)
        Path(folder).chmod(0o775)
        yield Path(folder)


@pytest.mark.skipif(sys.platform != "linux", reason="setpriv is Linux's")
def test_a_volume_of_roots_is_served_by_a_user_without_name_and_home(volume: Path) -> None:
    added = run_as_nobody_known(volume, "templates_server", "organization", "add", "acme", MTRIBES_DATA=str(volume))
    assert (added.returncode, added.stderr) == (0, "")
    assert stat.S_IMODE(volume.stat().st_mode) == 0o775
    assert stat.S_IMODE((volume / "mtribes.db").stat().st_mode) == 0o600
    assert (volume / "mtribes.db").stat().st_uid == RANDOM_UID
    starting = [*as_nobody_known(), "templates_server", "start", "--port", "0", "--data", str(volume)]
    with subprocess.Popen(starting, env={}, stderr=subprocess.DEVNULL) as process:
        try:
            assert _is_ready_within(volume, 60, process)
            assert run_as_nobody_known(volume, "templates_server", "status", MTRIBES_DATA=str(volume)).returncode == 0
        finally:
            process.terminate()
        assert process.wait(30) == 0


def _is_ready_within(volume: Path, seconds: int, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        told = run_as_nobody_known(volume, "templates_server", "status", MTRIBES_DATA=str(volume))
        if told.returncode == 0:
            return True
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="setpriv is Linux's")
def test_without_a_home_the_data_folder_is_asked_for(tmp_path: Path) -> None:
    for words in (("start",), ("status",), ("migrate",), ("migrate", "--data", "~/x")):
        run = run_as_nobody_known(tmp_path, "templates_server", *words)
        assert run.returncode == 2
        assert "home directory" in run.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="setpriv is Linux's")
def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path, volume: Path) -> None:
    volume.chmod(0o755)
    run = run_as_nobody_known(tmp_path, "templates_server", "migrate", "--data", str(volume))
    assert run.returncode == 1
    assert f"no permission to write to {volume}" in run.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="setpriv is Linux's")
def test_the_command_line_works_for_a_user_without_name_and_home(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        variables = {"MTRIBES_HOST": server.url, "MTRIBES_TOKEN": "mtp_none"}
        run = run_as_nobody_known(tmp_path, "mtribes_cli", "space", "list", **variables)
    assert run.returncode == 4
    assert "MTRIBES_TOKEN" in run.stderr
    told = run_as_nobody_known(tmp_path, "mtribes_cli", "doctor")
    assert told.returncode == 3
    assert "folders: Set HOME" in told.stdout


@pytest.mark.parametrize("quote", ["'", '"'])
def test_quotes_around_the_value_of_a_variable_are_named(
    quote: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MTRIBES_DATABASE", f"{quote}postgresql://u:p4ss-w0rd@127.0.0.1:1/x{quote}\n")
    assert main(["migrate", "--data", str(tmp_path / "data")]) == 2
    said = capsys.readouterr().err
    assert "The value of MTRIBES_DATABASE is enclosed in quotation marks." in said
    assert "p4ss-w0rd" not in said
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_the_variable_is_taken_where_none_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MTRIBES_DATA", str(tmp_path / "named"))
    assert main(["organization", "add", "acme", "--name", "Acme"]) == 0
    assert (tmp_path / "named" / "mtribes.db").is_file()


def test_blanks_around_every_variable_of_the_server_are_no_part_of_it(tmp_path: Path) -> None:
    variables = {
        "MTRIBES_SERVER_KEY": "k" * 40 + "\n",
        "MTRIBES_SERVER_HOST": " 127.0.0.1\n",
        "MTRIBES_RATE_LIMITS": "off\n",
        "MTRIBES_KEEP_EVENTS_DAYS": " 7\n",
        "MTRIBES_METRICS": "1\n",
    }
    with server_process(tmp_path / "data", environment=variables) as server:
        assert status_of(f"{server.url}/metrics") == 200
    before = dict(os.environ)
    assert main(["migrate", "--data", str(tmp_path / "data")]) == 0
    assert dict(os.environ) == before
