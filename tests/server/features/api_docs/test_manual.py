"""The manual as the server shows it: every page, its links and pictures, the search, and what is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import httpx
import pytest

from templates_server.features.api_docs.manual import Manual
from templates_server.features.api_docs.manual_search import MAX_RESULTS, MAX_WORDS, IndexedSection, SearchIndex
from templates_server.features.api_docs.markdown_renderer import Document
from tests.servers import RunningServer

PATHS = ["/docs", *(f"/docs/{path}" for path in Manual("/docs").pages)]
ADDRESS = re.compile(r' (?:href|src)="([^"]*)"')


@pytest.fixture(scope="module")
def client(server: RunningServer) -> Iterator[httpx.Client]:
    with server.client() as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(client: httpx.Client) -> dict[str, httpx.Response]:
    """Every page of the manual."""
    return {path: client.get(path) for path in PATHS}


def test_every_page_is_served_with_its_title_and_the_navigation(pages: dict[str, httpx.Response]) -> None:
    assert {path: page.status_code for path, page in pages.items()} == dict.fromkeys(PATHS, 200)
    for path, page in pages.items():
        assert page.text.count("<h1") == 1, path
        assert all(f'href="{other}"' in page.text for other in PATHS), path
        assert page.text.count('aria-current="page"') == (path != "/docs"), path


def test_pages_load_nothing_from_elsewhere_and_need_no_script(pages: dict[str, httpx.Response]) -> None:
    for path, page in pages.items():
        assert not re.search(
            r"<script|<style|\sstyle=|\son\w+=|<iframe", re.sub(r"<pre.*?</pre>", "", page.text, flags=re.DOTALL)
        )
        loaded = re.findall(r'(?:<link[^>]* href|src)="([^"]+)"', page.text)
        assert all(address.startswith(("/assets/", "/docs/pictures/")) for address in loaded), path
        assert "unsafe" not in page.headers["content-security-policy"]
        assert "set-cookie" not in page.headers


def test_every_link_of_every_page_leads_to_a_page_a_file_or_a_heading(
    client: httpx.Client, pages: dict[str, httpx.Response]
) -> None:
    known = {path: page.text for path, page in pages.items()}
    broken = []
    for path, page in pages.items():
        for address in map(unescape, ADDRESS.findall(page.text)):
            target, _, fragment = address.partition("#")
            if target.startswith("http"):
                continue
            if (target or path) not in known:
                known[target] = client.get(target).raise_for_status().text
            if fragment and f' id="{fragment}"' not in known[target or path]:
                broken.append(f"{path}: {address}")
    assert broken == []


def test_a_page_or_picture_that_the_browser_has_is_not_sent_again(client: httpx.Client) -> None:
    for path in ("/docs", "/docs/concepts/glossary", "/docs/pictures/home.webp", "/docs/pictures/architecture.svg"):
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert client.get(path, headers={"If-None-Match": '"other"'}).content == first.content


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("pictures/home.webp", "image/webp"),
        ("pictures/architecture.svg", "image/svg+xml"),
        ("samples/python/app.py", "text/plain; charset=utf-8"),
    ],
)
def test_files_of_the_manual_are_served_as_what_they_are(client: httpx.Client, path: str, media_type: str) -> None:
    answer = client.get(f"/docs/{path}")
    assert answer.headers["content-type"] == media_type
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "guides",
        "guides/console.md",
        "README",
        "README.md",
        "pictures",
        "pictures/none.webp",
        "%2e%2e/settings.py",
        "guides/..%2f..%2fsettings.py",
        "api/nothing",
    ],
)
def test_an_unknown_page_is_the_404_page_of_the_product(client: httpx.Client, path: str) -> None:
    answer = client.get(f"/docs/{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


def results(client: httpx.Client, query: str) -> list[str]:
    page = client.get("/docs/search", params={"q": query})
    assert page.status_code == 200
    return re.findall(r'<li>\s*<a href="([^"]+)"', page.text.partition('class="results"')[2])


def test_the_search_finds_pages_by_their_titles_sections_by_words_and_routes(client: httpx.Client) -> None:
    assert results(client, "signed ids")[0].startswith("/docs/guides/signed-ids")
    assert "/docs/guides/backup-and-restore#keep-deleted-people-deleted" in results(client, "erasures.jsonl")
    assert any(found.startswith("/docs/api/imports#") for found in results(client, "PUT imports parts"))
    assert results(client, "nosuchwordanywhere") == []
    assert results(client, "  ") == []


def test_a_search_leads_to_headings_that_are_there(client: httpx.Client) -> None:
    found = results(client, "environment")
    assert len(found) == MAX_RESULTS
    for address in found:
        path, _, fragment = address.partition("#")
        assert f' id="{fragment}"' in client.get(path).text


@pytest.mark.parametrize(
    "query", ["<script>alert(1)</script>", '"><b>', "'; DROP TABLE--", "x" * 5000, "a " * 3000, "\u202e"]
)
def test_a_hostile_query_is_text(client: httpx.Client, query: str) -> None:
    page = client.get("/docs/search", params={"q": query})
    assert page.status_code == 200
    assert not re.search(r"<script|<b>", page.text)
    assert len(page.content) < 60_000


def test_a_search_ranks_titles_before_headings_before_text_and_is_bounded() -> None:
    text, heading, title = (
        IndexedSection("/text", "Page", "Part", "a share of all"),
        IndexedSection("/heading", "Page", "Share", "nothing"),
        IndexedSection("/title", "Share", "Part", "nothing"),
    )
    found = SearchIndex([text, heading, title]).search("SHARE")
    assert [result.section.url for result in found] == ["/title", "/heading", "/text"]
    many = SearchIndex([text] * (MAX_RESULTS + 5))
    assert len(many.search("share")) == MAX_RESULTS
    assert many.search(" ".join(["a"] * 50 + [f"w{number}" for number in range(MAX_WORDS)])) == []


def test_markup_in_markdown_is_text_and_dangerous_links_are_none() -> None:
    markup = "<script>x</script> <img src=x onerror=y>"
    source = f"# A\n\n{markup}\n\n[a](javascript:x) ![b](data:text/html,x)\n\n```nonsense\n<b>\n```\n"
    html = Document(source).html(lambda target: target)
    assert not re.search(r"<script|<img|<b>|<a", html)


def test_headings_that_occur_twice_have_anchors_of_their_own() -> None:
    document = Document("# A\n\n## Use `x` & y\n\n## Use x  y\n\n### Same\n\n### Same\n")
    assert [heading.anchor for heading in document.headings] == ["a", "use-x--y", "use-x--y-1", "same", "same-1"]


def test_every_picture_keeps_its_place_free_while_it_loads(pages: dict[str, httpx.Response]) -> None:
    pictures = [tag for page in pages.values() for tag in re.findall(r"<img[^>]*/docs/pictures/[^>]*>", page.text)]
    assert len(pictures) >= 10
    assert [tag for tag in pictures if not re.search(r' width="[1-9]\d+" height="[1-9]\d+"', tag)] == []
