"""A few rounds of the chaos experiment; `uv run python -m tests.chaos` runs as many as you like."""

from pathlib import Path

import pytest

from tests.chaos.experiment import ChaosExperiment
from tests.support.proxy import proxied
from tests.support.stores import postgres

pytestmark = pytest.mark.soak


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_kills_lose_nothing_on_sqlite(database_url: str, tmp_path: Path, workers: int) -> None:
    """Invariant 1: whatever is killed, acknowledged answers are kept. Invariant 3: recorded steps do not run again."""
    verdict = ChaosExperiment(database_url, tmp_path, rounds=5, workers=workers).run()
    assert verdict.holds, verdict


@pytest.mark.parametrize("workers", [1, 3])
def test_kills_and_crashes_lose_nothing_on_postgresql(tmp_path: Path, workers: int) -> None:
    """Invariant 1: this also holds while the database crashes and comes back."""
    with postgres() as server, proxied(url := server.new_url(), often=0.02) as proxy:
        verdict = ChaosExperiment(url, tmp_path, rounds=5, workers=workers, restart=server.restart, via=proxy.url).run()
    assert verdict.holds, verdict
