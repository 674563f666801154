"""`mtribes.toml`, as `setup` writes it."""

import tomllib
from pathlib import Path

from mtribes_cli.project.editor import SetupAnswers, TargetAnswer, project_text
from mtribes_cli.project.project_file import parse_project_file

ANSWERS = SetupAnswers("local", "acme", "vod", (TargetAnswer("typescript", "src/mtspace/vod"),))
COMMENTED = """\
# Ours.
space = "vod"           # the video store
host = "local"

organization = "acme"

[[targets]]             # the web
output = "./src/mtspace/vod/"
language = "typescript"
"""


def test_a_new_file_says_what_was_answered() -> None:
    assert project_text(None, ANSWERS) == (
        '# What `mtribes update` generates. Commit this file and mtribes.lock.\nhost = "local"\n'
        'organization = "acme"\nspace = "vod"\n\n[[targets]]\nlanguage = "typescript"\noutput = '
        '"src/mtspace/vod"\n'
    )


def test_a_file_that_says_it_already_stays_byte_for_byte() -> None:
    assert project_text(COMMENTED, ANSWERS) == COMMENTED
    assert project_text(COMMENTED.replace("\n", "\r\n"), ANSWERS) == COMMENTED.replace("\n", "\r\n")


def test_comments_and_order_survive_new_answers() -> None:
    answers = SetupAnswers("https://x.example.com", "acme", "sports", (TargetAnswer("java", "src/mtspace/vod"),))
    changed = project_text(COMMENTED, answers)
    assert changed == COMMENTED.replace('"vod"', '"sports"').replace('"local"', '"https://x.example.com"').replace(
        '"typescript"', '"java"'
    )


def test_another_target_is_added_behind_and_none_is_taken_away() -> None:
    added = project_text(COMMENTED, SetupAnswers("local", "acme", "vod", (TargetAnswer("kotlin", "app/vod"),)))
    assert added == COMMENTED + '\n[[targets]]\nlanguage = "kotlin"\noutput = "app/vod"\n'


def test_a_target_is_added_to_a_list_on_one_line() -> None:
    before = 'host = "local"\nspace = "vod"\ntargets = [{ language = "java", output = "a" }]\n'
    after = project_text(before, ANSWERS)
    assert [table["output"] for table in tomllib.loads(after)["targets"]] == ["a", "src/mtspace/vod"]


def test_answers_that_were_missing_become_keys_of_the_file_and_not_of_a_target() -> None:
    before = 'host = "local"\n\n[[targets]]\nlanguage = "java"\noutput = "a"\nspace = "sports"\n'
    project = parse_project_file(project_text(before, ANSWERS), Path("mtribes.toml"))
    assert (project.organization, project.space) == ("acme", "vod")
    assert [target.space for target in project.targets] == ["sports", "vod"]


def test_line_ends_stay_those_of_the_file() -> None:
    before = COMMENTED.replace("\n", "\r\n")
    after = project_text(before, SetupAnswers("local", "acme", "vod", (TargetAnswer("kotlin", "app/vod"),)))
    assert after.count("\r\n") == after.count("\n")
