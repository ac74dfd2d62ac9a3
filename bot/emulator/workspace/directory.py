"""The people, conversations and user groups of a workspace, and their form in Slack's API."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from signoff.bot.emulator.protocol import Json, SlackError

TEAM_ID = "T0SIGNOFF1"
TEAM_NAME = "Northwind"
TEAM_DOMAIN = "northwind"
APP_ID = "A0SIGNOFF1"
BOT_ID = "B0SIGNOFF1"
BOT_USER_ID = "U0SIGNOFF1"
SLACKBOT_ID = "USLACKBOT"
VERIFICATION_TOKEN = "verification-token-of-the-emulator"  # noqa: S105 (deprecated by Slack, and no secret here)
BOT_PROFILE = {
    "id": BOT_ID,
    "deleted": False,
    "name": "Signoff",
    "updated": 1_700_000_000,
    "app_id": APP_ID,
    "icons": {f"image_{size}": f"https://a.slack-edge.com/bot_{size}.png" for size in (36, 48, 72)},
    "team_id": TEAM_ID,
}
CREATED = 1_700_000_000
"""When the initial people, channels and groups were created, in seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class User:
    """A person, or the app's bot user."""

    id: str
    name: str
    real_name: str
    title: str = ""
    email: str = ""
    tz: str = "UTC"
    color: str = "4b5563"
    is_bot: bool = False
    is_admin: bool = False
    deleted: bool = False
    """Whether an administrator has deactivated the account."""
    updated: int = CREATED
    team: str = TEAM_ID
    """Another workspace, for somebody who shares channels with this one through Slack Connect."""

    @property
    def is_stranger(self) -> bool:
        """Whether this is somebody of another workspace."""
        return self.team != TEAM_ID

    def control_json(self) -> Json:
        """The form in which the control API returns it."""
        return {
            "id": self.id,
            "name": self.name,
            "real_name": self.real_name,
            "title": self.title,
            "email": self.email,
            "tz": self.tz,
            "color": f"#{self.color}",
            "is_bot": self.is_bot,
            "is_admin": self.is_admin,
            "deleted": self.deleted,
            "team": self.team,
        }

    def slack_json(self, *, with_email: bool) -> Json:
        """The form in which `users.info` returns it. Only an app with `users:read.email` gets the address."""
        profile: Json = {
            "title": self.title,
            "real_name": self.real_name,
            "real_name_normalized": self.real_name,
            "display_name": self.name,
            "display_name_normalized": self.name,
            "team": self.team,
        }
        if self.is_bot:
            profile |= {"bot_id": BOT_ID, "api_app_id": APP_ID}
        elif with_email and not self.is_stranger:
            profile["email"] = self.email
        user: Json = {
            "id": self.id,
            "team_id": self.team,
            "name": self.name,
            "deleted": self.deleted,
            "profile": profile,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "updated": self.updated,
        }
        # Slack returns no more than this of deactivated accounts. It has `is_stranger` for people of other
        # organizations only, and `enterprise_user` in Enterprise Grid only.
        if self.deleted:
            return user
        if self.is_stranger:
            user |= {"is_stranger": True}
        return user | {
            "color": self.color,
            "real_name": self.real_name,
            "tz": self.tz,
            "tz_label": _zone_label(self.tz),
            "tz_offset": _utc_offset(self.tz),
            "is_admin": self.is_admin,
            "is_owner": False,
            "is_primary_owner": False,
            "is_restricted": False,
            "is_ultra_restricted": False,
            "is_email_confirmed": not self.is_bot,
            "who_can_share_contact_card": "EVERYONE",
        }


def _zoned_now(tz: str) -> datetime:
    try:
        return datetime.now(ZoneInfo(tz))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return datetime.now(UTC)


def _utc_offset(tz: str) -> int:
    """Seconds by which a time zone is ahead of UTC at present, with summer time."""
    return round((_zoned_now(tz).utcoffset() or timedelta(0)).total_seconds())


def _zone_label(tz: str) -> str:
    """What a time zone is called at present. Slack writes it out: `Central European Summer Time`."""
    return _zoned_now(tz).tzname() or tz


