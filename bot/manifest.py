"""The Slack app that a workspace installs: its name, commands, scopes and events, as `manifest.yml` tells Slack."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """A command that people can type."""

    command: str
    description: str
    usage_hint: str = ""


@dataclass(frozen=True, slots=True)
class Shortcut:
    """What people can choose in the menu of a message, or of the composer.

    Attributes:
        of_message: Whether it is in the menu of messages; otherwise it is a global one.
    """

    name: str
    callback_id: str
    description: str
    of_message: bool = False


@dataclass(frozen=True, slots=True)
class AppManifest:
    """What an app asks a workspace for when it is installed.

    Attributes:
        name: The app's name.
        bot_name: The name of its bot user, without `@`.
        scopes: The scopes of its bot token.
        optional_scopes: Those of them that a workspace may refuse.
        commands: Its slash commands.
        shortcuts: Its shortcuts. They need the scope `commands`, too.
        events: The events that its bot user subscribes to, by the names in Slack's manifest (`message.channels`).
        home_tab: Whether App Home has a home tab.
        messages_tab: Whether App Home has a messages tab. Without it, Slack refuses direct messages.
    """

    name: str
    bot_name: str
    scopes: frozenset[str]
    commands: tuple[SlashCommand, ...] = ()
    shortcuts: tuple[Shortcut, ...] = ()
    events: frozenset[str] = frozenset()
    optional_scopes: frozenset[str] = frozenset()
    home_tab: bool = True
    messages_tab: bool = True


# Written out rather than read: an installed Signoff has neither the file nor a YAML parser.
SIGNOFF = AppManifest(
    name="Signoff",
    bot_name="signoff",
    scopes=frozenset(
        {
            "channels:history",
            "channels:join",
            "channels:read",
            "chat:write",
            "chat:write.public",
            "commands",
            "files:read",
            "groups:history",
            "groups:read",
            "im:history",
            "im:write",
            "mpim:history",
            "mpim:read",
            "reactions:read",
            "usergroups:read",
            "users:read",
            "users:read.email",
        }
    ),
    commands=(SlashCommand("/approvals", "List the prompts that are waiting for an answer"),),
    shortcuts=(
        Shortcut("Start a run", "signoff_start", "Start a run of a flow"),
        Shortcut(
            "Start a run with this", "signoff_start_from_message", "Start a run with this message", of_message=True
        ),
    ),
    events=frozenset(
        {
            "app_home_opened",
            "app_uninstalled",
            "channel_archive",
            "channel_created",
            "channel_rename",
            "channel_unarchive",
            "group_archive",
            "group_rename",
            "group_unarchive",
            "member_joined_channel",
            "member_left_channel",
            "message.channels",
            "message.groups",
            "message.im",
            "message.mpim",
            "reaction_added",
            "subteam_created",
            "subteam_members_changed",
            "subteam_updated",
            "team_join",
            "tokens_revoked",
            "user_change",
        }
    ),
    # Without them, nothing but a repair or a nudge is missing: see docs/operating.md.
    optional_scopes=frozenset(
        {"channels:history", "channels:join", "groups:history", "im:history", "mpim:history", "reactions:read"}
    ),
)
"""Signoff itself. A test compares it with `manifest.yml`."""
