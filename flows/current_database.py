"""The database of the code that is running."""

from signoff.flows.durable.context import current_hook_context, current_run_context
from signoff.flows.settings import default_database
from signoff.store.database import Database


def current_database() -> Database:
    """The database of the current flow run or hook; elsewhere, the one of `DATABASE_URL`."""
    context = current_run_context() or current_hook_context()
    return default_database() if context is None else context.db
