"""What may be sent once: twice, two readers could take different ones, so that neither is taken."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.environments import add_environment
from tests.people import add_organization, add_person
from tests.servers import RunningServer

BODY = json.dumps([{"name": "a/b", "anonymous_id": "v"}]).encode()


@pytest.mark.parametrize(
    ("name", "values", "body"),
    [
        ("Content-Type", ("application/json", "text/plain"), BODY),
        ("Content-Encoding", ("identity", "gzip"), BODY),
        ("content-ENCODING", ("gzip", "identity"), gzip.compress(BODY, mtime=0)),
        ("Authorization", ("Bearer {key}", "Bearer pk_another"), BODY),
        ("Origin", ("https://a.example.com", "https://b.example.com"), BODY),
        ("Content-Digest", ("sha-256=:AA==:", "sha-256=:AA==:"), BODY),
    ],
    ids=["type", "encoding", "encoding, packed", "credentials", "origin", "digest"],
)
def test_a_header_that_may_stand_once_is_refused_twice(
    server: RunningServer, name: str, values: tuple[str, ...], body: bytes
) -> None:
    key = add_environment(server.database).key
    usual = {"Authorization": "Bearer {key}", "Content-Type": "application/json"}
    others = [header for header in usual.items() if header[0].lower() != name.lower()]

    def status_with(*sent: str) -> tuple[int, str]:
        headers = [(each, value.format(key=key)) for each, value in (*others, *((name, value) for value in sent))]
        answer = client.post("/api/client/events", content=body, headers=headers)
        return answer.status_code, answer.text

    with server.client() as client:
        assert status_with(values[0])[0] == 204
        status, text = status_with(*values)
    assert (status, f"`{name.lower()}`" in text) == (400, True)


def test_headers_that_are_lists_may_be_repeated(server: RunningServer) -> None:
    person = add_person(server.database, add_organization(server.database))
    with person.client(server) as client:
        lists = [("Accept", "application/json"), ("Accept", "*/*"), ("If-None-Match", '"a"'), ("If-None-Match", '"b"')]
        assert client.get("/v2/spaces", headers=lists).status_code == 200
