"""Generated code over HTTP: what it depends on, when it is rendered, what is refused; the server stays awake."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import re
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from templates_server.features.codegen import cache, loader
from templates_server.features.codegen.cache import FileSetCache, FileSetKey, size_of_set
from templates_server.features.codegen.code_hash import code_hash
from templates_server.features.codegen.generator import GENERATOR
from templates_server.features.codegen.renderer import LANGUAGES, render
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
)
from templates_server.features.spaces.parser import read_model
from templates_server.features.tribes.store import store_tribes
from templates_server.primitives.revisions import NewRevision
from templates_server.security.authorization import Role
from tests.memory import measured
from tests.people import Person, add_organization, add_person, add_space
from tests.servers import RunningServer
from tests.unhandled_exceptions import UNHANDLED

MODEL: dict[str, Any] = {
    "name": "Shop",
    "experiences": {"hero": {"properties": {"title": {"type": "text"}}}},
    "collections": {"home": {"children": {"top": {"experience": "hero"}}}},
}
HOST = {"host": "https://mtribes.example.com"}
TYPESCRIPT = {"language": "typescript", "options": HOST}


@pytest.fixture(scope="module")
def person(server: RunningServer) -> Person:
    return add_person(server.database, add_organization(server.database), role=Role.DEVELOPER)


@pytest.fixture
def client(server: RunningServer, person: Person) -> Iterator[httpx.Client]:
    with person.client(server) as client:
        yield client


@pytest.fixture
def space(server: RunningServer, person: Person, client: httpx.Client) -> str:
    key = add_space(server, person)
    assert client.put(f"/v2/spaces/{key}/model", json=MODEL).status_code == 200
    return f"/v2/spaces/{key}"


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The languages of every set that is really rendered."""
    languages: list[str] = []

    def counting(generation_input: GenerationInput, language: str, options: Mapping[str, str]) -> dict[str, str]:
        languages.append(language)
        return render(generation_input, language, options)

    monkeypatch.setattr(cache, "render", counting)
    return languages


