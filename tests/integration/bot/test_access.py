"""Who may answer and see a prompt: its approvers, or the people of the channel in which its card is (invariant 11)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from signoff.bot.forms import ACTION, Form
from signoff.bot.manifest import SIGNOFF
from signoff.bot.service import Service
from signoff.bot.surfaces import action_ids
from signoff.flows.flow import Flow
from signoff.flows.names import now
from signoff.store import audit, ledger
from signoff.store.outbox import cards
from signoff.store.places import Place, PlaceKind
from signoff.store.prompts import drafts, prompts
from signoff.store.records.prompts import Prompt
from signoff.testing import Emulator, Person, VisibleMessage
from tests.integration.bot.asking import secret, shirt
from tests.integration.bot.long_forms import invite, pay, survey
from tests.integration.bot.running_service import RunningService, settings_for
from tests.integration.bot.test_forged_payloads import press
from tests.integration.bot.test_long_forms import chosen
from tests.support.generous_limits import ACK_LIMIT_SECONDS

PRIVATE = "Only members of this workspace who are in the card's channel can."
ELSEWHERE = "T0ELSEWHERE"


@pytest.fixture
def asked(service: RunningService) -> tuple[Prompt, VisibleMessage]:
    """A prompt without approvers, and its card in the private channel of Ana and Ben."""
    service.slack.client.add_channel("board", is_private=True, members=["ana", "ben", "signoff"])
    prompt = service.ask(secret)
    return prompt, service.slack.person("ana").wait_for_message("#board", "Buy Northwind?")


def user(person: Person, **changed: Any) -> dict[str, Any]:
    """A person as Slack names them in a payload."""
    return {"id": person.id, "username": person.name, "name": person.name, "team_id": "T0SIGNOFF1", **changed}


def modal(prompt: Prompt, callback_id: str, values: dict[str, Any]) -> dict[str, Any]:
    """A modal that somebody submits."""
    return {
        "id": "V1",
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": prompt.id if callback_id == action_ids.REJECT_MODAL else f'["{prompt.id}",0]',
        "blocks": [],
        "state": {"values": values},
    }


def acts(
    service: RunningService, prompt: Prompt, card: VisibleMessage, told: str = "can't answer"
) -> dict[str, Callable[[Person], str]]:
    """Every way in which somebody may try to answer. Each returns what they are told."""

    def pressed(action_id: str) -> Callable[[Person], str]:
        def act(person: Person) -> str:
            payload = press(service, card, action_id, prompt.id, user=user(person))
            assert service.post(payload).status_code == 200
            return person.wait_for_message("@signoff", told).full_text

        return act

    def submitted(callback_id: str, values: dict[str, Any]) -> Callable[[Person], str]:
        def act(person: Person) -> str:
            payload = {
                **press(service, card, "", "", user=user(person)),
                "type": "view_submission",
                "view": modal(prompt, callback_id, values),
            }
            return service.post(payload).text

        return act

    reason = {"reason": {"signoff": {"type": "plain_text_input", "value": "No"}}}
    return {
        "a press on a choice": pressed(action_ids.choose(0)),
        "a press on a card's only button": pressed(action_ids.ANSWER),
        "opening the form": pressed(action_ids.EDIT),
        "a press in the list": pressed(action_ids.OPEN),
        "opening the modal for a reason": pressed(action_ids.REJECT),
        "submitting the form": submitted(action_ids.ANSWER_MODAL, {}),
        "submitting a reason": submitted(action_ids.REJECT_MODAL, reason),
    }


ACTS = (
    "a press on a choice",
    "a press on a card's only button",
    "opening the form",
    "a press in the list",
    "opening the modal for a reason",
    "submitting the form",
    "submitting a reason",
)


@pytest.mark.parametrize("act", ACTS)
def test_only_members_of_the_channel_may_act(
    service: RunningService, asked: tuple[Prompt, VisibleMessage], act: str
) -> None:
    """Invariant 11: whatever they try, and without being told what the prompt says."""
    prompt, card = asked
    mei = service.slack.person("mei")
    told = acts(service, prompt, card)[act](mei)
    assert "You can't answer this." in told
    assert PRIVATE in told
    assert "Approval" not in told
    assert "Northwind?" not in told
    assert mei.modal is None
    assert prompts.get(service.db, prompt.id).is_open
    assert service.until_noted(prompt, "refused")["via"] == "slack"


@pytest.mark.parametrize("action_id", [action_ids.READ, action_ids.READ_NEXT])
def test_only_those_who_may_see_a_prompt_can_read_all_of_it(
    service: RunningService, asked: tuple[Prompt, VisibleMessage], action_id: str
) -> None:
    """“Show all” is for the members of the channel; others are told nothing of what the prompt says."""
    prompt, card = asked
    ana, mei = service.slack.person("ana"), service.slack.person("mei")
    assert service.post(press(service, card, action_id, prompt.id, user=user(mei))).status_code == 200
    told = mei.wait_for_message("@signoff", "may")
    assert told.text == "You may not see this prompt."
    assert mei.modal is None
    assert service.until_noted(prompt, "refused_reading")["name"] == "Mei Tanaka"
    assert service.post(press(service, card, action_id, prompt.id, user=user(ana))).status_code == 200


def test_a_member_may_answer(service: RunningService, asked: tuple[Prompt, VisibleMessage]) -> None:
    """As the card says."""
    prompt, card = asked
    assert "Anyone in this channel from this workspace may answer." in card.full_text
    service.slack.person("ben").press("Approve", message=card)
    assert service.over(prompt).result == "approved: True"


def test_who_leaves_the_channel_may_not_submit_the_form_that_is_open(
    service: RunningService, asked: tuple[Prompt, VisibleMessage]
) -> None:
    """Membership is checked at the act, not when the form was opened."""
    prompt, card = asked
    ben = service.slack.person("ben")
    ben.press("Edit…", message=card)
    ben.wait_for_modal("Buy Northwind?")
    service.slack.client.remove("@ben", "#board")
    service.slack.client.events("member_left_channel", at_least=1)
    ben.submit({"Approved": True})
    ben.wait_for_modal(PRIVATE)
    assert prompts.get(service.db, prompt.id).is_open


def leave(service: RunningService, person: Person) -> None:
    """Have somebody leave #orders, which the bot hears of."""
    service.slack.client.remove(person.id, "#orders")
    service.slack.client.events("member_left_channel", at_least=1)


