"""What the events of the ledger are called where people read them."""

from collections.abc import Mapping

_WORDS: Mapping[str, str] = {
    "opened": "opened",
    "card_posted": "card posted in Slack",
    "card_failed": "card could not be posted",
    "card_redirected": "sent to the approvers directly",
    "card_lost": "card deleted in Slack",
    "approver_missing": "approver does not exist",
    "approver_found": "approver exists after all",
    "approvers_found_by": "approvers named by a function",
    "too_few_approvers": "too few people can answer",
    "enough_approvers": "enough people can answer",
    "reminded": "reminder due",
    "claimed": "taken on",
    "released": "given back",
    "reassigned": "handed over",
    "delegated": "delegated",
    "away": "away, so that somebody else is asked",
    "back": "back again",
    "voted": "voted",
    "submitted": "answered",
    "rejected": "rejected",
    "overdue": "deadline passed, and it stays open",
    "timed_out": "timed out",
    "cancelled": "cancelled",
    "refused": "tried, but may not",
    "unverified": "tried, but could not be checked",
    "invalid": "tried, but the values do not fit",
    "unconfirmed": "tried, but did not type what confirms it",
    "too_late": "tried, but it was over",
    "asked_again": "asked again in other words",
    "reworded": "asked with another time in it",
    "superseded": "replaced by another prompt",
    "delivery_accepted": "the engine took the outcome",
    "delivery_refused": "the engine refused the outcome",
    "delivery_failed": "the engine could not be reached",
    "run_ended": "the run ended",
}


def in_words(event: str) -> str:
    """An event as `signoff history` shows it: `card could not be posted` for `card_failed`."""
    return _WORDS.get(event, event.replace("_", " "))
