"""What a flow can ask about its own run, as in `prefect.runtime`."""

from datetime import datetime

from signoff.flows.database.retry import retry_until_available
from signoff.flows.durable.context import HookContext, RunContext, current_hook_context, require_run_context
from signoff.store.runs import schedules


class _FlowRun:
    """The current flow run, or the run of the current hook."""

    def __repr__(self) -> str:
        return "flow_run"

    @property
    def id(self) -> str:
        """The run's id."""
        return _current_context("flow_run.id").run.id

    @property
    def name(self) -> str:
        """The run's name."""
        return _current_context("flow_run.name").run.name

    @property
    def scheduled_start_time(self) -> datetime:
        """The tick that the run was created for, or the time of its creation. It is the same in every replay."""
        context = _current_context("flow_run.scheduled_start_time")
        return retry_until_available(lambda: schedules.tick_of(context.db, context.run.id)) or context.run.created_at


def _current_context(what: str) -> RunContext | HookContext:
    return current_hook_context() or require_run_context(what)


flow_run = _FlowRun()
