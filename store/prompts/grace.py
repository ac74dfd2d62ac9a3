"""Decisions that are held back for a while, during which the person can undo them.

What is held back is in a column of its prompt, which stays open: a kill loses nothing, and the run does not move.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import update

from signoff.store import ledger
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.outbox import cards
from signoff.store.prompts.prompts import lock
from signoff.store.prompts.settle import Settlement
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt
from signoff.store.records.votes import Held
from signoff.store.rows import PROMPT_BY_ID, held_as_json, prompt, votes_as_json
from signoff.store.sql.conflicts import transactional
from signoff.store.sql.statements import Statement, param
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import prompts, submissions

_WITH_ID = prompts.c.id == param("prompt_id")
_HOLD = Statement(
    update(prompts).where(_WITH_ID).values(held=param("held"), due_at=param("due_at"), revision=prompts.c.revision + 1)
)


def hold(tx: Transaction, prompt_id: str, decision: Held, told: Mapping[str, Any], *, now: datetime) -> Prompt:
    """Hold back a decision, within the transaction that has counted its vote.

    Args:
        told: What the ledger says of it.
        now: When the votes have decided: later than the vote, if fewer are enough since then.
    """
    by = decision.vote.actor
    tx.run(_HOLD, prompt_id=prompt_id, held=held_as_json(decision), due_at=decision.until)
    detail = {**told, "until": decision.until.isoformat()}
    ledger.add(tx, prompt_id, "held", now=now, actor=by, detail=detail)
    cards.touch(tx, prompt_id, now)
    tx.touch(Topic.PROMPTS)
    return prompt(tx.row(PROMPT_BY_ID, prompt_id=prompt_id))


@transactional
def undo(
    db: Database,
    prompt_id: str,
    actor: Actor,
    *,
    via: str,
    now: datetime,
    next_due_at: Callable[[Prompt], datetime | None],
) -> Settlement:
    """Take back the decision of a person that is held back, and with it their vote. The prompt is open again.

    Args:
        actor: The person who has decided, under the id of their vote.
        next_due_at: Says when the next act of an open prompt is due; `None` for never.

    Returns:
        Whether this call did it, and the prompt as it is now.
    """
    with db.write() as tx:
        found = lock(tx, prompt_id)
        decision = found.held if found.is_open else None
        undone = decision is not None and decision.until > now and decision.vote.actor.id == actor.id
        if decision is not None and undone:
            own = decision.vote.actor.id
            counted = found.ballot
            left = [each for each in counted.votes if counted.person(each.actor.id) != counted.person(own)]
            tx.execute(
                update(prompts)
                .where(prompts.c.id == prompt_id)
                .values(
                    held=None,
                    votes=votes_as_json(left) or None,
                    due_at=next_due_at(replace(found, held=None)),
                    revision=prompts.c.revision + 1,
                )
            )
            # It does not count any more, so nobody is told of it as of a vote.
            given = (submissions.c.actor == own) & (submissions.c.at == decision.vote.at)
            tx.execute(update(submissions).where(submissions.c.prompt_id == prompt_id, given).values(in_time=False))
            ledger.add(tx, prompt_id, "undone", now=now, actor=actor, detail={"via": via})
            cards.touch(tx, prompt_id, now)
            tx.touch(Topic.PROMPTS)
        return Settlement(undone, prompt(tx.row(PROMPT_BY_ID, prompt_id=prompt_id)))
