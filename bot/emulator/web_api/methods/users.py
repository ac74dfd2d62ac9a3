"""`users.*`."""

from signoff.bot.emulator.protocol import Json, SlackError
from signoff.bot.emulator.web_api.methods.call import MAX_CONVERSATIONS, Call, Method
from signoff.bot.emulator.web_api.methods.conversations import READ, kinds_of
from signoff.bot.emulator.workspace.directory import BOT_USER_ID, User


def info(call: Call) -> Json:
    """One person. Raises `user_not_found`."""
    user = call.workspace.directory.users.get(call.arguments.required("user"))
    if user is None:
        raise SlackError("user_not_found")
    return {"user": _slack_json(call, user)}


def list_all(call: Call) -> Json:
    """All people and bots of the workspace, and people of others who share a channel with it."""
    page, cursor = call.page(list(call.workspace.directory.users.values()), default_limit=1000)
    members = [_slack_json(call, user) for user in page]
    return {"members": members, "response_metadata": {"next_cursor": cursor}}


def lookup_by_email(call: Call) -> Json:
    """The person with this address. Raises `users_not_found`."""
    email = call.arguments.required("email").lower()
    for user in call.workspace.directory.users.values():
        if user.email.lower() == email and not user.deleted and not user.is_stranger:
            return {"user": _slack_json(call, user)}
    raise SlackError("users_not_found")


def conversations(call: Call) -> Json:
    """The conversations that a user is a member of; of those that are not public, only those that the app is in too."""
    user = call.arguments.text("user", BOT_USER_ID)
    if user not in call.workspace.directory.users:
        raise SlackError("user_not_found")
    kinds = kinds_of(call)
    found = [
        {name: value for name, value in conversation.slack_json().items() if name not in {"is_member", "num_members"}}
        for conversation in call.workspace.directory.conversations.values()
        if conversation.kind in kinds
        and user in conversation.members
        and conversation.is_seen_by(BOT_USER_ID)
        and not (conversation.is_archived and call.arguments.flag("exclude_archived"))
    ]
    page, cursor = call.page(found, default_limit=100, max_limit=MAX_CONVERSATIONS)
    return {"channels": page, "response_metadata": {"next_cursor": cursor}}


def _slack_json(call: Call, user: User) -> Json:
    return user.slack_json(with_email="users:read.email" in call.workspace.manifest.scopes)


METHODS = {
    "users.conversations": Method(conversations, scopes=READ),
    "users.info": Method(info, scopes=("users:read",)),
    "users.list": Method(list_all, scopes=("users:read",)),
    "users.lookupByEmail": Method(lookup_by_email, scopes=("users:read.email",)),
}
