"""Invariant 12: the ledger keeps the hash of what a person had before them when they answered."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select

from signoff.bot.blockkit.fingerprint import fingerprint
from signoff.bot.delivery.messenger import message_hash
from signoff.bot.forms.draft import Draft
from signoff.bot.forms.editor_state import EditorState
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.cards import card as card_message
from signoff.bot.surfaces.modals import form_hash, reject_modal
from signoff.bot.surfaces.wording import form_of
from signoff.store import audit, ledger
from signoff.store.records.prompts import Prompt
from signoff.store.tables import cards as card_rows
from tests.integration.bot.asking import approve, release_together, shirt
from tests.integration.bot.running_service import RunningService
from tests.integration.bot.test_access import user
from tests.integration.bot.test_forged_payloads import press


def shown_hashes(service: RunningService, prompt: Prompt) -> list[str]:
    """The hashes of a prompt's cards, as they are in Slack."""
    service.until_all_is_said()
    with service.db.read() as reading:
        return list(reading.execute(select(card_rows.c.shown_hash).where(card_rows.c.prompt_id == prompt.id)).scalars())


def noted(service: RunningService, prompt: Prompt, event: str) -> list[Mapping[str, Any] | None]:
    """What the lines of an event say of what was shown."""
    return [line.detail.get("shown") for line in ledger.lines(service.db, prompt.id) if line.event == event]


def test_a_press_is_bound_to_the_card_in_which_it_was_made(service: RunningService) -> None:
    """To the message that was posted last there, which can be drawn again from the prompt."""
    prompt, card = service.ask_in("#releases", approve)
    found = service.until_checked(prompt)
    (posted,) = shown_hashes(service, prompt)
    mentions = {each.name: f"<@{each.id}>" for each in found}
    assert posted == message_hash(card_message(prompt, mentions))
    service.slack.person("ana").press("Approve", message=card)
    service.over(prompt)
    assert noted(service, prompt, "submitted") == [{"card": posted}]
    (settled,) = shown_hashes(service, prompt)
    assert settled != posted
    assert audit.check(service.db, prompt.id).faults == ()


def test_a_form_is_bound_as_it_was_filled_in(service: RunningService) -> None:
    """The question and every field, whatever card the form was opened from."""
    prompt, card = service.ask_in("#orders", shirt)
    ben = service.slack.person("ben")
    ben.press("Edit…", message=card)
    ben.wait_for_modal("Which one?")
    ben.submit({"Size": "large"})
    service.over(prompt)
    (shown,) = noted(service, prompt, "submitted")
    form = form_of(prompt)
    filled_in = EditorState(form, Draft({**prompt.initial_values, "size": "large"}))
    assert shown == {"form": form_hash(prompt, filled_in)}
    assert shown != {"form": form_hash(prompt, EditorState(form, Draft(prompt.initial_values)))}


def test_a_rejection_is_bound_to_the_modal_that_asks_for_its_reason(service: RunningService) -> None:
    """That modal shows the question."""
    prompt, card = service.ask_in("#orders", shirt)
    ben = service.slack.person("ben")
    ben.press("Reject…", message=card)
    ben.wait_for_modal("Reason")
    ben.submit({"Reason": "No more shirts"})
    service.over(prompt)
    assert noted(service, prompt, "rejected") == [{"form": fingerprint(reject_modal(prompt)["blocks"])}]


def test_each_vote_is_bound_to_what_the_voter_saw(service: RunningService) -> None:
    """The second person sees the vote of the first on the card."""
    prompt, _ = service.ask_in("#releases", release_together, policy={"approvers": ["@ana", "@ben"], "quorum": 2})
    service.until_checked(prompt)
    seen = []
    for name, event in (("ana", "voted"), ("ben", "submitted")):
        seen += shown_hashes(service, prompt)
        service.slack.person(name).press("Approve", message=service.card(prompt))
        service.until_noted(prompt, event)
        assert noted(service, prompt, event) == [{"card": seen[-1]}]
    first, second = seen
    assert first != second


@pytest.mark.parametrize("container", [{"channel_id": "C0GENERAL1", "message_ts": "1.0"}, {"channel_id": [], "x": 1}])
def test_a_message_that_a_press_claims_to_be_in_is_a_claim(service: RunningService, container: dict[str, Any]) -> None:
    """Only a card of the prompt counts as shown. The answer itself does not depend on it."""
    prompt, card = service.ask_in("#releases", approve)
    ana = service.slack.person("ana")
    payload = press(service, card, action_ids.choose(0), prompt.id, user=user(ana))
    assert service.post({**payload, "container": {"type": "message", **container}}).status_code == 200
    service.over(prompt)
    assert noted(service, prompt, "submitted") == [None]
