"""People as programs name them: the user who runs this program, and those given as text."""

import getpass
import os
import socket
from dataclasses import replace

from signoff.flows.approval.names import spelling_fault
from signoff.flows.schema.slack_ids import is_user_id
from signoff.store.records.actors import Actor, claim_of, user_claim


def this_user(way: str = "in a program") -> Actor:
    """The user who runs this program, as far as the program says so.

    Args:
        way: Where they act: `on the command line`, `in a program`.

    Raises:
        LookupError: If this process has no user name, as in some containers.
    """
    try:
        name = getpass.getuser()
    except (KeyError, ImportError, OSError) as error:
        raise LookupError("This process has no user name.") from error
    user, host = machine_user(), socket.gethostname()
    # The environment may name another user than the one whom the system knows.
    claim = user_claim(host, way) if name == user else claim_of(user, host, way)
    return replace(_actor(name), claim=claim)


def this_user_if_known() -> Actor | None:
    """The user who runs this program, as a requester; `None` if this process has no user name.

    Without a claim: requesters decide nothing, and a user name of a machine shows nobody anything in Slack.
    """
    try:
        return replace(this_user(), claim="")
    except LookupError:
        return None


def machine_user() -> str:
    """The user whom the operating system knows, whatever the environment says."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"
    except ImportError:  # on Windows
        return getpass.getuser()


def claimed(who: str, way: str) -> Actor:
    """The person with this name, as the user who runs this program claims to be. The arguments are those of `named`.

    Raises:
        ValueError: If it is not a name. The message says what is wrong with it.
    """
    return replace(named(who), claim=claim_of(machine_user(), socket.gethostname(), way))


def named(who: str) -> Actor:
    """The person with this name.

    Args:
        who: `@ana`, `ana`, an e-mail address or a Slack user id.

    Raises:
        ValueError: If it is not a name. The message says what is wrong with it.
    """
    name = who.strip()
    if not name.strip("@"):
        raise ValueError("A person needs a name, such as @ana.")
    actor = _actor(name)
    if fault := spelling_fault(actor.id):
        raise ValueError(f"{name!r} cannot be used. {fault}")
    return actor


def _actor(name: str) -> Actor:
    is_complete = "@" in name or is_user_id(name)
    return Actor(name if is_complete else f"@{name}", name.removeprefix("@"))
