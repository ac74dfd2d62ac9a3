"""Engines that are started and stopped with the bot."""

from importlib import import_module
from pathlib import Path

import pytest

from signoff.flows.engines.connected import ConnectedEngines
from signoff.flows.names import now
from signoff.store.database import Database
from signoff.store.policy import Policy
from tests.integration.store.samples import a_prompt_elsewhere, settle
from tests.support.installed_engines import install


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where engines can be installed."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_an_engine_takes_outcomes_until_nobody_hands_it_any(db: Database, folder: Path) -> None:
    """It gives back what it holds only after that."""
    # An engine is made once in a process, so each test has its own.
    name = f"orderly_{db.engine.name}"
    install(folder, name, module=name, package=name)
    settle(db, a_prompt_elsewhere(db, engine=name), now=now())
    with ConnectedEngines(db, defaults=Policy()):
        engine = import_module(name)
        assert engine.is_called.wait(60)
    assert engine.calls == ["made", "started", "delivered", "stopped"]


def test_an_engine_that_fails_halfway_through_its_start_is_stopped_too(db: Database, folder: Path) -> None:
    """Until then it gets the outcomes of what was answered before."""
    name = f"fragile_{db.engine.name}"
    code = """
        def start(self, reports):
            calls.append("half started")
            raise RuntimeError("no key")

        TestEngine.start = start
        """
    install(folder, name, module=name, package=name, code=code)
    settle(db, a_prompt_elsewhere(db, engine=name), now=now())
    with ConnectedEngines(db, defaults=Policy()):
        engine = import_module(name)
        assert engine.is_called.wait(60)
    assert engine.calls == ["made", "half started", "delivered", "stopped"]
