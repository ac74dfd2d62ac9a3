"""Generated flows do what they mean, whatever is killed, replayed and edited; `python -m tests.fuzz` tries many.

What the code believed to have been answered when it had an effect is compared with what the person has answered. A run
that is Completed has had every effect that its code has with these answers. A recorded step never runs again.
"""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from signoff.store.database import Database
from tests.fuzz.processes import faults_in_processes
from tests.fuzz.programs import (
    Ask,
    Attempt,
    Beside,
    Case,
    Draw,
    Each,
    Effect,
    Forget,
    Life,
    Loop,
    Nested,
    Program,
    Submit,
    Thread,
    cases,
)
from tests.fuzz.running import faults_of, quiet_logs

SAMPLE = settings(
    max_examples=30, derandomize=True, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)
STOPS = Life(edit=None, dies_at=None, is_lost=False, lingers=False, answers=1, answers_after=1)
DIES = Life(edit=("comment", 0), dies_at=3, is_lost=True, lingers=False, answers=2, answers_after=0)
REWORDED = Life(edit=("reword", 0), dies_at=None, is_lost=False, lingers=False, answers=1, answers_after=0)
# Python itself warns of what some of these flows do not await.
pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")

APPROVES = 78
"""With this seed, the person says no to b and to the new words, and yes to everything else."""

DEPLOY = Ask("q", (Effect("deploy"),), ())
PROGRAMS: dict[str, Program] = {
    "a loop in another order": Program((Loop(("a", "b", "c"), True, (DEPLOY,)),), False),
    "a pause in suppress": Program((Attempt("suppress", (DEPLOY,), ()), Effect("after")), False),
    "a pause in except BaseException": Program((Attempt("BaseException", (DEPLOY,), (Effect("after"),)),), True),
    "gather with its errors": Program(
        (Beside("return_exceptions", ((DEPLOY,), (Effect("e"),))), Effect("after")), True
    ),
    "a group of pauses": Program((Beside("group", ((DEPLOY,), (Ask("q2", (Effect("e"),), ()),))),), True),
    "work that is not waited for": Program((Submit(("s1", "s2", "s3"), False, False), DEPLOY), False),
    "a pause in a thread": Program((Thread((DEPLOY, Effect("e"))),), False),
    "a time in the question": Program((Ask("q", (Effect("deploy"),), (), True, True),), False),
    "an answer that is not awaited": Program((Forget("f", "answer"), Effect("e")), True),
    "a task that is not awaited": Program((Attempt("suppress", (Forget("f", "task"),), ()), DEPLOY), True),
    "nested flows in a loop in another order": Program(
        (Loop(("a", "b"), True, (Nested("n", (Draw("d"), DEPLOY), shared=True),)),), False
    ),
    "coroutines in another order": Program((Each(("a", "b", "c"), True, (Draw("d"), DEPLOY)),), True),
    "a key in a loop in another order": Program((Loop(("a", "b"), True, (Effect("e", keyed=True), DEPLOY)),), False),
    "an error that is caught": Program((Attempt("Exception", (Effect("e", fails="own"),), (DEPLOY,)),), True),
}
"""What once went wrong in silence."""


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Failures are what these flows are for."""
    levels = {name: logging.getLogger(name).level for name in ("signoff", "asyncio")}
    quiet_logs()
    yield
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", PROGRAMS)
def test_what_once_went_wrong_does_what_it_means(db: Database, name: str) -> None:
    """Stopped and answered while away, killed, edited, and with another question in its place."""
    for lives in ((STOPS,), (DIES,), (STOPS, REWORDED)):
        assert faults_of(db, Case(PROGRAMS[name], lives, APPROVES)) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_sample_of_generated_flows_does_what_it_means(db: Database) -> None:
    """No effect without the answer that it depends on, and no run that is Completed without its effects."""

    @SAMPLE
    @given(cases())
    def try_one(case: Case) -> None:
        assert faults_of(db, case) == [], case

    try_one()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_flow_does_what_it_means_in_processes_that_are_killed(database_url: str, tmp_path: Path) -> None:
    """Each of them imports the flow from its file, as it is then."""
    program = Program((Effect("e1"), DEPLOY, Effect("e2"), Ask("q2", (Effect("e3"),), (), True)), False)
    killed = replace(STOPS, dies_at=2)
    assert faults_in_processes(database_url, tmp_path, Case(program, (killed, REWORDED), APPROVES)) == []


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_many_generated_flows_do_what_they_mean_in_processes(database_url: str, tmp_path: Path) -> None:
    """A hundred, on both databases."""

    @settings(SAMPLE, max_examples=100, derandomize=False)
    @given(cases())
    def try_one(case: Case) -> None:
        assert faults_in_processes(database_url, tmp_path, case) == [], case

    try_one()


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_many_generated_flows_do_what_they_mean(db: Database) -> None:
    """A thousand, on both databases."""

    @settings(SAMPLE, max_examples=1000, derandomize=False, phases=[Phase.generate, Phase.shrink])
    @given(cases())
    def try_one(case: Case) -> None:
        assert faults_of(db, case) == [], case

    try_one()
