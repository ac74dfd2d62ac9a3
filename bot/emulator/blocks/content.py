"""The content of a message, before it is validated and posted."""

from dataclasses import dataclass

from signoff.bot.emulator.protocol import Json


@dataclass(frozen=True, slots=True)
class Content:
    """Text, blocks, attachments and metadata of a message."""

    text: str = ""
    blocks: list[Json] | None = None
    attachments: list[Json] | None = None
    metadata: Json | None = None
