"""A policy that a later version wrote, or a broken one, stops its own prompt and nothing else."""

from datetime import timedelta

import pytest

from signoff.flows.approval.deadlines import DeadlineEnforcer
from signoff.flows.approval.desk import Desk
from signoff.store.database import Database
from signoff.store.errors import UnreadablePolicy
from signoff.store.policy import Policy, policy_as_json
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.records.runs import RunState
from signoff.store.runs import runs
from tests.integration.store.samples import ANA, NOON, an_open_prompt, store_policy

HOUR = timedelta(hours=1)
LATER = {"approvers": ["@ana"], "rota": 2}
"""What a later version may write."""


@pytest.fixture
def unreadable(db: Database) -> Prompt:
    """An open prompt with a deadline, whose policy this version cannot read."""
    prompt = an_open_prompt(db, deadline=NOON + HOUR, due_at=NOON + HOUR)
    store_policy(db, prompt, LATER)
    return prompts.get(db, prompt.id)


def test_nobody_decides_a_prompt_whose_policy_cannot_be_read(db: Database, unreadable: Prompt) -> None:
    """Invariants 10 and 11: not a person, not the deadline; the error names the fault and what to do."""
    desk = Desk(db, clock=lambda: NOON)
    wanted = f"The policy of prompt {unreadable.id[:8]} cannot be read: rota: Extra inputs are not permitted. .*"
    wanted += f"`signoff cancel {unreadable.run_id[:8]}`"
    for decide in (
        lambda: desk.submit(unreadable.id, ANA, {"size": "small"}, via="slack"),
        lambda: desk.reject(unreadable.id, ANA, "No.", via="slack"),
        lambda: desk.time_out(unreadable),
        lambda: desk.admit(unreadable.id, ANA, via="slack"),
    ):
        with pytest.raises(UnreadablePolicy, match=wanted):
            decide()
    assert prompts.get(db, unreadable.id).is_open


def test_the_others_are_listed_and_so_is_it(db: Database, unreadable: Prompt) -> None:
    """Reading a prompt does not depend on its policy."""
    other = an_open_prompt(db, opened_at=NOON + HOUR)
    assert [prompt.id for prompt in prompts.pending(db)] == [unreadable.id, other.id]
    assert prompts.with_broken_policies(db) == [unreadable.id]
    assert policy_as_json(unreadable.stored_policy) == LATER


def test_the_deadlines_behind_it_are_enforced(
    db: Database, unreadable: Prompt, caplog: pytest.LogCaptureFixture
) -> None:
    """Invariant 6: it comes first in the order of deadlines, is left as it is, and is reported once."""
    other = an_open_prompt(db, deadline=NOON + 2 * HOUR, due_at=NOON + 2 * HOUR)
    enforcer = DeadlineEnforcer(db, clock=lambda: NOON + 3 * HOUR)
    assert [enforcer.do_due(), enforcer.do_due()] == [1, 0]
    assert prompts.get(db, other.id).outcome is Outcome.TIMED_OUT
    assert prompts.get(db, unreadable.id).is_open
    assert [record.message.partition(" cannot be read")[0] for record in caplog.records] == [
        f"{unreadable.label} is due, but this version cannot enforce its deadline. "
        f"The policy of prompt {unreadable.id[:8]}"
    ]


def test_a_version_that_can_read_it_goes_on(db: Database, unreadable: Prompt) -> None:
    """The prompt is as the older version found it."""
    enforcer = DeadlineEnforcer(db, clock=lambda: NOON + 3 * HOUR)
    assert enforcer.do_due() == 0
    store_policy(db, unreadable, policy_as_json(Policy(at_deadline="fail")))
    assert enforcer.do_due() == 1
    assert prompts.get(db, unreadable.id).outcome is Outcome.TIMED_OUT


def test_its_run_can_be_cancelled(db: Database, unreadable: Prompt) -> None:
    """The way out that the error names."""
    Desk(db, clock=lambda: NOON).cancel(unreadable.run_id, ANA, "It cannot be answered.")
    assert runs.get(db, unreadable.run_id).state is RunState.CANCELLED
    assert prompts.get(db, unreadable.id).outcome is Outcome.CANCELLED
