"""What connects another engine: it reports its pauses, and is handed what people decided. docs/engines.md tells how."""

from signoff.flows.engine import (
    Acceptance,
    Accepted,
    Engine,
    EngineUnavailable,
    InvalidPause,
    OutgoingDelivery,
    PauseReports,
    Problem,
    Refused,
    ReportedPause,
)
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Outcome
from signoff.store.records.runs import RunState

__all__ = [
    "Acceptance",
    "Accepted",
    "Actor",
    "Engine",
    "EngineUnavailable",
    "InvalidPause",
    "Outcome",
    "OutgoingDelivery",
    "PauseReports",
    "Problem",
    "Refused",
    "ReportedPause",
    "RunState",
]
