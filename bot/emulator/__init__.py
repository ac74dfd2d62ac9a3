"""A Slack workspace on localhost, for the first run, for the tests, and for users' own tests.

An unmodified Bolt app talks to it through `SLACK_API_URL`; a test or the page acts as a person through its control API.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from signoff.bot.emulator.control.control_client import ActFailed, ControlClient
    from signoff.bot.emulator.control.person import Person
    from signoff.bot.emulator.control.seen import Modal, SeenMessage
    from signoff.bot.emulator.server import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, Emulator
    from signoff.bot.manifest import SIGNOFF, AppManifest, SlashCommand

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
]

# Every pytest run of a user imports this package for its plugin, so nothing is imported before it is asked for.
_MODULES = {
    "app_manifest": ("SIGNOFF", "AppManifest", "SlashCommand"),
    "control_client": ("ActFailed", "ControlClient"),
    "person": ("Person",),
    "seen": ("Modal", "SeenMessage"),
    "server": ("APP_TOKEN", "BOT_TOKEN", "SIGNING_SECRET", "Emulator"),
}


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
