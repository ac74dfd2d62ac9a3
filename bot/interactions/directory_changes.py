"""Slack's events about people, groups and channels: what was known of them is asked again at the next act.

They make a change count at once. Without them, if another process hears them for instance, it counts when the answer
in the cache has expired.
"""

from collections.abc import Callable, Mapping

from signoff.bot.connection.lookups import Lookups
from signoff.bot.connection.profile import Profile
from signoff.bot.interactions.events import Event, Events
from signoff.bot.interactions.payloads import MalformedPayload


class DirectoryChanges:
    """Hears who joined or left a channel or a user group, and who is new, was changed or was deactivated.

    Args:
        fewer_or_more: Called when a user group has changed, somebody was deactivated, or the app sees another channel.
        left_channel: Called with the id of somebody who has left a channel.
        deactivated: Called with the id of somebody who was deactivated.
    """

    def __init__(
        self,
        lookups: Lookups,
        fewer_or_more: Callable[[], None] = lambda: None,
        left_channel: Callable[[str], None] = lambda _: None,
        deactivated: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._lookups = lookups
        self._fewer_or_more = fewer_or_more
        self._left_channel = left_channel
        self._deactivated = deactivated

    def register(self, events: Events) -> None:
        """Have `events` call it."""
        for kind in ("member_joined_channel", "member_left_channel"):
            events.on(kind, self.member)
        for kind in ("channel_created", "channel_rename", "group_rename"):
            events.on(kind, self.channel)
        for kind in ("subteam_created", "subteam_updated", "subteam_members_changed"):
            events.on(kind, self.group)
        for kind in ("team_join", "user_change"):
            events.on(kind, self.person)

    def member(self, event: Event) -> None:
        """Somebody joined a channel or left it."""
        channel, user = str(event.fields.get("channel", "")), str(event.fields.get("user", ""))
        self._lookups.forget_memberships(channel=channel, user_id=user)
        if user == event.bot_user_id:
            self._seen(channel)
        if event.type == "member_left_channel" and user:
            self._left_channel(user)

    def channel(self, event: Event) -> None:
        """A channel was made or renamed."""
        channel = event.fields.get("channel")
        if isinstance(channel, Mapping):
            self._seen(str(channel.get("id", "")))

    def _seen(self, channel: str) -> None:
        """The app may see a channel now, or by another name, whose members are approvers."""
        self._lookups.renew_channel(channel)
        self._fewer_or_more()

    def group(self, event: Event) -> None:
        """A user group was made, renamed or disabled, or has other people."""
        subteam = event.fields.get("subteam")
        group = event.fields.get("subteam_id") or (subteam.get("id") if isinstance(subteam, Mapping) else "")
        self._lookups.forget_memberships(group=str(group))
        self._fewer_or_more()

    def person(self, event: Event) -> None:
        """Somebody joined the workspace, changed their profile, or was deactivated."""
        user = event.fields.get("user")
        if not isinstance(user, Mapping):
            return
        try:
            changed = Profile.from_slack(user)
        except (AttributeError, KeyError, TypeError) as error:
            raise MalformedPayload(f"{event.type}: user: {type(error).__name__}") from None
        self._lookups.forget_person(changed)
        if changed.is_deactivated:
            self._deactivated(changed.id)
            self._fewer_or_more()
