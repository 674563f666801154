"""The console in a real browser: every page as it is seen, with and without JavaScript, and by keyboard alone.

The combinations of width, colours, JavaScript and role are pairwise; MTRIBES_ALL_VIEWS=1 switches on all the others.
"""

from __future__ import annotations

import itertools
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.browser.watched_page import Demo, WatchedPage, wait_until
from tests.requirements import NODE_MODULES, require, require_switch

pytestmark = pytest.mark.slow

AXE = NODE_MODULES / "axe-core/axe.min.js"
ADMINISTRATOR, DEVELOPER, VIEWER = range(3)  # of the people of the demo
HERE = "/console/spaces/vod/environments/production"
ORGANIZATION = "/console/organizations/acme"
OF_EVERYBODY = (
    "/console",
    "/console/spaces/vod",
    "/console/spaces/vod/model",
    "/console/spaces/vod/model/code/kotlin",
    HERE,
    f"{HERE}/keys",
    f"{HERE}/tribes",
    f"{HERE}/tribes/football-fans",
    f"{HERE}/delivery",
    f"{HERE}/delivery/entities/onboarding.welcome",
    f"{HERE}/delivery/compare?from=0&to=1",
    "/console/search?q=home&space=vod",
    ORGANIZATION,
    "/console/organizations",
    "/account",
    "/account/tokens",
    "/docs",
    "/docs/guides/console",
    "/docs/reference/cli",
    "/docs/development/architecture",
    "/docs/search?q=import",
    "/docs/api",
    "/docs/api/users",
    "/docs/api/types",
)
OF_DEVELOPERS = (
    f"{ORGANIZATION}/members",
    f"{ORGANIZATION}/service-accounts",
    f"{HERE}/new-tribe",
    f"{HERE}/tribe-history",
    f"{HERE}/tribes/football-fans/edit",
    f"{HERE}/tribes/football-fans/edit?as=document",
    f"{HERE}/tribes/football-fans/explanation?kind=user&person=ada",
    f"{HERE}/users",
    f"{HERE}/users/ada",
    f"{HERE}/visitors",
    f"{HERE}/user-tags",
    f"{HERE}/imports",
    f"{HERE}/live",
    "/console/spaces/vod/model/edit",
    "/console/spaces/vod/model/parts/experience?key=header",
    "/console/spaces/vod/model/parts/section?key=homepage-body",
    "/console/spaces/vod/model/parts/collection?key=homepage",
    "/console/spaces/vod/model/parts/event",
    "/console/spaces/vod/model/parts/field",
    "/console/spaces/vod/model/parts/collection?key=homepage&deed=remove",
    "/console/spaces/vod/model/history",
    f"{HERE}/delivery/entities/homepage.header/scenario?scenario=Gold%20header",
    f"{HERE}/delivery/entities/homepage.body/scenario?scenario=default",
    f"{HERE}/delivery/review?deed=unpublish&collection=homepage",
    f"{HERE}/delivery/history",
    f"{HERE}/delivery/preview?person=ada",
)
OF_ADMINISTRATORS = (f"{ORGANIZATION}/audit",)
PAGES = {
    ADMINISTRATOR: (*OF_EVERYBODY, *OF_DEVELOPERS, *OF_ADMINISTRATORS),
    DEVELOPER: (*OF_EVERYBODY, *OF_DEVELOPERS),
    VIEWER: OF_EVERYBODY,
}
"""The pages that each role walks: a new page is added to those that see it."""
WIDTHS = (375, 768, 1440)
PAIRWISE = (
    (375, "light", True, ADMINISTRATOR),
    (375, "dark", True, VIEWER),
    (375, "dark", False, DEVELOPER),
    (768, "light", False, VIEWER),
    (768, "dark", True, ADMINISTRATOR),
    (1440, "light", True, DEVELOPER),
    (1440, "dark", False, ADMINISTRATOR),
)
OTHERS = tuple(sorted({*itertools.product(WIDTHS, ("light", "dark"), (True, False), PAGES)} - {*PAIRWISE}))
SHIFTS = """() => new Promise((done) => {
    let sum = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => done(sum), 50);
})"""
VIOLATIONS = """async () => (await axe.run({ resultTypes: ["violations"] })).violations
    .flatMap((found) => found.nodes.map((node) => `${found.id}: ${node.target} ${node.failureSummary}`))"""


