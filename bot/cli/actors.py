"""Who acts on the command line."""

from signoff.bot.cli.failures import WrongUsage
from signoff.flows.approval.users import named, this_user, this_user_if_known
from signoff.store.records.actors import Actor


def actor(who: str | None) -> Actor:
    """The person that `--as` names, or the user who runs the command.

    Args:
        who: `@ana`, `ana`, an e-mail address or a Slack user id.

    Raises:
        WrongUsage: If there is no name.
    """
    if who is None:
        try:
            return this_user()
        except LookupError:
            raise WrongUsage("This process has no user name. Say who you are with --as.") from None
    try:
        return named(who)
    except ValueError:
        raise WrongUsage("--as requires a name, such as @ana.") from None


def requester(who: str | None) -> Actor | None:
    """The person that `--requester` names, or the user who runs the command, if that is known.

    Raises:
        WrongUsage: If there is no name.
    """
    if who is None:
        return this_user_if_known()
    try:
        return named(who)
    except ValueError:
        raise WrongUsage("--requester requires a name, such as @ana.") from None
