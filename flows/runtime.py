"""What a flow may want to know about its run: `from signoff.runtime import flow_run`, as in Prefect."""

from datetime import datetime

from signoff.flows.database_retry import retry_until_available
from signoff.flows.durable.context import HookContext, RunContext, current_hook_context, require_run_context
from signoff.store.runs import schedules


class _FlowRun:
    """The flow run that the code which asks belongs to, or whose hook it is."""

    @property
    def id(self) -> str:
        """Its id."""
        return _standing("flow_run.id").run.id

    @property
    def name(self) -> str:
        """Its memorable name."""
        return _standing("flow_run.name").run.name

    @property
    def scheduled_start_time(self) -> datetime:
        """The tick that it was made for, or when it was made: the same in every replay."""
        context = _standing("flow_run.scheduled_start_time")
        return retry_until_available(lambda: schedules.tick_of(context.db, context.run.id)) or context.run.created_at


def _standing(what: str) -> RunContext | HookContext:
    return current_hook_context() or require_run_context(what)


flow_run = _FlowRun()
