"""Prompts: found, listed and locked. Each function that takes a `Database` is one transaction."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, tuple_

from signoff.store.database import Database
from signoff.store.errors import NoSuchPrompt
from signoff.store.outbox import cards
from signoff.store.records.outbox import CardPlace
from signoff.store.records.prompts import Prompt
from signoff.store.rows import PROMPT_BY_ID, prompt, select_prompts
from signoff.store.run_locks import LOCK_RUN_OF_PROMPT
from signoff.store.sql.statements import Statement, param
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import flow_runs, prompts

_ID_LENGTH = 36

_OF_RUN = prompts.c.run_id == param("run_id")
ALL_OF_RUN = Statement(select_prompts().where(_OF_RUN).order_by(prompts.c.opened_at, prompts.c.id))


def get(db: Database, prompt_id: str) -> Prompt:
    """The prompt with this id, or whose id begins like this.

    Raises:
        NoSuchPrompt: If there is none, or more than one.
    """
    if not prompt_id.isprintable():
        # No id has a NUL or half a character, and a database does not take them.
        raise no_such_prompt(prompt_id)
    with db.read() as reading:
        if len(prompt_id) < _ID_LENGTH:
            begun = select_prompts().where(prompts.c.id.startswith(prompt_id, autoescape=True)).limit(2)
            rows: Sequence[Any] = reading.execute(begun).all()
        else:
            rows = reading.rows(PROMPT_BY_ID, prompt_id=prompt_id)
    return _only_one(rows, prompt_id)


def find(db: Database, text: str, *, limit: int = 100) -> list[Prompt]:
    """The prompts whose id begins like this, and those of the run with this name; newest first.

    Args:
        text: At least one character, as a person has typed it.
    """
    if not text or not text.isprintable():
        return []
    begun = prompts.c.id.startswith(text.lower(), autoescape=True)
    query = (
        select_prompts().where(begun | (flow_runs.c.name == text)).order_by(prompts.c.opened_at.desc(), prompts.c.id)
    )
    with db.read() as reading:
        return [prompt(row) for row in reading.execute(query.limit(limit))]


def get_with_places(db: Database, prompt_id: str) -> tuple[Prompt, list[CardPlace]]:
    """The same, and where its cards go. Given the whole id, both are read in one round trip.

    Raises:
        NoSuchPrompt: If there is none, or more than one.
    """
    if len(prompt_id) < _ID_LENGTH:
        prompt_id = get(db, prompt_id).id
    with db.read() as reading:
        rows, places = reading.execute_many(
            PROMPT_BY_ID.bind(prompt_id=prompt_id), cards.PLACES_OF_PROMPT.bind(prompt_id=prompt_id)
        )
    return _only_one(rows, prompt_id), [cards.place(row) for row in places]


def _only_one(rows: Sequence[Any], prompt_id: str) -> Prompt:
    if not rows or not prompt_id:
        raise no_such_prompt(prompt_id)
    if len(rows) > 1:
        raise NoSuchPrompt(
            f"More than one prompt has an id that begins with {prompt_id!r}. Give more characters of it."
        )
    return prompt(rows[0])


def get_exact(db: Database, prompt_id: str) -> Prompt:
    """The prompt with exactly this id. The beginning of one, as people type it, is not enough.

    Raises:
        NoSuchPrompt: If there is none.
    """
    found = get(db, prompt_id)
    if found.id != prompt_id:
        raise no_such_prompt(prompt_id)
    return found


def of_run(db: Database, run_id: str) -> list[Prompt]:
    """Every prompt of a run, oldest first."""
    with db.read() as reading:
        return [prompt(row) for row in reading.rows(ALL_OF_RUN, run_id=run_id)]


def pending(
    db: Database,
    *,
    limit: int = 100,
    after: Prompt | None = None,
    flow: str | None = None,
    requesters: Collection[str] | None = None,
    overdue_at: datetime | None = None,
) -> list[Prompt]:
    """Open prompts, oldest first.

    Args:
        after: The last prompt of the page before.
        flow: Only those of the flow with this name. Capitals do not matter.
        requesters: Only those that were requested under one of these names. Capitals do not matter.
        overdue_at: Only those whose deadline has passed by then, or of which somebody was reminded.
    """
    query = select_prompts().where(prompts.c.outcome.is_(None))
    if flow is not None:
        query = query.where(func.lower(flow_runs.c.flow) == flow.lower())
    if requesters is not None:
        query = query.where(func.lower(flow_runs.c.requester).in_([each.lower() for each in requesters]))
    if overdue_at is not None:
        query = query.where((prompts.c.deadline <= overdue_at) | (prompts.c.reminders_sent > 0))
    if after is not None:
        query = query.where(tuple_(prompts.c.opened_at, prompts.c.id) > tuple_(after.opened_at, after.id))
    query = query.order_by(prompts.c.opened_at, prompts.c.id).limit(limit)
    with db.read() as connection:
        return [prompt(row) for row in connection.execute(query)]


def opened_since(
    db: Database, since: datetime, *, flow: str | None = None, limit: int = 100, after: Prompt | None = None
) -> list[Prompt]:
    """Prompts that were opened since then, open and settled ones, oldest first.

    Args:
        flow: The name of the flow that asked; `None` for all.
        after: The last prompt of the page before.
    """
    query = select_prompts().where(prompts.c.opened_at >= since)
    if flow is not None:
        query = query.where(flow_runs.c.flow == flow)
    if after is not None:
        query = query.where(tuple_(prompts.c.opened_at, prompts.c.id) > tuple_(after.opened_at, after.id))
    query = query.order_by(prompts.c.opened_at, prompts.c.id).limit(limit)
    with db.read() as connection:
        return [prompt(row) for row in connection.execute(query)]


def revisions_of_open(db: Database) -> dict[str, int]:
    """The revision of every open prompt, by its id."""
    with db.read() as reading:
        rows = reading.execute(select(prompts.c.id, prompts.c.revision).where(prompts.c.outcome.is_(None)))
        return {row.id: row.revision for row in rows}


def with_ids(db: Database, ids: Collection[str]) -> list[Prompt]:
    """The prompts with these ids, in no order."""
    with db.read() as reading:
        return [prompt(row) for row in reading.execute(select_prompts().where(prompts.c.id.in_(list(ids))))]


def decided_lately(db: Database, actor_id: str, requesters: Collection[str], *, limit: int) -> list[Prompt]:
    """The prompts that a person has settled, or whose run they have requested, settled last first.

    Args:
        requesters: The names under which they are known as a requester.
    """
    decided = select_prompts().where(prompts.c.settled_by == actor_id)
    requested = select_prompts().where(flow_runs.c.requester.in_(list(requesters)), prompts.c.outcome.is_not(None))
    found: dict[str, Prompt] = {}
    with db.read() as reading:
        for query in (decided, requested):
            for row in reading.execute(query.order_by(prompts.c.settled_at.desc()).limit(limit)):
                found[row.id] = prompt(row)
    newest = sorted(found.values(), key=lambda each: each.settled_at or each.opened_at, reverse=True)
    return newest[:limit]


def with_broken_policies(db: Database) -> list[str]:
    """The ids of open prompts whose policy this version cannot read, oldest first."""
    from signoff.store.policy import BrokenPolicy, policy_from_json

    query = select(prompts.c.id, prompts.c.policy).where(prompts.c.outcome.is_(None)).order_by(prompts.c.opened_at)
    with db.read() as reading:
        return [row.id for row in reading.execute(query) if isinstance(policy_from_json(row.policy), BrokenPolicy)]


def lock(tx: Transaction, prompt_id: str) -> Prompt:
    """The prompt as it is until the end of this transaction.

    Raises:
        NoSuchPrompt: If there is no such prompt.
    """
    # Everybody who changes a prompt locks its run first, so of two people who do, one comes second. There are two
    # statements, because one that waits for the lock would still see the prompt from before the wait.
    locked, rows = tx.execute_many(LOCK_RUN_OF_PROMPT.bind(prompt_id=prompt_id), PROMPT_BY_ID.bind(prompt_id=prompt_id))
    if not locked:
        raise no_such_prompt(prompt_id)
    return prompt(rows[0])


def no_such_prompt(prompt_id: str) -> NoSuchPrompt:
    """The error for an id that no prompt has."""
    return NoSuchPrompt(f"There is no prompt {prompt_id!r}. To list the open prompts, use `signoff pending`.")
