"""Runs of other engines, as those engines report them. Each function is one transaction.

Such a run is the row that its prompts belong to. No worker ever takes it, and its state says only what its engine has
reported: that it waits, that it went on, or how it ended.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.prompts import repeats
from signoff.store.prompts.repeats import CountAgain
from signoff.store.prompts.settle import cancel_all
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.records.runs import FlowRun, RunState
from signoff.store.rows import flow_run, prompt
from signoff.store.run_locks import LOCK_RUN_OF_ENGINE
from signoff.store.runs.pauses import PROMPT_BY_KEY, insert_prompt, supersede
from signoff.store.runs.runs import add_end_notice, end_queries
from signoff.store.sql.conflicts import transactional
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import flow_runs, prompts


def open_prompt(db: Database, asked: Prompt, *, count_again: CountAgain | None = None) -> Prompt:
    """Open the prompt of a run that another engine has paused. Reporting the same pause again opens nothing.

    A prompt that `end` has withdrawn, because the run was said to have gone on, is asked again: the run waits after
    all.

    Args:
        asked: The prompt. Its run is known by `engine` and `external_run_id`, and the prompt by its run and `key`. If
            the run is new, it gets the `run_id`, `run_name`, `flow` and `requester` of the prompt.
        count_again: Makes an answer of an approval of the same request; `None` if none may count.

    Returns:
        The prompt as the database has it; it may be settled already.
    """
    try:
        return _open_prompt(db, asked, count_again)
    except IntegrityError:
        # Another process has just written the same run.
        return _open_prompt(db, asked, count_again)


@transactional
def end(
    db: Database, engine: str, external_id: str, *, state: RunState | None, reason: str, actor: Actor, now: datetime
) -> bool:
    """Note that a run went on, or ended, without an answer from here: what it still asks is cancelled.

    The engine is not told, since it said so itself.

    Args:
        state: How the run ended; `None` if it goes on.

    Returns:
        Whether the run was known and not over already.
    """
    with db.write() as tx:
        run = _locked(tx, engine, external_id)
        if run is None or run.state.is_final:
            return False
        still_open, newest = tx.execute_many(*end_queries(run.id))
        cancel_all(tx, still_open, actor=actor, reason=reason, now=now)
        values: dict[str, Any] = {"state": state or RunState.RUNNING}
        if still_open or state is not None:
            values["message"] = reason
        if state is not None and state.is_final:
            add_end_notice(tx, newest, state, now, reason=reason)
            values["finished_at"] = now
        tx.execute(update(flow_runs).where(flow_runs.c.id == run.id).values(values))
        tx.touch(Topic.STATES)
        return True


def waiting(db: Database, engine: str) -> list[FlowRun]:
    """The runs of an engine that wait for an answer, as far as the database knows."""
    query = select(flow_runs).where(
        flow_runs.c.engine == engine,
        flow_runs.c.external_id.is_not(None),
        flow_runs.c.state.in_((RunState.PAUSED, RunState.SUSPENDED)),
    )
    with db.read() as reading:
        return [flow_run(row) for row in reading.execute(query)]


@transactional
def _open_prompt(db: Database, asked: Prompt, count_again: CountAgain | None) -> Prompt:
    with db.write() as tx:
        run = _locked(tx, asked.engine, asked.external_run_id or "")
        run_id = _insert_run(tx, asked) if run is None else run.id
        found = tx.row(PROMPT_BY_KEY, run_id=run_id, key=asked.key)
        if found is not None and run is not None:
            known = prompt(found)
            if not _was_withdrawn(known, run):
                return known
            engine = Actor(asked.engine, asked.engine)
            supersede(tx, prompts.c.id == known.id, actor=engine, now=asked.opened_at)
        if run is not None:
            paused = {"state": RunState.PAUSED, "message": "", "finished_at": None}
            tx.execute(update(flow_runs).where(flow_runs.c.id == run_id).values(paused))
        asked = replace(asked, run_id=run_id)
        insert_prompt(tx, asked, automatic=repeats.find(tx, asked, count_again))
        tx.touch(Topic.PROMPTS, Topic.STATES)
        return prompt(tx.row(PROMPT_BY_KEY, run_id=run_id, key=asked.key))


def _was_withdrawn(known: Prompt, run: FlowRun) -> bool:
    """Whether the engine has reported that the run went on without an answer. Then it was wrong, or too late.

    Two processes may poll the engine. One of them may still believe that nothing waits, while the other has reported
    the pause already.
    """
    return known.outcome is Outcome.CANCELLED and known.delivery is None and not run.state.is_final


def _insert_run(tx: Transaction, asked: Prompt) -> str:
    requester = asked.requester
    tx.execute(
        insert(flow_runs).values(
            id=asked.run_id,
            name=asked.run_name,
            flow=asked.flow,
            parameters={},
            state=RunState.PAUSED,
            created_at=asked.opened_at,
            engine=asked.engine,
            external_id=asked.external_run_id,
            requester=None if requester is None else requester.id,
            requester_name=None if requester is None else requester.name,
        )
    )
    return asked.run_id


def _locked(tx: Transaction, engine: str, external_id: str) -> FlowRun | None:
    row = tx.row(LOCK_RUN_OF_ENGINE, engine=engine, external_id=external_id)
    return None if row is None else flow_run(row)
