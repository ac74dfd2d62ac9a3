"""Approvers that a function finds: it is given the run's parameters, called once, and recorded with its result."""

from functools import partial

import pytest
from pydantic import ValidationError

from signoff import Policy
from signoff.store import ledger
from signoff.store.policy_faults import InvalidPolicy
from signoff.store.prompts import prompts
from signoff.store.records.runs import RunState
from tests.integration.bot.asking import ask_owner, ask_owner_async, owner_calls, owner_of
from tests.integration.bot.running_service import RunningService


@pytest.mark.parametrize("flow", [ask_owner, ask_owner_async], ids=["sync", "async"])
def test_a_function_finds_the_approvers_when_the_prompt_opens(service: RunningService, flow: object) -> None:
    """The card names them, the ledger has the function's name and result, and a replay does not call it again."""
    owner_calls.clear()
    prompt, card = service.ask_in("#releases", flow, service="shop")  # type: ignore[arg-type]
    service.until_checked(prompt, 2)
    assert prompt.policy == Policy(channel="#releases", approvers=["@ana", "ben@example.com"])
    assert service.until_noted(prompt, "approvers_found_by") == {
        "function": "owner_of",
        "approvers": ["@ana", "ben@example.com"],
    }
    service.until_all_is_said()
    assert "<@U0ANARUIZ1> or <@U0BENOKAF1> may answer." in service.card(prompt).full_text
    mei = service.slack.person("mei")
    mei.press("Yes", message=card)
    service.until_noted(prompt, "refused")
    service.slack.person("ana").press("Yes", message=card)
    assert service.over(prompt).result is True
    # With the default of a parameter that was not given, and not again in the replay after the answer.
    assert owner_calls == [{"service": "shop", "urgent": False}]


def test_names_and_functions_may_stand_side_by_side(service: RunningService) -> None:
    """In the order of the policy, each approver once."""
    prompt = service.ask(ask_owner, service="cart", urgent=True)
    assert prompt.policy.named == ("@mei", "@ben")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("none", "owner_of returned nothing. Return the name of an approver, or a list of names."),
        ("empty", "owner_of found nobody. Return at least one name, or raise an error that says why there is none."),
        ("number", "owner_of returned int. Return the name of an approver, or a list of names."),
        ("numbers", "owner_of returned 7 as a name. Return names such as @ana or ana@example.com."),
        ("misspelt", "owner_of returned 'Ana Ruiz'. This is not a handle, an e-mail address or an id."),
        ("unknown", "owner_of raised KeyError: 'unknown'."),
        ("pausing", "owner_of raised MissingContextError: pause_flow_run() can only be used within a flow run."),
    ],
)
def test_a_function_that_finds_nobody_fails_the_pause(service: RunningService, asked: str, told: str) -> None:
    """With one sentence that names the function and says what to do."""
    run = service.over_run(ask_owner.create_run({"service": asked}, db=service.db))
    assert run.state is RunState.FAILED
    assert f"InvalidFlow: The policy on 'Restart {asked}?' is invalid: approvers: {told}" in str(run.error)
    assert prompts.of_run(service.db, run.id) == []


def test_what_was_found_is_checked_as_if_it_stood_in_the_policy(service: RunningService) -> None:
    """Here the only approver is the requester, who may not answer."""
    run = service.over_run(
        ask_owner.create_run({"service": "own"}, db=service.db, requester="ana@example.com"),
    )
    assert "requester_may_answer: the requester is the only approver." in str(run.error)


def test_a_json_schema_cannot_hold_a_function() -> None:
    """The policy of a model class is a part of its schema."""
    with pytest.raises(ValueError, match=r"A JSON Schema cannot hold the function owner_of\. "):
        Policy(approvers=[owner_of]).in_schema()
    assert Policy(approvers=partial(owner_of)).functions


def test_a_function_has_to_be_a_plain_one() -> None:
    """A policy says so when it is made."""

    async def on_call(_: object) -> str:
        return "@ana"

    with pytest.raises(InvalidPolicy, match="give a function that is not async in place of on_call"):
        Policy(approvers=on_call)
    with pytest.raises(ValidationError, match="7 is neither a name nor a function that finds one"):
        Policy.model_validate({"approvers": [7]})


def test_the_ledger_has_it_beside_the_opening(service: RunningService) -> None:
    """So that `signoff history` says who was asked, and why."""
    prompt = service.ask(ask_owner, service="shop")
    assert [line.event for line in ledger.lines(service.db, prompt.id)][:2] == ["opened", "approvers_found_by"]
