"""The log of a run. A replay does not repeat what was already logged or printed."""

import builtins
import logging
from collections.abc import MutableMapping
from typing import Any

from signoff.flows.durable.context import RunContext, current_hook_context, current_run_context, require_run_context
from signoff.flows.durable.journal import Journal
from signoff.store.records.runs import FlowRun

logger = logging.getLogger("signoff.flows.run")

_print = builtins.print


class RunLogger(logging.LoggerAdapter[logging.Logger]):
    """Prefixes each line with the run's name, and logs nothing while the run is replayed."""

    def __init__(self, run: FlowRun, journal: Journal | None) -> None:
        super().__init__(logger, {"flow_run": run.name})
        self._run = run
        self._journal = journal

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - logging's own name
        """Whether a line of this level is written now."""
        is_replaying = self._journal is not None and self._journal.is_replaying
        return not is_replaying and super().isEnabledFor(level)

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Prefix the line with the run's name."""
        return f"{self._run.name} | {msg}", kwargs


def get_run_logger() -> RunLogger:
    """The logger of the current flow run or hook.

    Raises:
        MissingContextError: Outside of both.
    """
    hook = current_hook_context()
    return _of(require_run_context("get_run_logger()")) if hook is None else RunLogger(hook.run, None)


def _of(context: RunContext) -> RunLogger:
    return RunLogger(context.run, context.journal)


def capture_prints() -> None:
    """Have `print` write to the run's log in flows with `log_prints`. Safe to call more than once."""
    builtins.print = _print_or_log


def _print_or_log(*values: Any, sep: str | None = " ", end: str | None = "\n", file: Any = None, **rest: Any) -> None:
    context = current_run_context()
    if context is None or not context.log_prints or file is not None:
        _print(*values, sep=sep, end=end, file=file, **rest)
    else:
        _of(context).info("%s", (" " if sep is None else sep).join(map(str, values)))
