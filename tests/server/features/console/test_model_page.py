"""The model of a Space in the console: shown, edited as a document, compared; the code that is made from it."""

from __future__ import annotations

import html
import re

import pytest

from templates_server.security.authorization import Role
from tests.server.features.auth.flows import Browser, Someone, signed_in_browser, someone
from tests.server.features.console.people import colleague, deeds_of, forms_of, new_space, submit, text_of
from tests.servers import RunningServer

MODEL = """\
name: Radio
experiences:
  hero:
    name: <b>Hero</b>
    properties:
      title: {type: text, default: Tonight}
      tint: {type: color}
      size: {type: select, options: [small, large]}
sections:
  rows: {supports: [hero]}
collections:
  homepage:
    children:
      top: {experience: hero}
      body: {section: rows}
events:
  video/completed:
    metadata:
      title: {type: text, required: true}
fields:
  campaign: {type: text}
"""


@pytest.fixture
def person(server: RunningServer) -> Someone:
    return someone(server)


@pytest.fixture
def path(server: RunningServer, person: Someone) -> str:
    return f"/console/spaces/{new_space(server, person)}/model"


@pytest.fixture
def browser(server: RunningServer, person: Someone) -> Browser:
    return signed_in_browser(server, person)


def save(browser: Browser, path: str, document: str, **fields: str) -> str:
    """Where storing a document from a new form leads to."""
    answer = submit(browser, browser.get(f"{path}/edit"), path, document=document, deed="save", **fields)
    assert answer.status_code == 303, text_of(answer)
    return str(answer.headers["location"])


def document_in(page: str) -> str:
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    assert found
    return html.unescape(found[1])


def test_a_model_is_written_in_the_form_and_shown_as_what_it_means(
    server: RunningServer, person: Someone, browser: Browser, path: str
) -> None:
    assert "The model is empty" in browser.get(path).text
    assert save(browser, path, MODEL, note="First <draft>") == path
    page = browser.get(path)
    assert "&lt;b&gt;Hero&lt;/b&gt;" in page.text
    text = text_of(page)
    for words in ("Saved as revision 1.", "homepage", "top", "hero , experience", "Tonight", "select: small, large"):
        assert words in text, words
    for words in ("video/completed", "title text, required", "campaign"):
        assert words in text, words
    assert [action for action, _ in deeds_of(server, person)] == ["model.replace"]
    assert "First <draft>" in text_of(browser.get(f"{path}/history"))


def test_the_form_begins_with_what_is_stored_and_the_same_again_changes_nothing(browser: Browser, path: str) -> None:
    save(browser, path, MODEL)
    page = browser.get(f"{path}/edit")
    submit(browser, page, path, deed="save", document=document_in(page.text))
    assert "No changes" in browser.get(path).text


def test_what_breaks_is_said_before_anything_is_stored(browser: Browser, path: str) -> None:
    save(browser, path, MODEL)
    changed = MODEL.replace("      tint: {type: color}\n", "").replace("Tonight", "Today")
    answer = submit(browser, browser.get(f"{path}/edit"), path, document=changed, deed="review")
    assert answer.status_code == 200
    assert "hero.properties.tint" in text_of(answer).replace("experiences.", "")
    assert "breaks apps that use it" in answer.text
    assert document_in(answer.text) == changed
    assert "tint" in browser.get(path).text


def test_every_problem_stands_above_the_document_and_nothing_is_lost(browser: Browser, path: str) -> None:
    for document, words in (
        ("experiences: [", "line"),
        ("experiences:\n  Hero: {}\n  b: {properties: {x: {type: nonsense}}}\n", "nonsense"),
        (" ", "whole model"),
    ):
        answer = submit(browser, browser.get(f"{path}/edit"), path, document=document, deed="save", note="why")
        assert answer.status_code == 422, document
        assert re.search(r'id="document-problem"[^>]* role="alert">[^<]', answer.text)
        assert words in text_of(answer)
        assert document_in(answer.text) == document
        assert 'value="why"' in answer.text


def test_a_note_that_is_too_long_is_told_beside_it(browser: Browser, path: str) -> None:
    answer = submit(browser, browser.get(f"{path}/edit"), path, document=MODEL, deed="save", note="x" * 201)
    assert answer.status_code == 422
    assert re.search(r'id="note-problem"', answer.text)


