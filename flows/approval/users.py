"""People as programs name them: the user who runs this program, and those given as text."""

import getpass

from signoff.flows.schema.slack_ids import is_user_id
from signoff.store.records.actors import Actor


def this_user() -> Actor:
    """The user who runs this program.

    Raises:
        LookupError: If this process has no user name, as in some containers.
    """
    try:
        return named(getpass.getuser())
    except (KeyError, ImportError, OSError) as error:
        raise LookupError("This process has no user name.") from error


def this_user_if_known() -> Actor | None:
    """The user who runs this program; `None` if this process has no user name."""
    try:
        return this_user()
    except LookupError:
        return None


def named(who: str) -> Actor:
    """The person with this name.

    Args:
        who: `@ana`, `ana`, an e-mail address or a Slack user id.

    Raises:
        ValueError: If there is no name in it.
    """
    name = who.strip()
    if not name.strip("@"):
        raise ValueError("A person needs a name, such as @ana.")
    is_complete = "@" in name or is_user_id(name)
    return Actor(name if is_complete else f"@{name}", name.removeprefix("@"))
