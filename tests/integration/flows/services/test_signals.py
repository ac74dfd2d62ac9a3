"""A process that is asked to end does."""

import subprocess
import sys

from tests.integration.flows.signals_at_any_moment import TIMES
from tests.support.waiting import PATIENCE


def test_a_process_hears_that_it_is_asked_to_end_at_whatever_moment() -> None:
    """Also while it is about to wait for that, when what Python does about a signal comes too early."""
    program = [sys.executable, "-m", "tests.integration.flows.signals_at_any_moment"]
    said = subprocess.run(program, capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert said.stdout == str(TIMES)
