"""`kill -9` at each step of the life of a prompt: started again, each run finishes once, with one card.

The moments are certain: a task hands its name to the test through a FIFO and stands still, the emulator holds a call of
the bot's, or bot and worker are two processes of which one is dead.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from signoff.flows.names import memorable_name, new_id, now
from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.outbox import cards
from signoff.store.prompts import prompts
from signoff.store.records.runs import FlowRun, RunState
from signoff.store.runs import runs
from signoff.testing import Emulator, VisibleMessage
from tests.acceptance.command import Command
from tests.support.waiting import until, until_asked, until_over

RELEASE = '''
"""A release, in tasks that say what they did, and stand still where a test waits for them."""

import os
import threading
from pathlib import Path

from signoff import Policy, Rule, RunInput, flow, pause_flow_run, suspend_flow_run, task

HERE = Path(__file__).parent


class Approval(RunInput):
    approved: bool


def done(what):
    file = os.open(HERE / "done.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, f"{what}\\n".encode())
    os.close(file)


def stand_still(where):
    if (HERE / where).exists():
        (HERE / where).write_text("here")
        threading.Event().wait()


@task
def collect():
    stand_still("collecting")
    done("collected")
    return "changes"


@task
def deploy(changes):
    stand_still("deploying")
    done(f"deployed {changes}")
    return "out"


def is_safe(_answer):
    stand_still("judging")
    done("judged")
    return True


@flow
def release(waits="suspended", by_rule=False):
    changes = collect()
    ask = pause_flow_run if waits == "paused" else suspend_flow_run
    rules = [Rule(when=is_safe, then="approve", note="safe")] if by_rule else []
    policy = Policy(channel="#releases", approvers=["@ana"], rules=rules)
    answer = ask(wait_for_input=Approval, timeout=None, policy=policy)
    return f"{deploy(changes)}: {answer.approved}"
'''

waiting_both_ways = pytest.mark.parametrize("waits", ["paused", "suspended"])


class Scene:
    """A workspace and a database that outlive every process of Signoff's."""

    def __init__(self, slack: Emulator, db: Database, folder: Path) -> None:
        self.slack = slack
        self.db = db
        self.ana = slack.person("ana")
        self._folder = folder
        self._file = folder / "release.py"
        self._file.write_text(RELEASE)

    def start(self, command: str = "serve") -> Command:
        """Start `signoff serve`, `bot` or `worker`; one that serves Slack is connected then."""
        arguments = [command] if command == "bot" else [command, str(self._file)]
        environment = {**self.slack.environment(), "DATABASE_URL": str(self.db.url)}
        process = Command(*arguments, folder=self._folder, environment=environment)
        if command != "worker":
            self._until_connected(True, process)
        return process

    def run(self, *arguments: str) -> str:
        """What a command prints."""
        with Command(*arguments, folder=self._folder, environment={"DATABASE_URL": str(self.db.url)}) as process:
            return process.line_with("rule")

    def kill(self, process: Command, *, serves_slack: bool = True) -> None:
        """End it as a power cut would, and let the calls go that were held for it."""
        process.kill()
        if serves_slack:
            self._until_connected(False, process)
        self.slack.client.clear_faults()

    def create_run(self, waits: str = "suspended", *, by_rule: bool = False) -> FlowRun:
        """Write a run that waits for a worker."""
        parameters = {"waits": waits, "by_rule": by_rule}
        return runs.create(
            self.db, run_id=new_id(), name=memorable_name(), flow="release", parameters=parameters, now=now()
        )

    def gate(self, where: str) -> Path:
        """Have a task stand still when it gets there."""
        os.mkfifo(self._folder / where)
        return self._folder / where

    def until_at(self, gate: Path) -> None:
        """Returns as soon as a task stands there. The next one walks through."""
        assert gate.read_text() == "here"
        gate.unlink()

    def card(self, *, open_: bool = True) -> VisibleMessage:
        """The only card, as soon as it is open, or settled."""
        self.ana.wait_for_message("#releases", lambda seen: _is_card(seen) and bool(seen.buttons) == open_, timeout=30)
        (card,) = (seen for seen in self.ana.sees("#releases") if _is_card(seen))
        return card

    def approve(self) -> None:
        """Press the button. Returns when the press was acked."""
        self.ana.press("Approve", message=self.card())

    def assert_finished_once(self, run: FlowRun, *, done: Sequence[str] = ("collected", "deployed changes")) -> None:
        """The run has completed, its tasks ran once, one card says so, and one report."""
        run = until_over(self.db, run.id)
        assert (run.state, run.result) == (RunState.COMPLETED, "out: True")
        assert (self._folder / "done.txt").read_text().splitlines() == list(done)
        until(self.db, lambda: cards.next_due_at(self.db) is None, what="Slack to match the database")
        card = self.card(open_=False)
        assert "Approved" in card.full_text
        (report,) = (seen for seen in self.ana.sees("#releases") if not _is_card(seen))
        assert report.thread_ts == card.ts
        assert "completed" in report.full_text
        (prompt,) = prompts.of_run(self.db, run.id)
        events = [line.event for line in ledger.lines(self.db, prompt.id)]
        assert [events.count(event) for event in ("opened", "card_posted", "submitted", "run_ended")] == [1, 1, 1, 1]

    def _until_connected(self, wanted: bool, process: Command) -> None:
        try:
            self.ana.wait_until(
                lambda: self.slack.client.get("workspace")["connected"] is wanted,
                what="the app to come" if wanted else "the app to go",
                timeout=30,
            )
        except TimeoutError:
            pytest.fail(process.complaints())


