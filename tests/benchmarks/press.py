"""From a press to the flow's next line, and to the ack.

    uv run python -m tests.benchmarks.press

Three processes take part, as in a real installation: `signoff serve`, which is measured; the workspace, which stands
for Slack; and this one, which presses and reckons. So the workspace's work does not hold up the interpreter that is
measured, but it shares the machine's cores, which Slack does not.

*Continuation* is from the moment at which the workspace sends the press until the flow's next line runs: the request's
signature is checked, the answer validated and committed, and the run claimed. *Ack* is from the same moment until the
workspace has Signoff's answer. Presses come one at a time, after a breath in which the card is redrawn, and then 50
a second, whatever has become of those before. The first presses of each kind warm up and do not count.

The baselines are taken in the same run: a Bolt app that only acks, behind the same transports, and one bare commit.
"""

import socket
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from signoff.bot.emulator.control.control_client import ControlClient
from signoff.bot.emulator.control.person import Person
from signoff.bot.emulator.control.visible import VisibleMessage
from signoff.bot.emulator.server import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET
from signoff.store import migrations
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.outbox import cards
from signoff.store.prompts import prompts
from signoff.store.runs import runs
from tests.acceptance.command import Command
from tests.benchmarks import bare_app, questions
from tests.benchmarks.figures import Figure, print_table

PROJECT = Path(__file__).parents[2]
PRESSES = 300
WARM_UP = 20
BREATH_SECONDS = 0.05
A_SECOND = 50
REQUEST_TIMEOUT = 120.0
APPROVE = "Approve"


HTTP, SOCKET = "Signed HTTP", "Socket Mode"


@dataclass(frozen=True)
class Press:
    """One press that was acked: on which card, sent when (seconds since the epoch), acked after so many ms."""

    card: VisibleMessage
    at: float
    ack_ms: float


def main() -> None:
    """Measure everything and print it."""
    print_table(
        [
            *through(HTTP),
            *through(SOCKET),
            Figure("One bare commit to SQLite (WAL, synchronous=FULL)", commits()),
        ]
    )


def through(via: str) -> Iterator[Figure]:
    """The figures of one way to the app."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        with workspace(via, folder) as (ana, environment), service(folder, environment), database(folder) as db:
            pressed = one_by_one(ana, cards_of(ana, db, "paused", PRESSES + WARM_UP))
            yield Figure(f"{via}: continuation, paused", continuations(db, pressed), "median ≤ 25, p99 ≤ 100")
            yield Figure(f"{via}: ack", acks(pressed))
            pressed = one_by_one(ana, cards_of(ana, db, "suspended", PRESSES + WARM_UP))
            yield Figure(f"{via}: continuation, suspended", continuations(db, pressed))
            pressed = at_a_rate(ana, cards_of(ana, db, "paused", 10 * A_SECOND + WARM_UP))
            yield Figure(f"{via}: ack at {A_SECOND} presses a second", acks(pressed), "p99 ≤ 50")
            yield Figure(f"{via}: continuation at {A_SECOND} presses a second", continuations(db, pressed))
        with workspace(via, folder) as (ana, environment), bare(folder, environment):
            button = ana.wait_for_message(questions.CHANNEL, lambda message: bare_app.BUTTON in message.buttons)
            pressed = one_by_one(ana, [button] * (PRESSES + WARM_UP), bare_app.BUTTON)
            yield Figure(f"{via}: ack of a bare Bolt app", acks(pressed))


def cards_of(ana: Person, db: Database, flow: str, count: int) -> list[VisibleMessage]:
    """The cards of so many fresh runs, as soon as all of them are posted."""
    for _ in range(count):
        getattr(questions, flow).create_run(db=db)

    # The database is asked and not the workspace, which would show every message anew at each card.
    with db.changes.subscribe(Topic.CARDS) as changes:
        while cards.next_due_at(db) is not None or len(prompts.pending(db, limit=count)) < count:
            assert changes.wait(REQUEST_TIMEOUT), "the cards are not posted"
    return [card for card in ana.sees(questions.CHANNEL) if APPROVE in card.buttons]


def one_by_one(ana: Person, posted: Sequence[VisibleMessage], label: str = APPROVE) -> list[Press]:
    """Press one card after the other."""
    pressed = []
    for card in posted:
        pressed.append(press(ana, label, card))
        time.sleep(BREATH_SECONDS)
    return pressed


def at_a_rate(ana: Person, posted: Sequence[VisibleMessage]) -> list[Press]:
    """Press so many cards a second, whatever has become of those before."""
    with ThreadPoolExecutor(max_workers=A_SECOND) as hands:
        started, pressed = time.monotonic(), []
        for number, card in enumerate(posted):
            time.sleep(max(0.0, started + number / A_SECOND - time.monotonic()))
            pressed.append(hands.submit(press, ana, APPROVE, card))
        return [each.result() for each in pressed]


def press(ana: Person, label: str, card: VisibleMessage) -> Press:
    """Press one button."""
    answer = ana.press(label, message=card)
    return Press(card, answer["at"], answer["ack_ms"])


def acks(pressed: Sequence[Press]) -> list[float]:
    """Milliseconds until each ack, without the warm-up."""
    return [each.ack_ms for each in pressed[WARM_UP:]]


def continuations(db: Database, pressed: Sequence[Press]) -> list[float]:
    """Milliseconds until each flow's next line, without the warm-up."""
    with db.changes.subscribe(Topic.STATES) as changes:
        return [(went_on(db, each.card, changes.wait) - each.at) * 1000 for each in pressed[WARM_UP:]]


