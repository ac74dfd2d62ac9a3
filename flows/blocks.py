"""Named values that outlive runs, as in `prefect.blocks.system`."""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Self

from signoff.flows.current_database import current_database
from signoff.flows.database.retry import retry_until_available
from signoff.flows.durable.context import current_run_context
from signoff.flows.errors import FlowsError
from signoff.flows.names import now
from signoff.store import blocks


@dataclass
class JSON:
    """A JSON value that is stored under a name. Two with equal values are equal.

    Example:
        ```python
        JSON(value={"users": 3}).save("latest", overwrite=True)
        JSON.load("latest").value
        ```
    """

    _type: ClassVar[str] = "json"

    value: Any

    def save(self, name: str, *, overwrite: bool = False) -> None:
        """Store the value under a name.

        Raises:
            ValueError: If the name is taken and `overwrite` is not set.
        """
        if not self._save(name, overwrite=overwrite):
            raise ValueError(f"The JSON block {name!r} exists already. Save it with overwrite=True to replace it.")

    def _save(self, name: str, *, overwrite: bool) -> bool:
        context, moment = current_run_context(), now()
        save = partial(blocks.save, type_=self._type, name=name, value=self.value, overwrite=overwrite, now=moment)
        if context is None:
            return save(current_database())
        return context.journal.write(lambda token: save(context.db, run_id=context.run.id, fencing_token=token))

    @classmethod
    def load(cls, name: str) -> Self:
        """The block that is stored under a name.

        Raises:
            FlowsError: If there is none.
        """
        db, context = current_database(), current_run_context()
        found = (
            blocks.load(db, cls._type, name)
            if context is None
            else retry_until_available(lambda: blocks.load(db, cls._type, name))
        )
        if found is None:
            raise FlowsError(f"The JSON block {name!r} does not exist. Save it with JSON(value=…).save({name!r}).")
        return cls(found[0])