BROKEN = """() => {
    const seen = (at) => at.checkVisibility();
    const lines = (at) => {
        const range = document.createRange();
        const text = [...at.childNodes].find((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
        if (!text) return 0;
        range.selectNode(text);
        return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size;
    };
    const words = (at) => at.firstChild.data?.trim().split(/\\s+/).length ?? 99;
    const buttons = [...document.querySelectorAll('button, .button')].filter(seen);
    const rows = [...document.querySelectorAll('table')].filter((at) => seen(at) && at.tHead?.clientWidth > 1);
    const left = (at) => Math.round(at.getBoundingClientRect().left);
    return [
        ...buttons.filter((at) => lines(at) > words(at)).map((at) => `breaks the words of ${at.innerText}`),
        ...rows.filter((at) => at.tBodies[0]?.rows[0] && left(at.tHead) !== left(at.tBodies[0]))
            .map((at) => `rows are beside their headings: ${at.innerText.slice(0, 60)}`),
    ];
}"""
NAME = "(at) => (at.innerText || at.name || at.id || '').trim()"
FOCUSED = f"({NAME})(document.activeElement)"
SEEN = "[...document.querySelectorAll('a, button, summary, input, select')].filter((at) => at.checkVisibility())"
NAMES = f"{SEEN}.filter((at) => at.type !== 'hidden').map({NAME})"
REACHABLE = f"{NAMES}.length"


def sign_in(page: Any, demo: Demo, person: int = ADMINISTRATOR) -> None:
    """Sign in, on the way to the console."""
    facts = demo.facts["people"][person]
    page.goto(f"{demo.url}/sign-in?next=/console")
    page.fill("#email", facts["email"])
    page.fill("#password", facts["password"])
    page.click("button[type=submit]")
    page.wait_for_selector("#content")
    page.wait_for_load_state()


def look_at_every_page(browser: Any, demo: Demo, view: tuple[int, str, bool, int]) -> list[str]:
    """What is wrong with the pages of a role, seen like that."""
    width, scheme, is_scripted, role = view
    options = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    context = browser.new_context(java_script_enabled=is_scripted, **options)
    watched = WatchedPage(context.new_page())
    watched.watch()
    requested: list[str] = []
    watched.page.on("request", lambda request: requested.append(request.url))
    sign_in(watched.page, demo, role)
    faults: list[str] = []
    for path in PAGES[role]:
        watched.page.goto(demo.url + path)
        found = faults_of(watched.page, width) if is_scripted else width_faults_of(watched.page, width)
        faults += [f"{path}: {fault}" for fault in found]
    context.close()
    hosts = {urlsplit(url).netloc for url in requested}
    return [*faults, *watched.complaints, *sorted(hosts - {urlsplit(demo.url).netloc})]


def faults_of(page: Any, width: int) -> list[str]:
    """What is wrong with the page that is open: too wide, moving while it loads, or hard to use."""
    page.evaluate(f"() => {{ {AXE.read_text()} }}")
    faults = width_faults_of(page, width) + list(page.evaluate(VIOLATIONS))
    if (shift := page.evaluate(SHIFTS)) > 0:
        faults.append(f"moves while it loads: {shift}")
    return faults


def broken_faults_of(page: Any) -> list[str]:
    """Buttons whose words are broken into letters, and tables whose rows do not stand below their headings."""
    return list(page.evaluate(BROKEN))