def test_who_leaves_the_channel_is_not_shown_the_next_page(service: RunningService) -> None:
    """A form that is open shows no more of the prompt."""
    prompt, card = service.ask_in("#orders", survey)
    ben = service.slack.person("ben")
    ben.press("Answer…", message=card)
    modal = ben.wait_for_modal("Page 1 of 4")
    leave(service, ben)
    ben.submit(dict.fromkeys(modal.labels, 2))
    ben.wait_for_modal(PRIVATE)
    assert service.until_noted(prompt, "refused")["via"] == "slack"


@pytest.mark.parametrize(("asking", "button", "change"), [(pay, "Edit…", "Pay by"), (invite, "Answer…", "Add Guest…")])
def test_who_leaves_the_channel_is_shown_no_more_of_a_form(
    service: RunningService, asking: Flow[Any, Any], button: str, change: str
) -> None:
    """Neither the fields of another variant, nor the form of an entry."""
    prompt, card = service.ask_in("#orders", asking)
    ben = service.slack.person("ben")
    ben.press(button, message=card)
    ben.wait_for_modal()
    leave(service, ben)
    ben.press(change, value=chosen("Card", 0) if asking is pay else None)
    ben.wait_for_modal(PRIVATE)
    assert service.until_noted(prompt, "refused")["name"] == "Ben Okafor"


def test_who_has_left_the_channel_is_not_told_how_the_prompt_ended(service: RunningService) -> None:
    """Not in the form that they still have open either."""
    prompt, card = service.ask_in("#orders", secret, where="#orders")
    ben = service.slack.person("ben")
    ben.press("Edit…", message=card)
    ben.wait_for_modal("Buy Northwind?")
    leave(service, ben)
    service.slack.person("ana").press("Approve", message=card)
    service.over(prompt)
    told = ben.wait_for_modal("This prompt is over.").full_text
    assert "Northwind" not in told
    assert "Ana" not in told


