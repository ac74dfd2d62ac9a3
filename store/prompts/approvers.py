"""What Slack has said about the approvers of open prompts. Each function that takes a `Database` is one transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from signoff.store import ledger
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.outbox import cards
from signoff.store.prompts import absences, votes
from signoff.store.prompts.votes import Advance, Decide
from signoff.store.records.approvers import Approver, Reviewers
from signoff.store.records.prompts import Prompt
from signoff.store.records.votes import Ballot
from signoff.store.rows import prompt, reviewers_as_json, select_prompts
from signoff.store.run_locks import LOCK_RUN_OF_PROMPT
from signoff.store.sql.conflicts import transactional
from signoff.store.tables import prompts

_NOTHING_KNOWN = Reviewers()


def due(db: Database, *, now: datetime, limit: int = 100) -> list[Prompt]:
    """Open prompts about whose approvers Slack is to be asked, longest due first."""
    query = select_prompts().where(prompts.c.approvers_due_at <= now, prompts.c.outcome.is_(None))
    with db.read() as reading:
        return [prompt(row) for row in reading.execute(query.order_by(prompts.c.approvers_due_at).limit(limit))]


def next_due_at(db: Database) -> datetime | None:
    """When Slack is next to be asked; `None` if it is not."""
    query = select(func.min(prompts.c.approvers_due_at)).where(prompts.c.approvers_due_at.is_not(None))
    with db.read() as reading:
        found: datetime | None = reading.execute(query).scalar()
    return found


@transactional
def look_again(db: Database, *, now: datetime, assignee: str | None = None) -> None:
    """Have Slack asked about the open prompts for which somebody's coming or leaving may matter: a group has changed,
    or somebody was deactivated, who may have been the last who could answer.

    These are the ones about which it was asked before, or will be.

    Args:
        assignee: Only those that this person has taken on.
    """
    has_names = prompts.c.approvers.is_not(None) | prompts.c.approvers_due_at.is_not(None)
    waiting = prompts.c.outcome.is_(None) & has_names
    if assignee is not None:
        waiting &= prompts.c.assignee == assignee
        # Read first: most people who leave a channel have taken nothing on, and a write would wait for its turn.
        with db.read() as reading:
            if reading.execute(select(prompts.c.id).where(waiting).limit(1)).first() is None:
                return
    with db.write() as tx:
        if tx.execute(update(prompts).where(waiting).values(approvers_due_at=now)).rowcount:
            tx.touch(Topic.PROMPTS)


@transactional
def record(
    db: Database,
    asked: Prompt,
    found: Sequence[Approver],
    *,
    due_at: datetime | None,
    now: datetime,
    since: datetime | None = None,
    reviewers: Reviewers = _NOTHING_KNOWN,
    decide: Decide | None = None,
    advance: Advance | None = None,
    undo: timedelta | None = None,
    direct: Sequence[str] = (),
) -> list[Approver]:
    """Record what Slack has said about the approvers of a prompt, and have its cards say what is wrong with them.

    Cards that were posted before somebody was known are made due, too, so that they mention them.

    Args:
        due_at: When Slack is to be asked again; `None` for never.
        since: When asking began. If it was to be asked again since, what it said may be from before a change.
        reviewers: What follows for those who have to agree.
        decide: Counts the votes again, since fewer may be enough now; `None` if that cannot be.
        advance: Says which stage follows then; `None` if the policy has no stages.
        undo: How long what they decide then is held back; `None` for not at all.
        direct: The ids of people who get a card of their own, unless they have one.

    Returns:
        The approvers of which it is new that nobody can be them, or that somebody can after all. None if the prompt is
        settled, if another process was first, or if Slack has to be asked again at once.
    """
    with db.write() as tx:
        # The run first, as whoever settles the prompt does.
        locked = tx.rows(LOCK_RUN_OF_PROMPT, prompt_id=asked.id)
        # With a stronger lock, whoever holds a card and adds to the ledger would wait for this, and this for the card.
        row = tx.execute(select(prompts).where(prompts.c.id == asked.id).with_for_update(key_share=True)).one()
        if row.outcome is not None or row.revision != asked.revision:
            return []
        if since is not None and row.approvers_due_at is not None and row.approvers_due_at > since:
            return []
        # Only what is wrong changes a card that mentions everybody, and how many are counted. An update is a call to
        # Slack, and most prompts need none.
        is_new = [each.fault for each in found] != [each.fault for each in asked.found_approvers]
        is_new = is_new and any(each.fault for each in (*found, *asked.found_approvers))
        is_new = is_new or (reviewers.fault, reviewers.people) != (asked.reviewers.fault, asked.reviewers.people)
        values = {
            "approvers": [_as_json(each) for each in found],
            "approvers_due_at": due_at,
            "reviewers": reviewers_as_json(reviewers),
        }
        revision = {"revision": prompts.c.revision + 1} if is_new else {}
        tx.execute(update(prompts).where(prompts.c.id == asked.id).values(values | revision))
        if reviewers.fault != asked.reviewers.fault:
            event = "too_few_approvers" if reviewers.fault else "enough_approvers"
            problem = {"problem": reviewers.fault} if reviewers.fault else {}
            ledger.add(tx, asked.id, event, now=now, detail=problem)
        before = {each.name: each.fault for each in asked.found_approvers}
        changed = [each for each in found if each.fault != before.get(each.name, "")]
        for each in changed:
            event, detail = ("approver_missing", {"problem": each.fault}) if each.fault else ("approver_found", {})
            detail |= {"approver": each.name} | ({"id": each.id} if each.id else {})
            ledger.add(tx, asked.id, event, now=now, detail=detail)
        if is_new:
            cards.touch(tx, asked.id, now)
        elif {each.id for each in found} - {each.id for each in asked.found_approvers} - {None}:
            cards.touch_incomplete(tx, asked.id, asked.revision, now)
            # Those who were not known could not be asked in the place of a channel that is archived, for instance.
            cards.touch_refused(tx, asked.id, now)
        if direct:
            cards.send_to(tx, asked.id, direct, now, event="cards_sent")
        known = {each.id for each in asked.found_approvers}
        absences.note_found(tx, asked.id, [each.id for each in found if each.id and each.id not in known], now=now)
        if decide is not None and row.held is None:
            votes.recount(
                tx,
                locked[0],
                asked.id,
                Ballot(asked.votes, tuple(found), reviewers),
                decide=decide,
                advance=advance,
                undo=undo,
                now=now,
            )
    return changed


def _as_json(approver: Approver) -> dict[str, str]:
    stored = {"name": approver.name, "id": approver.id or "", "fault": approver.fault}
    return {key: value for key, value in stored.items() if value}
