"""Stages in order, each with people, a quorum and a deadline: a check, then peers, then an expert."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from signoff import Policy, Stage
from signoff.bot.service import Service
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.policy import conflict, merged
from signoff.flows.approval.replies import Refused
from signoff.store import ledger
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.records.runs import RunState
from signoff.store.tables import submissions
from signoff.testing import Emulator, VisibleMessage
from tests.integration.bot.asking import FLOWS, checks_called, release_in_stages
from tests.integration.bot.running_service import RunningService, settings_for
from tests.support.waiting import until

ANA, BEN, MEI = "U0ANARUIZ1", "U0BENOKAF1", "U0MEITANA1"
PEER = {"name": "Peer", "approvers": ["@ana", "@ben"]}
EXPERT = {"name": "Expert", "approvers": ["@mei", "@ben"]}


def asked(service: RunningService, *stages: dict[str, Any], **policy: Any) -> tuple[Prompt, VisibleMessage]:
    """A prompt with these stages, and its card, once it is known who may answer in the first that asks people."""
    prompt, _ = service.ask_in("#releases", release_in_stages, stages=list(stages), policy=policy)
    return at_stage(service, prompt, len(prompt.passed))


def at_stage(service: RunningService, prompt: Prompt, passed: int) -> tuple[Prompt, VisibleMessage]:
    """The prompt and its card, once it has passed so many stages and knows the people of the next."""

    def look() -> Prompt | None:
        found = prompts.get(service.db, prompt.id)
        return found if len(found.passed) == passed and len(found.found_approvers) == len(found.policy.named) else None

    found = until(service.db, look, what=f"stage {passed}")
    service.until_all_is_said()
    return found, service.card(prompt)


def press(service: RunningService, name: str, card: VisibleMessage, label: str = "Approve") -> None:
    service.slack.person(name).press(label, message=card)


def test_stages_follow_each_other_on_one_card(service: RunningService) -> None:
    """Who is asked now, who comes later, and who has answered is a line each. The next people are pinged in time."""
    prompt, card = asked(service, PEER, EXPERT)
    assert f"▶️ *Peer* · now: <@{ANA}> or <@{BEN}>\n▫️ Expert · to come: @mei, @ben" in card.full_text
    assert f"<@{MEI}>" not in card.full_text
    press(service, "ana", card)
    told = service.slack.person("ana").wait_for_message("#releases", lambda seen: seen.is_ephemeral)
    assert told.text == "Your vote counts: Approved. Stage 2 of 2, Expert. The stage Peer is done."
    current, card = at_stage(service, prompt, 1)
    assert current.is_open
    assert f"✅ Peer · <@{ANA}>\n▶️ *Expert* · now: <@{MEI}> or <@{BEN}>" in card.full_text
    (line,) = service.replies(card)
    assert f"Stage 1 of 2, *Peer*, is done. Next is *Expert*: <@{MEI}> or <@{BEN}> may answer." in line.full_text
    press(service, "mei", card)
    assert service.over(prompt).result == "approved: True  by Ana Ruiz (Peer), Mei Tanaka (Expert)"
    settled = service.card(prompt, open_=False).full_text
    assert f"✅ Peer · <@{ANA}>\n⏹️ *Expert* · approved" in settled
    lines = [(line.event, line.actor, line.detail.get("stage")) for line in ledger.lines(service.db, prompt.id)]
    assert ("stage_passed", ANA, "Peer") in lines
    assert ("submitted", MEI, "Expert") in lines
    with service.db.read() as reading:
        rows = reading.execute(select(submissions.c.actor, submissions.c.stage).order_by(submissions.c.id)).all()
    assert [tuple(row) for row in rows] == [(ANA, "Peer"), (MEI, "Expert")]


def test_each_stage_counts_for_itself(service: RunningService) -> None:
    """With a quorum of its own, and with rejections of its own."""
    prompt, card = asked(service, {**PEER, "quorum": 2, "reject": 2}, {"name": "Expert", "approvers": ["@mei"]})
    assert "*0 of 2 agree*" in card.full_text
    press(service, "ana", card)
    assert prompts.get(service.db, prompt.id).passed == ()
    press(service, "ben", card)
    current, card = at_stage(service, prompt, 1)
    assert [vote.actor.id for vote in current.passed[0].votes] == [ANA, BEN]
    assert "agree" not in card.full_text
    assert f"✅ Peer · <@{ANA}>, <@{BEN}>" in card.full_text
    press(service, "mei", card)
    assert service.over(prompt).state is RunState.COMPLETED


def test_nobody_counts_in_two_stages(service: RunningService) -> None:
    """They are told why, and may not answer outside of Slack either, where it has to be known who somebody is."""
    prompt, card = asked(service, PEER, EXPERT)
    press(service, "ben", card)
    _, card = at_stage(service, prompt, 1)
    press(service, "ben", card)
    reason = "You have answered in the stage Peer, and nobody counts in two stages. Somebody else has to answer."
    service.slack.person("ben").wait_for_message("#releases", lambda seen: seen.is_ephemeral and reason in seen.text)
    assert service.until_noted(prompt, "refused")["reason"] == reason
    ops = Actor("@ben", "ben", claim="claimed on the command line by ops on host build-7")
    assert isinstance(Desk(service.db).submit(prompt.id, ops, {"approved": True}, via="cli"), Refused)
    assert prompts.get(service.db, prompt.id).is_open


def test_a_person_may_count_in_two_stages_if_the_policy_says_so(service: RunningService) -> None:
    """With `distinct=False`."""
    prompt, card = asked(service, PEER, EXPERT, distinct=False)
    press(service, "ben", card)
    _, card = at_stage(service, prompt, 1)
    press(service, "ben", card)
    assert service.over(prompt).result == "approved: True  by Ben Okafor (Peer), Ben Okafor (Expert)"


def test_who_is_asked_in_another_stage_may_not_answer_yet(service: RunningService) -> None:
    """Nor any more."""
    prompt, card = asked(service, PEER, {"name": "Expert", "approvers": ["@mei"]})
    press(service, "mei", card)
    service.until_noted(prompt, "refused")
    press(service, "ana", card)
    _, card = at_stage(service, prompt, 1)
    ben = service.slack.person("ben")
    press(service, "ben", card)
    ben.wait_for_message("#releases", lambda seen: seen.is_ephemeral)
    assert prompts.get(service.db, prompt.id).is_open


@pytest.mark.parametrize("passed", [0, 1])
def test_a_rejection_in_any_stage_ends_it(service: RunningService, passed: int) -> None:
    """The card and the ledger name the stage."""
    prompt, card = asked(service, PEER, EXPERT)
    if passed:
        press(service, "ana", card)
        _, card = at_stage(service, prompt, 1)
    name = "mei" if passed else "ana"
    press(service, name, card, "Reject")
    person = service.slack.person(name)
    person.wait_for_modal("May it go out?")
    person.submit({"Reason": "Not yet"})
    assert str(service.over(prompt).result).startswith("approved: False Not yet")
    stage = "Expert" if passed else "Peer"
    assert service.until_noted(prompt, "submitted")["stage"] == stage
    settled = service.card(prompt, open_=False).full_text
    assert f"⏹️ *{stage}* · rejected" in settled
    assert passed or "▫️ Expert · not reached" in settled


def test_a_stage_may_edit_what_the_next_one_is_shown(service: RunningService) -> None:
    """The verdict is asked for again, and the card in the end says what was changed against the flow's own values."""
    prompt, card = asked(service, PEER, EXPERT)
    ana = service.slack.person("ana")
    press(service, "ana", card, "Edit…")
    form = ana.wait_for_modal("May it go out?")
    ana.submit({form.labels[0]: True, "Reason": "Only the canary"})
    current, card = at_stage(service, prompt, 1)
    assert current.initial_values == {"reason": "Only the canary"}
    assert current.original_values == {}
    assert "Only the canary" in card.full_text
    press(service, "mei", card)
    assert str(service.over(prompt).result).startswith("approved: True Only the canary by")


