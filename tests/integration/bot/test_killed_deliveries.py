"""`kill -9` between a press and the moment when another engine has taken the answer, again and again."""

import random
import threading
from collections import Counter
from pathlib import Path

import pytest

from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.prompts import DeliveryState, Prompt
from signoff.testing import Emulator, VisibleMessage
from tests.chaos.bots import serve_slack
from tests.chaos.processes import Victim
from tests.support.paper_runs import PaperRuns
from tests.support.waiting import until

KILLS = 100
"""On each of the two databases."""

DAWDLES_SECONDS = 0.05
"""How long the engine takes at the most before it has taken an answer, and after that until it says so."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


class Fire:
    """Bots on one database, one after the other, each of which is killed."""

    def __init__(self, slack: Emulator, db: Database, paper: PaperRuns, folder: Path) -> None:
        self.slack = slack
        self.db = db
        self.paper = paper
        self.ana = slack.person("ana")
        self.bot: Victim | None = None
        self._errors = folder / "errors.txt"

    def start(self) -> None:
        """Start a bot; it hears of presses then."""
        url = self.db.url.render_as_string(hide_password=False)
        self.bot = Victim(serve_slack, self.slack.api_url, url, str(self.paper.file), errors=self._errors)
        self.bot.until_ready()
        self._until_connected(True)

    def kill(self) -> None:
        """End the bot as a power cut would."""
        assert self.bot is not None
        self.bot.kill()
        self.bot = None
        self._until_connected(False)

    def asked(self, count: int) -> list[tuple[Prompt, VisibleMessage]]:
        """Have so many runs wait; their prompts with their cards, once all are posted."""
        for number in range(count):
            self.paper.pause(f"run-{number}")
        self.ana.wait_until(
            lambda: len(self._cards()) == count,
            what="all cards",
            timeout=120,
        )
        cards = self._cards()
        return [(prompts.get(self.db, prompt_id), card) for prompt_id, card in cards.items()]

    def is_pending(self, prompt: Prompt) -> bool:
        """Whether the engine's acceptance is not recorded yet."""
        delivery = prompts.get(self.db, prompt.id).delivery
        assert delivery is not None, "an acknowledged answer is lost"
        return delivery.state is DeliveryState.PENDING

    def _cards(self) -> dict[str, VisibleMessage]:
        found = {}
        for seen in self.ana.sees("#releases"):
            metadata = seen.metadata or {}
            if metadata.get("event_type") == "signoff_prompt" and seen.buttons:
                found[str(metadata["event_payload"]["prompt_id"])] = seen
        return found

    def _until_connected(self, wanted: bool) -> None:
        try:
            self.ana.wait_until(
                lambda: self.slack.client.get("workspace")["connected"] is wanted,
                what="the bot to come" if wanted else "the bot to go",
                timeout=60,
            )
        except TimeoutError:
            pytest.fail(self._errors.read_text())


def test_no_answer_is_lost_or_handed_over_twice(slack: Emulator, db: Database, tmp_path: Path) -> None:
    """Invariants 1 and 13: each of the answers reaches its run once, however often the bot is killed on the way."""
    paper = PaperRuns(tmp_path / "paper.db")
    paper.set("dawdles", str(DAWDLES_SECONDS))
    fire = Fire(slack, db, paper, tmp_path)
    breath, dice = threading.Event(), random.Random(7)
    fire.start()
    try:
        left = fire.asked(2 * KILLS)
        answered, kills = [], 0
        while kills < KILLS:
            assert left, f"only {kills} kills were in time"
            prompt, card = left.pop()
            fire.ana.press("Approve", message=card)
            answered.append(prompt)
            breath.wait(dice.uniform(0, 2 * DAWDLES_SECONDS))
            fire.kill()
            kills += fire.is_pending(prompt)
            fire.start()
        until(db, lambda: not any(map(fire.is_pending, answered)) or None, what="the engine to take everything")
    finally:
        if fire.bot is not None:
            fire.bot.kill()
    handed = paper.handed()
    assert Counter(each.delivery for each in handed) == Counter(prompt.id for prompt in answered)
    assert {(each.outcome, each.answer["approved"]) for each in handed} == {("submitted", True)}
    accepted = [
        [line.detail["words"] for line in ledger.lines(db, prompt.id) if line.event == "delivery_accepted"]
        for prompt in answered
    ]
    assert {len(each) for each in accepted} == {1}
    # Both kinds of kill happened: before the engine had taken the answer, and after that, unheard.
    assert any(each.in_doubt for each in handed)
    assert ["It was here already."] in accepted
