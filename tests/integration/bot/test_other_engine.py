"""A run of another engine, from its pause to the outcome that the engine takes, with a bot and the emulator."""

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from signoff.bot.cli.doctor_checks import Finding, findings
from signoff.bot.service import Service
from signoff.flows.approval.desk import Desk
from signoff.flows.engine import engine, engine_names
from signoff.flows.errors import UnknownEngine
from signoff.flows.names import now
from signoff.store.outbox import deliveries
from signoff.store.prompts import prompts
from signoff.store.records.prompts import DeliveryState, Outcome, Prompt
from signoff.store.records.runs import RunState
from signoff.store.runs import runs
from signoff.testing import Emulator
from tests.integration.bot.running_service import RunningService, settings_for
from tests.support.answering import ANA
from tests.support.paper_runs import PACKAGE, PaperRuns
from tests.support.waiting import until


@pytest.fixture
def paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PaperRuns:
    """The paper engine, installed."""
    paper = PaperRuns(tmp_path / "paper.db")
    monkeypatch.syspath_prepend(PACKAGE)
    monkeypatch.setenv("PAPER", str(paper.file))
    return paper


@pytest.fixture
def service(paper: PaperRuns, slack: Emulator, database_url: str) -> Iterator[RunningService]:
    """A bot without a worker."""
    with Service(settings_for(slack.api_url, database_url), None, with_bot=True) as started:
        service = RunningService(slack, started)
        slack.deliver_to(service.request_url)
        yield service


def asked(service: RunningService) -> Prompt:
    """What the only run asks, as soon as it does."""
    return until(service.db, lambda: next(iter(prompts.pending(service.db)), None), what="a prompt")


def handed_over(service: RunningService, prompt: Prompt, state: DeliveryState) -> Prompt:
    """The prompt, as soon as its delivery has come that far."""

    def look() -> Prompt | None:
        found = prompts.get(service.db, prompt.id)
        return found if found.delivery is not None and found.delivery.state is state else None

    return until(service.db, look, what=f"the delivery to be {state}")


