"""What the events of the ledger are called where people read them."""

from collections.abc import Mapping

_WORDS: Mapping[str, str] = {
    "opened": "Asked",
    "card_posted": "Posted in Slack",
    "card_failed": "Slack did not take the message",
    "card_redirected": "Sent to the approvers directly",
    "card_lost": "The message was deleted",
    "approvers_found_by": "A function named the approvers",
    "approver_missing": "An approver was not found",
    "approver_found": "An approver was found",
    "too_few_approvers": "Too few people can answer",
    "enough_approvers": "Enough people can answer again",
    "ruled": "Put to people because of its rules",
    "counted_again": "Counted again for the same request",
    "reminded": "Reminded",
    "assigned": "Assigned",
    "left_to_all": "Nobody was there to whom it could be assigned",
    "put_off": "Reminders put off",
    "escalated": "Escalated",
    "claimed": "Taken on",
    "released": "Given back",
    "reassigned": "Handed over",
    "delegated": "Delegated",
    "away": "An approver went away",
    "back": "An approver is back",
    "commented": "Commented",
    "voted": "Voted",
    "submitted": "Answered",
    "rejected": "Rejected",
    "overdue": "The deadline passed, and it stays open",
    "timed_out": "Timed out",
    "held": "Decided, and could still be undone",
    "undone": "Undone",
    "cancelled": "Cancelled",
    "unanswerable": "Ended, since nobody can answer",
    "refused": "Tried to answer, and may not",
    "refused_reading": "Tried to read it, and may not",
    "refused_cancelling": "Tried to cancel the run, and may not",
    "refused_retrying": "Tried to retry the run, and may not",
    "unverified": "Tried, and it could not be checked whether they may",
    "invalid": "Entered values that do not fit",
    "unconfirmed": "Did not type what confirms it",
    "too_late": "Answered too late",
    "asked_again": "Asked again after a retry",
    "reworded": "Asked in other words",
    "superseded": "Replaced by another prompt",
    "delivery_accepted": "The engine accepted the outcome",
    "delivery_refused": "The engine refused the outcome",
    "delivery_failed": "The engine could not be reached",
    "run_ended": "The run ended",
}


def in_words(event: str) -> str:
    """An event as `signoff history` and Slack show it: `Slack did not take the message` for `card_failed`."""
    return _WORDS.get(event) or event.replace("_", " ").capitalize()