def test_a_check_comes_first_and_its_result_is_recorded(service: RunningService) -> None:
    """It is given the run's parameters, and called once, also if the run is replayed."""
    checks_called.clear()
    prompt, card = asked(service, {"name": "Tests", "check": "passes"}, PEER)
    assert f"✅ Tests · checked by passes\n▶️ *Peer* · now: <@{ANA}> or <@{BEN}>" in card.full_text
    noted = service.until_noted(prompt, "stage_passed")
    assert (noted["stage"], noted["check"]) == ("Tests", "passes")
    press(service, "ana", card)
    assert service.over(prompt).result == "approved: True  by Ana Ruiz (Peer)"
    assert checks_called == ["passes"]


def test_a_check_that_fails_ends_it_before_anybody_is_asked(service: RunningService) -> None:
    """As rejected, with the name of the stage."""
    stages = [{"name": "Tests", "check": "fails"}, PEER]
    run = service.over_run(release_in_stages.create_run({"stages": stages, "policy": {}}, db=service.db))
    assert run.state is RunState.FAILED
    assert run.error == "Rejected by the check fails (Tests): 3 of 812 tests fail"
    (prompt,) = prompts.of_run(service.db, run.id)
    assert prompt.outcome is Outcome.REJECTED
    card = service.card(prompt, open_=False)
    assert "*Rejected* by the check fails" in card.full_text
    assert "⏹️ *Tests* · rejected\n▫️ Peer · not reached" in card.full_text
    assert service.until_noted(prompt, "rejected")["stage"] == "Tests"


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ("raises", "stages: in Tests, raises raised RuntimeError: no runner."),
        ("says_nothing", "stages: in Tests, says_nothing returned None. Return True, or a text that says why it"),
    ],
)
def test_an_error_in_a_check_is_no_rejection(service: RunningService, check: str, told: str) -> None:
    """The pause fails with one sentence."""
    stages = [{"name": "Tests", "check": check}, PEER]
    run = service.over_run(release_in_stages.create_run({"stages": stages, "policy": {}}, db=service.db))
    assert told in str(run.error)
    assert prompts.of_run(service.db, run.id) == []


