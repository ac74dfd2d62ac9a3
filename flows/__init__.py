"""What a flow author imports. The names and their meaning are Prefect's, so that a flow moves by its import line."""

from flows.context import idempotency_key
from flows.errors import (
    FlowPauseTimeout,
    FlowsError,
    InvalidFlow,
    InvalidInput,
    InvalidParameters,
    MappingLengthMismatch,
    MappingMissingIterable,
    MissingContextError,
    NotAllowed,
    NotPausedError,
    PromptRejected,
    StepTimeout,
    UnserializableResult,
)
from flows.flow import Flow, flow
from flows.futures import unmapped
from flows.input import RunInput
from flows.pausing import apause_flow_run, asuspend_flow_run, pause_flow_run, suspend_flow_run
from flows.policy import Policy
from flows.resuming import aresume_flow_run, resume_flow_run
from flows.retrying import aretry_flow_run, retry_flow_run
from flows.run_logging import get_run_logger
from flows.several import Asked, as_answered, ask, ask_all, gather
from flows.task import Task, task

__all__ = [
    "Asked",
    "Flow",
    "FlowPauseTimeout",
    "FlowsError",
    "InvalidFlow",
    "InvalidInput",
    "InvalidParameters",
    "MappingLengthMismatch",
    "MappingMissingIterable",
    "MissingContextError",
    "NotAllowed",
    "NotPausedError",
    "Policy",
    "PromptRejected",
    "RunInput",
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
