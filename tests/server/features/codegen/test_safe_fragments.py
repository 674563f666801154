from __future__ import annotations

import pytest

from templates_server.features.codegen.safe_fragments import CodeFragment, Identifier, Path, finalize
from templates_server.features.codegen.templates import Templates
from templates_server.features.codegen.typescript.literals import documentation, number, property_name, string


def test_a_template_cannot_print_a_plain_text() -> None:
    with pytest.raises(TypeError, match="not str"):
        finalize("evil()")


def test_a_template_that_is_given_a_plain_text_fails() -> None:
    with pytest.raises(TypeError, match="not str"):
        Templates("typescript").body(
            "fallbacks.ts.jinja", {"states": "{}", "code_hash": CodeFragment("1"), "extension": CodeFragment(".js")}
        )


def test_a_template_that_is_given_nothing_fails() -> None:
    with pytest.raises(TypeError, match="StrictUndefined"):
        Templates("typescript").body("fallbacks.ts.jinja", {})


@pytest.mark.parametrize("text", ["", "1a", "a-b", "a b", "é", "a\n"])
def test_an_identifier_is_ascii_letters_digits_and_underscores(text: str) -> None:
    with pytest.raises(ValueError, match="not an identifier"):
        Identifier(text)


@pytest.mark.parametrize("text", ["", "a b", 'a"', "a\n", "ä"])
def test_a_path_has_no_character_that_could_end_its_literal(text: str) -> None:
    with pytest.raises(ValueError, match="not a path"):
        Path(text)


def test_strings_escape_what_ends_them_and_what_an_editor_does_not_show() -> None:
    assert string('a"b\\c\n\u2028\u202e\ufeff<').text == "'a\"b\\\\c\\n\\u2028\\u202e\\ufeff\\u003c'"


def test_strings_keep_letters_of_every_script() -> None:
    assert string("ホームページ ελληνικά مبصع").text == '"ホームページ ελληνικά مبصع"'


def test_characters_beyond_the_basic_plane_are_escaped_as_pairs_where_they_must_be() -> None:
    assert string("👩\U000e0001").text == '"👩\\udb40\\udc01"'


@pytest.mark.parametrize(("value", "text"), [(5, "5"), (5.0, "5"), (0.25, "0.25"), (-3, "-3"), (1e22, "1e22")])
def test_numbers_are_written_as_the_formatter_writes_them(value: float, text: str) -> None:
    assert number(value).text == text


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        number(value)


def test_a_property_name_never_sets_the_prototype() -> None:
    assert property_name("__proto__").text == '["__proto__"]'


@pytest.mark.parametrize("text", ["*/ evil(); /*", "a\n*/b", "**/", "\u2028*/"])
def test_no_text_ends_a_comment(text: str) -> None:
    comment = documentation(text, text)
    assert comment is not None
    assert comment.text.count("*/") == 1


@pytest.mark.parametrize("text", ["@deprecated", "{@link evil}", "a\n@ts-ignore", "x" * 99 + " @deprecated"])
def test_no_text_begins_a_tag(text: str) -> None:
    comment = documentation("", text)
    assert comment is not None
    assert "@" not in comment.text.replace("\\@", "")


def test_a_long_description_is_wrapped() -> None:
    comment = documentation("Name", "word " * 100, indent=2)
    assert comment is not None
    assert max(len(line) for line in comment.text.splitlines()) <= 105
    assert comment.text.splitlines()[1].startswith("   * Name: word")


def test_code_is_a_piece() -> None:
    assert finalize(CodeFragment("a()")) == "a()"
