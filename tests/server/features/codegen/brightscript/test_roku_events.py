"""What an app says by the functions of its model, checked at run time, and what a test has served."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from templates_server.features.codegen.renderer import render
from tests.server.features.codegen.brightscript.roku import read_json, run_app, write_app
from tests.server.features.codegen.reference_space import tracked_vod

pytestmark = pytest.mark.slow

EVENTS: dict[str, tuple[dict[str, Any], list[str]]] = {
    '{ title: "Parasite", genre: "Drama" }': ({"title": "Parasite", "genre": "Drama"}, []),
    '{ genre: "Drama" }': ({"genre": "Drama"}, ["title is missing"]),
    '{ title: "Parasite", genre: "Comedy" }': (
        {"title": "Parasite", "genre": "Comedy"},
        ["genre has a value that is not modelled"],
    ),
    "{ title: 5 }": ({"title": 5}, ["title has a value that is not modelled"]),
    '{ title: "Parasite", yeer: 2019 }': ({"title": "Parasite", "yeer": 2019}, ["yeer is not modelled"]),
    '{ title: "Parasite", genre: invalid }': ({"title": "Parasite", "genre": None}, []),
}
JSON = "\nfunction json(value as object) as string\n    return FormatJson(value)\nend function\n"


def run(tmp_path: Path, lines: list[str], options: Mapping[str, str] | None = None) -> list[str]:
    code = render(tracked_vod(), "brightscript", options or {})
    folder = write_app(tmp_path, code)
    return run_app(folder, "\n".join(["sub main()", *lines, "end sub", code["Vod_Events.brs"], JSON]))


@pytest.mark.parametrize("given", EVENTS)
def test_a_modelled_event_tells_what_the_model_does_not_have(given: str, tmp_path: Path) -> None:
    metadata, problems = EVENTS[given]
    [line] = run(tmp_path, [f"    print json(Vod_VideoCompleted({given}))"])
    assert read_json([line]) == {"event": "video/completed", "metadata": metadata, "problems": problems}


def test_members_become_raw_keys_whatever_their_case(tmp_path: Path) -> None:
    [line] = run(tmp_path, ["    print json(Vod_SearchDone({ isFirst: true, RESULTS: 12 }))"])
    assert read_json([line]) == {"event": "search/done", "metadata": {"is-first": True, "results": 12}, "problems": []}


def test_an_event_without_metadata_needs_none(tmp_path: Path) -> None:
    [line] = run(tmp_path, ["    print json(Vod_ItemClicked())"])
    assert read_json([line]) == {"event": "item/clicked", "metadata": {}, "problems": []}


def test_fields_are_checked_where_they_are_made(tmp_path: Path) -> None:
    *told, line = run(tmp_path, ['    print json(Vod_Fields({ cartTotal: 12, plan: "silver", campain: "x" }))'])
    assert read_json([line]) == {"cart-total": 12, "plan": "silver", "campain": "x"}
    assert told == [
        "mtribes: the fields: campain is not modelled",
        "mtribes: the fields: plan has a value that is not modelled",
    ]


def test_problems_of_an_event_are_told_once_it_is_tracked_in_words_of_the_app(tmp_path: Path) -> None:
    lines = [
        '    space = CreateObject("roSGNode", "VodMtribes")',
        '    space.callFunc("track", Vod_VideoCompleted({ genre: "Drama" }))',
        '    space.callFunc("track", Vod_VideoCompleted({ title: "Parasite" }))',
    ]
    assert run(tmp_path, lines) == ['mtribes: the event "video/completed": title is missing']


@pytest.mark.parametrize("options", [{}, {"events": "modelled"}], ids=["any", "modelled"])
def test_what_no_function_of_a_modelled_event_made_is_refused_where_they_are_the_only_ones(
    options: Mapping[str, str], tmp_path: Path
) -> None:
    lines = [
        '    space = CreateObject("roSGNode", "VodMtribes")',
        '    space.callFunc("track", Vod_VideoCompleted({ title: "Parasite" }))',
        '    space.collections.homepage.header.callFunc("track", Vod_ItemClicked())',
        '    space.callFunc("track", "item/clicked")',
        '    space.callFunc("track", { event: "item/seen" })',
        '    space.collections.homepage.header.callFunc("track", "movie/watched")',
        "    body = space.collections.homepage.body",
        '    body.callFunc("trackItem", body.entries[0], "hero/seen")',
    ]
    why = "is not recorded: not made by the function of an event of the model"
    names = ["item/clicked", "item/seen", "movie/watched", "hero/seen"]
    assert run(tmp_path, lines, options) == [f'mtribes: the event "{name}" {why}' for name in names if options]


def test_states_of_a_test_are_served_at_once(tmp_path: Path) -> None:
    lines = [
        '    space = CreateObject("roSGNode", "VodMtribes")',
        '    states = { "homepage.header": { "properties": { "sticky": false } } }',
        '    space.callFunc("configure", { "states": states })',
        "    header = space.collections.homepage.header",
        "    print space.status",
        "    print header.properties.sticky",
        "    print header.defaults.sticky",
        "    print space.collections.homepage.body.entries.Count()",
    ]
    assert run(tmp_path, lines) == ["served", "false", "true", " 3"]


def test_identify_is_told_to_be_deprecated_once(tmp_path: Path) -> None:
    lines = [
        '    space = CreateObject("roSGNode", "VodMtribes")',
        '    space.callFunc("configure", { "states": {} })',
        '    space.callFunc("identify", "u1")',
        '    space.callFunc("identify", "u2")',
    ]
    assert run(tmp_path, lines) == ["mtribes: identify is deprecated until 1.0: call start"]
