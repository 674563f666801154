"""A 404 is told by kind and name of what was asked for, with the command that lists that kind there."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.cli.cli_runner import CliRunner
from tests.cli.stub_server import Reply, StubServer, data, refusal

NOTHING = refusal(404, {"code": "NOT_FOUND", "message": "Not found, or you don't have access.", "path": ""})
IN_SPACE = ("--space", "vod")
IN_ENVIRONMENT = (*IN_SPACE, "--environment", "production")
IN_ORGANIZATION = ("--organization", "acme")
SPACE = "/v2/spaces/vod"
ENVIRONMENT = f"{SPACE}/environments/production"
ORGANIZATION = "/v2/organizations/acme"
PRODUCTION = "--space vod --environment production"


@dataclass(frozen=True)
class Case:
    """A command, the request of it that is answered with 404, where that is, and what is told."""

    words: tuple[str, ...]
    method: str
    path: str
    around: str
    what: str
    hint: str

    @property
    def label(self) -> str:
        """What pytest calls it."""
        return " ".join(self.words[:3])


CASES = (
    Case(
        ("user", "get", "nobody", *IN_ENVIRONMENT),
        "GET",
        f"{ENVIRONMENT}/users/nobody",
        ENVIRONMENT,
        "No user 'nobody' in production of vod.",
        f"`mtribes user search TEXT {PRODUCTION}`",
    ),
    Case(
        ("user", "tag", "nobody", "vip", *IN_ENVIRONMENT),
        "PUT",
        f"{ENVIRONMENT}/users/nobody/tags/vip",
        ENVIRONMENT,
        "No user 'nobody' in production of vod.",
        f"`mtribes user search TEXT {PRODUCTION}`",
    ),
    Case(
        ("visitor", "get", "a-1", *IN_ENVIRONMENT),
        "GET",
        f"{ENVIRONMENT}/visitors/a-1",
        ENVIRONMENT,
        "No visitor 'a-1' in production of vod.",
        f"`mtribes visitor list {PRODUCTION}`",
    ),
    Case(
        ("tag", "delete", "vip", *IN_ENVIRONMENT, "--yes"),
        "DELETE",
        f"{ENVIRONMENT}/user-tags/vip",
        ENVIRONMENT,
        "No tag 'vip' in production of vod.",
        f"`mtribes tag list {PRODUCTION}`",
    ),
    Case(
        ("env", "key", "revoke", "pk_x", *IN_ENVIRONMENT),
        "DELETE",
        f"{ENVIRONMENT}/keys/pk_x",
        ENVIRONMENT,
        "No environment key 'pk_x' in production of vod.",
        f"`mtribes env key list {PRODUCTION}`",
    ),
    Case(
        ("tribe", "count", "gold", *IN_ENVIRONMENT),
        "GET",
        f"{ENVIRONMENT}/tribes/gold/count",
        ENVIRONMENT,
        "No tribe 'gold' in vod.",
        "`mtribes tribe list --space vod`",
    ),
    Case(
        ("tribe", "delete", "gold", *IN_SPACE),
        "DELETE",
        f"{SPACE}/tribes/gold",
        SPACE,
        "No tribe 'gold' in vod.",
        "`mtribes tribe list --space vod`",
    ),
    Case(
        ("tribe", "explain", "gold", "--user", "nobody", *IN_ENVIRONMENT),
        "GET",
        f"{ENVIRONMENT}/tribes/gold/explanation",
        f"{SPACE}/tribes/gold",
        "No user 'nobody' in production of vod.",
        f"`mtribes user search TEXT {PRODUCTION}`",
    ),
    Case(
        ("tribe", "pull", *IN_SPACE, "--revision", "7"),
        "GET",
        f"{SPACE}/tribes",
        SPACE,
        "No revision 7 of the tribes of vod.",
        "`mtribes tribe history --space vod`",
    ),
    Case(
        ("space", "pull", "vod", "--revision", "7"),
        "GET",
        f"{SPACE}/model",
        SPACE,
        "No revision 7 of the model of vod.",
        "`mtribes space history vod`",
    ),
    Case(
        ("env", "pull", *IN_ENVIRONMENT, "--revision", "7"),
        "GET",
        f"{ENVIRONMENT}/delivery",
        ENVIRONMENT,
        "No revision 7 of the delivery of production of vod.",
        f"`mtribes env history {PRODUCTION}`",
    ),
    Case(
        ("org", "member", "set-role", "x@example.com", "viewer", *IN_ORGANIZATION),
        "PATCH",
        f"{ORGANIZATION}/members/x@example.com",
        ORGANIZATION,
        "No member 'x@example.com' in acme.",
        "`mtribes org member list --organization acme`",
    ),
    Case(
        ("org", "service-account", "revoke", "svc_1", *IN_ORGANIZATION, "--yes"),
        "DELETE",
        f"{ORGANIZATION}/service-accounts/svc_1",
        ORGANIZATION,
        "No service account 'svc_1' in acme.",
        "`mtribes org service-account list --organization acme`",
    ),
)
ALONE = (
    Case(
        ("space", "show", "vodd"),
        "GET",
        "/v2/spaces/vodd",
        "",
        "No Space 'vodd', or you don't have access.",
        "`mtribes space list`",
    ),
    Case(
        ("org", "rename", "acmee", "Acme"),
        "PATCH",
        "/v2/organizations/acmee",
        "",
        "No organization 'acmee', or you don't have access.",
        "`mtribes org list`",
    ),
    Case(
        ("token", "revoke", "tok_1", "--yes"),
        "DELETE",
        "/v2/tokens/tok_1",
        "",
        "No token 'tok_1', or you don't have access.",
        "`mtribes token list`",
    ),
)


def told(user: CliRunner, words: tuple[str, ...]) -> tuple[str, str]:
    """Run a command that fails with 404; what it says under --json, and its hint."""
    outcome = user(*words, "--json")
    assert outcome.exit_code == 1, outcome.out
    (error,) = outcome.envelope["errors"]
    assert error["code"] == "NOT_FOUND"
    return str(error["message"]), str(error["hint"])


@pytest.mark.parametrize("case", [*CASES, *ALONE], ids=lambda case: case.label)
def test_what_is_not_there_is_told_by_kind_and_name(user: CliRunner, stub_server: StubServer, case: Case) -> None:
    stub_server.on(case.method, case.path.replace("@", "%40"), NOTHING)
    if case.around:
        stub_server.on("GET", case.around, data({}))
    what, hint = told(user, case.words)
    assert what == case.what
    assert case.hint in hint


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_what_it_belongs_to_is_told_where_that_is_not_there(
    user: CliRunner, stub_server: StubServer, case: Case
) -> None:
    for path in (case.path.replace("@", "%40"), f"{SPACE}/tribes/gold", ENVIRONMENT, SPACE, ORGANIZATION):
        stub_server.on(case.method, path, NOTHING)
        stub_server.on("GET", path, NOTHING)
    what, hint = told(user, case.words)
    expected = "organization 'acme'" if case.around == ORGANIZATION else "Space 'vod'"
    assert what == f"No {expected}, or you don't have access."
    assert ("`mtribes org list`" if case.around == ORGANIZATION else "`mtribes space list`") in hint


def test_an_environment_that_is_none_is_told_with_those_that_there_are(
    user: CliRunner, stub_server: StubServer
) -> None:
    stub_server.on("GET", f"{SPACE}/environments/prod/users/nobody", NOTHING)
    stub_server.on("GET", f"{SPACE}/environments/prod", NOTHING)
    stub_server.on("GET", SPACE, data({}))
    what, hint = told(user, ("user", "get", "nobody", *IN_SPACE, "--environment", "prod"))
    assert what == "No environment 'prod' in vod."
    assert hint == "Choose production, staging or development."


@pytest.mark.parametrize(
    ("status", "doubt"),
    [(200, ""), (403, ""), (500, ", or you don't have access"), (503, ", or you don't have access")],
)
def test_what_may_be_out_of_reach_is_told_with_that_doubt(
    user: CliRunner, stub_server: StubServer, status: int, doubt: str
) -> None:
    stub_server.on("GET", f"{ENVIRONMENT}/users/nobody", NOTHING)
    stub_server.on("GET", ENVIRONMENT, data({}) if status == 200 else Reply(status))
    what, _ = told(user, ("user", "get", "nobody", *IN_ENVIRONMENT))
    assert what == f"No user 'nobody' in production of vod{doubt}."
    assert len(stub_server.asked_for(ENVIRONMENT)) == 1


def test_the_servers_own_words_say_that_nothing_else_is_missing(user: CliRunner, stub_server: StubServer) -> None:
    words = refusal(404, {"code": "NOT_FOUND", "message": "No revision 7 of the model.", "path": ""})
    stub_server.on("GET", f"{SPACE}/model", words)
    assert told(user, ("space", "pull", "vod", "--revision", "7"))[0] == "No revision 7 of the model of vod."
    assert [asked.path for asked in stub_server.asked] == [f"{SPACE}/model"]


def test_a_name_that_a_shell_would_read_is_quoted_in_the_hint(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", "/v2/spaces/a%20b/tribes/x", NOTHING)
    stub_server.on("GET", "/v2/spaces/a%20b", data({}))
    what, hint = told(user, ("tribe", "show", "x", "--space", "a b"))
    assert what == "No tribe 'x' in a b."
    assert "`mtribes tribe list --space 'a b'`" in hint


@pytest.mark.parametrize("kind", ["import", "export"])
def test_an_import_and_an_export_are_told_with_how_to_start_another(
    user: CliRunner, stub_server: StubServer, kind: str
) -> None:
    user.write("users.csv", "user_id\nada\n")
    answer = stub_server.answer

    def nothing_but_a_beginning(asked: object) -> Reply:
        return NOTHING if getattr(asked, "path", "").startswith(f"{ENVIRONMENT}/imports/") else answer(asked)  # type: ignore[arg-type]

    stub_server.answer = nothing_but_a_beginning  # type: ignore[method-assign]
    stub_server.on("POST", f"{ENVIRONMENT}/events/exports", data({"export": "exp_1", "state": "running"}))
    stub_server.on("GET", f"{ENVIRONMENT}/exports/exp_1", NOTHING)
    if kind == "import":
        what, hint = told(user, ("user", "ingest", "users.csv", *IN_ENVIRONMENT))
        assert what.startswith("No import 'imp_")
        assert "`mtribes user ingest`" in hint
    else:
        outcome = user("event", "export", "--output", "events.ndjson", *IN_ENVIRONMENT)
        assert outcome.exit_code == 1
        assert "The export is no longer on the server. Starting a new export." in outcome.err
