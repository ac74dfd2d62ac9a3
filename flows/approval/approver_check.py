"""Finds out who the approvers of a new prompt are, and says at once which of them do not exist.

The check runs in the background, so a prompt opens and its card is posted whether Slack answers or not. What is found
is recorded with the prompt: from then on an approver is that person, whoever takes over the handle. Somebody who gets
an address that was nobody's, or a group that gets people, is an approver once that is recorded too.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from signoff.flows.approval import assignment, rotation
from signoff.flows.approval.acts import Progress, next_due_at
from signoff.flows.approval.approvers import Directory, NameKind, Person, Unknowable, may_answer
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.due_check import DueCheck
from signoff.flows.approval.names import spelling_fault
from signoff.flows.approval.quorum import can_represent, decide, number_of, rejections_needed
from signoff.flows.approval.stages import next_stage
from signoff.flows.schema.slack_ids import is_user_id
from signoff.flows.services.foreground import foreground
from signoff.store.database import Database
from signoff.store.errors import UnreadablePolicy
from signoff.store.outbox import cards
from signoff.store.policy import MAX_DIRECT
from signoff.store.prompts import approvers, escalations
from signoff.store.records.approvers import Approver, Reviewers
from signoff.store.records.prompts import Prompt

logger = logging.getLogger(__name__)

MIN_RETRY = timedelta(seconds=2)
"""When the directory is asked again after it could not say who somebody is. Older prompts wait longer."""

MAX_RETRY = timedelta(minutes=5)
"""The longest that they wait."""

RECHECK = timedelta(hours=1)
"""When it is asked again about an approver that nobody could be, such as a group without people."""

_MAX_TOLD = 5
_ONLY_REQUESTER = "Nobody can answer this: the requester is the only approver, and may not."


class ApproverCheck(DueCheck):
    """Asks a directory about the approvers of prompts. Usable as a context manager."""

    def __init__(self, db: Database, directory: Directory, *, clock: Callable[[], datetime] | None = None) -> None:
        super().__init__(db, failure="Could not check the approvers of prompts", clock=clock)
        self._directory = directory
        self._desk = Desk(db, directory, clock=clock)

    def do_due(self) -> int:
        """Ask about the approvers of each prompt that is due. Returns the number of prompts."""
        found = approvers.due(self._db, now=self._now())
        for prompt in found:
            foreground.let_pass()
            # One that is released has changed, and is due again because of that.
            if not self._has_lost_its_assignee(prompt):
                self._check(prompt)
                self._assign(prompt)
        self._next_due_at = approvers.next_due_at(self._db)
        return len(found)

    def _check(self, prompt: Prompt) -> None:
        since = self._now()
        try:
            found_by_name = {each.name: self._find(each, prompt) for each in prompt.approvers_to_come}
            # Those of escalations that have not come yet are looked up, and not counted.
            answers = [found_by_name[each.name] for each in prompt.approvers]
            reviewers = self._reviewers(prompt, answers)
        except UnreadablePolicy:
            # Another version can; and this one may be that version by then.
            approvers.record(self._db, prompt, (), due_at=self._now() + RECHECK, now=self._now())
            return
        found = tuple(each for each in found_by_name.values() if isinstance(each, Approver))
        unknown = len(found) < len(found_by_name)
        moment = self._now()
        is_held = prompt.assignment.assignee is not None
        again = RECHECK if is_held or any(_may_change(each) for each in found) else None
        if isinstance(reviewers, Unknowable):
            unknown, reviewers = True, replace(prompt.reviewers, people=None)
        elif reviewers.people is not None or reviewers.fault:
            # Somebody may join a group, or leave it.
            again = RECHECK
        if unknown or rotation.is_unassigned(prompt):
            again = min(max((moment - prompt.opened_at) / 4, MIN_RETRY), MAX_RETRY)
        nobody = "" if unknown or not answers else _nobody_left(_counted(prompt, found), reviewers)
        gives_up = bool(nobody) and prompt.policy.if_nobody != "wait"
        # If this process dies before it has ended the prompt, the next one looks again.
        due_at = moment + MIN_RETRY if gives_up else None if again is None else moment + again
        changed = approvers.record(
            self._db,
            prompt,
            found,
            due_at=due_at,
            now=moment,
            since=since,
            reviewers=reviewers,
            decide=partial(decide, prompt),
            advance=next_stage if prompt.stages else None,
            undo=prompt.policy.undo,
            direct=self._to_tell(prompt, answers, reviewers),
        )
        if reviewers.fault and reviewers.fault != prompt.reviewers.fault:
            logger.error("%s: %s", prompt.label, reviewers.fault)
        for each in changed:
            if each.fault:
                logger.warning("%s asks %s, who cannot answer. %s", prompt.label, each.name, each.fault)
            else:
                logger.info("%s asks %s, who can answer now: it is %s.", prompt.label, each.name, each.id)
        if gives_up:
            self._escalate_or_end(prompt, nobody)
        elif nobody and (changed or reviewers.fault != prompt.reviewers.fault):
            logger.error("Nobody can answer %s, so it waits for its deadline.", prompt.label)

    def _escalate_or_end(self, prompt: Prompt, nobody: str) -> None:
        """Have others asked, if the policy says so and has any left. What comes of them is found out at the next look.

        Args:
            nobody: Why none of those who were asked so far can answer.
        """
        number = prompt.escalations + 1
        if prompt.policy.if_nobody != "escalate" or number > len(prompt.policy.escalations):
            self._desk.give_up(prompt, nobody)
            return
        due_at = next_due_at(replace(Progress.of(prompt), escalations=number))
        if escalations.escalate(self._db, prompt, number=number, due_at=due_at, now=self._now()):
            whom = ", ".join(prompt.policy.escalations[number - 1].to)
            logger.warning("%s was escalated to %s, because nobody else can answer it. %s", prompt.label, whom, nobody)

    def _has_lost_its_assignee(self, prompt: Prompt) -> bool:
        """Whether the person who has the prompt may not answer it any more, so that nobody has it now."""
        assignee = prompt.assignment.assignee
        if assignee is None or prompt.policy_fault is not None:
            return False
        places = cards.places(self._db, [prompt.id])[prompt.id]
        if may_answer(prompt, assignee, self._directory, places) is not False:
            return False
        if assignment.release_absent(self._db, prompt, now=self._now()):
            logger.info("%s had %s, who may not answer any more", assignee.name, prompt.label)
        return True

    def _assign(self, prompt: Prompt) -> None:
        """Assign it to one person, if its policy says so."""
        if not rotation.is_unassigned(prompt):
            return
        chosen = rotation.assign(self._db, self._directory, prompt.id, now=self._now())
        if chosen is not None:
            logger.info("%s is assigned to %s (%s)", prompt.label, chosen.name, chosen.id)

    def _reviewers(self, prompt: Prompt, answers: Sequence[Approver | Unknowable]) -> Reviewers | Unknowable:
        """Who has to agree, if that has to be known: how many people there are, and who the requester is.

        It is unknowable as long as anything that it depends on is.
        """
        policy = prompt.policy
        if policy.requester_may_answer and not policy.takes_votes:
            return Reviewers()
        requester = self._requester(prompt)
        if isinstance(requester, Unknowable):
            return requester
        people: dict[str, list[str]] = {}
        for approver in answers:
            members = self._people(approver)
            if isinstance(members, Unknowable):
                return members
            for person in sorted(members - {requester.requester}):
                people.setdefault(person, []).append(approver.name if isinstance(approver, Approver) else "")
        fault = requester.fault or (_shortage(prompt, people) if policy.named else "")
        return replace(requester, people=tuple(people) if policy.counts_people else None, fault=fault)

    def _to_tell(self, prompt: Prompt, answers: Sequence[Approver | Unknowable], reviewers: Reviewers) -> list[str]:
        """The ids of those who get a card of their own: people who are named before members of groups."""
        policy = prompt.policy
        if policy.notify == "channel":
            return []
        own = {reviewers.requester, prompt.requester and prompt.requester.id}
        without = set[str | None]() if policy.requester_may_answer else own
        found: dict[str, None] = {}
        for approver in sorted(
            (each for each in answers if isinstance(each, Approver) and each.name not in policy.quiet),
            key=lambda each: not is_user_id(each.id),
        ):
            members = self._people(approver)
            for person in sorted(members) if isinstance(members, frozenset) else ():
                # Apps may be members of a channel.
                is_anybody = is_user_id(approver.id) or isinstance(self._directory.person(person), Person)
                if person not in without and person not in found and is_anybody:
                    if len(found) == MAX_DIRECT:
                        logger.warning("%s is sent to %d people directly, and to no others.", prompt.label, MAX_DIRECT)
                        return list(found)
                    found[person] = None
        return list(found)

    def _requester(self, prompt: Prompt) -> Reviewers | Unknowable:
        """The requester's id in Slack, if the requester may not answer; or why nobody can know who that is."""
        requester = prompt.requester
        if requester is None or prompt.policy.requester_may_answer:
            return Reviewers()
        if known := prompt.reviewers.requester or (requester.id if is_user_id(requester.id) else None):
            return Reviewers(requester=known)
        if prompt.reviewers.fault and NameKind.of(requester.id) is NameKind.HANDLE:
            # Whoever takes the handle after the prompt opened is not the one who was meant.
            return Reviewers(fault=prompt.reviewers.fault)
        found = self._find(Approver(requester.id), prompt)
        if isinstance(found, Unknowable):
            return found
        if is_user_id(found.id):
            return Reviewers(requester=found.id)
        # With a wrong guess, the requester could answer after all.
        problem = found.fault or "This is not the name of a person."
        return Reviewers(
            fault=f"The requester may not answer, and who in Slack is {requester.id} is not known. {problem} Cancel "
            "the run, and start it again with a requester who is in Slack."
        )

    def _people(self, approver: Approver | Unknowable) -> frozenset[str] | Unknowable:
        """The ids of the people whom an approver stands for."""
        if isinstance(approver, Unknowable):
            return approver
        if approver.fault or approver.id is None:
            return frozenset()
        if is_user_id(approver.id):
            # Somebody who was found may have been deactivated since.
            return frozenset() if self._directory.person(approver.id) is None else frozenset({approver.id})
        members = self._directory.members_of(approver.id)
        return frozenset() if members is None else members

    def _find(self, approver: Approver, prompt: Prompt) -> Approver | Unknowable:
        """What is known of an approver. Who was found once stays the same person, who may be deactivated since."""
        if approver.id is not None:
            # By the id: the handle may be somebody else's by now.
            now = self._directory.find(approver.id)
            return approver if isinstance(now, Unknowable) else replace(now, name=approver.name, id=approver.id)
        if approver.fault and not _may_change(approver):
            return approver
        # A handle that nobody has is settled for good, so somebody who joined just before the prompt opened must count.
        found = self._directory.find(approver.name, max_age=(self._now() - prompt.opened_at).total_seconds())
        return approver if isinstance(found, Unknowable) and approver.fault else found


