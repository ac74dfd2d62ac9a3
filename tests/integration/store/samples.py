"""Sample runs and prompts."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update

from signoff.flows.names import new_id
from signoff.store import leases
from signoff.store.database import Database
from signoff.store.outbox import cards, notices
from signoff.store.outbox.waiting import waiting
from signoff.store.policy import Policy
from signoff.store.prompts import votes
from signoff.store.prompts.settle import Settlement
from signoff.store.records.actors import Actor
from signoff.store.records.outbox import Card, Notice
from signoff.store.records.prompts import Prompt
from signoff.store.records.runs import FlowIdentity, FlowRun, RunState
from signoff.store.records.votes import Ballot, Vote
from signoff.store.runs import claims, pauses, reported, runs
from signoff.store.tables import prompts

NOON = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)
ANA = Actor("U1", "Ana")
BEN = Actor("U2", "Ben")


def a_worker(db: Database) -> str:
    """A live worker."""
    worker = new_id()
    leases.register(db, worker, domain="test", pid=1, now=NOON, lease=timedelta(days=1))
    return worker


def a_run(db: Database, *, flow: str = "order", now: datetime = NOON) -> FlowRun:
    """A run that nobody has claimed yet."""
    return runs.create(db, run_id=new_id(), name="brave-otter", flow=flow, parameters={}, now=now)


def claim(db: Database, worker: str, *, now: datetime = NOON, limit: int = 10) -> list[FlowRun]:
    """The runs of `order` that this worker gets."""
    return [claimed.run for claimed in claims.claim(db, claim_request(worker), limit=limit, now=now).claimed]


def claim_request(worker: str, *flows: str) -> claims.ClaimRequest:
    """A request for any run of these flows, or of `order`."""
    return claims.ClaimRequest(worker, tuple(map(FlowIdentity, flows or ("order",))))


def a_claimed_run(db: Database, worker: str | None = None) -> FlowRun:
    """A run that a worker holds."""
    run_id = a_run(db).id
    taken = claim(db, worker or a_worker(db))
    return next(run for run in taken if run.id == run_id)


def asking(run: FlowRun, **changed: Any) -> Prompt:
    """A prompt of this run that is not opened yet."""
    values: Mapping[str, Any] = {
        "id": new_id(),
        "run_id": run.id,
        "run_name": run.name,
        "flow": run.flow,
        "key": "1",
        "title": "Which shirt?",
        "description": "",
        "schema": {"type": "object", "properties": {"size": {"type": "string"}}},
        "initial_values": {},
        "stored_policy": Policy(),
        "model": None,
        "opened_at": NOON,
        "deadline": None,
        "due_at": None,
        "reminders_sent": 0,
    }
    return Prompt(**{**values, **changed})


def an_open_prompt(db: Database, *, held: bool = True, worker: str | None = None, **changed: Any) -> Prompt:
    """A prompt that a run waits for."""
    run = a_claimed_run(db, worker)
    state = RunState.PAUSED if held else RunState.SUSPENDED
    return pauses.open_prompt(db, asking(run, **changed), fencing_token=run.fencing_token, state=state, held=held)


def claim_cards(db: Database, worker: str, *, now: datetime, limit: int = 50) -> list[Card]:
    """Claim cards that are due, at most so many, as a dispatcher does."""
    found = [each.id for each in waiting(db, worker, now=now, limit=limit) if not each.is_notice]
    return cards.claim(db, worker, sorted(found)[:limit], now=now)


def claim_notices(db: Database, worker: str, *, now: datetime, limit: int = 50) -> list[Notice]:
    """Claim notices that are due in the same way."""
    found = [each.id for each in waiting(db, worker, now=now, limit=limit) if each.is_notice]
    return notices.claim(db, worker, sorted(found)[:limit], now=now)


def post_cards(db: Database, now: datetime = NOON) -> None:
    """Post or update every card that is due."""
    for number, card in enumerate(claim_cards(db, a_worker(db), now=now), 1):
        cards.drawn(db, card, channel="C1", ts=card.ts or f"{number}.0", now=now)


def a_prompt_elsewhere(db: Database, **changed: Any) -> Prompt:
    """A prompt that a run of another engine waits for."""
    run = FlowRun(
        id=new_id(),
        name="quick-heron",
        flow="train",
        parameters={},
        state=RunState.PAUSED,
        message="",
        created_at=NOON,
        started_at=None,
        finished_at=None,
        runnable_at=None,
        lease_owner=None,
        fencing_token=0,
        attempt=1,
        result=None,
        error=None,
        crashes=0,
    )
    return reported.open_prompt(db, asking(run, **{"engine": "elsewhere", "external_run_id": "7", **changed}))


def first(ballot: Ballot) -> Vote | None:
    """The first vote decides."""
    return ballot.votes[0] if ballot.votes else None


def settle(
    db: Database, prompt: Prompt, actor: Actor = ANA, answer: Mapping[str, Any] | None = None, now: datetime = NOON
) -> Settlement:
    """Submit an answer."""
    result = votes.cast(db, prompt.id, Vote(actor, "submit", {}, None, "slack", now, answer or {}), decide=first)
    assert isinstance(result, Settlement)
    return result


def store_policy(db: Database, prompt: Prompt, policy: Any) -> None:
    """Write a policy as another version of Signoff would have written it."""
    with db.write() as tx:
        tx.execute(update(prompts).where(prompts.c.id == prompt.id).values(policy=policy))
