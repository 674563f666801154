"""The manual's page about Python and its sample: typed, and they run."""

from __future__ import annotations

import json
import sys
import threading
import urllib.request
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from templates_server.features.codegen.renderer import render
from tests.manual import DOCS, code_blocks, page_text
from tests.server.features.codegen.client_api_peer import ClientApiPeer
from tests.server.features.codegen.python.tools import mypy, pyright, run_python, write_package
from tests.server.features.codegen.reference_space import vod

pytestmark = pytest.mark.slow

BLOCKS = code_blocks(page_text("guides/python"), "python")
SAMPLE = (DOCS / "samples" / "python" / "app.py").read_text("utf-8")


def written(folder: Path, host: str) -> Path:
    files = {f"vod/{path}": text for path, text in render(vod(), "python", {"host": host}).items()}
    write_package(folder, files | {"__init__.py": ""}, "mtspace")
    for number, block in enumerate(BLOCKS):
        (folder / f"block{number}.py").write_text(block, "utf-8")
    (folder / "sample.py").write_text(SAMPLE, "utf-8")
    return folder


def test_blocks_and_sample_are_typed(tmp_path: Path) -> None:
    folder = written(tmp_path, "")
    names = [*(f"block{number}.py" for number in range(len(BLOCKS))), "sample.py"]
    assert len(BLOCKS) >= 6
    assert mypy(folder, *names) == []
    assert pyright(folder, *names) == []


def test_blocks_run_and_what_they_track_arrives(tmp_path: Path, peer: ClientApiPeer) -> None:
    folder = written(tmp_path, peer.url)
    for number in range(len(BLOCKS)):
        run_python(f"import block{number}", folder)
    assert [event["name"] for batch in peer.bodies("/events") for event in batch] == ["header/shown"]
    assert (folder / "state" / "mtribes.vod.identity").exists()


def test_the_sample_serves_each_their_own(tmp_path: Path, peer: ClientApiPeer, monkeypatch: Any) -> None:
    written(tmp_path, peer.url)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("MTRIBES_KEY", "pk_1")
    import sample  # type: ignore[import-not-found]  # noqa: PLC0415

    with sample.space, ThreadingHTTPServer(("127.0.0.1", 0), sample.Handler) as server:
        sample.Handler.log_message = lambda *_: None
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        request = urllib.request.Request(f"http://127.0.0.1:{server.server_port}/", headers={"X-User": "u1"})
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own server
            page = json.load(answer)
        server.shutdown()
        thread.join()
    assert page["background"] == "#c9a227"
    assert [item["title"] for item in page["items"]] == ["The derby"]
    assert peer.bodies("/sessions")[0]["external_id"] == "u1"
    assert peer.bodies("/events")[0][0]["name"] == "homepage/seen"
    for name in [name for name in sys.modules if name == "sample" or name.startswith("mtspace")]:
        del sys.modules[name]
