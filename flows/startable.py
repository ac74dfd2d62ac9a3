"""The flows whose runs can be started by somebody who does not have their code: those that live workers run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from signoff.flows.approval.validation import FieldError
from signoff.flows.flow import Flow
from signoff.flows.names import memorable_name, new_id
from signoff.flows.schema.schema_validation import schema_errors
from signoff.store.database import Database
from signoff.store.errors import NoSuchRun
from signoff.store.records.actors import Actor
from signoff.store.records.runs import FlowIdentity, FlowRun
from signoff.store.runs import orphans, runs


@dataclass(frozen=True, slots=True)
class StartableFlow:
    """A flow that a worker runs.

    Attributes:
        schema: The JSON Schema of its parameters.
        code: The flow itself, if it is in this process.
    """

    identity: FlowIdentity
    schema: Mapping[str, Any]
    code: Flow[Any, Any] | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The flow's name."""
        return self.identity.name

    @property
    def takes_parameters(self) -> bool:
        """Whether there is anything to ask for before a run."""
        return bool(self.schema.get("properties"))

    def faults(self, values: Mapping[str, Any]) -> tuple[FieldError, ...]:
        """What is wrong with the parameters of a run, JSON values by name.

        If the flow's code is not in this process, its JSON Schema decides, and the worker checks the rest.
        """
        found = schema_errors(self.schema, values) if self.code is None else self.code.parameters.faults(values)
        return tuple(FieldError(*fault) for fault in found)

    def start(self, db: Database, values: Mapping[str, Any], *, requester: Actor, run_id: str | None = None) -> FlowRun:
        """Create a run, which a worker takes.

        Args:
            values: The parameters, JSON values by name, without faults.
            run_id: The run's id, if it may have been created already. Then that run is returned.

        Raises:
            InvalidParameters: If the flow would get something else than was given.
        """
        if run_id is not None:
            try:
                return runs.get(db, run_id)
            except NoSuchRun:
                pass
        return runs.create(
            db,
            run_id=run_id or new_id(),
            name=memorable_name(),
            flow=self.identity,
            parameters=dict(values) if self.code is None else self.code.parameters.recordable(values),
            requester=requester,
            now=db.now(),
        )


class StartableFlows:
    """Finds them in the database, where workers register.

    Args:
        flows: The flows in this process.
    """

    def __init__(self, db: Database, flows: Iterable[Flow[Any, Any]] = ()) -> None:
        self._db = db
        self._in_process = {flow.name: flow for flow in flows}

    def all(self) -> list[StartableFlow]:
        """Those that live workers run now, by name."""
        found = orphans.askable_flows(self._db, now=self._db.now())
        return [StartableFlow(*found[name], self._code_of(found[name][0])) for name in sorted(found)]

    def named(self, name: str) -> StartableFlow | None:
        """The flow with this name, whose capitals do not matter; `None` if no worker runs it."""
        flows = self.all()
        wanted = name.casefold()
        exact = next((each for each in flows if each.name == name), None)
        return exact or next((each for each in flows if each.name.casefold() == wanted), None)

    def _code_of(self, identity: FlowIdentity) -> Flow[Any, Any] | None:
        flow = self._in_process.get(identity.name)
        return flow if flow is not None and flow.identity.is_same(identity) else None
