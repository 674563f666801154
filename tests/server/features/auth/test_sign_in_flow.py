"""From the command line's request to its tokens, as a person goes through it in a browser."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from tests.server.features.auth.flows import (
    REDIRECT,
    Browser,
    answered,
    authorization,
    redeem,
    someone,
)
from tests.servers import RunningServer


def test_a_person_signs_in_consents_and_the_command_line_acts_for_them(server: RunningServer) -> None:
    person = someone(server)
    browser = Browser(server)
    path = f"/oauth/authorize?{urlencode(authorization())}"

    to_sign_in = browser.get(path)
    assert to_sign_in.status_code == 303
    page = browser.get(to_sign_in.headers["location"])
    back = browser.submit("/sign-in", page, email=person.email, password="correct horse battery")
    assert (back.status_code, back.headers["location"]) == (303, path)

    consent = browser.get(path)
    assert "the mtribes command line" in consent.text
    assert person.email in consent.text
    redirect = browser.submit(path, consent, decision="allow")
    assert redirect.status_code == 303
    assert redirect.headers["location"].startswith(REDIRECT + "?")
    parameters = answered(redirect.headers["location"])
    assert parameters.keys() == {"code", "state", "iss"}
    assert (parameters["state"], parameters["iss"]) == ("some state", server.settings.public_url)

    tokens = redeem(server, parameters["code"]).json()
    assert tokens.keys() == {"access_token", "refresh_token", "expires_in", "token_type", "scope"}
    with server.client(Authorization=f"Bearer {tokens['access_token']}") as client:
        me = client.get("/v2/me").json()
    assert me["dataType"] == "me"
    assert me["data"][0]["email"] == person.email
    assert me["data"][0]["kind"] == "person"
    assert me["data"][0]["organizations"] == [{"key": person.organization, "role": "administrator"}]
    assert urlsplit(redirect.headers["location"]).hostname == "127.0.0.1"
