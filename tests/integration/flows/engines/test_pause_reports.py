"""What other engines report is checked as the pauses of flows are."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from signoff import Policy, Rule
from signoff.flows.engine import InvalidPause, ReportedPause
from signoff.flows.engines.pause_reports import DatabasePauseReports
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from tests.support.paper_runs import APPROVAL

PAUSE = ReportedPause("7", "quick-heron", "train", "approve", "May it go on?", schema=APPROVAL)


def asking_for(**field: Any) -> dict[str, Any]:
    """A schema with one field."""
    return {"type": "object", "properties": {"it": field}}


IMPOSSIBLE: dict[str, tuple[dict[str, Any], str]] = {
    "no key": ({"key": ""}, "The key of a pause is ''"),
    "no run": ({"external_run_id": None}, "The external_run_id of a pause is None"),
    "a reserved key": ({"key": "a~b"}, "contains '~'"),
    "a secret": ({"schema": asking_for(type="string", format="password")}, "The answer.it is a secret"),
    "a text": ({"schema": {"type": "string"}}, "is not that of an object"),
    "a list of schemas": ({"schema": [APPROVAL]}, "The schema of .* is list. Report a JSON object"),
    "no JSON Schema": ({"schema": asking_for(type="strin")}, "not a valid JSON Schema: at properties/it/type: 'strin'"),
    "a schema that is not JSON": ({"schema": asking_for(default=PAUSE)}, "The schema .* is not JSON"),
    "values that are not JSON": ({"initial_values": {"approved": {1, 2}}}, "The initial_values .* is not JSON"),
    "values that are no number": ({"initial_values": {"approved": float("nan")}}, "The initial_values .* is not JSON"),
    "values without a schema": ({"schema": None, "initial_values": {"a": 1}}, "initial values but no schema"),
    "an impossible element": ({"schema": asking_for(type="integer", element="radio")}, "with the element 'radio'"),
    "no possible value": (
        {"schema": {**asking_for(type="integer", minimum=3, maximum=2), "required": ["it"]}},
        "because no value fits its schema: it: no number is within its bounds",
    ),
    "a slow pattern": ({"schema": asking_for(type="string", pattern="(?=a)")}, "pattern"),
    "a broken policy": ({"schema": {**APPROVAL, "x-signoff-policy": {"quorum": -1}}}, "The policy in the schema"),
    "a policy that contradicts itself": (
        {"policy": Policy(approvers=["U1AAA", "U2AAA"], quorum=3)},
        "The policy on 'May it go on.' is invalid: quorum: 3 people have to agree, and 2 can.",
    ),
    "a rejection that cannot be reached": (
        {"policy": Policy(approvers=["U1AAA"], reject=3)},
        "The policy on 'May it go on.' is invalid: reject: 3 people have to reject it, and 1 can.",
    ),
    "a requester whom nobody can know": (
        {"policy": Policy(requester_may_answer=False), "requester": Actor("svc 7", "svc 7")},
        "requester_may_answer: the requester of this run is 'svc 7'",
    ),
    "a policy as a dict": ({"policy": {"channel": "#a"}}, "The policy .* is dict. Report a Policy"),
    "rules": (
        {"policy": Policy(rules=[Rule(when=lambda _: True, then="approve", note="always")])},
        "The policy on .* is invalid: rules: only flows of Signoff can have them.",
    ),
    "a deadline without a zone": ({"deadline": datetime(2031, 5, 6)}, "with a time zone"),  # noqa: DTZ001
    "nothing to continue with": (
        {"policy": Policy(at_deadline="continue", deadline=60)},
        "would continue with its initial values, but they are not valid: approved: This is required. Report valid ones",
    ),
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("what", IMPOSSIBLE)
def test_what_people_cannot_be_asked_is_refused_when_it_is_reported(db: Database, what: str) -> None:
    """The engine learns what is wrong, instead of a person who opens a form that nobody can submit."""
    changes, message = IMPOSSIBLE[what]
    with pytest.raises(InvalidPause, match=message) as caught:
        DatabasePauseReports(db, "elsewhere", Policy()).paused(replace(PAUSE, **changes))
    assert isinstance(caught.value, ValueError)
    assert prompts.pending(db) == []


def test_a_policy_in_the_schema_holds_where_the_report_leaves_it_open(db: Database) -> None:
    """A model that says who may answer says so on every engine."""
    schema = {**APPROVAL, **Policy(approvers=["@ana"], channel="#schema").in_schema()}
    reports = DatabasePauseReports(db, "elsewhere", Policy(channel="#default", deadline=60))
    reports.paused(replace(PAUSE, schema=schema, policy=Policy(channel="#reported")))
    (asked,) = prompts.pending(db)
    assert (asked.policy.channel, asked.policy.approvers) == ("#reported", ("@ana",))
    assert asked.deadline is not None
