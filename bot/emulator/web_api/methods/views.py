"""`views.*`: modals and the home tab."""

from signoff.bot.emulator.blocks.validation import checked_view
from signoff.bot.emulator.protocol import Json, SlackError
from signoff.bot.emulator.web_api.methods.call import Call, Method


def open_view(call: Call) -> Json:
    """Open a modal for the person whose interaction issued the trigger id."""
    body = _view(call, "modal")
    trigger = call.workspace.triggers.exchange(call.arguments.required("trigger_id"))
    return {"view": call.workspace.views.open(trigger.user, body).slack_json()}


def push(call: Call) -> Json:
    """Push a view onto the modal in which the person acted.

    Raises `not_found` if that modal was closed, or if the interaction was not in a modal.
    """
    body = _view(call, "modal")
    trigger = call.workspace.triggers.exchange(call.arguments.required("trigger_id"))
    if trigger.view_id not in {view.id for view in call.workspace.views.stack(trigger.user)}:
        raise SlackError("not_found")
    return {"view": call.workspace.views.push(trigger.user, body).slack_json()}


def update(call: Call) -> Json:
    """Replace an open view. Raises `not_found`, and `hash_conflict` if it has changed since."""
    view = call.workspace.views.get(call.arguments.text("view_id") or call.arguments.required("external_id"))
    body = _view(call, view.body["type"])
    expected = call.arguments.text("hash") or None
    return {"view": call.workspace.views.update(view, body, expected_hash=expected).slack_json()}


def publish(call: Call) -> Json:
    """Publish a person's home tab. Raises `not_enabled` and `hash_conflict`."""
    if not call.workspace.manifest.home_tab:
        raise SlackError("not_enabled")
    body = _view(call, "home")
    user = call.arguments.required("user_id")
    if user not in call.workspace.directory.users:
        raise SlackError("user_not_found")
    expected = call.arguments.text("hash") or None
    return {"view": call.workspace.views.publish(user, body, expected_hash=expected).slack_json()}


def _view(call: Call, wanted_type: str) -> Json:
    return checked_view(call.arguments.structure("view", "invalid_arguments"), wanted_type)


METHODS = {
    "views.open": Method(open_view),
    "views.push": Method(push),
    "views.update": Method(update),
    "views.publish": Method(publish),
}
