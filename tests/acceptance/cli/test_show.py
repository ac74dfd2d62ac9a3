"""`signoff show`: what a card has no room for, and what a channel must not see."""

from signoff.store.prompts import prompts
from tests.acceptance.cli.asking import assert_refused
from tests.acceptance.shell import Shell, line_with
from tests.support.waiting import until

FLOWS = """
from signoff import RunInput, flow, pause_flow_run


class Plan(RunInput):
    name: str


@flow
def plan():
    asked = Plan.with_initial_data(description="Run this:\\n" + "x" * 5000 + "END", name="1.4")
    pause_flow_run(wait_for_input=asked)
    raise ValueError("token=abc, and the disk is full")


@flow
def question():
    asked = Plan.with_initial_data(description="Deploy **1.4**?\\n\\nWith `token=abc`.", name="password=x")
    pause_flow_run(wait_for_input=asked)
"""


def test_a_prompt_and_its_run_are_shown_in_full(empty: Shell) -> None:
    """By the id of either: the whole description, the answer, and what the flow raised, without its secrets."""
    empty.write("plan.py", FLOWS)
    with empty.started("run", "plan.py:plan", "--wait") as waiting:
        line_with(waiting, "signoff pending")
        with empty.database() as db:
            prompt = until(db, lambda: prompts.pending(db))[0]
        still_open = empty("show", prompt.id[:8]).out
        assert empty("answer", prompt.id, "--as", "@ana").code == 0
        waiting.communicate()
    assert still_open.startswith("Question: Plan\nDescription:\n    Run this:\n    xxx")
    assert "xxxEND\nValues: name: 1.4\n" in still_open
    for named in (prompt.id, prompt.run_id, prompt.run_name):
        shown = empty("show", named)
        assert shown.code == 0
        assert "Outcome: submitted by ana (claimed on the command line by " in shown.out
        assert "Error: ValueError: token=***, and the disk is full\n" in shown.out
    told = empty("show", prompt.id, "--json").json
    assert (told["run"]["state"], told["prompts"][0]["answer"]) == ("Failed", {"name": "1.4"})
    assert_refused(
        empty("show", "nothing"),
        1,
        "There is no prompt 'nothing'. To list the open prompts, use `signoff pending`. "
        "There is no run 'nothing'. To list the runs, use `signoff runs`.",
    )


def test_what_the_flow_asks_is_named_and_shown_as_in_slack(empty: Shell) -> None:
    """The question that `signoff pending` lists comes first, and nothing of what people decide about is masked."""
    empty.write("plan.py", FLOWS)
    with empty.started("run", "plan.py:question", "--wait") as waiting:
        line_with(waiting, "signoff pending")
        with empty.database() as db:
            prompt = until(db, lambda: prompts.pending(db))[0]
        assert "Deploy 1.4?" in empty("pending").out
        shown = empty("show", prompt.id).out
        answered = empty("answer", prompt.id, "--as", "@ana")
        waiting.communicate()
    assert shown.startswith(
        "Question: Deploy 1.4?\nTitle: Plan\nDescription: With `token=abc`.\nValues: name: password=x\n"
    )
    assert answered.out.startswith("Deploy 1.4?: submitted by ana ")
