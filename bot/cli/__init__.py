"""The command `signoff`.

A command imports what it works with when it is called, so that `signoff --help` and shells' completion are quick.
"""

from signoff.bot.cli.application import app, main

__all__ = ["app", "main"]
