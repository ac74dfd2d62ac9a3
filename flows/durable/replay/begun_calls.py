"""The calls of an execution that have begun and have not ended.

Most of them are never recorded before they end. One is, where the next execution could not tell otherwise what belongs
to it: a call in which something is recorded, with those beside it; and one beside which a call with equal arguments has
ended. They are written in the transaction that records the other thing, so that costs none of its own.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from signoff.flows.durable.values.arguments import Arguments
from signoff.flows.names import now


@dataclass(frozen=True, slots=True)
class BegunCall:
    """A call that has begun.

    Attributes:
        path: What it has in common with calls that only differ in their number.
    """

    key: str
    path: str
    arguments: Arguments
    began_at: datetime


class BegunCalls:
    """The calls that have begun and have not ended. The caller holds a lock.

    Args:
        recorded: The keys of the calls of which it is recorded that they have begun.

    Attributes:
        written: The same, with those of which it is being recorded.
    """

    def __init__(self, recorded: Iterable[str]) -> None:
        self.recorded = set(recorded)
        self.written = set(recorded)
        self._calls: dict[str, BegunCall] = {}
        self._alike: dict[tuple[str, str], dict[str, None]] = {}
        # Those whose beginning is not recorded.
        self._new: dict[str, dict[str, None]] = {}

    def add(self, key: str, path: str, arguments: Arguments) -> None:
        """Note that a call has begun."""
        self._calls[key] = BegunCall(key, path, arguments, now())
        self._alike.setdefault((path, arguments.hash), {})[key] = None
        if key not in self.recorded:
            self._new.setdefault(path, {})[key] = None

    def end(self, key: str) -> list[BegunCall]:
        """Note that a call has ended, which is about to be recorded. What has to be recorded with it as begun.

        That is the same for others, until it is recorded: one of these transactions may be lost.
        """
        ended = self._remove(key)
        if not self._new:
            return []
        equal = [] if ended is None else list(self._alike.get((ended.path, ended.arguments.hash), ()))
        return self._take([*self._around(key), *equal])

    def containing(self, key: str) -> list[BegunCall]:
        """What has to be recorded as begun, because something is about to be recorded within a call."""
        return self._take([*self._around(f"{key}/")]) if self._new else []

    def forget(self, scope: str) -> None:
        """Forget the calls within a scope, which come again."""
        for key in [key for key in self._calls if key.startswith(scope)]:
            self._remove(key)

    def _around(self, key: str) -> Iterator[str]:
        """The calls around a call, and those that only differ from these in their number."""
        for each in outer_keys(key):
            if each in self._calls and each not in self.recorded:
                yield each
                # Once is enough of these: if they are lost, nothing is taken for another one.
                yield from (other for other in self._new[self._calls[each].path] if other not in self.written)

    def note_recorded(self, keys: Iterable[str]) -> None:
        """Note of which calls it is recorded that they have begun."""
        for key in keys:
            self.recorded.add(key)
            if (call := self._calls.get(key)) is not None:
                self._drop(self._new, call.path, key)

    def _take(self, keys: list[str]) -> list[BegunCall]:
        found = [self._calls[key] for key in dict.fromkeys(keys) if key not in self.recorded]
        self.written.update(each.key for each in found)
        return found

    def _remove(self, key: str) -> BegunCall | None:
        ended = self._calls.pop(key, None)
        if ended is not None:
            self._drop(self._new, ended.path, key)
            self._drop(self._alike, (ended.path, ended.arguments.hash), key)
        return ended

    @staticmethod
    def _drop(index: dict, group: object, key: str) -> None:  # type: ignore[type-arg]
        keys = index.get(group)
        if keys is not None:
            keys.pop(key, None)
            if not keys:
                del index[group]


def outer_keys(key: str) -> list[str]:
    """The keys of the calls around a call: `a` and `a/b` for `a/b/c`."""
    return [key[:place] for place, char in enumerate(key) if char == "/"]
