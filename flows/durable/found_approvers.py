"""Approvers that functions find: a policy may have a function, such as one that asks who is on call.

It is called once, when the prompt opens, in the process that runs the flow. The prompt has what it returned, so a
replay does not call it again.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace

from signoff.flows.approval.names import spelling_fault
from signoff.flows.approval.policy import conflict
from signoff.flows.durable.context import RunContext, outside_of_run
from signoff.flows.errors import InvalidFlow, Unwind, error_summary
from signoff.store.policy import FindApprovers, Policy, name_of_function
from signoff.store.records.prompts import FoundBy, Prompt
from signoff.store.redaction import redacted
from signoff.store.sentences import sentence


class ApproverFunctions:
    """Calls the functions among the approvers of one prompt, once, however often the prompt is opened."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: tuple[Policy, tuple[FoundBy, ...]] | None = None

    def called(self, asked: Prompt, context: RunContext) -> tuple[Prompt, tuple[FoundBy, ...]]:
        """The prompt with the approvers that the functions have returned, and what each of them did.

        Raises:
            InvalidFlow: If a function raises, or returns what cannot be an approver; or if nobody could be asked.
        """
        if not asked.policy.functions:
            return asked, ()
        with self._lock:
            if self._found is None:
                self._found = _call_all(asked, context)
        policy, found = self._found
        return replace(asked, stored_policy=policy), found


def _call_all(asked: Prompt, context: RunContext) -> tuple[Policy, tuple[FoundBy, ...]]:
    found: list[FoundBy] = []
    names: dict[str, None] = {}
    for each in asked.policy.approvers:
        if isinstance(each, str):
            names[each] = None
            continue
        try:
            result = FoundBy(name_of_function(each), _call(each, context))
        except ValueError as error:
            raise _refused(asked, f"approvers: {error}") from error.__cause__
        found.append(result)
        names |= dict.fromkeys(result.approvers)
    policy = asked.policy.model_copy(update={"approvers": tuple(names)})
    if fault := conflict(policy, asked.requester):
        raise _refused(asked, fault)
    return policy, tuple(found)


def _refused(asked: Prompt, fault: str) -> InvalidFlow:
    return InvalidFlow(sentence(f"The policy on {asked.title!r} is invalid: {fault}"))


def _call(function: FindApprovers, context: RunContext) -> tuple[str, ...]:
    """The approvers that a function finds. Raises `ValueError` if it finds none."""
    name = name_of_function(function)
    parameters: Mapping[str, object] = context.parameters()
    try:
        with outside_of_run():
            returned = function(parameters)
    except Unwind:
        raise
    except Exception as error:
        raise ValueError(f"{name} raised {redacted(error_summary(error))}") from error
    if returned is None:
        raise ValueError(f"{name} returned nothing. Return the name of an approver, or a list of names")
    listed: object = [returned] if isinstance(returned, str) else returned
    if isinstance(listed, Mapping) or not isinstance(listed, Iterable):
        raise ValueError(
            f"{name} returned {type(returned).__name__}. Return the name of an approver, or a list of names"
        )
    # The order of a set differs from process to process.
    names = sorted(listed) if isinstance(listed, set | frozenset) else list(listed)
    if not names:
        raise ValueError(
            f"{name} found nobody. Return at least one name, or raise an error that says why there is none"
        )
    for each in names:
        if not isinstance(each, str) or not each:
            raise ValueError(f"{name} returned {each!r} as a name. Return names such as @ana or ana@example.com")
        if fault := spelling_fault(each):
            raise ValueError(f"{name} returned {each!r}. {fault}")
    return tuple(dict.fromkeys(names))
