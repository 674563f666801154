"""What the command line offers is what the server can do."""

from __future__ import annotations

from mtribes_cli.project.project_file import LANGUAGES
from templates_server.features.codegen import renderer


def test_the_languages_that_are_offered_are_those_that_are_generated() -> None:
    assert LANGUAGES == renderer.LANGUAGES
