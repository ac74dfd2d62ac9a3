"""Who may do what with a prompt now, and what they are told if they may not.

`approvers` says what a policy means; here it is asked at the moment of the act, and the ledger notes who may not.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from signoff.flows.approval import assignment, endings, extension
from signoff.flows.approval.approvers import Directory, StatedNames, Unknowable, may_answer, may_see
from signoff.flows.approval.replies import AlreadySettled, NotAdmitted, Outdated, Refused, Unverified
from signoff.flows.approval.stages import may_count, stage_over, taken_part
from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.errors import UnreadablePolicy
from signoff.store.outbox import cards
from signoff.store.policy import Policy
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.outbox import CardPlace
from signoff.store.records.prompts import Prompt
from signoff.store.records.votes import NOTHING_SHOWN, Shown

NO_COMMENTS = "This prompt takes no comments: its policy has comments=off."
"""What whoever comments is told if the policy does not let people comment."""

REQUESTED = "You requested this, so somebody else has to answer."
"""What the requester is told if the policy does not let them answer."""


class Admission:
    """Says who may answer, comment on, extend and read the prompts of one database.

    Every method may raise `store.errors.NoSuchPrompt` and `store.errors.DatabaseUnavailable`.

    Args:
        directory: Knows who people are. Without one, they are known by the names of their `Actor` alone.
    """

    def __init__(
        self, db: Database, directory: Directory | None = None, *, clock: Callable[[], datetime] | None = None
    ) -> None:
        self._db = db
        self._directory = directory or StatedNames()
        self._now = clock or db.now

    def admit(self, prompt_id: str, actor: Actor, *, via: str, shown: Shown = NOTHING_SHOWN) -> Prompt | NotAdmitted:
        """The prompt, if this person may answer it now; otherwise why not.

        How it was settled is told only to those who may see the prompt.

        Args:
            via: The way the person came: `slack`, `cli`, `flow`.
            shown: What they had before them. What was drawn in another stage than the prompt is in is refused.
        """
        return self._admit(prompt_id, actor, via=via, shown=shown)

    def admit_comment(self, prompt_id: str, actor: Actor, *, via: str) -> Prompt | NotAdmitted:
        """The same for a comment: whoever may see a prompt may comment on it, if its policy takes comments."""
        prompt = self._admit(prompt_id, actor, via=via, comments=True)
        if isinstance(prompt, Prompt) and prompt.policy.comments == "off":
            self.note_refusal(prompt, actor, via=via, reason=NO_COMMENTS)
            return Refused(prompt, True, NO_COMMENTS)
        return prompt

    def admit_extension(self, prompt_id: str, actor: Actor, *, via: str) -> Prompt | NotAdmitted:
        """The prompt, if this person may give it more time now; otherwise why not."""
        prompt = self._admit(prompt_id, actor, via=via, comments=True)
        if not isinstance(prompt, Prompt):
            return prompt
        places = cards.places(self._db, [prompt.id])[prompt.id]
        match extension.may_extend(prompt, actor, self._directory, places):
            case Unknowable(reason):
                return Unverified(prompt, reason)
            case False:
                self.note_refusal(prompt, actor, via=via, reason=extension.NOT_ALLOWED)
                return Refused(prompt, True, extension.NOT_ALLOWED)
        return prompt

    def may_fill_in(self, prompt: Prompt, actor: Actor) -> bool | Unknowable:
        """Whether this person may fill in the form of a prompt that is open. That they may not is noted in the ledger.

        Raises:
            UnreadablePolicy: If this version cannot read the policy.
        """
        may = may_answer(prompt, actor, self._directory, cards.places(self._db, [prompt.id])[prompt.id])
        if may is False:
            self.note_refusal(prompt, actor, via="slack")
        return may

    def may_read(self, prompt: Prompt, actor: Actor) -> bool | Unknowable:
        """Whether this person may see a prompt that they have asked for. That they may not is noted in the ledger.

        Raises:
            UnreadablePolicy: If the prompt is open and this version cannot read the policy.
        """
        if prompt.is_open and prompt.policy_fault is not None:
            self._note(prompt, "refused_reading", actor, {"via": "slack", "reason": prompt.policy_fault})
            raise UnreadablePolicy(prompt.policy_fault)
        may = may_see(prompt, actor, self._directory, cards.places(self._db, [prompt.id])[prompt.id])
        if may is False:
            self._note(prompt, "refused_reading", actor, {"via": "slack"})
        elif isinstance(may, Unknowable):
            self._note(prompt, "unverified", actor, {"via": "slack", "reason": may.reason})
        return may

    def visible_to(self, actor: Actor, found: Sequence[Prompt]) -> tuple[list[Prompt], bool]:
        """Those of these prompts that a person may see, and whether that is known of all of them.

        Nobody sees an open prompt whose policy this version cannot read, because it may say who must not.
        """
        return self._those_who(may_see, actor, [each for each in found if not (each.is_open and each.policy_fault)])

    def answerable_by(self, actor: Actor, found: Sequence[Prompt]) -> tuple[list[Prompt], bool]:
        """Those of these prompts that wait for a person, and whether that is known of all of them.

        What they have voted on does not wait for them any more, although they may change their vote.
        """
        waiting = (each for each in found if each.is_open and each.held is None and not each.policy_fault)
        return self._those_who(may_count, actor, [each for each in waiting if not each.ballot.vote_of(actor.id)])

    def _those_who(
        self, may: Callable[..., bool | Unknowable], actor: Actor, found: Sequence[Prompt]
    ) -> tuple[list[Prompt], bool]:
        places = cards.places(self._db, [prompt.id for prompt in found])
        answers = [(prompt, may(prompt, actor, self._directory, places[prompt.id])) for prompt in found]
        return [prompt for prompt, is_so in answers if is_so is True], not any(
            isinstance(is_so, Unknowable) for _, is_so in answers
        )

    def note_refusal(self, prompt: Prompt, actor: Actor, *, via: str, reason: str = "") -> None:
        """Note in the ledger that somebody has tried to answer and may not.

        Args:
            reason: Why not, as a sentence, if it is not because of who they are.
        """
        self._note(prompt, "refused", actor, {"via": via} | ({"reason": reason} if reason else {}))

    def _note(self, prompt: Prompt, event: str, actor: Actor, detail: Mapping[str, Any]) -> None:
        ledger.note(self._db, prompt.id, event, now=self._now(), actor=actor, detail=detail)

    def _admit(
        self, prompt_id: str, actor: Actor, *, via: str, comments: bool = False, shown: Shown = NOTHING_SHOWN
    ) -> Prompt | NotAdmitted:
        prompt, places = prompts.get_with_places(self._db, prompt_id)
        if prompt.is_open and prompt.policy_fault is not None:
            self._note(prompt, "refused", actor, {"via": via, "reason": prompt.policy_fault})
            raise UnreadablePolicy(prompt.policy_fault)
        now = self._now()
        prompt = endings.as_of(self._db, prompt, now=now)
        is_due = prompt.is_open and prompt.held is None and prompt.deadline is not None and prompt.deadline <= now
        if is_due and prompt.policy.ends_at_deadline:
            prompt = endings.time_out(self._db, prompt, now=now).prompt
        if prompt.is_open and not comments and (reason := _refusal_outside_slack(prompt.policy, actor)):
            self.note_refusal(prompt, actor, via=via, reason=reason)
            return Refused(prompt, may_see(prompt, actor, self._directory, places) is True, reason)
        may = may_answer if prompt.is_open and not comments else may_see
        match may(prompt, actor, self._directory, places):
            case Unknowable(reason):
                self._note(prompt, "unverified", actor, {"via": via, "reason": reason})
                return Unverified(prompt, reason)
            case False:
                reason = self._refusal_of_requester(prompt, actor) if prompt.is_open and not comments else ""
                self.note_refusal(prompt, actor, via=via, reason=reason)
                sees = prompt.is_open and may_see(prompt, actor, self._directory, places) is True
                return Refused(prompt, sees, reason)
        if not prompt.is_open:
            self._note(prompt, "too_late", actor, {"via": via})
            return AlreadySettled(prompt)
        if prompt.held is not None and not comments:
            self._note(prompt, "too_late", actor, {"via": via})
            return AlreadySettled(prompt.decided)
        return prompt if comments else self._admit_to_stage(prompt, actor, places, via, shown)

    def _admit_to_stage(
        self, prompt: Prompt, actor: Actor, places: Sequence[CardPlace], via: str, shown: Shown
    ) -> Prompt | Refused | Unverified:
        """The prompt, unless this person counts in an earlier stage already, or was shown another stage."""
        if reason := stage_over(prompt, shown.stage):
            self._note(prompt, "refused", actor, {"via": via, "reason": reason})
            return Outdated(prompt, True, reason)
        match taken_part(prompt, actor, self._directory, places):
            case Unknowable(reason):
                self._note(prompt, "unverified", actor, {"via": via, "reason": reason})
                return Unverified(prompt, reason)
            case "":
                return prompt
            case reason:
                self._note(prompt, "refused", actor, {"via": via, "reason": reason})
                return Refused(prompt, True, reason)

    def _refusal_of_requester(self, prompt: Prompt, actor: Actor) -> str:
        """Why somebody may not answer because they have requested the run; empty if it is not because of that."""
        return REQUESTED if assignment.is_excluded(prompt, actor, self._directory) else ""


def _refusal_outside_slack(policy: Policy, actor: Actor) -> str:
    """Why a policy does not let somebody answer whom nobody has checked; empty if it does, or if Slack knows them."""
    if not actor.claim or policy.identities == "claims":
        return ""
    if policy.identities == "never":
        return "This prompt can only be answered in Slack: its policy has outside_slack=never."
    if not actor.is_another_user:
        return ""
    if policy.outside_slack == "own-name":
        return "You may only answer this prompt as yourself: its policy has outside_slack=own-name."
    rule = "several people have to agree" if policy.takes_votes else "the requester may not answer"
    return f"You may only answer this prompt as yourself, because {rule}."
