"""What people change about the time of an open prompt: its deadline, and when they are reminded themselves."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select, update

from signoff.store import ledger
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.outbox import cards, notices, pings
from signoff.store.prompts.prompts import lock, no_such_prompt
from signoff.store.records.actors import Actor
from signoff.store.records.outbox import NoticeKind
from signoff.store.records.prompts import Prompt
from signoff.store.sql.conflicts import transactional
from signoff.store.tables import prompts


@transactional
def extend(
    db: Database, prompt_id: str, actor: Actor, change: Callable[[Prompt], Prompt], *, via: str, now: datetime
) -> Prompt:
    """Give a prompt more time, unless it is settled. Its cards and its thread say so.

    Args:
        change: Moves the deadline of an open prompt, and says when its next act is due.
        via: How it came: `slack`.

    Returns:
        The prompt with its new deadline; as it was settled, if it was.

    Raises:
        NoSuchPrompt: If there is no such prompt.
    """
    with db.write() as tx:
        found = lock(tx, prompt_id)
        if not found.is_open or found.deadline is None:
            return found
        changed = change(found)
        deadline = changed.deadline or found.deadline
        values = {
            "deadline": deadline,
            "due_at": changed.due_at,
            "overdue_at": changed.overdue_at,
            "revision": prompts.c.revision + 1,
        }
        tx.execute(update(prompts).where(prompts.c.id == prompt_id).values(values))
        until = deadline.isoformat()
        by = (deadline - found.deadline).total_seconds()
        ledger.add(tx, prompt_id, "extended", now=now, actor=actor, detail={"until": until, "seconds": by, "via": via})
        detail = {"by": actor.name, "until": until}
        notices.add(tx, prompt_id, kind=NoticeKind.EXTENDED, detail=detail, now=now)
        cards.touch(tx, prompt_id, now)
        tx.touch(Topic.PROMPTS)
        return changed


@transactional
def snooze(db: Database, prompt_id: str, actor: Actor, *, until: datetime, now: datetime) -> bool:
    """Have somebody reminded of a prompt at this moment, and not before.

    Returns:
        Whether the prompt is open.

    Raises:
        NoSuchPrompt: If there is no such prompt.
    """
    with db.write() as tx:
        query = select(prompts.c["outcome"], prompts.c["snoozed"]).where(prompts.c.id == prompt_id)
        row = tx.execute(query.with_for_update(key_share=True)).first()
        if row is None:
            raise no_such_prompt(prompt_id)
        if row.outcome is not None:
            return False
        snoozed = {**(row.snoozed or {}), actor.id: until.isoformat()}
        tx.execute(update(prompts).where(prompts.c.id == prompt_id).values(snoozed=snoozed))
        place = next(iter(cards.own_threads(tx, prompt_id, actor.id)), None)
        pings.remind_later(tx, prompt_id, actor.id, until=until, place=place, now=now)
        ledger.add(tx, prompt_id, "snoozed", now=now, actor=actor, detail={"until": until.isoformat()})
        return True
