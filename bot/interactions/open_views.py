"""Which modals are open, so that they can be told how their prompt ended."""

import threading
from collections import OrderedDict

REMEMBERED = 1000
"""How many modals are remembered. One that is forgotten tells when it is submitted."""


class OpenViews:
    """The modals that this process opened, the newest of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._prompts: OrderedDict[str, str] = OrderedDict()

    def add(self, view_id: str, prompt_id: str) -> None:
        """Remember that this modal asks for the answer of that prompt."""
        with self._lock:
            self._prompts[view_id] = prompt_id
            while len(self._prompts) > REMEMBERED:
                self._prompts.popitem(last=False)

    def forget(self, view_id: str) -> None:
        """It is closed."""
        with self._lock:
            self._prompts.pop(view_id, None)

    def take(self, prompt_id: str) -> list[str]:
        """The modals of a prompt, which are forgotten with that."""
        with self._lock:
            found = [view_id for view_id, asked in self._prompts.items() if asked == prompt_id]
            for view_id in found:
                del self._prompts[view_id]
        return found
