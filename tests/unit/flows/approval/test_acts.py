"""What happens next to an open prompt by itself, and when."""

from datetime import UTC, datetime, timedelta

import pytest

from signoff import Policy
from signoff.flows.approval.acts import Act, ActKind, Progress, act_due, next_act, next_due_at

NOON = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
POLICY = Policy(reminders=(2 * HOUR, HOUR))


def opened(policy: Policy = POLICY, deadline: timedelta | None = 3 * HOUR) -> Progress:
    return Progress(policy, NOON, None if deadline is None else NOON + deadline)


def test_acts_can_be_driven_by_a_clock_of_ones_own() -> None:
    """Perform the next act, and continue with the progress after it."""
    progress, seen = opened(), []
    while (act := next_act(progress)) is not None:
        seen.append(((act.at - NOON) / HOUR, act.kind, act.number))
        if act.kind is ActKind.TIME_OUT:
            break
        progress = progress.after(act)
    assert seen == [(1, ActKind.REMIND, 1), (2, ActKind.REMIND, 2), (3, ActKind.TIME_OUT, 1)]


def test_a_prompt_without_acts_waits_for_people() -> None:
    """Nothing is due, ever."""
    assert next_act(opened(Policy(), None)) is None
    assert next_due_at(opened(Policy(), None)) is None
    assert act_due(opened(Policy(), None), NOON + 999 * HOUR) is None


def test_acts_of_one_kind_that_were_missed_are_one() -> None:
    """It is the last of them; after it, none of them is left."""
    progress = opened(deadline=None)
    act = act_due(progress, NOON + 9 * HOUR)
    assert act == Act(NOON + 2 * HOUR, ActKind.REMIND, 2)
    assert next_act(progress.after(act)) is None


@pytest.mark.parametrize(("hours", "kind"), [(0.5, None), (1, ActKind.REMIND), (3, ActKind.TIME_OUT)])
def test_the_deadline_goes_before_a_reminder_that_is_due_too(hours: float, kind: ActKind | None) -> None:
    """At its very moment."""
    act = act_due(opened(), NOON + hours * HOUR)
    assert (None if act is None else act.kind) == kind