def problems(database_url: str, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """What `signoff doctor` finds wrong with engines and deliveries."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    found = [each for each in findings() if not each.ok]
    return [each for each in found if each.check == "deliveries" or each.check.startswith("engine")]


def test_a_press_reaches_a_run_of_another_engine(service: RunningService, paper: PaperRuns) -> None:
    """The card says who requested the run and where to look at it, and then that the engine has taken the answer."""
    paper.pause("a1", requester="@ben")
    prompt = asked(service)
    card = service.card(prompt)
    assert "Requested by ben" in card.full_text
    assert "https://paper.example.com/runs/a1?a=1&amp;b=2|Open in paper" in card.full_text
    service.until_all_is_said()
    service.slack.person("ana").press("Approve", in_="#releases")
    handed_over(service, prompt, DeliveryState.ACCEPTED)
    service.until_all_is_said()
    assert "paper accepted it." in service.card(prompt, open_=False).full_text
    (handed,) = paper.handed()
    assert handed == (prompt.id, "a1", "submitted", {"approved": True}, False)
    assert runs.get(service.db, prompt.run_id).state is RunState.RUNNING
    assert service.events(prompt)[:3] == ["opened", "card_posted", "submitted"]
    assert service.until_noted(prompt, "delivery_accepted") == {"engine": "paper", "words": "Noted."}


def test_an_engine_that_refuses_is_heard(
    service: RunningService, paper: PaperRuns, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its words are on the card, pinging nobody, and `signoff doctor` says what to do."""
    paper.set("refuses", "<!channel> not *paused*")
    paper.pause("a1")
    prompt = asked(service)
    service.card(prompt)
    service.slack.person("ana").press("Approve", in_="#releases")
    handed_over(service, prompt, DeliveryState.REFUSED)
    service.until_all_is_said()
    shown = service.card(prompt, open_=False).full_text
    assert "⚠️ paper refused it: &lt;!channel&gt; not" in shown
    assert "<!channel>" not in shown
    assert paper.handed() == []
    (finding,) = problems(database_url, monkeypatch)
    assert f"paper refused the outcome of {prompt.label}: <!channel> not *paused*." in finding.message
    assert "paper-a1" in prompt.label
    assert f"`signoff history {prompt.id[:8]}`" in finding.message


def test_an_engine_that_is_away_gets_the_answer_when_it_is_back(
    service: RunningService,
    paper: PaperRuns,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The answer counts at once; the outage is logged once, is on the card, and ends by itself."""
    caplog.set_level(logging.INFO, "signoff.flows")
    paper.set("away", "it was eaten")
    paper.pause("a1")
    prompt = asked(service)
    service.card(prompt)
    service.slack.person("ana").press("Approve", in_="#releases")
    assert service.until_noted(prompt, "delivery_failed") == {"error": "it was eaten"}
    until(service.db, lambda: _attempts(caplog) or None, what="an outage to be logged")
    service.until_all_is_said()
    assert "Sending it to paper… The last attempt failed" in service.card(prompt, open_=False).full_text
    (problem,) = problems(database_url, monkeypatch)
    assert problem.message == "The paper is away: it was eaten. Bring it back."
    (stuck,) = deliveries.stuck(service.db, now=now() + timedelta(minutes=2), pending_for=timedelta(minutes=1))
    assert stuck.id == prompt.id
    paper.set("away", None)
    handed_over(service, prompt, DeliveryState.ACCEPTED)
    assert [each.in_doubt for each in paper.handed()] == [False]
    assert len(_attempts(caplog)) == 1
    assert service.events(prompt).count("delivery_failed") == 1


def _attempts(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [message for message in caplog.messages if re.search("paper is unavailable", message)]


def test_a_rejection_and_a_cancellation_reach_the_run_as_well(service: RunningService, paper: PaperRuns) -> None:
    """Each outcome is handed over as what it is."""
    ana = service.slack.person("ana")
    paper.pause("a1", schema=None)
    rejected = asked(service)
    service.card(rejected)
    ana.press("Reject…", in_="#releases")
    ana.wait_for_modal("Reason")
    ana.submit({"Reason": "Not on a Friday"})
    assert handed_over(service, rejected, DeliveryState.ACCEPTED).reason == "Not on a Friday"
    paper.pause("b2")
    cancelled = asked(service)
    Desk(service.db).cancel(cancelled.run_id, ANA, "No more")
    handed_over(service, cancelled, DeliveryState.ACCEPTED)
    assert [each[1:4] for each in paper.handed()] == [("a1", "rejected", None), ("b2", "cancelled", None)]
    assert runs.get(service.db, cancelled.run_id).state is RunState.CANCELLED


def test_a_run_that_goes_on_by_itself_is_not_asked_any_more(service: RunningService, paper: PaperRuns) -> None:
    """The card says so, and nothing is handed over."""
    paper.pause("a1")
    prompt = asked(service)
    service.card(prompt)
    paper.go_on("a1")
    shown = service.card(prompt, open_=False).full_text
    assert "Cancelled* by paper" in shown
    assert "It went on by itself." in shown
    assert prompts.get(service.db, prompt.id).outcome is Outcome.CANCELLED
    assert paper.handed() == []


def test_a_run_that_asks_something_impossible_holds_up_no_other(
    service: RunningService, paper: PaperRuns, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says once what is wrong with it."""
    paper.pause("a0", schema={"type": "object", "properties": {"token": {"type": "string", "format": "password"}}})
    paper.pause("a1")
    assert asked(service).external_run_id == "a1"
    assert [record.getMessage() for record in caplog.records if record.name == "paper_engine"] == [
        "The run a0 cannot be asked about: People cannot be asked for 'May a0 go on?': The answer.token is a secret, "
        "and whatever is typed into Slack stays there. Ask for the name of the secret (a str) instead, and let the "
        "flow read the secret from where it is stored."
    ]


def test_engines_are_found_by_their_entry_points(paper: PaperRuns) -> None:
    """The embedded engine is one of them."""
    assert engine_names() == ["embedded", "paper"]
    for name in engine_names():
        assert engine(name).name == name
        assert engine(name) is engine(name)
    with pytest.raises(UnknownEngine, match="Install the package"):
        engine("steam")
