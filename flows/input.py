"""What a run can ask for and be sent, as in `prefect.input`."""

from typing import Any
from uuid import UUID

from signoff.flows.durable.pending_calls import must_be_awaited
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
    """Send an input, or any other value, to a run. The arguments and errors are those of `RunInput.send_to`."""
    return send_to_run(input_of(run_input), flow_run_id, sender, key_prefix)


@must_be_awaited
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
    """Receive inputs in the order of their arrival, with `for` or, in an async flow, `async for`.

    A replay receives the same inputs, and times out in the same places.

    Args:
        input_type: A `RunInput` class, another model, or a type whose bare values are received.
        timeout: Seconds to wait for each input; `None` for no limit.
        poll_interval: Accepted for compatibility with Prefect and ignored: nothing is polled.
        raise_timeout_error: Whether a timeout raises `TimeoutError`. Otherwise it just ends the loop.
        exclude_keys: Keys of inputs to skip.
        key_prefix: The prefix of the keys to receive; by default the name of the type and `-auto`.
        flow_run_id: The run whose inputs to receive; by default the current one.
        with_metadata: Whether bare values are returned as `AutomaticRunInput`, which has their metadata.

    Raises:
        RuntimeError: Outside of a flow run, if no run is given.
    """
    return run_input_subclass_from_type(input_type).receive(
        timeout, poll_interval, raise_timeout_error, exclude_keys, key_prefix, flow_run_id, with_metadata
    )
