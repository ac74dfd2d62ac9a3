"""Which modals are open, so that they can show how their prompt was settled."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

MAX_VIEWS = 1000
"""How many modals are remembered. A person with a forgotten one is told when they submit it."""


_WHO = ("user", "team", "user_id", "user_name", "team_id")


class OpenViews:
    """The newest modals that this process opened."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._prompts: OrderedDict[str, tuple[str, Mapping[str, Any]]] = OrderedDict()
        # A modal may be closed, or submitted, before Slack's response says that it is open.
        self._closed: OrderedDict[str, None] = OrderedDict()

    def add(self, view_id: str, prompt_id: str, body: Mapping[str, Any]) -> None:
        """Remember that this modal asks for the answer of that prompt.

        Args:
            body: The payload for which it was opened, which says who has it open.
        """
        with self._lock:
            if view_id in self._closed:
                del self._closed[view_id]
                return
            self._prompts[view_id] = prompt_id, {name: body[name] for name in _WHO if name in body}
            while len(self._prompts) > MAX_VIEWS:
                self._prompts.popitem(last=False)

    def forget(self, view_id: str) -> None:
        """Note that a modal was closed."""
        with self._lock:
            if self._prompts.pop(view_id, None) is None:
                self._closed[view_id] = None
                while len(self._closed) > MAX_VIEWS:
                    self._closed.popitem(last=False)

    def take(self, prompt_id: str) -> list[tuple[str, Mapping[str, Any]]]:
        """The modals of a prompt, and who has each of them open. They are forgotten."""
        with self._lock:
            found = [(view_id, who) for view_id, (of_prompt, who) in self._prompts.items() if of_prompt == prompt_id]
            for view_id, _ in found:
                del self._prompts[view_id]
        return found
