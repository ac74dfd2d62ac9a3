"""What the statements mean. The same code runs in a flow, and in the reference, where every answer is there at once."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from json import JSONDecodeError
from typing import Any
from zoneinfo import ZoneInfo

from signoff import PromptRejected
from tests.fuzz.programs import (
    Ask,
    Attempt,
    Beside,
    Block,
    Draw,
    Each,
    Effect,
    Fail,
    Forget,
    Loop,
    Nested,
    Several,
    Statement,
    Submit,
    Thread,
)

Guards = frozenset[tuple[str, object]]
"""What the code at hand believes that a person has answered: the text of a question, and yes, no or a rejection."""

REJECTED = "rejected"
UNWOUND = ("the run was taken out of memory", True)
"""What no answer can justify: code that goes on although its run has been unwound."""


class Color(StrEnum):
    """An enum of texts."""

    RED = "red"


class OwnError(Exception):
    """An error with an attribute."""

    def __init__(self, label: str, code: int) -> None:
        super().__init__(label, code)
        self.code = code


def error_of(kind: str, label: str) -> Exception:
    """The error that an effect raises."""
    match kind:
        case "file":
            return FileNotFoundError(2, "gone", f"/{label}")
        case "key":
            return KeyError(label)
        case "own":
            return OwnError(label, 7)
        case "json":
            return JSONDecodeError(label, "{", 1)
        case _:
            return ValueError(label)


def value_of(kind: str, label: str) -> Any:
    """The value that an effect returns."""
    match kind:
        case "pair":
            return (label, 1)
        case "moment":
            return datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("Europe/Vienna"))
        case "enum":
            return Color.RED
        case "default":
            return defaultdict(int, {label: 1})
        case _:
            return f"did {label}"


def drive(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run code without an event loop. It never waits for anything that only a loop could give it."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("the code waits for an event loop")


class Operations(ABC):
    """What a program does beyond its own control flow."""

    unwound = False

    @abstractmethod
    async def effect(self, statement: Effect, label: str, guards: Guards) -> None:
        """Call a task."""

    @abstractmethod
    async def draw(self, statement: Draw, label: str, guards: Guards) -> None:
        """Call a task whose results differ, and one with its result."""

    @abstractmethod
    async def ask(self, statement: Ask, text: str) -> bool:
        """Ask, and wait for the answer."""

    @abstractmethod
    async def several(self, statement: Several, texts: Sequence[str]) -> Mapping[str, bool]:
        """Ask several questions at once."""

    @abstractmethod
    async def submit(self, statement: Submit, labels: Sequence[str], guards: Guards) -> None:
        """Submit tasks."""

    @abstractmethod
    async def forget(self, statement: Forget, label: str, guards: Guards) -> None:
        """Leave out an await."""

    @abstractmethod
    async def beside(self, statement: Beside, runs: Sequence[Coroutine[Any, Any, None]]) -> None:
        """Run blocks side by side."""

    @abstractmethod
    async def thread(self, body: Block, guards: Guards, item: str) -> None:
        """Run a block in a thread."""

    @abstractmethod
    async def nested(self, statement: Nested, name: str, guards: Guards, item: str) -> None:
        """Run a block as a flow."""

    @abstractmethod
    def order(self, items: Sequence[str]) -> Sequence[str]:
        """Items in the order that they have in this execution."""

    @abstractmethod
    def caught(self, error: BaseException) -> None:
        """Look at an error that the program catches."""

    @abstractmethod
    def check(self) -> None:
        """Raise if the process is dead. Called before each statement."""

    async def loop(self, statement: Loop, guards: Guards, item: str) -> None:
        """Run a block for each item."""
        for each in self.order(statement.items) if statement.unstable else statement.items:
            await self.run(statement.body, guards, f"{item}_{each}")

    async def run(self, block: Block, guards: Guards = frozenset(), item: str = "") -> None:
        """Run a block."""
        for each in block:
            self.check()
            await self._run_one(each, guards | ({UNWOUND} if self.unwound else frozenset()), item)

    async def _run_one(self, statement: Statement, guards: Guards, item: str) -> None:
        match statement:
            case Effect():
                await self.effect(statement, f"{statement.name}{item}", guards)
            case Draw():
                await self.draw(statement, f"{statement.name}{item}", guards)
            case Ask():
                text = f"{statement.name}{item}?"
                answer = await self.ask(statement, text)
                await self.run(statement.yes if answer else statement.no, guards | {(text, answer)}, item)
            case Several():
                await self._several(statement, guards, item)
            case Submit():
                await self.submit(statement, [f"{name}{item}" for name in statement.names], guards)
            case Fail():
                raise ValueError("raised by the flow")
            case Forget():
                await self.forget(statement, f"{statement.name}{item}", guards)
            case _:
                await self._run_blocks(statement, guards, item)

    async def _run_blocks(
        self, statement: Loop | Each | Attempt | Beside | Thread | Nested, guards: Guards, item: str
    ) -> None:
        match statement:
            case Each():
                await self._each(statement, guards, item)
            case Loop():
                await self.loop(statement, guards, item)
            case Attempt():
                await self._attempt(statement, guards, item)
            case Beside():
                await self.beside(statement, [self.run(block, guards, item) for block in statement.blocks])
            case Thread():
                await self.thread(statement.body, guards, item)
            case Nested():
                name = statement.name if statement.shared else f"{statement.name}{item}"
                await self.nested(statement, name, guards, item)

    async def _each(self, statement: Each, guards: Guards, item: str) -> None:
        async def one(each: str) -> None:
            await self.run(statement.body, guards, f"{item}_{each}")

        items = self.order(statement.items) if statement.unstable else statement.items
        await self.beside(Beside("gather", ()), [one(each) for each in items])

    async def _several(self, statement: Several, guards: Guards, item: str) -> None:
        texts = {f"{name}{item}?": f"after_{name}" for name in statement.names}
        for text, answer in (await self.several(statement, list(texts))).items():
            if answer:
                await self.effect(Effect(texts[text]), f"{texts[text]}{item}", guards | {(text, True)})

    async def _attempt(self, statement: Attempt, guards: Guards, item: str) -> None:
        if statement.catching == "suppress":
            with suppress(BaseException):
                try:
                    await self.run(statement.body, guards, item)
                except BaseException as error:
                    self._note(error)
                    raise
            return
        caught: type[BaseException] = BaseException if statement.catching == "BaseException" else Exception
        try:
            await self.run(statement.body, guards, item)
        except caught as error:
            self._note(error)
            rejected = {(one.reason, REJECTED) for one in leaves(error) if isinstance(one, PromptRejected)}
            unwound = {UNWOUND} if self.unwound else set()
            await self.run(statement.otherwise, guards | rejected | unwound, item)

    def _note(self, error: BaseException) -> None:
        if any(not isinstance(each, Exception) for each in leaves(error)):
            self.unwound = True
        self.caught(error)


def leaves(error: BaseException) -> Iterator[BaseException]:
    """The errors in a group, or the error itself."""
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from leaves(each)
    else:
        yield error
