"""What happens to a prompt if nobody answers: as moments with a sentence each, as text, and as a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from itertools import pairwise

from signoff.bot.blockkit.markup import span, together
from signoff.flows.approval.acts import Act, ActKind, Progress, next_act
from signoff.store.records.prompts import Prompt

MAX_MOMENTS = 30
"""How many moments are shown. Reminders may go on for ever."""

_LEAST_GAP, _MOST_GAP = 34, 90
_LEFT, _TOP, _WIDTH = 130, 64, 760


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happens by itself.

    Attributes:
        after: How long after the prompt was opened.
        text: What happens, as a sentence without a full stop.
        is_end: Whether the prompt is over then.
    """

    after: timedelta
    text: str
    is_end: bool = False

    @property
    def when(self) -> str:
        """`at once`, or `after 4 h`."""
        return f"after {span(self.after)}" if self.after else "at once"


def moments(prompt: Prompt, opening: str) -> list[Moment]:
    """What happens to an open prompt that nobody answers, in order, from its opening to its end.

    Args:
        opening: What happens when it is opened.
    """
    found = [Moment(timedelta(0), opening)]
    progress: Progress | None = Progress.of(prompt)
    while progress is not None and len(found) < MAX_MOMENTS and (act := next_act(progress)) is not None:
        is_end = act.kind is ActKind.TIME_OUT
        found.append(Moment(act.at - prompt.opened_at, _what(act, prompt), is_end))
        progress = None if is_end else progress.after(act)
    return found


def as_text(shown: Sequence[Moment]) -> list[str]:
    """A line for each moment, drawn along a line from top to bottom."""
    width = max(len(each.when) for each in shown)
    return [f"{each.when:>{width}}  {'■' if each.is_end else '●'}  {each.text}." for each in shown]


def as_picture(shown: Sequence[Moment], title: str) -> str:
    """An SVG of the same, in which a longer wait is a longer line. It follows the viewer's light or dark theme."""
    heights, at = [_TOP], _TOP
    waits = [later.after - earlier.after for earlier, later in pairwise(shown)]
    longest = max(waits, default=timedelta(0)) or timedelta(seconds=1)
    for wait in waits:
        at += round(_LEAST_GAP + (_MOST_GAP - _LEAST_GAP) * (wait / longest))
        heights.append(at)
    rows = [
        f'<line class="line" x1="{_LEFT}" y1="{heights[0]}" x2="{_LEFT}" y2="{heights[-1]}"/>',
        *(_row(each, height) for each, height in zip(shown, heights, strict=True)),
    ]
    spoken = "; ".join(f"{each.when}: {each.text}" for each in shown)
    return _PICTURE.format(
        width=_WIDTH, height=heights[-1] + 40, title=escape(title), spoken=escape(spoken), rows="\n".join(rows)
    )


def _row(moment: Moment, height: int) -> str:
    mark = (
        f'<rect class="end" x="{_LEFT - 6}" y="{height - 6}" width="12" height="12"/>'
        if moment.is_end
        else f'<circle class="mark" cx="{_LEFT}" cy="{height}" r="6"/>'
    )
    return (
        f'<text class="when" x="{_LEFT - 18}" y="{height + 5}" text-anchor="end">{escape(moment.when)}</text>{mark}'
        f'<text x="{_LEFT + 18}" y="{height + 5}">{escape(moment.text)}</text>'
    )


_PICTURE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="title desc">
<title id="title">{title}</title>
<desc id="desc">{spoken}</desc>
<style>
svg {{ background: #fff; font: 15px system-ui, sans-serif }}
text {{ fill: #1d1c1d }} .when {{ fill: #616061 }} .title {{ font-weight: 600; font-size: 17px }}
.line {{ stroke: #868686; stroke-width: 2 }} .mark {{ fill: #1264a3 }} .end {{ fill: #c01343 }}
@media (prefers-color-scheme: dark) {{
svg {{ background: #1a1d21 }} text {{ fill: #d1d2d3 }} .when {{ fill: #ababad }}
.mark {{ fill: #4fb0e8 }} .end {{ fill: #ff6b8b }}
}}
</style>
<text class="title" x="24" y="32">{title}</text>
{rows}
</svg>
"""


def _what(act: Act, prompt: Prompt) -> str:
    match act.kind:
        case ActKind.REMIND:
            return "A reminder to those who still have to answer, in the card's thread"
        case ActKind.ESCALATE:
            whom = together(list(prompt.policy.escalations[act.number - 1].to))
            return f"Escalated: {whom} may answer, too, and {'is' if ' and ' not in whom else 'are'} told"
        case ActKind.TAKE_EFFECT:
            return "The decision takes effect"
        case ActKind.BECOME_OVERDUE:
            return "It is overdue, which its card says, and stays open"
        case ActKind.TIME_OUT:
            return _end(prompt)


def _end(prompt: Prompt) -> str:
    match prompt.policy.at_deadline:
        case "continue":
            return "It times out, and the flow goes on with the initial values"
        case "approve":
            return "It times out, and its policy approves it"
        case "reject":
            return "It times out, and its policy rejects it"
        case "fail" | "escalate" | "none":
            return "It times out, and the flow gets FlowPauseTimeout"
