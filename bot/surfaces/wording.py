"""How a prompt is spoken of: who may answer, until when, and how it ended. Sentences are mrkdwn."""

import json
import re
from collections.abc import Mapping
from functools import lru_cache

from signoff.bot.blockkit.markup import at, either, escape, plain, utc
from signoff.bot.forms import Form, Verdict, verdict_of
from signoff.flows.approval.policy import Policy
from signoff.store.records import Actor, Outcome, Prompt

_SLACK_USER = re.compile(r"[UW][A-Z0-9]{2,}")
_TITLE = 1500
_NAME = 80
_MOST_NAMES = 12
_FORMS = 256
"""How many parsed schemas are kept."""


def form_of(prompt: Prompt) -> Form:
    """The form of the prompt's answer; without fields when the run asks only to resume.

    A schema is parsed when it is first seen, and not anew for the card, the modal and the submission.

    Raises:
        FormError: It cannot be shown in Slack.
    """
    return _parsed(json.dumps(prompt.schema or {}))


@lru_cache(maxsize=_FORMS)
def _parsed(schema: str) -> Form:
    # The text is the key and not the hash of the question, which is the same in whatever order the fields stand.
    return Form.of(json.loads(schema))


def verdict_in(prompt: Prompt, form: Form) -> Verdict | None:
    """The verdict of the prompt, the same before and after it was settled."""
    return verdict_of(form, prompt.initial_values)


def title_of(prompt: Prompt) -> str:
    """What is asked, in a line of text that is clean and not escaped; never empty."""
    return plain(prompt.title, _TITLE) or plain(f"{prompt.flow} waits for an answer", _TITLE)


def approvers_of(prompt: Prompt, mentions: Mapping[str, str]) -> str:
    """Who may answer: `<@U1> or @ben`, with the mentions there are; empty when anyone may."""
    approvers = Policy.model_validate(prompt.policy).approvers
    named = [mentions.get(name) or escape(name, _NAME) for name in approvers]
    others = len(named) - _MOST_NAMES
    return either(named if others <= 1 else [*named[:_MOST_NAMES], f"{others} others"])


def who_may_answer(prompt: Prompt, mentions: Mapping[str, str]) -> str:
    """`Ana or Ben may answer.`"""
    return f"{approvers_of(prompt, mentions) or 'Anyone in this channel'} may answer."


def refused(prompt: Prompt, mentions: Mapping[str, str]) -> str:
    """What a person is told who may not answer."""
    return f"You may not answer “{escape(title_of(prompt), 300)}”. {who_may_answer(prompt, mentions)}"


def deadline_of(prompt: Prompt, *, spoken: bool = False) -> str:
    """When the prompt times out and what happens then; empty when never.

    `spoken` gives the time in UTC, for notifications, where Slack does not localise it.
    """
    if prompt.deadline is None:
        return ""
    goes_on = Policy.model_validate(prompt.policy).at_deadline == "continue"
    then = "the run goes on with the values shown" if goes_on and prompt.schema else "the run goes on"
    when = utc(prompt.deadline) if spoken else at(prompt.deadline)
    return f"Times out {when}, then {then if goes_on else 'the run fails'}."


def name_of(actor: Actor) -> str:
    """The actor as a Slack mention where the id is a Slack user's, else by name."""
    return f"<@{actor.id}>" if _SLACK_USER.fullmatch(actor.id) else escape(actor.name, _NAME)


def what_happened(prompt: Prompt, form: Form) -> str:
    """The outcome in a word or two: `Approved`, `Answered “Red”`, `Timed out`."""
    match prompt.outcome:
        case Outcome.SUBMITTED if prompt.schema is None:
            return "Resumed"
        case Outcome.SUBMITTED:
            return _answered(prompt, form)
        case Outcome.REJECTED:
            return "Rejected"
        case Outcome.TIMED_OUT:
            return "Timed out"
        case Outcome.CANCELLED:
            return "Cancelled"
        case None:
            return "Open"


def _answered(prompt: Prompt, form: Form) -> str:
    verdict = verdict_in(prompt, form)
    if verdict is None or prompt.answer is None:
        return "Submitted"
    value = prompt.answer.get(verdict.field.name)
    if verdict.approval:
        return "Approved" if value else "Rejected"
    label = next((choice.label for choice in verdict.choices if choice.value == value), None)
    return "Submitted" if label is None else f"Answered “{escape(label)}”"


def told_by_outcome(prompt: Prompt, form: Form) -> frozenset[str]:
    """The fields whose value the outcome already says: the verdict's."""
    verdict = verdict_in(prompt, form) if prompt.outcome is Outcome.SUBMITTED else None
    return frozenset() if verdict is None else frozenset({verdict.field.name})


def outcome_line(prompt: Prompt, form: Form) -> str:
    """The outcome, who brought it about, and when."""
    what = f"*{what_happened(prompt, form)}*"
    who = f" by {name_of(prompt.settled_by)}" if _has_author(prompt) and prompt.settled_by else ""
    when = f" · {at(prompt.settled_at)}" if prompt.settled_at else ""
    return f"{_sign(prompt, form)} {what}{who}{when}"


def outcome_sentence(prompt: Prompt, form: Form) -> str:
    """The outcome as one sentence, which also tells a person who came too late: `Approved by Ana.`"""
    who = f" by {escape(prompt.settled_by.name, _NAME)}" if _has_author(prompt) and prompt.settled_by else ""
    why = f": {escape(prompt.reason, 300)}" if prompt.reason else "."
    return f"{what_happened(prompt, form)}{who}{why}"


def _has_author(prompt: Prompt) -> bool:
    """Whether somebody settled it: nobody makes a prompt time out."""
    return prompt.outcome is not Outcome.TIMED_OUT


def _sign(prompt: Prompt, form: Form) -> str:
    match what_happened(prompt, form):
        case "Rejected":
            return "❌"
        case "Timed out":
            return "⌛"
        case "Cancelled":
            return "🚫"
        case _:
            return "✅"
