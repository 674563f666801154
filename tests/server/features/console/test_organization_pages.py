"""An organization in the console: Spaces, members, invitations, service accounts, the audit log."""

from __future__ import annotations

import html
import re

import httpx
import pytest
from sqlalchemy import Connection

from templates_server.features.audit import store as audit_store
from templates_server.http.audit_event import AuditEvent
from templates_server.primitives.timestamps import system_clock
from templates_server.security.authorization import Role
from tests.server.features.auth.flows import Browser, Someone, signed_in_browser, someone
from tests.server.features.console.people import colleague, deeds_of, forms_of, new_space, submit, text_of
from tests.servers import RunningServer


@pytest.fixture
def person(server: RunningServer) -> Someone:
    return someone(server)


@pytest.fixture
def browser(server: RunningServer, person: Someone) -> Browser:
    return signed_in_browser(server, person)


@pytest.fixture
def path(person: Someone) -> str:
    return f"/console/organizations/{person.organization}"


def test_a_space_is_created_renamed_and_deleted_with_its_key(
    server: RunningServer, person: Someone, browser: Browser, path: str
) -> None:
    assert "No Spaces yet" in browser.get(path).text
    key = f"{person.organization}-radio"
    made = submit(browser, browser.get(path), path, space_key=key, name="Radio <1>")
    space = f"/console/spaces/{key}"
    assert made.headers["location"] == space
    page = browser.get(space)
    assert f"Space {key} created" in page.text
    assert "The model is empty" in page.text
    submit(browser, page, f"{space}/rename", name="Radio & TV")
    page = browser.get(space)
    assert "<h1>Radio &amp; TV</h1>" in page.text
    assert f"to revision 1, just now by {person.email}" in text_of(page)
    assert "Renamed in the console" in page.text
    assert 'class="badge production">production</span> Nothing is published there.' in page.text
    refused = submit(browser, page, f"{space}/delete", confirmation="radio")
    assert refused.status_code == 422
    assert 'value="Radio &amp; TV"' in refused.text
    assert "Enter the key of the Space to confirm." in refused.text
    gone = submit(browser, page, f"{space}/delete", confirmation=key)
    assert gone.headers["location"] == path
    assert f"Space {key} deleted." in browser.get(path).text
    assert browser.get(space).status_code == 404
    assert [action for action, _ in deeds_of(server, person)] == ["space.create", "space.rename", "space.delete"]


def test_an_organization_is_created_renamed_and_deleted_with_its_key(person: Someone, browser: Browser) -> None:
    listed = "/console/organizations"
    key = f"{person.organization}-labs"
    page = browser.get(listed)
    assert f'href="{listed}/{person.organization}"' in page.text
    for _ in range(2):
        made = submit(browser, page, listed, organization_key=key, name="Labs <1>")
        assert (made.status_code, made.headers["location"]) == (303, f"{listed}/{key}")
    here = f"{listed}/{key}"
    page = browser.get(here)
    assert f"Organization {key} created. You are its administrator." in page.text
    wrong = submit(browser, page, f"{here}/rename", organization_name=" ")
    assert (wrong.status_code, "must not be empty" in wrong.text) == (422, True)
    submit(browser, page, f"{here}/rename", organization_name="Läbs & Co")
    page = browser.get(here)
    assert "<h1>Läbs &amp; Co</h1>" in page.text
    refused = submit(browser, page, f"{here}/delete", confirmation="Läbs & Co")
    assert refused.status_code == 422
    assert "Enter the key of the organization to confirm." in refused.text
    assert 'value="Läbs &amp; Co"' in refused.text
    gone = submit(browser, page, f"{here}/delete", confirmation=key)
    assert (gone.status_code, gone.headers["location"]) == (303, listed)
    page = browser.get(listed)
    assert f"Organization {key} deleted." in page.text
    assert f'href="{here}"' not in page.text
    assert browser.get(here).status_code == 404


