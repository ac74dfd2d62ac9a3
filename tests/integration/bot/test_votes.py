"""Several people have to agree: who counts, what is shown, and what the run gets."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from signoff.flows.approval.desk import Desk
from signoff.flows.approval.replies import Unverified
from signoff.store import ledger
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor, user_claim
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.records.runs import RunState
from signoff.testing import VisibleMessage
from tests.integration.bot.asking import order_together, release_together
from tests.integration.bot.running_service import RunningService
from tests.integration.bot.test_forged_payloads import press
from tests.support.waiting import until

LEADS = ["@ana", "@ben", "@mei"]


def asked(service: RunningService, **policy: Any) -> tuple[Prompt, VisibleMessage]:
    """A prompt under this policy, and its card, once it is known who its approvers are."""
    prompt, _ = service.ask_in("#releases", release_together, policy={"approvers": LEADS, **policy})
    named = len(prompt.policy.named)
    until(service.db, lambda: len(prompts.get(service.db, prompt.id).found_approvers) == named, what="the approvers")
    return prompt, service.card(prompt)


def approves(service: RunningService, name: str, card: VisibleMessage) -> None:
    service.slack.person(name).press("Approve", message=card)


def rejects(service: RunningService, name: str, card: VisibleMessage, reason: str = "Not yet") -> None:
    """Reject with the form, since this model asks for a reason."""
    person = service.slack.person(name)
    person.press("Reject", message=card)
    person.wait_for_modal("May it go out?")
    person.submit({"Reason": reason})


def tally(service: RunningService, wanted: str) -> VisibleMessage:
    """The card, once it says this."""
    return service.slack.person("mei").wait_for_message(
        "#releases", lambda seen: bool(seen.buttons) and wanted in seen.full_text
    )


def voters(prompt: Prompt) -> list[str]:
    return [vote.actor.name for vote in prompt.votes]


def test_two_of_three_have_to_agree(service: RunningService) -> None:
    """Every card shows the tally, whoever votes is told that it counts, and the run goes on with the second vote."""
    prompt, card = asked(service, quorum=2)
    assert "2 people must agree. One rejection ends it." in card.full_text
    assert "*0 of 2 agree*" in card.full_text
    approves(service, "ana", card)
    told = service.slack.person("ana").wait_for_message("#releases", lambda seen: seen.is_ephemeral)
    assert told.text == ("Your vote counts: Approved. 1 of 2 agree. You can change it until the prompt is settled.")
    shown = tally(service, "*1 of 2 agree*")
    assert "Approved: <@U0ANARUIZ1>" in shown.full_text
    assert prompts.get(service.db, prompt.id).is_open
    approves(service, "ben", shown)
    assert service.over(prompt).result == "approved: True by Ana Ruiz (slack), Ben Okafor (slack)"
    settled = service.card(prompt, open_=False).full_text
    assert "*Approved* by <@U0ANARUIZ1> and <@U0BENOKAF1>" in settled
    assert [line.event for line in ledger.lines(service.db, prompt.id) if line.event in ("voted", "submitted")] == [
        "voted",
        "submitted",
    ]


def test_the_thread_and_the_list_tell_the_tally(service: RunningService) -> None:
    """A line for each vote, which names the question and pings nobody."""
    prompt, card = asked(service, quorum=2)
    approves(service, "ana", card)
    service.until_all_is_said()
    (line,) = service.replies(card)
    assert "*May it go out?* Approved by Ana Ruiz. 1 of 2 agree." in line.full_text
    assert "<@" not in line.full_text
    mei = service.slack.person("mei")
    mei.command("/approvals all", in_="#releases")
    listed = mei.wait_for_message("#releases", "is waiting for an answer")
    assert "1 of 2 agree" in listed.full_text
    approves(service, "ben", card)
    service.over(prompt)


def test_a_person_counts_once_and_may_change_their_vote(service: RunningService) -> None:
    """The vote before does not count any more, and the ledger has both."""
    prompt, card = asked(service, quorum=2, reject=2)
    for _ in range(2):
        approves(service, "ana", card)
    assert service.events(prompt).count("voted") == 1
    rejects(service, "ana", tally(service, "*1 of 2 agree*"))
    ana = service.slack.person("ana")
    assert (
        "Your vote counts: Rejected. 0 of 2 agree, 1 of 2 reject." in ana.wait_for_modal("Your vote counts").full_text
    )
    card = tally(service, "Rejected (1 of 2): <@U0ANARUIZ1>")
    assert "*0 of 2 agree*" in card.full_text
    ana.close()
    ana.press("Edit…", message=card)
    assert "You have voted: Rejected." in ana.wait_for_modal("May it go out?").full_text
    ana.close()
    approves(service, "ana", card)
    assert prompts.get(service.db, prompt.id).is_open
    approves(service, "ben", card)
    assert service.over(prompt).result == "approved: True by Ana Ruiz (slack), Ben Okafor (slack)"
    changes = [line.detail.get("changed") for line in ledger.lines(service.db, prompt.id) if line.event == "voted"]
    assert changes == [None, True, True]


def test_the_first_rejection_ends_it(service: RunningService) -> None:
    """Unless the policy says otherwise. The flow gets the no, and the card names only the one who said it."""
    prompt, card = asked(service, quorum=2)
    approves(service, "ana", card)
    rejects(service, "ben", card)
    assert service.over(prompt).result == "approved: False Not yet by Ana Ruiz (slack), Ben Okafor (slack)"
    settled = service.card(prompt, open_=False).full_text
    assert "*Rejected* by <@U0BENOKAF1>" in settled
    assert "Approved: <@U0ANARUIZ1>" in settled


def test_a_number_of_rejections_ends_it(service: RunningService) -> None:
    """Not the first one."""
    prompt, card = asked(service, quorum=3, reject=2)
    assert "2 rejections end it." in card.full_text
    rejects(service, "ana", card)
    approves(service, "mei", card)
    assert prompts.get(service.db, prompt.id).is_open
    rejects(service, "ben", card, "Nor I")
    service.over(prompt)
    settled = service.card(prompt, open_=False).full_text
    assert "*Rejected* by <@U0ANARUIZ1> and <@U0BENOKAF1>" in settled


@pytest.mark.parametrize(
    ("policy", "said", "votes"),
    [
        ({"threshold": 0.66}, "66% of them must agree (2 people).", ["ana", "mei"]),
        ({"quorum": "all"}, "All of them must agree (3 people).", ["ben", "ana", "mei"]),
        ({"threshold": 0.67}, "67% of them must agree (3 people).", ["ben", "ana", "mei"]),
        (
            {"approvers": ["@release-leads", "@ana"], "quorum": "all"},
            "All of them must agree (2 people).",
            ["ben", "ana"],
        ),
    ],
)
def test_a_part_of_those_who_are_named_has_to_agree(
    service: RunningService, policy: dict[str, Any], said: str, votes: list[str]
) -> None:
    """Rounded up. Groups count by their people, and nobody counts twice."""
    prompt, _ = asked(service, **policy)
    card = tally(service, said)
    for name in votes[:-1]:
        approves(service, name, card)
        assert prompts.get(service.db, prompt.id).is_open
    approves(service, votes[-1], card)
    assert service.over(prompt).state is RunState.COMPLETED


def test_whoever_leaves_the_group_is_not_waited_for(service: RunningService) -> None:
    """And a vote that was cast before still counts: the last one leaves, and the prompt is settled by the others."""
    service.slack.client.set_user_group("dev", ["ana", "ben", "mei"])
    prompt, _ = asked(service, approvers=["@dev"], quorum="all")
    card = tally(service, "*0 of 3 agree*")
    approves(service, "ana", card)
    approves(service, "ben", card)
    tally(service, "*2 of 3 agree*")
    service.slack.client.set_user_group("dev", ["ben"])
    assert service.over(prompt).result == "approved: True by Ana Ruiz (slack), Ben Okafor (slack)"
    (line,) = [line for line in ledger.lines(service.db, prompt.id) if line.event == "submitted"]
    assert line.detail["recounted"] is True


def test_whoever_is_deactivated_is_not_waited_for(service: RunningService) -> None:
    """An approver who is named in person can leave too."""
    prompt, _ = asked(service, approvers=["@ana", "@ben"], quorum="all")
    approves(service, "ana", tally(service, "*0 of 2 agree*"))
    tally(service, "*1 of 2 agree*")
    service.slack.client.change_person("ben", deleted=True)
    assert service.over(prompt).result == "approved: True by Ana Ruiz (slack)"


def test_one_of_each_group_has_to_agree(service: RunningService) -> None:
    """Two of the same group are not enough, and the card says who is missing."""
    service.slack.client.set_user_group("dev", ["ana", "ben"])
    service.slack.client.set_user_group("security", ["mei"])
    prompt, card = asked(service, approvers=[], each_of=["@dev", "@security"])
    assert "must agree. One rejection ends it." in card.full_text
    approves(service, "ana", card)
    assert "Still missing: @security" in tally(service, "*1 of 2 agree*").full_text
    approves(service, "ben", card)
    assert prompts.get(service.db, prompt.id).is_open
    approves(service, "mei", card)
    assert service.over(prompt).state is RunState.COMPLETED


def test_somebody_in_both_groups_counts_for_one(service: RunningService) -> None:
    """For the one in which nobody else can stand; with distinct=False, for both."""
    service.slack.client.set_user_group("dev", ["ana", "ben"])
    service.slack.client.set_user_group("security", ["ana"])
    prompt, card = asked(service, approvers=[], each_of=["@dev", "@security"])
    approves(service, "ana", card)
    assert prompts.get(service.db, prompt.id).is_open
    approves(service, "ben", card)
    assert service.over(prompt).state is RunState.COMPLETED
    prompt, card = asked(service, approvers=[], each_of=["@dev", "@security"], distinct=False)
    approves(service, "ana", card)
    assert service.over(prompt).state is RunState.COMPLETED


def test_members_of_the_channel_can_agree_too(service: RunningService) -> None:
    """Two of them, if the policy names nobody."""
    prompt, card = asked(service, approvers=[], quorum=2)
    approves(service, "dmitri", card)
    approves(service, "mei", card)
    assert service.over(prompt).result == "approved: True by Dmitri Sokolov (slack), Mei Tanaka (slack)"


def test_other_values_are_another_proposal(service: RunningService) -> None:
    """The card shows them with a button, and whoever presses it agrees to them, and to nothing else."""
    prompt, card = service.ask_in("#orders", order_together, policy={"quorum": 2})
    ana, ben, mei = (service.slack.person(name) for name in ("ana", "ben", "mei"))
    ana.press("Edit…", message=card)
    ana.wait_for_modal("Size")
    ana.submit({"Size": "large", "Color": "green"})
    ana.wait_for_modal("Your vote counts")
    card = ben.wait_for_message("#orders", lambda seen: "Agree with Ana Ruiz" in seen.buttons)
    assert "*Proposed by <@U0ANARUIZ1>*: Answered “Large”, with these values" in card.full_text
    assert "green  (was red)" in card.full_text
    mei.press("Large", message=card)
    mei.wait_for_message("#orders", lambda seen: seen.is_ephemeral and "1 of 2 agree" in seen.text)
    assert prompts.get(service.db, prompt.id).is_open
    ben.press("Agree with Ana Ruiz", message=card)
    assert service.over(prompt).result == "size='large' color='green'"


def test_nobody_agrees_to_what_is_not_proposed_any_more(service: RunningService) -> None:
    """A card that is out of date, or a forged press, settles nothing."""
    prompt, card = asked(service, quorum=2)
    ben = service.slack.person("ben")
    payload = press(service, card, f"signoff:agree:{'0' * 32}", prompt.id, user={"id": ben.id, "username": "ben"})
    assert service.post(payload).status_code == 200
    told = ben.wait_for_message("@signoff", "Nothing was decided.")
    assert told.text == "Nothing was decided. Nobody proposes this any more. Look at the card again."
    assert voters(prompts.get(service.db, prompt.id)) == []


def test_the_last_votes_at_once_settle_once(service: RunningService) -> None:
    """Invariant 2: of two people who press at the same moment, one decides, and the other is told."""
    prompt, card = asked(service, quorum=2)
    approves(service, "ana", card)
    with service.cards_as_they_are():
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda name: approves(service, name, card), ("ben", "mei")))
        assert service.over(prompt).state is RunState.COMPLETED
        assert service.events(prompt).count("submitted") == 1
        assert service.events(prompt).count("too_late") == 1


def test_a_timeout_is_not_decided_by_the_votes_so_far(service: RunningService) -> None:
    """The card says how far they had come."""
    prompt, card = asked(service, quorum=2)
    approves(service, "ana", card)
    tally(service, "*1 of 2 agree*")
    Desk(service.db).time_out(prompts.get(service.db, prompt.id))
    assert prompts.get(service.db, prompt.id).outcome is Outcome.TIMED_OUT
    settled = service.card(prompt, open_=False).full_text
    assert "*Timed out*" in settled
    assert "*1 of 2 agree*" in settled


def test_too_few_approvers_are_reported_when_the_prompt_opens(
    service: RunningService, caplog: pytest.LogCaptureFixture
) -> None:
    """On the card, in the log and in the ledger; and not any more once there are enough."""
    service.slack.client.set_user_group("dev", ["ana"])
    prompt, _ = service.ask_in("#releases", release_together, policy={"approvers": ["@dev"], "quorum": 2})
    fault = "2 people have to agree, and only 1 person can answer."
    tally(service, fault)
    assert service.until_noted(prompt, "too_few_approvers")["problem"] == fault
    service.until_logged(caplog, fault)
    service.slack.client.set_user_group("dev", ["ana", "ben"])
    until(service.db, lambda: "enough_approvers" in service.events(prompt), what="enough approvers")
    card = service.slack.person("mei").wait_for_message("#releases", lambda seen: fault not in seen.full_text)
    for name in ("ana", "ben"):
        approves(service, name, card)
    assert service.over(prompt).state is RunState.COMPLETED


def test_a_rejection_that_cannot_be_reached_is_reported_when_the_prompt_opens(service: RunningService) -> None:
    """Enough people can agree, but all of them together cannot say no."""
    policy = {"each_of": ["@ana", "@ben"], "reject": 5}
    prompt, _ = service.ask_in("#releases", release_together, policy=policy)
    fault = "5 people have to reject this to end it, and only 2 people can answer."
    tally(service, fault)
    assert service.until_noted(prompt, "too_few_approvers")["problem"] == fault


def test_nobody_counts_twice_by_voting_elsewhere(service: RunningService) -> None:
    """On the command line, a user of a machine has the id of the approver of that name; others cannot be told apart."""
    prompt, card = asked(service, approvers=["@ana", "@ben"], quorum=2)
    approves(service, "ana", card)
    desk, claim = Desk(service.db), user_claim("build-7", "on the command line")
    desk.submit(prompt.id, Actor("@ana", "ana", claim=claim), {"approved": True}, via="cli")
    assert len(prompts.get(service.db, prompt.id).votes) == 1
    desk.submit(prompt.id, Actor("@ben", "ben", claim=claim), {"approved": True}, via="cli")
    assert service.over(prompt).result == "approved: True by Ana Ruiz (slack), ben (cli)"

    prompt, card = asked(service, approvers=[], quorum=2)
    approves(service, "ana", card)
    reply = desk.submit(prompt.id, Actor("@aruiz", "aruiz", claim=claim), {"approved": True}, via="cli")
    assert isinstance(reply, Unverified)
    assert "Ana Ruiz has voted, and that may be the same person." in reply.reason
    assert len(prompts.get(service.db, prompt.id).votes) == 1
