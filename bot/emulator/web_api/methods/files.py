"""`files.info`."""

from signoff.bot.emulator.protocol import Json
from signoff.bot.emulator.web_api.methods.call import Call, Method


def info(call: Call) -> Json:
    """An uploaded file and its URL. Raises `file_not_found`."""
    return {"file": call.workspace.files.get(call.arguments.required("file")).slack_json()}


METHODS = {"files.info": Method(info, scopes=("files:read",))}
