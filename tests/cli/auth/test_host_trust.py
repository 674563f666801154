"""Whose `mtribes.toml` names a server, and which servers get the secrets of the environment."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from tests.cli.cli_runner import CliRunner
from tests.cli.code_stub import TOKEN, CodeStub
from tests.cli.project_runner import Project
from tests.cli.stub_server import Reply, StubServer, data

AS_ROOT = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs to give files away")
STRANGER, CALLER = 54_321, 54_322
TOML = 'organization = "acme"\nspace = "vod"\n[[targets]]\nlanguage = "typescript"\noutput = "src/vod"\n'
SECRETS = (
    {"MTRIBES_TOKEN": TOKEN},
    {"MTRIBES_CLIENT_ID": "svc_1", "MTRIBES_CLIENT_SECRET": "mts_good"},
)
COMMANDS = (
    ("update",),
    ("update", "--check", "--latest"),
    ("update", "--dry-run"),
    ("whoami",),
    ("space", "list"),
    ("setup", "--yes"),
)


@pytest.fixture
def repository(tmp_path: Path, code_stub: CodeStub) -> Project:
    """A checkout of somebody else's, in which this user has never been."""
    root = tmp_path / "project"
    root.mkdir()
    project = Project(root)
    project.write("mtribes.toml", f'host = "{code_stub.url}"\n{TOML}')
    issued = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600}
    code_stub.stub_server.on("POST", "/oauth/token", Reply(200, issued))
    code_stub.stub_server.on("GET", "/v2/spaces", data())
    code_stub.stub_server.on("POST", "/v2/tokens/revoke", Reply(204))
    return project


def no_secret_arrived(stub_server: StubServer) -> None:
    for asked in stub_server.asked:
        said = f"{asked.headers} {asked.body!r}"
        assert not any(secret in said for secrets in SECRETS for secret in secrets.values()), asked


# Secrets of the environment


@pytest.mark.parametrize("secrets", SECRETS)
@pytest.mark.parametrize("argv", COMMANDS)
def test_a_host_that_the_project_alone_names_gets_no_secret(
    repository: Project, code_stub: CodeStub, secrets: dict[str, str], argv: tuple[str, ...]
) -> None:
    repository.environment = dict(secrets)
    outcome = repository.run(*argv)
    assert outcome.exit_code == 4, outcome.err
    assert f"MTRIBES_HOST={code_stub.url}\n" in outcome.err
    assert str(repository.root / "mtribes.toml") in outcome.err
    no_secret_arrived(code_stub.stub_server)
    assert not (repository.root / "src").exists()


@pytest.mark.parametrize("secrets", SECRETS)
def test_the_line_that_is_named_lets_it_through(repository: Project, secrets: dict[str, str]) -> None:
    repository.environment = dict(secrets)
    line = repository.run("update").err.rpartition(" ")[2].strip()
    name, _, value = shlex.split(line)[0].partition("=")
    repository.environment[name] = value
    assert repository.run("update").exit_code == 0


def test_a_flag_or_a_sign_in_names_a_host_as_well(repository: Project, code_stub: CodeStub) -> None:
    assert repository.run("update", "--host", code_stub.url).exit_code == 0
    assert repository.run("update").exit_code == 4
    assert repository.run("login", "--with-token", "--host", code_stub.url, answers=f"{TOKEN}\n").exit_code == 0
    assert repository.run("update").exit_code == 0


def test_setup_with_a_host_names_it_for_later_commands(repository: Project, code_stub: CodeStub) -> None:
    assert repository.run("setup", "--yes", "--host", code_stub.url).exit_code == 0
    assert repository.run("update").exit_code == 0


def test_another_host_of_the_environment_is_no_leave_for_the_projects(repository: Project, code_stub: CodeStub) -> None:
    """The host that is named gets the secret, and the project's gets nothing."""
    repository.environment["MTRIBES_HOST"] = "http://127.0.0.1:9"
    assert repository.run("whoami").exit_code == 75
    assert code_stub.stub_server.asked == []


