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
E4 Each file that other programs wrote has the outcome of a table: nobody wrong is stored, and no row is lost unsaid.
  contract/ingest/test_inputs.py
E5 An encoding is stated, told where it is missing, part of what an import is, and the one of its rejects.
  contract/ingest/test_encodings.py
    a_stated_encoding_is_read_and_its_rejects_come_back
    a_mark_and_a_stated_encoding_that_disagree_are_refused
    bytes_that_are_not_utf_8_name_the_line_and_the_option
    another_encoding_is_another_import
E6 Rejects of an input that is no file go to the working folder.
  contract/ingest/test_encodings.py
    rejects_of_a_named_pipe_are_named_after_it
    rejects_of_an_open_pipe_go_to_the_working_folder
    a_shells_process_substitution_is_read
E7 All faults of a row are told in one pass, whoever finds them.
  contract/ingest/test_faults_of_rows.py
    faults_found_here_and_by_the_server_are_told_together
    faults_of_an_object_are_told_together
    an_interrupted_import_tells_all_faults_again
E8 A header in the middle makes no person; a column without a name must be empty; an id that was cut short is no id.
  contract/ingest/test_faults_of_rows.py
    a_header_in_another_order_ends_what_can_be_told
    repeated_headers_are_counted_and_some_are_named
    a_column_without_a_name_must_be_empty
    a_number_that_was_cut_short_is_no_id
    blanks_at_edges_count_in_text_alone
E9 Tokens and documents that programs of Windows wrote are read, with and without byte order marks.
  cli/test_login.py
    a_token_that_windows_programs_wrote_signs_in
  cli/test_token.py
    a_text_that_windows_programs_wrote_is_sent
  cli/test_space.py
    a_document_that_windows_programs_wrote_is_pushed
E10 NO_PROXY has networks, stars, ports and IPv6, for small requests and for the parts of an import.
  cli/bad_days/test_proxies.py
    no_proxy_is_obeyed
    no_proxy_of_others_is_not_for_this_server
    no_proxy_knows_what_curl_go_and_requests_know
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