def test_an_organization_with_spaces_says_what_to_do_first(
    server: RunningServer, person: Someone, browser: Browser, path: str
) -> None:
    before = browser.get(path)
    space = new_space(server, person)
    page = browser.get(path)
    assert "The organization still has Spaces" in page.text
    assert f"{path}/delete" not in forms_of(page)
    late = submit(browser, before, f"{path}/delete", confirmation=person.organization)
    assert late.status_code == 422
    assert deeds_of(server, person) == []
    assert space in late.text


def test_who_administrates_nothing_is_told_so_and_creates_no_organization(
    server: RunningServer, person: Someone, path: str
) -> None:
    developer = signed_in_browser(server, colleague(server, person, Role.DEVELOPER))
    page = developer.get("/console/organizations")
    assert "Only an administrator of an organization can create another one." in page.text
    assert "/console/organizations" not in forms_of(page)
    shown = developer.get(path)
    assert not {f"{path}/rename", f"{path}/delete"} & set(forms_of(shown))


def test_a_key_of_an_organization_that_is_taken_or_none_is_said_beside_its_field(
    browser: Browser, person: Someone
) -> None:
    listed = "/console/organizations"
    for key, said in ((person.organization, "Choose another key"), ("Not A Key", "is not a valid key")):
        answer = submit(browser, browser.get(listed), listed, organization_key=key, name="My <labs>")
        assert answer.status_code == 422
        found = re.search(r'id="organization_key-problem" role="alert">([^<]+)</p>', answer.text)
        assert found
        assert said in found[1]
        assert 'value="My &lt;labs&gt;"' in answer.text


def test_a_key_that_is_taken_or_none_is_said_beside_its_field(
    server: RunningServer, person: Someone, browser: Browser, path: str
) -> None:
    taken = new_space(server, person)
    for key, said in ((taken, "Choose another key"), ("Not A Key", "is not a valid key")):
        answer = submit(browser, browser.get(path), path, space_key=key, name="My <radio>")
        assert answer.status_code == 422
        found = re.search(r'id="space_key-problem" role="alert">([^<]+)</p>\s*<label for="space_key">', answer.text)
        assert found
        assert said in found[1]
        assert 'value="My &lt;radio&gt;"' in answer.text


def test_members_are_invited_given_another_role_and_removed(
    server: RunningServer, person: Someone, browser: Browser, path: str
) -> None:
    members = f"{path}/members"
    page = browser.get(members)
    made = submit(browser, page, members, email=" new@example.com ", role="developer")
    assert made.status_code == 200
    (link,) = re.findall(r"<code>(http[^<]+/invitation/[^<]+)</code>", made.text)
    assert submit(browser, page, members, email=" new@example.com ", role="developer").text.count(link) == 1
    assert browser.get(link.removeprefix(server.url)).status_code == 200
    page = browser.get(members)
    assert link not in page.text
    (withdraw,) = (action for action in forms_of(page) if action.endswith("/withdraw"))
    submit(browser, page, withdraw)
    assert browser.get(link.removeprefix(server.url)).status_code == 404

    other = colleague(server, person, Role.VIEWER)
    page = browser.get(members)
    assert submit_for(browser, members, "role", other.email, role="developer").status_code == 303
    assert f"{other.email} is now developer." in browser.get(members).text
    assert submit_for(browser, members, "remove", other.email).headers["location"] == members
    assert other.email not in text_of(browser.get(members)).replace(f"{other.email} is no longer a member.", "")
    assert [action for action, _ in deeds_of(server, person)] == [
        "member.invite", "member.uninvite", "member.change", "member.remove",
    ]  # fmt: skip


def submit_for(browser: Browser, members: str, deed: str, email: str, **fields: str) -> httpx.Response:
    """Send the form of a member's row."""
    forms = forms_of(browser.get(members))[f"{members}/{deed}"]
    (own,) = (fields for fields in forms if fields["member"] == email)
    return browser.send("POST", f"{members}/{deed}", fields={**own, **fields})


