"""How engines are found and made."""

import threading
from importlib import import_module
from pathlib import Path

import pytest

from signoff.flows.engine import Engine, engine
from signoff.flows.errors import BrokenEngine
from tests.support.installed_engines import install


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where engines can be installed."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_threads_that_need_an_engine_at_the_same_time_share_it(folder: Path) -> None:
    """It may hold a connection, so it is made once in a process."""
    code = """
        both_make_it = threading.Barrier(2)

        def make(self):
            calls.append("made")
            try:
                both_make_it.wait(0.5)
            except threading.BrokenBarrierError:
                pass

        TestEngine.__init__ = make
        """
    install(folder, "shared", module="shared_engine", package="shared-engine", code=code)
    found: list[Engine] = []
    threads = [threading.Thread(target=lambda: found.append(engine("shared"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert import_module("shared_engine").calls == ["made"]
    assert len(found) == 2
    assert found[0] is found[1]


def test_an_engine_that_two_packages_provide_is_refused(folder: Path) -> None:
    """Which of them a process got would depend on the order of its path."""
    install(folder, "twofold", module="twofold_one", package="one-engine")
    install(folder, "twofold", module="twofold_two", package="other-engine")
    with pytest.raises(BrokenEngine, match="one-engine and other-engine both provide an engine 'twofold'"):
        engine("twofold")
