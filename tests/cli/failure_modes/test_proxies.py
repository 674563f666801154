"""A proxy on the way to the server: it works, it refuses, it is away; and its password is never shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from mtribes_cli.api.proxy import proxy_for
from tests.cli.cli_runner import CliRunner, Outcome
from tests.cli.failure_modes.authority import Authority
from tests.cli.failure_modes.connect_proxy import ConnectProxy, proxying
from tests.cli.failure_modes.error_assertions import Told, told
from tests.cli.failure_modes.sockets import answering, closed_port, listening

HOST = "https://mtribes.test"
SEE = "Check HTTPS_PROXY. To bypass the proxy for a host, add the host to NO_PROXY."


@pytest.fixture
def server_port(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port of a server that is `mtribes.test` to those who reach it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with listening(answering(), authority.serving("mtribes.test")) as port:
        yield port


def asked(ada: CliRunner, *more: str) -> Outcome:
    return ada("space", "list", "--host", HOST, *more)


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_a_server_is_reached_through_a_proxy(
    ada: CliRunner, server_port: int, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    with proxying(ConnectProxy(leads_to=server_port)) as proxy:
        monkeypatch.setenv(variable, proxy.url)
        outcome = asked(ada)
    assert outcome.exit_code == 0, outcome.err
    assert proxy.asked == ["CONNECT mtribes.test:443 HTTP/1.1"]


def test_a_proxy_without_a_scheme_is_one_too(ada: CliRunner, server_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with proxying(ConnectProxy(leads_to=server_port)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.removeprefix("http://"))
        assert asked(ada).exit_code == 0


def test_a_proxy_gets_the_password_that_it_wants(
    ada: CliRunner, server_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxying(ConnectProxy(leads_to=server_port, password="ada:p@ss")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://ada:p%40ss@127.0.0.1:{proxy.port}")
        assert asked(ada).exit_code == 0


def test_a_password_that_the_proxy_does_not_take_is_told_without_it(
    ada: CliRunner, server_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxying(ConnectProxy(leads_to=server_port, password="ada:secret")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://ada:n0t-it@127.0.0.1:{proxy.port}")
        outcome = asked(ada, "--verbose")
    shown = f"http://ada:[secret]@127.0.0.1:{proxy.port}"
    what = f"The proxy {shown} (from HTTPS_PROXY) requires a user name and password, or rejected them."
    assert told(outcome) == Told(1, what, "Add them to HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT.")
    assert "n0t-it" not in outcome.err


def test_a_proxy_that_refuses_is_told(ada: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    with proxying(ConnectProxy(refusal="403 Forbidden")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        outcome = asked(ada)
    what = f"The proxy {proxy.url} (from HTTPS_PROXY) rejected the connection to {HOST}: 403 Forbidden."
    assert told(outcome) == Told(1, what, SEE)
    assert len(proxy.asked) == 1


def test_a_proxy_that_does_not_reach_the_server_is_told(ada: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    with proxying(ConnectProxy(refusal="502 Bad Gateway")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        outcome = asked(ada)
    what = f"The proxy {proxy.url} (from HTTPS_PROXY) could not reach {HOST}: 502 Bad Gateway."
    assert told(outcome) == Told(75, what, "Check the host, or try again later.")


def test_a_proxy_that_is_down_is_not_taken_for_the_server(ada: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    monkeypatch.setenv("HTTPS_PROXY", url)
    assert told(asked(ada)) == Told(1, f"The proxy {url} (from HTTPS_PROXY) refused the connection.", SEE)


def test_a_proxy_whose_name_is_not_known_is_told(ada: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://proxy.invalid:3128")
    what = "The proxy http://proxy.invalid:3128 (from ALL_PROXY) could not be resolved."
    assert told(asked(ada)) == Told(1, what, SEE.replace("HTTPS", "ALL"))


@pytest.mark.parametrize(
    "text", ["http://u:hush@:3128", "http://u:hush@p:port", "ftp://u:hush@p", "http://u:hush@[::1"]
)
def test_a_proxy_that_is_no_address_is_wrong_usage_and_not_repeated(
    ada: CliRunner, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", text)
    outcome = asked(ada)
    assert told(outcome).exit_code == 2
    assert told(outcome).what.startswith("The proxy address from HTTPS_PROXY is")
    assert "hush" not in outcome.err


EXCEPTED = ["mtribes.test", ".test", "*.test", "*", "other.example, mtribes.test:443", "10.0.0.0/8 MTRIBES.test."]


@pytest.mark.parametrize("exception", EXCEPTED)
@pytest.mark.parametrize("words", [("space", "list"), ("user", "ingest", "u.csv", "--space", "v", "--env", "staging")])
def test_no_proxy_is_obeyed(
    ada: CliRunner, monkeypatch: pytest.MonkeyPatch, exception: str, words: Sequence[str]
) -> None:
    """By small requests and by the parts of an import, which go another way."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", exception)
    ada.write("u.csv", "user_id\nada\n")
    outcome = ada(*words, "--host", "https://mtribes.test:443")
    assert told(outcome).what == "Could not resolve the host mtribes.test."


