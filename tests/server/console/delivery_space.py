"""A Space with collections, tribes and a delivery, for the tests of the pages of delivery."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import httpx

from tests.server.console.people import new_space, submit
from tests.server.oauth.flows import Browser, Someone, signed_in_browser, tokens_for
from tests.servers import RunningServer

PROPERTIES: dict[str, Any] = {
    "title": {"type": "text", "default": "Tonight"},
    "columns": {"type": "number", "default": 5},
    "sticky": {"type": "toggle", "default": True},
    "background": {"type": "color"},
    "ends-at": {"type": "date"},
    "tags": {"type": "list"},
    "layout": {"type": "select", "options": ["boxed", "wide"], "default": "wide"},
    "picture": {"type": "image"},
}
MODEL: dict[str, Any] = {
    "name": "Radio",
    "experiences": {"banner": {"properties": PROPERTIES}, "hero": {"properties": {"title": {"type": "text"}}}},
    "sections": {"list": {"supports": ["banner", "hero"]}},
    "collections": {"home": {"children": {"top": {"experience": "banner"}, "body": {"section": "list"}}}},
}
TRIBE = {"audience": "all", "match": "any", "filters": [{"tag": "gold"}]}
GOLD = {"name": "Gold", "tribes": ["gold"], "enabled": True, "properties": {"title": "For gold"}}
LATER = {"name": "Later", "tribes": ["night"], "enabled": True, "properties": {"title": "Late"}}
ALL_SET = {
    "title": "Line 1\nLine 2",
    "columns": 0.5,
    "sticky": False,
    "background": {"value": "#aabbcc", "opacity": 0.5},
    "ends-at": "2027-04-30T22:00:00.5Z",
    "tags": ["a", "b"],
    "layout": "boxed",
    "picture": "https://images.example.com/a.jpg",
}
SCENARIOS: dict[str, Any] = {
    "home.top": {"default": {"enabled": True, "properties": ALL_SET}, "targeted": [GOLD, LATER]},
    "home.body": {
        "default": {
            "items": [
                {"id": "one", "experience": "hero", "properties": {"title": "One"}},
                {"id": "two", "experience": "banner"},
            ]
        }
    },
}


@dataclass(frozen=True)
class DeliverySpace:
    """The Space, one of its people, and their browser."""

    server: RunningServer
    person: Someone
    key: str
    browser: Browser
    token: str

    def path(self, rest: str = "", environment: str = "staging") -> str:
        """A page of delivery."""
        return f"/console/spaces/{self.key}/environments/{environment}/delivery{rest}"

    def send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Send something to the Platform API, below the Space."""
        with self.server.client(Authorization=f"Bearer {self.token}") as client:
            headers = {"If-Match": "*"} if method == "PUT" else {}
            return client.request(method, f"/v2/spaces/{self.key}{path}", json=body, headers=headers).raise_for_status()

    def delivery(self, environment: str = "staging") -> Any:
        """What an environment delivers."""
        return self.send("GET", f"/environments/{environment}/delivery").json()["data"][0]

    def deliver(self, scenarios: Any, environment: str = "staging") -> None:
        """Deliver these scenarios, as somebody else would."""
        self.send("PUT", f"/environments/{environment}/delivery", {"scenarios": scenarios})

    def push(self, page: httpx.Response, environment: str = "staging", **fields: str) -> httpx.Response:
        """Push what a review page shows."""
        return submit(self.browser, page, self.path("/push", environment), **fields)

    def review(self, deed: str, environment: str = "staging", **fields: str) -> httpx.Response:
        """Open the review of a change."""
        query = str(httpx.QueryParams({"deed": deed, **fields}))
        return self.browser.get(f"{self.path('/review', environment)}?{query}")


def delivery_space(server: RunningServer, person: Someone) -> DeliverySpace:
    """A Space that delivers SCENARIOS in staging."""
    token = tokens_for(server, person)["access_token"]
    space = DeliverySpace(server, person, new_space(server, person), signed_in_browser(server, person), token)
    space.send("PUT", "/model", MODEL)
    space.send("PUT", "/tribes", {"tribes": {"gold": {"name": "Gold <b>", **TRIBE}, "night": TRIBE}})
    space.deliver(SCENARIOS)
    return space


class FormReader(HTMLParser):
    """What a browser without JavaScript would send of the first form of a page that goes to `action`."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self.action = action
        self.fields: dict[str, list[str]] = {}
        self._is_inside = False
        self._is_over = False
        self._text_of = ""
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a control has."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_inside = given.get("action") == self.action and not self._is_over
        if not self._is_inside:
            return
        is_box = given.get("type") == "checkbox"
        if tag == "input" and (not is_box or "checked" in given):
            self._add(given["name"], given.get("value", ""))
        elif tag == "textarea":
            self._text_of = given["name"]
            self._add(given["name"], "")
        elif tag == "select":
            self._select = given["name"]
        elif tag == "option" and self._select and (self._select not in self.fields or "selected" in given):
            self.fields[self._select] = [given["value"]]

    def handle_endtag(self, tag: str) -> None:
        """Note where something ends."""
        if tag == "form" and self._is_inside:
            self._is_inside, self._is_over = False, True
        if tag == "textarea":
            self._text_of = ""
        if tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        """Note the text of a text area, whose first line feed browsers leave out."""
        if self._text_of and self._is_inside:
            self.fields[self._text_of] = [data.removeprefix("\n").replace("\n", "\r\n")]

    def _add(self, name: str, value: str) -> None:
        self.fields.setdefault(name, []).append(value)


def fields_in(page: httpx.Response, action: str) -> dict[str, list[str]]:
    """The fields of a form, as a browser would send them."""
    reader = FormReader(action)
    reader.feed(page.text.replace("\r\n", "\n").replace("\r", "\n"))  # as browsers read pages
    return reader.fields


def edit(
    space: DeliverySpace, page: httpx.Response, entity: str, deed: str = "review", **fields: str | list[str]
) -> httpx.Response:
    """Send the form of the editor with other values in these fields; in names, `__` stands for a dot."""
    action = space.path(f"/entities/{entity}/scenario")
    typed = {name.replace("__", "."): value for name, value in fields.items()}
    sent: Any = {**fields_in(page, action), "deed": deed, **typed}
    return space.browser.send("POST", action, fields=sent)
