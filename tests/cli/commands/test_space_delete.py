"""`mtribes space delete`: asks for the key of the Space, unless a script says --yes."""

from __future__ import annotations

import pytest

from tests.cli.cli_runner import CliRunner
from tests.cli.stub_server import Reply, StubServer, data, refusal

RADIO = {"id": "spc_1", "key": "radio", "name": "Radio", "organization": "acme", "revision": 3}


@pytest.fixture
def space(stub_server: StubServer) -> StubServer:
    """A server with the Space."""
    stub_server.on("GET", "/v2/spaces/radio", data(RADIO))
    stub_server.on("DELETE", "/v2/spaces/spc_1", Reply(204))
    return stub_server


def deleted(stub_server: StubServer) -> bool:
    return any(asked.method == "DELETE" for asked in stub_server.asked)


def test_the_typed_key_deletes_it(user: CliRunner, space: StubServer) -> None:
    outcome = user("space", "delete", "radio", stdin="radio\n", terminal=True)
    assert (outcome.exit_code, outcome.out.replace("\r", "")) == (0, "Deleted radio.\n")
    assert (
        "This permanently deletes the Space radio (Radio) of acme: its model, tribes, deliveries and keys"
    ) in outcome.err
    assert deleted(space)


@pytest.mark.parametrize("typed", ["yes", "Radio", "radi"])
def test_another_answer_deletes_nothing(user: CliRunner, space: StubServer, typed: str) -> None:
    outcome = user("space", "delete", "radio", stdin=f"{typed}\n", terminal=True)
    assert outcome.exit_code == 130
    assert f"{typed!r} is not radio. Nothing was deleted." in outcome.err
    assert not deleted(space)


def test_the_end_of_the_input_deletes_nothing(user: CliRunner, space: StubServer) -> None:
    assert user("space", "delete", "radio", terminal=True).exit_code == 130
    assert not deleted(space)


def test_a_script_says_yes(user: CliRunner, space: StubServer) -> None:
    assert user("space", "delete", "radio").exit_code == 2
    assert user("space", "delete", "radio", "--json").exit_code == 2
    assert not deleted(space)
    outcome = user("space", "delete", "radio", "--yes", "--json")
    assert outcome.envelope["data"] == {"space": "radio", "id": "spc_1", "deleted": True}


def test_who_may_not_is_told_so(user: CliRunner, space: StubServer) -> None:
    space.on(
        "DELETE",
        "/v2/spaces/spc_1",
        refusal(403, {"code": "FORBIDDEN", "message": "This needs the scope spaces:write."}),
    )
    outcome = user("space", "delete", "radio", "--yes")
    assert outcome.exit_code == 4
    assert "This needs the scope spaces:write." in outcome.err


def test_a_space_that_is_not_there_is_not_asked_about(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", "/v2/spaces/nowhere", refusal(404, {"code": "NOT_FOUND", "message": "Not found."}))
    outcome = user("space", "delete", "nowhere", stdin="nowhere\n", terminal=True)
    assert outcome.exit_code == 1
    assert "Type the key" not in outcome.err
