"""Votes: each person's submission is a row of its own, and the votes together may settle their prompt.

A vote is written, counted and acted on in one transaction that has locked the prompt's run. Everybody who settles a
prompt locks its run first, so what the count has found stays true until the commit.

Every submission stays in the table. The prompt keeps those that count, one for each person, for its cards.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import null, select, update

from signoff.store import ledger
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.outbox import cards, notices
from signoff.store.prompts import drafts, grace
from signoff.store.prompts.prompts import no_such_prompt
from signoff.store.prompts.settle import Settlement, ending, hand_on, settled_prompt, tell_requester
from signoff.store.records.actors import recorded
from signoff.store.records.approvers import Reviewers
from signoff.store.records.outbox import NoticeKind
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.records.stages import NextStage
from signoff.store.records.votes import Ballot, Held, Vote
from signoff.store.rows import (
    PROMPT_BY_ID,
    ballot,
    held,
    person,
    person_as_json,
    prompt,
    requester,
    reviewers_as_json,
    stages_as_json,
    votes_as_json,
)
from signoff.store.run_locks import LOCK_RUN_OF_PROMPT
from signoff.store.sql.conflicts import transactional
from signoff.store.sql.statements import Statement, insert_into, param
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import cards as card_rows
from signoff.store.tables import prompts, submissions

Decide = Callable[[Ballot], Vote | None]
"""Of the votes that came in time, the one whose values or rejection settles the prompt; `None` while more are needed.

It depends on nothing but the ballot."""

_WITH_ID = prompts.c.id == param("prompt_id")
_SHOWN = (
    select(card_rows.c.shown_hash)
    .where(
        card_rows.c.prompt_id == param("prompt_id"),
        card_rows.c.channel == param("channel"),
        card_rows.c.ts == param("ts"),
    )
    .scalar_subquery()
)
_BALLOT = Statement(
    select(
        *prompts.c["outcome", "votes", "approvers", "reviewers", "stages", "held", "deadline"],
        _SHOWN.label("shown_hash"),
    ).where(_WITH_ID)
)
_KEEP = Statement(update(prompts).where(_WITH_ID).values(votes=param("votes"), revision=prompts.c.revision + 1))
# What was known of the people of one stage says nothing of those of the next.
_ENTER_STAGE = Statement(
    update(prompts)
    .where(_WITH_ID)
    .values(
        stages=param("stages"),
        deadline=param("deadline"),
        due_at=param("due_at"),
        overdue_at=None,
        approvers_due_at=param("approvers_due_at"),
        approvers=null(),
        reviewers=param("reviewers"),
        votes=null(),
        assignee=None,
        assignment=null(),
        revision=prompts.c.revision + 1,
    )
)
_IN_TIME = Statement(
    select(
        *submissions.c[
            "at", "actor", "actor_name", "claim", "verdict", "via", "values", "reason", "instead_of", "stage"
        ]
    )
    .where(submissions.c.prompt_id == param("prompt_id"), submissions.c.in_time)
    .order_by(submissions.c.id)
)
_ADD = insert_into(
    submissions,
    "prompt_id",
    "at",
    "actor",
    "actor_name",
    "claim",
    "verdict",
    "via",
    "values",
    "reason",
    "in_time",
    "instead_of",
    "stage",
)


Advance = Callable[[Prompt, Vote, Ballot, datetime], NextStage | None]
"""What follows if this vote would settle the prompt at this moment: `None` if it does, and otherwise the next stage.

It is given the prompt as the transaction that has locked its run finds it."""


class StageOver(Exception):
    """The prompt is in another stage than the one in which somebody was let vote."""


class OtherVoters(Exception):
    """Somebody has voted of whom it was not checked whether they are the person who votes now."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A vote counts, and its prompt needs more."""

    prompt: Prompt


