"""The loopback address to which a browser is sent back after signing in; it accepts one response."""

from __future__ import annotations

import base64
import hashlib
import hmac
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

PATH = "/callback"
CONNECTION_TIMEOUT_SECONDS = 10.0
_STYLE = (
    ":root{color-scheme:light dark;--ground:#f6f6f8;--surface:#fff;--ink:#17171f;--soft:#5a5a69;--line:#e1e1e8}"
    "@media(prefers-color-scheme:dark){:root{--ground:#121218;--surface:#1b1b23;--ink:#f0f0f5;--soft:#a6a6b7;--line:#2e2e3a}}"
    "body{margin:0;min-height:100vh;display:grid;place-content:center;padding:1rem;background:var(--ground);color:var(--ink);"
    "font:1rem/1.55 ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}"
    "main{max-width:27rem;padding:1.5rem;background:var(--surface);border:1px solid var(--line);border-radius:.75rem}"
    "h1{margin:0 0 .5rem;font-size:1.6rem;line-height:1.2;letter-spacing:-.022em}p{margin:0;color:var(--soft)}"
)
"""The style of the server's own pages, which cannot be fetched: another server may have refused the sign-in."""
_PAGE = (
    "<!doctype html><html lang='en'><meta charset='utf-8'><meta name='color-scheme' content='light dark'>"
    "<meta name='viewport' content='width=device-width, initial-scale=1'><title>{title} · mtribes</title>"
    f"<style>{_STYLE.replace('{', '{{').replace('}', '}}')}</style>"
    "<main><h1>{title}</h1><p>{text}</p></main></html>"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'"


class LoopbackServer:
    """Listens on a free port of 127.0.0.1 (RFC 8252, 7.3) until the response with the right state arrives."""

    def __init__(self, state: str) -> None:
        self._answers: queue.Queue[dict[str, str]] = queue.Queue(maxsize=1)
        self._server = _Server(state, self._answers)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.redirect_uri = f"http://{self._server.authority}{PATH}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer_within(self, seconds: float) -> dict[str, str] | None:
        """Return the parameters that the browser brought; None if it did not return in time."""
        try:
            return self._answers.get(timeout=seconds)
        except queue.Empty:
            return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a browser may hold a connection open that it never uses
    allow_reuse_address = False

    def __init__(self, state: str, answers: queue.Queue[dict[str, str]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.state = state
        self.answers = answers
        self.unanswered = threading.Lock()  # held from the one answer on
        self.authority = f"127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_arguments: object) -> None:
        """Ignore the error: a browser may disconnect early, and its request is private."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = CONNECTION_TIMEOUT_SECONDS

    def do_GET(self) -> None:  # the name that http.server calls
        """Handle the redirect; reject any other request and keep waiting."""
        parts = urlsplit(self.path)
        if parts.path != PATH or self.headers.get("Host") != self.server.authority:
            self._page(404, "Not found", "This address is only used to complete a sign-in.")
            return
        answer = _single_values(parts.query)
        if answer is None or not hmac.compare_digest(answer.get("state", "").encode(), self.server.state.encode()):
            self._page(400, "Unexpected sign-in", "Run mtribes login again.")
            return
        if not self.server.unanswered.acquire(blocking=False):
            self._page(400, "Already signed in", "This sign-in is already complete.")
            return
        try:  # the page first: the program may end as soon as it has the answer
            self._page(200, *_outcome(answer))
        finally:
            self.server.answers.put(answer)

    def _page(self, status: int, title: str, text: str) -> None:
        body = _PAGE.format(title=title, text=text).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Log nothing: the query contains the code."""


def _outcome(answer: dict[str, str]) -> tuple[str, str]:
    """Return the text for the person: a refusal is known here, a success only to the program."""
    if "error" in answer:
        return "Not signed in", "The sign-in was denied. See your terminal for details. You can close this page."
    return "Return to your terminal", "The sign-in continues there. You can close this page."


def _single_values(query: str) -> dict[str, str] | None:
    """Return the parameters, or None if one is repeated."""
    try:
        values = parse_qs(query, keep_blank_values=True, max_num_fields=20)
    except ValueError:
        return None
    return {name: given[0] for name, given in values.items()} if all(len(v) == 1 for v in values.values()) else None
