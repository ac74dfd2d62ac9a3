"""Calls of Slack's Web API, with their failures told apart by what they mean for a message."""

import re
from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from signoff.bot.connection.web_client import BAD_TOKEN, CONNECTION_ERRORS, retry_after

_ERROR_NAME = re.compile(r"[a-z_]+")
_DELETED = frozenset({"message_not_found", "thread_not_found", "cannot_reply_to_message", "cant_update_message"})
_MAYBE_DONE = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})
"""Errors after which, according to Slack's documentation, part of the work may have been done."""

_OF_CHANNEL = frozenset(
    {
        "cannot_dm_bot",
        "channel_not_found",
        "edit_window_closed",
        "is_archived",
        "is_inactive",
        "messages_tab_disabled",
        "no_permission",
        "not_in_channel",
        "user_disabled",
        "user_is_bot",
        "user_is_restricted",
        "user_not_found",
        "user_not_in_channel",
        "user_not_visible",
    }
)
"""Errors that hold for one channel, or for the direct messages with one person."""

RESTRICTED = "restricted_action"
"""How errors begin that depend on a preference of the workspace or of the channel."""

OF_APP = BAD_TOKEN | {
    "access_denied",
    "accesslimited",
    "ekm_access_denied",
    "enterprise_is_restricted",
    "org_login_required",
    "team_access_not_granted",
    "two_factor_setup_required",
}
"""Errors that hold for the app as a whole."""

OF_MESSAGE = frozenset(
    {
        "block_mismatch",
        "invalid_arg_name",
        "invalid_arguments",
        "invalid_array_arg",
        "invalid_attachments",
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_metadata_format",
        "invalid_metadata_schema",
        "metadata_too_large",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
        "too_many_attachments",
    }
)
"""Errors in what was sent."""

_POSTING_SCOPE = "chat:write"


class SlackRejected(Exception):
    """Slack rejected the call, so nothing was posted.

    Attributes:
        retry_after: Seconds to wait before the next attempt, as Slack asked; `None` if it did not say.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RateLimited(SlackRejected):
    """Slack takes no more calls of this kind for a while.

    Attributes:
        method: The Web API method that was called.
    """

    def __init__(self, message: str, retry_after: float | None, method: str) -> None:
        super().__init__(message, retry_after)
        self.method = method


class Blocked(SlackRejected):
    """Slack rejected the call, and will do so until a person has mended something.

    Attributes:
        reason: Slack's name for the error.
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class ChannelBlocked(Blocked):
    """Slack does not let the app post in this channel: it is archived, for instance, or the app is not in it.

    Attributes:
        approvers: The ids of people who are asked in direct messages instead.
    """

    approvers: Collection[str] = ()


class AppBlocked(Blocked):
    """Slack does not let the app do this anywhere: it was uninstalled, for instance."""


class InvalidMessage(Blocked):
    """Slack does not take the message as it is, which is a fault of Signoff's."""


class MessageDeleted(Exception):
    """The message was deleted from Slack."""


class SlackUnavailable(Exception):
    """Slack did not answer. The call may or may not have taken effect.

    Attributes:
        channel: The id of the channel in which a message may have been posted, if it is known.
    """

    channel: str | None = None


def call(method: Callable[[], SlackResponse]) -> SlackResponse:
    """Call a method of the Web API.

    Raises:
        SlackRejected: If Slack rejects the call.
        MessageDeleted: If the message that it is about was deleted.
        SlackUnavailable: If Slack does not answer.
    """
    try:
        return method()
    except SlackApiError as error:
        raise _error_for(error.response) from error
    except CONNECTION_ERRORS as error:
        raise SlackUnavailable(f"Slack did not answer ({str(error) or type(error).__name__})") from error


def _error_for(response: SlackResponse | Mapping[str, Any]) -> SlackRejected | MessageDeleted | SlackUnavailable:
    # A proxy may put its own page in the place of Slack's JSON, so a name is only repeated if it looks like one.
    status = getattr(response, "status_code", 200)
    name = str(response.get("error") or f"HTTP {status}")
    if status >= 500 or name in _MAYBE_DONE or not _ERROR_NAME.fullmatch(name):
        return SlackUnavailable(f"Slack answered with {name if _ERROR_NAME.fullmatch(name) else f'HTTP {status}'}")
    if name in _DELETED:
        return MessageDeleted(name)
    details = (response.get("response_metadata") or {}).get("messages") or []
    said = ": ".join([name, "; ".join(map(str, details))]) if details else name
    needed = response.get("needed")
    said += f" (the app needs the scope {needed})" if needed else ""
    if status == HTTPStatus.TOO_MANY_REQUESTS or name == "ratelimited":
        method = str(getattr(response, "api_url", "")).rpartition("/")[2]
        return RateLimited(said, retry_after(response), method)
    if name == "missing_scope" and _POSTING_SCOPE not in str(needed).split(","):
        # Only something that this channel takes is missing. Direct messages need no more than the scope for posting.
        return ChannelBlocked(said, name)
    if name in _OF_CHANNEL or name.startswith(RESTRICTED):
        return ChannelBlocked(said, name)
    if name in OF_APP:
        return AppBlocked(said, name)
    if name in OF_MESSAGE:
        return InvalidMessage(said, name)
    return SlackRejected(said, retry_after(response))
