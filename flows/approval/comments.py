"""Asking back: people may comment on a prompt, and may stop its clock until the requester has answered.

A stopped clock is nothing that would have to be started again. The deadline moves at once by as long as the clock may
be stopped, and back by what is left of that when the requester answers. So it is right at every moment, whoever dies,
and a question that nobody answers cannot stop the clock for ever: all questions together can give a prompt as much time
again as it had.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from signoff.flows.approval.acts import next_due_at_of
from signoff.flows.approval.approvers import Directory, NameKind, Person, Unknowable
from signoff.flows.schema.slack_ids import is_user_id
from signoff.store.records.prompts import Comment, Prompt
from signoff.store.records.runs import EMBEDDED

MAX_TEXT = 1500
"""How long a comment may be."""

MAX_COMMENTS = 50
"""How many comments a prompt takes. A longer talk belongs in the thread of its card."""

_MAX_TOLD = 5
_NONE = timedelta()


def text_fault(prompt: Prompt, text: str) -> str:
    """Why a comment cannot be taken, as a sentence for the one who wrote it; empty if it can."""
    if not text:
        return "Write something, or close this."
    if len(text) > MAX_TEXT:
        return f"Use at most {MAX_TEXT:,} characters."
    if len(prompt.comments) >= MAX_COMMENTS:
        return f"This has {MAX_COMMENTS} comments already. Use the thread of its card."
    return ""


def requester_id(prompt: Prompt, directory: Directory) -> str | Unknowable | None:
    """The Slack user id of the requester; `None` if nobody can tell who in Slack that is.

    A handle does not tell: it may also be the name of a user of some machine, who is somebody else.
    """
    requester = prompt.requester
    if requester is None:
        return None
    if known := prompt.reviewers.requester or (requester.id if is_user_id(requester.id) else None):
        return known
    if NameKind.of(requester.id) is not NameKind.EMAIL:
        return None
    match directory.person(requester.id):
        case Person(id_):
            return id_ if is_user_id(id_) else None
        case unknown:
            return unknown


def time_left_to_stop(prompt: Prompt, at: datetime) -> timedelta:
    """How long the clock of a prompt may still be stopped; zero if it is stopped, or if no deadline is to come.

    That of another engine cannot be stopped: it may stop waiting by itself, whatever is said here.
    """
    if prompt.deadline is None or prompt.deadline <= at or prompt.engine != EMBEDDED:
        return _NONE
    had = prompt.deadline - prompt.opened_at - prompt.stopped_for
    return max(had - prompt.stopped_for, _NONE)


def with_comment(prompt: Prompt, comment: Comment, *, stops_clock: bool) -> Prompt:
    """An open prompt with one more comment, and with the deadline and the next act that follow from it.

    Args:
        stops_clock: Whether the clock stops until the requester answers, if it can.
    """
    comments, deadline = prompt.comments, prompt.deadline
    if comment.is_reply and deadline is not None:
        for each in comments:
            # A stop that ended with its stage has no part in the deadline of this one.
            if (end := prompt.stop_ends(each)) is not None and end > comment.at:
                deadline -= end - comment.at
        comments = tuple(_started_again(each, comment) for each in comments)
    elif stops_clock and deadline is not None and (left := time_left_to_stop(prompt, comment.at)):
        comment = replace(comment, stops_until=comment.at + left)
        deadline += left
    changed = replace(prompt, comments=(*comments, comment), deadline=deadline)
    return replace(changed, due_at=next_due_at_of(changed))


def told_of(prompt: Prompt, comment: Comment, requester: str | None) -> Sequence[str]:
    """The Slack user ids of those who are written to: the requester of a comment, the others of the answer."""
    if not comment.is_reply:
        return [] if requester is None else [requester]
    others = [each.actor.id for each in reversed(prompt.comments) if not each.is_reply and is_user_id(each.actor.id)]
    return list(dict.fromkeys(others))[:_MAX_TOLD]


def _started_again(each: Comment, reply: Comment) -> Comment:
    is_stopping = each.stops_until is not None and each.stops_until > reply.at
    return replace(each, stops_until=reply.at) if is_stopping else each
