"""`/approvals run` and `/approvals cancel`, for those whom the settings let, with the modals of both."""

from collections.abc import Iterator
from datetime import date
from typing import Any, Literal

import pytest
from pydantic import BaseModel, SecretStr

from signoff import flow
from signoff.bot.service import Service
from signoff.flows.engines.embedded.worker import Worker
from signoff.flows.flow import Flow
from signoff.store import ledger
from signoff.store.policy import Policy
from signoff.store.prompts import prompts
from signoff.store.records.runs import FlowRun, RunState
from signoff.store.runs import runs
from signoff.testing import Emulator, VisibleMessage
from tests.integration.bot.asking import approve, secret, shirt
from tests.integration.bot.running_service import RunningService, settings_for


class Standard(BaseModel):
    """A parcel that goes by itself."""

    kind: Literal["standard"] = "standard"
    days: int


class Express(BaseModel):
    """A parcel that somebody brings."""

    kind: Literal["express"] = "express"
    courier: str


@flow(name="ship")
def ship(to: str, boxes: int = 1, on: date | None = None, by: Standard | Express | None = None) -> str:
    """A flow with parameters of several kinds."""
    return f"{boxes} to {to} on {on} by {by}"


@flow(name="ship-alone")
def ship_alone() -> str:
    """A flow without parameters."""
    return "gone"


@flow(name="log-in")
def log_in(password: SecretStr) -> str:
    """A flow that nobody can be asked for."""
    return "in" if password else "out"


SHIPPING: list[Flow[Any, Any]] = [ship, ship_alone, log_in, secret, shirt, approve]
MAY_START = ("ship*:everyone", "@ana")


@pytest.fixture(params=[True, False], ids=["one process", "bot and worker"])
def service(slack: Emulator, sqlite_url: str, request: pytest.FixtureRequest) -> Iterator[RunningService]:
    """Signoff with settings that let people start runs, and cancel them; with its worker in it or beside it."""
    settings = settings_for(
        slack.api_url, sqlite_url, may_start=MAY_START, may_cancel=("secret:@ben",), channel="#general"
    )
    with Service(settings, SHIPPING if request.param else None, with_bot=True, grace=1.0) as started:
        running = RunningService(slack, started)
        slack.deliver_to(running.request_url)
        if request.param:
            yield running
        else:
            with Worker(started.db, SHIPPING, defaults=Policy()):
                yield running


def typed(service: RunningService, command: str, shown: str, *, by: str = "mei") -> VisibleMessage:
    """The response that a person sees when they type a command."""
    person = service.slack.person(by)
    person.command(command)
    return person.wait_for_message("#general", shown)


def newest(service: RunningService) -> FlowRun:
    """The run that was started last."""
    return runs.newest(service.db, limit=1)[0]


def test_a_run_is_started_with_what_its_form_asks_for(service: RunningService) -> None:
    """For the person who filled it in, once they have corrected what is wrong."""
    mei = service.slack.person("mei")
    mei.command("/approvals run SHIP")
    form = mei.wait_for_modal("*ship* asks for these parameters.")
    assert form.labels[:3] == ["To", "Boxes", "On"]
    mei.submit({"To": "Kyoto", "Boxes": "3"})
    told = mei.wait_for_modal("Started *ship* as")
    run = newest(service)
    assert run.name in told.full_text
    assert (run.parameters["to"], run.parameters["boxes"], run.requester and run.requester.id) == ("Kyoto", 3, mei.id)


def test_the_fields_of_another_variant_appear_when_it_is_chosen(service: RunningService) -> None:
    """What was filled in before stays."""
    mei = service.slack.person("mei")
    mei.command("/approvals run ship")
    form = mei.wait_for_modal("asks for these parameters")
    chooser = next(each for each in form.elements if each.label == "By")
    express = next(each for each in chooser.element["options"] if "Express" in each["text"]["text"])
    mei.press("By", value={"type": chooser.type, "selected_option": express})
    mei.wait_for_modal(lambda seen: "Courier" in seen.labels)
    mei.submit({"To": "Nara", "Courier": "Ren"})
    mei.wait_for_modal("Started *ship* as")
    assert newest(service).parameters["by"] == {"kind": "express", "courier": "Ren"}


