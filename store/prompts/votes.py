"""Votes: each person's submission is a row of its own, and the votes together may settle their prompt.

A vote is written, counted and acted on in one transaction that has locked the prompt's run. Everybody who settles a
prompt locks its run first, so what the count has found stays true until the commit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select

from signoff.store import ledger
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.prompts.prompts import no_such_prompt
from signoff.store.prompts.settle import Settlement, ending, hand_on, settled_prompt
from signoff.store.records.actors import recorded
from signoff.store.records.prompts import Outcome, Prompt, Vote
from signoff.store.rows import PROMPT_BY_ID, prompt
from signoff.store.run_locks import LOCK_RUN_OF_PROMPT
from signoff.store.sql.conflicts import transactional
from signoff.store.sql.statements import Statement, insert_into, param
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import prompts, submissions

Decide = Callable[[Sequence[Vote]], Outcome | None]
"""What the votes that came in time give: `submitted`, `rejected`, or `None` while more are needed."""

# One row for each vote that came in time; one with no vote if there is none.
_TALLY = Statement(
    select(
        prompts.c.outcome,
        *submissions.c["at", "actor", "actor_name", "claim", "verdict", "via", "values", "reason"],
    )
    .select_from(prompts)
    .outerjoin(submissions, and_(submissions.c.prompt_id == prompts.c.id, submissions.c.in_time))
    .where(prompts.c.id == param("prompt_id"))
    .order_by(submissions.c.id)
)
_ADD = insert_into(
    submissions, "prompt_id", "at", "actor", "actor_name", "claim", "verdict", "via", "values", "reason", "in_time"
)


@dataclass(frozen=True, slots=True)
class Tally:
    """A vote counts, and its prompt needs more.

    Attributes:
        votes: The votes so far, the oldest first.
    """

    prompt: Prompt
    votes: tuple[Vote, ...]


@transactional
def cast(
    db: Database, prompt_id: str, vote: Vote, *, decide: Decide, answer: Mapping[str, Any] | None = None
) -> Settlement | Tally:
    """Write a vote, and settle its prompt if the votes decide it.

    Args:
        decide: Given the votes that came in time, this one last.
        answer: The validated values that the flow gets if this vote settles the prompt.

    Returns:
        How the prompt was settled, by this vote or before; otherwise the votes so far.

    Raises:
        NoSuchPrompt: If there is no such prompt.
    """
    with db.write() as tx:
        locked, tally = tx.execute_many(LOCK_RUN_OF_PROMPT.bind(prompt_id=prompt_id), _TALLY.bind(prompt_id=prompt_id))
        if not locked:
            raise no_such_prompt(prompt_id)
        in_time = tally[0].outcome is None
        _add(tx, prompt_id, vote, in_time=in_time)
        votes = (*(_vote(row) for row in tally if row.actor is not None), vote)
        outcome = decide(votes) if in_time else None
        event = "too_late" if not in_time else "voted" if outcome is None else outcome.value
        detail = {"via": vote.via, "answer": answer, "reason": vote.reason}
        told = {key: value for key, value in detail.items() if value is not None}
        ledger.add(tx, prompt_id, event, now=vote.at, actor=vote.actor, detail=told)
        if outcome is None:
            tx.touch(Topic.PROMPTS)
            found = prompt(tx.row(PROMPT_BY_ID, prompt_id=prompt_id))
            return Tally(found, votes) if in_time else Settlement(False, found)
        reason = vote.reason if outcome is Outcome.REJECTED else None
        # Sent with the commit, which saves a round trip: nothing can have settled the prompt since it was locked.
        (ended,) = tx.run_at_commit(
            ending(prompt_id, outcome=outcome, actor=vote.actor, now=vote.at, answer=answer, reason=reason)
        )
        hand_on(tx, locked[0], prompt_id, outcome, now=vote.at)
    (row,) = ended.rows()
    return Settlement(True, settled_prompt(row, locked[0]))


def of_prompt(db: Database, prompt_id: str) -> list[Vote]:
    """The votes on a prompt that came in time, the oldest first."""
    with db.read() as reading:
        return [_vote(row) for row in reading.rows(_TALLY, prompt_id=prompt_id) if row.actor is not None]


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
    )


def _vote(row: Any) -> Vote:
    return Vote(
        actor=recorded(row.actor, row.actor_name, row.claim),
        verdict=row.verdict,
        values=row.values,
        reason=row.reason,
        via=row.via,
        at=row.at,
    )