def width_faults_of(page: Any, width: int) -> list[str]:
    """What can be seen to be wrong where no script runs, and none could tell what axe-core finds."""
    wide = page.evaluate("document.documentElement.scrollWidth")
    sideways = [f"scrolls sideways: {wide} pixels"] if wide > width else []
    return [*sideways, *broken_faults_of(page)]


def name_of(view: tuple[int, str, bool, int]) -> str:
    """The view in the test's id."""
    width, scheme, is_scripted, role = view
    return f"{width}-{scheme}-{'scripted' if is_scripted else 'plain'}-{('administrator', 'developer', 'viewer')[role]}"


@pytest.mark.parametrize("view", PAIRWISE, ids=name_of)
def test_every_page_is_sound_however_it_is_seen(
    browser: Any, shared_demo: Demo, view: tuple[int, str, bool, int]
) -> None:
    require(AXE, "axe-core", "npm ci --prefix tests/toolchains")
    assert look_at_every_page(browser, shared_demo, view) == []


@pytest.mark.parametrize("view", OTHERS, ids=name_of)
def test_every_page_is_sound_in_all_other_views(
    browser: Any, shared_demo: Demo, view: tuple[int, str, bool, int]
) -> None:
    require_switch("MTRIBES_ALL_VIEWS", "the views of the console that are not pairwise")
    require(AXE, "axe-core", "npm ci --prefix tests/toolchains")
    assert look_at_every_page(browser, shared_demo, view) == []


def test_the_walk_finds_what_is_hard_to_use(browser: Any, shared_demo: Demo) -> None:
    require(AXE, "axe-core", "npm ci --prefix tests/toolchains")
    context = browser.new_context(viewport={"width": 375, "height": 800})
    page = context.new_page()
    sign_in(page, shared_demo)
    page.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<img src=x><div id=wide>wide</div>')")
    page.evaluate("document.querySelector('#wide').style.minWidth = '600px'")
    page.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<a class=button id=thin>Changes</a>')")
    page.evaluate("Object.assign(document.querySelector('#thin').style, {width: '2em', overflowWrap: 'anywhere'})")
    faults = " ".join(faults_of(page, 375))
    context.close()
    assert "image-alt" in faults
    assert "scrolls sideways" in faults
    assert "breaks the words of Changes" in faults


def test_without_javascript_the_menu_opens_and_a_key_is_made_and_revoked(browser: Any, shared_demo: Demo) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 375, "height": 800})
    page = context.new_page()
    sign_in(page, shared_demo, DEVELOPER)
    assert not page.is_visible("#navigation a")
    page.click("button.menu")
    assert page.is_visible("#navigation a")
    page.keyboard.press("Escape")
    page.goto(f"{shared_demo.url}/console/spaces/vod/environments/development/keys")
    page.fill("#name", "Plain")
    page.click("main form.card button.primary")
    page.wait_for_selector("[role=status]")
    assert page.inner_text("[role=status]") == "Key “Plain” created."
    row = page.locator("tr", has_text="Plain")
    assert not row.locator("button.copy").is_visible()
    row.locator("summary").click()
    row.locator("button.danger").click()
    page.wait_for_selector("text=Key revoked.")
    context.close()


def test_the_keyboard_alone_reaches_the_search_a_menu_and_every_link(shared_demo: Demo, watched: WatchedPage) -> None:
    page = watched.page
    sign_in(page, shared_demo)
    page.goto(f"{shared_demo.url}{ORGANIZATION}/audit")
    page.wait_for_load_state()
    page.keyboard.press("/")
    wait_until(page, "document.activeElement.id === 'actor'")
    page.goto(f"{shared_demo.url}{HERE}/keys")
    page.wait_for_load_state()
    reached: list[str] = []
    for _ in range(page.evaluate(REACHABLE)):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))
    assert reached[0] == "Skip to content"
    assert set(page.evaluate(NAMES)) <= set(reached)
    page.focus("details.environment summary")
    page.keyboard.press("Enter")
    assert page.is_visible("details.environment .choice a")
    page.keyboard.press("Escape")
    assert not page.is_visible("details.environment .choice a")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
