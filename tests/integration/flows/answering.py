"""Answering prompts as a person would."""

from typing import Any

from flows.desk import Desk, Settled
from store.database import Database
from store.records import Actor, Prompt

ANA = Actor("U1", "Ana")


def answer(db: Database, prompt: Prompt, **values: Any) -> None:
    """Give an answer that settles."""
    assert isinstance(Desk(db).submit(prompt.id, ANA, values, via="cli"), Settled)
