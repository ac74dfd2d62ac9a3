"""Threads that are used again: to begin one costs more than what many a run does between two waits."""

import contextvars
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

Work = Callable[[], object]

IDLE_SECONDS = 10.0
"""How long a thread without work is kept."""


class Threads:
    """As many threads as there is work at once. None of them keeps the process from ending."""

    def __init__(self) -> None:
        self._idle: list[SimpleQueue[tuple[str, Work]]] = []
        self._lock = threading.Lock()

    def run(self, name: str, work: Work) -> None:
        """Begin some work, in a thread that has this name meanwhile, and in a context of its own."""
        with self._lock:
            orders = self._idle.pop() if self._idle else None
        if orders is None:
            orders = SimpleQueue()
            threading.Thread(target=self._take, args=(orders,), name=name, daemon=True).start()
        orders.put((name, work))

    def _take(self, orders: "SimpleQueue[tuple[str, Work]]") -> None:
        while True:
            try:
                name, work = orders.get(timeout=IDLE_SECONDS)
            except Empty:
                with self._lock:
                    if orders not in self._idle:
                        # Work is on its way.
                        continue
                    self._idle.remove(orders)
                    return
            threading.current_thread().name = name
            contextvars.Context().run(work)
            del work
            with self._lock:
                self._idle.append(orders)