def test_parameters_that_are_typed_need_no_form(service: RunningService) -> None:
    """Nor does a flow without any. A wrong one is said in a sentence, and nothing is started."""
    typed(service, '/approvals run ship to="New York" boxes=2', "Started *ship* as ")
    assert newest(service).parameters == {"to": "New York", "boxes": 2}
    typed(service, "/approvals run ship-alone", "Started *ship-alone* as ")
    for wrong, told in (
        ("boxes=2", "Nothing was started. to: This is required."),
        ("to=Nara boxes=many", "Nothing was started. boxes: "),
        ("Nara", "A parameter is written as name=value, not `Nara`."),
        ("to='Nara", "A quotation mark is missing."),
    ):
        typed(service, f"/approvals run ship {wrong}", told)
    assert newest(service).flow == "ship-alone"


def test_a_flow_that_somebody_may_not_start_is_not_known_to_them(service: RunningService) -> None:
    """They are told which ones they may start; and neither do they start one with a forged form."""
    told = typed(service, "/approvals run secret", "There is no flow `secret` that you may start.").full_text
    assert "`/approvals run ship`" in told
    assert "run secret`" not in told
    # Nobody can be asked for a secret, so nobody starts it here.
    typed(service, "/approvals run log-in", "There is no flow `log-in` that you may start.", by="ana")
    typed(service, "/approvals run", "Which flow?")
    mei = service.slack.person("mei")
    mei.command("/approvals run ship")
    form = mei.wait_for_modal("asks for these")
    view = {**form.json, "private_metadata": '["shirt",{},{}]'}
    payload = {"type": "view_submission", "user": {"id": mei.id, "team_id": "T0SIGNOFF1"}, "view": view}
    answer = service.post(payload).json()
    assert "You may not start runs of this flow." in str(answer["view"]["blocks"])
    assert runs.newest(service.db, limit=10) == []


def test_a_form_that_is_submitted_twice_starts_one_run(service: RunningService) -> None:
    """Slack may send a submission again."""
    mei = service.slack.person("mei")
    mei.command("/approvals run ship")
    form = mei.wait_for_modal("asks for these")
    state = {**form.json["state"]["values"], "/to": {"value": {"type": "plain_text_input", "value": "Nara"}}}
    view = {**form.json, "state": {"values": state}}
    payload = {"type": "view_submission", "user": {"id": mei.id, "team_id": "T0SIGNOFF1"}, "view": view}
    for _ in range(2):
        assert "Started *ship* as" in str(service.post(payload).json())
    assert len(runs.newest(service.db, limit=10)) == 1


def cancels(service: RunningService, who: str, run: str, told: str) -> None:
    """Somebody tries to cancel a run, and is told this."""
    typed(service, f"/approvals cancel {run}", told, by=who)


def test_a_run_is_cancelled_by_its_requester_once_they_have_confirmed(service: RunningService) -> None:
    """To anybody else there is no such run, except for those whom the setting names."""
    mei, ben = service.slack.person("mei"), service.slack.person("ben")
    run = secret.create_run({"where": "#orders"}, requester=mei.id, db=service.db)
    service.slack.person("mei").wait_for_message("#orders", "Buy Northwind?")
    service.until_all_is_said()
    cancels(service, "chloe", run.name, f"There is no run `{run.name}` that you may cancel.")
    (prompt,) = prompts.of_run(service.db, run.id)
    service.until_noted(prompt, "refused_cancelling")
    tried = next(line for line in ledger.lines(service.db, prompt.id) if line.event == "refused_cancelling")
    assert tried.actor == service.slack.person("chloe").id
    cancels(service, "chloe", "none", "There is no run `none` that you may cancel.")
    cancels(service, "mei", "", "Which run?")
    mei.command(f"/approvals cancel {run.name}")
    asked = mei.wait_for_modal("This ends the run")
    assert "• Buy Northwind?" in asked.full_text
    mei.close()
    assert not runs.get(service.db, run.id).state.is_final
    ben.command(f"/approvals cancel {run.id[:8]}")
    ben.wait_for_modal("This ends the run")
    ben.submit({"Reason": "Wrong shop"})
    ben.wait_for_modal("is cancelled.")
    over = runs.get(service.db, run.id)
    assert (over.state, over.message) == (RunState.CANCELLED, "Wrong shop")
    mei.wait_for_message("#orders", "Cancelled")
    cancels(service, "mei", run.name, "is over already: Cancelled.")


