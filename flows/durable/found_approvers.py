"""Approvers that functions find: a policy may have a function, such as one that asks who is on call.

It is called once, when the prompt opens, in the process that runs the flow. The prompt has what it returned, so a
replay does not call it again. So is the check of a stage.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from signoff.flows.approval.names import spelling_fault
from signoff.flows.approval.policy import conflict
from signoff.flows.approval.stages import entered
from signoff.flows.durable.context import RunContext, outside_of_run
from signoff.flows.errors import InvalidFlow, Unwind, error_summary
from signoff.store.policy import Policy, name_of_function
from signoff.store.policy_parts import Stage
from signoff.store.policy_values import FindApprovers
from signoff.store.records.actors import check_actor
from signoff.store.records.approvers import FoundBy
from signoff.store.records.prompts import AutomaticAnswer, Outcome, Prompt
from signoff.store.records.stages import PassedStage
from signoff.store.redaction import redacted
from signoff.store.sentences import sentence


@dataclass(frozen=True, slots=True)
class Called:
    """What the functions of a policy have made of a prompt.

    Attributes:
        asked: The prompt to open.
        found_by: What those among its approvers have returned.
        failure: How it ends at once, because a check has failed; `None` if people are asked.
    """

    asked: Prompt
    found_by: tuple[FoundBy, ...] = ()
    failure: AutomaticAnswer | None = None


class PolicyFunctions:
    """Calls the functions in the policy of one prompt, once, however often the prompt is opened.

    Those among the approvers come first, and then the checks of its first stages.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._called: Called | None = None

    def called(self, asked: Prompt, context: RunContext, *, with_checks: bool) -> Called:
        """The prompt with what the functions have returned.

        Args:
            with_checks: Whether the stages are gone through; not if a rule has answered.

        Raises:
            InvalidFlow: If a function raises, or returns what it must not; or if nobody could be asked.
        """
        whole = asked.stored_policy
        if not isinstance(whole, Policy) or not whole.functions:
            return Called(asked)
        with self._lock:
            if self._called is None:
                policy, found = _find_all(asked, whole, context)
                opened = replace(asked, stored_policy=_without_checks(policy))
                self._called = Called(opened, found)
                if with_checks and any(stage.check for stage in policy.stages):
                    self._called = _check_all(opened, policy, found, context)
        return self._called


def _without_checks(policy: Policy) -> Policy:
    """A policy as it is stored, with the names of its checks."""
    stages = (
        stage.model_copy(update={"check": name_of_function(stage.check)}) if callable(stage.check) else stage
        for stage in policy.stages
    )
    return policy.model_copy(update={"stages": tuple(stages)})


def _check_all(asked: Prompt, policy: Policy, found: tuple[FoundBy, ...], context: RunContext) -> Called:
    for stage in policy.stages:
        if not callable(stage.check):
            break
        name = name_of_function(stage.check)
        if failed := _failure(asked, stage, context):
            failure = AutomaticAnswer(None, Outcome.REJECTED, check_actor(name), reason=redacted(failed))
            return Called(asked, found, failure)
        passed = PassedStage(stage.name, context.db.now(), check=name)
        asked = replace(asked, passed=(*asked.passed, passed))
    # People are asked from now on, however long the checks took.
    now = context.db.now()
    return Called(entered(replace(asked, opened_at=now), now), found)


def _failure(asked: Prompt, stage: Stage, context: RunContext) -> str:
    """Why a check has failed; empty if it has passed."""
    name = name_of_function(stage.check)  # type: ignore[arg-type]
    try:
        with outside_of_run():
            result = stage.check(context.parameters())  # type: ignore[operator,misc]
    except Unwind:
        raise
    except Exception as error:
        # An error in the check says nothing of what it checks.
        raise _refused(asked, f"stages: in {stage.name}, {name} raised {redacted(error_summary(error))}") from error
    if result is True:
        return ""
    if result is False:
        return "the check has failed."
    if isinstance(result, str) and result.strip():
        return result.strip()
    raise _refused(
        asked,
        f"stages: in {stage.name}, {name} returned {result!r}. Return True, or a text that says why it has failed",
    )


def _find_all(asked: Prompt, whole: Policy, context: RunContext) -> tuple[Policy, tuple[FoundBy, ...]]:
    """The policy with the approvers that its functions have found, and what each of them did."""
    found: list[FoundBy] = []
    policy = whole.model_copy(update={"approvers": _names(asked, whole.approvers, found, context)})
    stages = (
        stage.model_copy(update={"approvers": _names(asked, stage.approvers, found, context)}) for stage in whole.stages
    )
    policy = policy.model_copy(update={"stages": tuple(stages)})
    if fault := conflict(policy, asked.requester):
        raise _refused(asked, fault)
    return policy, tuple(found)


def _names(
    asked: Prompt, approvers: Sequence[str | FindApprovers], found: list[FoundBy], context: RunContext
) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for each in approvers:
        if isinstance(each, str):
            names[each] = None
            continue
        try:
            result = FoundBy(name_of_function(each), _call(each, context))
        except ValueError as error:
            raise _refused(asked, f"approvers: {error}") from error.__cause__
        found.append(result)
        names |= dict.fromkeys(result.approvers)
    return tuple(names)


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
