"""Checks what another engine reports, as the pauses of flows are checked: nobody is asked what nobody can answer."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from signoff.flows.approval.policy import policy_in
from signoff.flows.engine import InvalidPause, ReportedPause
from signoff.flows.errors import InvalidFlow
from signoff.flows.schema.answerable import no_value
from signoff.flows.schema.json_schema import check_fields
from signoff.flows.schema.parts import kind_of, unwrap
from signoff.flows.schema.patterns import UnreadablePattern, check_patterns
from signoff.flows.schema.schema_validation import schema_fault
from signoff.store.policy import Policy, name_of_function
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import SUPERSEDED
from signoff.store.sentences import faults_of, sentence

_REQUIRED_TEXTS = ("external_run_id", "run_name", "flow", "key", "title")


def checked(pause: ReportedPause) -> ReportedPause:
    """The pause, with its schema and initial values as JSON reads them back.

    Raises:
        InvalidPause: If people cannot be asked this.
    """
    for name in _REQUIRED_TEXTS:
        if not isinstance(text := getattr(pause, name), str) or not text.strip():
            raise InvalidPause(f"The {name} of a pause is {text!r}. Report a text that is not empty.")
    if SUPERSEDED in pause.key:
        raise InvalidPause(f"The key {pause.key!r} contains {SUPERSEDED!r}, which Signoff needs. Report another key.")
    _check_types(pause)
    schema = None if pause.schema is None else _as_json(pause, "schema", pause.schema)
    if schema is not None:
        _check_schema(pause, schema)
    initial_values = _as_json(pause, "initial_values", pause.initial_values)
    if schema is None and initial_values:
        raise InvalidPause(f"{pause.title!r} has initial values but no schema. Report the schema of what is asked.")
    return replace(pause, schema=schema, initial_values=initial_values)


def _check_types(pause: ReportedPause) -> None:
    wanted: tuple[tuple[str, Any, str], ...] = (
        ("description", str, "a text"),
        ("policy", Policy, "a Policy"),
        ("requester", Actor | None, "an Actor or None"),
    )
    for name, type_, words in wanted:
        if not isinstance(value := getattr(pause, name), type_):
            raise InvalidPause(f"The {name} of {pause.title!r} is {type(value).__name__}. Report {words}.")
    for function in pause.policy.functions:
        raise InvalidPause(
            f"The policy of {pause.title!r} has the function {name_of_function(function)} among its approvers, which "
            "needs the parameters of a run of the embedded engine. Report the names of the approvers."
        )
    deadline: Any = pause.deadline
    if deadline is not None and getattr(deadline, "tzinfo", None) is None:
        raise InvalidPause(f"The deadline of {pause.title!r} is {deadline!r}. Report a datetime with a time zone.")


def _as_json(pause: ReportedPause, name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidPause(f"The {name} of {pause.title!r} is {type(value).__name__}. Report a JSON object.")
    try:
        read_back: dict[str, Any] = json.loads(json.dumps(dict(value), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidPause(sentence(f"The {name} of {pause.title!r} is not JSON: {error}")) from None
    return read_back


def _check_schema(pause: ReportedPause, schema: dict[str, Any]) -> None:
    if (fault := schema_fault(schema)) is not None:
        raise InvalidPause(sentence(f"The schema of {pause.title!r} is not a valid JSON Schema: {fault}"))
    if kind_of(unwrap(schema, schema).schema) != "object":
        raise InvalidPause(
            f"The schema of {pause.title!r} is not that of an object, and answers are given by field. Report "
            '{"type": "object", "properties": {"value": …}} with the schema as a property.'
        )
    if (reason := no_value(schema)) is not None:
        raise InvalidPause(sentence(f"Nobody could answer {pause.title!r}, because no value fits its schema: {reason}"))
    try:
        check_fields(schema, "The answer")
        check_patterns(schema)
        policy_in(schema)
    except (InvalidFlow, UnreadablePattern) as error:
        raise InvalidPause(sentence(f"People cannot be asked for {pause.title!r}: {error}")) from None
    except ValidationError as error:
        raise InvalidPause(
            sentence(f"The policy in the schema of {pause.title!r} is invalid: {faults_of(error)}")
        ) from None