def test_who_joins_the_channel_may_answer_at_once(
    service: RunningService, asked: tuple[Prompt, VisibleMessage]
) -> None:
    """The refusal before does not last."""
    prompt, card = asked
    mei = service.slack.person("mei")
    acts(service, prompt, card)["a press on a choice"](mei)
    service.slack.client.invite("@mei", "#board")
    service.slack.client.events("member_joined_channel", at_least=1)
    mei.press("Approve", message=card)
    assert service.over(prompt).result == "approved: True"


def test_people_of_another_workspace_may_not_answer_although_they_share_the_channel(service: RunningService) -> None:
    """Unless an approver is named by their id."""
    eve = service.slack.client.add_person("eve", team=ELSEWHERE)
    service.slack.client.invite(eve.id, "#orders")
    prompt, _ = service.ask_in("#orders", secret, where="#orders")
    eve.press("Approve", in_="#orders")
    eve.wait_for_message("#orders", PRIVATE)
    assert prompts.get(service.db, prompt.id).is_open
    named, _ = service.ask_in("#orders", secret, where="#orders", approvers=[eve.id])
    eve.press("Approve", in_="#orders")
    assert service.over(named).result == "approved: True"


@pytest.mark.parametrize("name", ["@ana", "ana@example.com"])
def test_a_namesake_of_another_workspace_is_not_taken_for_an_approver(service: RunningService, name: str) -> None:
    """Slack lists people of other workspaces who share a channel, and a handle is only unique in its own."""
    eve = service.slack.client.add_person("ana", real_name="Ana Ruiz", team=ELSEWHERE, email="eve@elsewhere.example")
    service.slack.client.invite(eve.id, "#orders")
    prompt, card = service.ask_in("#orders", secret, where="#orders", approvers=[name])
    eve.press("Approve", message=card)
    assert prompts.get(service.db, prompt.id).is_open
    service.slack.person("U0ANARUIZ1").press("Approve", message=card)
    settled = service.over(prompt)
    assert settled.result == "approved: True"


def test_the_workspace_of_a_shared_channel_makes_nobody_a_colleague(service: RunningService) -> None:
    """A payload may leave out that of the person, who may have taken the handle of an approver."""
    ana = service.slack.client.add_person("ana", real_name="Ana Ruiz", team=ELSEWHERE)
    service.slack.client.invite(ana.id, "#orders")
    for approvers in ([], ["@ana"]):
        prompt, card = service.ask_in("#orders", secret, where="#orders", approvers=approvers)
        nameless = {"id": ana.id, "username": "ana", "name": "ana"}
        response = service.post(press(service, card, action_ids.choose(0), prompt.id, user=nameless))
        assert response.status_code == 200
        assert service.until_noted(prompt, "refused")["via"] == "slack"
        assert prompts.get(service.db, prompt.id).is_open


@pytest.mark.parametrize("where", ["user", "team"])
def test_the_workspace_that_slack_names_with_the_act_counts(service: RunningService, where: str) -> None:
    """Before the one that it says is the person's home."""
    prompt, card = service.ask_in("#orders", secret, where="#orders")
    mei = service.slack.person("mei")
    changed: dict[str, Any] = {"user": user(mei, team_id=ELSEWHERE)}
    if where == "team":
        changed = {"user": {"id": mei.id, "username": "mei"}, "team": {"id": ELSEWHERE}}
    assert service.post(press(service, card, action_ids.choose(0), prompt.id, **changed)).status_code == 200
    mei.wait_for_message("@signoff", PRIVATE)
    assert prompts.get(service.db, prompt.id).is_open


