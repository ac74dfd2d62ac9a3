"""Invariant 5: a run that waits survives an edit of its code. Recorded journals are replayed by edited flows."""

from pathlib import Path

import pytest

from signoff import Flow
from signoff.flows.engines.embedded.worker import Worker
from signoff.flows.names import now
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.runs import FlowRun, RunState
from signoff.store.runs import retries, runs
from signoff.store.runs.orphans import is_orphaned, served_flows
from tests.golden.journals.recording import (
    JOURNALS,
    OF_VERSION_1,
    ORIGINAL,
    RELEASES,
    RUN_ID,
    file_of,
    load,
    module_of,
    recorded,
)
from tests.support.answering import ANA, answer
from tests.support.waiting import until, until_asked

Edits = list[tuple[str, str]]

ALL_RELEASES = [f"{name}{version}" for name in RELEASES for version in ("", OF_VERSION_1)]

DONE = ["deployed 1.0 for linux", 7, 42]

LINT = ("@flow\ndef checks", "@task\ndef lint() -> None:\n    EFFECTS.append('lint')\n\n\n@flow\ndef checks")

BUILD = '    package = build(fetched["version"])\n'
PRICES = '    prices = price.map(["tea", "milk"]).result()\n'
CHECKED = "    checked = checks(2)\n"
ASKED = 'suspend_flow_run(wait_for_input=Approval, key="ship").ok'


def replay(db: Database, folder: Path, edits: Edits) -> tuple[FlowRun, list[str]]:
    """How the recorded run ends under edited code, and which tasks had an effect. What it still asks is answered."""
    text = ORIGINAL
    for before, after in edits:
        assert before in text
        text = text.replace(before, after)
    module = module_of(text, folder)

    def ended() -> FlowRun | None:
        for prompt in prompts.of_run(db, RUN_ID):
            if prompt.is_open:
                names = (prompt.schema or {})["properties"]
                answer(db, prompt, **({"ok": True} if "ok" in names else {"value": 40}))
        return run if (run := runs.get(db, RUN_ID)).state.is_final else None

    with Worker(db, [each for each in vars(module).values() if isinstance(each, Flow)]):
        return until(db, ended, what="the end"), module.EFFECTS


@pytest.mark.parametrize("journal", JOURNALS)
def test_what_is_recorded_today_is_what_was_recorded_then(db: Database, journal: str) -> None:
    """A change of names, hashes or formats strands runs that wait. One that is meant needs a way for them."""
    assert recorded(db, journal) == file_of(journal).read_text(encoding="utf-8")


@pytest.mark.parametrize("journal", ALL_RELEASES)
@pytest.mark.parametrize(
    ("edits", "effects"),
    [
        ([], ["deploy"]),
        ([('    fetched = fetch("1.0")', '    # The newest.\n    fetched = fetch(  "1.0" )')], ["deploy"]),
        ([('EFFECTS.append("build")', "print('another way')")], ["deploy"]),
        ([LINT, ("    if suspend", "    lint()\n    if suspend")], ["lint", "deploy"]),
        ([LINT, ("        return [d", "        lint()\n        return [d")], ["lint", "deploy"]),
        ([(BUILD + PRICES, PRICES + BUILD)], ["deploy"]),
    ],
    ids=[
        "no edit",
        "a comment",
        "a task's body",
        "a step before the question",
        "a step after the question",
        "two steps swapped",
    ],
)
def test_an_edit_that_fits_what_is_recorded_lets_the_run_go_on(
    db: Database, tmp_path: Path, journal: str, edits: Edits, effects: list[str]
) -> None:
    """Invariant 5: what was recorded stands, nothing of it has its effect again, and the answers are handed over."""
    load(db, journal)
    ended, had = replay(db, tmp_path, edits)
    assert (ended.state, ended.result) == (RunState.COMPLETED, DONE)
    assert had == effects


RENAMED = "which has. If "


