"""Schedules in real processes: `python report.py` with `serve()`, and `signoff worker`."""

import signal
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from signoff.flows.crontab import Crontab
from signoff.store.records.runs import FlowRun
from signoff.store.runs import runs, schedules
from signoff.store.tables import schedules as table
from tests.acceptance.cli.asking import asked, assert_refused, finished
from tests.acceptance.shell import Shell, line_with
from tests.support.waiting import until, until_over

NEW_YEAR = "0 0 1 1 *"

# The ticks are far away, so that those which come are those that a test has missed.
REPORT = f'''
from signoff import flow
from signoff.schedules import Cron


@flow(cron="{NEW_YEAR}")
def report(region="all"):
    return region


if __name__ == "__main__":
    report.serve(name="north", schedule=Cron("{NEW_YEAR}", timezone="Asia/Tokyo"), parameters={{"region": "north"}})
    print("served")
'''

PYTHON = Path(sys.executable)


@pytest.fixture
def shell(empty: Shell) -> Shell:
    """A folder with a program that has a schedule."""
    empty.write("report.py", REPORT)
    return empty


def miss_a_tick(shell: Shell) -> None:
    """Let it be as if everything had been down for more than a year."""
    with shell.database() as db, db.write() as tx:
        tx.execute(update(table).values(next_at=datetime.now(UTC) - timedelta(days=400)))


def made(shell: Shell, number: int = 1) -> list[FlowRun]:
    """The runs, once there are that many and all are over."""
    with shell.database() as db:
        until(db, lambda: len(runs.newest(db)) >= number)
        return [until_over(db, run.id) for run in runs.newest(db)]


def end(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> str:
    """Ask it to end, which it does with 0; what it printed."""
    process.send_signal(number)
    out, _ = process.communicate()
    assert process.returncode == 0
    return out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_program_serves_its_flow_until_it_is_asked_to_end(shell: Shell, number: signal.Signals) -> None:
    """It goes on after `serve()`, and exits with 0. The flow's own schedule and its own are in force."""
    with shell.started("report.py", program=PYTHON) as serving:
        line_with(serving, "Ready, flows: report")
        assert end(serving, number) == "served\n"
    listed = shell("schedules", "--json").json
    tokyo = Crontab(NEW_YEAR, "Asia/Tokyo").after(datetime.now(UTC))
    assert [(each["flow"], each["name"], each["timezone"]) for each in listed] == [
        ("report", "", "UTC"),
        ("report", "north", "Asia/Tokyo"),
    ]
    assert listed[1] == {
        "flow": "report",
        "name": "north",
        "cron": NEW_YEAR,
        "timezone": "Asia/Tokyo",
        "parameters": {"region": "north"},
        "catch_up": "last",
        "next_at": tokyo.isoformat(),
    }


def test_a_program_makes_the_runs_of_its_schedules_and_works_on_them(shell: Shell) -> None:
    """One for each schedule that missed a tick while it was down, with the schedule's parameters."""
    with shell.started("report.py", program=PYTHON) as serving:
        line_with(serving, "Ready")
        end(serving)
    miss_a_tick(shell)
    with shell.started("report.py", program=PYTHON) as serving:
        line_with(serving, "north missed ticks")
        assert sorted(run.result for run in made(shell, 2)) == ["all", "north"]
        end(serving)


def test_workers_that_start_after_a_crash_make_the_run_of_a_missed_tick_once(shell: Shell) -> None:
    """Two at once, on one database; and it is the last tick that was missed."""
    with shell.started("worker", "report.py") as worker:
        line_with(worker, "Ready")
        worker.kill()
    miss_a_tick(shell)
    with ExitStack() as stack:
        for worker in [stack.enter_context(shell.started("worker", "report.py")) for _ in range(2)]:
            line_with(worker, "Ready")
        (run,) = made(shell)
        with shell.database() as db:
            assert schedules.tick_of(db, run.id) == datetime(datetime.now(UTC).year, 1, 1, tzinfo=UTC)


def test_schedules_are_listed_until_code_without_them_is_started(shell: Shell) -> None:
    """With when they come next, or that nobody has fired them."""
    with shell.started("worker", "report.py") as worker:
        line_with(worker, "Ready")
        end(worker)
    head, line = shell("schedules").out.splitlines()
    assert head.split() == ["SCHEDULE", "CRON", "TIME", "ZONE", "NEXT"]
    assert line.startswith("report    0 0 1 1 *  UTC        in ")
    miss_a_tick(shell)
    assert shell("schedules").out.splitlines()[1].endswith("passed")
    shell.write("report.py", REPORT.replace(f'cron="{NEW_YEAR}"', ""))
    with shell.started("worker", "report.py") as worker:
        line_with(worker, "Ready")
        end(worker)
    nothing = "There are no schedules. Add one with @flow(cron=…), and start a worker with the flow's file.\n"
    assert shell("schedules").out == nothing


def test_a_file_with_a_bad_schedule_is_refused(shell: Shell) -> None:
    """In one sentence with the flow, the field and the line."""
    shell.write("report.py", REPORT.replace(NEW_YEAR, "0 24 * * *", 1))
    assert_refused(
        shell("worker", "report.py"),
        1,
        "report.py could not be imported: InvalidFlow: The schedule of the flow report is invalid: '24' is not a valid "
        "hour in '0 24 * * *'; use 0 to 23, as in 1, 1-5, 1,3 or */2. (line 6)",
    )


def test_a_file_that_serves_while_it_is_imported_is_refused(shell: Shell) -> None:
    """It would be served by the import, for ever."""
    shell.write("report.py", REPORT.replace('if __name__ == "__main__":', "if True:"))
    assert_refused(
        shell("worker", "report.py"),
        1,
        "report.py could not be imported: InvalidFlow: report.serve() is called while its file is being imported. "
        'Put the call under `if __name__ == "__main__":`. (line 12)',
    )


ASKING = """
import os
from pathlib import Path

from pydantic import field_validator

from signoff import Policy, RunInput, flow, pause_flow_run

with Path(f"{os.getpid()}.txt").open("a") as imported:
    imported.write("imported, ")


class Size(RunInput):
    size: int

    @field_validator("size")
    @classmethod
    def is_even(cls, size):
        if size % 2:
            raise ValueError("Sizes are even.")
        return size


@flow
def order():
    size = Size.with_initial_data(size=2)
    return pause_flow_run(wait_for_input=size, policy=Policy(at_deadline="continue")).size


if __name__ == "__main__":
    order.serve()
"""


def test_what_a_served_flow_asks_is_validated_by_its_model_before_it_counts(empty: Shell) -> None:
    """Whichever process takes the answer imports the program, which does not run it; it has itself at hand."""
    empty.write("order.py", ASKING)
    with empty.started("order.py", program=PYTHON) as serving:
        line_with(serving, "Ready")
        prompt = asked(empty, "order.py")
        assert_refused(empty("answer", prompt.id, "--set", "size=3"), 1, "size: Sizes are even.")
        assert empty("answer", prompt.id, "--set", "size=4").code == 0
        assert finished(empty, prompt.run_id)["result"] == 4
        end(serving)
        assert (empty.folder / f"{serving.pid}.txt").read_text() == "imported, "