def test_somebody_at_the_terminal_is_asked_once(repository: Project, code_stub: CodeStub) -> None:
    outcome = repository.run("update", answers="yes\n")
    assert outcome.exit_code == 0, outcome.err
    assert f"  {code_stub.url}\n" in outcome.err
    assert "Send MTRIBES_TOKEN to it? (yes/no) [no]: " in outcome.err
    for answers in (None, ""):
        again = repository.run("update", "--force", answers=answers)
        assert (again.exit_code, "Send" in again.err) == (0, False)
    kept = repository.folders.config / "trusted-hosts.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    repository.write("mtribes.toml", f'host = "{code_stub.url.replace("127.0.0.1", "localhost")}"\n{TOML}')
    assert repository.run("update").exit_code == 4


@pytest.mark.skipif(os.name == "nt", reason="names with line ends are Unix's")
def test_a_folder_of_a_checkout_adds_no_line_to_the_question(repository: Project, code_stub: CodeStub) -> None:
    below = repository.root / "a\n\n  https:\n"
    below.mkdir()
    (below / "mtribes.toml").write_text(f'host = "{code_stub.url}"\n{TOML}')
    outcome = repository.run("-C", below.name, "update", answers="no\n")
    assert outcome.exit_code == 4
    assert (
        f"/a\\n\\n  https:\\n/mtribes.toml specifies a server that you have not used before:\n\n  {code_stub.url}\n"
    ) in (outcome.err)


@pytest.mark.parametrize("answers", ["no\n", "\n"])
def test_a_no_sends_nothing_and_is_not_remembered(repository: Project, code_stub: CodeStub, answers: str) -> None:
    outcome = repository.run("update", answers=answers)
    assert (outcome.exit_code, "MTRIBES_HOST=" in outcome.err) == (4, True)
    no_secret_arrived(code_stub.stub_server)
    assert repository.run("update").exit_code == 4


def test_nobody_is_asked_where_json_is_wanted_or_in_ci(repository: Project) -> None:
    outcome = repository.run("update", "--json", answers="yes\n")
    assert (outcome.exit_code, outcome.envelope["errors"][0]["code"]) == (4, "NO_ACCESS")
    repository.environment["CI"] = "1"
    assert repository.run("update", answers="yes\n").exit_code == 4


@pytest.mark.parametrize("text", ["", "[", '{"hosts": 1}', '{"hosts": [1]}', "[" * 5_000])
def test_damaged_notes_of_hosts_trust_nobody(repository: Project, text: str) -> None:
    repository.folders.config.mkdir()
    (repository.folders.config / "trusted-hosts.json").write_text(text)
    (repository.folders.config / "credentials.json").write_text(text)
    assert repository.run("update").exit_code == 4


def test_looking_offline_asks_nobody(repository: Project, code_stub: CodeStub) -> None:
    assert repository.run("update", "--host", code_stub.url).exit_code == 0
    assert repository.run("update", "--check", "--offline").exit_code == 0


@pytest.mark.parametrize("argv", [("login", "--with-token"), ("token", "revoke", "--stdin")])
def test_a_token_on_stdin_goes_to_no_host_that_the_project_alone_names(
    repository: Project, code_stub: CodeStub, argv: tuple[str, ...]
) -> None:
    repository.environment.clear()
    outcome = repository(*argv, stdin=f"{TOKEN}\n")
    assert (outcome.exit_code, f"MTRIBES_HOST={code_stub.url}\n" in outcome.err) == (4, True)
    no_secret_arrived(code_stub.stub_server)
    repository.environment["MTRIBES_HOST"] = code_stub.url
    assert repository(*argv, stdin=f"{TOKEN}\n").exit_code == 0


def test_a_line_to_paste_runs_nothing(repository: Project) -> None:
    """The address is the repository's choice; a shell gets it as one word."""
    repository.write("mtribes.toml", f'host = "https://evil.example/$(touch,PWNED);`id`"\n{TOML}')
    outcome = repository.run("update")
    line = outcome.err.strip().rpartition(": ")[2]
    assert outcome.exit_code == 4
    assert shlex.split(line) == ["MTRIBES_HOST=https://evil.example/$(touch,PWNED);%60id%60"]
    assert line.startswith("MTRIBES_HOST='")


# Owners


