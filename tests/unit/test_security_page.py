"""What `docs/operating.md` says about security is what the code does."""

import re
from pathlib import Path

from signoff.bot.emulator.events.inner_events import SCOPES as EVENT_SCOPES
from signoff.bot.emulator.web_api.methods import METHODS
from signoff.bot.manifest import SIGNOFF

ROOT = Path(__file__).parents[2]
SECURITY = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8").split("\n## Security\n")[1].split("\n## ")[0]

SCOPES = (ROOT / "manifest.yml").read_text(encoding="utf-8").partition("scopes:")[2].partition("settings:")[0]
"""The part of the manifest about scopes."""

FOR_NO_METHOD = {"commands", "chat:write.public"}
"""Scopes that no method needs: the command, and posting to channels that the app is not a member of."""

_CALL = re.compile(r"\b(?:_?client|_quick|_patient)\.([a-z]+(?:_[a-zA-Z]+)+)\(")


def test_every_scope_is_explained() -> None:
    """The table lists the scopes of `manifest.yml`, each with what it is for, and no others."""
    asked = set(re.findall(r"^ {6}- ([a-z.:]+) #", SCOPES, re.MULTILINE))
    explained = re.findall(r"^\| `([a-z.:]+)` \| (.+) \|$", SECURITY, re.MULTILINE)
    assert {scope for scope, _ in explained} == asked == SIGNOFF.scopes
    assert len(explained) == len(asked)
    assert all(len(reason.split()) > 3 or scope == "commands" for scope, reason in explained)


def test_every_scope_is_used() -> None:
    """By a method that the bot calls, or by an event that it hears."""
    sources = [
        path.read_text(encoding="utf-8") for path in (ROOT / "bot").rglob("*.py") if "emulator" not in path.parts
    ]
    called = {name.replace("_", ".") for source in sources for name in _CALL.findall(source)}
    needed = {scope for name in called & METHODS.keys() for scope in METHODS[name].scopes}
    needed |= {scope for event in SIGNOFF.events for scope in EVENT_SCOPES[event]}
    assert SIGNOFF.scopes <= needed | FOR_NO_METHOD


def test_what_only_a_repair_needs_is_optional() -> None:
    """A workspace may refuse it, and the page says what is missing then."""
    optional = set(re.findall(r"^ {6}- ([a-z.:]+)$", SCOPES.partition("bot_optional:")[2], re.MULTILINE))
    assert optional == SIGNOFF.optional_scopes < SIGNOFF.scopes
    assert all(f"`{scope}`" in SECURITY.partition("A workspace may refuse ")[2].split("\n\n")[0] for scope in optional)
