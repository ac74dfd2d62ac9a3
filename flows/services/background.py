"""What services that run in the background have in common: how they start and stop."""

from abc import ABC, abstractmethod
from typing import Self


class BackgroundService(ABC):
    """Runs from `start` to `stop`, or for as long as a `with` block lasts."""

    @abstractmethod
    def start(self) -> None:
        """Start working."""

    @abstractmethod
    def stop(self) -> None:
        """Finish what is in progress, then stop."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
