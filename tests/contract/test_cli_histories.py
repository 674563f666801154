"""Histories, differences and restoring, with the real command line at the real server."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.contract.people import Signed
from tests.people import unique

MODEL = """\
space: {space}
experiences: {{hero: {{properties: {{title: {{type: text}}}}}}}}
collections: {{home: {{children: {{top: {{experience: hero}}}}}}}}
"""
TRIBES = "space: {space}\ntribes: {{gold: {{filters: [{{tag: gold}}]}}, silver: {{filters: [{{tag: silver}}]}}}}\n"
FIRST = """\
space: {space}
environment: staging
scenarios:
  home.top:
    default: {{properties: {{title: Hello}}}}
    targeted: [{{name: Spring, tribes: [gold], properties: {{title: Spring}}}}]
"""
HOSTILE = "<b>'\"; DROP TABLE \N{RIGHT-TO-LEFT OVERRIDE}日本 %00 &note=x#"


@pytest.fixture
def space(ada: Signed) -> str:
    """The key of a Space with a model, two tribes, and a delivery in staging, each with a note."""
    key, mtribes = unique("store"), ada.mtribes
    assert mtribes("space", "create", key, "--org", ada.organization).exit_code == 0
    for file, text in (("m.yaml", MODEL), ("t.yaml", TRIBES), ("d.yaml", FIRST)):
        mtribes.write(file, text.format(space=key))
    done(ada, "space", "push", "m.yaml", "--note", "The model")
    done(ada, "tribe", "push", "t.yaml", "--note", "Two tribes")
    done(ada, "env", "push", "d.yaml", "--env", "staging", "--note", HOSTILE)
    return key


def done(ada: Signed, *argv: str) -> Any:
    outcome = ada.mtribes(*argv, "--json")
    assert outcome.exit_code == 0, outcome.out
    return outcome.envelope["data"]


def test_histories_tell_who_changed_what_and_why(ada: Signed, space: str) -> None:
    staging = ("--space", space, "--env", "staging")
    done(ada, "env", "publish", "home", *staging, "--note", "Live")
    done(ada, "env", "unpublish", "home", *staging)
    done(ada, "tribe", "delete", "silver", "--space", space, "--note", "Unused")
    listed = {
        "model": done(ada, "space", "history", space),
        "tribes": done(ada, "tribe", "history", "--space", space),
        "delivery": done(ada, "env", "history", *staging),
    }
    assert {what: [(each["revision"], each["note"]) for each in found] for what, found in listed.items()} == {
        "model": [(1, "The model")],
        "tribes": [(2, "Unused"), (1, "Two tribes")],
        "delivery": [(3, None), (2, "Live"), (1, HOSTILE)],
    }
    author = listed["model"][0]["author"]
    assert all(each["author"] == author for found in listed.values() for each in found)
    assert author["kind"] == "person"
    assert "@example.com" in author["name"]
    lines = ada.mtribes("env", "history", *staging).out.splitlines()
    assert re.fullmatch(r"2 +\d{4}-\d\d-\d\d \d\d:\d\d  \S+ +Live", lines[2])
    assert "\\u202e" in "".join(lines[3:])
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in "".join(lines)


def test_a_history_longer_than_a_page_of_the_server_is_listed_whole(ada: Signed, space: str) -> None:
    staging = ("--space", space, "--env", "staging")
    for number in range(4):
        done(ada, "env", "unpublish" if number % 2 else "publish", "home", *staging)
    found = done(ada, "env", "history", *staging, "--limit", "3")
    assert [each["revision"] for each in found] == [5, 4, 3]


def test_differences_of_revisions_and_of_environments(ada: Signed, space: str) -> None:
    staging = ("--space", space, "--env", "staging")
    done(ada, "env", "publish", "home", *staging)
    out = ada.mtribes("env", "diff", *staging).out
    assert out == f"staging of {space}, from revision 1 to revision 2: 1 change.\npublished    home\n"
    first = ada.mtribes("env", "diff", *staging, "--from", "0", "--to", "1").out
    assert 'added        home.top  "default"\n' in first
    assert '  properties.title: nothing -> "Spring"\n' in first
    said = f"From production (revision 0) to staging (revision 2) of {space}: 3 changes.\n"
    assert ada.mtribes("env", "diff", *staging, "--from", "production").out.startswith(said)
    assert ada.mtribes("env", "diff", *staging, "--to", "staging", "--from", "2").out.endswith(": no differences.\n")
    wrong = ada.mtribes("env", "diff", *staging, "--from", "prod", "--to", "9")
    assert wrong.exit_code == 2
    assert 'from: "prod" is not a revision, or one of production, staging and development' in wrong.err


def test_a_revision_is_restored_and_pulled_by_its_number(ada: Signed, space: str) -> None:
    staging = ("--space", space, "--env", "staging")
    old = ada.mtribes("env", "pull", *staging).out
    done(ada, "env", "push", "d.yaml", "--env", "staging", "--force")
    ada.mtribes.write("e.yaml", f"space: {space}\nenvironment: staging\n")
    done(ada, "env", "push", "e.yaml", "--env", "staging", "--force")
    assert ada.mtribes("env", "pull", *staging).out != old
    restored = done(ada, "env", "restore", "1", *staging, "--note", "Back")
    assert restored == {"space": space, "environment": "staging", "restored": 1, "revision": 3, "changed": True}
    assert ada.mtribes("env", "pull", *staging).out == old.replace("revision: 1", "revision: 3")
    assert ada.mtribes("env", "pull", *staging, "--revision", "1").out == old
    done(ada, "tribe", "delete", "silver", "--space", space)
    assert "silver" in ada.mtribes("tribe", "pull", "--space", space, "--revision", "1").out
    assert "silver" not in ada.mtribes("tribe", "pull", "--space", space).out


def test_a_revision_that_needs_what_is_gone_is_not_restored(ada: Signed, space: str) -> None:
    staging = ("--space", space, "--env", "staging")
    ada.mtribes.write("e.yaml", f"space: {space}\nenvironment: staging\n")
    done(ada, "env", "push", "e.yaml", "--env", "staging", "--force")
    done(ada, "tribe", "delete", "gold", "--space", space)
    ada.mtribes.write("m.yaml", f"space: {space}\nexperiences: {{}}\ncollections: {{}}\n")
    done(ada, "space", "push", "m.yaml", "--force")
    refused = ada.mtribes("env", "restore", "1", *staging)
    assert refused.exit_code == 2
    assert "  scenarios.home.top: is not an entity of this Space\n" in refused.err
    missing = ada.mtribes("env", "restore", "9", *staging)
    assert missing.exit_code == 2
    assert "  revision: staging has no revision 9: the newest is 2\n" in missing.err
    assert len(done(ada, "env", "history", *staging)) == 2


@pytest.mark.parametrize("note", ["n" * 201, "two\nlines"])
def test_a_note_that_breaks_rules_changes_nothing(ada: Signed, space: str, note: str) -> None:
    refused = ada.mtribes("env", "publish", "home", "--space", space, "--env", "staging", "--note", note)
    assert refused.exit_code == 2
    assert "  note: " in refused.err
    assert len(done(ada, "env", "history", "--space", space, "--env", "staging")) == 1
