"""Parts of the model in forms: made, changed and removed, reviewed first, with nothing else touched or lost."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import httpx
import pytest

from templates_server.security.authorization import Role
from tests.server.features.auth.flows import Browser, signed_in_browser, someone
from tests.server.features.console.delivery_space import DeliverySpace, delivery_space, fields_in
from tests.server.features.console.people import colleague, deeds_of, text_of
from tests.servers import RunningServer

HOSTILE = '"><img src=x onerror=alert(1)> {{ 7 * 7 }} </textarea><script>'
Fields = dict[str, Any]
MODEL: dict[str, Any] = {
    "name": "Radio",
    "description": "Line 1\nLine 2",
    "experiences": {
        "banner": {
            "name": HOSTILE,
            "description": f"Kept\n{HOSTILE}",
            "properties": {
                "ends-at": {"type": "date", "default": "2027-04-30T22:00:00.5Z"},
                "layout": {"type": "select", "options": ["boxed", " wide ", HOSTILE], "default": HOSTILE},
                "picture": {"type": "image", "default": "https://images.example.com/a.jpg"},
                "sticky": {"type": "toggle", "default": False, "name": "Sticky", "description": "Stays\n\nthere"},
                "tags": {"type": "list", "default": ["", "a\nb", " c "]},
                "title": {"type": "text", "default": "\r\nTo\rnight\u0001"},
                "tint": {"type": "color", "default": {"value": None, "opacity": 0.25}},
                "width": {"type": "number", "default": 0.5},
            },
        },
        "hero": {"properties": {"title": {"type": "text"}}},
    },
    "sections": {"rows": {"name": "Rows", "supports": ["banner", "hero"]}},
    "collections": {
        "home": {
            "category": "Pages",
            "children": {
                "body": {"section": "rows", "description": "All\nof it"},
                "top": {"experience": "banner", "name": "Top"},
            },
        }
    },
    "events": {
        "video/completed": {
            "name": "Done",
            "metadata": {
                "genre": {
                    "type": "select",
                    "options": ["Drama", "News"],
                    "name": " Genre ",
                    "description": "\nSpaced \n",
                },
                "title": {"type": "text", "required": True},
            },
        },
        "video/started": {},
    },
    "fields": {"campaign": {"type": "text"}, "plan": {"type": "select", "options": ["free", "gold"]}},
}


class Place:
    """A Space with MODEL, and the forms of its parts in somebody's browser."""

    def __init__(self, space: DeliverySpace, browser: Browser) -> None:
        self.space = space
        self.browser = browser
        self.model_path = f"/console/spaces/{space.key}/model"

    def path(self, part: str) -> str:
        """Where the form of a part is."""
        return f"{self.model_path}/parts/{part}"

    def open(self, part: str, key: str = "", **query: str) -> httpx.Response:
        """The form of a part."""
        page = self.browser.get(self.path(part), **({"key": key} if key else {}), **query)
        assert page.status_code == 200, text_of(page)
        return page

    def press(self, page: httpx.Response, part: str, deed: str, **fields: Any) -> httpx.Response:
        """Press a button of a form, after these were typed; None: a box is not ticked, `__` stands for a dash."""
        sent: Fields = {**fields_in(page, self.path(part)), "deed": deed}
        for name, text in fields.items():
            sent[name.replace("__", "-")] = [] if text is None else text
        return self.browser.send("POST", self.path(part), fields=sent)

    def review(self, part: str, key: str = "", **fields: Any) -> httpx.Response:
        """The review of what was typed."""
        page = self.press(self.open(part, key), part, "review", **fields)
        assert page.status_code == 200, text_of(page)
        return page

    def save(self, page: httpx.Response, part: str, **fields: Any) -> httpx.Response:
        """Store what a review shows."""
        answer = self.press(page, part, "save", **fields)
        assert answer.status_code == 303, text_of(answer)
        return answer

    def with_rows(self, part: str, key: str, *types: str) -> httpx.Response:
        """The form with a row more for each type."""
        page = self.open(part, key)
        for each in types:
            page = self.press(page, part, "add", new=each)
            assert page.status_code == 200
        return page

    def document(self) -> Any:
        """The model as it is pulled."""
        return self.space.send("GET", "/model").json()["data"][0]

    def push(self, document: Any) -> None:
        """Store a document, as somebody else would."""
        self.space.send("PUT", "/model", document)