def test_of_two_who_edit_at_once_the_second_sees_the_first_and_loses_nothing(browser: Browser, path: str) -> None:
    save(browser, path, MODEL)
    mine, theirs = browser.get(f"{path}/edit"), browser.get(f"{path}/edit")
    submit(browser, theirs, path, document=MODEL.replace("Tonight", "Today"), deed="save")
    answer = submit(browser, mine, path, document=MODEL.replace("small", "tiny"), deed="save")
    text = text_of(answer)
    assert "Someone else has saved revision 2" in text
    assert '"Tonight" "Today"' in text
    assert "tiny" in document_in(answer.text)
    merged = MODEL.replace("Tonight", "Today").replace("small", "tiny")
    assert submit(browser, answer, path, document=merged, deed="save").status_code == 303
    assert "tiny, large" in text_of(browser.get(path))


def test_a_document_sent_twice_is_stored_once_and_told_as_stored(
    server: RunningServer, person: Someone, browser: Browser, path: str
) -> None:
    page = browser.get(f"{path}/edit")
    answers = [submit(browser, page, path, document=MODEL, deed="save") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert "Saved as revision 1." in text_of(browser.get(path))
    assert [action for action, _ in deeds_of(server, person)] == ["model.replace"]


@pytest.mark.parametrize("document", ["- a", "1", "experiences: [", "experiences:\n  Hero: {}\n"])
def test_a_document_that_is_no_model_is_refused_whatever_others_saved(
    browser: Browser, path: str, document: str
) -> None:
    stale = browser.get(f"{path}/edit")
    save(browser, path, MODEL)
    answer = submit(browser, stale, path, document=document, deed="save")
    assert answer.status_code in {200, 422}
    assert document in document_in(answer.text)


def test_any_two_revisions_are_compared_value_by_value(browser: Browser, path: str) -> None:
    for document in (
        MODEL,
        MODEL.replace("Tonight", "Today"),
        MODEL.replace("  campaign: {type: text}\n", "  age: {type: number}\n"),
    ):
        save(browser, path, document)
    newest = text_of(browser.get(f"{path}/history"))
    assert "What changed from revision 2 to 3" in newest
    assert "fields \u203a campaign" in newest
    whole = text_of(browser.get(f"{path}/history", **{"from": "1", "to": "2"}))
    assert '"Tonight" "Today"' in whole
    assert "campaign" not in whole
    assert browser.get(f"{path}/history", **{"from": "1", "to": "99"}).status_code == 404
    for wrong in ({"from": "-1", "to": "2"}, {"from": "1"}, {"from": "x", "to": "y"}):
        answer = browser.get(f"{path}/history", **wrong)
        assert (answer.status_code, "Enter two revision numbers" in answer.text) == (422, True)


@pytest.mark.parametrize(("language", "words"), [("", "export"), ("/kotlin", "class"), ("/python", "class")])
def test_the_code_is_shown_in_every_language(browser: Browser, path: str, language: str, words: str) -> None:
    save(browser, path, MODEL)
    page = browser.get(f"{path}/code{language}")
    assert page.status_code == 200
    assert words in text_of(page)
    links = re.findall(rf'href="({re.escape(path)}/code/[^"]+)"', page.text)
    assert len(links) > 9
    for link in (links[-1], *links[:7]):
        assert browser.get(link).status_code == 200, link
    assert browser.get(f"{path}/code/cobol").status_code == 404
    assert browser.get(f"{path}/code/python/none.py").status_code == 404


def test_a_viewer_looks_and_cannot_edit(server: RunningServer, person: Someone, browser: Browser, path: str) -> None:
    save(browser, path, MODEL)
    viewer = signed_in_browser(server, colleague(server, person, Role.VIEWER))
    page = viewer.get(path)
    assert "Tonight" in page.text
    assert f"{path}/edit" not in page.text
    assert [action for action in forms_of(page) if action != "/sign-out"] == []
    assert viewer.get(f"{path}/edit").status_code == 403
    assert viewer.get(f"{path}/code").status_code == 200
