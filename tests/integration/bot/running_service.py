"""Signoff as `signoff serve` runs it, in the test's process, with the emulator."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import update

from signoff.bot.delivery import results
from signoff.bot.emulator.delivery.http_delivery import signature
from signoff.bot.emulator.server import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET
from signoff.bot.service import Service
from signoff.bot.settings import Mode, Settings
from signoff.flows.flow import Flow
from signoff.store import ledger
from signoff.store.clock import boot_seconds
from signoff.store.database import Database
from signoff.store.outbox import cards
from signoff.store.prompts import due, prompts
from signoff.store.records.approvers import Approver
from signoff.store.records.ledger import LedgerLine
from signoff.store.records.prompts import Prompt
from signoff.store.records.runs import FlowRun
from signoff.store.tables import clocks
from signoff.testing import Emulator, VisibleMessage
from tests.support.local_http import LOCAL
from tests.support.waiting import until, until_asked, until_over


def settings_for(api_url: str, database_url: str, mode: Mode = Mode.HTTP, **changed: Any) -> Settings:
    """The settings that connect a bot to the workspace at this address."""
    values: dict[str, Any] = {
        "database_url": database_url,
        "channel": None,
        "approvers": (),
        "slack_bot_token": SecretStr(BOT_TOKEN),
        "slack_app_token": SecretStr(APP_TOKEN) if mode is Mode.SOCKET else None,
        "slack_signing_secret": SecretStr(SIGNING_SECRET),
        "slack_api_url": api_url,
        "host": "127.0.0.1",
        "port": 0,
    }
    return Settings(_env_file=None, **{**values, **changed})


class RunningService:
    """A running service, with helpers for tests."""

    def __init__(self, slack: Emulator, service: Service) -> None:
        self.slack = slack
        self.service = service

    @property
    def db(self) -> Database:
        """The database."""
        return self.service.db

    @property
    def request_url(self) -> str:
        """The URL that Slack posts to."""
        assert self.service.bot is not None
        assert self.service.bot.request_url is not None
        return self.service.bot.request_url

    def ask(self, flow: Flow[Any, Any], **parameters: Any) -> Prompt:
        """Start a run, and wait for its prompt."""
        run = flow.create_run(parameters, db=self.db)
        return until_asked(self.db, run.id)

    def ask_in(self, channel: str, flow: Flow[Any, Any], **parameters: Any) -> tuple[Prompt, VisibleMessage]:
        """Start a run, and wait until its prompt has a card, and until it is recorded where that is."""
        prompt = self.ask(flow, **parameters)
        card = self.card(prompt, channel)
        self.until_noted(prompt, "card_posted")
        return prompt, card

    def card(self, prompt: Prompt, channel: str = "#releases", *, open_: bool = True) -> VisibleMessage:
        """Wait until a prompt's only card in the channel has buttons, or has none."""
        person = self.slack.person("mei")
        person.wait_for_message(channel, lambda seen: _shows(seen, prompt) and bool(seen.buttons) == open_)
        (card,) = (seen for seen in person.sees(channel) if _shows(seen, prompt))
        return card

    def replies(self, card: VisibleMessage) -> list[VisibleMessage]:
        """The messages in a card's thread."""
        seen = self.slack.person("mei").sees(card.channel)
        return [each for each in seen if each.thread_ts == card.ts and each.ts != card.ts]

    def remind(self, prompt: Prompt) -> None:
        """Have a reminder posted now."""
        current = prompts.get(self.db, prompt.id)
        assert due.remind(self.db, current, sent=1, due_at=None, now=self.db.now())

    def over(self, prompt: Prompt) -> FlowRun:
        """Wait for the end of the prompt's run."""
        return until_over(self.db, prompt.run_id)

    def over_run(self, run: FlowRun) -> FlowRun:
        """Wait for the end of a run that asks nothing."""
        return until_over(self.db, run.id)

    def until_all_is_said(self) -> None:
        """Wait until Slack equals the database, so that no card and no notice is due."""
        until(self.db, lambda: cards.next_due_at(self.db) is None, what="Slack to match the database")

    def until_checked(self, prompt: Prompt, number: int | None = None) -> tuple[Approver, ...]:
        """What is known of a prompt's approvers, once it is known of that many, or of all."""
        wanted = len(prompt.policy.approvers) if number is None else number
        return until(
            self.db,
            lambda: known if len(known := prompts.get(self.db, prompt.id).found_approvers) >= wanted else None,
            what="the approvers to be checked",
        )

    def until_nothing_is_under_way(self) -> None:
        """Wait until nothing is sent to Slack before it is tried again what only a person can mend."""

        def is_quiet() -> bool:
            soonest = cards.next_due_at(self.db)
            return soonest is None or soonest > self.db.now() + results.FIRST_BACKOFF_BLOCKED / 2

        until(self.db, is_quiet, what="Slack to have been told everything")

    @contextmanager
    def cards_as_they_are(self) -> Iterator[None]:
        """In this block cards, and forms that are open, go on looking as they do: Slack holds the updates back."""
        self.slack.client.inject_fault("chat.update", hold="before", times=1000)
        self.slack.client.inject_fault("views.update", error="ratelimited", times=1000)
        try:
            yield
        finally:
            self.slack.client.clear_faults()

    def events(self, prompt: Prompt) -> list[str]:
        """The events in a prompt's ledger."""
        return [line.event for line in ledger.lines(self.db, prompt.id)]

    def until_noted(self, prompt: Prompt, event: str) -> Mapping[str, Any]:
        """Wait for an event in the prompt's ledger, and return its details."""

        def noted() -> LedgerLine | None:
            return next((line for line in ledger.lines(self.db, prompt.id) if line.event == event), None)

        return until(self.db, noted, what=event).detail

    def until_logged(self, caplog: pytest.LogCaptureFixture, text: str) -> None:
        """Wait for a text in the log."""
        until(self.db, lambda: text in caplog.text, what=text)

    def post(self, payload: Mapping[str, Any], *, secret: str | None = None, age: int = 0) -> httpx.Response:
        """Post a payload to the bot as Slack does, signed `age` seconds ago."""
        body = urlencode({"payload": json.dumps(payload)})
        return self._post(body, "application/x-www-form-urlencoded", secret=secret, age=age)

    def post_event(self, event: Mapping[str, Any]) -> httpx.Response:
        """Post an event to the bot as Slack does."""
        body = {"type": "event_callback", "team_id": "T0SIGNOFF1", "api_app_id": "A0SIGNOFF1", "event": event}
        return self._post(json.dumps(body), "application/json")

    def _post(self, body: str, content_type: str, *, secret: str | None = None, age: int = 0) -> httpx.Response:
        stamp = str(int(time.time()) - age)
        signed = signature(self.slack.signing_secret if secret is None else secret, stamp, body)
        return httpx.post(
            self.request_url,
            content=body,
            headers={
                "content-type": content_type,
                "x-slack-request-timestamp": stamp,
                "x-slack-signature": signed,
            },
            **LOCAL,
        )


