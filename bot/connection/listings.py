"""The lists that Slack only gives in pages: the people of the workspace, and the channels that the app can see."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from signoff.bot.connection.listing import Entry, Listing, Unready
from signoff.bot.connection.profile import Profile
from signoff.bot.connection.web_client import name_of
from signoff.flows.approval.approvers import Unknowable

CHANNEL_TYPES = "public_channel,private_channel"

NOT_VISIBLE = frozenset({"channel_not_found", "not_in_channel"})
"""How Slack says that the app cannot see a channel."""

_UNKNOWN = frozenset({"user_not_found", "users_not_found", "no_such_subteam", "subteam_not_found"})


def people(client: WebClient, own_team: Callable[[], str | Unknowable]) -> Listing[Profile]:
    """All people of the app's own workspace, by their handles, casefolded and without `@`."""

    def entry(person: Profile | None) -> Entry[Profile] | None:
        # Slack may list people of other workspaces, who share a channel and may share a handle.
        own = own_team()
        if isinstance(own, Unknowable):
            raise Unready(own.reason)
        if person is None or not person.belongs_to(own):
            return None
        # An account in use takes precedence over one of the same name that is not.
        return Entry(person.id, person.handle.casefold(), person, is_final=not person.is_deactivated)

    def entries(page: SlackResponse) -> Iterable[Entry[Profile]]:
        return filter(None, (entry(Profile.from_slack(each)) for each in page["members"]))

    return Listing(
        "people",
        lambda cursor, limit: client.users_list(cursor=cursor, limit=limit),
        entries,
        lambda user_id: entry(read_person(lambda: client.users_info(user=user_id))),
    )


def channels(client: WebClient) -> Listing[str]:
    """The ids of all channels that the app can see, by their names without `#`."""

    def entries(page: SlackResponse) -> Iterable[Entry[str]]:
        return map(_channel, page["channels"])

    return Listing(
        "channels",
        lambda cursor, limit: client.conversations_list(types=CHANNEL_TYPES, cursor=cursor, limit=limit),
        entries,
        lambda channel: read_channel(client, channel),
    )


def read_channel(client: WebClient, channel: str) -> Entry[str] | None:
    """A channel with its name now; `None` if the app cannot see it."""
    try:
        return _channel(client.conversations_info(channel=channel)["channel"])
    except SlackApiError as error:
        if name_of(error) in NOT_VISIBLE:
            return None
        raise


def read_person(call: Callable[[], SlackResponse]) -> Profile | None:
    """The user in Slack's response; `None` if there is none."""
    response = none_if_unknown(call)
    return None if response is None else Profile.from_slack(response["user"])


def none_if_unknown(call: Callable[[], SlackResponse]) -> SlackResponse | None:
    """Slack's response; `None` if Slack says that what it was asked about does not exist."""
    try:
        return call()
    except SlackApiError as error:
        if name_of(error) in _UNKNOWN:
            return None
        raise


def _channel(channel: Mapping[str, Any]) -> Entry[str]:
    return Entry(str(channel["id"]), str(channel.get("name") or ""), str(channel["id"]))
