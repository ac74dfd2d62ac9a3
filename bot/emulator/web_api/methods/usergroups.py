"""`usergroups.*`."""

from signoff.bot.emulator.protocol import Json, SlackError
from signoff.bot.emulator.web_api.methods.call import Call, Method


def list_all(call: Call) -> Json:
    """All user groups, with their people if `include_users` is set."""
    with_users = call.arguments.flag("include_users")
    return {
        "usergroups": [group.slack_json(with_users=with_users) for group in call.workspace.directory.groups.values()]
    }


def users(call: Call) -> Json:
    """The people of a group. Raises `no_such_subteam`."""
    group = call.workspace.directory.groups.get(call.arguments.required("usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group.users)}


METHODS = {
    "usergroups.list": Method(list_all, scopes=("usergroups:read",)),
    "usergroups.users.list": Method(users, scopes=("usergroups:read",)),
}