def data(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()["data"][0]


def generate(client: httpx.Client, space: str, *targets: Any, **more: Any) -> Any:
    return data(client.post(f"{space}/code", json={"targets": list(targets) or [TYPESCRIPT], **more}))


def push(client: httpx.Client, space: str, **changes: Any) -> Any:
    return data(client.put(f"{space}/model", json={**MODEL, **changes}, headers={"If-Match": "*"}))


def deliver(client: httpx.Client, space: str, title: str, environment: str = "production") -> None:
    scenarios = {"home.top": {"default": {"properties": {"title": title}}}}
    url = f"{space}/environments/{environment}/delivery"
    assert client.put(url, json={"scenarios": scenarios}, headers={"If-Match": "*"}).status_code == 200


def test_every_target_gets_its_files_with_their_hashes(client: httpx.Client, space: str) -> None:
    targets = [{"language": language, "options": HOST} for language in LANGUAGES]
    answer = client.post(f"{space}/code", json={"targets": targets})
    assert answer.json()["dataType"] == "code"
    code = data(answer)
    assert (code["revision"], code["generator"], code["unchanged"]) == (1, GENERATOR, False)
    assert [{"language": target["language"], "options": target["options"]} for target in code["targets"]] == targets
    for target in code["targets"]:
        paths = [file["path"] for file in target["files"]]
        assert paths == sorted(set(paths)) != []
        for file in target["files"]:
            assert hashlib.sha256(file["content"].encode()).hexdigest() == file["sha256"]


def test_the_hash_is_the_same_as_the_push_said(client: httpx.Client, space: str) -> None:
    assert generate(client, space)["code_hash"] == push(client, space)["code_hash"]


def test_who_has_the_code_gets_none_and_nothing_is_rendered(
    client: httpx.Client, space: str, rendered: list[str]
) -> None:
    known = push(client, space)["code_hash"]
    unchanged = generate(client, space, if_code_hash=known)
    assert unchanged == {
        "revision": 1, "code_hash": known, "generator": GENERATOR, "unchanged": True, "targets": [],
    }  # fmt: skip
    assert rendered == []
    assert generate(client, space, if_code_hash="0" * 64)["unchanged"] is False
    assert rendered == ["typescript"]


def test_a_set_is_rendered_once_for_each_language_and_options(
    client: httpx.Client, space: str, rendered: list[str]
) -> None:
    push(client, space, name=f"Only of this test {space}")
    javascript = {"language": "javascript", "options": HOST}
    elsewhere = {"language": "typescript", "options": {"host": "http://127.0.0.1:8674"}}
    first = generate(client, space, TYPESCRIPT, javascript, TYPESCRIPT)
    assert sorted(rendered) == ["javascript", "typescript"]
    assert generate(client, space, TYPESCRIPT, javascript, TYPESCRIPT) == first
    assert len(rendered) == 2
    assert generate(client, space, elsewhere)["targets"] != [first["targets"][0]]
    assert len(rendered) == 3


def test_the_hash_depends_on_the_model_and_on_productions_fallbacks_alone(client: httpx.Client, space: str) -> None:
    first = generate(client, space)["code_hash"]
    push(client, space, description="Something else")
    second = generate(client, space)["code_hash"]
    assert second != first
    deliver(client, space, "For staging", "staging")
    assert generate(client, space)["code_hash"] == second
    deliver(client, space, "For everybody")
    third = generate(client, space)["code_hash"]
    assert third not in {first, second}
    client.post(f"{space}/environments/production/publish", json={"collections": ["home"]})
    fourth = generate(client, space)["code_hash"]
    assert fourth != third
    client.post(f"{space}/environments/production/unpublish", json={"collections": ["home"]})
    assert generate(client, space)["code_hash"] == third


def test_a_targeted_scenario_changes_no_code(server: RunningServer, client: httpx.Client, space: str) -> None:
    before = generate(client, space)["code_hash"]
    space_id = data(client.get(space))["id"]
    tribes = NewRevision({"tribes": {"gold": {}}}, 0, "", 0)
    server.database.write_sync(lambda connection: store_tribes(connection, space_id, tribes))
    targeted = [{"name": "Gold", "tribes": ["gold"], "properties": {"title": "For gold"}}]
    url = f"{space}/environments/production/delivery"
    stored = client.put(url, json={"scenarios": {"home.top": {"targeted": targeted}}}, headers={"If-Match": "*"})
    assert data(stored)["revision"] == 1
    assert generate(client, space)["code_hash"] == before


def test_the_same_model_at_a_newer_revision_has_the_same_hash(client: httpx.Client, space: str) -> None:
    first = generate(client, space)
    push(client, space, name="Other")
    push(client, space)
    again = generate(client, space, if_code_hash=first["code_hash"])
    assert (again["revision"], again["unchanged"]) == (3, True)


def test_code_of_an_old_revision_can_be_had(client: httpx.Client, space: str) -> None:
    first = generate(client, space)
    push(client, space, name="Other")
    assert generate(client, space, revision=1) == first
    assert generate(client, space, revision=0)["code_hash"] != first["code_hash"]
    answer = client.post(f"{space}/code", json={"targets": [TYPESCRIPT], "revision": 9})
    assert answer.status_code == 404


def test_fallbacks_are_productions(client: httpx.Client, space: str) -> None:
    deliver(client, space, "Of staging", "staging")
    deliver(client, space, "Of production")
    contents = "".join(file["content"] for file in generate(client, space)["targets"][0]["files"])
    assert "Of production" in contents
    assert "Of staging" not in contents


def test_the_option_of_a_target_decides_which_events_may_be_tracked(client: httpx.Client, space: str) -> None:
    model = {"events": {"video/completed": {"metadata": {"title": {"type": "text"}}}}}
    client.put(f"{space}/model", json=model, headers={"If-Match": "*"}).raise_for_status()
    targets = [TYPESCRIPT, {"language": "typescript", "options": {"events": "modelled"}}]
    answer = client.post(f"{space}/code", json={"targets": targets}).raise_for_status()
    trees = [
        {file["path"]: file["content"] for file in target["files"]} for target in answer.json()["data"][0]["targets"]
    ]
    assert all('readonly "video/completed": VideoCompletedMetadata;' in tree["events.ts"] for tree in trees)
    assert [re.findall(r"^export type Track = (.*);$", tree["events.ts"], re.MULTILINE) for tree in trees] == [
        ["TrackOf<Events>"],
        ["TrackOf<Events, never>"],
    ]


def test_all_that_is_wrong_with_targets_is_told(client: httpx.Client, space: str) -> None:
    targets = [
        {"language": "typescrip"},
        {"language": "typescript", "options": {"hots": "https://a"}},
        {"language": "typescript", "options": {"host": "ftp://a", "package": "com.example"}},
        {"language": "cobol", "options": {"package": "Com..Example", "host": "https://a"}},
        TYPESCRIPT,
        {"language": "typescript", "options": {"import_extension": "nome"}},
        {"language": "javascript", "options": {"import_extension": "ts"}},
        {"language": "typescript", "options": {"import_extension": "ts"}},
        {"language": "javascript", "options": {"import_extension": "none"}},
        {"language": "typescript", "options": {"bindings": "reacts"}},
        {"language": "javascript", "options": {"bindings": "react"}},
        {"language": "javascript", "options": {"events": "modeled"}},
        *({"language": language, "options": {"events": "modelled"}} for language in LANGUAGES),
        {"language": "kotlin", "options": {"events": "all"}},
        {"language": "typescript", "options": {"platform": "browser"}},
        {"language": "javascript", "options": {"platform": "browsers"}},
        {"language": "swift", "options": {"platform": "browser"}},
    ]
    answer = client.post(f"{space}/code", json={"targets": targets})
    assert answer.status_code == 422
    found = {error["path"]: error["message"] for error in answer.json()["errors"]}
    assert set(found) == {
        "targets[0].language", "targets[1].options.hots", "targets[2].options.host", "targets[2].options.package",
        "targets[3].language", "targets[3].options.package", "targets[5].options.import_extension",
        "targets[6].options.import_extension", "targets[9].options.bindings",
        "targets[11].options.events", f"targets[{12 + len(LANGUAGES)}].options.events",
        f"targets[{14 + len(LANGUAGES)}].options.platform", f"targets[{15 + len(LANGUAGES)}].options.platform",
    }  # fmt: skip
    assert 'did you mean "react"?' in found["targets[9].options.bindings"]
    assert 'did you mean "modelled"?' in found["targets[11].options.events"]
    assert 'did you mean "none"?' in found["targets[5].options.import_extension"]
    assert "JavaScript" in found["targets[6].options.import_extension"]
    assert 'did you mean "typescript"?' in found["targets[0].language"]
    assert 'did you mean "host"?' in found["targets[1].options.hots"]


@pytest.mark.parametrize(
    "host",
    ["", "a", "//a", "javascript:alert(1)", "https://", "https://a?b", "https://a#b", "https://u@a", "https://a b",
     "https://a\nb", 'https://a"b', "https://a:port", "https://a`b", "https://" + "a" * 300],
)  # fmt: skip
def test_a_host_must_be_a_plain_web_address(client: httpx.Client, space: str, host: str) -> None:
    targets = [{"language": "typescript", "options": {"host": host}}]
    assert client.post(f"{space}/code", json={"targets": targets}).status_code == 422


@pytest.mark.parametrize("targets", [[], [TYPESCRIPT] * 65])
def test_there_are_one_to_64_targets(client: httpx.Client, space: str, targets: Any) -> None:
    assert client.post(f"{space}/code", json={"targets": targets}).status_code == 422


def test_many_that_ask_at_once_wait_for_one_rendering(client: httpx.Client, space: str, rendered: list[str]) -> None:
    push(client, space, name=f"Asked for at once {space}")
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: generate(client, space), range(16)))
    assert all(answer == answers[0] for answer in answers)
    assert rendered == ["typescript"]


