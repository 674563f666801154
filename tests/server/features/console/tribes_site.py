"""An environment with tribes and users, for the tests of the console's pages of tribes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from tests.people import FULL, add_token
from tests.server.features.auth.flows import Browser, Someone, signed_in_browser, someone
from tests.server.features.console.people import deeds_of, new_space
from tests.servers import RunningServer

HOSTILE = "<script>alert(1)</script> \u202e\"&'"
GOLD = {
    "name": "Gold members",
    "category": "Subscription",
    "audience": "users",
    "filters": [{"attribute": "attributes.plan", "operator": "equals", "value": "gold"}],
}
FANS = {"name": HOSTILE, "category": HOSTILE, "description": HOSTILE, "filters": [{"tag": "sports/football"}]}
SPRING = {"filters": [{"contextual": "fields.campaign", "operator": "equals", "value": "spring"}]}
WATCHERS = {"filters": [{"event": "video/completed", "frequency": {"more_than": 1}}]}
TRIBES = {"gold-members": GOLD, "fans": FANS, "spring": SPRING, "watchers": WATCHERS}
USERS = [
    {"user_id": "ada", "email": "ada@example.com", "attributes": {"plan": "gold"}, "tags": ["sports/football"]},
    {"user_id": "kay", "email": "kay@example.com", "attributes": {"plan": "gold"}},
    {"user_id": "bob", "email": "bob@example.com", "attributes": {"plan": "free"}},
]
MODEL = {
    "experiences": {"hero": {"properties": {"title": {"type": "text"}}}},
    "collections": {"home": {"children": {"hero": {"experience": "hero"}}}},
}


@dataclass(frozen=True)
class TribesSite:
    """An environment with tribes and users, somebody who administrates it, and their browser."""

    server: RunningServer
    person: Someone
    space: str
    browser: Browser

    @property
    def here(self) -> str:
        """The path of the environment in the console."""
        return f"/console/spaces/{self.space}/environments/staging"

    @property
    def path(self) -> str:
        """The path of the list of tribes."""
        return f"{self.here}/tribes"

    def api(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """What the Platform API answers the person, below the Space."""
        token = add_token(self.server.database, FULL, account_id=self.person.account_id)
        with self.server.client(Authorization=f"Bearer {token}", **headers) as client:
            answer = client.request(method, f"/v2/spaces/{self.space}{path}", json=body)
        assert answer.is_success, answer.text
        return answer

    def use(self, tribe: str) -> None:
        """Have a scenario of the header be for a tribe."""
        self.api("PUT", "/model", MODEL)
        targeted = [{"name": "Spring <b>", "tribes": [tribe], "properties": {"title": "Hello"}}]
        delivery = {"published": ["home"], "scenarios": {"home.hero": {"targeted": targeted}}}
        self.api("PUT", "/environments/staging/delivery", delivery)

    def deeds(self) -> list[str]:
        """What was done, in order."""
        return [action for action, _ in deeds_of(self.server, self.person)]


def new_tribes_site(server: RunningServer) -> TribesSite:
    """A new one, with somebody new."""
    person = someone(server)
    place = TribesSite(server, person, new_space(server, person), signed_in_browser(server, person))
    place.api("PUT", "/tribes", {"tribes": TRIBES})
    place.api("POST", "/environments/staging/users", USERS)
    return place
