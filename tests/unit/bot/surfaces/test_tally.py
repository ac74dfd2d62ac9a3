"""The tally on a card: who has voted for what, and what they propose, within Slack's limits."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import create_model

from signoff.bot.blockkit.blocks import MESSAGE_BLOCKS
from signoff.bot.surfaces.cards import card
from signoff.bot.surfaces.full_text import OpenPage, full_text_modal
from signoff.store.policy import Policy
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt
from signoff.store.records.votes import Vote
from tests.support.models import Approval
from tests.support.prompts import OPENED, prompt_for

TWO = Policy(channel="#releases", approvers=("@ana", "@ben"), quorum=2)


def voted(who: str, answer: dict[str, Any] | None, reason: str | None = None) -> Vote:
    verdict: Any = "reject" if answer is None else "submit"
    return Vote(Actor(who, who.title()), verdict, answer, reason, "slack", OPENED + timedelta(minutes=1), answer)


def texts(prompt: Prompt) -> str:
    return str(card(prompt, {}).blocks)


def buttons(prompt: Prompt) -> list[str]:
    blocks = card(prompt, {}).blocks
    return [each["text"]["text"] for block in blocks if block["type"] == "actions" for each in block["elements"]]


INITIAL = {"version": "1.4.0"}


def test_a_vote_for_the_values_shown_needs_no_button_of_its_own() -> None:
    """*Approve* says the same."""
    prompt = prompt_for(Approval, INITIAL, stored_policy=TWO)
    agreed = {"approved": True, "version": "1.4.0", "at": None, "reason": ""}
    one = prompt_for(Approval, INITIAL, stored_policy=TWO, votes=(voted("ana", agreed),))
    assert buttons(one) == buttons(prompt)
    assert "*1 of 2 agree*" in texts(one)
    assert "Proposed by" not in texts(one)


def test_a_vote_for_other_values_shows_them() -> None:
    """With what they were before, and a button that names who proposes them."""
    other = {"approved": True, "version": "1.5.0", "at": None, "reason": "Later"}
    prompt = prompt_for(Approval, INITIAL, stored_policy=TWO, votes=(voted("ana", other),))
    assert "1.5.0  (was 1.4.0)" in texts(prompt)
    assert "Later" in texts(prompt)
    assert buttons(prompt)[0] == "Agree with Ana"
    modal = full_text_modal(prompt, prompt.initial_values, OpenPage(of_form=False))
    assert "Version (proposed by Ana)" in str(modal)


@pytest.mark.parametrize("fields", [3, 30])
@pytest.mark.parametrize("people", [4, 60])
def test_however_many_vote_for_however_much_it_fits(fields: int, people: int) -> None:
    """What has no room is counted, and read with “Show all”."""
    model = create_model("Plan", **{f"step_{number}": (str, ...) for number in range(fields)})  # type: ignore[call-overload]
    initial = {f"step_{number}": "a" * 400 for number in range(fields)}
    votes = tuple(voted(f"person{n}", dict.fromkeys(initial, f"{n} " * 200)) for n in range(people))
    against = tuple(voted(f"other{n}", None, "<!channel> *no* " * 50) for n in range(people))
    policy = Policy(channel="#plans", quorum=1000, reject=1000)
    message = card(prompt_for(model, initial, stored_policy=policy, votes=(*votes, *against)), {})
    assert len(message.blocks) <= MESSAGE_BLOCKS
    assert "Not shown here" in str(message.blocks)
    assert "<!channel>" not in str(message.blocks)
    assert all(len(block["text"]["text"]) <= 3000 for block in message.blocks if block.get("text"))
    assert sum(len(str(block)) for block in message.blocks) < 20_000
