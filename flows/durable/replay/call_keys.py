"""The keys that the calls and questions of an execution have. Keys are made of names and counts: `build`, `build-2`."""

from collections import Counter
from collections.abc import Callable, Container

from signoff.flows.durable.replay.recorded_calls import RecordedCalls
from signoff.flows.durable.values.arguments import Arguments


class CallKeys:
    """Gives each call the key that it had in an earlier execution, or a new one. The caller holds a lock.

    Prompts and steps are counted in one table. A `?` in front keeps a prompt from taking the key of a step.

    Args:
        recorded: The calls of earlier executions.
    """

    def __init__(self, recorded: RecordedCalls) -> None:
        self._recorded = recorded
        self._counts: Counter[str] = Counter()
        self._given: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._given

    @property
    def given(self) -> Container[str]:
        """The keys that calls and questions of this execution have."""
        return self._given

    def count_of_next(self, path: str) -> int:
        """The count of the next call or question of a path, unless its key is taken."""
        return self._counts[path] + 1

    def add(self, key: str) -> None:
        """Note that something has a key."""
        self._given.add(key)

    def next(self, path: str, named: Callable[[int], str] | None = None, *, taken: Container[str] = ()) -> str:
        """The next free key of a path. A count is skipped if its key is taken: some task may be named `build-2`.

        Args:
            path: What has the same name, in the same scope.
            named: The key for a count; by default the path, from the second count on with the count behind it.
            taken: More keys that are taken, without the `?`.
        """
        while True:
            self._counts[path] += 1
            count = self._counts[path]
            key = named(count) if named is not None else path if count == 1 else f"{path}-{count}"
            if key not in self._given and key.removeprefix("?") not in taken:
                self._given.add(key)
                return key

    def of_call(
        self,
        path: str,
        arguments: Arguments,
        *,
        is_single: Callable[[], bool],
        is_numbered: bool = True,
        is_step: bool = True,
    ) -> str:
        """The key of a call that has none so far. Raises what `RecordedCalls.is_other` raises.

        Args:
            path: The scope and the name of the call.
            is_single: Whether the flow makes one call at this place.
            is_numbered: Whether a call that is not recorded may be the one at its number. Otherwise it gets a new one.
            is_step: Whether it has a result of its own, so that it must not be taken for another one for the words in
                its arguments.
        """
        before, recorded = self._counts[path], self._recorded
        key = self.next(path, taken=() if is_numbered else recorded.keys)
        if recorded.is_equal(key, arguments):
            return key
        # Arguments that look like others tell no call from another, so only the order of the calls does.
        equal = recorded.equal(path, arguments, taken=self._given) if arguments.is_exact else []
        if not equal and not is_step and key in recorded.keys:
            alike = recorded.alike(path, arguments, taken=self._given - {key})
            equal = [] if alike is None else [alike]
        if not equal and (key not in recorded.keys or not recorded.is_other(path, key, arguments, is_single=is_single)):
            return key
        # The call at this number may still come.
        self._given.remove(key)
        found = equal[0] if equal else self.next(path, taken=recorded.keys)
        self._given.add(found)
        self._counts[path] = before
        return found

    def of_call_at(self, path: str, place: str, arguments: Arguments, *, is_single: Callable[[], bool]) -> str:
        """The key of a call that was given one, `place`, before its arguments were known. See `of_call`."""
        recorded = self._recorded
        if recorded.is_equal(place, arguments):
            return place
        # What has the key of another call is only taken where the call that is recorded here can get that one instead.
        taken = () if place in recorded.keys else self._given
        equal = recorded.equal(path, arguments, taken=taken) if arguments.is_exact else []
        if equal:
            return equal[0]
        if place in recorded.keys and recorded.is_other(path, place, arguments, is_single=is_single):
            return self.next(path, taken=recorded.keys)
        return place

    def forget(self, scope: str, prompts: str) -> bool:
        """Count afresh what is within a scope, which comes again. Whether anything was.

        Args:
            prompts: What the keys of its prompts begin with.
        """
        inside = [path for path in self._counts if path.removeprefix("?").startswith(scope)]
        for path in inside:
            del self._counts[path]
        before = len(self._given)
        self._given = {key for key in self._given if not key.startswith((scope, prompts))}
        return bool(inside) or len(self._given) < before
