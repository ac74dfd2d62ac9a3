"""Runs flows in the process of a test, beside the bot: the pytest fixture `start_flow`."""

import inspect
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from types import ModuleType
from typing import Any, Self

from signoff.bot.emulator.server import Emulator
from signoff.bot.service import Service
from signoff.bot.settings import Settings, local_settings
from signoff.bot.surfaces.question import asked_by
from signoff.flows.engines.embedded.worker import Worker
from signoff.flows.errors import FlowsError, RunCancelled
from signoff.flows.flow import Flow
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.runs import FlowIdentity, FlowRun, RunState
from signoff.store.runs import runs
from signoff.store.supervisor import SupervisedThread

GRACE_SECONDS = 1.0
"""Seconds that steps in progress have to finish when the test is over."""

MAX_CREATED = 1000
"""How many runs that flows have created are looked at together."""


class StartedRun:
    """A run that goes on in the background of a test.

    Attributes:
        id: The id of the run.
        name: Its memorable name, which the log has.
    """

    def __init__(self, db: Database, worker: Worker, run: FlowRun) -> None:
        self._db = db
        self._worker = worker
        self.id = run.id
        self.name = run.name

    def __repr__(self) -> str:
        return f"StartedRun({self.name!r})"

    def result(self, timeout: float = 30.0) -> Any:
        """Wait for the end of the run, and return what the flow returned.

        Raises:
            Exception: What the flow raised.
            RunCancelled: If somebody has cancelled the run.
            TimeoutError: If it has not ended after `timeout` seconds. The message says what it waits for.
        """
        until = time.monotonic() + timeout
        with self._db.changes.subscribe(Topic.STATES) as changes:
            while not (run := runs.get(self._db, self.id)).is_done:
                if (left := until - time.monotonic()) <= 0:
                    raise TimeoutError(f"The run {run.name} has not ended after {timeout:g} s. {self._waits_for(run)}")
                changes.wait(left)
        if run.state is RunState.CANCELLED:
            raise RunCancelled(run.message)
        self._worker.stop()
        if self._worker.end is None:
            raise FlowsError(f"The run {run.name} is {run.state}: {run.error or run.message}")
        if self._worker.end.error is not None:
            raise self._worker.end.error
        return self._worker.end.result

    def _waits_for(self, run: FlowRun) -> str:
        waiting = [asked_by(prompt).question for prompt in prompts.of_run(self._db, run.id) if prompt.is_open]
        return f"Nobody has answered {' or '.join(map(repr, waiting))}." if waiting else f"It is {run.state}."


class FlowStarter:
    """Starts runs of flows, and answers nothing: that is up to the people of the workspace. A context manager.

    Args:
        slack: Where the cards are posted.
        file: The SQLite file of the database.
    """

    def __init__(self, slack: Emulator, file: Path) -> None:
        self._settings: Settings = local_settings(
            file, api_url=slack.api_url, bot_token=slack.bot_token, app_token=slack.app_token
        )
        self._service = Service(self._settings, None, with_bot=True)
        self._stack = ExitStack()
        self._lock = threading.Lock()
        self._taken: set[str] = set()
        self._flows: dict[Flow[Any, Any], None] = {}
        self._stopping = threading.Event()
        self._thread = SupervisedThread(self._run_created, name="signoff-created-runs")

    @property
    def db(self) -> Database:
        """The database."""
        return self._service.db

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._service)
            self._changes = stack.enter_context(self.db.changes.subscribe(Topic.RUNS))
            self._thread.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._changes.wake()
        self._thread.stop()
        self._stack.close()

    def __call__(
        self, flow: Flow[Any, Any], /, *args: Any, requester: Actor | str | None = None, **kwargs: Any
    ) -> StartedRun:
        """Start a run of `flow` with these parameters. What it starts with `create_run` is run as well.

        Args:
            requester: The person who wants the run, as for `create_run`; by default nobody. A parameter of the flow
                that has this name can be given by its position.

        Raises:
            InvalidParameters: If they do not fit the flow.
            ValueError: If the requester has no name.
        """
        parameters = flow.parameters.to_json(args, kwargs)
        # A run that was just created must not be taken for one that a flow has created.
        with self._lock:
            run = flow.create_run(parameters, requester=requester, db=self.db)
            self._flows.update(dict.fromkeys(_within_reach(flow)))
            return StartedRun(self.db, self._work_on(run, flow), run)

    def _work_on(self, run: FlowRun, flow: Flow[Any, Any]) -> Worker:
        """Start a worker for one run, so that it is run by this flow even if others have the same code."""
        self._taken.add(run.id)
        worker = Worker(self.db, [flow], defaults=self._settings.defaults(), only=run.id)
        worker.start()
        self._stack.callback(worker.stop, grace=GRACE_SECONDS)
        return worker

    def _run_created(self) -> None:
        """Run what flows create, until the test is over."""
        while not self._stopping.is_set():
            with self._lock:
                for run in runs.newest(self.db, state=RunState.SCHEDULED, limit=MAX_CREATED):
                    identity = FlowIdentity(run.flow, run.source, run.fingerprint)
                    flow = next((each for each in self._flows if each.identity.is_same(identity)), None)
                    if run.id not in self._taken and flow is not None:
                        self._work_on(run, flow)
            self._changes.wait()


def _within_reach(flow: Flow[Any, Any]) -> Iterator[Flow[Any, Any]]:
    """The flows that a flow may start: those that its module or the function around it has or imports, and theirs."""
    found, seen = [flow], {flow}
    while found:
        yield (each := found.pop())
        function: Any = inspect.unwrap(each.fn)
        scope = list(getattr(function, "__globals__", {}).values())
        for cell in getattr(function, "__closure__", None) or ():
            with suppress(ValueError):  # it has no value yet
                scope.append(cell.cell_contents)
        for value in scope:
            inside = list(vars(value).values()) if isinstance(value, ModuleType) else [value]
            # By its type: a proxy would have to be resolved for `isinstance`.
            new = [one for one in inside if issubclass(type(one), Flow) and one not in seen]
            seen.update(new)
            found.extend(new)
