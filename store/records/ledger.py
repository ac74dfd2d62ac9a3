"""The lines of a ledger."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One thing that happened to a prompt.

    Attributes:
        event: What happened, as a word: `opened`, `card_posted`, `submitted`, `rejected`,
            `asked_again`, `reworded`, `ruled`, `counted_again`, `commented`, `refused`, `unverified`, `invalid`,
            `unconfirmed`, `voted`, `approvers_found_by`, `approver_missing`, `approver_found`, `too_few_approvers`,
            `enough_approvers`, `assigned`, `left_to_all`, `claimed`, `released`, `reassigned`, `delegated`, `away`,
            `back`, `stage_passed`, `too_late`, `reminded`, `overdue`, `timed_out`, `cancelled`,
            `unanswerable`, `held`, `undone`, `delivery_accepted`, …
        actor: Who did it; `None` if it was Signoff itself.
        detail: The rest, as JSON.
        number: Its number within its prompt, from 1.
        hash: Its hash, in the chain of its prompt.
    """

    prompt_id: str
    at: datetime
    event: str
    actor: str | None
    detail: Mapping[str, Any] = field(default_factory=dict)
    number: int = 0
    hash: str = ""