def went_on(db: Database, card: VisibleMessage, wait: Callable[[float], bool]) -> float:
    """When the run behind a card went on, in seconds since the epoch."""
    run_id = prompts.get(db, (card.metadata or {})["event_payload"]["prompt_id"]).run_id
    while not (run := runs.get(db, run_id)).state.is_final:
        assert wait(REQUEST_TIMEOUT), f"{run.name} does not end"
    return float(run.result)


@contextmanager
def workspace(via: str, folder: Path) -> Iterator[tuple[Person, Mapping[str, str]]]:
    """The workspace; whom to act as, and the environment that connects an app to it."""
    port = free_port()
    request_url = [f"http://127.0.0.1:{port}/slack/events"] if via == HTTP else []
    with module("tests.benchmarks.slack", *request_url, folder=folder) as slack:
        client = ControlClient(slack.address())
        to_the_app = (
            {"SLACK_SIGNING_SECRET": SIGNING_SECRET, "SIGNOFF_PORT": str(port)}
            if via == HTTP
            else {"SLACK_APP_TOKEN": APP_TOKEN}
        )
        yield (
            client.person("ana"),
            {"SLACK_API_URL": f"{client.url}/api/", "SLACK_BOT_TOKEN": BOT_TOKEN, **to_the_app},
        )
        client.close()


def service(folder: Path, environment: Mapping[str, str]) -> Command:
    """`signoff serve`, which is what is measured."""
    return Command("serve", questions.__file__, folder=folder, environment=environment)


def bare(folder: Path, environment: Mapping[str, str]) -> Command:
    """The app that only acks."""
    return module("tests.benchmarks.bare_app", folder=folder, environment=environment)


def module(name: str, *arguments: str, folder: Path, environment: Mapping[str, str] | None = None) -> Command:
    """A module of these benchmarks in a process of its own."""
    path = {"PYTHONPATH": str(PROJECT), **(environment or {})}
    return Command("-m", name, *arguments, folder=folder, environment=path, executable=Path(sys.executable))


@contextmanager
def database(folder: Path) -> Iterator[Database]:
    """The database of the service."""
    with closing(Database(f"sqlite:///{folder / 'signoff.db'}")) as db:
        migrations.upgrade(db)
        yield db


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


def commits() -> list[float]:
    """Milliseconds of one commit each, as the database is kept."""
    taken = []
    with tempfile.TemporaryDirectory() as folder, closing(sqlite3.connect(f"{folder}/bare.db")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE presses (at REAL)")
        for _ in range(PRESSES):
            started = time.perf_counter()
            connection.execute("INSERT INTO presses VALUES (?)", (started,))
            connection.commit()
            taken.append((time.perf_counter() - started) * 1000)
    return taken


if __name__ == "__main__":
    main()
