"""Records as JSON, for scripts. Times are ISO 8601, in UTC."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click

from signoff.store.records.assignment import Assignment
from signoff.store.records.ledger import LedgerLine
from signoff.store.records.prompts import Prompt
from signoff.store.records.runs import FlowRun, Schedule
from signoff.store.records.votes import Vote


def print_json(value: Any) -> None:
    """Print a value as JSON on stdout."""
    click.echo(json.dumps(value, indent=2))


def run_as_json(run: FlowRun) -> Mapping[str, Any]:
    """A run as `signoff runs` lists it."""
    return {
        "id": run.id,
        "name": run.name,
        "flow": run.flow,
        "state": run.state,
        "created_at": _moment(run.created_at),
        "finished_at": _moment(run.finished_at),
        "result": run.result,
        "error": run.error,
        "message": run.message,
        "engine": run.engine,
        "external_id": run.external_id,
        "requester": None if run.requester is None else run.requester.id,
    }


def schedule_as_json(schedule: Schedule) -> Mapping[str, Any]:
    """A schedule as `signoff schedules` lists it."""
    return {
        "flow": schedule.flow,
        "name": schedule.name,
        "cron": schedule.cron,
        "timezone": schedule.timezone,
        "parameters": schedule.parameters,
        "catch_up": schedule.catch_up,
        "next_at": _moment(schedule.next_at),
    }


def pending_as_json(prompt: Prompt) -> Mapping[str, Any]:
    """An open prompt as `signoff pending` lists it."""
    from signoff.store.policy import policy_as_json
    from signoff.store.rows import ruling_as_json

    return {
        "id": prompt.id,
        "run_id": prompt.run_id,
        "run_name": prompt.run_name,
        "flow": prompt.flow,
        "key": prompt.key,
        "title": prompt.title,
        "description": prompt.description,
        "schema": prompt.schema,
        "initial": prompt.initial_values,
        "policy": policy_as_json(prompt.stored_policy),
        "opened_at": _moment(prompt.opened_at),
        "deadline": _moment(prompt.deadline),
        "requester": None if prompt.requester is None else prompt.requester.id,
        "ruling": ruling_as_json(prompt.ruling),
        "stage": None if prompt.stage is None else prompt.stage.name,
        "assigned_to": _assignment_as_json(prompt.assignment),
        "asked_before": None if prompt.earlier is None else prompt.earlier.prompt_id,
    }


def _assignment_as_json(assignment: Assignment) -> Mapping[str, Any] | None:
    if assignment.assignee is None:
        return None
    return {
        "actor": assignment.assignee.id,
        "name": assignment.assignee.name,
        "since": _moment(assignment.since),
        "by": None if assignment.by is None else assignment.by.id,
        "note": assignment.note,
    }


def prompt_as_json(prompt: Prompt) -> Mapping[str, Any]:
    """A prompt as `signoff show` shows it, open or settled."""
    from signoff.store.rows import comment_as_json

    comments = [comment_as_json(each) for each in prompt.comments]
    return {**pending_as_json(prompt), **settled_as_json(prompt), "comments": comments}


def settled_as_json(prompt: Prompt) -> Mapping[str, Any]:
    """A settled prompt as `signoff answer` reports it."""
    return {
        "id": prompt.id,
        "run_id": prompt.run_id,
        "outcome": prompt.outcome,
        "answer": prompt.answer,
        "reason": prompt.reason,
        "settled_by": None if prompt.settled_by is None else prompt.settled_by.id,
        "claim": None if prompt.settled_by is None else prompt.settled_by.claim or None,
        "settled_at": _moment(prompt.settled_at),
        "votes": [_vote_as_json(vote) for vote in prompt.votes],
        "stages": [
            {
                "name": each.name,
                "at": each.at.isoformat(),
                "check": each.check or None,
                "votes": [_vote_as_json(vote) for vote in each.votes],
            }
            for each in prompt.passed
        ],
    }


def _vote_as_json(vote: Vote) -> Mapping[str, Any]:
    return {
        "actor": vote.actor.id,
        "name": vote.actor.name,
        "claim": vote.actor.claim or None,
        "instead_of": None if vote.instead_of is None else vote.instead_of.id,
        "verdict": vote.verdict,
        "answer": vote.answer,
        "reason": vote.reason,
        "via": vote.via,
        "at": _moment(vote.at),
    }


def ledger_line_as_json(line: LedgerLine) -> Mapping[str, Any]:
    """A line of the ledger as `signoff history` lists it."""
    return {
        "prompt_id": line.prompt_id,
        "number": line.number,
        "at": _moment(line.at),
        "event": line.event,
        "actor": line.actor,
        "detail": line.detail,
        "hash": line.hash,
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