@pytest.fixture
def place(server: RunningServer) -> Place:
    space = delivery_space(server, someone(server))
    made = Place(space, space.browser)
    space.deliver({})
    made.push(MODEL)
    return made


def bare(document: Any) -> str:
    """A document as text, in its order, without its revision."""
    return json.dumps({key: value for key, value in document.items() if key != "revision"})


def problems_in(page: httpx.Response) -> dict[str, str]:
    """What stands beside the fields of a form, by field."""
    found = re.findall(r'<p class="problem" id="([^"]+)-problem" role="alert">([^<]*)</p>', page.text)
    return {name: text.replace("&#34;", '"') for name, text in found}


EVERY_PART = [
    ("experience", "banner"),
    ("experience", "hero"),
    ("section", "rows"),
    ("collection", "home"),
    ("event", "video/completed"),
    ("event", "video/started"),
    ("field", "campaign"),
    ("field", "plan"),
]


def test_what_nobody_touched_stays_to_the_byte_and_makes_no_revision(place: Place) -> None:
    before = place.document()
    for part, key in EVERY_PART:
        review = place.review(part, key)
        assert "No differences" in text_of(review), (part, key)
        place.save(review, part)
        assert place.document() == before, (part, key)
    page = place.press(place.press(place.open("experience", "banner"), "experience", "edit"), "experience", "review")
    assert "No differences" in text_of(page)


NEW_PARTS: list[tuple[str, Fields, dict[str, Any]]] = [
    ("experience", {"part_key": "card"}, {"experiences": {"card": {"properties": {}}}}),
    (
        "section",
        {"part_key": "more", "name": " More ", "supports": ["hero"]},
        {"sections": {"more": {"name": "More", "supports": ["hero"]}}},
    ),
    (
        "collection",
        {"part_key": "shop", "category": HOSTILE, "description": "a\r\nb"},
        {"collections": {"shop": {"description": "a\nb", "category": HOSTILE, "children": {}}}},
    ),
    ("event", {"part_key": "cart/paid", "name": "Paid"}, {"events": {"cart/paid": {"name": "Paid"}}}),
    (
        "field",
        {"part_key": "kind", "type": "select", "options": "a\r\n\r\n b \r\n"},
        {"fields": {"kind": {"type": "select", "options": ["a", "b"]}}},
    ),
]


@pytest.mark.parametrize(("part", "fields", "added"), NEW_PARTS, ids=[part for part, _, _ in NEW_PARTS])
def test_a_new_part_is_reviewed_then_added_and_removed_and_nothing_else_moves(
    place: Place, part: str, fields: Fields, added: dict[str, Any]
) -> None:
    before = place.document()
    review = place.review(part, **fields)
    assert "Nothing is saved yet" in text_of(review)
    assert place.document() == before
    place.save(review, part, note="Why <not>")
    ((group, items),) = added.items()
    expected = {**before, group: dict(sorted({**before[group], **items}.items()))}
    assert bare(place.document()) == bare(expected)
    assert "Why <not>" in text_of(place.browser.get(f"{place.model_path}/history"))
    removal = place.open(part, str(fields["part_key"]), deed="remove")
    assert "removed" in text_of(removal)
    place.save(removal, part)
    assert bare(place.document()) == bare(before)
    model_deeds = [action for action, _ in deeds_of(place.space.server, place.space.person) if "model" in action]
    assert model_deeds[-2:] == ["model.replace"] * 2


