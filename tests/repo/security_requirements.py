"""Faults that attackers and users found, each with the tests that fail on the code that had it.

The format is that of `promises.py`: a line states the requirement, with its number first (`A1`); below it stand files
of tests, and below a file those of its tests that are meant, without `test_`, unless all of them are.
"""

from __future__ import annotations

from collections.abc import Mapping

DENIAL_OF_SERVICE = """
A5 Started sessions kept the states of their time alive; caches of states were bounded by number, states by nothing.
  server/sessions/test_memory.py
  server/test_held_bytes.py
  server/codegen/test_code_route.py
    the_budget_of_sets_counts_their_keys_too
A1 The depth of JSON is told in one pass over the body, in strings that are never closed too.
  server/test_costly_requests.py
    depth_of_an_unclosed_string_is_told_at_once
    a_token_request_without_credentials_is_read_at_once
A1 Forwarded headers are read in one pass, with quotes that are never closed too.
  server/test_costly_requests.py
    a_long_forwarded_header_is_read_at_once
A1 A JSON array is read in one pass, whatever is in it.
  cli/ingest/test_json.py
    a_hostile_array_is_read_in_seconds
    garbage_is_read_alike_in_pieces_of_any_size
    a_number_of_many_digits_is_sent_as_it_stands
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
G1 Where documented APIs that look like this one differ from it is written down and so.
  server/test_compatibility.py
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
I4 A service account's token is kept under the lock of the file.
  cli/test_credentials.py
    a_service_accounts_token_waits_for_whoever_writes_the_file
I5 Whoever follows a session is told of a new model.
  server/sessions/changes/test_changes.py
    a_new_model_is_told
I6 A NUL in a key of what an app sends is refused.
  server/events/test_events.py
    a_nul_in_a_key_of_data_is_refused
  server/sessions/test_sessions.py
    a_nul_in_a_key_of_fields_is_refused
I7 An export that is not what the server says of it is refused, and never written past its size.
  cli/test_export.py
I8 Rejects of a packed file are named as if it were not packed; a folder is no input.
  cli/ingest/test_source.py
    the_rejects_of_a_packed_file_are_named_as_if_it_were_not
    a_folder_is_no_input
I9 What is refused for an unknown key is described as closed.
  server/openapi/test_description.py
    what_is_refused_for_an_unknown_key_is_described_as_closed
I10 More than 1,000 tribes are refused by path and message; each operator of numbers finds whom it names.
  server/tribes/test_tribes_api.py
    more_tribes_than_a_space_may_have_are_refused
    each_operator_of_numbers_finds_whom_it_names
I11 A failed import reads no further.
  cli/ingest/test_sending.py
    a_failed_import_reads_no_further
I12 Credentials of a client are Basic, with a colon.
  server/oauth/test_clients.py
    credentials_of_a_client_are_basic_with_a_colon
I13 What was on its way when an import was interrupted is waited for before it goes on.
  contract/ingest/test_interrupted.py
I14 An explicit null stores what its absence does.
  server/client/test_decisions.py
    explicit_nulls_are_not_given
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
