"""What mtribes promises of security and of keeping what it was given, and the tests that hold it to each promise.

Below a promise in words stand files of tests, and below a file those of its tests that are meant, without `test_`,
where it is not all of them. That they exist is itself tested: whoever renames or removes one finds what it was for.
"""

from __future__ import annotations

from collections.abc import Mapping

SIGN_IN = """
The issuer in the metadata is the configured one, byte for byte; every URL in it answers; S256 alone; grants by name.
  server/features/auth/test_metadata.py
An unknown client or redirect is an error page and leads nowhere; loopback addresses by number alone are redirects.
  server/features/auth/test_authorization.py
    a_loopback_redirect_on_any_port_is_accepted
    any_other_redirect_is_an_error_page_and_no_redirect
    an_unknown_client_is_an_error_page_and_no_redirect
Without a challenge, with `plain` or another response type nothing is granted; every redirect names the issuer.
  server/features/auth/test_authorization.py
    a_request_that_cannot_be_granted_goes_back_with_error_state_and_issuer
    the_issuer_and_not_the_host_header_stands_in_redirects
People are asked each time; only their decision, in this browser session and with the token of this form, gives a code.
  server/features/auth/test_consent.py
  server/authorisation/test_grid.py
    every_cell_of_the_grid_is_as_promised
The policy of the page of consent alone lets a form lead to the redirect, and a real browser follows it.
  server/features/auth/test_consent.py
    only_the_consent_page_lets_its_form_lead_to_the_redirect
  browser/test_pages.py
    the_answer_reaches_a_loopback_address_of_either_kind_past_the_policy_of_the_page
A code is good once, for a minute, for its client and verifier; used twice it ends the tokens that it gave.
  server/features/auth/test_codes.py
Of many who redeem one code at once one gets tokens, which the replays end, in several processes too.
  server/features/auth/test_codes.py
    of_32_that_redeem_one_code_at_once_one_gets_tokens_and_the_rest_end_them
  server/races/test_one_time_things.py
    of_those_who_redeem_one_code_one_gets_tokens_which_the_replays_revoke
A refresh token gives one successor, the same one again for half a minute until that was used; an older one ends all.
  server/features/auth/test_refresh.py
  server/features/auth/test_rotation_model.py
  server/races/test_one_time_things.py
    those_who_use_one_refresh_token_share_one_successor
Access tokens live an hour, those of service accounts eight.
  server/features/auth/test_refresh.py
    access_tokens_live_an_hour
  server/features/auth/test_clients.py
    an_access_token_of_a_service_account_lives_eight_hours
A code for a device is good once, polled no faster than told, and refused to other clients.
  server/features/auth/test_device.py
  server/races/test_one_time_things.py
    of_those_who_poll_for_one_device_code_one_gets_tokens_that_live
Codes that people enter may have any case and dashes; ten wrong ones lock; the page names the client and asks.
  server/features/auth/test_device_pages.py
Credentials of clients that cannot be read are 401; sent twice, or a parameter twice, is refused.
  server/features/auth/test_clients.py
    basic_credentials_that_cannot_be_read_or_are_wrong_are_401_with_a_challenge
    credentials_that_are_sent_twice_are_an_invalid_request
    duplicated_parameters_are_an_invalid_request
A hint at revocation that is wrong is ignored; ending a refresh token ends its access tokens.
  server/features/auth/test_revocation.py
    a_hint_that_is_wrong_or_unknown_is_ignored
    revoking_a_refresh_token_ends_its_access_tokens_and_itself
What is good once is used up in the transaction that stores what it gives.
  server/races/test_one_time_things.py
  server/http/test_idempotency.py
    of_many_at_once_one_has_the_effect_and_all_get_its_answer
    of_many_at_two_servers_one_has_the_effect
Other programs' clients complete every flow.
  server/interoperation/test_authlib_client.py
  server/interoperation/test_openid_client.py
No code and no token is logged, whatever the level of the log.
  server/features/auth/test_logging.py
"""