def test_a_global_shortcut_asks_for_the_flow_and_then_for_its_parameters(service: RunningService) -> None:
    """Of the flows that the person may start, and of no others."""
    mei = service.slack.person("mei")
    mei.shortcut("signoff_start")
    modal = mei.wait_for_modal(lambda seen: seen.labels == ["Flow"])
    offered = [each["text"]["text"] for each in modal.elements[0].element["options"]]
    assert offered == ["ship", "ship-alone"]
    mei.submit({"Flow": "ship-alone"})
    mei.wait_for_modal("*ship-alone* takes no parameters.")
    mei.submit({})
    mei.wait_for_modal("Started *ship-alone* as")
    mei.shortcut("signoff_start")
    mei.wait_for_modal(lambda seen: seen.labels == ["Flow"])
    mei.submit({"Flow": "ship"})
    mei.wait_for_modal("asks for these parameters")
    mei.submit({"To": "Osaka"})
    mei.wait_for_modal("Started *ship* as")
    assert newest(service).parameters["to"] == "Osaka"


def test_a_message_shortcut_fills_in_what_the_message_says(service: RunningService) -> None:
    """As text, whatever it contains. One that is too long to be carried is named by its address."""
    mei, ana = service.slack.person("mei"), service.slack.person("ana")
    said = ana.say("Ship &lt;these&gt; &amp; those", in_="#general")
    mei.shortcut("signoff_start_from_message", message=said)
    mei.wait_for_modal(lambda seen: seen.labels == ["Flow"])
    mei.submit({"Flow": "ship"})
    modal = mei.wait_for_modal("The text of the message is filled in.")
    assert modal.values["To"] == "Ship <these> & those"
    mei.submit({"Boxes": "2"})
    mei.wait_for_modal("Started *ship* as")
    assert newest(service).parameters["to"] == "Ship <these> & those"
    long = ana.say("word " * 600, in_="#general")
    mei.shortcut("signoff_start_from_message", message=long)
    mei.wait_for_modal(lambda seen: seen.labels == ["Flow"])
    mei.submit({"Flow": "ship"})
    modal = mei.wait_for_modal("The message is too long to be filled in")
    assert f"/archives/{long.channel}/p{long.ts.replace('.', '')}" in modal.values["To"]


def test_whoever_may_start_nothing_is_told_so(slack: Emulator, sqlite_url: str) -> None:
    """By shortcuts and by the command, and their App Home has no button for it."""
    with Service(settings_for(slack.api_url, sqlite_url), SHIPPING, with_bot=True, grace=1.0) as started:
        service = RunningService(slack, started)
        slack.deliver_to(service.request_url)
        mei = slack.person("mei")
        mei.shortcut("signoff_start")
        mei.wait_for_modal("You may not start runs here.")
        mei.close()
        typed(service, "/approvals run ship", "You may not start runs here.")
        mei.open_home("home")
        assert "Start a run…" not in mei.wait_for_home("Recently decided").buttons


def test_app_home_has_a_button_that_starts_a_run(service: RunningService) -> None:
    """For whoever may start one."""
    mei = service.slack.person("mei")
    mei.open_home("home")
    mei.press("Start a run…", home=mei.wait_for_home("Start a run…"))
    mei.wait_for_modal(lambda seen: seen.labels == ["Flow"])