DEFAULTS: list[tuple[str, Fields, Any]] = [
    ("text", {"": "New & <b>\r\nline"}, "New & <b>\nline"),
    ("number", {"": " -1.5 "}, -1.5),
    ("toggle", {"": "on"}, True),
    ("color", {"": "#FFCC00", ".opacity": ".5"}, {"value": "#ffcc00", "opacity": 0.5}),
    ("date", {"": "2027-07-01T10:00", ".zone": "Europe/Oslo"}, "2027-07-01T08:00:00Z"),
    ("list", {"": "x\r\n\r\ny y\r\n"}, ["x", "y y"]),
    ("select", {"": "=b"}, "b"),
    ("image", {"": " https://images.example.com/b.png "}, "https://images.example.com/b.png"),
]


@pytest.mark.parametrize(("kind", "control", "value"), DEFAULTS, ids=[kind for kind, _, _ in DEFAULTS])
def test_a_property_of_every_type_is_added_changed_and_removed(
    place: Place, kind: str, control: Fields, value: Any
) -> None:
    before = place.document()
    page = place.with_rows("experience", "hero", kind)
    assert before == place.document()
    fields: Fields = {"r1__key": "added", "r1__name": "Added"}
    fields |= {"r1__options": "a\nb"} if kind == "select" else {}
    fields |= {f"r1__default{end}": text for end, text in control.items()}
    place.save(place.press(page, "experience", "review", **fields), "experience")
    added = place.document()["experiences"]["hero"]["properties"]["added"]
    options = {"options": ["a", "b"]} if kind == "select" else {}
    assert added == {"type": kind, "name": "Added", **options, "default": value}
    unset: Fields = {"r0__default": "", "r0__name": ""}
    if kind in {"text", "color", "list"}:
        unset = {"r0__default.set": None, "r0__name": ""}
    place.save(place.review("experience", "hero", **unset), "experience")
    added = place.document()["experiences"]["hero"]["properties"]["added"]
    assert added == {"type": kind, **options}
    page = place.press(place.open("experience", "hero"), "experience", "remove-0")
    place.save(place.press(page, "experience", "review"), "experience")
    assert bare(place.document()) == bare(before)


def test_a_row_is_renamed_with_all_that_it_has_and_the_review_says_what_that_breaks(place: Place) -> None:
    expected = place.document()
    properties = expected["experiences"]["banner"]["properties"]
    fields = {f"r{number}__key": f"{key}-x" for number, key in enumerate(properties)}
    review = place.review("experience", "banner", **fields)
    for key in properties:
        assert f"{key} becomes {key}-x" in text_of(review)
        assert f"experiences.banner.properties.{key} removed, breaks apps" in text_of(review)
    place.save(review, "experience")
    expected["experiences"]["banner"]["properties"] = {f"{key}-x": each for key, each in properties.items()}
    assert bare(place.document()) == bare(expected)


def test_another_type_shows_its_control_and_keeps_a_default_that_fits(place: Place) -> None:
    page = place.press(place.open("experience", "banner"), "experience", "retype", r2__type="text", r7__type="text")
    fields = fields_in(page, place.path("experience"))
    assert fields["r2-default"] == ["https://images.example.com/a.jpg"]
    assert fields["r2-shown"] == ["text"]
    assert fields["r7-default"] == [""]
    review = place.press(page, "experience", "review")
    assert "default 0.5 removed" in text_of(review).replace("\u203a ", "")
    place.save(review, "experience")
    properties = place.document()["experiences"]["banner"]["properties"]
    assert properties["picture"] == {"type": "text", "default": "https://images.example.com/a.jpg"}
    assert properties["width"] == {"type": "text"}
    place.save(place.review("experience", "banner", r2__type="image", r1__type="text"), "experience")
    properties = place.document()["experiences"]["banner"]["properties"]
    assert properties["picture"]["type"] == "image"
    assert properties["layout"] == {"type": "text", "default": HOSTILE}


