"""Converts rows to records."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from signoff.store.records.actors import DEADLINE, Actor, recorded
from signoff.store.records.approvers import Approver, Reviewers
from signoff.store.records.assignment import UNASSIGNED, Assignment, Delegation
from signoff.store.records.ledger import LedgerLine
from signoff.store.records.prompts import Comment, Delivery, DeliveryState, Earlier, Outcome, Prompt
from signoff.store.records.rulings import Approval, Ruling
from signoff.store.records.runs import FlowRun, RunState, Step
from signoff.store.records.stages import PassedStage
from signoff.store.records.votes import Ballot, Held, Vote
from signoff.store.sql.statements import Statement, param
from signoff.store.tables import deliveries, flow_runs, prompts


def flow_run(row: Any) -> FlowRun:
    """A row of `flow_runs`."""
    return FlowRun(
        id=row.id,
        name=row.name,
        flow=row.flow,
        parameters=row.parameters,
        state=RunState(row.state),
        message=row.message,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        runnable_at=row.runnable_at,
        lease_owner=row.lease_owner,
        fencing_token=row.fencing_token,
        attempt=row.attempt,
        result=row.result,
        error=row.error,
        crashes=row.crashes,
        engine=row.engine,
        external_id=row.external_id,
        requester=requester(row),
        source=row.source,
        fingerprint=row.fingerprint,
        journal_version=row.journal_version,
    )


# The columns that a prompt takes from its run.
_OF_RUN = (
    flow_runs.c.name.label("run_name"),
    flow_runs.c.flow,
    flow_runs.c.engine,
    flow_runs.c.external_id,
    flow_runs.c.requester,
    flow_runs.c.requester_name,
)
_OF_DELIVERY = (
    deliveries.c.state.label("delivery_state"),
    deliveries.c.words.label("delivery_words"),
    deliveries.c.error.label("delivery_error"),
)


def select_prompts() -> Select[Any]:
    """Prompts with the run that each belongs to, as `prompt` reads them."""
    return select(prompts, *_OF_RUN, *_OF_DELIVERY).join_from(prompts, flow_runs).outerjoin(deliveries)


PROMPT_BY_ID = Statement(select_prompts().where(prompts.c.id == param("prompt_id")))


def select_run_of_prompt() -> Select[Any]:
    """The run of a prompt, as `prompt` reads it beside a row of `prompts` alone."""
    return select(flow_runs.c.id, *_OF_RUN).join(prompts, prompts.c.run_id == flow_runs.c.id)


def prompt(row: Any, *, run: Any = None) -> Prompt:
    """A row of `select_prompts`; or one of `prompts` alone, with its run's row of `select_run_of_prompt`."""
    from signoff.store.policy import policy_from_json

    of_run = row if run is None else run
    passed = () if row.stages is None else stages(row.stages)
    return Prompt(
        id=row.id,
        run_id=row.run_id,
        run_name=of_run.run_name,
        flow=of_run.flow,
        key=row.key,
        title=row.title,
        description=row.description,
        schema=row.schema,
        initial_values={**row.initial_values, **passed[-1].values} if passed else row.initial_values,
        values_asked=row.initial_values if passed else None,
        passed=passed,
        stored_policy=policy_from_json(row.policy),
        model=row.model,
        opened_at=row.opened_at,
        deadline=row.deadline,
        due_at=row.due_at,
        reminders_sent=row.reminders_sent,
        schema_hash=row.schema_hash,
        fingerprint=row.fingerprint,
        outcome=None if row.outcome is None else Outcome(row.outcome),
        settled_at=row.settled_at,
        settled_by=None if row.settled_by is None else _settled_by(row),
        answer=row.answer,
        reason=row.reason,
        revision=row.revision,
        requester=requester(of_run),
        engine=of_run.engine,
        external_run_id=of_run.external_id,
        found_approvers=approvers(row.approvers),
        delivery=None if run is not None else _delivery(row),
        earlier=None if row.earlier is None else _earlier(row.earlier),
        votes=votes(row.votes),
        reviewers=_reviewers(row.reviewers),
        ruling=None if row.ruling is None else _ruling(row.ruling),
        repeat_key=row.repeat_key,
        assignment=UNASSIGNED if row.assignment is None else _assignment(row.assignment),
        comments=tuple(map(comment_from_json, row.comments or ())),
        overdue_at=row.overdue_at,
        held=held(row.held),
        escalations=row.escalations,
        snoozed={person: datetime.fromisoformat(until) for person, until in (row.snoozed or {}).items()},
    )


def _delivery(row: Any) -> Delivery | None:
    if row.delivery_state is None:
        return None
    return Delivery(DeliveryState(row.delivery_state), row.delivery_words, row.delivery_error)


