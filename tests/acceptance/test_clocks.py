"""Processes whose system clocks differ, or are set while they run: nothing is late, early, lost or done twice."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from signoff.flows.liveness.reaper import Reaper
from signoff.store.database import Database
from signoff.store.leases import all_workers
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.records.runs import RunState
from signoff.store.tables import workers
from signoff.testing import Emulator
from tests.acceptance.command import Command
from tests.acceptance.shell import Shell
from tests.support.faketime import SystemClock
from tests.support.waiting import until, until_asked, until_over

pytestmark = pytest.mark.slow

FLOWS = '''
"""Steps that are counted, and questions."""

import os
import threading
from pathlib import Path

from signoff import Policy, ask, flow, pause_flow_run, suspend_flow_run, task

HERE = Path(__file__).parent
POLICY = Policy(channel="#releases")


@task
def count(what):
    file = os.open(HERE / "done.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, f"{what}\\n".encode())
    os.close(file)
    if what == "first":
        # Stands still until the test reads it.
        (HERE / "gate").write_text("here")


@flow
def release():
    count("first")
    answer = suspend_flow_run(wait_for_input=bool, timeout=None, policy=POLICY)
    count("second")
    return answer


@flow
def soon():
    suspend_flow_run(timeout=3, policy=POLICY)


@flow
def late():
    suspend_flow_run(timeout=3600, policy=POLICY)
'''

FIVE_MINUTES = 290
"""Seconds that two machines' clocks may differ, nearly."""

HOUR = 3600

every_direction = pytest.mark.parametrize("ahead", [FIVE_MINUTES, -FIVE_MINUTES], ids=["ahead", "behind"])


class Scene:
    """A workspace, a database, a file of flows, and the processes of Signoff that a test starts."""

    def __init__(self, slack: Emulator, db: Database, folder: Path, stack: ExitStack) -> None:
        self.slack = slack
        self.db = db
        self.ana = slack.person("ana")
        self.folder = folder
        self._stack = stack
        self._file = folder / "steps.py"
        self._file.write_text(FLOWS)
        self.shell = Shell(folder)
        self._url = db.url.render_as_string(hide_password=False)

    @property
    def environment(self) -> dict[str, str]:
        """What every process gets."""
        return {**self.slack.environment(), "DATABASE_URL": self._url}

    def start(self, command: str, clock: SystemClock | None = None) -> Command:
        """Start `signoff bot` or `worker`, and return when it works."""
        arguments = [command] if command == "bot" else [command, str(self._file)]
        environment = {**self.environment, **({} if clock is None else clock.environment)}
        process = self._started(arguments, environment)
        try:
            until(self.db, lambda: "Ready" in process.complaints() or None, what=f"the {command}")
        except AssertionError:
            if clock is None:
                raise
            # Once in hundreds of starts, a program under libfaketime hangs before it says anything.
            process.kill()
            process = self._started(arguments, environment)
            until(self.db, lambda: "Ready" in process.complaints() or None, what=f"the second {command}")
        return process

    def _started(self, arguments: Sequence[str], environment: Mapping[str, str]) -> Command:
        return self._stack.enter_context(Command(*arguments, folder=self.folder, environment=environment))

    def run(self, flow: str, clock: SystemClock | None = None) -> str:
        """Start a run; its id."""
        environment = {**self.environment, **({} if clock is None else clock.environment)}
        started = self.shell("run", f"{self._file}:{flow}", "--json", **environment)
        assert started.code == 0, started.err
        return str(started.json["id"])

    def done(self) -> list[str]:
        """The steps that were executed."""
        return (self.folder / "done.txt").read_text().splitlines()


@pytest.fixture
def scene(slack: Emulator, db: Database, tmp_path: Path) -> Iterator[Scene]:
    """On SQLite and on PostgreSQL."""
    with ExitStack() as stack:
        yield Scene(slack, db, tmp_path, stack)


