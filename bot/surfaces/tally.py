"""How far the votes on a prompt have come: the rules, the tally, and what was proposed in place of the values shown."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from signoff.bot.blockkit.blocks import BUTTON_TEXT, Block, context, mrkdwn, section
from signoff.bot.blockkit.blocks import actions as buttons
from signoff.bot.blockkit.excerpts import MRKDWN, shorten
from signoff.bot.blockkit.markup import escape, plain
from signoff.bot.forms import UNSET, Field, Form
from signoff.bot.forms.paths import value_at
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.confirmation import deciding_button
from signoff.bot.surfaces.omissions import NOTHING_OMITTED, Omitted
from signoff.bot.surfaces.stages import stage_in_short
from signoff.bot.surfaces.values import value_blocks
from signoff.bot.surfaces.wording import name_and_claim_of, name_of, verdict_in, voter_of, what_happened
from signoff.flows.approval.quorum import Proposal, Tally, deciders, needed, tally_of
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.records.votes import Vote

MAX_PROPOSALS = 3
"""How many proposals with values of their own a card shows."""

_MAX_VOTERS = 20
_TALLY_TEXT = 1500
_PROPOSALS_TEXT = 3000
_REASON = 200


def rules(prompt: Prompt, mentions: Mapping[str, str]) -> str:
    """How many have to agree, and how many rejections end it, as sentences; empty if the first answer settles it.

    Args:
        mentions: Slack mentions by the name that the policy uses.
    """
    policy = prompt.policy
    if not policy.takes_votes:
        return ""
    number = needed(policy, prompt.ballot)
    people = "" if number is None else f" ({number} {'person' if number == 1 else 'people'})"
    told = []
    if policy.each_of:
        names = [f"one of {mentions.get(name) or escape(name, 80)}" for name in policy.each_of]
        told.append(f"{' and '.join(names)} must agree{'' if policy.distinct else ', who may be the same person'}.")
    if policy.counts_people:
        part = "All of them" if policy.threshold in (None, 1) else f"{policy.threshold:.0%} of them"
        told.append(f"{part} must agree{people}.")
    elif policy.quorum != 1:
        told.append(f"{policy.quorum} people must agree.")
    against = 1 if policy.reject == "ends" else policy.reject
    told.append("One rejection ends it." if against == 1 else f"{against} rejections end it.")
    first, *others = told
    return " ".join([first[:1].upper() + first[1:], *others])


def in_short(prompt: Prompt) -> str:
    """The stage and the tally in a few words of clean text, such as `1 of 2 agree, 1 of 3 reject`; empty if one answer
    settles it.
    """
    return ": ".join(filter(None, [stage_in_short(prompt), _tally_in_short(prompt)]))


def at_stage(prompt: Prompt, name: str) -> Prompt:
    """A prompt as it was in an earlier stage; the same if the name is empty."""
    number = next((number for number, each in enumerate(prompt.passed) if each.name == name), len(prompt.passed))
    return prompt if number == len(prompt.passed) else replace(prompt, passed=prompt.passed[:number])


def _tally_in_short(prompt: Prompt) -> str:
    if not prompt.policy.takes_votes:
        return ""
    tally = tally_of(prompt)
    told = [f"{_of(tally.agreed, tally.needed)} agree"]
    if tally.rejections:
        told.append(f"{_of(len(tally.rejections), tally.rejections_needed)} reject")
    if tally.proposals and tally.missing:
        told.append(f"{', '.join(plain(name, 80) for name in tally.missing)} missing")
    return ", ".join(told)


def tally_blocks(prompt: Prompt, form: Form, *, room: int) -> tuple[list[Block], Omitted]:
    """The tally with everybody who has voted, and what was proposed in place of the values shown, with a button for it.

    Nothing, if the first answer settles the prompt.

    Args:
        room: How many blocks there may be.
    """
    if not prompt.policy.takes_votes:
        return [], NOTHING_OMITTED
    tally = tally_of(prompt)
    blocks, omitted = [section(mrkdwn(_lines(prompt, form, tally)))], NOTHING_OMITTED
    characters = 0
    for number, proposal in enumerate(proposals_of_own(prompt, form, tally)):
        author = proposal.votes[0].actor
        changed = changed_values(prompt, form, proposal.answer)
        rows, left = value_blocks(form, changed, prompt.initial_values)
        characters += len(json.dumps(rows))
        if number >= MAX_PROPOSALS or len(blocks) + len(rows) + 2 > room or characters > _PROPOSALS_TEXT:
            # Agreed to from the form, by whoever has read it in full.
            omitted += Omitted(values=len(changed))
            continue
        label = plain(f"Agree with {author.name}", BUTTON_TEXT)
        agree = deciding_button(prompt, label, action_ids.agree(proposal.key))
        said = f"*Proposed by {name_of(author)}*: {what_was_voted(prompt, form, proposal.votes[0])}, with these values"
        blocks += [section(mrkdwn(said)), *rows, buttons([agree])]
        omitted += left
    return blocks, omitted


def votes_at_the_end(prompt: Prompt, form: Form) -> list[Block]:
    """The votes on a settled prompt, unless they all brought about its outcome: that line names them already."""
    if not prompt.votes or prompt.policy_fault is not None:
        return []
    if len(deciders(prompt)) == len(prompt.votes):
        return []
    return [context(mrkdwn(_lines(prompt, form, tally_of(prompt))))]


def proposals_of_own(prompt: Prompt, form: Form, tally: Tally) -> list[Proposal]:
    """The proposals that no button of the card makes, because they have values of their own."""
    return [each for each in tally.proposals if changed_values(prompt, form, each.answer)]


def changed_values(prompt: Prompt, form: Form, answer: Mapping[str, Any]) -> dict[str, Any]:
    """The values of an answer that differ from those shown on the card, or else from their defaults."""
    chosen = _verdict_name(prompt, form)
    changed = {}
    for field in form.layout(answer):
        if not isinstance(field, Field) or field.name == chosen:
            continue
        before, value = value_at(prompt.initial_values, field.path), field.value(answer)
        if value is not UNSET and value != (field.default if before is UNSET else before):
            changed[field.name] = answer[field.name]
    return changed


def what_was_voted(prompt: Prompt, form: Form, vote: Vote) -> str:
    """A vote in a word or two, as mrkdwn: `Approved`, `Answered “Red”`, `Rejected`."""
    outcome = Outcome.SUBMITTED if vote.verdict == "submit" else Outcome.REJECTED
    return what_happened(replace(prompt, outcome=outcome, answer=vote.answer), form)


def vote_sentence(prompt: Prompt, form: Form, vote: Vote) -> str:
    """A vote and the tally, for the thread: `Approved by Ana Ruiz. 1 of 2 agree.`"""
    why = f": {escape(vote.reason, _REASON)}" if vote.reason else "."
    said = f"{what_was_voted(prompt, form, vote)} by {voter_of(vote, name_and_claim_of)}{why}"
    return f"{said} {_sentence(in_short(prompt))}"


def own_vote(prompt: Prompt, form: Form, vote: Vote) -> str:
    """The same for the one who has voted."""
    said = f"Your vote counts: {what_was_voted(prompt, form, vote)}. {_sentence(in_short(prompt))}"
    if prompt.stage is not None and vote.stage != prompt.stage.name:
        return f"{said} The stage {escape(vote.stage, 60)} is done."
    return f"{said} You can change it until the prompt is settled."


def _sentence(text: str) -> str:
    return f"{escape(text[:1].upper() + text[1:])}."


def _lines(prompt: Prompt, form: Form, tally: Tally) -> str:
    told = [f"🗳️ *{_of(tally.agreed, tally.needed)} agree*"]
    for proposal in tally.proposals:
        what = what_was_voted(prompt, form, proposal.votes[0])
        own = " (values of their own)" if changed_values(prompt, form, proposal.answer) else ""
        told.append(f"{what}{own}: {_names(proposal.votes)}")
    if tally.proposals and tally.missing:
        told.append(f"Still missing: {', '.join(escape(name, 80) for name in tally.missing)}")
    if tally.rejections:
        number = _of(len(tally.rejections), tally.rejections_needed)
        told.append(f"Rejected ({number}): {_names(tally.rejections)}")
    return shorten("\n".join(told), _TALLY_TEXT, MRKDWN)


def _names(votes: Sequence[Vote]) -> str:
    named = [
        f"{voter_of(vote, name_of)}{f' (“{escape(vote.reason, _REASON)}”)' if vote.reason else ''}"
        for vote in votes[:_MAX_VOTERS]
    ]
    others = len(votes) - len(named)
    return ", ".join([*named, f"{others} others"] if others else named)


def _of(number: int, needed_: int | None) -> str:
    return f"{number} of ?" if needed_ is None else f"{number} of {needed_}"


def _verdict_name(prompt: Prompt, form: Form) -> str | None:
    verdict = verdict_in(prompt, form)
    return None if verdict is None else verdict.field.name
