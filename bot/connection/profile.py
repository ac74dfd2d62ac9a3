"""What Slack says about a user."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DAY = 86400


@dataclass(frozen=True, slots=True)
class Profile:
    """What Slack says about a user.

    Attributes:
        handle: Without the `@`.
        display_name: What the user likes to be called; empty if the same as `name`.
        team: The workspace that Slack names first for the user; empty if none.
        grid_teams: All workspaces that the user belongs to on Enterprise Grid; empty elsewhere.
        is_stranger: Whether the user belongs to another organisation with which a channel is shared.
        tz: The user's time zone, such as `Europe/Madrid`; empty if Slack did not say.
        tz_offset: Seconds by which it was ahead of UTC when Slack said so.
    """

    id: str
    name: str
    handle: str
    email: str
    team: str
    grid_teams: frozenset[str]
    is_deactivated: bool
    is_bot: bool = False
    is_stranger: bool = False
    display_name: str = ""
    tz: str = ""
    tz_offset: int = 0

    @property
    def zone(self) -> tzinfo:
        """The user's time zone; UTC if Slack did not say."""
        try:
            return ZoneInfo(self.tz) if self.tz else UTC
        except (ZoneInfoNotFoundError, ValueError, OSError):
            # This machine does not know it. Until clocks are set there, the difference from UTC says the same.
            return timezone(timedelta(seconds=self.tz_offset))

    @property
    def names(self) -> frozenset[str]:
        """What a policy may call the user, besides the id."""
        return frozenset(filter(None, [f"@{self.handle}" if self.handle else "", self.email]))

    def belongs_to(self, team: str) -> bool:
        """Whether this is somebody of that workspace, or of its Enterprise Grid; no stranger in a shared channel."""
        return not self.is_stranger and team in {self.team, *self.grid_teams}

    def is_colleague(self, team: str, acting_from: str = "") -> bool:
        """Whether this is an active person of a workspace: no app, and nobody who only shares a channel with it.

        Args:
            acting_from: The workspace that a payload names, or on Enterprise Grid the organisation (`E…`); empty if it
                names none. In a shared channel it may be the channel's, so it proves nothing and can only exclude.
        """
        if self.is_deactivated or self.is_bot or not self.belongs_to(team):
            return False
        return acting_from in {"", team, *self.grid_teams} or acting_from.startswith("E")

    @classmethod
    def from_slack(cls, user: Mapping[str, Any]) -> "Profile":
        """The profile in a user object: https://docs.slack.dev/reference/objects/user-object."""
        profile = user.get("profile") or {}
        return cls(
            id=str(user["id"]),
            name=str(user.get("real_name") or profile.get("real_name") or ""),
            handle=str(user.get("name") or ""),
            email=str(profile.get("email") or ""),
            team=str(user.get("team_id") or ""),
            grid_teams=frozenset((user.get("enterprise_user") or {}).get("teams", ())),
            is_deactivated=bool(user.get("deleted")),
            is_bot=bool(user.get("is_bot")),
            is_stranger=bool(user.get("is_stranger")),
            display_name=str(profile.get("display_name") or ""),
            tz=str(user.get("tz") or ""),
            tz_offset=_offset(user.get("tz_offset")),
        )


def _offset(claimed: object) -> int:
    """Seconds of a difference from UTC. It may be missing."""
    return claimed if isinstance(claimed, int) and abs(claimed) < _DAY else 0
