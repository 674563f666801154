"""Fixtures of every test: servers on both databases."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from templates_server.features.operations import retention_job
from templates_server.security import passwords
from templates_server.settings import sqlite_url
from tests import secret_scanner, statements
from tests.openapi_conformance import FINDINGS
from tests.pgbouncer import THROUGH_PGBOUNCER, pgbouncer
from tests.requirements import is_switched_on_by_name, must_not_skip, require
from tests.servers import PostgresServer, RunningServer, running_server
from tests.unhandled_exceptions import UNHANDLED

QUICK_EXAMPLES = 40
QUICK_HASH_KIB = 64
TIMEOUT_SECONDS = 120
LONG_PROOF_TIMEOUT_SECONDS = 900


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--slow` runs the long proofs, and nothing else."""
    parser.addoption("--slow", action="store_true", help="run what is marked slow or needs PostgreSQL, and only that")


def pytest_configure(config: pytest.Config) -> None:
    """Fewer examples of each rule where all that is wanted is to be quick."""
    statements.listen()
    # A single example may take long where the machine is busy: the limit of the whole test holds.
    settings.register_profile("long", settings(), deadline=None)
    settings.register_profile("quick", settings(), deadline=None, max_examples=QUICK_EXAMPLES)
    settings.load_profile("long" if config.getoption("--slow") else "quick")
    if not config.getoption("--slow"):
        passwords.MEMORY_KIB = QUICK_HASH_KIB  # thousands of sign-ins: the memory of a hash is for the long proofs
    # On PostgreSQL one purges at a time and another does nothing: no server is to begin while a test asks for it.
    retention_job.FIRST_AFTER_SECONDS = retention_job.EVERY_SECONDS
    logging.getLogger().addHandler(UNHANDLED)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """One process more than there are cores: a fifth of the time of the quick tests is waiting."""
    return None if config.getoption("--slow") else (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the long proofs, or all but these."""
    wanted = bool(config.getoption("--slow"))
    left_out = [item for item in items if _is_long_proof(item) != wanted]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]
    seconds = LONG_PROOF_TIMEOUT_SECONDS if wanted else TIMEOUT_SECONDS
    for item in items:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(seconds))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail what is skipped where nothing may be left out, but for what a variable that is named switches on."""
    report = yield
    if report.skipped and must_not_skip() and not hasattr(report, "wasxfail"):
        _, _, reason = report.longrepr if isinstance(report.longrepr, tuple) else ("", 0, str(report.longrepr))
        if not is_switched_on_by_name(reason):
            report.outcome = "failed"
            report.longrepr = f"skipped where nothing may be left out: {reason}"
    return report


def _is_long_proof(item: pytest.Item) -> bool:
    """Whether it takes long: its mark says so, or it works on PostgreSQL too, as nearly all of SQLite's tests do."""
    if item.get_closest_marker("slow") is not None or "postgres" in getattr(item, "fixturenames", ()):
        return True
    parameters = getattr(item, "callspec", None)
    return parameters is not None and "postgresql" in parameters.params.values()


@pytest.fixture(autouse=True)
def every_answer_is_described() -> Iterator[None]:
    """Whatever a server of these tests answered is in the description that servers give of themselves."""
    yield
    findings = FINDINGS.take()
    told = "\n".join(findings)
    assert not findings, f"/openapi.json, made from Route in templates_server/routes.py, does not describe:\n{told}"


@pytest.fixture(autouse=True)
def no_server_fails_unseen() -> Iterator[None]:
    """No server of these tests logs an exception that it did not handle."""
    yield
    unhandled = "\n".join(UNHANDLED.take())
    assert not unhandled, f"a server logged an exception that it did not handle:\n{unhandled}"


@pytest.fixture(scope="session", autouse=True)
def no_statement_joins_two_people() -> Iterator[None]:
    """Whatever this run sent to PostgreSQL could be sent to Citus, whose tables are distributed by person."""
    yield
    if not statements.heard():
        return
    from tests.citus_rules import faults  # noqa: PLC0415 - slow to import, and only PostgreSQL's statements are read

    found = [f"{fault}: {text}" for text in statements.heard() for fault in faults(text)]
    told = "\n".join(found[: secret_scanner.MOST_TOLD])
    assert not found, f"tests/citus_rules.py found {len(found)} statements that Citus refuses:\n{told}"


@pytest.fixture(scope="session", autouse=True)
def nothing_keeps_a_secret(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing that the whole run has left holds a secret, but for what is for secrets."""
    with secret_scanner.record_logs():
        yield
    secret_scanner.check_planted(tmp_path_factory.mktemp("planted"))
    seen = request.config.stash[secret_scanner.SCAN_SUMMARY] = secret_scanner.scan_all(tmp_path_factory.getbasetemp())
    told = "\n".join(seen.leaks[: secret_scanner.MOST_TOLD])
    assert not seen.leaks, f"tests/secret_scanner.py found secrets in {len(seen.leaks)} places:\n{told}"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand on what was looked through, from the processes of a run to the one that tells of it."""
    seen = session.config.stash.get(secret_scanner.SCAN_SUMMARY, None)
    if seen is not None and hasattr(session.config, "workeroutput"):
        session.config.workeroutput["looked_through"] = seen.counts
    elif secret_scanner.is_too_little(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what a process of the run looked through."""
    counts = getattr(node, "workeroutput", {}).get("looked_through")
    if counts is not None:
        before = node.config.stash.get(secret_scanner.SCAN_SUMMARY, secret_scanner.ScanSummary())
        node.config.stash[secret_scanner.SCAN_SUMMARY] = before.merge(counts)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell how much was looked through."""
    seen = config.stash.get(secret_scanner.SCAN_SUMMARY, None)
    if seen is not None:
        terminalreporter.write_line(str(seen), red=secret_scanner.is_too_little(config))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL for the whole run, in a folder that its own user may enter, however pytest guards its own."""
    require(sys.platform != "win32", "PostgreSQL for tests", "run these on Linux or macOS")
    with tempfile.TemporaryDirectory(prefix="mtribes-postgres-", ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder))
        with pgbouncer(Path(folder)) if os.environ.get(THROUGH_PGBOUNCER) == "1" else nullcontext() as server.pooler:
            yield server
        server.close()
        secret_scanner.PARTS.append(secret_scanner.scan_postgres(Path(folder)))


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    """The URL of an empty PostgreSQL database."""
    return postgres.new_database_url()


def _new_database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if request.param == "sqlite":
        return str(sqlite_url(tmp_path_factory.mktemp("sqlite")))
    postgres: PostgresServer = request.getfixturevalue("postgres")
    return postgres.new_database_url()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a database of each kind, which `server` works on."""
    return _new_database_url(request, tmp_path_factory)


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of an empty database of each kind, for one test."""
    return _new_database_url(request, tmp_path_factory)


@pytest.fixture(scope="session")
def server(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with an empty database, of each kind, shared by the run: tests make what they need under own names."""
    with running_server(Path(tmp_path_factory.mktemp("data")), database_url=database_url) as running:
        yield running