@pytest.mark.parametrize(
    "exception", ["mtribes.tes", "*.mtribes.test", "ribes.test", "mtribes.test:8443", "", "a.mtribes.test"]
)
@pytest.mark.parametrize("words", [("space", "list"), ("user", "ingest", "u.csv", "--space", "v", "--env", "staging")])
def test_no_proxy_of_others_is_not_for_this_server(
    ada: CliRunner, monkeypatch: pytest.MonkeyPatch, exception: str, words: Sequence[str]
) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    monkeypatch.setenv("HTTPS_PROXY", url)
    monkeypatch.setenv("NO_PROXY", exception)
    ada.write("u.csv", "user_id\nada\n")
    outcome = ada(*words, "--host", "https://mtribes.test:443")
    assert told(outcome).what == f"The proxy {url} (from HTTPS_PROXY) refused the connection."


@pytest.mark.parametrize(
    ("exceptions", "url", "is_excepted"),
    [
        ("10.0.0.0/8", "https://10.200.3.4", True),
        ("10.0.0.0/8", "https://11.0.0.1", False),
        ("10.1.2.3/8", "https://10.0.0.1", True),
        ("10.0.0.0/8", "https://10.example.com", False),
        ("10.0.0.0/33, 10.0.0.0/x", "https://10.0.0.1", False),
        ("192.168.1.7", "https://192.168.1.7:8443", True),
        ("192.168.1.7:8443", "https://192.168.1.7:8443", True),
        ("192.168.1.7:8443", "https://192.168.1.7", False),
        ("168.1.7", "https://192.168.1.7", False),
        ("fd00::/8", "https://[fd12::1]", True),
        ("fd00::1", "https://[fd00:0::1]", True),
        ("[fd00::1]", "https://[fd00::1]:8443", True),
        ("[fd00::1]:8443", "https://[fd00::1]:8443", True),
        ("[fd00::1]:8443", "https://[fd00::1]", False),
        ("[fd00::]/8", "https://[fd00::1]", True),
        ("::ffff:10.0.0.1", "https://10.0.0.1", True),
        ("example.com", "https://example.com", True),
        ("example.com", "https://a.b.example.com", True),
        ("example.com", "https://notexample.com", False),
        (".example.com", "https://example.com", True),
        (".example.com", "https://a.example.com", True),
        ("*.example.com", "https://a.example.com", True),
        ("*.example.com", "https://example.com", False),
        ("*.example.com:8443", "https://a.example.com:8443", True),
        ("EXAMPLE.com", "https://Example.COM.", True),
        ("one.example  two.example,three.example", "https://two.example", True),
        (" , example.com ,", "https://example.com", True),
        (".", "https://example.com", False),
        ("*.", "https://example.com", False),
        ("*", "https://[fd00::1]", True),
        ("*:443", "https://example.com", True),
        ("*:8443", "https://example.com", False),
        ("example.com:" + "9" * 5000, "https://example.com", False),
    ],
)
def test_no_proxy_knows_what_curl_go_and_requests_know(
    monkeypatch: pytest.MonkeyPatch, exceptions: str, url: str, *, is_excepted: bool
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", exceptions)
    assert (proxy_for(url) is None) == is_excepted


def test_no_proxy_in_lower_case_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("no_proxy", "other.example")
    assert proxy_for("https://example.com") is not None


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_no_proxy_is_asked_for_this_machine(ada: CliRunner, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    with listening(answering()) as port:
        assert ada("space", "list", "--host", f"http://{name}:{port}").exit_code == 0


def test_a_proxy_that_looks_into_tls_is_told_by_its_authority(
    ada: CliRunner, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        listening(answering(), authority.serving("mtribes.test")) as port,
        proxying(ConnectProxy(leads_to=port)) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        said = told(asked(ada))
    assert said.what.startswith("mtribes.test cannot be trusted: its certificate is signed by an unknown authority")
    assert "or its proxy" in said.advice
