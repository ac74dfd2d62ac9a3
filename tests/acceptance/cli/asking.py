"""A file of flows that ask, and what tests do with them through the command."""

from signoff.store.prompts import prompts
from signoff.store.records.prompts import Prompt
from tests.acceptance.shell import Said, Shell
from tests.support.waiting import until, until_over

FLOWS = '''
"""Flows that wait for somebody."""

from typing import Literal

from pydantic import model_validator

from signoff import Policy, RunInput, ask, flow, pause_flow_run, suspend_flow_run


class Shirt(RunInput):
    """Which shirt?"""

    size: Literal["small", "large"]
    color: Literal["red", "green"]
    count: int = 1

    @model_validator(mode="after")
    def _is_made(self):
        if (self.size, self.color) == ("large", "green"):
            raise ValueError("Large shirts are not made in green.")
        return self


@flow
def shirt(size: str = "small"):
    print("asking")
    order = pause_flow_run(
        wait_for_input=Shirt.with_initial_data(size=size),
        policy=Policy(channel="#orders", approvers=["@ana", "@ben"]),
    )
    return f"{order.count} {order.size} {order.color}"


@flow(name="only-slack-knows")
def ask_people_whom_only_slack_knows():
    suspend_flow_run(policy=Policy(approvers=["ben@example.com", "S0BUYERS01"]))


@flow(name="in-slack")
def ask_in_slack(rule: str):
    suspend_flow_run(policy=Policy(outside_slack=rule))


@flow(name="together")
def ask_two_people(people: list[str]):
    go_on = ask(bool, key="go", description="Go on?", policy=Policy(approvers=people, quorum=2))
    go_on.result()
    return [vote.actor.id for vote in go_on.votes]


@flow(name="somebody-else")
def ask_somebody_else():
    suspend_flow_run(policy=Policy(requester_may_answer=False))


@flow(name="contradiction")
def ask_nobody():
    suspend_flow_run(policy=Policy(quorum="all"))


@flow(name="typed")
def ask_for_a_word():
    suspend_flow_run(bool, description="Drop it?", policy=Policy(confirm="payments db"))


@flow(name="forgiving")
def ask_with_grace():
    suspend_flow_run(bool, description="Drop it?", policy=Policy(undo=3600))


@flow(name="go-on")
def ask_to_go_on():
    suspend_flow_run()
    return "went on"
'''


def asked(shell: Shell, *run: str) -> Prompt:
    """What a run that is started by `signoff run …` asks, once it does."""
    started = shell("run", *run, "--json")
    assert (started.code, started.err) == (0, "")
    with shell.database() as db:
        return until(db, lambda: prompts.of_run(db, started.json["id"]))[0]


def finished(shell: Shell, run_id: str) -> dict[str, object]:
    """The run as `signoff runs` lists it, once it is over."""
    with shell.database() as db:
        until_over(db, run_id)
    listed: dict[str, object] = next(run for run in shell("runs", "--json").json if run["id"] == run_id)
    return listed


def assert_refused(said: Said, code: int, *lines: str) -> None:
    """It failed with that exit code and those lines on stderr, and put nothing among what scripts read."""
    assert (said.code, said.err.splitlines(), said.out) == (code, [*lines], "")
