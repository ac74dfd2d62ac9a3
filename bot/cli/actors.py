"""Who acts on the command line."""

import getpass

from signoff.bot.cli.failures import WrongUsage
from signoff.flows.schema.slack_ids import is_user_id
from signoff.store.records import Actor


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
    is_complete = "@" in name or is_user_id(name)
    return Actor(name if is_complete else f"@{name}", name.removeprefix("@"))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError):
        raise WrongUsage("This process has no user name. Say who you are with --as @you.") from None
