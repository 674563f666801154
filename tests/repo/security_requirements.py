"""Faults that attackers and users found, each with the tests that fail on the code that had it.

The format is that of `promises.py`: a line states the requirement, with its number first (`A1`); below it stand files
of tests, and below a file those of its tests that are meant, without `test_`, unless all of them are.
"""

from __future__ import annotations

from collections.abc import Mapping

DENIAL_OF_SERVICE = """
A Hostile requests to every route find no 500 on either database, and leave no memory behind after thousands of them.
  fuzz/test_requests.py
    hostile_requests_find_no_failure_on_postgresql
    hostile_requests_leave_no_memory_behind
A A body of a megabyte takes less than a second and a half, refused or a sound model with all that one can hold.
  fuzz/test_requests.py
    a_megabyte_takes_less_than_a_second_and_a_half
    a_megabyte_that_is_sound_takes_less_than_three_seconds
A5 Started sessions kept the states of their time alive; caches of states were bounded by number, states by nothing.
  server/features/sessions/test_memory.py
  server/primitives/test_memory_size.py
  server/features/codegen/test_code_route.py
    the_budget_of_sets_counts_their_keys_too
  server/storage/test_write_batcher.py
    what_is_large_counts_as_more_rows
  server/client/test_waiting_bytes.py
A5 States and flags that are too large to be held are refused at once from then on, and not made for every request.
  server/features/openfeature/test_entity_tags.py
    what_is_too_large_is_not_made_again_for_every_request
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
A1 The names of many columns are compared in linear time.
  cli/ingest/test_csv_columns.py
A1 A JSON array is read in one pass, whatever is in it.
  cli/ingest/test_json.py
    a_hostile_array_is_read_in_seconds
    garbage_is_read_alike_in_pieces_of_any_size
    a_number_of_many_digits_is_sent_as_it_stands
A1 The time of every pattern and every reader of sent text grows with its length; what is new is measured unlisted.
  repo/test_growth.py
A2 Events are counted before they are read; an answer lists a hundred problems and counts the rest, in bounded texts.
  server/http/test_problems.py
  server/test_costly_requests.py
    too_many_events_are_counted_before_they_are_read
    a_thousand_bad_events_get_a_short_answer
    a_document_with_many_faults_gets_a_short_answer
  contract/test_cli_spaces.py
    of_many_faults_a_hundred_are_listed_and_the_rest_counted
A3 What is remembered of sent texts is bounded by bytes.
  server/primitives/test_text_cache.py
  repo/test_caches.py
A7: No organization takes the exports of the others: each has a share, always gets one, and takes turns.
  server/features/exports/test_limits.py
    an_organization_has_its_share_of_the_slots
    so_many_are_made_at_once_but_everybody_gets_one
    the_next_export_is_of_whom_the_fewest_are_made
A6: The log is put aside while it is written, by several processes without a loss; a failure that repeats is one line.
  server/commands/test_logs.py
    a_large_log_is_put_aside_while_it_is_written
    a_log_that_another_program_put_aside_is_made_anew
    nothing_of_several_processes_is_lost_when_the_log_is_put_aside
    of_two_that_find_the_log_large_one_puts_it_aside
    stderr_goes_on_in_the_new_file_where_it_is_the_log
    a_failure_that_repeats_is_told_in_a_line_that_counts
    each_place_has_its_traceback_once_a_minute
    failures_of_ever_new_places_are_told_and_forgotten
    a_server_logs_so
A6: No text that somebody else wrote becomes a number without bounds, in either package.
  repo/test_numbers.py
  cli/test_numbers.py
A6: No header and no query makes a request fail, however many digits, bytes beyond ASCII or odd characters it has.
  server/http/test_hostile_heads.py
A4 A person's events, a visitor's sessions and devices had no limit; moving 300,000 events held all writers for 3.3 s.
  server/client/test_limits_of_a_person.py
A4 Many merges that arrived together were one transaction, however much they moved.
  server/client/test_limits_of_a_person.py
    one_transaction_moves_so_much_and_leaves_the_rest_for_later
    many_merges_at_once_are_all_made
  server/storage/test_write_batcher.py
    what_is_left_for_later_comes_again_with_what_has_arrived_since
A4 Tribes counted all that somebody had done, on the event loop: 0.2 s a session of a person with 300,000 events.
  server/features/tribes/test_counting.py
  server/storage/test_database.py
    a_query_of_many_steps_does_not_hold_the_event_loop
    a_query_elsewhere_may_take_as_many_steps_as_it_needs
  repo/test_event_loop.py
A5 A thousand people whose attributes had 800 KB each made a page of 800 MB, by 2 MB sent with a `pk_` key.
  server/client/test_identify.py
    attributes_have_so_many_bytes_altogether_however_they_were_told
  server/features/people/test_users_api.py
    attributes_that_are_too_large_altogether_are_refused_in_bulk_too
  server/features/imports/test_imports.py
    rows_whose_attributes_are_too_large_altogether_are_rejected
  server/features/people/test_profiles.py
    what_is_too_much_altogether_is_told
  server/features/people/test_tag_removal.py
    a_tag_is_taken_from_who_has_more_attributes_than_may_be_now
A7 Tags that one organization deleted by the thousand held up all deletions of the others, and one that failed too.
  server/features/people/test_tag_removal.py
    nobody_waits_until_all_removals_of_another_organization_have_ended
    a_removal_that_fails_holds_up_no_other
A4 A session compared a person with each of 200,000 dates on the event loop: 0.9 s; 10,000 questions of events were 500.
  server/features/tribes/test_long_lists.py
  server/features/tribes/test_tribes_api.py
    tribes_ask_so_many_different_things_of_events_and_no_more
A4 Removing a user with very many events was one transaction, during which nobody else could write.
  server/client/test_limits_of_a_person.py
    a_user_with_more_events_than_one_step_removes_is_erased
"""

