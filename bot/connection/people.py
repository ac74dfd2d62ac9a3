"""People as payloads from Slack name them, and as messages in Slack show them."""

from collections.abc import Mapping
from typing import Any

from signoff.bot.connection.lookups import Lookups, Profile
from signoff.flows.approval.approvers import NameKind, Unknowable
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt


class People:
    """Names and mentions of users."""

    def __init__(self, lookups: Lookups) -> None:
        self._lookups = lookups

    def actor(self, user: Mapping[str, Any]) -> Actor:
        """The person named in a payload from Slack.

        Their handle is an alias only if they are members of the app's own workspace, see `SlackDirectory.is_person`.

        Args:
            user: The payload's `user`: `id`, `team_id`, and `username` or `name`.
        """
        user_id = str(user["id"])
        handle = str(user.get("username") or user.get("name") or "")
        profile, team = self._lookups.profile(user_id), self._lookups.own_team()
        known = profile if isinstance(profile, Profile) else None
        # What Slack says with the act goes before what it says of the user's home.
        teams = {str(user.get("team_id") or (known.team if known else "")), *(known.grid_teams if known else ())}
        name = (known.name if known else "") or handle or user_id
        return Actor(user_id, name, frozenset({f"@{handle}"} if handle and team in teams else ()))

    def mentions(self, prompt: Prompt, *, ask: bool = True) -> dict[str, str]:
        """Slack's mention (`<@U…>`) for each approver that Slack knows, by the name that the policy uses.

        There are none for a settled prompt: what is shown of it names nobody who could answer. So a cancelled prompt
        can be shown even if its policy cannot be read.

        Args:
            ask: Whether Slack may be asked, which for handles means reading the whole workspace. A person who waits
                is shown the mentions that are known already.
        """
        approvers = prompt.policy.approvers if prompt.is_open else ()
        found = {approver: self._user_id(approver, ask=ask) for approver in approvers}
        return {approver: f"<@{user_id}>" for approver, user_id in found.items() if user_id}

    def name(self, user_id: str) -> str | None:
        """A person's name; `None` if Slack did not say."""
        profile = self._lookups.profile(user_id)
        return profile.name or None if isinstance(profile, Profile) else None

    def _user_id(self, approver: str, *, ask: bool) -> str | None:
        match NameKind.of(approver):
            case NameKind.USER_ID:
                return approver
            case NameKind.HANDLE:
                ids = self._lookups.ids_by_handle(ask=ask)
                return None if isinstance(ids, Unknowable) else ids.get(approver.removeprefix("@").casefold())
            case NameKind.EMAIL:
                profile = self._lookups.profile_by_email(approver, ask=ask)
                return profile.id if isinstance(profile, Profile) else None
            case _:
                return None
