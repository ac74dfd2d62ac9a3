"""Signoff: flows that pause for people, and a bot that asks them in Slack.

The names and their meaning are Prefect's, so a flow moves between the two by changing its imports. The public names are
those listed here and in the modules beside this one; docs/api.md describes them. All else is private.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from signoff.flows.ask import PromptHandle, as_answered, ask, ask_all, gather
    from signoff.flows.durable.context import idempotency_key
    from signoff.flows.durable.run_logging import get_run_logger
    from signoff.flows.errors import (
        FlowPauseTimeout,
        FlowsError,
        FlowTimeout,
        InvalidFlow,
        InvalidInput,
        InvalidParameters,
        MappingLengthMismatch,
        MappingMissingIterable,
        MissingContextError,
        NobodyToAsk,
        NotAllowed,
        NotPausedError,
        PromptRejected,
        StepFailed,
        StepTimeout,
        UnserializableResult,
    )
    from signoff.flows.flow import Flow, flow
    from signoff.flows.futures import unmapped
    from signoff.flows.input import RunInput
    from signoff.flows.pause import apause_flow_run, asuspend_flow_run, pause_flow_run, suspend_flow_run
    from signoff.flows.resume import aresume_flow_run, aretry_flow_run, resume_flow_run, retry_flow_run
    from signoff.flows.task import Task, task
    from signoff.store.errors import DatabaseUnavailable, NoSuchRun, RunNotFailed
    from signoff.store.policy import Policy
    from signoff.store.policy_parts import Escalation, Rule, Stage

__all__ = [
    "DatabaseUnavailable",
    "Escalation",
    "Flow",
    "FlowPauseTimeout",
    "FlowTimeout",
    "FlowsError",
    "InvalidFlow",
    "InvalidInput",
    "InvalidParameters",
    "MappingLengthMismatch",
    "MappingMissingIterable",
    "MissingContextError",
    "NoSuchRun",
    "NobodyToAsk",
    "NotAllowed",
    "NotPausedError",
    "Policy",
    "PromptHandle",
    "PromptRejected",
    "Rule",
    "RunInput",
    "RunNotFailed",
    "Stage",
    "StepFailed",
    "StepTimeout",
    "Task",
    "UnserializableResult",
    "apause_flow_run",
    "aresume_flow_run",
    "aretry_flow_run",
    "as_answered",
    "ask",
    "ask_all",
    "asuspend_flow_run",
    "flow",
    "gather",
    "get_run_logger",
    "idempotency_key",
    "pause_flow_run",
    "resume_flow_run",
    "retry_flow_run",
    "suspend_flow_run",
    "task",
    "unmapped",
]

_MODULES = {
    "signoff.flows.durable.context": ("idempotency_key",),
    "signoff.flows.errors": (
        "FlowPauseTimeout",
        "FlowTimeout",
        "FlowsError",
        "InvalidFlow",
        "InvalidInput",
        "InvalidParameters",
        "MappingLengthMismatch",
        "MappingMissingIterable",
        "MissingContextError",
        "NobodyToAsk",
        "NotAllowed",
        "NotPausedError",
        "PromptRejected",
        "StepFailed",
        "StepTimeout",
        "UnserializableResult",
    ),
    "signoff.flows.flow": (
        "Flow",
        "flow",
    ),
    "signoff.flows.futures": ("unmapped",),
    "signoff.flows.input": ("RunInput",),
    "signoff.flows.pause": (
        "apause_flow_run",
        "asuspend_flow_run",
        "pause_flow_run",
        "suspend_flow_run",
    ),
    "signoff.store.errors": ("DatabaseUnavailable", "NoSuchRun", "RunNotFailed"),
    "signoff.store.policy": ("Policy",),
    "signoff.store.policy_parts": ("Escalation", "Rule", "Stage"),
    "signoff.flows.resume": (
        "aresume_flow_run",
        "aretry_flow_run",
        "resume_flow_run",
        "retry_flow_run",
    ),
    "signoff.flows.durable.run_logging": ("get_run_logger",),
    "signoff.flows.ask": (
        "PromptHandle",
        "as_answered",
        "ask",
        "ask_all",
        "gather",
    ),
    "signoff.flows.task": (
        "Task",
        "task",
    ),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    # Names are imported on first use, so that `signoff --help` and a user's pytest run do not pay for the engine.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
