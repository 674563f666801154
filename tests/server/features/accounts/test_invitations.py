"""Invitations: a link that an administrator hands over, and the page behind it, for new people and known ones."""

from __future__ import annotations

import html
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from templates_server.features.accounts import store as accounts_store
from templates_server.features.accounts.invitations import store
from templates_server.features.accounts.invitations.codes import is_well_formed, new_code
from templates_server.primitives.timestamps import DAY, parse_rfc3339, system_clock
from templates_server.security.authorization import Role
from templates_server.security.secrets import hash_secret
from templates_server.storage.tables import accounts, invitations
from tests.people import OF_A_SIGN_IN, Grant, add_token, unique
from tests.server.features.auth.flows import PASSWORD, PASSWORD_HASH, Browser, Someone, signed_in_browser, someone
from tests.servers import RunningServer
from tests.unhandled_exceptions import UNHANDLED

NEW_PASSWORD = "a long enough one"
ABOUT = {"name": "Grace Hopper", "password": NEW_PASSWORD, "repeated": NEW_PASSWORD}


def as_(server: RunningServer, person: Someone) -> httpx.Client:
    """A client that is signed in as the person."""
    return server.client(
        Authorization=f"Bearer {add_token(server.database, OF_A_SIGN_IN, account_id=person.account_id)}"
    )


def new_email() -> str:
    return f"{unique('grace')}@example.com"


def invited(server: RunningServer, boss: Someone, email: str, role: str = "developer") -> dict[str, Any]:
    with as_(server, boss) as client:
        answer = client.post(f"/v2/organizations/{boss.organization}/members", json={"email": email, "role": role})
    assert answer.status_code == 201, answer.text
    assert answer.json()["dataType"] == "invitation"
    created: dict[str, Any] = answer.json()["data"][0]
    return created


def path_of(invitation: dict[str, Any], server: RunningServer) -> str:
    return str(invitation["link"]).removeprefix(server.settings.public_url)


def open_invitations(server: RunningServer, boss: Someone) -> list[dict[str, Any]]:
    with as_(server, boss) as client:
        found: list[dict[str, Any]] = client.get(f"/v2/organizations/{boss.organization}/invitations").json()["data"]
    return found


def members(server: RunningServer, boss: Someone) -> dict[str, str]:
    with as_(server, boss) as client:
        listed = client.get(f"/v2/organizations/{boss.organization}/members").json()["data"]
    return {member["email"]: member["role"] for member in listed}


def accept(server: RunningServer, path: str, browser: Browser | None = None, **fields: str) -> httpx.Response:
    browser = browser or Browser(server)
    page = browser.get(path)
    assert page.status_code == 200, page.text
    return browser.submit(path, page, **(fields or ABOUT))


def is_over(answer: httpx.Response) -> bool:
    return answer.status_code == 404 and "This invitation is no longer valid" in answer.text


# The link


def test_an_invitation_is_a_link_for_seven_days_whose_code_is_kept_as_a_hash(server: RunningServer) -> None:
    boss, email = someone(server), new_email()
    created = invited(server, boss, f" {email.upper()} ")
    assert created["email"] == email
    assert parse_rfc3339(created["expires"]) - parse_rfc3339(created["created"]) == 7 * DAY
    path = path_of(created, server)
    code = path.removeprefix("/invitation/")
    assert (len(code), is_well_formed(code)) == (36, True)
    query = select(invitations).where(invitations.c.id == created["id"])
    (row,) = server.database.read_sync(lambda connection: connection.execute(query).mappings().all())
    assert bytes(row["code_hash"]) == hash_secret(code)
    assert code not in str(dict(row))
    (listed,) = open_invitations(server, boss)
    assert listed == {name: value for name, value in created.items() if name != "link"}


@pytest.mark.parametrize(
    "body",
    [
        {"email": "no address", "role": "viewer"},
        {"email": "a@b", "role": "viewer"},
        {"email": "a@b.example\n", "role": "king"},
        {"email": "x" * 250 + "@b.example", "role": "viewer"},
        {"email": "a@b.example"},
        {"role": "viewer"},
    ],
)
def test_who_is_invited_as_what_must_be_said_rightly(server: RunningServer, body: dict[str, Any]) -> None:
    boss = someone(server)
    with as_(server, boss) as client:
        answer = client.post(f"/v2/organizations/{boss.organization}/members", json=body)
    assert answer.status_code == 422, answer.text


