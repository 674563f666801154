"""Whatever a person may write in a Space is data in generated BrightScript, and is at run time what it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from templates_server.features.codegen.brightscript.names import event_function, member
from templates_server.features.codegen.identifiers import identifiers
from templates_server.features.codegen.naming import name_model
from templates_server.features.codegen.renderer import render
from templates_server.features.spaces.model import (
    Child,
    ChildKind,
    Collection,
    Experience,
    GenerationInput,
    ModelEntityState,
    Property,
    PropertyType,
    SpaceModel,
    Value,
)
from tests.server.features.codegen.brightscript.roku import (
    diagnostics,
    read_json,
    run_app,
    token_kinds,
    unformatted,
    write_app,
)
from tests.server.features.codegen.space_builder import build_space
from tests.server.features.codegen.test_hostile import HARMLESS, NAMES, PLAIN_KEYS, POSSIBLE_KEYS, expected_properties

pytestmark = pytest.mark.slow

HELD = [name.replace("\0", "") for name in NAMES]
"""BrightScript's texts hold no NUL, which no Space may have either."""

READER = {
    "components/Reader.xml": """<component name="Reader" extends="Node">
    <interface>
        <function name="describe" />
    </interface>
    <script type="text/brightscript" uri="Reader.brs" />
    <script type="text/brightscript" uri="mtspace/vod/Made_Runtime.brs" />
</component>
""",
    "components/Reader.brs": """function describe(space as object) as string
    found = {}
    found.SetModeCaseSensitive()
    for each child in space.collections.page
        node = space.collections.page[child]
        of = { "kind": node.kind, "enabled": node.enabled }
        if node.kind = "" then of["entries"] = node.entries
        if node.kind <> "" then of["properties"] = node.properties
        found[child] = of
    end for
    return mtJson(found)
end function
""",
}
MAIN = """sub main()
    space = CreateObject("roSGNode", "MadeMtribes")
    print CreateObject("roSGNode", "Reader").callFunc("describe", space)
end sub
"""


def test_hostile_texts_give_the_tokens_of_a_harmless_twin(tmp_path: Path) -> None:
    hostile, twin = token_kinds(
        write_app(tmp_path / "hostile", render(build_space(PLAIN_KEYS, NAMES), "brightscript", {})),
        write_app(tmp_path / "twin", render(build_space(PLAIN_KEYS, HARMLESS), "brightscript", {})),
    )
    assert list(hostile) == list(twin)
    for path, found in hostile.items():
        assert found == twin[path], path


def test_the_comparison_of_tokens_finds_what_it_looks_for(tmp_path: Path) -> None:
    lines = ['x = "a"', 'x = "a" : evil()', 'x = "a" + Chr(10) + "b"', 'x = "a" + Evil(10) + "b" + y']
    planted = {f"{at}.brs": f"sub a()\n    {line}\nend sub\n" for at, line in enumerate(lines)}
    [found] = token_kinds(write_app(tmp_path, planted))
    assert found["0.brs"] == found["2.brs"]
    assert len({found["0.brs"], found["1.brs"], found["3.brs"]}) == 3


def test_hostile_texts_compile_and_are_at_run_time_what_they_were(tmp_path: Path) -> None:
    folder = write_app(tmp_path, render(build_space(PLAIN_KEYS, NAMES), "brightscript", {}), READER)
    assert diagnostics(folder) == []
    assert unformatted(folder) == []
    read = read_json(run_app(folder, MAIN))
    for key, text in zip(PLAIN_KEYS, HELD, strict=True):
        assert read[f"c{key.capitalize()}"]["properties"] == expected_properties(text)
    items = {item["kind"]: item for item in read["everything"]["entries"]}
    for key, text in zip(PLAIN_KEYS, HELD, strict=True):
        assert items[key]["id"] == text
        assert items[key]["properties"] == expected_properties(text)


def test_hostile_keys_are_read_as_what_they_are(tmp_path: Path) -> None:
    experience = Experience("all", properties=tuple(Property(key, PropertyType.TEXT) for key in POSSIBLE_KEYS))
    children = tuple(Child(key, ChildKind.EXPERIENCE, "all") for key in POSSIBLE_KEYS)
    model = SpaceModel("made", experiences=(experience,), collections=(Collection("page", children=children),))
    properties: dict[str, Value] = {key: f"of {key}" for key in POSSIBLE_KEYS}
    states = {f"page.{key}": ModelEntityState(enabled=True, properties=properties) for key in POSSIBLE_KEYS}
    folder = write_app(tmp_path, render(GenerationInput(model, states), "brightscript", {}), READER)
    assert diagnostics(folder) == []
    named = identifiers(name_model(model), "brightscript")
    expected = {named[f"experiences.all.properties.{key}"]: f"of {key}" for key in POSSIBLE_KEYS}
    read = read_json(run_app(folder, MAIN))
    assert read.keys() == {named[f"collections.page.children.{key}"] for key in POSSIBLE_KEYS}
    for of in read.values():
        assert of["properties"] == expected


def test_hostile_keys_of_events_and_fields_are_given_on_as_they_are(tmp_path: Path) -> None:
    keys = [key for key in POSSIBLE_KEYS if key != "another"]
    model = build_space(keys, keys)
    names = name_model(model.model)
    app = [
        "sub main()",
        '    reader = CreateObject("roSGNode", "Reader")',
        *(
            f'    print reader.callFunc("event", {event_function("Made", names.events[f"{key}/{key}"]).text}'
            f'({{ "another": "a", "{member(names.metadata[f"{key}/{key}"][key]).text}": "two {key}" }}))'
            for key in keys
        ),
        "end sub",
    ]
    reader = {
        "components/Reader.xml": READER["components/Reader.xml"].replace('"describe"', '"event"'),
        "components/Reader.brs": "function event(of as object) as string\n    return mtJson(of)\nend function\n",
    }
    code = render(model, "brightscript", {})
    folder = write_app(tmp_path, code, reader)
    seen = run_app(folder, "\n".join(app) + "\n" + code["Made_Events.brs"])
    expected = [
        {"event": f"{key}/{key}", "metadata": {"another": "a", key: f"two {key}"}, "problems": []} for key in keys
    ]
    assert [read_json([line]) for line in seen] == expected