CODE_EXECUTION = """
B1 A journal of a clone is not acted on: a secret of the state folder signs it, and paths are judged by where they lead.
  cli/hostile/test_clones.py
    a_journal_of_a_clone_puts_no_hook_in_place
    setup_believes_no_journal_of_a_clone
    the_named_command_discards_a_journal_that_is_not_ours
    a_folder_in_place_of_a_journal_is_left_to_its_owner
    discarding_follows_no_link_and_removes_staged_files_alone
    a_new_folder_of_a_journal_is_not_removed_outside
    ones_own_journal_is_believed_and_no_other_copy_of_it
    ones_own_journal_is_not_followed_through_links_of_later
B2 Nothing is written into the own folder of git or its like through a link, and no output becomes a repository.
  cli/hostile/test_clones.py
    nothing_is_written_into_a_repository_through_a_link
    an_output_in_a_repositorys_own_folder_is_refused
    a_server_makes_no_repository_of_an_output
    a_worktree_in_a_bare_repository_is_a_project_like_any
B2 No command writes a file such as `.git`, which tells git where a repository is, by its name or through a link.
  cli/files/test_output_file.py
    no_file_is_made_that_tells_git_where_a_repository_is
B3 An address has one form, in ASCII, for all that connect by it; what is no address is refused by every command.
  cli/api/test_server_url.py
B3 Secrets go only where their user said, and a project file of another user sends nothing.
  cli/auth/test_host_trust.py
B4 Targets of a project and a lock are counted before they are compared; of what is wrong the first hundred are told.
  cli/hostile/test_local_files.py
    of_a_project_file_with_much_wrong_the_first_is_told
    of_a_lock_with_much_wrong_the_first_is_told
    of_an_answer_with_much_wrong_the_first_is_told
  cli/project/test_output_paths.py
    folders_are_compared_in_time_that_grows_with_the_text
B4 Local files that are no files, have no end or break parsers are refused at once; what a server says is bounded.
  cli/hostile/test_local_files.py
  repo/test_local_reads.py
B Hostile content of every file that is read, and what is no file in its place, ends with a documented code at once.
  fuzz/test_files.py
  fuzz/test_stored_files.py
"""

