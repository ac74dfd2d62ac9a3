"""A Slack workspace on localhost, for testing your own flows.

The pytest fixture `slack` starts one for each test, and `start_flow` runs flows in it, in the process of the test.

An unmodified Bolt app talks to it through `SLACK_API_URL`; a test acts as a person through `Emulator.person`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from signoff.bot.emulator.control.control_client import ControlClient
    from signoff.bot.emulator.control.http_client import ActionFailed
    from signoff.bot.emulator.control.person import Person
    from signoff.bot.emulator.control.visible import Modal, VisibleMessage
    from signoff.bot.emulator.server import Emulator
    from signoff.bot.flow_starter import FlowStarter, StartedRun
    from signoff.bot.manifest import SIGNOFF, AppManifest, SlashCommand
    from signoff.bot.pytest_plugin import slack, start_flow

__all__ = [
    "SIGNOFF",
    "ActionFailed",
    "AppManifest",
    "ControlClient",
    "Emulator",
    "FlowStarter",
    "Modal",
    "Person",
    "SlashCommand",
    "StartedRun",
    "VisibleMessage",
    "slack",
    "start_flow",
]

_MODULES = {
    "signoff.bot.emulator.control.control_client": ("ControlClient",),
    "signoff.bot.emulator.control.http_client": ("ActionFailed",),
    "signoff.bot.emulator.control.person": ("Person",),
    "signoff.bot.emulator.control.visible": ("Modal", "VisibleMessage"),
    "signoff.bot.emulator.server": ("Emulator",),
    "signoff.bot.flow_starter": ("FlowStarter", "StartedRun"),
    "signoff.bot.manifest": ("SIGNOFF", "AppManifest", "SlashCommand"),
    "signoff.bot.pytest_plugin": ("slack", "start_flow"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    # Names are imported on first use: the emulator brings a web server, and the fixture brings pytest.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
