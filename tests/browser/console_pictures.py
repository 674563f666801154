"""The pictures of the console in the manual and the README: of a demo server in which people are at work.

python -m tests.browser.console_pictures        needs chromium
"""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.browser.conftest import launched
from tests.browser.test_console import sign_in
from tests.browser.watched_page import Demo, demo_server, wait_until

FOLDER = Path(__file__).parents[2] / "templates_server" / "docs" / "pictures"
HERE = "/console/spaces/vod/environments/production"
WELCOME = f"{HERE}/delivery/entities/onboarding.welcome"
SCENARIO = f"{WELCOME}/scenario?scenario=Spring%20offer"
ADA = f"{HERE}/delivery/preview?kind=user&person=ada&at=2027-03-05T09:00&at.zone=Europe/Oslo"
FRIDAY = "2027-03-04T23:00:00Z"  # midnight in Oslo
WIDE, PHONE = (1280, 860), (375, 760)
QUALITY = 82
MOST_BYTES = 120_000
NORWAY = {
    "name": "Gold members in Norway",
    "category": "Campaigns",
    "audience": "users",
    "filters": [
        {"attribute": "attributes.subscription", "operator": "equals", "value": "gold"},
        {"attribute": "attributes.country", "operator": "equals", "value": "Norway"},
    ],
}
SESSIONS = ("ada", "kiri", "olga", "quentin", "uchenna", "yusuf")
EVENTS = (
    ("ada", "video/started", "football"),
    ("kiri", "title/opened", "drama"),
    ("ada", "video/completed", "football"),
    ("olga", "list/added", "news"),
    ("uchenna", "video/completed", "football"),
    ("quentin", "search/done", "cycling"),
    ("yusuf", "video/started", "drama"),
)


@dataclass(frozen=True)
class Picture:
    """A page, how it is seen, and what is done there before it is taken."""

    name: str
    path: str
    size: tuple[int, int] = WIDE
    scheme: str = "light"
    prepare: Callable[[Any, Demo], None] | None = None


def _review(page: Any, _: Demo) -> None:
    page.fill("#starts", "2027-03-05T08:00")
    page.fill("[id='starts.zone']", "Europe/Oslo")
    page.fill("[id='p.discount-percent']", "25")
    page.click("button[value=review]")
    page.wait_for_selector("h2:text-is('Changes')")
    page.fill("#note", "Eight in the morning, as marketing asked")


def _unfold(page: Any, _: Demo) -> None:
    page.locator("summary", has_text="Why").last.click()
    page.locator("li.card", has_text="onboarding.welcome").last.evaluate("(at) => at.scrollIntoView({block: 'end'})")


def _to_rules(page: Any, _: Demo) -> None:
    page.click("button[value=count] >> visible=true >> nth=-1")
    page.wait_for_selector("#count strong")
    page.locator("#filter-1").evaluate("(at) => at.scrollIntoView()")


def _arrivals(page: Any, demo: Demo) -> None:
    wait_until(page, "document.querySelector('#live-status').textContent === 'Connected.'")
    work(demo)
    wait_until(page, f"document.querySelectorAll('#arrivals tbody tr').length >= {len(EVENTS)}")


PICTURES = (
    Picture("live", f"{HERE}/live", scheme="dark", prepare=_arrivals),
    Picture("home", "/console", (1280, 620)),
    Picture("delivery", f"{HERE}/delivery"),
    Picture("scenarios", WELCOME),
    Picture("scenario-editor", SCENARIO, (1280, 1180)),
    Picture("review", SCENARIO, prepare=_review),
    Picture("see-as-a-person", ADA, prepare=_unfold),
    Picture("tribe-editor", f"{HERE}/tribes/gold-members-in-norway/edit", prepare=_to_rules),
    Picture("person", f"{HERE}/users/ada", (1280, 1100)),
    Picture("phone", f"{HERE}/delivery", PHONE, "dark"),
)


def prepare(demo: Demo) -> None:
    """Give the demo what teams have: a tribe of their own, a scenario with a start, notes."""
    with demo.client() as client:
        _put(client, "/v2/spaces/vod/tribes/gold-members-in-norway", NORWAY, "Gold members in Norway")
        path = "/v2/spaces/vod/environments/production/delivery"
        document = client.get(path).raise_for_status().json()["data"][0]
        spring, *_ = document["scenarios"]["onboarding.welcome"]["targeted"]
        spring |= {"tribes": ["gold-members-in-norway"], "starts": FRIDAY}
        _put(client, path, document, "The spring offer starts on Friday")
        model = client.get("/v2/spaces/world/model").raise_for_status().json()["data"][0]
        _put(client, "/v2/spaces/world/model", {**model, "name": "World news"}, "Named for readers of English")


def _put(client: httpx.Client, path: str, document: Any, note: str) -> None:
    client.put(path, json=document, params={"note": note}, headers={"If-Match": "*"}).raise_for_status()


def work(demo: Demo) -> None:
    """People of the demo use its apps."""
    key = demo.facts["spaces"]["vod"]["production"]
    with httpx.Client(base_url=demo.url, headers={"Authorization": f"Bearer {key}"}, trust_env=False) as app:
        for user in SESSIONS:
            app.post("/api/client/sessions", json={"external_id": user}).raise_for_status()
        for user, name, genre in EVENTS:
            event = {"name": name, "external_id": user, "metadata": [{"key": "genre", "value": genre}]}
            app.post("/api/client/events", json=[event]).raise_for_status()


def take(browser: Any, demo: Demo, picture: Picture) -> None:
    """Open the page, do what is to be done there, and keep what is seen as WebP."""
    width, height = picture.size
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=picture.scheme)
    page = context.new_page()
    sign_in(page, demo)
    page.goto(demo.url + picture.path)
    page.wait_for_load_state()
    if picture.prepare is not None:
        picture.prepare(page, demo)
    page.evaluate("document.activeElement.blur()")
    asked = {"format": "webp", "quality": QUALITY}
    taken = context.new_cdp_session(page).send("Page.captureScreenshot", asked)["data"]
    content = base64.b64decode(taken)
    if len(content) > MOST_BYTES:
        raise ValueError(f"{picture.name} has {len(content):,} bytes, and may have {MOST_BYTES:,}")
    (FOLDER / f"{picture.name}.webp").write_bytes(content)
    context.close()


def main() -> None:
    """Take all of them."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, demo_server(Path(name) / "data") as demo, launched() as browser:
        prepare(demo)
        work(demo)
        for picture in PICTURES:
            take(browser, demo, picture)


if __name__ == "__main__":
    main()