LIMITS_AND_TRUTH = """
C A stream of events ends with its token, its owner's role or its Space; viewers, public keys and strangers get none.
  server/features/events/test_stream.py
    a_stream_ends_with_what_opened_it
    viewers_public_keys_and_strangers_get_no_stream
    environments_are_kept_apart
    an_erasure_forgets_what_was_noted
C A stream of the console ends with the sign-in or the role of who opened it, and does not keep the session alive.
  server/features/console/test_live_page.py
    a_stream_ends_with_the_permission
    an_open_page_does_not_keep_a_browser_signed_in
    viewers_and_strangers_get_neither_page_nor_stream
C11 A new secret for signed ids ends the event streams of flags that the one before opened; their ids tell no tribes.
  server/features/openfeature/test_streams.py
    another_secret_for_ids_ends_what_the_one_before_opened
    the_id_of_an_event_tells_nothing_of_the_tribes_of_whom_it_is_for
C7 Nobody is stored without a time of update; those who were get one in steps of a bounded number of people.
  server/storage/test_migrations.py
    people_without_a_time_of_update_get_one
    nobody_is_stored_without_a_time_of_update
C2: The command line reads all pieces of a packed file, and passes over nothing that trails them.
  cli/ingest/test_input_stream.py
    files_packed_in_pieces_are_read_to_the_end
    what_trails_packed_data_is_not_passed_over
    a_second_piece_that_breaks_off_says_so
    zeros_that_pad_a_gzip_file_are_no_data
    the_time_for_pieces_grows_with_their_number
C4: What was stored while a clock was ahead neither delays nor allows anything once it is right.
  server/test_wrong_clock.py
C3: The log has no value of a statement that fails.
  server/storage/test_database.py
    a_failing_statement_tells_no_value
    every_engine_hides_its_parameters
  server/commands/test_logs.py
    what_postgresql_quotes_of_values_is_left_out
C7: What is removed is overwritten in the file of SQLite.
  server/features/people/test_erased_bytes.py
C7: A hang-up opens the log anew and ends nothing, unless the terminal is gone, which is logged.
  server/commands/test_logs.py
    a_hang_up_opens_the_log_anew_and_ends_nothing
    a_terminal_that_is_closed_ends_the_server_with_a_word
    who_started_it_may_have_hang_ups_ignored
    a_hang_up_ends_no_worker
C7: `logs` shows and follows the log over rotations.
  server/commands/test_logs.py
    logs_shows_the_end_of_what_was_put_aside_too
    follow_goes_on_over_rotations_and_truncations
C1: Behind a trusted proxy one header alone is read; what it does not state is counted for the proxy, never for nobody.
  server/primitives/test_ip_addresses.py
  server/http/test_rate_limits.py
    a_forged_header_beside_the_proxys_own_is_not_read
    the_header_that_the_operator_names_is_the_one_that_is_read
    what_cannot_be_read_is_counted_for_the_proxy
  server/security/test_login_throttle.py
    a_forged_header_does_not_keep_an_address_from_waiting
    an_address_that_the_proxy_does_not_state_must_wait_too
  server/features/audit/test_audit.py
    a_deed_keeps_the_address_that_the_proxy_states
C2: All members of a gzip body and all frames of a zstd body are read, at most 10,000; what trails the last is refused.
  server/http/test_bodies.py
    all_members_of_a_compressed_body_are_read
    skippable_frames_of_zstd_are_skipped
    what_trails_the_last_member_is_refused
    a_second_member_that_is_cut_is_refused
    a_bomb_of_many_members_is_cut_off_at_the_limit
    members_are_read_however_they_are_cut_into_pieces
    there_are_only_so_many_members
    the_time_for_members_grows_with_their_number
    what_inflates_to_nothing_is_cut_off_at_the_limit
C3: JSON is read as UTF-8 alone, before its depth is counted.
  server/features/auth/test_clients.py
    what_cannot_be_read_is_an_invalid_request_in_the_form_of_oauth
  server/http/test_bodies.py
    what_cannot_be_decoded_is_refused_with_its_place
C3: A NUL character in the query is a bad request on every route.
  server/http/test_hostile_heads.py
    nul_in_a_query_is_a_bad_request_on_every_route
C1 A header of credentials, form or origin that stands twice, and an account stated twice, are refused, not chosen from.
  server/http/test_repeated_headers.py
  server/test_account_parameter.py
    an_account_that_is_stated_twice_is_refused
C5 Nothing is acknowledged into a database file that was moved, removed or replaced, nor is a new one made in its place.
  server/storage/test_moved_database.py
C5 No command makes a new database where a server ran before, unless that is said.
  server/commands/test_lost_databases.py
C6 A damaged backup is refused with the place of the damage, and nothing of it is restored.
  server/commands/test_damaged_backups.py
C7 A person whom an event, an alias, a device, a session or `identify` created was updated in 1970.
  server/client/test_person_times.py
  server/storage/test_migrations.py
    people_without_a_time_of_update_get_one
"""

