"""The requester may not answer: who that is, wherever they act, and what everybody is told."""

from collections.abc import Callable
from typing import Any

import pytest

from signoff import Policy
from signoff.flows.approval.admission import REQUESTED
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.replies import Refused, Unverified
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor, claim_of, user_claim
from signoff.store.records.prompts import Prompt
from signoff.store.records.runs import RunState
from signoff.testing import VisibleMessage
from tests.integration.bot.asking import release_together, start_another
from tests.integration.bot.running_service import RunningService
from tests.integration.bot.test_access import ACTS, acts
from tests.integration.store.samples import a_prompt_elsewhere
from tests.support.waiting import until, until_asked, until_over

ANA, BEN = "U0ANARUIZ1", "U0BENOKAF1"
NOT_THE_REQUESTER = {"requester_may_answer": False}
CLAIM = user_claim("build-7", "on the command line")


def asked(service: RunningService, requester: Actor | str | None, **policy: Any) -> tuple[Prompt, VisibleMessage]:
    """A prompt of a run that somebody requested, and its card, once it is known who that is."""
    run = release_together.create_run({"policy": NOT_THE_REQUESTER | policy}, db=service.db, requester=requester)
    prompt = until_asked(service.db, run.id)

    def is_checked() -> bool:
        found = prompts.get(service.db, prompt.id).reviewers
        return bool(found.requester or found.fault)

    if requester is not None:
        until(service.db, is_checked, what="the requester to be known")
    return prompts.get(service.db, prompt.id), service.card(prompt)


@pytest.mark.parametrize("requester", [ANA, "@ana", "ana@example.com"])
@pytest.mark.parametrize("approvers", [["@ana", "@ben"], ["@release-leads"], []])
def test_the_requester_may_not_answer(service: RunningService, requester: str, approvers: list[str]) -> None:
    """By whatever name they are recorded, and as whatever they might answer. Somebody else may."""
    prompt, card = asked(service, requester, approvers=approvers)
    assert "who may not answer." in card.full_text
    ana = service.slack.person("ana")
    ana.press("Approve", message=card)
    assert ana.wait_for_message("#releases", lambda seen: seen.is_ephemeral).text == REQUESTED
    assert service.until_noted(prompt, "refused")["reason"] == REQUESTED
    service.slack.person("ben").press("Approve", message=card)
    assert service.over(prompt).result == "approved: True by Ben Okafor (slack)"


@pytest.mark.parametrize("act", ACTS)
def test_the_requester_is_refused_whatever_they_try(service: RunningService, act: str) -> None:
    """With a press, with a form that is open, and with a reason."""
    prompt, card = asked(service, ANA)
    ana = service.slack.person("ana")
    tried: Callable[..., str] = acts(service, prompt, card, "somebody else has to answer")[act]
    assert REQUESTED in tried(ana)
    assert ana.modal is None
    assert prompts.get(service.db, prompt.id).is_open


def test_the_requester_is_not_named_among_those_who_may(service: RunningService) -> None:
    """The card says who is left."""
    _, card = asked(service, "@ana", approvers=["@ana", "@ben"])
    assert f"Requested by ana, who may not answer. <@{BEN}> may answer." in card.full_text


@pytest.mark.parametrize(
    ("actor", "refused"),
    [
        (Actor("@ana", "ana", claim=CLAIM), Refused),
        # A user of the machine, who is somebody else as far as Slack knows.
        (Actor("@ben", "ben", claim=CLAIM), None),
        # Ana could say so.
        (Actor("@ben", "ben", claim=claim_of("ana", "build-7", "on the command line")), Refused),
        (Actor(BEN, "ben", claim=claim_of("ana", "build-7", "on the command line")), Refused),
    ],
)
def test_nor_on_the_command_line(service: RunningService, actor: Actor, refused: type[Any] | None) -> None:
    """Neither as themselves nor as somebody else, because nobody checks what is said there."""
    prompt, _ = asked(service, "@ana", approvers=["@ana", "@ben"])
    reply = Desk(service.db).submit(prompt.id, actor, {"approved": True}, via="cli")
    if refused is None:
        assert service.over(prompt).result == "approved: True by ben (cli)"
    else:
        assert isinstance(reply, refused)
        assert "requested this" in reply.reason or "the requester may not answer" in reply.reason
        assert prompts.get(service.db, prompt.id).is_open


def test_a_user_who_may_be_the_requester_is_not_taken_for_somebody_else(service: RunningService) -> None:
    """Nothing tells whether `aruiz` on some machine is Ana."""
    prompt, _ = asked(service, ANA, approvers=[])
    reply = Desk(service.db).submit(prompt.id, Actor("@aruiz", "aruiz", claim=CLAIM), {"approved": True}, via="flow")
    assert isinstance(reply, Unverified)
    assert prompts.get(service.db, prompt.id).is_open


def test_a_requester_who_is_not_in_slack_may_be_anybody(service: RunningService) -> None:
    """So nobody can answer, and the card says at once why, and what to do."""
    prompt, _ = asked(service, "@aruiz", approvers=["@ana", "@ben"])
    told = "The requester may not answer, and who in Slack is @aruiz is not known."
    ben = service.slack.person("ben")
    card = ben.wait_for_message("#releases", lambda seen: told in seen.full_text)
    assert "start it again with a requester who is in Slack" in card.full_text
    ben.press("Approve", message=card)
    ben.wait_for_message("#releases", "Slack could not confirm that you may answer")
    assert prompts.get(service.db, prompt.id).is_open


def test_a_requester_who_is_the_only_approver_is_reported(
    service: RunningService, caplog: pytest.LogCaptureFixture
) -> None:
    """When the prompt opens, on the card, in the log and in the ledger."""
    service.slack.client.set_user_group("dev", ["ana"])
    prompt, _ = asked(service, "@ana", approvers=["@dev"])
    fault = "Nobody can answer this: the requester is the only approver, and may not."
    assert service.until_noted(prompt, "too_few_approvers")["problem"] == fault
    service.slack.person("ben").wait_for_message("#releases", lambda seen: fault in seen.full_text)
    service.until_logged(caplog, fault)


def test_a_run_without_a_requester_excludes_nobody(service: RunningService) -> None:
    """Such as that of a schedule. The card says so."""
    prompt, card = asked(service, None, approvers=["@ana"])
    assert "Nobody is recorded as the requester, who may not answer." in card.full_text
    service.slack.person("ana").press("Approve", message=card)
    assert service.over(prompt).state is RunState.COMPLETED


def test_whoever_requested_a_run_has_requested_those_that_it_starts(service: RunningService) -> None:
    """Otherwise a flow around it would let them answer."""
    run = start_another.create_run({"policy": NOT_THE_REQUESTER}, db=service.db, requester=ANA)
    started = until_asked(service.db, str(until_over(service.db, run.id).result))
    assert started.requester is not None
    assert started.requester.id == ANA


def test_the_requester_of_another_engine_may_not_answer_either(service: RunningService) -> None:
    """That engine reports who it is."""
    prompt = a_prompt_elsewhere(
        service.db,
        requester=Actor(ANA, "Ana"),
        opened_at=service.db.now(),
        stored_policy=Policy(channel="#releases", requester_may_answer=False),
    )
    card = service.card(prompt)
    ana = service.slack.person("ana")
    ana.press("Submit as shown", message=card)
    assert ana.wait_for_message("#releases", lambda seen: seen.is_ephemeral).text == REQUESTED
