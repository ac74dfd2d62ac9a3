"""Who may answer, who is told, and what holds where a policy is silent."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ConfigDict, ValidationError

from signoff import Escalation, Policy, RunInput, Stage
from signoff.flows.approval.policy import conflict, deadline_of, merged, next_due_at, policy_in
from signoff.flows.settings import DatabaseSettings
from signoff.store.policy import BrokenPolicy, policy_as_json, policy_from_json
from signoff.store.policy_faults import InvalidPolicy
from signoff.store.policy_parts import Rule

NOON = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Release(RunInput):
    """Whether to release."""

    model_config = ConfigDict(json_schema_extra=Policy(channel="#releases", reminders=(HOUR,)).in_schema())

    ok: bool


def test_the_call_goes_before_the_model_and_the_model_before_the_settings() -> None:
    """Each decides what the one before it leaves open, and nothing else."""
    settings = Policy(channel="#general", approvers=("@boss",))
    on_model = policy_in(Release.model_json_schema())
    found = merged(Policy(approvers=("@ana",), deadline=HOUR), merged(on_model, settings))
    assert found == Policy(channel="#releases", approvers=("@ana",), deadline=HOUR, reminders=(HOUR,))


def test_an_empty_list_that_was_said_is_not_silence() -> None:
    """A policy may let everybody answer although the settings name somebody."""
    assert merged(Policy(approvers=()), Policy(approvers=("@boss",))).approvers == ()
    assert merged(Policy(), Policy(approvers=("@boss",))).approvers == ("@boss",)


def test_the_environment_fills_what_is_left_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """A channel and a list of people separated by commas."""
    monkeypatch.setenv("SIGNOFF_CHANNEL", "#ops")
    monkeypatch.setenv("SIGNOFF_APPROVERS", "@ana, ben@example.com ,")
    assert DatabaseSettings().defaults().everywhere == Policy(channel="#ops", approvers=("@ana", "ben@example.com"))


def test_a_policy_survives_the_database_and_the_schema() -> None:
    """It is the same after it was written as JSON and read back."""
    policy = Policy(
        channel="#a", approvers=("@ana",), deadline=4 * HOUR, at_deadline="continue", reminders=(HOUR, HOUR / 60)
    )
    assert policy_from_json(policy_as_json(policy)) == policy
    assert policy_in(policy.in_schema()) == policy
    assert policy_in({}) == Policy()


@pytest.mark.parametrize(
    "wrong",
    [
        {"deadline": 0},
        {"deadline": -1},
        {"deadline": timedelta.max},
        {"undo": timedelta(days=3651)},
        {"escalation": [{"after": timedelta.max, "to": ["@boss"]}]},
        {"reminders": ["PT0S"]},
        {"channel": ""},
        {"approver": "@ana"},
        {"at_deadline": "no"},
        {"confirm": ""},
        {"confirm": " prod "},
        {"confirm": "two\nlines"},
        {"confirm": "x" * 76},
        {"confirm": 1},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    """A misspelt setting or an empty duration is an error, not a policy without it."""
    with pytest.raises(ValidationError):
        Policy.model_validate(wrong)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"quorum": 0}, "quorum: Input should be greater than or equal to 1, or 'all'."),
        ({"approver": "@ana"}, "approver: there is no such field; did you mean approvers?"),
        (
            {"approvers": "@ana", "deadline": -1},
            "approvers: give a list, even of one: ['@ana']; deadline: give a duration greater than zero.",
        ),
    ],
)
def test_an_author_reads_one_sentence_of_what_is_wrong_with_a_policy(wrong: dict[str, Any], told: str) -> None:
    """Invariant 10: it names each argument, and has nothing of pydantic's in it."""
    with pytest.raises(InvalidPolicy) as raised:
        Policy(**wrong)
    assert str(raised.value) == f"The policy is invalid: {told}"
    assert raised.value.__suppress_context__
    with pytest.raises(InvalidPolicy, match=r"^The rule is invalid: then: Input should be 'approve'"):
        Rule(when=bool, then="perhaps", note="x")
    with pytest.raises(InvalidPolicy, match=r"^The escalation is invalid: to: give a list, even of one"):
        Escalation(after=60, to="@boss")


@pytest.mark.parametrize("rule", ["approve", "continue"])
def test_a_deadline_does_not_approve_for_stages_that_have_not_begun(rule: str) -> None:
    """Whoever comes later would never be asked."""
    stages = [Stage(name=name, approvers=[name]) for name in ("@ana", "@ben")]
    said = conflict(Policy(stages=stages, at_deadline=rule), None)
    assert said == (
        f"at_deadline: {rule!r} would skip the stages that have not begun. Choose fail, reject, escalate or none"
    )


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        ({"channel": "#a", "rota": 2}, "rota: Extra inputs are not permitted"),
        ({"at_deadline": "whatever"}, "at_deadline: Input should be 'fail', 'continue', "),
        (
            {"approvers": "@ana", "reminders": ["soon"]},
            "approvers: give a list, even of one: ['@ana']; reminders.0: ",
        ),
        (["@ana"], "Input should be a valid dictionary"),
        (None, "Input should be a valid dictionary"),
    ],
)
def test_a_stored_policy_that_cannot_be_read_says_where_and_stays_as_it_is(stored: Any, reason: str) -> None:
    """A rule that only a later version knows is not ignored, and not lost."""
    broken = policy_from_json(stored)
    assert isinstance(broken, BrokenPolicy)
    assert broken.reason.startswith(reason)
    assert policy_as_json(broken) == stored


def test_a_deadline_of_the_policy_goes_before_the_timeout_of_the_pause() -> None:
    """Without either there is none."""
    assert deadline_of(Policy(deadline=HOUR), NOON, 60) == NOON + HOUR
    assert deadline_of(Policy(), NOON, 60) == NOON + timedelta(minutes=1)
    assert deadline_of(Policy(), NOON, 0) == NOON
    assert deadline_of(Policy(), NOON, None) is None


@pytest.mark.parametrize(
    ("sent", "deadline", "expected"),
    [(0, None, HOUR), (1, None, 2 * HOUR), (2, None, None), (1, HOUR / 2, HOUR / 2), (2, 3 * HOUR, 3 * HOUR)],
)
def test_the_clock_looks_next_at_a_reminder_or_at_the_deadline(
    sent: int, deadline: timedelta | None, expected: timedelta | None
) -> None:
    """Whichever comes first of those that are left."""
    policy = Policy(reminders=(2 * HOUR, HOUR))
    found = next_due_at(policy, NOON, reminders_sent=sent, deadline=None if deadline is None else NOON + deadline)
    assert found == (None if expected is None else NOON + expected)
