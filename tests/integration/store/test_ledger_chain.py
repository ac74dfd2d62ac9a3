"""The ledger of each prompt is a hash chain: whatever is done to its lines afterwards is found."""

import re
import threading
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import Connection, select, text, update

from signoff.store import audit, ledger
from signoff.store.database import Database
from signoff.store.ledger_chain import content_hash, line_hash
from signoff.store.outbox import cards
from signoff.store.prompts import votes
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt
from signoff.store.records.votes import Shown, Vote
from signoff.store.tables import attempts, prompts
from signoff.store.tables import ledger as rows
from tests.integration.store.samples import (
    BEN,
    NOON,
    a_prompt_elsewhere,
    a_worker,
    an_open_prompt,
    claim_cards,
    first,
    post_cards,
    settle,
)

STRANGE = {
    "umlaut": "ü \U0001f600 \u2028",
    "half a character": "\ud83d",
    "nul": "a\0b",
    "float": 0.1 + 0.2,
    "tiny": 5e-324,
    "large": 10**30,
    "zero": -0.0,
    "nested": {"b": [1, None, True], "a": {}},
    "numbered": {10: "ten", 9: "nine"},
    "tuple": (1, 2),
}


def a_ledger(db: Database) -> Prompt:
    """A prompt with four lines: opened, card_posted, refused, submitted."""
    prompt = an_open_prompt(db)
    post_cards(db)
    ledger.note(db, prompt.id, "refused", now=NOON, actor=BEN, detail={"via": "slack"})
    settle(db, prompt, answer={"size": "large"})
    assert [line.event for line in ledger.lines(db, prompt.id)] == ["opened", "card_posted", "refused", "submitted"]
    return prompt


def test_a_ledger_is_as_it_was_written(db: Database) -> None:
    """Its lines are numbered from 1, each with a hash that follows from the line before, and the last is known."""
    prompt = a_ledger(db)
    lines = ledger.lines(db, prompt.id)
    assert [line.number for line in lines] == [1, 2, 3, 4]
    previous = ""
    for line in lines:
        content = content_hash(prompt.id, line.at, line.event, line.actor, line.detail)
        assert line.hash == (previous := line_hash(previous, line.number, content))
    assert audit.check(db, prompt.id) == audit.Checked(prompt.id, 4, False, ())


def test_every_kind_of_value_reads_back_as_it_was_hashed(db: Database) -> None:
    """Text that a database cannot keep as it is, numbers with many digits, and names of fields that are none."""
    prompt = a_prompt_elsewhere(db)
    ledger.note(db, prompt.id, "refused", now=NOON, actor=Actor("U\0\ud83d1", "Zoë\0"), detail=STRANGE)
    assert audit.check(db, prompt.id).faults == ()


