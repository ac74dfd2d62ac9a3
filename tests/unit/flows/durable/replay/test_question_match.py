"""A question is the one that was asked if its words are the same, but for the time of day at which it is asked."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.flows.durable.replay.question_match import AskedBefore, Match, match_question, words_of
from signoff.flows.durable.values.moments import Span
from signoff.flows.errors import AttentionNeeded
from signoff.store.policy import Policy
from signoff.store.records.prompts import Prompt

CREATED = datetime(2031, 5, 6, 9, 0, tzinfo=UTC)
ASKED = CREATED + timedelta(minutes=3)
NOW = CREATED + timedelta(days=2, hours=3, seconds=17)


def prompt(key: str, **changed: Any) -> Prompt:
    """A prompt that was opened three minutes after its run was created."""
    values: dict[str, Any] = {
        "id": f"id of {key}",
        "run_id": "1",
        "run_name": "brave-otter",
        "flow": "release",
        "key": key,
        "title": "Publish?",
        "description": "",
        "schema": None,
        "initial_values": {},
        "stored_policy": Policy(),
        "model": None,
        "opened_at": ASKED,
        "deadline": None,
        "due_at": None,
        "reminders_sent": 0,
        "fingerprint": "of today",
    }
    return Prompt(**{**values, **changed})


def match(asked: Prompt, *here: Prompt, elsewhere: tuple[Prompt, ...] = ()) -> Match:
    """What a question is that is asked now, ten seconds after its execution began."""
    span = Span(NOW - timedelta(seconds=10), NOW)
    before = AskedBefore({each.key: each for each in here})
    if (same := before.same("", None, words_of(asked))) is not None:
        return Match(recorded=same)
    return match_question(asked, here, next(iter(here), None), elsewhere, before=CREATED, now=span)


CLOCKS: dict[str, Callable[[datetime], str]] = {
    "str(datetime)": str,
    "isoformat": datetime.isoformat,
    "seconds": lambda moment: moment.isoformat(timespec="seconds"),
    "milliseconds and Z": lambda moment: moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    "without a zone": lambda moment: str(moment.replace(tzinfo=None)),
    "an offset": lambda moment: str(moment.astimezone(timezone(timedelta(hours=5, minutes=30)))),
    "the time": lambda moment: f"{moment:%H:%M:%S}",
    "the minute": lambda moment: f"{moment:%H:%M} UTC",
    "epoch": lambda moment: str(moment.timestamp()),
    "epoch in seconds": lambda moment: str(int(moment.timestamp())),
}


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("place", ["title", "description", "initial_values"])
def test_the_time_of_asking_is_no_word(clock: str, place: str) -> None:
    """However a flow writes it, and wherever."""

    def saying(moment: datetime) -> dict[str, Any]:
        text = f"As of {CLOCKS[clock](moment)}, publish?"
        return {place: {"at": text} if place == "initial_values" else text}

    recorded = prompt("1", **saying(ASKED - timedelta(seconds=1)))
    found = match(prompt("", **saying(NOW - timedelta(seconds=1))), recorded)
    assert (found.recorded, found.is_reworded) == (recorded, True)
    edited = match(prompt("", fingerprint="of tomorrow", **saying(NOW)), recorded)
    assert (edited.recorded, edited.instead_of, edited.is_unstable) == (None, recorded, False)


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ("the backup of 2031-05-06", "the backup of 2031-05-08"),
        ("2031-05-06 09:02:59", "2031-05-07 09:02:59"),
        ("at 09:02", "at 18:30"),
        ("build 1936429379", "build 1936429380"),
        ("10 rows", "11 rows"),
        ("alpha at 2031-05-06 09:02:59", "beta at 2031-05-08 12:00:16"),
        ("1.09:02:59", "1.12:00:16"),
    ],
    ids=["a date", "yesterday", "this evening", "a number", "rows", "a host beside a time", "part of a version"],
)
def test_anything_else_is_a_word(then: str, now: str) -> None:
    """Whoever approved the one has not approved the other."""
    recorded = prompt("1", description=then)
    found = match(prompt("", description=now), recorded)
    assert (found.recorded, found.instead_of, found.is_unstable) == (None, recorded, True)


@given(st.text(), st.text())
def test_two_texts_are_one_question_only_if_they_are_equal(then: str, now: str) -> None:
    """Whatever they contain. NUL and surrogates are compared as the database keeps them."""
    found = match(prompt("", title=now), prompt("1", title=then.replace("\0", "\ufffd")))
    assert (found.recorded is not None) == (then.replace("\0", "\ufffd") == now.replace("\0", "\ufffd"))


@pytest.mark.parametrize(
    "changed",
    [{"title": "Delete?"}, {"description": "x"}, {"schema": {"type": "object"}}, {"initial_values": {"a": 1}}],
    ids=lambda changed: next(iter(changed)),
)
def test_every_part_of_a_question_counts(changed: dict[str, Any]) -> None:
    """Title, description, schema and initial values; and none of its rules."""
    recorded = prompt("1")
    assert match(prompt("", **changed), recorded).recorded is None
    assert match(prompt("", deadline=NOW, stored_policy=Policy(channel="#a")), recorded).recorded is recorded


def test_a_question_of_another_place_is_not_taken_for_this_one() -> None:
    """If it was asked elsewhere and something else here, the order has changed."""
    beta, alpha = prompt("2", title="beta?"), prompt("1", title="alpha?")
    with pytest.raises(AttentionNeeded, match="'beta\\?' was asked with the key '2' before"):
        match(replace(beta, key="1"), alpha, elsewhere=(beta,))
    assert match(replace(beta, key="3"), elsewhere=(beta,)) == Match()
    with pytest.raises(AttentionNeeded, match="The code was edited: it asks 'beta\\?' with the key '3'"):
        match(replace(beta, key="3", fingerprint="of tomorrow"), elsewhere=(beta,))
