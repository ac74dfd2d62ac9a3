"""What happens to one run: the answers that the person gives, the effects that it has, and the verdict on both."""

import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from signoff.flows.approval.desk import Desk
from signoff.store.changes import Subscription
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt
from signoff.store.records.runs import FlowRun, RunState
from signoff.store.runs import runs
from tests.fuzz.interpreter import REJECTED, UNWOUND, Guards
from tests.fuzz.programs import Life, Program
from tests.fuzz.reference import expected

ANA = Actor("U1", "Ana")


@dataclass
class World:
    """One run, and what was seen of it.

    Attributes:
        seed: Decides what the person answers to which question.
        patience: Seconds without an answer after which a run counts as stuck.
        given: What they have answered, by the text of the question.
        done: The effects that were had, each with the answers that the code believed to have.
        faults: What should not have happened.
        used: The effects that were called with what a task has drawn, or that have had an idempotency key.
        was_refused: Whether a result was refused, as it would not read back equal. Then the flow may end in any way.
    """

    db: Database
    seed: int
    patience: float = 60.0
    given: dict[str, object] = field(default_factory=dict)
    done: list[tuple[str, Guards]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    used: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    was_refused: bool = False

    def says(self, text: str) -> bool | None:
        """What the person answers to a question: four times of eight yes, three times no; `None` for a rejection."""
        number = random.Random(f"{self.seed} {text}").randrange(8)
        return None if number == 7 else number < 4

    def answer(self, prompt: Prompt) -> None:
        """Answer a prompt by the text that is on its card."""
        text = re.sub(r" \[[\d:]+\]$", "", prompt.title)
        said = self.says(text)
        self.given[text] = REJECTED if said is None else said
        if said is None:
            Desk(self.db).reject(prompt.id, ANA, text, via="cli")
        else:
            Desk(self.db).submit(prompt.id, ANA, {"value": said}, via="cli")

    def use(self, label: str, what: str, used: str) -> None:
        """Note what an effect was called with, or its idempotency key."""
        self.used.setdefault((what, used), set()).add(label)

    def open_prompts(self, run_id: str) -> list[Prompt]:
        """What the run asks now."""
        return [each for each in prompts.of_run(self.db, run_id) if each.is_open]

    def attend(self, run_id: str, plan: Life, is_dead: Callable[[], bool], changes: Subscription) -> None:
        """Answer what a run asks, until it is over, its worker is dead, or this worker has had its answers."""
        left, quiet_since = plan.answers, time.monotonic()
        while not is_dead() and not (run := runs.get(self.db, run_id)).state.is_final:
            asked = self.open_prompts(run_id) if run.state.is_waiting else []
            if asked and left == 0:
                return
            if asked:
                self.answer(random.Random(f"{self.seed} {left}").choice(asked))
                left, quiet_since = left - 1, time.monotonic()
            elif time.monotonic() - quiet_since > self.patience:
                self.faults.append(f"the run is stuck as {run.state}")
                return
            else:
                changes.wait(0.05)

    def judge(self, run: FlowRun, program: Program, *, was_edited: bool) -> None:
        """Note the faults of a run that is over.

        Args:
            program: The code as it was at the end.
        """
        for label, guards in self.done:
            for text, value in guards:
                said = self.given.get(text, "nothing")
                if said != value or (text, value) == UNWOUND:
                    self.faults.append(f"{label} was done because of {text!r}: {value}. The answer was: {said}")
        self._judge_used(was_edited=was_edited)
        wanted = expected(program, self.says)
        may_fail = wanted.cannot_complete or wanted.fails or wanted.may_fail or was_edited or self.was_refused
        match run.state:
            case RunState.COMPLETED if self.was_refused:
                pass
            case RunState.COMPLETED:
                if missing := wanted.effects - {label for label, _ in self.done}:
                    self.faults.append(f"the run is Completed without {sorted(missing)}")
                if wanted.fails or wanted.cannot_complete:
                    self.faults.append("the run is Completed, and should have failed")
            case RunState.FAILED if may_fail:
                pass
            case RunState.NEEDS_ATTENTION if was_edited or not program.is_ordered:
                pass
            case _:
                self.faults.append(f"the run is {run.state}: {run.error or run.message}")

    def _judge_used(self, *, was_edited: bool) -> None:
        """Note what belonged to one effect and reached another one."""
        for (what, _), labels in self.used.items():
            if len(labels) > 1:
                self.faults.append(f"what {what} was for one was for {sorted(labels)}")
        keys = [label for (what, _), labels in self.used.items() if what == "key" for label in labels]
        if not was_edited:
            self.faults += [f"{label} has had two keys" for label in set(keys) if keys.count(label) > 1]
