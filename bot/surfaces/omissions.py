"""What a card or a form leaves out for lack of room, and the button that opens it."""

from dataclasses import dataclass

from signoff.bot.blockkit.blocks import Block, button, mrkdwn, section
from signoff.bot.blockkit.excerpts import more_characters
from signoff.bot.surfaces import action_ids


@dataclass(frozen=True, slots=True)
class Omitted:
    """What is not shown.

    Attributes:
        characters: Of texts of which the beginning is shown.
        values: Of which nothing is shown.
    """

    characters: int = 0
    values: int = 0

    def __add__(self, other: "Omitted") -> "Omitted":
        return Omitted(self.characters + other.characters, self.values + other.values)

    def __bool__(self) -> bool:
        return self != NOTHING_OMITTED

    def __str__(self) -> str:
        values = f"{self.values:,} more value{'' if self.values == 1 else 's'}" if self.values else ""
        return ", ".join(filter(None, [more_characters(self.characters) if self.characters else "", values]))


NOTHING_OMITTED = Omitted()


def omission_notice(omitted: Omitted, prompt_id: str, *, can_open: bool = True) -> list[Block]:
    """A line that says how much is not shown, with a button that opens all of it. Nothing, if nothing is left out."""
    if not omitted:
        return []
    text = f"✂️ *Not shown here:* {omitted}."
    if not can_open:
        return [section(mrkdwn(f"{text} “Show all” on the card opens it."))]
    return [section(mrkdwn(text), button("Show all", action_ids.READ, prompt_id))]
