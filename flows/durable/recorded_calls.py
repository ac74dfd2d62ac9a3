"""Recognizes the calls of an execution among the steps that its run has recorded.

The number in a step's key is only a count, so a key does not tell enough: calls side by side come in any order, and a
loop over a set makes other calls in the next execution. A result is handed over to a call with the arguments that
produced it, whatever its number.

A call whose arguments no recorded step has is the step at its place all the same, if the code is the same and makes one
call there: arguments may contain a clock, a random number or a temporary file, and running the step again would repeat
its effect. In a loop, or side by side, it may as well be another call. Then the run needs attention.
"""

import dis
import logging
import re
import sys
from collections.abc import Callable, Container, Mapping
from concurrent.futures import Future
from functools import lru_cache
from types import CodeType

from signoff.flows.errors import AttentionNeeded
from signoff.store.records.runs import Step

logger = logging.getLogger("signoff.flows.run")


class RecordedCalls:
    """The recorded steps of a run, as far as this execution has not come to them. The caller holds a lock.

    Args:
        run_name: The run's name, for the log.
        fingerprint: The hash of the flow's code as it is now.
        steps: The recorded steps by key.
    """

    def __init__(self, run_name: str, fingerprint: str, steps: Mapping[str, Step]) -> None:
        self._run_name = run_name
        self._fingerprint = fingerprint
        self._steps = steps
        self._keys = _by_arguments(steps)
        self._claimed: set[str] = set()
        # What was handed over to calls with other arguments than its own.
        self._mistaken: set[tuple[str, str]] = set()
        self._reordered: set[str] = set()
        self._awaited: dict[str, Future[None]] = {}

    @property
    def keys(self) -> Container[str]:
        """The keys of all recorded steps."""
        return self._steps.keys()

    @property
    def claimed(self) -> Container[str]:
        """The keys of the steps that were handed over in this execution."""
        return self._claimed

    def moved(self, path: str, key: str, arguments_hash: str, *, taken: Container[str] = ()) -> str | None:
        """The key under which a call is recorded, if it is not `key`.

        Args:
            path: What the calls have in common whose keys differ in their number.
            taken: Keys of other calls.
        """
        recorded = self._steps.get(key)
        if recorded is not None and recorded.arguments_hash == arguments_hash and key not in self._claimed:
            return None
        same = self.equal(path, arguments_hash, taken=taken)
        if not same:
            return None
        self._reordered.add(path)
        return min(same, key=lambda each: (len(each), each))

    def equal(self, path: str, arguments_hash: str, *, taken: Container[str] = ()) -> list[str]:
        """The keys of the recorded steps of a path that have these arguments and were not handed over yet."""
        # Calls of one function are told from others by their path. Most calls are new and stop here.
        same = [each for each in self._keys.get(arguments_hash, ()) if each not in self._claimed and each not in taken]
        numbered = re.compile(rf"{re.escape(path)}(?:-\d+)?") if same else None
        return [each for each in same if numbered is not None and numbered.fullmatch(each)]

    def claim(
        self, path: str, key: str, arguments_hash: str, *, is_single: Callable[[], bool], may_move: bool = True
    ) -> Step | None:
        """The recorded step of a call; `None` if it has not run yet.

        Args:
            is_single: Whether the flow makes one call at this place.
            may_move: Whether its arguments tell it from other calls.

        Raises:
            AttentionNeeded: If that cannot be told: the code was edited and now calls the step with other arguments, or
                its calls come in another order, or with other arguments in a loop.
        """
        moved = self.moved(path, key, arguments_hash) if may_move else None
        found = self._steps.get(moved or key)
        has_moved = found is not None and found.key in self._claimed
        if found is None or has_moved or found.arguments_hash != arguments_hash:
            self._check_place(found, path, key, arguments_hash, is_single=is_single)
        if found is not None:
            self._claimed.add(found.key)
            self._end_waits()
        return found

    def others(self, path: str) -> "Future[None] | None":
        """Done once every recorded call of a path was handed over; `None` if they all were.

        A coroutine beside the flow makes a call that is not recorded. The recorded ones may be those of other
        coroutines, which come soon, or this one with other arguments. Only the former lets it run.
        """
        return self._awaited.setdefault(path, Future()) if self._unclaimed(path) else None

    def close(self) -> None:
        """End all waits for others: the execution is over."""
        awaited, self._awaited = self._awaited, {}
        for each in awaited.values():
            each.set_result(None)

    def _end_waits(self) -> None:
        for path in [path for path in self._awaited if not self._unclaimed(path)]:
            self._awaited.pop(path).set_result(None)

    def _unclaimed(self, path: str) -> bool:
        numbered = re.compile(rf"{re.escape(path)}(?:-\d+)?")
        return any(key not in self._claimed and numbered.fullmatch(key) for key in self._steps)

    def _check_place(
        self, found: Step | None, path: str, key: str, arguments_hash: str, *, is_single: Callable[[], bool]
    ) -> None:
        """Check that a call with arguments that no free step has is the one at its place."""
        is_known = (path, arguments_hash) in self._mistaken
        if found is None and not is_known:
            return
        if found is not None and found.fingerprint != self._fingerprint:
            raise AttentionNeeded(
                f"The code was edited: {key} is now called with different arguments from those that produced its "
                "recorded result."
            )
        if (
            found is None
            or is_known
            or found.key in self._claimed
            or path in self._reordered
            or self._is_elsewhere(path, arguments_hash)
            or not is_single()
        ):
            raise AttentionNeeded(
                f"The calls of {path} come in another order, or with other arguments: those of {key} differ from those "
                "that produced its recorded result. Go through sets, dicts and rows in a fixed order, and leave out of "
                "the arguments what differs in each execution."
            )
        self._mistaken.add((path, found.arguments_hash))
        logger.warning(
            "%s | %s is called with other arguments than before; its recorded result counts. Read what differs each "
            "time, such as a clock, in a task of its own.",
            self._run_name,
            key,
        )

    def _is_elsewhere(self, path: str, arguments_hash: str) -> bool:
        """Whether the same call is recorded within another call of what is around it, and is not handed over yet."""
        same, name = self._keys.get(arguments_hash, ()), _without_counts(path)
        return any(key not in self._claimed and _without_counts(key) == name for key in same)

    def forget(self, scope: str, steps: Mapping[str, Step]) -> None:
        """Prepare for a retry: what is within `scope` comes again.

        Args:
            steps: What is recorded now.
        """
        self._steps, self._keys = steps, _by_arguments(steps)
        self._claimed = {key for key in self._claimed if not key.startswith(scope)}
        self._mistaken = {one for one in self._mistaken if not one[0].startswith(scope)}
        self._reordered = {path for path in self._reordered if not path.startswith(scope)}


def is_in_loop() -> bool:
    """Whether the code that calls a step may come to that call again: it is in a loop, or called from one."""
    frame = sys._getframe()
    while frame.f_back is not None and _is_ours(frame.f_globals):
        frame = frame.f_back
    # What is around an outer step does not matter: calls within a step have keys of their own.
    while frame.f_back is not None and not _is_ours(frame.f_globals):
        if any(start <= frame.f_lasti <= end for start, end in _loops(frame.f_code)):
            return True
        frame = frame.f_back
    return False


def _is_ours(names: Mapping[str, object]) -> bool:
    return str(names.get("__name__")).startswith("signoff.")


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
