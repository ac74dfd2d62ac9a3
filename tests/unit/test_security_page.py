"""What `docs/operating.md` says about security is what the code does."""

import re
from pathlib import Path

from signoff.bot.manifest import SIGNOFF

ROOT = Path(__file__).parents[2]
SECURITY = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8").split("\n## Security\n")[1].split("\n## ")[0]


def test_every_scope_is_explained() -> None:
    """The table lists the scopes of `manifest.yml`, each with what it is for, and no others."""
    manifest = (ROOT / "manifest.yml").read_text(encoding="utf-8")
    asked = set(
        re.findall(r"^ {6}- ([a-z.:]+) #", manifest.partition("scopes:")[2].partition("settings:")[0], re.MULTILINE)
    )
    explained = re.findall(r"^\| `([a-z.:]+)` \| (.+) \|$", SECURITY, re.MULTILINE)
    assert {scope for scope, _ in explained} == asked == SIGNOFF.scopes
    assert len(explained) == len(asked)
    assert all(len(reason.split()) > 3 or scope == "commands" for scope, reason in explained)