def test_members_are_not_invited_again(server: RunningServer) -> None:
    boss = someone(server)
    with as_(server, boss) as client:
        answer = client.post(
            f"/v2/organizations/{boss.organization}/members", json={"email": boss.email.upper(), "role": "viewer"}
        )
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (409, "email")


def test_a_new_link_takes_the_place_of_the_one_before(server: RunningServer) -> None:
    boss, email = someone(server), new_email()
    first, second = invited(server, boss, email), invited(server, boss, email, "viewer")
    assert [found["id"] for found in open_invitations(server, boss)] == [second["id"]]
    assert is_over(Browser(server).get(path_of(first, server)))
    assert accept(server, path_of(second, server)).status_code == 303
    assert members(server, boss)[email] == "viewer"


def test_a_withdrawn_invitation_opens_nothing(server: RunningServer) -> None:
    boss, stranger = someone(server), someone(server)
    created = invited(server, boss, new_email())
    browser = Browser(server)
    page = browser.get(path_of(created, server))
    with as_(server, stranger) as client:
        for organization in (boss.organization, stranger.organization):
            answer = client.delete(f"/v2/organizations/{organization}/invitations/{created['id']}")
            assert answer.status_code == 404
    with as_(server, boss) as client:
        path = f"/v2/organizations/{boss.organization}/invitations/{created['id']}"
        assert [client.delete(path).status_code for _ in range(2)] == [204, 404]
    assert is_over(browser.submit(path_of(created, server), page, **ABOUT))
    assert open_invitations(server, boss) == []


def test_removing_a_member_takes_their_open_link_with_it(server: RunningServer) -> None:
    boss, ada = someone(server), someone(server)
    path = path_of(invited(server, boss, ada.email), server)
    server.database.write_sync(  # by `mtribes-server account add`, before the link was opened
        lambda connection: accounts_store.add_member(
            connection, boss.organization_id, account_id=ada.account_id, role=Role.VIEWER
        )
    )
    browser = signed_in_browser(server, ada)
    assert browser.get(path).status_code == 200
    with as_(server, boss) as client:
        assert client.delete(f"/v2/organizations/{boss.organization}/members/{ada.email}").status_code == 204
    assert is_over(browser.get(path))


