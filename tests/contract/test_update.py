"""`setup`, `update` and `status` with the real command line at the real server, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.project_runner import Project, changes
from tests.contract.people import Signed, open_with
from tests.people import unique
from tests.server.features.auth.flows import signed_in_browser
from tests.servers import RunningServer

MODEL = """\
space: {space}
name: Store 日本
experiences:
  hero:
    name: Hero
    properties:
      title: {{type: text, default: "on"}}
  banner: {{name: Banner}}
collections:
  homepage:
    name: Homepage
    category: Pages
    children:
      top: {{experience: hero}}
      low: {{experience: banner}}
"""


@pytest.fixture
def space(ada: Signed) -> str:
    """The key of a new Space."""
    key = unique("store")
    assert ada.mtribes("space", "create", key, "--org", ada.organization).exit_code == 0
    push(ada, MODEL.format(space=key))
    return key


def push(ada: Signed, model: str) -> None:
    ada.mtribes.write("model.yaml", model)
    pushed = ada.mtribes("space", "push", "model.yaml", "--force")
    assert pushed.exit_code == 0, pushed.err


@pytest.fixture
def project(tmp_path: Path, ada: Signed, server: RunningServer, space: str) -> Project:
    """A folder in which code of the Space has been generated in two languages."""
    root = tmp_path / "project"
    root.mkdir()
    project = Project(root, environment={"MTRIBES_TOKEN": ada.mtribes.environment["MTRIBES_TOKEN"]})
    targets = ("--target", "typescript:src/ts", "--target", "javascript:src/js")
    outcome = project.run("setup", "--host", server.url, "--space", space, *targets, "--json")
    assert outcome.exit_code == 0, outcome.err
    assert set(changes(outcome).values()) == {"added"}
    return project


def test_somebody_who_is_not_signed_in_is_sent_to_the_browser_and_then_asked(
    tmp_path: Path, server: RunningServer, ada: Signed, space: str
) -> None:
    root = tmp_path / "project"
    root.mkdir()
    browser = signed_in_browser(server, ada.person)
    project = Project(root, environment={"DISPLAY": ":0"}, browser=lambda url: open_with(browser, url, "allow"))
    outcome = project.run("setup", "--host", server.url, answers="\n\nno\n")
    assert outcome.exit_code == 0, outcome.err
    assert f"Signed in to {server.url} as {ada.person.email}." in outcome.err
    assert (root / "src/mtspace" / space / "index.ts").exists()
    assert project.run("update", "--check", "--latest").exit_code == 0


def test_what_was_generated_stays_as_it_is_until_the_model_changes(project: Project, ada: Signed, space: str) -> None:
    before = project.files(), project.times()
    for argv in (("update",), ("setup", "--yes"), ("update", "--check", "--latest"), ("status",)):
        outcome = project.run(*argv)
        assert outcome.exit_code == 0, outcome.err
    assert (project.files(), project.times()) == before

    push(ada, MODEL.format(space=space).replace("banner", "poster"))
    assert project.run("update", "--check").exit_code == 0
    latest = project.run("update", "--check", "--latest", "--json")
    assert latest.exit_code == 3
    found = changes(latest)
    assert found["src/ts/experience/banner.ts"] == "orphaned"
    assert found["src/ts/experience/poster.ts"] == "added"
    assert found["src/ts/collection/homepage.ts"] == "changed"
    assert "src/ts/experience/hero.ts" not in found
    assert any(path.startswith("src/js/") for path in found)
    assert "+" in project.run("update", "--diff").out

    outcome = project.run("update", "--json")
    assert outcome.exit_code == 0, outcome.err
    assert changes(outcome) == found
    assert project.run("update", "--check", "--latest").exit_code == 0
    assert f"Space {space}, revision 2" in project.run("status").out


def test_an_old_revision_gives_the_old_bytes_back(project: Project, ada: Signed, space: str) -> None:
    first = project.files()
    push(ada, MODEL.format(space=space).replace("Hero", "Heroine"))
    assert project.run("update").exit_code == 0
    assert project.files() != first
    assert project.run("update", "--revision", "1").exit_code == 0
    assert project.files() == first
    assert project.run("update", "--revision", "99").exit_code == 1


def test_a_language_that_the_server_does_not_speak_and_a_space_that_is_not_there_write_nothing(
    project: Project, space: str
) -> None:
    before = project.files()
    toml = before["mtribes.toml"].decode()
    for changed in (toml.replace(f'"{space}"', '"nothing"'), toml + '\n[targets.options]\npackage = "a.b"\n'):
        (project.root / "mtribes.toml").write_text(changed)
        assert project.run("update").exit_code in (1, 2)
    (project.root / "mtribes.toml").write_text(toml)
    assert project.files() == before
