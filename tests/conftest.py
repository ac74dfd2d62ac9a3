"""Fixtures for all tests are in `tests.support.fixtures`."""

import os
import signal

from tests.support.bytecode import keep_in_cache

# First of all, so that it holds for what the fixtures import.
keep_in_cache()

pytest_plugins = ["tests.support.fixtures", "tests.support.held_up", "tests.support.stopped_clock"]

# A shell ignores SIGINT in what it starts in the background, and processes pass that on to the ones that they start.
# The tests of Ctrl-C send it to processes of theirs.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers() -> int:
    """Two test processes for each processor: half of a test's time it waits for other processes."""
    return 2 * (os.cpu_count() or 1)
