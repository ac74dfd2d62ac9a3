"""Sending an input to a run."""

from functools import partial
from uuid import UUID, uuid4, uuid5

from pydantic import BaseModel

from signoff.flows.durable.async_bridge import sync_or_async
from signoff.flows.durable.context import current
from signoff.flows.messages.keysets import keep_input

FLOW_RUN = "prefect.flow-run"
"""What the sender begins with when it is a run."""


def deliver(run_input: BaseModel, flow_run_id: UUID | str, sender: str | None, key_prefix: str | None) -> None:
    """Send an input; in an event loop this gives an awaitable. What a run sends has the same key in a replay.

    Raises:
        store.errors.NoSuchRun: If there is no such run.
    """
    prefix = key_prefix or f"{type(run_input).__name__.lower()}-auto"
    context = current()
    number = uuid4()
    if context is not None:
        number = uuid5(UUID(context.run.id), context.journal.next_key(context.scope, f"send-{prefix}"))
        sender = sender or f"{FLOW_RUN}.{context.run.id}"
    value = run_input.model_dump(mode="json", by_alias=True)
    return sync_or_async(partial(keep_input, str(flow_run_id), f"{prefix}-{number}", value, sender=sender))
