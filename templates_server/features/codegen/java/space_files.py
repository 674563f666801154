"""All files of a Space except the runtime."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from templates_server.features.codegen.java.collection_file import collection_file, collections_file
from templates_server.features.codegen.java.events_file import events_file, fields_file
from templates_server.features.codegen.java.experience_file import experience_file
from templates_server.features.codegen.java.fallbacks_file import fallbacks_file
from templates_server.features.codegen.java.files import JavaFile, runtime_imports
from templates_server.features.codegen.java.layout import MethodCall, assignment
from templates_server.features.codegen.java.literals import documentation, string
from templates_server.features.codegen.java.section_file import section_file
from templates_server.features.codegen.naming import ModelNames
from templates_server.features.codegen.safe_fragments import CodeFragment
from templates_server.features.spaces.model import GenerationInput


def space_files(
    generation_input: GenerationInput, names: ModelNames, options: Mapping[str, str], code_hash: str
) -> Iterator[JavaFile]:
    """Return each file once. Only the fallbacks depend on `code_hash`: the others change with their own parts."""
    model = generation_input.model
    for experience in model.experiences:
        yield experience_file(experience, names)
    for section in model.sections:
        yield section_file(section, names)
    for collection in model.collections:
        yield collection_file(collection, names)
    yield collections_file(model, names)
    yield fallbacks_file(generation_input, names, code_hash)
    if model.events:
        yield events_file(model, names)
    if model.fields:
        yield fields_file(model, names)
    yield _space_file(generation_input, options)
    imports = runtime_imports("Client", "Session", "SpaceOptions", "Storage")
    about = documentation(model.name, model.description, key=model.key)
    yield JavaFile("Mtribes", "mtribes", imports, {"about": about})


def _space_file(generation_input: GenerationInput, options: Mapping[str, str]) -> JavaFile:
    host = options.get("host", "").rstrip("/")
    blueprint = MethodCall(
        "new Blueprint",
        [
            string(generation_input.model.key),
            string(host),
            CodeFragment("Fallbacks.CODE_HASH"),
            CodeFragment('"java"'),
            CodeFragment("Fallbacks::of"),
        ],
    )
    values = {"blueprint": assignment("private static final Blueprint BLUEPRINT", blueprint, indent=2)}
    return JavaFile(
        "Space", "space", runtime_imports("Blueprint", "Client", "Session", "SpaceEngine", "SpaceOptions"), values
    )
