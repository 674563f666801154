"""Both packages keep the rules of the house, and each rule finds what is planted against it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.repo.house import Package, all_faults, mentions

ROOT = Path(__file__).parents[2]
OLD_MODULES_OF_THE_COMMAND_LINE = """
answers api.models.resources api.models.stream arguments atomic_file browser_sign_in bulk_connection client
code_update completing completion_places completion_scripts completion_table confirming connection console
contextual_fields crash credentials deliveries device_sign_in diagnosis diagnosis.finding diagnosis.here
diagnosis.there dispatch documents drift event_stream event_tail export.asking export.exporting export.fetching
export.rows export_wire file_faults generation given_text help_text histories host_trust hosts import_wire
ingest.ahead ingest.cells ingest.csv_faults ingest.decoding ingest.ids ingest.importing ingest.json_text ingest.lines
ingest.parts ingest.progress ingest.reading ingest.rejects_file ingest.sending ingest.source ingest.underway
journal_key json_fields keyboard keyring_probe keyring_store local_files lock_file loopback options output_file
output_paths output_plan output_tree people places process_lock project_file project_file_edit project_languages
proxies proxy_exceptions request result safe_text setup_answers sign_in sign_in_way token_source tree_recovery
tree_writer trust variables waiting_input wire wire_access wire_history wire_people wire_sessions wire_stream
wire_tribes write_journal
"""
OLD_CLASSES_OF_THE_COMMAND_LINE = """
ApiResult Answers Arrived ArrivedEvent ArrivedSession BulkConnection ConnectingError Connection Credentials Device
Fetching Fields Filling Folders GivenText GivesTokens Ingest Loopback OneToken Place Reading Seen SendError Sending
Sides SignIn Step TokenSource TooLong Underway WaitingInput Wanted Way Wish Wishes Word Write
"""
PACKAGES = (
    Package(
        ROOT / "mtribes_cli",
        crowded_folders=frozenset({"commands"}),
        old_modules=frozenset(OLD_MODULES_OF_THE_COMMAND_LINE.split()),
        old_classes=frozenset(OLD_CLASSES_OF_THE_COMMAND_LINE.split()),
    ),
)
TEXTS = frozenset({".py", ".md", ".toml", ".txt", ".yaml", ".importlinter"})
LINES = "NUMBER = 1\n" * 20


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_package_keeps_the_rules_of_the_house(package: Package) -> None:
    assert all_faults(package) == []


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_no_text_names_an_old_path_of_a_module(package: Package) -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    texts = [
        ROOT / name
        for name in listed
        if (Path(name).suffix or Path(name).name) in TEXTS and name not in ("CHANGELOG.md", "tests/repo/test_house.py")
    ]
    assert list(mentions(package, (path for path in texts if path.is_file()))) == []


def planted(folder: Path, files: dict[str, str]) -> Package:
    for name, text in files.items():
        path = folder / "house" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Package(
        folder / "house",
        crowded_folders=frozenset({"commands"}),
        old_modules=frozenset({"attic", "cellar.wine"}),
        old_classes=frozenset({"Said"}),
    )


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        (
            {"a.py": f"from house import b\n{LINES}", "b.py": f"import house.a\n{LINES}"},
            "files in a circle: house.a, house.b",
        ),
        (
            {
                "a.py": f"def f():\n    from house.b import NUMBER\n{LINES}",
                "b.py": f"from house.a import NUMBER\n{LINES}",
            },
            "files in a circle: house.a, house.b",
        ),
        (
            {
                "a/__init__.py": "",
                "a/one.py": f"from house.b import two\n{LINES}",
                "a/other.py": LINES,
                "b/__init__.py": "",
                "b/one.py": f"from ..a import other\n{LINES}",
                "b/two.py": LINES,
            },
            "folders in a circle: house.a, house.b",
        ),
        ({f"a/m{number}.py": LINES for number in range(21)}, "house/a has 21 modules, more than 20"),
        ({"a.py": "NUMBER = 1\n"}, "house.a has 1 lines, less than 15"),
        (dict.fromkeys(("a.py", "b.py"), f"class Deed:\n    pass\n{LINES}"), "class Deed is in house.a, house.b"),
        ({"attic.py": LINES}, "house.attic is an old path"),
        ({"a.py": f"class Said:\n    pass\n{LINES}"}, "class Said in house.a is an old name"),
    ],
)
def test_what_is_planted_against_a_rule_is_found(tmp_path: Path, files: dict[str, str], fault: str) -> None:
    assert all_faults(planted(tmp_path, {"__init__.py": "", **files})) == [fault]


def test_what_the_rules_allow_is_no_fault(tmp_path: Path) -> None:
    files = {
        "__init__.py": "",
        "__main__.py": "from house import cli\n",
        "cli.py": f"from house.commands import m1\nfrom house.rooms import attic\n{LINES}",
        "rooms/__init__.py": "",
        "rooms/attic.py": f"class _Handler:\n    pass\n{LINES}",
        "rooms/cellar.py": f"from house.rooms import attic\n{LINES}",
        **{f"commands/m{number}.py": LINES for number in range(30)},
    }
    assert all_faults(planted(tmp_path, files)) == []


@pytest.mark.parametrize("text", ["house.attic", "from house.cellar.wine import red", "see house/cellar/wine.py"])
def test_a_planted_mention_of_an_old_path_is_found(tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"house.cellar, the_house.attic, house.attics\n{text}\n")
    assert [fault.partition(" ")[0] for fault in mentions(planted(tmp_path, {}), [page])] == ["page.md:2"]
