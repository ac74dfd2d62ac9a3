"""The ids with which Slack reports presses and submissions.

An id says which button was pressed. The prompt's id is the button's value, or in the modal's `private_metadata`. Both
are claims: the number of a choice is looked up in the prompt's own schema, and the desk decides.
"""

import re

ANSWER = "signoff:answer"
"""Submit the values shown, or open the form if some are missing. Resume, if the prompt asks for nothing."""

EDIT = "signoff:edit"
"""Open the form, to change the values shown."""

REJECT = "signoff:reject"
"""Open the modal that asks for the reason of a rejection."""

OPEN = "signoff:open"
"""Open the form of a prompt in the list."""

CHOOSE = re.compile(r"signoff:choose:([0-9]{1,3})")
"""Answer with one of the verdict's choices."""

AGREE = re.compile(r"signoff:agree:([0-9a-f]{32})")
"""Answer with what somebody else has proposed."""

CLAIM = "signoff:claim"
"""Take the prompt on."""

RELEASE = "signoff:release"
"""Give it back."""

HAND_OVER = "signoff:hand-over"
"""Open the modal that asks to whom."""

UNDO = "signoff:undo"
"""Take back a decision that is held back."""

MORE_TIME = "signoff:more-time"
"""Open the modal that asks by how much to move the deadline."""

SNOOZE_HOUR = "signoff:snooze:hour"
"""Be reminded in an hour, and not before."""

SNOOZE_TOMORROW = "signoff:snooze:tomorrow"
"""Be reminded tomorrow morning, and not before."""

BACK = "signoff:back"
"""Show the previous page."""

READ = "signoff:read"
"""Show everything that the prompt says, without the limits of a card or a form."""

READ_BACK = "signoff:read:back"
"""Show the previous page of it."""

READ_NEXT = "signoff:read:next"
"""Show the next page of it."""

LIST = re.compile(r"signoff:list:(?:back|next)")
"""Show another page of the list of prompts. Its number is the button's value."""

LIST_BACK = "signoff:list:back"

LIST_NEXT = "signoff:list:next"

COMMENT = "signoff:comment"
"""Open the modal that asks for a comment."""

SEVERAL = "signoff:several"
"""Choose among the prompts that can be approved together."""

START = "signoff:start"
"""Choose of which flow to start a run."""

ANY = re.compile("")
"""Matches any button."""

ANSWER_MODAL = "signoff:answer"
"""The `callback_id` of the modal that answers a prompt."""

REJECT_MODAL = "signoff:reject"
"""The `callback_id` of the modal that rejects a prompt."""

HAND_OVER_MODAL = "signoff:hand-over"
"""The `callback_id` of the modal that hands a prompt to somebody else."""
MORE_TIME_MODAL = "signoff:more-time"
"""The `callback_id` of the modal that moves a deadline."""

COMMENT_MODAL = "signoff:comment"
"""The `callback_id` of the modal that asks for a comment."""

READ_MODAL = "signoff:read"
"""The `callback_id` of the modal that shows everything that a prompt says."""


RUN_MODAL = "signoff:run"
"""The `callback_id` of the modal that asks for the parameters of a run."""

CHOOSE_FLOW_MODAL = "signoff:run:choose"
"""The `callback_id` of the modal that asks of which flow a run is to be started."""

SEVERAL_MODAL = "signoff:several"
"""The `callback_id` of the modal that approves several prompts."""

START_SHORTCUT = "signoff_start"
"""The `callback_id` of the global shortcut that starts a run. It is in the app's manifest."""

START_FROM_MESSAGE = "signoff_start_from_message"
"""The `callback_id` of the message shortcut that starts a run. It is in the app's manifest."""

CANCEL_MODAL = "signoff:cancel"
"""The `callback_id` of the modal that cancels a run."""


def choose(position: int) -> str:
    """The id of the button for the verdict's choice at `position`."""
    return f"signoff:choose:{position}"


def agree(key: str) -> str:
    """The id of the button for a proposal, which is named by what it says."""
    return f"signoff:agree:{key}"


def agreed(action_id: str) -> str | None:
    """The proposal that `action_id` claims; `None` if it is the id of another button."""
    found = AGREE.fullmatch(action_id)
    return found[1] if found else None


def chosen(action_id: str) -> int | None:
    """The number of the choice that `action_id` claims; `None` if it is the id of another button."""
    found = CHOOSE.fullmatch(action_id)
    return int(found[1]) if found else None
