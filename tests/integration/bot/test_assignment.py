"""One person takes a prompt on: who has it is shown, and the others are left in peace."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from typing import Any

from sqlalchemy import update

from signoff.store import ledger
from signoff.store.changes import Topic
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Prompt
from signoff.store.tables import prompts as table
from signoff.testing import VisibleMessage
from tests.integration.bot.asking import release_together
from tests.integration.bot.running_service import RunningService
from tests.support.waiting import until_asked

LEADS = ["@ana", "@ben", "@mei"]
ANA, BEN = "U0ANARUIZ1", "U0BENOKAF1"


def asked(service: RunningService, **policy: Any) -> tuple[Prompt, VisibleMessage]:
    """A prompt that one person at a time has, and its card, once it is known who its approvers are."""
    policy = {"approvers": LEADS, "assignment": "claim", **policy}
    prompt, _ = service.ask_in("#releases", release_together, policy=policy)
    if prompt.policy.named:
        service.until_checked(prompt)
    return prompt, service.card(prompt)


def takes(service: RunningService, name: str, card: VisibleMessage) -> VisibleMessage:
    """Press, and wait for the card that says so."""
    person = service.slack.person(name)
    person.press("I'll take it", message=card)
    return shows(service, f"*<@{person.id}> has this*")


def shows(service: RunningService, wanted: str) -> VisibleMessage:
    """The card, once it says this."""
    return service.slack.person("mei").wait_for_message(
        "#releases", lambda seen: bool(seen.buttons) and wanted in seen.full_text
    )


def assignee(service: RunningService, prompt: Prompt) -> str | None:
    """The name of the person who has it."""
    found = prompts.get(service.db, prompt.id).assignment.assignee
    return None if found is None else found.name


def remind(service: RunningService, prompt: Prompt, who: str = "mei", where: str = "#releases") -> VisibleMessage:
    """Have the reminder after an hour sent now, and wait for it."""
    with service.db.write() as tx:
        moved = {"opened_at": prompt.opened_at - timedelta(hours=1), "due_at": service.db.now()}
        tx.execute(update(table).where(table.c.id == prompt.id).values(moved))
        tx.touch(Topic.PROMPTS)
    return service.slack.person(who).wait_for_message(where, lambda seen: "⏰" in seen.full_text)


def test_whoever_takes_a_prompt_has_it_and_is_the_only_one_reminded(service: RunningService) -> None:
    """The card, the thread and the list show who has it; the others may answer all the same."""
    prompt, card = asked(service, reminders=["PT1H"])
    assert "I'll take it" in card.buttons
    card = takes(service, "ana", card)
    assert "Release" in card.buttons
    assert "I'll take it" not in card.buttons
    reminder = remind(service, prompt)
    assert f"Still waiting for <@{ANA}>. Open for" in reminder.full_text
    assert f"<@{BEN}>" not in reminder.full_text
    service.until_all_is_said()
    assert ["Ana Ruiz takes this." in each.full_text for each in service.replies(card)] == [True, False]
    ben = service.slack.person("ben")
    ben.command("/approvals", in_="#general")
    assert f"<@{ANA}> has it, for" in ben.wait_for_message("#general", "1 prompt is waiting").full_text
    ben.press("Approve", message=card)
    assert service.over(prompt).result == "approved: True by Ben Okafor (slack)"
    assert [line.actor for line in ledger.lines(service.db, prompt.id) if line.event == "claimed"] == [ANA]


def test_whoever_has_a_prompt_can_give_it_back(service: RunningService) -> None:
    """And nobody else can for them. Then everybody is reminded again."""
    prompt, card = asked(service, reminders=["PT1H"])
    card = takes(service, "ana", card)
    ben = service.slack.person("ben")
    ben.press("Release", message=card)
    told = ben.wait_for_message("#releases", lambda seen: seen.is_ephemeral)
    assert told.text == "Ana Ruiz has this already. You can answer it all the same."
    assert assignee(service, prompt) == "Ana Ruiz"
    service.slack.person("ana").press("Release", message=card)
    shows(service, "I'll take it")
    assert f"<@{BEN}>" in remind(service, prompt).full_text
    assert [event for event in service.events(prompt) if event in ("claimed", "released")] == ["claimed", "released"]


def test_of_two_who_take_a_prompt_at_once_one_has_it_and_the_other_is_told_who(service: RunningService) -> None:
    """A second press of the same person changes nothing."""
    prompt, card = asked(service)
    with service.cards_as_they_are():
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda name: service.slack.person(name).press("I'll take it", message=card), ("ana", "ben")))
        winner = assignee(service, prompt)
        loser = service.slack.person("ben" if winner == "Ana Ruiz" else "ana")
        told = loser.wait_for_message("#releases", lambda seen: seen.is_ephemeral)
        assert told.text == f"{winner} has this already. You can answer it all the same."
        service.slack.person("ana" if winner == "Ana Ruiz" else "ben").press("I'll take it", message=card)
        assert service.events(prompt).count("claimed") == 1


def test_only_those_who_may_answer_can_take_it(service: RunningService) -> None:
    """A refusal is in the ledger, as that of an answer is."""
    prompt, card = asked(service, approvers=["@ben"])
    service.slack.person("ana").press("I'll take it", message=card)
    told = service.slack.person("ana").wait_for_message("#releases", lambda seen: seen.is_ephemeral)
    assert "You may not answer" in told.text
    assert assignee(service, prompt) is None
    assert "refused" in service.events(prompt)


def test_a_prompt_that_is_settled_cannot_be_taken(service: RunningService) -> None:
    """Whoever presses on a card that is out of date is told how it ended."""
    prompt, card = asked(service)
    with service.cards_as_they_are():
        service.slack.person("ben").press("Approve", message=card)
        service.over(prompt)
        service.slack.person("ana").press("I'll take it", message=card)
        told = service.slack.person("ana").wait_for_message("#releases", lambda seen: seen.is_ephemeral)
        assert told.text == "Too late: Approved by Ben Okafor."


def test_a_prompt_is_released_when_its_assignee_is_deactivated(service: RunningService) -> None:
    """The ledger and the thread say why."""
    prompt, card = asked(service)
    takes(service, "ben", card)
    service.slack.client.change_person("ben", deleted=True)
    noted = service.until_noted(prompt, "released")
    assert noted["reason"] == "Ben Okafor may not answer any more."
    shows(service, "I'll take it")
    assert assignee(service, prompt) is None


def test_a_prompt_is_released_when_its_assignee_leaves_the_group_or_the_channel(service: RunningService) -> None:
    """Whoever may answer no longer, has it no longer."""
    service.slack.client.set_user_group("dev", ["ana", "ben"])
    prompt, card = asked(service, approvers=["@dev"])
    takes(service, "ben", card)
    service.slack.client.set_user_group("dev", ["ana"])
    service.until_noted(prompt, "released")

    prompt, card = asked(service, approvers=[])
    takes(service, "ben", card)
    service.slack.person("ben").leave("#releases")
    service.until_noted(prompt, "released")


def hands_over(service: RunningService, name: str, card: VisibleMessage, to: str, note: str = "") -> None:
    """Open the modal and submit it."""
    person = service.slack.person(name)
    person.press("Hand over…", message=card)
    person.wait_for_modal("Hand over")
    person.submit({"To": to, "Note": note})


def not_handed_over(service: RunningService, name: str, card: VisibleMessage, to: str) -> str:
    """Why it cannot be, as the modal says."""
    hands_over(service, name, card, to)
    person = service.slack.person(name)
    (told,) = person.wait_for_modal(lambda seen: bool(seen.errors)).errors.values()
    person.close()
    return told


def note_of(seen: VisibleMessage) -> list[str]:
    """The texts in small print of a message that are plain."""
    small = (each for block in seen.blocks if block["type"] == "context" for each in block["elements"])
    return [unescape(each["text"]) for each in small if each["type"] == "plain_text"]


HOSTILE = "<!channel> *urgent* <https://evil.example|click> & “now”"


def test_a_prompt_is_handed_to_somebody_who_may_answer(service: RunningService) -> None:
    """With a note, which forges nothing. They get it in direct messages, and are the only one who is reminded."""
    prompt, card = asked(service, reminders=["PT1H"])
    card = takes(service, "ana", card)
    hands_over(service, "ana", card, "@ben", HOSTILE)
    shown = shows(service, f"*<@{BEN}> has this*").full_text
    assert f", from <@{ANA}>" in shown
    assert f"“{HOSTILE}”" in note_of(shows(service, "has this"))
    ben = service.slack.person("ben")
    direct = ben.wait_for_message("@signoff", "May it go out?")
    assert f"*<@{BEN}> has this*" in direct.full_text
    service.until_all_is_said()
    lines = [each.full_text for each in service.replies(card)]
    assert any("Ana Ruiz has handed this to Ben Okafor." in each for each in lines)
    assert [each for seen in service.replies(card) for each in note_of(seen)] == [f"“{HOSTILE}”"]
    assert not any(f"<@{BEN}>" in each for each in lines)
    noted = service.until_noted(prompt, "reassigned")
    assert (noted["to_id"], noted["note"]) == (BEN, HOSTILE)
    reminder = remind(service, prompt, "ben", "@signoff")
    assert f"Still waiting for <@{BEN}>. Open for" in reminder.full_text
    assert reminder.thread_ts == direct.ts
    ben.press("Approve", message=direct)
    assert service.over(prompt).result == "approved: True by Ben Okafor (slack)"


def test_a_prompt_is_handed_to_nobody_whom_the_policy_does_not_let_answer(service: RunningService) -> None:
    """Unless it says that it may be delegated."""
    _, card = asked(service)
    told = not_handed_over(service, "ana", card, "@dmitri")
    assert told == "Dmitri Sokolov may not answer this, and its policy does not let you delegate it."


def test_a_delegate_answers_in_place_of_the_one_who_delegated_it(service: RunningService) -> None:
    """Although the policy does not name them. The card, the thread, the ledger and the run say in whose place."""
    prompt, card = asked(service, may_delegate=True)
    dmitri = service.slack.person("dmitri")
    dmitri.press("Approve", message=card)
    assert prompts.get(service.db, prompt.id).is_open
    hands_over(service, "ana", card, "@dmitri", "I am on a train")
    assert f"<@{dmitri.id}> for Ana Ruiz may answer." in shows(service, f"*<@{dmitri.id}> has this*").full_text
    noted = service.until_noted(prompt, "delegated")
    assert (noted["name"], noted["to"], noted["note"]) == ("Ana Ruiz", "Dmitri Sokolov", "I am on a train")
    direct = dmitri.wait_for_message("@signoff", "May it go out?")
    dmitri.press("Approve", message=direct)
    assert service.over(prompt).result == "approved: True by Dmitri Sokolov (slack)"
    settled = service.card(prompt, open_=False).full_text
    assert f"*Approved* by <@{dmitri.id}> for <@{ANA}>" in settled
    (line,) = (line for line in ledger.lines(service.db, prompt.id) if line.event == "submitted")
    assert (line.actor, line.detail["for_id"]) == (dmitri.id, ANA)
    service.until_all_is_said()
    lines = [each.full_text for each in service.replies(card)]
    assert any("Dmitri Sokolov. Dmitri Sokolov may answer in place of Ana Ruiz." in each for each in lines)


def test_a_delegate_and_the_one_who_delegated_it_have_one_vote(service: RunningService) -> None:
    """The later of the two counts; and nobody has two, be it as a delegate of two or as one who may vote anyhow."""
    prompt, card = asked(service, assignment=None, may_delegate=True, quorum=2)
    people = {name: service.slack.person(name) for name in ("ana", "ben", "dmitri", "mei")}
    hands_over(service, "ana", card, "@dmitri")
    card = shows(service, "for Ana Ruiz may answer.")
    people["dmitri"].press("Approve", message=card)
    card = shows(service, f"Approved: <@{people['dmitri'].id}> for <@{ANA}>")
    people["ana"].press("Approve", message=card)
    card = shows(service, f"Approved: <@{ANA}>\n".rstrip())
    assert [(vote.actor.id, vote.instead_of) for vote in prompts.get(service.db, prompt.id).votes] == [(ANA, None)]
    # As the delegate of two, Dmitri would still be one.
    hands_over(service, "ben", card, "@dmitri")
    service.until_all_is_said()
    people["dmitri"].press("Approve", message=card)
    votes = prompts.get(service.db, prompt.id).votes
    assert [(vote.actor.id, vote.seat.id) for vote in votes] == [(people["dmitri"].id, ANA)]
    told = not_handed_over(service, "ben", card, "@mei")
    assert told == "Mei Tanaka may answer this anyway, and has a vote of their own."
    people["mei"].press("Approve", message=card)
    assert service.over(prompt).result == "approved: True by Dmitri Sokolov (slack), Mei Tanaka (slack)"


def test_a_prompt_is_delegated_to_nobody_who_could_not_be_trusted_with_it(service: RunningService) -> None:
    """No app, nobody who was deactivated, nobody of another workspace, and not the requester."""
    service.slack.client.change_person("chloe", deleted=True)
    service.slack.client.add_person("zoe", team="T0ELSEWHERE")
    policy = {"approvers": ["@ana"], "may_delegate": True, "requester_may_answer": False}
    run = release_together.create_run({"policy": policy}, db=service.db, requester="U0DMITRIS1")
    prompt = until_asked(service.db, run.id)
    service.until_checked(prompt)
    card = service.card(prompt)
    assert not_handed_over(service, "ana", card, "@signoff") == "This is an app, and apps cannot answer. Name a person."
    assert not_handed_over(service, "ana", card, "@chloe") == "This account is deactivated. Name somebody else."
    assert "is not of this workspace. Choose a colleague." in not_handed_over(service, "ana", card, "@zoe")
    told = not_handed_over(service, "ana", card, "@dmitri")
    assert told == "Dmitri Sokolov requested this, so somebody else has to answer."
    assert service.events(prompt).count("delegated") == 0


def test_a_delegate_may_answer_only_as_long_as_the_one_who_delegated_it_may(service: RunningService) -> None:
    """And only as long as they are the delegate: who is handed it next takes their place."""
    service.slack.client.set_user_group("dev", ["ana", "ben"])
    prompt, card = asked(service, approvers=["@dev"], may_delegate=True)
    hands_over(service, "ana", card, "@dmitri")
    card = shows(service, "for Ana Ruiz may answer.")
    hands_over(service, "dmitri", card, "@chloe")
    service.until_all_is_said()
    chloe = prompts.get(service.db, prompt.id).assignment
    assert [(each.by.id, each.to.name) for each in chloe.delegations] == [(ANA, "Chloé Martin")]
    service.slack.person("dmitri").press("Approve", message=card)
    assert prompts.get(service.db, prompt.id).is_open
    service.slack.client.set_user_group("dev", ["ben"])
    service.until_noted(prompt, "released")
    service.slack.person("chloe").press("Approve", message=card)
    assert prompts.get(service.db, prompt.id).is_open
    service.slack.person("ben").press("Approve", message=card)
    assert service.over(prompt).result == "approved: True by Ben Okafor (slack)"
