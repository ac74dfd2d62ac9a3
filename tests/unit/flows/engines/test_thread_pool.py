"""The threads of a worker are used again, and none knows what was done in it before."""

import threading
import time
from contextvars import ContextVar
from queue import SimpleQueue

import pytest

from signoff.flows.engines.embedded import thread_pool
from signoff.flows.engines.embedded.thread_pool import Threads
from tests.support.waiting import PATIENCE

WORD: ContextVar[str] = ContextVar("word", default="nothing")


class Seen:
    """Does some work, and sees where."""

    def __init__(self) -> None:
        self.threads = Threads()
        self._seen: SimpleQueue[tuple[threading.Thread, str, str]] = SimpleQueue()

    def work(self, name: str) -> tuple[threading.Thread, str, str]:
        """The thread, its name at work, and the word that it knew."""

        def look() -> None:
            thread = threading.current_thread()
            known = WORD.get()
            WORD.set(name)
            self._seen.put((thread, thread.name, known))

        self.threads.run(name, look)
        return self._seen.get(timeout=PATIENCE)

    def until_idle(self) -> None:
        """Wait until a thread has nothing to do."""
        end = time.monotonic() + PATIENCE
        while not self.threads._idle:
            assert time.monotonic() < end
            time.sleep(0.001)


def test_a_thread_is_used_again_under_another_name_and_without_what_was_set_in_it() -> None:
    """Only while it is at work is another one begun."""
    seen = Seen()
    thread, *first = seen.work("one")
    seen.until_idle()
    again, *second = seen.work("two")
    assert again is thread
    assert (first, second) == (["one", "nothing"], ["two", "nothing"])


def test_what_is_begun_together_runs_together() -> None:
    """Each waits for the others."""
    together, pool = threading.Barrier(4), Threads()
    for number in range(3):
        pool.run(f"work-{number}", together.wait)
    together.wait(PATIENCE)


def test_a_thread_that_has_long_had_nothing_to_do_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next work has one of its own."""
    monkeypatch.setattr(thread_pool, "IDLE_SECONDS", 0.01)
    seen = Seen()
    thread, *_ = seen.work("one")
    thread.join(PATIENCE)
    assert not thread.is_alive()
    again, *second = seen.work("two")
    assert again is not thread
    assert second == ["two", "nothing"]
