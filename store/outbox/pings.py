"""Whom a reminder pings now, and whom later: decided and recorded before it is posted, in one transaction.

Nobody is pinged twice for one thing. So a person has at most one reminder of a prompt ahead of them: what is put off
for somebody who has one already takes its place.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update

from signoff.store import ledger
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.outbox import notices as notices_outbox
from signoff.store.places import Place
from signoff.store.records.outbox import Notice, NoticeKind
from signoff.store.sql.conflicts import transactional
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import notices, pings

DAY = timedelta(days=1)

PINGED = "pinged"
"""The detail of a notice with the ids of those whom it mentions. Without it, that has not been decided."""

FOR = "for"
"""The detail of a notice with the ids of those for whom it was put off. Without it, it is for everybody."""

_SINCE = "since"
_PLANNED = "planned"

ReadyAt = Callable[[str, Sequence[datetime]], datetime]
"""When a person may be pinged, given when they were in the day before: now, or later."""


@transactional
def plan(
    db: Database,
    notice: Notice,
    people: Collection[str],
    ready_at: ReadyAt,
    *,
    now: datetime,
    is_for_others: bool = False,
) -> Notice | None:
    """Decide whom a claimed notice pings now, and have the others pinged later.

    Args:
        people: The ids of those whom it is for, as far as they are known.
        is_for_others: Whether it is also for people who are not known, for whom it is posted when it first comes.

    Returns:
        The notice with those whom it pings; `None` if it is not to be posted, because everybody is pinged later, or
        was since it was due, or because another worker has claimed it.
    """
    with db.write() as tx:
        held = tx.execute(
            select(notices.c.detail)
            .where(notices.c.id == notice.id, notices.c.claimed_by == notice.worker)
            .with_for_update()
        ).first()
        if held is None:
            return None
        if not db.is_sqlite:
            # No other process may ping anybody between the count and the commit.
            tx.connection.exec_driver_sql("LOCK TABLE pings IN SHARE ROW EXCLUSIVE MODE")
        detail = dict(held.detail)
        _forget(tx, notice, detail)
        wanted = [each for each in people if each in detail.get(FOR, people)]
        recent = _recent(tx, wanted, now - DAY)
        since = datetime.fromisoformat(detail[_SINCE]) if _SINCE in detail else notice.created_at
        waiting = [each for each in wanted if not _was_pinged(recent[each], notice.prompt.id, since)]
        ready = {each: ready_at(each, [at for at, _ in recent[each]]) for each in waiting}
        pinged = [each for each in waiting if ready[each] <= now]
        later = {each: moment for each, moment in ready.items() if moment > now}
        _put_off(tx, notice, later, since=since, now=now)
        is_posted = bool(pinged) or (is_for_others and _SINCE not in detail) or not (people or FOR in detail)
        detail |= {PINGED: pinged, _PLANNED: now.isoformat()}
        over = {} if is_posted else {"due_at": None, "claimed_by": None}
        tx.execute(update(notices).where(notices.c.id == notice.id).values(detail=detail, **over))
        for each in pinged:
            tx.execute(insert(pings).values(prompt_id=notice.prompt.id, person=each, at=now))
    return replace(notice, detail=detail) if is_posted else None


def remind_later(
    tx: Transaction, prompt_id: str, person: str, *, until: datetime, place: Place | None, now: datetime
) -> None:
    """Have one person reminded of a prompt at this moment, in place of what was put off for them, within an open
    transaction.

    Args:
        place: Where; the thread of the prompt's first card if not given.
    """
    _take_out(tx, prompt_id, NoticeKind.REMINDER, [person], now=now)
    detail = {"number": 0, FOR: [person], _SINCE: now.isoformat()}
    notices_outbox.add(tx, prompt_id, kind=NoticeKind.REMINDER, detail=detail, now=until, place=place)


def _forget(tx: Transaction, notice: Notice, detail: Mapping[str, Any]) -> None:
    """Undo an earlier decision about a notice that was not posted then."""
    if detail.get(PINGED):
        at = datetime.fromisoformat(detail[_PLANNED])
        theirs = (pings.c.prompt_id == notice.prompt.id) & (pings.c.at == at) & pings.c.person.in_(detail[PINGED])
        tx.execute(delete(pings).where(theirs))


def _recent(tx: Transaction, people: Collection[str], after: datetime) -> dict[str, list[tuple[datetime, str]]]:
    """When these people were pinged, and about which prompt, the oldest first."""
    found: dict[str, list[tuple[datetime, str]]] = {each: [] for each in people}
    query = select(*pings.c["person", "at", "prompt_id"]).where(pings.c.person.in_(list(people)), pings.c.at > after)
    for row in tx.execute(query.order_by(pings.c.at)) if people else ():
        found[row.person].append((row.at, row.prompt_id))
    return found


def _was_pinged(recent: Sequence[tuple[datetime, str]], prompt_id: str, since: datetime) -> bool:
    return any(about == prompt_id and at >= since for at, about in recent)


def _take_out(tx: Transaction, prompt_id: str, kind: NoticeKind, people: Collection[str], *, now: datetime) -> None:
    """Take people out of what was put off for them."""
    later = (notices.c.prompt_id == prompt_id) & (notices.c.kind == kind) & (notices.c.due_at > now)
    for row in tx.execute(select(notices).where(later).with_for_update()).all():
        others = [each for each in row.detail.get(FOR, ()) if each not in people]
        if FOR in row.detail and len(others) < len(row.detail[FOR]):
            due_at = row.due_at if others else None
            tx.execute(
                update(notices).where(notices.c.id == row.id).values(detail={**row.detail, FOR: others}, due_at=due_at)
            )


def _put_off(tx: Transaction, notice: Notice, later: Mapping[str, datetime], *, since: datetime, now: datetime) -> None:
    if not later:
        return
    _take_out(tx, notice.prompt.id, notice.kind, later, now=now)
    for moment in sorted(set(later.values())):
        whom = sorted(each for each, at in later.items() if at == moment)
        detail = {name: value for name, value in notice.detail.items() if name not in (PINGED, _PLANNED)}
        tx.execute(
            insert(notices).values(
                prompt_id=notice.prompt.id,
                kind=notice.kind,
                place_kind=None if notice.is_reply else notice.place.kind,
                place_target=None if notice.is_reply else notice.place.target,
                detail={**detail, FOR: whom, _SINCE: since.isoformat()},
                created_at=moment,
                due_at=moment,
            )
        )
    told = {each: moment.isoformat() for each, moment in sorted(later.items())}
    ledger.add(tx, notice.prompt.id, "put_off", now=now, detail={"until": told})
    tx.touch(Topic.CARDS)