@transactional
def cast(
    db: Database,
    prompt_id: str,
    vote: Vote,
    *,
    decide: Decide,
    known: Collection[str] | None = None,
    stage: int = 0,
    advance: Advance | None = None,
    undo: timedelta | None = None,
) -> Settlement | Counted:
    """Write a vote, in place of an earlier one of this person, and settle its prompt if the votes decide it.

    Args:
        known: The ids of those voters who are certainly this person, under the same id, or certainly somebody else.
            `None` if that need not be known.
        stage: The number of stages that the prompt had passed when it was checked that this person may vote.
        advance: Says which stage follows; `None` if the policy has no stages.
        undo: How long the decision is held back; `None` for not at all.

    Returns:
        How the prompt was settled, by this vote or before, or how it will be if nobody undoes that; otherwise the
        prompt with its votes, which may be in the next stage.

    Raises:
        NoSuchPrompt: If there is no such prompt.
        OtherVoters: If there is a vote of somebody who is not `known`. Nothing is written.
        StageOver: If it is in another stage by now. Nothing is written.
    """
    with db.write() as tx:
        # Two statements, because one that waits for the lock would still see the votes from before the wait.
        locked, found = tx.execute_many(
            LOCK_RUN_OF_PROMPT.bind(prompt_id=prompt_id),
            _BALLOT.bind(prompt_id=prompt_id, channel=vote.shown.channel, ts=vote.shown.ts),
        )
        if not locked:
            raise no_such_prompt(prompt_id)
        (row,) = found
        in_time, before = row.outcome is None and row.held is None, ballot(row)
        if in_time and len(row.stages or ()) != stage:
            raise StageOver
        if in_time and known is not None and not {each.actor.id for each in before.votes} <= set(known):
            raise OtherVoters
        if in_time and _is_repeated(before, vote):
            # Somebody has pressed twice.
            return Counted(prompt(tx.row(PROMPT_BY_ID, prompt_id=prompt_id)))
        _add(tx, prompt_id, vote, in_time=in_time)
        after = before.with_vote(vote)
        decisive = decide(after) if in_time else None
        following = _following(tx, prompt_id, decisive, after, advance, now=vote.at)
        if decisive is not None and following is not None:
            _enter_stage(tx, prompt_id, decisive, after, following, now=vote.at)
            return Counted(prompt(tx.row(PROMPT_BY_ID, prompt_id=prompt_id)))
        if in_time and (decisive is None or len(after.votes) > 1 or vote.instead_of is not None):
            tx.run(_KEEP, prompt_id=prompt_id, votes=votes_as_json(after.votes))
        until = None if decisive is None or undo is None else _until(vote.at, undo, row.deadline)
        event = "too_late" if not in_time else "voted" if decisive is None else outcome_of(decisive).value
        changed = True if in_time and len(after.votes) == len(before.votes) else None
        shown = _shown(row.shown_hash, vote.shown.form)
        detail = {
            "via": vote.via,
            "answer": vote.answer,
            "reason": vote.reason,
            "changed": changed,
            "shown": shown,
            "stage": vote.stage or None,
            **_place(vote),
        }
        told = {key: value for key, value in detail.items() if value is not None}
        if decisive is not None and until is not None:
            return Settlement(True, grace.hold(tx, prompt_id, Held(decisive, until, shown), told, now=vote.at))
        ledger.add(tx, prompt_id, event, now=vote.at, actor=vote.actor, detail=told)
        if decisive is None:
            if in_time:
                cards.touch(tx, prompt_id, vote.at)
                notices.add(tx, prompt_id, kind=NoticeKind.VOTED, detail=_told(after, vote), now=vote.at)
            tx.touch(Topic.PROMPTS)
            current = prompt(tx.row(PROMPT_BY_ID, prompt_id=prompt_id))
            return Counted(current) if in_time else Settlement(False, current)
        ended = settle_by(tx, locked[0], prompt_id, decisive, after, now=vote.at)
    (settled,) = ended.rows()
    return Settlement(True, settled_prompt(settled, locked[0]))