def test_the_server_answers_others_while_it_renders(
    server: RunningServer, client: httpx.Client, space: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(client, space, name=f"Slow {space}")
    began, go_on = threading.Event(), threading.Event()

    def slow(*_: Any) -> dict[str, str]:
        began.set()
        assert go_on.wait(20)
        return {"index.ts": ""}

    monkeypatch.setattr(cache, "render", slow)
    with ThreadPoolExecutor(1) as threads:
        code = threads.submit(generate, client, space)
        assert began.wait(20)
        with server.client() as other:
            assert other.get("/healthz").status_code == 200
        assert not code.done()
        go_on.set()
        assert code.result(20)["targets"][0]["files"][0]["path"] == "index.ts"


def test_what_fails_to_render_is_not_kept(client: httpx.Client, space: str, monkeypatch: pytest.MonkeyPatch) -> None:
    push(client, space, name=f"Fails once {space}")

    def failing(*_: Any) -> dict[str, str]:
        raise RuntimeError("a template is broken")

    with monkeypatch.context() as broken:
        broken.setattr(cache, "render", failing)
        assert client.post(f"{space}/code", json={"targets": [TYPESCRIPT]}).status_code == 500
    assert ["a template is broken" in traceback for traceback in UNHANDLED.take()] == [True]
    assert generate(client, space)["targets"]


def test_the_cache_stays_within_its_bytes_and_keeps_what_was_asked_for_last() -> None:
    made = _input({})
    size = size_of_set(FileSetKey("a", "typescript", ()), cache.render_encoded(made, "typescript", {}))
    rendered: list[str] = []

    async def ask(sets: FileSetCache, code: str) -> None:
        async def load() -> GenerationInput:
            rendered.append(code)
            return made

        await sets.find(FileSetKey(code, "typescript", ()), load)

    async def run() -> None:
        sets = FileSetCache(max_bytes=2 * size)
        for code in "aabacab":
            await ask(sets, code)

    asyncio.run(run())
    assert rendered == ["a", "b", "c", "b"]


@pytest.mark.slow
def test_the_budget_of_sets_counts_their_keys_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "render_encoded", lambda *_: bytes(64))
    sets = FileSetCache()

    async def ask(numbers: range) -> None:
        async def load() -> GenerationInput:
            return WHOLE

        for number in numbers:
            host = f"https://{number}.example.com/".ljust(255, "x")
            await sets.find(FileSetKey(f"{number:064}", "typescript", (("host", host),)), load)

    asyncio.run(ask(range(5)))
    before = sets.bytes
    with measured() as grown:
        asyncio.run(ask(range(5, 500)))
        assert 0.8 * grown() <= sets.bytes - before <= 1.5 * grown()


