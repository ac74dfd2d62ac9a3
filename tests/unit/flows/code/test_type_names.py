"""What earlier versions recorded under the module paths of their time reads back."""

import sys
from pathlib import Path
from typing import Any

import pytest

from signoff import Flow, RunInput, flow
from signoff.flows.approval.replies import Settled
from signoff.flows.ask import PromptHandle
from signoff.flows.code.digest import digest
from signoff.flows.code.module_loading import find_model
from signoff.flows.code.type_names import MOVED, current_name, find_type, first_name, type_name
from signoff.flows.durable.values.serialization import Recorded, load, load_error
from signoff.flows.examples.release import ReleaseApproval
from signoff.input import UploadedFile
from signoff.store.errors import NoSuchRun
from signoff.store.records.actors import Actor
from signoff.store.records.runs import RunState

REPOSITORY = Path(__file__).parents[4]
FILE = UploadedFile(name="a.csv", mimetype="text/csv", content=b"a,b")

OLD_RESULTS: list[tuple[Recorded, Any]] = [
    (
        Recorded(
            "typed",
            '{"type": "flows.files:UploadedFile", '
            '"value": {"name": "a.csv", "mimetype": "text/csv", "content": "YSxi"}}',
        ),
        FILE,
    ),
    (
        Recorded("typed", '{"type": "store.records:Actor", "value": {"id": "U1", "name": "Ana", "aliases": []}}'),
        Actor("U1", "Ana"),
    ),
    (
        Recorded(
            "pickle",
            "gASV7AAAAAAAAABdlCiMC2Zsb3dzLmZpbGVzlIwMVXBsb2FkZWRGaWxllJOUKYGUfZQojAhfX2RpY3RfX5R9lCiMBG5hbWWUjAVhLmNz"
            "dpSMCG1pbWV0eXBllIwIdGV4dC9jc3aUjAdjb250ZW50lEMDYSxilHWMEl9fcHlkYW50aWNfZXh0cmFfX5ROjBdfX3B5ZGFudGljX2Zp"
            "ZWxkc19zZXRfX5SPlChoDGgKaAiQjBRfX3B5ZGFudGljX3ByaXZhdGVfX5ROdWKMDXN0b3JlLnJlY29yZHOUjAhSdW5TdGF0ZZSTlIwG"
            "UGF1c2VklIWUUpRlLg==",
        ),
        [FILE, RunState.PAUSED],
    ),
]
"""Results as they were recorded before everything moved into the package `signoff`."""


@pytest.fixture(autouse=True)
def _like_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the repository off the path. There its folders `flows` and `store` could be imported by their bare names."""
    monkeypatch.setattr(sys, "path", [path for path in sys.path if Path(path).resolve() != REPOSITORY])


@pytest.mark.parametrize(("recorded", "value"), OLD_RESULTS, ids=["a file", "a dataclass", "a pickle"])
def test_a_result_recorded_under_an_old_path_reads_back(recorded: Recorded, value: Any) -> None:
    """As the type of today, so that it equals what the task would return now."""
    assert load(recorded) == value


def test_an_error_recorded_under_an_old_path_can_be_caught_by_its_type() -> None:
    """A replay enters the same `except` as the run did."""
    written = '{"type": "store.errors:NoSuchRun", "arguments": ["There is no run x."], "message": "There is no run x."}'
    error = load_error(Recorded("error", written))
    assert isinstance(error, NoSuchRun)


def test_a_prompt_recorded_under_an_old_path_finds_its_model() -> None:
    """So that its own validators check the answer."""
    found = find_model("flows.examples.release:ReleaseApproval@/gone/flows/examples/release.py")
    assert found is ReleaseApproval


def test_arguments_hash_to_what_they_hashed_to_before_the_move() -> None:
    """Otherwise a finished task would seem to be called with other arguments."""
    handle = object.__new__(PromptHandle)
    assert digest({"prompt": handle}) == "a66d49a06c2038791607c79416b764a0d97ad72baa6f62c6c3c667d1429646f2"
    assert digest({"flow": noop}) == "b4da68063524f727a0c9a6cab5b31a8921ce17f9deaa34026408975d6850ee5e"


@pytest.mark.parametrize(
    ("recorded", "first"),
    [
        ("signoff.flows.approval.desk:Settled", "flows.desk:Settled"),
        ("signoff.store.policy:InvalidPolicy", "store.policy:InvalidPolicy"),
        ("signoff.store.records.prompts:LedgerLine", "store.records.prompts:LedgerLine"),
        ("signoff.store.records.prompts:Vote", "store.records.prompts:Vote"),
    ],
)
def test_a_type_that_has_moved_within_the_package_is_found_by_each_of_its_names(recorded: str, first: str) -> None:
    """And hashes to what it hashed to before."""
    found = find_type(recorded)
    assert (first_name(found), find_type(first)) == (first, found)


@flow
def noop() -> None:
    """Does nothing."""


@pytest.mark.parametrize("type_", [UploadedFile, PromptHandle, Flow, RunInput, Actor, Settled])
def test_a_type_of_today_is_found_by_its_first_name(type_: type) -> None:
    """Whatever its name was when it was first recorded."""
    assert current_name(first_name(type_)) == type_name(type_)


def test_a_project_may_have_a_package_called_flows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Types that it records under its own names are not mistaken for ours."""
    package = tmp_path / "flows"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "errors.py").write_text("class NotAllowed(Exception): ...\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    try:
        assert find_type("flows.errors:NotAllowed").__module__ == "flows.errors"
    finally:
        for name in ("flows", "flows.errors"):
            sys.modules.pop(name, None)


@pytest.mark.parametrize("name", MOVED.values())
def test_every_move_leads_to_something(name: str) -> None:
    """A module that moves again needs its entries changed."""
    find_type(name if ":" in name else f"{name}:__name__")


def test_a_name_that_nothing_has_is_refused() -> None:
    """Under neither name."""
    with pytest.raises(AttributeError):
        find_type("flows.files:Gone")
    with pytest.raises(ImportError):
        find_type("elsewhere:Gone")