def test_a_stage_has_a_deadline_of_its_own(service: RunningService) -> None:
    """From its beginning on; it ends the prompt, and the ledger names the stage."""
    prompt, card = asked(service, {**PEER, "deadline": 3600}, {**EXPERT, "deadline": 0.5})
    assert prompt.deadline == prompt.opened_at + timedelta(hours=1)
    press(service, "ana", card)
    assert service.over(prompt).state is RunState.TIMED_OUT
    assert service.until_noted(prompt, "timed_out")["stage"] == "Expert"


def test_the_deadline_of_the_policy_holds_for_all_stages_together(service: RunningService) -> None:
    """The next stage does not begin it again."""
    prompt, card = asked(service, PEER, {**EXPERT, "deadline": 7200}, deadline=3600)
    press(service, "ana", card)
    current, _ = at_stage(service, prompt, 1)
    assert current.deadline == prompt.opened_at + timedelta(hours=1)


def test_each_approver_gets_a_card_when_it_is_their_turn(service: RunningService) -> None:
    """Not before."""
    prompt, card = asked(service, PEER, {"name": "Expert", "approvers": ["@mei"]}, notify="both")
    assert service.slack.person("mei").sees("@signoff") == []
    press(service, "ana", card)
    service.slack.person("mei").wait_for_message("@signoff", lambda seen: bool(seen.buttons))
    assert prompts.get(service.db, prompt.id).is_open


def test_lists_say_in_which_stage_a_prompt_is(service: RunningService) -> None:
    """`/approvals` does, for those whose turn it is."""
    prompt, card = asked(service, PEER, {**EXPERT, "quorum": 2})
    press(service, "ana", card)
    at_stage(service, prompt, 1)
    mei = service.slack.person("mei")
    mei.command("/approvals", in_="#releases")
    listed = mei.wait_for_message("#releases", lambda seen: seen.is_ephemeral)
    assert "stage 2 of 2, Expert: 0 of 2 agree" in listed.full_text


