"""`mtribes org` and `mtribes space`: what is sent, what is shown, and the files in between."""

from __future__ import annotations

import json

import pytest

from tests.cli.cli_runner import CliRunner
from tests.cli.stub_server import Reply, StubServer, data, refusal

SPACE = {
    "id": "spc_1",
    "key": "vod",
    "name": "VOD store",
    "organization": "acme",
    "revision": 3,
    "created": "2026-11-21T00:00:00Z",
    "updated": None,
}
MODEL = "/v2/spaces/vod/model"
DIFF = "/v2/spaces/vod/model/diff"
YAML = {"Content-Type": "application/yaml; charset=utf-8"}
DOCUMENT = "# ours\nspace: vod\nname: 日本 on\nrevision: 3  # pulled\nexperiences: {}\n"
PUSHED = {"revision": 4, "code_hash": "abc", "changed": True}


def test_organizations_are_listed(user: CliRunner, stub_server: StubServer) -> None:
    acme = {"id": "org_1", "key": "acme", "name": "Acme", "role": "administrator", "created": None}
    stub_server.on("GET", "/v2/organizations", data(acme))
    assert user("org", "list").out == "KEY   NAME  ROLE\nacme  Acme  administrator\n"
    assert user("org", "list", "--json").envelope["data"] == [acme]


