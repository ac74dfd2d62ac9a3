"""Casts a vote: who the voter is, for whom the vote counts, and what follows from it.

`quorum` says what the votes mean, and `stages` which stage follows. A prompt that takes one answer is settled by the
first vote.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from signoff.flows.approval.approvers import Directory, Unknowable, goes_by, in_place_of, represented_by
from signoff.flows.approval.decision_log import log_vote
from signoff.flows.approval.quorum import decide
from signoff.flows.approval.replies import AlreadySettled, Counted, Outdated, Reply, Settled, Unverified
from signoff.flows.approval.stages import STAGE_OVER, next_stage
from signoff.flows.schema.slack_ids import is_user_id
from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.outbox import cards
from signoff.store.prompts import prompts, votes
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt
from signoff.store.records.votes import Vote


class BallotBox:
    """Takes the votes of people who are admitted to the prompts of one database.

    Args:
        now: The time, for the ledger.
    """

    def __init__(self, db: Database, directory: Directory, now: Callable[[], datetime]) -> None:
        self._db = db
        self._directory = directory
        self._now = now

    def cast(self, prompt: Prompt, vote: Vote) -> Reply:
        """Count the vote of somebody who is admitted, and settle the prompt if nothing else is needed."""
        if prompt.policy.may_delegate:
            places = cards.places(self._db, [prompt.id])[prompt.id]
            match in_place_of(prompt, vote.actor, self._directory, places):
                case Unknowable(reason):
                    return self._unverified(prompt, vote, reason)
                case principal:
                    vote = replace(vote, instead_of=principal)
        return self._count(prompt, vote if prompt.stage is None else replace(vote, stage=prompt.stage.name))

    def _count(self, prompt: Prompt, vote: Vote) -> Reply:
        known = None
        stage, advance = len(prompt.passed), next_stage if prompt.stages else None
        while True:
            if prompt.policy.takes_votes:
                named = self._as_voter(prompt, vote)
                if isinstance(named, Unverified):
                    return named
                vote, known = named, {each.actor.id for each in prompt.votes}
            try:
                result = votes.cast(
                    self._db,
                    prompt.id,
                    vote,
                    decide=partial(decide, prompt),
                    known=known,
                    stage=stage,
                    advance=advance,
                    undo=prompt.policy.undo,
                )
            except votes.StageOver:
                reason = STAGE_OVER.format(vote.stage)
                self._note(prompt, "refused", vote, reason)
                return Outdated(prompts.get(self._db, prompt.id), True, reason)
            except votes.OtherVoters:
                prompt = prompts.get(self._db, prompt.id)
                continue
            if isinstance(result, votes.Counted):
                log_vote(vote, result.prompt, "; more votes are needed")
                return Counted(result.prompt, vote)
            if not result.won:
                return AlreadySettled(result.prompt.decided)
            log_vote(vote, result.prompt, "" if result.prompt.held is None else "; this can still be undone")
            return Settled(result.prompt.decided)

    def _as_voter(self, prompt: Prompt, vote: Vote) -> Vote | Unverified:
        """The vote under the id that this person has voted with before, and with whom they stand for.

        People are the same if they have the same id in Slack. Of those who vote by another name, outside of Slack, it
        has to be known whether they are one of the voters: nobody counts twice.
        """
        own, actor = prompt.ballot.person(vote.actor.id), vote.actor
        for each in prompt.votes:
            other = prompt.ballot.person(each.actor.id)
            if own == other or (is_user_id(own) and is_user_id(other)):
                continue
            match self._directory.is_person(actor, each.actor.id):
                case Unknowable(reason):
                    return self._unverified(
                        prompt, vote, f"{each.actor.name} has voted, and that may be the same person. {reason}"
                    )
                case True:
                    vote = replace(vote, actor=replace(actor, id=each.actor.id))
        match represented_by(prompt, vote.instead_of or actor, self._directory):
            case Unknowable(reason):
                return self._unverified(prompt, vote, reason)
            case entries:
                return replace(vote, counts_for=entries)

    def _unverified(self, prompt: Prompt, vote: Vote, reason: str) -> Unverified:
        self._note(prompt, "unverified", vote, reason)
        return Unverified(prompt, reason)

    def _note(self, prompt: Prompt, event: str, vote: Vote, reason: str) -> None:
        detail = {"via": vote.via, "reason": reason}
        ledger.note(self._db, prompt.id, event, now=self._now(), actor=vote.actor, detail=detail)


def as_approver(actor: Actor, prompt: Prompt) -> Actor:
    """The actor under the id that Slack has for the approver who they claim to be.

    So a flow sees one person, whether they have answered in Slack or on the command line.
    """
    for approver in prompt.approvers if actor.claim else ():
        if is_user_id(approver.id) and goes_by((actor.id, *actor.aliases), approver.name):
            return replace(actor, id=str(approver.id))
    return actor
