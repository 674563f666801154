"""/demo where there is no demo, and what it gives where there is one. How it looks and works is in tests/browser."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from templates_server.features.codegen.display.file_list import TITLES
from templates_server.features.codegen.display.highlighting import highlighted
from templates_server.features.codegen.renderer import LANGUAGES, render
from templates_server.features.demo import seed
from templates_server.primitives.timestamps import system_clock
from templates_server.security import server_key
from templates_server.security.passwords import Passwords
from tests.server.features.codegen.reference_space import vod
from tests.servers import RunningServer, running_server

CODE = "/demo/code/typescript/experience/hero.ts"
PATHS = ("/demo", "/demo/app.js", "/demo/configuration.json", "/demo/mtspace/vod/index.js", "/demo/code", CODE)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = Path(tmp_path_factory.mktemp("demo"))
    with running_server(folder, demo=True) as running:
        passwords, key = Passwords(), server_key.load(folder)
        running.database.write_now(
            lambda connection: seed(connection, system_clock(), key=key, hash_password=passwords.hash_now)
        )
        passwords.close()
        yield running


@pytest.mark.parametrize("path", PATHS)
def test_a_server_without_demo_data_has_none_of_it(server: RunningServer, path: str) -> None:
    with server.client() as client:
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", PATHS)
def test_a_space_of_the_same_name_does_not_make_a_demo(demo: RunningServer, tmp_path: Path, path: str) -> None:
    with running_server(tmp_path, database_url=demo.settings.database_url) as other, other.client() as client:
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", PATHS)
def test_a_demo_server_serves_it_under_a_strict_policy(demo: RunningServer, path: str) -> None:
    with demo.client() as client:
        answer = client.get(path)
    assert answer.status_code == 200
    if path != "/demo/configuration.json":
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


@pytest.mark.parametrize(
    "path",
    [
        "/demo/code/cobol",
        "/demo/code/python/../x",
        "/demo/api.py",
        "/demo/..%2Fapi.py",
        "/demo/mtspace/vod/index.d.ts",
        "/demo/x.js",
    ],
)
def test_nothing_else_is_served_from_its_folders(demo: RunningServer, path: str) -> None:
    with demo.client() as client:
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_code_of_each_language_can_be_read_file_by_file(demo: RunningServer, language: str) -> None:
    with demo.client() as client:
        first = client.get(f"/demo/code/{language}")
        shown = re.findall(r'<a href="(/demo/code/[^"]+)" aria-current="page">', first.text)
        assert shown[0] == f"/demo/code/{language}"
        links = re.findall(rf'href="(/demo/code/{language}/[^"]+)"', first.text)
        read = {link.removeprefix(f"/demo/code/{language}/"): text_of(client.get(link)) for link in links}
    assert read == render(vod(), language, {"host": demo.url})
    assert 'class="hl-' in first.text


def text_of(page: httpx.Response) -> str:
    assert page.status_code == 200, page.url
    (code,) = re.findall(r"<pre [^>]*><code>(.*)</code></pre>", page.text, re.DOTALL)
    return html.unescape(re.sub("<[^>]*>", "", code))


def test_every_language_has_a_tab_by_its_name(demo: RunningServer) -> None:
    with demo.client() as client:
        page = client.get("/demo/code").text
    assert re.findall(r'<a href="/demo/code/([a-z]+)"', page) == list(LANGUAGES)
    assert set(TITLES) >= set(LANGUAGES)


def test_what_a_person_wrote_is_text_on_the_page_of_the_code() -> None:
    shown = highlighted("a.ts", 'const a = "<script>alert(1)</script> &amp;"; // </code></pre>')
    assert "<script" not in shown
    assert "</code>" not in shown
    assert html.unescape(re.sub("<[^>]*>", "", shown)).rstrip().endswith('&amp;"; // </code></pre>')


def test_the_generated_code_follows_the_model(demo: RunningServer) -> None:
    with demo.client() as client:
        assert demo.url in client.get("/demo/mtspace/vod/index.js").text
        before = client.get("/demo/mtspace/vod/fallbacks.js").text
        demo.database.write_now(
            lambda connection: connection.exec_driver_sql(
                "UPDATE delivery_revisions SET document = replace(document, '#6f58c4', '#0e9f6e')"
            )
        )
        demo.database.write_now(
            lambda connection: connection.exec_driver_sql("UPDATE delivery_revisions SET revision = revision + 1")
        )
        demo.database.write_now(
            lambda connection: connection.exec_driver_sql("UPDATE environments SET revision = revision + 1")
        )
        after = client.get("/demo/mtspace/vod/fallbacks.js").text
    assert ("#6f58c4" in before, "#0e9f6e" in before) == (True, False)
    assert ("#6f58c4" in after, "#0e9f6e" in after) == (False, True)
