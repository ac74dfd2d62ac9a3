"""What became of everything, once the fire has ceased."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select

from store.database import Database
from store.records import Outcome, RunState
from store.tables import flow_runs, ledger, prompts, steps


@dataclass(frozen=True)
class Effect:
    """A step's body was run: by which process, of which run and step, when in seconds since the epoch."""

    pid: int
    step: str
    at: float


@dataclass(frozen=True)
class Verdict:
    """What was counted.

    Attributes:
        lost: Acknowledged answers that the record, or the flow's result, does not have.
        rerun: Recorded steps that ran again.
        settled_twice: Prompts that were settled more than once, or whose loser was told another winner.
        stuck: Runs that did not end well.
        twice: Runs of a step beyond its first.
        in_flight: Steps that had begun and were not recorded when their worker was killed.
    """

    runs: int
    acknowledged: int
    lost: int
    rerun: int
    settled_twice: int
    stuck: int
    twice: int
    in_flight: int

    @property
    def holds(self) -> bool:
        """Whether everything is as promised."""
        return not (self.lost or self.rerun or self.settled_twice or self.stuck) and self.twice <= self.in_flight

    def __str__(self) -> str:
        return (
            f"{self.runs} runs, {self.acknowledged} acknowledged answers: {self.lost} lost, {self.rerun} recorded "
            f"steps run again, {self.settled_twice} prompts settled twice, {self.stuck} runs stuck; {self.twice} "
            f"unrecorded steps ran twice, of {self.in_flight} in flight at the kills"
        )


def judge(db: Database, folder: Path, *, in_flight: int) -> Verdict:
    """Hold the record against what was acknowledged and what was done."""
    acks = [line.split() for line in lines(folder / "acks.txt")]
    with db.read() as connection:
        answers = {
            row.id: row
            for row in connection.execute(
                select(prompts.c.id, prompts.c.run_id, prompts.c.answer, flow_runs.c.result).join_from(
                    prompts, flow_runs
                )
            )
        }
        settlings = select(ledger.c.prompt_id).where(ledger.c.event == Outcome.SUBMITTED)
        settled = Counter(connection.execute(settlings).scalars())
        unfinished = select(func.count()).where(flow_runs.c.state != RunState.COMPLETED)
        stuck = connection.execute(unfinished).scalar_one()
        runs = connection.execute(select(func.count()).select_from(flow_runs)).scalar_one()
    lost, contested = 0, {prompt_id for prompt_id, times in settled.items() if times > 1}
    for prompt_id, _, stands in acks:
        row = answers[prompt_id]
        recorded = (row.answer or {}).get("value")
        lost += recorded is None or (row.result is not None and recorded not in row.result)
        if recorded != int(stands):
            contested.add(prompt_id)
    won = Counter(prompt_id for prompt_id, given, stands in acks if given == stands)
    contested |= {prompt_id for prompt_id, times in won.items() if times > 1}
    had = effects(folder)
    recorded_at = recorded_steps(db)
    return Verdict(
        runs=runs,
        acknowledged=len(acks),
        lost=lost,
        rerun=sum(each.at > recorded_at[each.step].timestamp() for each in had if each.step in recorded_at),
        settled_twice=len(contested),
        stuck=stuck,
        twice=len(had) - len({each.step for each in had}),
        in_flight=in_flight,
    )


def cut_off(db: Database, folder: Path, pid: int) -> int:
    """How many steps a process that was killed had begun without recording them."""
    recorded = recorded_steps(db)
    return len({each.step for each in effects(folder) if each.pid == pid} - set(recorded))


def effects(folder: Path) -> list[Effect]:
    """Every effect that was had."""
    split = (line.split() for line in lines(folder / "effects.txt"))
    return [Effect(int(pid), step, int(at) / 1e9) for pid, step, at in split]


def recorded_steps(db: Database) -> dict[str, datetime]:
    """When each recorded step ended, by its idempotency key."""
    with db.read() as connection:
        rows = connection.execute(select(steps.c.run_id, steps.c.key, steps.c.finished_at))
        return {f"{row.run_id}:{row.key}": row.finished_at for row in rows}


def lines(file: Path) -> list[str]:
    """The lines of a file that may not be there yet."""
    return file.read_text(encoding="ascii").splitlines() if file.exists() else []