FILES_AND_PLACES = """
D1 `-C ../other` finds the project of that folder, and rewrites no other one.
  cli/test_main.py
    a_folder_beside_is_searched_and_not_the_one_around
    a_folder_behind_a_link_is_the_one_that_it_leads_to
D3 A file whose name is as long as names can be is written as any other.
  cli/files/test_output_file.py
    a_name_as_long_as_names_can_be_is_written
    rejects_have_a_name_as_long_as_names_can_be
D3 A FIFO that nobody reads does not hold a command for ever.
  cli/files/test_output_file.py
    a_fifo_that_nobody_reads_is_given_up
D3 What is no regular file is written through or refused by every command, and never replaced.
  cli/files/test_output_file.py
D6 In a forest of links content is what counts, and nothing is written through one.
  cli/hostile/test_clones.py
    in_a_forest_of_links_content_is_what_counts
    in_a_forest_of_links_nothing_is_written_through_them
    a_difference_does_not_show_what_a_link_leads_to
    an_output_behind_a_link_out_of_the_project_is_not_written
D7 A blank variable is as good as none, and tracebacks are bounded, where it is told.
  cli/auth/test_host_trust.py
    a_blank_variable_is_as_good_as_none
  cli/test_main.py
    only_the_newest_tracebacks_are_kept
  server/commands/test_crashes.py
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
  server/storage/test_pgbouncer.py
  server/features/exports/test_same_bytes.py
    a_purge_that_takes_hours_moves_no_cursor_back
  repo/test_database_texts.py
    no_statement_leaves_anything_with_a_session_of_postgresql
    a_statement_that_needs_its_session_is_found
    what_ends_with_its_transaction_may_be_written
D5 Several hosts, any URL of libpq and any failure to connect: each is named, and no message holds the password.
  server/storage/test_postgres_connecting.py
D5 Blanks around the values of variables are no part of them; quotation marks around them are named.
  server/commands/test_data_places.py
    quotes_around_the_value_of_a_variable_are_named
    blanks_around_every_variable_of_the_server_are_no_part_of_it
  server/storage/test_postgres_connecting.py
    blanks_around_a_variable_are_no_part_of_it
  cli/test_variables.py
D7 A local server without demo data can be set up, and one where nobody administers says what to run.
  contract/test_setup_local.py
    a_local_server_without_demo_data_is_set_up_too
    a_local_server_where_nobody_administers_says_what_to_run
"""

INPUT_FILES = """
E1 Input that does not block is read to its end: where nothing is there yet, it is waited for.
  cli/terminal/test_nonblocking_input.py
E1 An id that is blank or has a blank or invisible character at an edge is refused by name wherever one is written.
  server/features/people/test_names.py
    an_id_says_what_stands_at_its_edge
    every_blank_and_format_character_is_known
    an_app_cannot_write_an_id_with_blank_edges
    an_upsert_and_an_import_refuse_blank_edges
    a_part_of_before_the_rule_brings_nobody_back
E2 Users who had such an id before are read, changed and deleted by it.
  server/features/people/test_names.py
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
  cli/auth/test_login.py
    a_token_that_windows_programs_wrote_signs_in
  cli/commands/test_token.py
    a_text_that_windows_programs_wrote_is_sent
  cli/commands/test_space.py
    a_document_that_windows_programs_wrote_is_pushed
E10 NO_PROXY has networks, stars, ports and IPv6, for small requests and for the parts of an import.
  cli/failure_modes/test_proxies.py
    no_proxy_is_obeyed
    no_proxy_of_others_is_not_for_this_server
    no_proxy_knows_what_curl_go_and_requests_know
E3 An event years ahead is set to the time of receipt.
  server/features/events/test_events.py
    an_event_years_ahead_happened_when_it_was_received
E: Pages may send the headers of tracing to the Client API.
  server/http/test_cors.py
    every_method_and_header_of_the_platform_api_may_be_sent_by_a_listed_page
E `--encoding utf-16` of a file without a byte order mark was exit 70, and zeros without an end were read for ever.
  contract/ingest/test_encodings.py
    an_encoding_of_either_byte_order_needs_a_mark
    a_stated_encoding_of_bytes_takes_no_endless_zeros
"""

