"""Presses beside a backlog of cards.

    uv run python -m tests.benchmarks.backlog    # --cards 500 --seconds 5 for a short look

Two hundred people a second press a button, each on the card of another run, over signed HTTP: first while nothing else
happens, and then while so many runs have just been created, which the worker has to start and whose cards the
dispatcher has to post. In between, twenty a second do while a flow computes without a pause. Three processes take part,
as in `tests.benchmarks.press`. Here the presses come from this one, through a new connection each, so that what the
workspace has to do for the cards does not delay them.

*Ack* is from the opening of the connection to the end of the response. The baseline, in the same run and by the same
client, is a Bolt app that only acks.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import func, select

from signoff.bot.emulator.control.person import Person
from signoff.bot.emulator.delivery.http_delivery import signature
from signoff.bot.emulator.server import SIGNING_SECRET
from signoff.bot.surfaces import action_ids
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.runs import RunState
from signoff.store.tables import cards
from tests.benchmarks import questions
from tests.benchmarks.figures import Figure, Line, print_lines, print_table
from tests.benchmarks.press import HTTP, bare, database, service, workspace
from tests.support.waiting import until_over, until_state

A_SECOND = 200
A_SECOND_BESIDE_A_FLOW = 20
WARM_UP = 100
GIVE_UP_SECONDS = 60.0


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cards", type=int, default=5000)
    parser.add_argument("--seconds", type=int, default=10)
    chosen = parser.parse_args()
    presses, presses_beside_a_flow = chosen.seconds * A_SECOND, chosen.seconds * A_SECOND_BESIDE_A_FLOW
    figures: list[Figure] = []
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        with workspace(HTTP, folder) as (ana, environment), service(folder, environment), database(folder) as db:
            port = int(environment["SIGNOFF_PORT"])
            asked = iter(ask(db, 2 * presses + presses_beside_a_flow + WARM_UP))
            press_all(port, ana, list(islice(asked, WARM_UP)), action_ids.choose(0))
            alone = press_all(port, ana, list(islice(asked, presses)), action_ids.choose(0))
            figures.append(Figure(f"ack at {A_SECOND} presses a second", answered(alone), "p99 ≤ 100"))
            while due(db):
                time.sleep(0.2)
            run = questions.computing.create_run({"seconds": chosen.seconds}, db=db)
            until_state(db, run.id, RunState.RUNNING)
            pressed = list(islice(asked, presses_beside_a_flow))
            computing = press_all(port, ana, pressed, action_ids.choose(0), a_second=A_SECOND_BESIDE_A_FLOW)
            name = f"ack at {A_SECOND_BESIDE_A_FLOW} presses a second beside a flow that computes"
            figures.append(Figure(name, answered(computing), ""))
            until_over(db, run.id)
            while due(db):
                time.sleep(0.2)
            for _ in range(chosen.cards):
                questions.suspended.create_run(db=db)
            beside = press_all(port, ana, list(asked), action_ids.choose(0))
            left = due(db)
            figures.append(
                Figure(
                    f"ack at {A_SECOND} presses a second beside {chosen.cards:,} cards", answered(beside), "max ≤ 3000"
                )
            )
        with workspace(HTTP, folder) as (ana, environment), bare(folder, environment):
            ana.wait_for_message(questions.CHANNEL, lambda message: bool(message.buttons))
            acked = press_all(int(environment["SIGNOFF_PORT"]), ana, [""] * (presses + WARM_UP), "press")
            figures.append(Figure(f"a bare Bolt app: ack at {A_SECOND} presses a second", answered(acked[WARM_UP:])))
    print_table(figures)
    lost = sum(each is None for each in [*alone, *computing, *beside])
    lines.append(Line("presses that were reset, refused or lost", str(lost), str(sum(x is None for x in acked)), "0"))
    lines.append(Line("cards still to be posted or redrawn after the last press", f"{left:,}", "", ""))
    print_lines("", lines, beside="a bare Bolt app")


def press_all(
    port: int, person: Person, values: Sequence[str], action_id: str, *, a_second: int = A_SECOND
) -> list[float | None]:
    """Press a button for each value, at the rate. Returns milliseconds until each ack; `None` where there was none."""
    return asyncio.run(_press_all(port, [_request(port, person, value, action_id) for value in values], a_second))


async def _press_all(port: int, requests: Sequence[bytes], a_second: int) -> list[float | None]:
    started = time.perf_counter()
    pressing = []
    for number, request in enumerate(requests):
        await asyncio.sleep(max(0.0, started + number / a_second - time.perf_counter()))
        pressing.append(asyncio.create_task(_press(port, request)))
    return await asyncio.gather(*pressing)


async def _press(port: int, request: bytes) -> float | None:
    started = time.perf_counter()
    try:
        async with asyncio.timeout(GIVE_UP_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            response = await reader.read()
            writer.close()
    except OSError:  # TimeoutError is one
        return None
    return (time.perf_counter() - started) * 1000 if response.startswith(b"HTTP/1.1 200") else None


def _request(port: int, person: Person, value: str, action_id: str) -> bytes:
    """A signed press, as Slack sends it."""
    user = {"id": person.id, "username": "ana", "name": "ana", "team_id": "T0SIGNOFF1"}
    payload = {
        "type": "block_actions",
        "team": {"id": "T0SIGNOFF1", "domain": "northwind"},
        "user": user,
        "trigger_id": "1.2.3",
        "actions": [{"type": "button", "action_id": action_id, "block_id": "b", "value": value, "action_ts": "1"}],
    }
    body = urlencode({"payload": json.dumps(payload)})
    stamp = str(int(time.time()))
    head = [
        "POST /slack/events HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        f"X-Slack-Request-Timestamp: {stamp}",
        f"X-Slack-Signature: {signature(SIGNING_SECRET, stamp, body)}",
        "Connection: close",
    ]
    return "\r\n".join([*head, "", body]).encode()


def answered(acks: Sequence[float | None]) -> list[float]:
    """The presses that were acked."""
    return [ack for ack in acks if ack is not None] or [float("nan")]


def ask(db: Database, count: int) -> list[str]:
    """The ids of so many new prompts, once their cards are posted."""
    for _ in range(count):
        questions.suspended.create_run(db=db)
    while len(asked := prompts.pending(db, limit=count)) < count or due(db):
        time.sleep(0.2)
    return [prompt.id for prompt in asked]


def due(db: Database) -> int:
    """How many cards do not show what the database says."""
    with db.read() as connection:
        return int(connection.execute(select(func.count()).where(cards.c.due_at.is_not(None))).scalar_one())


if __name__ == "__main__":
    main()
