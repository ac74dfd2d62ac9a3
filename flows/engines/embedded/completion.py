"""Records how an execution ended, or schedules its retry."""

import logging
import traceback
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from signoff.flows.database.retry import retry_until_available
from signoff.flows.durable.values.serialization import to_display_json
from signoff.flows.errors import (
    AttentionNeeded,
    CodeChanged,
    FlowDefect,
    FlowPauseTimeout,
    FlowTimeout,
    InvalidFlow,
    NobodyToAsk,
    PromptRejected,
    Released,
    Suspended,
    Unwind,
    error_summary,
    public_summary,
)
from signoff.flows.flow import Flow
from signoff.flows.states import type_of
from signoff.store.database import Database
from signoff.store.errors import LeaseLost
from signoff.store.records.runs import FlowRun, RunState
from signoff.store.redaction import redacted
from signoff.store.runs import retries, runs
from signoff.store.sentences import sentence

logger = logging.getLogger("signoff.flows.run")
_own_logger = logging.getLogger(__name__)
"""For what the flow and its tasks had no part in."""


@dataclass(frozen=True, slots=True)
class Completion:
    """How an execution ended.

    Attributes:
        result: What the flow returned.
        error: What the flow raised; `None` if it returned.
    """

    result: Any = None
    error: BaseException | None = None


class CompletionRecorder:
    """Records the end of one execution. Waits while the database is unavailable."""

    def __init__(self, db: Database, flow: Flow[Any, Any], run: FlowRun) -> None:
        self._db = db
        self._flow = flow
        self._run = run

    def record_result(self, result: Any) -> Completion:
        """Record what a flow returned.

        Raises:
            InvalidFlow: If it is an iterator. Its code would run here, after the end of the run.
            store.errors.LeaseLost: If another worker has the run now.
        """
        if isinstance(result, Iterator | AsyncIterator):
            raise InvalidFlow(
                f"The flow {self._flow.name} returned {type(result).__name__}, whose values are made when somebody "
                "reads them, after the end of the run. Return a list instead."
            )
        self._finish(RunState.COMPLETED, result=to_display_json(result))
        return Completion(result=result)

    def record_error(self, error: BaseException) -> Completion | None:
        """Record what a flow raised. Raises nothing.

        Returns:
            The end; `None` if the run has not ended, because it is retried or continues elsewhere.
        """
        try:
            return self._record_error(error)
        except LeaseLost:
            logger.info("%s | continues in another worker, or was cancelled", self._run.name)
        except BaseException:  # the thread of the run would end without a word, and keep its slot
            logger.exception("%s | could not record how the run ended", self._run.name)
        return None

    def note_caught(self, reason: Unwind) -> None:
        """Say that the flow caught what takes it out of memory, in the log and in the run's message. Raises nothing."""
        message = (
            f"The flow caught {type(reason).__name__}, which takes it out of memory,{_place_of(reason)} and went on. "
            "What it did after that does not count. Catch Exception, not BaseException, and do not use "
            "return_exceptions=True, a return in finally or the like around a pause."
        )
        logger.error("%s | %s", self._run.name, message)
        if isinstance(reason, (Suspended, Released)):
            try:
                retry_until_available(
                    lambda: runs.set_message(self._db, self._run.id, self._run.fencing_token, message)
                )
            except Exception:  # the run waits all the same
                logger.exception("%s | could not record what it caught", self._run.name)

    def note_late_step(self) -> None:
        """Say that code which the flow left running came to a step after its end."""
        logger.error(
            "%s | code that the flow had started called a task, a flow or a pause after the flow had ended, and was "
            "refused. Let the flow wait for it.",
            self._run.name,
        )

    def is_retried(self, error: BaseException) -> bool:
        """Whether the run is tried again after this error."""
        is_final = isinstance(error, (PromptRejected, NobodyToAsk, FlowPauseTimeout, FlowTimeout)) or not isinstance(
            error, Exception
        )
        return not is_final and self._run.attempt <= self._flow.retries

    def _record_error(self, error: BaseException) -> Completion | None:
        match error:
            case AttentionNeeded():
                fix = "Restore code that fits" if isinstance(error, CodeChanged) else "Correct the code"
                message = f"{error} {fix} and run `signoff retry {self._run.name}`, or start a new run."
                logger.error("%s | needs attention: %s", self._run.name, message)
                self._finish(RunState.NEEDS_ATTENTION, error=message, reason=public_summary(error))
                return None
            case FlowDefect():
                error = InvalidFlow(*error.args)
                logger.error("%s | failed: %s", self._run.name, error)
                self._finish(RunState.FAILED, error=error_summary(error), reason=public_summary(error))
            case Unwind() | LeaseLost():
                return None
            case PromptRejected() | NobodyToAsk():
                self._finish(RunState.FAILED, error=str(error), reason=public_summary(error))
            case FlowPauseTimeout() | FlowTimeout():
                self._finish(RunState.TIMED_OUT, error=str(error), reason=public_summary(error))
            case _ if isinstance(error, Exception) and self.is_retried(error):
                self._retry(error)
                return None
            case _:
                logger.error("%s | failed", self._run.name, exc_info=error)
                self._finish(RunState.FAILED, error=error_summary(error), reason=public_summary(error))
        return Completion(error=error)

    def _retry(self, error: Exception) -> None:
        delay = self._flow.retry_delay_seconds
        why = sentence(error_summary(error))
        logger.warning("%s | %s Retry %d follows.", self._run.name, why, self._run.attempt)
        at = self._db.now() + timedelta(seconds=delay)
        attempt, why = self._run.attempt, redacted(error_summary(error))
        retry_until_available(
            lambda: retries.schedule_retry(
                self._db, self._run.id, self._run.fencing_token, attempt=attempt, at=at, error=why
            )
        )

    def _finish(
        self, state: RunState, *, result: Any = None, error: str | None = None, reason: str | None = None
    ) -> None:
        at = self._db.now()
        has_hooks = bool(self._flow.hooks.for_state(type_of(state)))
        retry_until_available(
            lambda: runs.finish(
                self._db,
                self._run.id,
                self._run.fencing_token,
                state=state,
                now=at,
                result=result,
                error=None if error is None else redacted(error),
                reason=reason,
                has_hooks=has_hooks,
            )
        )
        _own_logger.info("%s | is %s (flow %s)", self._run.name, state, self._run.flow)


def _place_of(reason: Unwind) -> str:
    """The outermost place in the user's code that an error came to."""
    for frame, line in traceback.walk_tb(reason.__traceback__):
        module = str(frame.f_globals.get("__name__", ""))
        if not module.startswith(("signoff.", "asyncio.", "concurrent.")) and module not in ("asyncio", "contextlib"):
            return f" at {Path(frame.f_code.co_filename).name}:{line},"
    return f"{reason.where}," if reason.where else ""
