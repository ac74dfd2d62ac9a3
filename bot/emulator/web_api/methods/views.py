"""`views.*`: opening and changing modals, and the home tab."""

from signoff.bot.emulator.blocks.check import checked_view
from signoff.bot.emulator.web_api.methods.call import Call, Method
from signoff.bot.emulator.wire import Json, SlackError


def open_view(call: Call) -> Json:
    """Open a modal for the person whose act gave the trigger id."""
    body = _view(call, "modal")
    trigger = call.workspace.triggers.exchange(call.arguments.required("trigger_id"))
    return {"view": call.workspace.views.open(trigger.user, body).wire()}


def push(call: Call) -> Json:
    """Put a view on the modal in which the person acted.

    Raises `not_found` when that is closed meanwhile, or the act was not in a modal.
    """
    body = _view(call, "modal")
    trigger = call.workspace.triggers.exchange(call.arguments.required("trigger_id"))
    if trigger.view_id not in {view.id for view in call.workspace.views.stack(trigger.user)}:
        raise SlackError("not_found")
    return {"view": call.workspace.views.push(trigger.user, body).wire()}


def update(call: Call) -> Json:
    """Replace an open view. Raises `not_found`, and `hash_conflict` when it has changed since."""
    view = call.workspace.views.get(call.arguments.text("view_id") or call.arguments.required("external_id"))
    body = _view(call, view.body["type"])
    expected = call.arguments.text("hash") or None
    return {"view": call.workspace.views.update(view, body, expected_hash=expected).wire()}


def publish(call: Call) -> Json:
    """Set a person's home tab. Raises `not_enabled` and `hash_conflict`."""
    if not call.workspace.manifest.home_tab:
        raise SlackError("not_enabled")
    body = _view(call, "home")
    user = call.arguments.required("user_id")
    if user not in call.workspace.directory.users:
        raise SlackError("user_not_found")
    expected = call.arguments.text("hash") or None
    return {"view": call.workspace.views.publish(user, body, expected_hash=expected).wire()}


def _view(call: Call, wanted_type: str) -> Json:
    return checked_view(call.arguments.structure("view", "invalid_arguments"), wanted_type)


METHODS = {
    "views.open": Method(open_view),
    "views.push": Method(push),
    "views.update": Method(update),
    "views.publish": Method(publish),
}
