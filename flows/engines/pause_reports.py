"""What another engine reports goes into the database here, as prompts that people are asked."""

import logging
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from functools import partial

from signoff.flows.approval.at_deadline import fault_of
from signoff.flows.approval.decision_log import log_automatic
from signoff.flows.approval.defaults import DefaultPolicies
from signoff.flows.approval.escalation import escalates_too_late
from signoff.flows.approval.policy import conflict, deadline_of, merged, next_due_at, policy_in
from signoff.flows.approval.repeats import count_again, repeat_key
from signoff.flows.approval.stages import entered
from signoff.flows.code.digest import digest
from signoff.flows.engine import InvalidPause, ReportedPause
from signoff.flows.engines.pause_checks import checked
from signoff.flows.names import new_id
from signoff.flows.services.foreground import foreground
from signoff.store.database import Database
from signoff.store.policy import Policy
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt
from signoff.store.records.runs import RunState
from signoff.store.redaction import redacted
from signoff.store.runs import reported

logger = logging.getLogger(__name__)


class DatabasePauseReports:
    """Implements `signoff.flows.engine.PauseReports` for one engine.

    Args:
        engine: The engine's name.
        defaults: The policies that fill what a reported one leaves open.
    """

    def __init__(self, db: Database, engine: str, defaults: DefaultPolicies | Policy) -> None:
        self._db = db
        self._engine = engine
        self._defaults = DefaultPolicies.of_all(defaults)

    def paused(self, pause: ReportedPause) -> str:
        """Open the prompt of a pause, unless it is open or was answered; its id.

        Raises:
            InvalidPause: If people cannot be asked this.
            store.errors.DatabaseUnavailable: If the database is away.
        """
        foreground.let_pass()
        asked = self._asked(checked(pause))
        fix = f"Report valid ones, or leave at_deadline={asked.policy.at_deadline!r} out of the policy."
        if fault := fault_of(asked, fix):
            raise InvalidPause(fault)
        asked = replace(asked, repeat_key=repeat_key(asked, source=self._engine))
        opened = reported.open_prompt(self._db, asked, count_again=partial(count_again, asked))
        if opened.id == asked.id:
            log_automatic(opened)
        return opened.id

    def ended(self, external_run_id: str, reason: str, state: RunState | None = None) -> None:
        """Cancel what a run asks, without telling the engine.

        Raises:
            store.errors.DatabaseUnavailable: If the database is away.
        """
        engine = Actor(self._engine, self._engine)
        reported.end(
            self._db,
            self._engine,
            external_run_id,
            state=state,
            reason=redacted(reason),
            actor=engine,
            now=self._db.now(),
        )

    def waiting(self) -> Collection[str]:
        """The external ids of the runs that wait for an answer.

        Raises:
            store.errors.DatabaseUnavailable: If the database is away.
        """
        return {run.external_id for run in reported.waiting(self._db, self._engine) if run.external_id is not None}

    def _asked(self, pause: ReportedPause) -> Prompt:
        opened_at = self._db.now()
        policy = merged(pause.policy, merged(policy_in(pause.schema or {}), self._defaults.of(pause.flow)))
        if policy.stages and pause.deadline is not None:
            left = max(pause.deadline - opened_at, timedelta(milliseconds=1))
            policy = policy.model_copy(update={"deadline": min(left, policy.deadline or left)})
        # Both deadlines are real: the engine stops waiting at its own, whatever the policy says.
        if fault := conflict(policy, pause.requester):
            raise InvalidPause(f"The policy on {pause.title!r} is invalid: {fault}.")
        if policy.rules:
            raise InvalidPause(f"The policy on {pause.title!r} is invalid: rules: only flows of Signoff can have them.")
        deadlines = [moment for moment in (deadline_of(policy, opened_at, None), pause.deadline) if moment is not None]
        deadline = min(deadlines, default=None)
        if fault := escalates_too_late(policy, None if deadline is None else deadline - opened_at):
            raise InvalidPause(f"The policy on {pause.title!r} is invalid: {fault}.")
        prompt = Prompt(
            id=new_id(),
            run_id=new_id(),
            run_name=pause.run_name,
            flow=pause.flow,
            key=pause.key,
            title=pause.title,
            description=pause.description,
            schema=pause.schema,
            initial_values=pause.initial_values,
            stored_policy=policy,
            model=None,
            opened_at=opened_at,
            deadline=deadline,
            due_at=next_due_at(policy, opened_at, reminders_sent=0, deadline=deadline),
            reminders_sent=0,
            schema_hash=digest([pause.title, pause.description, pause.schema]),
            requester=pause.requester,
            engine=self._engine,
            external_run_id=pause.external_run_id,
        )
        return entered(prompt, opened_at) if policy.stages else prompt
