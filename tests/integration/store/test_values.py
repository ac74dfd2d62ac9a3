"""What is written is read back unchanged, on both databases."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy.exc import StatementError

from signoff.store import artifacts, blocks
from signoff.store.artifacts import Artifact
from signoff.store.database import Database
from signoff.store.errors import LeaseLost
from signoff.store.prompts import due, prompts, votes
from signoff.store.records.actors import Actor
from signoff.store.records.runs import Step
from signoff.store.records.votes import Vote
from signoff.store.runs import journal, runs
from tests.integration.store.samples import NOON, a_claimed_run, an_open_prompt, first

VALUES = {
    "nothing": None,
    "yes": True,
    "zero": 0,
    "a large number": 2**200,
    "a fraction": 0.1,
    "empty": {},
    "nested": {"a": [{"b": [None, 1.5, "x"]}]},
    "a NUL": "a\0b",
    "half a character": "\ud83d",
    "a key of that kind": {"\0\ud83d": 1},
    "other scripts": "ж漢𝄞",
    "quotes": "'\"\\",
}


@pytest.mark.parametrize("name", VALUES)
def test_json_comes_back_as_it_was(db: Database, name: str) -> None:
    """Everything that JSON can express. A null is stored as null."""
    value = VALUES[name]
    assert blocks.save(db, "json", "value", value, overwrite=False, now=NOON)
    assert blocks.load(db, "json", "value") == (value,)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_not_valid_json_is_refused(db: Database, value: Any) -> None:
    """Other readers of JSON could not read it. Nothing is stored."""
    with pytest.raises((StatementError, ValueError)):
        blocks.save(db, "json", "value", value, overwrite=False, now=NOON)
    assert blocks.load(db, "json", "value") is None


def test_characters_that_cannot_be_stored_are_replaced(db: Database) -> None:
    """A NUL or a lone surrogate in a name or a reason does not prevent a decision."""
    prompt = an_open_prompt(db, title="a\0b", description="half \ud83d ж")
    vote = Vote(Actor("U\0", "An\ud83da"), "reject", None, "no\0", "slack", NOON)
    votes.cast(db, prompt.id, vote, decide=first)
    found = prompts.get(db, prompt.id)
    assert (found.title, found.description, found.reason) == ("a\ufffdb", "half \ufffd ж", "no\ufffd")
    assert found.settled_by == Actor("U\ufffd", "An\ufffda")


def test_times_are_in_utc_and_exact(db: Database) -> None:
    """A time in any time zone is read back as the same moment, to the microsecond."""
    moment = datetime(2031, 5, 6, 14, 0, 0, 123_456, tzinfo=timezone(timedelta(hours=2)))
    prompt = an_open_prompt(db, deadline=moment, due_at=moment)
    found = prompts.get(db, prompt.id)
    assert found.deadline == moment
    assert found.deadline is not None
    assert found.deadline.tzinfo is UTC
    assert [each.id for each in due.due(db, now=moment)] == [prompt.id]
    assert due.due(db, now=moment - timedelta(microseconds=1)) == []


def test_a_time_without_a_time_zone_is_refused(db: Database) -> None:
    """It would be ambiguous."""
    with pytest.raises(ValueError, match="without a time zone"):
        due.due(db, now=datetime(2031, 5, 6))  # noqa: DTZ001 - naive on purpose


def test_whole_seconds_and_fractions_are_in_order(db: Database) -> None:
    """Times are compared as times, although SQLite stores them as text."""
    moments = [NOON + timedelta(microseconds=each) for each in (0, 1, 500_000, 1_000_000)]
    opened = [an_open_prompt(db, opened_at=moment).id for moment in reversed(moments)]
    assert [prompt.id for prompt in prompts.pending(db)] == opened[::-1]


def test_a_block_is_replaced_only_on_request(db: Database) -> None:
    """No value is overwritten by mistake."""
    assert blocks.save(db, "json", "a", 1, overwrite=True, now=NOON)
    assert blocks.save(db, "json", "a", 1, overwrite=False, now=NOON), "a repetition, after a commit in doubt"
    assert not blocks.save(db, "json", "a", 2, overwrite=False, now=NOON + timedelta(microseconds=1))
    assert blocks.load(db, "json", "a") == (1,)
    assert blocks.save(db, "json", "a", 3, overwrite=True, now=NOON)
    assert blocks.load(db, "json", "a") == (3,)
    assert blocks.load(db, "json", "b") is None


def test_an_artifact_is_stored_once_and_only_under_the_lease_of_its_run(db: Database) -> None:
    """A replay creates no second one, and a worker that lost its lease creates none."""
    run = a_claimed_run(db)
    made = Artifact("a1", run.id, "report", "markdown", None, "# Done", NOON)
    for _ in range(2):
        artifacts.create(db, made, fencing_token=run.fencing_token)
    assert artifacts.find(db, run_id=run.id) == artifacts.find(db, key="report") == [made]
    with pytest.raises(LeaseLost):
        artifacts.create(db, Artifact("a2", run.id, None, "link", None, {}, NOON), fencing_token=run.fencing_token - 1)


def test_a_large_result_is_recorded(db: Database) -> None:
    """The journal stores what a task returns, whatever its size."""
    run = a_claimed_run(db)
    text = '"' + "x" * 3_000_000 + '"'
    journal.record(db, Step(run.id, "build", "", "", "json", text, NOON, NOON), fencing_token=run.fencing_token)
    assert journal.load(db, run.id)["build"].result == text
    assert runs.get(db, run.id).fencing_token == run.fencing_token
