"""`mtribes open`: which address a browser is given, and what is said where there is none."""

from __future__ import annotations

import json
import os
from urllib.parse import parse_qs, urlsplit

import pytest

from mtribes_cli.commands.open import PATHS, Page
from templates_server.features.console.navigation import SECTIONS
from templates_server.routes import ROUTES
from tests.cli.cli_runner import CliRunner
from tests.cli.stub_server import StubServer


@pytest.fixture
def opened(mtribes: CliRunner) -> list[str]:
    """The addresses that the browser was given."""
    seen: list[str] = []

    def browser(url: str) -> bool:
        seen.append(url)
        return True

    mtribes.browser = browser
    mtribes.environment["BROWSER"] = "firefox"
    return seen


def local_server(mtribes: CliRunner, stub_server: StubServer) -> None:
    """A local server of the user's, with a code in its data folder."""
    folder = mtribes.folders.server
    folder.mkdir(parents=True)
    record = {"pid": os.getpid(), "url": stub_server.url, "local": True}
    (folder / "server.json").write_text(json.dumps(record))
    (folder / "local-code").write_text("c0de&more")
    mtribes.environment["MTRIBES_HOST"] = "local"


@pytest.mark.parametrize(
    ("page", "path"),
    [("", "/console"), ("home", "/console"), ("tokens", "/account/tokens"), ("api", "/docs/api"), ("demo", "/demo")],
)
def test_a_page_of_a_server_elsewhere_is_opened_as_it_is(
    mtribes: CliRunner, opened: list[str], stub_server: StubServer, page: str, path: str
) -> None:
    mtribes.environment["MTRIBES_HOST"] = stub_server.url
    outcome = mtribes("open", *filter(None, [page]))
    assert (outcome.exit_code, outcome.out) == (0, f"Opened {stub_server.url}{path}.\n")
    assert opened == [f"{stub_server.url}{path}"]
    assert stub_server.asked == []


def test_a_local_server_is_opened_by_a_link_that_signs_in(
    mtribes: CliRunner, opened: list[str], stub_server: StubServer
) -> None:
    local_server(mtribes, stub_server)
    outcome = mtribes("open", "tokens", "--json")
    assert outcome.envelope["data"] == {"url": f"{stub_server.url}/account/tokens", "opened": True, "link": None}
    (link,) = opened
    parts = urlsplit(link)
    assert (f"{parts.scheme}://{parts.netloc}", parts.path) == (stub_server.url, "/sign-in/local")
    assert parse_qs(parts.query) == {"code": ["c0de&more"], "next": ["/account/tokens"]}
    assert "c0de" not in outcome.out + outcome.err


def test_what_is_for_everybody_needs_no_sign_in(mtribes: CliRunner, opened: list[str], stub_server: StubServer) -> None:
    local_server(mtribes, stub_server)
    mtribes("open", "demo")
    assert opened == [f"{stub_server.url}/demo"]


def test_without_a_display_the_link_is_printed_alone_on_stdout(mtribes: CliRunner, stub_server: StubServer) -> None:
    local_server(mtribes, stub_server)
    mtribes.environment.pop("BROWSER", None)
    mtribes.environment["SSH_TTY"] = "/dev/pts/1"
    outcome = mtribes("open", "home")
    assert outcome.exit_code == 0
    assert urlsplit(outcome.out.strip()).path == "/sign-in/local"
    assert "SSH session" in outcome.err
    assert "it can be used once" in outcome.err


def test_where_no_browser_starts_the_address_is_printed(mtribes: CliRunner, stub_server: StubServer) -> None:
    mtribes.environment.update(MTRIBES_HOST=stub_server.url, BROWSER="firefox")
    mtribes.browser = lambda _: False
    outcome = mtribes("open", "home", "--json")
    assert outcome.envelope["data"] == {
        "url": f"{stub_server.url}/console",
        "opened": False,
        "link": f"{stub_server.url}/console",
    }


def test_an_unknown_page_is_a_usage_error_that_names_the_pages(mtribes: CliRunner, stub_server: StubServer) -> None:
    mtribes.environment["MTRIBES_HOST"] = stub_server.url
    outcome = mtribes("open", "nowhere")
    assert outcome.exit_code == 2
    assert outcome.err.startswith("error: Invalid value for PAGE: 'nowhere' is not one of 'home', 'space', ")
    assert all(f"'{page}'" in outcome.err for page in Page)


def test_no_optional_argument_is_named_with_its_brackets(mtribes: CliRunner) -> None:
    outcome = mtribes("completion", "install", "foo")
    assert outcome.exit_code == 2
    assert "Invalid value for SHELL: 'foo' is not one of" in outcome.err
    assert "[SHELL]" not in outcome.err


PLACE = ("--space", "vod", "--environment", "staging", "--organization", "acme")


@pytest.mark.parametrize("page", [page for page in Page if "{" in PATHS[page]])
def test_a_page_of_a_place_is_opened_where_options_or_the_project_say(
    mtribes: CliRunner, opened: list[str], stub_server: StubServer, page: Page
) -> None:
    needed = [name for name in ("space", "environment", "organization") if f"{{{name}}}" in PATHS[page]]
    options = [word for name in needed for word in (f"--{name}", PLACE[PLACE.index(f"--{name}") + 1])]
    path = PATHS[page].format(space="vod", environment="staging", organization="acme")
    mtribes.environment["MTRIBES_HOST"] = stub_server.url
    missing = mtribes("open", page)
    assert missing.exit_code == 2
    assert f"--{needed[0]}" in missing.err
    assert mtribes("open", page, *options).exit_code == 0
    place = 'organization = "acme"\nspace = "vod"\nenvironment = "staging"\n'
    mtribes.write("mtribes.toml", f'host = "{stub_server.url}"\n{place}')
    assert mtribes("open", page).exit_code == 0
    assert opened == [stub_server.url + path] * 2


def test_options_that_no_page_has_are_refused(mtribes: CliRunner, opened: list[str], stub_server: StubServer) -> None:
    mtribes.environment["MTRIBES_HOST"] = stub_server.url
    outcome = mtribes("open", "tokens", "--space", "vod")
    assert outcome.exit_code == 2
    assert "Remove --space" in outcome.err
    outcome = mtribes("open", "keys", "--space", "vod", "--environment", "prod")
    assert outcome.exit_code == 2
    assert "No environment 'prod'. " in outcome.err.replace("\nhint: ", " ")
    assert mtribes("open", "space", "--space", "a/../b").exit_code == 0
    assert opened == [f"{stub_server.url}/console/spaces/a%2F..%2Fb"]


def test_every_page_that_the_consoles_navigation_leads_to_is_opened() -> None:
    pages = {route.path for route in ROUTES if route.method == "GET"}
    assert set(PATHS.values()) <= pages
    led_to = {entry.path for section in SECTIONS for entry in section.entries} & pages
    assert led_to <= set(PATHS.values())
