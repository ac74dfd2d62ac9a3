"""What a run can be asked for, and be sent, as in Prefect."""

from typing import Any
from uuid import UUID

from signoff.flows.messages.inbox import InputReceiver, send_to_run
from signoff.flows.messages.keysets import Keyset, RunInputMetadata, keyset_from_base_key, keyset_from_paused_state
from signoff.flows.messages.run_input import (
    AutomaticRunInput,
    BaseRunInput,
    RunInput,
    input_of,
    run_input_subclass_from_type,
)
from signoff.flows.schema.field_types import AwareTime, SlackChannel, SlackUser
from signoff.flows.schema.files import Accepts, UploadedFile

__all__ = [
    "Accepts",
    "AutomaticRunInput",
    "AwareTime",
    "BaseRunInput",
    "InputReceiver",
    "Keyset",
    "RunInput",
    "RunInputMetadata",
    "SlackChannel",
    "SlackUser",
    "UploadedFile",
    "asend_input",
    "keyset_from_base_key",
    "keyset_from_paused_state",
    "receive_input",
    "run_input_subclass_from_type",
    "send_input",
]


def send_input(
    run_input: Any, flow_run_id: UUID | str, sender: str | None = None, key_prefix: str | None = None
) -> None:
    """Send an input, or any value, to a run. The arguments and errors are those of `RunInput.send_to`."""
    return send_to_run(input_of(run_input), flow_run_id, sender, key_prefix)


async def asend_input(
    run_input: Any, flow_run_id: UUID | str, sender: str | None = None, key_prefix: str | None = None
) -> None:
    """`send_input`, awaited."""
    await send_input(run_input, flow_run_id, sender, key_prefix)  # type: ignore[misc, func-returns-value]


def receive_input(
    input_type: Any,
    timeout: float | None = 3600,
    poll_interval: float = 10,
    raise_timeout_error: bool = False,
    exclude_keys: set[str] | None = None,
    key_prefix: str | None = None,
    flow_run_id: UUID | str | None = None,
    with_metadata: bool = False,
) -> InputReceiver[Any]:
    """Inputs that are sent to a run, in the order of their arrival, for `for` or, in an async flow, `async for`.

    A replay receives the same ones, and times out where it did.

    Args:
        input_type: A `RunInput` class, another model, or a type whose bare values are received.
        timeout: Seconds to wait for each; `None` for no limit.
        poll_interval: Taken so that a flow moves here from Prefect; nothing is polled.
        raise_timeout_error: Whether the loop ends with a `TimeoutError` when none comes in time, or just ends.
        exclude_keys: Keys of inputs that are not wanted.
        key_prefix: What the wanted keys begin with; the type's name and `-auto` where not given.
        flow_run_id: The run that they are sent to; the one that goes on where not given.
        with_metadata: Whether a bare value comes in its `AutomaticRunInput`, which knows who sent it.

    Raises:
        RuntimeError: Outside of a run, if none is given.
    """
    return run_input_subclass_from_type(input_type).receive(
        timeout, poll_interval, raise_timeout_error, exclude_keys, key_prefix, flow_run_id, with_metadata
    )
