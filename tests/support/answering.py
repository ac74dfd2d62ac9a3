"""Answering prompts as a person would."""

from typing import Any

from signoff.flows.approval.desk import Desk
from signoff.flows.approval.replies import Settled
from signoff.store.database import Database
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt

ANA = Actor("U1", "Ana")


def answer(db: Database, prompt: Prompt, **values: Any) -> None:
    """Give an answer that settles."""
    assert isinstance(Desk(db).submit(prompt.id, ANA, values, via="cli"), Settled)