def test_rows_without_their_hidden_fields_are_rows_that_are_new(place: Place) -> None:
    for part, key in EVERY_PART[:6]:
        page = place.open(part, key)
        hidden = [
            f"{name[0]}__{name[1]}"
            for name in (field.split("-", 1) for field in fields_in(page, place.path(part)))
            if name[0].startswith("r") and name[-1] in {"was", "shown"}
        ]
        for deed in ("add", "review"):
            answer = place.press(page, part, deed, **dict.fromkeys(hidden))
            assert answer.status_code in {200, 422}, text_of(answer)


def test_children_and_metadata_come_change_and_go_by_rows(place: Place) -> None:
    expected = copy.deepcopy(place.document())
    page = place.with_rows("collection", "home", "experience hero")
    place.save(place.press(page, "collection", "review", r2__key="footer", r0__of="experience hero"), "collection")
    children = expected["collections"]["home"]["children"]
    children["body"] = {"experience": "hero", "description": "All\nof it"}
    expected["collections"]["home"]["children"] = dict(sorted({**children, "footer": {"experience": "hero"}}.items()))
    assert bare(place.document()) == bare(expected)
    page = place.with_rows("event", "video/completed", "number")
    assert "At most 3" in text_of(page)
    assert "Add metadata" not in text_of(page)
    page = place.press(page, "event", "review", r2__key="seconds", r2__required="yes", r1__required=None)
    place.save(page, "event")
    metadata = expected["events"]["video/completed"]["metadata"]
    metadata |= {"seconds": {"type": "number", "required": True}, "title": {"type": "text"}}
    expected["events"]["video/completed"]["metadata"] = dict(sorted(metadata.items()))
    assert bare(place.document()) == bare(expected)
    page = place.press(place.open("event", "video/completed"), "event", "remove-1")
    place.save(place.press(page, "event", "review"), "event")
    del metadata["seconds"]
    expected["events"]["video/completed"]["metadata"] = dict(sorted(metadata.items()))
    assert bare(place.document()) == bare(expected)


def test_every_problem_stands_beside_its_field_in_the_words_of_the_model(place: Place) -> None:
    page = place.with_rows("experience", "hero", "number", "select", "text", "date", "text")
    answer = place.press(
        page,
        "experience",
        "review",
        part_key="Hero!",
        name="x" * 201,
        description="\u0001",
        r0__type="nonsense",
        r1__key="wide",
        r1__default="many",
        r2__key="",
        r2__options="",
        r3__key="wide",
        r3__description="y" * 2001,
        r4__key="when",
        r4__default="2027-13-01T10:00",
        r5__key="no key",
        r5__default="z" * 10_001,
    )
    assert answer.status_code == 422
    beside = problems_in(answer)
    for field, words in {
        "part_key": '"Hero!" is not a valid key',
        "name": "Has 201 characters; the maximum is 200",
        "description": "Must not contain control characters",
        "r0-type": '"nonsense" is not one of text, number',
        "r1-default": "Enter a number",
        "r2-key": "Enter a key",
        "r2-options": "Is required: a select needs at least one option",
        "r3-key": '"wide" appears twice',
        "r3-description": "Has 2001 characters",
        "r4-default": "Enter a date and time",
        "r5-key": '"no key" is not a valid key',
        "r5-default": "Has 10001 characters",
    }.items():
        assert words in beside.pop(field, ""), (field, beside)
    assert beside == {}
    kept = fields_in(answer, place.path("experience"))
    assert (kept["part_key"], kept["r1-default"], kept["r4-default"]) == (["Hero!"], ["many"], ["2027-13-01T10:00"])