@pytest.mark.parametrize("act", ["a press on a choice", "submitting the form", "submitting a reason"])
@pytest.mark.parametrize("is_over", [False, True])
def test_who_may_not_see_a_prompt_is_not_told_what_it_asks_of_whom(
    service: RunningService, asked: tuple[Prompt, VisibleMessage], act: str, is_over: bool
) -> None:
    """Also if its policy names its approvers."""
    prompt = service.ask(secret, approvers=["@ana"])
    ana, mei = service.slack.person("ana"), service.slack.person("mei")
    card = ana.wait_for_message("#board", lambda seen: "<@U0ANARUIZ1> may answer." in seen.full_text)
    if is_over:
        ana.press("Approve", message=card)
        service.over(prompt)
    told = acts(service, prompt, card)[act](mei)
    assert "You can't answer this. Only its approvers can." in told
    for said in ("Northwind", "Approval", "ana", "Ana", "U0ANARUIZ1"):
        assert said not in told
    assert prompts.get(service.db, prompt.id).is_open is not is_over


def test_a_member_of_the_channel_is_told_who_may_answer(
    service: RunningService, asked: tuple[Prompt, VisibleMessage]
) -> None:
    """They see the card, which says so too."""
    prompt = service.ask(secret, approvers=["@ana"])
    ben = service.slack.person("ben")
    card = ben.wait_for_message("#board", lambda seen: "<@U0ANARUIZ1> may answer." in seen.full_text)
    ben.press("Approve", message=card)
    told = ben.wait_for_message("#board", lambda seen: seen.is_ephemeral).full_text
    assert told == "You may not answer “Buy Northwind?”. <@U0ANARUIZ1> may answer."
    assert prompts.get(service.db, prompt.id).is_open


@pytest.mark.parametrize("act", ["a change", "the previous page", "a page"])
def test_nothing_is_stored_of_what_somebody_enters_who_may_not_answer(
    service: RunningService, asked: tuple[Prompt, VisibleMessage], act: str
) -> None:
    """Neither a draft nor anything else; a member's draft is."""
    prompt, card = asked
    entered = {Form.block_id(("reason",)): {ACTION: {"type": "plain_text_input", "value": "Because"}}}
    view = modal(prompt, action_ids.ANSWER_MODAL, entered)
    for name in ("ana", "mei"):
        person = service.slack.person(name)
        action_id = ACTION if act == "a change" else action_ids.BACK
        payload = {**press(service, card, action_id, "", user=user(person)), "view": view}
        if act == "a page":
            payload = {**payload, "type": "view_submission", "view": view | {"private_metadata": f'["{prompt.id}",0]'}}
            # Not the answer, which would settle it: a text that is too long for the model.
            entered[Form.block_id(("reason",))][ACTION]["value"] = "Because " * 9
        assert service.post(payload).status_code == 200
    assert drafts.load(service.db, prompt.id, service.slack.person("ana").id) is not None
    assert drafts.load(service.db, prompt.id, service.slack.person("mei").id) is None
    assert service.until_noted(prompt, "refused")["name"] == "Mei Tanaka"


def test_a_flood_of_attempts_does_not_fill_the_ledger(
    service: RunningService, asked: tuple[Prompt, VisibleMessage]
) -> None:
    """The first ten have a line each, and then one tells that there were sixteen; the person is told each time."""
    prompt, card = asked
    mei = service.slack.person("mei")
    for _ in range(20):
        assert service.post(press(service, card, action_ids.ANSWER, prompt.id, user=user(mei))).status_code == 200
    noted = [line for line in ledger.lines(service.db, prompt.id) if line.event == "refused"]
    assert [line.detail.get("times") for line in noted] == [None] * 10 + [16]
    assert {line.actor for line in noted} == {mei.id}
    assert audit.check(service.db, prompt.id).faults == ()


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("who", ["the app", "a deactivated person"])
def test_neither_apps_nor_deactivated_people_may_answer(service: RunningService, who: str, named: bool) -> None:
    """Although they are members of the channel, or an approver is given by their id."""
    person = service.slack.person("signoff" if who == "the app" else "mei")
    approvers = [person.id, "@ana"] if named else []
    prompt, card = service.ask_in("#orders", secret, where="#orders", approvers=approvers)
    if who == "a deactivated person":
        service.slack.client.change_person("mei", deleted=True)
        # Who she is may have been looked up when the prompt opened.
        service.slack.client.events("user_change", at_least=1)
    payload = press(service, card, action_ids.choose(0), prompt.id, user=user(person))
    assert service.post(payload).status_code == 200
    assert service.until_noted(prompt, "refused")["via"] == "slack"
    assert prompts.get(service.db, prompt.id).is_open


