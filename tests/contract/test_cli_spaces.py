"""Spaces, environments and keys with the real command line at the real server."""

from __future__ import annotations

import json

import pytest

from tests.contract.people import Signed
from tests.people import unique

MODEL = """\
# The store.
space: {space}
name: Store 日本
experiences:
  hero:
    name: Hero
    properties:
      title: {{type: text, default: "on"}}
      title-ids: {{type: list}}
sections:
  body: {{name: Body, supports: [hero]}}
collections:
  homepage:
    name: Homepage
    category: Pages
    children:
      top: {{experience: hero}}
      body: {{section: body}}
"""


@pytest.fixture
def space(ada: Signed) -> str:
    """The key of a new Space whose model is MODEL; the file `model.yaml` has it, as it was pulled."""
    key = unique("store")
    mtribes = ada.mtribes
    assert mtribes("space", "create", key, "--org", ada.organization).exit_code == 0
    mtribes.write("model.yaml", MODEL.format(space=key))
    pushed = mtribes("space", "push", "model.yaml", "--json")
    assert pushed.exit_code == 0, pushed.out
    assert pushed.envelope["data"]["revision"] == 1
    assert mtribes("space", "pull", key, "--output", "model.yaml").exit_code == 0
    return key


def _edit(ada: Signed, old: str, new: str, file: str = "model.yaml") -> None:
    path = ada.mtribes.home / file
    text = path.read_text("utf-8")
    assert old in text, text
    path.write_text(text.replace(old, new), "utf-8")


def test_a_new_space_is_listed_and_shown(ada: Signed, space: str) -> None:
    assert [one["key"] for one in ada.mtribes("space", "list", "--json").envelope["data"]] == [space]
    shown = ada.mtribes("space", "show", space, "--json").envelope["data"]
    assert (shown["organization"], shown["revision"]) == (ada.organization, 1)


def test_a_space_is_renamed_and_its_model_has_the_new_name(ada: Signed, space: str) -> None:
    renamed = ada.mtribes("space", "rename", space, "Läden <1>", "--note", "New brand")
    assert (renamed.exit_code, renamed.err) == (0, "")
    assert renamed.out == f"Space {space} is now called Läden <1>. Its model is at revision 2.\n"
    assert 'name: "Läden <1>"' in ada.mtribes("space", "pull", space).out
    [newest, _] = ada.mtribes("space", "history", space, "--json").envelope["data"]
    assert newest["note"] == "New brand"
    bad = ada.mtribes("space", "rename", space, " ")
    assert (bad.exit_code, "must not be empty" in bad.err) == (2, True)
    assert ada.mtribes("space", "rename", "nowhere", "x").exit_code == 1


def test_a_space_cannot_be_created_twice_or_under_a_bad_key(ada: Signed, space: str) -> None:
    assert ada.mtribes("space", "create", space, "--org", ada.organization).exit_code == 1
    bad = ada.mtribes("space", "create", "Bad Key", "--org", ada.organization)
    assert bad.exit_code == 2
    assert "key" in bad.err


def test_what_is_pulled_can_be_pushed_back_and_changes_nothing(ada: Signed, space: str) -> None:
    outcome = ada.mtribes("space", "push", "model.yaml", "--json")
    assert outcome.exit_code == 0
    assert (outcome.envelope["data"]["changed"], outcome.envelope["data"]["revision"]) == (False, 1)
    assert ada.mtribes("space", "pull", space).out == (ada.mtribes.home / "model.yaml").read_text("utf-8")


def test_a_pulled_model_is_edited_and_pushed_again_and_again(ada: Signed, space: str) -> None:
    for revision, name in enumerate(("Second", "Third"), start=2):
        _edit(ada, "name: Hero" if revision == 2 else "name: Second", f"name: {name}")
        outcome = ada.mtribes("space", "push", "model.yaml")
        assert outcome.out == f"{space} is at revision {revision}.\n", outcome.err
    first = ada.mtribes("space", "pull", space, "--revision", "1", "--json").envelope["data"]
    assert first["experiences"]["hero"]["name"] == "Hero"