WRONG: list[tuple[str, str, Fields, str, str]] = [
    ("event", "", {"part_key": "started"}, "part_key", "is not a valid event name"),
    ("event", "", {"part_key": "mtribes/x"}, "part_key", "reserved prefix"),
    ("event", "", {"part_key": "video/started"}, "part_key", "An event with this key already exists"),
    ("event", "video/completed", {"r0__key": "pair1"}, "r0-key", "cannot be modelled"),
    ("field", "plan", {"options": "a\na"}, "options", '"a" appears twice'),
    ("field", "plan", {"type": "image"}, "type", '"image" is not one of text, number, toggle, select'),
    ("section", "rows", {"supports": ["banner", "none"]}, "supports", '"none" is not an experience'),
    ("section", "rows", {"part_key": ""}, "part_key", "Enter a key, such as rows"),
    ("collection", "home", {"r0__of": "section none"}, "r0-of", '"none" is not a section of this Space'),
    ("collection", "home", {"r0__of": "nothing"}, "r0-of", "Must have either"),
    ("collection", "home", {"category": "x" * 201}, "category", "Has 201 characters"),
]


@pytest.mark.parametrize("case", WRONG, ids=[f"{case[0]} {case[3]} {number}" for number, case in enumerate(WRONG)])
def test_a_problem_of_any_part_stands_beside_its_field(place: Place, case: tuple[str, str, Fields, str, str]) -> None:
    part, key, fields, field, words = case
    for deed in ("review", "save"):
        answer = place.press(place.open(part, key), part, deed, **fields)
        assert answer.status_code == 422
        assert words in problems_in(answer).get(field, ""), problems_in(answer)
        assert len(problems_in(answer)) == 1


def test_another_key_is_a_removal_and_what_still_needs_the_old_one_is_told(place: Place) -> None:
    answer = place.press(place.open("experience", "banner"), "experience", "review", part_key="billboard")
    assert answer.status_code == 422
    assert "sections.rows.supports[0]" in text_of(answer)
    assert "collections.home.children.top.experience" in text_of(answer)
    review = place.review("event", "video/started", part_key="video/begun")
    text = text_of(review)
    assert "video/started becomes video/begun" in text
    assert 'events."video/started" removed, breaks apps' in text
    place.save(review, "event")
    assert list(place.document()["events"]) == ["video/begun", "video/completed"]


def test_what_is_in_use_is_not_removed_and_its_users_are_named(place: Place) -> None:
    before = place.document()
    page = place.browser.get(place.path("experience"), key="banner", deed="remove")
    assert page.status_code == 422
    for words in ("It is still in use", "sections.rows.supports[0]", "collections.home.children.top.experience"):
        assert words in text_of(page)
    assert 'value="save"' not in page.text
    forged = {"revision": str(before["revision"]), "was": "banner", "remove": "yes"}
    assert place.press(place.open("experience"), "experience", "save", **forged).status_code == 422
    assert place.document() == before


def test_what_scenarios_lose_is_told_before_it_is_lost(place: Place) -> None:
    place.space.deliver({"home.top": {"default": {"properties": {"title": "Hi", "width": 3}}}}, "production")
    page = place.press(place.open("experience", "banner"), "experience", "remove-7")
    review = place.press(page, "experience", "review")
    assert "Effect on scenarios" in text_of(review)
    assert "production scenarios.home.top" in text_of(review).replace('"home.top"', "home.top")
    assert "Effect on scenarios" not in text_of(place.review("experience", "hero", name="x"))


def test_of_two_at_once_the_second_sees_the_first_and_keeps_what_was_typed(place: Place) -> None:
    page, review = place.open("experience", "hero"), place.review("experience", "hero", name="Mine, reviewed")
    theirs = place.document()
    theirs["experiences"]["hero"]["name"] = "Theirs"
    place.push(theirs)
    for answer, mine in (
        (place.press(page, "experience", "review", name="Mine"), "Mine"),
        (place.press(review, "experience", "save"), "Mine, reviewed"),
    ):
        assert answer.status_code == 409
        assert "Someone else has saved revision" in text_of(answer)
        assert '"Theirs"' in text_of(answer)
        assert fields_in(answer, place.path("experience"))["name"] == [mine]
        assert place.document()["experiences"]["hero"]["name"] == "Theirs"
    place.save(place.press(answer, "experience", "review"), "experience")
    assert place.document()["experiences"]["hero"]["name"] == "Mine, reviewed"


