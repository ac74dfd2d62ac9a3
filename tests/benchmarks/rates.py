"""Cards, notices and presses while Slack limits the rate of calls.

    uv run python -m tests.benchmarks.rates            # about six minutes
    uv run python -m tests.benchmarks.rates 120/1      # one of its parts: 120 cards in one channel

So many open prompts wait in so many channels when `signoff bot` starts, and it has to post a card of each. Meanwhile,
somebody answers a prompt whose card is posted, every 1.4 s (Slack takes 50 updates a minute), and a reminder of one is
due every 5 s. Slack is a double that limits calls as Slack documents it, with 0.1 s for each call, in real time
(`tests.support.limited_slack`). The bot and the double are processes of their own; this one answers at the desk.

The *floor* is what Slack's rates allow: for each channel, the posts that it took beyond a burst, at one a second; with
a limit of the workspace, all posts beyond a burst at that rate.
"""

import argparse
import json
import os
import random
import socket
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from signoff import Policy, RunInput, flow, suspend_flow_run
from signoff.bot.emulator.server import BOT_TOKEN, SIGNING_SECRET
from signoff.flows.approval.desk import Desk
from signoff.flows.engines.embedded.worker import Worker
from signoff.flows.names import new_id
from signoff.store.database import Database
from signoff.store.prompts import due, prompts
from signoff.store.records.actors import Actor
from signoff.store.tables import cards, flow_runs
from signoff.store.tables import prompts as prompt_rows
from tests.acceptance.command import SIGNOFF, Command
from tests.benchmarks.figures import Line, percentile, print_lines
from tests.benchmarks.press import database, free_port, module
from tests.support.limited_slack import POST, POST_BURST, LimitedSlack, Limits, Seen
from tests.support.waiting import until_asked

LATENCY = 0.1
ANSWER_EVERY = 1.4
REMIND_EVERY = 5.0
GIVE_UP = 900.0
ANA = Actor("U0ANA", "ana", frozenset())
YES = {"approved": True}


class Decision(RunInput):
    """Whether to go on."""

    approved: bool


@flow
def asking() -> None:
    """Its prompt is copied."""
    suspend_flow_run(wait_for_input=Decision, policy=Policy(channel="#c0", approvers=[ANA.id]), timeout=None)


@dataclass(frozen=True)
class Part:
    """So many cards in so many channels, with a limit of the workspace in posts a minute."""

    cards: int
    channels: int
    workspace: int | None = None

    def __str__(self) -> str:
        limit = "" if self.workspace is None else f", {self.workspace} a minute in the workspace"
        return f"{self.cards:,} cards in {self.channels} channel{'s' if self.channels > 1 else ''}{limit}"


PARTS = (Part(120, 1), Part(600, 20), Part(600, 20, 300), Part(10_000, 200))


@dataclass
class Happened:
    """When prompts were answered, and reminders were due, by prompt, in seconds since the epoch."""

    answered: dict[str, float]
    reminded: dict[str, float]
    gave_up: bool = False


def main() -> None:
    """Measure everything and print it."""
    if sys.argv[1:2] == ["--double"]:
        serve_double(*sys.argv[2:])
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", help="CARDS/CHANNELS or CARDS/CHANNELS/POSTS-A-MINUTE")
    parser.add_argument("--signoff", type=Path, default=SIGNOFF, help="the command that is measured")
    chosen = parser.parse_args()
    parts = [Part(*map(int, each.split("/"))) for each in chosen.parts] or PARTS
    for part in parts:
        print_lines(str(part), lines(part, chosen.signoff), beside="floor")
        sys.stdout.flush()


def serve_double(host: str, workspace: str) -> None:
    """Be Slack until killed."""
    with LimitedSlack(Limits(workspace=int(workspace) or None), host=host, latency=LATENCY) as slack:
        print(slack.url, flush=True)
        slack._thread.join()


def lines(part: Part, signoff: Path) -> Iterator[Line]:
    """The figures of one part."""
    with tempfile.TemporaryDirectory() as made, database(Path(made)) as db:
        fill(db, part)
        with double(part, Path(made)) as url:
            environment = {
                "SLACK_API_URL": f"{url}/api/",
                "SLACK_BOT_TOKEN": BOT_TOKEN,
                "SLACK_SIGNING_SECRET": SIGNING_SECRET,
                "SIGNOFF_PORT": str(free_port()),
            }
            with Command("bot", folder=Path(made), environment=environment, executable=signoff) as bot:
                happened = until_drained(db)
                used = processor_seconds(bot.pid)
            calls = [Seen(**each) for each in json.load(urllib.request.urlopen(f"{url}/calls"))]
    yield from figures(part, calls, happened, used)


def figures(part: Part, calls: Sequence[Seen], happened: Happened, used: float) -> Iterator[Line]:
    """The figures, from what the double has seen."""
    posted = [each for each in calls if each.method == POST and each.is_ok]
    new = [each for each in posted if not each.thread]
    began = min(each.at for each in calls if each.method == POST)
    drained = max(each.at for each in new) - began
    refused = sum(not each.is_ok for each in calls)
    goal = floor(part, [each for each in posted if each.at <= began + drained])
    short = f" (gave up: {len(new):,} posted)" if happened.gave_up else ""
    yield Line("calls", f"{len(calls):,}", f"{len(calls) - refused:,}", "")
    yield Line("of them refused", f"{refused:,} ({100 * refused / len(calls):.1f} %)", "0", "≤ 1 %")
    yield Line("until all cards are posted, s", f"{drained:.1f}{short}", f"{goal:.1f}", "≤ 1.1 × floor")
    updates = [each for each in calls if each.method == "chat.update" and each.is_ok]
    card_of = {(each.channel, each.ts): each.prompt for each in new}
    replies = [replace(each, prompt=card_of[each.channel, each.thread]) for each in posted if each.thread]
    yield Line("age of an answered card until it is redrawn, s", ages(happened.answered, updates), "0.0", "p99 ≤ 2")
    yield Line("age of a reminder until it is posted, s", ages(happened.reminded, replies), "0.0", "")
    yield Line("cards posted twice", str(sum(n - 1 for n in Counter(each.prompt for each in new).values())), "0", "0")
    yield Line("processor time of the bot, s", f"{used:.1f}", "", "")