@pytest.mark.usefixtures("real_limits")
@pytest.mark.parametrize("error", ["fatal_error", "ratelimited"])
def test_nobody_may_answer_while_slack_does_not_say_who_is_a_member(service: RunningService, error: str) -> None:
    """They are told so, and the ledger has the reason."""
    prompt, _ = service.ask_in("#orders", secret, where="#orders")
    service.slack.client.inject_fault("conversations.members", error=error, times=1000)
    mei = service.slack.person("mei")
    # It is acked: Slack would show an error of its own besides.
    mei.press("Approve", in_="#orders")
    mei.wait_for_message("#orders", "Slack could not confirm that you may answer, so nothing was decided.")
    assert "C0ORDERS01" in service.until_noted(prompt, "unverified")["reason"]
    assert prompts.get(service.db, prompt.id).is_open


@pytest.mark.parametrize("is_listed_first", [False, True])
def test_the_people_of_a_group_message_may_answer_a_card_there(service: RunningService, is_listed_first: bool) -> None:
    """Slack counts it among neither the channels nor the direct messages."""
    group = service.slack.client.add_channel("mpdm-ana--ben", is_mpim=True, members=["ana", "ben", "signoff"])
    ana, mei = service.slack.person("ana"), service.slack.person("mei")
    prompt = service.ask(secret, where=group)
    card = ana.wait_for_message(group, "Buy Northwind?")
    if is_listed_first:
        for person, told in ((ana, "1 prompt is waiting"), (mei, "Nothing is waiting")):
            person.command("/approvals all")
            person.wait_for_message("#general", told)
    assert PRIVATE in acts(service, prompt, card)["a press on a choice"](mei)
    ana.press("Approve", message=card)
    assert service.over(prompt).result == "approved: True"


def test_an_app_from_an_earlier_manifest_says_which_scope_it_lacks(sqlite_url: str) -> None:
    """Prompts in group messages wait for it. Those in channels do not."""
    scopes = SIGNOFF.scopes - {"mpim:read", "mpim:history"}
    older = replace(SIGNOFF, scopes=scopes, events=SIGNOFF.events - {"message.mpim"})
    with (
        Emulator(manifest=older, ack_limit_seconds=ACK_LIMIT_SECONDS) as slack,
        Service(settings_for(slack.api_url, sqlite_url), [secret], with_bot=True, grace=1.0) as started,
    ):
        service = RunningService(slack, started)
        slack.deliver_to(service.request_url)
        group = slack.client.add_channel("mpdm-ana--ben", is_mpim=True, members=["ana", "ben", "signoff"])
        ana = slack.person("ana")
        prompt = service.ask(secret, where=group)
        ana.press("Approve", message=ana.wait_for_message(group, "Buy Northwind?"))
        assert "lacks the scope mpim:read" in service.until_noted(prompt, "unverified")["reason"]
        other, _ = service.ask_in("#orders", secret, where="#orders")
        ana.command("/approvals all")
        ana.wait_for_message("#general", "1 prompt is waiting")
        ana.press("Approve", in_="#orders")
        assert service.over(other).result == "approved: True"


def test_a_card_in_direct_messages_is_for_the_one_who_has_it(
    service: RunningService, asked: tuple[Prompt, VisibleMessage]
) -> None:
    """It says so, and the check agrees; and so does each of several cards."""
    prompt, card = asked
    chloe, mei = service.slack.person("chloe"), service.slack.person("mei")
    with service.db.write() as tx:
        cards.add(tx, prompt.id, [Place(PlaceKind.PERSON, mei.id)], now=now())
    direct = mei.wait_for_message("@signoff", "Buy Northwind?")
    assert "You may answer." in direct.full_text
    acts(service, prompt, card)["a press on a choice"](chloe)
    assert prompts.get(service.db, prompt.id).is_open
    mei.press("Approve", message=direct)
    assert service.over(prompt).result == "approved: True"


