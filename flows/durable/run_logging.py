"""The log of a run. What was logged or printed once is not repeated in a replay."""

import builtins
import logging
from collections.abc import MutableMapping
from typing import Any

from signoff.flows.durable.context import RunContext, current_hook_context, current_run_context, require_run_context
from signoff.flows.durable.journal import Journal
from signoff.store.records import FlowRun

logger = logging.getLogger("signoff.flows.run")

_print = builtins.print


class RunLogger(logging.LoggerAdapter[logging.Logger]):
    """Logs with the run's name in front, and keeps quiet while the run is replayed."""

    def __init__(self, run: FlowRun, journal: Journal | None) -> None:
        super().__init__(logger, {"flow_run": run.name})
        self._run = run
        self._journal = journal

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - logging's own name
        """Whether a line of this level is to be written now."""
        is_replaying = self._journal is not None and self._journal.is_replaying
        return not is_replaying and super().isEnabledFor(level)

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Put the run's name in front."""
        return f"{self._run.name} | {msg}", kwargs


def get_run_logger() -> RunLogger:
    """The logger of the flow run, or hook, that this code belongs to.

    Raises:
        MissingContextError: If it belongs to none.
    """
    hook = current_hook_context()
    return _of(require_run_context("get_run_logger()")) if hook is None else RunLogger(hook.run, None)


def _of(context: RunContext) -> RunLogger:
    return RunLogger(context.run, context.journal)


def capture_prints() -> None:
    """From now on `print` in a run that asks for it goes to the run's log. Doing it twice does nothing."""
    builtins.print = _print_or_log


def _print_or_log(*values: Any, sep: str | None = " ", end: str | None = "\n", file: Any = None, **rest: Any) -> None:
    context = current_run_context()
    if context is None or not context.log_prints or file is not None:
        _print(*values, sep=sep, end=end, file=file, **rest)
    else:
        _of(context).info("%s", (" " if sep is None else sep).join(map(str, values)))
