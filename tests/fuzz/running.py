"""Runs a generated flow in this process, with workers that die.

A worker dies by losing its database: from a chosen write or effect on, nothing of its runs reads, writes or has an
effect any more. What it leaves behind is what a process would leave that was killed at that moment.
"""

import itertools
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from signoff import Flow, Policy
from signoff.flows.code.digest import digest
from signoff.flows.durable.context import require_run_context
from signoff.flows.engines.embedded.worker import Worker
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.runs import journal, recovery, runs
from tests.fuzz.flows import FlowOperations, flow_named
from tests.fuzz.interpreter import Guards
from tests.fuzz.programs import Case, Life, Program, edited
from tests.fuzz.world import World

LAST = Life(edit=None, dies_at=None, is_lost=False, lingers=False, answers=1_000, answers_after=0)
_OF_THE_WORKER = ("MainThread", "signoff-worker", "signoff-heartbeat", "signoff-changes")


class Killed(BaseException):
    """The process of this worker is dead."""


def faults_of(db: Database, case: Case, *, patience: float = 60.0) -> list[str]:
    """Run a case to its end; what should not have happened."""
    world, program, was_edited = World(db, case.seed, patience), case.program, False
    run_id = _flow(_Life(world, LAST, 0, ""), program).create_run(db=db).id
    lingering: list[Worker] = []
    try:
        for number, plan in enumerate((*case.lives, LAST), 1):
            if plan.edit is not None:
                program, was_edited = edited(program, plan.edit), True
            life = _Life(world, plan, number, run_id)
            lingering += _live(life, _flow(life, program))
            if runs.get(db, run_id).state.is_final:
                break
            for each in world.open_prompts(run_id)[: plan.answers_after]:
                world.answer(each)
    finally:
        for worker in lingering:
            worker.stop(grace=0)
    world.judge(runs.get(db, run_id), program, was_edited=was_edited)
    return world.faults


class _Life:
    """A worker in this process, from its start to its end."""

    def __init__(self, world: World, plan: Life, number: int, run_id: str) -> None:
        self.world = world
        self.plan = plan
        self.run_id = run_id
        self.seed = world.seed
        self.ticks: Iterator[int] = itertools.count(1000 * number)
        self.is_dead = False
        self.on_death: Callable[[], None] = lambda: None
        self._left = None if plan.lingers else plan.dies_at
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raise if this worker is dead. Its own threads go on, so that it can be taken down."""
        if self.is_dead and threading.current_thread().name not in _OF_THE_WORKER:
            raise Killed

    def is_last_moment(self) -> bool:
        """Count a moment at which the worker could die; whether it does."""
        with self._lock:
            if self._left is None or threading.current_thread().name in _OF_THE_WORKER:
                return False
            self._left -= 1
            return self._left == 0

    def die(self) -> None:
        """Kill this worker."""
        self.is_dead = True
        self.on_death()
        raise Killed

    def have_effect(self, label: str, guards: Guards) -> None:
        """Do what a task does."""
        self.check()
        key = require_run_context("an effect").step
        # A worker that is taken for dead learns of it when it records something, and not before the effect.
        if self.plan.lingers:
            pass
        elif key in journal.history(self.world.db, self.run_id).steps:
            self.fault(f"the recorded step {key} ran again")
        elif runs.get(self.world.db, self.run_id).state.is_final:
            self.fault(f"{label} was done after the end of the run")
        self.world.done.append((label, guards))
        if self.is_last_moment():
            self.die()

    def fault(self, text: str) -> None:
        """Note what should not have happened."""
        self.world.faults.append(text)

    def draw(self) -> str:
        """What no other call has drawn."""
        return str(next(self.ticks))

    def use(self, label: str, what: str, used: str) -> None:
        """Note what an effect was called with, or its idempotency key."""
        self.world.use(label, what, used)

    def refused(self) -> None:
        """Note that a result was refused."""
        self.world.was_refused = True


class _Mortal:
    """A database as a worker sees it until it dies."""

    def __init__(self, db: Database, life: _Life) -> None:
        self._db = db
        self._life = life

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    @contextmanager
    def read(self) -> Iterator[Any]:
        """Read."""
        self._life.check()
        with self._db.read() as transaction:
            yield transaction

    @contextmanager
    def write(self) -> Iterator[Any]:
        """Write. If this is the worker's last moment, it dies before the write or after its commit."""
        self._life.check()
        is_last = self._life.is_last_moment()
        if is_last and self._life.plan.is_lost:
            self._life.die()
        with self._db.write() as transaction:
            yield transaction
        if is_last:
            self._life.die()


def _flow(life: _Life, program: Program) -> Flow[Any, Any]:
    is_async = program.is_async
    made = flow_named("fuzzed", lambda: FlowOperations(life, is_async=is_async).run(program.body), is_async=is_async)
    # The code of the program is data here, and an edit of it is an edit of the flow.
    made.fingerprint = digest(repr(program))
    return made


def _live(life: _Life, flow: Flow[Any, Any]) -> list[Worker]:
    """One worker's life. Returns the worker if it goes on beside the next one."""
    db = life.world.db
    mortal: Any = _Mortal(db, life)
    with db.changes.subscribe(Topic.STATES, Topic.PROMPTS, Topic.RUNS) as changes:
        life.on_death = changes.wake
        worker = Worker(mortal, [flow], only=life.run_id, defaults=Policy())
        worker.start()
        life.world.attend(life.run_id, life.plan, lambda: life.is_dead, changes)
        if life.plan.lingers and not runs.get(db, life.run_id).state.is_final:
            recovery.expire_worker(db, worker._heartbeat.worker, now=db.now())
            return [worker]
        worker.stop(grace=0 if life.is_dead else 10)
    return []


def quiet_logs() -> None:
    """Failures are what these flows are for."""
    for name in ("signoff", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
