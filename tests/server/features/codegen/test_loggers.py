"""A logger may start and end sessions, or say where they are: what it was called for then holds nobody up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.server.features.codegen.virtual_time import in_virtual_time

SCENE = r"""
import { createSpace } from "./index.js";

const NOTHING = { background: null, gradient: null };
const states = (sticky) => ({ "homepage.header": { enabled: true, properties: { ...NOTHING, sticky } } });
const served = (sticky, more) => (
  { status: 200, text: JSON.stringify({ session: "ses_1", revision: "1", states: states(sticky) }), ...more }
);
const REFUSED = { status: 403, text: "{}" };
const messages = [];
const later = { call: () => {} };
const logger = (message) => {
  if (messages.push(message) < 50) later.call(message);
};
const vod = createSpace({ apiKey: "pk_test", host: "http://server.test", logger });
const { client, session } = vod;
const statuses = [];
session.onChange(() => statuses.push(session.failure ?? session.status));
const people = () => of("sessions").map(({ body }) => body.external_id);
"""
NO_PAGE = "delete globalThis.document;"


def run(script: str, folder: Path) -> Any:
    return in_virtual_time(SCENE + script, folder)


FAILING = {
    "refused": ("REFUSED", "pk_test", "refused"),
    "nonsense": ('{ status: 200, text: "<html>" }', "pk_test", "nonsense"),
    "unusable": ('served("tall")', "pk_test", "served"),
    "no-key": ("served(true)", "", "missing-key"),
}


@pytest.mark.parametrize("failing", FAILING)
def test_a_session_that_the_logger_ends_is_over_and_the_next_person_of_a_server_is_served(
    failing: str, javascript: Path
) -> None:
    answer, key, status = FAILING[failing]
    script = f"""
    {NO_PAGE}
    client.fetch = answering(({{ body }}) => (body.external_id === "u1" ? {answer} : served(true)));
    later.call = () => void session.end();
    client.apiKey = "{key}";
    void session.start({{ userId: "u1" }});
    await pass(5);
    const between = session.status;
    client.apiKey = "pk_test";
    later.call = () => {{}};
    void session.start({{ userId: "u2" }});
    await pass(5);
    print({{ between, statuses, messages, status: session.status, people: people() }});
    """
    got = run(script, javascript)
    assert got["between"] == "idle"
    assert got["statuses"] == ["starting", status, "idle", "starting", "served"]
    assert (got["status"], len(got["messages"])) == ("served", 1)
    assert got["people"] == ([] if failing == "no-key" else ["u1"]) + ["u2"]


@pytest.mark.parametrize("failing", ["refused", "nonsense", "unusable"])
def test_a_session_that_the_logger_starts_is_starting_until_its_own_answer(failing: str, javascript: Path) -> None:
    answer, _, status = FAILING[failing]
    script = f"""
    client.fetch = answering(({{ body }}) => (body.external_id === "u1" ? {answer} : served(true, {{ after: 1 }})));
    later.call = () => void session.start({{ userId: "u2" }});
    void session.start({{ userId: "u1" }});
    await pass(0.5);
    const between = session.status;
    await pass(20);
    print({{ between, statuses, messages, people: people() }});
    """
    got = run(script, javascript)
    assert got["between"] == "starting"
    assert got["statuses"] == ["starting", status, "starting", "served"]
    assert (len(got["messages"]), got["people"]) == (1, ["u1", "u2"])


def test_a_key_that_the_logger_sets_when_it_is_missing_starts_the_session(javascript: Path) -> None:
    script = """
    client.fetch = answering(() => served(true));
    later.call = () => (client.apiKey = "pk_other");
    client.apiKey = "";
    void session.start({ userId: "u1" });
    await pass(1);
    print({ statuses, messages, people: people() });
    """
    got = run(script, javascript)
    assert got == {
        "statuses": ["starting", "missing-key", "served"],
        "messages": ["client.apiKey is not set"],
        "people": ["u1"],
    }


@pytest.mark.parametrize("call", ['session.start({ userId: "u3" })', "session.end()"])
def test_that_a_session_has_not_ended_is_logged_once_whatever_the_logger_does(call: str, javascript: Path) -> None:
    script = f"""
    {NO_PAGE}
    client.fetch = answering(() => served(true));
    void session.start({{ userId: "u1" }});
    await pass(1);
    later.call = () => void {call};
    void session.start({{ userId: "u2" }});
    await pass(1);
    print({{ last: statuses.at(-1), messages, people: people() }});
    """
    got = run(script, javascript)
    assert got["last"] == ("idle" if "end" in call else "in-use")
    assert [message[:25] for message in got["messages"]] == ["another session has not e"]
    assert got["people"] == ["u1"]


BAD_STARTS = {
    "no-start": ("{ userId: {} }", "void session.start()", [None], "served"),
    "a-field": ("{ userId: 'u1', fields: { a: {}, b: 1 } }", "void session.start({ userId: 'u2' })", ["u2"], "served"),
    "the-version": ("{ userId: 'u1' }", "void session.start({ userId: 'u2' })", ["u2"], "served"),
    "the-end": ("{ userId: 'u1' }", "void session.end()", [], "idle"),
}


@pytest.mark.parametrize("bad", BAD_STARTS)
def test_what_the_logger_starts_or_ends_while_a_start_is_read_is_not_overridden_by_that_start(
    bad: str, javascript: Path
) -> None:
    options, call, people, status = BAD_STARTS[bad]
    script = f"""
    // One that is there where nothing can be cut.
    globalThis.AbortController = undefined;
    client.fetch = answering(() => served(true));
    if ({"true" if bad in {"the-version", "the-end"} else "false"}) client.appVersion = {{}};
    later.call = () => {{ client.appVersion = ""; {call}; }};
    void session.start({options});
    await pass(1);
    print({{ status: session.status, messages, people: people().map((id) => id ?? null) }});
    """
    got = run(script, javascript)
    assert len(got["messages"]) == 1
    assert (got["people"], got["status"]) == (people, status)


def test_no_message_is_more_than_a_line_or_an_order_to_a_terminal_whoever_said_what_is_in_it(javascript: Path) -> None:
    script = r"""
    const evil = "\u001b]0;evil\u0007\u009b31m\r\nERROR\u2028\u202e\u2029";
    client.fetch = answering(({ kind }) => (kind === "events" ? { status: 422, text: "{" + evil } : served(evil)));
    void session.start({ userId: "u1", fields: { [evil]: {} } });
    session.track(evil);
    session.track("a/b");
    await pass(5);
    print(messages);
    """
    messages = run(script, javascript)
    assert len(messages) == 4
    assert all(all(character.isprintable() for character in message) for message in messages), messages
