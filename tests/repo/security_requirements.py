"""Faults that attackers and users found, each with the tests that fail on the code that had it.

The format is that of `promises.py`: a line states the requirement, with its number first (`A1`); below it stand files
of tests, and below a file those of its tests that are meant, without `test_`, unless all of them are.
"""

from __future__ import annotations

from collections.abc import Mapping

DENIAL_OF_SERVICE = """
"""

CODE_EXECUTION = """
"""

LIMITS_AND_TRUTH = """
"""

FILES_AND_PLACES = """
"""

INPUT_FILES = """
E1 An id that is blank or has a blank or invisible character at an edge is refused by name wherever one is written.
  server/persons/test_names.py
    an_id_says_what_stands_at_its_edge
    every_blank_and_format_character_is_known
    an_app_cannot_write_an_id_with_blank_edges
    an_upsert_and_an_import_refuse_blank_edges
    a_part_of_before_the_rule_brings_nobody_back
E2 Users who had such an id before are read, changed and deleted by it.
  server/persons/test_names.py
    an_old_id_with_blank_edges_can_be_read_and_deleted
E3 An event years ahead is set to the time of receipt.
  server/events/test_events.py
    an_event_years_ahead_happened_when_it_was_received
"""

RUNTIME = """
"""

PUBLIC_PROMISES = """
"""

NEWER_PYTHONS = """
"""

TESTS_THAT_BITE = """
"""

SECURITY_REQUIREMENTS: Mapping[str, str] = {
    "A. Denial of service and memory": DENIAL_OF_SERVICE,
    "B. Code execution on a developer's machine": CODE_EXECUTION,
    "C. Limits that can be walked around, and truth": LIMITS_AND_TRUTH,
    "D. Files and places": FILES_AND_PLACES,
    "E. Other people's files": INPUT_FILES,
    "F. The runtime": RUNTIME,
    "G. What the public pages promise": PUBLIC_PROMISES,
    "H. Newer Pythons": NEWER_PYTHONS,
    "I. Tests that bite": TESTS_THAT_BITE,
}
