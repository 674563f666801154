"""Every function that reads a text which somebody sent, called with hard texts: found by its first parameter.

What takes more than a text (documents, files, readers that are classes) is in COMPOSED. A new function of a text is
called without being listed; one whose other arguments are not known here must be listed in NOT_READERS, with a reason.
"""

from __future__ import annotations

import collections
import contextlib
import inspect
import itertools
import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from mtribes_cli.api import response
from mtribes_cli.ingest.encoding import UTF_8
from mtribes_cli.parameters import documents as local_documents
from mtribes_cli.project import lock_file, project_file
from templates_server.features.codegen.renderer import render
from templates_server.features.event_names.model_check import differs
from templates_server.features.pages.browser_session import read_cookie
from templates_server.features.people.api import _read_changes
from templates_server.features.people.profile_parser import read_user
from templates_server.features.spaces.delivery.differences import compare_deliveries
from templates_server.features.spaces.delivery.parser import ParseContext, parse_delivery
from templates_server.features.spaces.model import GenerationInput
from templates_server.features.spaces.parser import parse_model
from templates_server.features.tribes.parser import parse_tribes, read_tribe
from templates_server.http.forms import urlencoded
from templates_server.http.router import Router
from templates_server.primitives import ip_addresses, text_cache, yaml_json
from templates_server.primitives.text_cache import Memo
from templates_server.routes import ROUTES
from templates_server.security.user_signatures import IdCheck
from tests.repo.growth.hard_inputs import Input
from tests.repo.growth.patterns import Modules, modules

Read = Callable[[str], object]


@dataclass(frozen=True)
class Reader:
    """A function that is called with a text."""

    place: str
    read: Read


# Functions of a text