TOKENS_AND_KEYS = """
The URL of a stream of flags opens it for some minutes and while its key lives, tells of nobody, is logged nowhere.
  server/features/openfeature/test_streams.py
    without_a_token_of_ours_there_is_no_stream
    a_token_is_good_for_ten_minutes_at_least_and_twenty_at_most
    who_revokes_the_key_ends_its_streams_and_opens_none
    a_token_tells_nothing_of_whom_it_is_for
    the_token_is_in_no_log_no_metric_no_audit_and_no_database
Evaluating flags stores nothing, and shows nobody the flags of another where ids are signed.
  server/features/openfeature/test_evaluation.py
    evaluating_stores_nothing
  server/features/openfeature/test_refusals.py
    where_ids_are_signed_nobody_has_the_flags_of_another
A token has a prefix by kind, 30 random characters and a checksum; with a wrong one the database is not asked.
  server/security/test_secrets.py
  server/authorisation/test_grid.py
    every_cell_of_the_grid_is_as_promised
A token is stored as its SHA-256, told once, and lives 90 days unless said otherwise, 366 at most.
  server/features/auth/test_tokens_api.py
    a_token_is_stored_by_its_sha_256
    a_new_token_acts_as_its_owner_for_90_days_and_its_text_is_told_once
    a_token_may_live_a_day_to_a_year
    no_other_life_is_possible
A token may do what its scopes say and its owner may at that moment.
  server/features/auth/test_tokens_api.py
    rights_follow_the_owners_present_role
  server/features/auth/test_service_accounts.py
    a_token_never_does_more_than_its_account_may_now
No token makes or widens a token.
  server/features/auth/test_tokens_api.py
    neither_a_token_nor_a_service_account_makes_a_token
    a_token_gets_no_scope_that_the_sign_in_lacks
Its last use is known, noted at most once a minute.
  server/features/auth/test_last_used.py
    a_token_is_noted_once_a_minute_by_whichever_process
Whoever has its text may end it, without a sign-in, and learns nothing by it.
  server/features/auth/test_revoking_by_text.py
No secret that was issued or typed is in an argument, a log, what --verbose says, a traceback, a database or a backup.
  contract/test_secrets_stay.py
  repo/test_secret_scanner.py
A public key opens the Client API of one environment; no answer to it holds what is stored of people.
  server/authorisation/test_grid.py
    every_cell_of_the_grid_is_as_promised
  server/client/test_identify.py
    no_answer_holds_what_is_stored
Several public keys of an environment live at once, each with a name, and each is revoked by itself.
  server/features/spaces/test_spaces_api.py
    several_keys_live_at_once_and_each_is_revoked_by_itself
  server/features/sessions/changes/test_changes.py
    a_revoked_key_ends_its_streams_and_polls
Generated code holds a public key and no other secret.
  contract/test_secrets_stay.py
    no_file_of_either_program_holds_a_secret_but_the_ones_that_are_for_it
  repo/test_secret_scanner.py
Every route has a row by hand of who may do what; every kind of credential is tried at every place.
  server/authorisation/test_grid.py
Every guard was taken away in turn and was missed.
  server/authorisation/test_guard_mutations.py
"""

