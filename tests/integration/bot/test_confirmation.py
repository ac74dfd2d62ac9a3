"""A decision that has to be confirmed: in Slack's dialog, or with a word that the desk wants typed."""

from typing import Any

import pytest

from signoff.bot.surfaces import action_ids
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Prompt
from signoff.testing import Modal, VisibleMessage
from tests.integration.bot.asking import release_together
from tests.integration.bot.running_service import RunningService
from tests.integration.bot.test_forged_payloads import press

WORD = "payments-db"
TYPE_IT = f"Type {WORD} to confirm"


def asked(service: RunningService, **policy: Any) -> tuple[Prompt, VisibleMessage]:
    """A prompt under this policy, and its card."""
    return service.ask_in("#releases", release_together, policy={"approvers": ["@ana", "@ben", "@mei"], **policy})


def opened_form(service: RunningService, name: str, button: str, card: VisibleMessage) -> Modal:
    """The form that a press opens."""
    person = service.slack.person(name)
    person.press(button, message=card)
    return person.wait_for_modal(TYPE_IT)


def dialogs(card: VisibleMessage) -> dict[str, str | None]:
    """The title of the dialog that Slack shows after a press on each button, by the button's label."""
    confirms = {each.label: each.element.get("confirm") for each in card.elements}
    return {label: confirm and confirm["title"]["text"] for label, confirm in confirms.items()}


def test_slack_asks_whether_a_person_is_sure(service: RunningService) -> None:
    """Before each press that decides, a press on what somebody else proposes too, and before no other."""
    prompt, card = asked(service, confirm=True, quorum=2)
    assert dialogs(card) == {"Approve": "Approve?", "Reject": "Reject?", "Edit…": None}
    approve = card.element("Approve")
    assert approve is not None
    assert approve.element["confirm"]["text"]["text"] == "May it go out?"
    ana = service.slack.person("ana")
    ana.press("Edit…", message=card)
    ana.wait_for_modal("May it go out?")
    ana.submit({"Approved": "Yes", "Reason": "Go"})
    proposed = service.slack.person("ben").wait_for_message("#releases", lambda seen: "Agree with" in str(seen.buttons))
    assert dialogs(proposed)["Agree with Ana Ruiz"] == "Agree with Ana Ruiz?"
    service.slack.person("ben").press("Agree with Ana Ruiz", message=proposed)
    assert service.over(prompt).result == "approved: True Go by Ana Ruiz (slack), Ben Okafor (slack)"


def test_a_yes_counts_once_the_word_was_typed(service: RunningService) -> None:
    """No button decides with one press; the form says what is missing, and what was pressed is filled in."""
    prompt, card = asked(service, confirm=WORD)
    assert f"To confirm a yes, type `{WORD}` in the form." in card.full_text
    assert card.buttons == ["Approve…", "Reject…", "Edit…"]
    opened_form(service, "ana", "Approve…", card)
    ana = service.slack.person("ana")
    for typed in ("", "Payments-DB"):
        ana.submit({TYPE_IT: typed})
        refused = ana.wait_for_modal(lambda seen: bool(seen.errors))
        assert refused.errors == {TYPE_IT: f"To confirm a yes, type this: {WORD}"}
        assert prompts.get(service.db, prompt.id).is_open
    ana.submit({TYPE_IT: f" {WORD} "})
    assert service.over(prompt).result == "approved: True by Ana Ruiz (slack)"
    assert service.events(prompt).count("unconfirmed") == 2


def test_a_no_needs_no_word(service: RunningService) -> None:
    """It is decided in the form all the same, and not with one press."""
    prompt, card = asked(service, confirm=WORD)
    assert "Not needed for a no." in opened_form(service, "ana", "Reject…", card).full_text
    assert prompts.get(service.db, prompt.id).is_open
    service.slack.person("ana").submit({"Reason": "Not yet"})
    assert service.over(prompt).result == "approved: False Not yet by Ana Ruiz (slack)"


@pytest.mark.parametrize("action", [action_ids.choose(0), action_ids.choose(1), action_ids.ANSWER])
def test_a_forged_press_without_the_word_decides_nothing(service: RunningService, action: str) -> None:
    """It opens the form as a press of the card's does."""
    prompt, card = asked(service, confirm=WORD)
    assert service.post(press(service, card, action, prompt.id)).status_code == 200
    assert prompts.get(service.db, prompt.id).is_open
    assert not {"submitted", "voted"}.intersection(service.events(prompt))


def test_agreeing_takes_the_word_too(service: RunningService) -> None:
    """ "Agree with Ana…" opens the form with what she proposes; and so does a forged press on it."""
    prompt, card = asked(service, confirm=WORD, quorum=2)
    opened_form(service, "ana", "Approve…", card)
    service.slack.person("ana").submit({"Reason": "Go", TYPE_IT: WORD})
    ben = service.slack.person("ben")
    proposed = ben.wait_for_message("#releases", lambda seen: "Agree with Ana Ruiz…" in seen.buttons)
    (before,) = prompts.get(service.db, prompt.id).votes
    button = proposed.element("Agree with Ana Ruiz…")
    assert button is not None
    assert service.post(press(service, card, button.action_id, prompt.id)).status_code == 200
    assert prompts.get(service.db, prompt.id).votes == (before,)
    form = opened_form(service, "ben", "Agree with Ana Ruiz…", proposed)
    assert form.values["Reason"] == "Go"
    ben.submit({TYPE_IT: WORD})
    assert service.over(prompt).result == "approved: True Go by Ana Ruiz (slack), Ben Okafor (slack)"


def test_the_list_opens_the_form_that_asks_for_the_word(service: RunningService) -> None:
    """`/approvals` has no button that decides."""
    prompt, card = asked(service, confirm=WORD)
    ana = service.slack.person("ana")
    ana.command("/approvals", in_="#releases")
    listed = ana.wait_for_message("#releases", "1 prompt is waiting")
    assert listed.buttons == ["Open"]
    ana.press("Open", message=listed)
    ana.wait_for_modal(TYPE_IT)
    ana.submit({"Approved": "Yes", TYPE_IT: WORD})
    assert service.over(prompt).result == "approved: True by Ana Ruiz (slack)"
    assert card.buttons
