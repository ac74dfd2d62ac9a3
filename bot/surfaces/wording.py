"""Sentences about a prompt: who may answer, until when, and how it ended. They are mrkdwn."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from signoff.bot.blockkit.blocks import Block, context, mrkdwn, plain_text
from signoff.bot.blockkit.excerpts import MRKDWN, Excerpt, shorten
from signoff.bot.blockkit.markdown import as_line
from signoff.bot.blockkit.markup import at, either, escape, escaped, link_to, plain, together, unescaped, utc
from signoff.bot.forms import UNSET, Form, FormError, VerdictButtons, verdict_buttons
from signoff.bot.surfaces.deadline import after_deadline, answered_at_deadline
from signoff.bot.surfaces.grace import takes_effect
from signoff.bot.surfaces.question import asked_by
from signoff.flows.approval.pings import delegations_waited_for, waited_for, without_part
from signoff.flows.approval.quorum import deciders
from signoff.flows.schema.slack_ids import is_channel_id, is_user_id
from signoff.flows.schema.verdict import is_no
from signoff.store.records.actors import Actor
from signoff.store.records.approvers import Approver
from signoff.store.records.prompts import DeliveryState, Outcome, Prompt
from signoff.store.records.rulings import Approval
from signoff.store.records.votes import Vote
from signoff.store.redaction import redacted

_NAME = 80
_MAX_NAMES = 12
_MAX_FAULTS = 5
_CLAIM = 160
_WORDS = 500
_NO_VALUE: tuple[object, ...] = (UNSET, None, "", [], {})
_CACHED_FORMS = 256
"""How many parsed schemas are cached."""


def form_of(prompt: Prompt) -> Form:
    """The form for the prompt's answer. It has no fields if the run only asks to be resumed.

    Parsed schemas are cached, because the card, the modal and the submission all need the same form.

    Raises:
        FormError: If the form cannot be shown in Slack.
    """
    return _parsed(json.dumps(prompt.schema or {}))


@lru_cache(maxsize=_CACHED_FORMS)
def _parsed(schema: str) -> Form:
    # The key is the text, not the prompt's schema hash: that ignores the order of the fields, and a form does not.
    return Form.of(json.loads(schema))


def verdict_in(prompt: Prompt, form: Form) -> VerdictButtons | None:
    """The verdict of the prompt. It is the same before and after the prompt is settled."""
    return verdict_buttons(form, prompt.initial_values)


def question_excerpt(prompt: Prompt, limit: int) -> Excerpt:
    """The prompt's question in bold, as mrkdwn, within `limit` characters."""
    line = asked_by(prompt).question
    shown = shorten(escaped(line), limit - 2, MRKDWN)
    # Escaping makes a text longer. What counts is how much of the text itself can be read.
    read = unescaped(shown)
    return Excerpt(f"*{shown}*", 0 if read == line else max(len(line) - len(read) + 1, 1))


def gist_of(prompt: Prompt, limit: int) -> str:
    """What is asked, besides the question: the description or else the values, on one line of clean, unescaped text."""
    if gist := as_line(asked_by(prompt).description, limit):
        return gist
    try:
        form = form_of(prompt)
    except FormError:
        return ""
    shown = (
        f"{field.full_label}: {field.element.show(value)}"
        for field in form.fields
        # Slack localises neither mentions nor times in a notification, and a mention would notify somebody.
        if field.element.text_type == "plain_text" and (value := field.value(prompt.initial_values)) not in _NO_VALUE
    )
    return plain(" · ".join(shown), limit)


def run_line(prompt: Prompt, link: str | None = None) -> Block:
    """The title, the flow and the name of its run, in small print. They help operators, and tell nobody what is asked.

    Args:
        link: Where a person can look at the run on its engine.
    """
    opens = link_to(link or "", f"Open in {prompt.engine}")
    names = [asked_by(prompt).title, prompt.flow, prompt.run_name]
    name = plain_text(plain(" · ".join(filter(None, names)), 300))
    return context(name, mrkdwn(opens)) if opens else context(name)