def _settled_by(row: Any) -> Actor:
    return recorded(row.settled_by, row.settled_by_name, row.settled_claim)


def _earlier(stored: Mapping[str, Any]) -> Earlier:
    asked = stored.get("question")
    if asked is None:
        return Earlier(stored["prompt_id"])
    by, at = asked["settled_by"], asked["settled_at"]
    question = {
        **asked,
        "outcome": None if asked["outcome"] is None else Outcome(asked["outcome"]),
        "settled_by": None if by is None else Actor(by["id"], by["name"], claim=by["claim"]),
        "settled_at": None if at is None else datetime.fromisoformat(at),
    }
    return Earlier(stored["prompt_id"], question)


def _assignment(stored: Mapping[str, Any]) -> Assignment:
    since = stored.get("since")
    return Assignment(
        assignee=person(stored.get("assignee")),
        since=None if since is None else datetime.fromisoformat(since),
        by=person(stored.get("by")),
        note=stored.get("note", ""),
        delegations=tuple(
            Delegation(Actor(**each["by"]), Actor(**each["to"])) for each in stored.get("delegations", ())
        ),
        passed=tuple(stored.get("passed", ())),
        is_for_all=stored.get("is_for_all", False),
    )


def person(stored: Mapping[str, str] | None) -> Actor | None:
    """What `person_as_json` has written."""
    return None if stored is None else Actor(stored["id"], stored["name"])


def assignment_as_json(assignment: Assignment) -> dict[str, Any] | None:
    """Who has a prompt, as it keeps it; `None` for nobody."""
    stored = {
        "assignee": person_as_json(assignment.assignee),
        "since": None if assignment.since is None else assignment.since.isoformat(),
        "by": person_as_json(assignment.by),
        "note": assignment.note or None,
        "delegations": [
            {"by": person_as_json(each.by), "to": person_as_json(each.to)} for each in assignment.delegations
        ]
        or None,
        "passed": list(assignment.passed) or None,
        "is_for_all": assignment.is_for_all or None,
    }
    return {name: value for name, value in stored.items() if value is not None} or None


def person_as_json(person: Actor | None) -> dict[str, str] | None:
    """A person by id and name, as a row keeps them beside the column of their own."""
    return None if person is None else {"id": person.id, "name": person.name}


def approvers(stored: Sequence[Mapping[str, Any]] | None) -> tuple[Approver, ...]:
    """What Slack has said about the approvers of a prompt, from its column."""
    return tuple(Approver(each["name"], each.get("id"), each.get("fault", "")) for each in stored or ())


def votes(stored: Sequence[Mapping[str, Any]] | None) -> tuple[Vote, ...]:
    """The votes that `votes_as_json` has written."""
    return tuple(
        Vote(
            actor=recorded(each["actor"], each["name"], each.get("claim")),
            verdict=each["verdict"],
            values=each.get("answer"),
            reason=each.get("reason"),
            via=each["via"],
            at=datetime.fromisoformat(each["at"]),
            answer=each.get("answer"),
            counts_for=tuple(each.get("counts_for", ())),
            instead_of=person(each.get("for")),
            stage=each.get("stage", ""),
        )
        for each in stored or ()
    )


def votes_as_json(cast: Sequence[Vote]) -> list[dict[str, Any]]:
    """Votes as a prompt keeps them. What a person sent is in the submissions; here is what the flow would get."""
    stored = (
        {
            "actor": each.actor.id,
            "name": each.actor.name,
            "claim": each.actor.claim or None,
            "verdict": each.verdict,
            "answer": None if each.answer is None else dict(each.answer),
            "reason": each.reason,
            "via": each.via,
            "at": each.at.isoformat(),
            "counts_for": list(each.counts_for) or None,
            "for": person_as_json(each.instead_of),
            "stage": each.stage or None,
        }
        for each in cast
    )
    return [{name: value for name, value in each.items() if value is not None} for each in stored]


def stages(stored: Sequence[Mapping[str, Any]]) -> tuple[PassedStage, ...]:
    """The stages that `stages_as_json` has written."""
    return tuple(
        PassedStage(
            name=each["name"],
            at=datetime.fromisoformat(each["at"]),
            votes=votes(each.get("votes")),
            check=each.get("check", ""),
            values=each.get("values", {}),
        )
        for each in stored
    )


def stages_as_json(passed: Sequence[PassedStage]) -> list[dict[str, Any]] | None:
    """The stages that a prompt has passed, as it keeps them; `None` for none."""
    stored = (
        {
            "name": each.name,
            "at": each.at.isoformat(),
            "votes": votes_as_json(each.votes) or None,
            "check": each.check or None,
            "values": dict(each.values) or None,
        }
        for each in passed
    )
    return [{name: value for name, value in each.items() if value is not None} for each in stored] or None


