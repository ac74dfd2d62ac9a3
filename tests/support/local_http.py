"""Requests to servers of this machine."""

from typing import Any

from signoff.bot.emulator.plain_http import NO_TLS

LOCAL: dict[str, Any] = {"trust_env": False, "verify": NO_TLS, "timeout": 60.0}
"""Arguments for httpx: no proxy, no certificates to load, and more patience than its own 5 s, for a busy machine."""
