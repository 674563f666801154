"""Faults that attackers and users found, each with the tests that fail on the code that had it.

The format is that of `promises.py`: a line states the requirement, with its number first (`A1`); below it stand files
of tests, and below a file those of its tests that are meant, without `test_`, unless all of them are.
"""

from __future__ import annotations

from collections.abc import Mapping

DENIAL_OF_SERVICE = """
"""

CODE_EXECUTION = """
B1 A journal of a clone is not acted on: a secret of the state folder signs it, and paths are judged by where they lead.
  cli/hostile/test_clones.py
    a_journal_of_a_clone_puts_no_hook_in_place
    setup_believes_no_journal_of_a_clone
    the_named_command_discards_a_journal_that_is_not_ours
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
B3 Secrets go only where their user said, and a project file of another user sends nothing.
  cli/test_host_trust.py
B4 Local files that are no files, have no end or break parsers are refused at once; what a server says is bounded.
  cli/hostile/test_local_files.py
  repo/test_local_reads.py
"""

LIMITS_AND_TRUTH = """
"""

FILES_AND_PLACES = """
D1 `-C ../other` finds the project of that folder, and rewrites no other one.
  cli/test_main.py
    a_folder_beside_is_searched_and_not_the_one_around
    a_folder_behind_a_link_is_the_one_that_it_leads_to
D3 What is no regular file is written through or refused by every command, and never replaced.
  cli/test_output_file.py
D6 In a forest of links content is what counts, and nothing is written through one.
  cli/hostile/test_clones.py
    in_a_forest_of_links_content_is_what_counts
    in_a_forest_of_links_nothing_is_written_through_them
    a_difference_does_not_show_what_a_link_leads_to
    an_output_behind_a_link_out_of_the_project_is_not_written
D7 A blank variable is as good as none, and tracebacks are bounded, where it is told.
  cli/test_host_trust.py
    a_blank_variable_is_as_good_as_none
  cli/test_main.py
    only_the_newest_tracebacks_are_kept
  server/commands/test_crashes.py
"""

INPUT_FILES = """
"""

RUNTIME = """
"""

PUBLIC_PROMISES = """
G `mtribes update` without a sign-in signs in where somebody is at the terminal, and else ends with 4.
  cli/test_update.py
    somebody_at_the_terminal_is_signed_in
    where_nobody_is_there_a_missing_sign_in_is_exit_4
    a_token_that_is_refused_is_not_replaced_by_a_sign_in
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