def held(stored: Mapping[str, Any] | None) -> Held | None:
    """What `held_as_json` has written."""
    if stored is None:
        return None
    (vote,) = votes([stored["vote"]])
    return Held(vote, datetime.fromisoformat(stored["until"]), stored.get("shown"))


def held_as_json(held: Held) -> dict[str, Any]:
    """A decision that is held back, as a prompt keeps it."""
    stored = {"vote": votes_as_json([held.vote])[0], "until": held.until.isoformat(), "shown": held.shown}
    return {name: value for name, value in stored.items() if value is not None}


def ballot(row: Any) -> Ballot:
    """The columns `votes`, `approvers` and `reviewers` of a prompt."""
    return Ballot(votes(row.votes), approvers(row.approvers), _reviewers(row.reviewers))


def _reviewers(stored: Mapping[str, Any] | None) -> Reviewers:
    if stored is None:
        return Reviewers()
    people = stored.get("people")
    return Reviewers(None if people is None else tuple(people), stored.get("requester"), stored.get("fault", ""))


def reviewers_as_json(reviewers: Reviewers) -> dict[str, Any] | None:
    """What is known of reviewers, as a prompt keeps it; `None` for nothing."""
    people = None if reviewers.people is None else list(reviewers.people)
    stored = {"people": people, "requester": reviewers.requester, "fault": reviewers.fault or None}
    return {name: value for name, value in stored.items() if value is not None} or None


def comment_from_json(stored: Mapping[str, Any]) -> Comment:
    """The comment that `comment_as_json` has written."""
    return Comment(
        actor=Actor(stored["actor"], stored["name"], claim=stored.get("claim", "")),
        text=stored["text"],
        at=datetime.fromisoformat(stored["at"]),
        is_reply=stored.get("reply", False),
        stops_until=datetime.fromisoformat(stored["stops_until"]) if "stops_until" in stored else None,
    )


def comment_as_json(comment: Comment) -> dict[str, Any]:
    """A comment as a prompt keeps it."""
    stored = {
        "actor": comment.actor.id,
        "name": comment.actor.name,
        "claim": comment.actor.claim,
        "text": comment.text,
        "at": comment.at.isoformat(),
        "reply": comment.is_reply,
        "stops_until": None if comment.stops_until is None else comment.stops_until.isoformat(),
    }
    return {name: value for name, value in stored.items() if value}


def _ruling(stored: Mapping[str, Any]) -> Ruling:
    return Ruling(
        stored["then"],
        stored.get("rule", ""),
        stored.get("sampled", False),
        stored.get("problem", ""),
        _approval(stored["repeats"]) if "repeats" in stored else None,
    )


def _approval(stored: Mapping[str, Any]) -> Approval:
    by = tuple(Actor(each["id"], each["name"], claim=each.get("claim", "")) for each in stored["by"])
    return Approval(stored["prompt_id"], by, datetime.fromisoformat(stored["at"]))


def ruling_as_json(ruling: Ruling | None) -> dict[str, Any] | None:
    """What a rule, or an earlier approval, has said, as a prompt keeps it."""
    if ruling is None:
        return None
    stored = {
        "rule": ruling.rule,
        "then": ruling.then,
        "sampled": ruling.is_sampled,
        "problem": ruling.problem,
        "repeats": None if ruling.repeats is None else _approval_as_json(ruling.repeats),
    }
    return {name: value for name, value in stored.items() if value}


def _approval_as_json(approval: Approval) -> dict[str, Any]:
    by = [{"id": each.id, "name": each.name, "claim": each.claim} for each in approval.by]
    people = [{name: value for name, value in each.items() if value} for each in by]
    return {"prompt_id": approval.prompt_id, "by": people, "at": approval.at.isoformat()}


def requester(row: Any) -> Actor | None:
    """Who started a run, from its row."""
    return None if row.requester is None else Actor(row.requester, row.requester_name or row.requester)


def step(row: Any) -> Step:
    """A row of `steps`."""
    return Step(
        run_id=row.run_id,
        key=row.key,
        arguments_hash=row.arguments_hash,
        fingerprint=row.fingerprint,
        format=row.format,
        result=row.result,
        started_at=row.started_at,
        finished_at=row.finished_at,
        arguments=row.arguments,
    )


def ledger_line(row: Any) -> LedgerLine:
    """A row of `ledger`."""
    actor, detail = row.actor, row.detail
    if actor is not None and (by := recorded(actor, "")) is DEADLINE:
        actor, detail = by.id, {**detail, "name": by.name, "via": by.id}
    return LedgerLine(
        prompt_id=row.prompt_id,
        at=row.at,
        event=row.event,
        actor=actor,
        detail=detail,
        number=row.number,
        hash=row.hash,
    )
