"""Finds what people have decided about the same request before."""

from collections.abc import Callable

from signoff.store.records.actors import NOT_PEOPLE
from signoff.store.records.prompts import AutomaticAnswer, Outcome, Prompt
from signoff.store.rows import prompt, select_prompts
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import prompts

CountAgain = Callable[[Prompt], AutomaticAnswer | None]
"""Of a prompt that people have decided, the answer that it gives to the same request; `None` if it gives none."""


def find(tx: Transaction, asked: Prompt, count_again: CountAgain | None) -> AutomaticAnswer | None:
    """The answer that the last decision on the same request gives to this one, within the transaction that opens it.

    A timeout or a cancellation is nobody's decision, and what a rule or an earlier approval has answered was not
    decided by people. A question that takes the place of another one of its run is always asked.
    """
    if asked.repeat_key is None or count_again is None or asked.policy.repeat is None or asked.earlier is not None:
        return None
    newest = (
        select_prompts()
        .where(
            prompts.c.repeat_key == asked.repeat_key,
            prompts.c.settled_at > asked.opened_at - asked.policy.repeat,
            prompts.c.outcome.in_((Outcome.SUBMITTED, Outcome.REJECTED)),
            prompts.c.settled_by.not_in(NOT_PEOPLE),
        )
        .order_by(prompts.c.settled_at.desc(), prompts.c.id)
        .limit(1)
    )
    row = tx.execute(newest).first()
    return None if row is None else count_again(prompt(row))