@dataclass(frozen=True, slots=True)
class Conversation:
    """A channel, direct messages with the person `user`, or direct messages of a group with the app.

    The other member of direct messages is the app, or a person. Those of a person with themselves have one member.
    """

    id: str
    name: str
    topic: str = ""
    members: frozenset[str] = frozenset()
    is_private: bool = False
    is_mpim: bool = False
    is_archived: bool = False
    user: str | None = None
    previous_names: tuple[str, ...] = ()

    @property
    def is_im(self) -> bool:
        """Whether these are direct messages."""
        return self.user is not None

    @property
    def kind(self) -> str:
        """The kind of conversation, as in the names of scopes: `channels`, `groups`, `im` or `mpim`."""
        if self.is_im or self.is_mpim:
            return "im" if self.is_im else "mpim"
        return "groups" if self.is_private else "channels"

    @property
    def is_general(self) -> bool:
        """Whether this is #general, which nobody can leave."""
        return self.name == "general"

    def is_seen_by(self, user: str) -> bool:
        """Whether a person or the app can see this conversation. Everybody can see public channels."""
        return user in self.members or self.kind == "channels"

    def control_json(self) -> Json:
        """The form in which the control API returns it."""
        shown: Json = {"id": self.id, "is_im": self.is_im, "members": sorted(self.members)}
        if self.is_im:
            return shown | {"user": self.user}
        return shown | {
            "name": self.name,
            "topic": self.topic,
            "is_private": self.is_private,
            "is_archived": self.is_archived,
        }

    def slack_json(self, *, for_user: str = BOT_USER_ID) -> Json:
        """The form in which `conversations.info` returns it."""
        if self.is_im:
            return {
                "id": self.id,
                "created": CREATED,
                "is_im": True,
                "user": self.user,
                "is_archived": False,
                "is_open": True,
                "is_org_shared": False,
                "context_team_id": TEAM_ID,
                "updated": CREATED * 1000,
            }
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": not self.is_private,
            "is_group": self.is_private,
            "is_im": False,
            "is_mpim": self.is_mpim,
            "is_private": self.is_private,
            "is_archived": self.is_archived,
            "is_general": self.is_general,
            "created": CREATED,
            "creator": BOT_USER_ID,
            "unlinked": 0,
            "is_shared": False,
            "is_ext_shared": False,
            "is_org_shared": False,
            "is_pending_ext_shared": False,
            "pending_shared": [],
            "shared_team_ids": [TEAM_ID],
            "context_team_id": TEAM_ID,
            "parent_conversation": None,
            "updated": CREATED * 1000,
            "previous_names": list(self.previous_names),
            "is_member": for_user in self.members,
            "num_members": len(self.members),
            "topic": {"value": self.topic, "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }


@dataclass(frozen=True, slots=True)
class UserGroup:
    """A group of people with a handle, `@buyers`."""

    id: str
    handle: str
    name: str
    users: tuple[str, ...]

    def slack_json(self, *, with_users: bool) -> Json:
        """The form in which `usergroups.list` returns it."""
        group: Json = {
            "id": self.id,
            "team_id": TEAM_ID,
            "is_usergroup": True,
            "handle": self.handle,
            "name": self.name,
            "description": "",
            "is_external": False,
            "date_create": CREATED,
            "date_update": CREATED,
            "date_delete": 0,
            "auto_type": None,
            "prefs": {"channels": [], "groups": []},
            "user_count": len(self.users),
        }
        return group | {"users": list(self.users)} if with_users else group


class Directory:
    """The people, conversations and user groups of the workspace, by id."""

    def __init__(self, users: list[User], conversations: list[Conversation], groups: list[UserGroup]) -> None:
        self.users = {user.id: user for user in users}
        self.conversations = {conversation.id: conversation for conversation in conversations}
        self.groups = {group.id: group for group in groups}

    def person(self, reference: str) -> User:
        """Find a person by id, `@ana`, `ana`, e-mail address or full name. Raises `user_not_found`."""
        wanted = reference.removeprefix("@")
        for user in self.users.values():
            if wanted and wanted in {user.id, user.name, user.email, user.real_name}:
                return user
        raise SlackError("user_not_found")

    @property
    def administrator(self) -> User:
        """The administrator who acts if a request to the control API names nobody."""
        return next(user for user in self.users.values() if user.is_admin)

    def conversation(self, reference: str) -> Conversation:
        """Find a conversation by id, `#releases` or `releases`. Raises `channel_not_found`."""
        wanted = reference.removeprefix("#")
        for conversation in self.conversations.values():
            if wanted == conversation.id or (wanted == conversation.name and not conversation.is_im):
                return conversation
        raise SlackError("channel_not_found")

    def direct_messages(self, user: str, other: str = BOT_USER_ID) -> Conversation | None:
        """The direct messages of the app, or of another person, with a person; None if they were never opened."""
        both = {user, other}
        return next((found for found in self.conversations.values() if found.is_im and found.members == both), None)