def test_open_invitations_come_in_pages_and_are_bounded(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    boss = someone(server)
    for _ in range(5):
        invited(server, boss, new_email())
    found = []
    with as_(server, boss) as client:
        url = f"/v2/organizations/{boss.organization}/invitations?limit=2"
        while url:
            answer = client.get(url)
            found += [invitation["email"] for invitation in answer.json()["data"]]
            url = httpx.URL(answer.links["next"]["url"]).raw_path.decode() if "next" in answer.links else ""
        assert found == sorted(found)
        assert len(found) == 5
        broken = client.get(f"/v2/organizations/{boss.organization}/invitations", params={"cursor": "eA"})
        assert broken.status_code == 400
        monkeypatch.setattr(store, "MAX_OPEN", 5)
        path = f"/v2/organizations/{boss.organization}/members"
        assert client.post(path, json={"email": new_email(), "role": "viewer"}).status_code == 409


# The page


def test_a_new_person_chooses_name_and_password_and_is_in(server: RunningServer) -> None:
    boss, email = someone(server), new_email()
    path = path_of(invited(server, boss, email), server)
    browser = Browser(server)
    page = browser.get(path)
    assert "Analytical Engines" in page.text
    assert email in page.text
    before = {cookie.value for cookie in browser.cookies.jar}
    answer = browser.submit(path, page, **ABOUT)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert before.isdisjoint({cookie.value for cookie in browser.cookies.jar})
    first_page = browser.get("/").text
    assert "Hello, Grace Hopper" in first_page
    assert "Analytical Engines" in first_page
    assert members(server, boss)[email] == "developer"
    assert open_invitations(server, boss) == []
    other = Browser(server)
    signed = other.submit("/sign-in", other.get("/sign-in"), email=email, password=NEW_PASSWORD)
    assert signed.status_code == 303


def test_a_known_person_signs_in_and_joins(server: RunningServer) -> None:
    boss, ada = someone(server), someone(server)
    path = path_of(invited(server, boss, ada.email, "viewer"), server)
    browser = Browser(server)
    page = browser.get(path)
    assert 'name="password"' not in page.text
    link = re.search(r'href="(/sign-in\?next=[^"]+)"', page.text)
    assert link
    sign_in = browser.get(html.unescape(link[1]))
    assert "Sign in to join" in sign_in.text
    on = browser.submit("/sign-in", sign_in, email=ada.email, password=PASSWORD)
    assert on.headers["location"] == path
    joined = accept(server, path, browser, decision="join")
    assert (joined.status_code, joined.headers["location"]) == (303, "/")
    assert members(server, boss)[ada.email] == "viewer"
    assert is_over(browser.get(path))


def test_nobody_becomes_a_known_person_by_a_password_of_their_own(server: RunningServer) -> None:
    boss, email = someone(server), new_email()
    path = path_of(invited(server, boss, email), server)
    browser = Browser(server)
    page = browser.get(path)
    server.database.write_sync(
        lambda connection: accounts_store.create_account(
            connection, email, name="Grace", password_hash=PASSWORD_HASH, now=system_clock()
        )
    )
    answer = browser.submit(path, page, **ABOUT)
    assert (answer.status_code, answer.headers["location"].startswith("/sign-in?next=")) == (303, True)
    assert email not in members(server, boss)
    other = Browser(server)
    refused = other.submit("/sign-in", other.get("/sign-in"), email=email, password=NEW_PASSWORD)
    assert refused.status_code == 422


def test_who_is_signed_in_as_somebody_else_goes_on_as_who_is_meant(server: RunningServer) -> None:
    boss, email = someone(server), new_email()
    path = path_of(invited(server, boss, email), server)
    browser = signed_in_browser(server, boss)
    page = browser.get(path)
    assert f"You are signed in as {boss.email}" in page.text
    answer = browser.submit(path, page, **ABOUT)
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    assert email not in members(server, boss)
    assert accept(server, path, browser).headers["location"] == "/"
    assert members(server, boss)[email] == "developer"


def test_whoever_is_a_member_by_now_stays_what_they_are(server: RunningServer) -> None:
    boss, email = someone(server), new_email()
    first = invited(server, boss, email, "administrator")
    server.database.write_sync(
        lambda connection: connection.execute(
            invitations.update().where(invitations.c.id == first["id"]).values(email="parked@example.com")
        )
    )
    accept(server, path_of(invited(server, boss, email, "viewer"), server))
    server.database.write_sync(
        lambda connection: connection.execute(
            invitations.update().where(invitations.c.id == first["id"]).values(email=email)
        )
    )
    browser = Browser(server)
    browser.submit("/sign-in", browser.get("/sign-in"), email=email, password=NEW_PASSWORD)
    assert accept(server, path_of(first, server), browser, decision="join").status_code == 303
    assert members(server, boss)[email] == "viewer"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": ""}, "A name must have"),
        ({"name": "x" * 201}, "A name must have"),
        ({"name": "two\nlines"}, "A name must have"),
        ({"password": "short", "repeated": "short"}, "at least 10 characters"),
        ({"password": "aaaaaaaaaaaa", "repeated": "aaaaaaaaaaaa"}, "too easy to guess"),
        ({"password": "grace hopper!", "repeated": "grace hopper!"}, "too easy to guess"),
        ({"password": "x" * 257, "repeated": "x" * 257}, "at most 256 characters"),
        ({"repeated": "something else"}, "The passwords do not match"),
        ({"password": "", "repeated": ""}, "at least 10 characters"),
    ],
)
def test_what_is_wrong_is_said_and_the_link_stays_good(
    server: RunningServer, changes: dict[str, str], told: str
) -> None:
    boss, email = someone(server), new_email()
    path = path_of(invited(server, boss, email), server)
    answer = accept(server, path, None, **{**ABOUT, **changes})
    assert answer.status_code == 422
    assert told in answer.text
    assert NEW_PASSWORD not in answer.text
    assert email not in members(server, boss)
    assert accept(server, path).status_code == 303


