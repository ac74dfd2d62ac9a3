"""Recognizes the calls of an execution among those that its run has recorded.

The number in a call's key is only a count, so a key does not tell enough: a loop over a set makes other calls in the
next execution. What tells one call from another is what it is called with. That is recorded with its result or, for a
call that something is recorded in, when it begins. So a call is the recorded one with equal arguments, whatever the
number of that; of several, the first.

A call that no recorded one equals is new where its key is free. Where another call has the key, it may be the same one
all the same, as arguments may contain a clock, a random number or a temporary file: it is if they differ in nothing
else, the code is the same, and it is called once at this place. Otherwise the run needs attention, because running the
call could repeat its effect, and its result could be that of another one.
"""

import dis
import logging
import re
import sys
from collections.abc import Callable, Container, Mapping
from concurrent.futures import Future
from functools import lru_cache
from types import CodeType

from signoff.flows.durable.values.arguments import Arguments, alike_hash
from signoff.flows.durable.values.moments import Span
from signoff.flows.errors import AttentionNeeded, CodeChanged
from signoff.store.records.runs import Step
from signoff.store.runs.journal import BEGUN

logger = logging.getLogger("signoff.flows.run")


class RecordedCalls:
    """The recorded calls of a run, as far as this execution has not come to them. The caller holds a lock.

    Args:
        run_name: The run's name, for the log.
        fingerprint: The hash of the flow's code as it is now.
        steps: The recorded calls by key.
        has_content: Whether steps or prompts are recorded within the call with this key.
        span: The time in which the run may have read a clock until now.
    """

    def __init__(
        self,
        run_name: str,
        fingerprint: str,
        steps: Mapping[str, Step],
        *,
        has_content: Callable[[str], bool],
        span: Callable[[], Span],
    ) -> None:
        self._run_name = run_name
        self._fingerprint = fingerprint
        self._steps = steps
        self._keys = _by_arguments(steps)
        self._has_content = has_content
        self._span = span
        self._claimed: set[str] = set()
        self._alike: dict[str, dict[str | None, str]] = {}
        self._awaited: dict[str, Future[None]] = {}

    @property
    def keys(self) -> Container[str]:
        """The keys of all recorded calls."""
        return self._steps.keys()

    def equal(self, path: str, arguments: Arguments, *, taken: Container[str] = ()) -> list[str]:
        """The keys of the recorded calls of a path with these arguments that were not handed over, by their numbers.

        Args:
            path: What the calls have in common whose keys differ in their number.
            taken: Keys of other calls.
        """
        if not self._keys:
            return []
        hashes = {arguments.hash, arguments.earlier_hash}
        # Calls of one function are told from others by their path. Most calls are new and stop here.
        same = [each for hashed in hashes for each in self._keys.get(hashed, ()) if self._is_free(each, taken)]
        if not same:
            return []
        numbered = _numbered(path)
        return sorted((each for each in same if numbered.fullmatch(each)), key=lambda each: (len(each), each))

    def has_within(self, scope: str) -> bool:
        """Whether a step is recorded in a scope. That something in it has begun says nothing."""
        return any(key.startswith(scope) and each.format != BEGUN for key, each in self._steps.items())

    def is_equal(self, key: str, arguments: Arguments) -> bool:
        """Whether the recorded call with this key has these arguments, and was not handed over yet."""
        found = self._steps.get(key)
        return found is not None and key not in self._claimed and arguments.is_of(found.arguments_hash)

    def alike(self, path: str, arguments: Arguments, *, taken: Container[str]) -> str | None:
        """The key of the one call of a path that differs in a time or the like, if all of them differ in other things.

        `None` if there are not several, or if two of them differ in nothing else: their order may be another one now.
        """
        if path not in self._alike:
            numbered = _numbered(path)
            known = {key: each.arguments for key, each in self._steps.items() if numbered.fullmatch(key)}
            keys = {alike_hash(each): key for key, each in known.items()}
            self._alike[path] = keys if len(keys) == len(known) > 1 else {}
        key = self._alike[path].get(arguments.alike_hash(self._span())) if self._alike[path] else None
        return key if key is not None and self._is_free(key, taken) else None

    def claim(self, key: str) -> Step | None:
        """Hand a recorded call over; `None` if it is not recorded."""
        found = self._steps.get(key)
        if found is not None:
            self._claimed.add(key)
            self._end_waits()
        return found

    def is_other(self, path: str, key: str, arguments: Arguments, *, is_single: Callable[[], bool]) -> bool:
        """Whether a call is another one than that which has its key, and whose arguments are not equal.

        Args:
            is_single: Whether the call is made once at its place.

        Raises:
            AttentionNeeded: If that cannot be told.
        """
        found = self._steps[key]
        is_alike = arguments.is_alike(found.arguments, self._span())
        is_empty = found.format == BEGUN and not self._has_content(key)
        if is_empty and key not in self._claimed and (not is_alike or found.arguments is None):
            # It has no result that could reach this call, and contains nothing that could be repeated.
            return not is_alike
        if found.fingerprint != self._fingerprint and not is_empty:
            raise CodeChanged(
                f"The code was edited: {key} is now called with different arguments from those that produced its "
                f"recorded result{_difference(found, arguments)}."
            )
        if key in self._claimed or not is_alike or self._is_elsewhere(path, arguments) or not is_single():
            raise AttentionNeeded(_out_of_order(path, key, found, arguments))
        logger.warning(
            "%s | %s is called with other arguments than before%s; its recorded result counts. Read what differs each "
            "time, such as a clock, in a task of its own.",
            self._run_name,
            key,
            _difference(found, arguments),
        )
        return False

    def others(self, path: str) -> "Future[None] | None":
        """Done once every recorded call of a path was handed over; `None` if they all were.

        In a run that an earlier version has created, coroutines have no scope of their own. One of them makes a call
        that is not recorded. The recorded ones may be those of other coroutines, which come soon, or this one with
        other arguments. Only the former lets it run.
        """
        return self._awaited.setdefault(path, Future()) if self._unclaimed(path) else None

    def close(self) -> None:
        """End all waits for others: the execution is over."""
        awaited, self._awaited = self._awaited, {}
        for each in awaited.values():
            each.set_result(None)

    def forget(self, scope: str, steps: Mapping[str, Step]) -> None:
        """Prepare for a retry: what is within `scope` comes again.

        Args:
            steps: What is recorded now.
        """
        self._steps, self._keys = steps, _by_arguments(steps)
        self._alike.clear()
        self._claimed = {key for key in self._claimed if not key.startswith(scope)}

    def _is_free(self, key: str, taken: Container[str]) -> bool:
        return key not in self._claimed and key not in taken

    def _end_waits(self) -> None:
        for path in [path for path in self._awaited if not self._unclaimed(path)]:
            self._awaited.pop(path).set_result(None)

    def _unclaimed(self, path: str) -> bool:
        numbered = _numbered(path)
        return any(key not in self._claimed and numbered.fullmatch(key) for key in self._steps)

    def _is_elsewhere(self, path: str, arguments: Arguments) -> bool:
        """Whether the same call is recorded within another call of what is around it, and is not handed over yet.

        An earlier version did not record when those around it had begun, so they are told apart by their order alone.
        """
        same, name = self._keys.get(arguments.earlier_hash, ()), _without_counts(path)
        return any(key not in self._claimed and _without_counts(key) == name for key in same)