RUNTIME = """
F1 On a server one person's content and events never go to another; visitors of one process share no anonymous id.
  server/features/codegen/test_one_person_on_a_server.py
F2 A value that older code does not know costs that value alone; it is listed, logged once, and told to the server.
  server/features/codegen/test_old_code.py
F3 A start that failed is tried again: growing pauses, Retry-After kept, at once when the network is back.
  server/features/codegen/test_start_again.py
F4 One bad event takes no other with it: names and metadata are checked when tracked, refused ones are dropped alone.
  server/features/codegen/test_events.py
    what_is_no_name_is_refused_when_it_is_tracked
    metadata_that_the_server_would_refuse_is_refused_when_it_is_tracked
    a_bad_name_takes_no_event_of_a_page_that_closes_with_it
    events_that_the_server_names_are_dropped_alone_and_at_once
    one_event_that_the_server_refuses_is_dropped_alone
    a_clock_that_was_never_set_does_not_have_events_refused
    a_page_of_something_in_between_acknowledges_nothing
  server/features/codegen/test_hostile_apps.py
    whatever_is_sent_the_server_takes
F4 Events outlive the page or program that recorded them and go to no other environment; nothing in between drops them.
  server/features/codegen/test_events_survive.py
  browser/test_events_of_a_page.py
F5 Without consent nothing is recorded, sent or stored; what was stored goes when consent is withdrawn.
  server/features/codegen/test_consent.py
F5 Storage that is full, forbidden or asynchronous gives nobody the anonymous id of another, after a reload neither.
  server/features/codegen/test_identity_storage.py
F6 Two answers to a follower never follow each other faster than a second.
  server/features/codegen/test_changes.py
    two_answers_never_follow_each_other_faster_than_a_second
F7 A passing error of the server, or of something in between, does not end following; it is retried ever more rarely.
  server/features/codegen/test_changes.py
    following_goes_on_after_a_passing_error
    a_session_that_cannot_be_begun_anew_at_once_is_begun_later
    a_server_without_changes_is_asked_ever_more_rarely
    a_server_that_loses_new_sessions_at_once_is_left_alone_longer
F8 Neither timers nor unanswered requests keep a program running; collected events are sent as it ends.
  server/features/codegen/test_programs_end.py
F9 A large event at the head does not keep the others from being sent when the page is hidden.
  server/features/codegen/test_events.py
    an_event_that_does_not_fit_holds_up_no_other_of_a_page_that_is_hidden
    a_page_that_is_hidden_sends_at_most_60_kib_with_keepalive_and_the_rest_later
F10 No public function throws or rejects, whatever the app, its fetch, its storage or its console does.
  server/features/codegen/test_hostile_apps.py
  server/features/codegen/test_left_by_others.py
    options_that_throw_when_they_are_read_leave_fallbacks
    a_snapshot_that_throws_when_it_is_read_is_none
    a_logger_that_fails_later_ends_no_program
F11 Nothing of one person is filed under or told to the next: events while storage is read, what a snapshot was made of.
  server/features/codegen/test_left_by_others.py
    an_event_that_waits_for_storage_stays_with_whom_it_is_of
    the_snapshot_of_a_person_has_nothing_of_the_one_before
    on_a_server_who_is_refused_sees_no_snapshot_of_another
F11 What is in storage and is no event holds up no event.
  server/features/codegen/test_left_by_others.py
    what_is_no_event_in_storage_is_removed_and_never_sent
F11 Without consent storage that cannot remove is given no empty text; consent can be withdrawn after the end.
  server/features/codegen/test_left_by_others.py
    without_consent_storage_that_cannot_remove_is_not_written_to_either
    consent_that_is_withdrawn_after_the_end_removes_what_is_stored
    what_is_being_written_when_consent_is_withdrawn_is_removed
"""

