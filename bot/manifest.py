"""The app that is installed in the workspace: its name, commands and scopes. `manifest.yml` says the same to Slack."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """A command that people can type."""

    command: str
    description: str
    usage_hint: str = ""


@dataclass(frozen=True, slots=True)
class AppManifest:
    """What an app asks a workspace for when it is installed."""

    name: str
    bot_name: str
    scopes: frozenset[str]
    commands: tuple[SlashCommand, ...] = ()


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
            "im:read",
            "im:write",
            "usergroups:read",
            "users:read",
            "users:read.email",
        }
    ),
    commands=(SlashCommand("/approvals", "List the prompts that are waiting for an answer"),),
)
"""Signoff itself. A test holds it equal to `manifest.yml`."""
