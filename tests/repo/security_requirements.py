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
C5 Nothing is acknowledged into a database file that was moved, removed or replaced, nor is a new one made in its place.
  server/test_moved_database.py
C5 No command makes a new database where a server ran before, unless that is said.
  server/commands/test_lost_databases.py
C6 A damaged backup is refused with the place of the damage, and nothing of it is restored.
  server/commands/test_damaged_backups.py
"""

FILES_AND_PLACES = """
D2 The database is in its data folder whatever characters the folder's name has; no URL is made by formatting a path.
  server/commands/test_data_places.py
    the_database_is_in_its_data_folder_whatever_its_name
    two_folders_whose_names_begin_alike_share_nothing
    a_server_serves_from_a_folder_whose_name_means_something_in_urls
  repo/test_database_texts.py
    no_url_of_a_file_is_made_by_putting_a_path_into_text
    a_url_that_is_made_from_text_is_found
D4 A new volume, a folder of another user that can be written, no home folder and a user without a name all work.
  server/commands/test_data_places.py
    a_new_volume_counts_as_an_empty_folder
    what_is_beside_lost_and_found_still_makes_a_folder_foreign
    a_volume_of_roots_is_served_by_a_user_without_name_and_home
    without_a_home_the_data_folder_is_asked_for
    a_folder_that_may_not_be_written_is_named
    the_command_line_works_for_a_user_without_name_and_home
D5 Everything works behind PgBouncer in transaction mode, and no statement leaves anything with a session.
  server/test_pgbouncer.py
  server/exports/test_same_bytes.py
    a_purge_that_takes_hours_moves_no_cursor_back
  repo/test_database_texts.py
    no_statement_leaves_anything_with_a_session_of_postgresql
    a_statement_that_needs_its_session_is_found
    what_ends_with_its_transaction_may_be_written
D5 Several hosts, any URL of libpq and any failure to connect: each is named, and no message holds the password.
  server/test_postgres_connecting.py
D5 Blanks around the values of variables are no part of them; quotation marks around them are named.
  server/commands/test_data_places.py
    quotes_around_the_value_of_a_variable_are_named
    blanks_around_every_variable_of_the_server_are_no_part_of_it
  server/test_postgres_connecting.py
    blanks_around_a_variable_are_no_part_of_it
  cli/test_variables.py
D7 A local server without demo data can be set up, and one where nobody administers says what to run.
  contract/test_setup_local.py
    a_local_server_without_demo_data_is_set_up_too
    a_local_server_where_nobody_administers_says_what_to_run
"""

INPUT_FILES = """
"""

RUNTIME = """
"""

PUBLIC_PROMISES = """
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
