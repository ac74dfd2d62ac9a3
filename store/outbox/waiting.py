"""What waits to be sent to Slack: a little of it for each place, so that no place hides the others."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, exists, false, func, select

from signoff.store.database import Database
from signoff.store.outbox.claiming import is_claimable
from signoff.store.outbox.notices import FIRST_CARD, HAS_PLACE
from signoff.store.places import Place, PlaceKind
from signoff.store.records.outbox import Waiting
from signoff.store.sql.statements import Statement, param
from signoff.store.tables import cards, notices, prompts


def _first_of_each(due: Select[Any], place: list[ColumnElement[Any]], order: list[ColumnElement[Any]]) -> Statement:
    """The first few rows of each place."""
    numbered = due.add_columns(func.row_number().over(partition_by=place, order_by=order).label("number")).subquery()
    return Statement(select(numbered).where(numbered.c.number <= param("limit")).order_by(numbered.c.number))


_is_update = cards.c.ts.is_not(None)
_is_settled = case(
    # Only updates go by it, and of them there are few.
    (_is_update, exists().where(prompts.c.id == cards.c.prompt_id, prompts.c.outcome.is_not(None))),
    else_=false(),
)
_CARDS = _first_of_each(
    select(
        *cards.c["id", "place_kind", "place_target", "channel", "due_at"],
        _is_update.label("is_update"),
        _is_settled.label("is_settled"),
        cards.c.claimed_by.is_not(None).label("in_doubt"),
    ).where(cards.c.due_at <= param("now"), is_claimable(cards.c.claimed_by)),
    place=[_is_update, case((_is_update, cards.c.channel), else_=cards.c.place_kind + "/" + cards.c.place_target)],
    order=[case((_is_settled, 0), else_=1), cards.c.due_at, cards.c.id],
)
_NOTICES = _first_of_each(
    select(
        *notices.c["id", "place_kind", "place_target", "due_at"],
        cards.c.channel,
        cards.c.ts,
        notices.c.claimed_by.is_not(None).label("in_doubt"),
    )
    .select_from(notices)
    .outerjoin(cards, FIRST_CARD)
    .where(notices.c.due_at <= param("now"), is_claimable(notices.c.claimed_by), HAS_PLACE),
    place=[
        case(
            (notices.c.place_kind.is_(None), cards.c.channel),
            else_=notices.c.place_kind + "/" + notices.c.place_target,
        )
    ],
    order=[notices.c.due_at, notices.c.id],
)


def waiting(db: Database, worker: str, *, now: datetime, limit: int) -> list[Waiting]:
    """What `worker` could claim now, in the order in which it is to be sent within each place.

    Args:
        limit: How many cards to post, cards to update and notices there are at most of each place.
    """
    with db.read() as reading:
        of_cards, of_notices = reading.execute_many(
            _CARDS.bind(worker=worker, now=now, limit=limit), _NOTICES.bind(worker=worker, now=now, limit=limit)
        )
    found = [
        Waiting(
            id=row.id,
            is_notice=False,
            place=Place(PlaceKind(row.place_kind), row.place_target),
            channel=row.channel,
            is_update=bool(row.is_update),
            is_settled=bool(row.is_settled),
            in_doubt=bool(row.in_doubt),
            due_at=row.due_at,
        )
        for row in of_cards
    ]
    found += [
        Waiting(
            id=row.id,
            is_notice=True,
            place=Place.thread(row.channel, row.ts)
            if row.place_kind is None
            else Place(PlaceKind(row.place_kind), row.place_target),
            channel=row.channel if row.place_kind is None else None,
            is_update=False,
            is_settled=False,
            in_doubt=bool(row.in_doubt),
            due_at=row.due_at,
        )
        for row in of_notices
    ]
    return found
