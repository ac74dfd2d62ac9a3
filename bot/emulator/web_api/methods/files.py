"""`files.info`."""

from signoff.bot.emulator.web_api.methods.call import Call, Method
from signoff.bot.emulator.wire import Json


def info(call: Call) -> Json:
    """What an uploaded file is, and where its bytes are. Raises `file_not_found`."""
    return {"file": call.workspace.files.get(call.arguments.required("file")).wire()}


METHODS = {"files.info": Method(info, scopes=("files:read",))}
