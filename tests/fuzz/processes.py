"""Runs a generated flow in worker processes that are killed, with its program as a flow file that is edited.

A worker process imports the file below, as its author would write it, and kills itself with SIGKILL at an effect. What
the flow does is written to a file, which is what survives.
"""

import itertools
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from signoff.flows.names import memorable_name, new_id
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.runs import runs
from tests.fuzz.flows import FlowOperations
from tests.fuzz.interpreter import Guards
from tests.fuzz.programs import Case, Life, Program, edited
from tests.fuzz.running import LAST
from tests.fuzz.world import World
from tests.support.worker_process import WorkerProcess

_LOG = "log.jsonl"
_PLAN = "dies_at.json"
_FILE = """\
from pathlib import Path

from signoff import flow
from tests.fuzz.interpreter import drive
from tests.fuzz.processes import operations
from tests.fuzz.programs import *

PROGRAM = {program!r}


@flow
{define} fuzzed():
    {run}(operations(Path(__file__).parent, is_async={is_async}).run(PROGRAM.body))
"""


def operations(folder: Path, *, is_async: bool) -> FlowOperations:
    """What the statements do in a worker process."""
    return FlowOperations(_Process(folder), is_async=is_async)


class _Process:
    """This process, which may die at an effect."""

    effects = itertools.count(1)

    def __init__(self, folder: Path) -> None:
        self.seed = os.getpid()
        self.ticks: Iterator[int] = itertools.count(time.monotonic_ns() % 10**9)
        self._folder = folder

    def check(self) -> None:
        """A process that is dead does not come here."""

    def have_effect(self, label: str, guards: Guards) -> None:
        """Do what a task does."""
        self._write({"label": label, "guards": sorted(guards, key=repr)})
        if next(self.effects) == json.loads((self._folder / _PLAN).read_text(encoding="utf-8")):
            os.kill(os.getpid(), signal.SIGKILL)

    def fault(self, text: str) -> None:
        """Note what should not have happened."""
        self._write({"fault": text})

    def draw(self) -> str:
        """What no other call has drawn."""
        return f"{self.seed} {next(self.ticks)}"

    def use(self, label: str, what: str, used: str) -> None:
        """Note what an effect was called with, or its idempotency key."""
        self._write({"use": [label, what, used]})

    def refused(self) -> None:
        """Note that a result was refused."""
        self._write({"refused": True})

    def _write(self, line: object) -> None:
        with (self._folder / _LOG).open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")


def faults_in_processes(url: str, folder: Path, case: Case) -> list[str]:
    """Run a case to its end in worker processes; what should not have happened."""
    db = Database(url)
    world, program, was_edited = World(db, case.seed), case.program, False
    (folder / _LOG).write_text("", encoding="utf-8")
    run_id = runs.create(db, run_id=new_id(), name=memorable_name(), flow="fuzzed", parameters={}, now=db.now()).id
    for plan in (*case.lives, LAST):
        if plan.edit is not None:
            program, was_edited = edited(program, plan.edit), True
        _live(world, plan, folder, program, run_id)
        if runs.get(db, run_id).state.is_final:
            break
        for each in world.open_prompts(run_id)[: plan.answers_after]:
            world.answer(each)
    for line in map(json.loads, (folder / _LOG).read_text(encoding="utf-8").splitlines()):
        if "label" in line:
            world.done.append((line["label"], frozenset((text, value) for text, value in line["guards"])))
        if "use" in line:
            world.use(*line["use"])
        world.was_refused |= "refused" in line
        world.faults += [line["fault"]] if "fault" in line else []
    world.judge(runs.get(db, run_id), program, was_edited=was_edited)
    db.close()
    return world.faults


def _live(world: World, plan: Life, folder: Path, program: Program, run_id: str) -> None:
    define, run = ("async def", "await ") if program.is_async else ("def", "drive")
    text = _FILE.format(program=program, define=define, run=run, is_async=program.is_async)
    (folder / "fuzzed.py").write_text(text, encoding="utf-8")
    (folder / _PLAN).write_text(json.dumps(plan.dies_at), encoding="utf-8")
    with world.db.changes.subscribe(Topic.STATES, Topic.PROMPTS, Topic.RUNS) as changes:
        worker = WorkerProcess(str(world.db.url), folder / "fuzzed.py")
        world.attend(run_id, plan, lambda: worker.is_over, changes)
        worker.kill() if plan.is_lost or worker.is_over else worker.__exit__(None, None, None)