def recount(
    tx: Transaction,
    run: Any,
    prompt_id: str,
    counted: Ballot,
    *,
    decide: Decide,
    now: datetime,
    advance: Advance | None = None,
    undo: timedelta | None = None,
) -> bool:
    """Settle a prompt if its votes decide it now that more is known of those who have to agree.

    Args:
        run: What `LOCK_RUN_OF_PROMPT` has found, in the same transaction.
        undo: How long the decision is held back, so that whoever cast the vote that decides may undo it; `None` for
            not at all.

    Returns:
        Whether they do.
    """
    decisive = decide(counted) if counted.votes else None
    if decisive is None:
        return False
    if (following := _following(tx, prompt_id, decisive, counted, advance, now=now)) is not None:
        _enter_stage(tx, prompt_id, decisive, counted, following, now=now)
        return True
    detail = {"via": decisive.via, "answer": decisive.answer, "reason": decisive.reason, "recounted": True}
    detail |= {**_place(decisive), "stage": decisive.stage or None}
    told = {key: value for key, value in detail.items() if value is not None}
    if undo is not None:
        (row,) = tx.rows(_BALLOT, prompt_id=prompt_id, channel="", ts="")
        grace.hold(tx, prompt_id, Held(decisive, _until(now, undo, row.deadline)), told, now=now)
        return True
    ledger.add(tx, prompt_id, outcome_of(decisive).value, now=now, actor=decisive.actor, detail=told)
    settle_by(tx, run, prompt_id, decisive, counted, now=now)
    return True


@transactional
def take_effect(db: Database, prompt_id: str, *, now: datetime) -> Settlement:
    """Settle a prompt by the decision that was held back, once it cannot be undone any more.

    Returns:
        How it was settled, by this call or before; the open prompt if there is nothing to settle it by yet.
    """
    with db.write() as tx:
        locked, found = tx.execute_many(
            LOCK_RUN_OF_PROMPT.bind(prompt_id=prompt_id), _BALLOT.bind(prompt_id=prompt_id, channel="", ts="")
        )
        if not locked:
            raise no_such_prompt(prompt_id)
        (row,) = found
        decision = None if row.outcome is not None else held(row.held)
        if decision is None or decision.until > now:
            return Settlement(False, prompt(tx.row(PROMPT_BY_ID, prompt_id=prompt_id)))
        vote = decision.vote
        detail = {"via": vote.via, "answer": vote.answer, "reason": vote.reason, "shown": decision.shown}
        told = {key: value for key, value in (detail | _place(vote)).items() if value is not None}
        ledger.add(tx, prompt_id, outcome_of(vote).value, now=now, actor=vote.actor, detail=told)
        ended = settle_by(tx, locked[0], prompt_id, vote, ballot(row), now=now)
    (settled,) = ended.rows()
    return Settlement(True, settled_prompt(settled, locked[0]))


def of_prompt(db: Database, prompt_id: str) -> list[Vote]:
    """The submissions to a prompt that came in time, the oldest first."""
    with db.read() as reading:
        return [_vote(row) for row in reading.rows(_IN_TIME, prompt_id=prompt_id)]


def settle_by(tx: Transaction, run: Any, prompt_id: str, decisive: Vote, counted: Ballot, *, now: datetime) -> Any:
    """Settle a prompt by a vote, within a transaction that has locked its run.

    Returns:
        The rows of the settled prompt, once the transaction is committed.
    """
    outcome = outcome_of(decisive)
    # Sent with the commit, which saves a round trip: nothing can have settled the prompt since its run was locked.
    (ended,) = tx.run_at_commit(
        ending(
            prompt_id,
            outcome=outcome,
            actor=decisive.actor,
            now=now,
            answer=decisive.answer,
            reason=decisive.reason if outcome is Outcome.REJECTED else None,
        )
    )
    hand_on(tx, run, prompt_id, outcome, now=now)
    tell_requester(tx, prompt_id, requester(run), counted.reviewers, by=decisive.actor, now=now)
    return ended


