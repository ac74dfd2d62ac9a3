"""Presses go before cards: what a person waits for is done first."""

import gc
import sys
import threading

import pytest

from signoff.bot.service import serve
from signoff.flows.services import foreground as foreground_module
from signoff.flows.services.foreground import Foreground, foreground
from signoff.flows.services.signals import ShutdownSignal
from signoff.store.changes import Topic
from tests.integration.bot.asking import approve
from tests.integration.bot.running_service import RunningService, settings_for
from tests.integration.store.samples import settle
from tests.support.held_up import HeldUp
from tests.support.waiting import PATIENCE


def test_a_card_waits_while_a_press_is_in_progress(service: RunningService, held_up: HeldUp) -> None:
    """It is redrawn as soon as the press has been answered."""
    prompt, card = service.ask_in("#releases", approve)
    assert "Approve" in card.buttons
    with foreground.work():
        # The dispatcher may be in the middle of a step. It comes to the next one.
        service.db.changes.announce([Topic.CARDS])
        held_up.wait_for("signoff-dispatcher")
        settle(service.db, prompt, answer={"approved": True, "reason": ""}, now=service.db.now())
        assert "Approve" in service.card(prompt).buttons
    assert not service.card(prompt, open_=False).buttons


def test_cards_are_posted_however_many_presses_there_are(
    service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each waits for a moment only."""
    monkeypatch.setattr(foreground_module, "MAX_HELD_UP", 0.01)
    with foreground.work():
        service.ask_in("#releases", approve)


def test_the_background_waits_for_all_work_in_the_foreground(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not let in between two presses."""
    monkeypatch.setattr(foreground_module, "MAX_HELD_UP", PATIENCE)
    work, passed, let_in = Foreground(), threading.Event(), threading.Event()

    def background() -> None:
        let_in.set()
        work.let_pass()
        passed.set()

    def press() -> None:
        with work.work():
            thread.start()
            assert let_in.wait(PATIENCE)

    thread = threading.Thread(target=background)
    with work.work():
        other = threading.Thread(target=press)
        other.start()
        other.join()
        assert not passed.wait(0.05)
    assert passed.wait(PATIENCE)
    thread.join()
    assert work.let_pass()


class EndsAtOnce(ShutdownSignal):
    """Asks the process to shut down as soon as it is ready, and notes how it is set up then.

    Attributes:
        left_alone: How many objects the garbage collector does not look at.
        switch_interval: Seconds after which a thread that computes lets another one run.
    """

    left_alone = 0
    switch_interval = 0.0

    def wait(self) -> None:
        self.left_alone = gc.get_freeze_count()
        self.switch_interval = sys.getswitchinterval()


def test_no_thread_keeps_presses_waiting_for_long(sqlite_url: str) -> None:
    """The garbage collector would look through everything that was imported, and a flow would compute for 5 ms."""
    switch_interval = sys.getswitchinterval()
    try:
        with EndsAtOnce() as shutdown:
            serve(settings_for("http://127.0.0.1:9/api/", sqlite_url), [], shutdown, with_bot=False, with_worker=True)
        assert shutdown.left_alone > 100_000
        assert shutdown.switch_interval < switch_interval
    finally:
        sys.setswitchinterval(switch_interval)
        gc.unfreeze()
