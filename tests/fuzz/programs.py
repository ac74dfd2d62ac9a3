"""What a generated flow does: statements, and hypothesis's strategies for them and for what happens to their runs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import count
from typing import Any, Literal

from hypothesis import strategies as st

Block = tuple["Statement", ...]


@dataclass(frozen=True)
class Effect:
    """A task with an effect, which returns a value, or raises an error after the effect.

    Attributes:
        keyed: Whether the effect goes by the task's idempotency key.
    """

    name: str
    value: str = "text"
    fails: str = ""
    keyed: bool = False


@dataclass(frozen=True)
class Draw:
    """A task without arguments, each call of which has another result, and an effect that is called with that."""

    name: str


@dataclass(frozen=True)
class Ask:
    """A pause, and what follows from a yes and from a no.

    Attributes:
        clock: Whether its text has the time of day in it.
    """

    name: str
    yes: Block
    no: Block
    suspend: bool = False
    clock: bool = False
    keyed: bool = False


@dataclass(frozen=True)
class Several:
    """Several questions at once, with an effect for each yes."""

    names: tuple[str, ...]
    way: Literal["gather", "as_answered", "one_by_one"]
    suspend: bool


@dataclass(frozen=True)
class Loop:
    """A loop over items, whose order may differ in each execution."""

    items: tuple[str, ...]
    unstable: bool
    body: Block


@dataclass(frozen=True)
class Each:
    """A coroutine for each item, side by side. They may be started in another order in each execution."""

    items: tuple[str, ...]
    unstable: bool
    body: Block


@dataclass(frozen=True)
class Attempt:
    """A `try` around a block, with what follows from an error."""

    catching: Literal["Exception", "BaseException", "suppress"]
    body: Block
    otherwise: Block


@dataclass(frozen=True)
class Fail:
    """An error that the flow itself raises."""


@dataclass(frozen=True)
class Beside:
    """Blocks side by side in an async flow."""

    way: Literal["gather", "return_exceptions", "group"]
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Thread:
    """A block in a thread that the flow starts itself."""

    body: Block


@dataclass(frozen=True)
class Submit:
    """Submitted tasks, which the flow may wait for."""

    names: tuple[str, ...]
    waited: bool
    mapped: bool


@dataclass(frozen=True)
class Nested:
    """A block as a flow of its own.

    Attributes:
        shared: Whether the flow is the same for all items of a loop, and is called with the item.
    """

    name: str
    body: Block
    shared: bool = False


@dataclass(frozen=True)
class Forget:
    """Something in an async flow that is not awaited: an answer, of which a yes is taken for granted, or a task."""

    name: str
    what: Literal["answer", "handle", "task"]


Statement = Forget | Effect | Draw | Ask | Several | Loop | Each | Attempt | Fail | Beside | Thread | Submit | Nested


@dataclass(frozen=True)
class Program:
    """A flow."""

    body: Block
    is_async: bool

    @property
    def is_ordered(self) -> bool:
        """Whether every execution comes to the same steps and questions under the same keys."""
        return not any(isinstance(each, Loop) and each.unstable for each in statements(self.body))


@dataclass(frozen=True)
class Life:
    """One worker, from its start to its end.

    Attributes:
        edit: The statement before which the code was edited, and how; `None` if it is the code of the life before.
        dies_at: The write or effect at which its process dies; `None` if it is stopped in good order.
        is_lost: Whether the write at which it dies is committed.
        lingers: Whether it is only taken for dead, and goes on beside the next one.
        answers: How many prompts are answered while it runs.
        answers_after: How many are answered after its end.
    """

    edit: tuple[str, int] | None
    dies_at: int | None
    is_lost: bool
    lingers: bool
    answers: int
    answers_after: int


@dataclass(frozen=True)
class Case:
    """A flow, what happens to its run, and what the person answers."""

    program: Program
    lives: tuple[Life, ...]
    seed: int


EDITS = ("comment", "append", "prepend", "remove", "swap", "rename", "reword", "rekey", "ask_before")


def statements(block: Block) -> Iterator[Any]:
    """Every statement of a block, those within others included."""
    for each in block:
        yield each
        for field in fields(each):
            inner = getattr(each, field.name)
            if isinstance(each, Beside) and field.name == "blocks":
                for one in inner:
                    yield from statements(one)
            elif field.name in ("yes", "no", "body", "otherwise"):
                yield from statements(inner)


def edited(program: Program, edit: tuple[str, int]) -> Program:
    """The program after an edit. One that is not possible changes a comment only."""
    kind, number = edit
    body = program.body
    here = number % max(len(body), 1)
    match kind:
        case "append":
            body = (*body, Effect(f"added{number}"))
        case "prepend":
            body = (Effect(f"added{number}"), *body)
        case "remove":
            body = (*body[:here], *body[here + 1 :])
        case "swap" if len(body) > 1:
            here = number % (len(body) - 1)
            body = (*body[:here], body[here + 1], body[here], *body[here + 2 :])
        case "ask_before" if body:
            body = (*body[:here], Ask(f"new{number}", (body[here],), ()), *body[here + 1 :])
        case "rename" | "reword" | "rekey":
            body = tuple(_changed(each, kind) if place == here else each for place, each in enumerate(body))
        case _:
            pass
    return replace(program, body=body)


def _changed(statement: Statement, kind: str) -> Statement:
    match statement:
        case Effect() if kind == "rename":
            return replace(statement, name=f"{statement.name}x")
        case Ask() if kind == "reword":
            return replace(statement, name=f"{statement.name}x")
        case Ask() if kind == "rekey":
            return replace(statement, keyed=not statement.keyed)
        case _:
            return statement


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A flow and what happens to it."""
    is_async = draw(st.booleans())
    program = Program(_Writer(draw, count(1), 3, is_async).block(), is_async)
    lives = draw(st.lists(LIVES, max_size=3))
    return Case(program, tuple(lives), draw(st.integers(0, 1000)))


