"""Runs flows in the process of a test, beside the bot: the pytest fixture `start_flow`."""

import time
from contextlib import ExitStack
from pathlib import Path
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
from signoff.store.records.runs import FlowRun, RunState
from signoff.store.runs import runs

GRACE_SECONDS = 1.0
"""Seconds that steps in progress have to finish when the test is over."""


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

    @property
    def db(self) -> Database:
        """The database."""
        return self._service.db

    def __enter__(self) -> Self:
        self._stack.enter_context(self._service)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def __call__(self, flow: Flow[Any, Any], *args: Any, **kwargs: Any) -> StartedRun:
        """Start a run of `flow` with these parameters.

        Raises:
            InvalidParameters: If they do not fit the flow.
        """
        db = self.db
        run = flow.create_run(flow.parameters.to_json(args, kwargs), db=db)
        worker = Worker(db, [flow], defaults=self._settings.defaults(), only=run.id)
        worker.start()
        self._stack.callback(worker.stop, grace=GRACE_SECONDS)
        return StartedRun(db, worker, run)
