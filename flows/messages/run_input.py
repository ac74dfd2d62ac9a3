"""Models that people fill in and that runs send to each other, as in Prefect."""

import json
from functools import partial
from typing import Any, Generic, Self, TypeVar
from uuid import UUID

from pydantic import BaseModel, PrivateAttr, create_model

from signoff.flows.durable.pending_calls import must_be_awaited, sync_or_async
from signoff.flows.messages.inbox import FLOW_RUN, InputReceiver, send_to_run
from signoff.flows.messages.keysets import (
    Keyset,
    RunInputMetadata,
    keyset_from_base_key,
    load_input,
    run_id_or_current,
    store_input,
)
from signoff.flows.schema.json_schema import schema_of
from signoff.flows.schema.prompt_model import PromptModel
from signoff.store.runs.messages import FlowRunInput

T = TypeVar("T")


class BaseRunInput(PromptModel):
    """The base of all inputs. They can be stored with a run, and sent to one."""

    _metadata: RunInputMetadata | None = PrivateAttr(default=None)

    def __eq__(self, other: object) -> bool:
        # The metadata does not count: a task that returns an input it received would not read back equal.
        return type(self) is type(other) and self.__dict__ == other.__dict__

    @property
    def metadata(self) -> RunInputMetadata:
        """Where it came from: who sent a received input, or who answered.

        Raises:
            AttributeError: If it was neither received nor an answer.
        """
        if self._metadata is None:
            raise AttributeError(f"This {type(self).__name__} was not received, so it has no metadata.")
        return self._metadata

    def note_origin(self, origin: FlowRunInput) -> None:
        """Remember where this input came from, as its `metadata`."""
        self._metadata = RunInputMetadata(key=origin.key, sender=origin.sender, receiver=UUID(origin.flow_run_id))

    @classmethod
    def keyset_from_type(cls) -> Keyset:
        """The keys under which an input of this class is stored."""
        return keyset_from_base_key(cls.__name__.lower())

    @classmethod
    def save(cls, keyset: Keyset, flow_run_id: UUID | str | None = None) -> None:
        """Store the schema and description of this input with a run; in an event loop, an awaitable.

        Args:
            flow_run_id: The run; by default the current one.

        Raises:
            RuntimeError: Outside of a flow run, if no run is given.
            NoSuchRun: If there is no such run.
        """
        run_id = run_id_or_current(flow_run_id)
        schema, description = schema_of(cls.prompt_model or cls), cls.prompt_description

        def save() -> None:
            store_input(run_id, keyset["schema"], schema)
            if description:
                store_input(run_id, keyset["description"], description)

        return sync_or_async("save()", save)

    @classmethod
    def load(cls, keyset: Keyset, flow_run_id: UUID | str | None = None) -> Any:
        """The answer that is stored under a key set; in an event loop, an awaitable.

        If there is no answer yet, this is an instance with default values.

        Raises:
            RuntimeError: Outside of a flow run, if no run is given.
        """
        run_id = run_id_or_current(flow_run_id)
        return sync_or_async("load()", lambda: cls._loaded(keyset["response"], run_id))

    @classmethod
    @must_be_awaited
    async def asave(cls, keyset: Keyset, flow_run_id: UUID | str | None = None) -> None:
        """`save`, awaited."""
        await cls.save(keyset, flow_run_id)  # type: ignore[misc]

    @classmethod
    @must_be_awaited
    async def aload(cls, keyset: Keyset, flow_run_id: UUID | str | None = None) -> Any:
        """`load`, awaited."""
        return await cls.load(keyset, flow_run_id)

    @classmethod
    def load_from_flow_run_input(cls, flow_run_input: FlowRunInput) -> Self:
        """The input that was sent, with its metadata.

        Raises:
            pydantic.ValidationError: If it does not fit this class.
        """
        instance = cls.model_validate_json(json.dumps(flow_run_input.value))
        instance.note_origin(flow_run_input)
        return instance

    def respond(self, run_input: Any, sender: str | None = None, key_prefix: str | None = None) -> None:
        """Send an input to the run that sent this one. The arguments are those of `send_to`.

        Raises:
            RuntimeError: If it was not sent by a run.
        """
        by_run, _, run_id = (self.metadata.sender or "").rpartition(".")
        if by_run != FLOW_RUN:
            raise RuntimeError("Cannot respond to an input that was not sent by a flow run.")
        return send_to_run(input_of(run_input), run_id, sender, key_prefix)

    def send_to(self, flow_run_id: UUID | str, sender: str | None = None, key_prefix: str | None = None) -> None:
        """Send this input to a run; in an event loop, an awaitable. A replay does not send it again.

        Args:
            sender: The sender to record; by default the current run.
            key_prefix: The prefix of the key; by default the name of the class and `-auto`.

        Raises:
            NoSuchRun: If there is no such run.
        """
        return send_to_run(self, flow_run_id, sender, key_prefix)

    @must_be_awaited
    async def arespond(self, run_input: Any, sender: str | None = None, key_prefix: str | None = None) -> None:
        """`respond`, awaited."""
        await self.respond(run_input, sender, key_prefix)  # type: ignore[misc, func-returns-value]

    @must_be_awaited
    async def asend_to(self, flow_run_id: UUID | str, sender: str | None = None, key_prefix: str | None = None) -> None:
        """`send_to`, awaited."""
        await self.send_to(flow_run_id, sender, key_prefix)  # type: ignore[misc, func-returns-value]

    @classmethod
    def _loaded(cls, key: str, run_id: str) -> Any:
        kept = load_input(run_id, key)
        instance = cls.model_validate_json(json.dumps(kept.value)) if kept is not None and kept.value else cls()
        sender = None if kept is None else kept.sender
        instance._metadata = RunInputMetadata(key=key, sender=sender, receiver=UUID(run_id))
        return instance


