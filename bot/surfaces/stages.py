"""The stages that a prompt goes through: what each line says, and where it is, in a few words."""

from collections.abc import Mapping

from signoff.bot.blockkit.blocks import Block, mrkdwn, section
from signoff.bot.blockkit.markup import bold, escape, plain
from signoff.bot.surfaces.question import asked_by
from signoff.bot.surfaces.wording import approvers_of, form_of, name_and_claim_of, name_of, voter_of, what_happened
from signoff.store.policy import name_of_function
from signoff.store.policy_parts import Stage
from signoff.store.records.outbox import Notice
from signoff.store.records.prompts import Prompt
from signoff.store.records.stages import PassedStage

_NAME = 60
_VOTERS = 12


def stage_blocks(prompt: Prompt, mentions: Mapping[str, str]) -> list[Block]:
    """A line for each stage: by whom it is done, which one is current, and what is to come. None without stages."""
    lines = [_line(prompt, mentions, number, stage) for number, stage in enumerate(prompt.stages)]
    return [section(mrkdwn("\n".join(lines)))] if lines else []


def stages_as_text(prompt: Prompt) -> str:
    """The same in unescaped text, for the command line."""
    told = []
    for number, stage in enumerate(prompt.stages):
        if number < len(prompt.passed):
            done = prompt.passed[number]
            by = [vote.voter for vote in done.votes] or [done.check]
            told.append(f"{stage.name}: passed by {', '.join(by)}")
        elif number == len(prompt.passed):
            told.append(
                f"{stage.name}: {'current' if prompt.is_open else what_happened(prompt, form_of(prompt)).lower()}"
            )
        else:
            told.append(f"{stage.name}: {'to come' if prompt.is_open else 'not reached'}")
    return "\n".join(told)


def stage_in_short(prompt: Prompt) -> str:
    """Where a prompt is, in clean text: `stage 2 of 3, Expert`; empty if its policy has no stages."""
    if prompt.stage is None:
        return ""
    number = min(len(prompt.passed) + 1, len(prompt.stages))
    return f"stage {number} of {len(prompt.stages)}, {plain(prompt.stage.name, _NAME)}"


def stage_notice(notice: Notice, mentions: Mapping[str, str]) -> tuple[str, list[Block]]:
    """The message in the thread when a stage has been passed: it is the turn of other people, who are notified.

    `detail` has the number of stages that were `passed`. If more were since, nobody is notified of this one.
    """
    prompt, passed = notice.prompt, int(notice.detail["passed"])
    done = prompt.passed[passed - 1]
    said = f"Stage {passed} of {len(prompt.stages)}, {bold(done.name)}, is done."
    if prompt.is_open and len(prompt.passed) == passed and prompt.stage is not None:
        who = approvers_of(prompt, mentions) or "Anyone in this channel"
        said += f" Next is {bold(prompt.stage.name)}: {who} may answer."
    question = asked_by(prompt).question
    return f"{escape(question, 300)} – {said}", [section(mrkdwn(f"▶️ {bold(question)} {said}"))]


def _line(prompt: Prompt, mentions: Mapping[str, str], number: int, stage: Stage) -> str:
    name = escape(stage.name, _NAME)
    if number < len(prompt.passed):
        return f"✅ {name} · {_by(prompt.passed[number])}"
    if number > len(prompt.passed):
        return f"▫️ {name} · {_who(stage) if prompt.is_open else 'not reached'}"
    if not prompt.is_open:
        return f"⏹️ *{name}* · {what_happened(prompt, form_of(prompt)).lower()}"
    who = approvers_of(prompt, mentions) or "anyone in this channel"
    return f"▶️ *{name}* · now: {who}"


def _by(done: PassedStage) -> str:
    if done.check:
        return f"checked by {escape(done.check, _NAME)}"
    named = [voter_of(vote, name_and_claim_of if vote.actor.claim else name_of) for vote in done.votes[:_VOTERS]]
    others = len(done.votes) - len(named)
    return ", ".join([*named, f"{others} others"] if others else named)


def _who(stage: Stage) -> str:
    """Who will be asked in a stage that is to come. They are not mentioned: it is not their turn."""
    if stage.check is not None:
        return "a check" if not callable(stage.check) else f"a check by {escape(name_of_function(stage.check), _NAME)}"
    names = [escape(str(each), _NAME) for each in (*stage.approvers, *stage.each_of)]
    shown = ", ".join(names[:_VOTERS]) if names else "anyone in this channel"
    return f"to come: {shown}{f' and {len(names) - _VOTERS} others' if len(names) > _VOTERS else ''}"
