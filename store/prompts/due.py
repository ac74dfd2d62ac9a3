"""What is due for open prompts. Each function that takes a `Database` is one transaction."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select, update

from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.outbox import cards, notices
from signoff.store.outbox.pings import FOR
from signoff.store.places import Place
from signoff.store.prompts import absences
from signoff.store.records.absence import cover_of
from signoff.store.records.actors import DEADLINE
from signoff.store.records.outbox import NoticeKind
from signoff.store.records.prompts import Prompt
from signoff.store.rows import prompt, select_prompts
from signoff.store.sql.conflicts import transactional
from signoff.store.sql.statements import Statement, param
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import prompts


def _select_due(now: Any, limit: Any) -> Select[Any]:
    return select_prompts().where(prompts.c.due_at <= now).order_by(prompts.c.due_at).limit(limit)


_DUE = Statement(_select_due(param("now"), param("limit")))
_SELECT_NEXT_DUE_AT = select(func.min(prompts.c.due_at).label("due_at")).where(prompts.c.due_at.is_not(None))
_NEXT_DUE_AT = Statement(_SELECT_NEXT_DUE_AT)


def due(db: Database, *, now: datetime, limit: int = 100, without: Collection[str] = ()) -> list[Prompt]:
    """Prompts with a reminder or deadline that is due, longest due first.

    Args:
        without: The ids of prompts to leave out.
    """
    with db.read() as reading:
        if without:
            return [prompt(row) for row in reading.execute(_leave_out(_select_due(now, limit), without))]
        return [prompt(row) for row in reading.rows(_DUE, now=now, limit=limit)]


def next_due_at(db: Database, *, without: Collection[str] = ()) -> datetime | None:
    """When the next reminder or deadline is due; `None` if there is none.

    Args:
        without: The ids of prompts to leave out.
    """
    with db.read() as reading:
        if without:
            found: datetime | None = reading.execute(_leave_out(_SELECT_NEXT_DUE_AT, without)).scalar()
        else:
            found = reading.rows(_NEXT_DUE_AT)[0].due_at
    return found


def _leave_out(query: Select[Any], ids: Collection[str]) -> Select[Any]:
    return query.where(prompts.c.id.not_in(ids))


def as_read(found: Prompt) -> ColumnElement[bool]:
    """That a prompt is still open, and as far as it was when it was read.

    `due_at` is computed from the fields of `flows.approval.acts.Progress`, which only the columns compared here
    change. Whoever has computed it before the transaction writes it on this condition, and reads again if it does not
    hold: the clock may have been stopped, or somebody may have decided what is held back now.
    """
    is_held, is_overdue = prompts.c.held.is_not(None), prompts.c.overdue_at.is_not(None)
    return and_(
        prompts.c.id == found.id,
        prompts.c.outcome.is_(None),
        is_held if found.held is not None else ~is_held,
        is_overdue if found.overdue_at is not None else ~is_overdue,
        prompts.c.reminders_sent == found.reminders_sent,
        prompts.c.escalations == found.escalations,
        prompts.c.deadline.is_not_distinct_from(found.deadline),
    )


@transactional
def reschedule(db: Database, prompt_: Prompt, *, due_at: datetime | None) -> None:
    """Change when an open prompt is due, unless another process has changed that since it was read."""
    with db.write() as tx:
        unchanged = as_read(prompt_) & (prompts.c.due_at == prompt_.due_at)
        tx.execute(update(prompts).where(unchanged).values(due_at=due_at))


@transactional
def remind(db: Database, reminded: Prompt, *, sent: int, due_at: datetime | None, now: datetime) -> bool:
    """Have a reminder posted.

    Args:
        sent: The number of reminders including this one.
        due_at: When the next reminder or the deadline is due.

    Returns:
        Whether this call did it; not if the prompt is not `as_read` any more.
    """
    with db.write() as tx:
        moved = tx.execute(update(prompts).where(as_read(reminded)).values(reminders_sent=sent, due_at=due_at))
        if moved.rowcount == 0:
            return False
        # Whoever has it is reminded in a card of their own, if they have one, which leaves the channel in peace. And if
        # the approvers have got cards of their own, each is reminded there.
        is_direct = reminded.policy.notify != "channel"
        threads: list[tuple[Place, str | None]] = [(each, None) for each in _threads_of_assignee(tx, reminded, now)]
        threads = threads or [*cards.threads_of_redirected(tx, reminded.id, always=is_direct)]
        for place, person in threads:
            detail = {"number": sent} | ({} if person is None else {FOR: [person]})
            notices.add(tx, reminded.id, kind=NoticeKind.REMINDER, detail=detail, now=now, place=place)
        if not threads:
            notices.add(tx, reminded.id, kind=NoticeKind.REMINDER, detail={"number": sent}, now=now)
        ledger.add(tx, reminded.id, "reminded", now=now)
        return True


@transactional
def note_overdue(db: Database, passed: Prompt, *, due_at: datetime | None, now: datetime) -> bool:
    """Have the cards of a prompt say that its deadline has passed, which leaves it open.

    Args:
        due_at: When its next act is due; `None` for never.

    Returns:
        Whether this call did it; not if the prompt is not `as_read` any more.
    """
    with db.write() as tx:
        moved = tx.execute(
            update(prompts)
            .where(as_read(passed))
            .values(overdue_at=now, due_at=due_at, revision=prompts.c.revision + 1)
        )
        if moved.rowcount == 0:
            return False
        ledger.add(tx, passed.id, "overdue", now=now, actor=DEADLINE)
        cards.touch(tx, passed.id, now)
        return True


def _threads_of_assignee(tx: Transaction, reminded: Prompt, now: datetime) -> list[Place]:
    """The thread of the card in direct messages of whoever has a prompt, or of who covers for them; none if none is."""
    assignee = reminded.assignment.assignee
    if assignee is None:
        return []
    cover = cover_of(assignee.id, absences.current_in(tx, now=now))
    return cards.own_threads(tx, reminded.id, assignee.id if cover is None else cover.id)
