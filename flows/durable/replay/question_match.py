"""Recognizes what a flow asks among what its run has asked before.

An answer belongs to the words that a person has read: title, description, initial values and schema. So it is handed
over to those words only, wherever the replay comes to them. A key does not tell enough: the second round of a loop over
a set has the key that another host had in the execution before, and the same code asks something else there.

There is one exception. A text with the time of day in it would be another one in each execution, so nobody could ever
answer it. Texts that differ only in the moment at which each of them was asked count as the same, for the same code.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from signoff.flows.durable.values.moments import Span, without_times
from signoff.flows.errors import AttentionNeeded, CodeChanged
from signoff.store.records.prompts import Prompt
from signoff.store.sql.column_types import storable


@dataclass(frozen=True, slots=True)
class Match:
    """What a question is among those that its run has asked.

    Attributes:
        recorded: The same question, asked before; `None` if it has not been asked.
        is_reworded: Whether `recorded` differs in the time of day at which it was asked.
        instead_of: What was asked in this place before, in other words; `None` if nothing was.
        is_unstable: Whether the same code asked `instead_of`, so that it asks something else in each execution.
    """

    recorded: Prompt | None = None
    is_reworded: bool = False
    instead_of: Prompt | None = None
    is_unstable: bool = False


class AskedBefore:
    """What a run had asked when this execution began. The caller holds a lock.

    Args:
        prompts: The recorded prompts by key.
    """

    def __init__(self, prompts: Mapping[str, Prompt]) -> None:
        self.prompts = prompts
        # The prompts that were asked again in other words since. They may still come in another place.
        self.again = {each.earlier.prompt_id for each in prompts.values() if each.earlier is not None}
        self._numbered: dict[str, dict[str, Prompt]] = {}
        self._by_words: dict[tuple[str, str], list[Prompt]] = {}
        for number, prefix, each in sorted(map(_numbered, prompts.values()), key=lambda one: one[:2]):
            if number:
                self._numbered.setdefault(prefix, {})[each.key] = each
                self._by_words.setdefault((prefix, words_of(each)), []).append(each)

    def same(self, prefix: str, given: str | None, words: str) -> Prompt | None:
        """The prompt that says this: the one with a key or, without one, the first that nothing has come to yet.

        Args:
            prefix: What the keys of a scope begin with.
            given: The key that the flow gives the question; `None` if it gives none.
        """
        if given is None:
            return next(iter(self._by_words.get((prefix, words), ())), None)
        known = self.prompts.get(f"{prefix}{given}")
        return known if known is not None and words_of(known) == words else None

    def here(self, prefix: str, given: str | None) -> list[Prompt]:
        """What a question can be, in the order of asking, if there is none that says the same."""
        if given is None:
            return list(self._numbered.get(prefix, {}).values())
        known = self.prompts.get(f"{prefix}{given}")
        return [] if known is None else [known]

    def come_to(self, prompt: Prompt) -> None:
        """Note that this execution has come to a prompt."""
        _, prefix, _ = _numbered(prompt)
        self._numbered.get(prefix, {}).pop(prompt.key, None)
        same = self._by_words.get((prefix, words_of(prompt)), [])
        if prompt in same:
            same.remove(prompt)


def _numbered(prompt: Prompt) -> tuple[int, str, Prompt]:
    """The number at the end of a key, and what is before it. Zero, if the key has none."""
    prefix = prompt.key.rstrip("0123456789")
    return int(prompt.key[len(prefix) :] or 0), prefix, prompt


def match_question(
    asked: Prompt,
    here: Sequence[Prompt],
    in_place: Prompt | None,
    elsewhere: Sequence[Prompt],
    *,
    before: datetime,
    now: Span,
) -> Match:
    """What a question is among those that the run has asked, if none of `here` says the same.

    Args:
        asked: The question, with the fingerprint of the code that asks it.
        here: What it can be: what was asked under its key or, if it has none of its own, what this execution has not
            come to yet in its scope.
        in_place: The one of them in whose place it is asked now, if it is none of them.
        elsewhere: What was asked under other keys, or in other scopes, and this execution has not come to yet.
        before: When the run was created, before which no execution can have read a clock.
        now: When this execution may have read a clock.

    Raises:
        AttentionNeeded: If it was asked elsewhere, so that it has another key now or comes in another order.
    """
    if not here and not elsewhere:
        return Match()
    words = words_of(asked)
    moved = _asked_as(words, elsewhere)
    if moved is not None and moved.fingerprint != asked.fingerprint:
        raise CodeChanged(
            f"The code was edited: it asks {asked.title!r} with the key {asked.key!r}, but that was asked with the key "
            f"{moved.key!r}. The answer is not passed on."
        )
    if moved is not None and in_place is not None:
        raise AttentionNeeded(
            f"The questions come in another order: {asked.title!r} was asked with the key {moved.key!r} before, and "
            f"has the key {asked.key!r} now. The answer is not passed on. "
            "Go through sets, dicts and rows in a fixed order."
        )
    for each in here:
        if each.fingerprint == asked.fingerprint and (
            without_times(words_of(each), Span(before, each.opened_at)) == without_times(words, now)
        ):
            return Match(recorded=each, is_reworded=True)
    if in_place is None:
        return Match()
    return Match(instead_of=in_place, is_unstable=in_place.fingerprint == asked.fingerprint)


def words_of(prompt: Prompt) -> str:
    """What a prompt says, as JSON: what is compared word for word."""
    texts = [storable(prompt.title), storable(prompt.description)]
    return json.dumps([*texts, prompt.schema, dict(prompt.original_values)], sort_keys=True, ensure_ascii=False)


def _asked_as(words: str, prompts: Iterable[Prompt]) -> Prompt | None:
    return next((each for each in prompts if words_of(each) == words), None)
