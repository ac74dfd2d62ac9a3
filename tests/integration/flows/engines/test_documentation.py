"""The engine in docs/engines.md works."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from signoff import Policy
from signoff.flows.engines.deliverer import Deliverer
from signoff.flows.engines.pause_reports import DatabasePauseReports
from signoff.flows.names import now
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.prompts import DeliveryState, Prompt
from tests.integration.store.samples import settle
from tests.support.paper_runs import APPROVAL
from tests.support.waiting import until
from tests.unit.test_docs import ROOT, blocks


def test_the_engine_in_the_documentation_asks_and_is_answered(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever begins with a copy of it begins with something that works."""
    (example,) = blocks(ROOT / "docs" / "engines.md", "python")
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(example, "docs/engines.md", "exec"), names)
    monkeypatch.chdir(tmp_path)
    engine = names["PaperEngine"]()
    with closing(sqlite3.connect("paper.db")) as paper, paper:
        assert [problem.message for problem in engine.check()] == ["paper.db has no table of waiting runs. Create it."]
        paper.execute("CREATE TABLE waiting (run, flow, question, schema)")
        paper.execute("CREATE TABLE handed (delivery, run, outcome, answer)")
        paper.execute("INSERT INTO waiting VALUES ('r7', 'train', 'May it go on?', ?)", (json.dumps(APPROVAL),))

    def accepted(prompt: Prompt) -> bool:
        delivery = prompts.get(db, prompt.id).delivery
        return delivery is not None and delivery.state is DeliveryState.ACCEPTED

    with Deliverer(db, engine):
        engine.start(DatabasePauseReports(db, "paper", Policy()))
        asked = until(db, lambda: next(iter(prompts.pending(db)), None), what="the question")
        settle(db, asked, answer={"approved": True}, now=now())
        until(db, lambda: accepted(asked), what="the engine to accept the answer")
        engine.stop()
    with closing(sqlite3.connect("paper.db")) as paper:
        handed = paper.execute("SELECT * FROM handed").fetchall()
    assert handed == [(asked.id, "r7", "submitted", '{"approved": true}')]
    assert engine.link("r7") == "https://paper.example.com/runs/r7"
