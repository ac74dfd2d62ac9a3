"""Labels that people could not tell apart, made different."""

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from signoff.bot.blockkit.excerpts import shorten

_SHOWN = 20
"""How much of a long label is kept in front of the place where it differs from others."""

_BEFORE = 8
"""How many characters are shown before that place."""

_ROOM = 10
"""How many characters a number takes, with its parentheses."""

_ODD_SPACE = re.compile(r'(?<=["\s]) | (?=["\s])')
_SPACE = "␣"
_HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Me", "Mn", "Zl", "Zp", "Zs"})
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def look_of(text: str) -> str:
    """What people notice of a text: not its case, its spaces, its invisible characters, or how it is encoded."""
    if text.isascii() and text.isprintable():
        return text.lower().replace(" ", "")
    folded = unicodedata.normalize("NFKD", text).casefold()
    kept = (each for each in folded if unicodedata.category(each) not in ("Cc", "Cf", "Zl", "Zp", "Zs"))
    return "".join(each for each in kept if each not in _BLANK)


def exact(value: Any) -> str:
    """A value as JSON in which every character can be seen."""
    text = _ODD_SPACE.sub(_SPACE, json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    if text.isascii() and text.isprintable():
        return text
    return "".join(each if each == " " or not _is_hidden(each) else _escape(each) for each in text)


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in _HIDDEN or character in _BLANK


def _escape(character: str) -> str:
    return json.dumps(character)[1:-1]


def told_apart(
    labels: Sequence[str], marks: Sequence[str], limit: int, reserved: Collection[str] = ()
) -> tuple[str, ...]:
    """`labels` within `limit` characters. To those that look alike, something is added that tells them apart.

    Args:
        marks: What distinguishes each label, such as its value in JSON.
        reserved: Other labels beside which these are shown.
    """
    cut = [shorten(label, limit) for label in labels]
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for number, label in enumerate(cut):
        groups[look_of(label)].append(number)
    known = set(map(look_of, reserved))
    alike = [group for look, group in groups.items() if len(group) > 1 or look in known]
    taken = {*reserved, *(cut[group[0]] for look, group in groups.items() if len(group) == 1 and look not in known)}
    for group in alike:
        for number, label in zip(group, _different(group, labels, marks, limit, taken), strict=True):
            cut[number] = label
    return tuple(cut)


def _different(
    group: Sequence[int], labels: Sequence[str], marks: Sequence[str], limit: int, taken: set[str]
) -> Iterator[str]:
    """Other labels for those that look alike. None of them is in `taken`, which then has them, too."""
    # Long values may differ at their end only.
    differs = max(_shared([marks[number] for number in group]) - _BEFORE, 0)
    marks_say_all = all(marks[number].strip('"') == labels[number] for number in group)
    for number in group:
        label, mark = labels[number], marks[number]
        beginning = shorten(label, _SHOWN)
        candidates = (
            mark if marks_say_all else f"{label} ({mark})",
            f"{beginning} {shorten(f'…{mark[differs:]}', limit - len(beginning) - 1)}",
            *(
                f"{shorten(label, limit - _ROOM)} ({number + 1 + more})"
                for more in range(0, 10 * len(labels), len(labels))
            ),
        )
        found = next(each for each in candidates if len(each) <= limit and each not in taken)
        taken.add(found)
        yield found


def _shared(texts: Sequence[str]) -> int:
    """How many characters all of these texts begin with."""
    first, last = min(texts), max(texts)
    return next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
