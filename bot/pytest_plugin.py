"""The pytest fixtures. Every pytest run of a user loads this module, so its imports must be cheap."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from signoff.bot.emulator.server import Emulator
    from signoff.bot.flow_starter import FlowStarter


@pytest.fixture
def slack() -> "Iterator[Emulator]":
    """A new Slack workspace on a free port of localhost."""
    from signoff.bot.emulator.server import Emulator

    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def start_flow(slack: "Emulator", tmp_path: Path) -> "Iterator[FlowStarter]":
    """Starts runs of flows in this process. Their cards are posted in the workspace of `slack`."""
    from signoff.bot.flow_starter import FlowStarter

    with FlowStarter(slack, tmp_path / "signoff.db") as starter:
        yield starter
