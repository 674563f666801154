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
"""

RUNTIME = """
"""

PUBLIC_PROMISES = """
"""

NEWER_PYTHONS = """
H1 What a certificate lacks that strict verification demands is named, with what to do about it.
  cli/bad_days/test_certificates.py
    what_strict_verification_misses_is_named
H2 The tests pass on every Python from 3.11 on that the machine has, in threads and at terminals too.
  cli/bad_days/test_signals.py
    a_question_is_left
  server/test_documents.py
    json_that_a_document_may_not_hold_is_refused
"""

TESTS_THAT_BITE = """
I1 An exception that a server of the tests did not handle fails the test during which it was logged.
  repo/test_unhandled.py
I2 A test that is skipped where nothing may be left out, or takes too long, has failed.
  repo/test_what_is_left_out.py
I3 What was sent as a tribe's key may be anything, and is refused by its path.
  server/tribes/test_tribes_api.py
    a_tribe_sent_to_another_key_is_refused
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
