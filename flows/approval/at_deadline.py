"""What follows when nobody has answered by a prompt's deadline: an error, or an answer that no person gave."""

from collections.abc import Mapping
from typing import Any

from signoff.flows.approval.validation import Valid, validate
from signoff.flows.schema.verdict import choice_of
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.sentences import sentence


def answer_of(prompt: Prompt) -> Mapping[str, Any] | None:
    """The answer that the policy gives at the deadline; `None` if it gives none, or if that would not be valid."""
    values = _values(prompt)
    checked = None if values is None else validate(prompt, values)
    return checked.answer if isinstance(checked, Valid) else None


def fault_of(prompt: Prompt, fix: str) -> str:
    """Why the policy cannot give an answer at the deadline, and what to do; empty if it can, or is not to.

    Args:
        fix: How to set initial values, as a sentence.
    """
    rule = prompt.policy.at_deadline
    if rule in ("fail", "escalate", "none"):
        return ""
    if (values := _values(prompt)) is None:
        return (
            f"The policy on {prompt.title!r} is invalid: at_deadline: {rule!r} needs a question that can be answered "
            "with yes or no. Ask for a bool, or for a Literal with a value such as 'approve' or 'reject'."
        )
    checked = validate(prompt, values)
    if isinstance(checked, Valid):
        return ""
    does = {"continue": "continue with its initial values", "approve": "be approved", "reject": "be rejected"}[rule]
    they = "they are" if rule == "continue" else "that is"
    return f"At its deadline, {prompt.title!r} would {does}, but {they} not valid: {sentence(str(checked[0]))} {fix}"


def followed(prompt: Prompt) -> str:
    """What followed from a deadline that passed: `fail`, or another value of `at_deadline`; empty if none passed."""
    if prompt.outcome is not Outcome.TIMED_OUT:
        return ""
    if prompt.answer is None:
        return "fail"
    return "continue" if prompt.policy_fault is not None else prompt.policy.at_deadline


def _values(prompt: Prompt) -> Mapping[str, Any] | None:
    """What the policy submits at the deadline; `None` for nothing."""
    match prompt.policy.at_deadline:
        case "continue":
            return prompt.initial_values
        case "approve" | "reject" as rule:
            chosen = choice_of(prompt, rule)
            return {**prompt.initial_values, **chosen} if chosen else None
        case _:
            return None
