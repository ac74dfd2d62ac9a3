"""What goes wrong is told to a channel in a short sentence. The rest is for those who operate Signoff."""

from collections.abc import Iterator

import pytest
from pydantic import BaseModel, field_validator

from signoff import Policy, flow, pause_flow_run
from signoff.bot.service import Service
from signoff.store import ledger
from signoff.store.records.runs import RunState
from signoff.testing import Emulator
from tests.integration.bot.running_service import RunningService, settings_for

SECRET = "correct-horse"
LEAK = f"GET https://bot:{SECRET}@api.example.com/?token={SECRET} failed"


class Fussy(BaseModel):
    """A model whose validator breaks."""

    name: str

    @field_validator("name")
    @classmethod
    def _check(cls, name: str) -> str:
        if name == "refused":
            raise ValueError(f"The registry says: {LEAK}")
        raise KeyError(LEAK)


@flow(name="leaks")
def leaks() -> None:
    """Fail with a secret."""
    pause_flow_run(policy=Policy(channel="#releases"))
    raise ValueError(LEAK)


@flow(name="fussy")
def fussy() -> None:
    """Ask for something that no validator takes."""
    pause_flow_run(wait_for_input=Fussy, policy=Policy(channel="#releases"))


@pytest.fixture
def service(slack: Emulator, sqlite_url: str) -> Iterator[RunningService]:
    """Signoff with these flows."""
    with Service(settings_for(slack.api_url, sqlite_url), [leaks, fussy], with_bot=True, grace=1.0) as started:
        service = RunningService(slack, started)
        slack.deliver_to(service.request_url)
        yield service


def test_what_a_flow_raised_is_not_posted(service: RunningService) -> None:
    """The thread has its class and where to look; the message is in the run, without its secrets."""
    prompt, card = service.ask_in("#releases", leaks)
    mei = service.slack.person("mei")
    mei.press("Resume", message=card)
    run = service.over(prompt)
    ended = mei.wait_for_message("#releases", "The run failed")

    assert f"The run failed: ValueError. `signoff show {prompt.run_id[:8]}` has the details." in ended.full_text
    assert "GET" not in ended.full_text + ended.text
    assert run.state is RunState.FAILED
    assert run.error == "ValueError: GET https://***@api.example.com/?token=*** failed"
    assert SECRET not in str(ledger.lines(service.db, prompt.id))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("refused", "The registry says: GET https://***@api.example.com/?token=*** failed"),
        ("broken", "The validation of Fussy failed (KeyError). The log of Signoff says why."),
    ],
)
def test_what_a_validator_raised_is_told_without_secrets(service: RunningService, name: str, told: str) -> None:
    """What it says on purpose is shown, and of any other error its class."""
    prompt, card = service.ask_in("#releases", fussy)
    mei = service.slack.person("mei")
    mei.press("Answer…", message=card)
    mei.wait_for_modal()
    mei.submit({"Name": name})
    modal = mei.wait_for_modal(lambda seen: bool(seen.errors) or "⚠️" in seen.full_text)

    assert told in f"{modal.errors} {modal.full_text}"
    assert SECRET not in str(ledger.lines(service.db, prompt.id))
