"""The log says who decided what, what timed out and how runs ended; what people fill in stays out of it."""

import logging
from collections.abc import Iterator
from queue import SimpleQueue

import pytest

from signoff import FlowPauseTimeout, Policy, RunInput, flow, pause_flow_run
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.users import claimed
from signoff.flows.engines.embedded.worker import Worker
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.runs import RunState
from tests.integration.bot.asking import Approval, approve, shirt
from tests.integration.bot.running_service import RunningService
from tests.support.waiting import until_over

ANA = Actor("U0ANARUIZ1", "Ana Ruiz", frozenset({"@ana"}))
PRIVATE = "Northwind is for sale"
LONGEST_WAIT = 60.0


class Log(logging.Handler):
    """What is logged about decisions and the ends of runs, as soon as it is."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._lines: SimpleQueue[str] = SimpleQueue()
        self.addFilter(
            lambda record: (
                record.name in ("signoff.flows.approval.decision_log", "signoff.flows.engines.embedded.completion")
            )
        )

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.put(record.getMessage())

    def next(self, count: int) -> set[str]:
        """The next lines. The run's end may be logged by its worker before the answer is by the bot."""
        return {self._lines.get(timeout=LONGEST_WAIT) for _ in range(count)}

    def is_read(self) -> bool:
        """Whether nothing else was logged."""
        return self._lines.empty()


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[Log]:
    """What Signoff logs at the level of `signoff serve`."""
    caplog.set_level(logging.INFO, "signoff")
    log = Log()
    logging.getLogger("signoff").addHandler(log)
    yield log
    logging.getLogger("signoff").removeHandler(log)


def test_a_press_and_the_end_of_its_run_are_one_line_each(service: RunningService, log: Log) -> None:
    """Who, by name and id; which prompt of which run; whether it was a yes; and the state in which the run ended."""
    prompt, card = service.ask_in("#releases", approve)
    service.slack.person("ana").press("Approve", message=card)
    assert log.next(2) == {
        f"{prompt.label} was approved by Ana Ruiz (U0ANARUIZ1), via slack",
        f"{prompt.run_name} | is Completed (flow approve)",
    }
    service.until_all_is_said()
    assert log.is_read()


@pytest.mark.parametrize("yes", [True, False])
def test_a_verdict_is_logged_without_what_was_filled_in(
    service: RunningService, log: Log, caplog: pytest.LogCaptureFixture, yes: bool
) -> None:
    """Invariant 9: a reason may hold anything."""
    prompt = service.ask(approve)
    Desk(service.db).submit(prompt.id, ANA, {"approved": yes, "reason": PRIVATE}, via="slack")
    done = "approved" if yes else "rejected"
    assert f"{prompt.label} was {done} by Ana Ruiz (U0ANARUIZ1), via slack" in log.next(2)
    assert PRIVATE not in caplog.text


def test_a_rejection_says_so_without_its_reason(
    service: RunningService, log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    """The end of its run is one line, too."""
    prompt = service.ask(shirt)
    Desk(service.db).reject(prompt.id, ANA, PRIVATE, via="slack")
    assert log.next(2) == {
        f"{prompt.label} was rejected by Ana Ruiz (U0ANARUIZ1), via slack",
        f"{prompt.run_name} | is {RunState.FAILED} (flow shirt)",
    }
    assert PRIVATE not in caplog.text


def test_a_choice_is_not_logged_and_a_claim_is_logged_as_one(
    service: RunningService, log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    """An answer that is neither a yes nor a no is an answer, and nobody is said to be whom they claim to be."""
    prompt = service.ask(shirt)
    Desk(service.db).submit(prompt.id, claimed("@ana", "on the command line"), {"size": "large"}, via="cli")
    (answered,) = (line for line in log.next(2) if line.startswith(prompt.label))
    assert answered.startswith(f"{prompt.label} was answered by ana (claimed on the command line by ")
    assert answered.endswith("), via cli")
    assert "large" not in caplog.text


class Lunch(RunInput):
    """Whether somebody is hungry."""

    hungry: bool


@flow(name="lunch")
def lunch(continues: bool) -> str:
    """Ask for an instant."""
    rules = Policy(channel="#orders", deadline=0.001, at_deadline="continue" if continues else "fail")
    try:
        return str(pause_flow_run(wait_for_input=Lunch.with_initial_data(hungry=True), policy=rules).hungry)
    except FlowPauseTimeout:
        return "nothing"


@pytest.mark.parametrize(
    ("continues", "how"), [(False, ""), (True, "; its initial values are the answer")], ids=["fail", "continue"]
)
def test_a_timeout_is_one_line(service: RunningService, log: Log, continues: bool, how: str) -> None:
    """It says what follows from it."""
    with Worker(service.db, [lunch], defaults=Policy()):
        run = lunch.create_run({"continues": continues}, db=service.db)
        until_over(service.db, run.id)
        (prompt,) = prompts.of_run(service.db, run.id)
        assert log.next(2) == {f"{prompt.label} timed out{how}", f"{run.name} | is Completed (flow lunch)"}


@flow(name="two-of-three")
def two_of_three() -> str:
    """Ask for two votes."""
    rules = Policy(channel="#releases", approvers=["@ana", "@ben", "@mei"], quorum=2)
    return str(pause_flow_run(wait_for_input=Approval, policy=rules).approved)


def test_each_vote_is_one_line(service: RunningService, log: Log) -> None:
    """A vote that does not decide says so."""
    with Worker(service.db, [two_of_three], defaults=Policy()):
        prompt, card = service.ask_in("#releases", two_of_three)
        service.slack.person("ana").press("Approve", message=card)
        assert log.next(1) == {
            f"{prompt.label} was approved by Ana Ruiz (U0ANARUIZ1), via slack; more votes are needed"
        }
        ben = service.slack.person("ben")
        ben.press("Approve", message=card)
        assert log.next(2) == {
            f"{prompt.label} was approved by Ben Okafor ({ben.id}), via slack",
            f"{prompt.run_name} | is Completed (flow two-of-three)",
        }


def test_a_cancelled_run_is_one_line(service: RunningService, log: Log, caplog: pytest.LogCaptureFixture) -> None:
    """With who cancelled it, and without why."""
    prompt = service.ask(shirt)
    Desk(service.db).cancel(prompt.run_id, ANA, PRIVATE)
    assert log.next(1) == {f"{prompt.run_name} | was cancelled by Ana Ruiz (U0ANARUIZ1) (flow shirt)"}
    assert PRIVATE not in caplog.text