def set_clock(database_url: str, moment: datetime) -> None:
    """Set the clock of a SQLite file that nobody uses now. Whoever opens it next lives from this moment on."""
    db = Database(database_url)
    offset = round((moment.timestamp() - boot_seconds()) * 1_000_000)
    with db.write() as tx:
        tx.execute(update(clocks).values(offset_us=offset))
    db.close()


def opened(service: RunningService, asked: Flow[Any, Any], button: str = "Answer…", **parameters: Any) -> Prompt:
    """A prompt whose form Mei has opened."""
    prompt, _ = service.ask_in("#orders", asked, **parameters)
    mei = service.slack.person("mei")
    mei.press(button, in_="#orders")
    mei.wait_for_modal()
    return prompt


def refused(service: RunningService, values: dict[str, Any]) -> dict[str, str]:
    """The errors under the inputs after Mei has submitted invalid values."""
    mei = service.slack.person("mei")
    mei.submit(values)
    return mei.wait_for_modal(lambda seen: bool(seen.errors)).errors


def _shows(seen: VisibleMessage, prompt: Prompt) -> bool:
    return bool((seen.metadata or {}).get("event_payload", {}).get("prompt_id") == prompt.id)


def copied(migrated: Path, file: Path) -> str:
    """The URL of a new database in that file."""
    file.write_bytes(migrated.read_bytes())
    return f"sqlite:///{file}"
