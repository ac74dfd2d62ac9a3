"""Which record the code that runs now writes to."""

from signoff.flows.durable.context import current, current_hook
from signoff.flows.settings import default_database
from signoff.store.database import Database


def current_database() -> Database:
    """The record of the flow run, or hook, that this code belongs to; elsewhere, the one of `DATABASE_URL`."""
    context = current() or current_hook()
    return default_database() if context is None else context.db