def approvers_of(prompt: Prompt, mentions: Mapping[str, str], *, waiting: bool = False) -> str:
    """Who may answer, such as `<@U1> or @ben`; empty if the policy names nobody. Approvers without a mention are named.

    Those that do not exist are left out, unless there are no others; and so is the requester, if that one may not.

    Args:
        waiting: Whether to leave out those, too, of whom no answer is missing; and all others if one person has it.
            Then those without a mention are named.
    """
    if waiting and (assignee := prompt.assignment.assignee) is not None:
        return mentions.get(assignee.id) or escape(assignee.name, _NAME)
    approvers = _approvers(prompt, waiting=waiting)
    named = [_named(each, mentions) for each in approvers]
    if named:
        named += _delegates(prompt, mentions, waiting=waiting)
    others = len(named) - _MAX_NAMES
    return either(named if others <= 1 else [*named[:_MAX_NAMES], f"{others} others"])


def _named(approver: Approver, mentions: Mapping[str, str]) -> str:
    name = mentions.get(approver.name) or escape(approver.name, _NAME)
    is_channel = is_channel_id(approver.id or approver.name) or approver.name.startswith("#")
    return f"anyone in {name}" if is_channel else name


def approvers_left_out(prompt: Prompt) -> str:
    """The approvers whom `approvers_of` only counts, as one line of unescaped text; empty if it names them all."""
    names = [each.name for each in _approvers(prompt)]
    return ", ".join(names[_MAX_NAMES:]) if len(names) > _MAX_NAMES + 1 else ""


def _approvers(prompt: Prompt, *, waiting: bool = False) -> Sequence[Approver]:
    requester = None if prompt.requester is None or prompt.policy.requester_may_answer else prompt.requester.id
    without = {requester, prompt.reviewers.requester} - {None}
    if waiting:
        without |= without_part(prompt)
    found = [each for each in (waited_for(prompt) if waiting else prompt.approvers) if not each.fault]
    return [each for each in found if without.isdisjoint({each.name, each.id})] or found or prompt.approvers


def _delegates(prompt: Prompt, mentions: Mapping[str, str], *, waiting: bool = False) -> list[str]:
    """Who may answer in whose place, such as `<@U1> for Ana Ruiz`."""
    if waiting:
        return [
            f"{mentions.get(each.to.id) or escape(each.to.name, _NAME)} for {escape(each.by.name, _NAME)}"
            for each in delegations_waited_for(prompt)
        ]
    return [
        f"{mentions.get(each.to.id) or escape(each.to.name, _NAME)} for {escape(each.by.name, _NAME)}"
        for each in prompt.assignment.delegations
    ]


def requested_by(prompt: Prompt) -> str:
    """Who requested the run, and whether they may answer, as a sentence; empty if there is nothing to say."""
    excluded = not prompt.policy.requester_may_answer
    if prompt.requester is None:
        return "Nobody is recorded as the requester, who may not answer." if excluded else ""
    return f"Requested by {name_of(prompt.requester)}{', who may not answer' if excluded else ''}."


def who_may_answer(prompt: Prompt, mentions: Mapping[str, str], *, is_direct: bool = False) -> str:
    """`Ana or Ben may answer.`

    Args:
        is_direct: Whether a person reads this in direct messages.
    """
    # A channel may be shared with another workspace, whose people may not.
    anyone = "You" if is_direct else "Anyone in this channel from this workspace"
    if prompt.policy.named:
        who = approvers_of(prompt, mentions)
    else:
        escalated = [_named(each, mentions) for each in prompt.approvers]
        who = either([anyone, *escalated, *_delegates(prompt, mentions)])
    return f"{who[:1].upper()}{who[1:]} may answer."


_REDIRECTED = {
    "channel_not_found": "its channel does not exist, or Signoff is not in it",
    "is_archived": "its channel is archived",
    "is_inactive": "its channel is archived",
    "no_channel": "no channel is set for it",
    "not_in_channel": "Signoff is not in its channel",
}


