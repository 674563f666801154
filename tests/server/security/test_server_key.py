"""The server's secret: made once, kept to itself, or given from outside."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from templates_server.security import server_key


def test_the_key_is_made_once_and_its_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    first, second = server_key.load(tmp_path, {}), server_key.load(tmp_path, {})
    assert first.derive("a", "b") == second.derive("a", "b")
    path = tmp_path / "server.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as threads:
        keys = list(threads.map(lambda _: server_key.load(tmp_path, {}), range(16)))
    assert len({key.derive("a", "b") for key in keys}) == 1


def test_another_folder_another_purpose_and_another_text_give_other_values(tmp_path: Path) -> None:
    key, other = server_key.load(tmp_path / "one", {}), server_key.load(tmp_path / "two", {})
    values = {key.derive("a", "b"), other.derive("a", "b"), key.derive("b", "b"), key.derive("a", "c")}
    assert len(values) == 4
    assert {len(value) for value in values} == {32}


def test_several_machines_share_a_key_by_the_environment(tmp_path: Path) -> None:
    environment = {"MTRIBES_SERVER_KEY": "k" * 32}
    one, two = server_key.load(tmp_path / "one", environment), server_key.load(tmp_path / "two", environment)
    assert one.derive("a", "b") == two.derive("a", "b")
    assert not (tmp_path / "one").exists()
    with pytest.raises(ValueError, match="at least 32"):
        server_key.load(tmp_path, {"MTRIBES_SERVER_KEY": "short"})


@pytest.mark.parametrize("content", ["", "00", "not hexadecimal"])
def test_a_file_that_holds_no_key_stops_the_server(tmp_path: Path, content: str) -> None:
    (tmp_path / "server.key").write_text(content)
    with pytest.raises(ValueError, match=r"hex|server key"):
        server_key.load(tmp_path, {})