def test_a_part_that_somebody_else_removed_or_changed_is_told(place: Place) -> None:
    form, removal = place.open("field", "plan"), place.open("field", "plan", deed="remove")
    theirs = place.document()
    theirs["fields"]["plan"]["name"] = "Plan"
    place.push(theirs)
    again = place.press(removal, "field", "save")
    assert (again.status_code, "Plan" in text_of(again)) == (409, True)
    del theirs["fields"]["plan"]
    theirs["fields"]["campaign"]["name"] = "Campaign"
    place.push({**theirs, "revision": place.document()["revision"]})
    answer = place.press(again, "field", "save")
    assert answer.status_code == 303
    assert "Someone else already removed plan" in text_of(place.browser.get(place.model_path))
    answer = place.press(form, "field", "review", options="free")
    assert "They removed plan" in text_of(answer)
    place.save(place.press(answer, "field", "review"), "field")
    assert place.document()["fields"]["plan"] == {"type": "select", "options": ["free"]}
    assert place.browser.get(place.path("field"), key="none").status_code == 404
    assert place.browser.get(place.path("field"), deed="remove").status_code == 404
    assert place.browser.get(place.path("nonsense")).status_code == 404


def test_a_form_that_is_sent_twice_stores_once_and_an_older_page_says_what_changed(place: Place) -> None:
    review = place.review("experience", "hero", name="Once")
    place.save(review, "experience")
    revision = place.document()["revision"]
    place.save(review, "experience")  # again, and after the button back
    assert place.document()["revision"] == revision
    assert f"The model already has this change, as revision {revision}" in text_of(place.browser.get(place.model_path))
    older = place.press(review, "experience", "edit", name="Again")
    answer = place.press(older, "experience", "review")
    assert answer.status_code == 409
    assert fields_in(answer, place.path("experience"))["name"] == ["Again"]


def test_who_was_signed_out_meanwhile_comes_back_to_what_was_typed(place: Place) -> None:
    page = place.open("experience", "hero")
    place.browser.cookies.clear()
    answer = place.press(page, "experience", "review", name="Typed <b>")
    assert answer.status_code == 303
    signed_in = place.browser.get(answer.headers["location"])
    person = place.space.person
    back = place.browser.submit("/sign-in", signed_in, email=person.email, password="correct horse battery")
    form = place.browser.get(back.headers["location"])
    assert fields_in(form, place.path("experience"))["name"] == ["Typed <b>"]
    place.save(place.press(form, "experience", "review"), "experience")
    assert place.document()["experiences"]["hero"]["name"] == "Typed <b>"


def test_a_note_that_is_too_long_is_told_beside_it_and_all_else_is_kept(place: Place) -> None:
    answer = place.press(place.review("field", "plan", name="Plan"), "field", "save", note="x" * 201)
    assert answer.status_code == 422
    assert "has 201 characters" in problems_in(answer)["note"]
    place.save(answer, "field", note="short")
    assert place.document()["fields"]["plan"]["name"] == "Plan"


def test_names_that_are_code_are_text_in_every_form_and_review(place: Place) -> None:
    for part, key in EVERY_PART:
        for page in (place.open(part, key), place.review(part, key, description=HOSTILE)):
            assert "<img src=x" not in page.text
            assert "</textarea><script" not in page.text
            assert "49" not in text_of(page)


def test_a_viewer_sees_no_form(place: Place) -> None:
    viewer = signed_in_browser(place.space.server, colleague(place.space.server, place.space.person, Role.VIEWER))
    page = viewer.get(place.model_path)
    assert (page.status_code, "/parts/" in page.text) == (200, False)
    for part, key in EVERY_PART:
        assert f"/parts/{part}?key={key}" in place.browser.get(place.model_path).text
        assert viewer.get(place.path(part), key=key).status_code == 403
