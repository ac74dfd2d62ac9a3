"""The keys under which the inputs of a run are stored, named as in Prefect."""

import re
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from signoff.flows.current_database import current_database
from signoff.flows.database.retry import retry_until_available
from signoff.flows.durable.context import current_run_context
from signoff.flows.names import now
from signoff.flows.states import State
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Outcome
from signoff.store.runs import messages
from signoff.store.runs.messages import FlowRunInput

Keyset = dict[Literal["description", "response", "schema"], str]
"""The three keys of one prompt."""

_OF_PROMPT = re.compile(r"(?:paused|suspended)-(?P<key>.+)-(?P<part>description|response|schema)")


class RunInputMetadata(BaseModel):
    """The origin of a received input.

    Attributes:
        key: The key of the input in the run that received it.
        sender: Who sent it: `prefect.flow-run.<id>` if it was a run. Of an answer, the person's id as the ledger has
            it, such as a Slack user id; `None` if nobody answered.
        receiver: The run that received it.
    """

    key: str
    sender: str | None
    receiver: UUID


def keyset_from_base_key(base_key: str) -> Keyset:
    """The keys with the prefix `base_key`."""
    return {
        "description": f"{base_key}-description",
        "response": f"{base_key}-response",
        "schema": f"{base_key}-schema",
    }


def keyset_from_paused_state(state: State) -> Keyset:
    """The keys of the prompt that a run is waiting for, such as `paused-1-response`.

    Raises:
        RuntimeError: If the run is neither paused nor suspended.
    """
    if not state.is_paused():
        raise RuntimeError(f"The run is {state.name}. Only a run that waits for an answer has these keys.")
    return keyset_from_base_key(f"{state.name.lower()}-{state.state_details.pause_key}")


def run_id_or_current(flow_run_id: UUID | str | None) -> str:
    """The id of the given run, or else of the current one.

    Raises:
        RuntimeError: Outside of a flow run, if no run is given.
    """
    if flow_run_id is not None:
        return str(flow_run_id)
    context = current_run_context()
    if context is None:
        raise RuntimeError("Give flow_run_id, or call this within a flow run.")
    return context.run.id


def store_input(run_id: str, key: str, value: Any, *, sender: str | None = None) -> None:
    """Store an input, unless the run already has one with this key.

    Raises:
        store.errors.NoSuchRun: If there is no such run.
    """
    given = FlowRunInput(run_id, key, value, sender, now())
    retry_until_available(lambda: messages.write(current_database(), given))


def load_input(run_id: str, key: str) -> FlowRunInput | None:
    """What is stored under a key of a run: an input, or a part of a prompt; `None` if there is nothing."""
    db = current_database()
    return retry_until_available(lambda: messages.find(db, run_id, key) or _part_of_prompt(run_id, key))


def _part_of_prompt(run_id: str, key: str) -> FlowRunInput | None:
    named = _OF_PROMPT.fullmatch(key)
    if named is None:
        return None
    for prompt in prompts.of_run(current_database(), run_id):
        if prompt.key == named["key"]:
            parts = {"description": prompt.description, "response": prompt.answer, "schema": prompt.schema}
            by_person = named["part"] == "response" and prompt.outcome is Outcome.SUBMITTED
            sender = prompt.settled_by.id if by_person and prompt.settled_by is not None else None
            return FlowRunInput(run_id, key, parts[named["part"]], sender, prompt.opened_at)
    return None
