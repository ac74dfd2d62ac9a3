"""Who acts on the command line. Nobody checks it, so what is recorded says who claims it, and on which machine."""

from signoff.bot.cli.failures import WrongUsage
from signoff.flows.approval.users import claimed, named, this_user, this_user_if_known
from signoff.store.records.actors import Actor

_WAY = "on the command line"


def actor(who: str | None) -> Actor:
    """The person that `--as` names, or the user who runs the command.

    Args:
        who: `@ana`, `ana`, an e-mail address or a Slack user id.

    Raises:
        WrongUsage: If there is no name, or if it cannot be one.
    """
    try:
        return this_user(_WAY) if who is None else claimed(who, _WAY)
    except LookupError:
        raise WrongUsage("This process has no user name. Say who you are with --as.") from None
    except ValueError as error:
        raise _no_name("--as", who, error) from None


def refusal(person: Actor, *, answers: bool = False) -> str:
    """Why SIGNOFF_OUTSIDE_SLACK does not let a person act on the command line; empty if it does.

    Args:
        answers: Whether they answer a prompt.

    Raises:
        BadSettings: If a setting is invalid.
    """
    from signoff.bot.settings import load_settings

    rule = load_settings().outside_slack
    if answers and rule == "never":
        return "Prompts can only be answered in Slack: SIGNOFF_OUTSIDE_SLACK is set to never."
    if person.is_another_user and rule != "claims":
        return "You may only act as yourself: SIGNOFF_OUTSIDE_SLACK does not allow --as."
    return ""


def requester(who: str | None) -> Actor | None:
    """The person that `--requester` names, or the user who runs the command, if that is known.

    Raises:
        WrongUsage: If there is no name, or if it cannot be one.
    """
    if who is None:
        return this_user_if_known()
    try:
        return named(who)
    except ValueError as error:
        raise _no_name("--requester", who, error) from None


def _no_name(option: str, who: str | None, error: ValueError) -> WrongUsage:
    is_empty = not (who or "").strip().strip("@")
    return WrongUsage(f"{option} requires a name, such as @ana." if is_empty else f"{option}: {error}")
