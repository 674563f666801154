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
OLD_MODULES_OF_THE_SERVER = """
access accounts accounts.api accounts.emails accounts.invitations accounts.invitations.api
accounts.invitations.codes accounts.invitations.store accounts.models accounts.organizations_api accounts.passwords
accounts.service_accounts_api accounts.store addresses arrivals attempts.counting attempts.policy attempts.store
audit audit.api audit.models audit.store backup.archive backup.beside backup.make backup.restore backup.tables
bodies checks codegen codegen.api codegen.brightscript codegen.brightscript.events_file
codegen.brightscript.fallbacks codegen.brightscript.layout codegen.brightscript.literals codegen.brightscript.names
codegen.brightscript.space_files codegen.cache codegen.fingerprint codegen.generator codegen.highlighting
codegen.inputs codegen.java codegen.java.collection_file codegen.java.events_file codegen.java.experience_file
codegen.java.fallbacks_file codegen.java.files codegen.java.layout codegen.java.literals codegen.java.names
codegen.java.options codegen.java.section_file codegen.java.space_files codegen.javascript codegen.kotlin
codegen.kotlin.collection_module codegen.kotlin.events_module codegen.kotlin.experience_module
codegen.kotlin.fallbacks_module codegen.kotlin.layout codegen.kotlin.literals codegen.kotlin.modules
codegen.kotlin.names codegen.kotlin.property_types codegen.kotlin.space_modules codegen.listing codegen.model
codegen.models codegen.naming codegen.pieces codegen.python codegen.python.collection_module
codegen.python.events_module codegen.python.experience_module codegen.python.fallbacks codegen.python.index_module
codegen.python.layout codegen.python.literals codegen.python.modules codegen.python.names
codegen.python.property_types codegen.python.section_module codegen.python.space_modules codegen.recording
codegen.registry codegen.render codegen.store codegen.swift codegen.swift.collection_module
codegen.swift.events_module codegen.swift.experience_module codegen.swift.fallbacks codegen.swift.layout
codegen.swift.literals codegen.swift.modules codegen.swift.names codegen.swift.options codegen.swift.space_modules
codegen.targets codegen.templates codegen.tracking codegen.typescript codegen.typescript.collection_module
codegen.typescript.events_module codegen.typescript.fallbacks codegen.typescript.index_module
codegen.typescript.layout codegen.typescript.literals codegen.typescript.modules codegen.typescript.names
codegen.typescript.property_types codegen.typescript.react codegen.typescript.section_module
codegen.typescript.space_modules commands.asking commands.crashes commands.failures commands.first_local
commands.lost commands.opened commands.program commands.variables connections console console.activity console.audit
console.charts console.delivery console.delivery.changes console.delivery.comparison console.delivery.controls
console.delivery.editor console.delivery.merging console.delivery.overview console.delivery.pictures
console.delivery.preview console.delivery.review console.delivery.scenario_form console.delivery.workspace
console.document_changes console.home console.import_file console.imports console.kept console.kept.forms
console.kept.store console.keys console.live console.members console.model console.model_forms console.model_parts
console.model_review console.navigation console.organization console.organizations console.people console.person
console.platform console.profile console.search console.service_accounts console.shell console.space console.store
console.tokens console.tribe console.tribe_counts console.tribe_editor console.tribe_explanation
console.tribe_exports console.tribe_history console.tribe_rows console.tribe_saving console.tribe_sizes
console.tribe_words console.tribes console.typed console.user_tags console.visits daily_counts daily_counts.closing
daily_counts.store data_folder database delivery delivery.api delivery.choosing delivery.differences delivery.model
delivery.models delivery.reading delivery.revisions_api delivery.store demo demo.models demo.seeding demo.store
demo_app demo_app.api demo_app.store description devices devices.api devices.reading devices.store documents
event_names events events.api events.limits events.listing events.listing.store events.listing.views
events.model_events events.modelled events.models events.names events.names.api events.names.changes
events.names.folding events.names.store events.reading events.shapes events.store events.stream events.stream.api
events.stream.feed events.stream.filters events.stream.models events.stream.positions events.stream.recorder
events.stream.store exchange exports exports.api exports.columns exports.csv_rows exports.cursors exports.files
exports.lines_store exports.models exports.serving exports.spooling exports.store forms held_bytes histories
histories.api histories.models histories.store hosts http_protocol idempotency idempotency.answers idempotency.store
identifiers identities identities.api identities.reading identities.store imports imports.api imports.applying
imports.arriving imports.bringing imports.csv_files imports.csv_files.cells imports.csv_files.faults
imports.csv_files.header imports.csv_files.rejects imports.csv_files.rows imports.csv_files.rules
imports.csv_files.text imports.digests imports.merging imports.models imports.people_store imports.plain
imports.postgres_store imports.reader imports.reading imports.sqlite_store imports.store imports.turns
imports.uploads incoming json_depth log_files merges.joining merges.store metrics metrics.api metrics.counts
migrations migrations.env migrations.versions.0001_first_tables migrations.versions.0002_people_and_records
migrations.versions.0003_marks_of_imports migrations.versions.0004_bounded_merges
migrations.versions.0005_person_times_and_tag_removals migrations.versions.0006_what_apps_say
migrations.versions.0007_notes_of_revisions migrations.versions.0008_streams_of_events
migrations.versions.0009_removals_of_environments migrations.versions.0010_counts_of_days
migrations.versions.0011_indexes_of_large_environments multipart numbers oauth oauth.api oauth.clients oauth.device
oauth.device.api oauth.device.grant oauth.device.store oauth.device.user_codes oauth.grants oauth.local_code
oauth.local_page oauth.models oauth.permissions oauth.protocol oauth.request oauth.store ofrep ofrep.api
ofrep.entity_tags ofrep.evaluating ofrep.flags ofrep.marks ofrep.models ofrep.reading ofrep.refusals ofrep.streams
ofrep.streams.api ofrep.streams.following ofrep.streams.store ofrep.streams.tokens open_file openapi.answers
openapi.document openapi.examples openapi.groups openapi.guide openapi.permissions openapi.samples openapi.schemas
openapi.words opening packing pages.api pages.browser pages.invitations pages.models pages.moments pages.notices
pages.render pages.store pagination persons.asking persons.last_session persons.names persons.profiles
persons.reading persons.shares persons.stating persons.store persons.versions places postgres_database
postgres_failures postgres_url property_values rate_limits remembering retention.purging retention.store revisions
round_trips router rows schema server_key serving sessions sessions.app_report sessions.changes sessions.changes.api
sessions.changes.following sessions.changes.memory sessions.changes.models sessions.changes.store
sessions.changes.streaming sessions.changes.telling sessions.changes.watch sessions.deciding sessions.explaining
sessions.models sessions.reading sessions.refused sessions.states sessions.store shared_questions signatures
signed_ids signed_ids.api signed_ids.models signed_ids.store silent_proxies spaces spaces.api spaces.apps
spaces.definitions spaces.differences spaces.events_and_fields spaces.model_api spaces.models spaces.reading
spaces.removal spaces.removal.removing spaces.removal.store spaces.store sqlite_database steps system system.api
system.models times tokens.api tokens.models tokens.narrowing tokens.secrets tokens.store tokens.uses tribes
tribes.api tribes.compiler tribes.data_reading tribes.evaluator tribes.event_reading tribes.explaining tribes.facts
tribes.json_paths tribes.models tribes.percents tribes.reading tribes.rules tribes.share_reading tribes.sql
tribes.store tribes.version_reading tribes.windows tribes.writing users users.api users.erasure.listing
users.erasure.store users.everything users.everything.api users.everything.store users.folding users.models
users.store users.tag_removal users.tag_removal.api users.tag_removal.removing users.tag_removal.store v1
v1.deprecation v1.routes
"""
OLD_CLASSES_OF_THE_SERVER = """
Arrivals SessionArrivals SharedQuestions Places Deed Once Attempts Closed Deciding Decided Said Shown Stated PersonName
Presence Known FollowedSession Follower Watch Early Arriving Turns Spooler Slot Apps TokenUses Protocol Authority
CodeGrant ServiceGrant Found Wanted Moment Situation Settled Folded Spooled Written Belongings Evaluations Opened
Answer Place Wish
"""
PACKAGES = (
    Package(
        ROOT / "mtribes_cli",
        crowded_folders=frozenset({"commands"}),
        old_modules=frozenset(OLD_MODULES_OF_THE_COMMAND_LINE.split()),
        old_classes=frozenset(OLD_CLASSES_OF_THE_COMMAND_LINE.split()),
    ),
    Package(
        ROOT / "templates_server",
        crowded_folders=frozenset({"commands"}),
        old_modules=frozenset(OLD_MODULES_OF_THE_SERVER.split()),
        old_classes=frozenset(OLD_CLASSES_OF_THE_SERVER.split()),
        apart=frozenset({"features/codegen/python/runtime", "storage/migrations"}),
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
