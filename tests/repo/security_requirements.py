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
F1 On a server one person's content and events never go to another; visitors of one process share no anonymous id.
  server/codegen/test_one_person_on_a_server.py
F2 A value that older code does not know costs that value alone; it is listed, logged once, and told to the server.
  server/codegen/test_old_code.py
F3 A start that failed is tried again: growing pauses, Retry-After kept, at once when the network is back.
  server/codegen/test_start_again.py
F4 One bad event takes no other with it: names and metadata are checked when tracked, refused ones are dropped alone.
  server/codegen/test_events.py
    what_is_no_name_is_refused_when_it_is_tracked
    metadata_that_the_server_would_refuse_is_refused_when_it_is_tracked
    a_bad_name_takes_no_event_of_a_page_that_closes_with_it
    events_that_the_server_names_are_dropped_alone_and_at_once
    one_event_that_the_server_refuses_is_dropped_alone
    a_clock_that_was_never_set_does_not_have_events_refused
    a_page_of_something_in_between_acknowledges_nothing
  server/codegen/test_hostile_apps.py
    whatever_is_sent_the_server_takes
F5 Storage that is full, forbidden or asynchronous gives nobody the anonymous id of another, after a reload neither.
  server/codegen/test_identity_storage.py
F6 Two answers to a follower never follow each other faster than a second.
  server/codegen/test_changes.py
    two_answers_never_follow_each_other_faster_than_a_second
F7 A passing error of the server, or of something in between, does not end following; it is retried ever more rarely.
  server/codegen/test_changes.py
    following_goes_on_after_a_passing_error
    a_session_that_cannot_be_begun_anew_at_once_is_begun_later
    a_server_without_changes_is_asked_ever_more_rarely
    a_server_that_loses_new_sessions_at_once_is_left_alone_longer
F8 Neither timers nor unanswered requests keep a program running; collected events are sent as it ends.
  server/codegen/test_programs_end.py
F9 A large event at the head does not keep the others from being sent when the page is hidden.
  server/codegen/test_events.py
    an_event_that_does_not_fit_holds_up_no_other_of_a_page_that_is_hidden
    a_page_that_is_hidden_sends_at_most_60_kib_with_keepalive_and_the_rest_later
F10 No public function throws or rejects, whatever the app, its fetch, its storage or its console does.
  server/codegen/test_hostile_apps.py
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