TEXTS = {"str", "bytes", "str | None", "bytes | None", "str | bytes"}
FILLED: Mapping[str, Callable[[str], Any]] = {
    "str": lambda text: text,
    "str | None": lambda text: text,
    "bytes": lambda text: text.encode("utf-8", "surrogatepass"),
    "bytes | None": lambda text: text.encode("utf-8", "surrogatepass"),
    "str | bytes": lambda text: text,
    "object": lambda text: text,
    "Any": lambda text: text,
    "int": lambda _: 32,
    "float": lambda _: 1.0,
    "bool": lambda _: False,
    "Encoding": lambda _: UTF_8,
    "TextEncoding": lambda _: UTF_8,
    "Path": lambda _: Path("mtribes.toml"),
    "Path | None": lambda _: None,
    "IdCheck": lambda _: IdCheck("secret"),
    "Sequence[str]": lambda _: ("a",),
    "Sequence[str] | None": lambda text: text.split(","),
    "Iterable[str]": lambda _: ("a",),
    "Iterable[int]": lambda _: (2, 1),
    "Collection[str]": lambda _: ("a",),
    "tuple[str, ...]": lambda _: ("a",),
    "list[str]": lambda _: ["a"],
    "set[str]": lambda _: {"a"},
    "Mapping[str, str]": lambda _: {"a": "b"},
    "Mapping": lambda _: {"a": 1},  # of modules that do not put annotations off
    "tuple": lambda _: ("a",),
    "str | UnsetType | None": lambda text: text,
}
_OURS = "takes what the program itself made"
_PATH = "takes a path of this machine, which the system bounds"
_LISTED = "is called in COMPOSED"
_OTHERWISE = "is measured as a pattern"
NOT_READERS: Mapping[str, str] = {
    "mtribes_cli.commands.environment._published": _OURS,
    "mtribes_cli.commands.environment._signing_in": _OURS,
    "mtribes_cli.commands.environment._signing_result": _OURS,
    "mtribes_cli.crash_report.redact": "is one pattern, which is measured, and the replacing of secrets",
    "mtribes_cli.parameters.delivery_history._as_json": _OURS,
    "mtribes_cli.parameters.delivery_history._between": _OURS,
    "mtribes_cli.help._section": _OURS,
    "mtribes_cli.ingest.csv_header._becomes": "is called by the files that are read below",
    "mtribes_cli.ingest.csv_header._convert": "is called by the files that are read below",
    "mtribes_cli.ingest.csv_rows._regular": _OTHERWISE,
    "mtribes_cli.ingest.encoding.decode": "is called by the files that are read below",
    "mtribes_cli.project.output_paths._folder_twins": "is called by the reader of mtribes.lock",
    "mtribes_cli.parameters.impact._blocks": _OURS,
    "mtribes_cli.parameters.impact._examples": _OURS,
    "mtribes_cli.parameters.impact._scenarios": _OURS,
    "mtribes_cli.parameters.people._row": _OURS,
    "mtribes_cli.files.real_paths._with_parents": _PATH,
    "mtribes_cli.files.real_paths.repository_around": _PATH,
    "mtribes_cli.project.project_file._suggestion": "is called by the reader of mtribes.toml",
    "mtribes_cli.project.editor.project_text": "takes a file that was read by parse_project_file before",
    "mtribes_cli.api.no_proxy._means_address": "is called by is_excepted",
    "templates_server.features.accounts.store._membership": _OURS,
    "templates_server.primitives.ip_addresses.identify_caller": _LISTED,
    "templates_server.features.audit.store._looked_through": "compares the texts in SQL",
    "templates_server.features.operations.backup_archive.check_end": _OURS,
    "templates_server.features.operations.backup_archive.read_json": (
        "is one call of msgspec, of the operator's own file"
    ),
    "templates_server.http.request_body.decode_json": (
        "is called by the readers of events, identities, devices and sessions"
    ),
    "templates_server.features.console.charts.chart_of": _OURS,
    "templates_server.features.console.tribe_counts._key": "hashes the rules of a tribe, which were read before",
    "templates_server.features.codegen.brightscript._body": _LISTED,
    "templates_server.features.codegen.brightscript.layout.entry": _LISTED,
    "templates_server.features.codegen.brightscript.names.event_function": _LISTED,
    "templates_server.features.codegen.brightscript.names.file_path": _LISTED,
    "templates_server.features.codegen.brightscript.names.function": _LISTED,
    "templates_server.features.codegen.brightscript.space_files._components": _LISTED,
    "templates_server.features.codegen.java.experience_file.experience_class": _LISTED,
    "templates_server.features.codegen.java.layout._broken": _LISTED,
    "templates_server.features.codegen.java.layout.assignment": _LISTED,
    "templates_server.features.codegen.java.layout.statement": _LISTED,
    "templates_server.features.codegen.java.section_file._kind": _LISTED,
    "templates_server.features.codegen.kotlin.events_module._signature": _LISTED,
    "templates_server.features.codegen.kotlin.fallbacks_module._state": _LISTED,
    "templates_server.features.codegen.kotlin.layout.enclose_on_lines": _LISTED,
    "templates_server.features.codegen.kotlin.layout.define": _LISTED,
    "templates_server.features.codegen.kotlin.layout.enclose": _LISTED,
    "templates_server.features.codegen.kotlin.property_types._read": _LISTED,
    "templates_server.features.codegen.swift.fallbacks._entry": _LISTED,
    "templates_server.features.codegen.swift.layout.enclose": _LISTED,
    "templates_server.features.codegen.swift.layout.signature": _LISTED,
    "templates_server.features.codegen.swift.names._apart": _LISTED,
    "templates_server.features.codegen.swift.names.file_path": _LISTED,
    "templates_server.features.codegen.python.events_module._annotated": _LISTED,
    "templates_server.features.codegen.python.fallbacks._value": _LISTED,
    "templates_server.features.codegen.python.layout.enclose": _LISTED,
    "templates_server.features.codegen.python.layout.enclose_on_lines": _LISTED,
    "templates_server.features.codegen.python.layout.value": _LISTED,
    "templates_server.features.codegen.python.modules.import_statement": _LISTED,
    "templates_server.features.codegen.python.modules.module_of": _LISTED,
    "templates_server.features.codegen.python.modules.path_of": _LISTED,
    "templates_server.features.codegen.python.property_types.annotate": _LISTED,
    "templates_server.features.codegen.python.property_types.annotate_wire": _LISTED,
    "templates_server.features.codegen.typescript.collection_module._entry": _LISTED,
    "templates_server.features.codegen.typescript.experience_module._parts": _LISTED,
    "templates_server.features.codegen.typescript.experience_module._generic": _LISTED,
    "templates_server.features.codegen.typescript.experience_module._rule": _LISTED,
    "templates_server.features.codegen.typescript.layout.enclose": _LISTED,
    "templates_server.features.codegen.typescript.layout.union": _LISTED,
    "templates_server.features.codegen.typescript.layout.value": _LISTED,
    "templates_server.features.codegen.typescript.modules.path_of": _LISTED,
    "templates_server.features.console.delivery.merge._merge_values": "looks a key up in three scenarios",
    "templates_server.features.console.delivery.overview._row": _OURS,
    "templates_server.features.spaces.delivery.scenario_selection.entity_name": _OURS,
    "templates_server.features.spaces.delivery.differences._entity": _LISTED,
    "templates_server.features.spaces.delivery.differences._targeted": _LISTED,
    "templates_server.features.spaces.delivery.revisions._asked_side": (
        "calls whole_number and shown, which are called here"
    ),
    "templates_server.primitives.yaml_json._fits": _LISTED,
    "templates_server.primitives.yaml_json._text": _LISTED,
    "templates_server.features.event_names.model_check.differs": _LISTED,
    "templates_server.features.event_names.api._to_response": _OURS,
    "templates_server.features.event_names.store._row": _OURS,
    "templates_server.features.events.stream.feed._message": _OURS,
    "templates_server.features.exports.api._problem": _OURS,
    "templates_server.features.exports.csv_rows.add_attributes": _OURS,
    "templates_server.features.exports.worker._complete": _OURS,
    "templates_server.features.exports.worker._fail": _OURS,
    "templates_server.features.imports.csv_files.header._becomes": "is called by the files that are read below",
    "templates_server.features.imports.csv_files.rows.open_csv": "is called by the files that are read below",
    "templates_server.features.operations.metrics.registry._buckets": _OURS,
    "templates_server.features.operations.metrics.registry.new_metrics": _OURS,
    "templates_server.storage.migrations.is_known": _OURS,
    "templates_server.features.sessions.api._answer": _OURS,
    "templates_server.features.sessions.changes.diff.find_known_states": "is one pattern, which is measured",
    "templates_server.features.sessions.compiled_states._entity": _OURS,
    "templates_server.features.sessions.compiled_states._render_state": _OURS,
    "templates_server.features.codegen.differences._change": _OURS,
    "templates_server.features.tribes.compiler._attribute": _OURS,
    "templates_server.features.tribes.compiler._compile_count": _OURS,
    "templates_server.features.tribes.sql_fragments.join_conditions": _OURS,
    "templates_server.features.tribes.sql_fragments.sql": _OURS,
    "templates_server.features.people.store._scope": _OURS,
    "templates_server.features.console.page_routes.form_route": _OURS,
    "templates_server.features.console.page_routes.page_route": _OURS,
    "templates_server.features.api_docs.reference_tables._group_table": _OURS,
    "mtribes_cli.terminal.diffs._folded": "is wrap, which is called, with something before each line",
    "mtribes_cli.terminal.styles.painted": "adds an escape to a text",
    "mtribes_cli.terminal.tables._labelled": "is wrap, which is called, with something before each line",
    "mtribes_cli.terminal.tables._role": "looks a word up",
}


