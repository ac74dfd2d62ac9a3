"""Folders to type `signoff` in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.cli.asking import FLOWS
from tests.acceptance.shell import Shell, line_with


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A folder with a file of flows, and a worker that runs them."""
    shell = Shell(tmp_path_factory.mktemp("work"))
    shell.write("asking.py", FLOWS)
    with shell.started("worker", "asking.py") as worker:
        line_with(worker, "Ready")
        yield shell


@pytest.fixture
def empty(tmp_path: Path) -> Shell:
    """A folder without a database."""
    return Shell(tmp_path)