def test_writers_at_the_same_moment_do_not_fork_the_chain(db: Database) -> None:
    """Neither two threads nor two processes: each line follows another one."""
    prompt = an_open_prompt(db)
    gate = threading.Barrier(8)
    with closing(Database(db.url.render_as_string(hide_password=False))) as other:

        def write(mine: Database, number: int) -> None:
            gate.wait()
            for each in range(5):
                ledger.note(mine, prompt.id, "refused", now=NOON, actor=Actor(f"U{number}{each}", "Somebody"))
            settle(mine, prompt)

        threads = [threading.Thread(target=write, args=(each, n)) for n, each in enumerate([db, other] * 4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert audit.check(db, prompt.id) == audit.Checked(prompt.id, 1 + 8 * 6, False, ())


def _set(connection: Connection, number: int, /, **values: Any) -> None:
    connection.execute(update(rows).where(rows.c.number == number).values(values))


def _change_and_remake(connection: Connection, first: int, **values: Any) -> None:
    _set(connection, first, **values)
    _remake(connection, first)


def _remake(connection: Connection, first: int) -> None:
    """Make the hashes from a line on again, as somebody would who knows how they are made."""
    lines = connection.execute(select(rows).order_by(rows.c.number)).all()
    previous = lines[first - 2].hash if first > 1 else ""
    for line in lines[first - 1 :]:
        content = content_hash(line.prompt_id, line.at, line.event, line.actor, line.detail)
        previous = line_hash(previous, line.number, content)
        _set(connection, line.number, hash=previous)


def _remove(connection: Connection, *numbers: int) -> None:
    for number in numbers:
        connection.execute(rows.delete().where(rows.c.number == number))


def _swap(connection: Connection) -> None:
    for number, becomes in ((2, 99), (3, 2), (99, 3)):
        _set(connection, number, number=becomes)


def _swap_contents(connection: Connection) -> None:
    lines = {line.number: line for line in connection.execute(select(rows))}
    for number, other in ((2, lines[3]), (3, lines[2])):
        _set(connection, number, at=other.at, event=other.event, actor=other.actor, detail=other.detail)


def _add(connection: Connection) -> None:
    line = connection.execute(select(rows).where(rows.c.number == 4)).one()._mapping
    content = content_hash(line["prompt_id"], line["at"], "rejected", "U2", {})
    new = {"number": 5, "event": "rejected", "actor": "U2", "detail": {}, "hash": line_hash(line["hash"], 5, content)}
    connection.execute(rows.insert().values({**line, **new, "id": line["id"] + 1}))


CHANGED_3 = r"Line 3 \(refused, 2031-05-06 12:00:00 UTC\) was changed, or line 2 was changed together with its hash\."
CHANGED_4 = r"Line 4 \(submitted, .* UTC\) was changed, or line 3 was changed together with its hash\."
REMADE = (
    r"Line 4, the last one, has another hash than the one that was recorded for it: "
    r"a line was changed, and the hashes after it were made again\."
)

TAMPERED: dict[str, tuple[Any, list[str]]] = {
    "the person": (lambda it: _set(it, 3, actor="U3"), [CHANGED_3]),
    "the detail": (lambda it: _set(it, 3, detail={"via": "cli", "name": "Ben"}), [CHANGED_3]),
    "the event": (lambda it: _set(it, 1, event="asked"), [r"Line 1 \(asked, .* UTC\) was changed\."]),
    "the moment": (lambda it: _set(it, 4, at=NOON.replace(microsecond=1)), [CHANGED_4]),
    "the hash": (lambda it: _set(it, 3, hash="0" * 64), [CHANGED_3, CHANGED_4]),
    "a line and its hash": (lambda it: _change_and_remake(it, 4, actor="U3"), [REMADE]),
    "a line and every hash": (lambda it: _change_and_remake(it, 2, detail={}), [REMADE]),
    "a missing line": (lambda it: _remove(it, 3), [r"Line 3 is missing, so line 4 cannot be checked\."]),
    "a missing beginning": (lambda it: _remove(it, 1, 2), [r"Lines 1 to 2 are missing, so line 3 cannot be checked\."]),
    "a missing end": (lambda it: _remove(it, 4), [r"Line 4 is missing at the end\."]),
    "no line left": (lambda it: _remove(it, 1, 2, 3, 4), [r"All of its lines are missing\."]),
    "another order": (_swap, [r"Lines 2, 3 are not in the order in which they were written\."]),
    "contents in another order": (_swap_contents, [r"Line 2 \(refused, .*", r"Line 3 \(card_posted, .*"]),
    "an added line": (_add, [r"Line 5 at the end was not added by Signoff\."]),
    "a forgotten end": (
        lambda it: it.execute(text("DELETE FROM ledger_heads")),
        [r"It is not recorded any more where the ledger ends, so lines may be missing at the end\."],
    ),
}


@pytest.mark.parametrize("tampered", TAMPERED)
def test_what_was_done_to_a_line_is_found(db: Database, tampered: str) -> None:
    """With one sentence for each fault. Nothing else is reported, and nothing is repaired."""
    prompt = a_ledger(db)
    tamper, expected = TAMPERED[tampered]
    with db.write() as tx:
        tamper(tx.connection)
    found = audit.check(db, prompt.id)
    assert len(found.faults) == len(expected), found.faults
    for fault, pattern in zip(found.faults, expected, strict=True):
        assert re.fullmatch(pattern, fault), fault
    assert list(audit.check_all(db)) == [found]


EDITS: list[tuple[dict[str, Any], str]] = [
    ({"answer": {"size": "small"}}, "The prompt is recorded with another answer than the one in line 4."),
    ({"reason": "Too late"}, "The prompt is recorded with another reason than the one in line 4."),
    ({"outcome": "rejected"}, "The prompt is recorded as rejected, and line 4 says submitted."),
    ({"outcome": None}, "Line 4 says that the prompt ended (submitted), and it is recorded as open."),
    (
        {"settled_by": "U9", "settled_by_name": "Mei"},
        "The prompt is recorded as settled by Mei (U9), and line 4 says something else.",
    ),
]


@pytest.mark.parametrize(("edit", "fault"), EDITS)
def test_a_prompt_that_ended_otherwise_than_its_ledger_says_is_found(
    db: Database, edit: dict[str, Any], fault: str
) -> None:
    """Cards and flows read the row of the prompt, so whoever edits it must not go unnoticed."""
    prompt = a_ledger(db)
    with db.write() as tx:
        tx.execute(update(prompts).where(prompts.c.id == prompt.id).values(edit))
    assert audit.check(db, prompt.id).faults == (fault,)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_open_prompt_that_is_recorded_as_ended_is_found(db: Database) -> None:
    """No line says that it ended."""
    prompt = an_open_prompt(db)
    with db.write() as tx:
        tx.execute(update(prompts).where(prompts.c.id == prompt.id).values(outcome="submitted"))
    assert audit.check(db, prompt.id).faults == (
        "The prompt is recorded as submitted, and no line says that it ended.",
    )


def test_attempts_in_vain_are_counted_and_do_not_fill_the_ledger(db: Database) -> None:
    """The first ten of a person have a line each; then there is one whenever their number has doubled."""
    prompt = a_prompt_elsewhere(db)
    for _ in range(70):
        ledger.note(db, prompt.id, "refused", now=NOON, actor=BEN, detail={"via": "slack"})
    ledger.note(db, prompt.id, "refused_reading", now=NOON, actor=BEN)
    ledger.note(db, prompt.id, "refused", now=NOON, actor=Actor("U\0", "Somebody else"))
    lines = ledger.lines(db, prompt.id)[1:]
    assert [line.detail.get("times") for line in lines] == [*[None] * 10, 16, 32, 64, None, None]
    assert lines[12].detail == {"via": "slack", "times": 64, "name": "Ben"}
    with db.read() as reading:
        assert sorted(reading.execute(select(attempts.c.times)).scalars()) == [1, 1, 70]
    assert audit.check(db, prompt.id).faults == ()


def test_the_first_attempts_of_a_person_may_come_at_the_same_moment(db: Database) -> None:
    """Each is counted, and has its line."""
    prompt = a_prompt_elsewhere(db)
    gate = threading.Barrier(6)

    def attempt() -> None:
        gate.wait()
        ledger.note(db, prompt.id, "refused", now=NOON, actor=BEN)

    threads = [threading.Thread(target=attempt) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [line.event for line in ledger.lines(db, prompt.id)] == ["opened", *["refused"] * 6]


def test_a_decision_is_bound_to_the_card_in_which_it_was_made(db: Database) -> None:
    """As it was posted last. A message that is no card of the prompt is not taken for one."""
    for ts, expected in (("1.0", {"card": "b" * 64, "form": "f" * 64}), ("2.0", {"form": "f" * 64})):
        prompt = an_open_prompt(db)
        for shown_hash in ("a" * 64, "b" * 64):
            (card,) = claim_cards(db, a_worker(db), now=NOON)
            cards.drawn(db, card, channel=prompt.id[:8], ts="1.0", now=NOON, shown_hash=shown_hash)
            cards.redraw(db, prompt.id, now=NOON)
        shown = Shown(channel=prompt.id[:8], ts=ts, form="f" * 64)
        votes.cast(db, prompt.id, Vote(BEN, "submit", {}, None, "slack", NOON, {}, shown=shown), decide=first)
        assert ledger.lines(db, prompt.id)[-1].detail["shown"] == expected
        claim_cards(db, a_worker(db), now=NOON)