def encoded(text: str) -> bytes:
    """The text as it is sent."""
    return text.encode("utf-8", "surrogatepass")


def functions_of_texts(among: Modules) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every function of both packages whose first parameter is a text; what is remembered, as it is computed."""
    for module in among.values():
        for name, value in list(vars(module).items()):
            function = value.__self__._find if isinstance(getattr(value, "__self__", None), Memo) else value
            if inspect.isfunction(function) and function.__module__ == module.__name__:
                parameters = list(inspect.signature(function).parameters.values())
                if parameters and _kind(parameters[0]) in TEXTS and not inspect.iscoroutinefunction(function):
                    yield f"{module.__name__}.{name}", function


def _kind(parameter: inspect.Parameter) -> str:
    return getattr(parameter.annotation, "__name__", None) or str(parameter.annotation)


def filled(function: Callable[..., Any]) -> Read | None:
    """The function of one text; None when it takes something that is not known here."""
    parameters = list(inspect.signature(function).parameters.values())
    needed = [each for each in parameters if each.default is each.empty and each.kind is not each.VAR_KEYWORD]
    if any(_kind(each) not in FILLED for each in needed):
        return None

    def read(text: str) -> object:
        by_place = [FILLED[_kind(each)](text) for each in needed if each.kind is not each.KEYWORD_ONLY]
        by_name = {each.name: FILLED[_kind(each)](text) for each in needed if each.kind is each.KEYWORD_ONLY}
        return consumed(function(*by_place, **by_name))

    return read


def consumed(value: object) -> object:
    """What an iterator gives is read too."""
    return collections.deque(value, maxlen=0) if isinstance(value, Iterator) else value


# Readers that take more than a text


def document(text: str) -> Any:
    """The value of a YAML document, or of the JSON that it is; what is neither is one text."""
    for read in (yaml_json.read_json, yaml_json.read_yaml):
        with contextlib.suppress(Exception):
            return read(encoded(text), max_depth=32)
    return text


MODEL: dict[str, Any] = {
    "experiences": {"hero": {"properties": {"title": {"type": "text"}, "ends": {"type": "date"}}}},
    "sections": {"body": {"supports": ["hero"]}},
    "collections": {"home": {"children": {"top": {"experience": "hero"}, "body": {"section": "body"}}}},
}
SPACE = parse_model(MODEL, space="vod", name="VOD")[0]
ROUTER = Router(ROUTES)


def named(text: str) -> dict[str, Any]:
    """A model with that text wherever a person writes one."""
    described = {"name": text, "description": text}
    hero = {**described, "properties": {"title": {"type": "text", "default": text, **described}}}
    home = {**described, "category": text, "children": {"top": {"experience": "hero", **described}}}
    select = {"type": "select", "options": [text], **described}
    said = {"events": {"a/b": {**described, "metadata": {"c": select}}, text: {}}, "fields": {"c": select}}
    return {**described, "experiences": {"hero": hero}, "collections": {"home": home}, **said}


def _code(text: str) -> object:
    model, _ = parse_model(named(text[:200]) | {"description": text}, space="vod", name="VOD")
    return render(GenerationInput(model, {}), "typescript", {"host": "https://a.example"})


def _answer(text: str, **headers: str) -> object:
    answer = response.ApiResponse("http://a.example", 422, headers, encoded(text))
    with contextlib.suppress(Exception):
        response.raise_failure(answer)
    with contextlib.suppress(Exception):
        response.unwrap_envelope(answer)
    return response.next_page(answer, "/v2/spaces")


def _addresses(text: str) -> object:
    proxies = [ip_addresses.parse_network("10.0.0.0/8")]
    headers = [(name.encode(), encoded(text)) for name in ip_addresses.ProxyHeader]
    return [
        ip_addresses.identify_caller("10.0.0.1", headers, proxies=proxies, header=name)
        for name in ip_addresses.ProxyHeader
    ]


def _differs(text: str) -> list[bool]:
    """Whether an event differs from the model that has that text as a key or value, for each type of metadata."""
    event = {"metadata": {kind: {"type": kind} for kind in ("text", "number", "toggle")}}
    select = {"metadata": {"select": {"type": "select", "options": ["a"]}}}
    model, _ = parse_model({**MODEL, "events": {"a/b": event, "a/c": select}}, space="vod", name="VOD")
    modelled = {one.key: one for one in model.events}
    sent = [*({kind: text} for kind in ("text", "number", "toggle", "select")), {text: text}]
    return [differs(name, metadata, modelled) for name in modelled for metadata in sent]


def _differences(text: str) -> object:
    """What changes where a text is the name of everything, and the order of many is turned round."""
    names = text.split(",") or [text]
    items = [{"id": name, "experience": "hero", "properties": {"title": name}} for name in dict.fromkeys(names)]
    targeted = [{"name": item["id"], "tribes": ["gold"], "items": items} for item in items[:3]]
    turned = [{**each, "items": items[::-1]} for each in targeted[::-1]]
    entities = [{text: {"default": each[0], "targeted": each}} for each in (targeted, turned)]
    before, after = ({"published": names, "scenarios": scenarios} for scenarios in entities)
    return [compare_deliveries(before, after), compare_deliveries({"published": [], "scenarios": {}}, after)]


def _conditions(text: str) -> list[dict[str, object]]:
    """Conditions on data that hold a text in each of their places."""
    places: dict[str, object] = {"path": [text], "operator": "in", "value": [text]}
    return [{**places, "path": document(text), "operator": text}, {**places, "value": document(text)}, places]


COMPOSED: tuple[tuple[str, Read], ...] = (
    ("templates_server.features.spaces.parser", lambda text: parse_model(document(text), space="vod", name="VOD")),
    ("templates_server.features.spaces.parser named", lambda text: parse_model(named(text), space="vod", name="VOD")),
    ("templates_server.features.tribes.parser", lambda text: parse_tribes(document(text), space="vod")),
    ("templates_server.features.tribes.parser one", lambda text: read_tribe(document(text), key="gold")),
    (
        "templates_server.features.tribes.parser filter",
        lambda text: read_tribe({"filters": [{"attribute": text, "equals": text}, {"tag": text}]}, key="gold"),
    ),
    (
        "templates_server.features.tribes.data_parser",
        lambda text: read_tribe({"filters": [{"event": "a/b", "data": _conditions(text)}]}, key="gold"),
    ),
    (
        "templates_server.features.spaces.delivery.parser",
        lambda text: parse_delivery(document(text), ParseContext(SPACE, "production")),
    ),
    ("templates_server.features.spaces.delivery.differences", _differences),
    ("templates_server.features.event_names.model_check", _differs),
    ("templates_server.features.people.api", lambda text: _read_changes(document(text))),
    (
        "templates_server.features.people.profile_parser",
        lambda text: read_user(dict.fromkeys(("user_id", "email", "phone", "timezone", "locale", "joined"), text)),
    ),
    (
        "templates_server.features.people.profile_parser lists",
        lambda text: read_user({"tags": text.split(","), "attributes": {text: text}}),
    ),
    (
        "templates_server.primitives.yaml_json write",
        lambda text: yaml_json.write_yaml({"a": text, "b": [text], "c": text.split(",")}),
    ),
    ("templates_server.http.router", lambda text: ROUTER.find("GET", encoded(text))),
    ("templates_server.primitives.ip_addresses", _addresses),
    ("templates_server.http.forms.urlencoded", lambda text: urlencoded.decode(b"a=" + encoded(text))),
    ("templates_server.features.pages.browser_session", lambda text: read_cookie(f"a={text}", "a")),
    ("templates_server.features.codegen", _code),
    ("mtribes_cli.project.project_file", lambda text: project_file.parse_project_file(text, Path("mtribes.toml"))),
    ("mtribes_cli.project.lock_file", lambda text: lock_file.parse_lock_file(encoded(text), Path("mtribes.lock"))),
    ("mtribes_cli.parameters.documents", lambda text: local_documents._document("a.yaml", encoded(text), path=None)),
    ("mtribes_cli.api.response", _answer),
    ("mtribes_cli.api.response links", lambda text: _answer("{}", link=text)),
    (
        "mtribes_cli.api.response problems",
        lambda text: _answer(json.dumps({"errors": [{"message": text, "path": text}]})),
    ),
)


def readers_among(among: Modules) -> Iterator[Reader]:
    """The functions of texts that can be called."""
    for place, function in functions_of_texts(among):
        if place not in NOT_READERS and (read := filled(function)) is not None:
            yield Reader(place, read)


def readers() -> list[Reader]:
    """All of them."""
    return [*readers_among(modules()), *(Reader(place, read) for place, read in COMPOSED)]


def not_called(among: Modules) -> set[str]:
    """The functions of texts whose other arguments are not known here."""
    return {place for place, function in functions_of_texts(among) if filled(function) is None}


# Hard texts

PIECES = (
    *(
        '"',
        '\\"',
        "\\",
        "'",
        "[",
        "{",
        "}",
        "]",
        "[1,",
        '{"a":',
        "{},",
        ",",
        ";",
        ":",
        "=",
        "&",
        "|",
        " ",
        "\n",
        "\r",
        "\t",
    ),
    *(
        "a",
        "Z",
        "0",
        "1",
        ".",
        "-",
        "_",
        "/",
        "%41",
        "%",
        "<",
        ">",
        "(",
        "*",
        "#",
        "a: ",
        "- ",
        "? ",
        "..",
        "\u00e9",
        "\x00",
    ),
)
PAIRED = PIECES[::2]
FIRST = (
    "",
    "[",
    '["',
    '{"',
    '{"a": "',
    "a = [",
    'a = "',
    "a=",
    "for=",
    "- ",
    '"',
    "<",
    "a: ",
    "Basic ",
    "[" * 33 + '"',
)
AFTER = ('\\"', '"', " ", "1", "[", ",", "\\", "a")


def texts(*, thorough: bool) -> Iterator[tuple[str, Input]]:
    """Hard texts, with a description each."""
    for piece in PIECES:
        yield f"{piece!r} * n", _repeated("", piece)
        yield f"{piece!r} * n + '!'", _repeated("", piece, "!")
    for first, piece in itertools.product(FIRST[1:], PIECES if thorough else AFTER):
        yield f"{first!r} + {piece!r} * n", _repeated(first, piece)
    for separator in (",", ";", "&", "\n", " ", "/", "."):
        yield f"numbers, {separator!r}", _numbered(f"k{{0}}={{0}}{separator}", 9 + len(separator))
    yield "TOML keys", _numbered("k{0} = {0}\n", 12)
    yield "TOML tables", _numbered("[k{0}]\n", 9)
    yield "YAML keys", _numbered("k{0}: {0}\n", 12)
    yield "JSON keys", lambda length: "{" + _numbered('"k{0}":{0},', 14)(length) + '"z":0}'
    yield "JSON objects", lambda length: "[" + _numbered('{{"user_id":"{0}"}},', 20)(length) + "0]"
    if thorough:
        for first, second in itertools.permutations(PAIRED, 2):
            yield f"({first!r} + {second!r}) * n", _repeated("", first + second)


def _repeated(first: str, piece: str, last: str = "") -> Input:
    return lambda length: first + piece * (length // len(piece)) + last


def _numbered(template: str, characters: int) -> Input:
    return lambda length: "".join(template.format(number) for number in range(length // characters))


# Nothing but reading

CHANGES = ("os.", "shutil.", "subprocess.", "socket.", "sqlite3.", "webbrowser.", "tempfile.", "signal.", "pty.")
READS = {"os.listdir", "os.scandir", "os.walk", "os.fwalk"}
_GUARD = {"is_on": False, "is_there": False}


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if not _GUARD["is_on"]:
        return
    writes = event == "open" and (arguments[1] or "r")[0:1] in "wax"
    if writes or (event.startswith(CHANGES) and event not in READS):
        raise PermissionError(f"{event} in a function of a text")


@contextlib.contextmanager
def only_reading() -> Iterator[None]:
    """Refuse whatever would change something: functions are called here that nobody has looked at. None remembers.

    Nothing is logged either: texts of thousands of equal characters are no lines of a server.
    """
    if not _GUARD["is_there"]:
        sys.addaudithook(_watch)
        _GUARD["is_there"] = True
    _GUARD["is_on"] = True
    try:
        with mock.patch.object(text_cache, "MAX_KEY_BYTES", 0):  # else short texts are looked up, and long ones read
            logging.disable()
            yield
    finally:
        logging.disable(logging.NOTSET)
        _GUARD["is_on"] = False
