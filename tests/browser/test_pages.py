"""Our pages in a real browser: where consent may lead, by keyboard alone, on narrow screens, without complaints."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from tests.browser.watching import Demo, Watched, wait_until
from tests.requirements import require
from tests.server.features.auth.flows import CHALLENGE

pytestmark = pytest.mark.slow

NARROWEST_PIXELS = 320
DECISIONS = ("allow", "cancel", "another")


class Listening(http.server.BaseHTTPRequestHandler):
    """What waits at the other end of the redirect."""

    def do_GET(self) -> None:
        """Answer anything."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<!doctype html><link rel=icon href=data:,><title>Back</title>Back")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class ListeningSix(http.server.ThreadingHTTPServer):
    """The same, for IPv6."""

    address_family = socket.AF_INET6


@pytest.fixture(params=["127.0.0.1", "[::1]"])
def redirect_uri(request: pytest.FixtureRequest) -> Iterator[str]:
    """A loopback redirect where somebody listens."""
    six = request.param == "[::1]"
    require(socket.has_ipv6 or not six, "IPv6", "enable it")
    kind = ListeningSix if six else http.server.ThreadingHTTPServer
    server = kind((request.param.strip("[]"), 0), Listening)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://{request.param}:{server.server_address[1]}/callback"
    server.shutdown()
    server.server_close()
    thread.join()


def authorize_url(demo: Demo, redirect_uri: str = "http://127.0.0.1:1/callback") -> str:
    return f"{demo.url}/oauth/authorize?" + urlencode(
        {
            "response_type": "code",
            "client_id": "mtribes-cli",
            "redirect_uri": redirect_uri,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "state": "here",
        }
    )


def fill_in(watched: Watched, demo: Demo) -> None:
    """Sign in by keyboard alone: the first field has the focus."""
    person = demo.facts["people"][0]
    keyboard = watched.page.keyboard
    wait_until(watched.page, "document.activeElement.id === 'email'")
    keyboard.type(person["email"])
    keyboard.press("Tab")
    keyboard.type(person["password"])
    keyboard.press("Enter")


@pytest.mark.parametrize(("decision", "answer"), [("allow", "code"), ("cancel", "error")])
def test_the_answer_reaches_a_loopback_address_of_either_kind_past_the_policy_of_the_page(
    shared_demo: Demo, watched: Watched, redirect_uri: str, decision: str, answer: str
) -> None:
    page = watched.page
    page.goto(authorize_url(shared_demo, redirect_uri))
    fill_in(watched, shared_demo)
    page.wait_for_selector(f"button[value={decision}]")
    page.click(f"button[value={decision}]")
    page.wait_for_url(f"{redirect_uri}?*")
    parameters = parse_qs(urlsplit(page.url).query)
    assert (parameters["state"], parameters["iss"]) == (["here"], [shared_demo.url])
    assert answer in parameters


def test_the_keyboard_reaches_every_decision_in_order_with_a_visible_focus(shared_demo: Demo, watched: Watched) -> None:
    page = watched.page
    page.goto(authorize_url(shared_demo))
    fill_in(watched, shared_demo)
    page.wait_for_selector("button[value=allow]")
    page.wait_for_load_state()
    reached, outlines = [], []
    for _ in range(12):
        page.keyboard.press("Tab")
        value = page.evaluate("document.activeElement.value ?? ''")
        if value in DECISIONS:
            reached.append(value)
            outlines.append(page.evaluate("getComputedStyle(document.activeElement).outlineStyle"))
    assert tuple(reached[:3]) == DECISIONS
    assert set(outlines) == {"solid"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_wider_than_the_narrowest_screen_or_hard_to_read(
    shared_demo: Demo, watched: Watched, scheme: str
) -> None:
    page = watched.page
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": NARROWEST_PIXELS, "height": 640})
    watched.expect("status of 4(00|22)")  # the error page and the wrong password

    def looks_right() -> None:
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST_PIXELS, page.url
        assert page.evaluate(CONTRASTS) >= LEAST_CONTRAST, page.url

    for path in ("/", "/signed-out", "/oauth/authorize", "/sign-in"):
        page.goto(shared_demo.url + path)
        looks_right()
    page.fill("#email", "nobody@example.com")
    page.fill("#password", "not the password")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    looks_right()
    page.goto(authorize_url(shared_demo))
    fill_in(watched, shared_demo)
    page.wait_for_selector("button[value=allow]")
    looks_right()
    for decision in ("allow", "cancel"):
        box = page.locator(f"button[value={decision}]").bounding_box()
        assert box["y"] + box["height"] <= 640, "what one decides is in sight without scrolling"
    for path in ("/device", "/device?user_code=BCDF-GHJK", "/device/allowed", "/device/refused"):
        page.goto(shared_demo.url + path)
        looks_right()
    page.goto(f"{shared_demo.url}/device")
    enter_code(watched, "ZZZZ-ZZZZ")
    page.wait_for_selector("[role=alert]")
    looks_right()
    page.goto(f"{shared_demo.url}/device")
    enter_code(watched, device_codes(shared_demo)["user_code"])
    page.wait_for_selector("button[value=allow]")
    looks_right()


def device_codes(demo: Demo) -> dict[str, str]:
    """What a program is given that signs somebody in by a code."""
    url = f"{demo.url}/oauth/device_authorization"
    answer = httpx.post(url, data={"client_id": "mtribes-cli"}, trust_env=False)
    return dict(answer.raise_for_status().json())


def enter_code(watched: Watched, code: str) -> None:
    """Type it in by keyboard alone: the field has the focus, and takes the place of what is in it."""
    wait_until(watched.page, "document.activeElement.id === 'user-code'")
    watched.page.keyboard.type(code)
    watched.page.keyboard.press("Enter")


def test_a_code_is_entered_and_allowed_by_keyboard_alone_coming_from_its_link(
    shared_demo: Demo, watched: Watched
) -> None:
    page = watched.page
    page.goto(device_codes(shared_demo)["verification_uri_complete"])
    fill_in(watched, shared_demo)
    wait_until(page, "document.activeElement.innerText === 'Continue'")
    page.keyboard.press("Enter")
    page.wait_for_selector("button[value=allow]")
    while page.evaluate("document.activeElement.value ?? ''") != "allow":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/device/allowed")
    assert page.inner_text("h1") == "Return to your terminal"


LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
CONTRASTS = """() => {
    const light = ([r, g, b]) => [r, g, b]
        .map((c) => c / 255)
        .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const ground = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const [r, g, b, a = 1] = numbers(getComputedStyle(at).backgroundColor);
            if (a === 1) return [r, g, b];
        }
        return [255, 255, 255];
    };
    const texts = [...document.querySelectorAll("body *")].filter((element) =>
        [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
    return Math.min(...texts.map((element) => {
        const [a, b] = [light(numbers(getComputedStyle(element).color)), light(ground(element))];
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    }));
}"""
