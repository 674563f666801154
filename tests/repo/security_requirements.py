"""Faults that attackers and users found, each with the tests that fail on the code that had it.

The format is that of `promises.py`: a line states the requirement, with its number first (`A1`); below it stand files
of tests, and below a file those of its tests that are meant, without `test_`, unless all of them are.
"""

from __future__ import annotations

from collections.abc import Mapping

DENIAL_OF_SERVICE = """
A4 A person's events, a visitor's sessions and devices had no limit; moving 300,000 events held all writers for 3.3 s.
  server/client/test_limits_of_a_person.py
A4 Many merges that arrived together were one transaction, however much they moved.
  server/client/test_limits_of_a_person.py
    one_transaction_moves_so_much_and_leaves_the_rest_for_later
    many_merges_at_once_are_all_made
  server/test_arrivals.py
    what_is_left_for_later_comes_again_with_what_has_arrived_since
A4 Tribes counted all that somebody had done, on the event loop: 0.2 s a session of a person with 300,000 events.
  server/tribes/test_counting.py
  server/test_database.py
    a_query_of_many_steps_does_not_hold_the_event_loop
    a_query_elsewhere_may_take_as_many_steps_as_it_needs
  repo/test_event_loop.py
A4 Removing a user with very many events was one transaction, during which nobody else could write.
  server/client/test_limits_of_a_person.py
    a_user_with_more_events_than_one_step_removes_is_erased
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
G On Citus sessions, events, `identify` and `alias` were 500, as rows of two people were joined; removing a user, too.
  server/test_citus_rules.py
  server/test_citus.py
  server/test_migrations.py
    merges_get_the_name_of_their_user
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
