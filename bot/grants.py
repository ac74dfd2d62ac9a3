"""Who may start runs in Slack, and who may cancel those of others, as the settings say it."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Self

from pydantic_core import PydanticCustomError

from signoff.flows.approval.approvers import Unknowable, goes_by
from signoff.flows.approval.names import spelling_fault
from signoff.store.records.actors import Actor
from signoff.store.records.approvers import Approver

if TYPE_CHECKING:
    # Imports Slack's SDK, which the settings do not need.
    from signoff.bot.connection.directory import SlackDirectory

EVERYONE = "everyone"
"""Everybody of the app's own workspace."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Who may do something to the runs of some flows.

    Attributes:
        who: A person or a user group, named as in a policy, or `EVERYONE`.
        flow: The name of a flow, with `*` for anything.
    """

    who: str
    flow: str = "*"

    @classmethod
    def of(cls, entry: str) -> Self:
        """The grant that an entry of a setting says: `@release-leads`, or `deploy-*:@release-leads`."""
        flow, _, who = entry.rpartition(":")
        return cls(who.strip(), flow.strip() or "*")


def checked(entries: tuple[str, ...]) -> tuple[str, ...]:
    """The entries of a setting, if each of them can be read."""
    for entry in entries:
        who = Grant.of(entry).who
        if who != EVERYONE and (fault := spelling_fault(who)):
            reason = f"{entry!r} cannot be used. {fault} Or write {EVERYONE}"
            raise PydanticCustomError("grant", "{reason}", {"reason": reason})
    return entries


class Grants:
    """What one setting grants.

    Args:
        entries: Its entries, each as `Grant.of` reads it.
    """

    def __init__(self, directory: "SlackDirectory", entries: Sequence[str]) -> None:
        self._directory = directory
        self._grants = [Grant.of(entry) for entry in entries]
        # Whoever takes over somebody's handle later is not granted what they were.
        self._pinned: dict[str, str] = {}

    def include(self, actor: Actor, flow: str) -> bool | Unknowable:
        """Whether a person is granted this for the runs of a flow."""
        unknown: Unknowable | None = None
        for grant in self._grants:
            if fnmatchcase(flow, grant.flow):
                match self._is(actor, grant.who):
                    case True:
                        return True
                    case Unknowable() as found:
                        unknown = found
        return False if unknown is None else unknown

    def _is(self, actor: Actor, who: str) -> bool | Unknowable:
        if who == EVERYONE:
            return self._directory.is_colleague(actor)
        if goes_by(actor.aliases, who) and self._pinned.setdefault(who.casefold(), actor.id) != actor.id:
            return False
        return self._directory.is_approver(actor, Approver(who))
