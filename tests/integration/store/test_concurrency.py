"""Everything that writes can do so at the same time, without a deadlock and without failing to get a lock."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from signoff.store import leases, ledger
from signoff.store.database import Database
from signoff.store.errors import LeaseLost, RunFinished
from signoff.store.outbox import cards, notices
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Prompt
from signoff.store.records.runs import RunState
from signoff.store.runs import pauses, recovery, runs
from tests.integration.store.samples import ANA, BEN, NOON, a_claimed_run, a_worker, asking, claim, settle

PROMPTS = 40

Act = Callable[[Database, list[str], Prompt], Any]


def remind(db: Database, _workers: list[str], prompt: Prompt) -> Any:
    return prompts.remind(db, prompt, sent=1, due_at=None, now=NOON)


def draw(db: Database, workers: list[str], _prompt: Prompt) -> Any:
    notices.claim_due(db, workers[0], now=NOON, limit=3)
    for card in cards.claim_due(db, workers[0], now=NOON, limit=3):
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
