"""Users of Slack: who acts, and how the policy's approvers are mentioned."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Any

from signoff.bot.blockkit.markup import at, escape
from signoff.bot.blockkit.without_pings import mentions_in
from signoff.bot.connection.lookups import Lookups
from signoff.bot.connection.profile import Profile
from signoff.flows.approval.approvers import NameKind, Unknowable
from signoff.flows.schema.slack_ids import is_channel_id, is_user_group_id
from signoff.store.policy import MAX_DIRECT
from signoff.store.records.absence import Absence, cover_of
from signoff.store.records.actors import Actor
from signoff.store.records.approvers import Approver
from signoff.store.records.prompts import Prompt

_NAME = 80


class People:
    """Names and mentions of users."""

    def __init__(self, lookups: Lookups) -> None:
        self._lookups = lookups

    def actor(self, body: Mapping[str, Any]) -> Actor:
        """The person who acted, as a payload from Slack names them.

        Their handle is an alias only if they are members of the app's own workspace, see `SlackDirectory.is_person`.

        Args:
            body: The payload of an interaction, or the fields of a slash command.
        """
        user = body["user"] if isinstance(body.get("user"), Mapping) else {}
        user = user or {"id": body["user_id"], "username": body.get("user_name")}
        user_id = str(user["id"])
        handle = str(user.get("username") or user.get("name") or "")
        home = str(user.get("team_id") or "")
        named = body["team"] if isinstance(body.get("team"), Mapping) else {}
        team = home or str(named.get("id") or body.get("team_id") or "")
        profile, own = self._lookups.profile(user_id), self._lookups.own_team()
        if isinstance(profile, Profile) and isinstance(own, str):
            is_colleague = profile.is_colleague(own, team)
        else:
            is_colleague = bool(home) and home == own
        name = (profile.name if isinstance(profile, Profile) else "") or handle or user_id
        return Actor(user_id, name, frozenset({f"@{handle}"} if handle and is_colleague else ()), team=team)

    def mentions(self, prompt: Prompt, *, ask: bool = True) -> dict[str, str]:
        """Slack's mention (`<@U…>`) for each approver that Slack knows, by the name that the policy uses.

        There are none for a settled prompt: what is shown of it names nobody who could answer. So a cancelled prompt
        can be shown even if its policy cannot be read.

        Args:
            ask: Whether Slack may be asked. A person who waits is shown the mentions that are known already.
        """
        approvers = _told(prompt)
        found = {approver.name: approver.id or self._id(approver, ask=ask) for approver in approvers}
        if prompt.is_open:
            given = [prompt.assignment.assignee, *(each.to for each in prompt.assignment.delegations)]
            found |= {each.id: each.id for each in given if each is not None}
        away = self._lookups.absences() if found else ()
        return {name: self._mention(prompt, id_, found.values(), away) for name, id_ in found.items() if id_}

    def _mention(self, prompt: Prompt, id_: str, approvers: Collection[str | None], away: Sequence[Absence]) -> str:
        """The mention of an approver; or that of the person who covers for them, with their name."""
        absence = next((each for each in away if each.person.id == id_), None)
        if absence is None:
            return mention_of(id_)
        until = f"away until {at(absence.until)}"
        cover = cover_in(prompt, id_, approvers, away)
        if cover is None:
            return f"{mention_of(id_)} ({until})"
        return f"{mention_of(cover.id)} for {escape(absence.person.name, _NAME)} ({until})"

    def id_of(self, approver: Approver) -> str | None:
        """The id of a person, user group or channel that a policy names; `None` if Slack did not say, or for nobody."""
        return approver.id or self._id(approver, ask=True)

    def on_card(self, prompt: Prompt) -> dict[str, str]:
        """The mentions that a card shows.

        A group is only named if the prompt is assigned to one of its people: a mention would notify all of them.
        """
        found = self.mentions(prompt)
        if not prompt.is_open or not prompt.policy.rotates:
            return found
        return {name: escape(name, _NAME) if text.startswith("<!") else text for name, text in found.items()}

    def to_ping(self, prompt: Prompt, mentions: Mapping[str, str]) -> set[str]:
        """The mentions of those whom a new card is to notify.

        What is assigned to one person leaves all others in peace, also while it is not known yet who that is.

        Args:
            mentions: Those on the card.
        """
        if not prompt.is_open or not prompt.policy.rotates:
            return mentions_in(mentions.values())
        assignee = prompt.assignment.assignee
        return mentions_in([mentions.get(assignee.id, "")] if assignee is not None else [])

    def zone(self, user_id: str) -> tzinfo:
        """The time zone that a person has chosen in Slack; UTC if Slack did not say."""
        profile = self._lookups.profile(user_id)
        return profile.zone if isinstance(profile, Profile) else UTC

    def are_all(self, mentions: Mapping[str, str], prompt: Prompt) -> bool:
        """Whether every approver whom Slack may know is mentioned."""
        return all(each.fault or each.name in mentions for each in _told(prompt))

    def approvers(self, prompt: Prompt) -> list[str]:
        """The ids of the people who may answer an open prompt by name or as members of a user group or channel.

        There are `MAX_DIRECT` at most: a message to each of them is meant for a few.
        """
        found: dict[str, None] = {}
        for approver in _told(prompt) if prompt.policy_fault is None else ():
            id_ = approver.id or self._id(approver, ask=True)
            if id_ is not None and is_user_group_id(id_):
                members = self._lookups.users_in_group(id_)
                found |= dict.fromkeys(sorted(members) if isinstance(members, frozenset) else ())
            elif id_ is not None and is_channel_id(id_):
                found |= dict.fromkeys(self._people_in(id_))
            elif id_ is not None:
                found[id_] = None
        if found and prompt.requester is not None and not prompt.policy.requester_may_answer:
            found.pop(prompt.requester.id, None)
        return list(found)[:MAX_DIRECT]

    def name(self, user_id: str) -> str | None:
        """A person's name; `None` if Slack did not say."""
        profile = self._lookups.profile(user_id)
        return profile.name or None if isinstance(profile, Profile) else None

    def _people_in(self, channel: str) -> list[str]:
        """Some members of a channel, without apps."""
        members = self._lookups.users_in_channel(channel)
        some = sorted(members)[: 2 * MAX_DIRECT] if isinstance(members, frozenset) else []
        profiles = (self._lookups.profile(each) for each in some)
        return [each.id for each in profiles if isinstance(each, Profile) and not (each.is_bot or each.is_deactivated)]

    def _id(self, approver: Approver, *, ask: bool) -> str | None:
        if approver.fault:
            return None
        match NameKind.of(approver.name):
            case NameKind.USER_ID | NameKind.USER_GROUP_ID:
                return approver.name
            case NameKind.HANDLE:
                found = self._lookups.by_handle(approver.name, ask=ask)
                if isinstance(found, Profile) and not found.is_deactivated:
                    return found.id
                groups = self._lookups.group_ids(ask=ask)
                key = approver.name.removeprefix("@").casefold()
                return None if isinstance(groups, Unknowable) else groups.get(key)
            case NameKind.EMAIL:
                profile = self._lookups.profile_by_email(approver.name, ask=ask)
                return profile.id if isinstance(profile, Profile) else None
            case NameKind.CHANNEL if is_channel_id(approver.name):
                return approver.name
            case NameKind.CHANNEL if ask:
                channel = self._lookups.channel_id(approver.name)
                return channel if isinstance(channel, str) else None
            case _:
                return None


def _told(prompt: Prompt) -> list[Approver]:
    """The approvers of an open prompt who are told of it."""
    return [each for each in prompt.approvers if each.name not in prompt.policy.quiet] if prompt.is_open else []


def cover_in(
    prompt: Prompt, person_id: str, approvers: Collection[str | None], away: Sequence[Absence]
) -> Actor | None:
    """Who is asked in the place of somebody who is away; `None` if nobody may answer for them.

    Args:
        approvers: The ids of those who may answer anyhow.
    """
    cover = cover_of(person_id, away)
    excluded = {prompt.reviewers.requester, prompt.requester and prompt.requester.id}
    is_excluded = cover is not None and not prompt.policy.requester_may_answer and cover.id in excluded
    if cover is None or is_excluded or not (prompt.policy.may_delegate or cover.id in approvers):
        return None
    return cover


def mention_of(id_: str) -> str:
    """Slack's mention of a person, user group or channel."""
    if is_channel_id(id_):
        return f"<#{id_}>"
    return f"<!subteam^{id_}>" if is_user_group_id(id_) else f"<@{id_}>"
