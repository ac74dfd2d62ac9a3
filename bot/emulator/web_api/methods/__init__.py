"""The supported methods of Slack's Web API."""

from signoff.bot.emulator.web_api.methods import (
    apps,
    chat,
    conversations,
    files,
    reactions,
    scheduled,
    usergroups,
    users,
    views,
)
from signoff.bot.emulator.web_api.methods.call import Method

METHODS: dict[str, Method] = {
    **apps.METHODS,
    **chat.METHODS,
    **conversations.METHODS,
    **files.METHODS,
    **reactions.METHODS,
    **scheduled.METHODS,
    **usergroups.METHODS,
    **users.METHODS,
    **views.METHODS,
}
"""The methods by name. All others return `unknown_method`."""