@every_direction
def test_a_bot_whose_clock_is_wrong_delays_no_answer_and_kills_no_worker(scene: Scene, ahead: int) -> None:
    """Invariants 1 and 3: the run goes on at once, each step runs once, and the log says whose clock is wrong."""
    os.mkfifo(scene.folder / "gate")
    scene.start("worker")
    run = scene.run("release")
    until(scene.db, lambda: scene.done() == ["first"] if (scene.folder / "done.txt").exists() else None)
    # It looks for dead workers when it starts, while the worker is within a step.
    bot = scene.start("bot", SystemClock(scene.folder, ahead=ahead))
    before = {each.id for each in all_workers(scene.db)}
    assert (scene.folder / "gate").read_text() == "here"
    until_asked(scene.db, run)
    scene.ana.press("Yes", message=scene.ana.wait_for_message("#releases", lambda seen: bool(seen.buttons)))
    assert until_over(scene.db, run).state is RunState.COMPLETED
    assert scene.done() == ["first", "second"]
    assert before <= {each.id for each in all_workers(scene.db)}
    if not scene.db.is_sqlite:
        assert f"This machine's clock is {FIVE_MINUTES} s {'ahead of' if ahead > 0 else 'behind'}" in bot.complaints()


def asked(scene: Scene, run: str) -> Prompt:
    """What a run asks, although its time may be up already."""
    return until(scene.db, lambda: next(iter(prompts.of_run(scene.db, run)), None), what="the question")


@pytest.mark.parametrize("set_to", [-HOUR, 2 * HOUR], ids=["back", "forward"])
def test_deadlines_hold_when_the_system_clock_is_set(scene: Scene, set_to: int) -> None:
    """Invariant 6: three seconds pass, whatever the clock says, and the deadline in an hour stays in an hour."""
    clock = SystemClock(scene.folder)
    scene.start("bot", clock)
    scene.start("worker", clock)
    late, soon = (asked(scene, scene.run(flow, clock)) for flow in ("late", "soon"))
    clock.set(ahead=set_to)
    assert until_over(scene.db, soon.run_id).state is RunState.TIMED_OUT
    assert prompts.get(scene.db, soon.id).outcome is Outcome.TIMED_OUT
    # What is due is done in order, so this one would have been ended, too.
    assert prompts.get(scene.db, late.id).is_open


@every_direction
def test_a_worker_elsewhere_whose_clock_is_wrong_is_not_taken_for_dead(scene: Scene, ahead: int) -> None:
    """Nothing but its lease is known of it, and that goes by the clock that all share."""
    scene.start("worker", SystemClock(scene.folder, ahead=ahead))
    with scene.db.write() as tx:
        tx.execute(workers.update().values(domain="elsewhere"))
    before = all_workers(scene.db)
    Reaper(scene.db).reap()
    assert before
    assert {each.id for each in before} <= {each.id for each in all_workers(scene.db)}


def test_the_doctor_says_whose_clock_is_wrong(scene: Scene) -> None:
    """And what to do."""
    scene.db.now()
    wrong = SystemClock(scene.folder, ahead=400)
    said = scene.shell("doctor", **scene.environment, **wrong.environment)
    assert said.code == 1
    ours, slacks = (line for line in said.out.splitlines() if line.startswith("✗ clock: "))
    assert "This machine's clock is 400 s ahead of " in ours
    assert "This machine's clock is 400 s ahead of Slack's" in slacks or "401 s ahead of Slack's" in slacks
    assert "Set this machine's clock" in slacks
    assert "clock" not in scene.shell("doctor", **scene.environment).out


def test_a_bot_that_starts_with_a_wrong_clock_says_so(scene: Scene) -> None:
    """Slack's clock is known from its first response."""
    bot = scene.start("bot", SystemClock(scene.folder, ahead=-400))
    assert "s behind Slack's" in bot.complaints()