def test_a_model_goes_there_and_back_as_json(ada: Signed, space: str) -> None:
    assert ada.mtribes("space", "pull", space, "--output", "model.json").exit_code == 0
    document = json.loads((ada.mtribes.home / "model.json").read_text("utf-8"))
    assert document["experiences"]["hero"]["properties"]["title"]["default"] == "on"
    document["name"] = "Renamed"
    outcome = ada.mtribes("space", "push", "-", "--json", stdin=json.dumps(document))
    assert outcome.envelope["data"]["changed"] is True


def test_somebody_who_was_faster_is_not_overwritten_without_force(ada: Signed, space: str) -> None:
    (ada.mtribes.home / "other.yaml").write_bytes((ada.mtribes.home / "model.yaml").read_bytes())
    _edit(ada, "name: Hero", "name: Faster", "other.yaml")
    assert ada.mtribes("space", "push", "other.yaml").exit_code == 0
    _edit(ada, "name: Hero", "name: Slower")
    late = ada.mtribes("space", "push", "model.yaml")
    assert late.exit_code == 1
    assert "--force" in late.err
    assert "Faster" in ada.mtribes("space", "pull", space).out
    assert ada.mtribes("space", "push", "model.yaml", "--force").exit_code == 0
    assert "Slower" in ada.mtribes("space", "pull", space).out


SAID = """\
events:
  video/completed:
    metadata:
      title: {type: text, required: true}
      genre: {type: select, options: [Drama, Football]}
fields:
  cart-total: {type: number}
"""


def test_events_and_fields_are_validated_compared_pushed_and_pulled(ada: Signed, space: str) -> None:
    path = ada.mtribes.home / "model.yaml"
    path.write_text(path.read_text("utf-8") + SAID, "utf-8")
    assert "2 changes, none breaking" in ada.mtribes("space", "validate", "model.yaml").out
    assert ada.mtribes("space", "push", "model.yaml").exit_code == 0
    assert ada.mtribes("space", "pull", space, "--output", "model.yaml").exit_code == 0
    assert "  video/completed:\n" in path.read_text("utf-8")
    assert ada.mtribes("space", "push", "model.yaml", "--json").envelope["data"]["changed"] is False
    _edit(ada, "type: number", "type: text")
    _edit(ada, "Football]", "Sport]")
    compared = ada.mtribes("space", "diff", "model.yaml")
    assert compared.exit_code == 3
    assert "retyped   fields.cart-total  (breaks)\n          typescript: cart-total -> cart-total\n" in compared.out
    assert 'removed   events."video/completed".metadata.genre.options.Football  (breaks)\n' in compared.out
    assert 'added     events."video/completed".metadata.genre.options.Sport\n' in compared.out


def test_faults_of_events_and_fields_are_listed_by_path(ada: Signed, space: str) -> None:
    path = ada.mtribes.home / "model.yaml"
    faults = SAID.replace("title:", "pair1:").replace("cart-total", "cartTotal").replace("video/completed", "completed")
    path.write_text(path.read_text("utf-8") + faults + "  age: {type: date}\n", "utf-8")
    outcome = ada.mtribes("space", "validate", "model.yaml")
    assert outcome.exit_code == 2
    for place in ("events.completed", "fields.cartTotal", "fields.age.type"):
        assert place in outcome.err
    assert ada.mtribes("space", "show", space, "--json").envelope["data"]["revision"] == 1


def test_twenty_faults_are_listed_by_path_and_nothing_is_stored(ada: Signed, space: str) -> None:
    faults = "".join(f"  bad-{n}: {{name: Bad, properties: {{p: {{type: nonsense-{n}}}}}}}\n" for n in range(20))
    _edit(ada, "experiences:\n", f"experiences:\n{faults}")
    for verb in ("push", "validate", "diff"):
        outcome = ada.mtribes("space", verb, "model.yaml", "--json")
        assert outcome.exit_code == 2
        assert {error["path"] for error in outcome.envelope["errors"]} == {
            f"experiences.bad-{n}.properties.p.type" for n in range(20)
        }
    assert ada.mtribes("space", "show", space, "--json").envelope["data"]["revision"] == 1


@pytest.mark.usefixtures("space")
def test_of_many_faults_a_hundred_are_listed_and_the_rest_counted(ada: Signed) -> None:
    faults = "".join(f"  bad-{n}: {{name: Bad, properties: {{p: {{type: nonsense-{n}}}}}}}\n" for n in range(1100))
    _edit(ada, "experiences:\n", f"experiences:\n{faults}")
    outcome = ada.mtribes("space", "push", "model.yaml")
    lines = outcome.err.splitlines()
    assert outcome.exit_code == 2
    assert lines[0] == "error: The server found more than 100 problems."
    assert len([line for line in lines if line.startswith("  experiences.bad-")]) == 100
    assert lines[101] == "  And 1,000 more problems."


