"""Rotation of refresh tokens against a plain model of its rules, over any course of events."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from templates_server.features.auth import oauth_store
from templates_server.features.auth.authorization_server import OAuthServer, Reply
from templates_server.features.auth.oauth_request import ProtocolRequest
from templates_server.http.forms.urlencoded import Parameters
from templates_server.primitives.timestamps import DAY, SECOND
from templates_server.security.secrets import SecretKind, hash_secret, new_secret
from tests.server.features.auth.conftest import TimedServer
from tests.server.features.auth.flows import someone

PAUSES = (0, 1, 30 * SECOND - 1, 30 * SECOND, DAY, 29 * DAY, 30 * DAY - 1, 30 * DAY)


@dataclass
class Model:
    """The chain of refresh tokens of one sign-in: when each was made, and when it was exchanged."""

    began: int
    made: list[int]
    exchanged: dict[int, int] = field(default_factory=dict)
    is_alive: bool = True

    def present(self, number: int, now: int) -> int | None:
        """The number of the token that is given back; None for a refusal."""
        if not self.is_alive or now >= min(self.made[number] + 30 * DAY, self.began + 180 * DAY):
            return None
        last = len(self.made) - 1
        if number == last:
            self.exchanged[number] = now
            self.made.append(now)
            return number + 1
        if number == last - 1 and now < self.exchanged[number] + 30 * SECOND:
            return last
        self.is_alive = False
        return None


def begin(timed: TimedServer) -> str:
    """The first refresh token of a sign-in."""
    account_id, now, token = someone(timed.server).account_id, timed.clock.now, new_secret(SecretKind.REFRESH)
    family = oauth_store.new_family(account_id, client_id="mtribes-cli", scopes="code:read", now=now)

    def work(connection: Connection) -> None:
        oauth_store.add_family(connection, family, now=now)
        oauth_store.add_refresh_token(connection, hash_secret(token), family=family, now=now)

    timed.server.database.write_sync(work)
    return token


def exchange(timed: TimedServer, token: str) -> Reply:
    """What the protocol answers to a refresh, now."""
    server = timed.server
    authority = server.app.features.oauth_config
    values = {"grant_type": ["refresh_token"], "client_id": ["mtribes-cli"], "refresh_token": [token]}
    request = ProtocolRequest("POST", f"{authority.issuer}/oauth/token", parameters=Parameters(values))
    return server.database.write_sync(
        lambda connection: OAuthServer(connection, authority, now=timed.clock.now).token(request)
    )


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(PAUSES), st.integers(min_value=0, max_value=2)), max_size=10))
def test_any_course_of_refreshes_goes_as_the_model_says(timed: TimedServer, course: list[tuple[int, int]]) -> None:
    chain = [begin(timed)]
    model = Model(timed.clock.now, [timed.clock.now])
    for pause, steps_back in course:
        timed.clock.pass_by(pause)
        presented = max(0, len(chain) - 1 - steps_back)
        expected = model.present(presented, timed.clock.now)
        reply = exchange(timed, chain[presented])
        assert (reply.status == 200) == (expected is not None), (reply.body, model)
        if expected == len(chain):
            chain.append(reply.body["refresh_token"])
        if expected is not None:
            assert reply.body["refresh_token"] == chain[expected]
    assert len(set(chain)) == len(chain)
