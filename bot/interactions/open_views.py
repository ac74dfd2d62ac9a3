"""Which modals are open, so that they can show how their prompt was settled."""

import threading
from collections import OrderedDict

MAX_VIEWS = 1000
"""How many modals are remembered. A person with a forgotten one is told when they submit it."""


class OpenViews:
    """The newest modals that this process opened."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._prompts: OrderedDict[str, str] = OrderedDict()

    def add(self, view_id: str, prompt_id: str) -> None:
        """Remember that this modal asks for the answer of that prompt."""
        with self._lock:
            self._prompts[view_id] = prompt_id
            while len(self._prompts) > MAX_VIEWS:
                self._prompts.popitem(last=False)

    def forget(self, view_id: str) -> None:
        """Note that a modal was closed."""
        with self._lock:
            self._prompts.pop(view_id, None)

    def take(self, prompt_id: str) -> list[str]:
        """The modals of a prompt. They are forgotten."""
        with self._lock:
            found = [view_id for view_id, of_prompt in self._prompts.items() if of_prompt == prompt_id]
            for view_id in found:
                del self._prompts[view_id]
        return found