def _following(
    tx: Transaction, prompt_id: str, decisive: Vote | None, counted: Ballot, advance: Advance | None, *, now: datetime
) -> NextStage | None:
    """The stage that follows the vote that decides this one; `None` if none decides it, or if no stage follows."""
    if decisive is None or advance is None:
        return None
    return advance(prompt(tx.row(PROMPT_BY_ID, prompt_id=prompt_id)), decisive, counted, now)


def _enter_stage(
    tx: Transaction, prompt_id: str, decisive: Vote, counted: Ballot, following: NextStage, *, now: datetime
) -> None:
    """Have a prompt go on to its next stage, whose people are told in the thread."""
    tx.run(
        _ENTER_STAGE,
        prompt_id=prompt_id,
        stages=stages_as_json(following.passed),
        deadline=following.deadline,
        due_at=following.due_at,
        approvers_due_at=now if following.has_names else None,
        reviewers=reviewers_as_json(Reviewers(requester=counted.reviewers.requester)),
    )
    detail = {"via": decisive.via, "answer": decisive.answer, **_place(decisive)}
    detail |= {"stage": following.passed[-1].name, "next": following.name}
    ledger.add(tx, prompt_id, "stage_passed", now=now, actor=decisive.actor, detail=detail)
    # What somebody has begun to fill in was an answer to the stage before.
    drafts.discard_all(tx, prompt_id)
    cards.touch(tx, prompt_id, now)
    notices.add(tx, prompt_id, kind=NoticeKind.STAGE, detail={"passed": len(following.passed)}, now=now)
    tx.touch(Topic.PROMPTS)


def outcome_of(decisive: Vote) -> Outcome:
    """How a prompt ends that this vote decides."""
    return Outcome.SUBMITTED if decisive.verdict == "submit" else Outcome.REJECTED


def _until(decided_at: datetime, undo: timedelta, deadline: datetime | None) -> datetime:
    """Until when a decision is held back: not longer than until the deadline, which it has kept."""
    until = decided_at + undo
    return until if deadline is None or deadline <= decided_at else min(until, deadline)


def _is_repeated(before: Ballot, vote: Vote) -> bool:
    """Whether this is the vote that this person has cast before."""
    earlier = before.vote_of(vote.actor.id)
    if earlier is None or before.person(earlier.actor.id) != before.person(vote.actor.id):
        return False
    return (earlier.verdict, earlier.answer, earlier.reason, earlier.counts_for, earlier.instead_of) == (
        vote.verdict,
        vote.answer,
        vote.reason,
        vote.counts_for,
        vote.instead_of,
    )


def _shown(card: str | None, form: str) -> dict[str, str] | None:
    """The hashes of what a person had before them, for the ledger."""
    return {name: each for name, each in (("card", card), ("form", form)) if each} or None


def _place(vote: Vote) -> dict[str, str]:
    """In whose place a vote was cast, for the ledger."""
    return {} if vote.instead_of is None else {"for": vote.instead_of.name, "for_id": vote.instead_of.id}


def _told(counted: Ballot, vote: Vote) -> dict[str, Any]:
    """What the notice of a vote needs: the votes as they are now, since others may follow before it is posted."""
    return {"votes": votes_as_json(counted.votes), "actor": vote.actor.id, "stage": vote.stage}


def _add(tx: Transaction, prompt_id: str, vote: Vote, *, in_time: bool) -> None:
    tx.run(
        _ADD,
        prompt_id=prompt_id,
        at=vote.at,
        actor=vote.actor.id,
        actor_name=vote.actor.name,
        claim=vote.actor.claim or None,
        verdict=vote.verdict,
        via=vote.via,
        values=vote.values,
        reason=vote.reason,
        in_time=in_time,
        instead_of=person_as_json(vote.instead_of),
        stage=vote.stage or None,
    )


def _vote(row: Any) -> Vote:
    return Vote(
        actor=recorded(row.actor, row.actor_name, row.claim),
        verdict=row.verdict,
        values=row.values,
        reason=row.reason,
        via=row.via,
        at=row.at,
        instead_of=person(row.instead_of),
        stage=row.stage or "",
    )
