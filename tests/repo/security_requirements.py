"""Faults that attackers and users found, each with the tests that fail on the code that had it.

The format is that of `promises.py`: a line states the requirement, with its number first (`A1`); below it stand files
of tests, and below a file those of its tests that are meant, without `test_`, unless all of them are.
"""

from __future__ import annotations

from collections.abc import Mapping

DENIAL_OF_SERVICE = """
A5 Started sessions kept the states of their time alive, and caches of states were bounded by number, not by bytes.
  server/sessions/test_memory.py
  server/test_held_bytes.py
"""

CODE_EXECUTION = """
"""

LIMITS_AND_TRUTH = """
C7 A person whom an event, an alias, a device, a session or `identify` created was updated in 1970.
  server/client/test_person_times.py
  server/test_migrations.py
    people_without_a_time_of_update_get_one
"""

FILES_AND_PLACES = """
"""

INPUT_FILES = """
"""

RUNTIME = """
"""

PUBLIC_PROMISES = """
G An event of the public page's example name "Product Purchased" was refused, by each part that takes a name.
  server/events/test_events.py
    a_name_is_any_text_and_stored_as_it_was_sent
    a_name_is_accepted_exactly_when_it_fits_the_rule
  server/events/test_listing.py
    events_are_found_by_any_name_that_can_be_sent
  contract/test_cli_events.py
    an_event_of_any_name_is_tracked_exported_and_filtered_by
    a_name_that_breaks_the_rule_is_refused_everywhere
G Visitors could not be tagged, and nobody could list people by tag, e-mail address or attribute.
  server/users/test_visitors.py
  cli/test_visitor.py
  contract/test_cli_users.py
    users_are_listed_by_tag_attribute_and_text
    a_visitor_is_tagged_listed_and_takes_the_tags_to_the_user
G A tag could not be deleted from everybody; what was accepted is done, in steps that block nobody.
  server/users/test_tag_removal.py
  cli/test_tag.py
    a_tag_is_deleted_once_that_is_confirmed
    a_deletion_that_goes_on_says_who_still_has_the_tag
  contract/test_cli_users.py
    a_tag_is_deleted_from_everybody
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
