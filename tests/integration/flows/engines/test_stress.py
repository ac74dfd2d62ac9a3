"""Answers, rejections, cancellations and expired workers at the same time, while two workers run every kind of wait."""

import asyncio
import random
from contextlib import suppress
from typing import Any

from signoff import Flow, flow, pause_flow_run, suspend_flow_run
from signoff.flows.approval.desk import Desk
from signoff.flows.engines.embedded.worker import Worker
from signoff.flows.names import now
from signoff.store.database import Database
from signoff.store.errors import RunFinished
from signoff.store.prompts import prompts
from signoff.store.records.runs import RunState
from signoff.store.runs import recovery, runs
from tests.support.answering import ANA
from tests.support.fixtures import StartWorker
from tests.support.waiting import until


@flow
def pausing() -> None:
    pause_flow_run()
    suspend_flow_run()


@flow(retries=1)
async def gathering() -> None:
    await asyncio.gather(pause_flow_run(), pause_flow_run(), suspend_flow_run())


@flow
async def grouping() -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(pause_flow_run())


FLOWS: list[Flow[[], Any]] = [pausing, gathering, grouping]
# A run whose worker has expired three times in a row has crashed.
ENDS = {RunState.COMPLETED, RunState.FAILED, RunState.CANCELLED, RunState.CRASHED}


def act(db: Database, dice: random.Random, workers: list[Worker]) -> None:
    """What people, and a long sleep of the machine, do to the prompts that are open."""
    for prompt in prompts.pending(db, limit=5):
        match dice.choices(("submit", "reject", "cancel", "expire"), weights=(14, 2, 1, 1))[0]:
            case "submit":
                Desk(db).submit(prompt.id, ANA, {}, via="cli")
            case "reject":
                Desk(db).reject(prompt.id, ANA, "No", via="cli")
            case "cancel":
                with suppress(RunFinished):
                    Desk(db).cancel(prompt.run_id, ANA, "Not today")
            case _:
                worker = dice.choice(workers)
                recovery.expire_worker(db, worker._heartbeat.worker, now=now())
                worker._heartbeat.beat()


def test_every_run_ends_and_every_slot_is_free(db: Database, start_worker: StartWorker) -> None:
    """No run is left running by nobody, and what workers count comes out even."""
    dice = random.Random(7)
    workers = [start_worker(*FLOWS, concurrency=3) for _ in range(2)]
    ids = [dice.choice(FLOWS).create_run(db=db).id for _ in range(24)]

    def all_over() -> bool:
        act(db, dice, workers)
        return all(runs.get(db, run_id).state.is_final for run_id in ids)

    until(db, all_over, what="the end of every run")
    assert {runs.get(db, run_id).state for run_id in ids} <= ENDS
    for worker in workers:
        worker.stop()
        assert (worker._running_count, len(worker._executions)) == (0, 0)
