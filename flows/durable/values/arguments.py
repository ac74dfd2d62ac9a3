"""What a call is recognized by: the arguments that it is called with."""

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from signoff.flows.code.digest import StableForm, hash_of, text_of
from signoff.flows.durable.values.moments import Span, without_times
from signoff.store.redaction import HIDDEN, mentions_secret, names_secret, redacted

_MOST_SHOWN = 200
"""How many characters of an argument are kept for a message."""

_LENGTH = 16
"""The length of the hash in front of what is recorded."""

_SHORTENED = "…"
"""What follows the hash where the arguments are shortened, or have something hidden in them."""

_MOST_LOOKED_AT = 1_000
"""How many values within the arguments of a function that is no step are looked at."""

_BY_CHANCE = re.compile(
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"  # a UUID
    r"|\b[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}\b"  # a random one without dashes
    r"|\b0x[0-9a-f]{6,}\b"  # the address of an object
    r"|\b\d\.\d{10,}(?:e-\d+)?\b"  # a random number
)


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of a call, as they are when it begins.

    Attributes:
        hash: Equal for equal arguments of the same types.
        is_exact: Whether only equal ones have it. What has no JSON form, or is secret, counts by its type.
        earlier_hash: What an earlier version of Signoff would have recorded, which left types out.
    """

    hash: str
    is_exact: bool
    earlier_hash: str
    _stable: Mapping[str, Any]
    _text: str

    @classmethod
    def of(
        cls, values: Mapping[str, Any], beside: Mapping[str, str] | None = None, *, most: int | None = None
    ) -> "Arguments":
        """The arguments of a call.

        Args:
            values: The arguments by name.
            beside: Texts that the function has from the code around it, which earlier versions left out.
            most: How many values within them are looked at, see `StableForm`.
        """
        form = StableForm(most=most)
        stable = form.of({**values, **beside} if beside else values)
        text = text_of(stable)
        hashed = hash_of(text)
        is_new = form.has_types or beside
        earlier = hash_of(text_of(StableForm(with_types=False).of(values))) if is_new else hashed
        return cls(hashed, form.is_exact, earlier, stable, text)

    @classmethod
    def of_any(cls, values: Mapping[str, Any]) -> "Arguments":
        """Those of a function that is no step, so that nobody has said what it may be called with."""
        try:
            return cls.of(values, most=_MOST_LOOKED_AT)
        except Exception:  # noqa: BLE001 - it may run code of the values' own classes
            return replace(cls.of({name: type(each).__qualname__ for name, each in values.items()}), is_exact=False)

    def is_of(self, arguments_hash: str) -> bool:
        """Whether a recorded hash is that of these arguments."""
        return arguments_hash in (self.hash, self.earlier_hash)

    def recorded(self, span: Span) -> str:
        """What is recorded of them beside the hash: a hash that leaves out what chance decides, and what is shown."""
        # Mostly there is nothing to hide.
        if len(self._text) <= _MOST_SHOWN and not mentions_secret(self._text) and redacted(self._text) == self._text:
            return f"{self.alike_hash(span)} {self._text}"
        return f"{self.alike_hash(span)}{_SHORTENED}{json.dumps(self._shown(), ensure_ascii=False)}"

    def is_alike(self, recorded: str | None, span: Span) -> bool:
        """Whether they differ from recorded ones only in what is another one in each execution.

        That is a time within the execution, a UUID, a temporary file or the like. It is assumed where the recorded ones
        are not known, because an earlier version recorded them.
        """
        return recorded is None or alike_hash(recorded) == self.alike_hash(span)

    def difference(self, recorded: str | None) -> str:
        """The first argument that differs from the recorded ones, for a message; empty if that is not known."""
        if recorded is None:
            return ""
        before, ours = json.loads(recorded[_LENGTH + 1 :]), self._shown()
        if recorded[_LENGTH] != _SHORTENED:
            before = {name: _short(each) for name, each in before.items()}
        for name in [*ours, *before]:
            if (was := before.get(name)) != (now := ours.get(name)):
                return f"{name} was {was or 'not there'}, and is {now or 'not there'} now"
        return ""

    def changed_since(self, before: "Arguments") -> str | None:
        """The name of the first argument that is another one than before; `None` if they are the same."""
        if self.hash == before.hash:
            return None
        return next((name for name, each in self._stable.items() if each != before._stable[name]), None)

    def alike_hash(self, span: Span) -> str:
        """A hash that leaves out what is another one in each execution."""
        text = _temporary().sub("⏲", _BY_CHANCE.sub("⏲", without_times(self._text, span)))
        return (self.hash if text == self._text else hash_of(text))[:_LENGTH]

    def _shown(self) -> dict[str, str]:
        return {name: HIDDEN if names_secret(name) else _short(each) for name, each in self._stable.items()}


def alike_hash(recorded: str | None) -> str | None:
    """That of arguments, by what is recorded of them; `None` if an earlier version recorded them."""
    return None if recorded is None else recorded[:_LENGTH]


def _short(stable: Any) -> str:
    text = json.dumps(stable, ensure_ascii=False, default=repr)
    if mentions_secret(text):
        return HIDDEN
    text = redacted(text)
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"


@lru_cache(maxsize=1)
def _temporary() -> re.Pattern[str]:
    """The path of a temporary file, in JSON."""
    folders = "|".join(re.escape(json.dumps(each)[1:-1]) for each in {"/tmp", tempfile.gettempdir()})  # noqa: S108
    return re.compile(rf"""(?<![\w./\\-])(?:{folders})[/\\][^\s"]*""")
