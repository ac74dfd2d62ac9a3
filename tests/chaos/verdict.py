"""What became of every run, answer and step once the killing is over."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select

from signoff.store.database import Database
from signoff.store.records.prompts import Outcome
from signoff.store.records.runs import RunState
from signoff.store.tables import flow_runs, ledger, prompts, steps


@dataclass(frozen=True)
class Effect:
    """A step's body was run: of which run and step, when in seconds since the epoch, and under which fencing token."""

    step: str
    at: float
    fencing_token: int


@dataclass
class Seen:
    """What was counted between the kills.

    Attributes:
        in_flight: Steps that had begun and were not recorded when their worker was killed.
        astray: Runs that no worker would ever claim: `Running` without a lease, or waiting with every prompt settled.
        retried: Runs that were `Crashed`, since three workers in a row were killed before anything was recorded.
    """

    in_flight: int = 0
    astray: int = 0
    retried: int = 0


@dataclass(frozen=True)
class Verdict:
    """What was counted.

    Attributes:
        states: How many runs are in which state.
        lost: Acknowledged answers that the database, or the flow's result, does not have.
        invented: Prompts with an answer that nobody gave.
        rerun: Recorded steps that ran again.
        stale: Steps that began under a claim after they, or others of their run, had under a newer one.
        settled_twice: Prompts that were settled more than once, or whose loser was told another winner.
        twice: Runs of a step beyond its first.
        tracebacks: Unexpected errors in the processes' standard error.
    """

    states: Mapping[str, int]
    acknowledged: int
    lost: int
    invented: int
    rerun: int
    stale: int
    settled_twice: int
    twice: int
    tracebacks: int
    seen: Seen

    @property
    def stuck(self) -> int:
        """Runs that did not end well."""
        return sum(self.states.values()) - self.states.get(RunState.COMPLETED, 0)

    @property
    def holds(self) -> bool:
        """Whether every promise was kept."""
        wrong = self.lost or self.invented or self.rerun or self.stale or self.settled_twice or self.stuck
        return not (wrong or self.seen.astray or self.tracebacks) and self.twice <= self.seen.in_flight

    def __str__(self) -> str:
        return (
            f"{shown(self.states)}; {self.acknowledged} acknowledged answers: {self.lost} lost, {self.invented} that "
            f"nobody gave; {self.rerun} recorded steps run again, {self.stale} begun under an old claim, "
            f"{self.settled_twice} prompts settled twice, {self.stuck} runs stuck, {self.seen.astray} astray between "
            f"the kills, {self.seen.retried} retried after three deaths; {self.twice} unrecorded steps ran twice, of "
            f"{self.seen.in_flight} in flight at the kills; {self.tracebacks} tracebacks"
        )


def judge(db: Database, folder: Path, seen: Seen) -> Verdict:
    """Compare the database with what was acknowledged and what was done."""
    acks = [line.split() for line in lines(folder / "acks.txt")]
    given = {(prompt_id, int(number)) for prompt_id, number in map(str.split, lines(folder / "given.txt"))}
    answered = select(prompts.c.id, prompts.c.answer, flow_runs.c.result).join_from(prompts, flow_runs)
    settlings = select(ledger.c.prompt_id).where(ledger.c.event == Outcome.SUBMITTED)
    with db.read() as reading:
        stands = {row.id: ((row.answer or {}).get("value"), row.result) for row in reading.execute(answered)}
        settled = Counter(reading.execute(settlings).scalars())
    lost, contested = 0, {prompt_id for prompt_id, times in settled.items() if times > 1}
    for prompt_id, _, told in acks:
        recorded, result = stands[prompt_id]
        lost += recorded is None or (result is not None and recorded not in result)
        if recorded != int(told):
            contested.add(prompt_id)
    won = Counter(prompt_id for prompt_id, number, told in acks if number == told)
    contested |= {prompt_id for prompt_id, times in won.items() if times > 1}
    had = effects(folder.glob("effects-*.txt"))
    recorded_at = recorded_steps(db)
    errors = folder / "errors.txt"
    return Verdict(
        states=states(db),
        acknowledged=len(acks),
        lost=lost,
        invented=sum(value is not None and (prompt_id, value) not in given for prompt_id, (value, _) in stands.items()),
        rerun=sum(each.at > recorded_at[each.step].timestamp() for each in had if each.step in recorded_at),
        stale=stale(had),
        settled_twice=len(contested),
        twice=len(had) - len({each.step for each in had}),
        tracebacks=errors.read_text().count("Traceback") if errors.exists() else 0,
        seen=seen,
    )


def stale(had: Iterable[Effect]) -> int:
    """How many effects came under an older claim than one before them in the same run."""
    newest: defaultdict[str, int] = defaultdict(int)
    count = 0
    for effect in sorted(had, key=lambda each: each.at):
        run_id = effect.step.partition(":")[0]
        count += effect.fencing_token < newest[run_id]
        newest[run_id] = max(newest[run_id], effect.fencing_token)
    return count


def cut_off(db: Database, folder: Path, pid: int) -> int:
    """How many steps a process that was killed had begun without recording them."""
    begun = {each.step for each in effects([folder / f"effects-{pid}.txt"])}
    return len(begun - set(recorded_steps(db, {step.partition(":")[0] for step in begun})))


def effects(files: Iterable[Path]) -> list[Effect]:
    """The effects that were had, by the files of the processes that had them."""
    split = (line.split() for file in files for line in lines(file))
    return [Effect(step, int(at) / 1e9, int(fencing_token)) for step, at, fencing_token in split]


def recorded_steps(db: Database, run_ids: Iterable[str] | None = None) -> dict[str, datetime]:
    """When each recorded step ended, by its idempotency key; of some runs, or of all."""
    query = select(steps.c.run_id, steps.c.key, steps.c.finished_at)
    if run_ids is not None:
        query = query.where(steps.c.run_id.in_(list(run_ids)))
    with db.read() as reading:
        return {f"{row.run_id}:{row.key}": row.finished_at for row in reading.execute(query)}


def states(db: Database) -> dict[str, int]:
    """How many runs are in which state."""
    with db.read() as reading:
        rows = reading.execute(select(flow_runs.c.state, func.count().label("runs")).group_by(flow_runs.c.state))
        return {row.state: row.runs for row in rows}


def shown(counted: Mapping[str, int]) -> str:
    """The states in a line."""
    return ", ".join(f"{count} {state}" for state, count in sorted(counted.items())) or "no runs"


def unfinished(db: Database) -> int:
    """How many runs are not over."""
    # One query: between two of them a run could slip from one state to another.
    with db.read() as reading:
        return len(reading.execute(select(flow_runs.c.id).where(flow_runs.c.finished_at.is_(None))).all())


def astray(db: Database) -> int:
    """How many runs nobody would ever take, whatever happens next."""
    running = flow_runs.c.state == RunState.RUNNING
    waiting = flow_runs.c.state.in_((RunState.PAUSED, RunState.SUSPENDED))
    asks = select(prompts.c.id).where(prompts.c.run_id == flow_runs.c.id, prompts.c.outcome.is_(None)).exists()
    left_alone = flow_runs.c.runnable_at.is_(None) & flow_runs.c.finished_at.is_(None)
    lost = (running & flow_runs.c.lease_owner.is_(None)) | (waiting & ~asks)
    with db.read() as reading:
        return len(reading.execute(select(flow_runs.c.id).where(left_alone, lost)).all())


def lines(file: Path) -> list[str]:
    """The lines of a file that may not be there yet."""
    return file.read_text(encoding="ascii").splitlines() if file.exists() else []
