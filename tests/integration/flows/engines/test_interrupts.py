"""A person presses Ctrl-C while a program waits for its run."""

import subprocess
import sys

import pytest

from tests.integration.flows.engines.interrupted_at_any_moment import TIMES
from tests.support.waiting import PATIENCE


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_interrupt_at_any_moment_leaves_the_run_to_others(database_url: str) -> None:
    """The process does not hang, and no worker holds the run any more."""
    program = [sys.executable, "-m", "tests.integration.flows.engines.interrupted_at_any_moment", database_url]
    ended = subprocess.run(program, capture_output=True, text=True, timeout=5 * PATIENCE)
    assert (ended.stdout, ended.stderr) == (f"{TIMES}\n", "")
