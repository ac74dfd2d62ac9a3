"""`api.test`, `auth.test`, `apps.connections.open` and `blocks.validate`."""

from signoff.bot.emulator.blocks.check import message_faults, standalone_faults, view_faults
from signoff.bot.emulator.web_api.methods.call import Call, Method
from signoff.bot.emulator.wire import Json, SlackError
from signoff.bot.emulator.workspace.directory import BOT_ID, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID, TEAM_NAME


def api_test(call: Call) -> Json:
    """Answers what it was asked."""
    if error := call.arguments.text("error"):
        raise SlackError(error)
    return {"args": call.arguments.redacted()}


def auth_test(call: Call) -> Json:
    """Who the token belongs to."""
    return {
        "url": f"https://{TEAM_DOMAIN}.slack.com/",
        "team": TEAM_NAME,
        "user": call.workspace.manifest.bot_name,
        "team_id": TEAM_ID,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def open_connection(call: Call) -> Json:
    """The address of a Socket Mode connection."""
    return {"url": call.open_socket()}


def validate_blocks(call: Call) -> Json:
    """Exactly one of `blocks`, `message` or `view`; the faults come with pointers."""
    subjects = {"blocks": standalone_faults, "message": message_faults, "view": view_faults}
    given = [name for name in subjects if name in call.arguments]
    if len(given) != 1:
        raise SlackError("invalid_arguments")
    [name] = given
    if faults := subjects[name](call.arguments.structure(name, f"invalid_{name}"), ""):
        raise SlackError(f"invalid_{name}", errors=[fault.wire() for fault in faults])
    return {}


METHODS = {
    "api.test": Method(api_test, takes="anybody"),
    "auth.test": Method(auth_test),
    "apps.connections.open": Method(open_connection, takes="app"),
    "blocks.validate": Method(validate_blocks),
}
