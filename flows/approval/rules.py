"""Rules that answer: what those of a policy say about a prompt that is about to open.

Rules are functions, so they are called in the process of the run, once. The database keeps what they have said.
A person is asked whenever that is in doubt: a rule that fails, or returns anything but `True` or `False`, may be the
one that would have rejected.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from signoff.flows.approval.validation import Valid, validate
from signoff.flows.code.digest import digest
from signoff.flows.schema.verdict import Stance, choice_of
from signoff.store.policy import NO_FUNCTIONS, Policy
from signoff.store.policy_parts import Rule
from signoff.store.records.actors import rule_actor
from signoff.store.records.prompts import AutomaticAnswer, Outcome, Prompt
from signoff.store.records.rulings import Ruling

logger = logging.getLogger(__name__)

Build = Callable[[Mapping[str, Any]], Any]
"""Makes of validated values what the flow would get for them. Raises `pydantic.ValidationError`."""

_SHARES = 2**32


def rules_conflict(policy: Policy) -> str:
    """Why the rules of a policy make no sense, as a sentence that begins with the field's name; empty if they do."""
    if any(rule.when is None for rule in policy.rules):
        return NO_FUNCTIONS
    if policy.rules and policy.word:
        return "rules: with this confirm somebody has to type a text, which a rule cannot. Leave one of them out"
    if policy.repeat is not None and policy.word:
        return "repeat: with this confirm somebody has to type a text each time. Leave one of them out"
    notes = [rule.note for rule in policy.rules]
    if len(set(notes)) < len(notes):
        return "rules: two have the same note, by which people tell them apart"
    if policy.sample is not None and not any(rule.then == "approve" for rule in policy.rules):
        return "sample: no rule approves, so there is nothing to put to people. Leave it out"
    return ""


def ruling_on(prompt: Prompt, build: Build) -> tuple[Ruling | None, AutomaticAnswer | None]:
    """What the rules say about a prompt, and the answer with which it opens; `None` if people are asked.

    Args:
        build: Makes of the answer what the rules get.
    """
    rules = prompt.policy.rules
    if not rules:
        return None, None
    try:
        answer = _answer(prompt, "approve")
        value = build(answer)
    except (_Incomplete, ValidationError) as error:
        wrong = str(error) if isinstance(error, _Incomplete) else error.errors()[0]["msg"]
        logger.info("%s is put to people, since its rules need all values of the answer: %s", prompt.label, wrong)
        return Ruling("ask", problem="The rules need values that nobody has given yet."), None
    denying = [rule for rule in rules if rule.then == "reject"]
    others = [rule for rule in rules if rule.then != "reject"]
    failed: list[Rule] = []
    # All that reject are tried, even after one that failed: a rejection is never in doubt.
    if (matching := _first(denying, value, failed, prompt)) is not None:
        rejected = _rejection(prompt, matching)
        return rejected.ruling, rejected
    if not failed:
        matching = _first(others, value, failed, prompt)
    if failed:
        return Ruling("ask", failed[0].note, problem="The rule failed; the log says why."), None
    if matching is None:
        return None, None
    if matching.then == "ask":
        return Ruling("ask", matching.note), None
    if is_sampled(prompt):
        return Ruling("approve", matching.note, is_sampled=True), None
    ruling = Ruling("approve", matching.note)
    return ruling, AutomaticAnswer(ruling, Outcome.SUBMITTED, rule_actor(matching.note), answer)


def is_sampled(prompt: Prompt) -> bool:
    """Whether a prompt is among those that people check. It depends on nothing but its id."""
    share = prompt.policy.sample
    return share is not None and int(digest(prompt.id)[:8], 16) < share * _SHARES


def _first(rules: Iterable[Rule], value: Any, failed: list[Rule], prompt: Prompt) -> Rule | None:
    """The first rule that holds. Those that cannot be applied go to `failed`; after one, no other may approve."""
    for rule in rules:
        try:
            holds = None if rule.when is None else rule.when(value)
        except Exception:
            logger.warning("%s is put to people, since the rule %r failed", prompt.label, rule.note, exc_info=True)
            holds = None
        else:
            if not isinstance(holds, bool):
                logger.warning(
                    "%s is put to people, since the rule %r returned %s, and not True or False",
                    *(prompt.label, rule.note, type(holds).__name__),
                )
        if holds is True:
            return rule
        if holds is not False:
            failed.append(rule)
            if rule.then != "reject":
                return None
    return None


class _Incomplete(Exception):
    """The initial values and the verdict are no valid answer yet."""


def _answer(prompt: Prompt, stance: Stance) -> Mapping[str, Any]:
    """The validated answer of whoever presses the button that approves, or rejects, and changes nothing.

    Raises:
        _Incomplete: If values are missing or invalid, or if there is no such button.
    """
    checked = validate(prompt, {**prompt.initial_values, **choice_of(prompt, stance)})
    if not isinstance(checked, Valid):
        raise _Incomplete(str(checked[0]))
    return checked.answer


def _rejection(prompt: Prompt, rule: Rule) -> AutomaticAnswer:
    """The no to a question that takes one, as if its button was pressed; otherwise a rejection."""
    ruling, actor = Ruling("reject", rule.note), rule_actor(rule.note)
    if choice_of(prompt, "reject"):
        try:
            return AutomaticAnswer(ruling, Outcome.SUBMITTED, actor, _answer(prompt, "reject"))
        except _Incomplete:
            # It also asks for a reason, for instance.
            pass
    return AutomaticAnswer(ruling, Outcome.REJECTED, actor)
