"""Whom a reminder or an escalation pings: decided when Slack is about to take it, maybe hours after it came due."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from signoff.bot.connection.lookup_deadline import lookup_deadline
from signoff.bot.connection.pinged import Asked, Pinged
from signoff.bot.delivery.slack_calls import SlackRejected
from signoff.flows.approval.pings import escalated_to, ready_at, to_be_reminded
from signoff.store.database import Database
from signoff.store.outbox import pings
from signoff.store.records.outbox import Notice, NoticeKind

MAX_LOOKUP = 10.0
"""Seconds after which nothing more is looked up for a reminder. It is tried again with what is known by then."""

PATIENCE = 8
"""How often it is tried before it goes without what Slack does not say: a minute or so."""

KINDS = frozenset({NoticeKind.REMINDER, NoticeKind.ESCALATED})
"""Notices that ping people."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A notice that is to be posted now.

    Attributes:
        mentions: What to write for each approver, by the name that the policy uses.
    """

    notice: Notice
    mentions: Mapping[str, str]


class Pings:
    """Decides whom a notice pings, and records it.

    Args:
        clock: By default the database's.
    """

    def __init__(self, db: Database, people: Pinged, *, clock: Callable[[], datetime] | None = None) -> None:
        self._db = db
        self._people = people
        self._now = clock or db.now

    def plan(self, notice: Notice) -> Planned | None:
        """Decide it, again if the notice was not posted since that was done before.

        Returns:
            `None` if the notice is not to be posted now: everybody is pinged later, or nobody need be any more.

        Raises:
            SlackRejected: If Slack does not say who or where people are. It is tried again soon.
            UnreadablePolicy: If this version cannot read the prompt's policy.
            store.errors.StoreError: If the database is unavailable.
        """
        if not notice.prompt.is_open:
            return None
        with lookup_deadline(MAX_LOOKUP):
            if notice.kind is NoticeKind.ESCALATED:
                approvers = escalated_to(notice.prompt, int(notice.detail["number"]))
            else:
                approvers = to_be_reminded(notice.prompt)
            asked = self._people.asked(notice.prompt, approvers)
            planned = self._decide(notice, asked)
        if planned is None:
            return None
        policy = notice.prompt.policy
        is_blind = policy.hours is None and policy.max_pings_a_day is None
        return Planned(planned, self._people.mentions(asked, planned.detail[pings.PINGED], blindly=is_blind))

    def _decide(self, notice: Notice, asked: Sequence[Asked]) -> Notice | None:
        prompt, now = notice.prompt, self._now()
        people = list(dict.fromkeys(person for each in asked for person in each.people or ()))
        zones = {person: self._people.zone(person) for person in people} if prompt.policy.hours else {}
        if notice.attempts <= PATIENCE and (None in zones.values() or any(each.people is None for each in asked)):
            raise SlackRejected("Slack does not say whom to remind.")

        def ready(person: str, recent: Sequence[datetime]) -> datetime:
            snoozed = prompt.snoozed.get(person) if notice.kind is NoticeKind.REMINDER else None
            return ready_at(prompt.policy, now, zone=zones.get(person), snoozed_until=snoozed, recent=recent)

        is_for_others = any(each.people is None or each.is_channel for each in asked)
        return pings.plan(self._db, notice, people, ready, now=now, is_for_others=is_for_others)
