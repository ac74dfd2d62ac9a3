"""What a program has to come to: the same statements as plain Python, in which every answer is there at once."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from signoff import InvalidFlow, PromptRejected
from tests.fuzz.interpreter import Guards, Operations, drive, error_of
from tests.fuzz.programs import Ask, Beside, Block, Draw, Effect, Forget, Loop, Nested, Program, Several, Submit

Answer = Callable[[str], bool | None]
"""What the person says to a question; `None` rejects it."""


@dataclass(frozen=True)
class Expected:
    """What a program comes to.

    Attributes:
        effects: What it must have done once it has completed.
        fails: Whether it ends with an error.
        cannot_complete: Whether it fails because something is never awaited.
        may_fail: Whether it can also end with one, because of what goes on beside the flow after an error.
    """

    effects: frozenset[str]
    fails: bool
    may_fail: bool
    cannot_complete: bool = False


def expected(program: Program, answer: Answer) -> Expected:
    """What a program comes to with these answers."""
    reference = _Reference(answer)
    try:
        drive(reference.run(program.body))
    except Exception:  # noqa: BLE001 - whatever it is
        return Expected(frozenset(reference.done), fails=True, may_fail=True)
    return Expected(
        frozenset(reference.done), fails=False, may_fail=reference.left_beside, cannot_complete=reference.forgot
    )


class _Reference(Operations):
    """Plain Python."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.done: set[str] = set()
        self.left_beside = False
        self.forgot = False

    async def effect(self, statement: Effect, label: str, guards: Guards) -> None:
        self.done.add(label)
        if statement.fails:
            raise error_of(statement.fails, label)

    async def draw(self, statement: Draw, label: str, guards: Guards) -> None:
        self.done.add(label)

    async def ask(self, statement: Ask, text: str) -> bool:
        return self._said(text)

    async def several(self, statement: Several, texts: Sequence[str]) -> Mapping[str, bool]:
        said = {text: self._answer(text) for text in texts}
        # Nothing waits for what was asked after the question that is rejected.
        self.left_beside |= statement.way == "one_by_one" and None in said.values()
        return {text: self._said(text) for text in texts}

    async def submit(self, statement: Submit, labels: Sequence[str], guards: Guards) -> None:
        self.done.update(labels)

    async def forget(self, statement: Forget, label: str, guards: Guards) -> None:
        if statement.what == "answer":
            # That an answer is used which is not there is an error like others, and the flow can catch it.
            self.left_beside = True
            raise InvalidFlow(label)
        self.forgot = True

    async def beside(self, statement: Beside, runs: Sequence[Coroutine[Any, Any, None]]) -> None:
        errors: list[Exception] = []
        before, forgot = set(self.done), self.forgot
        for each in runs:
            try:
                await each
            except Exception as error:  # noqa: BLE001 - whatever it is
                errors.append(error)
        if errors and statement.way != "return_exceptions":
            # How far the other blocks had come is a matter of time.
            self.done, self.forgot = before, forgot
            self.left_beside = True
            raise errors[0] if statement.way == "gather" else ExceptionGroup("side by side", errors)

    async def thread(self, body: Block, guards: Guards, item: str) -> None:
        await self.run(body, guards, item)

    async def nested(self, statement: Nested, name: str, guards: Guards, item: str) -> None:
        await self.run(statement.body, guards, item)

    async def loop(self, statement: Loop, guards: Guards, item: str) -> None:
        before, forgot = set(self.done), self.forgot
        try:
            await super().loop(statement, guards, item)
        except Exception:
            if statement.unstable:
                # Which items came before the one that fails is a matter of order.
                self.done, self.forgot, self.left_beside = before, forgot, True
            raise

    def caught(self, error: BaseException) -> None:
        """Whatever it is."""

    def check(self) -> None:
        """Nothing dies here."""

    def order(self, items: Sequence[str]) -> Sequence[str]:
        return items

    def _said(self, text: str) -> bool:
        answer = self._answer(text)
        if answer is None:
            raise PromptRejected("Ana", "U1", text)
        return answer
