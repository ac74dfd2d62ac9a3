"""Which record the code that runs now writes to."""

from flows.context import current
from flows.settings import default_database
from store.database import Database


def current_database() -> Database:
    """The record of the flow run that this code belongs to; outside of one, the one of `DATABASE_URL`."""
    context = current()
    return default_database() if context is None else context.db
