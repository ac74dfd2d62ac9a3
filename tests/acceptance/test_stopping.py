"""SIGTERM to a real `signoff worker` or `serve`: what runs may finish, what waits goes on elsewhere."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from signoff.flows.names import memorable_name, new_id, now
from signoff.store.database import Database
from signoff.store.records.runs import FlowRun, RunState
from signoff.store.runs import journal, runs
from signoff.testing import Emulator
from tests.acceptance.shell import Shell, line_with
from tests.support.answering import answer
from tests.support.waiting import until_asked, until_over, until_state

FLOWS = '''
"""A step that says it is there, and waits to be let go on."""

import os
from pathlib import Path

from signoff import flow, pause_flow_run, task

HERE = Path(__file__).parent


@task
def work():
    file = os.open(HERE / "done.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, b"worked\\n")
    os.close(file)
    (HERE / "at").write_text("here")
    return (HERE / "go").read_text()


@flow
def working():
    return work() + pause_flow_run(wait_for_input=str, timeout=None)


@flow
def waiting():
    return pause_flow_run(wait_for_input=str, timeout=None)
'''

either_command = pytest.mark.parametrize(
    ("command", "database_url"),
    [("worker", "sqlite"), ("worker", "postgresql"), ("serve", "sqlite")],
    indirect=["database_url"],
)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def shell(slack: Emulator, database_url: str, tmp_path: Path) -> Shell:
    """A folder with the flows, and with the pipes by which the step and the test speak."""
    shell = Shell(tmp_path, DATABASE_URL=database_url, **slack.environment())
    shell.write("stopping.py", FLOWS)
    for pipe in ("at", "go"):
        os.mkfifo(tmp_path / pipe)
    return shell


def create_run(db: Database, flow: str) -> FlowRun:
    """Write a run that waits for a worker."""
    return runs.create(db, run_id=new_id(), name=memorable_name(), flow=flow, parameters={}, now=now())


def until_at_work(shell: Shell) -> None:
    """Returns as soon as the step runs."""
    assert (shell.folder / "at").read_text() == "here"


def let_go_on(shell: Shell) -> None:
    """Let the step end."""
    (shell.folder / "go").write_text("worked, ")


def ask_to_stop(process: subprocess.Popen[str]) -> None:
    """Send SIGTERM. Returns when it was heard."""
    process.terminate()
    line_with(process, "Stopping")


def times_worked(shell: Shell) -> int:
    """How often the step began."""
    return len((shell.folder / "done.txt").read_text().splitlines())


@either_command
def test_a_step_shorter_than_the_grace_is_recorded(shell: Shell, db: Database, command: str) -> None:
    """It runs once, and what follows it goes on elsewhere."""
    with shell.started(command, "stopping.py", "--grace", "60") as process:
        line_with(process, "Ready")
        run = create_run(db, "working")
        until_at_work(shell)
        ask_to_stop(process)
        let_go_on(shell)
        assert process.wait(30) == 0
    assert list(journal.load(db, run.id)) == ["work"]
    assert runs.get(db, run.id).lease_owner is None
    with shell.started("worker", "stopping.py"):
        answer(db, until_asked(db, run.id), value="and answered")
        assert until_over(db, run.id).result == "worked, and answered"
    assert times_worked(shell) == 1


@either_command
def test_a_step_longer_than_the_grace_runs_again_elsewhere(shell: Shell, db: Database, command: str) -> None:
    """The process does not wait for it, and leaves its run to others at once."""
    with shell.started(command, "stopping.py", "--grace", "0.2") as process:
        line_with(process, "Ready")
        run = create_run(db, "working")
        until_at_work(shell)
        ask_to_stop(process)
        assert process.wait(30) == 0
    left = runs.get(db, run.id)
    assert (left.state, left.lease_owner) == (RunState.SCHEDULED, None)
    assert left.message.startswith("Its worker stopped.")
    assert left.runnable_at is not None
    assert journal.load(db, run.id) == {}
    with shell.started("worker", "stopping.py"):
        until_at_work(shell)
        let_go_on(shell)
        answer(db, until_asked(db, run.id), value="and answered")
        assert until_over(db, run.id).result == "worked, and answered"
    assert times_worked(shell) == 2


def test_a_run_that_is_held_is_taken_at_once_by_another_worker(shell: Shell, db: Database) -> None:
    """A redeployment waits for nobody's answer, and an answer waits for no lease to run out."""
    with shell.started("worker", "stopping.py", "--grace", "60") as process:
        line_with(process, "Ready")
        run = create_run(db, "waiting")
        prompt = until_asked(db, run.id)
        with shell.started("worker", "stopping.py") as other:
            line_with(other, "Ready")
            ask_to_stop(process)
            assert process.wait(30) == 0
            waiting = runs.get(db, run.id)
            assert (waiting.state, waiting.lease_owner) == (RunState.PAUSED, None)
            answer(db, prompt, value="yes")
            assert until_state(db, run.id, RunState.COMPLETED).result == "yes"


STARTING = (
    FLOWS
    + """
(HERE / "at").write_text("here")
(HERE / "go").read_text()
"""
)


@on_sqlite
@pytest.mark.parametrize("command", ["serve", "worker"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_the_start_ends_it_as_a_later_one_does(
    shell: Shell, database_url: str, command: str, number: int
) -> None:
    """It waits for nothing that the start waits for: a flow file, a database or Slack."""
    shell.write("starting.py", STARTING)
    with shell.started(command, "starting.py") as process:
        until_at_work(shell)
        process.send_signal(number)
        assert process.wait(30) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


@on_sqlite
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_at_once(shell: Shell, db: Database, number: int) -> None:
    """Whoever is in a hurry need not wait for a step; the next worker takes the run."""
    with shell.started("worker", "stopping.py", "--grace", "600") as process:
        line_with(process, "Ready")
        run = create_run(db, "working")
        until_at_work(shell)
        ask_to_stop(process)
        process.send_signal(number)
        assert process.wait(30) == -number
    with shell.started("worker", "stopping.py"):
        until_at_work(shell)
        let_go_on(shell)
        answer(db, until_asked(db, run.id), value="and answered")
        assert until_over(db, run.id).result == "worked, and answered"


@on_sqlite
def test_the_grace_can_come_from_the_environment(shell: Shell, db: Database) -> None:
    """Or from a `.env`, as every setting."""
    shell.write(".env", "SIGNOFF_GRACE=0.2\n")
    with shell.started("worker", "stopping.py") as process:
        line_with(process, "Ready")
        create_run(db, "working")
        until_at_work(shell)
        ask_to_stop(process)
        # Less than the ten seconds of the default.
        assert process.wait(9) == 0
