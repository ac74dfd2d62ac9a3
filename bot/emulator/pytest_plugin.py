"""The pytest fixture `slack`. Every pytest run of a user loads this module, so its imports must be cheap."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from signoff.bot.emulator.server import Emulator


@pytest.fixture
def slack() -> "Iterator[Emulator]":
    """A new Slack workspace on a free port of localhost."""
    from signoff.bot.emulator.server import Emulator

    with Emulator() as emulator:
        yield emulator
