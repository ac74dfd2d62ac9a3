"""`signoff simulate` replays the ledger under another policy, by the answers that people gave then."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from signoff import Policy
from signoff.flows.approval.deadlines import DeadlineEnforcer
from signoff.flows.approval.desk import Desk
from signoff.store import migrations
from signoff.store.database import Database
from signoff.store.prompts import votes
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt
from signoff.store.records.votes import Vote
from tests.acceptance.shell import Shell
from tests.integration.store.samples import an_open_prompt

ANA, BEN, MEI = (Actor(f"U0{name}0001", name.title()) for name in ("ANA", "BEN", "MEI"))
OK = {"type": "object", "properties": {"approved": {"type": "boolean"}}, "required": ["approved"]}


class History:
    """Prompts of a day ago, answered by people."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._opened_at = db.now() - timedelta(days=1)
        self._moment = self._opened_at
        self._desk = Desk(db, clock=lambda: self._moment)

    def asked(self, **policy: Any) -> Prompt:
        """A prompt for Ana, Ben and Mei."""
        rules = Policy(**{"approvers": [ANA.id, BEN.id, MEI.id], **policy})
        deadline = None if rules.deadline is None else self._opened_at + rules.deadline
        return an_open_prompt(
            self._db,
            title="Release 1.4?",
            schema=OK,
            initial_values={"approved": False},
            stored_policy=rules,
            opened_at=self._opened_at,
            deadline=deadline,
            due_at=deadline,
        )

    def passes_its_deadline(self, prompt: Prompt) -> None:
        """Nobody answers in time."""
        assert prompt.deadline is not None
        with DeadlineEnforcer(self._db, clock=lambda: self._moment) as enforcer:
            self._moment = prompt.deadline
            enforcer.do_due()

    def votes_for(self, principal: Actor, delegate: Actor, prompt: Prompt, *, after: timedelta) -> None:
        """Somebody votes in the place of somebody else."""
        at = self._opened_at + after
        vote = Vote(delegate, "submit", {}, None, "slack", at, {"approved": True}, instead_of=principal)
        votes.cast(self._db, prompt.id, vote, decide=lambda _: None)

    def says(self, person: Actor, prompt: Prompt, approved: bool, *, after: timedelta) -> None:
        """Somebody answers."""
        self._moment = self._opened_at + after
        self._desk.submit(prompt.id, person, {"approved": approved}, via="slack")


@pytest.fixture
def history(empty: Shell) -> Any:
    """A folder with a database."""
    with empty.database() as db:
        migrations.upgrade(db)
        yield History(db)


def simulated(empty: Shell, toml: str, *options: str) -> Any:
    """What becomes of each prompt under these policies, by its id."""
    empty.write("new.toml", toml)
    said = empty("simulate", "--policy", "new.toml", "--json", *options)
    assert (said.code, said.err) == (0, "")
    return {each["prompt_id"]: each for each in said.json}


def test_with_fewer_votes_it_would_have_ended_earlier_and_perhaps_otherwise(empty: Shell, history: History) -> None:
    """Two of three yes and no: with one vote the first one decides."""
    prompt = history.asked(quorum=2, reject=2)
    for person, approved, minutes in ((ANA, False, 10), (BEN, True, 20), (MEI, True, 30)):
        history.says(person, prompt, approved, after=timedelta(minutes=minutes))
    found = simulated(empty, "[policy]\nquorum = 1\nreject = 1\n")[prompt.id]
    opened = datetime.fromisoformat(found["opened_at"])
    assert (found["was"]["answer"], found["would_be"]["answer"]) == ({"approved": True}, {"approved": False})
    assert datetime.fromisoformat(found["was"]["at"]) == opened + timedelta(minutes=30)
    assert datetime.fromisoformat(found["would_be"]["at"]) == opened + timedelta(minutes=10)
    assert found["ends_otherwise"]


def test_nobody_is_taken_to_answer_who_did_not(empty: Shell, history: History) -> None:
    """With more votes than came, it is undecided."""
    prompt = history.asked()
    history.says(ANA, prompt, True, after=timedelta(minutes=10))
    found = simulated(empty, "[policy]\nquorum = 2\n")[prompt.id]
    assert found["would_be"] == {"outcome": None, "at": None, "answer": None}


