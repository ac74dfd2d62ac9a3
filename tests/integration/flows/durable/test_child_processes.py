"""Steps are recorded in the process of their run. In the processes that a flow starts they are refused."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from signoff.store.database import Database
from signoff.store.runs import journal, runs
from tests.integration.flows.durable import processes_of_flows

ROOT = Path(__file__).parents[4]

ADVICE = (
    "Steps are recorded only in the process of their run. Call tasks in the flow itself, side by side with submit() or "
    "map(), and give plain functions to other processes."
)


def said(url: str, *flows: str) -> list[str]:
    """What the program prints of these flows."""
    command = [sys.executable, "-m", processes_of_flows.__name__, *flows]
    environment = {**os.environ, "DATABASE_URL": url}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_step_in_another_process_is_refused(db: Database, database_url: str) -> None:
    """It would not be recorded, or stand for a step of its parent. A flow would be a run of its own in each replay."""
    assert said(database_url, "forks_a_pool", "spawns_a_pool", "calls_a_flow") == [
        f"This process was forked from the one that runs the flow. {ADVICE}",
        "Failed",
        f"The task push is called in a process that a flow has started. {ADVICE}",
        "Failed",
        f"The flow plain is called in a process that a flow has started. {ADVICE}",
        "Failed",
    ]
    assert [[*journal.load(db, run.id)] for run in runs.newest(db)] == [["push"], ["push"], ["push"]]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_other_processes_may_do_what_is_not_recorded(database_url: str) -> None:
    """Plain functions are theirs, and the steps around them are recorded."""
    assert said(database_url, "gives_plain_functions") == ["[0, 1, 2, 0, 1, 2]", "Completed"]


def test_a_copy_of_the_process_does_nothing_in_the_name_of_its_run(db: Database, database_url: str) -> None:
    """It ends where it comes to a step, or to the end of the flow, and does not use the connections of its parent."""
    assert said(database_url, "forks", "asks_the_database") == [
        "[1, 1]",
        "Completed",
        "asks-the-database ForkedProcess",
        "[1]",
        "Completed",
    ]
    assert sorted(journal.load(db, runs.newest(db)[1].id)) == ["push", "push-2", "push-3", "push-4"]