def redirected(refusal: str) -> str:
    """Why somebody gets a card in direct messages. The channel is not named: they may not know of it.

    Args:
        refusal: Why Slack does not take it elsewhere, by Slack's name for the error.
    """
    why = _REDIRECTED.get(refusal, "Signoff may not post in its channel")
    return f"Sent to you directly, because {why}."


def approver_faults(prompt: Prompt) -> str:
    """Which approvers do not exist, a line for each, with what to write instead; empty if all do."""
    faulty = [each for each in prompt.approvers_to_come if each.fault]
    told = [f"⚠️ {escape(each.name, _NAME)} cannot answer. {escape(each.fault, 200)}" for each in faulty[:_MAX_FAULTS]]
    if len(faulty) > _MAX_FAULTS:
        told.append(f"⚠️ The same goes for {len(faulty) - _MAX_FAULTS} more; `signoff doctor` lists them.")
    if prompt.policy.named and all(each.fault for each in prompt.approvers):
        told.insert(0, "⚠️ *Nobody can answer this.*")
    elif prompt.reviewers.fault:
        told.insert(0, f"⚠️ *{escape(prompt.reviewers.fault, 400)}*")
    return "\n".join(told)


UNREADABLE_POLICY = (
    "This version of Signoff cannot read who may answer here, so nothing was decided. "
    "Ask whoever runs Signoff to check it with `signoff doctor`."
)
"""What a person is told about a prompt whose policy this version cannot read."""


def refusal(prompt: Prompt, mentions: Mapping[str, str], *, may_see: bool, reason: str = "") -> str:
    """What a person who may not answer is told.

    Args:
        may_see: Whether they may know what the prompt asks, and of whom.
        reason: Why, as a sentence, if it is not because of whom the policy names.
    """
    if reason:
        return escape(reason)
    if prompt.policy_fault is None and not prompt.policy.named:
        return "You can't answer this. Only members of this workspace who are in the card's channel can."
    if not may_see:
        return "You can't answer this. Only its approvers can."
    return f"You may not answer “{escape(asked_by(prompt).question, 300)}”. {who_may_answer(prompt, mentions)}"


def name_of(actor: Actor) -> str:
    """The actor as a Slack mention if Slack has said who it is, else by name, and by the claim if there is one."""
    if actor.claim:
        return name_and_claim_of(actor)
    return f"<@{actor.id}>" if is_user_id(actor.id) else escape(actor.name, _NAME)


def name_and_claim_of(actor: Actor) -> str:
    """The actor by name, without a mention."""
    name = escape(actor.name, _NAME)
    return f"{name} ({escape(actor.claim, _CLAIM)})" if actor.claim else name


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
        case Outcome.UNANSWERABLE:
            return "Nobody could answer"
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


def fields_in_outcome(prompt: Prompt, form: Form) -> frozenset[str]:
    """The names of the fields whose value the outcome already states: that of the verdict."""
    says_so = prompt.outcome is Outcome.SUBMITTED or answered_at_deadline(prompt)
    verdict = verdict_in(prompt, form) if says_so else None
    return frozenset() if verdict is None else frozenset({verdict.field.name})


def outcome_line(prompt: Prompt, form: Form) -> str:
    """The outcome, who brought it about, and when, for a card."""
    what = f"*{what_happened(prompt, form)}*"
    if (approval := repeated_by(prompt)) is not None:
        when = at(prompt.settled_at) if prompt.settled_at else ""
        return f"{sign_of(prompt, form)} {what} without asking again · {when}\n{_repeated(approval)}"
    who = f" by {together(names)}" if (names := _authors(prompt, name_of)) else ""
    when = f" · {at(prompt.settled_at)}" if prompt.settled_at else ""
    followed = after_deadline(prompt)
    said = f"{followed[:1].upper()}{followed[1:]}." if followed else takes_effect(prompt)
    return "\n".join(filter(None, [f"{sign_of(prompt, form)} {what}{who}{when}", said]))


