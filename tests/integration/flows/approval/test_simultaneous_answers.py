"""When an approval and a rejection come at the same moment, one decides, and the other learns who did and how."""

import multiprocessing
import queue
import threading
from typing import Any

import pytest

from signoff.flows.approval.desk import Desk
from signoff.flows.approval.replies import AlreadySettled, Settled
from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.runs import RunState
from signoff.store.runs import pauses, runs
from tests.integration.store.samples import ANA, BEN, a_claimed_run, asking

SCHEMA = {"type": "object", "properties": {"approved": {"type": "boolean"}}, "required": ["approved"]}

Told = tuple[bool, str | None, Any]
"""Whether this one decided; who did; and what."""


def answer(url: str, ids: list[str], actor: Actor, approved: bool, start: Any, came: Any) -> None:
    """Answer each prompt at the moment at which the other does."""
    db = Database(url)
    told: list[Told] = []
    for prompt_id in ids:
        start.wait()
        reply = Desk(db).submit(prompt_id, actor, {"approved": approved}, via="slack")
        assert isinstance(reply, Settled | AlreadySettled)
        by = reply.prompt.settled_by
        told.append((isinstance(reply, Settled), by.name if by else None, reply.prompt.answer))
    db.close()
    came.put((actor.name, told))


def race(db: Database, url: str, rounds: int, kind: Any, start: Any, answers: Any) -> None:
    """Have two people answer the same prompts, and compare the replies with what is recorded."""
    run = a_claimed_run(db)
    ids = [
        pauses.open_prompt(
            db,
            asking(run, key=str(number), schema=SCHEMA),
            fencing_token=run.fencing_token,
            state=RunState.PAUSED,
            held=True,
        ).id
        for number in range(rounds)
    ]
    parties = [
        kind(target=answer, args=(url, ids, actor, approved, start, answers))
        for actor, approved in ((ANA, True), (BEN, False))
    ]
    for party in parties:
        party.start()
    came = dict(answers.get(timeout=150) for _ in parties)
    for party in parties:
        party.join()
    close = 0
    for number, prompt_id in enumerate(ids):
        ana, ben = came["Ana"][number], came["Ben"][number]
        assert ana[0] != ben[0], "exactly one decides"
        winner = ("Ana", {"approved": True}) if ana[0] else ("Ben", {"approved": False})
        assert ana[1:] == ben[1:] == winner, "the other learns who did, and what"
        settled = prompts.get(db, prompt_id)
        assert settled.settled_by is not None
        assert (settled.settled_by.name, settled.answer) == winner
        lines = ledger.lines(db, prompt_id)
        assert [line.event for line in lines] == ["opened", "submitted", "too_late"]
        # Who comes when all is decided is told so at the door, before the way it came is noted.
        close += "via" in lines[-1].detail
    assert close > 0, "some were let in together"
    assert runs.get(db, run.id).runnable_at is not None


def test_a_yes_and_a_no_in_two_threads_settle_once(db: Database, database_url: str) -> None:
    """In a hundred rounds."""
    race(db, database_url, 100, threading.Thread, threading.Barrier(2), queue.Queue())


@pytest.mark.parametrize("rounds", [100, pytest.param(1000, marks=pytest.mark.soak)])
def test_a_yes_and_a_no_in_two_processes_settle_once(db: Database, database_url: str, rounds: int) -> None:
    """In a hundred rounds, or in more if asked for."""
    spawn = multiprocessing.get_context("spawn")
    race(db, database_url, rounds, spawn.Process, spawn.Barrier(2), spawn.Queue())