def test_whatever_is_typed_as_a_name_is_shown_as_text(server: RunningServer) -> None:
    path = path_of(invited(server, someone(server), new_email()), server)
    answer = accept(server, path, name='"><script>alert(1)</script>', password="short", repeated="short")
    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_every_code_that_opens_nothing_gets_one_page(server: RunningServer) -> None:
    boss = someone(server)
    used, old = (path_of(invited(server, boss, new_email()), server) for _ in range(2))
    accept(server, used)
    expired = invitations.update().where(invitations.c.code_hash == hash_secret(old.rpartition("/")[2]))
    server.database.write_sync(lambda connection: connection.execute(expired.values(expires=system_clock())))
    paths = [used, old, f"/invitation/{new_code()}", "/invitation/x", "/invitation/" + "0" * 36, f"{old}0", old[:-1]]
    answers = [Browser(server).get(path) for path in paths]
    assert all(is_over(answer) for answer in answers)
    assert len({answer.content for answer in answers}) == 1
    assert open_invitations(server, boss) == []


@pytest.mark.slow
def test_one_code_makes_one_member_however_many_try_at_once(server: RunningServer) -> None:
    boss, email = someone(server), new_email()
    path = path_of(invited(server, boss, email), server)
    shown = [(browser := Browser(server), browser.get(path)) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(browser.submit, path, page, **ABOUT) for browser, page in shown]
    answers = [job.result() for job in jobs]
    joined = [answer for answer in answers if answer.headers.get("location") == "/"]
    assert len(joined) == 1
    assert all(is_over(answer) for answer in answers if answer is not joined[0])
    query = select(accounts.c.id).where(accounts.c.email == email)
    assert len(server.database.read_sync(lambda connection: connection.execute(query).all())) == 1


# What must not get out


def test_the_code_leaves_by_no_referer_and_stays_in_no_cache(server: RunningServer) -> None:
    path = path_of(invited(server, someone(server), new_email()), server)
    for answer in (Browser(server).get(path), Browser(server).get("/invitation/x")):
        assert answer.headers["referrer-policy"] == "strict-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert "https://" not in answer.text.replace(server.settings.public_url, "")


def test_a_failure_is_logged_without_the_code(
    server: RunningServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = path_of(invited(server, someone(server), new_email()), server)

    def fail(*_: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(store, "find_open", fail)
    with caplog.at_level(logging.DEBUG):
        assert Browser(server).get(path).status_code == 500
    assert "GET /invitation/{code} failed" in caplog.text
    ours = [record for record in caplog.records if record.name == "templates_server"]
    assert all(path.rpartition("/")[2] not in record.getMessage() for record in ours)
    assert ["broken on purpose" in traceback for traceback in UNHANDLED.take()] == [True]


def test_joining_is_remembered_by_id(server: RunningServer) -> None:
    boss, email = someone(server), new_email()
    created = invited(server, boss, email)
    accept(server, path_of(created, server))
    with as_(server, boss) as client:
        entries = client.get(f"/v2/organizations/{boss.organization}/audit").json()["data"]
    joined, sent = entries
    assert (sent["action"], sent["target"], sent["details"]) == ("member.invite", created["id"], {"role": "developer"})
    assert (joined["action"], joined["actor"]["name"]) == ("member.join", email)
    assert joined["details"] == {"invitation": created["id"], "role": "developer"}
    assert joined["target"] == joined["actor"]["id"]


def test_a_narrow_sign_in_invites_nobody(server: RunningServer) -> None:
    boss = someone(server, role=Role.ADMINISTRATOR)
    token = add_token(server.database, Grant([], kind="access"), account_id=boss.account_id)
    with server.client(Authorization=f"Bearer {token}") as client:
        answer = client.post(
            f"/v2/organizations/{boss.organization}/members", json={"email": new_email(), "role": "viewer"}
        )
    assert answer.status_code == 403
    assert "spaces:write" in answer.headers["www-authenticate"]
