"""The statements as a flow of Signoff does them."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, Protocol

from signoff import (
    Flow,
    FlowsError,
    InvalidFlow,
    PromptRejected,
    Task,
    UnserializableResult,
    as_answered,
    ask,
    gather,
    idempotency_key,
    pause_flow_run,
    suspend_flow_run,
)
from tests.fuzz.interpreter import Guards, Operations, drive, error_of, leaves, value_of
from tests.fuzz.programs import Ask, Beside, Block, Draw, Effect, Forget, Nested, Several, Submit


class Living(Protocol):
    """The worker in which a flow runs.

    Attributes:
        ticks: Another number for each execution.
    """

    seed: int
    ticks: Iterator[int]

    def check(self) -> None:
        """Raise if this worker is dead."""

    def have_effect(self, label: str, guards: Guards) -> None:
        """Do what a task does."""

    def fault(self, text: str) -> None:
        """Note what should not have happened."""

    def draw(self) -> str:
        """What no other call has drawn."""

    def use(self, label: str, what: str, used: str) -> None:
        """Note what an effect was called with, or its idempotency key: neither may be that of another effect."""

    def refused(self) -> None:
        """Note that a result was refused because it would not read back equal. Then the flow may end in any way."""


def flow_named(name: str, code: Callable[..., Coroutine[Any, Any, None]], *, is_async: bool) -> Flow[Any, Any]:
    """A flow that runs this code."""
    # Copied, because most of the time of making one goes into the fingerprint of the code, which is data here.
    made = copy(_template(is_async=is_async))
    made.name, made.fn = name, code if is_async else partial(_run, code)
    return made


def _run(code: Callable[..., Coroutine[Any, Any, None]], *given: str) -> None:
    drive(code(*given))


@cache
def _template(*, is_async: bool) -> Flow[Any, Any]:
    async def run_async() -> None:
        """An async flow."""

    def run() -> None:
        """A flow."""

    return Flow(run_async if is_async else run, name="fuzzed")


class FlowOperations(Operations):
    """A flow of Signoff."""

    def __init__(self, life: Living, *, is_async: bool) -> None:
        self.life = life
        self.is_async = is_async
        self._guards: dict[str, Guards] = {}
        self._tasks: dict[str, Task[[str], Any]] = {}
        self._random = random.Random(f"{life.seed} {next(life.ticks)}")

    def check(self) -> None:
        self.life.check()

    def caught(self, error: BaseException) -> None:
        for each in leaves(error):
            if isinstance(each, FlowsError) and not isinstance(
                each, PromptRejected | UnserializableResult | InvalidFlow
            ):
                self.life.fault(f"the flow caught {each!r}")

    async def effect(self, statement: Effect, label: str, guards: Guards) -> None:
        self._guards[label] = guards
        try:
            called = self._task(statement)(label)
            value = await called if self.is_async else called
        except Exception as error:
            self._compare_error(statement, label, error)
            raise
        wanted = value_of(statement.value, label)
        if statement.fails or (type(value), value, repr(value)) != (type(wanted), wanted, repr(wanted)):
            self.life.fault(f"{label} returned {value!r} instead of {wanted!r}")

    async def draw(self, statement: Draw, label: str, guards: Guards) -> None:
        def draw() -> str:
            return self.life.draw()

        def use(label: str, drawn: str) -> None:
            self.life.use(label, "drawn", drawn)
            self.life.use(label, "key", idempotency_key())
            self.life.have_effect(label, guards)

        drawn = await self._call(draw, statement.name)
        await self._call(use, f"{statement.name}_use", label, drawn)

    async def _call(self, function: Callable[..., Any], name: str, *given: str) -> Any:
        async def called(*given: str) -> Any:
            return function(*given)

        made: Task[..., Any] = Task(called if self.is_async else function, name=name)
        return await made(*given) if self.is_async else made(*given)

    async def ask(self, statement: Ask, text: str) -> bool:
        shown = f"{text} [{datetime.now(UTC):%H:%M:%S}]" if statement.clock else text
        key = _key(text) if statement.keyed else None
        wait = suspend_flow_run if statement.suspend else pause_flow_run
        answer: Any = wait(bool, key=key, timeout=None, description=shown)
        return bool(await answer if self.is_async else answer)

    async def several(self, statement: Several, texts: Sequence[str]) -> Mapping[str, bool]:
        asked = {
            ask(bool, key=_key(text), timeout=None, description=text, suspend=statement.suspend): text for text in texts
        }
        match statement.way:
            case "gather":
                found = gather(*asked)
                answers = await found if self.is_async else found
                return dict(zip(texts, answers, strict=True))
            case "one_by_one":
                return {text: await each if self.is_async else each.result() for each, text in asked.items()}
            case _ if self.is_async:
                return {asked[each]: await each async for each in as_answered(asked)}
            case _:
                return {asked[each]: each.result() for each in as_answered(asked)}

    async def submit(self, statement: Submit, labels: Sequence[str], guards: Guards) -> None:
        self._guards.update(dict.fromkeys(labels, guards))
        tasks = FlowOperations(self.life, is_async=False)
        tasks._guards = self._guards
        if statement.mapped:
            futures = list(tasks._task(Effect(statement.names[0])).map(list(labels)))
        else:
            named = zip(statement.names, labels, strict=True)
            futures = [tasks._task(Effect(name)).submit(label) for name, label in named]
        for each in futures if statement.waited else ():
            found = each.result()
            if self.is_async:
                await found

    async def forget(self, statement: Forget, label: str, guards: Guards) -> None:
        text = f"{label}?"
        match statement.what:
            case "answer":
                if pause_flow_run(bool, timeout=None, key=_key(text), description=text):
                    await self.effect(Effect(statement.name), label, guards | {(text, True)})
            case "handle":
                ask(bool, timeout=None, key=_key(text), description=text)
            case _:
                self._guards[label] = guards
                self._task(Effect(statement.name))(label)

    async def beside(self, statement: Beside, runs: Sequence[Coroutine[Any, Any, None]]) -> None:
        if statement.way == "group":
            async with asyncio.TaskGroup() as group:
                for each in runs:
                    group.create_task(each)
            return
        for end in await asyncio.gather(*runs, return_exceptions=statement.way == "return_exceptions"):
            if isinstance(end, BaseException):
                self._note(end)

    async def thread(self, body: Block, guards: Guards, item: str) -> None:
        inside = self._inside()
        if self.is_async:
            await asyncio.to_thread(lambda: drive(inside.run(body, guards, item)))
        else:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(lambda: drive(inside.run(body, guards, item))).result()

    async def nested(self, statement: Nested, name: str, guards: Guards, item: str) -> None:
        flow = flow_named(name, lambda item=item: self.run(statement.body, guards, item), is_async=self.is_async)
        called = flow(item) if statement.shared else flow()
        if self.is_async:
            await called

    def order(self, items: Sequence[str]) -> Sequence[str]:
        return self._random.sample(items, len(items))

    def _inside(self) -> "FlowOperations":
        inside = FlowOperations(self.life, is_async=False)
        inside.unwound = self.unwound
        return inside

    def _task(self, statement: Effect) -> Task[[str], Any]:
        known = self._tasks.get(statement.name)
        if known is not None:
            return known

        def act(label: str):  # type: ignore[no-untyped-def]
            if statement.keyed:
                self.life.use(label, "key", idempotency_key())
            self.life.have_effect(label, self._guards[label])
            if statement.fails:
                raise error_of(statement.fails, label)
            return value_of(statement.value, label)

        async def act_async(label: str):  # type: ignore[no-untyped-def]
            return act(label)

        made: Task[[str], Any] = Task(act_async if self.is_async else act, name=statement.name)
        self._tasks[statement.name] = made
        return made

    def _compare_error(self, statement: Effect, label: str, error: Exception) -> None:
        if isinstance(error, UnserializableResult) and statement.value != "text":
            self.life.refused()
            return
        wanted = error_of(statement.fails, label)
        alike = type(error) is type(wanted) and error.args == wanted.args and vars(error) == vars(wanted)
        if not statement.fails or not alike:
            self.life.fault(f"{label} raised {error!r}")


def _key(text: str) -> str:
    return text.strip("?").replace("_", "-")