def outcome_sentence(prompt: Prompt, form: Form) -> str:
    """The outcome as one sentence, such as `Approved by Ana.`, for notifications and late answers."""
    if (approval := repeated_by(prompt)) is not None:
        return f"{what_happened(prompt, form)} without asking again. {_repeated(approval, spoken=True)}"
    who = f" by {together(names)}" if (names := _authors(prompt, name_and_claim_of)) else ""
    followed = after_deadline(prompt)
    why = f": {escape(prompt.reason, 300)}" if prompt.reason else f": {followed}." if followed else "."
    return " ".join(filter(None, [f"{what_happened(prompt, form)}{who}{why}", takes_effect(prompt, spoken=True)]))


def repeated_by(prompt: Prompt) -> Approval | None:
    """The earlier approval that has settled a prompt; `None` if something else did, or nothing yet."""
    return None if prompt.ruling is None else prompt.ruling.repeats


def _repeated(approval: Approval, *, spoken: bool = False) -> str:
    # Named and not mentioned: they have nothing to do with this prompt, and a new message would notify them.
    named = [name_and_claim_of(each) for each in approval.by]
    others = len(named) - _MAX_NAMES
    who = together(named if others <= 1 else [*named[:_MAX_NAMES], f"{others} others"])
    when = utc(approval.at) if spoken else at(approval.at)
    return f"{who} approved the same request {when} (prompt {approval.prompt_id[:8]})."


def delivery_line(prompt: Prompt) -> str:
    """How far the outcome has come on its way to another engine; empty if it has no way to go."""
    if prompt.delivery is None:
        return ""
    engine, words = escape(prompt.engine, _NAME), escape(redacted(prompt.delivery.words), _WORDS)
    match prompt.delivery.state:
        case DeliveryState.ACCEPTED:
            return f"{engine} accepted it."
        case DeliveryState.REFUSED:
            return f"⚠️ {engine} refused it: {words}" if words else f"⚠️ {engine} refused it."
        case DeliveryState.PENDING if prompt.delivery.error is not None:
            return f"Sending it to {engine}… The last attempt failed; retrying."
        case DeliveryState.PENDING:
            return f"Sending it to {engine}…"


def words_left_out(prompt: Prompt) -> int:
    """How many characters of what another engine said `delivery_line` leaves out."""
    said = redacted(prompt.delivery.words) if prompt.delivery is not None and was_refused(prompt) else ""
    return max(len(plain(said, len(said))) - _WORDS, 0)


def was_refused(prompt: Prompt) -> bool:
    """Whether another engine refused the outcome, so that a person has to look."""
    return prompt.delivery is not None and prompt.delivery.state is DeliveryState.REFUSED


def _authors(prompt: Prompt, name: Callable[[Actor], str]) -> list[str]:
    """Who settled it: one, or all who have agreed, and in whose place; nobody if nobody answered in time, or could."""
    if prompt.outcome in (Outcome.TIMED_OUT, Outcome.UNANSWERABLE) or prompt.settled_by is None:
        return []
    return [voter_of(vote, name) for vote in deciders(prompt)][:_MAX_NAMES] or [name(prompt.settled_by)]


def voter_of(vote: Vote, name: Callable[[Actor], str]) -> str:
    """The person who has voted, and in whose place: `Mei for Ana`.

    Args:
        name: Names a person, as mrkdwn.
    """
    return name(vote.actor) if vote.instead_of is None else f"{name(vote.actor)} for {name(vote.instead_of)}"


def sign_of(prompt: Prompt, form: Form) -> str:
    """The outcome as an emoji."""
    match what_happened(prompt, form):
        case "Rejected":
            return "❌"
        case "Timed out":
            return "⌛"
        case "Nobody could answer":
            return "⚠️"
        case "Cancelled":
            return "🚫"
        case _:
            return "❌" if prompt.answer is not None and is_no(prompt, prompt.answer) else "✅"