@pytest.fixture
def scene(slack: Emulator, sqlite_file: Path, tmp_path: Path) -> Iterator[Scene]:
    """A workspace, a fresh database, a flow file, and no process of Signoff's yet."""
    file = tmp_path / "signoff.db"
    file.write_bytes(sqlite_file.read_bytes())
    with closing(Database(f"sqlite:///{file}")) as db:
        yield Scene(slack, db, tmp_path)


def test_after_the_run_was_created_and_before_it_began(scene: Scene) -> None:
    """A run waits for a worker, whoever dies meanwhile."""
    with scene.start("bot") as bot:
        run = scene.create_run()
        scene.kill(bot)
    with scene.start():
        scene.approve()
        scene.assert_finished_once(run)


def test_inside_the_first_task(scene: Scene) -> None:
    """What was cut off in the middle runs again."""
    gate = scene.gate("collecting")
    with scene.start() as first:
        run = scene.create_run()
        scene.until_at(gate)
        scene.kill(first)
    with scene.start():
        scene.approve()
        scene.assert_finished_once(run)


def test_while_a_rule_is_applied_and_after_it_has_answered(scene: Scene) -> None:
    """What it says is written with the prompt: before that it is applied again, and afterwards never."""
    judging = scene.gate("judging")
    with scene.start() as first:
        run = scene.create_run(by_rule=True)
        scene.until_at(judging)
        scene.kill(first)
    assert prompts.of_run(scene.db, run.id) == []
    deploying = scene.gate("deploying")
    with scene.start() as second:
        scene.until_at(deploying)
        scene.kill(second)
    with scene.start():
        scene.assert_finished_once(run, done=["collected", "judged", "deployed changes"])
    assert "*Approved* by the rule “safe”" in scene.card(open_=False).full_text
    shown = scene.run("history", run.id)
    assert "the rule “safe”" in shown


@waiting_both_ways
def test_between_the_opening_of_the_prompt_and_the_posting_of_its_card(scene: Scene, waits: str) -> None:
    """The card is posted by who comes after."""
    scene.slack.client.inject_fault("chat.postMessage", hold="before")
    with scene.start() as first:
        run = scene.create_run(waits)
        scene.slack.client.wait_until_held()
        scene.kill(first)
    with scene.start():
        scene.approve()
        scene.assert_finished_once(run)


def test_after_the_card_was_posted_and_before_that_was_known(scene: Scene) -> None:
    """The card that nobody remembers is found again."""
    scene.slack.client.inject_fault("chat.postMessage", hold="after")
    with scene.start() as first:
        run = scene.create_run()
        scene.slack.client.wait_until_held()
        scene.kill(first)
    with scene.start():
        scene.approve()
        scene.assert_finished_once(run)


@waiting_both_ways
def test_after_the_card_and_before_the_press(scene: Scene, waits: str) -> None:
    """A card outlives the process that posted it."""
    with scene.start() as first:
        run = scene.create_run(waits)
        scene.card()
        scene.kill(first)
    with scene.start():
        scene.approve()
        scene.assert_finished_once(run)


@waiting_both_ways
def test_between_the_press_and_the_continuation(scene: Scene, waits: str) -> None:
    """Invariant 1: an acked press is kept although nobody was there to go on, and then nobody at all."""
    with scene.start("bot") as bot, scene.start("worker") as worker:
        run = scene.create_run(waits)
        scene.card()
        until_asked(scene.db, run.id)
        scene.kill(worker, serves_slack=False)
        scene.approve()
        scene.kill(bot)
    with scene.start():
        scene.assert_finished_once(run)


@waiting_both_ways
def test_at_the_moment_of_the_ack(scene: Scene, waits: str) -> None:
    """Invariant 1: wherever the run had come to by then, short of its second task, it finishes once."""
    gate = scene.gate("deploying")
    with scene.start() as first:
        run = scene.create_run(waits)
        scene.approve()
        scene.kill(first)
    gate.unlink()
    with scene.start():
        scene.assert_finished_once(run)


@waiting_both_ways
def test_in_the_continuation(scene: Scene, waits: str) -> None:
    """The first task is not run again, the second one is: it was not recorded yet."""
    gate = scene.gate("deploying")
    with scene.start() as first:
        run = scene.create_run(waits)
        scene.approve()
        scene.until_at(gate)
        scene.kill(first)
    with scene.start():
        scene.assert_finished_once(run)


def test_after_the_end_of_the_run_and_before_its_card_says_so(scene: Scene) -> None:
    """The buttons go, and the end is reported, by who comes after."""
    with scene.start() as first:
        run = scene.create_run()
        card = scene.card()
        scene.slack.client.inject_fault("chat.update", hold="before")
        scene.ana.press("Approve", message=card)
        until_over(scene.db, run.id)
        scene.slack.client.wait_until_held()
        scene.kill(first)
    with scene.start():
        scene.assert_finished_once(run)


def test_after_the_end_was_reported_and_before_that_was_known(scene: Scene) -> None:
    """The report that nobody remembers is not given twice."""
    with scene.start() as first:
        run = scene.create_run()
        card = scene.card()
        scene.slack.client.inject_fault("chat.postMessage", hold="after")
        scene.ana.press("Approve", message=card)
        scene.slack.client.wait_until_held()
        scene.kill(first)
    with scene.start():
        scene.assert_finished_once(run)


def _is_card(seen: VisibleMessage) -> bool:
    return (seen.metadata or {}).get("event_type") == "signoff_prompt"
