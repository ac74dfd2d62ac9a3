"""Engines: what runs flows. The embedded engine is one of several.

An installed package adds an engine with an entry point in the group `signoff.engines`. The entry point has the engine's
name and leads to a class without arguments that implements `Engine`. `signoff serve` and `signoff bot` start it. From
then on the engine reports which of its runs wait for a person, and is handed what the person decided. Its public names
are in `signoff.engines`, and docs/engines.md tells how to write one:

```toml
[project.entry-points."signoff.engines"]
prefect = "my_package.engine:PrefectEngine"
```
"""

import logging
import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol, cast

from signoff.flows.errors import BrokenEngine, FlowsError, UnknownEngine, error_summary
from signoff.store.policy import Policy
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.records.runs import EMBEDDED, RunState

logger = logging.getLogger(__name__)

GROUP = "signoff.engines"
"""The entry-point group in which engines register."""


@dataclass(frozen=True, slots=True)
class ReportedPause:
    """A run that waits for a person on its engine.

    Attributes:
        external_run_id: What the engine calls the run.
        run_name: What people call the run.
        flow: The name of its flow.
        key: Names this pause within the run. A run that pauses again has another key, and `~` is not allowed in it.
        title: One line: what is asked.
        description: More about it, as Markdown; may be empty.
        schema: The JSON Schema of the answer, which is an object; `None` if the run asks only to be resumed. It may
            contain a policy (`Policy.in_schema`).
        initial_values: The values under decision, by field name.
        policy: Who may answer and what happens at the deadline. What it leaves open, the policy in the schema decides,
            and then the settings.
        deadline: When the engine itself stops waiting, with a time zone; `None` for never. A policy's deadline holds if
            it is earlier.
        requester: Who started the run, if the engine knows.
    """

    external_run_id: str
    run_name: str
    flow: str
    key: str
    title: str
    description: str = ""
    schema: Mapping[str, Any] | None = None
    initial_values: Mapping[str, Any] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    deadline: datetime | None = None
    requester: Actor | None = None


class InvalidPause(FlowsError, ValueError):
    """People cannot be asked what an engine has reported. The message says what is wrong and what to do.

    Reporting it again changes nothing: the run's code, or the engine's adapter, has to be changed.
    """


class PauseReports(Protocol):
    """What an engine tells Signoff. May be called from any thread.

    Every method raises `DatabaseUnavailable` while the database is away: report it again later.
    """

    def paused(self, pause: ReportedPause) -> str:
        """Ask people for what a run waits for. Reporting the same pause again changes nothing.

        A pause that was withdrawn with `ended(…, state=None)` is asked again, as a new prompt.

        Returns:
            The prompt's id, which is also the id of the delivery of its outcome.

        Raises:
            InvalidPause: If people cannot be asked this: the key cannot be used, something is not JSON, a field is a
                secret, the schema is not that of an object, no value fits it, a pattern cannot be matched in linear
                time, or the run is to continue at its deadline with initial values that are not valid.
        """

    def ended(self, external_run_id: str, reason: str, state: RunState | None = None) -> None:
        """Withdraw what a run asks: it went on or ended without an answer from Signoff. Nothing is delivered then.

        Args:
            reason: Why, for the people who see the card.
            state: How the run ended; `None` if it goes on.
        """

    def waiting(self) -> Collection[str]:
        """The external ids of the runs that wait for an answer, as far as Signoff knows.

        Call this before you ask the engine what waits there, and `ended` for those that are missing in its answer. The
        other way round, a pause that another process has reported in between would seem to have ended.
        """


@dataclass(frozen=True, slots=True)
class OutgoingDelivery:
    """The outcome of a pause, to be handed to the run that waits for it.

    Attributes:
        id: The idempotency key: the same at every attempt, and of no other delivery. It is what `PauseReports.paused`
            returned.
        external_run_id: What the engine calls the run.
        key: Names the pause within the run, as it was reported.
        outcome: How the pause ended.
        answer: The validated values by field name, as JSON: those that were submitted (`{}` for a pause without a
            schema), or what the policy's `at_deadline` says if nobody has answered in time. `None` for a rejection, a
            cancellation and any other timeout.
        reason: Why it was rejected or cancelled; `None` where nobody gave a reason.
        settled_by: Who ended it.
        settled_at: When it ended.
        attempts: How often this was tried, this time included.
        in_doubt: Whether an earlier attempt may have reached the engine. Then look there before handing it over again.
    """

    id: str
    external_run_id: str
    key: str
    outcome: Outcome
    answer: Mapping[str, Any] | None
    reason: str | None
    settled_by: Actor
    settled_at: datetime
    attempts: int = 1
    in_doubt: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """The engine has taken an outcome.

    Attributes:
        words: What it said, for the ledger; may be empty.
    """

    words: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The engine refuses an outcome for good. It is not handed over again.

    Attributes:
        words: Why, in the engine's words. People see them on the card.
    """

    words: str


Acceptance = Accepted | Refused


class EngineUnavailable(FlowsError):
    """The engine cannot be reached now. The delivery is tried again later.

    Args:
        message: What went wrong, for the log and the ledger, without secrets.
        may_have_arrived: Whether the engine may have taken it all the same, as after a lost response.
    """

    may_have_arrived: bool = True

    def __init__(self, message: str, *, may_have_arrived: bool = True) -> None:
        super().__init__(message)
        self.may_have_arrived = may_have_arrived


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that a person has to look at.

    Attributes:
        message: What is wrong, and what to do.
    """

    message: str