@pytest.mark.parametrize("version", ["", OF_VERSION_1])
@pytest.mark.parametrize(
    ("journal", "edits", "effects", "told"),
    [
        ("approved", [("fetch(", "load(")], [], f"calls load, which has not run yet, before fetch, {RENAMED}"),
        ("approved", [("price", "cost")], [], "calls cost, which has not run yet, before price"),
        (
            "within_checks",
            [("scan(", "look(")],
            [],
            f"calls checks/look, which has not run yet, before checks/scan, {RENAMED}",
        ),
        ("within_checks", [("checks(", "inspect(")], [], "calls inspect, which has not run yet, before checks/scan"),
        ("approved", [("checks(", "inspect(")], [], "calls inspect, which has not run yet, before checks"),
        ("approved", [('announce("#releases")', "pass")], [], "calls deploy, which has not run yet, before announce"),
        (
            "approved",
            [('announce("#releases")', "pass"), ("[deploy(package.name)", "[str(package)")],
            [],
            "no longer calls announce, which ran",
        ),
        (
            "approved",
            [LINT, ("    fetched", "    lint()\n    fetched")],
            [],
            "calls lint, which has not run yet, before fetch",
        ),
        (
            "approved",
            [
                (CHECKED, ""),
                ("        return [d", "        done = d"),
                ("(package.name), sum", "(package.name)\n        checked = checks(2)\n        return [done, sum"),
            ],
            [],
            "calls deploy, which has not run yet, before checks",
        ),
        ("approved", [('fetch("1.0")', 'fetch("2.0")')], [], "fetch is now called with different arguments"),
        (
            "approved",
            [('target: str = "linux"', 'target: str = "windows"')],
            [],
            "build is now called with different arguments",
        ),
        ("approved", [("Package", "Parcel")], [], "result of build can no longer be read"),
        (
            "approved",
            [('key="ship"', 'key="go"')],
            [],
            "asks 'Approval' with the key 'go', but that was asked with the key 'ship'",
        ),
        (
            "approved",
            [(', key="ship"', "")],
            [],
            "asks 'Approval' with the key '1', but that was asked with the key 'ship'",
        ),
        ("approved", [(ASKED, "True")], ["deploy"], "no longer asks 'Approval', which was asked and settled"),
    ],
    ids=[
        "a task renamed",
        "a mapped task renamed",
        "a task of a nested flow renamed",
        "a nested flow renamed while it waits",
        "a nested flow renamed that had ended",
        "a step removed",
        "a step removed, and nothing new",
        "a step before those that ran",
        "a step moved behind a new one",
        "an argument",
        "a default",
        "a result's type renamed",
        "the question's key",
        "the question's key taken away",
        "the question removed",
    ],
)
def test_an_edit_that_does_not_fit_asks_for_a_person(
    db: Database, tmp_path: Path, journal: str, version: str, edits: Edits, effects: list[str], told: str
) -> None:
    """Invariant 5: the run needs attention, says why and what to do, and no effect comes again under a new name."""
    load(db, f"{journal}{version}")
    ended, had = replay(db, tmp_path, edits)
    assert (ended.state, ended.result) == (RunState.NEEDS_ATTENTION, None)
    assert told in (ended.error or "")
    assert "Restore code that fits and run `signoff retry brave-otter`" in (ended.error or "")
    assert had == effects


@pytest.mark.parametrize(
    ("journal", "edits", "before"),
    [
        ("approved", [("May it go out?", "May it be kept back?")], "Approval"),
        ("approved", [("    ok: bool", "    ok: bool\n    reason: str = ''")], "Approval"),
        ("approved", [("Approval", "Consent")], "Approval"),
        ("approved", [("wait_for_input=Approval", "Approval.with_initial_data(ok=False)")], "Approval"),
        ("within_checks", [("wait_for_input=int", "int, description='How many?'")], "Input needed"),
        (
            "within_checks",
            [("    return found", "    suspend_flow_run(int, description='More?')\n    return found")],
            "Input needed",
        ),
    ],
    ids=[
        "the description",
        "the schema",
        "the title",
        "the initial values",
        "a nested flow's question",
        "another question before it",
    ],
)
def test_an_edited_question_is_asked_again(
    db: Database, tmp_path: Path, journal: str, edits: Edits, before: str
) -> None:
    """Invariant 5: its answer is neither handed over nor does it strand the run; the new prompt says both."""
    load(db, journal)
    asked = next(each for each in prompts.of_run(db, RUN_ID) if each.title == before)
    ended, had = replay(db, tmp_path, edits)
    (again,) = [each for each in prompts.of_run(db, RUN_ID) if each.earlier is not None]
    assert again.earlier is not None
    assert again.earlier.prompt_id == asked.id
    assert again.earlier.question is not None
    assert {name: again.earlier.question[name] for name in ("title", "answer", "settled_by")} == {
        "title": before,
        "answer": asked.answer,
        "settled_by": asked.settled_by,
    }
    assert ended.state is RunState.COMPLETED
    assert had == ["deploy"]


@pytest.mark.parametrize("journal", ALL_RELEASES)
def test_code_that_was_put_back_lets_the_run_go_on(db: Database, tmp_path: Path, journal: str) -> None:
    """As the run that needs attention says: nothing of it is lost, and only what had failed is tried again."""
    load(db, journal)
    ended, _ = replay(db, tmp_path, [("scan(", "look("), ("fetch(", "load(")])
    assert ended.state is RunState.NEEDS_ATTENTION
    retries.retry(db, RUN_ID, actor=ANA, now=now())
    ended, had = replay(db, tmp_path, [])
    assert (ended.state, ended.result) == (RunState.COMPLETED, DONE)
    assert had == ["announce", "deploy"]


@pytest.mark.parametrize("journal", ALL_RELEASES)
def test_a_run_whose_flow_was_renamed_waits_until_it_is_back(db: Database, tmp_path: Path, journal: str) -> None:
    """Invariant 5: nobody takes it for another flow, it can be seen, and its answer is not lost."""
    load(db, journal)
    # In another folder: bytecode is cached by size and second, so the two versions could be taken for one.
    folder = tmp_path / "renamed"
    folder.mkdir()
    renamed = module_of(ORIGINAL.replace("def release", "def publish"), folder)
    with Worker(db, [renamed.publish, renamed.checks]):
        other = renamed.publish.create_run(db=db)
        until_asked(db, other.id)
        waiting = runs.get(db, RUN_ID)
        assert waiting.state is RunState.SUSPENDED
        assert is_orphaned(waiting, served_flows(db, now=now()))
    ended, had = replay(db, tmp_path, [])
    assert (ended.state, ended.result) == (RunState.COMPLETED, DONE)
    assert had == ["deploy"]