def ages(due: Mapping[str, float], calls: Sequence[Seen]) -> str:
    """Median, 99th percentile and maximum of the seconds until the first call about each prompt."""
    first: dict[str, float] = {}
    for each in calls:
        if each.prompt in due and each.at >= due[each.prompt]:
            first.setdefault(each.prompt, each.at)
    taken = [first[prompt] - at for prompt, at in due.items() if prompt in first]
    lacking = f", {len(due) - len(taken)} never" if len(taken) < len(due) else ""
    if not taken:
        return f"none of {len(due)}"
    shown = " / ".join(f"{value:.1f}" for value in (percentile(taken, 50), percentile(taken, 99), max(taken)))
    return f"{shown} (n = {len(taken)}{lacking})"


def floor(part: Part, posted: Sequence[Seen]) -> float:
    """Seconds that Slack's rates allow for these posts."""
    busiest = max(Counter(each.channel for each in posted).values())
    seconds = float(busiest - POST_BURST)
    if part.workspace is not None:
        seconds = max(seconds, (len(posted) - part.workspace // 5) / (part.workspace / 60))
    return seconds


def until_drained(db: Database) -> Happened:
    """Answer and remind until no card is missing."""
    happened, chosen = Happened({}, {}), random.Random(7)
    ended, next_answer, next_reminder = time.monotonic() + GIVE_UP, 0.0, time.monotonic() + REMIND_EVERY
    while missing(db):
        now = time.monotonic()
        if now > ended:
            happened.gave_up = True
            return happened
        known = happened.answered.keys() | happened.reminded.keys()
        if now >= next_reminder and (prompt_id := posted(db, known, chosen)) is not None:
            next_reminder = now + REMIND_EVERY
            happened.reminded[prompt_id] = time.time()
            due.remind(db, prompts.get(db, prompt_id), sent=1, due_at=None, now=db.now())
            continue
        if now >= next_answer and (prompt_id := posted(db, known, chosen)) is not None:
            next_answer = now + ANSWER_EVERY
            happened.answered[prompt_id] = time.time()
            Desk(db).submit(prompt_id, ANA, YES, via="cli")
        time.sleep(0.1)
    # What was answered last is redrawn, too.
    ended = time.monotonic() + 30
    while time.monotonic() < ended and cards_due(db):
        time.sleep(0.1)
    time.sleep(1.5)
    return happened


def missing(db: Database) -> int:
    """How many cards are not posted."""
    with db.read() as connection:
        return int(connection.execute(select(func.count()).where(cards.c.ts.is_(None))).scalar_one())


def cards_due(db: Database) -> int:
    """How many cards are to be posted or redrawn."""
    with db.read() as connection:
        return int(connection.execute(select(func.count()).where(cards.c.due_at.is_not(None))).scalar_one())


def posted(db: Database, without: "set[str]", chosen: random.Random) -> str | None:
    """An open prompt whose card is posted."""
    query = (
        select(cards.c.prompt_id)
        .join(prompt_rows, prompt_rows.c.id == cards.c.prompt_id)
        .where(cards.c.ts.is_not(None), cards.c.due_at.is_(None), prompt_rows.c.outcome.is_(None))
        .limit(len(without) + 200)
    )
    with db.read() as connection:
        found = [str(id_) for (id_,) in connection.execute(query) if id_ not in without]
    return chosen.choice(found) if found else None


def fill(db: Database, part: Part) -> None:
    """Write so many open prompts whose cards are due."""
    run = asking.create_run(db=db)
    with Worker(db, [asking], defaults=Policy()):
        prompt = until_asked(db, run.id)
    with db.write() as tx:
        run_row, prompt_row, card_row = (
            dict(tx.execute(select(table).where(column == value)).one()._mapping)
            for table, column, value in (
                (flow_runs, flow_runs.c.id, run.id),
                (prompt_rows, prompt_rows.c.id, prompt.id),
                (cards, cards.c.prompt_id, prompt.id),
            )
        )
        ids = [new_id() for _ in range(part.cards - 1)]
        del card_row["id"]
        tx.execute(flow_runs.insert(), [{**run_row, "id": id_} for id_ in ids])
        tx.execute(prompt_rows.insert(), [{**prompt_row, "id": id_, "run_id": id_} for id_ in ids])
        tx.execute(
            cards.insert(),
            [
                {**card_row, "prompt_id": id_, "place_target": f"#c{number % part.channels}"}
                for number, id_ in enumerate(ids, 1)
            ],
        )


@contextmanager
def double(part: Part, folder: Path) -> Iterator[str]:
    """Slack, in a process of its own, at an address that is not this machine's loopback: see `RateLimits`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as routed:
        routed.connect(("192.0.2.1", 9))
        host = routed.getsockname()[0]
    arguments = ("--double", host, str(part.workspace or 0))
    with module("tests.benchmarks.rates", *arguments, folder=folder) as slack:
        yield _first_line(slack)


def _first_line(slack: Command) -> str:
    line: Any = (slack._process.stdout or []).readline()  # type: ignore[union-attr]
    return str(line).strip()


def processor_seconds(pid: int) -> float:
    """The processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
