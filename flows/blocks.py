"""Named values that outlive runs, as Prefect's blocks."""

from typing import Any, Self

from flows.errors import FlowsError
from flows.names import now
from flows.record import current_database
from store import blocks


class JSON:
    """A JSON value under a name.

    Example:
        ```python
        JSON(value={"users": 3}).save("latest", overwrite=True)
        JSON.load("latest").value
        ```
    """

    _type = "json"

    def __init__(self, value: Any) -> None:
        self.value = value

    def save(self, name: str, *, overwrite: bool = False) -> None:
        """Keep the value under `name`.

        Raises:
            ValueError: If the name is taken and `overwrite` is not set.
        """
        if not blocks.save(current_database(), self._type, name, self.value, overwrite=overwrite, now=now()):
            raise ValueError(f"A JSON block {name!r} exists. Save it with overwrite=True to replace it.")

    @classmethod
    def load(cls, name: str) -> Self:
        """The value under `name`.

        Raises:
            FlowsError: If there is none.
        """
        found = blocks.load(current_database(), cls._type, name)
        if found is None:
            raise FlowsError(f"There is no JSON block {name!r}. Save one with JSON(value=…).save({name!r}).")
        return cls(found[0])