class Engine(Protocol):
    """An engine. It is made once in a process, without arguments, and takes its settings from the environment.

    The methods are called from several threads, `deliver` and `cancel` from one at a time in each process. Other
    processes may run the same engine at the same time.
    """

    name: str
    """What people call it, and the name of its entry point."""

    def start(self, reports: PauseReports) -> None:
        """Begin to report pauses, in a thread of its own. Returns at once."""

    def stop(self) -> None:
        """Stop reporting, and give back what the engine holds. Called last, and also if `start` has failed.

        Nothing is handed over any more, except that a `deliver` or `cancel` that takes longer than ten seconds may
        still be running.
        """

    def deliver(self, delivery: OutgoingDelivery) -> Acceptance:
        """Hand an outcome to the run that waits for it. May be called again with the same delivery after a crash.

        Raises:
            EngineUnavailable: If the engine cannot be reached; it is tried again.
        """

    def cancel(self, delivery: OutgoingDelivery) -> Acceptance:
        """End the run whose pause was cancelled; otherwise the same as `deliver`.

        Called once for each pause that was open. If the run has ended already, that is `Accepted`.
        """

    def link(self, external_run_id: str) -> str | None:
        """Where a person can look at a run, as an `https://` address; `None` if nowhere. Does not ask the engine."""

    def check(self) -> Iterable[Problem]:
        """What `signoff doctor` has to say about the engine."""


class FlowRunner(Protocol):
    """An engine that runs flows in this process."""

    def run(self, flow: Any, parameters: dict[str, Any]) -> Any:
        """Run a flow to its end in this process, and return its result.

        Raises:
            Exception: What the flow raises.
            FlowsError: If the run failed elsewhere, or needs attention.
            RunCancelled: If somebody cancels the run.
        """

    def serve(self, flow: Any, name: str, schedule: Any, parameters: Mapping[str, Any]) -> None:
        """Work on runs of a flow, and make those of its schedules, until SIGINT or SIGTERM."""


def flow_runner() -> FlowRunner:
    """The embedded engine."""
    return cast("FlowRunner", engine(EMBEDDED))


_engines: dict[str, Engine] = {}
_making = threading.RLock()
"""Held while an engine is made, so that two threads never make the same one twice."""


def engine(name: str) -> Engine:
    """The engine of this name; the same object each time, from whichever thread.

    Raises:
        UnknownEngine: If no installed package provides it.
        BrokenEngine: If it cannot be loaded, or more than one package provides it.
    """
    if (known := _engines.get(name)) is not None:
        return known
    with _making:
        if name not in _engines:
            _engines[name] = _load(_entry_point(name))
        return _engines[name]


def engine_names() -> list[str]:
    """The names of all engines that are installed, the embedded one first."""
    return sorted({each.name for each in entry_points(group=GROUP)}, key=lambda name: (name != EMBEDDED, name))


def link_to(prompt: Prompt) -> str | None:
    """Where a person can look at a prompt's run on its engine; `None` if nowhere, or if the engine is not installed."""
    if prompt.engine == EMBEDDED or prompt.external_run_id is None:
        return None
    try:
        return engine(prompt.engine).link(prompt.external_run_id)
    except Exception as error:  # noqa: BLE001 - a card without a link is better than none
        logger.debug("There is no link to the run %s: %s", prompt.run_name, error)
        return None


def _entry_point(name: str) -> EntryPoint:
    # Found by name, so that flows do not import the engine that runs them.
    found = tuple(entry_points(group=GROUP, name=name))
    if not found:
        raise UnknownEngine(
            f"There is no engine {name!r}. Install the package that provides it, or choose another engine."
        )
    if len(found) > 1:
        packages = " and ".join(sorted(each.dist.name if each.dist else each.value for each in found))
        raise BrokenEngine(f"{packages} both provide an engine {name!r}. Uninstall all but one of them.")
    return found[0]


def _load(entry_point: EntryPoint) -> Engine:
    try:
        loaded: Engine = entry_point.load()()
    except Exception as error:
        raise BrokenEngine(f"The engine {entry_point.name!r} cannot be loaded: {error_summary(error)}") from error
    if loaded.name != entry_point.name:
        raise BrokenEngine(f"The engine {entry_point.name!r} calls itself {loaded.name!r}. Give both the same name.")
    return loaded
