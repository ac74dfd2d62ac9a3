"""What the requester hears in direct messages when a prompt has ended: how, why, and what to do next."""

from signoff.bot.blockkit.blocks import SECTION_TEXT, Block, mrkdwn, section
from signoff.bot.blockkit.markup import bold, code, escape
from signoff.bot.surfaces.question import asked_by
from signoff.bot.surfaces.wording import approvers_of, form_of, name_and_claim_of, outcome_sentence, run_line, sign_of
from signoff.flows.schema.verdict import is_no
from signoff.store.records.actors import NOT_PEOPLE
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.records.runs import EMBEDDED

_CONTINUES = "The run continues, and you need not do anything."


def outcome_notice(prompt: Prompt) -> tuple[str, list[Block]]:
    """The text and the blocks of the notice of a settled prompt. They ping nobody."""
    form = form_of(prompt)
    said = f"{outcome_sentence(prompt, form)} {_next_step(prompt)}"
    question = asked_by(prompt).question
    visible = f"{sign_of(prompt, form)} {bold(question, SECTION_TEXT // 3)}\n{said}"
    return f"{escape(question, 300)} – {said}", [section(mrkdwn(visible)), run_line(prompt)]


def _next_step(prompt: Prompt) -> str:
    by = prompt.settled_by
    who = "them" if by is None else name_and_claim_of(by)
    match prompt.outcome:
        case Outcome.SUBMITTED | Outcome.REJECTED if by is not None and by.id in NOT_PEOPLE:
            return (
                "See what it says, and request it again if it is still needed." if _is_against(prompt) else _CONTINUES
            )
        case Outcome.SUBMITTED if is_no(prompt, prompt.answer or {}):
            return f"The run goes on with this answer. Ask {who} what has to change, and request it again."
        case Outcome.SUBMITTED:
            return _CONTINUES
        case Outcome.REJECTED:
            return f"Ask {who} what has to change, and request it again."
        case Outcome.TIMED_OUT if prompt.answer is not None:
            return "Nobody answered in time, so the run continues with the values shown."
        case Outcome.TIMED_OUT:
            whom = "" if prompt.policy_fault is not None else approvers_of(prompt, {})
            again = f"request it again{_retry(prompt)}"
            return f"Nobody answered in time. Tell {whom or 'somebody in its channel'}, and {again}."
        case _:
            return "Request it again if it is still needed."


def _is_against(prompt: Prompt) -> bool:
    return prompt.outcome is Outcome.REJECTED or is_no(prompt, prompt.answer or {})


def _retry(prompt: Prompt) -> str:
    return (
        f", or {code(f'signoff retry {prompt.run_id[:8]}')} once the run has failed"
        if prompt.engine == EMBEDDED
        else ""
    )
