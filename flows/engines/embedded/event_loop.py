"""The event loop for all async flows of a worker. What one of their coroutines raises costs no other run."""

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

from signoff.flows.durable.coroutines import new_task
from signoff.flows.durable.pending_calls import TaskOfRun
from signoff.flows.errors import Unwind
from signoff.store.supervisor import SupervisedThread

logger = logging.getLogger(__name__)


class EventLoopThread:
    """A thread with an event loop, until it is stopped."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.loop.set_task_factory(new_task)
        self.loop.set_exception_handler(_on_unseen_error)
        self._stopping = threading.Event()
        self._thread = SupervisedThread(self._run, name="signoff-async")
        self._thread.start()

    def stop(self) -> None:
        """Cancel whatever still runs in the loop. It could record nothing more anyway."""
        self._stopping.set()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.stop(timeout=1)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        while not self._stopping.is_set():
            _has_returned(self.loop.run_forever)
        while not _has_returned(lambda: self.loop.run_until_complete(_cancel_rest())):
            pass
        self.loop.close()


def _on_unseen_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Called for an error that nobody has awaited, when its task is deleted. The flow that has made the task fails."""
    error, task = context.get("exception"), context.get("future") or context.get("task")
    if isinstance(error, Unwind):
        return  # the end of its run says so
    if isinstance(error, BaseException) and isinstance(task, TaskOfRun) and task.run_context is not None:
        task.run_context.children.note_unseen(error)
    loop.default_exception_handler(context)


def _has_returned(run: Callable[[], None]) -> bool:
    """Run the event loop. Whatever its coroutines raise, it can run again.

    asyncio lets SystemExit and KeyboardInterrupt out of the loop, whichever coroutine raises them. Whoever awaits that
    coroutine gets them as well, so its own run ends; the other runs must not notice.
    """
    try:
        run()
    except BaseException as error:
        logger.error("A coroutine of a flow raised %s", type(error).__name__, exc_info=error)
        return False
    return True


async def _cancel_rest() -> None:
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