def test_hashes_are_remembered_within_a_bound(monkeypatch: pytest.MonkeyPatch, server: RunningServer) -> None:
    monkeypatch.setattr(loader, "MAX_REMEMBERED", 2)
    hashes = loader.CodeHashCache(server.database)
    for number in range(5):
        hashes.remember(loader.InputVersion("spc", number, 0), str(number))
    assert [version.model_revision for version in hashes._remembered] == [3, 4]


def _input(document: Any, *, fallbacks: Mapping[str, ModelEntityState] | None = None) -> GenerationInput:
    return GenerationInput(read_model(document, space="shop", name="Shop"), fallbacks or {})


WHOLE = GenerationInput(
    SpaceModel(
        "shop",
        experiences=(Experience("hero", properties=(Property("title", PropertyType.TEXT),)),),
        collections=(Collection("home", children=(Child("top", ChildKind.EXPERIENCE, "hero"),)),),
    ),
    {"home.top": ModelEntityState(enabled=True, properties={"title": "Hi"})},
)


def test_every_part_of_the_input_is_in_the_hash() -> None:
    model, fallbacks = WHOLE.model, WHOLE.fallbacks
    others = [
        code_hash(WHOLE, "another generator"),
        code_hash(GenerationInput(dataclasses.replace(model, name="Named"), fallbacks)),
        code_hash(GenerationInput(dataclasses.replace(model, collections=()), fallbacks)),
        code_hash(GenerationInput(model, {})),
        code_hash(GenerationInput(model, {"home.top": ModelEntityState(enabled=False, properties={"title": "Hi"})})),
        code_hash(GenerationInput(model, {"home.top": ModelEntityState(enabled=True, properties={"title": None})})),
    ]
    assert len({code_hash(WHOLE), *others}) == 7
    assert model.experience_by_key  # what is computed on first use is not part of it
    assert code_hash(WHOLE) not in others
    turned = {"home.top": ModelEntityState(enabled=True, properties={"title": "Hi"})}
    assert code_hash(GenerationInput(model, turned)) == code_hash(WHOLE)


def test_options_of_other_languages_and_names_that_cannot_be_are_refused(client: httpx.Client, space: str) -> None:
    targets = [
        {"language": "kotlin", "options": {"package": "com.acme.class", "prefix": "Vod"}},
        {"language": "brightscript", "options": {"prefix": "1st", "package": "com.acme"}},
        {"language": "brightscript", "options": {"prefix": "Vod"}},
        {"language": "java", "options": {"package": "com.acme.vod"}},
    ]
    answer = client.post(f"{space}/code", json={"targets": targets})
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == [
        "targets[0].options.package",
        "targets[0].options.prefix",
        "targets[1].options.package",
        "targets[1].options.prefix",
    ]
