"""Seeing which threads let presses pass."""

import threading
from collections.abc import Callable

import pytest

from signoff.flows.services import foreground as module
from signoff.flows.services.foreground import Foreground
from tests.support.waiting import PATIENCE


class HeldUp:
    """The threads that wait until no press is in progress.

    Attributes:
        on_coming: Called in a thread that is about to let presses pass, whether there are any or not.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: set[str] = set()
        self.on_coming: Callable[[], None] = lambda: None

    def wait_for(self, thread: str) -> None:
        """Return as soon as a thread waits. It does so for as long as the press takes that the caller has begun."""
        with self._changed:
            assert self._changed.wait_for(lambda: thread in self._waiting, PATIENCE), f"{thread} lets nobody pass"

    def let_pass(self, foreground: Foreground) -> bool:
        """Let presses pass, and note it."""
        self.on_coming()
        name = threading.current_thread().name
        # In one step, so that no thread is noted that has just seen that there is nobody to wait for.
        with foreground._changed:
            if foreground._in_progress:
                with self._changed:
                    self._waiting.add(name)
                    self._changed.notify_all()
            passed = _let_pass(foreground)
        with self._changed:
            self._waiting.discard(name)
        return passed


_let_pass = Foreground.let_pass


@pytest.fixture
def held_up(monkeypatch: pytest.MonkeyPatch) -> HeldUp:
    """Background work waits for presses without a limit."""
    noted = HeldUp()
    monkeypatch.setattr(module, "MAX_HELD_UP", 10 * PATIENCE)
    monkeypatch.setattr(Foreground, "let_pass", lambda foreground: noted.let_pass(foreground))
    return noted