LIVES = st.builds(
    Life,
    edit=st.none() | st.tuples(st.sampled_from(EDITS), st.integers(0, 5)),
    dies_at=st.none() | st.integers(1, 8),
    is_lost=st.booleans(),
    lingers=st.booleans(),
    answers=st.integers(0, 3),
    answers_after=st.integers(0, 2),
)


@dataclass(frozen=True)
class _Writer:
    """Writes blocks.

    Attributes:
        beside: Whether the block runs beside another one. Then it must not catch that it is cancelled.
        scoped: Whether all calls in the block belong to one item, so that a call without arguments does, too.
    """

    draw: st.DrawFn
    names: "count[int]"
    depth: int
    is_async: bool
    beside: bool = False
    scoped: bool = True

    def block(self) -> Block:
        size = self.draw(st.integers(1, 3 if self.depth > 1 else 2))
        return tuple(self._simple() if self.depth == 0 else self._statement() for _ in range(size))

    def _statement(self) -> Statement:
        kinds = ["simple"] * 4 + ["ask"] * 4 + ["loop", "attempt", "nested"]
        kinds += ["thread"] * (not self.beside) + ["beside", "beside", "each"] * (self.is_async and not self.beside)
        match self.draw(st.sampled_from(kinds)):
            case "ask":
                return self._ask()
            case "loop":
                unstable = self._bool()
                return Loop(self._items(), unstable, self._inner(scoped=self.scoped and not unstable))
            case "each":
                return Each(self._items(), self._bool(), self._inner(beside=True, scoped=True))
            case "attempt":
                catching = ["Exception"] if self.beside else ["Exception", "BaseException", "suppress"]
                otherwise = self._inner() if self._bool() else ()
                return Attempt(self._one_of(catching), self._inner(), otherwise)
            case "nested":
                return Nested(self._name("n"), self._inner(scoped=True), self._bool())
            case "thread":
                return Thread(self._inner(is_async=False, beside=True))
            case "beside":
                blocks = (self._inner(beside=True), self._inner(beside=True))
                return Beside(self._one_of(["gather", "return_exceptions", "group"]), blocks)
            case _:
                return self._simple()

    def _simple(self) -> Statement:
        kinds = ["effect"] * 4 + ["fails", "submit", "several", "fail"] * 2 + ["draw"] * 2 * self.scoped
        match self._one_of(kinds + ["forget"] * self.is_async):
            case "effect":
                value = self._one_of(["text", "text", "pair", "moment", "enum", "default"])
                return Effect(self._name("e"), value, keyed=self._bool())
            case "draw":
                return Draw(self._name("d"))
            case "fails":
                return Effect(self._name("e"), fails=self._one_of(["value", "file", "key", "own", "json"]))
            case "submit":
                names = tuple(self._name("s") for _ in range(self.draw(st.integers(1, 3))))
                return Submit(names, self._bool(), self._bool())
            case "several":
                names = tuple(self._name("q") for _ in range(self.draw(st.integers(2, 3))))
                return Several(names, self._one_of(["gather", "as_answered", "one_by_one"]), self._bool())
            case "forget":
                return Forget(self._name("f"), self._one_of(["answer", "handle", "task"]))
            case _:
                return Fail()

    def _ask(self) -> Ask:
        return Ask(
            self._name("q"),
            yes=self._inner(),
            no=self._inner() if self._rarely() else (),
            suspend=self._bool(),
            clock=self._rarely(),
            keyed=self._bool(),
        )

    def _items(self) -> tuple[str, ...]:
        return ("a", "b", "c")[: self.draw(st.integers(1, 3))]

    def _inner(self, **changes: bool) -> Block:
        return replace(self, depth=self.depth - 1, **changes).block()  # type: ignore[arg-type]

    def _name(self, letter: str) -> str:
        return f"{letter}{next(self.names)}"

    def _bool(self) -> bool:
        return self.draw(st.booleans())

    def _rarely(self) -> bool:
        return self.draw(st.integers(0, 3)) == 0

    def _one_of(self, choices: Sequence[Any]) -> Any:
        return self.draw(st.sampled_from(choices))
