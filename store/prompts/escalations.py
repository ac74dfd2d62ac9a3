"""Escalations: from a certain age on, more people may answer a prompt."""

from datetime import datetime

from sqlalchemy import update

from signoff.store import ledger
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.outbox import cards, notices
from signoff.store.places import Place, PlaceKind
from signoff.store.prompts.due import as_read
from signoff.store.records.outbox import NoticeKind
from signoff.store.records.prompts import Prompt
from signoff.store.sql.conflicts import transactional
from signoff.store.tables import prompts


@transactional
def escalate(db: Database, prompt: Prompt, *, number: int, due_at: datetime | None, now: datetime) -> bool:
    """Let the people of the next escalation answer, have them told, and have the cards say so.

    Args:
        number: The number of escalations including this one.
        due_at: When the next act of the prompt is due.

    Returns:
        Whether this call did it; not if the prompt is not `as_read` any more.
    """
    escalation = prompt.policy.escalations[number - 1]
    with db.write() as tx:
        moved = tx.execute(
            update(prompts)
            .where(as_read(prompt))
            # More people can answer now, which may matter to what was said about too few of them.
            .values(escalations=number, due_at=due_at, approvers_due_at=now, revision=prompts.c.revision + 1)
        )
        if moved.rowcount == 0:
            return False
        cards.touch(tx, prompt.id, now)
        if escalation.channel is not None:
            cards.add_missing(tx, prompt.id, [Place(PlaceKind.CHANNEL, escalation.channel)], now=now)
        notices.add(tx, prompt.id, kind=NoticeKind.ESCALATED, detail={"number": number}, now=now)
        where = {} if escalation.channel is None else {"channel": escalation.channel}
        detail = {"to": list(escalation.to), "after": escalation.after.total_seconds(), **where}
        ledger.add(tx, prompt.id, "escalated", now=now, detail=detail)
        tx.touch(Topic.PROMPTS)
        return True