@pytest.fixture
def foreign(repository: Project, code_stub: CodeStub) -> Project:
    """The checkout belongs to somebody else; the user is signed in to the server that it names."""
    repository.environment.clear()
    assert repository("login", "--with-token", "--host", code_stub.url, stdin=f"{TOKEN}\n").exit_code == 0
    code_stub.stub_server.asked.clear()
    os.chown(repository.root / "mtribes.toml", STRANGER, STRANGER)
    return repository


@AS_ROOT
@pytest.mark.parametrize("argv", [*COMMANDS, ("login", "--browser"), ("logout",), ("open",)])
def test_a_project_file_of_somebody_else_sends_nothing(
    foreign: Project, code_stub: CodeStub, argv: tuple[str, ...]
) -> None:
    outcome = foreign.run(*argv)
    assert outcome.exit_code == 1, outcome.err
    assert f"MTRIBES_HOST={code_stub.url}" in outcome.err
    assert f"{foreign.root / 'mtribes.toml'} belongs to another user (user {STRANGER})" in outcome.err
    assert code_stub.stub_server.asked == []


@AS_ROOT
@pytest.mark.parametrize("argv", [("login", "--with-token"), ("token", "revoke", "--stdin")])
def test_a_token_on_stdin_is_not_sent_by_a_file_of_somebody_else(
    foreign: Project, code_stub: CodeStub, argv: tuple[str, ...]
) -> None:
    assert foreign(*argv, stdin=f"{TOKEN}\n").exit_code == 1
    assert code_stub.stub_server.asked == []


@AS_ROOT
def test_nobody_signs_in_by_a_file_of_somebody_else(foreign: Project, code_stub: CodeStub) -> None:
    """At the terminal, where `update` would offer to."""
    foreign.credentials_file.unlink()
    foreign.environment["SSH_TTY"] = "x"
    assert foreign.run("update", answers="").exit_code == 1
    assert foreign.run("login", answers="").exit_code == 1
    assert code_stub.stub_server.asked == []


@AS_ROOT
def test_the_remedy_that_is_named_helps(foreign: Project, code_stub: CodeStub) -> None:
    foreign.environment["MTRIBES_HOST"] = f" {code_stub.url}/ "
    assert foreign.run("update").exit_code == 0
    del foreign.environment["MTRIBES_HOST"]
    assert foreign.run("update", "--host", code_stub.url).exit_code == 0
    assert foreign.run("update", "--host", code_stub.url.replace("127.0.0.1", "localhost")).exit_code == 1
    assert foreign.run("update", "--check", "--offline").exit_code == 0
    assert foreign.run("update", "--check").exit_code == 1
    told = foreign.run("status").out
    assert told.startswith(f"Could not connect to {code_stub.url}: {foreign.root}/mtribes.toml belongs to another user")


@AS_ROOT
def test_another_host_does_not_make_a_project_file_ones_own(foreign: Project, code_stub: CodeStub) -> None:
    """It would still say what is generated, and where."""
    foreign.write("mtribes.toml", f'host = "https://mtribes.invalid"\n{TOML}')
    foreign.environment["MTRIBES_HOST"] = code_stub.url
    assert foreign.run("update").exit_code == 1
    assert code_stub.stub_server.asked == []


@AS_ROOT
def test_a_command_that_needs_nothing_of_the_project_asks_for_no_owner(foreign: Project, code_stub: CodeStub) -> None:
    assert foreign.run("space", "list", "--host", code_stub.url).exit_code == 0


@AS_ROOT
@pytest.mark.parametrize(
    ("owner", "called_by", "exit_code"),
    [
        (0, "", 0),
        (CALLER, str(CALLER), 0),
        (CALLER, f" {CALLER}\n", 0),
        (STRANGER, str(CALLER), 1),
        (CALLER, "", 1),
        (CALLER, "x", 1),
        (CALLER, "9" * 5_000, 1),
    ],
)
def test_files_of_root_and_of_who_called_sudo_are_ones_own(
    foreign: Project, owner: int, called_by: str, exit_code: int
) -> None:
    os.chown(foreign.root / "mtribes.toml", owner, owner)
    foreign.environment["SUDO_UID"] = called_by
    assert foreign.run("update").exit_code == exit_code


