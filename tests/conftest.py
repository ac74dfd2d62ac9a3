"""Fixtures for all tests are in `tests.support.fixtures`."""

from tests.support.bytecode import keep_in_cache

# First of all, so that it holds for what the fixtures import.
keep_in_cache()

pytest_plugins = ["tests.support.fixtures"]