class RunInput(BaseRunInput):
    """A model that a run can ask a person for.

    Example:
        ```python
        class ShirtOrder(RunInput):
            size: Literal["small", "medium", "large"]
            color: Literal["red", "green"]

        order = pause_flow_run(wait_for_input=ShirtOrder)
        ```
    """

    @classmethod
    def receive(
        cls,
        timeout: float | None = 3600,
        poll_interval: float = 10,
        raise_timeout_error: bool = False,
        exclude_keys: set[str] | None = None,
        key_prefix: str | None = None,
        flow_run_id: UUID | str | None = None,
        with_metadata: bool = False,
    ) -> InputReceiver[Any]:
        """Receive inputs of this class. The arguments are those of `receive_input`."""
        del poll_interval
        return InputReceiver(
            partial(cls._received, with_metadata),
            key_prefix=key_prefix or f"{cls.__name__.lower()}-auto",
            timeout=timeout,
            raise_timeout_error=raise_timeout_error,
            exclude_keys=exclude_keys,
            flow_run_id=flow_run_id,
        )

    @classmethod
    def _received(cls, _with_metadata: bool, sent: FlowRunInput) -> Any:
        return cls.load_from_flow_run_input(sent)


class AutomaticRunInput(RunInput, Generic[T]):
    """Carries a value that is not a model."""

    value: T

    @classmethod
    def _loaded(cls, key: str, run_id: str) -> Any:
        return super()._loaded(key, run_id).value

    @classmethod
    def _received(cls, with_metadata: bool, sent: FlowRunInput) -> Any:
        received = cls.load_from_flow_run_input(sent)
        return received if with_metadata else received.value

    @classmethod
    def subclass_from_type(cls, _type: Any) -> "type[AutomaticRunInput[Any]]":
        """The model that carries values of a type. `list[int]` is named like `list`, so that a sent list is found."""
        name = f"{getattr(_type, '__name__', '').lower()}AutomaticRunInput"
        return create_model(name, __base__=AutomaticRunInput, value=(_type, ...))


def run_input_subclass_from_type(_type: Any) -> type[RunInput]:
    """The input that carries values of a type.

    A `RunInput` class carries itself, another model `X` is carried by an `XRunInput` with its fields, and
    anything else by an `AutomaticRunInput` with the field `value`.
    """
    if isinstance(_type, type) and issubclass(_type, RunInput):
        return _type
    if isinstance(_type, type) and issubclass(_type, BaseModel):
        return type(f"{_type.__name__}RunInput", (RunInput, _type), {"__module__": _type.__module__})
    return AutomaticRunInput.subclass_from_type(_type)


def input_of(run_input: Any) -> RunInput:
    """The input that carries a value to send."""
    if isinstance(run_input, RunInput):
        return run_input
    carrier = run_input_subclass_from_type(type(run_input))
    if isinstance(run_input, BaseModel):
        return carrier.model_validate(run_input.model_dump(by_alias=True))
    return carrier.model_validate({"value": run_input})
