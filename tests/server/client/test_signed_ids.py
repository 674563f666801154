"""Environments that take signed user ids only: what every call must carry there, and who may see the secret."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from templates_server.security.authorization import Role, Scope
from templates_server.security.user_signatures import sign
from templates_server.storage import tables
from tests.manual import code_blocks, page_text
from tests.people import FULL, Grant, Organization, add_organization, add_person, add_space
from tests.requirements import require_node
from tests.server.client.app_of_tests import DEVICE
from tests.servers import RunningServer

CALLS = ["identify", "alias", "devices", "events", "sessions"]


class Signing:
    """A Space whose administrator requires signed ids, and an app of its production."""

    def __init__(self, server: RunningServer, person: Any, administrator: httpx.Client, app: httpx.Client) -> None:
        self.server, self.person, self.administrator, self.app = server, person, administrator, app
        self.space = ""

    @property
    def path(self) -> str:
        return f"/v2/spaces/{self.space}/environments/production/signed-ids"

    def put(self, **wanted: bool) -> dict[str, Any]:
        answer = self.administrator.put(self.path, json=wanted)
        assert answer.status_code == 200, answer.text
        (told,) = answer.json()["data"]
        return dict(told)

    def say(self, what: str, **more: Any) -> httpx.Response:
        body = {"name": "a/b", **DEVICE, "anonymous_id": "v", "external_id": "u-é", **more}
        return self.app.post(f"/api/client/{what}", json=[body] if what == "events" else body)


@pytest.fixture
def signing(server: RunningServer) -> Iterator[Signing]:
    person = add_person(server.database, add_organization(server.database))
    space = add_space(server, person)
    with person.client(server) as administrator:
        path = f"/v2/spaces/{space}/environments/production/keys"
        key = administrator.post(path, json={"name": "tests"}).json()["data"][0]["key"]
        with server.client(Authorization=f"Bearer {key}") as app:
            found = Signing(server, person, administrator, app)
            found.space = space
            yield found


def signed(secret: str, user_id: str = "u-é") -> str:
    """What the manual says that a back end does."""
    return hmac.new(secret.encode(), user_id.encode(), hashlib.sha256).hexdigest()


def test_ids_need_no_signature_unless_it_is_asked_for(signing: Signing) -> None:
    told = signing.administrator.get(signing.path).json()
    assert (told["dataType"], told["data"][0]["required"]) == ("signed_ids", False)
    assert all(signing.say(what).is_success for what in CALLS)
    assert all(signing.say(what, user_signature="whatever").is_success for what in CALLS)


@pytest.mark.parametrize("what", CALLS)
def test_where_signed_ids_are_required_every_call_that_states_a_user_carries_one(signing: Signing, what: str) -> None:
    secret = signing.put(required=True)["secret"]
    place = "[0].user_signature" if what == "events" else "user_signature"
    wrong = [signed(secret, "another"), signed("another secret"), signed(secret).upper(), "", "é", signed(secret)[:-1]]
    for signature in (None, *wrong):
        answer = signing.say(what, user_signature=signature)
        assert answer.status_code == 422
        assert [error["path"] for error in answer.json()["errors"]] == [place]
        assert secret not in answer.text
    assert signing.say(what, user_signature=signed(secret)).is_success


@pytest.mark.parametrize("what", ["identify", "devices", "events", "sessions"])
def test_a_visitor_needs_none(signing: Signing, what: str) -> None:
    signing.put(required=True)
    assert signing.say(what, external_id=None).is_success


def test_every_unsigned_event_is_named_and_none_is_stored(signing: Signing) -> None:
    secret = signing.put(required=True)["secret"]
    unsigned = {"name": "a/b", "external_id": "u"}
    good = {**unsigned, "user_signature": signed(secret, "u")}
    answer = signing.app.post("/api/client/events", json=[good, unsigned, good, {**unsigned, "data": 7}])
    found = [error["path"] for error in answer.json()["errors"]]
    assert found == ["[1].user_signature", "[3].data", "[3].user_signature"]
    persons = tables.persons
    query = select(persons).where(persons.c.environment_id == _environment_id(signing))
    assert signing.server.database.read_sync(lambda connection: connection.execute(query).all()) == []


def test_another_secret_ends_the_signatures_of_the_one_before(signing: Signing) -> None:
    before = signing.put(required=True)["secret"]
    after = signing.put(required=True, rotate=True)["secret"]
    assert before != after
    assert signing.say("identify", user_signature=signed(before)).status_code == 422
    assert signing.say("identify", user_signature=signed(after)).is_success


def test_no_secret_that_was_replaced_comes_back(signing: Signing) -> None:
    steps = ((True, False), (True, True), (False, False), (False, True), (True, False), (True, True))
    secrets = [signing.put(required=required, rotate=rotate)["secret"] for required, rotate in steps]
    assert secrets[1] == secrets[2]
    assert secrets[3] == secrets[4]
    assert len(set(secrets)) == 4


def test_turned_off_nobody_needs_a_signature_and_the_secret_stays_as_it_was(signing: Signing) -> None:
    secret = signing.put(required=True, rotate=True)["secret"]
    assert signing.put(required=False) == {"required": False, "secret": secret}
    assert signing.say("identify").is_success
    assert signing.administrator.get(signing.path).json()["data"] == [{"required": False, "secret": secret}]


def test_every_environment_has_a_secret_of_its_own(signing: Signing) -> None:
    paths = [signing.path.replace("production", name) for name in ("development", "staging", "production")]
    assert len({signing.administrator.get(path).json()["data"][0]["secret"] for path in paths}) == 3


def test_the_secret_is_for_administrators_and_developers_with_the_scope_to_write(signing: Signing) -> None:
    organization: Organization = signing.person.organization
    database = signing.server.database
    narrow = Grant(scopes=set(FULL.scopes) - {Scope.SPACES_WRITE})
    expected = {
        add_person(database, organization, role=Role.DEVELOPER).token: 200,
        add_person(database, organization, role=Role.VIEWER).token: 403,
        add_person(database, organization, grant=narrow).token: 403,
    }
    for token, status in expected.items():
        with signing.server.client(Authorization=f"Bearer {token}") as client:
            answers = (client.get(signing.path), client.put(signing.path, json={"required": False}))
        assert [answer.status_code for answer in answers] == [status, status]
        assert status == 200 or "secret" not in answers[0].json()["data"]
    assert signing.app.get(signing.path).status_code == 403


def test_a_change_is_remembered_without_the_secret_and_none_is_where_nothing_changed(signing: Signing) -> None:
    secret = signing.put(required=True)["secret"]
    signing.put(required=True)
    signing.put(required=True, rotate=True)
    audit = tables.audit_entries
    query = select(audit).where(audit.c.action == "signing.change", audit.c.space == signing.space)
    rows = signing.server.database.read_sync(lambda connection: connection.execute(query.order_by(audit.c.id)).all())
    assert sorted(json.loads(row.details)["rotated"] for row in rows) == [False, True]
    assert all(row.target == _environment_id(signing) and secret not in str(row) for row in rows)


def sample(language: str) -> str:
    """The manual's code in a language that signs an id."""
    [found] = code_blocks(page_text("guides/signed-ids"), language)
    return found


@pytest.mark.parametrize("user_id", ["u1", "ada@example.com", "日本-é"])
def test_the_samples_of_the_manual_sign_as_the_server_does(user_id: str) -> None:
    secret = "0123456789abcdef" * 4
    python = f"{sample('python')}\nprint(user_signature({secret!r}, {user_id!r}))"
    node = f"{sample('js')}\nconsole.log(userSignature({secret!r}, {user_id!r}));"
    commands = ([sys.executable, "-c", python], [require_node(), "--input-type=module", "-e", node])
    signed_by = [subprocess.run(command, capture_output=True, check=True, text=True).stdout for command in commands]
    assert [text.strip() for text in signed_by] == [sign(secret, user_id)] * 2


def _environment_id(signing: Signing) -> str:
    query = (
        select(tables.environments.c.id)
        .join(tables.spaces)
        .where(tables.spaces.c.key == signing.space, tables.environments.c.name == "production")
    )
    return str(signing.server.database.read_sync(lambda connection: connection.execute(query).scalar_one()))
