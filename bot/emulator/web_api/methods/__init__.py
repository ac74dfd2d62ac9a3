"""The methods of Slack's Web API that the workspace serves, by name."""

from signoff.bot.emulator.web_api.methods import apps, chat, conversations, files, usergroups, users, views
from signoff.bot.emulator.web_api.methods.call import Method

METHODS: dict[str, Method] = {
    **apps.METHODS,
    **chat.METHODS,
    **conversations.METHODS,
    **files.METHODS,
    **usergroups.METHODS,
    **users.METHODS,
    **views.METHODS,
}
"""Every method. One that is missing here answers `unknown_method`."""
