"""The command `signoff`.

A command imports what it needs when it is called, so that `signoff --help` is quick and each command pays for its own
libraries only. `tests/unit/bot/cli/test_imports.py` says which command may import what.
"""

from signoff.bot.cli.application import main, signoff

__all__ = ["main", "signoff"]
