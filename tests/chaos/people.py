"""People who answer everything that is open, twice, with numbers of their own, and write down what they are told.

A line of `given.txt` is written before an answer is given: the prompt, and the number. A line of `acks.txt` is an
acknowledgement: the prompt, the number that was given, and the number that was recorded.
"""

import os
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from signoff.flows.approval.desk import Desk
from signoff.flows.approval.replies import AlreadySettled, Settled
from signoff.store.database import Database
from signoff.store.errors import DatabaseUnavailable
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt
from signoff.store.records.runs import RunState
from signoff.store.runs.runs import newest
from tests.chaos.processes import Ready

AT_ONCE = 20
BREATH_SECONDS = 0.02
ANA = Actor("U1", "Ana")


def answer_everything(ready: Ready, url: str, folder: str) -> None:
    """Answer until the process is killed."""
    pause = threading.Event()
    db = Database(url)
    given, acks = (os.open(Path(folder) / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT) for name in GIVEN_AND_ACKS)

    def answer(prompt: Prompt) -> None:
        number = random.getrandbits(40)
        os.write(given, f"{prompt.id} {number}\n".encode())
        reply = Desk(db).submit(prompt.id, ANA, {"value": number}, via="cli")
        assert isinstance(reply, Settled | AlreadySettled)
        os.write(acks, f"{prompt.id} {number} {(reply.prompt.answer or {})['value']}\n".encode())

    with ThreadPoolExecutor(max_workers=2) as hands:
        ready()
        while not pause.wait(BREATH_SECONDS):
            try:
                # Each comes twice in a row, so that two hands take it together.
                asked = [prompt for prompt in prompts.pending(db, limit=AT_ONCE) for _ in range(2)]
                list(hands.map(answer, asked))
            except DatabaseUnavailable:
                continue


GIVEN_AND_ACKS = ("given.txt", "acks.txt")


def retry_crashed(db: Database) -> int:
    """Retry runs whose workers were killed three times before anything was recorded; returns how many."""
    crashed = newest(db, state=RunState.CRASHED, limit=1000)
    for run in crashed:
        Desk(db).retry(run.id, ANA)
    return len(crashed)