def _shortage(prompt: Prompt, people: Mapping[str, Sequence[str]]) -> str:
    """Why fewer people than have to agree, or to reject it, can answer, as a sentence; empty if enough can.

    Args:
        people: By their ids, those who may answer, and the approvers as which they may.
    """
    policy = prompt.policy
    if policy.each_of:
        together = can_represent(policy.each_of, people.values(), distinct=policy.distinct)
        if together < len(policy.each_of):
            names = ", ".join(policy.each_of)
            return f"Not each of {names} can be represented by a different person who may answer."
    needed = number_of(policy, len(people)) or 1
    against = rejections_needed(policy)
    if len(people) >= max(needed, against):
        return ""
    if not people and not policy.requester_may_answer and any(not each.fault for each in prompt.approvers):
        return _ONLY_REQUESTER
    can = "nobody" if not people else "only 1 person" if len(people) == 1 else f"only {len(people)} people"
    if len(people) >= needed:
        return f"{against} people have to reject this to end it, and {can} can answer."
    return f"{needed} {'person has' if needed == 1 else 'people have'} to agree, and {can} can answer."


def _counted(prompt: Prompt, found: Sequence[Approver]) -> Sequence[Approver]:
    """Those of whom one has to be able to answer: with escalations to come theirs too, unless they would be asked now
    instead.
    """
    now = {each.name for each in prompt.approvers}
    return [each for each in found if each.name in now] if prompt.policy.if_nobody == "escalate" else found


def _nobody_left(approvers: Sequence[Approver], reviewers: Reviewers) -> str:
    """Why none of the approvers can answer, as sentences; empty if one can.

    Args:
        approvers: All that the policy names, as Slack has described them.
        reviewers: What follows from that for those who have to agree.
    """
    if all(each.fault for each in approvers):
        told = [f"{each.name}: {each.fault}" for each in approvers[:_MAX_TOLD]]
        others = len(approvers) - len(told)
        return " ".join([*told, f"The same goes for {others} more."] if others else told)
    return _ONLY_REQUESTER if reviewers.fault == _ONLY_REQUESTER else ""


def _may_change(approver: Approver) -> bool:
    """Whether an approver that does not exist may come to exist.

    A handle may not: whoever takes it after the prompt opened is not the one who was meant. An address may, because
    Slack makes sure that whoever has it can read its mail.
    """
    is_handle = NameKind.of(approver.name) is NameKind.HANDLE and approver.id is None
    return bool(approver.fault) and not is_handle and not spelling_fault(approver.name)