SERVER = """
Passwords are kept by argon2id (46 MiB, one pass, one lane), compared in a pool of their own that turns away too many.
  server/security/test_passwords.py
    a_password_is_kept_as_argon2id_of_46_mib_1_pass_1_lane
    who_comes_when_too_many_wait_is_told_to_come_back
An unknown person takes as long as a wrong password, and looks the same.
  server/security/test_passwords.py
    an_unknown_account_takes_as_long_as_a_wrong_password
  server/features/pages/test_sign_in.py
    a_wrong_password_and_an_unknown_address_look_the_same_and_keep_what_was_typed
After ten failures an account, and an address, must wait, longer and longer.
  server/security/test_login_throttle.py
A session has a new cookie from the sign-in on, bound to the host where there is https.
  server/features/pages/test_sign_in.py
    signing_in_renews_the_cookie_so_that_a_planted_one_is_worth_nothing
    the_cookie_is_bound_to_the_host_where_there_is_https
  server/features/pages/test_every_page.py
    signing_in_where_there_is_https_keeps_both_cookies_to_this_host
Every form is taken from our own page in this browser alone: by its token and by its origin.
  server/features/pages/test_every_page.py
    a_form_is_taken_from_our_own_page_in_this_browser_alone
    pages_without_their_cookie_take_no_form
After the sign-in one goes on to paths of this server alone.
  server/features/pages/test_sign_in.py
    one_goes_on_to_paths_of_this_server_and_nowhere_else
  server/features/pages/test_every_page.py
    no_trick_leads_away
Every answer has a policy, forbids sniffing and framing and tells no referrer.
  server/features/pages/test_every_page.py
    every_answer_forbids_what_browsers_do_by_themselves
  server/features/pages/test_pages.py
    pages_are_not_stored_framed_sniffed_or_told_to_others
Requests for another host are refused wherever they lead.
  server/http/test_hosts.py
What a client says of its address counts from a listed proxy alone.
  server/primitives/test_ip_addresses.py
Heads and bodies that do not come, drip or do not end are cut off, and others are answered meanwhile.
  server/http/test_http_protocol.py
  server/http/test_slow_clients.py
  server/http/test_bodies.py
    a_body_that_does_not_come_is_timed_out
    a_body_over_the_limit_is_refused_whether_or_not_it_says_so
Hostile JSON (deep, long, NaN, half surrogates, NUL, giant numbers) is refused by every route, never a failure of ours.
  server/http/test_hostile_bodies.py
  server/http/test_bodies.py
What inflates without end is cut off by every route.
  server/http/test_hostile_bodies.py
    bombs_and_broken_encodings_are_refused_by_every_route
  server/http/test_bodies.py
    a_bomb_is_cut_off_at_the_limit
Rules of tribes reach the database as values: hostile texts are texts, and nothing else changes.
  server/features/tribes/test_hostile_values.py
  server/features/tribes/test_sql_text.py
What is of another organization, Space or environment is as if it were not there: answer, cost and all.
  server/authorisation/test_grid.py
    what_is_elsewhere_is_as_if_it_were_nowhere
    outside_of_an_account_there_is_nothing
  server/authorisation/test_environments.py
Any request that the description allows is answered as it says, without a failure.
  server/features/api_docs/test_schemathesis.py
"""

COMMAND_LINE = """
Paths that could do harm are refused before anything is written: out of the folder, of devices, hidden, alike, too many.
  cli/project/test_output_paths.py
  cli/generate/test_fetch_refusals.py
  cli/hostile/test_file_lists.py
Nothing is written through a link.
  cli/generate/test_fetch_refusals.py
    nothing_is_written_through_a_link
  cli/hostile/test_file_lists.py
    a_link_in_place_of_a_file_of_ours_is_not_followed
    a_second_name_of_a_file_elsewhere_is_not_written_through
A file that is not UTF-8 or has another hash than was stated is not written.
  cli/generate/test_fetch_refusals.py
    a_file_that_does_not_have_the_stated_hash_stops_everything
    too_many_and_too_large_files_stop_everything
A token goes to its own host and follows no redirect.
  cli/auth/test_credential_store.py
    credentials_are_bound_to_their_host
  cli/api/test_client.py
    a_redirect_is_told_and_not_followed
    pages_are_read_to_the_end_and_from_the_same_server_only
  cli/failure_modes/test_servers.py
    no_redirect_is_followed_with_a_token
  cli/ingest/test_uploader.py
    a_redirect_is_told_and_no_part_follows_it
  cli/auth/test_login.py
    plain_http_is_for_this_machine_alone
Text of the server is shown and not obeyed, in every list, field and error of every command.
  cli/terminal/test_console.py
    text_from_the_server_is_shown_and_not_obeyed
    no_text_keeps_a_character_that_a_terminal_obeys
  cli/hostile/test_strings.py
Cells of CSV are no formulas for a spreadsheet.
  server/features/exports/test_exports.py
    csv_has_every_field_and_no_attribute_unless_asked_for
    columns_are_those_that_were_asked_for_in_their_order
  server/features/exports/test_same_bytes.py
    both_databases_give_the_same_bytes_and_they_mean_what_was_stored
The address of a sign-in is printed before a browser is tried; one answer with our state and issuer is heard.
  cli/auth/test_login.py
    the_address_is_printed_before_a_browser_is_tried
    a_browser_is_waited_for_five_minutes
    calls_with_another_state_path_host_or_doubled_parameters_are_waited_past
    an_answer_that_is_not_a_good_one_signs_nobody_in
Without a display a code is used; where nobody is there it fails at once and says what to set.
  cli/auth/test_flow_selection.py
    at_a_terminal_the_browser_is_used_where_there_can_be_one_else_a_code
  cli/auth/test_login.py
    without_anybody_there_it_fails_at_once_and_says_what_to_set
A keyring is used when it keeps what it was given, and left alone where MTRIBES_TOKEN is set.
  cli/auth/test_credential_store.py
    a_keyring_that_works_holds_the_secret_and_the_file_does_not
    a_keyring_that_does_not_work_gives_way_to_a_private_file
    mtribes_token_wins_and_what_is_kept_is_not_even_read
Many processes that renew at once stay signed in, killed at any point too.
  cli/faults/test_many_renewals.py
  cli/faults/test_renewal_crashes.py
  cli/auth/test_credential_store.py
    many_processes_at_once_stay_signed_in_by_one_renewal
A clock that is days off changes nothing.
  cli/auth/test_credential_store.py
    a_clock_that_is_days_off_changes_nothing
  cli/failure_modes/test_clock.py
"""

