"""Whatever a flow may print, put on a card or return is shown by what it is, and never by its address in memory."""

import inspect
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any
from uuid import UUID

import pytest

from signoff import Escalation, Policy, PromptHandle, Rule, RunInput, Stage, flow, task, unmapped
from signoff.blocks import JSON
from signoff.engines import Accepted, Actor, Engine, Outcome, OutgoingDelivery, PauseReports, Problem, Refused, RunState
from signoff.engines import ReportedPause as Pause
from signoff.flows.durable.values.serialization import dump, load, to_display_json
from signoff.futures import DoneAndNotDone, TaskFuture, TaskFutures
from signoff.input import Accepts, AutomaticRunInput, BaseRunInput, InputReceiver, RunInputMetadata, UploadedFile
from signoff.runtime import flow_run
from signoff.schedules import Cron
from signoff.states import State, StateDetails, StateType
from tests.unit.test_public_api import MODULES, exported

NOW = datetime(2026, 1, 31, tzinfo=UTC)
ID = UUID(int=1)


class Number(RunInput):
    """An input."""

    number: int


@flow
def release() -> None:
    """A flow."""


@task
def build() -> None:
    """A task."""


def ended() -> TaskFuture[int]:
    """A future of a task that has ended."""
    done: Future[int] = Future()
    done.set_result(7)
    return TaskFuture(done)


OBJECTS: tuple[Any, ...] = (
    *(release, build, unmapped([1]), JSON({"users": 3}), flow_run, Cron("0 9 * * *"), Policy(channel="#a")),
    *(ended(), TaskFutures([ended()]), DoneAndNotDone({ended()}, set())),
    *(State(StateType.COMPLETED, "Completed"), StateType.FAILED, StateDetails(), RunState.PAUSED, Outcome.REJECTED),
    *(Number(number=1), AutomaticRunInput[int](value=1), BaseRunInput(), UploadedFile(name="a.csv", content=b"a")),
    Stage(name="Peer", approvers=["@ana"]),
    *(Rule(when=lambda _: True, then="approve", note="always"), Escalation(after=timedelta(hours=4), to=["@boss"])),
    *(Accepts("csv"), RunInputMetadata(key="a", sender=None, receiver=ID)),
    InputReceiver(lambda _: 1, key_prefix="a", timeout=1, raise_timeout_error=False, exclude_keys=None, flow_run_id=ID),
    *(Accepted("ok"), Refused("no"), Problem("none"), Actor("U1", "Ana"), Pause("1", "a", "b", "c", "d")),
    OutgoingDelivery("1", "2", "key", Outcome.SUBMITTED, {}, None, Actor("U1", "Ana"), NOW),
)
ELSEWHERE = {PromptHandle, Engine, PauseReports}
"""A handle needs a run, see `test_ask.py`. The others are protocols."""


@pytest.mark.parametrize("shown", OBJECTS, ids=lambda shown: type(shown).__name__)
def test_a_public_object_is_shown_by_what_it_is(shown: Any) -> None:
    """Its address would also differ in each replay, so a question with it in its text would be another one."""
    for text in (repr(shown), str(shown), f"{[shown]}", str(to_display_json([shown]))):
        assert " at 0x" not in text
        assert "object" not in text


def test_every_public_class_is_looked_at() -> None:
    """A class that is added has to be shown by what it is as well."""
    names = [getattr(import_module(module), name) for module in MODULES for name in exported(module)]
    classes = [each for each in names if inspect.isclass(each) and not issubclass(each, BaseException)]
    # Those of the emulator are for tests of bots, and do not get into a flow.
    public = {each for each in classes if not each.__module__.startswith("signoff.bot.")}
    kinds = {kind for each in OBJECTS for kind in type(each).__mro__} | ELSEWHERE
    assert public <= kinds


def test_a_block_says_its_value_and_is_recorded_with_it() -> None:
    """A task may return one, and a replay gets an equal one."""
    block = JSON({"users": 3})
    assert repr(block) == "JSON(value={'users': 3})"
    assert to_display_json({"block": block}) == {"block": {"value": {"users": 3}}}
    assert load(dump(block)) == block
    assert load(dump([block], annotation=list[JSON]), annotation=list[JSON]) == [block]


def test_a_file_is_shown_without_its_content() -> None:
    """A megabyte of it would be the greater part of a log."""
    uploaded = UploadedFile(name="a.csv", mimetype="text/csv", content=b"secret" * 1000)
    assert repr(uploaded) == "UploadedFile(name='a.csv', mimetype='text/csv', size=6000)"
