"""Prompts to render."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel

from signoff.store.policy import Policy
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Outcome, Prompt

OPENED = datetime(2026, 5, 1, 12, tzinfo=UTC)
ANA = Actor("U0ANA", "Ana Ruiz", frozenset({"@ana"}))
MENTIONS = {"@ana": "<@U0ANA>"}


def prompt_for(model: type[BaseModel] | None, initial: dict[str, Any] | None = None, **changes: Any) -> Prompt:
    """An open prompt that asks for `model`."""
    fields: dict[str, Any] = {
        "id": "0b1f6a52-6a5e-4c0e-9f64-0d6f3c1f7f11",
        "run_id": "r1",
        "run_name": "bold-lemur",
        "flow": "release",
        "key": "approve",
        "title": "Release 1.4 to production?",
        "description": "",
        "schema": model.model_json_schema() if model else None,
        "initial_values": initial or {},
        "stored_policy": Policy(channel="#releases", approvers=("@ana", "@ben")),
        "model": None,
        "opened_at": OPENED,
        "deadline": None,
        "due_at": None,
        "reminders_sent": 0,
    }
    return Prompt(**(fields | changes))


def settled(outcome: Outcome = Outcome.SUBMITTED, actor: Actor | None = ANA, **more: Any) -> dict[str, Any]:
    """What changes in a prompt that was settled an hour after it was opened."""
    return {"outcome": outcome, "settled_at": OPENED + timedelta(hours=1), "settled_by": actor, **more}
