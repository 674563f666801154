"""A file that is imported in the console: the same people, totals and rejects as `mtribes user ingest` gives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.ingest.test_inputs import INPUTS, LONG, TABLE
from tests.contract.ingest.world import Place, as_csv, new_place, row_of, totals_of
from tests.contract.people import Signed
from tests.server.features.auth.flows import Browser, signed_in_browser
from tests.server.features.console.console_importer import ConsoleImporter
from tests.server.features.console.people import text_of
from tests.servers import RunningServer

TOTALS = re.compile(r"([\d,]+) rows? read = ([\d,]+) created \+ ([\d,]+) updated \+ ([\d,]+) unchanged \+ ([\d,]+) rej")
NAMES = ("read", "created", "updated", "unchanged", "rejected")
QUICK = (
    "a03b_concat_bom.csv", "a07b_cp1252_cells.csv", "a14_dup_header.csv", "a19_quoted_newline.csv", "e30_odd_ids.csv",
    "c01e_long_badrow.csv",
)  # fmt: skip
OF_TEXT = tuple(name for name in TABLE if name.endswith((".csv", ".txt")))
PACKED = tuple(name for name in TABLE if name.endswith((".gz", ".zip", ".json", ".ndjson")))
PIECES = (
    "user_id", "email", "plan", ",", ",", ",", ";", "\t", "\n", "\n", "\r\n", '"', '""', " ", "a", "b1", "é", "\u00a0",
    "'", "\\", "\x1a", "\x0b", "1E+5", "x@example.com", "_error", "\ufeff", "“", "2024-01-01", "12", "true",
)  # fmt: skip
HEADS = ("user_id,email,plan\n", "user_id;email;plan\r\n", "user_id\temail\n", "user_id,,plan\n", "user_id\n", "")


@dataclass
class Two:
    """The same person at two empty environments: with the command line at one, in the console at the other."""

    ada: Signed
    server: RunningServer
    browser: Browser

    def by_both(self, content: bytes, name: str, *options: str, **changes: str) -> tuple[Any, Any]:
        """What becomes of a file by either: totals, rejects, and who is stored."""
        by_terminal, in_console = new_place(self.ada, self.server), new_place(self.ada, self.server)
        return by_command(by_terminal, content, name, *options), self._by_page(in_console, content, name, **changes)

    def _by_page(self, place: Place, content: bytes, name: str, **changes: str) -> Any:
        path = f"/console/spaces/{place.space}/environments/production/imports"
        importer = ConsoleImporter(self.browser, path)
        sent = importer.send(content, name)
        if sent.status_code != 303:
            assert sent.status_code == 422, sent.text
            return None, b"", place.stored()
        file = sent.headers["location"]
        mapped = importer.try_to_map(file, **changes)
        if mapped.status_code != 303:
            assert mapped.status_code == 422, mapped.text
            return None, b"", place.stored()
        importer.wait_until_settled(file)
        found = TOTALS.search(text_of(importer.import_file(file)))
        assert found
        totals = dict(zip(NAMES, (int(number.replace(",", "")) for number in found.groups()), strict=True))
        rejects = self.browser.get(f"{file}/rejects")
        return totals, rejects.content if rejects.status_code == 200 else b"", place.stored()


def by_command(place: Place, content: bytes, name: str, *options: str) -> Any:
    home = place.mtribes.home
    for left in home.glob("*.rejects*"):
        left.unlink()
    (home / name).write_bytes(content)
    outcome = place.ingest(name, "--json", *options)
    rejects = b"".join(path.read_bytes() for path in home.glob("*.rejects*"))
    return outcome.envelope["data"] and totals_of(outcome), rejects, place.stored()


@pytest.fixture
def two(ada: Signed, server: RunningServer) -> Two:
    return Two(ada, server, signed_in_browser(server, ada.person))


def content_of(name: str) -> bytes:
    return LONG[name].encode() if name in LONG else (INPUTS / name).read_bytes()


@pytest.mark.parametrize("name", QUICK)
def test_a_file_comes_to_the_same_by_either_way(two: Two, name: str) -> None:
    by_terminal, in_console = two.by_both(content_of(name), name)
    assert in_console == by_terminal


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(OF_TEXT) - set(QUICK)))
def test_every_other_file_comes_to_the_same(two: Two, name: str) -> None:
    by_terminal, in_console = two.by_both(content_of(name), name)
    assert in_console == by_terminal


@pytest.mark.slow
def test_what_is_no_csv_is_refused_and_imports_nothing(two: Two) -> None:
    place = new_place(two.ada, two.server)
    importer = ConsoleImporter(two.browser, f"/console/spaces/{place.space}/environments/production/imports")
    for name in PACKED:
        answer = importer.send(content_of(name) or b" ", name)
        assert answer.status_code == 422, name
        assert "mtribes user ingest" in answer.text or "Save it as CSV" in answer.text, name
    assert place.stored() == {}


def test_columns_that_are_mapped_and_typed_come_to_the_same(two: Two) -> None:
    content = (
        b"Customer ID,E-Mail,score,vip,since,email,groups,_error\n"
        b"1E+5,a@example.com,1.50,YES,2024-01-01,left,x; y,before\n"
        b"ada, ada@example.com ,many,no,2024-13-01,left,,\n"
        b"bob,nobody,1e400,perhaps,2024-01-01T20:35:00Z,left,z,\n"
    )
    options = (
        "--map", "Customer ID=user_id", "--map", "E-Mail=email", "--map", "email=", "--map", "groups=add_tags",
        "--map", "score=points", "--type", "score=number", "--type", "vip=boolean", "--type", "since=date",
        "--type", "Customer ID=text",
    )  # fmt: skip
    changes = {
        "becomes-0": "user_id", "type-0": "text", "becomes-1": "email", "becomes-5": "", "becomes-6": "add_tags",
        "named-2": "points", "type-2": "number", "type-3": "boolean", "type-4": "date",
    }  # fmt: skip
    by_terminal, in_console = two.by_both(content, "crm.csv", *options, **changes)
    assert in_console == by_terminal
    totals, rejects, stored = by_terminal
    assert totals == {"read": 3, "created": 1, "updated": 0, "unchanged": 0, "rejected": 2}
    assert b"many,no,2024-13-01" in rejects
    assert stored["1E+5"]["attributes"] == {"points": 1.5, "vip": True, "since": "2024-01-01"}


@pytest.mark.slow
def test_a_file_of_several_parts_comes_to_the_same(two: Two) -> None:
    rows = [row_of(number) for number in range(60_000)]
    for number in range(0, 60_000, 997):
        rows[number][5] = "soon"
    rows[7:9] = [["broken"], [*row_of(7)[:8], 'a"b']]
    content = as_csv(rows).encode()
    by_terminal, in_console = two.by_both(content, "many.csv")
    assert in_console == by_terminal
    assert by_terminal[0]["read"] == 60_000


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(head=st.sampled_from(HEADS), pieces=st.lists(st.sampled_from(PIECES), max_size=30))
def test_any_file_comes_to_the_same(two: Two, head: str, pieces: list[str]) -> None:
    content = (head + "".join(pieces)).encode() or b"\n"
    by_terminal, in_console = two.by_both(content, "any.csv")
    assert in_console == by_terminal
