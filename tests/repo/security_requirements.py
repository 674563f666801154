"""Faults that attackers and users found, each with the tests that fail on the code that had it.

The format is that of `promises.py`: a line states the requirement, with its number first (`A1`); below it stand files
of tests, and below a file those of its tests that are meant, without `test_`, unless all of them are.
"""

from __future__ import annotations

from collections.abc import Mapping

DENIAL_OF_SERVICE = """
A1 The depth of JSON is told in one pass over the body, in strings that are never closed too.
  server/test_costly_requests.py
    depth_of_an_unclosed_string_is_told_at_once
    a_token_request_without_credentials_is_read_at_once
A1 Forwarded headers are read in one pass, with quotes that are never closed too.
  server/test_costly_requests.py
    a_long_forwarded_header_is_read_at_once
A1 Cookies are read in one pass, whatever Python does with quoted ones.
  server/test_costly_requests.py
    long_cookies_are_read_at_once
  repo/test_growth.py
    no_cookie_is_read_by_what_takes_a_square_of_time
A1 A JSON array is read in one pass, whatever is in it.
  cli/ingest/test_json.py
    a_hostile_array_is_read_in_seconds
    garbage_is_read_alike_in_pieces_of_any_size
    a_number_of_many_digits_is_sent_as_it_stands
A1 The time of every pattern and every reader of sent text grows with its length; what is new is measured unlisted.
  repo/test_growth.py
A2 Events are counted before they are read; an answer lists a hundred problems and counts the rest, in bounded texts.
  server/test_problems.py
  server/test_costly_requests.py
    too_many_events_are_counted_before_they_are_read
    a_thousand_bad_events_get_a_short_answer
    a_document_with_many_faults_gets_a_short_answer
  contract/test_cli_spaces.py
    of_many_faults_a_hundred_are_listed_and_the_rest_counted
A3 What is remembered of sent texts is bounded by bytes.
  server/test_remembering.py
  repo/test_caches.py
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
