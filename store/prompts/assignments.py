"""Who has taken a prompt on: changed by compare-and-set. Each function that takes a `Database` is one transaction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import case, or_, update

from signoff.store import ledger
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.outbox import cards, notices
from signoff.store.prompts.prompts import lock
from signoff.store.records.actors import Actor
from signoff.store.records.assignment import Assignment
from signoff.store.records.outbox import NoticeKind
from signoff.store.records.prompts import Prompt
from signoff.store.rows import PROMPT_BY_ID, assignment_as_json, prompt
from signoff.store.sql.conflicts import transactional
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import prompts


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a prompt's assignment.

    Attributes:
        event: Its word in the ledger: `claimed`, `released`.
        after: Who has the prompt from then on.
        detail: What else the ledger and the thread say of it.
        check_by: When Slack is asked at the latest whether the assignee may still answer; `None` if nobody has it.
        show: The id of a person who gets a card of their own, in direct messages; `None` for nobody.
    """

    event: str
    after: Assignment
    detail: Mapping[str, Any] = field(default_factory=dict)
    check_by: datetime | None = None
    show: str | None = None


Plan = Callable[[Prompt], Change | None]
"""What becomes of an open prompt as it is now; `None` for nothing. It depends on nothing but the prompt."""


class PromptChanged(Exception):
    """The prompt is not as it was when somebody was let act on it, who perhaps may not any more."""


@transactional
def change(
    db: Database, prompt_id: str, plan: Plan, *, actor: Actor, now: datetime, admitted: Prompt | None = None
) -> tuple[bool, Prompt]:
    """Change who has a prompt, unless it is settled or the plan comes to nothing.

    Args:
        admitted: The prompt as it was when this person was let act on it; `None` if nobody has to be.

    Returns:
        Whether this has changed it, and the prompt as it is then.

    Raises:
        NoSuchPrompt: If there is no such prompt.
        PromptChanged: If it is open, and has changed since. Nothing is written.
    """
    with db.write() as tx:
        current = lock(tx, prompt_id)
        if admitted is not None and current.is_open and current.revision != admitted.revision:
            raise PromptChanged
        planned = plan(current) if current.is_open else None
        if planned is None:
            return False, current
        return True, apply(tx, current, planned, actor=actor, now=now)


def apply(tx: Transaction, current: Prompt, planned: Change, *, actor: Actor, now: datetime) -> Prompt:
    """Change who has a prompt that this transaction has locked. Returns the prompt as it is then."""
    prompt_id, due_at = current.id, prompts.c.approvers_due_at
    values: dict[str, Any] = {
        "assignee": None if planned.after.assignee is None else planned.after.assignee.id,
        "assignment": assignment_as_json(planned.after),
        "revision": prompts.c.revision + 1,
    }
    if planned.check_by is not None:
        is_later = or_(due_at.is_(None), due_at > planned.check_by)
        values["approvers_due_at"] = case((is_later, planned.check_by), else_=due_at)
    tx.execute(update(prompts).where(prompts.c.id == prompt_id).values(values))
    ledger.add(tx, prompt_id, planned.event, now=now, actor=actor, detail=planned.detail)
    told = {"event": planned.event, "by": {"id": actor.id, "name": actor.name}, **planned.detail}
    notices.add(tx, prompt_id, kind=NoticeKind.ASSIGNED, detail=told, now=now)
    cards.touch(tx, prompt_id, now)
    if planned.show is not None:
        cards.add_for(tx, prompt_id, [planned.show], now=now)
    tx.touch(Topic.PROMPTS)
    return prompt(tx.row(PROMPT_BY_ID, prompt_id=prompt_id))
