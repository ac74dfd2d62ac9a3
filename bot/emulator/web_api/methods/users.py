"""`users.*`."""

from signoff.bot.emulator.protocol import Json, SlackError
from signoff.bot.emulator.web_api.methods.call import Call, Method
from signoff.bot.emulator.workspace.directory import User


def info(call: Call) -> Json:
    """One person. Raises `user_not_found`."""
    user = call.workspace.directory.users.get(call.arguments.required("user"))
    if user is None:
        raise SlackError("user_not_found")
    return {"user": _slack_json(call, user)}


def list_all(call: Call) -> Json:
    """All people and bots."""
    users = [_slack_json(call, user) for user in call.workspace.directory.users.values()]
    page, cursor = call.page(users, default_limit=1000)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def lookup_by_email(call: Call) -> Json:
    """The person with this address. Raises `users_not_found`."""
    email = call.arguments.required("email").lower()
    for user in call.workspace.directory.users.values():
        if user.email.lower() == email and not user.deleted:
            return {"user": _slack_json(call, user)}
    raise SlackError("users_not_found")


def _slack_json(call: Call, user: User) -> Json:
    return user.slack_json(with_email="users:read.email" in call.workspace.manifest.scopes)


METHODS = {
    "users.info": Method(info, scopes=("users:read",)),
    "users.list": Method(list_all, scopes=("users:read",)),
    "users.lookupByEmail": Method(lookup_by_email, scopes=("users:read.email",)),
}
