"""The ids under which Slack reports presses and submissions.

An id says what was pressed; the prompt's id is the button's value or the modal's `private_metadata`. Both are
claims: the position of a choice is looked up in the prompt's own schema, and the desk decides.
"""

import re

ANSWER = "signoff:answer"
"""Answer with the values shown, or open the modal where some are missing; resume where nothing is asked."""

EDIT = "signoff:edit"
"""Open the modal with the values shown, to change them."""

REJECT = "signoff:reject"
"""Open the modal that asks for the reason."""

OPEN = "signoff:open"
"""Open a prompt of the list in its modal."""

CHOOSE = re.compile(r"signoff:choose:([0-9]{1,3})")
"""Press one of the verdict's choices."""

BACK = "signoff:back"
"""Go to the page before."""

ANY = re.compile("")
"""Press anything."""

ANSWER_MODAL = "signoff:answer"
"""The `callback_id` of the modal that answers a prompt."""

REJECT_MODAL = "signoff:reject"
"""The `callback_id` of the modal that rejects a prompt."""


def choose(position: int) -> str:
    """The id of the button for the verdict's choice at `position`."""
    return f"signoff:choose:{position}"


def chosen(action_id: str) -> int | None:
    """The position that `action_id` claims was chosen; `None` when it is another button's id."""
    found = CHOOSE.fullmatch(action_id)
    return int(found[1]) if found else None
