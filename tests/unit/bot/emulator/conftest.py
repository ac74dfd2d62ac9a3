"""A workspace without a server."""

from collections.abc import Iterator

import pytest

from signoff.bot.emulator.workspace.workspace import Workspace


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    """A fresh workspace in memory."""
    fresh = Workspace()
    yield fresh
    fresh.close()
