"""A Slack workspace on localhost, for the first run, for the tests, and for users' own tests.

An unmodified Bolt app talks to it through `SLACK_API_URL`; a test or the page acts as a person through its control API.
"""

from bot.emulator.app_manifest import SIGNOFF, AppManifest, SlashCommand
from bot.emulator.person import ActFailed, ControlClient, Person
from bot.emulator.seen import Modal, SeenMessage
from bot.emulator.server import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, Emulator

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
