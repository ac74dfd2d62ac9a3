"""Who is away, on both databases: which prompts it affects, and what ends it."""

from datetime import timedelta
from functools import partial

from sqlalchemy import update

from signoff import Policy
from signoff.flows.approval.absences import AbsenceCheck
from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.prompts import absences
from signoff.store.records.absence import Absence
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt
from signoff.store.tables import prompts as table
from tests.integration.flows.approval.test_votes import at_once
from tests.integration.store.samples import an_open_prompt

ANA, BEN = Actor("U1ANA", "Ana Ruiz"), Actor("U2BEN", "Ben Okafor")
DAY = timedelta(days=1)


def asking_for(db: Database, *ids: str) -> Prompt:
    """An open prompt whose approvers Slack knows by these ids."""
    prompt = an_open_prompt(db, stored_policy=Policy(approvers=("@somebody",)), opened_at=db.now())
    found = [{"name": "@somebody", "id": each} for each in ids]
    with db.write() as tx:
        tx.execute(update(table).where(table.c.id == prompt.id).values(approvers=found))
    return prompt


def events(db: Database, prompt: Prompt) -> list[str]:
    return [line.event for line in ledger.lines(db, prompt.id) if line.event in ("away", "back")]


def test_an_absence_affects_the_prompts_that_ask_for_the_person(db: Database) -> None:
    """And no others, not even those of somebody whose id begins like theirs."""
    hers, others = asking_for(db, "U9", ANA.id), asking_for(db, f"{ANA.id}9")
    now = db.now()
    assert absences.begin(db, Absence(ANA, now + DAY, BEN), now=now) == 1
    assert absences.current(db, now=now) == [Absence(ANA, now + DAY, BEN)]
    assert absences.current(db, now=now + DAY) == []
    assert absences.end(db, ANA.id, now=now) == Absence(ANA, now + DAY, BEN)
    assert absences.end(db, ANA.id, now=now) is None
    assert (events(db, hers), events(db, others)) == (["away", "back"], [])


def test_what_is_said_last_counts(db: Database) -> None:
    """An absence that was to end earlier does not end the later one."""
    prompt, now = asking_for(db, ANA.id), db.now()
    absences.begin(db, Absence(ANA, now + DAY), now=now)
    absences.begin(db, Absence(ANA, now + 3 * DAY, BEN), now=now)
    assert absences.end(db, ANA.id, now=now + DAY, until=now + DAY) is None
    assert AbsenceCheck(db, clock=lambda: now + 2 * DAY).do_due() == 0
    assert absences.next_end(db) == now + 3 * DAY
    assert AbsenceCheck(db, clock=lambda: now + 3 * DAY).do_due() == 1
    assert absences.next_end(db) is None
    assert events(db, prompt) == ["away", "away", "back"]


def test_somebody_who_says_it_twice_at_once_is_away_once(db: Database) -> None:
    """As when an impatient person presses Enter again, or two bots get the command."""
    now = db.now()
    at_once([partial(absences.begin, db, Absence(ANA, now + DAY, BEN), now=now)] * 4)
    assert absences.current(db, now=now) == [Absence(ANA, now + DAY, BEN)]
