"""Comments: what people say about an open prompt without deciding. They are kept with the prompt, for its cards."""

from collections.abc import Callable, Collection

from sqlalchemy import update

from signoff.store import ledger
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.outbox import cards, notices
from signoff.store.places import Place, PlaceKind
from signoff.store.prompts.prompts import lock
from signoff.store.records.outbox import NoticeKind
from signoff.store.records.prompts import Comment, Prompt
from signoff.store.rows import comment_as_json
from signoff.store.sql.conflicts import transactional
from signoff.store.tables import prompts

Change = Callable[[Prompt], Prompt]
"""Adds a comment to a prompt that is open: with it, and with the deadline and the next act that follow from it."""


@transactional
def add(db: Database, prompt_id: str, comment: Comment, *, via: str, change: Change, told: Collection[str]) -> Prompt:
    """Add a comment to a prompt, unless it is settled. The cards show it, and a message goes to each of those told.

    Args:
        via: How it came: `slack`.
        told: The Slack user ids of people who are written to directly.

    Returns:
        The prompt with the comment; as it was settled, if it was.

    Raises:
        NoSuchPrompt: If there is no such prompt.
    """
    with db.write() as tx:
        found = lock(tx, prompt_id)
        if not found.is_open:
            return found
        changed = change(found)
        added = changed.comments[-1]
        values = {
            "comments": [comment_as_json(each) for each in changed.comments],
            "deadline": changed.deadline,
            "due_at": changed.due_at,
            "revision": prompts.c.revision + 1,
        }
        tx.execute(update(prompts).where(prompts.c.id == prompt_id).values(values))
        detail = {
            "via": via,
            "text": comment.text,
            "reply": comment.is_reply or None,
            "stops_clock_until": None if added.stops_until is None else added.stops_until.isoformat(),
            "deadline": None if changed.deadline in (None, found.deadline) else changed.deadline.isoformat(),
        }
        noted = {name: value for name, value in detail.items() if value is not None}
        ledger.add(tx, prompt_id, "commented", now=comment.at, actor=comment.actor, detail=noted)
        for place in (None, *(Place(PlaceKind.PERSON, person) for person in told)):
            notices.add(
                tx, prompt_id, kind=NoticeKind.COMMENT, detail=comment_as_json(added), now=comment.at, place=place
            )
        cards.touch(tx, prompt_id, comment.at)
        tx.touch(Topic.PROMPTS)
        return changed
