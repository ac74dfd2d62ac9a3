"""Who acts on the command line."""

import getpass
import re

from signoff.bot.cli.failures import WrongUsage
from signoff.store.records import Actor

_SLACK_USER = re.compile(r"[UW][A-Z0-9]{2,}")


def actor(who: str | None) -> Actor:
    """The person that `--as` names; the user who runs the command, where it names nobody.

    Args:
        who: `@ana`, `ana`, an e-mail address or a Slack user id.

    Raises:
        WrongUsage: If there is no name.
    """
    name = (_user() if who is None else who).strip()
    if not name.strip("@"):
        raise WrongUsage("--as needs a name, such as @ana.")
    is_complete = "@" in name or _SLACK_USER.fullmatch(name)
    return Actor(name if is_complete else f"@{name}", name.removeprefix("@"))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError):
        raise WrongUsage("This process has no user name. Say who you are with --as @you.") from None
