"""What the log says about decisions. What people filled in is nothing for a log."""

import logging
from collections.abc import Mapping
from typing import Any

from signoff.flows.schema.verdict import verdict_of
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.records.runs import FlowRun
from signoff.store.records.votes import Vote

logger = logging.getLogger(__name__)

_AT_DEADLINE = {
    "fail": "",
    "continue": "; its initial values are the answer",
    "approve": "; its policy approved it",
    "reject": "; its policy rejected it",
}


def log_automatic(prompt: Prompt) -> None:
    """Log what has answered a prompt in place of people as it opened, if anything has."""
    if prompt.settled_by is not None:
        done = _done(prompt, prompt.outcome is Outcome.REJECTED, prompt.answer)
        logger.info("%s was %s by %s", prompt.label, done, prompt.settled_by.name)


def log_vote(vote: Vote, prompt: Prompt, what_follows: str = "") -> None:
    """Log who answered what, and whether it was a yes or a no."""
    done = _done(prompt, vote.verdict == "reject", vote.answer)
    who = _name_of(vote.actor) + (f" for {_name_of(vote.instead_of)}" if vote.instead_of is not None else "")
    logger.info("%s was %s by %s, via %s%s", prompt.label, done, who, vote.via, what_follows)


def log_undone(prompt: Prompt, actor: Actor, via: str) -> None:
    """Log that somebody has taken back the decision of a prompt, which is open again."""
    logger.info("%s is open again: %s has undone it, via %s", prompt.label, _name_of(actor), via)


def log_comment(prompt: Prompt, actor: Actor, via: str) -> None:
    """Log that somebody has said something about a prompt without deciding."""
    logger.info("%s was commented on by %s, via %s", prompt.label, _name_of(actor), via)


def log_timed_out(prompt: Prompt, then: str) -> None:
    """Log that the deadline has ended a prompt, and what followed.

    Args:
        then: The policy's `at_deadline`; `fail` if that gave no answer.
    """
    logger.info("%s timed out%s", prompt.label, _AT_DEADLINE[then])


def log_unanswerable(prompt: Prompt, reason: str) -> None:
    """Log that a prompt has ended because nobody is left who could answer, and why that is."""
    logger.error("%s ended, because nobody can answer it. %s", prompt.label, reason)


def log_cancelled(run: FlowRun, actor: Actor) -> None:
    """Log who has cancelled a run."""
    logger.info("%s | was cancelled by %s (flow %s)", run.name, _name_of(actor), run.flow)


def _done(prompt: Prompt, is_rejection: bool, answer: Mapping[str, Any] | None) -> str:
    """`approved`, `rejected` or, where an answer is neither, `answered`."""
    verdict = None if answer is None else verdict_of(prompt.schema, prompt.initial_values)
    stance = "reject" if is_rejection else verdict and verdict.stance_of(answer or {})
    return {"approve": "approved", "reject": "rejected"}.get(stance or "", "answered")


def _name_of(actor: Actor) -> str:
    """Who somebody is, for the log: the name, and Slack's id or whose claim it is."""
    return f"{actor.name} ({actor.claim or actor.id})"
