"""Which prompts can be approved together with others, each with a yes and nothing else."""

from collections.abc import Mapping
from typing import Any

from signoff.flows.approval.validation import Valid, validate
from signoff.flows.schema.verdict import choice_of
from signoff.store.records.prompts import Prompt


def yes_to(prompt: Prompt) -> Mapping[str, Any] | str:
    """What approves a prompt with the values that it shows; or why it has to be approved by itself, as a clause.

    Only a yes to a yes-or-no question counts, where nothing is missing and no confirmation is asked for.
    """
    if prompt.policy_fault is not None:
        return "this version cannot read who may answer it"
    if prompt.policy.confirm:
        return "its approval has to be confirmed"
    if prompt.earlier is not None:
        return "it was asked before in other words"
    if prompt.ruling is not None:
        return "a rule has it looked at"
    if prompt.comments:
        return "people have commented on it"
    choice = choice_of(prompt, "approve")
    if not choice:
        return "it asks for more than a yes or a no"
    if not isinstance(validate(prompt, {**prompt.initial_values, **choice}), Valid):
        return "values are missing or do not fit"
    return choice