def test_what_breaks_code_is_named_per_language_and_ends_with_3(ada: Signed, space: str) -> None:
    _edit(ada, "title-ids:", "titles:")
    outcome = ada.mtribes("space", "diff", "model.yaml")
    assert outcome.exit_code == 3
    assert "experiences.hero.properties.title-ids" in outcome.out
    assert "titleIds" in outcome.out
    assert "typescript" in outcome.out
    assert ada.mtribes("space", "validate", "model.yaml").exit_code == 0
    assert ada.mtribes("space", "show", space, "--json").envelope["data"]["revision"] == 1


def test_what_is_of_somebody_else_is_not_there(ada: Signed) -> None:
    outcome = ada.mtribes("space", "show", unique("nobodys"))
    assert outcome.exit_code == 1


# Environments

DELIVERY = """\
space: {space}
environment: staging
published: [homepage]
scenarios:
  homepage.top:
    default: {{enabled: true, properties: {{title: Hello}}}}
"""


def test_a_delivery_is_pushed_pulled_and_pushed_again(ada: Signed, space: str) -> None:
    mtribes = ada.mtribes
    mtribes.write("staging.yaml", DELIVERY.format(space=space))
    pushed = mtribes("env", "push", "staging.yaml", "--env", "staging", "--force")
    assert pushed.exit_code == 0, pushed.err
    pull = ("env", "pull", "--space", space, "--env", "staging")
    assert mtribes(*pull, "--output", "staging.yaml").exit_code == 0
    delivered = mtribes(*pull, "--json").envelope["data"]
    assert delivered["published"] == ["homepage"]
    assert delivered["scenarios"]["homepage.top"]["default"]["properties"] == {"title": "Hello"}
    _edit(ada, "Hello", "Bonjour", "staging.yaml")
    assert mtribes("env", "push", "staging.yaml", "--env", "staging").exit_code == 0
    assert "Bonjour" in mtribes(*pull).out


def test_a_delivery_that_does_not_fit_the_model_is_listed_by_path(ada: Signed, space: str) -> None:
    bad = DELIVERY.format(space=space).replace("title: Hello", "title: 7, nothing: x").replace("[homepage]", "[none]")
    ada.mtribes.write("staging.yaml", bad)
    outcome = ada.mtribes("env", "push", "staging.yaml", "--env", "staging", "--force", "--json")
    assert outcome.exit_code == 2
    assert len(outcome.envelope["errors"]) >= 3


def test_collections_go_live_and_off_again(ada: Signed, space: str) -> None:
    place = ("--space", space, "--env", "production")
    assert ada.mtribes("env", "publish", "homepage", *place, "--json").envelope["data"]["published"] == ["homepage"]
    listed = ada.mtribes("env", "list", "--space", space, "--json").envelope["data"]
    assert {one["name"]: one["published"] for one in listed}["production"] == ["homepage"]
    assert {one["name"] for one in listed} == {"development", "staging", "production"}
    assert ada.mtribes("env", "unpublish", "homepage", *place).out == "Live in production: nothing.\n"
    assert ada.mtribes("env", "publish", "no-such", *place).exit_code == 2


def test_keys_are_created_listed_and_revoked(ada: Signed, space: str) -> None:
    place = ("--space", space, "--env", "production")
    first = ada.mtribes("env", "key", "create", "--name", "web", *place).out.strip()
    second = ada.mtribes("env", "key", "create", "--name", "tv", *place, "--json").envelope["data"]
    assert first.startswith("pk_")
    assert ada.mtribes("env", "key", "revoke", first, *place).exit_code == 0
    assert ada.mtribes("env", "key", "revoke", second["id"], *place).exit_code == 0
    keys = ada.mtribes("env", "key", "list", *place, "--json").envelope["data"]
    mine = {key["key"]: key["revoked"] for key in keys}
    assert mine[first]
    assert mine[second["key"]]
    assert ada.mtribes("env", "key", "revoke", "pk_nothing", *place).exit_code == 1