def test_other_people_deadlines_and_reminders_are_taken_into_account(empty: Shell, history: History) -> None:
    """Whoever may not answer any more is left out by name, and an answer after the deadline comes too late."""
    prompt = history.asked(quorum=2, deadline=timedelta(hours=8))
    history.says(ANA, prompt, True, after=timedelta(hours=2))
    history.says(BEN, prompt, True, after=timedelta(hours=5))
    by_ben = f'[policy.flows.order]\napprovers = ["{BEN.id}"]\nquorum = 1\nreminders = ["PT1H", "PT3H", "PT6H"]\n'
    found = simulated(empty, by_ben)[prompt.id]
    assert (found["ignored"], found["asked"]) == (["Ana"], [BEN.id])
    assert (found["reminders"], found["reminders_would_be"]) == (0, 2)
    assert found["would_be"]["outcome"] == "submitted"
    found = simulated(empty, by_ben + 'deadline = "PT4H"\n')[prompt.id]
    assert (found["would_be"]["outcome"], found["ends_otherwise"]) == ("timed_out", True)


@pytest.mark.parametrize("at_deadline", ["fail", "reject", "approve", "continue", "none"])
def test_under_an_unchanged_policy_nothing_ends_otherwise(empty: Shell, history: History, at_deadline: str) -> None:
    """Whatever the deadline does, and whoever votes in somebody's place."""
    late = history.asked(deadline=timedelta(hours=1), at_deadline=at_deadline)
    history.passes_its_deadline(late)
    together = history.asked(quorum=2)
    history.says(ANA, together, True, after=timedelta(minutes=1))
    history.says(MEI, together, True, after=timedelta(minutes=2))
    found = simulated(empty, "")
    assert [each["ends_otherwise"] for each in found.values()] == [False, False]


def test_a_vote_in_the_place_of_somebody_counts_once_with_theirs(empty: Shell, history: History) -> None:
    """As it did then."""
    prompt = history.asked(quorum=2)
    history.votes_for(ANA, MEI, prompt, after=timedelta(minutes=1))
    history.says(ANA, prompt, True, after=timedelta(minutes=2))
    found = simulated(empty, "")[prompt.id]
    assert (found["was"]["outcome"], found["would_be"]["outcome"]) == (None, None)


def test_a_flow_that_asked_nothing_is_named(empty: Shell, history: History) -> None:
    """Its name may be misspelled."""
    history.asked()
    empty.write("new.toml", "[policy.flows.ordr]\nquorum = 2\n")
    said = empty("simulate", "--policy", "new.toml")
    assert said.err == "Nothing was asked in that time by ordr, which new.toml has a policy for.\n"


def test_what_cannot_be_known_is_said(empty: Shell, history: History) -> None:
    """Without Slack nobody knows who is in a group, so the answer is counted, with a doubt."""
    prompt = history.asked()
    history.says(ANA, prompt, True, after=timedelta(hours=2))
    found = simulated(empty, '[policy]\napprovers = ["S0LEADS001"]\n')[prompt.id]
    assert found["would_be"]["outcome"] == "submitted"
    assert found["doubts"] == ["Only Slack knows who is in the user group S0LEADS001."]


def test_the_summary_is_for_people(empty: Shell, history: History) -> None:
    """A line for each flow, and one for each prompt that would have ended otherwise."""
    prompt = history.asked()
    history.says(ANA, prompt, True, after=timedelta(minutes=10))
    empty.write("new.toml", "[policy]\nquorum = 2\n")
    said = empty("simulate", "--policy", "new.toml", "--since", "2d")
    assert said.code == 0
    assert [line.split() for line in said.out.splitlines() if line.startswith("order")] == [
        ["order", "1", "1", "1", "10", "min", "0", "0"]
    ]
    assert f"{prompt.id[:8]}  Release 1.4?" in said.out
    assert "the answers that came are not enough" in said.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--policy", "none.toml"], "There is no file none.toml"),
        (["--policy", "wrong.toml"], "wrong.toml: policy.quorom: a policy has no such field. Did you mean quorum?"),
        (["--policy", "good.toml", "--flow", "nothing"], "The flow 'nothing' asked nothing in that time."),
        (["--policy", "good.toml", "--since", "soon"], "'soon' is no length of time. Write 12h, 90d or 4w."),
    ],
)
def test_what_cannot_be_simulated_is_one_sentence(
    empty: Shell, history: History, arguments: list[str], sentence: str
) -> None:
    """It names what is wrong."""
    history.asked()
    empty.write("good.toml", "[policy]\nquorum = 2\n")
    empty.write("wrong.toml", "[policy]\nquorom = 2\n")
    said = empty("simulate", *arguments)
    assert said.code in (1, 2)
    assert sentence in said.err
    assert "Traceback" not in said.err
