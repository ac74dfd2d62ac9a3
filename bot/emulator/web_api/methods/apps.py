"""`api.test`, `auth.test`, `apps.connections.open` and `blocks.validate`."""

from signoff.bot.emulator.blocks.validation import blocks_violations, message_violations, view_violations
from signoff.bot.emulator.protocol import Json, SlackError
from signoff.bot.emulator.web_api.methods.call import Call, Method
from signoff.bot.emulator.workspace.directory import BOT_ID, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID, TEAM_NAME


def api_test(call: Call) -> Json:
    """Return the arguments, or the requested error."""
    if error := call.arguments.text("error"):
        raise SlackError(error)
    return {"args": call.arguments.redacted()}


def auth_test(call: Call) -> Json:
    """Return the identity of the token."""
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
    """Return the address of a new Socket Mode connection."""
    return {"url": call.open_socket()}


def validate_blocks(call: Call) -> Json:
    """Validate exactly one of `blocks`, `message` and `view`; each error has a pointer."""
    validators = {"blocks": blocks_violations, "message": message_violations, "view": view_violations}
    given = [name for name in validators if name in call.arguments]
    if len(given) != 1:
        raise SlackError("invalid_arguments")
    [name] = given
    if violations := validators[name](call.arguments.structure(name, f"invalid_{name}"), ""):
        raise SlackError(f"invalid_{name}", errors=[violation.slack_json() for violation in violations])
    return {}


METHODS = {
    "api.test": Method(api_test, caller="anyone"),
    "auth.test": Method(auth_test),
    "apps.connections.open": Method(open_connection, caller="app"),
    "blocks.validate": Method(validate_blocks),
}
