"""People who answer everything that is open, twice, with a number of their own, and write down what they were told.

Run as a program, with a database's URL and a file, it goes on until its standard input is closed. A line of the file
is an acknowledgement: the prompt, the number that was given, and the number that stands.
"""

import os
import random
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from flows.desk import AlreadySettled, Desk, Settled
from store import prompts
from store.database import Database
from store.errors import DatabaseUnavailable
from store.records import Actor

AT_ONCE = 20
BREATH_SECONDS = 0.02


def main(url: str, file: str) -> None:
    """Answer until the standard input is closed."""
    over = threading.Event()
    threading.Thread(target=watch, args=(over,), daemon=True).start()
    db = Database(url)
    acks = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    with ThreadPoolExecutor(max_workers=2) as hands:
        print("ready", flush=True)
        while not over.wait(BREATH_SECONDS):
            try:
                # Each comes twice in a row, so that two hands take it together.
                asked = [prompt.id for prompt in prompts.pending(db, limit=AT_ONCE) for _ in range(2)]
                for told in hands.map(lambda prompt_id: answer(db, prompt_id), asked):
                    os.write(acks, told.encode())
            except DatabaseUnavailable:
                over.wait(BREATH_SECONDS)
    db.close()


def watch(over: threading.Event) -> None:
    """Say when the standard input is closed."""
    sys.stdin.read()
    over.set()


def answer(db: Database, prompt_id: str) -> str:
    """Give a number; the line that says what became of it."""
    given = random.getrandbits(40)
    reply = Desk(db).submit(prompt_id, Actor("U1", "Ana"), {"value": given}, via="cli")
    assert isinstance(reply, Settled | AlreadySettled)
    return f"{prompt_id} {given} {(reply.prompt.answer or {})['value']}\n"


if __name__ == "__main__":
    main(*sys.argv[1:])