@AS_ROOT
def test_a_user_takes_roots_files_for_good_and_believes_no_sudo_of_another(
    foreign: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: CALLER)
    for owner, exit_code in ((0, 0), (CALLER, 0), (STRANGER, 1)):
        os.chown(foreign.root / "mtribes.toml", owner, owner)
        foreign.environment["SUDO_UID"] = str(STRANGER)
        assert foreign.run("update").exit_code == exit_code, owner


@AS_ROOT
def test_a_link_of_somebody_else_is_theirs(foreign: Project) -> None:
    toml = foreign.root / "mtribes.toml"
    toml.rename(foreign.root / "real.toml")
    toml.symlink_to("real.toml")
    os.chown(foreign.root / "real.toml", 0, 0)
    assert foreign.run("update").exit_code == 0
    os.chown(toml, STRANGER, STRANGER, follow_symlinks=False)
    assert foreign.run("update").exit_code == 1


@AS_ROOT
def test_a_project_file_above_is_found_and_not_believed(foreign: Project) -> None:
    """Such as one that somebody put into /tmp."""
    below = foreign.root / "a" / "b"
    below.mkdir(parents=True)
    assert foreign.run("-C", "a/b", "update").exit_code == 1


@AS_ROOT
def test_where_files_have_no_owners_nobody_is_asked(foreign: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtribes_cli.files.bounded_reader.HAS_OWNERS", False)
    assert foreign.run("update").exit_code == 0


# Blank variables


def test_a_blank_variable_is_as_good_as_none(mtribes: CliRunner, stub_server: StubServer) -> None:
    """It is not named as what wins, stripped values are used, and nothing is replaced by it."""
    me: dict[str, object] = {"kind": "person", "email": "ada@example.com", "name": "Ada"}
    me |= {"organizations": [], "scopes": [], "expires": None}
    stub_server.on("GET", "/v2/me", data(me))
    mtribes.environment |= {"MTRIBES_HOST": f"{stub_server.url}\n", "MTRIBES_TOKEN": " \n", "MTRIBES_CLIENT_ID": " "}
    outcome = mtribes("login", "--with-token", stdin="mtp_given")
    assert (outcome.exit_code, outcome.err.count("MTRIBES_TOKEN")) == (0, 0), outcome.err
    assert mtribes("whoami", "--json").envelope["data"]["by"] == "sign-in"
    assert "by MTRIBES_TOKEN" not in mtribes("doctor").out
    mtribes.environment |= {"MTRIBES_CLIENT_ID": " svc_1\n", "MTRIBES_CLIENT_SECRET": "mts_x\r\n"}
    stub_server.on("POST", "/oauth/token", Reply(200, {"access_token": TOKEN, "expires_in": 60}))
    assert mtribes("whoami", "--json").envelope["data"]["by"] == "MTRIBES_CLIENT_ID"
    assert stub_server.asked_for("/oauth/token")[0].form["client_secret"] == "mts_x"
    mtribes.environment["MTRIBES_HOST"] = " "
    assert mtribes("whoami").exit_code == 0


def test_doctor_asks_nothing_and_says_which_variable_to_set(repository: Project, code_stub: CodeStub) -> None:
    metadata = {"issuer": code_stub.url, "authorization_endpoint": f"{code_stub.url}/a", "token_endpoint": "/t"}
    code_stub.stub_server.on("GET", "/.well-known/oauth-authorization-server", Reply(200, metadata))
    outcome = repository.run("doctor", answers="yes\n")
    assert "Send MTRIBES_TOKEN" not in outcome.err
    assert f"MTRIBES_HOST={code_stub.url}" in outcome.out
    no_secret_arrived(code_stub.stub_server)


@pytest.mark.parametrize("named", ["local", "URL"])
def test_the_local_server_of_ones_own_gets_the_token(repository: Project, code_stub: CodeStub, named: str) -> None:
    """As its data folder says; the same address without it is anybody's."""
    repository.write("mtribes.toml", f'host = "{named.replace("URL", code_stub.url)}"\n{TOML}')
    assert repository.run("update").exit_code == (75 if named == "local" else 4)
    repository.folders.server.mkdir()
    (repository.folders.server / "server.json").write_text(f'{{"url": "{code_stub.url}", "pid": 1}}')
    assert repository.run("update").exit_code == 0