def test_the_last_administrator_stays_and_is_told_why(browser: Browser, person: Someone, path: str) -> None:
    members = f"{path}/members"
    page = browser.get(members)
    for deed, fields in (("role", {"role": "viewer"}), ("remove", {})):
        answer = submit(browser, page, f"{members}/{deed}", **fields)
        assert answer.status_code == 422
        assert (
            f"{person.email} is the last administrator. Make another member an administrator first."
            in html.unescape(answer.text)
        )


def test_an_invitation_that_is_none_keeps_what_was_typed(browser: Browser, path: str) -> None:
    members = f"{path}/members"
    answer = submit(browser, browser.get(members), members, email="nobody <b>", role="developer")
    assert answer.status_code == 422
    assert "is not an e-mail address" in answer.text
    assert 'value="nobody &lt;b&gt;"' in answer.text
    assert 'value="developer" selected' in answer.text
    wrong = submit(browser, browser.get(members), members, email="a@example.com", role="king")
    assert wrong.status_code == 422
    assert 'id="role-problem"' in wrong.text


def test_a_service_account_s_secret_is_shown_once_and_ends_with_it(
    server: RunningServer, person: Someone, browser: Browser, path: str
) -> None:
    accounts = f"{path}/service-accounts"
    page = browser.get(accounts)
    assert "No service accounts yet" in page.text
    none = submit(browser, page, accounts, name="Nightly")
    assert none.status_code == 422
    assert "Choose at least one." in none.text
    made = submit(browser, page, accounts, name="Nightly", scopes="spaces:read")
    client_id, secret = re.findall(r"<code>((?:svc_|mts_)[0-9A-Za-z]+)</code>", made.text)[:2]
    again = submit(browser, page, accounts, name="Nightly", scopes="spaces:read")
    assert secret in again.text  # the same form, sent twice
    page = browser.get(accounts)
    assert secret not in page.text
    assert page.text.count(f"<code>{client_id}</code>") == 1

    def status() -> int:
        grant = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        with server.client() as client:
            return client.post("/oauth/token", data=grant).status_code

    assert status() == 200
    submit(browser, page, f"{accounts}/{client_id}/revoke")
    assert status() == 401
    actions = [action for action, _ in deeds_of(server, person)]
    assert actions == ["service_account.create", "service_account.revoke"]


def fill_log(server: RunningServer, person: Someone, number: int) -> None:
    """Deeds of two people: the first made a key, all others revoked one."""

    def work(connection: Connection) -> None:
        for at in range(number):
            action = "key.revoke" if at else "key.create"
            deed = AuditEvent(
                person.organization_id, system_clock() + at, "person", "acc", f"<i>{at % 2}</i>", action, f"key_{at}",
                space="vod", environment="production", details={"name": "<b>", "number": at},
            )  # fmt: skip
            audit_store.record(connection, deed)

    server.database.write_sync(work)


def test_the_audit_log_is_filtered_and_leads_to_older_pages(
    server: RunningServer, person: Someone, browser: Browser, path: str
) -> None:
    log = f"{path}/audit"
    assert "No entries yet" in browser.get(log).text
    fill_log(server, person, 60)
    page = browser.get(log)
    assert "&lt;i&gt;1&lt;/i&gt;" in page.text
    assert "<i>" not in page.text
    assert page.text.count("<code>key.revoke</code>") == 50
    (following,) = re.findall(r'rel="next" href="(\?[^"]+)"', page.text)
    assert browser.get(log + html.unescape(following)).text.count("<code>key.create</code>") == 1
    one = browser.get(log, action="key.create")
    assert one.text.count('<th scope="row">') == 1
    assert browser.get(log, action="key", actor="<i>1</i>").text.count('<th scope="row">') == 30
    for missing in ({"action": "ke"}, {"actor": "nobody"}, {"since": "2999-01-01"}):
        assert "No matches" in browser.get(log, **missing).text
    wrong = browser.get(log, since="yesterday", actor="ada")
    assert wrong.status_code == 422
    assert 'id="since-problem"' in wrong.text
    assert 'value="ada"' in wrong.text