def test_a_stage_survives_a_kill(slack: Emulator, sqlite_url: str) -> None:
    """What was passed is in the database; the next bot asks the next people, once."""
    with Service(settings_for(slack.api_url, sqlite_url), FLOWS, with_bot=True, grace=1.0) as started:
        service = RunningService(slack, started)
        slack.deliver_to(service.request_url)
        prompt, card = asked(service, PEER, {"name": "Expert", "approvers": ["@mei"]})
        slack.client.inject_fault("chat.postMessage", drop=True, times=1000)
        slack.client.inject_fault("chat.update", error="fatal_error", times=1000)
        press(service, "ana", card)
        service.until_noted(prompt, "stage_passed")
    slack.client.clear_faults()
    with Service(settings_for(slack.api_url, sqlite_url), FLOWS, with_bot=True, grace=1.0) as started:
        service = RunningService(slack, started)
        slack.deliver_to(service.request_url)
        _, card = at_stage(service, prompt, 1)
        assert len(service.replies(card)) == 1
        press(service, "mei", card)
        assert str(service.over(prompt).result).startswith("approved: True")


def stage(name: str, **rules: Any) -> Stage:
    return Stage(name=name, **rules)


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ({"stages": [stage("A"), stage("a")]}, "stages: two of them have one name."),
        ({"stages": [stage("A", check=len)]}, "stages: none of them asks people."),
        ({"stages": [stage("A"), stage("B", check=len)]}, "stages: those with a check come first"),
        ({"stages": [stage("A", check="len"), stage("B")]}, "stages: in A, check: give a function, and not its name"),
        ({"stages": [stage("A", check=len, deadline=5), stage("B")]}, "stages: in A, check: it takes the place of"),
        ({"stages": [stage("A")], "approvers": ["@ana"]}, "so leave approvers out"),
        ({"stages": [stage("A")], "quorum": 2}, "so leave quorum out"),
        ({"stages": [stage("A", approvers=["@a"])], "assignment": "round_robin"}, "stages: each has other people"),
        ({"stages": [stage("A", quorum="all")]}, "stages: in A, quorum: all of whom?"),
        ({"stages": [stage("A", approvers=["U1AB"], quorum=2)]}, "stages: in A, quorum: 2 people have to agree"),
        (
            {"stages": [stage("A", approvers=["U1AB"]), stage("B", approvers=["U2AB", "U1AB"], quorum=2)]},
            "stages: nobody counts in two stages, and too few people are named",
        ),
    ],
)
def test_stages_that_contradict_themselves_are_refused(policy: dict[str, Any], told: str) -> None:
    """With the field and the stage."""
    assert told in conflict(Policy(**policy), None)


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (
            lambda: stage("A", quorom=2),
            "The stage is invalid: quorom: there is no such field; did you mean quorum?",
        ),
        (lambda: Stage(name="A\nB"), "The stage is invalid: name: give a name on one line, of at most 60 characters"),
        (lambda: Policy(stages=Stage(name="A")), "The policy is invalid: stages: give a list, even of one stage."),
        (
            lambda: Policy(stages=[{"name": "A", "quorom": 2}]),
            "stages.0.quorom: there is no such field; did you mean q",
        ),
    ],
)
def test_what_is_wrong_with_a_stage_is_one_sentence(made: Callable[[], object], told: str) -> None:
    """With the field's name, and its place in the policy."""
    with pytest.raises(ValueError, match="is invalid") as refused:
        made()
    assert told in str(refused.value)


def test_stages_take_the_place_of_approvers_and_the_other_way_round() -> None:
    """Whichever is set in the place that takes precedence."""
    settings = Policy(approvers=["@ana"], quorum=2, reject=2)
    staged = Policy(stages=[stage("A", approvers=["@ben"])])
    assert conflict(merged(staged, settings), None) == ""
    assert merged(Policy(approvers=["@mei"]), staged).stages == ()
