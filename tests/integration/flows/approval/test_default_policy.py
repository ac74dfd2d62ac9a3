"""What a policy leaves open."""

import pytest

from signoff import Policy, flow, pause_flow_run
from signoff.store.database import Database
from tests.support.fixtures import StartWorker
from tests.support.waiting import until_asked


@flow
def ask_somebody() -> None:
    """Asks, and says only where."""
    pause_flow_run(policy=Policy(channel="#here"))


def test_a_worker_fills_what_a_policy_leaves_open(
    db: Database, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The defaults are those that the worker was given, whatever the environment says."""
    monkeypatch.setenv("SIGNOFF_APPROVERS", "@boss")
    start_worker(ask_somebody, defaults=Policy(channel="#there", approvers=("@ana",)))
    asked = until_asked(db, ask_somebody.create_run(db=db).id)
    assert asked.policy == Policy(channel="#here", approvers=("@ana",))


def test_a_worker_that_was_given_none_takes_the_settings(
    db: Database, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGNOFF_APPROVERS names who may answer where no policy does."""
    monkeypatch.setenv("SIGNOFF_APPROVERS", "@boss")
    start_worker(ask_somebody)
    asked = until_asked(db, ask_somebody.create_run(db=db).id)
    assert asked.policy.approvers == ("@boss",)
