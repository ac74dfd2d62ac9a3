"""What a message says, before it is checked and posted."""

from dataclasses import dataclass

from signoff.bot.emulator.wire import Json


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says."""

    text: str = ""
    blocks: list[Json] | None = None
    attachments: list[Json] | None = None
    metadata: Json | None = None
