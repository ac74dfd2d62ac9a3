"""Everything that writes can do so at the same time, without a deadlock and without failing to get a lock."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from signoff.store import leases, ledger, tables
from signoff.store.database import Database
from signoff.store.errors import LeaseLost, RunFinished
from signoff.store.outbox import cards
from signoff.store.prompts import approvers, drafts, due, prompts
from signoff.store.records.approvers import Approver
from signoff.store.records.prompts import Prompt
from signoff.store.records.runs import RunState
from signoff.store.runs import pauses, recovery, runs
from tests.integration.store.samples import (
    ANA,
    BEN,
    NOON,
    a_claimed_run,
    a_worker,
    an_open_prompt,
    asking,
    claim,
    claim_cards,
    claim_notices,
    settle,
)
from tests.support.waiting import PATIENCE, until

PROMPTS = 40

Act = Callable[[Database, list[str], Prompt], Any]


def remind(db: Database, _workers: list[str], prompt: Prompt) -> Any:
    return due.remind(db, prompt, sent=1, due_at=None, now=NOON)


def draw(db: Database, workers: list[str], _prompt: Prompt) -> Any:
    claim_notices(db, workers[0], now=NOON, limit=3)
    for card in claim_cards(db, workers[0], now=NOON, limit=3):
        cards.drawn(db, card, channel="C1", ts=card.prompt.id, now=NOON)


def cancel(db: Database, _workers: list[str], prompt: Prompt) -> Any:
    return runs.cancel(db, prompt.run_id, actor=BEN, reason="", now=NOON)


def finish(db: Database, workers: list[str], _prompt: Prompt) -> Any:
    for run in claim(db, workers[1], limit=3):
        if run.state is RunState.RUNNING:
            runs.finish(db, run.id, run.fencing_token, state=RunState.COMPLETED, now=NOON)
    return leases.renew(db, workers[1], now=NOON, lease=timedelta(days=1))


def free(db: Database, workers: list[str], _prompt: Prompt) -> Any:
    return recovery.expire_worker(db, workers[2], now=NOON)


def decide(db: Database, _workers: list[str], prompt: Prompt) -> Any:
    return settle(db, prompt, ANA)


ACTS: list[Act] = [remind, draw, cancel, finish, free, decide, decide]


def test_people_clocks_dispatchers_and_workers_side_by_side(db: Database) -> None:
    """Prompts are settled, reminded of, drawn and cancelled, while runs are claimed and freed."""
    workers = [a_worker(db) for _ in range(3)]
    asked: list[Prompt] = []
    for number in range(PROMPTS):
        run = a_claimed_run(db, workers[number % 3])
        question = asking(run, due_at=NOON)
        asked.append(
            pauses.open_prompt(
                db, question, fencing_token=run.fencing_token, state=RunState.PAUSED, held=number % 2 == 0
            )
        )
    failed: list[BaseException] = []
    start = threading.Barrier(len(ACTS))

    def work(number: int) -> None:
        start.wait()
        for prompt in asked[number * 5 :] + asked[: number * 5]:
            try:
                ACTS[number](db, workers, prompt)
            except (LeaseLost, RunFinished):
                continue
            except Exception as error:  # noqa: BLE001 - asserted below
                failed.append(error)

    acting = [threading.Thread(target=work, args=(number,)) for number in range(len(ACTS))]
    for each in acting:
        each.start()
    for each in acting:
        each.join()
    assert failed == []
    for prompt in asked:
        ended = [line.event for line in ledger.lines(db, prompt.id) if line.event in ("submitted", "cancelled")]
        assert len(ended) == 1, "each prompt ended once"
    assert prompts.pending(db) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_approver_is_found_missing_while_the_card_is_drawn(db: Database) -> None:
    """Who draws a card holds it and adds to the ledger, which refers to the prompt. Neither waits for the other."""
    prompt = an_open_prompt(db)
    missing = [Approver("@anna", fault="No person or user group has this handle.")]
    recorded: list[list[Approver]] = []

    def record() -> None:
        recorded.append(approvers.record(db, prompt, missing, due_at=None, now=NOON))

    recording = threading.Thread(target=record)
    with db.write() as tx:
        tx.execute(select(tables.cards.c.id).where(tables.cards.c.prompt_id == prompt.id).with_for_update())
        recording.start()
        until(db, lambda: is_anybody_waiting(db), what="the card to be waited for")
        ledger.add(tx, prompt.id, "card_posted", now=NOON)
    recording.join()
    assert recorded == [missing]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_draft_is_saved_while_the_ledger_is_added_to(db: Database) -> None:
    """The row that refers to the prompt does not make the draft wait."""
    prompt = an_open_prompt(db)
    with db.write() as tx:
        ledger.add(tx, prompt.id, "card_posted", now=NOON)
        saving = threading.Thread(
            target=drafts.save, args=(db, prompt.id, ANA.id, {}), kwargs={"revision": 0, "now": NOON}
        )
        saving.start()
        saving.join(PATIENCE)
        assert not saving.is_alive()


def is_anybody_waiting(db: Database) -> bool:
    """Whether a statement waits for a lock."""
    with db.read() as reading:
        return bool(reading.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar())