def test_spaces_are_listed_with_all_that_is_known_under_json(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", "/v2/spaces", data(SPACE))
    assert user("space", "list").out.splitlines()[1] == "vod  VOD store  acme          3"
    assert user("space", "list", "--json").envelope["data"] == [SPACE]


def test_a_space_is_renamed_with_a_note(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("PATCH", "/v2/spaces/vod", data({**SPACE, "name": "Läden"}))
    outcome = user("space", "rename", "vod", "Läden", "--note", "New brand")
    assert (outcome.exit_code, outcome.out) == (0, "Space vod is now called Läden. Its model is at revision 3.\n")
    assert (json.loads(stub_server.asked[0].body), stub_server.asked[0].query) == ({"name": "Läden"}, "note=New+brand")
    assert user("space", "rename", "vod", "Läden", "--json").envelope["data"] == {**SPACE, "name": "Läden"}
    assert stub_server.asked[1].query == ""


def test_a_space_is_shown_and_the_project_says_which(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", "/v2/spaces/vod", data(SPACE))
    user.write("mtribes.toml", f'host = "{stub_server.url}"\norganization = "acme"\nspace = "vod"\n')
    assert user("space", "show", "--json").envelope["data"] == SPACE
    assert "VOD store" in user("space", "show", "vod").out


def test_which_space_is_meant_must_be_said(user: CliRunner, stub_server: StubServer) -> None:
    outcome = user("space", "show")
    assert outcome.exit_code == 2
    assert "--space" in outcome.err
    assert stub_server.asked == []


@pytest.mark.parametrize("key", ["..", ".", ""])
def test_a_key_that_would_change_the_path_is_not_sent(user: CliRunner, stub_server: StubServer, key: str) -> None:
    assert user("space", "show", key).exit_code == 2
    assert stub_server.asked == []


def test_a_key_of_any_characters_stays_one_part_of_the_path(user: CliRunner, stub_server: StubServer) -> None:
    user("space", "show", "a/b?c#d é")
    assert stub_server.asked[0].path == "/v2/spaces/a%2Fb%3Fc%23d%20%C3%A9"
    assert stub_server.asked[0].query == ""


def test_a_space_is_created(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("POST", "/v2/organizations/acme/spaces", data(SPACE, status=201))
    outcome = user("space", "create", "vod", "--org", "acme", "--name", "VOD store")
    assert outcome.out == "Created vod in acme.\n"
    assert json.loads(stub_server.asked[0].body) == {"key": "vod", "name": "VOD store"}


def test_a_model_is_pulled_to_stdout_as_the_server_wrote_it(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", MODEL, Reply(200, DOCUMENT.encode(), YAML))
    outcome = user("space", "pull", "vod", "--revision", "2")
    assert outcome.out == DOCUMENT
    assert stub_server.asked[0].headers["accept"] == "application/yaml"
    assert stub_server.asked[0].query == "revision=2"


def test_a_model_is_pulled_to_a_file_whole_and_in_place(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", MODEL, Reply(200, DOCUMENT.encode(), YAML))
    real = user.write("real.yaml", "old")
    real.chmod(0o640)
    (user.home / "vod.yaml").symlink_to(real)
    outcome = user("space", "pull", "vod", "--output", "vod.yaml", "--json")
    assert outcome.envelope["data"] == {"file": "vod.yaml"}
    assert real.read_text(encoding="utf-8") == DOCUMENT
    assert real.stat().st_mode & 0o777 == 0o640
    assert (user.home / "vod.yaml").is_symlink()


@pytest.mark.parametrize(("output", "flags"), [("vod.json", []), ("vod.txt", ["--format", "json"])])
def test_a_model_is_pulled_as_json_by_extension_or_by_wish(
    user: CliRunner, stub_server: StubServer, output: str, flags: list[str]
) -> None:
    stub_server.on("GET", MODEL, data({"space": "vod", "name": "日本", "revision": 3}))
    assert user("space", "pull", "vod", "--output", output, *flags).exit_code == 0
    assert (user.home / output).read_text("utf-8") == '{\n  "space": "vod",\n  "name": "日本",\n  "revision": 3\n}\n'


def test_under_json_a_pulled_model_is_the_data(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", MODEL, data({"space": "vod", "revision": 3}))
    assert user("space", "pull", "vod", "--json").envelope["data"] == {"space": "vod", "revision": 3}


def test_a_file_that_cannot_be_written_is_told_by_its_name(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", MODEL, Reply(200, DOCUMENT.encode(), YAML))
    outcome = user("space", "pull", "vod", "--output", "nowhere/vod.yaml")
    assert outcome.exit_code == 1
    assert "nowhere/vod.yaml cannot be written" in outcome.err


def test_a_write_that_fails_leaves_nothing_behind(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", MODEL, Reply(200, DOCUMENT.encode(), YAML))
    (user.home / "folder").mkdir()
    assert user("space", "pull", "vod", "--output", "folder").exit_code == 1
    assert [path.name for path in user.home.iterdir()] == ["folder"]


def test_a_web_page_in_place_of_a_model_is_told(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("GET", MODEL, Reply(200, b"<html>", {"Content-Type": "text/html"}))
    outcome = user("space", "pull", "vod")
    assert outcome.exit_code == 1
    assert "text/html" in outcome.err
    assert outcome.out == ""


def test_a_model_is_pushed_to_the_space_that_it_names(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("PUT", MODEL, data(PUSHED))
    user.write("vod.yaml", DOCUMENT)
    outcome = user("space", "push", "vod.yaml", "--json")
    assert outcome.envelope["data"] == {"space": "vod", **PUSHED}
    assert stub_server.asked[0].headers["content-type"] == "application/yaml"
    assert "if-match" not in stub_server.asked[0].headers
    assert stub_server.asked[0].body.decode() == DOCUMENT


def test_a_pushed_file_is_given_its_new_revision_and_nothing_else(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("PUT", MODEL, data(PUSHED))
    file = user.write("vod.yaml", DOCUMENT)
    outcome = user("space", "push", "vod.yaml")
    assert file.read_text("utf-8") == DOCUMENT.replace("revision: 3", "revision: 4")
    assert "Updated vod.yaml to revision 4" in outcome.err
    assert outcome.out == "vod is at revision 4.\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("vod.json", '{"space": "vod", "revision": 3}'),
        ("vod.yaml", "{space: vod, revision: 3}"),
        ("vod.yaml", 'space: vod\nname: |\n  x\n"revision": 3\n'),
    ],
)
def test_a_revision_that_does_not_stand_alone_is_left_and_that_is_said(
    user: CliRunner, stub_server: StubServer, name: str, text: str
) -> None:
    stub_server.on("PUT", MODEL, data(PUSHED))
    file = user.write(name, text)
    outcome = user("space", "push", name)
    assert outcome.exit_code == 0
    assert file.read_text() == text
    assert "Pull before you push again" in outcome.err


def test_force_overrides_whoever_was_faster(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("PUT", MODEL, data(PUSHED))
    user.write("vod.yaml", DOCUMENT)
    user("space", "push", "vod.yaml", "--force")
    assert stub_server.asked[0].headers["if-match"] == "*"


def test_a_push_that_is_too_late_says_what_to_do(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("PUT", MODEL, Reply(412))
    file = user.write("vod.yaml", DOCUMENT)
    outcome = user("space", "push", "vod.yaml")
    assert outcome.exit_code == 1
    assert "Pull" in outcome.err
    assert "--force" in outcome.err
    assert file.read_text("utf-8") == DOCUMENT


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("name", ["vod.yaml", "vod.json"])
def test_a_document_that_windows_programs_wrote_is_pushed(
    user: CliRunner, stub_server: StubServer, name: str, encoding: str
) -> None:
    stub_server.on("PUT", MODEL, data(PUSHED))
    text = DOCUMENT if name == "vod.yaml" else '{"space": "vod", "name": "日本"}'
    (user.home / name).write_bytes(text.encode(encoding))
    outcome = user("space", "push", name)
    assert outcome.exit_code == 0, outcome.err
    assert stub_server.asked[0].body.decode() == text
    noted = text.replace("revision: 3", "revision: 4")
    assert (user.home / name).read_bytes() == noted.encode(encoding)
    assert "still has a different revision" not in outcome.err


def test_a_document_in_no_encoding_is_told(user: CliRunner) -> None:
    for content in (b"space: vod\nname: Z\xfcrich\n", "\ufeffspace: vod\nname: ".encode("utf-16-le") + b"\x00\xd8"):
        (user.home / "vod.yaml").write_bytes(content)
        outcome = user("space", "push", "vod.yaml")
        assert (outcome.exit_code, "Save it as UTF-8." in outcome.err) == (2, True)


@pytest.mark.parametrize(
    ("text", "content_type"),
    [
        ("space: vod\n", "application/yaml"),
        ('{"space": "vod"}', "application/json"),
        ("\ufeffspace: vod\n", "application/yaml"),
    ],
)
def test_a_document_may_come_from_stdin(user: CliRunner, stub_server: StubServer, text: str, content_type: str) -> None:
    stub_server.on("PUT", MODEL, data(PUSHED))
    assert user("space", "push", "-", stdin=text).exit_code == 0
    assert stub_server.asked[0].headers["content-type"] == content_type


def test_the_flag_wins_over_the_space_that_a_document_names(user: CliRunner, stub_server: StubServer) -> None:
    stub_server.on("PUT", "/v2/spaces/sports/model", data(PUSHED))
    user.write("vod.yaml", DOCUMENT)
    assert user("space", "push", "vod.yaml", "--space", "sports").exit_code == 0


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.yaml", b"\xff", "not valid UTF-8"),
        ("a.yaml", b"a: [", "line "),
        ("a.yaml", b"ok: 1\n\tb: 2\n", "line 2"),
        ("a.yaml", b"- a\n", "is not a valid document"),
        ("a.yaml", b"", "is not a valid document"),
        ("a.yaml", b"a: 1\n---\nb: 2\n", "expected a single document"),
        ("a.json", b"{", "line 1"),
        ("a.json", b"[" * 100_000, "too deep"),
        ("a.yaml", b"x: \x00", "is not valid YAML"),
    ],
)
def test_a_file_that_is_no_document_is_told_before_anything_is_sent(
    user: CliRunner, stub_server: StubServer, name: str, content: bytes, told: str
) -> None:
    (user.home / name).write_bytes(content)
    outcome = user("space", "push", name)
    assert outcome.exit_code == 2
    assert told in outcome.err
    assert stub_server.asked == []


def test_a_folder_in_place_of_a_file_is_told(user: CliRunner, stub_server: StubServer) -> None:
    outcome = user("space", "push", ".")
    assert outcome.exit_code == 1
    assert "cannot be read" in outcome.err
    assert stub_server.asked == []


@pytest.mark.parametrize("verb", ["push", "validate", "diff"])
def test_every_fault_of_a_model_is_listed_by_its_path(user: CliRunner, stub_server: StubServer, verb: str) -> None:
    faults = [{"code": "VALIDATION_ERROR", "message": f"wrong {n}", "path": f"experiences.e{n}"} for n in range(20)]
    stub_server.on("PUT", MODEL, refusal(422, *faults))
    stub_server.on("POST", DIFF, refusal(422, *faults))
    user.write("vod.yaml", DOCUMENT)
    outcome = user("space", verb, "vod.yaml")
    assert outcome.exit_code == 2
    assert [line for line in outcome.err.splitlines() if line.startswith("  ")] == [
        f"  experiences.e{n}: wrong {n}" for n in range(20)
    ]
    errors = user("space", verb, "vod.yaml", "--json").envelope["errors"]
    assert [(error["code"], error["message"], error["path"]) for error in errors] == [
        (fault["code"], fault["message"], fault["path"]) for fault in faults
    ]


def _difference(path: str, *, breaking: bool) -> dict[str, object]:
    identifiers = [{"language": "typescript", "before": "titleIds", "after": None if breaking else "titleIds"}]
    kind = "removed" if breaking else "added"
    return {"path": path, "kind": kind, "breaking": breaking, "identifiers": identifiers}


def test_a_difference_that_breaks_ends_with_3_and_names_what_breaks(user: CliRunner, stub_server: StubServer) -> None:
    changes = [_difference("experiences.hero", breaking=True), _difference("experiences.new", breaking=False)]
    stub_server.on("POST", DIFF, data({"revision": 3, "breaking": True, "changes": changes}))
    user.write("vod.yaml", DOCUMENT)
    outcome = user("space", "diff", "vod.yaml")
    assert outcome.exit_code == 3
    assert "removed   experiences.hero  (breaks)" in outcome.out
    assert "typescript: titleIds -> nothing" in outcome.out
    envelope = user("space", "diff", "vod.yaml", "--json").envelope
    assert envelope["status"] == "partial"
    assert envelope["data"] == {"space": "vod", "revision": 3, "breaking": True, "changes": changes}
    assert [error["path"] for error in envelope["errors"]] == ["experiences.hero"]


def test_a_difference_that_breaks_nothing_ends_well(user: CliRunner, stub_server: StubServer) -> None:
    changes = [_difference("experiences.new", breaking=False)]
    stub_server.on("POST", DIFF, data({"revision": 3, "breaking": False, "changes": changes}))
    user.write("vod.yaml", DOCUMENT)
    assert user("space", "diff", "vod.yaml").exit_code == 0
    outcome = user("space", "validate", "vod.yaml")
    assert outcome.out == "vod.yaml is valid. Compared with revision 3 of vod: 1 change, none breaking.\n"
