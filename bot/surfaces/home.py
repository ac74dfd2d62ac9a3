"""Draws a person's App Home: what waits for them, what they have taken on, what they asked, what was decided lately."""

from collections.abc import Sequence
from dataclasses import dataclass

from signoff.bot.blockkit.blocks import Block, button, context, divider, header, mrkdwn, plain_text, section
from signoff.bot.blockkit.blocks import actions as buttons
from signoff.bot.blockkit.markup import bold
from signoff.bot.forms import Form, FormError
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.approvals_list import entry, together
from signoff.bot.surfaces.listings import Listing
from signoff.bot.surfaces.question import asked_by
from signoff.bot.surfaces.wording import form_of, outcome_line
from signoff.store.records.prompts import Prompt

MAX_WAITING = 15
MAX_CLAIMED = 5
MAX_ASKED = 8
MAX_DECIDED = 8
"""How many prompts each part shows. A view has room for 100 blocks."""

_TITLE = 200


@dataclass(frozen=True, slots=True)
class Home:
    """What a person's App Home shows.

    Attributes:
        waiting: What waits for their answer, the oldest first.
        claimed: What they have taken on, and is not among the others.
        asked: What they have requested and is open, the oldest first.
        decided: What they decided or had requested, the newest first.
        is_complete: Whether everything could be looked at.
        may_start: Whether they may start runs.
    """

    waiting: Sequence[Prompt] = ()
    claimed: Sequence[Prompt] = ()
    asked: Sequence[Prompt] = ()
    decided: Sequence[Prompt] = ()
    is_complete: bool = True
    may_start: bool = False

    @property
    def shown(self) -> frozenset[str]:
        """The ids of the prompts that it counts or shows."""
        parts = (self.waiting, self.claimed, self.asked, self.decided)
        return frozenset(prompt.id for part in parts for prompt in part)


def home_view(home: Home) -> Block:
    """The view that `views.publish` takes. It has no ages, so that it changes only when something happens."""
    start = [buttons([button("Start a run…", action_ids.START, "home")])] if home.may_start else []
    return {
        "type": "home",
        "blocks": [
            *_part("Waiting for you", home.waiting, MAX_WAITING, Listing("list"), "Nothing is waiting for you. 🎉"),
            *together(home.waiting, Listing("list")),
            *(_part("Claimed by you", home.claimed, MAX_CLAIMED, None, "") if home.claimed else []),
            divider(),
            *_part("Asked by you", home.asked, MAX_ASKED, Listing("asked"), "You have asked nothing that is open."),
            *start,
            divider(),
            header("Recently decided"),
            *_decided(home.decided),
            *([] if home.is_complete else [context(plain_text("Not everything could be checked in time."))]),
        ],
    }


def _part(title: str, prompts: Sequence[Prompt], most: int, listing: Listing | None, nothing: str) -> list[Block]:
    blocks = [header(f"{title} ({len(prompts)})" if prompts else title)]
    if not prompts:
        return [*blocks, section(plain_text(nothing))]
    for prompt in prompts[:most]:
        blocks += entry(prompt, None)
    if len(prompts) > most:
        command = "" if listing is None or listing.name == "list" else f" {listing.name}"
        blocks.append(context(mrkdwn(f"and {len(prompts) - most} more: `/approvals{command}` lists them all.")))
    return blocks


def _decided(prompts: Sequence[Prompt]) -> list[Block]:
    if not prompts:
        return [section(plain_text("Nothing yet."))]
    return [section(mrkdwn(f"{bold(asked_by(each).question, _TITLE)}\n{_outcome(each)}")) for each in prompts]


def _outcome(prompt: Prompt) -> str:
    try:
        form = form_of(prompt)
    except FormError:
        form = Form(())
    return outcome_line(prompt, form)