def test_the_list_shows_a_prompt_only_to_those_who_may_see_it(
    service: RunningService, asked: tuple[Prompt, VisibleMessage]
) -> None:
    """Members of its channel, and approvers who are not in the channel; and nobody else."""
    prompt, _ = asked
    named = service.ask(secret, approvers=["@chloe", "@buyers"])
    service.ask_in("#orders", shirt)
    service.until_all_is_said()
    seen = {}
    for name in ("ana", "chloe", "dmitri", "mei"):
        person = service.slack.person(name)
        person.command("/approvals all")
        shown = person.wait_for_message("#general", "waiting for an answer")
        listed = {each["accessory"]["value"] for each in shown.blocks if "accessory" in each}
        seen[name] = {name for name, each in (("asked", prompt), ("named", named)) if each.id in listed}
        assert "1 prompt" in shown.full_text or len(listed) > 1
    assert seen == {"ana": {"asked", "named"}, "chloe": {"named"}, "dmitri": {"named"}, "mei": set()}


@pytest.mark.parametrize(
    ("requester", "is_shown"), [("U0MEITANA1", True), ("mei@example.com", True), ("@mei", False), ("mei", False)]
)
def test_the_list_shows_their_prompts_to_requesters(
    service: RunningService, asked: tuple[Prompt, VisibleMessage], requester: str, is_shown: bool
) -> None:
    """Not to whoever has the handle that is the name of a user of some machine."""
    mei = service.slack.person("mei")
    secret.create_run({"approvers": ["@ana"]}, requester=requester, db=service.db)
    service.slack.person("ana").wait_for_message("#board", "Requested by")
    mei.command("/approvals all")
    told = "1 prompt is waiting" if is_shown else "Nothing is waiting for an answer."
    mei.wait_for_message("#general", told)


def test_a_list_costs_two_lookups_however_many_prompts_wait(service: RunningService) -> None:
    """Who it is, and in which channels they are."""
    for number in range(4):
        channel = service.slack.client.add_channel(f"team-{number}", members=["ana", "signoff"])
        service.ask(secret, where=channel)
    service.ask_in("#orders", secret, where="#orders")
    service.until_all_is_said()
    before = len(service.slack.client.calls())
    mei = service.slack.person("mei")
    mei.command("/approvals all")
    mei.wait_for_message("#general", "1 prompt is waiting")
    made = [call["method"] for call in service.slack.client.calls()[before:]]
    assert made == ["users.info", "users.conversations"]


def test_a_list_that_slack_does_not_confirm_says_so(
    service: RunningService, asked: tuple[Prompt, VisibleMessage]
) -> None:
    """What is not known to be for somebody is not shown to them."""
    for method in ("users.conversations", "conversations.members"):
        service.slack.client.inject_fault(method, error="fatal_error", times=10)
    ana = service.slack.person("ana")
    ana.command("/approvals all")
    assert "Approval" not in ana.wait_for_message("#general", "prompts may be missing").full_text


def test_how_a_prompt_ended_is_told_only_to_those_who_may_see_it(
    service: RunningService, asked: tuple[Prompt, VisibleMessage]
) -> None:
    """Somebody else learns neither who answered nor what."""
    prompt, card = asked
    service.slack.person("ana").press("Approve", message=card)
    service.over(prompt)
    mei = service.slack.person("mei")
    tried = acts(service, prompt, card)
    for act in ("a press on a choice", "submitting the form", "submitting a reason"):
        told = tried[act](mei)
        assert PRIVATE in told
        assert "Ana" not in told


def test_a_press_without_approvers_costs_two_lookups(service: RunningService) -> None:
    """Who it is, and who is in the channel."""
    service.ask_in("#orders", secret, where="#orders")
    service.until_all_is_said()
    before = len(service.slack.client.calls())
    service.slack.person("mei").press("Approve", in_="#orders")
    made = [call["method"] for call in service.slack.client.calls()[before:]]
    assert [name for name in made if name.startswith(("users.", "conversations.", "usergroups."))] == [
        "users.info",
        "conversations.members",
    ]
