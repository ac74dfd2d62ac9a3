"""While the database is unavailable, people are told that nothing was decided. Nothing that was acked is lost."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from signoff.bot.service import Service
from signoff.bot.settings import Mode
from signoff.store import database
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.testing import ActionFailed, Emulator
from tests.integration.bot.asking import FLOWS, approve, give_a_reason
from tests.integration.bot.running_service import RunningService, settings_for
from tests.support.proxy import Lost, proxied


@contextmanager
def locked(service: RunningService) -> Iterator[None]:
    """Another process holds the write lock of the database."""
    file = database.sqlite_file(service.db)
    assert file is not None
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.mark.usefixtures("real_limits")
def test_a_press_that_cannot_be_stored_is_not_acked(service: RunningService, caplog: pytest.LogCaptureFixture) -> None:
    """The person is told, and the same press counts when the database is back."""
    prompt, card = service.ask_in("#releases", approve)
    ana = service.slack.person("ana")
    with locked(service):
        with pytest.raises(ActionFailed, match="dispatch_failed"):
            ana.press("Approve", message=card)
        told = ana.wait_for_message("#releases", "so nothing was decided. Try again in a moment.")
        assert told.is_ephemeral
    assert prompts.get(service.db, prompt.id).is_open
    ana.press("Approve", message=card)
    assert service.over(prompt).result == "approved: True"
    assert "Traceback" not in caplog.text


@pytest.mark.usefixtures("real_limits")
def test_a_form_that_cannot_be_stored_stays_open_and_says_so(service: RunningService) -> None:
    """Nothing has to be typed again."""
    prompt, card = service.ask_in("#releases", give_a_reason)
    ana = service.slack.person("ana")
    ana.press("Approve", message=card)
    ana.wait_for_modal("And why?")
    with locked(service):
        ana.submit({"Reason": "It is Tuesday"})
        modal = ana.wait_for_modal(lambda seen: bool(seen.errors))
        assert "The database is unavailable, so nothing was decided." in "".join(modal.errors.values())
    ana.submit()
    assert service.over(prompt).result == "approved: True because It is Tuesday"


@pytest.mark.parametrize("put_another", [False, True], ids=["moved", "replaced"])
def test_a_press_is_not_acked_while_the_file_is_not_the_one_that_was_opened(
    service: RunningService, sqlite_file: Path, caplog: pytest.LogCaptureFixture, put_another: bool
) -> None:
    """Invariant 1: the person is told, the log says what to do, and with the file back the same press counts."""
    prompt, card = service.ask_in("#releases", approve)
    service.until_all_is_said()
    file = database.sqlite_file(service.db)
    assert file is not None
    aside = file.rename(file.with_name("aside.db"))
    if put_another:
        file.write_bytes(sqlite_file.read_bytes())
    ana = service.slack.person("ana")
    with pytest.raises(ActionFailed, match="dispatch_failed"):
        ana.press("Approve", message=card)
    told = ana.wait_for_message("#releases", "The database is not the one that Signoff was using, so nothing was")
    assert told.is_ephemeral
    acted = f"{ana.id} in {card.channel}, prompt {prompt.id[:8]}"
    assert f"A request from Slack was refused ({acted}): " in caplog.text
    assert "while Signoff was using it" in caplog.text
    assert "Traceback" not in caplog.text
    aside.replace(file)
    assert prompts.get(service.db, prompt.id).is_open
    ana.press("Approve", message=card)
    assert service.over(prompt).result == "approved: True"


def test_cards_follow_when_the_database_is_back(service: RunningService) -> None:
    """The dispatcher tries again, and posts nothing twice."""
    prompt, card = service.ask_in("#releases", approve)
    service.slack.client.inject_fault("chat.update", hold="after")
    service.slack.person("ana").press("Approve", message=card)
    service.over(prompt)
    service.slack.client.wait_until_held()
    with locked(service):
        service.slack.client.clear_faults()
        service.slack.person("ana").wait_for_message("#releases", "Approved")
    service.until_all_is_said()
    service.card(prompt, open_=False)
    assert len(service.replies(card)) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("lost", list(Lost))
def test_a_press_in_doubt_says_so_and_the_next_one_says_what_was_decided(
    slack: Emulator, database_url: str, lost: Lost
) -> None:
    """Nobody is told that nothing was decided if something may have been."""
    with (
        proxied(database_url) as proxy,
        closing(Database(database_url)) as db,
        Service(settings_for(slack.api_url, proxy.url), FLOWS, with_bot=True, grace=1.0) as started,
    ):
        service = RunningService(slack, started)
        slack.deliver_to(service.request_url)
        prompt, card = service.ask_in("#releases", approve)
        service.until_checked(prompt)
        service.until_all_is_said()
        ana = slack.person("ana")
        proxy.cut_next_commit(lost)
        with pytest.raises(ActionFailed, match="dispatch_failed"):
            ana.press("Approve", message=card)
        assert proxy.was_cut.is_set()
        ana.wait_for_message("#releases", "this may or may not have counted. Try again to find out.")
        assert prompts.get(db, prompt.id).is_open is (lost is Lost.REQUEST)
        if lost is Lost.REQUEST:
            ana.press("Approve", message=card)
        assert service.over(prompt).result == "approved: True"
        service.until_all_is_said()
        service.card(prompt, open_=False)


def test_two_bots_on_one_database_post_one_card(slack: Emulator, sqlite_url: str) -> None:
    """A card is drawn by one of them, however slow Slack is."""
    settings = settings_for(slack.api_url, sqlite_url, Mode.SOCKET)
    with (
        Service(settings, FLOWS, with_bot=True, grace=1.0) as started,
        Service(settings, None, with_bot=True),
    ):
        service = RunningService(slack, started)
        slack.client.inject_fault("chat.postMessage", hold="before")
        prompt = service.ask(approve)
        slack.client.wait_until_held()
        other = service.ask(approve)
        service.card(other)
        slack.client.clear_faults()
        card = service.card(prompt)
        slack.person("ana").press("Approve", message=card)
        service.over(prompt)
        service.until_all_is_said()
        assert len(service.replies(card)) == 1
