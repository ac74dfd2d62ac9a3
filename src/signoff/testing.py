"""A Slack workspace on localhost, for testing your own flows. The pytest fixture `slack` starts one for each test.

An unmodified Bolt app talks to it through `SLACK_API_URL`; a test acts as a person through `Emulator.person`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from signoff.bot.emulator import (
        APP_TOKEN,
        BOT_TOKEN,
        SIGNING_SECRET,
        SIGNOFF,
        ActFailed,
        AppManifest,
        ControlClient,
        Emulator,
        Modal,
        Person,
        SeenMessage,
        SlashCommand,
    )
    from signoff.bot.emulator.pytest_plugin import slack

__all__ = [
    "APP_TOKEN",
    "BOT_TOKEN",
    "SIGNING_SECRET",
    "SIGNOFF",
    "ActFailed",
    "AppManifest",
    "ControlClient",
    "Emulator",
    "Modal",
    "Person",
    "SeenMessage",
    "SlashCommand",
    "slack",
]


def __getattr__(name: str) -> Any:
    # Imported on first use: the emulator brings a web server, and the fixture brings pytest.
    if name == "slack":
        from signoff.bot.emulator.pytest_plugin import slack

        return slack
    if name in __all__:
        from signoff.bot import emulator

        return getattr(emulator, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
