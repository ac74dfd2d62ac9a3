"""What was drawn in an earlier stage decides nothing in the next; and nobody counts in two through somebody else."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from signoff.bot.connection.directory import SlackDirectory
from signoff.bot.connection.lookups import Lookups
from signoff.bot.connection.web_client import web_client
from signoff.bot.emulator.server import BOT_TOKEN
from signoff.bot.surfaces import action_ids
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.quorum import key_of
from signoff.flows.approval.replies import Counted, Refused
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.assignment import HandOver
from signoff.store.records.prompts import Prompt
from signoff.store.records.votes import Shown
from signoff.testing import Emulator, Person, VisibleMessage
from tests.integration.bot.asking import approve
from tests.integration.bot.running_service import RunningService
from tests.integration.bot.test_absences import away, says
from tests.integration.bot.test_assignment import hands_over, not_handed_over
from tests.integration.bot.test_forged_payloads import TEAM
from tests.integration.bot.test_forged_payloads import press as press_payload
from tests.integration.bot.test_several import opened, ticks
from tests.integration.bot.test_stages import ANA, BEN, EXPERT, MEI, PEER, asked, at_stage, press
from tests.support.waiting import until

OVER = "This was asked of the stage Peer, which is over. Look at the card again."
DMITRI = "U0DMITRIS1"

Late = Callable[[RunningService, Person, VisibleMessage], Callable[[], object]]
"""Has somebody look at a prompt in its first stage. What it returns decides, and finds out what they are told."""


@pytest.fixture
def directory(slack: Emulator) -> Iterator[SlackDirectory]:
    """The workspace's directory, for a desk of the test's own."""
    lookups = Lookups(web_client(BOT_TOKEN, slack.api_url), TEAM)
    yield SlackDirectory(lookups)
    lookups.stop()


def until_passed(service: RunningService, prompt: Prompt, passed: int = 1) -> None:
    """Wait for a stage, whatever the cards look like."""
    until(service.db, lambda: len(prompts.get(service.db, prompt.id).passed) == passed or None, what=f"stage {passed}")


def told(person: Person, what: str = OVER) -> object:
    return person.wait_for_message("#releases", lambda seen: seen.is_ephemeral and what in seen.text)


def on_the_card(service: RunningService, ben: Person, card: VisibleMessage) -> Callable[[], object]:
    return lambda: (ben.press("Approve", message=card), told(ben))


def with_a_reason(service: RunningService, ben: Person, card: VisibleMessage) -> Callable[[], object]:
    ben.press("Reject", message=card)
    ben.wait_for_modal("May it go out?")
    return lambda: (ben.submit({"Reason": "Not yet"}), ben.wait_for_modal(OVER))


def in_a_form(service: RunningService, ben: Person, card: VisibleMessage) -> Callable[[], object]:
    ben.press("Edit…", message=card)
    ben.wait_for_modal("May it go out?")
    return lambda: (ben.submit({"Approved": True}), ben.wait_for_modal(OVER))


def opening_a_form(service: RunningService, ben: Person, card: VisibleMessage) -> Callable[[], object]:
    return lambda: (ben.press("Edit…", message=card), told(ben))


def among_several(service: RunningService, ben: Person, card: VisibleMessage) -> Callable[[], object]:
    service.ask(approve)
    opened(service, ben)
    return lambda: (ben.submit(ticks("May it go out?")), ben.wait_for_modal(OVER))


def in_the_list(service: RunningService, ben: Person, card: VisibleMessage) -> Callable[[], object]:
    ben.command("/approvals", in_="#releases")
    listed = ben.wait_for_message("#releases", lambda seen: "Open" in seen.buttons)
    return lambda: (ben.press("Open", message=listed), told(ben))


def after_a_reply(service: RunningService, ben: Person, card: VisibleMessage) -> Callable[[], object]:
    ben.say("lgtm", "#releases", thread_ts=card.ts)
    nudge = ben.wait_for_message("#releases", lambda seen: seen.is_ephemeral and "Approve" in seen.buttons)
    return lambda: (ben.press("Approve", message=nudge), told(ben))


def taking_it(service: RunningService, ben: Person, card: VisibleMessage) -> Callable[[], object]:
    return lambda: (ben.press("I'll take it", message=card), told(ben))


def handing_it_over(service: RunningService, ben: Person, card: VisibleMessage) -> Callable[[], object]:
    ben.press("Hand over…", message=card)
    ben.wait_for_modal("Hand over")
    return lambda: (ben.submit({"To": "@mei"}), ben.wait_for_modal(OVER))


@pytest.mark.parametrize(
    "late",
    [
        on_the_card,
        with_a_reason,
        in_a_form,
        opening_a_form,
        among_several,
        in_the_list,
        after_a_reply,
        taking_it,
        handing_it_over,
    ],
)
def test_what_was_drawn_in_an_earlier_stage_decides_nothing(service: RunningService, late: Late) -> None:
    """Although Ben may answer in both. He is told why, and what he looks at afterwards lets him answer."""
    prompt, card = asked(service, PEER, EXPERT, assignment="claim")
    ben = service.slack.person("ben")
    act = late(service, ben, card)
    with service.cards_as_they_are():
        press(service, "ana", card)
        until_passed(service, prompt)
        act()
        current = prompts.get(service.db, prompt.id)
        assert (current.is_open, current.votes, current.assignment.assignee) == (True, (), None)
        assert service.until_noted(prompt, "refused")["reason"] == OVER
    _, card = at_stage(service, prompt, 1)
    press(service, "ben", card)
    assert service.over(prompt).result == "approved: True  by Ana Ruiz (Peer), Ben Okafor (Expert)"


def test_a_double_click_passes_one_stage(service: RunningService) -> None:
    """Where a person may count in two. An unreadable claim, or of a stage that is to come, decides nothing either."""
    prompt, card = asked(service, PEER, {**EXPERT, "name": "<!channel> *Expert*"}, EXPERT, distinct=False)
    ben = service.slack.person("ben")
    with service.cards_as_they_are():
        ben.press("Approve", message=card)
        ben.press("Approve", message=card)
        told(ben)
        until_passed(service, prompt)
        service.post(press_payload(service, card, action_ids.choose(0), f"{prompt.id}:2", user={"id": BEN}))
        until(service.db, lambda: service.events(prompt).count("refused") == 2 or None, what="the second refusal")
    assert len(prompts.get(service.db, prompt.id).passed) == 1
    _, card = at_stage(service, prompt, 1)
    assert {each.element["value"] for each in card.elements if "choose" in str(each.element)} == {f"{prompt.id}:1"}
    with service.cards_as_they_are():
        ben.press("Approve", message=card)
        until_passed(service, prompt, 2)
        ben.press("Approve", message=card)
        shown = ben.wait_for_message("#releases", lambda seen: seen.is_ephemeral and "which is over" in seen.text)
    assert "<!channel>" not in shown.text
    assert prompts.get(service.db, prompt.id).is_open


def test_agreeing_with_a_proposal_of_an_earlier_stage_decides_nothing(service: RunningService) -> None:
    """Although somebody proposes the same again."""
    prompt, _ = asked(service, {**PEER, "quorum": 2}, {**EXPERT, "quorum": 2}, distinct=False)
    desk, answer = Desk(service.db), {"approved": True, "reason": "Fine"}
    for person, passed in ((ANA, 0), (BEN, 1), (MEI, 1)):
        assert isinstance(desk.submit(prompt.id, Actor(person, person), answer, via="slack"), Counted)
        at_stage(service, prompt, passed)
    vote = prompts.get(service.db, prompt.id).votes[0]
    key = key_of(vote.answer or {})
    refused = desk.agree(prompt.id, Actor(BEN, "ben"), key, via="slack", shown=Shown(stage=0))
    assert isinstance(refused, Refused)
    assert refused.reason == OVER
    assert desk.agree(prompt.id, Actor(BEN, "ben"), key, via="slack", shown=Shown(stage=1)).prompt.settled_by


def by_ana_herself(service: RunningService, prompt: Prompt, card: VisibleMessage) -> str:
    press(service, "ana", card)
    at_stage(service, prompt, 1)
    away(service, "ana", "@dmitri")
    return "dmitri"


def by_two_who_cover(service: RunningService, prompt: Prompt, card: VisibleMessage) -> str:
    away(service, "ana", "@dmitri")
    press(service, "dmitri", card)
    at_stage(service, prompt, 1)
    assert "You are away" in says(service, "ana", "away for 2 days, @chloe covers")
    return "chloe"


def by_a_delegate(service: RunningService, prompt: Prompt, card: VisibleMessage) -> str:
    hands_over(service, "ana", card, "@dmitri")
    press(service, "dmitri", card)
    at_stage(service, prompt, 1)
    away(service, "ana", "@chloe")
    return "chloe"


@pytest.mark.parametrize("passes", [by_ana_herself, by_two_who_cover, by_a_delegate])
def test_a_person_and_who_acts_in_their_place_count_in_one_stage(
    service: RunningService, passes: Callable[[RunningService, Prompt, VisibleMessage], str]
) -> None:
    """Be it themselves and one who covers, two who cover, or a delegate."""
    both = {"name": "Expert", "approvers": ["@ana", "@mei"]}
    prompt, card = asked(service, PEER, both, may_delegate=True)
    name = passes(service, prompt, card)
    _, card = at_stage(service, prompt, 1)
    press(service, name, card)
    reason = "You would answer in the place of Ana Ruiz, who counts in the stage Peer already, and nobody counts in two"
    told(service.slack.person(name), reason)
    assert service.until_noted(prompt, "refused")["reason"].startswith(reason)
    assert prompts.get(service.db, prompt.id).votes == ()
    person = service.slack.person(name)
    person.command("/approvals", in_="#releases")
    person.wait_for_message("#releases", lambda seen: seen.is_ephemeral and "Nothing is waiting" in seen.full_text)
    press(service, "mei", card)
    assert str(service.over(prompt).result).endswith(", Mei Tanaka (Expert)")


def test_who_covers_for_two_answers_for_the_one_who_does_not_count_yet(service: RunningService) -> None:
    """Ana has answered in the stage before, and Mei has not."""
    away(service, "ana", "@dmitri")
    away(service, "mei", "@dmitri")
    prompt, card = asked(service, PEER, {"name": "Expert", "approvers": ["@ana", "@mei"]}, may_delegate=True)
    press(service, "ana", card)
    _, card = at_stage(service, prompt, 1)
    press(service, "dmitri", card)
    settled = prompts.get(service.db, prompt.id)
    assert [(vote.actor.id, vote.seat.id) for vote in settled.votes] == [(DMITRI, MEI)]


def test_a_prompt_is_handed_to_nobody_who_counts_in_an_earlier_stage(service: RunningService) -> None:
    """They could not answer it."""
    prompt, card = asked(service, PEER, EXPERT, may_delegate=True)
    press(service, "ana", card)
    _, card = at_stage(service, prompt, 1)
    why = not_handed_over(service, "mei", card, "@ana")
    assert why == "Ana Ruiz has answered in the stage Peer, and nobody counts in two stages."


@pytest.mark.parametrize("act", ["claim", "hand_over"])
def test_who_may_not_answer_any_more_takes_and_hands_over_nothing(
    service: RunningService, directory: SlackDirectory, act: str
) -> None:
    """The stage has ended between the look at the policy and the change, where Mei alone may answer."""
    only_mei = {"name": "Expert", "approvers": ["@mei"]}
    prompt, card = asked(service, {"name": "Peer", "approvers": [ANA, BEN]}, only_mei, assignment="claim")
    moments: list[object] = []

    def clock() -> datetime:
        moments.append(None)
        if len(moments) == 2:
            # The first is when they are admitted, the second when what they do is dated.
            press(service, "ana", card)
            until_passed(service, prompt)
        return service.db.now()

    desk, ben = Desk(service.db, directory, clock=clock), Actor(BEN, "ben")
    if act == "claim":
        reply = desk.claim(prompt.id, ben, via="slack")
    else:
        reply = desk.hand_over(prompt.id, ben, HandOver(ANA, ""), via="slack")
    assert isinstance(reply, Refused)
    assert prompts.get(service.db, prompt.id).assignment.assignee is None
