"""A gateway that loses the answers of a real server: the real command line asks again, and it was done once."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.cli.stub_server import ReceivedRequest, Reply, StubServer, refusal, serving_stub
from tests.contract.people import Signed
from tests.people import unique
from tests.servers import RunningServer

PASSED_ON = ("authorization", "content-type", "idempotency-key", "accept")


@pytest.fixture
def gateway(ada: Signed) -> Iterator[StubServer]:
    with serving_stub() as stub_server:
        ada.mtribes.environment["MTRIBES_HOST"] = stub_server.url
        yield stub_server


def passed_on(server: RunningServer, asked: ReceivedRequest) -> Reply:
    """What the server answers."""
    headers = {name: asked.headers[name] for name in PASSED_ON if name in asked.headers}
    with server.client(**headers) as client:
        answer = client.request(asked.method, asked.path, content=asked.body)
    return Reply(answer.status_code, answer.content, {"Content-Type": answer.headers["content-type"]})


def lose_once(gateway: StubServer, server: RunningServer, path: str) -> list[Reply]:
    """Lose the first answer to a POST; what the server said, every time."""
    said: list[Reply] = []

    def answer(asked: ReceivedRequest) -> Reply:
        said.append(passed_on(server, asked))
        return refusal(504) if len(said) == 1 else said[-1]

    gateway.on("POST", path, answer)
    return said


def test_a_space_whose_creation_was_in_doubt_is_there_once(
    ada: Signed, server: RunningServer, gateway: StubServer
) -> None:
    key = unique("store")
    said = lose_once(gateway, server, f"/v2/organizations/{ada.organization}/spaces")
    created = ada.mtribes("space", "create", key, "--org", ada.organization, "--json")
    assert (created.exit_code, created.envelope["data"]["key"]) == (0, key)
    assert [reply.status for reply in said] == [201, 201]
    assert said[0].body == said[1].body
    assert urlsplit(gateway.url).netloc != urlsplit(server.url).netloc


def test_a_key_whose_creation_was_in_doubt_is_there_once(
    ada: Signed, server: RunningServer, gateway: StubServer
) -> None:
    space = unique("store")
    token = ada.mtribes.environment["MTRIBES_TOKEN"]
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {token}"}, trust_env=False) as client:
        client.post(f"/v2/organizations/{ada.organization}/spaces", json={"key": space}).raise_for_status()
        path = f"/v2/spaces/{space}/environments/production/keys"
        said = lose_once(gateway, server, path)
        created = ada.mtribes("env", "key", "create", "--name", "web", "--space", space, "--env", "production")
        assert created.exit_code == 0, created.err
        (key,) = client.get(path).json()["data"]
    assert created.out.strip() == key["key"]
    assert len(said) == 2
