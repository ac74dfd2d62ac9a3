"""What a prompt says of its deadline: before it comes, once it has passed, and when it has ended the prompt."""

from signoff.bot.blockkit.markup import at, utc
from signoff.flows.approval.at_deadline import followed
from signoff.store.records.prompts import Prompt

_THEN = {
    "fail": "the run fails",
    "continue": "the run continues with the values shown",
    "approve": "its policy approves it",
    "reject": "its policy rejects it",
}


def deadline_of(prompt: Prompt, *, spoken: bool = False) -> str:
    """When the prompt times out and what happens then, as a sentence; empty if it never does.

    Args:
        spoken: Whether to give the time in UTC, for notifications, in which Slack does not localise it.
    """
    if prompt.deadline is None:
        return ""
    when = utc(prompt.deadline) if spoken else at(prompt.deadline)
    if prompt.is_overdue:
        return f"⚠️ Overdue since {when}. It stays open."
    if not prompt.policy.ends_at_deadline:
        then = "others are asked too then" if prompt.policy.at_deadline == "escalate" else "it stays open after that"
        return f"Due {when}; {then}."
    rule = prompt.policy.at_deadline
    then = "the run continues" if rule == "continue" and not prompt.schema else _THEN[rule]
    return f"Times out {when}, then {then}."


def deadline_in_short(prompt: Prompt, *, spoken: bool = False) -> str:
    """The same in a few words: `times out May 1`, `due May 1`, `overdue since May 1`; empty if there is no deadline."""
    if prompt.deadline is None:
        return ""
    when = utc(prompt.deadline) if spoken else at(prompt.deadline)
    if prompt.is_overdue:
        return f"overdue since {when}"
    ends = prompt.policy_fault is not None or prompt.policy.ends_at_deadline
    return f"{'times out' if ends else 'due'} {when}"


def answered_at_deadline(prompt: Prompt) -> bool:
    """Whether a prompt has timed out with the yes or the no that its policy gives then."""
    return followed(prompt) in ("approve", "reject")


def after_deadline(prompt: Prompt) -> str:
    """What followed from the deadline that ended a prompt, without a full stop; empty if it ended otherwise, or if
    nothing followed but an error.

    It is never told as the decision of a person.
    """
    then = followed(prompt)
    if then in ("", "fail"):
        return ""
    who = "too few people had answered" if prompt.votes else "nobody had answered"
    shown = "" if prompt.schema else "the run continues"
    did = {
        "continue": shown or _THEN["continue"],
        "approve": "its policy approved it",
        "reject": "its policy rejected it",
    }
    return f"{who}, so {did.get(then, shown or _THEN['continue'])}"