def is_in_loop() -> bool:
    """Whether the code that calls a step may come to that call again: it is in a loop, or called from one."""
    frame = sys._getframe()
    while frame.f_back is not None and _is_ours(frame.f_globals):
        frame = frame.f_back
    # What is around an outer step does not matter: calls within a step have keys of their own.
    while frame.f_back is not None and not _is_ours(frame.f_globals):
        if not _is_of_loop(frame.f_globals) and any(
            start <= frame.f_lasti <= end for start, end in _loops(frame.f_code)
        ):
            return True
        frame = frame.f_back
    return False


def _out_of_order(path: str, key: str, found: Step, arguments: Arguments) -> str:
    return (
        f"The calls of {path} come in another order, or with other arguments: those of {key} differ from those that "
        f"are recorded{_difference(found, arguments)}. Go through sets, dicts and rows in a fixed order, and leave out "
        "of the arguments what differs in each execution."
    )


def _difference(found: Step, arguments: Arguments) -> str:
    difference = arguments.difference(found.arguments)
    return f" ({difference})" if difference else ""


def _numbered(path: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(path)}(?:-\d+)?")


def _is_ours(names: Mapping[str, object]) -> bool:
    return str(names.get("__name__")).startswith("signoff.")


def _is_of_loop(names: Mapping[str, object]) -> bool:
    """Whether a frame is that of an event loop, whose own loops make no call of the flow's twice."""
    return str(names.get("__name__")).startswith("asyncio.")


@lru_cache(maxsize=256)
def _loops(code: CodeType) -> list[tuple[int, int]]:
    """Where the bytecode of a function may jump back: from the second offset to the first."""
    # Awaiting something jumps back without an interrupt, and is no loop of the code's.
    back = [each for each in dis.get_instructions(code) if "JUMP_BACKWARD" in each.opname]
    return [(each.argval, each.offset) for each in back if "NO_INTERRUPT" not in each.opname]


def _by_arguments(steps: Mapping[str, Step]) -> dict[str, list[str]]:
    """The keys of steps by the hash of their arguments."""
    found: dict[str, list[str]] = {}
    for key, step in steps.items():
        found.setdefault(step.arguments_hash, []).append(key)
    return found


def _without_counts(key: str) -> str:
    """A key without the counts in it: `a/b` for `a-2/b-3`."""
    return re.sub(r"-\d+(?=/|$)", "", key)