PUBLIC_PROMISES = """
G An event of the public page's example name "Product Purchased" was refused, by each part that takes a name.
  server/features/events/test_events.py
    a_name_is_any_text_and_stored_as_it_was_sent
    a_name_is_accepted_exactly_when_it_fits_the_rule
  server/features/events/test_listing.py
    events_are_found_by_any_name_that_can_be_sent
  contract/test_cli_events.py
    an_event_of_any_name_is_tracked_exported_and_filtered_by
    a_name_that_breaks_the_rule_is_refused_everywhere
G Visitors could not be tagged, and nobody could list people by tag, e-mail address or attribute.
  server/features/people/test_visitors.py
  cli/commands/test_visitor.py
  contract/test_cli_users.py
    users_are_listed_by_tag_attribute_and_text
    a_visitor_is_tagged_listed_and_takes_the_tags_to_the_user
G A tag could not be deleted from everybody; what was accepted is done, in steps that block nobody.
  server/features/people/test_tag_removal.py
  cli/commands/test_tag.py
    a_tag_is_deleted_once_that_is_confirmed
    a_deletion_that_goes_on_says_who_still_has_the_tag
  contract/test_cli_users.py
    a_tag_is_deleted_from_everybody
G `mtribes update` without a sign-in signs in where somebody is at the terminal, and else ends with 4.
  cli/commands/test_update.py
    somebody_at_the_terminal_is_signed_in
    where_nobody_is_there_a_missing_sign_in_is_exit_4
    a_token_that_is_refused_is_not_replaced_by_a_sign_in
G1 Where documented APIs that look like this one differ from it is written down and so.
  server/test_compatibility.py
G On Citus sessions, events, `identify` and `alias` were 500, as rows of two people were joined; removing a user, too.
  server/storage/test_citus_rules.py
  server/storage/test_citus.py
  server/storage/test_migrations.py
    merges_get_the_name_of_their_user
"""

NEWER_PYTHONS = """
H1 What a certificate lacks that strict verification demands is named, with what to do about it.
  cli/failure_modes/test_certificates.py
    what_strict_verification_misses_is_named
H2 The tests pass on every Python from 3.11 on that the machine has, in threads and at terminals too.
  cli/failure_modes/test_signals.py
    a_question_is_left
  server/primitives/test_yaml_json.py
    json_that_a_document_may_not_hold_is_refused
"""

TESTS_THAT_BITE = """
I1 An exception that a server of the tests did not handle fails the test during which it was logged.
  repo/test_unhandled_exceptions.py
I2 A test that is skipped where nothing may be left out, or takes too long, has failed.
  repo/test_what_is_left_out.py
I3 What was sent as a tribe's key may be anything, and is refused by its path.
  server/features/tribes/test_tribes_api.py
    a_tribe_sent_to_another_key_is_refused
I4 A service account's token is kept under the lock of the file.
  cli/auth/test_credential_store.py
    a_service_accounts_token_waits_for_whoever_writes_the_file
I5 Whoever follows a session is told of a new model.
  server/features/sessions/changes/test_changes.py
    a_new_model_is_told
I6 A NUL in a key of what an app sends is refused.
  server/features/events/test_events.py
    a_nul_in_a_key_of_data_is_refused
  server/features/sessions/test_sessions.py
    a_nul_in_a_key_of_fields_is_refused
I7 An export that is not what the server says of it is refused, and never written past its size.
  cli/export/test_job.py
I8 Rejects of a packed file are named as if it were not packed; a folder is no input.
  cli/ingest/test_input_stream.py
    the_rejects_of_a_packed_file_are_named_as_if_it_were_not
    a_folder_is_no_input
I9 What is refused for an unknown key is described as closed.
  server/features/api_docs/test_description.py
    what_is_refused_for_an_unknown_key_is_described_as_closed
I10 More than 1,000 tribes are refused by path and message; each operator of numbers finds whom it names.
  server/features/tribes/test_tribes_api.py
    more_tribes_than_a_space_may_have_are_refused
    each_operator_of_numbers_finds_whom_it_names
I11 A failed import reads no further.
  cli/ingest/test_uploader.py
    a_failed_import_reads_no_further
I12 Credentials of a client are Basic, with a colon.
  server/features/auth/test_clients.py
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