NOTHING_LOST = """
SQLite writes ahead, whole to the disk at each commit, by one writer that does the checkpoints as well.
  server/storage/test_database.py
    sqlite_keeps_what_it_acknowledged_by_one_writer
    writers_in_many_threads_lose_nothing
Several processes need PostgreSQL, and say so.
  server/commands/test_start.py
    what_does_not_go_together_is_refused_in_two_lines
    several_workers_serve_one_postgresql
What PostgreSQL breaks off is done again whole; a commit in doubt is resolved by its key.
  server/storage/test_database.py
    a_postgresql_backend_that_was_killed_costs_no_write
  server/storage/test_lost_commits.py
  server/features/imports/test_faults.py
A file is there whole or as it was, whichever call fails and however full the disk is.
  server/storage/test_data_folder.py
  server/commands/test_failing_disk.py
  cli/faults/test_failing_calls.py
  cli/faults/test_full_disk.py
  cli/failure_modes/test_disks.py
Programs that are killed, and networks that break off anywhere, lose nothing that was acknowledged and do nothing twice.
  server/features/imports/test_killed_servers.py
  server/client/test_killed.py
  contract/ingest/test_interrupted.py
  contract/ingest/test_servers_that_die.py
  contract/ingest/test_networks.py
  contract/export/test_interrupted_exports.py
  contract/test_doubtful_answers.py
The same content again changes who was changed since, and nobody else.
  server/features/imports/test_as_before.py
  server/features/imports/test_against_the_model.py
A full database refuses whole, and takes it when there is room.
  server/features/imports/test_faults.py
    a_full_database_refuses_a_part_whole_and_takes_it_when_there_is_room
Told to stop, a server finishes what is in flight.
  server/commands/test_start.py
    what_is_in_flight_is_finished_before_the_server_goes
A server is ready when its database, schema and disk are.
  server/test_app.py
    a_server_that_can_serve_says_so
    a_server_without_room_on_its_disk_is_not_ready
    a_server_whose_database_is_not_its_own_is_not_ready
  server/storage/test_migrations.py
    a_server_before_its_migration_is_not_ready
Tests that find nothing find what was planted, in the same run.
  repo/test_secret_scanner.py
  cli/hostile/test_file_lists.py
    a_planted_hole_is_found
  server/features/api_docs/test_openapi_conformance.py
  server/features/tribes/test_mutants.py
Who was erased stays so after a backup is restored.
  server/features/people/test_erasure.py
    a_backup_does_not_bring_back_who_was_erased_after_it
"""

SECURITY_GUARANTEES: Mapping[str, str] = {
    "Signing in": SIGN_IN,
    "Tokens and keys": TOKENS_AND_KEYS,
    "The server": SERVER,
    "The command line": COMMAND_LINE,
    "Nothing is lost": NOTHING_LOST,
}
