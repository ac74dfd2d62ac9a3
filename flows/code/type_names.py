"""The names under which types are recorded: `module:Name`, and where to find a type that has moved since.

Journals and prompts live longer than a release. A run that waits for a month may have recorded an `UploadedFile` when
that class was `flows.files:UploadedFile`, so every path that an earlier version recorded has to be readable for good.
"""

import importlib
from contextlib import suppress
from types import ModuleType
from typing import Any

from signoff.flows.code.module_names import own_module, stable_name

MOVED = {
    # The oldest name of a type comes last: `first_name` goes by that.
    "signoff.flows.approval.desk": "signoff.flows.approval.replies",
    "signoff.store.policy:Escalation": "signoff.store.policy_parts:Escalation",
    "signoff.store.policy:InvalidPolicy": "signoff.store.policy_faults:InvalidPolicy",
    "signoff.store.policy:Rule": "signoff.store.policy_parts:Rule",
    "signoff.store.policy:Stage": "signoff.store.policy_parts:Stage",
    "signoff.store.records.prompts:Approval": "signoff.store.records.rulings:Approval",
    "signoff.store.records.prompts:Approver": "signoff.store.records.approvers:Approver",
    "signoff.store.records.prompts:Held": "signoff.store.records.votes:Held",
    "signoff.store.records.prompts:LedgerLine": "signoff.store.records.ledger:LedgerLine",
    "signoff.store.records.prompts:PassedStage": "signoff.store.records.stages:PassedStage",
    "signoff.store.records.prompts:Reviewers": "signoff.store.records.approvers:Reviewers",
    "signoff.store.records.prompts:Ruling": "signoff.store.records.rulings:Ruling",
    "signoff.store.records.prompts:Shown": "signoff.store.records.votes:Shown",
    "signoff.store.records.prompts:Vote": "signoff.store.records.votes:Vote",
    "bot": "signoff.bot",
    "flows": "signoff.flows",
    "flows.desk": "signoff.flows.approval.replies",
    "flows.files": "signoff.flows.schema.files",
    "flows.keysets": "signoff.flows.messages.keysets",
    "flows.policy": "signoff.flows.approval.policy",
    "flows.prompt_model": "signoff.flows.schema.prompt_model",
    "flows.receiving": "signoff.flows.messages.inbox",
    "flows.run_input": "signoff.flows.messages.run_input",
    "flows.several": "signoff.flows.ask",
    "flows.several:AsAnswered": "signoff.flows.ask:PromptIterator",
    "flows.several:Asked": "signoff.flows.ask:PromptHandle",
    "flows.validation": "signoff.flows.approval.validation",
    "store": "signoff.store",
    "store.records:Actor": "signoff.store.records.actors:Actor",
    "store.records:FlowRun": "signoff.store.records.runs:FlowRun",
    "store.records:Outcome": "signoff.store.records.prompts:Outcome",
    "store.records:Prompt": "signoff.store.records.prompts:Prompt",
    "store.policy:Escalation": "signoff.store.policy_parts:Escalation",
    "store.policy:InvalidPolicy": "signoff.store.policy_faults:InvalidPolicy",
    "store.policy:Rule": "signoff.store.policy_parts:Rule",
    "store.policy:Stage": "signoff.store.policy_parts:Stage",
    "store.records.prompts:Approval": "signoff.store.records.rulings:Approval",
    "store.records.prompts:Approver": "signoff.store.records.approvers:Approver",
    "store.records.prompts:Held": "signoff.store.records.votes:Held",
    "store.records.prompts:LedgerLine": "signoff.store.records.ledger:LedgerLine",
    "store.records.prompts:PassedStage": "signoff.store.records.stages:PassedStage",
    "store.records.prompts:Reviewers": "signoff.store.records.approvers:Reviewers",
    "store.records.prompts:Ruling": "signoff.store.records.rulings:Ruling",
    "store.records.prompts:Shown": "signoff.store.records.votes:Shown",
    "store.records.prompts:Vote": "signoff.store.records.votes:Vote",
    "store.records:RunState": "signoff.store.records.runs:RunState",
}
"""Earlier names of modules and types, and the names of today. The longest entry that fits decides.

Add an entry when a module moves whose types can be returned by a task, raised by one, or asked for.
"""


_FIRST = {new: old for old, new in MOVED.items()}


def type_name(type_: type) -> str:
    """A type as `module:qualified.name`, from which another process can import it."""
    return f"{type_.__module__}:{type_.__qualname__}"


def first_name(type_: type) -> str:
    """The name that a type had when it was first recorded. Hashes use it, so that they survive a move."""
    name = f"{stable_name(type_.__module__)}:{type_.__qualname__}"
    return (_renamed(name, _FIRST) if name.startswith("signoff.") else None) or name


def find_type(name: str) -> Any:
    """Import what is recorded under a name, which may be one of an earlier version.

    Raises:
        ImportError: If the module cannot be imported.
        AttributeError: If the module has nothing of that name.
    """
    module, _, path = name.partition(":")
    if (own := own_module(module)) is not None:
        with suppress(AttributeError):
            return _attribute(own, path)
    # As it is written, first: a project may have a package `flows` of its own.
    try:
        return _import(name)
    except (ImportError, AttributeError):
        moved = current_name(name)
        if moved == name:
            raise
        return _import(moved)


def current_name(name: str) -> str:
    """The name of today for a recorded `module:Name`; `name` itself where that type has not moved."""
    return _renamed(name, MOVED) or name


def _renamed(name: str, names: dict[str, str]) -> str | None:
    fitting = [each for each in names if name == each or name.startswith((f"{each}.", f"{each}:"))]
    longest = max(fitting, key=len, default=None)
    return None if longest is None else names[longest] + name.removeprefix(longest)


def _import(name: str) -> Any:
    module, _, path = name.partition(":")
    return _attribute(importlib.import_module(module), path)


def _attribute(module: ModuleType, path: str) -> Any:
    found: Any = module
    for part in path.split("."):
        found = getattr(found, part)
    return found
