"""How long a press may take in tests. Users have three seconds, which a busy machine may need."""

from collections.abc import Iterator
from functools import partial
from importlib import import_module
from types import ModuleType

ACK_LIMIT_SECONDS = 20.0
"""How long an app may take to ack."""

GENEROUS_SECONDS = 15
"""How long the bot tries before it tells a person that something is unavailable."""

_LIMITS = {
    "signoff.bot.app": ("WRITE_TIMEOUT", "LOOKUP_TIMEOUT"),
    "signoff.bot.delivery.messenger": ("MAX_LOOKUP",),
    "signoff.bot.connection.lookups": ("MAX_WAIT",),
    "signoff.bot.service": ("QUICK_CALL_TIMEOUT",),
}


def limits_of_the_bot() -> Iterator[tuple[ModuleType, str]]:
    """The modules and names of the limits that `GENEROUS_SECONDS` replaces."""
    for module, names in _LIMITS.items():
        for name in names:
            yield import_module(module), name


def make_the_demo_generous() -> None:
    """Replace the limits in this process, which runs `signoff demo`."""
    for module, name in limits_of_the_bot():
        setattr(module, name, GENEROUS_SECONDS)
    demo = import_module("signoff.bot.demo")
    setattr(demo, "Emulator", partial(demo.Emulator, ack_limit_seconds=ACK_LIMIT_SECONDS))  # noqa: B010
